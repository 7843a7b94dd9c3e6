"""How many topics: the number whose groups come back when part of the corpus is left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from toolkit.metrics import cluster_stability, resample_agreement

Labels = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int64]
Grouping = Callable[[Rows, Sequence[int]], list[Labels]]
"""Groups some rows anew: their labels at each of several numbers of groups."""

N_RESAMPLES = 10
RATIO = 0.8  # of the rows in each resample
_MAX_POOL = 5_000  # rows the resamples are drawn from: 10 of 4,000 take about 15 s
_MIN_ARTICLES = 5
_NO_DIFFERENCE = 0.01  # of stability: where groups lie far apart standard errors are smaller than what matters
# Factor from one model's number of topics to the next's from which the next must be better beyond chance. By eye on
# sea_china_news (12 to 14 keeps more ids than 12 to 12), reuters21578 (6 to 40) and bbc_news without a class (6 to 18).
_MAX_STEP = 1.5
_FEW = 3  # topics that even a handful of articles may have
_INTERNAL_SEED = 20_10  # of the draws; not the user's: the number of topics is a property of the corpus
_NUMBERS = (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 20, 24, 28, 32, 40, 50, 60, 80, 100)


@dataclass(frozen=True, slots=True)
class Point:
    """The stability of a number of topics: mean and standard deviation of the ARI between pairs of resamples.

    `error` is the standard error of the mean over resamples: each is in pairs with all others.
    """

    n_topics: int
    mean: float
    deviation: float

    @property
    def error(self) -> float:
        """The standard error of `mean`."""
        return self.deviation * float(np.sqrt(2 / N_RESAMPLES))


@dataclass(frozen=True, slots=True)
class Curve:
    """Stability at each number of topics, the number chosen, and the resamples it was measured on."""

    points: tuple[Point, ...]
    chosen: int
    resamples: tuple[Rows, ...]
    labels: tuple[tuple[Labels, ...], ...]


def find_number(group: Grouping, articles: Sequence[int], *, most: int, near: int | None = None) -> Curve:
    """The number of topics of segments, at most `most`, with the stability of every number tried.

    `articles` says which article each segment is of; articles are drawn whole, or a story told in many paragraphs would
    be stable by itself.

    Resampling as in Ben-Hur, Elisseeff & Guyon 2002: ten draws of 80 % without replacement, grouped from scratch; the
    stability of a number is the mean adjusted Rand index of two draws over the rows they share, over all pairs.
    Two halves are always stable and tell a reader nothing, so numbers below half the binary logarithm of the number of
    segments are not asked, nor any above the square root of the number of articles (and 3): a topic should have as many
    articles as there are topics. Among the rest the most stable one is taken, or the largest that is within one
    standard error of it, or within .01 (the one-standard-error rule of Breiman et al. 1984, here towards detail). Where
    that is far from `near`, the number of the model before, the nearest to it of those not behind by more than the
    standard error of either is taken.
    """
    most = min(most, max(_FEW, round(np.sqrt(len(set(articles))))))
    least = min(max(2, round(np.log2(max(len(articles), 2)) / 2)), most)
    numbers = [n for n in _NUMBERS if least <= n <= most] or [most]
    draws = resamples(articles)
    labels = tuple(tuple(group(rows, numbers)) for rows in draws)
    points = []
    for i, number in enumerate(numbers):
        pairs = resample_agreement(len(articles), [(rows, found[i]) for rows, found in zip(draws, labels, strict=True)])
        points.append(Point(number, round(float(np.nanmean(pairs)), 6), round(float(np.nanstd(pairs)), 6)))
    best = max(points, key=lambda point: (point.mean, point.n_topics))
    behind = {point.n_topics: round(best.mean - point.mean, 6) for point in points}
    chosen = max(number for number in behind if behind[number] <= max(best.error, _NO_DIFFERENCE))
    if near is not None and not near / _MAX_STEP <= chosen <= near * _MAX_STEP:
        errors = {point.n_topics: max(best.error, point.error, _NO_DIFFERENCE) for point in points}
        enough = [number for number in behind if behind[number] <= errors[number]]
        chosen = min(enough, key=lambda number: (abs(number - near), -number))
    return Curve(tuple(points), chosen, draws, labels)


def resamples(articles: Sequence[int]) -> tuple[Rows, ...]:
    """The rows of each resample, in order: the segments of 80 % of the articles of a pool.

    Of fewer than five articles 80 % is no choice; then segments are drawn.
    """
    random = np.random.default_rng(_INTERNAL_SEED)
    of = _units(articles)
    sizes = np.bincount(of)
    order = random.permutation(len(sizes))
    pool = np.sort(order[: max(2, int(np.searchsorted(np.cumsum(sizes[order]), _MAX_POOL, side="right")))])
    n_drawn = max(1, round(RATIO * len(pool)))
    return tuple(np.flatnonzero(np.isin(of, random.permutation(pool)[:n_drawn])) for _ in range(N_RESAMPLES))


def _units(articles: Sequence[int]) -> Rows:
    """What is drawn whole: the number of each segment's article, or the segment's own where articles are too few."""
    of = np.unique(np.asarray(articles, dtype=np.int64), return_inverse=True)[1]
    return np.arange(len(of)) if len(of) and int(of.max()) + 1 < _MIN_ARTICLES else of


def topic_stability(labels: Labels, curve: Curve) -> dict[int, float]:
    """For each topic how much of it comes back in the resamples of the chosen number: `metrics.cluster_stability`.

    `labels` are the topics of all rows (-1: none). A topic of which no resample drew a segment is left out.
    """
    at = [point.n_topics for point in curve.points].index(curve.chosen)
    found = [(rows, by_number[at]) for rows, by_number in zip(curve.resamples, curve.labels, strict=True)]
    stability = cluster_stability(labels, found)
    return {topic: round(value, 6) for topic, value in stability.items() if not np.isnan(value)}
