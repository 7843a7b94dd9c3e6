"""Small closed word lists that repairs of spaces and hyphens rest on; no dictionary."""

from __future__ import annotations

# Two function words glued: word → length of its first half. Pairs that make a word ("into", "within") are left out.
_FIRSTS = "of to in for on by with from and that at as is was are were has have under between".split()
_SECONDS = "the this that these those its their our which".split()
GLUED_PAIRS = {first + second: len(first) for first in _FIRSTS for second in _SECONDS}

# Words that look glued and are not.
NEVER_PARTED = frozenset(
    """hitherto thereto hereto whereto thereof hereof whereof therewith herewith wherewith forthwith therefrom wherefrom
    therefor offence therapist thesis theist themselves therein thereby
    thousand island breathe clothe soothe andes""".split()
)

# A function word glued to a word that the text also has by itself.
GLUED_SUFFIXES = ("to", "of", "the", "and", "for", "with", "from")
GLUED_PREFIXES = ("the", "of", "and", "from")

# Endings in capitals that belong to the name before them: "macOS", "OpenAI".
PRODUCT_TAILS = frozenset("OS AI TV PC FM DB ML QL SQL API HTML XML URL UI UX ID IP VPN USB GPS GPT HD UP".split())
TOP_LEVELS = frozenset("com net org edu gov info biz cn io js html pdf php aspx".split())

# Words of the field that are frequent enough to be known without standing elsewhere in the text.
COMMON_WORDS = frozenset(
    """about access according action activities added additional administration after again agencies agency agreed
    agreement agreements aimed along also although among amount announced annual area areas around asked authorities
    based become before began being benefit benefits best better between billion border both bring brought build
    building built business businesses called came capacity capital central century change changes cities city close
    committed committee common communication community companies company comprehensive conference connectivity
    construction contact continue continued contribute cooperate cooperation could council countries country creating
    cultural culture current customs data decade deepen demand department develop developed developing development
    dialogue different digital direct director domestic during early economic economies economy education effective
    effort efforts embassy energy enhance enhanced enterprise enterprises environment especially establish established
    event exchange exchanges expand expanded expected experience experts export exports facilitate field fields final
    financial firm firms first five focus follow following food foreign form forum forward four framework free from
    full fund further future given global goods government governor great green ground group growing growth have health
    help held high hold hope hosted however import important imports improve include included including increase
    increased industrial industries industry information infrastructure initiative international investment
    investments investors issue issues joint jointly just keep known large last late launch launched lead leader
    leaders leading level like line link local long made main major make making management many market markets meet
    meeting member members million minister ministry month months more most much multilateral mutual national nations
    need network news next north note number offer office official officials only open opening operation operations
    opportunities order other over part participate participation partners partnership party peace people percent
    period plan plans platform point policies policy political port ports position potential president pressure
    previous price prices private process produce production products program programme project projects promote
    promoting proposed protection province provincial provide public quality quarter rail railway rapid rate reach
    reached regional region relations relationship remain report reported reporter research resources respect result
    results return rise road role rule rules said same scale sea second sector sectors security senior series service
    services several share shared should show side sides sign signed since small social south special state states
    statement still strategic strengthen strengthened strong success such summit supply support sustainable system
    take talks technologies technology term than thank thanks that their them then there these they this those three
    through time together tourism tourists toward towards trade training transport travel treaty under university
    until used various vehicle vehicles very vice visit visitors volume want water week welcome well were west what when
    where which while will with within without work worked workers working world would year years""".split()
)

# Halves of English compounds: "high-/quality" keeps its hyphen.
COMPOUND_TAILS = frozenset(
    """based level term quality scale speed depth wide way party profit friendly related led built made known owned run
    year old time class border trade end tech income cost free rise off up down in on out by per to long range round
    person people day month week hour minute million billion percent fold edge yuan dollar sided standing backed
    funded driven oriented style type size sized model region country nation state city wing back line side stage
    chief president general minister elect win making sharing saving building""".split()
)
COMPOUND_HEADS = frozenset(
    """high low long short large small well ill self ex non anti all far near mid multi cross two three four five six
    seven eight nine ten twenty thirty forty fifty first second third one win half full part vice post pro
    people state government market export import cutting decision policy world back""".split()
)
