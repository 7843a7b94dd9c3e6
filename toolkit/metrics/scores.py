"""Scores of yes-or-no decisions: precision and recall, ranking, calibration, and intervals by resampling."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def precision_recall_f1(truth: npt.NDArray[Any], predicted: npt.NDArray[Any]) -> tuple[float, float, float]:
    """Precision, recall and their harmonic mean, each in [0, 1]; 0 where undefined (van Rijsbergen 1979)."""
    truth, predicted = np.asarray(truth, dtype=bool), np.asarray(predicted, dtype=bool)
    both = float((truth & predicted).sum())
    precision = both / predicted.sum() if predicted.any() else 0.0
    recall = both / truth.sum() if truth.any() else 0.0
    f1 = 2 * both / (truth.sum() + predicted.sum()) if truth.any() or predicted.any() else 0.0
    return float(precision), float(recall), float(f1)


def average_precision(truth: npt.NDArray[Any], scores: npt.NDArray[Any]) -> float:
    """Mean over the positives of the precision at their rank, in [0, 1]; tied scores share a rank (as scikit-learn)."""
    truth, scores = np.asarray(truth, dtype=bool), np.asarray(scores, dtype=float)
    if not truth.any():
        return 0.0
    order = np.argsort(-scores, kind="stable")
    hits, ranked = np.cumsum(truth[order]), scores[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    precision, recall = hits[last] / (last + 1), hits[last] / truth.sum()
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def roc_auc(truth: npt.NDArray[Any], scores: npt.NDArray[Any]) -> float:
    """Chance that a positive scores above a negative, ties counting half, in [0, 1]; .5 where a class is missing.

    Reference: Hanley & McNeil 1982 (the Mann-Whitney statistic).
    """
    truth, scores = np.asarray(truth, dtype=bool), np.asarray(scores, dtype=float)
    n_on, n_off = int(truth.sum()), int((~truth).sum())
    if not n_on or not n_off:
        return 0.5
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return float((ranks[truth].sum() - n_on * (n_on + 1) / 2) / (n_on * n_off))


def expected_calibration_error(truth: npt.NDArray[Any], probabilities: npt.NDArray[Any], *, n_bins: int = 10) -> float:
    """Mean distance between stated and observed frequency over equally wide bins, weighted by their size, in [0, 1].

    Reference: Naeini et al. 2015; Guo et al. 2017.
    """
    truth, probabilities = np.asarray(truth, dtype=float), np.asarray(probabilities, dtype=float)
    if len(truth) == 0:
        return 0.0
    bins = np.minimum((probabilities * n_bins).astype(int), n_bins - 1)
    gaps = np.bincount(bins, weights=truth - probabilities, minlength=n_bins)
    return float(np.abs(gaps).sum() / len(truth))


def bootstrap_interval(
    measure: Callable[[npt.NDArray[np.int64]], float],
    n_documents: int,
    *,
    random_state: int,
    n_resamples: int = 1000,
    level: float = 0.95,
) -> tuple[float, float]:
    """Percentile bootstrap interval of `measure`, resampling documents (Efron 1979).

    Parameters
    ----------
    measure : function of an array of row numbers, shape (n_documents,), drawn with replacement
    """
    random = np.random.default_rng(random_state)
    values = [measure(random.integers(0, n_documents, n_documents)) for _ in range(n_resamples)]
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def resampled_counts(
    n_documents: int, *, random_state: int, n_resamples: int = 1000, max_cells: int = 4_000_000
) -> Iterator[Floats]:
    """How often each document is drawn in each resample: blocks of shape (n, n_documents), n_resamples rows in all.

    The draws are those of `bootstrap_interval`, so that a measure that can be computed from weighted documents gets
    the same interval from these, many resamples at once. A block has at most about `max_cells` cells.
    """
    random = np.random.default_rng(random_state)
    size = max(1, max_cells // max(n_documents, 1))
    for start in range(0, n_resamples, size):
        block = np.empty((min(size, n_resamples - start), n_documents))
        for row in block:
            row[:] = np.bincount(random.integers(0, n_documents, n_documents), minlength=n_documents)
        yield block


def weighted_roc_auc(truth: Bools, scores: Floats, weights: Floats) -> Floats:
    """`roc_auc` with each document counted `weights[r, i]` times, for each resample r; NaN where a class is missing."""
    order = np.argsort(scores, kind="stable")
    starts = _starts(scores[order])
    on = np.add.reduceat(weights[:, order] * truth[order], starts, axis=1)
    off = np.add.reduceat(weights[:, order] * ~truth[order], starts, axis=1)
    below = np.cumsum(off, axis=1) - off / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((on * below).sum(axis=1) / (on.sum(axis=1) * off.sum(axis=1)))


def weighted_average_precision(truth: Bools, scores: Floats, weights: Floats) -> Floats:
    """`average_precision` with each document counted `weights[r, i]` times; NaN where there is no positive."""
    order = np.argsort(-scores, kind="stable")
    starts = _starts(scores[order])
    drawn = weights[:, order]
    on = np.add.reduceat(drawn * truth[order], starts, axis=1)
    found = np.cumsum(np.add.reduceat(drawn, starts, axis=1), axis=1)
    precision = np.cumsum(on, axis=1) / np.maximum(found, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((on * precision).sum(axis=1) / on.sum(axis=1))


def weighted_calibration_error(truth: Bools, scores: Floats, weights: Floats, *, n_bins: int = 10) -> Floats:
    """`expected_calibration_error` with each document counted `weights[r, i]` times."""
    bins = np.minimum((scores * n_bins).astype(int), n_bins - 1)
    gaps = weights @ ((truth - scores)[:, None] * (bins[:, None] == np.arange(n_bins)))
    return np.asarray(np.abs(gaps).sum(axis=1) / np.maximum(weights.sum(axis=1), 1))


def _starts(ranked: Floats) -> npt.NDArray[np.int64]:
    """Where each run of equal values begins."""
    return np.concatenate(([0], np.flatnonzero(np.diff(ranked)) + 1))


def exact_interval(n_true: int, n: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """The interval of a share that covers at least `confidence` whatever the share, both ends in [0, 1].

    Reference: Clopper & Pearson 1934. It stays honest where nothing was found: none of 60 is [0, .060].

    Examples
    --------
    >>> low, high = exact_interval(0, 60)
    >>> low, round(high, 3)
    (0.0, 0.06)
    """
    from scipy.special import betaincinv

    tail = (1 - confidence) / 2
    low = float(betaincinv(n_true, n - n_true + 1, tail)) if n_true else 0.0
    high = float(betaincinv(n_true + 1, n - n_true, 1 - tail)) if n_true < n else 1.0
    return low, high
