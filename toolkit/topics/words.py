"""Words: what counts as one, which say nothing of a topic, and which are forms of the same."""

from __future__ import annotations

import re
from functools import cache

# Words of reporting: frequent in any news text and no one's topic. scikit-learn's English list is added to these.
REPORTING_WORDS = frozenset(
    """
    able according across actively added adding ago aim aimed aims also amid among announced apr april area areas aren
    around article asked aug august authorities authority baht based became become becomes believe best better billion
    boost boosting bring brought called came cent chairman chairwoman chief click come comes coming company continue
    continued continues couldn countries country current currently day days dec december deepen deepening deputy despite
    didn different director doesn dollar dollars don dr during earlier early effort efforts end enhance enhancing ensure
    ensuring especially example expected fall feb february feel fell field fields file first following friday further
    gave general get given global going good got government governments great grew grow growing hadn half hasn haven
    held help high highlighted hope hopes hundred image important include included includes including increase increased
    isn issue issues jan january jointly jul july jun june just key kind know known large largest last late later latest
    led let level levels life like ll local long look lot major make makes making man many mar march may meanwhile
    member members million minister ministry monday month months more move mr mrs ms much named need new news next noted
    nov november now number numbers oct october official officials old only opportunities opportunity part past people
    per percent percentage person peso pesos photo place plan plans point pointed president prime professor promote
    promoting provide provided provides pt put quarter ratio re read really recent recently region regional regions
    released remarked remarks report reported reports representative representatives result results ringgit rise rmb
    role rose rupiah said same saturday say saying says second secretary see seek seeks seen senior sept september set
    several share shouldn show showed shows side sides significant since small source sources spokesman spokesperson
    spokeswoman start started state statement states step steps still strengthen strengthening stressed strong sunday
    take taken taking tell th than thing things think third thousand three thursday time times today told tomorrow took
    total towards trillion tuesday two usd use used using various ve vice video view views want wants wasn way ways
    wednesday week weeks well went won work working world worlds worth would wouldn year years yesterday yet yuan
    """.split()
)
# Words of scikit-learn's list that mean something in a name: "Six Nations", "interest rate", "fire service".
_OF_SUBSTANCE = frozenset("bill bottom con cry eight fire five four interest mill nine side six system ten top".split())
# What stands in names and phrases of English news without meaning anything there: the calendar, forms of address,
# figures, words of reporting, ends of contractions. A help for names only: the weights alone keep such words out of the
# terms (see describe.weigh_terms), and words of substance ("government", "company", "minister") are left to them.
_HELPED = frozenset(
    """
    according added adding ago apr april aren asked aug august billion called came cent click come comes coming couldn
    day days dec december didn doesn dollar dollars don dr february feb file first following friday get getting go going
    got hadn hasn haven highlighted hundred image including isn jan january jul july jun june just last like ll made
    make makes making mar march may meanwhile million monday month months mr mrs ms new next noted nov november now oct
    october old per percent percentage peso pesos photo really remarked report reported reports ringgit rmb rupiah said
    saturday say saying says second see sept september shouldn source sources step steps stressed sunday take taken
    taking th thing things third thousand three thursday time times today told tomorrow took trillion tuesday two use
    used using ve video want wants wasn way ways wednesday week weeks went won wouldn year years yesterday yet yuan
    """.split()
)
# Function words of Indonesian, Malay and Filipino, which stand in English-language feeds of the region.
_REGIONAL_WORDS = frozenset(
    """
    ada adalah akan anda ang antara at atau ay bagi bahwa bisa dalam dan dapat dari dengan di dia hari harus hindi
    hingga ia ini ito itu jadi jika juga kami kaniyang kanyang karena kata kay ke kepada kita kung lagi lalu lebih maka
    masih may menjadi mereka mga na naman namun ng ni nila niya oleh orang pada para sa saat sangat saya sebagai secara
    sedang seperti serta setelah si siya sudah tahun telah tersebut tidak untuk yang
    """.split()
)
# Words that may stand inside a phrase ("Belt and Road", "Ministry of Trade") but never at its edge.
CONNECTORS = frozenset(["of", "and", "the", "for", "in", "on", "to", "de"])

# Words, and what parts them from the next phrase: anything but white space, and signs that join no letters.
TOKEN = re.compile(r"[^\W_]+(?:[-&'’‑–.][^\W_]+)*")
BREAK = re.compile(r"[^\w\s\-&'’‑–.]+|(?<![^\W_])[-&'’‑–._]+|[-&'’‑–._]+(?![^\W_])|\n")
POSSESSIVE = re.compile(r"['’](?:s|S)?$")
_GENERATION = re.compile(r"[1-9]g|g\d{1,2}|[a-z]+-?\d{1,2}", re.I)


@cache
def stop_list() -> frozenset[str]:
    """scikit-learn's English stop words and the words of reporting: what vectors of words leave out."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return frozenset(ENGLISH_STOP_WORDS) | REPORTING_WORDS | _REGIONAL_WORDS


@cache
def name_stop_list() -> frozenset[str]:
    """Words that are no terms and stand at no edge of one: a short list, for English names; none is needed."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return (frozenset(ENGLISH_STOP_WORDS) - _OF_SUBSTANCE) | _HELPED | _REGIONAL_WORDS


def fold(token: str) -> str:
    """A token in lower case without a possessive ending."""
    return POSSESSIVE.sub("", token.lower())


def is_junk(word: str) -> bool:
    """Numbers, single letters, and codes; "5g", "g20" and "covid-19" are words."""
    if word[0].isdigit() or word[-1].isdigit():
        return _GENERATION.fullmatch(word) is None
    return len(word) < 2 or len(word) > 40


def singulars(word: str) -> list[str]:
    """What an English plural may be the plural of; [] where `word` looks like none."""
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return []
    if word.endswith("ies"):
        return [word[:-3] + "y", word[:-1]]
    if word.endswith(("ches", "shes", "sses", "xes")):
        return [word[:-2]]
    return [word[:-1]]
