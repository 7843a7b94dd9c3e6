"""How well a text was cut: errors at boundaries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt


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
