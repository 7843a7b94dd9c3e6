"""The texts of articles, from the segments of a results folder: only of those a page shows."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator
from itertools import pairwise

import numpy as np

from toolkit.data import Results, Rows
from toolkit.files import ParquetRows
from toolkit.files.arrow import text_bytes
from toolkit.report.rows import Row, count_of, text_of
from toolkit.report.segments import coded

_COLUMNS = {"document_id": "string", "text": "string"}


def segments_of(results: Results, document_ids: Collection[str]) -> dict[str, tuple[Row, ...]]:
    """The segments of these articles in their order; joined they give back the article's text."""
    wanted = frozenset(document_ids)
    rows = results.segments
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows.select("document_id", wanted) if isinstance(rows, ParquetRows) else rows:
        document_id = text_of(row, "document_id")
        if document_id in wanted:
            found[document_id].append(row)
    return {
        document_id: tuple(sorted(rows, key=lambda row: count_of(row, "index"))) for document_id, rows in found.items()
    }


def text_hashes(results: Results) -> dict[str, str]:
    """For each article the SHA-256, in hexadecimal, of its text in UTF-8."""
    digests: dict[str, hashlib._Hash] = {}
    for document_id, text in _texts(results.segments):  # sorted by article and index
        if document_id not in digests:
            digests[document_id] = hashlib.sha256()
        digests[document_id].update(text)
    return {document_id: digest.hexdigest() for document_id, digest in digests.items()}


def _texts(rows: Rows) -> Iterator[tuple[str, bytes | memoryview]]:
    """Pieces of the texts of articles in UTF-8, in their order."""
    if not (isinstance(rows, ParquetRows) and rows.has(_COLUMNS)):
        for row in rows:
            yield text_of(row, "document_id"), text_of(row, "text").encode("utf-8", "replace")
        return
    for batch in rows.batches(list(_COLUMNS)):
        document = coded(batch.column("document_id"))
        firsts = np.flatnonzero(np.diff(document.codes, prepend=-1)).tolist()
        bounds, content = text_bytes(batch.column("text"))
        for first, end in pairwise([*firsts, len(document.codes)]):
            # The texts of a column lie behind one another, so those of one article are one piece of memory.
            yield document.values[document.codes[first]], content[bounds[first] : bounds[end]]
