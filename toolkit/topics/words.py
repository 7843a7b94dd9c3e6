"""The words and phrases of segments: candidates for topic terms, counted under one key for all their forms."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from math import log

# Words of reporting: frequent in any news text and no one's topic. scikit-learn's English list is added to these.
REPORTING_WORDS = frozenset(
    """
    according added adding ago also amid among announced april asked august based called came chief come comes coming
    company cent country countries day days december deputy despite director during earlier early end especially expected
    february following friday gave general get given going good got great help held high including january jan feb mar apr
    jun jul aug sept oct nov dec july june just key know known large largest last late later latest led like local long look
    major make makes making man many march mr mrs ms may meanwhile million billion trillion monday month months more move
    mr much named need new news next november now number october official officials old only part past people per percent
    percentage place plan plans point president prime minister put quarter ratio recent recently released report reported
    reports said same saturday say saying says second secretary see seen september set several show showed shows side sides
    since small source sources statement still sunday take taken taking tell th than thing things third thursday time times
    told took total tuesday two three use used using vice want wants way wednesday week weeks well went work working would
    year years yesterday today tomorrow yet yuan baht ringgit rupiah peso pesos dollar dollars usd rmb thousand hundred
    spokesman spokesperson spokeswoman ministry article photo image video read click share file says noted stressed
    highlighted pointed remarks remarked issue issues various continue continued continues current currently important
    different number numbers level levels first half around like lot better best able really don doesn didn isn wasn aren
    won couldn wouldn shouldn hasn haven hadn ve ll re let think believe feel start started become becomes became towards
    include includes included provide provides provided increase increased growing grow grew rise rose fell fall
    significant strong further jointly actively promote promoting strengthen strengthening deepen deepening role hope
    hopes aim aims aimed bring brought seek seeks view views across enhance enhancing boost boosting ensure ensuring
    efforts effort opportunity opportunities area areas field fields kind step steps result results example way ways
    chairman chairwoman professor senior member members representative representatives person life world worlds global
    """.split()  # noqa: SIM905
)
# Words that may stand inside a phrase ("Belt and Road", "Ministry of Trade") but never at its edge.
_CONNECTORS = frozenset(["of", "and", "the", "for", "in", "on", "to", "de"])
_MAX_PHRASE_TOKENS = 4
# How strongly the parts of a phrase must attract each other (normalised pointwise mutual information, Bouma 2009).
_MIN_PHRASE_NPMI = 0.35

_TOKEN = re.compile(r"(?:[A-Z]\.){2,}|[^\W_]+(?:[-&'’‑–][^\W_]+)*")
_BREAK = re.compile(r"[^\w\s\-&'’‑–.]+|\.(?!\w)|\n")
_POSSESSIVE = re.compile(r"['’](?:s|S)?$")
_GENERATION = re.compile(r"[1-9]g|g\d{1,2}|[a-z]+-?\d{1,2}", re.I)


@dataclass(frozen=True, slots=True)
class Candidates:
    """Terms of a list of segments.

    Attributes
    ----------
    segments : for each segment the sorted ids of its terms
    keys : for each term its folded words
    names : for each term the form it is best shown in
    n_tokens : for each term how many words it has
    """

    segments: tuple[tuple[int, ...], ...]
    keys: tuple[str, ...]
    names: tuple[str, ...]


@cache
def stop_list() -> frozenset[str]:
    """scikit-learn's English stop words and the words of reporting."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return frozenset(ENGLISH_STOP_WORDS) | REPORTING_WORDS


def find_candidates(
    texts: Sequence[str],
    *,
    stop_words: Iterable[str] = (),
    min_segments: int = 2,
    max_words: int = _MAX_PHRASE_TOKENS,
    max_terms: int = 60_000,
) -> Candidates:
    """The words and typical phrases of `texts` that occur in at least `min_segments` of them.

    Singular and plural count as one; a phrase is kept where its parts attract each other.
    """
    stops = stop_list() | {word.lower() for word in stop_words}
    runs = [_runs(text) for text in texts]
    folds = _folds(Counter(token.lower() for text_runs in runs for run in text_runs for token in run), stops)

    totals: Counter[tuple[str, ...]] = Counter()
    per_text: list[set[tuple[str, ...]]] = []
    forms: dict[tuple[str, ...], Counter[str]] = {}
    for text_runs in runs:
        found: set[tuple[str, ...]] = set()
        for run in text_runs:
            shouted = _is_shouted(run)
            keys = [folds[token.lower()] for token in run]
            for start, end in _spans(keys, stops, max_words):
                key = tuple(keys[start:end])
                found.add(key)
                # A capital at the start of a run, or in a headline, says nothing of the word itself.
                weight = 0.01 if shouted or start == 0 else 1.0
                forms.setdefault(key, Counter())[" ".join(run[start:end])] += weight  # type: ignore[assignment]
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
    )


def _runs(text: str) -> list[list[str]]:
    """The tokens between one punctuation mark and the next, possessive endings taken off."""
    return [
        [_POSSESSIVE.sub("", token) for token in tokens]
        for piece in _BREAK.split(text)
        if (tokens := _TOKEN.findall(piece))
    ]


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
        for singular in _singulars(word):
            if singular in counts and singular not in stops:
                folds[word] = singular
                break
    return folds


def _singulars(word: str) -> list[str]:
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return []
    if word.endswith("ies"):
        return [word[:-3] + "y", word[:-1]]
    if word.endswith(("ches", "shes", "sses", "xes")):
        return [word[:-2]]
    return [word[:-1]]


def _spans(keys: list[str], stops: frozenset[str] | set[str], max_words: int) -> Iterable[tuple[int, int]]:
    """Spans of `keys` that may be terms: no stop word at an edge, and inside only connectors."""
    content = [key not in stops and not _is_junk(key) for key in keys]
    for start in range(len(keys)):
        if not content[start]:
            continue
        yield start, start + 1
        for end in range(start + 2, min(start + max_words, len(keys)) + 1):
            last = end - 1
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
