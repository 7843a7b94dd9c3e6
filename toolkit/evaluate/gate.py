"""Floors: figures of ours that must not get worse, pinned to the gold they were measured on."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.errors import ToolkitError
from toolkit.evaluate.figures import ALL, OURS, Figure
from toolkit.evaluate.run import Evaluation
from toolkit.files import atomic_write_bytes

SCHEMA_VERSION = 1
_STEP = 1000
"""Floors are written to the thousandth, on the easier side: the last bits of a sum break no gate."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One reason why a gate is shut."""

    gold: str
    floor: str
    detail: str


def key_of(evaluation: Evaluation) -> str:
    """What a gold is called in a file of floors: a sample is another gold."""
    return evaluation.name if evaluation.sample is None else f"{evaluation.name} (sample {evaluation.sample})"


def read_floors(path: Path) -> dict[str, dict[str, Any]]:
    """Gold → {"fingerprint": ..., "floors": {id or id@source: number}}.

    Raises
    ------
    ToolkitError
        Where the file is missing or not of that form.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ToolkitError(f"{path}: cannot be read: {error.strerror}. --update-floors {path} writes it.") from error
    except ValueError as error:
        raise ToolkitError(f"{path}: not JSON ({error}).") from error
    gold = content.get("gold") if isinstance(content, dict) else None
    if not isinstance(gold, dict) or content.get("schema_version") != SCHEMA_VERSION:
        raise ToolkitError(f'{path}: no floors; {{"schema_version": {SCHEMA_VERSION}, "gold": {{...}}}} was expected.')
    for name, entry in gold.items():
        floors = entry.get("floors") if isinstance(entry, dict) else None
        if not isinstance(floors, dict) or not isinstance(entry.get("fingerprint"), str):
            raise ToolkitError(f"{path}: {name} needs `fingerprint`, a string, and `floors`, an object.")
        for floor, value in floors.items():
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                raise ToolkitError(f"{path}: the floor {floor} of {name} is no number.")
    return gold


def check(evaluations: Sequence[Evaluation], floors: Mapping[str, Mapping[str, Any]]) -> tuple[Failure, ...]:
    """Why the gate is shut: a figure beyond its floor or not measured, other gold. Empty where it is open."""
    failures = []
    for evaluation in evaluations:
        name = key_of(evaluation)
        entry = floors.get(name)
        if entry is None:
            failures.append(
                Failure(name, "", f"no floors for it; the file knows {', '.join(sorted(floors)) or 'none'}")
            )
            continue
        if entry["fingerprint"] != evaluation.fingerprint:
            detail = f"other gold: fingerprint {evaluation.fingerprint}, the floors are for {entry['fingerprint']}"
            failures.append(Failure(name, "fingerprint", detail))
        figures = _ours(evaluation)
        for floor, value in sorted(entry["floors"].items()):
            figure = figures.get(floor)
            if figure is None:
                failures.append(Failure(name, floor, "was not measured"))
            elif figure.value < value if figure.higher_is_better else figure.value > value:
                side = "below its floor" if figure.higher_is_better else "above its ceiling"
                failures.append(Failure(name, floor, f"{figure.value:.4f} is {side} {value}"))
    return tuple(failures)


def update(
    evaluations: Sequence[Evaluation], floors: Mapping[str, Mapping[str, Any]], *, lower: bool = False
) -> dict[str, dict[str, Any]]:
    """`floors` raised to what was measured; with `lower` also lowered to it, and renewed for other gold.

    A gold that is new gets a floor for each main measure of the whole; of a known one the floors that stand there are
    raised, those of single sources (`id@field=value`, written by hand) among them.

    Raises
    ------
    ToolkitError
        Where the gold has changed, unless `lower`.
    """
    updated = {name: {"fingerprint": e["fingerprint"], "floors": dict(e["floors"])} for name, e in floors.items()}
    for evaluation in evaluations:
        name = key_of(evaluation)
        figures = _ours(evaluation)
        known = updated.get(name)
        if known is None:
            main = {f.id: _eased(f) for f in figures.values() if f.is_main and f.source == ALL}
            updated[name] = {"fingerprint": evaluation.fingerprint, "floors": main}
            continue
        if known["fingerprint"] != evaluation.fingerprint and not lower:
            raise ToolkitError(
                f"{name}: other gold than the floors were measured on (fingerprint {evaluation.fingerprint}, "
                f"floors for {known['fingerprint']}). --lower-floors renews them."
            )
        known["fingerprint"] = evaluation.fingerprint
        for floor, value in known["floors"].items():
            figure = figures.get(floor)
            if figure is not None:
                fresh = _eased(figure)
                is_better = fresh > value if figure.higher_is_better else fresh < value
                known["floors"][floor] = fresh if lower or is_better else value
    return updated


def write_floors(path: Path, floors: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the floors, whole or not at all."""
    content = {"schema_version": SCHEMA_VERSION, "gold": floors}
    atomic_write_bytes(path, (json.dumps(content, indent=1, sort_keys=True, ensure_ascii=True) + "\n").encode())


def _ours(evaluation: Evaluation) -> dict[str, Figure]:
    found = [figure for figure in evaluation.figures if figure.system == OURS]
    return {f.id if f.source == ALL else f"{f.id}@{f.source}": f for f in found}


def _eased(figure: Figure) -> float:
    """The figure to the thousandth, on the easier side."""
    to = math.floor if figure.higher_is_better else math.ceil
    return to(round(figure.value * _STEP, 3)) / _STEP
