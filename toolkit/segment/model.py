"""The line model: a linear score per paragraph and state, and the best sequence of states over the page.

Three states: the page's own article, furniture (menus, bylines, dates, lists of other headlines, footers), and the
text of other stories. Scores are sums of looked-up weights, one per feature and bin and one per known word, so that
every decision can be taken apart exactly.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from itertools import accumulate, chain, pairwise, repeat
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.segment.page import MAX_SHORT_WORDS, NAMES, Page

ARTICLE, FURNITURE, STORY = range(3)
STATES = ("article", "furniture", "story")
_ROWS_AT_ONCE = 1_024
MAX_HEADER_WORDS = 5  # a line this short may be the heading of what follows it: its words count for the next line too

FloatArray = npt.NDArray[np.float64]
_Edges = npt.NDArray[np.float32]
_Rows = npt.NDArray[np.int64]
_Tables = tuple[_Rows, list[_Edges], _Rows, _Edges, _Rows, FloatArray]
"""Features with many edges and those edges, features with one and it, where the sums of each begin, all sums."""


@dataclass(frozen=True, slots=True)
class LineModel:
    """Weights of the three states.

    Parameters
    ----------
    edges : array of shape (n_features, n_edges), padded with +inf
        A feature's bin is the number of its edges below the value.
    weights : array of shape (n_features, n_edges + 1, 3)
    words : dict of word → row of `word_weights`, of shape (n_words, 3)
        Each word of a short paragraph adds its row, divided by the root of the number of words.
    header_weights : array of shape (n_words, 3)
        The same for the words of the short line before.
    transitions : array of shape (3, 3), start, end : arrays of shape (3,)
        Log-odds of one state after another, of beginning and of ending in a state.
    """

    edges: npt.NDArray[np.float32]
    weights: FloatArray
    bias: FloatArray
    words: dict[str, int]
    word_weights: FloatArray
    header_weights: FloatArray
    transitions: FloatArray
    start: FloatArray
    end: FloatArray
    _tables: _Tables = field(init=False, repr=False, compare=False)
    _both: FloatArray = field(init=False, repr=False, compare=False)  # `word_weights` beside `header_weights`

    def __post_init__(self) -> None:
        n_edges = np.isfinite(self.edges).sum(axis=1)
        single = np.flatnonzero(n_edges == 1)
        order = np.argsort(-n_edges, kind="stable")  # later edges need not look at features that have few
        order = order[n_edges[order] != 1]
        n_many, n_bins = len(order), self.weights.shape[1]
        edges = [self.edges[order[: int((n_edges[order] > e).sum())], e][:, None] for e in range(int(n_edges.max()))]
        of_eight = _sums_of_eight(self.weights[single, :2])
        first = np.concatenate([np.arange(n_many) * n_bins, n_many * n_bins + np.arange(len(of_eight)) * 256])
        weights = np.concatenate([self.weights[order].reshape(-1, 3), of_eight.reshape(-1, 3)])
        padded = np.zeros((len(weights), 4))  # numpy takes rows of 32 bytes sooner than rows of 24
        padded[:, :3] = weights
        tables = (order, edges, single, self.edges[single, 0][:, None], first[:, None], padded)
        object.__setattr__(self, "_tables", tables)
        object.__setattr__(self, "_both", np.hstack([self.word_weights, self.header_weights]))

    def scores(self, page: Page) -> FloatArray:
        """Log-probabilities of the states from the features alone, of shape (n_paragraphs, 3)."""
        return self.scores_each([page])[0]

    def scores_each(self, pages: Sequence[Page]) -> list[FloatArray]:
        """What `scores` says of each page, sooner: several pages share each array pass."""
        sizes = [len(page.paragraphs) for page in pages]
        ends = list(accumulate(sizes, initial=0))
        n = ends[-1]
        table = np.concatenate([page.dense.T for page in pages], axis=1) if n else np.zeros((len(NAMES), 0), np.float32)
        logits = np.tile(self.bias, (n, 1))
        order, edges, single, single_edge, first, weights = self._tables
        for low in range(0, n, _ROWS_AT_ONCE):
            columns = table[:, low : low + _ROWS_AT_ONCE]
            dense = columns[order]
            bins = np.zeros((len(first), dense.shape[1]), dtype=np.uint8)
            for edge in edges:
                bins[: len(edge)] += dense[: len(edge)] > edge
            bins[len(order) :] = np.packbits(columns[single] > single_edge, axis=0)
            # The first axis is the features': they are added up in order, whatever the number of rows.
            logits[low : low + _ROWS_AT_ONCE] += weights.take(bins + first, axis=0).sum(axis=0)[:, :3]
        self._add_words(pages, logits, ends)
        logits -= logits.max(axis=1, keepdims=True)
        logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return [logits[start:end] for start, end in pairwise(ends)]

    def _add_words(self, pages: Sequence[Page], logits: FloatArray, ends: list[int]) -> None:
        """Add what the known words of short lines say of the line itself and of the one below it on its page."""
        lines = [words if len(words) <= MAX_SHORT_WORDS else () for page in pages for words in page.words]
        n_words = np.array(list(map(len, lines)), dtype=np.int64)
        ids = np.fromiter(map(self.words.get, chain.from_iterable(lines), repeat(-1)), np.int64, int(n_words.sum()))
        known = ids >= 0
        row = np.arange(len(lines)).repeat(n_words)[known]
        if not len(row):
            return
        first = np.concatenate(([True], row[1:] != row[:-1])).nonzero()[0]
        row = row[first]
        both = np.add.reduceat(self._both.take(ids[known], axis=0), first) / np.sqrt(n_words[row])[:, None]
        logits[row] += both[:, :3]
        heads = n_words <= MAX_HEADER_WORDS
        heads[np.array(ends[1:]) - 1] = False  # the last line of a page is no header of the next
        logits[row[heads[row]] + 1] += both[heads[row], 3:]

    def best_states(self, scores: FloatArray) -> list[int]:
        """The likeliest sequence of states (Viterbi), one per paragraph."""
        rows = scores.tolist()
        if not rows:
            return []
        (aa, ab, ac), (ba, bb, bc), (ca, cb, cc) = self.transitions.tolist()
        a, b, c = (first + start for first, start in zip(rows[0], self.start.tolist(), strict=True))
        back: list[tuple[int, int, int]] = []
        for x, y, z in rows[1:]:
            ma, mb, mc = a + aa, a + ab, a + ac
            fa = fb = fc = 0
            if (other := b + ba) > ma:
                ma, fa = other, 1
            if (other := c + ca) > ma:
                ma, fa = other, 2
            if (other := b + bb) > mb:
                mb, fb = other, 1
            if (other := c + cb) > mb:
                mb, fb = other, 2
            if (other := b + bc) > mc:
                mc, fc = other, 1
            if (other := c + cc) > mc:
                mc, fc = other, 2
            back.append((fa, fb, fc))
            a, b, c = ma + x, mb + y, mc + z
        finals = [last + end for last, end in zip((a, b, c), self.end.tolist(), strict=True)]
        state = finals.index(max(finals))
        states = [state]
        for step in reversed(back):
            state = step[state]
            states.append(state)
        states.reverse()
        return states

    def posteriors(self, scores: FloatArray) -> FloatArray:
        """How likely each state is for each paragraph, given the whole page (forward-backward).

        The chance of a sequence of states is proportional to the exponential of its score, the sum of `scores`,
        `transitions`, `start` and `end` that `best_states` maximises; here it is summed over all sequences.

        Parameters
        ----------
        scores : array of shape (n_paragraphs, 3)
            As `scores` returns them.

        Returns
        -------
        array of shape (n_paragraphs, 3)
            In [0, 1]; each row sums to 1.

        Notes
        -----
        Rabiner (1989), "A tutorial on hidden Markov models", section III, with rescaling at each step: exact as
        long as no transition is below the others by more than a double holds (about 700).
        """
        n = len(scores)
        if not n:
            return np.zeros((0, 3))
        begun = scores - scores.max(axis=1, keepdims=True)
        begun[0] += self.start - self.start.max()
        emitted = np.exp(begun).tolist()
        (aa, ab, ac), (ba, bb, bc), (ca, cb, cc) = np.exp(self.transitions - self.transitions.max()).tolist()
        a, b, c = emitted[0]
        forward = [(a, b, c)]
        for x, y, z in emitted[1:]:
            total = a + b + c
            a, b, c = a / total, b / total, c / total
            a, b, c = (a * aa + b * ba + c * ca) * x, (a * ab + b * bb + c * cb) * y, (a * ac + b * bc + c * cc) * z
            forward.append((a, b, c))
        a, b, c = np.exp(self.end - self.end.max()).tolist()
        backward = [(a, b, c)]
        for x, y, z in emitted[:0:-1]:
            total = a + b + c
            a, b, c = a * x / total, b * y / total, c * z / total
            a, b, c = a * aa + b * ab + c * ac, a * ba + b * bb + c * bc, a * ca + b * cb + c * cc
            backward.append((a, b, c))
        backward.reverse()
        found: FloatArray = np.array(forward) * np.array(backward)
        found /= found.sum(axis=1, keepdims=True)
        return found

    def state(self) -> dict[str, Any]:
        """JSON values, weights rounded to 4 decimals: the file that is shipped."""
        return {
            "schema_version": 1,
            "features": list(NAMES),
            "edges": [[_short(e) for e in row if np.isfinite(e)] for row in self.edges.tolist()],
            "weights": _rounded(self.weights),
            "bias": _rounded(self.bias),
            "words": sorted(self.words, key=lambda word: self.words[word]),
            "word_weights": _rounded(self.word_weights),
            "header_weights": _rounded(self.header_weights),
            "transitions": _rounded(self.transitions),
            "start": _rounded(self.start),
            "end": _rounded(self.end),
        }

    @classmethod
    def from_state(cls, values: dict[str, Any]) -> LineModel:
        """The model whose `state` this is.

        Raises
        ------
        ValueError
            Where it was made for other features than this program computes.
        """
        if values["features"] != list(NAMES):
            raise ValueError("the line model was trained for other features; rebuild it with toolkit.segment.train")
        weights = np.array(values["weights"], dtype=np.float64)
        edges = np.full((len(NAMES), weights.shape[1] - 1), np.inf, dtype=np.float32)
        for i, row in enumerate(values["edges"]):
            edges[i, : len(row)] = row
        names = ("bias", "transitions", "start", "end")
        bias, transitions, start, end = (np.array(values[name], dtype=np.float64) for name in names)
        return cls(
            edges,
            weights,
            bias,
            {word: i for i, word in enumerate(values["words"])},
            np.array(values["word_weights"], dtype=np.float64).reshape(-1, 3),
            np.array(values["header_weights"], dtype=np.float64).reshape(-1, 3),
            transitions,
            start,
            end,
        )


def _sums_of_eight(weights: FloatArray) -> FloatArray:
    """Sums for the 256 ways in which eight features with two bins can fall: from (n, 2, 3) to (n / 8, 256, 3)."""
    n_groups = -(-len(weights) // 8)
    padded = np.zeros((n_groups * 8, 2, 3))
    padded[: len(weights)] = weights
    grouped = padded.reshape(n_groups, 8, 2, 3)
    above = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(np.bool_)
    sums = np.zeros((n_groups, 256, 3))
    for k in range(8):
        sums += np.where(above[:, k, None], grouped[:, None, k, 1], grouped[:, None, k, 0])
    return sums


def _short(value: float) -> float:
    return float(f"{value:.6g}")


def _rounded(values: FloatArray) -> Any:
    return (np.round(values, 4) + 0.0).tolist()


def _known_words(page: Page, vocabulary: dict[str, int]) -> list[tuple[int, int, list[int]]]:
    """(row, number of words, ids of the known ones) of each short paragraph that has known words."""
    entries: list[tuple[int, int, list[int]]] = []
    known = vocabulary.get
    for i, words in enumerate(page.words):
        n = len(words)
        if 0 < n <= MAX_SHORT_WORDS:
            found = [k for k in map(known, words) if k is not None]
            if found:
                entries.append((i, n, found))
    return entries


def word_entries(page: Page, vocabulary: dict[str, int]) -> tuple[Any, Any, Any, Any, Any, Any]:
    """Known words of short paragraphs, and of the short line before: (row, word id, scale) three arrays each."""
    rows: list[int] = []
    ids: list[int] = []
    scale: list[float] = []
    header_rows: list[int] = []
    header_ids: list[int] = []
    header_scale: list[float] = []
    last = len(page.words) - 1
    for i, n, found in _known_words(page, vocabulary):
        weight = 1.0 / n**0.5
        rows.extend([i] * len(found))
        ids.extend(found)
        scale.extend([weight] * len(found))
        if n <= MAX_HEADER_WORDS and i < last:
            header_rows.extend([i + 1] * len(found))
            header_ids.extend(found)
            header_scale.extend([weight] * len(found))
    return (
        np.array(rows, dtype=np.int64),
        np.array(ids, dtype=np.int64),
        np.array(scale),
        np.array(header_rows, dtype=np.int64),
        np.array(header_ids, dtype=np.int64),
        np.array(header_scale),
    )


@lru_cache(maxsize=1)
def load_line_model() -> LineModel:
    """The shipped line model."""
    file = resources.files("toolkit") / "assets" / "line_model" / "line_model.json"
    return LineModel.from_state(json.loads(file.read_text(encoding="utf-8")))
