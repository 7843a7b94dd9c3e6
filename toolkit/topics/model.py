"""A fitted topic model: a text to its topic, by one linear rule in joined space."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.data import NO_TOPIC, Topic
from toolkit.embed import Encoder
from toolkit.lsa import Lsa
from toolkit.topics.landmarks import Landmarks
from toolkit.topics.registry import NO_REGISTRY, Registry
from toolkit.topics.rule import Rule

Vectors = npt.NDArray[np.float32]


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

    The labels of the fitted segments come from the same rule, so fitted and assigned labels agree.

    Attributes
    ----------
    topics : the topics in the order of the rule's rows; row r is that of `topics[r]`, whose id may be any number
    engine : what found the groups
    note : a sentence where something was out of the ordinary, "" otherwise
    fitted : (document_id, index) of the segments of the fit, sorted
    landmarks : what new texts are put on the map by; None where there is no map
    selection : how the number of topics was chosen: the stability of every number tried
    registry : every id of this line of models, with names, colours and aliases; empty straight after a fit
    """

    topics: tuple[Topic, ...]
    engine: str
    note: str
    space: Space
    rule: Rule
    fitted: tuple[tuple[str, int], ...] = ()
    landmarks: Landmarks | None = None
    selection: Mapping[str, Any] = field(default_factory=dict)
    registry: Registry = NO_REGISTRY

    @property
    def centres(self) -> Vectors:
        """The centres of the topics: float32 array of shape (n_topics, n_dimensions), unit rows."""
        return self.rule.centres

    @property
    def threshold(self) -> float:
        """The cosine with its topic's centre below which a text has no topic."""
        return self.rule.threshold

    def assign(self, texts: Sequence[str], embedder: Encoder) -> list[tuple[int, float]]:
        """The topic of each text, or -1, and its cosine with the topic's centre (the nearest in kind for -1).

        Ids that were merged are given as the id they go by now.
        """
        ids = [*self.ids(), NO_TOPIC]  # row -1 is none
        return [(ids[row], cosine) for row, cosine in self.rows(texts, embedder)]

    def rows(self, texts: Sequence[str], embedder: Encoder) -> list[tuple[int, float]]:
        """The row of the rule that each text falls to, or -1, and its cosine with that row's centre."""
        if not self.topics:
            return [(NO_TOPIC, 0.0) for _ in texts]
        rows, cosines = self.rule.give(self.space.join(embedder.encode(texts), texts))
        return list(zip(rows.tolist(), cosines.tolist(), strict=True))

    def ids(self) -> list[int]:
        """The id each row of the rule stands for, merges applied."""
        targets = self.registry.targets()
        return [targets.get(topic.topic, topic.topic) for topic in self.topics]

    def shown(self) -> tuple[Topic, ...]:
        """The topics as a reader sees them, largest first: merged ones as one, people's names in force.

        A merged topic has the terms of all its parts, by their weight and size, and the theme most of it is under.
        An article in several parts of a merged topic is counted once for each of them in its `n_articles`.
        """
        parts: dict[int, list[Topic]] = {}
        for topic, shown_as in zip(self.topics, self.ids(), strict=True):
            parts.setdefault(shown_as, []).append(topic)
        names = {entry.topic: entry.shown_name for entry in self.registry.entries}
        found = []
        for shown_as, merged in parts.items():
            own = next((topic for topic in merged if topic.topic == shown_as), merged[0])
            found.append(
                replace(
                    own,
                    topic=shown_as,
                    name=names.get(shown_as, own.name),
                    terms=own.terms if len(merged) == 1 else _joined_terms(merged),
                    theme=own.theme if len(merged) == 1 else _common_theme(merged),
                    n_segments=sum(topic.n_segments for topic in merged),
                    n_articles=sum(topic.n_articles for topic in merged),
                    stability=own.stability if len(merged) == 1 else None,  # of the whole it was not measured
                )
            )
        return tuple(sorted(found, key=lambda topic: -topic.n_segments))  # stable: equal sizes stay in order

    def as_first(self, *, corpus_hash: str, date: str | None = None) -> TopicModel:
        """The same model with a register of its own: it continues no other."""
        return replace(self, registry=Registry.first(self.topics, corpus_hash=corpus_hash, date=date))

    def without_sources(self) -> TopicModel:
        """The same model without the ids of the segments it was fitted on: for giving away."""
        topics = tuple(replace(topic, exemplars=()) for topic in self.topics)
        return replace(self, topics=topics, fitted=())

    def state(self) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
        """What it takes to build it again, but for the registry: JSON-able values, and arrays."""
        lsa_json, lsa_arrays = self.space.lsa.state()
        json = {
            "engine": self.engine,
            "note": self.note,
            "threshold": self.threshold,
            "selection": dict(self.selection),
            "lsa_share": self.space.lsa_share,
            "lsa": lsa_json,
            "topics": [_topic_state(topic) for topic in self.topics],
            "fitted": [list(key) for key in self.fitted],
        }
        arrays: dict[str, npt.NDArray[Any]] = {
            "centres": self.rule.centres,
            "weights": self.rule.weights,
            "offsets": self.rule.offsets,
            "mean": self.space.mean,
        }
        arrays |= {f"lsa.{name}": array for name, array in lsa_arrays.items()}
        if self.landmarks is not None:
            arrays |= {f"landmarks.{name}": array for name, array in self.landmarks.state().items()}
        return json, arrays

    @classmethod
    def from_state(
        cls, json: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]], registry: Registry | None = None
    ) -> TopicModel:
        """The model that `state` was taken of, with its registry, which is stored apart."""
        lsa_arrays = {name.removeprefix("lsa."): array for name, array in arrays.items() if name.startswith("lsa.")}
        has_map = "landmarks.vectors" in arrays
        return cls(
            topics=tuple(_topic_from_state(topic) for topic in json["topics"]),
            engine=json["engine"],
            note=json["note"],
            space=Space(arrays["mean"], Lsa.from_state(json["lsa"], lsa_arrays), json["lsa_share"]),
            rule=Rule(arrays["centres"], arrays["weights"], arrays["offsets"], json["threshold"]),
            fitted=tuple((document_id, index) for document_id, index in json["fitted"]),
            landmarks=Landmarks(arrays["landmarks.vectors"], arrays["landmarks.coordinates"]) if has_map else None,
            selection=json["selection"],
            registry=registry or NO_REGISTRY,
        )


def unit_rows(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """`rows` at unit length; zero rows stay zero."""
    lengths = np.sqrt(np.add.reduce(rows * rows, axis=1))
    lengths[lengths == 0] = 1
    return np.asarray(rows / lengths[:, None])


def _joined_terms(merged: Sequence[Topic]) -> tuple[tuple[str, float], ...]:
    """The terms of topics that are one now, weighed by the share of its segments; singular and plural count once."""
    n_segments = max(sum(topic.n_segments for topic in merged), 1)
    weights: dict[str, float] = {}
    shown: dict[str, str] = {}
    for topic in merged:
        for term, weight in topic.terms:
            key = term.casefold().removesuffix("s")
            weights[key] = weights.get(key, 0.0) + weight * topic.n_segments / n_segments
            shown.setdefault(key, term)
    best = sorted(weights, key=lambda key: (-round(weights[key], 6), key))[: max(len(topic.terms) for topic in merged)]
    return tuple((shown[key], round(weights[key], 6)) for key in best)


def _common_theme(merged: Sequence[Topic]) -> str | None:
    sizes: Counter[str | None] = Counter()
    for topic in merged:
        sizes[topic.theme] += topic.n_segments
    return max(sizes, key=lambda theme: (sizes[theme], theme or ""))


def _topic_state(topic: Topic) -> dict[str, Any]:
    return {
        "topic": topic.topic,
        "name": topic.name,
        "terms": [list(pair) for pair in topic.terms],
        "n_segments": topic.n_segments,
        "n_articles": topic.n_articles,
        "theme": topic.theme,
        "exemplars": [list(key) for key in topic.exemplars],
        "stability": topic.stability,
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
        stability=json["stability"],
    )
