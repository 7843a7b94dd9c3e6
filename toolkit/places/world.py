"""What every country is called in English news: short name, other names, demonyms, and a few cities.

The public lists know official names and capitals; they know no demonyms and no newspaper usage. One line a country:
`code | display name | other names | demonyms | cities`, separated by commas; names are counted in the form written
here or all in capitals. A trailing `?` marks a name that also means something else (a US state, a person, a bird):
it counts only where another name of the same country supports it. Written by hand; no subject's own lists.
"""
# ruff: noqa: E501 (one line a country)

from __future__ import annotations

from dataclasses import dataclass

_TABLE = """
AD|Andorra||Andorran,Andorrans|
AE|United Arab Emirates|UAE,Emirates?|Emirati,Emiratis|Dubai
AF|Afghanistan||Afghan,Afghans|
AG|Antigua and Barbuda|Antigua?|Antiguan,Antiguans|
AL|Albania||Albanian,Albanians|
AM|Armenia||Armenian,Armenians|
AO|Angola||Angolan,Angolans|
AR|Argentina|Argentine Republic|Argentine,Argentines,Argentinian,Argentinians,Argentinean,Argentineans|
AT|Austria||Austrian,Austrians|
AU|Australia||Australian,Australians,Aussie,Aussies|Sydney,Perth?
AZ|Azerbaijan||Azerbaijani,Azerbaijanis,Azeri,Azeris|
BA|Bosnia and Herzegovina|Bosnia,Bosnia-Herzegovina|Bosnian,Bosnians|
BB|Barbados||Barbadian,Barbadians|
BD|Bangladesh||Bangladeshi,Bangladeshis|Chittagong
BE|Belgium||Belgian,Belgians|Antwerp
BF|Burkina Faso||Burkinabe|
BG|Bulgaria||Bulgarian,Bulgarians|
BH|Bahrain||Bahraini,Bahrainis|
BI|Burundi||Burundian,Burundians|
BJ|Benin?||Beninese|
BN|Brunei|Brunei Darussalam|Bruneian,Bruneians|
BO|Bolivia||Bolivian,Bolivians|La Paz
BR|Brazil|Brasil|Brazilian,Brazilians|
BS|Bahamas|The Bahamas|Bahamian,Bahamians|
BT|Bhutan||Bhutanese|
BW|Botswana||Botswanan,Batswana|
BY|Belarus||Belarusian,Belarusians,Belarussian,Belarussians|
BZ|Belize||Belizean,Belizeans|
CA|Canada||Canadian,Canadians|Toronto,Vancouver,Montreal
CD|DR Congo|Democratic Republic of the Congo,Democratic Republic of Congo,DRC|Congolese|
CF|Central African Republic|||
CG|Congo|Republic of the Congo,Congo-Brazzaville||
CH|Switzerland||Swiss|Zurich,Geneva,Davos
CI|Côte d'Ivoire|Ivory Coast|Ivorian,Ivorians|
CL|Chile||Chilean,Chileans|
CM|Cameroon||Cameroonian,Cameroonians|
CN|China|PRC|Chinese,Sino|
CO|Colombia||Colombian,Colombians|
CR|Costa Rica||Costa Rican,Costa Ricans|
CU|Cuba||Cuban,Cubans|
CV|Cabo Verde|Cape Verde|Cape Verdean,Cape Verdeans|
CY|Cyprus||Cypriot,Cypriots|
CZ|Czechia|Czech Republic,Czechoslovakia|Czech,Czechs|
DE|Germany|West Germany,East Germany|German,Germans|Munich,Hamburg,Frankfurt
DJ|Djibouti||Djiboutian,Djiboutians|
DK|Denmark||Danish,Danes|
DM|Dominica?|||
DO|Dominican Republic||Dominican?,Dominicans?|
DZ|Algeria||Algerian,Algerians|
EC|Ecuador||Ecuadorian,Ecuadorians,Ecuadorean,Ecuadoreans|
EE|Estonia||Estonian,Estonians|
EG|Egypt||Egyptian,Egyptians|
ER|Eritrea||Eritrean,Eritreans|
ES|Spain||Spanish,Spaniard,Spaniards|Barcelona
ET|Ethiopia||Ethiopian,Ethiopians|
EU|European Union|EU,European Commission,European Parliament,European Council,Europe,eurozone,Eurozone|European,Europeans|
FI|Finland||Finnish,Finns|
FJ|Fiji||Fijian,Fijians|
FM|Micronesia|Federated States of Micronesia|Micronesian,Micronesians|
FR|France||French,Frenchman,Frenchmen|
GA|Gabon||Gabonese|
GB|United Kingdom|UK,U.K.,Britain,Great Britain,England,Scotland,Wales?,Northern Ireland|British,Briton,Britons,English?,Scottish,Welsh|Manchester?,Edinburgh
GD|Grenada?||Grenadian,Grenadians|
GE|Georgia?|Republic of Georgia|Georgian?,Georgians?|
GH|Ghana||Ghanaian,Ghanaians|
GM|Gambia|The Gambia|Gambian,Gambians|
GN|Guinea?||Guinean?,Guineans?|
GQ|Equatorial Guinea||Equatoguinean,Equatoguineans|
GR|Greece||Greek,Greeks|
GT|Guatemala||Guatemalan,Guatemalans|
GW|Guinea-Bissau|||
GY|Guyana||Guyanese|
HK|Hong Kong|HKSAR|Hongkonger,Hongkongers,Hong Konger,Hong Kongers|
HN|Honduras||Honduran,Hondurans|
HR|Croatia||Croatian,Croatians,Croat,Croats|
HT|Haiti||Haitian,Haitians|
HU|Hungary||Hungarian,Hungarians|
ID|Indonesia||Indonesian,Indonesians|
IE|Ireland|Irish Republic|Irish|
IL|Israel||Israeli,Israelis|Tel Aviv
IN|India||Indian,Indians|Delhi,Mumbai,Bombay,Kolkata,Chennai,Bengaluru,Bangalore,Hyderabad?
IQ|Iraq||Iraqi,Iraqis|
IR|Iran|Islamic Republic of Iran|Iranian,Iranians|
IS|Iceland||Icelandic,Icelander,Icelanders|
IT|Italy||Italian,Italians|Milan
JM|Jamaica||Jamaican,Jamaicans|
JO|Jordan?|Hashemite Kingdom of Jordan|Jordanian,Jordanians|
JP|Japan||Japanese|Osaka,Kyoto,Hiroshima,Nagasaki,Okinawa
KE|Kenya||Kenyan,Kenyans|
KG|Kyrgyzstan|Kyrgyz Republic|Kyrgyz|
KH|Cambodia|Kampuchea|Cambodian,Cambodians,Khmer,Khmers|
KI|Kiribati|||
KM|Comoros||Comorian,Comorians|
KN|Saint Kitts and Nevis|St. Kitts and Nevis,St Kitts||
KP|North Korea|DPRK,Democratic People's Republic of Korea,N. Korea|North Korean,North Koreans|
KR|South Korea|ROK,Republic of Korea,Korea,S. Korea|South Korean,South Koreans,Korean,Koreans|Busan
KW|Kuwait||Kuwaiti,Kuwaitis|
KZ|Kazakhstan||Kazakh,Kazakhs,Kazakhstani|Almaty,Astana
LA|Laos|Lao PDR,Lao People's Democratic Republic|Lao,Laotian,Laotians|
LB|Lebanon||Lebanese|
LC|Saint Lucia|St. Lucia,St Lucia|Saint Lucian,Saint Lucians|
LI|Liechtenstein|||
LK|Sri Lanka|Ceylon?|Sri Lankan,Sri Lankans|Hambantota
LR|Liberia||Liberian,Liberians|
LS|Lesotho||Basotho|
LT|Lithuania||Lithuanian,Lithuanians|
LU|Luxembourg||Luxembourger,Luxembourgers|
LV|Latvia||Latvian,Latvians|
LY|Libya||Libyan,Libyans|
MA|Morocco||Moroccan,Moroccans|
MC|Monaco?||Monegasque|
MD|Moldova||Moldovan,Moldovans|
ME|Montenegro||Montenegrin,Montenegrins|
MG|Madagascar||Malagasy|
MH|Marshall Islands||Marshallese|
MK|North Macedonia|Macedonia|Macedonian,Macedonians|
ML|Mali||Malian,Malians|
MM|Myanmar|Burma|Burmese|
MN|Mongolia||Mongolian,Mongolians|Ulan Bator
MO|Macau|Macao|Macanese|
MR|Mauritania||Mauritanian,Mauritanians|
MT|Malta||Maltese?|
MU|Mauritius||Mauritian,Mauritians|
MV|Maldives|The Maldives|Maldivian,Maldivians|
MW|Malawi||Malawian,Malawians|
MX|Mexico||Mexican,Mexicans|
MY|Malaysia||Malaysian,Malaysians|
MZ|Mozambique||Mozambican,Mozambicans|
NA|Namibia||Namibian,Namibians|
NE|Niger|||
NG|Nigeria||Nigerian,Nigerians|Lagos
NI|Nicaragua||Nicaraguan,Nicaraguans|
NL|Netherlands|The Netherlands,Holland|Dutch|Rotterdam,The Hague
NO|Norway||Norwegian,Norwegians|
NP|Nepal||Nepali,Nepalis,Nepalese|
NR|Nauru||Nauruan,Nauruans|
NZ|New Zealand||New Zealander,New Zealanders|Auckland
OM|Oman||Omani,Omanis|
PA|Panama?|Republic of Panama|Panamanian,Panamanians|
PE|Peru||Peruvian,Peruvians|
PG|Papua New Guinea|PNG|Papua New Guinean,Papua New Guineans|
PH|Philippines|The Philippines|Filipino,Filipinos,Filipina,Filipinas,Philippine|
PK|Pakistan||Pakistani,Pakistanis|Karachi,Lahore,Gwadar
PL|Poland||Polish,Poles?|
PS|Palestine|State of Palestine|Palestinian,Palestinians|Gaza,West Bank
PT|Portugal||Portuguese|
PW|Palau||Palauan,Palauans|
PY|Paraguay||Paraguayan,Paraguayans|
QA|Qatar||Qatari,Qataris|
RO|Romania||Romanian,Romanians|
RS|Serbia|Yugoslavia|Serbian,Serbians,Serb,Serbs|
RU|Russia|Russian Federation,Soviet Union,USSR,Kremlin|Russian,Russians,Soviet,Soviets|Vladivostok,St. Petersburg,St Petersburg
RW|Rwanda||Rwandan,Rwandans|
SA|Saudi Arabia|KSA|Saudi,Saudis,Saudi Arabian|
SB|Solomon Islands||Solomon Islander,Solomon Islanders|
SC|Seychelles|||
SD|Sudan||Sudanese|
SE|Sweden||Swedish,Swedes|
SG|Singapore||Singaporean,Singaporeans|
SI|Slovenia||Slovenian,Slovenians,Slovene,Slovenes|
SK|Slovakia|Slovak Republic|Slovak,Slovaks,Slovakian,Slovakians|
SL|Sierra Leone||Sierra Leonean,Sierra Leoneans|
SM|San Marino?|||
SN|Senegal||Senegalese|
SO|Somalia||Somali,Somalis|
SR|Suriname||Surinamese|
SS|South Sudan||South Sudanese|
ST|Sao Tome and Principe|São Tomé and Príncipe||
SV|El Salvador||Salvadoran,Salvadorans|
SY|Syria||Syrian,Syrians|
SZ|Eswatini|Swaziland|Swazi,Swazis|
TD|Chad?|Republic of Chad|Chadian,Chadians|
TG|Togo||Togolese|
TH|Thailand||Thai,Thais|
TJ|Tajikistan||Tajik,Tajiks|
TL|Timor-Leste|East Timor|Timorese,East Timorese|
TM|Turkmenistan||Turkmen|
TN|Tunisia||Tunisian,Tunisians|
TO|Tonga||Tongan,Tongans|
TR|Turkey?|Türkiye|Turkish,Turk,Turks|Istanbul
TT|Trinidad and Tobago|Trinidad|Trinidadian,Trinidadians|
TV|Tuvalu||Tuvaluan,Tuvaluans|
TW|Taiwan|Republic of China,Chinese Taipei|Taiwanese|Kaohsiung
TZ|Tanzania||Tanzanian,Tanzanians|Dar es Salaam
UA|Ukraine||Ukrainian,Ukrainians|Kiev
UG|Uganda||Ugandan,Ugandans|
US|United States|US,U.S.,U.S,USA,U.S.A.,America,White House,Pentagon,Capitol Hill|American,Americans|New York,California,Texas,Los Angeles,San Francisco,Silicon Valley,Chicago,Hawaii,Florida?
UY|Uruguay||Uruguayan,Uruguayans|
UZ|Uzbekistan||Uzbek,Uzbeks|
VA|Vatican|Holy See||
VC|Saint Vincent and the Grenadines|||
VE|Venezuela||Venezuelan,Venezuelans|
VN|Vietnam|Viet Nam|Vietnamese|
VU|Vanuatu||Vanuatuan,Ni-Vanuatu|
WS|Samoa||Samoan,Samoans|
XK|Kosovo||Kosovar,Kosovars|
YE|Yemen||Yemeni,Yemenis|
ZA|South Africa||South African,South Africans|Johannesburg,Cape Town
ZM|Zambia||Zambian,Zambians|
ZW|Zimbabwe||Zimbabwean,Zimbabweans|
"""

AMBIGUOUS_CAPITALS = frozenset(
    "Bern,Castries,George Town,Georgetown,Gibraltar,Hamilton,Jamestown,Kingston,Kingstown,Lima,Male,Monaco,Muscat,"
    "Nassau,Plymouth,Praia,Roseau,San Jose,San Juan,San Salvador,Santiago,Sofia,Stanley,Sucre,The Valley,Vaduz,"
    "Victoria,Wellington,Lome,Colombo,Kingstown,Panama City,Luxembourg,Yaren,Apia,Juba,Douglas,Road Town".split(",")
)
"""Capitals whose name is also a person's, a word or another town's."""


@dataclass(frozen=True, slots=True)
class Country:
    """A country as news names it; `ambiguous` holds those of its names that need support."""

    code: str
    name: str
    names: tuple[str, ...]
    demonyms: tuple[str, ...]
    cities: tuple[str, ...]
    ambiguous: frozenset[str]


def countries() -> dict[str, Country]:
    """Every country of the table by its ISO 3166-1 alpha-2 code (`EU` stands for the European Union)."""
    found = {}
    for line in _TABLE.strip().splitlines():
        code, name, *columns = line.split("|")
        names, demonyms, cities = ([item for item in column.split(",") if item] for column in columns)
        written = [name, *names, *demonyms, *cities]
        found[code] = Country(
            code=code,
            name=name.rstrip("?"),
            names=tuple(item.rstrip("?") for item in (name, *names)),
            demonyms=tuple(item.rstrip("?") for item in demonyms),
            cities=tuple(item.rstrip("?") for item in cities),
            ambiguous=frozenset(item.rstrip("?") for item in written if item.endswith("?")),
        )
    return found
