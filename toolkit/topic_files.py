"""What a results folder says of its topics beyond their table: evidence, shares, a map, a card each, and a tree."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.clean import View, normalise, normalised_text
from toolkit.data import NO_TOPIC, Topic
from toolkit.duplicates import Words32, compare
from toolkit.embed import Encoder
from toolkit.files import (
    TOPIC_CARDS,
    TOPIC_EVIDENCE,
    TOPIC_MAP,
    TOPIC_SHARES,
    TOPIC_TREE,
    atomic_write_bytes,
    write_map,
    write_shares,
)
from toolkit.topic_map import TopicMap
from toolkit.topics import TopicModel
from toolkit.topics.evidence import TermEvidence, TermFinder
from toolkit.topics.model import unit_rows
from toolkit.topics.passages import Passage, Passages, choose_diverse, choose_sentence, sentences, stands_alone
from toolkit.topics.shares import MAX_BURST_STORY, STORY_RESEMBLANCE, Key, TopicShares, time_unit
from toolkit.topics.tree import merge_tree, tree_order

Row = Mapping[str, Any]


class TopicFiles:
    """Reads the rows of a run as they are published, and writes the files about topics at the end.

    Parameters
    ----------
    model : the topics and the space they lie in
    dates : how many articles on the subject have each date
    side_ids : whose `places_*` columns are counted
    no_places : names in these columns that are peoples and organisations: shares are counted by place
    """

    def __init__(
        self,
        model: TopicModel,
        embedder: Encoder,
        *,
        dates: Counter[str],
        side_ids: Sequence[str],
        no_places: frozenset[str] = frozenset(),
    ) -> None:
        self._model, self._embedder, self._side_ids, self._no_places = model, embedder, side_ids, no_places
        self._topics = model.shown()
        self._centres = _centres(model, self._topics)
        self._evidence = TermEvidence(self._topics, normalised=_read, view=_view)
        self._passages = Passages()
        self._map = TopicMap(model, embedder)
        self._shares = TopicShares(self._topics, time_unit(dates))
        self._weights = {topic.topic: [weight for _, weight in topic.terms] for topic in self._topics}

    def add(self, article: Row, segments: Sequence[Row], *, copy_of: str | None, story_of: str | None) -> None:
        """Take in one article, in the order of ids.

        Parameters
        ----------
        copy_of : the article this is a near-copy of: copies add no evidence
        story_of : the same where that article is on the subject: copies of others count as articles of their own
        """
        document_id, outlet = article["document_id"], article["outlet"]
        if copy_of is None:
            by_index = {row["index"]: row for row in segments}
            for topic, held in self._evidence.add(document_id, outlet, segments).items():
                for index, numbers in held.items():
                    if numbers and article["on_topic"] != "off":
                        weight = sum(self._weights[topic][number] for number in sorted(numbers))
                        is_unsure = article["on_topic"] == "unsure"
                        self._passages.add(topic, weight, document_id, outlet, by_index[index], is_unsure=is_unsure)
        if article["on_topic"] == "on" and copy_of is None:
            self._map.add(segments)
        if article["on_topic"] == "on":
            self._shares.add(
                document_id,
                {row["topic"] for row in segments if row["on_topic"] == "on"} - {NO_TOPIC},
                date=article["date"],
                outlet=outlet,
                places={
                    side: [name for name in article[f"places_{side}"] if name not in self._no_places]
                    for side in self._side_ids
                },
                copy_of=story_of,
            )

    def write(
        self, folder: Path, formats: Sequence[str], signatures: Iterable[tuple[str, str | None, bytes]]
    ) -> list[Path]:
        """Write the files; their paths. `signatures` are those of `find_duplicates`."""
        bursts = self._bursts(signatures)
        _write_lines(folder / TOPIC_EVIDENCE, self._evidence.rows())
        _write_lines(folder / TOPIC_CARDS, (self._card(row) for row in range(len(self._topics))))
        nodes = merge_tree(self._topics, self._centres)
        tree = {"order": tree_order(self._topics, nodes), "nodes": nodes}
        atomic_write_bytes(
            folder / TOPIC_TREE, (json.dumps(tree, ensure_ascii=False) + "\n").encode("utf-8", "replace")
        )
        write_shares(folder, formats, self._shares.rows(bursts))
        write_map(folder, formats, self._map.rows())
        tables = [f"{table}.{suffix}" for table in (TOPIC_SHARES, TOPIC_MAP) for suffix in formats]
        names = [TOPIC_EVIDENCE, TOPIC_CARDS, TOPIC_TREE, *tables]
        return [folder / name for name in names]

    def _bursts(self, signatures: Iterable[tuple[str, str | None, bytes]]) -> dict[Key, float]:
        """The candidates whose articles do not mostly tell one story, reworked or not."""
        candidates = self._shares.candidates()
        wanted = {document_id for key in candidates for document_id in self._shares.articles(key)}
        known: dict[str, Words32] = {}
        if wanted:
            known = {
                document_id: np.frombuffer(signature, dtype="<u4")
                for document_id, _, signature in signatures
                if document_id in wanted
            }
        return {
            key: p
            for key, p in candidates.items()
            if _largest_story(self._shares.articles(key), known) <= MAX_BURST_STORY
        }

    def _card(self, row: int) -> dict[str, Any]:
        """One topic: its sentence, its exemplars of this run, and what dominates it."""
        topic = self._topics[row]
        passages = self._passages.of(topic.topic, lambda source: _read(source, _is_wrapped(source)))
        centrality = self._centrality(row, [passage.text for passage in passages])
        chosen = choose_diverse(
            [passage.text for passage in passages],
            centrality,
            [(passage.document_id, passage.index) for passage in passages],
            [passage.outlet for passage in passages],
        )
        keys = ("document_id", "index", "start", "end")
        return {
            "topic": topic.topic,
            "summary": self._summary(row, passages),
            "exemplars": [{key: getattr(passages[i], key) for key in keys} for i in chosen],
            "flags": self._shares.flags(topic.topic),
        }

    def _summary(self, row: int, passages: Sequence[Passage]) -> dict[str, Any] | None:
        topic = self._topics[row]
        finder = TermFinder([term for term, _ in topic.terms])
        found = [
            (passage, start, end)
            for passage in passages
            for start, end in sentences(passage.text)
            if stands_alone(passage.text[start:end])
        ]
        terms = [sorted({n for n, _, _ in finder.find(passage.text[start:end])}) for passage, start, end in found]
        best = choose_sentence(
            found,
            self._centrality(row, [passage.text[start:end] for passage, start, end in found]),
            [sum(topic.terms[n][1] for n in numbers) for numbers in terms],
            [len(numbers) for numbers in terms],
        )
        if best is None:
            return None
        passage, start, end = found[best]
        low, high = _view(passage.source, _is_wrapped(passage.source)).source_span(start, end)
        return {
            "text": passage.text[start:end],
            "document_id": passage.document_id,
            "index": passage.index,
            "start": passage.start + low,
            "end": passage.start + high,
        }

    def _centrality(self, row: int, texts: Sequence[str]) -> list[float]:
        """The cosine of each text with the centre of a topic."""
        if not texts:
            return []
        vectors = self._model.space.join(self._embedder.encode(texts), texts).astype(np.float64)
        centre = self._centres[row].astype(np.float64)
        return [round(float(cosine), 6) for cosine in np.asarray(np.add.reduce(vectors * centre, axis=1))]


def _centres(model: TopicModel, topics: Sequence[Topic]) -> npt.NDArray[np.float32]:
    """The centre of each topic as it is shown: of merged ones the mean of their parts, by their size."""
    centres = np.zeros((len(topics), model.centres.shape[1]))
    place = {topic.topic: i for i, topic in enumerate(topics)}
    for part, shown_as, centre in zip(model.topics, model.ids(), model.centres.astype(np.float64), strict=True):
        centres[place[shown_as]] += part.n_segments * centre
    return np.round(unit_rows(centres), 6).astype(np.float32)


def _is_wrapped(text: str) -> bool:
    return "\n" in text.strip()


def _read(text: str, hard_wrapped: bool) -> str:
    return normalised_text(text, hard_wrapped=hard_wrapped)


def _view(text: str, hard_wrapped: bool) -> View:
    return normalise(text, hard_wrapped=hard_wrapped)


def _largest_story(document_ids: Sequence[str], signatures: Mapping[str, Words32]) -> float:
    """The share of the articles that tell the story most of them tell; an article is of the first that it resembles."""
    stories: list[list[str]] = []
    for document_id in document_ids:
        own = signatures.get(document_id)
        for story in stories:
            first = signatures.get(story[0])
            if own is not None and first is not None and compare(own, first)[0] >= STORY_RESEMBLANCE:
                story.append(document_id)
                break
        else:
            stories.append([document_id])
    return max((len(story) for story in stories), default=0) / max(len(document_ids), 1)


def _write_lines(path: Path, rows: Iterable[Row]) -> None:
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    atomic_write_bytes(path, lines.encode("utf-8", "replace"))
