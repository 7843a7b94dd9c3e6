"""What the alarm's statistic comes to by chance: in batches drawn by lot.

First, for all batches, in batches drawn from the corpus: they are compared with less of it than a real one, and what
was learnt was learnt of them, so that this limit is not exact. Where a batch exceeds it, in batches drawn from corpus
and batch together, with all learnt from both: an exact test (Pitman 1937), for where the batch is of the corpus's kind
it is one of these draws. Last, in batches that mix known subjects as this one does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from toolkit.drift.alarm import scan
from toolkit.drift.similarity import Floats, Ints, Nearest, Similar, nearest_beside, neighbours, own_nearness

_CALIBRATION_SIZES = (20, 50, 100, 200, 300)
_N_CALIBRATION = 150
_QUANTILES = np.linspace(0.5, 1.0, 51)
_N_DRAWN = 39  # batches drawn from corpus and batch together
_STANDING_BY = 8  # nearest articles of the corpus of which one stands for an article
_N_ASKED = 60  # nearest of which some may stand for others already
_N_STAND_INS = 19
_RARE = 5  # one batch of stand-ins of so many may be higher
_SEED = 20240416


@dataclass(frozen=True, slots=True)
class Pool:
    """Articles of the corpus and of a batch together: the batch's come after the first `n_reference`.

    `similar` are their similarities, each article far from itself, `near` the nearest of each (see `neighbours`) and
    `known` how near they are (see `own_nearness`).
    """

    similar: Similar
    near: list[tuple[Ints, Floats]]
    known: Floats
    n_reference: int

    @classmethod
    def of(cls, similar: Similar, n_reference: int) -> Pool:
        """The pool of such similarities."""
        return cls(similar, neighbours(similar), own_nearness(similar), n_reference)

    def batch(self) -> Ints:
        """The rows of the batch."""
        return np.arange(self.n_reference, len(self.similar.joined))

    def joined(self) -> Floats:
        """The joined similarities within the batch."""
        return self.similar.joined[self.n_reference :, self.n_reference :]

    def nearest(self) -> Nearest:
        """The nearest of the batch's articles among the others."""
        return nearest_beside(self.similar, self.near, self.batch())


def calibrate(similar: Similar) -> tuple[Ints, Floats]:
    """What the statistic comes to by chance in batches drawn from the corpus, by size of batch.

    `similar` are the corpus's own similarities, each article far from itself. A drawn batch is taken out of what it is
    compared with. Returns sizes, up to half of the corpus, and for each quantiles from the median up; no sizes where
    the corpus is too small.
    """
    n = len(similar.vectors)
    known, near = own_nearness(similar), neighbours(similar)
    largest = min(n // 2, _CALIBRATION_SIZES[-1])  # as much is left to compare with
    sizes = sorted({largest, *(size for size in _CALIBRATION_SIZES if size < largest)})
    sizes = [size for size in sizes if size >= _CALIBRATION_SIZES[0]]
    rng = np.random.default_rng(_SEED)
    quantiles = np.zeros((len(sizes), len(_QUANTILES)))
    for row, size in zip(quantiles, sizes, strict=True):
        reached = []
        for _ in range(_N_CALIBRATION):
            batch = np.sort(rng.permutation(n)[:size])
            reached.append(highest_of_drawn(similar, near, batch, known))
        row[:] = np.quantile(reached, _QUANTILES)
    return np.array(sizes, dtype=np.int64), np.round(quantiles, 6)


def highest_of_drawn(
    similar: Similar, near: list[tuple[Ints, Floats]], batch: Ints, known: Floats, aside: Ints | None = None
) -> float:
    """What the statistic comes to in a batch drawn from a corpus, beside what was neither drawn nor put aside."""
    left = nearest_beside(similar, near, batch, aside)
    return float(scan(similar.joined[np.ix_(batch, batch)], left, known)[1].max())


def limit_by_lot(pool: Pool, highest: float, *, level: float) -> float:
    """What the statistic exceeds with a probability of `level` in batches drawn from the pool, by lot.

    No more batches are drawn than it takes to see that it is no less than `highest`.
    """
    n, m = len(pool.similar.joined), len(pool.similar.joined) - pool.n_reference
    rng = np.random.default_rng([_SEED, n, m])
    n_higher = int(level * (_N_DRAWN + 1))  # so many of all, with the batch itself, is a share of `level`
    reached: list[float] = []
    while len(reached) < _N_DRAWN and sum(one >= highest for one in reached) < n_higher:
        batch = np.sort(rng.permutation(n)[:m])
        reached.append(highest_of_drawn(pool.similar, pool.near, batch, pool.known))
    return round(sorted(reached)[-n_higher], 6)


def limit_of_mixture(pool: Pool) -> float:
    """What the statistic exceeds in a fifth of batches of known articles that mix their subjects as this one does.

    In such a batch one of the nearest articles of the corpus stands for each article, none for two. Where a batch has
    much more of a known topic than the corpus, these have it too.
    """
    to_reference = pool.similar.joined[pool.n_reference :, : pool.n_reference]
    nearest = np.argsort(-to_reference, axis=1, kind="stable")[:, :_N_ASKED]
    rng = np.random.default_rng([_SEED, len(nearest)])
    reached = []
    for _ in range(_N_STAND_INS):
        is_drawn = np.zeros(pool.n_reference, dtype=bool)
        for row in rng.permutation(len(nearest)).tolist():
            free = nearest[row][~is_drawn[nearest[row]]][:_STANDING_BY]
            if len(free):
                is_drawn[free[rng.integers(len(free))]] = True
        batch = np.flatnonzero(is_drawn)
        reached.append(highest_of_drawn(pool.similar, pool.near, batch, pool.known, pool.batch()))
    return round(sorted(reached)[-(_N_STAND_INS + 1) // _RARE], 6)


def limit_for(n_articles: int, sizes: Ints, quantiles: Floats, *, level: float) -> float:
    """What a batch of `n_articles` exceeds by chance in a share `level` of cases; between sizes, by their logarithm."""
    at = [float(np.interp(1 - level, _QUANTILES, row)) for row in quantiles]
    return round(float(np.interp(np.log(n_articles), np.log(sizes), at)), 6)
