"""What depends on the number of a page's paragraphs alone: distances between them, and windows around each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]

MAX_REMEMBERED = 256  # paragraphs; of longer pages it is worked out each time, so that at most 10 MB are kept

# the windows of prose_before_3, prose_after_3, prose_before_8 and prose_after_8, from a paragraph's number
_WINDOW_BEGINS = np.array([[-3], [1], [-8], [1]])
_WINDOW_ENDS = np.array([[0], [4], [0], [9]])
_NEAR = 4  # paragraphs on each side of words_near and links_near


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a page of n paragraphs.

    `index` is 0 to n - 1; `position` has the columns position, from_start and from_end; `window_low` and
    `window_high`, of shape (4, n), and `near_low` and `near_high`, of shape (n,), bound windows around each row;
    `near_size` is of shape (n, 1).
    """

    n: int
    index: FloatArray
    position: FloatArray
    window_low: IntArray
    window_high: IntArray
    near_low: IntArray
    near_high: IntArray
    near_size: IntArray
    _distances: FloatArray  # of rows 1 - n to n - 1 from row 0

    def since(self, row: int) -> FloatArray:
        """The log of each row's distance from `row`, negative above it."""
        return self._distances[self.n - 1 - row : 2 * self.n - 1 - row]


def rows_of(n: int) -> Rows:
    """The rows of a page of `n` paragraphs, at least one."""
    return _remembered(n) if n <= MAX_REMEMBERED else _rows_of(n)


def _rows_of(n: int) -> Rows:
    index = np.arange(n)
    numbers = index.astype(np.float32)
    position = np.stack([numbers / max(n - 1, 1), np.log1p(numbers), np.log1p(n - 1 - numbers)], axis=1)
    low, high = np.maximum(index - _NEAR, 0), np.minimum(index + _NEAR + 1, n)
    distance = np.arange(1 - n, n, dtype=np.float32)
    return Rows(
        n,
        numbers,
        position,
        (index + _WINDOW_BEGINS).clip(0, n),
        (index + _WINDOW_ENDS).clip(0, n),
        low,
        high,
        (high - low)[:, None],
        np.sign(distance) * np.log1p(np.abs(distance)),
    )


_remembered = lru_cache(maxsize=MAX_REMEMBERED)(_rows_of)
