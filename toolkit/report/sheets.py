"""The tables behind the page, as CSV files that are safe to open in a spreadsheet."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.files.tables import write_sheet


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table or the numbers of a chart: `name` is its file without the ending, rows are as wide as `columns`."""

    name: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[object]]

    def csv(self) -> bytes:
        """The table as CSV in UTF-8; no cell is a formula."""
        stream = io.BytesIO()
        write_sheet(stream, self.columns, self.rows)
        return stream.getvalue()
