"""The words and phrases of segments: candidates for topic terms, counted under one key for all their forms."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import log

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
_CONNECTORS = frozenset(["of", "and", "the", "for", "in", "on", "to", "de"])
_MAX_PHRASE_TOKENS = 5
_MAX_CHARACTERS = 20_000  # of a segment; what is longer is no paragraph, and its start says what it is about
# Words that make up so much of all that is said part phrases like function words, in any language.
_MIN_FUNCTION_SHARE = 0.003
# How strongly the parts of a phrase must attract each other (normalised pointwise mutual information, Bouma 2009).
_MIN_PHRASE_NPMI = 0.2

# Words, and what parts them from the next phrase: anything but white space, and signs that join no letters.
TOKEN = re.compile(r"[^\W_]+(?:[-&'’‑–.][^\W_]+)*")
BREAK = re.compile(r"[^\w\s\-&'’‑–.]+|(?<![^\W_])[-&'’‑–._]+|[-&'’‑–._]+(?![^\W_])|\n")
POSSESSIVE = re.compile(r"['’](?:s|S)?$")
_GENERATION = re.compile(r"[1-9]g|g\d{1,2}|[a-z]+-?\d{1,2}", re.I)


@dataclass(frozen=True, slots=True)
class Candidates:
    """Terms of a list of segments.

    Attributes
    ----------
    segments : for each segment the sorted ids of its terms
    keys : for each term its folded words
    names : for each term the form it is best shown in
    ends : for each term the share of its occurrences that no content word follows: low for an adjective
    """

    segments: tuple[tuple[int, ...], ...]
    keys: tuple[str, ...]
    names: tuple[str, ...]
    ends: tuple[float, ...]


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


def find_candidates(
    texts: Sequence[str],
    *,
    stop_words: Iterable[str] = (),
    with_stop_list: bool = True,
    min_segments: int = 2,
    max_words: int = _MAX_PHRASE_TOKENS,
    max_terms: int = 60_000,
) -> Candidates:
    """The words and typical phrases of `texts` that occur in at least `min_segments` of them.

    Singular and plural count as one; a phrase is kept where its parts attract each other.
    """
    stops = (name_stop_list() if with_stop_list else frozenset()) | {word.lower() for word in stop_words}
    runs = [_runs(text[:_MAX_CHARACTERS]) for text in texts]
    said = Counter(fold(token) for text_runs in runs for run in text_runs for token in run)
    folds = _folds(said, stops)
    enough = _MIN_FUNCTION_SHARE * said.total()
    parting = {folds[word] for word, n in said.items() if n >= enough} | stops

    pairs = _frequent_pairs(runs, folds, min_segments) if max_words > 1 else set()
    totals: Counter[tuple[str, ...]] = Counter()
    per_text: list[set[tuple[str, ...]]] = []
    forms: dict[tuple[str, ...], Counter[str]] = {}
    occurrences: Counter[tuple[str, ...]] = Counter()
    endings: Counter[tuple[str, ...]] = Counter()
    for text_runs in runs:
        found: set[tuple[str, ...]] = set()
        for run in text_runs:
            shouted = _is_shouted(run)
            keys = [folds[fold(token)] for token in run]
            content = [key not in stops and not _is_junk(key) for key in keys]
            for start, end in _spans(keys, content, pairs, max_words):
                key = tuple(keys[start:end])
                found.add(key)
                occurrences[key] += 1
                if end == len(keys) or keys[end] in parting or not content[end]:
                    endings[key] += 1
                # A capital at the start of a run, or in a headline, says nothing of the word itself.
                weight = 0.01 if shouted or start == 0 else 1.0
                form = " ".join([*run[start : end - 1], POSSESSIVE.sub("", run[end - 1])])
                forms.setdefault(key, Counter())[form] += weight  # type: ignore[assignment]
        totals.update(found)
        per_text.append(found)

    n_texts = max(len(texts), 1)
    kept = [
        (-count, key)
        for key, count in totals.items()
        if count >= min_segments and (len(key) == 1 or _attraction(key, totals, n_texts) >= _MIN_PHRASE_NPMI)
    ]
    keys_kept = sorted(key for _, key in sorted(kept)[:max_terms])
    ids = {key: i for i, key in enumerate(keys_kept)}
    return Candidates(
        segments=tuple(tuple(sorted(ids[key] for key in found if key in ids)) for found in per_text),
        keys=tuple(" ".join(key) for key in keys_kept),
        names=tuple(_best_form(forms[key]) for key in keys_kept),
        ends=tuple(endings[key] / occurrences[key] for key in keys_kept),
    )


def _runs(text: str) -> list[list[str]]:
    """The tokens between one punctuation mark and the next."""
    return [tokens for piece in BREAK.split(text) if (tokens := TOKEN.findall(piece))]


def fold(token: str) -> str:
    """A token in lower case without a possessive ending."""
    return POSSESSIVE.sub("", token.lower())


def _is_shouted(run: list[str]) -> bool:
    long = [token for token in run if len(token) > 3]
    return len(long) >= 3 and sum(token[0].isupper() for token in long) > 0.7 * len(long)


def _is_junk(word: str) -> bool:
    """Numbers, single letters, and codes; "5g", "g20" and "covid-19" are words."""
    if word[0].isdigit() or word[-1].isdigit():
        return _GENERATION.fullmatch(word) is None
    return len(word) < 2 or len(word) > 40


def _folds(counts: Counter[str], stops: frozenset[str] | set[str]) -> dict[str, str]:
    """Each word's singular where the texts have that word too, or the word itself."""
    folds = {}
    for word in counts:
        folds[word] = word
        for singular in singulars(word):
            if singular in counts and singular not in stops:
                folds[word] = singular
                break
    return folds


def singulars(word: str) -> list[str]:
    """What an English plural may be the plural of; [] where `word` looks like none."""
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return []
    if word.endswith("ies"):
        return [word[:-3] + "y", word[:-1]]
    if word.endswith(("ches", "shes", "sses", "xes")):
        return [word[:-2]]
    return [word[:-1]]


def _frequent_pairs(runs: list[list[list[str]]], folds: dict[str, str], min_segments: int) -> set[tuple[str, str]]:
    """Neighbouring words of at least `min_segments` texts: no phrase that holds another pair can be in so many."""
    counts: Counter[tuple[str, str]] = Counter()
    for text_runs in runs:
        counts.update({pair for run in text_runs for pair in pairwise([folds[fold(token)] for token in run])})
    return {pair for pair, n in counts.items() if n >= min_segments}


def _spans(
    keys: list[str], content: list[bool], pairs: set[tuple[str, str]], max_words: int
) -> Iterable[tuple[int, int]]:
    """Spans of `keys` that may be terms: a content word at either edge, and inside no other than connectors."""
    for start in range(len(keys)):
        if not content[start]:
            continue
        yield start, start + 1
        for end in range(start + 2, min(start + max_words, len(keys)) + 1):
            last = end - 1
            if (keys[last - 1], keys[last]) not in pairs:
                break
            if content[last]:
                yield start, end
            elif keys[last] not in _CONNECTORS:
                break


def _attraction(key: tuple[str, ...], totals: Counter[tuple[str, ...]], n_texts: int) -> float:
    """The weakest NPMI over the ways to cut the phrase in two; connectors go with the cut."""
    together = totals[key] / n_texts
    if together >= 1:
        return 1.0
    weakest = 1.0
    for cut in range(1, len(key)):
        left, right = key[:cut], key[cut:]
        while left and left[-1] in _CONNECTORS:
            left = left[:-1]
        while right and right[0] in _CONNECTORS:
            right = right[1:]
        n_left, n_right = totals.get(left, 0), totals.get(right, 0)
        if n_left and n_right:
            chance = (n_left / n_texts) * (n_right / n_texts)
            weakest = min(weakest, log(together / chance) / -log(together))
    return weakest


def _best_form(forms: Counter[str]) -> str:
    """The most frequent form; lower case where only headlines and sentence starts speak for a capital."""
    form = min(forms, key=lambda form: (-forms[form], form))
    if forms[form] < 1 and " " not in form and form.istitle():
        return form.lower()
    return form
