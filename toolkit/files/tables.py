"""The result tables, written in every format asked for in one pass: Parquet and JSON lines exact, CSV safe to open."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from toolkit.errors import ToolkitError
from toolkit.files.arrow import NAMES, TERMS, THEMES
from toolkit.files.publish import atomic_file

TABLE_FORMATS = ("parquet", "csv", "jsonl")
TABLES = ("articles", "segments", "topics")
_ARTICLES_BEFORE_PLACES = {
    "document_id": "string",
    "file": "string",
    "outlet": "string",
    "title": "string",
    "date": "string",
    "url": "string",
    "language": "string",
    "on_topic": "string",
    "relevance": "double",
    "themes": THEMES,
    "topic": "int64",
}
_ARTICLES_AFTER_PLACES = {"n_segments": "int64", "n_kept": "int64", "kept_ratio": "double", "duplicate_of": "string"}
_SEGMENTS = {
    "document_id": "string",
    "index": "int64",
    "start": "int64",
    "end": "int64",
    "role": "string",
    "story": "int64",
    "kept": "bool",
    "reason": "string",
    "on_topic": "string",
    "relevance": "double",
    "themes": THEMES,
    "topic": "int64",
    "text": "string",
}
_TOPICS = {
    "topic": "int64",
    "name": "string",
    "terms": TERMS,
    "n_segments": "int64",
    "n_articles": "int64",
    "theme": "string",
}
EXTRA_KINDS = ("string", "int64", "double", "bool", "json")
_SHARES = {
    "topic": "int64",
    "by": "string",
    "key": "string",
    "n_articles": "int64",
    "of_articles": "int64",
    "share": "double",
    "low": "double",
    "high": "double",
    "burst": "bool",
    "burst_p": "double",
}
TOPIC_SHARES = "topic_shares"
_MAP = {"document_id": "string", "index": "int64", "x": "double", "y": "double", "topic": "int64"}
TOPIC_MAP = "topic_map"
_GROUP_ROWS = 20_000
_GROUP_CHARACTERS = 32_000_000
_BATCH_ROWS = 1_000  # go through the writers together, column by column
_BATCH_CHARACTERS = 4_000_000
# The types of values that are exact in a column of each kind as they are.
_EXACT_TYPES: dict[str, set[type]] = {"string": {str}, "double": {float}, THEMES: {list}, TERMS: {list}, NAMES: {list}}
# Spreadsheets run a cell that begins so, also after spaces they trim and in the full-width forms they fold.
_FORMULA = re.compile(r"[\s\u200b\u2060\ufeff]*[=+\-@＝＋－＠]|[\t\r\n]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_CONTROL_OR_RETURN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_LINE_END = re.compile(r"\r\n?")
_NEEDS_QUOTES = re.compile(r"[,\"\n]")
_MAX_INT64 = 2**63 - 1
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def article_columns(side_ids: Sequence[str], extra_columns: Mapping[str, str]) -> dict[str, str]:
    """The columns of `articles.*` in order, with their kinds; `places_SIDE` are lists of names."""
    places = {f"places_{side}": NAMES for side in side_ids}
    return {**_ARTICLES_BEFORE_PLACES, **places, **_ARTICLES_AFTER_PLACES, **extra_columns}


def segment_columns(*, with_xpath: bool) -> dict[str, str]:
    """The columns of `segments.*` in order, with their kinds."""
    return {**_SEGMENTS, **({"xpath": "string"} if with_xpath else {})}


def merge_extra_columns(columns: dict[str, str], extra: Mapping[str, object]) -> None:
    """Widen `columns` (name → kind) in place so that the pass-through values in `extra` fit.

    Whole numbers and fractions meet in double, everything else that differs in json. The outcome does not depend
    on the order of the records; sort the names before writing.
    """
    for name, value in extra.items():
        kind = _kind(value)
        known = columns.get(name, "")
        if not known:
            columns[name] = kind
        elif kind and kind != known:
            columns[name] = "double" if {kind, known} == {"int64", "double"} else "json"


def _kind(value: object) -> str:
    """The kind of one pass-through value; "" for None, which fits every kind."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int64" if -_MAX_INT64 <= value <= _MAX_INT64 else "json"
    return "double" if isinstance(value, float) else "string" if isinstance(value, str) else "json"


def write_tables(
    folder: Path,
    formats: Sequence[str],
    *,
    articles: Iterable[Mapping[str, object]],
    segments: Iterable[Mapping[str, object]],
    topics: Iterable[Mapping[str, object]],
    side_ids: Sequence[str],
    extra_columns: Mapping[str, str],
    with_xpath: bool,
) -> dict[str, int]:
    """Write `articles.*`, `segments.*` and `topics.*` in each of `formats`; the number of rows of each.

    Each iterable is gone through once, articles first, then segments, then topics; rows are written in the order
    they come, values a row does not have as null. All files appear when the last is written, or none does.
    Equal rows give equal bytes.

    Parameters
    ----------
    extra_columns : name → kind
        Pass-through columns of `articles`, one of "string", "int64", "double", "bool", "json" each ("" counts as
        string), written in the order given.
    """
    extra = {name: kind or "string" for name, kind in extra_columns.items()}
    if bad := [kind for kind in extra.values() if kind not in EXTRA_KINDS]:
        raise ValueError(f"unknown kinds of columns: {bad}")
    tables: list[tuple[str, dict[str, str], Iterable[Mapping[str, object]]]] = [
        ("articles", article_columns(side_ids, extra), articles),
        ("segments", segment_columns(with_xpath=with_xpath), segments),
        ("topics", _TOPICS, topics),
    ]
    with ExitStack() as published:
        return {
            table: _write_table(published, folder, formats, table, columns, rows) for table, columns, rows in tables
        }


def write_topics(folder: Path, formats: Sequence[str], topics: Iterable[Mapping[str, object]]) -> None:
    """Write `topics.*` anew, and nothing else: as `write_tables` does."""
    with ExitStack() as published:
        _write_table(published, folder, formats, "topics", _TOPICS, topics)


def write_shares(folder: Path, formats: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write `topic_shares.*` in each of `formats`, as `write_tables` does its tables."""
    with ExitStack() as published:
        _write_table(published, folder, formats, TOPIC_SHARES, _SHARES, rows)


def write_map(folder: Path, formats: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write `topic_map.*` in each of `formats`, as `write_tables` does its tables."""
    with ExitStack() as published:
        _write_table(published, folder, formats, TOPIC_MAP, _MAP, rows)


def write_sheet(stream: BinaryIO, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table of figures and words as CSV in UTF-8 that a spreadsheet shows and does not run."""
    text = io.TextIOWrapper(stream, encoding="utf-8", errors="replace", newline="")
    out = csv.writer(text, lineterminator="\n")
    out.writerow([_safe_text(name) for name in columns])
    out.writerows([_cell(value) for value in row] for row in rows)
    text.flush()
    text.detach()


def _write_table(
    published: ExitStack,
    folder: Path,
    formats: Sequence[str],
    table: str,
    columns: Mapping[str, str],
    rows: Iterable[Mapping[str, object]],
) -> int:
    """Write one table in each of `formats`, to appear when `published` is left; the number of its rows."""
    unknown = [name for name in formats if name not in TABLE_FORMATS]
    if unknown or not formats:
        raise ToolkitError(f"--format {', '.join(unknown) or '(none)'}: known are {', '.join(TABLE_FORMATS)}.")
    writers: list[_Writer] = []
    for name in TABLE_FORMATS:
        if name in formats:
            stream = published.enter_context(atomic_file(folder / f"{table}.{name}"))
            writers.append(_WRITERS[name](stream, columns))
            published.callback(writers[-1].release)
    n_rows = 0
    for batch in _batches(rows):
        n_rows += len(batch)
        values = [_exact([row.get(name) for row in batch], kind) for name, kind in columns.items()]
        for writer in writers:
            writer.write(values)
    for writer in writers:
        writer.finish()
    return n_rows


def _batches(rows: Iterable[Mapping[str, object]]) -> Iterator[list[Mapping[str, object]]]:
    """The rows in order, some at a time; a batch ends where a row group of Parquet is full."""
    batch: list[Mapping[str, object]] = []
    n_characters = 0
    for number, row in enumerate(rows, 1):
        batch.append(row)
        n_characters += sum([len(value) for value in row.values() if type(value) is str])
        if len(batch) >= _BATCH_ROWS or n_characters >= _BATCH_CHARACTERS or not number % _GROUP_ROWS:
            yield batch
            batch, n_characters = [], 0
    if batch:
        yield batch


class _Writer(Protocol):
    """One table in one format. `values` are columns of equal length in the order of `columns`, made exact."""

    def __init__(self, stream: BinaryIO, columns: Mapping[str, str]) -> None: ...

    def write(self, values: Sequence[list[Any]]) -> None: ...

    def finish(self) -> None:
        """Write what is waiting: the table is complete."""

    def release(self) -> None:
        """Let go of the stream, finished or not."""


class _JsonLines:
    def __init__(self, stream: BinaryIO, columns: Mapping[str, str]) -> None:
        self._stream = stream
        self._names = list(columns)

    def write(self, values: Sequence[list[Any]]) -> None:
        for row in zip(*values, strict=True):
            self._stream.write(_json(dict(zip(self._names, row, strict=True))).encode() + b"\n")

    def finish(self) -> None:
        pass

    def release(self) -> None:
        pass


class _Csv:
    """CSV that a spreadsheet shows and does not run; lists and objects as JSON.

    The bytes are those of `csv.writer`, sooner: which values need quotes is asked of a column, not of each character.
    """

    def __init__(self, stream: BinaryIO, columns: Mapping[str, str]) -> None:
        self._stream = stream
        self.write([[name] for name in columns])

    def write(self, values: Sequence[list[Any]]) -> None:
        lines = map(",".join, zip(*map(_cells, values), strict=True))
        self._stream.write("".join([f"{line}\n" for line in lines]).encode())

    def finish(self) -> None:
        pass

    def release(self) -> None:
        pass


class _Parquet:
    """Parquet in row groups; the bytes depend on the rows and the version of pyarrow only."""

    def __init__(self, stream: BinaryIO, columns: Mapping[str, str]) -> None:
        import pyarrow as pa
        import pyarrow.parquet

        from toolkit.files.arrow import table_type

        self._schema = table_type(columns)
        self._json_columns = [index for index, kind in enumerate(columns.values()) if kind == "json"]
        self._writer = pa.parquet.ParquetWriter(stream, self._schema, compression="zstd", version="2.6")
        self._waiting: list[list[Any]] = [[] for _ in columns]
        self._n_waiting = 0

    def write(self, values: Sequence[list[Any]]) -> None:
        for waiting, column in zip(self._waiting, values, strict=True):
            waiting += column
            self._n_waiting += sum([len(value) for value in column if type(value) is str])
        if len(self._waiting[0]) >= _GROUP_ROWS or self._n_waiting >= _GROUP_CHARACTERS:
            self._flush()

    def _flush(self) -> None:
        from toolkit.files.arrow import make_table

        for index in self._json_columns:
            self._waiting[index] = [None if value is None else _json(value) for value in self._waiting[index]]
        self._writer.write_table(make_table(self._schema, self._waiting))
        self._waiting, self._n_waiting = [[] for _ in self._waiting], 0

    def finish(self) -> None:
        if self._waiting[0]:
            self._flush()
        self._writer.close()

    def release(self) -> None:
        self._writer.close()  # a second time does nothing


_WRITERS: dict[str, type[_Writer]] = {"parquet": _Parquet, "csv": _Csv, "jsonl": _JsonLines}


def _exact(values: list[Any], kind: str) -> list[Any]:
    """A column as every format means it: numbers of its kind, tuples as lists."""
    types: set[type] = set(map(type, values))
    types.discard(type(None))
    if types <= _EXACT_TYPES.get(kind, types):
        return values
    return [_exact_value(value, kind) for value in values]


def _exact_value(value: object, kind: str) -> object:
    if value is None:
        return None
    if kind == "double" and isinstance(value, int | float):
        return float(value)
    if kind == "string" and not isinstance(value, str):
        return _json(value)
    if kind in (THEMES, TERMS, NAMES) and not isinstance(value, list):
        return list(value)  # type: ignore[call-overload]  # the contract says a sequence
    return value


def _json(value: object) -> str:
    return _ENCODER.encode(value)


def _cells(values: list[Any]) -> list[str]:
    """A column as it stands in CSV, with quotes where they are needed."""
    types = set(map(type, values))
    if types <= {int} or types <= {float}:  # floats by repr, as the csv module writes them
        return list(map(repr, values))
    cells = _text_cells(values) if types <= {str, type(None)} else [str(_cell(value)) for value in values]
    if _NEEDS_QUOTES.search("".join(cells)) is None:
        return cells
    return ['"' + cell.replace('"', '""') + '"' if _NEEDS_QUOTES.search(cell) else cell for cell in cells]


def _text_cells(values: list[str | None]) -> list[str]:
    """A column of texts made safe, with one search for control characters for all of them."""
    if _CONTROL_OR_RETURN.search("".join(filter(None, values))) is not None:
        return ["" if text is None else _safe_text(text) for text in values]
    # What begins with a letter or a figure is no formula.
    return ["" if text is None else text if text[:1].isalnum() else _safe_text(text) for text in values]


def _cell(value: object) -> object:
    if isinstance(value, str):
        return _safe_text(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return value
    return _safe_text(_json(value)) if value else "[]" if isinstance(value, list) else "{}"


def _safe_text(text: str) -> str:
    """`text` for a spreadsheet cell: never a formula, no control characters but newline and tab."""
    is_formula = _FORMULA.match(text) is not None
    if _CONTROL_OR_RETURN.search(text):
        text = _CONTROL.sub("\ufffd", _LINE_END.sub("\n", text))
    return f"'{text}" if is_formula else text
