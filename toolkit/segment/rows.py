"""Rows of pages that stand one below the other in shared arrays, and what depends on their numbers alone.

A pass over one page is mostly the cost of calling numpy, so several pages share each pass. Nothing here looks across
the border of a page: what comes out for a page is the same whatever stands above or below it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


class Rows:
    """The rows of pages of `sizes` paragraphs each, at least one.

    Attributes
    ----------
    sizes, starts : arrays of shape (n_pages,)
        How many rows a page has, and its first one.
    spans : list of slice
        The rows of each page.
    index, page, first, end : arrays of shape (n_rows,)
        A row's number, its page, the first row of its page and the row behind its last.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        self.sizes: IntArray = np.array(sizes, dtype=np.int64)
        ends = self.sizes.cumsum()
        self.starts: IntArray = ends - self.sizes
        self.spans = list(map(slice, self.starts.tolist(), ends.tolist()))
        self.index: IntArray = np.arange(ends[-1])
        self.page: IntArray = np.arange(len(sizes)).repeat(self.sizes)
        self.first: IntArray = self.starts.repeat(self.sizes)
        self.end: IntArray = ends.repeat(self.sizes)

    def __len__(self) -> int:
        return len(self.index)

    def of_pages(self, values: Sequence[Any]) -> npt.NDArray[Any]:
        """A value a page as a value a row."""
        return np.array(values).repeat(self.sizes)

    def count(self, flags: BoolArray) -> IntArray:
        """How many rows of each page are flagged, of shape (n_pages,)."""
        return np.asarray(np.add.reduceat(flags, self.starts, dtype=np.int64))

    def so_far(self, flags: BoolArray) -> IntArray:
        """How many rows of its page are flagged down to each row, itself included."""
        total = flags.cumsum()
        return np.asarray(total - (total[self.starts] - flags[self.starts]).repeat(self.sizes))

    def latest(self, flags: BoolArray) -> IntArray:
        """The nearest flagged row at or above each row; one above the page where there is none."""
        last = np.maximum.accumulate(np.where(flags, self.index, -1))
        return np.maximum(last, self.first - 1)

    def next(self, flags: BoolArray) -> IntArray:
        """The nearest flagged row at or below each row; the one behind the page's last where there is none."""
        following = np.minimum.accumulate(np.where(flags, self.index, len(self))[::-1])[::-1]
        return np.minimum(following, self.end)

    def window(self, begin: int, end: int) -> tuple[IntArray, IntArray]:
        """Where windows from `begin` to `end` rows below each row (above, if negative) are bounded on its page."""
        return (
            np.minimum(np.maximum(self.index + begin, self.first), self.end),
            np.minimum(np.maximum(self.index + end, self.first), self.end),
        )


def sums_above(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The sum of all `values` above each row and, in the last place, of all of them."""
    total = np.zeros(len(values) + 1, dtype=values.dtype)
    np.cumsum(values, out=total[1:])
    return total


def log_distance(distance: IntArray) -> FloatArray:
    """The log of 1 + distances in rows, negative where they are."""
    rows = distance.astype(np.float32)
    return np.asarray(np.sign(rows) * np.log1p(np.abs(rows)))
