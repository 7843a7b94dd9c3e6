"""Lines that a source repeats on page after page: menus, sign-up boxes, footers.

Learned from a sample of documents chosen by a hash of their ids, so that the memory is bounded and the outcome does
not depend on the order in which documents come.
"""

from __future__ import annotations

import hashlib
import heapq
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.data import Document
from toolkit.segment.lexicon import WORD
from toolkit.segment.paragraphs import split_paragraphs

MAX_SAMPLE = 20_000  # documents; at about 60 lines of 8 bytes each, 10 MB
MAX_LINES = 2_000  # of one document
MAX_KEY = 200  # characters; a longer line that returns is more likely a wire copy than a page's furniture
MIN_DOCUMENTS = 3
MIN_SHARE = 0.01  # of the source's documents in the sample
_DIGITS = re.compile(r"\d+")


@lru_cache(maxsize=20_000)
def line_hash(key: str) -> int:
    """64 bits of a line's words; numbers are masked, so that a counter or a date does not hide a repeated line."""
    masked = _DIGITS.sub("0", key)
    return int.from_bytes(hashlib.blake2b(masked.encode("utf-8", "replace"), digest_size=8).digest(), "little")


def source_of(document: Document) -> str:
    """Whose page it is: the outlet, or else the host of its URL, or else "" (the whole corpus)."""
    if document.outlet:
        return document.outlet
    if document.url:
        host = document.url.partition("//")[2].partition("/")[0].lower()
        return host.removeprefix("www.")
    return ""


@dataclass(frozen=True, slots=True)
class RepeatedLines:
    """Per source, the share of its documents in which a line stands, for the lines that repeat.

    `shares_by_source[source][line_hash(key)]` is in (0, 1].
    """

    n_documents: Mapping[str, int] = field(default_factory=dict)
    shares_by_source: Mapping[str, Mapping[int, float]] = field(default_factory=dict)

    def knows(self, document: Document) -> bool:
        """Whether enough pages of the document's source were seen to tell what repeats there."""
        return self.n_documents.get(source_of(document), 0) >= MIN_DOCUMENTS

    def shares(self, document: Document, keys: list[str]) -> npt.NDArray[np.float32]:
        """For each line (its words in lower case), the share of the source's documents that have it; 0 if rare."""
        known = self.shares_by_source.get(source_of(document))
        if not known:
            return np.zeros(len(keys), dtype=np.float32)
        share = known.get
        return np.array(
            [share(line_hash(key), 0.0) if 0 < len(key) <= MAX_KEY else 0.0 for key in keys], dtype=np.float32
        )

    def state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """JSON values and arrays for the store."""
        sources = sorted(self.n_documents)
        rows = [
            (number, key, share)
            for number, source in enumerate(sources)
            for key, share in sorted(self.shares_by_source.get(source, {}).items())
        ]
        return {"sources": [[source, self.n_documents[source]] for source in sources]}, {
            "source": np.array([row[0] for row in rows], dtype=np.int32),
            "hash": np.array([row[1] for row in rows], dtype=np.uint64),
            "share": np.array([row[2] for row in rows], dtype=np.float32),
        }

    @classmethod
    def from_state(cls, values: dict[str, Any], arrays: dict[str, np.ndarray]) -> RepeatedLines:
        """The object whose `state` this is."""
        names = [str(source) for source, _ in values["sources"]]
        shares: dict[str, dict[int, float]] = {name: {} for name in names}
        columns = (arrays["source"].tolist(), arrays["hash"].tolist(), arrays["share"].tolist())
        for number, key, share in zip(*columns, strict=True):
            shares[names[number]][key] = share
        return cls({str(source): int(n) for source, n in values["sources"]}, shares)


class RepeatCounter:
    """Counts lines document by document; `finish` gives what repeats. The order of documents does not matter."""

    def __init__(self, max_sample: int = MAX_SAMPLE) -> None:
        self._max_sample = max_sample
        self._sample: list[tuple[int, str, str, npt.NDArray[np.uint64]]] = []  # a max-heap by hash of the id

    def add(self, document: Document) -> None:
        """Count the lines of one more document."""
        rank = -int.from_bytes(hashlib.blake2b(document.document_id.encode("utf-8", "replace"), digest_size=7).digest())
        full = len(self._sample) >= self._max_sample
        if full and rank <= self._sample[0][0]:
            return
        text = document.text
        hashes = set()
        for paragraph in split_paragraphs(document)[0][:MAX_LINES]:
            if paragraph.end - paragraph.start <= MAX_KEY:
                key = " ".join(WORD.findall(text[paragraph.start : paragraph.end].lower()))
                if key:
                    hashes.add(line_hash(key))
        entry = (rank, document.document_id, source_of(document), np.array(sorted(hashes), dtype=np.uint64))
        if full:
            heapq.heappushpop(self._sample, entry)
        else:
            heapq.heappush(self._sample, entry)

    def finish(self) -> RepeatedLines:
        """The lines that stand in at least three documents, and in one of a hundred, of their source."""
        by_source: dict[str, list[npt.NDArray[np.uint64]]] = {}
        for _, _, source, hashes in self._sample:
            by_source.setdefault(source, []).append(hashes)
        n_documents = {source: len(by_source[source]) for source in sorted(by_source)}
        shares: dict[str, dict[int, float]] = {}
        for source, n in n_documents.items():
            counts = Counter(np.concatenate(by_source[source]).tolist())
            enough = max(MIN_DOCUMENTS, MIN_SHARE * n)
            shares[source] = {
                key: round(float(np.float32(count / n)), 6) for key, count in sorted(counts.items()) if count >= enough
            }
        return RepeatedLines(n_documents, shares)


def learn_repeats(documents: Iterable[Document] = ()) -> RepeatCounter:
    """A counter that has seen `documents`; `add` more, then `finish`."""
    counter = RepeatCounter()
    for document in documents:
        counter.add(document)
    return counter
