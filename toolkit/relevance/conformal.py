"""Abstention with a promise: from how wrong held-out scores were, where an answer may be given.

Split-conformal prediction with the score "one minus the probability of the true outcome" (LAC; Sadinle, Lei & Wasserman
2019; Vovk, Gammerman & Shafer 2005). An outcome is in the prediction set of a document when its score is no larger than
a limit that the wanted share of the calibration documents respects. One limit for both outcomes: the promise is about
all documents together, not about each outcome apart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What prediction sets did on documents with known outcomes; all in [0, 1].

    `covered` is the share of the documents whose true outcome is in their set, `covered_on` and `covered_off` the same
    among those truly on and off. `answered` is the share with exactly one outcome in the set.
    """

    covered: float
    covered_on: float
    covered_off: float
    answered: float


def nonconformity(relevance: Floats, outcomes: npt.NDArray[Any]) -> Floats:
    """One minus the probability given to the true outcome, in [0, 1]; `relevance` is the probability of on."""
    return np.asarray(np.where(outcomes > 0.5, 1 - relevance, relevance))


def conformal_limit(scores: Floats, *, coverage: float) -> float:
    """The limit that a new score, exchangeable with `scores`, respects with probability at least `coverage`.

    The ceil((n + 1) * coverage)-th smallest of the n scores; 1, which excludes nothing, where n is too small for that.
    With n distinct scores the probability is also at most `coverage` + 1 / (n + 1).

    Parameters
    ----------
    scores : array of shape (n,)
        Nonconformity of documents that the model was not fitted on, in [0, 1].
    coverage : float in (0, 1)

    Examples
    --------
    >>> conformal_limit(np.array([0.1, 0.2, 0.3, 0.4]), coverage=0.6)
    0.3
    """
    rank = math.ceil((len(scores) + 1) * coverage - 1e-9)
    return float(np.sort(scores)[rank - 1]) if rank <= len(scores) else 1.0


def prediction_sets(relevance: Floats, limit: float) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Whether on, and whether off, is in the set of each document, each of shape (n_documents,)."""
    return 1 - relevance <= limit, relevance <= limit


def measure_coverage(relevance: Floats, outcomes: npt.NDArray[Any], limit: float) -> Coverage:
    """How the prediction sets of `limit` fared; a share of no document is 0."""
    truth = outcomes > 0.5
    has_on, has_off = prediction_sets(relevance, limit)
    covered = np.where(truth, has_on, has_off)

    def share(hits: npt.NDArray[np.bool_]) -> float:
        return float(hits.mean()) if len(hits) else 0.0

    return Coverage(share(covered), share(covered[truth]), share(covered[~truth]), share(has_on != has_off))


def band(limit: float) -> tuple[float, float]:
    """`(off_below, on_from)`: off is answered strictly below the first, on from the second, unsure between.

    Below a limit of a half no set holds both outcomes: on is answered from 1 - limit, off up to the limit, between them
    the set is empty. Above a half no set is empty: it holds both from 1 - limit to the limit, so on is answered above
    the limit and off below 1 - limit. Relevance is rounded to six decimals: half a step decides ties as the set does.
    """
    half_step = 5e-7
    if limit < 0.5:
        return limit + half_step, 1 - limit - half_step
    return 1 - limit - half_step, limit + half_step
