"""Sources to records: every format through its reader, every bad record into quarantine, nothing raised."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from toolkit.data import Quarantined, Record
from toolkit.files.csv_reader import read_csv
from toolkit.files.document_reader import read_pdf, read_text
from toolkit.files.inputs import Source
from toolkit.files.json_reader import read_json, read_json_lines
from toolkit.files.rows import ReadStats, Row, to_record
from toolkit.files.streams import Refused, Stream, open_stream
from toolkit.files.table_reader import read_parquet
from toolkit.files.warc_reader import read_warc

if TYPE_CHECKING:
    from toolkit.config import Limits

    Reader = Callable[[Stream, Source, Limits], Iterator[Row | Quarantined]]

READERS: dict[str, Reader] = {
    "text": read_text,
    "html": read_text,
    "jsonl": read_json_lines,
    "json": read_json,
    "csv": read_csv,
    "tsv": read_csv,
    "pdf": read_pdf,
    "warc": read_warc,
}
_ONE_RECORD = ("text", "html", "pdf")


def read_records(source: Source, limits: Limits, *, stats: ReadStats | None = None) -> Iterator[Record | Quarantined]:
    """The records of one source in file order, and what could not be read, with its reason.

    Streaming: tables, JSON lines and lists are never in memory as a whole. Content never raises; `stats`, when
    given, is added to as records are taken.
    """
    counts = stats if stats is not None else ReadStats()
    for item in _rows(source, limits):
        result = to_record(item, source, limits) if isinstance(item, Row) else item
        if isinstance(result, Record) and isinstance(item, Row):
            counts.n_records += 1
            counts.encodings[item.encoding] += 1
            counts.n_replaced += item.n_replaced
        else:
            counts.n_quarantined += 1
        yield result


def _rows(source: Source, limits: Limits) -> Iterator[Row | Quarantined]:
    n_rows = 0
    try:
        if source.format == "parquet":
            for row in read_parquet(source, limits):
                n_rows += 1
                yield row
            return
        with open_stream(source, limits) as stream:
            yield from READERS[source.format](stream, source, limits)
    except Refused as refused:
        if source.format in _ONE_RECORD and refused.reason not in ("unreadable", "not_text"):
            yield Quarantined(source.name, 1, source.derived_id(1), refused.reason, refused.detail)
        else:
            yield Quarantined(source.name, n_rows + 1 if n_rows else None, None, refused.reason, refused.detail)
    except OSError as error:
        yield Quarantined(source.name, None, None, "unreadable", f"cannot be read: {error.strerror or error}.")
