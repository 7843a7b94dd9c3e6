"""The texts of articles, from the segments of a results folder: only of those a page shows."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection

from toolkit.data import Results
from toolkit.report.rows import Row, count_of, text_of


def segments_of(results: Results, document_ids: Collection[str]) -> dict[str, tuple[Row, ...]]:
    """The segments of these articles in their order; joined they give back the article's text."""
    wanted = set(document_ids)
    found: dict[str, list[Row]] = defaultdict(list)
    for row in results.segments:
        document_id = text_of(row, "document_id")
        if document_id in wanted:
            found[document_id].append(row)
    return {
        document_id: tuple(sorted(rows, key=lambda row: count_of(row, "index"))) for document_id, rows in found.items()
    }


def text_hashes(results: Results) -> dict[str, str]:
    """For each article the SHA-256, in hexadecimal, of its text in UTF-8."""
    digests: dict[str, hashlib._Hash] = {}
    for row in results.segments:  # sorted by article and index
        document_id = text_of(row, "document_id")
        if document_id not in digests:
            digests[document_id] = hashlib.sha256()
        digests[document_id].update(text_of(row, "text").encode("utf-8", "replace"))
    return {document_id: digest.hexdigest() for document_id, digest in digests.items()}
