"""The map of a run: where its segments lie among the landmarks of the model."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from toolkit.clean import normalised_text
from toolkit.data import NO_TOPIC
from toolkit.embed import Encoder
from toolkit.topics import TopicModel

MAX_SEGMENTS = 20_000  # of a larger run a sample is on the map: more dots than a screen can tell apart say no more
_BATCH = 2_000  # texts embedded together


class TopicMap:
    """Gathers the segments that have a topic and puts them on the map of the model; none where it has no landmarks."""

    def __init__(self, model: TopicModel, embedder: Encoder) -> None:
        self._model, self._embedder = model, embedder
        self._held: list[tuple[int, str, int, int, str]] = []  # a heap: the smallest checksums stay

    def add(self, segments: Sequence[Mapping[str, Any]]) -> None:
        """Take in the rows of one article on the subject."""
        if self._model.landmarks is None:
            return
        for row in segments:
            if row["on_topic"] == "on" and row["topic"] != NO_TOPIC:
                key = f"{row['document_id']}\0{row['index']}".encode("utf-8", "replace")
                rank = int.from_bytes(hashlib.blake2b(key, digest_size=8).digest())
                if len(self._held) < MAX_SEGMENTS or -rank > self._held[0][0]:
                    put = heapq.heappush if len(self._held) < MAX_SEGMENTS else heapq.heappushpop
                    put(self._held, (-rank, row["document_id"], row["index"], row["topic"], row["text"]))

    def rows(self) -> Iterator[dict[str, Any]]:
        """Rows of `topic_map.*`, sorted by article and index."""
        landmarks = self._model.landmarks
        if landmarks is None:
            return
        held = sorted(self._held, key=lambda item: item[1:3])
        for start in range(0, len(held), _BATCH):
            batch = held[start : start + _BATCH]
            texts = [normalised_text(item[4], hard_wrapped="\n" in item[4].strip()) for item in batch]
            places = landmarks.place(self._model.space.join(self._embedder.encode(texts), texts))
            for (_, document_id, index, topic, _), (x, y) in zip(batch, places.tolist(), strict=True):
                if not np.isnan(x):
                    yield {"document_id": document_id, "index": index, "x": x, "y": y, "topic": topic}
