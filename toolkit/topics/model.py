"""A fitted topic model: nearest centre in joined space, one text at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.data import NO_TOPIC, Topic
from toolkit.embed import Encoder, Lsa

Vectors = npt.NDArray[np.float32]

_BLOCK_VALUES = 100_000  # products of vectors and centres at once: they stay in the cache


@dataclass(frozen=True, slots=True)
class Space:
    """The joined space of a corpus: static vectors less their mean beside LSA vectors, at unit length.

    The mean is taken away because all segments of one subject look alike in what they share with it; topics are in
    what is left.

    Attributes
    ----------
    mean : float32 array of shape (n_static_dimensions,)
    lsa : the corpus's LSA
    lsa_share : the share of the LSA part in a squared length, in [0, 1]
    """

    mean: Vectors
    lsa: Lsa
    lsa_share: float

    def join(self, static: Vectors, texts: Sequence[str]) -> Vectors:
        """Joined vectors of `texts` from their `static` ones: unit rows, zero where no word is known."""
        spoken = static.any(axis=1)
        centred = unit_rows(static.astype(np.float64) - self.mean)
        centred[~spoken] = 0
        latent = self.lsa.transform(texts).astype(np.float64)
        joined = np.hstack([centred * np.sqrt(1 - self.lsa_share), latent * np.sqrt(self.lsa_share)])
        return unit_rows(joined).astype(np.float32)


@dataclass(frozen=True, slots=True)
class TopicModel:
    """Topics of a corpus and the rule that gives a text its topic.

    A text belongs to the topic with the nearest centre, or to none where its cosine with that centre is below
    `threshold`. The labels of the fitted segments come from the same rule, so fitted and assigned labels agree.

    Attributes
    ----------
    topics : topics 0, 1, ... by size
    engine : what found the clusters
    note : a sentence where something was out of the ordinary, "" otherwise
    centres : float32 array of shape (n_topics, n_dimensions), unit rows
    fitted : (document_id, index) of the segments of the fit, sorted
    coordinates : float32 array of shape (n_fitted, 2) for a map, aligned with `fitted`; None where there is no map
    """

    topics: tuple[Topic, ...]
    engine: str
    note: str
    space: Space
    centres: Vectors
    threshold: float
    fitted: tuple[tuple[str, int], ...] = ()
    coordinates: Vectors | None = None

    def assign(self, texts: Sequence[str], embedder: Encoder) -> list[tuple[int, float]]:
        """The topic of each text, or -1, and its cosine with the topic's centre (the nearest one's for -1)."""
        if not self.topics:
            return [(NO_TOPIC, 0.0) for _ in texts]
        return nearest(self.space.join(embedder.encode(texts), texts), self.centres, self.threshold)

    def without_sources(self) -> TopicModel:
        """The same model without the ids of the segments it was fitted on: for giving away."""
        topics = tuple(replace(topic, exemplars=()) for topic in self.topics)
        return replace(self, topics=topics, fitted=(), coordinates=None)

    def state(self) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
        """What it takes to build it again: JSON-able values, and arrays."""
        lsa_json, lsa_arrays = self.space.lsa.state()
        json = {
            "engine": self.engine,
            "note": self.note,
            "threshold": self.threshold,
            "lsa_share": self.space.lsa_share,
            "lsa": lsa_json,
            "topics": [_topic_state(topic) for topic in self.topics],
            "fitted": [list(key) for key in self.fitted],
        }
        arrays: dict[str, npt.NDArray[Any]] = {"centres": self.centres, "mean": self.space.mean}
        arrays |= {f"lsa.{name}": array for name, array in lsa_arrays.items()}
        if self.coordinates is not None:
            arrays["coordinates"] = self.coordinates
        return json, arrays

    @classmethod
    def from_state(cls, json: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> TopicModel:
        """The model that `state` was taken of."""
        lsa_arrays = {name.removeprefix("lsa."): array for name, array in arrays.items() if name.startswith("lsa.")}
        return cls(
            topics=tuple(_topic_from_state(topic) for topic in json["topics"]),
            engine=json["engine"],
            note=json["note"],
            space=Space(arrays["mean"], Lsa.from_state(json["lsa"], lsa_arrays), json["lsa_share"]),
            centres=arrays["centres"],
            threshold=json["threshold"],
            fitted=tuple((document_id, index) for document_id, index in json["fitted"]),
            coordinates=arrays.get("coordinates"),
        )


def nearest(vectors: Vectors, centres: Vectors, threshold: float) -> list[tuple[int, float]]:
    """The nearest centre of each vector, or -1 below `threshold`, and the cosine, rounded to 6 decimals.

    Each cosine is a sum of its own in 64 bits, so that a row never depends on its batch; ties go to the lower id.
    """
    wide = centres.astype(np.float64)
    found: list[tuple[int, float]] = []
    block = max(1, _BLOCK_VALUES // max(wide.size, 1))
    for start in range(0, len(vectors), block):
        rows = vectors[start : start + block]
        cosines = np.round(np.asarray(np.add.reduce(wide * rows[:, None, :], axis=2)), 6)
        best = cosines.argmax(axis=1)
        cosine = cosines[np.arange(len(rows)), best]
        given = np.where((cosine >= threshold) & rows.any(axis=1), best, NO_TOPIC)
        found += zip(given.tolist(), cosine.tolist(), strict=True)
    return found


def unit_rows(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """`rows` at unit length; zero rows stay zero."""
    lengths = np.sqrt(np.add.reduce(rows * rows, axis=1))
    lengths[lengths == 0] = 1
    return np.asarray(rows / lengths[:, None])


def _topic_state(topic: Topic) -> dict[str, Any]:
    return {
        "topic": topic.topic,
        "name": topic.name,
        "terms": [list(pair) for pair in topic.terms],
        "n_segments": topic.n_segments,
        "n_articles": topic.n_articles,
        "theme": topic.theme,
        "exemplars": [list(key) for key in topic.exemplars],
    }


def _topic_from_state(json: Mapping[str, Any]) -> Topic:
    return Topic(
        topic=json["topic"],
        name=json["name"],
        terms=tuple((term, weight) for term, weight in json["terms"]),
        n_segments=json["n_segments"],
        n_articles=json["n_articles"],
        theme=json["theme"],
        exemplars=tuple((document_id, index) for document_id, index in json["exemplars"]),
    )
