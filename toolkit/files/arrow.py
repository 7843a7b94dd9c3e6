"""Columns of Python values as Arrow tables, laid out in buffers by numpy; columns of Arrow as arrays of numpy.

`pyarrow.array` and `to_numpy` would do it too, but import pandas, which costs more than all else when one article is
classified and half a second when a report is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

THEMES = "themes"  # a list of {theme, score}
TERMS = "terms"  # a list of {term, weight}
NAMES = "names"  # a list of strings


def table_type(columns: Mapping[str, str]) -> Any:
    """The Arrow schema of columns (name → kind); "json" is text that says so in its metadata."""
    import pyarrow as pa

    def pairs(key: str, number: str) -> Any:
        return pa.list_(pa.struct([(key, pa.string()), (number, pa.float64())]))

    types = {
        "string": pa.string,
        "json": pa.string,
        "int64": pa.int64,
        "double": pa.float64,
        "bool": pa.bool_,
        THEMES: lambda: pairs("theme", "score"),
        TERMS: lambda: pairs("term", "weight"),
        NAMES: lambda: pa.list_(pa.string()),
    }
    return pa.schema(
        [
            pa.field(name, types[kind](), metadata={"json": "true"} if kind == "json" else None)
            for name, kind in columns.items()
        ]
    )


def make_table(schema: Any, columns: Sequence[list[Any]]) -> Any:
    """The Arrow table of `columns`, each a list of values of its type in `schema`, None where there is none.

    Raises
    ------
    ValueError
        Where a number is infinite or none at all.
    """
    import pyarrow as pa

    arrays = [_array(field.type, values) for field, values in zip(schema, columns, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def _array(kind: Any, values: list[Any]) -> Any:
    import pyarrow as pa

    n = len(values)
    present = np.array([value is not None for value in values], dtype=np.bool_)
    has_all = bool(present.all())
    validity = None if has_all else _bits(present)
    if pa.types.is_list(kind):
        rows: list[list[Any]] = values if has_all else [value or [] for value in values]
        items = _array(kind.value_type, list(chain.from_iterable(rows)))
        return pa.Array.from_buffers(kind, n, [validity, _offsets(list(map(len, rows)))], children=[items])
    if pa.types.is_struct(kind):
        fields = [_array(field.type, [value[field.name] for value in values]) for field in kind]
        return pa.Array.from_buffers(kind, n, [validity], children=fields)
    if pa.types.is_string(kind):
        encoded = [b"" if value is None else value.encode() for value in values]
        offsets = _offsets(list(map(len, encoded)))
        return pa.Array.from_buffers(kind, n, [validity, offsets, pa.py_buffer(b"".join(encoded))])
    numbers = values if has_all else [value or 0 for value in values]
    if pa.types.is_boolean(kind):
        return pa.Array.from_buffers(kind, n, [validity, _bits(np.array(numbers, dtype=np.bool_))])
    content: npt.NDArray[Any] = np.array(numbers, dtype=np.float64 if pa.types.is_floating(kind) else np.int64)
    if not np.isfinite(content).all():
        raise ValueError("a number of a table is infinite or none at all")
    return pa.Array.from_buffers(kind, n, [validity, pa.py_buffer(content)])


def _bits(flags: npt.NDArray[np.bool_]) -> Any:
    import pyarrow as pa

    return pa.py_buffer(np.packbits(flags, bitorder="little"))


def _offsets(lengths: list[int]) -> Any:
    """Where each of the joined values begins, and where the last one ends, in 32 bits."""
    import pyarrow as pa

    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    if offsets[-1] >= 2**31:
        raise ValueError("more than two gigabytes in one group of rows")
    return pa.py_buffer(offsets.astype(np.int32))


def present(column: Any) -> npt.NDArray[np.bool_]:
    """Which cells of an Arrow column hold something."""
    validity = column.buffers()[0]
    if validity is None or not column.null_count:
        return np.full(len(column), not column.null_count)
    return _flags(validity, column)


def numbers(column: Any, *, missing: int | float = 0) -> npt.NDArray[Any]:
    """An Arrow column of whole numbers or of floats, `missing` where a cell holds nothing."""
    import pyarrow as pa

    kind = column.type
    content = column.buffers()[1]
    if content is None:
        return np.full(len(column), missing)
    width = kind.bit_width // 8
    dtype = f"<f{width}" if pa.types.is_floating(kind) else f"<i{width}"
    found = np.frombuffer(content, dtype=dtype)[column.offset : column.offset + len(column)]
    return np.where(present(column), found, np.dtype(dtype).type(missing)) if column.null_count else found


def flags(column: Any) -> npt.NDArray[np.bool_]:
    """An Arrow column of truth values, False where a cell holds nothing."""
    content = column.buffers()[1]
    return np.zeros(len(column), dtype=np.bool_) if content is None else _flags(content, column) & present(column)


def _flags(bits: Any, column: Any) -> npt.NDArray[np.bool_]:
    first = column.offset // 8
    found = np.unpackbits(np.frombuffer(bits, dtype=np.uint8)[first:], bitorder="little")
    return found[column.offset - 8 * first :][: len(column)].astype(np.bool_)


def places(rows: Sequence[int] | npt.NDArray[np.int64]) -> Any:
    """Positions as an Arrow array, to take cells by."""
    import pyarrow as pa

    found = np.ascontiguousarray(rows, dtype=np.int64)
    return pa.Array.from_buffers(pa.int64(), len(found), [None, pa.py_buffer(found)])


def text_bytes(column: Any) -> tuple[npt.NDArray[np.int64], memoryview]:
    """The texts of an Arrow column in UTF-8, behind one another: text i is `content[bounds[i] : bounds[i + 1]]`.

    A text that is missing is an empty one here.

    Returns
    -------
    bounds : array of shape (n_texts + 1,)
    content : the bytes
    """
    import pyarrow.compute as pc

    if column.null_count:
        column = pc.coalesce(column, _empty_texts(len(column)))
    _, offsets, content = column.buffers()
    if offsets is None or content is None:
        return np.zeros(len(column) + 1, dtype=np.int64), memoryview(b"")
    found = np.frombuffer(offsets, dtype=np.int32)[column.offset : column.offset + len(column) + 1]
    return found.astype(np.int64), memoryview(content)


def _empty_texts(n: int) -> Any:
    import pyarrow as pa

    return pa.Array.from_buffers(pa.string(), n, [None, _offsets([0] * n), pa.py_buffer(b"")])
