"""Segments as columns: a batch at a time, so that a million of them are counted without a million Python objects.

Rows in memory and rows of JSON lines are made into the same columns, whatever their cells hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from toolkit.data import KEPT_ROLES, NO_TOPIC, Rows
from toolkit.files import ParquetRows, segment_columns
from toolkit.files.arrow import flags, numbers, places, present
from toolkit.report.rows import Row, count_of, number_of, text_of, theme_scores

if TYPE_CHECKING:
    import pyarrow as pa

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
_BATCH_ROWS = 20_000
_TEXTS = ("document_id", "role", "reason", "on_topic")
_COUNTS = ("index", "start", "end", "topic")
_COLUMNS = {
    name: kind
    for name, kind in segment_columns(with_xpath=False).items()
    if name in (*_TEXTS, *_COUNTS, "kept", "relevance", "themes", "text")
}


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of texts that repeat: row i holds `values[codes[i]]`, "" where it holds nothing."""

    values: tuple[str, ...]
    codes: Ints


@dataclass(frozen=True, slots=True)
class SegmentBatch:
    """Some segments in their order, as columns of equal length.

    Attributes
    ----------
    relevance : in [0, 1]; 0 where it is not stated
    n_characters : array of the lengths of the texts themselves
    texts, themes : the texts, and the scores of themes, of the rows at these positions
    """

    document: Coded
    role: Coded
    reason: Coded
    on_topic: Coded
    index: Ints
    start: Ints
    end: Ints
    topic: Ints
    kept: Flags
    relevance: npt.NDArray[np.float64]
    n_characters: Ints
    texts: Callable[[Sequence[int] | Ints], list[str]]
    themes: Callable[[Sequence[int] | Ints], list[dict[str, float]]]


def segment_batches(rows: Rows) -> Iterator[SegmentBatch]:
    """All segments in their order, a batch at a time."""
    if isinstance(rows, ParquetRows) and rows.has(_COLUMNS):
        yield from map(_of_columns, rows.batches(list(_COLUMNS)))
        return
    found = iter(rows)
    while batch := list(islice(found, _BATCH_ROWS)):
        yield _of_rows(batch)


def _of_columns(batch: pa.RecordBatch) -> SegmentBatch:
    import pyarrow.compute as pc

    columns: dict[str, Any] = {name: batch.column(name) for name in _COLUMNS}
    counts = {name: numbers(columns[name], missing=NO_TOPIC if name == "topic" else 0) for name in _COUNTS}
    relevance = numbers(columns["relevance"])
    role = coded(columns["role"])

    def texts(rows: Sequence[int] | Ints) -> list[str]:
        found: list[str | None] = columns["text"].take(places(rows)).to_pylist()
        return [text or "" for text in found]

    def themes(rows: Sequence[int] | Ints) -> list[dict[str, float]]:
        return [theme_scores(value) for value in columns["themes"].take(places(rows)).to_pylist()]

    return SegmentBatch(
        document=coded(columns["document_id"]),
        role=role,
        reason=coded(columns["reason"]),
        on_topic=coded(columns["on_topic"]),
        **counts,
        kept=_kept(flags(columns["kept"]), ~present(columns["kept"]), role),
        relevance=np.where(np.isfinite(relevance), relevance, 0.0),
        n_characters=numbers(pc.utf8_length(columns["text"])).astype(np.int64),
        texts=texts,
        themes=themes,
    )


def _of_rows(rows: Sequence[Row]) -> SegmentBatch:
    text = [text_of(row, "text") for row in rows]
    coded = {name: _coded_texts([text_of(row, name) for row in rows]) for name in _TEXTS}
    counts = {
        name: np.array([count_of(row, name, NO_TOPIC if name == "topic" else 0) for row in rows], dtype=np.int64)
        for name in _COUNTS
    }
    kept = [row.get("kept") for row in rows]
    return SegmentBatch(
        document=coded["document_id"],
        role=coded["role"],
        reason=coded["reason"],
        on_topic=coded["on_topic"],
        **counts,
        kept=_kept(np.array(list(map(bool, kept))), np.array([value is None for value in kept]), coded["role"]),
        relevance=np.array([number_of(row, "relevance") or 0.0 for row in rows], dtype=np.float64),
        n_characters=np.array(list(map(len, text)), dtype=np.int64),
        texts=lambda chosen: [text[i] for i in chosen],
        themes=lambda chosen: [theme_scores(rows[i].get("themes")) for i in chosen],
    )


def _kept(stated: Flags, unstated: Flags, role: Coded) -> Flags:
    """What is kept: as stated, else by the role."""
    by_role = np.array([value in KEPT_ROLES for value in role.values], dtype=np.bool_)
    return np.where(unstated, by_role[role.codes], stated)


def coded(column: Any) -> Coded:
    """A column of Arrow texts as a coded one."""
    encoded = column.dictionary_encode()
    values: list[str] = encoded.dictionary.to_pylist()
    codes = numbers(encoded.indices, missing=len(values)).astype(np.int64)
    if encoded.indices.null_count:
        values.append("")
    return Coded(tuple(values), codes)


def _coded_texts(texts: Sequence[str]) -> Coded:
    code_of: dict[str, int] = {}
    codes = np.array([code_of.setdefault(text, len(code_of)) for text in texts], dtype=np.int64)
    return Coded(tuple(code_of), codes)
