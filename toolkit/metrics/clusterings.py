"""Agreement of clusterings, with labels given by people or with each other; shares of what was left over."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Labels = Sequence[Any] | npt.NDArray[Any]

OUTLIER = -1


def adjusted_mutual_information(reference: Labels, found: Labels) -> float:
    """Agreement of two clusterings in [-1, 1]: 1 for the same, 0 expected by chance (Vinh, Epps & Bailey 2010).

    Scikit-learn's, with the arithmetic mean. One cluster on either side of everything, or no documents, is agreement.
    """
    from sklearn.metrics import adjusted_mutual_info_score

    return float(adjusted_mutual_info_score(_codes(reference), _codes(found)))


def fowlkes_mallows(reference: Labels, found: Labels) -> float:
    """Geometric mean of pairwise precision and recall of two clusterings, in [0, 1] (Fowlkes & Mallows 1983).

    0 where one of them has no pair at all. Computed in whole numbers: no overflow with large clusters.
    """
    both, in_reference, in_found, _ = _pair_counts(reference, found)
    if in_reference == 0 or in_found == 0:
        return 0.0
    return float(both / (in_reference**0.5 * in_found**0.5))


def adjusted_rand(reference: Labels, found: Labels) -> float:
    """Share of pairs on which two clusterings agree, set to 0 by chance; in [-.5, 1] (Hubert & Arabie 1985).

    1 where the two are the same, fewer than two documents included. Computed in whole numbers.
    """
    both, in_reference, in_found, n_pairs = _pair_counts(reference, found)
    if both == in_reference == in_found:
        return 1.0
    # (both - expected) / (mean - expected) with expected = in_reference * in_found / n_pairs, times 2 * n_pairs
    expected = 2 * in_reference * in_found
    return float((2 * both * n_pairs - expected) / ((in_reference + in_found) * n_pairs - expected))


def outlier_share(labels: Labels, *, outlier: int = OUTLIER) -> float:
    """Share of documents that were left without a topic, in [0, 1]; 0 for no documents."""
    values = np.asarray(labels)
    return float(np.mean(values == outlier)) if len(values) else 0.0


def error_in_k(n_found: int, n_true: int) -> float:
    """How wrong the number of topics is: |found - true| / true, at least 0 (the MAPE of one corpus; 1 is 100 %).

    Outliers are no topic. The MAPE over corpora is the mean of these.
    """
    if n_true < 1:
        raise ValueError(f"a corpus has at least one true topic, not {n_true}")
    return abs(n_found - n_true) / n_true


def resample_agreement(n_documents: int, resamples: Sequence[tuple[Integers, Integers]]) -> Floats:
    """`adjusted_rand` of each pair of resamples over the documents in both: array of shape (n_pairs,).

    Parameters
    ----------
    n_documents : documents in all
    resamples : for each the row numbers drawn (each once) and the label of each; the outlier label is one more cluster

    Returns
    -------
    array of shape (n_resamples * (n_resamples - 1) / 2,)
        In the order of `itertools.combinations`; NaN for a pair with fewer than two documents in common.

    References
    ----------
    Ben-Hur, Elisseeff & Guyon 2002 (similarity of clusterings of subsamples).
    """
    drawn = np.zeros((len(resamples), n_documents), dtype=bool)
    labels = np.zeros((len(resamples), n_documents), dtype=np.int64)
    for r, (rows, found) in enumerate(resamples):
        drawn[r, rows] = True
        labels[r, rows] = found
    values = []
    for a, b in combinations(range(len(resamples)), 2):
        common = drawn[a] & drawn[b]
        enough = common.sum() >= 2
        values.append(adjusted_rand(labels[a, common], labels[b, common]) if enough else float("nan"))
    return np.array(values, dtype=np.float64)


def cluster_stability(
    labels: Integers, resamples: Sequence[tuple[Integers, Integers]], *, outlier: int = OUTLIER
) -> dict[int, float]:
    """How surely each cluster comes back in resamples: the mean of its best Jaccard in each, in [0, 1].

    The documents of a cluster that a resample drew are compared with each of the resample's clusters; the outliers are
    no cluster on either side. Hennig reads .75 and more as stable, below .5 as dissolved.

    Parameters
    ----------
    labels : array of shape (n_documents,)
        The clustering in question, of all documents.
    resamples : as for `resample_agreement`

    Returns
    -------
    dict from label, ascending, to stability
        NaN for a cluster that no resample drew a document of.

    References
    ----------
    Hennig 2007 (`clusterboot`).
    """
    clusters = np.unique(labels[labels != outlier])
    best: dict[int, list[float]] = {int(cluster): [] for cluster in clusters}
    for rows, found in resamples:
        mine = labels[rows]
        kept, theirs = np.unique(found, return_inverse=True)
        table = np.zeros((len(clusters), len(kept)))
        inside = mine != outlier
        np.add.at(table, (np.searchsorted(clusters, mine[inside]), theirs[inside]), 1)
        sizes = np.bincount(theirs, minlength=len(kept))
        drawn = table.sum(axis=1)
        jaccard = table / np.maximum(drawn[:, None] + sizes - table, 1)
        scores = jaccard[:, kept != outlier].max(axis=1, initial=0.0)
        for cluster, n_drawn, score in zip(clusters.tolist(), drawn, scores, strict=True):
            if n_drawn:
                best[cluster].append(float(score))
    return {cluster: float(np.mean(scores)) if scores else float("nan") for cluster, scores in best.items()}


def _codes(labels: Labels) -> Integers:
    """Labels of any kind as numbers from 0."""
    if isinstance(labels, np.ndarray) and labels.dtype.kind in "iu":
        return np.unique(labels, return_inverse=True)[1].astype(np.int64)
    codes: dict[Any, int] = {}
    values = labels.tolist() if isinstance(labels, np.ndarray) else labels
    return np.array([codes.setdefault(label, len(codes)) for label in values], dtype=np.int64)


def _pair_counts(reference: Labels, found: Labels) -> tuple[int, int, int, int]:
    """Ordered pairs of documents together in both clusterings, in each, and pairs in all."""
    if len(reference) != len(found):
        raise ValueError(f"{len(reference)} labels beside {len(found)}")
    a, b = _codes(reference), _codes(found)

    def together(codes: Integers) -> int:
        _, sizes = np.unique(codes, return_counts=True)
        return int((sizes.astype(np.int64) * (sizes.astype(np.int64) - 1)).sum())

    width = int(b.max()) + 1 if len(b) else 1
    return together(a * width + b), together(a), together(b), len(a) * (len(a) - 1)
