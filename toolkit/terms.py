"""Words, pairs of words and their weights: the tokeniser and sparse counting shared by the models.

A text becomes tokens (`tokenise`), tokens become counts over a fixed `Vocabulary` of words and pairs
(`Vocabulary.count`), counts become TF-IDF weights (`weigh_units`). Everything runs on plain numpy index/count
pairs: scipy and scikit-learn are met only while training (`stack`).
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import compress, count, pairwise, repeat
from operator import not_
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from toolkit.data import CutDocument

if TYPE_CHECKING:
    from ahocorasick_rs import BytesAhoCorasick
    from scipy.sparse import csr_matrix

Counts = tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]
"""Sorted term ids and their values, aligned."""

MARKERS = "\ue000-\ue0ff"
"""Private-use characters that stand for something masked (the side of a place); each is a token of its own."""
MARK = re.compile(f"[{MARKERS}]")
SEAM = "\x00"
"""A token `tokenise_parts` puts where two parts meet; it is in no text's words."""
SEAM_NUMBER = -2
"""The number of `SEAM` in every numbering: no row of a look-up table, take it away before looking up."""

# Scripts written without spaces between words: Thai, Lao, Myanmar, Khmer, kana, Han, in runs.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_UNSPACED_RUN = re.compile(f"[{_UNSPACED}\U00020000-\U0003ffff]+")
# Combining marks that belong inside a word but are no letters to `\w`: Latin, Hebrew, Arabic, Indic scripts.
_MARKS = "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0dff"
_WORD = re.compile(rf"[^\W_]+|[{MARKERS}]")
_MARKED_WORD = re.compile(rf"[^\W_](?:[^\W_]|[{_MARKS}])*|[{MARKERS}]")
UNSPACED_OR_MARK = re.compile(rf"[{_UNSPACED}\U00020000-\U0003ffff{_MARKS}]")
"""What the words of a text depend on beyond letters and what separates them."""
_TYPOGRAPHIC = "\u2019\u2018\u201c\u201d\u2013\u2014\u2026\u00a0"  # the usual separators beyond ASCII
# By byte of UTF-8: ASCII letters in lower case, other ASCII but digits as blanks, the rest as it is.
_LOWER_WORDS = bytes(
    byte if byte >= 0x80 else ord(chr(byte).lower()) if chr(byte).isalnum() else ord(" ") for byte in range(256)
)
_LOWER_WORDS_AND_SEAMS = bytes((ord(SEAM), *_LOWER_WORDS[1:]))


def tokenise(text: str) -> list[str]:
    """The lower-cased words of `text`, in order; runs of scripts without spaces as overlapping character pairs.

    Apostrophes and hyphens split words ("China's" gives "china", "s"). A run of one character is itself a token.

    Examples
    --------
    >>> tokenise("China's e-commerce: 12 new ports")
    ['china', 's', 'e', 'commerce', '12', 'new', 'ports']
    >>> tokenise("东盟国家 ASEAN")
    ['东盟', '盟国', '国家', 'asean']
    """
    return _split(text, _LOWER_WORDS)


def tokenise_parts(parts: Iterable[str]) -> list[str]:
    """The words of all parts in order, with `SEAM` between each part and the next, whether they have words or not.

    Examples
    --------
    >>> tokenise_parts(["China", "'s new", ""]) == ["china", SEAM, "s", "new", SEAM]
    True
    """
    joined = f" {SEAM} ".join(part.replace(SEAM, " ") if SEAM in part else part for part in parts)
    return _split(joined, _LOWER_WORDS_AND_SEAMS)


def _split(text: str, lower_words: bytes) -> list[str]:
    is_ascii = text.isascii()
    if not is_ascii:
        if "\u03a3" in text:  # the one capital whose small letter depends on what stands around it
            text = text.lower()
        for separator in _TYPOGRAPHIC:
            text = text.replace(separator, " ")
        is_ascii = text.isascii()
    parted = text.encode("utf-8", "surrogatepass").translate(lower_words).decode("utf-8", "surrogatepass").split()
    if is_ascii:
        return parted
    tokens: list[str] = []
    at = 0
    for i in compress(count(), map(not_, map(str.isascii, parted))):
        tokens += parted[at:i]
        tokens += _tokenise_beyond_ascii(parted[i].lower())
        at = i + 1
    tokens += parted[at:]
    return tokens


def _tokenise_beyond_ascii(lowered: str) -> list[str]:
    if len(lowered) == 1 and "\ue000" <= lowered <= "\ue0ff":
        return [lowered]
    if UNSPACED_OR_MARK.search(lowered) is None:
        return _WORD.findall(lowered)
    tokens: list[str] = []
    at = 0
    for run in _UNSPACED_RUN.finditer(lowered):
        tokens += _MARKED_WORD.findall(lowered, at, run.start())
        characters = run.group()
        if len(characters) == 1:
            tokens.append(characters)
        else:
            tokens += [characters[i : i + 2] for i in range(len(characters) - 1)]
        at = run.end()
    tokens += _MARKED_WORD.findall(lowered, at)
    return tokens


class Numbering:
    """Numbers for words, given out as they are met; unknown words are -1. Look-ups over one text share one pass."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {SEAM: SEAM_NUMBER}

    def __len__(self) -> int:
        return len(self._numbers) - 1

    def add(self, word: str) -> int:
        """The number of `word`, a new one if need be."""
        return self._numbers.setdefault(word, len(self))

    def add_all(self, words: Sequence[str]) -> npt.NDArray[np.int64]:
        """The number of each word, new ones in order where need be, shape (n_words,)."""
        new = [word for word in dict.fromkeys(words) if word not in self._numbers]
        self._numbers.update(zip(new, count(len(self)), strict=False))
        return self.of(words)

    def of(self, tokens: Sequence[str]) -> npt.NDArray[np.int64]:
        """The number of each token, shape (n_tokens,)."""
        return np.fromiter(map(self._numbers.get, tokens, repeat(-1)), dtype=np.int64, count=len(tokens))


class Vocabulary:
    """A fixed, ordered list of terms, each a word or a pair of words with a space between; term i has id i.

    Counting is a dictionary look-up per token and a binary search per pair, both in compiled code.
    """

    def __init__(self, terms: Sequence[str], numbering: Numbering | None = None) -> None:
        self.terms: tuple[str, ...] = tuple(terms)
        self.numbering = numbering if numbering is not None else Numbering()
        words = [(i, term) for i, term in enumerate(self.terms) if " " not in term]
        pairs = [(i, term) for i, term in enumerate(self.terms) if " " in term]
        halves = " ".join(term for _, term in pairs).split(" ") if pairs else []
        if len(halves) != 2 * len(pairs):
            raise ValueError("a term is one word or two")
        singles = self.numbering.add_all([word for _, word in words])
        firsts, seconds = self.numbering.add_all(halves).reshape(-1, 2).T
        self._n_words = len(self.numbering) + 1
        self._single_ids = np.full(self._n_words, -1, dtype=np.int64)  # the last slot is for unknown words
        self._single_ids[singles] = [i for i, _ in words]
        keys = firsts * self._n_words + seconds
        order = np.argsort(keys, kind="stable")
        self._pair_keys = keys[order]
        self._pair_ids = np.array([i for i, _ in pairs], dtype=np.int64)[order]
        self._begins_pair, self._ends_pair = np.zeros((2, self._n_words), dtype=bool)
        self._begins_pair[firsts] = True
        self._ends_pair[seconds] = True

    def __len__(self) -> int:
        return len(self.terms)

    def locate(self, numbers: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """The ids of all terms among the numbered tokens, and the token each starts at; words first, then pairs."""
        if len(numbers) == 0 or not self.terms:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        numbers = np.minimum(numbers, self._n_words - 1)  # words numbered later are not ours
        words = self._single_ids.take(numbers)  # they and -1 look up the last slot, which is -1
        at_word = (words >= 0).nonzero()[0]
        if len(self._pair_keys) == 0:
            return words[at_word], at_word
        at_pair = (self._begins_pair.take(numbers[:-1]) & self._ends_pair.take(numbers[1:])).nonzero()[0]
        keys = numbers[at_pair] * self._n_words + numbers[at_pair + 1]
        slots = self._pair_keys.searchsorted(keys)
        slots[slots == len(self._pair_keys)] = 0
        known = self._pair_keys[slots] == keys
        return np.concatenate((words[at_word], self._pair_ids[slots[known]])), np.concatenate((at_word, at_pair[known]))

    def count(self, tokens: Sequence[str]) -> Counts:
        """Ids of the terms in `tokens`, ascending, and how often each occurs.

        Examples
        --------
        >>> ids, counts = Vocabulary(["port", "new", "new port"]).count(["a", "new", "port", "port"])
        >>> ids.tolist(), counts.tolist()
        ([0, 1, 2], [2.0, 1.0, 1.0])
        """
        ids, counts = np.unique(self.locate(self.numbering.of(tokens))[0], return_counts=True)
        return ids, counts.astype(np.float64)


def count_keys(keys: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The distinct `keys`, ascending, and how often each occurs; `numpy.unique` would import `numpy.ma`."""
    ordered = np.sort(keys)
    is_first = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=is_first[1:])
    first = is_first.nonzero()[0]
    counts = np.empty_like(first)
    np.subtract(first[1:], first[:-1], out=counts[:-1])
    counts[-1:] = len(ordered) - first[-1:]
    return ordered[first], counts


def weigh_units(
    unit: npt.NDArray[np.int64], term: npt.NDArray[np.int64], idf: npt.NDArray[np.float32], n_units: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """TF-IDF of many texts at once: `term[i]` occurs in text `unit[i]`, -1 for none.

    Returns units, term ids and weights, (1 + ln tf) * idf, sorted by unit and term; each unit's weights have unit
    length. Reference: Salton & Buckley 1988, "ltc" weighting.
    """
    inside = unit >= 0
    keys = unit[inside] * np.int64(len(idf)) + term[inside]
    if len(keys) == 0:
        return keys, keys, np.empty(0)
    distinct, counts = count_keys(keys)
    of, ids = np.divmod(distinct, len(idf))
    values = (1 + np.log(counts)) * idf.take(ids)
    lengths = np.sqrt(np.bincount(of, weights=values * values, minlength=n_units))
    return of, ids, values / lengths.take(of)


def build_vocabulary(
    documents: Iterable[Sequence[str]],
    *,
    min_documents: int,
    max_terms: int,
    max_document_ratio: float = 0.5,
    stop_words: frozenset[str] = frozenset(),
) -> tuple[Vocabulary, npt.NDArray[np.int64], int]:
    """The terms that occur in at least `min_documents` of the token lists, with their document frequencies.

    Words of digits only and words of one ASCII letter are no terms. Words in more than `max_document_ratio` of the
    documents, and stop words, are no terms by themselves but may stand in pairs with another word; a pair of two
    such words is no term. When there are more than `max_terms`, the most frequent stay (ties by spelling).

    Returns
    -------
    vocabulary, document frequency of shape (n_terms,), number of documents
    """
    lists = [list(tokens) for tokens in documents]
    words: Counter[str] = Counter()
    for tokens in lists:
        words.update(set(tokens))
    usable = {word for word, n in words.items() if n >= min_documents and _is_term(word)}
    common = {word for word in usable if words[word] > max_document_ratio * len(lists) or word in stop_words}
    pairs: Counter[tuple[str, str]] = Counter()
    for tokens in lists:
        pairs.update(
            {(a, b) for a, b in pairwise(tokens) if a in usable and b in usable and not (a in common and b in common)}
        )
    frequency = {word: words[word] for word in usable - common}
    frequency |= {f"{a} {b}": n for (a, b), n in pairs.items() if n >= min_documents}
    chosen = sorted(frequency, key=lambda term: (-frequency[term], term))[:max_terms]
    return Vocabulary(chosen), np.array([frequency[term] for term in chosen], dtype=np.int64), len(lists)


def _is_term(word: str) -> bool:
    return not word.isdigit() and not (len(word) == 1 and word.isascii())


def inverse_frequency(frequency: npt.NDArray[np.int64], n_documents: int) -> npt.NDArray[np.float32]:
    """Smoothed inverse document frequency, ln((1 + n) / (1 + df)) + 1 (as scikit-learn), shape (n_terms,)."""
    return (np.log((1 + n_documents) / (1 + frequency)) + 1).astype(np.float32)


def stack(rows: Sequence[Counts], n_terms: int) -> csr_matrix[Any]:
    """The rows as one scipy CSR matrix of shape (n_rows, n_terms); for training only."""
    from scipy.sparse import csr_matrix

    ends = np.cumsum([0, *(len(ids) for ids, _ in rows)])
    ids = np.concatenate([ids for ids, _ in rows]) if rows else np.empty(0, dtype=np.int64)
    values = np.concatenate([values for _, values in rows]) if rows else np.empty(0)
    return csr_matrix((values, ids, ends), shape=(len(rows), n_terms))


def lower(text: str) -> str:
    """`text` in lower case, character by character: offsets stay valid (a few capitals have longer lower forms)."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(low if len(low := character.lower()) == 1 else character for character in text)


def plain_phrase(phrase: str) -> str:
    """The phrase in lower case, hyphens and runs of white space as one blank: the form `find_phrases` expects."""
    return " ".join(lower(phrase).replace("-", " ").split())


def find_phrases(lowered: str, phrases: Sequence[str]) -> list[int]:
    """Where any of the `phrases` starts in `lowered`, ascending, whole words only; "-" and white space are blanks.

    A plural "s" or "es" after the phrase is allowed. Scripts without spaces have no word boundaries to respect.

    Examples
    --------
    >>> find_phrases("free-trade areas, not free traders", ("free trade area", "free trade"))
    [0, 0]
    """
    haystack = lowered.replace("-", " ").replace("\n", " ").replace("\t", " ")
    found = []
    ends = [0] * len(phrases)  # a phrase does not overlap itself
    for i, start, end in _automaton(tuple(phrases)).find_matches_as_indexes(_ascii(haystack), overlapping=True):
        if start >= ends[i] and haystack.startswith(phrases[i], start):
            ends[i] = end
            if _ends_word(haystack, start, end):
                found.append(start)
    return sorted(found)


@lru_cache(maxsize=16)
def _automaton(phrases: tuple[str, ...]) -> BytesAhoCorasick:
    import ahocorasick_rs

    # Three times as fast as the other two, and small for some hundred phrases.
    as_table = ahocorasick_rs.Implementation.DFA
    return ahocorasick_rs.BytesAhoCorasick(list(map(_ascii, phrases)), implementation=as_table)


def _ascii(text: str) -> bytes:
    """One byte a character, "?" beyond ASCII: matches are candidates, offsets are those of characters."""
    return text.encode("ascii", "replace")


def _ends_word(text: str, start: int, end: int) -> bool:
    if not text[start].isascii():
        return True
    if start and text[start - 1].isalnum():
        return False
    if text[end : end + 1] == "s":
        end += 1
    elif text[end : end + 2] == "es":
        end += 2
    return not text[end : end + 1].isalnum()


N_FOLDS = 5


def group_documents(corpus: Sequence[CutDocument]) -> npt.NDArray[np.int64]:
    """The fold of each document: by outlet where three or more are known, else by a checksum of its id."""
    outlets = [cut.document.outlet or "" for cut in corpus]
    if len(set(outlets)) >= 3:
        number = {outlet: i for i, outlet in enumerate(sorted(set(outlets)))}
        return np.array([number[outlet] for outlet in outlets], dtype=np.int64)
    return np.array([zlib.crc32(cut.document.document_id.encode()) % N_FOLDS for cut in corpus], dtype=np.int64)
