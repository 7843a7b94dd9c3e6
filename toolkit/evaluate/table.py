"""The figures of one gold as a table for people, with the protocol under it."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.evaluate.figures import ALL, OURS, Figure
from toolkit.evaluate.run import Evaluation

_AHEAD = "ahead of "
_TITLES = {
    "documents": "Documents on the subject",
    "themes": "Themes of documents",
    "lines": "Lines of plain text",
    "blocks": "Blocks of pages, as plain text",
    "boundaries": "Boundaries between stories",
    "pages": "Raw HTML pages",
    "pairs": "Near-duplicates",
    "roles": "Roles of segments",
    "audit": "Articles set aside, drawn at random",
    "passages": "Passages on the subject",
    "cuts": "Passages that had been cut wrongly",
}


def as_text(evaluation: Evaluation) -> str:
    """Tables of value and 95 % interval, one column a system; sources below the whole for the main measures."""
    lines = [f"{evaluation.name}", "=" * len(evaluation.name)]
    tasks = list(dict.fromkeys(figure.id.partition(".")[0] for figure in evaluation.figures))
    for task in tasks:
        of_task = [figure for figure in evaluation.figures if figure.id.startswith(f"{task}.")]
        n = max(figure.n for figure in of_task if figure.source == ALL)
        lines += ["", f"{_TITLES[task]} ({n:,})", ""]
        lines += _rows(of_task)
    lines += ["", "How it was measured", ""]
    for name, value in evaluation.protocol.items():
        lines += _stated(name, value)
    return "\n".join(lines) + "\n"


def _rows(figures: Sequence[Figure]) -> list[str]:
    systems = list(dict.fromkeys(f.system for f in figures if not f.system.startswith(_AHEAD)))
    sources = list(dict.fromkeys(f.source for f in figures))
    measures = {f.id: f for f in figures if f.system == OURS}
    cells = {(f.id, f.source, f.system): f for f in figures}
    head = ["measure", "n", *systems]
    rows: list[list[str]] = []
    for source in sources:
        if source != ALL:
            rows.append([f"· {source}"])
        for identifier, measure in measures.items():
            found = [cells.get((identifier, source, system)) for system in systems]
            if found[systems.index(OURS)] is None or (source != ALL and not measure.is_main):
                continue
            n = next(f.n for f in found if f is not None)
            rows.append([measure.name + ("" if measure.higher_is_better else " ↓"), f"{n:,}", *map(_cell, found)])
            if source == ALL:
                rows += [[f"  ahead: {words}"] for words in [_ahead(figures, identifier)] if words]
    full = [head, *(row for row in rows if len(row) > 1)]
    widths = [max(len(row[i]) for row in full) for i in range(len(head))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip() if len(row) > 1
            else row[0] for row in [head, *rows]]  # fmt: skip


def _ahead(figures: Sequence[Figure], identifier: str) -> str:
    """How far ours is ahead of each baseline on the whole gold, with the interval of the difference."""
    found = [f for f in figures if f.id == identifier and f.source == ALL and f.system.startswith(_AHEAD)]
    return ", ".join(f"{f.value:+.3f} [{f.low:+.3f}, {f.high:+.3f}] of {f.system.removeprefix(_AHEAD)}" for f in found)


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return "–"
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"


def _stated(name: str, value: object) -> list[str]:
    label = name.replace("_", " ")
    if value is None or value in ([], {}):
        return []
    if isinstance(value, dict):
        return [f"{label}: {key}: {inner}" for key, inner in value.items()]
    if isinstance(value, list):
        return [f"{label}: {', '.join(map(str, value))}"] if name == "files" else [f"{label}: {v}" for v in value]
    return [f"{label}: {value}"]
