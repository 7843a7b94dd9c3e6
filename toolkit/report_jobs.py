"""The jobs that write reports: a results folder in, one HTML file and the folder of its tables out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from toolkit.errors import ToolkitError
from toolkit.files import atomic_write_bytes, read_results
from toolkit.register import with_names_of_today
from toolkit.report.sheets import Sheet
from toolkit.runs import read_run, source_date

CONTENTS = "contents.json"
"""The file in the folder of tables that lists them; what it does not list is not ours."""


@dataclass(frozen=True, slots=True)
class Written:
    """A report on disk: the page, its size in bytes, the folder of its tables, and what there was no room for."""

    path: Path
    n_bytes: int
    tables: Path
    left_out: tuple[str, ...]


def write_report(folder: Path, path: Path, *, size: str = "standard", compare: Path | None = None) -> Written:
    """Write the HTML report of a results folder to `path`, and its tables into the folder NAME.data beside it.

    Names that people gave to topics since then are written into `topics.*` first.

    Raises
    ------
    ToolkitError
        Where a folder holds no finished results, or there is no such size.
    """
    from toolkit.report import find_size, make_report

    chosen = find_size(size)
    _check_finished(folder)
    if compare is not None:
        if compare.resolve() == folder.resolve():
            raise ToolkitError(f"--compare {compare}: the same folder as RESULTS; name the results of another run.")
        _check_finished(compare)
    report = make_report(
        with_names_of_today(read_results(folder), folder),
        size=chosen,
        before=None if compare is None else read_results(compare),
        source_date=source_date(),
    )
    content = report.html.encode("utf-8", "replace")
    path.parent.mkdir(parents=True, exist_ok=True)
    tables = path.with_suffix(".data")
    write_sheets(tables, report.sheets)
    atomic_write_bytes(path, content)
    return Written(path, len(content), tables, report.left_out)


def _check_finished(folder: Path) -> None:
    run = read_run(folder) if folder.is_dir() else None
    if run is not None and run.get("status") != "finished":
        raise ToolkitError(
            f"{folder}: the run is not finished ({run.get('status')}). Give the command that began it again."
        )


def write_sheets(folder: Path, sheets: tuple[Sheet, ...]) -> None:
    """Write the tables; those of an earlier report that this one has not are taken away, other files stay."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = folder / CONTENTS
    names = [f"{sheet.name}.csv" for sheet in sheets]
    for name in _listed(contents):
        if name not in names:
            (folder / name).unlink(missing_ok=True)
    for sheet, name in zip(sheets, names, strict=True):
        atomic_write_bytes(folder / name, sheet.csv())
    listed = [
        {"file": name, "columns": list(sheet.columns), "rows": len(sheet.rows)}
        for sheet, name in zip(sheets, names, strict=True)
    ]
    atomic_write_bytes(contents, (json.dumps({"files": listed}, indent=1, ensure_ascii=False) + "\n").encode())


def _listed(contents: Path) -> list[str]:
    """The plain file names an earlier report listed."""
    try:
        files = json.loads(contents.read_bytes())["files"]
        names = [str(item["file"]) for item in files]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ToolkitError(f"{contents}: not the list of a report's tables ({error!r}). Remove the file.") from error
    return [name for name in names if name == Path(name).name and name.endswith(".csv")]
