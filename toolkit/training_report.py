"""Writing the training report: one page, the folder of its tables, and the articles to label next."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from toolkit.files import atomic_write_bytes
from toolkit.lesson import Lesson
from toolkit.report_jobs import write_sheets
from toolkit.runs import source_date

TO_LABEL = "to_label"


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """Where the page and the file of articles to label are, and how many articles stand in it."""

    path: Path
    to_label: Path
    n_to_label: int


def write_training_report(lesson: Lesson, folder: Path) -> TrainingReport:
    """Write `folder/report.html`, `folder/report.data/` and `folder/to_label.csv`.

    A file of articles to label that somebody has begun to fill in is left alone; the new one then goes beside it, as
    `to_label-2.csv` and so on.
    """
    from toolkit.report.training import make_training_report, to_label_sheet

    folder.mkdir(parents=True, exist_ok=True)
    to_label = _unfilled(folder)
    report = make_training_report(lesson, labels_file=str(to_label), source_date=source_date())
    path = folder / "report.html"
    write_sheets(folder / "report.data", report.sheets)
    atomic_write_bytes(to_label, to_label_sheet(lesson).csv())
    atomic_write_bytes(path, report.html.encode("utf-8", "replace"))
    return TrainingReport(path, to_label, len(lesson.to_label))


def _unfilled(folder: Path) -> Path:
    """The first file of articles to label that nobody has written a label into."""
    number = 1
    while True:
        path = folder / (f"{TO_LABEL}.csv" if number == 1 else f"{TO_LABEL}-{number}.csv")
        if not path.exists() or not _is_filled(path):
            return path
        number += 1


def _is_filled(path: Path) -> bool:
    """Whether a label stands in it, or it cannot be told."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return True
    header = text.split("\n", 1)[0]
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=header.count))
    return any((row.get("on_topic") or "").strip() or (row.get("themes") or "").strip() for row in rows)
