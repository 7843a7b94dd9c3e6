"""The second half of the page, which accounts for the first: what was set aside, the boundary and how all was made."""

from __future__ import annotations

from dataclasses import dataclass

from toolkit.data import Results
from toolkit.report.aside import aside_sheets, set_aside
from toolkit.report.boundary import boundary, boundary_sheets, find_near
from toolkit.report.changes import find_changes
from toolkit.report.datasheets import data_card, model_card
from toolkit.report.evidence import Evidence
from toolkit.report.glossary import glossary
from toolkit.report.method import config_sheet
from toolkit.report.quality import find_checks, quality, quality_sheet
from toolkit.report.sections import View
from toolkit.report.sheets import Sheet
from toolkit.report.size import Size
from toolkit.report.tally import Tally


@dataclass(frozen=True, slots=True)
class Account:
    """What the templates of these sections print, by the names they use, and the tables that go beside the page."""

    views: View
    sheets: tuple[Sheet, ...]


def account_for(
    results: Results, tally: Tally, evidence: Evidence, *, size: Size, before: Results | None = None
) -> Account:
    """The views and tables of these sections."""
    near = find_near(results, tally, size)
    checks = find_checks(tally)
    views: View = {
        "set_aside": set_aside(tally, evidence),
        "boundary": boundary(tally, evidence, near),
        "quality": quality(checks),
        "data_card": data_card(tally),
        "model_card": model_card(tally),
        "glossary": glossary(),
    }
    sheets = [*aside_sheets(tally), *boundary_sheets(tally, near), quality_sheet(checks), config_sheet(results.run)]
    if before is not None:
        views["changes"], tables = find_changes(results, tally, before, evidence)
        sheets += tables
    return Account(views, tuple(sheets))
