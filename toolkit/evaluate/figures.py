"""From what was counted in each document to measures with their intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from toolkit.metrics import resampled_counts

Floats = npt.NDArray[np.float64]

OURS = "toolkit"
ALL = "all"
N_RESAMPLES = 1000
LEVEL = 0.95
MAX_SOURCES = 40
"""A field with more values than this is no way to read a table; its values are not listed one by one."""
_GRAIN = 2.0**30
"""Counts that are no whole numbers are rounded to this grain: sums are then exact, whatever their order."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A published measure of one task.

    `of(rows, weights)` gives its value for every resample: `rows` (n_documents, n_columns) is what was counted in each
    document, `weights` (n_resamples, n_documents) how often each is drawn. NaN where it is undefined.
    """

    id: str
    name: str
    of: Callable[[Floats, Floats], Floats]
    higher_is_better: bool = True
    is_main: bool = False


def from_sums(formula: Callable[[Floats], Floats]) -> Callable[[Floats, Floats], Floats]:
    """A measure that needs only the columns' sums, given to `formula` with the columns first."""

    def of(rows: Floats, weights: Floats) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            return formula((weights @ rows).T)

    return of


def share(part: Floats, whole: Floats) -> Floats:
    """`part / whole`, NaN where there is no whole."""
    return np.asarray(np.where(whole > 0, part / np.where(whole > 0, whole, 1), np.nan))


def precision_of(right: Floats, wrong: Floats, missed: Floats) -> Floats:
    """Precision, 0 where nothing is found, NaN where there is nothing to find either."""
    found = right + wrong
    return np.where(found + missed > 0, np.nan_to_num(share(right, found)), np.nan)


def recall_of(right: Floats, missed: Floats) -> Floats:
    """Recall, NaN where there is nothing to find."""
    return share(right, right + missed)


def f1_of(right: Floats, wrong: Floats, missed: Floats) -> Floats:
    """The harmonic mean of precision and recall, NaN where there is nothing to find and nothing found."""
    return share(2 * right, 2 * right + wrong + missed)


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value: `id` is `task.measure`, `system` ours, a baseline, or "ahead of BASELINE" for the
    difference, positive where ours is better.

    [`low`, `high`] is the 95 % percentile bootstrap interval over the `n` documents; `source` is "all" or
    `field=value`.
    """

    id: str
    name: str
    system: str
    source: str
    value: float
    low: float
    high: float
    n: int
    higher_is_better: bool
    is_main: bool


@dataclass
class Tally:
    """What was counted of one task, by system: one row a document, the same documents for every system."""

    task: str
    measures: Sequence[Measure]
    keys: list[str] = field(default_factory=list)
    groups: list[tuple[tuple[str, str], ...]] = field(default_factory=list)
    rows: dict[str, list[Sequence[float]]] = field(default_factory=dict)
    applies: Callable[[str, Measure], bool] = lambda system, measure: True

    def add(self, key: str, groups: tuple[tuple[str, str], ...], counts: Mapping[str, Sequence[float]]) -> None:
        """One more document, counted for every system."""
        self.keys.append(key)
        self.groups.append(groups)
        for system, row in counts.items():
            self.rows.setdefault(system, []).append(row)

    def figures(self, *, random_state: int) -> tuple[Figure, ...]:
        """Every measure of every system, overall and by source; the order in which documents came does not matter."""
        if not self.keys:
            return ()
        order = sorted(
            range(len(self.keys)), key=lambda i: (self.keys[i], self.groups[i], [r[i] for r in self._lists()])
        )
        rows = {system: np.round(np.array(found)[order] * _GRAIN) / _GRAIN for system, found in self.rows.items()}
        found: list[Figure] = []
        for source, members in self._sources(order):
            found += self._of_source(source, {s: r[members] for s, r in rows.items()}, random_state)
        return tuple(found)

    def _lists(self) -> list[list[Sequence[float]]]:
        return [self.rows[system] for system in sorted(self.rows)]

    def _sources(self, order: Sequence[int]) -> list[tuple[str, npt.NDArray[np.int64]]]:
        """Each source and the rows (in `order`) that belong to it; a source that is everything is not said again."""
        by_field: dict[str, dict[str, list[int]]] = {}
        for row, i in enumerate(order):
            for name, value in self.groups[i]:
                by_field.setdefault(name, {}).setdefault(value, []).append(row)
        sources = [(ALL, np.arange(len(order)))]
        for name in sorted(by_field):
            values = by_field[name]
            if 1 < len(values) <= MAX_SOURCES:
                sources += [(f"{name}={value}", np.array(values[value])) for value in sorted(values)]
        return sources

    def unlisted(self) -> dict[str, int]:
        """Fields with too many values to be listed, and how many."""
        values: dict[str, set[str]] = {}
        for groups in self.groups:
            for name, value in groups:
                values.setdefault(name, set()).add(value)
        return {name: len(found) for name, found in sorted(values.items()) if len(found) > MAX_SOURCES}

    def _of_source(self, source: str, rows: Mapping[str, Floats], random_state: int) -> list[Figure]:
        n = len(next(iter(rows.values())))
        once = np.ones((1, n))
        wanted = [(s, m) for m in self.measures for s in rows if self.applies(s, m)]
        values = {(s, m.id): float(m.of(rows[s], once)[0]) for s, m in wanted}
        drawn: dict[tuple[str, str], list[Floats]] = {key: [] for key in values}
        for weights in resampled_counts(n, random_state=random_state, n_resamples=N_RESAMPLES):
            for s, m in wanted:
                drawn[s, m.id].append(m.of(rows[s], weights))
        resamples = {key: np.concatenate(found) for key, found in drawn.items()}
        figures = [self._figure(m, s, source, values[s, m.id], resamples[s, m.id], n) for s, m in wanted]
        for m in self.measures:
            for s in rows if m.is_main and (OURS, m.id) in values else ():
                if s != OURS and (s, m.id) in values:
                    sign = 1 if m.higher_is_better else -1
                    gain = sign * (values[OURS, m.id] - values[s, m.id])
                    spread = sign * (resamples[OURS, m.id] - resamples[s, m.id])
                    figures.append(self._figure(m, f"ahead of {s}", source, gain, spread, n))
        return [figure for figure in figures if np.isfinite(figure.value)]

    def _figure(self, measure: Measure, system: str, source: str, value: float, drawn: Floats, n: int) -> Figure:
        drawn = drawn[np.isfinite(drawn)]
        tails = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
        low, high = (float(v) for v in np.quantile(drawn, tails)) if len(drawn) else (value, value)
        return Figure(
            id=f"{self.task}.{measure.id}",
            name=measure.name,
            system=system,
            source=source,
            value=round(value, 6) + 0.0,
            low=round(low, 6) + 0.0,
            high=round(high, 6) + 0.0,
            n=n,
            higher_is_better=measure.higher_is_better,
            is_main=measure.is_main,
        )
