"""Coherence of topics' words in a reference text, as gensim computes it: NPMI (`c_npmi`) and Cv (`c_v`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Counting = Literal["exact", "gensim"]

NPMI_WINDOW = 10  # tokens; gensim's default for c_npmi
CV_WINDOW = 110  # tokens; Roeder et al. 2015 and gensim's default for c_v
GENSIM_EPSILON = 1e-12
_BLOCK_WINDOWS = 512  # windows counted at once: bounds the memory of a long document


@dataclass(frozen=True, slots=True)
class WindowCounts:
    """In how many windows of a reference text words occur, alone and together.

    Attributes
    ----------
    rows : the row of each counted word
    joint : int64 array of shape (n_words, n_words)
        Windows that hold both words; on the diagonal those that hold the word.
    n_windows : windows in all, also those that hold none of the words
    """

    rows: dict[str, int]
    joint: Integers
    n_windows: int


def count_windows(
    documents: Iterable[Sequence[str]],
    words: Iterable[str],
    *,
    window: int | None = NPMI_WINDOW,
    counting: Counting = "exact",
) -> WindowCounts:
    """Counts of `words` over sliding windows of `window` tokens; whole documents for None.

    A window moves on by one token; a document shorter than the window is one window, an empty one is none. The time is
    linear in the number of tokens; count once for the words of many topic models.

    Parameters
    ----------
    documents : the tokens of each document
    window : tokens, at least 1
    counting : "gensim" repeats a slip of gensim's windows, for figures that stand beside published ones: a word that
        occurs twice in a window counts as gone from when its first occurrence leaves until it enters again. (gensim
        also counts an empty document as a window; here it never is one.)
    """
    if window is not None and window < 1:
        raise ValueError(f"a window has at least one token, not {window}")
    rows = {word: row for row, word in enumerate(dict.fromkeys(words))}
    joint = np.zeros((len(rows), len(rows)), dtype=np.int64)
    n_windows = 0
    for tokens in documents:
        if not len(tokens):
            continue
        width = len(tokens) if window is None else min(window, len(tokens))
        n_here = len(tokens) - width + 1
        n_windows += n_here
        found = [(i, rows[token]) for i, token in enumerate(tokens) if token in rows]
        if not found:
            continue
        places, ids = np.array(found, dtype=np.int64).T
        starts = np.maximum(places - width + 1, 0)
        leaves = places
        if counting == "gensim":
            leaves = _first_leaves(places, ids, starts)
        ends = np.minimum(leaves + 1, n_here)  # windows starts..ends-1 hold the word
        _add_blocks(joint, ids, starts, ends, n_here)
    return WindowCounts(rows, joint, n_windows)


def _first_leaves(places: Integers, ids: Integers, starts: Integers) -> Integers:
    """For each occurrence the first place of its word in the window that it enters."""
    order = np.lexsort((places, ids))
    span = int(places.max()) + 1
    keys = ids[order] * span + places[order]
    first = np.searchsorted(keys, ids * span + starts)
    return np.asarray(places[order][first])


def _add_blocks(joint: Integers, ids: Integers, starts: Integers, ends: Integers, n_windows: int) -> None:
    """Add to `joint` the windows that hold two words, given the runs of windows that hold each occurrence."""
    for low in range(0, n_windows, _BLOCK_WINDOWS):
        high = min(low + _BLOCK_WINDOWS, n_windows)
        here = np.flatnonzero((starts < high) & (ends > low))
        if not len(here):
            continue
        known, local = np.unique(ids[here], return_inverse=True)
        steps = np.zeros((len(known), high - low + 1), dtype=np.int32)
        np.add.at(steps, (local, np.maximum(starts[here], low) - low), 1)
        np.add.at(steps, (local, np.minimum(ends[here], high) - low), -1)
        present = (np.cumsum(steps[:, :-1], axis=1) > 0).astype(np.float32)
        joint[np.ix_(known, known)] += (present @ present.T).astype(np.int64)  # whole numbers: exact


def topic_npmi(topics: Sequence[Sequence[str]], counts: WindowCounts, *, epsilon: float = GENSIM_EPSILON) -> Floats:
    """The mean normalised pointwise mutual information of the pairs of words of each topic, in [-1, 1].

    Parameters
    ----------
    topics : words of each topic; a word given twice counts once
    epsilon : added to the share of windows that hold both words, as gensim does. 0 gives the measure in its own right:
        a pair that never meets counts -1 (with gensim's 1e-12 about -.5 for two words in a thousandth of the windows).

    Returns
    -------
    array of shape (n_topics,)
        NaN for a topic with fewer than two words. A pair with a word that the reference never has counts -1 (gensim
        leaves such a word out, or fails); a pair that fills every window counts 1.

    References
    ----------
    Bouma 2009; Lau, Newman & Baldwin 2014; `c_npmi` of gensim.
    """
    values = np.full(len(topics), np.nan)
    for topic, words in enumerate(topics):
        matrix, known = _npmi_matrix(words, counts, epsilon)
        if len(matrix) > 1:
            matrix[~known] = matrix[:, ~known] = -1.0
            values[topic] = matrix[np.triu_indices(len(matrix), 1)].mean()
    return values


def topic_cv(topics: Sequence[Sequence[str]], counts: WindowCounts, *, epsilon: float = GENSIM_EPSILON) -> Floats:
    """Cv of each topic, in [-1, 1], mostly in [0, 1]: how alike the NPMI vectors of its words are.

    The vector of a word holds its NPMI with each word of the topic, itself included; Cv is the mean cosine of these
    with their sum. Arguments as for `topic_npmi`; count over windows of 110 tokens.

    Returns
    -------
    array of shape (n_topics,)
        NaN for a topic without words. A word that the reference never has counts 0 and adds nothing to the sum.

    References
    ----------
    Roeder, Both & Hinneburg 2015; `c_v` of gensim. Cv rewards words that never meet anybody alike; read it beside
    NPMI (the authors of Palmetto advise against it alone).
    """
    values = np.full(len(topics), np.nan)
    for topic, words in enumerate(topics):
        matrix, known = _npmi_matrix(words, counts, epsilon)
        if not len(matrix):
            continue
        matrix[~known] = matrix[:, ~known] = 0.0
        whole = matrix.sum(axis=0)
        lengths = np.linalg.norm(matrix, axis=1) * np.linalg.norm(whole)
        values[topic] = np.mean(np.where(lengths > 0, matrix @ whole / np.where(lengths > 0, lengths, 1), 0.0))
    return values


def npmi(
    topics: Sequence[Sequence[str]],
    documents: Iterable[Sequence[str]],
    *,
    window: int | None = NPMI_WINDOW,
    epsilon: float = GENSIM_EPSILON,
    counting: Counting = "exact",
) -> float:
    """The mean of `topic_npmi` over the topics that have one, in [-1, 1]; NaN where none has."""
    counts = count_windows(documents, _words(topics), window=window, counting=counting)
    return _mean(topic_npmi(topics, counts, epsilon=epsilon))


def cv(
    topics: Sequence[Sequence[str]],
    documents: Iterable[Sequence[str]],
    *,
    window: int | None = CV_WINDOW,
    epsilon: float = GENSIM_EPSILON,
    counting: Counting = "exact",
) -> float:
    """The mean of `topic_cv` over the topics that have one, in [-1, 1]; NaN where none has."""
    counts = count_windows(documents, _words(topics), window=window, counting=counting)
    return _mean(topic_cv(topics, counts, epsilon=epsilon))


def _npmi_matrix(words: Sequence[str], counts: WindowCounts, epsilon: float) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """NPMI of all pairs of `words`, each once, and which of them the reference has; the rest is without meaning."""
    distinct = list(dict.fromkeys(words))
    rows = np.array([counts.rows.get(word, -1) for word in distinct], dtype=np.int64)
    if not len(rows):
        return np.zeros((0, 0)), np.zeros(0, dtype=bool)
    if not counts.n_windows or not len(counts.joint):
        return np.zeros((len(rows), len(rows))), np.zeros(len(rows), dtype=bool)
    both = counts.joint[np.ix_(rows, rows)]
    known = (rows >= 0) & (np.diag(both) > 0)
    shares = both / counts.n_windows
    alone = np.where(known, np.diag(shares), 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.log((shares + epsilon) / np.outer(alone, alone)) / -np.log(shares + epsilon)
    values[both == counts.n_windows] = 1.0
    if epsilon == 0:
        values[both == 0] = -1.0
    return values, known


def _words(topics: Sequence[Sequence[str]]) -> list[str]:
    return list(dict.fromkeys(word for topic in topics for word in topic))


def _mean(values: npt.NDArray[Any]) -> float:
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else float("nan")
