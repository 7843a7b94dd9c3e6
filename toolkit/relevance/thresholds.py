"""Where on begins and off ends: by the conformal promise, or for a stated recall or precision."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.config import Relevance as RelevanceAims
from toolkit.errors import ToolkitError
from toolkit.relevance.conformal import band, conformal_limit, measure_coverage, nonconformity

Floats = npt.NDArray[np.float64]

MIN_CALIBRATION = 50
"""With fewer labelled documents no promise is made: the coverage got would scatter by 4 points around that promised."""


def choose_thresholds(
    relevance: Floats, outcomes: npt.NDArray[Any], *, aims: RelevanceAims, otherwise: tuple[float, float]
) -> tuple[float, float]:
    """`(off_below, on_from)` from held-out relevance.

    The band of the conformal promise, or `otherwise` with too few documents for one. A target moves where on begins;
    off ends where the promise says, or where on begins if that is lower.
    """
    off_below, on_from = otherwise
    if len(outcomes) >= MIN_CALIBRATION:
        limit = conformal_limit(nonconformity(relevance, outcomes), coverage=aims.target_coverage)
        off_below, on_from = band(limit)
    if aims.target_recall is not None:
        on_from = threshold_for_recall(relevance, outcomes, min_recall=aims.target_recall)
    elif aims.target_precision is not None:
        on_from = threshold_for_precision(relevance, outcomes, min_precision=aims.target_precision)
    return min(off_below, on_from), on_from


def threshold_for_recall(relevance: Floats, outcomes: npt.NDArray[Any], *, min_recall: float) -> float:
    """The highest threshold at or above which at least `min_recall` of the positives lie.

    Highest, because it lets in the fewest others. `outcomes` must hold a positive.

    Examples
    --------
    >>> threshold_for_recall(np.array([0.2, 0.4, 0.6, 0.9]), np.array([1, 0, 1, 1]), min_recall=0.6)
    0.6
    """
    positives = np.sort(relevance[outcomes > 0.5])[::-1]
    n_wanted = max(int(np.ceil(min_recall * len(positives) - 1e-9)), 1)
    return float(positives[n_wanted - 1])


def threshold_for_precision(relevance: Floats, outcomes: npt.NDArray[Any], *, min_precision: float) -> float:
    """The lowest threshold at or above which at least `min_precision` of the documents are positives.

    Lowest, because among thresholds that are precise enough it finds the most.

    Raises
    ------
    ToolkitError
        Where no threshold is precise enough; names the best.

    Examples
    --------
    >>> threshold_for_precision(np.array([0.2, 0.4, 0.6, 0.9]), np.array([1, 0, 1, 1]), min_precision=0.9)
    0.6
    """
    order = np.argsort(-relevance, kind="stable")
    ranked = relevance[order]
    last = np.append(ranked[1:] != ranked[:-1], True).nonzero()[0]  # ties stand or fall together
    precision = np.cumsum(outcomes[order] > 0.5)[last] / (last + 1)
    enough = (precision >= min_precision - 1e-9).nonzero()[0]
    if len(enough) == 0:
        best = int(np.argmax(precision))
        raise ToolkitError(
            f"No threshold reaches a precision of {min_precision:g} on the labelled documents; the best is "
            f"{precision[best]:.3f}. Lower --target-precision (relevance.target_precision), or label more documents."
        )
    return float(ranked[last[enough[-1]]])


def measure(
    relevance: Floats, outcomes: npt.NDArray[Any], *, off_below: float, on_from: float, aims: RelevanceAims
) -> dict[str, float]:
    """The figures of the model card, on held-out relevance; the thresholds were chosen on the same documents."""
    from toolkit.metrics import average_precision, precision_recall_f1, roc_auc

    truth = outcomes > 0.5
    on, off = relevance >= on_from, relevance < off_below
    answered = on | off
    precision, recall, _ = precision_recall_f1(truth, on)
    measured = {
        "n_documents": float(len(truth)),
        "n_on": float(truth.sum()),
        "f1_at_half": precision_recall_f1(truth, relevance >= 0.5)[2],
        "f1_answered": precision_recall_f1(truth[answered], on[answered])[2],
        "answered_ratio": float(answered.mean()),
        "precision_on": precision,
        "recall_on": recall,
        "auc": roc_auc(truth, relevance),
        "average_precision": average_precision(truth, relevance),
    }
    if aims.target_recall is not None:
        measured["target_recall"] = aims.target_recall
    elif aims.target_precision is not None:
        measured["target_precision"] = aims.target_precision
    elif len(truth) >= MIN_CALIBRATION:
        limit = conformal_limit(nonconformity(relevance, outcomes), coverage=aims.target_coverage)
        sets = measure_coverage(relevance, outcomes, limit)
        measured |= {
            "coverage_promised": aims.target_coverage,
            "conformal_limit": limit,
            "coverage": sets.covered,
            "coverage_on": sets.covered_on,
            "coverage_off": sets.covered_off,
        }
    return {name: round(value, 4) for name, value in measured.items()}
