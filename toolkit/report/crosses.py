"""Two groupings of the same articles against each other: counts, what chance would give, and where they part."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

MIN_CELL = 5  # articles, counted or expected, below which a cell is not compared: one article would be a fifth of it
_LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: `n` articles, `expected` if row and column had nothing to do with each other.

    `clear` is 1 or -1 where there are more or fewer than chance explains, else 0; `enough` says whether the cell is
    compared at all.
    """

    n: int
    expected: float
    enough: bool
    clear: int = 0

    @property
    def lift(self) -> float:
        """The count as a multiple of the expectation; 1 where nothing is expected."""
        return self.n / self.expected if self.expected else 1.0


@dataclass(frozen=True, slots=True)
class Cross:
    """`cells[i][j]`: the articles in row i and column j, of `n`; an article can be in several rows and columns."""

    n: int
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    cells: tuple[tuple[Cell, ...], ...]


def membership(held: Sequence[Collection[str]], names: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Array of shape (n_articles, n_names): whether an article holds a name."""
    place = {name: i for i, name in enumerate(names)}
    found = np.zeros((len(held), len(names)), dtype=np.bool_)
    for i, own in enumerate(held):
        for name in own:
            j = place.get(name)
            if j is not None:
                found[i, j] = True
    return found


def cross(rows: npt.NDArray[np.bool_], columns: npt.NDArray[np.bool_], *, half: bool = False) -> Cross:
    """Count two groupings of the same articles against each other.

    A cell is clear where its distance from the expectation, in standard deviations of the hypergeometric distribution
    and less half an article (Yates 1934), is beyond the two-sided 5% level divided by the number of cells compared
    (Bonferroni).

    Parameters
    ----------
    rows, columns : arrays of shape (n_articles, n_rows) and (n_articles, n_columns)
    half : bool
        Rows and columns are the same grouping: only cells below the diagonal are compared.
    """
    n = len(rows)
    counts = rows.T.astype(np.int64) @ columns.astype(np.int64)
    in_rows, in_columns = (array.sum(axis=0).tolist() for array in (rows, columns))
    enough = {
        (i, j)
        for i, r in enumerate(in_rows)
        for j, c in enumerate(in_columns)
        if max(int(counts[i, j]), r * c / max(1, n)) >= MIN_CELL and not (half and j >= i)
    }
    z_needed = NormalDist().inv_cdf(1 - _LEVEL / max(1, len(enough)) / 2)
    cells = tuple(
        tuple(_cell(int(counts[i, j]), r, c, n, z_needed, enough=(i, j) in enough) for j, c in enumerate(in_columns))
        for i, r in enumerate(in_rows)
    )
    return Cross(n, tuple(in_rows), tuple(in_columns), cells)


def _cell(count: int, in_row: int, in_column: int, n: int, z_needed: float, *, enough: bool) -> Cell:
    expected = in_row * in_column / n if n else 0.0
    clear = 0
    if enough and n > 1:
        variance = expected * (n - in_row) * (n - in_column) / (n * (n - 1))
        apart = max(0.0, abs(count - expected) - 0.5)
        if variance > 0 and apart / math.sqrt(variance) > z_needed:
            clear = 1 if count > expected else -1
    return Cell(count, expected, enough, clear)
