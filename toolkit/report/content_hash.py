"""One hash of a results folder, the same whatever format its tables are in; columns are hashed, not rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from toolkit.data import Results, Rows
from toolkit.files import ParquetRows
from toolkit.files.arrow import flags, numbers, places, present, text_bytes

if TYPE_CHECKING:
    import pyarrow as pa

_NOT_CONTENT = frozenset({"started", "finished", "seconds", "timing", "host", "engine", "formats", "inputs"})
"""Keys of run.json that differ between equal runs; they stay out of the hash."""

_BATCH_ROWS = 20_000
# What a cell holds, one byte a cell.
_NULL, _FALSE, _TRUE, _INT, _FLOAT, _TEXT, _JSON = range(7)
_TAGS: Mapping[type, int] = {type(None): _NULL, int: _INT, float: _FLOAT, str: _TEXT}
_MIN_INT, _MAX_INT = -(2**63), 2**63 - 1


def content_hash(results: Results) -> str:
    """SHA-256 of everything the report says, so that a footnote can name exactly these results.

    Of each column of articles and segments the kinds of its cells, their numbers and their texts are hashed as streams
    of their own, in the order of rows; then the digests of the columns in the order of their names, and what is small
    as JSON. Equal values give equal hashes, in Parquet, in JSON lines or in memory.
    """
    digest = hashlib.sha256()
    small = (
        {key: value for key, value in results.run.items() if key not in _NOT_CONTENT},
        *(list(map(dict, rows)) for rows in (results.topics, results.quarantine)),
    )
    for value in small:
        digest.update(_as_json(value) + b"\n")
    for rows in (results.articles, results.segments):
        digest.update(_hash_rows(rows))
    return digest.hexdigest()


def _hash_rows(rows: Rows) -> bytes:
    columns: dict[str, _Column] = {}
    if isinstance(rows, ParquetRows):
        columns = {field.name: _Column(is_json=field.name in rows.json_columns) for field in rows.schema}
        for batch in rows.batches():
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                columns[name].add_arrow(column)
    else:
        n_before = 0
        for some in _batches(rows):
            for name in dict.fromkeys(name for row in some for name in row if name not in columns):
                columns[name] = _Column()
                columns[name].add([None] * n_before)
            for name, column in columns.items():
                column.add([row.get(name) for row in some])
            n_before += len(some)
    digest = hashlib.sha256(f"{len(rows)}\n".encode())
    for name in sorted(name for name, column in columns.items() if column.says_something):
        digest.update(_as_json(name) + b"\n" + columns[name].digest())
    return digest.digest()


def _batches(rows: Rows) -> Iterator[list[Mapping[str, object]]]:
    found = iter(rows)
    while some := list(islice(found, _BATCH_ROWS)):
        yield some


class _Column:
    """The streams of one column, hashed while they grow; where one batch ends and the next begins does not show."""

    def __init__(self, *, is_json: bool = False) -> None:
        self._is_json = is_json
        self.says_something = False  # a column of nulls is hashed as none at all
        self._streams = [hashlib.sha256() for _ in range(5)]
        self._tags, self._ints, self._floats, self._lengths, self._texts = self._streams

    def digest(self) -> bytes:
        return b"".join(stream.digest() for stream in self._streams)

    def add(self, values: Sequence[object]) -> None:
        """Take in cells as Python values."""
        tags = list(map(_tag, values))
        self.says_something |= any(tags)
        self._tags.update(bytes(tags))
        for stream, kind, wanted in ((self._ints, "<i8", _INT), (self._floats, "<f8", _FLOAT)):
            some: list[Any] = [value for value, tag in zip(values, tags, strict=True) if tag == wanted]
            stream.update(np.array(some, dtype=kind).tobytes())
        texts = [
            value.encode("utf-8", "surrogatepass") if isinstance(value, str) else _as_json(value)
            for value, tag in zip(values, tags, strict=True)
            if tag in (_TEXT, _JSON)
        ]
        self._add_texts(np.array(list(map(len, texts)), dtype="<i8"), b"".join(texts))

    def add_arrow(self, column: pa.Array) -> None:
        """Take in cells as Arrow holds them."""
        import pyarrow as pa
        import pyarrow.compute as pc

        here = present(column)
        kind = column.type
        if pa.types.is_string(kind) and not self._is_json:
            self._add_tags(here, _TEXT)
            bounds, content = text_bytes(column)
            self._add_texts(np.diff(bounds)[here], content[bounds[0] : bounds[-1]])
        elif pa.types.is_int64(kind):
            self._add_tags(here, _INT)
            self._ints.update(numbers(column)[here].astype("<i8").tobytes())
        elif pa.types.is_float64(kind):
            self._add_tags(here, _FLOAT)
            self._floats.update(numbers(column)[here].astype("<f8").tobytes())
        elif pa.types.is_boolean(kind):
            self._add_tags(here, np.where(flags(column), _TRUE, _FALSE))
        elif pa.types.is_list(kind):
            # Most lists are empty; only the others are made into Python values.
            texts = np.full(len(column), b"[]", dtype=object)
            full = np.flatnonzero(numbers(pc.list_value_length(column)))
            texts[full] = list(map(_as_json, column.take(places(full)).to_pylist()))
            found = texts[here].tolist()
            self._add_tags(here, _JSON)
            self._add_texts(np.array(list(map(len, found)), dtype="<i8"), b"".join(found))
        else:
            values = column.to_pylist()
            self.add([None if value is None else json.loads(value) for value in values] if self._is_json else values)

    def _add_tags(self, here: Any, tags: Any) -> None:
        self.says_something |= bool(here.any())
        self._tags.update(np.where(here, tags, _NULL).astype(np.uint8).tobytes())

    def _add_texts(self, lengths: Any, content: bytes | memoryview) -> None:
        self._lengths.update(lengths.astype("<i8").tobytes())
        self._texts.update(content)


def _tag(value: object) -> int:
    """What a cell holds; lists, objects and whole numbers over 64 bits count as JSON."""
    if isinstance(value, bool):
        return _TRUE if value else _FALSE
    tag = _TAGS.get(type(value), _JSON)
    return _JSON if tag == _INT and not _MIN_INT <= value <= _MAX_INT else tag  # type: ignore[operator]


_encode = json.JSONEncoder(sort_keys=True, ensure_ascii=True, default=str, separators=(",", ":")).encode


def _as_json(value: object) -> bytes:
    return _encode(value).encode()
