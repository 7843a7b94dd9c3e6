"""Published measures under their names; each says its range and its reference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
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


def pk(reference: Sequence[int], hypothesis: Sequence[int], *, window: int | None = None) -> float:
    """Chance that two units `window` apart are wrongly said to be in one segment or in two, in [0, 1]; lower is better.

    `reference` and `hypothesis` give the segment number of each unit. The window is half the mean reference segment
    length by default, rounded, at least 1. Reference: Beeferman, Berger & Lafferty 1999.
    """
    truth, guess = np.asarray(reference), np.asarray(hypothesis)
    k = _window(truth, window)
    if len(truth) <= k:
        return 0.0
    return float(np.mean((truth[:-k] == truth[k:]) != (guess[:-k] == guess[k:])))


def window_diff(reference: Sequence[int], hypothesis: Sequence[int], *, window: int | None = None) -> float:
    """Share of windows in which the number of boundaries differs, in [0, 1]; lower is better.

    Arguments as for `pk`. Reference: Pevzner & Hearst 2002.
    """
    truth, guess = np.asarray(reference), np.asarray(hypothesis)
    k = _window(truth, window)
    if len(truth) <= k:
        return 0.0
    counts = [np.concatenate(([0], np.cumsum(labels[1:] != labels[:-1]))) for labels in (truth, guess)]
    return float(np.mean((counts[0][k:] - counts[0][:-k]) != (counts[1][k:] - counts[1][:-k])))


def _window(reference: npt.NDArray[Any], window: int | None) -> int:
    if window is not None:
        return window
    n_segments = 1 + int((reference[1:] != reference[:-1]).sum())
    return max(1, round(len(reference) / n_segments / 2))


def npmi(topics: Sequence[Sequence[str]], documents: Iterable[Iterable[str]], *, window: int | None = 10) -> float:
    """Mean normalised pointwise mutual information of the word pairs of each topic, in [-1, 1].

    Word probabilities are shares of sliding windows of `window` tokens (whole documents for None) that contain the
    words; a pair that never meets counts -1, as does one with a word that never occurs. A pair that fills every
    window counts 1. Reference: Bouma 2009; Lau, Newman & Baldwin 2014; `c_npmi` of Roeder et al. 2015 but for epsilon.
    """
    wanted = {word for topic in topics for word in topic}
    partners: dict[str, set[str]] = {word: set() for word in wanted}
    for topic in topics:
        for word in topic:
            partners[word].update(other for other in topic if other > word)
    single: Counter[str] = Counter()
    joint: Counter[tuple[str, str]] = Counter()
    n_windows = 0
    for document in documents:
        tokens = list(document)
        width = len(tokens) if window is None else min(window, len(tokens))
        for start in range(len(tokens) - width + 1 if tokens else 0):
            n_windows += 1
            present = wanted.intersection(tokens[start : start + width])
            single.update(present)
            joint.update((word, other) for word in present for other in partners[word] if other in present)
    values = []
    for topic in topics:
        pairs = [(min(a, b), max(a, b)) for i, a in enumerate(topic) for b in topic[i + 1 :] if a != b]
        values.append([_pair_npmi(single[a], single[b], joint[a, b], n_windows) for a, b in pairs])
    means = [float(np.mean(topic_values)) for topic_values in values if topic_values]
    return float(np.mean(means)) if means else 0.0


def _pair_npmi(n_a: int, n_b: int, n_both: int, n: int) -> float:
    if n_both == 0:
        return -1.0
    if n_both == n:
        return 1.0
    return float(np.log(n_both * n / (n_a * n_b)) / -np.log(n_both / n))


def topic_diversity(topics: Sequence[Sequence[str]], *, n_terms: int = 10) -> float:
    """Share of distinct words among the first `n_terms` of all topics, in (0, 1] (Dieng, Ruiz & Blei 2020)."""
    words = [word for topic in topics for word in topic[:n_terms]]
    return len(set(words)) / len(words) if words else 0.0


def adjusted_mutual_information(reference: Sequence[Any], found: Sequence[Any]) -> float:
    """Agreement of two clusterings: 1 for the same, 0 expected by chance (Vinh, Epps & Bailey 2010)."""
    from sklearn.metrics import adjusted_mutual_info_score

    return float(adjusted_mutual_info_score(reference, found))


def fowlkes_mallows(reference: Sequence[Any], found: Sequence[Any]) -> float:
    """Geometric mean of pairwise precision and recall of two clusterings, in [0, 1] (Fowlkes & Mallows 1983).

    Computed from the contingency table, in whole numbers: no overflow with large clusters.
    """
    pairs = Counter(zip(reference, found, strict=True))
    both = sum(n * (n - 1) for n in pairs.values())
    in_reference = sum(n * (n - 1) for n in Counter(reference).values())
    in_found = sum(n * (n - 1) for n in Counter(found).values())
    if in_reference == 0 or in_found == 0:
        return 0.0
    return float(both / (in_reference**0.5 * in_found**0.5))
