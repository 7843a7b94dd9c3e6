"""Rows of Parquet tables, streamed in small batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from toolkit.data import Quarantined
from toolkit.files.inputs import Source
from toolkit.files.rows import CONTENT_FIELDS, Row, listed_names
from toolkit.files.streams import Refused

if TYPE_CHECKING:
    from toolkit.config import Limits

_BATCH_ROWS = 128


def read_parquet(source: Source, limits: Limits) -> Iterator[Row | Quarantined]:
    """One row per row of the table. Missing values are None."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(source.path, pre_buffer=False) as table:
            names = [str(name) for name in table.schema_arrow.names]
            if not any(name.strip().lower() in CONTENT_FIELDS for name in names):
                yield Quarantined(
                    source.name, None, None, "no_text", f"no `text` or `html` column; found {listed_names(names)}."
                )
                return
            for batch in table.iter_batches(batch_size=_BATCH_ROWS, use_threads=False):
                columns = [_values(column) for column in batch.columns]
                for cells in zip(*columns, strict=True):
                    number += 1
                    yield Row(number, dict(zip(names, cells, strict=True)))
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        found = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise Refused("unreadable", f"not a sound Parquet file ({found}).") from error


def _values(column: Any) -> list[object]:
    """The Python values of an Arrow column; strings that are not UTF-8 are mended."""
    try:
        return list(column.to_pylist())
    except UnicodeDecodeError:
        return [
            value.decode("utf-8", "replace") if isinstance(value, bytes) else value
            for value in column.cast("binary").to_pylist()
        ]
