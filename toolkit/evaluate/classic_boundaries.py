"""Two classic text segmenters, plainly implemented: what ours is measured beside.

Both see a text as a list of sentences or paragraphs, each the stems of its words without stop words.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from toolkit.segment.stem import stem
from toolkit.terms import tokenise

Floats = npt.NDArray[np.float64]

_RANK_REACH = 5  # rows and columns on each side: the 11 x 11 mask of Choi 2000
_STOPPING_DEVIATIONS = 1.2  # c of Choi 2000
_SMOOTHING = np.array([1.0, 2.0, 4.0, 8.0, 4.0, 2.0, 1.0])  # the convolution mask of Choi 2000


def c99(texts: Sequence[str]) -> list[int]:
    """Rows i >= 1 at which another segment begins, by divisive clustering of ranked similarities, ascending.

    Cosine similarities of term counts are replaced by their local ranks; the split that raises the inside density
    most is taken again and again; there are as many splits as gains of density that, smoothed, exceed their mean +
    1.2 standard deviations.

    Reference: Choi 2000, Advances in domain independent linear text segmentation, NAACL.

    Examples
    --------
    >>> ship, tax = "The ship left the harbour with grain.", "Tax rates fall for small firms."
    >>> c99([ship] * 6 + [tax] * 6)
    [6]
    """
    n = len(texts)
    if n < 2:
        return []
    ranks = _local_ranks(_cosines(_stem_counts(texts)))
    within = np.zeros((n + 1, n + 1))  # within[b, b] + within[a, a] - 2 within[a, b]: the sum of rows and columns a..b
    within[1:, 1:] = ranks.cumsum(axis=0).cumsum(axis=1)
    own = np.diagonal(within)
    rows = np.arange(n + 1)
    total, area = float(own[n]), float(n * n)
    density = [total / area]
    splits: list[int] = []
    edges = np.zeros(n + 1, dtype=np.int64)  # where the segment of each possible split begins and ends
    ends = np.full(n + 1, n, dtype=np.int64)
    for _ in range(n - 1):
        # Splitting a..b at i takes the two off-diagonal blocks out of the sum and out of the area.
        block = within[rows, ends] - within[rows, rows] - within[edges, ends] + within[edges, rows]
        cells = (rows - edges) * (ends - rows)
        after = np.full(n + 1, -np.inf)
        free = cells > 0
        after[free] = (total - 2 * block[free]) / (area - 2 * cells[free])
        i = int(after.argmax())
        total -= 2 * float(block[i])
        area -= 2 * float(cells[i])
        density.append(total / area)
        splits.append(i)
        begin, end = edges[i], ends[i]
        ends[begin + 1 : i] = i
        edges[i + 1 : end] = i
        edges[i] = ends[i] = i  # no longer free
    gains = np.convolve(np.pad(np.diff(density), 3, mode="edge"), _SMOOTHING / _SMOOTHING.sum(), mode="valid")
    n_splits = int((gains > gains.mean() + _STOPPING_DEVIATIONS * gains.std()).sum())
    return sorted(splits[:n_splits])


def _stem_counts(texts: Sequence[str]) -> Floats:
    """How often each stem occurs in each text, shape (n_texts, n_stems)."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    numbers: dict[str, int] = {}
    rows, columns = [], []
    for row, text in enumerate(texts):
        for word in tokenise(text):
            if word not in ENGLISH_STOP_WORDS:
                rows.append(row)
                columns.append(numbers.setdefault(stem(word), len(numbers)))
    counts = np.zeros((len(texts), max(1, len(numbers))))
    np.add.at(counts, (rows, columns), 1.0)
    return counts


def _cosines(counts: Floats) -> Floats:
    lengths = np.sqrt((counts * counts).sum(axis=1, keepdims=True))
    unit = np.divide(counts, lengths, out=np.zeros_like(counts), where=lengths > 0)
    similarities: Floats = unit @ unit.T
    return similarities


def _local_ranks(similarity: Floats) -> Floats:
    """For each pair of texts, the share of the pairs around it that are less similar, in [0, 1]."""
    n = len(similarity)
    reach = _RANK_REACH
    padded = np.pad(similarity, reach, constant_values=np.nan)
    lower, seen = np.zeros((2, n, n))
    for down in range(2 * reach + 1):
        for right in range(2 * reach + 1):
            other = padded[down : down + n, right : right + n]
            lower += other < similarity
            seen += ~np.isnan(other)
    return lower / np.maximum(seen - 1, 1)  # the pair itself is not around it


def u00(texts: Sequence[str]) -> list[int]:
    """Rows i >= 1 at which another segment begins, by the likeliest segmentation under unigram models, ascending.

    The words of a segment are drawn from its own counts, smoothed by adding one for each of the text's word types;
    each segment costs ln(number of words in the text). The number of segments is not given.

    Reference: Utiyama & Isahara 2001, A statistical model for domain-independent text segmentation, ACL.

    Examples
    --------
    >>> ship, tax = "The ship left the harbour with grain.", "Tax rates fall for small firms."
    >>> u00([ship] * 6 + [tax] * 6)
    [6]
    """
    n = len(texts)
    if n < 2:
        return []
    counts = _stem_counts(texts)
    n_types = counts.shape[1]
    price = float(np.log(max(counts.sum(), 1.0)))
    before = np.vstack((np.zeros(n_types), counts.cumsum(axis=0)))
    best = np.full(n + 1, np.inf)
    best[0] = 0.0
    origin = np.zeros(n + 1, dtype=np.int64)
    for begin in range(n):  # all segments begin..end at once: end = begin + 1, ..., n
        inside = before[begin + 1 :] - before[begin]
        words = inside.sum(axis=1)
        cost = words * np.log(words + n_types) - (inside * np.log(inside + 1)).sum(axis=1) + price
        better = best[begin] + cost < best[begin + 1 :]
        origin[begin + 1 :][better] = begin
        best[begin + 1 :][better] = (best[begin] + cost)[better]
    found: list[int] = []
    end = n
    while origin[end] > 0:
        end = int(origin[end])
        found.append(end)
    return found[::-1]
