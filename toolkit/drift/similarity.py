"""How near articles are to each other: of a batch, and of the corpus it is compared with.

Articles are compared by the direction of their vectors (what they speak of), by the same directions made equally
spread over the corpus (so that what all of it is about tells no two articles apart), and by their words, rare ones
counting most (as TF-IDF; words the corpus never had count fully). Of how near one is to another is taken off how near
that other is to the corpus anyway: an article in a crowd of known ones is near to everything.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Chosen with those of `alarm`.
N_NEAREST = 5
"""Articles of the corpus whose mean similarity is an article's nearness to what is known."""
CROWDED = 0.5
"""The part of an article's nearness to the corpus that is taken off others' similarities to it."""
_WORD_WEIGHT = 2.0  # of words beside vectors, where neighbours are chosen: their similarities are smaller
_EVEN = 1.0  # added to the variance of every direction, in units of their mean: rare directions are not blown up
_REMEMBERED = 40  # nearest articles of each; with half of them drawn out `N_NEAREST` are left
_FAR = -9.0


@dataclass(frozen=True, slots=True)
class Similar:
    """Similarities, each of shape (n, n_reference) or (n, n).

    By vectors and by words in [-1, 1]; `joined` is that by evenly spread vectors with that by words added.
    """

    vectors: Floats
    words: Floats
    joined: Floats

    def parts(self) -> tuple[Floats, Floats, Floats]:
        """All of them."""
        return self.vectors, self.words, self.joined


@dataclass(frozen=True, slots=True)
class Nearest:
    """Similarities of articles to their nearest of the corpus, each row from the nearest on.

    `uncrowded` are the joined ones to all of them, as they come, less what is taken off (see `crowd`); `crowd` is how
    near the articles themselves are. `share` is the part of the corpus that was looked at: in a batch drawn from it,
    what was not drawn.
    """

    vectors: Floats
    words: Floats
    uncrowded: Floats
    crowd: Floats
    share: float = 1.0


def cosines(rows: npt.NDArray[np.int8], others: npt.NDArray[np.int8]) -> Floats:
    """Cosines of 8-bit vectors: the products are whole numbers below 2 ** 24, exact in 32 bits in any order."""
    products = rows.astype(np.float32) @ others.astype(np.float32).T
    scale = np.sqrt(_squares(rows))[:, None] * np.sqrt(_squares(others))
    return np.asarray(products.astype(np.float64) / np.where(scale > 0, scale, 1))


def _squares(rows: npt.NDArray[np.int8]) -> Floats:
    wide = rows.astype(np.int64)
    return np.asarray((wide * wide).sum(axis=1).astype(np.float64))


def even_directions(vectors: npt.NDArray[np.int8]) -> npt.NDArray[np.int16]:
    """A symmetric matrix that spreads vectors evenly over their directions: shape (n_dimensions, n_dimensions).

    Shrunk ZCA whitening of the directions (Bell and Sejnowski 1997), which no sign of an eigenvector changes.
    """
    from threadpoolctl import threadpool_limits

    lengths = np.sqrt(_squares(vectors))
    rows = vectors.astype(np.float64) / np.where(lengths > 0, lengths, 1)[:, None]
    with threadpool_limits(1):
        variances, axes = np.linalg.eigh(np.round(rows.T @ rows / max(len(rows), 1), 12))
        variances = np.maximum(variances, 0)
        scale = 1 / np.sqrt(variances + _EVEN * max(float(variances.mean()), 1e-12))
        matrix = (axes * scale) @ axes.T
    matrix = (matrix + matrix.T) / 2
    return np.asarray(np.rint(np.round(matrix / np.abs(matrix).max(), 9) * 32_767).astype(np.int16))


def spread(vectors: npt.NDArray[np.int8], even: npt.NDArray[np.int16]) -> npt.NDArray[np.int8]:
    """Vectors turned by `even_directions`, in 8 bits: the products are whole numbers, exact in 64 bits."""
    turned = vectors.astype(np.float64) @ even.astype(np.float64)
    largest = np.abs(turned).max(axis=1, keepdims=True, initial=0)
    return np.rint(turned / np.where(largest > 0, largest, 1) * 127).astype(np.int8)


def word_cosines(
    rows: list[Ints], others: list[Ints], weights: Ints, *, rows_more: Ints | None = None, more: Ints | None = None
) -> Floats:
    """Cosines of texts as sets of weighted words: `rows[i]` are ids of words, `weights[id]` whole numbers.

    `rows_more` and `more` are sums of squared weights of words that a row, or one of the others, has beside those
    listed, and no other text: they make it longer.
    """
    squares = weights * weights
    postings = np.concatenate([*others, np.zeros(0, dtype=np.int64)])
    holder = np.arange(len(others)).repeat([len(ids) for ids in others])
    order = np.argsort(postings, kind="stable")
    postings, holder = postings[order], holder[order]
    lengths = np.sqrt(_square_sums(others, squares, more))
    own_lengths = np.sqrt(_square_sums(rows, squares, rows_more))
    found = np.zeros((len(rows), len(others)))
    for row, ids, own in zip(found, rows, own_lengths, strict=True):
        starts, ends = postings.searchsorted(ids), postings.searchsorted(ids, side="right")
        counts = ends - starts
        if not counts.any():
            continue
        at = np.arange(counts.sum()) + (starts - counts.cumsum() + counts).repeat(counts)
        sums = np.bincount(holder[at], weights=squares[ids].repeat(counts), minlength=len(others))
        row[:] = sums / np.where(lengths * own > 0, lengths * own, 1)
    return found


def _square_sums(texts: list[Ints], squares: Ints, more: Ints | None) -> Floats:
    sums = np.array([float(squares[ids].sum()) for ids in texts])
    return sums if more is None else np.asarray(sums + more)


def similarities(
    vectors: tuple[npt.NDArray[np.int8], npt.NDArray[np.int8]],
    even: npt.NDArray[np.int16],
    words: Floats,
) -> Similar:
    """All similarities of the articles of the first vectors to those of the second; `words` are those by words."""
    turned = cosines(spread(vectors[0], even), spread(vectors[1], even))
    return Similar(cosines(*vectors), words, np.round(turned + _WORD_WEIGHT * words, 9))


def without_self(similar: Similar) -> Similar:
    """The same with every article far from itself."""
    for part in similar.parts():
        np.fill_diagonal(part, _FAR)
    return similar


def nearest_of(to_reference: Similar, crowd: Floats) -> Nearest:
    """The nearest articles of the corpus of each row; `crowd` is that of the corpus's articles."""
    vectors, words, joined = (highest(part, N_NEAREST) for part in to_reference.parts())
    return Nearest(vectors, words, np.round(to_reference.joined - CROWDED * crowd, 9), nearness(joined))


def highest(rows: Floats, n: int) -> Floats:
    """The `n` highest of each row, the highest first."""
    if n < rows.shape[1]:
        rows = np.partition(rows, rows.shape[1] - n, axis=1)[:, -n:]
    return np.asarray(-np.sort(-rows, axis=1))


def nearness(nearest: Floats, share: float = 1.0) -> Floats:
    """The mean similarity of each row to its nearest articles, as many fewer of them as the corpus is smaller."""
    weights = np.clip(share * N_NEAREST - np.arange(min(N_NEAREST, nearest.shape[1])), 0, 1)
    return np.asarray(np.add.reduce(nearest[:, : len(weights)] * weights, axis=1) / weights.sum())


def own_nearness(similar: Similar) -> Floats:
    """The nearness of the corpus's articles to the others, sorted, by vectors and by words: shape (2, n)."""
    return np.array([np.sort(nearness(highest(part, N_NEAREST))) for part in (similar.vectors, similar.words)])


def own_crowd(similar: Similar) -> Floats:
    """How near each of the corpus's articles is to the others, by joined similarities.

    An article in the midst of much of its kind is near to many: what is taken off for it lets those stand out that are
    near to each other and to little else (Lample and others 2018 call a like correction CSLS).
    """
    return np.round(nearness(highest(similar.joined, N_NEAREST)), 6)


def neighbours(similar: Similar) -> list[tuple[Ints, Floats]]:
    """The nearest of each article, and how similar they are, from the nearest on: by vectors, by words, joined."""
    found = []
    for part in similar.parts():
        n = min(_REMEMBERED, part.shape[1] - 1)
        at = np.sort(np.argpartition(-part, n, axis=1)[:, :n], axis=1)
        values = np.take_along_axis(part, at, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        found.append((np.take_along_axis(at, order, axis=1), np.take_along_axis(values, order, axis=1)))
    return found


def nearest_beside(
    similar: Similar, near: list[tuple[Ints, Floats]], batch: Ints, aside: Ints | None = None
) -> Nearest:
    """The nearest of each article of a drawn batch that were neither drawn nor put aside."""
    n = len(similar.joined)
    is_gone = np.zeros(n, dtype=bool)
    is_gone[batch] = True
    if aside is not None:
        is_gone[aside] = True
    left = np.flatnonzero(~is_gone)
    share = len(left) / n
    vectors, words = (highest(np.where(is_gone[at[batch]], _FAR, values[batch]), N_NEAREST) for at, values in near[:2])
    at, values = near[2]
    crowd = _nearness_beside(values, is_gone[at], share)
    uncrowded = np.round(similar.joined[batch][:, left] - CROWDED * crowd[left], 9)
    return Nearest(vectors, words, uncrowded, crowd[batch], share=share)


def _nearness_beside(nearest: Floats, is_drawn: npt.NDArray[np.bool_], share: float) -> Floats:
    """As `nearness`, with those drawn left out."""
    is_left = ~is_drawn
    weights = np.clip(share * N_NEAREST + 1 - is_left.cumsum(axis=1), 0, 1) * is_left
    return np.asarray((nearest * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-9))
