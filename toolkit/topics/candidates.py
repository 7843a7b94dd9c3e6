"""The words and phrases of segments: candidates for topic terms, counted under one key for all their forms."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log

import numpy as np
import numpy.typing as npt

from toolkit.topics.words import BREAK, CONNECTORS, POSSESSIVE, TOKEN, fold, is_junk, name_stop_list, singulars

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_MAX_PHRASE_TOKENS = 5
_MAX_CHARACTERS = 20_000  # of a segment; what is longer is no paragraph, and its start says what it is about
# Words that make up so much of all that is said part phrases like function words, in any language.
_MIN_FUNCTION_SHARE = 0.003
# How strongly the parts of a phrase must attract each other (normalised pointwise mutual information, Bouma 2009).
_MIN_PHRASE_NPMI = 0.2
# A capital at the start of a run, or in a headline, says a hundredth of one within a sentence.
_WEAK, _STRONG = 1, 100
_PIECE = re.compile(f"{TOKEN.pattern}|{BREAK.pattern}")
_GAP = -1  # in place of a token: no phrase goes beyond


@dataclass(frozen=True)
class Candidates:
    """Terms of a list of texts, and where they stand.

    Attributes
    ----------
    keys : for each term its folded words
    names : for each term the form it is best shown in
    ends : for each term the share of its occurrences that no content word follows: low for an adjective
    terms, texts, places : int32 arrays of shape (n_occurrences,), by term, then text, then place
        The term, the number of the text, and how many content words of the text come before the term.
    lengths : int32 array of shape (n_texts,): content words of each text
    """

    keys: tuple[str, ...]
    names: tuple[str, ...]
    ends: tuple[float, ...]
    terms: npt.NDArray[np.int32]
    texts: npt.NDArray[np.int32]
    places: npt.NDArray[np.int32]
    lengths: npt.NDArray[np.int32]

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of the term with each key."""
        return {key: term for term, key in enumerate(self.keys)}

    def holders(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Each pair of a term and a text that holds it, once: terms and texts, in this order."""
        first = np.ones(len(self.terms), dtype=bool)
        first[1:] = (np.diff(self.terms) != 0) | (np.diff(self.texts) != 0)
        return self.terms[first], self.texts[first]


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
    said = _Said(texts, stops)
    spans = [
        _frequent(said, starts, ids, length, min_segments)
        for length, (starts, ids) in enumerate(_spans(said, min_segments, max_words), start=1)
    ]
    totals = {key: n for found in spans for key, n in zip(found.keys, found.n_texts, strict=True)}
    n_texts = max(len(texts), 1)
    kept = sorted(
        (-n, key) for key, n in totals.items() if len(key) == 1 or _attraction(key, totals, n_texts) >= _MIN_PHRASE_NPMI
    )
    keys = sorted(key for _, key in kept[:max_terms])
    ids = {key: i for i, key in enumerate(keys)}

    terms, starts, lengths = (np.concatenate(column) for column in zip(*(f.of(ids) for f in spans), strict=True))
    order = np.lexsort((starts, terms))
    terms, starts, lengths = terms[order], starts[order], lengths[order]
    n_said = np.maximum(np.bincount(terms, minlength=len(keys)), 1)
    ending = np.bincount(terms, weights=said.is_end[starts + lengths - 1], minlength=len(keys))
    return Candidates(
        keys=tuple(" ".join(key) for key in keys),
        names=tuple(_best_forms(said, terms, starts, lengths, len(keys))),
        ends=tuple((ending / n_said).tolist()),
        terms=terms.astype(np.int32),
        texts=said.texts[starts],
        places=said.places[starts],
        lengths=said.lengths,
    )


class _Numbers(dict[str, int]):
    """Numbers tokens by first appearance; what parts phrases has no number."""

    def __missing__(self, piece: str) -> int:
        number = self[piece] = len(self.names) if piece[0].isalnum() else _GAP
        if number != _GAP:
            self.names.append(piece)
        return number

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []


class _Said:
    """All tokens of all texts as one row of numbers, with a gap where no phrase goes on, and what is known of each.

    Attributes
    ----------
    tokens, surfaces : the number of each token as it stands (-1: a gap), and the tokens' own spellings
    keys, folded : the number of each token's folded word, and these words
    content : whether it may stand at the edge of a term
    inner : whether it may stand inside one
    is_end : whether no content word follows in the same run
    weak : whether it begins a run, or stands in one of capitals
    texts, places, lengths : see `Candidates`
    """

    def __init__(self, texts: Sequence[str], stops: frozenset[str] | set[str]) -> None:
        numbers = _Numbers()
        row = array("i")
        sizes = np.zeros(len(texts), dtype=np.int64)
        for i, text in enumerate(texts):
            found = _PIECE.findall(text[:_MAX_CHARACTERS])
            row.extend(map(numbers.__getitem__, found))
            row.append(_GAP)
            sizes[i] = len(found) + 1
        self.surfaces = numbers.names
        self.tokens = np.frombuffer(row, dtype=np.int32) if len(row) else np.zeros(0, dtype=np.int32)
        self.texts = np.arange(len(texts), dtype=np.int32).repeat(sizes)
        gap = self.tokens == _GAP

        words = [fold(token) for token in self.surfaces]
        n_said = np.bincount(self.tokens[~gap], minlength=len(words)).tolist()
        counts: dict[str, int] = {}
        for word, n in zip(words, n_said, strict=True):
            counts[word] = counts.get(word, 0) + n
        folds = _folds(counts, stops)
        ids: dict[str, int] = {}
        of_token = np.array([ids.setdefault(folds[word], len(ids)) for word in words] + [_GAP], dtype=np.int32)
        self.folded = list(ids)
        self.keys = of_token[self.tokens]  # the gap, -1, is the last

        enough = _MIN_FUNCTION_SHARE * sum(n_said)
        parting = {folds[word] for word, n in counts.items() if n >= enough} | stops
        self.content = _flags([key not in stops and not is_junk(key) for key in self.folded])[self.keys]
        self.inner = self.content | _flags([key in CONNECTORS for key in self.folded])[self.keys]
        going_on = _flags([key not in parting for key in self.folded])[self.keys] & self.content
        self.is_end = ~np.append(going_on[1:], False)

        runs = np.cumsum(gap)
        long = _flags([len(token) > 3 for token in self.surfaces])[self.tokens]
        capital = _flags([token[0].isupper() for token in self.surfaces])[self.tokens] & long
        n_long, n_capital = np.bincount(runs[long], minlength=1), np.bincount(runs[capital], minlength=1)
        n_runs = int(runs[-1]) + 1 if len(runs) else 1
        n_long, n_capital = (np.pad(n, (0, n_runs - len(n))) for n in (n_long, n_capital))
        shouted = (n_long >= 3) & (n_capital > 0.7 * n_long)
        self.weak = shouted[runs] | np.append(True, gap[:-1])[: len(gap)]

        so_far: Integers = np.cumsum(self.content) - self.content
        firsts = np.cumsum(sizes) - sizes
        begun = so_far[firsts] if len(texts) else np.zeros(0, dtype=np.int64)
        self.places = (so_far - begun.repeat(sizes)).astype(np.int32)
        self.lengths = np.bincount(self.texts[self.content], minlength=len(texts)).astype(np.int32)


def _flags(values: list[bool]) -> Flags:
    """The values, and False for a gap, which is numbered -1."""
    return np.array([*values, False], dtype=bool)


def _folds(counts: Mapping[str, int], stops: frozenset[str] | set[str]) -> dict[str, str]:
    """Each word's singular where the texts have that word too, or the word itself."""
    folds = {}
    for word in counts:
        folds[word] = word
        for singular in singulars(word):
            if singular in counts and singular not in stops:
                folds[word] = singular
                break
    return folds


@dataclass(frozen=True, slots=True)
class _Spans:
    """Spans of one length that enough texts have: `ids` point into `keys`."""

    length: int
    starts: Integers
    ids: Integers
    keys: list[tuple[str, ...]]
    n_texts: list[int]

    def of(self, terms: Mapping[tuple[str, ...], int]) -> tuple[Integers, Integers, Integers]:
        """Term, start and length of the spans that are terms."""
        numbers = np.array([terms.get(key, -1) for key in self.keys], dtype=np.int64)
        found = numbers[self.ids]
        kept = found >= 0
        return found[kept], self.starts[kept], np.full(int(kept.sum()), self.length, dtype=np.int64)


def _spans(said: _Said, min_segments: int, max_words: int) -> Iterable[tuple[Integers, Integers]]:
    """Spans that may be terms, for lengths 1, 2, ...: where each starts, and a number for its words.

    A content word stands at either edge, and inside no other than connectors; each pair of neighbours stands in
    `min_segments` texts, for no phrase that holds another pair can be in so many.
    """
    keys = said.keys
    starts = np.flatnonzero(said.content)
    ids = keys[starts].astype(np.int64)
    yield starts, ids
    frequent = _frequent_pairs(said, min_segments) if max_words > 1 else np.zeros(0, dtype=bool)
    for length in range(2, max_words + 1):
        going_on = frequent[starts + length - 2]
        starts, ids = starts[going_on], ids[going_on]
        last = keys[starts + length - 1]
        ids = np.unique(ids * len(said.folded) + last, return_inverse=True)[1].astype(np.int64)
        whole = said.content[starts + length - 1]
        yield starts[whole], ids[whole]
        going_on = said.inner[starts + length - 1]
        starts, ids = starts[going_on], ids[going_on]


def _frequent_pairs(said: _Said, min_segments: int) -> Flags:
    """Whether a token and the next are a pair of neighbours that at least `min_segments` texts have."""
    keys = said.keys
    at = np.flatnonzero((keys[:-1] >= 0) & (keys[1:] >= 0)) if len(keys) else np.zeros(0, dtype=np.int64)
    codes = keys[at].astype(np.int64) * len(said.folded) + keys[at + 1]
    ids, n_texts = _text_counts(codes, said.texts[at])
    frequent = np.zeros(len(keys), dtype=bool)
    frequent[at] = n_texts[ids] >= min_segments
    return frequent


def _text_counts(codes: Integers, texts: npt.NDArray[np.int32]) -> tuple[Integers, Integers]:
    """A number for each code, and for each number in how many texts its code stands; `texts` ascend."""
    order = np.argsort(codes, kind="stable")
    ordered, of = codes[order], texts[order]
    new = np.ones(len(codes), dtype=bool)
    new[1:] = ordered[1:] != ordered[:-1]
    in_order = np.cumsum(new) - 1
    elsewhere = new.copy()
    elsewhere[1:] |= of[1:] != of[:-1]
    ids = np.empty(len(codes), dtype=np.int64)
    ids[order] = in_order
    return ids, np.bincount(in_order[elsewhere])


def _frequent(said: _Said, starts: Integers, ids: Integers, length: int, min_segments: int) -> _Spans:
    """The spans that at least `min_segments` texts have, with their words."""
    numbers, n_texts = _text_counts(ids, said.texts[starts])
    enough = n_texts >= min_segments
    kept = enough[numbers]
    starts, numbers = starts[kept], (np.cumsum(enough) - 1)[numbers[kept]]
    examples = np.zeros(int(enough.sum()), dtype=np.int64)
    examples[numbers] = starts
    rows = said.keys[examples[:, None] + np.arange(length)].tolist()
    keys = [tuple([said.folded[word] for word in row]) for row in rows]
    return _Spans(length, starts, numbers, keys, n_texts[enough].tolist())


def _attraction(key: tuple[str, ...], totals: Mapping[tuple[str, ...], int], n_texts: int) -> float:
    """The weakest NPMI over the ways to cut the phrase in two; connectors go with the cut."""
    together = totals[key] / n_texts
    if together >= 1:
        return 1.0
    weakest = 1.0
    for cut in range(1, len(key)):
        left, right = key[:cut], key[cut:]
        while left and left[-1] in CONNECTORS:
            left = left[:-1]
        while right and right[0] in CONNECTORS:
            right = right[1:]
        n_left, n_right = totals.get(left, 0), totals.get(right, 0)
        if n_left and n_right:
            chance = (n_left / n_texts) * (n_right / n_texts)
            weakest = min(weakest, log(together / chance) / -log(together))
    return weakest


def _best_forms(said: _Said, terms: Integers, starts: Integers, lengths: Integers, n_terms: int) -> list[str]:
    """For each term its most frequent form; in lower case where only headlines and starts speak for a capital."""
    bare = [POSSESSIVE.sub("", token) for token in said.surfaces]
    numbers: dict[str, int] = {}
    of_last = np.array([numbers.setdefault(token, len(numbers)) for token in bare] + [_GAP], dtype=np.int64)
    codes = np.zeros(len(terms), dtype=np.int64)
    for offset in range(int(lengths.max(initial=1)) - 1):
        inside = np.flatnonzero(lengths > offset + 1)
        joined = codes[inside] * (len(bare) + 1) + said.tokens[starts[inside] + offset] + 1
        codes[inside] = np.unique(joined, return_inverse=True)[1] + 1
    codes = codes * (len(numbers) + 1) + of_last[said.tokens[starts + lengths - 1]]
    codes = np.unique(codes, return_inverse=True)[1].astype(np.int64)
    weights = np.where(said.weak[starts], _WEAK, _STRONG)
    order = np.lexsort((codes, terms))
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(terms[order]) != 0) | (np.diff(codes[order]) != 0)
    firsts = np.flatnonzero(new)
    sums = np.add.reduceat(weights[order], firsts) if len(firsts) else np.zeros(0, dtype=np.int64)
    examples = order[firsts]

    best: list[tuple[int, str]] = [(0, "")] * n_terms
    for term, weight, i in zip(terms[examples].tolist(), sums.tolist(), examples.tolist(), strict=True):
        if -weight <= best[term][0]:
            start, end = int(starts[i]), int(starts[i] + lengths[i])
            tokens = said.tokens[start:end].tolist()
            form = " ".join([*(said.surfaces[token] for token in tokens[:-1]), bare[tokens[-1]]])
            best[term] = min(best[term], (-weight, form))
    return [form.lower() if -weight < _STRONG and " " not in form and form.istitle() else form for weight, form in best]
