"""Rows of a table that stay on disk: read a piece at a time on every pass, so that no table has to fit in memory."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from toolkit.errors import ToolkitError
from toolkit.files.arrow import numbers, places, table_type

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, object]


class ParquetRows:
    """The rows of a Parquet file; columns that hold JSON come back as what it says.

    Raises
    ------
    ToolkitError
        Where the file cannot be read, or has changed since it was opened first.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp = _stamp(path)
        with _errors_of(path), self._open() as table:
            self._n_rows: int = table.metadata.num_rows
            self.schema: pa.Schema = table.schema_arrow
        self.json_columns = {field.name for field in self.schema if field.metadata and b"json" in field.metadata}

    def __len__(self) -> int:
        return self._n_rows

    def __iter__(self) -> Iterator[Row]:
        for batch in self.batches():
            yield from self._rows(batch)

    def has(self, columns: Mapping[str, str]) -> bool:
        """Whether these columns (name → kind) are there, with the types of our tables."""
        types = dict(zip(self.schema.names, self.schema.types, strict=True))
        return all(types.get(field.name) == field.type for field in table_type(columns))

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """All rows in order, a batch at a time, of these columns or all of them; JSON as its text."""
        with _errors_of(self.path), self._open() as table:
            yield from table.iter_batches(columns=columns, use_threads=False)

    def select(self, column: str, values: Collection[str]) -> Iterator[Row]:
        """The rows whose text in `column` is one of `values`, in order; groups of rows without any are passed over."""
        wanted = frozenset(values)
        if not wanted:
            return
        lowest, highest = min(map(_as_bytes, wanted)), max(map(_as_bytes, wanted))
        position = self.schema.names.index(column)
        with _errors_of(self.path), self._open() as table:
            for group in range(table.num_row_groups):
                known = table.metadata.row_group(group).column(position).statistics
                span: tuple[Any, Any] = (
                    (known.min, known.max) if known is not None and known.has_min_max else (None, None)
                )
                if isinstance(span[0], str) and (_as_bytes(span[1]) < lowest or _as_bytes(span[0]) > highest):
                    continue
                names = table.iter_batches(row_groups=[group], columns=[column], use_threads=False)
                if not any(len(_places_of(wanted, batch.column(0))) for batch in names):
                    continue
                for batch in table.iter_batches(row_groups=[group], use_threads=False):
                    yield from self._rows(batch.take(places(_places_of(wanted, batch.column(column)))))

    def _open(self) -> Any:
        import pyarrow.parquet as pq

        _check(self.path, self._stamp)
        # Not pq.read_table: it imports pandas, and its reading threads can outlive a short process (an abort at exit).
        return pq.ParquetFile(self.path, pre_buffer=False)

    def _rows(self, batch: pa.RecordBatch) -> Iterator[Row]:
        names = batch.schema.names
        columns = [
            [None if value is None else json.loads(value) for value in column.to_pylist()]
            if name in self.json_columns
            else column.to_pylist()
            for name, column in zip(names, batch.columns, strict=True)
        ]
        for cells in zip(*columns, strict=True):
            yield dict(zip(names, cells, strict=True))


class JsonLinesRows:
    """The rows of a file of JSON lines.

    Raises
    ------
    ToolkitError
        Where the file cannot be read, holds a line that is no object, or has changed since it was opened first.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp = _stamp(path)
        with _errors_of(path), path.open("rb") as stream:
            self._n_rows = sum(1 for _ in stream)

    def __len__(self) -> int:
        return self._n_rows

    def __iter__(self) -> Iterator[Row]:
        _check(self.path, self._stamp)
        number = 0
        try:
            with self.path.open("rb") as stream:
                for number, line in enumerate(stream, start=1):
                    row = json.loads(line)
                    if not isinstance(row, dict):
                        raise ToolkitError(f"{self.path}, line {number}: not an object. Run the command again.")
                    yield row
        except (OSError, ValueError) as error:
            raise ToolkitError(
                f"{self.path}, line {max(1, number)}: cannot be read ({error}). Run the command again."
            ) from error


StoredRows = ParquetRows | JsonLinesRows


@contextmanager
def _errors_of(path: Path) -> Iterator[None]:
    """What goes wrong while a table is read, as one sentence."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, ValueError) as error:
        raise ToolkitError(f"{path}: cannot be read as results ({error}). Run the command again.") from error


def _stamp(path: Path) -> tuple[int, int, int]:
    """What tells one version of a file from another; results are published by renaming."""
    with _errors_of(path):
        found = path.stat()
        return found.st_ino, found.st_size, found.st_mtime_ns


def _check(path: Path, stamp: tuple[int, int, int]) -> None:
    if _stamp(path) != stamp:
        raise ToolkitError(f"{path}: has changed since the command began to read it. Run the command again.")


def _as_bytes(text: str) -> bytes:
    """A text as Parquet orders texts."""
    return text.encode("utf-8", "replace")


def _places_of(wanted: Collection[str], column: Any) -> npt.NDArray[np.int64]:
    """Where the texts of a column are among those wanted; most columns hold each text many times over."""
    encoded = column.dictionary_encode()
    is_wanted = [value in wanted for value in encoded.dictionary.to_pylist()]
    found: npt.NDArray[np.int64] = np.flatnonzero(
        np.array([*is_wanted, False])[numbers(encoded.indices, missing=len(is_wanted))]
    )
    return found
