"""Topics of two runs, matched: by their ids where one register numbered both, else by the segments they share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from toolkit.data import NO_TOPIC, Results, Rows
from toolkit.files import ParquetRows
from toolkit.files.arrow import numbers
from toolkit.report.rows import Row, count_of, items_of, text_of
from toolkit.report.segments import Coded, coded
from toolkit.report.tally import Tally, TopicTally

BY_REGISTER, BY_SEGMENTS, NOT_MATCHED = "register", "segments", "not matched"
MAJORITY = 0.5  # more than half of either is the other: then no topic can be matched twice, and no order decides
Ints = npt.NDArray[np.int64]
_COLUMNS = {"document_id": "string", "start": "int64", "topic": "int64"}
_MOST_CHARACTERS = 1 << 32  # no document is longer, so article and start fit one number
NAMED_SHARE = 0.2  # smaller parts of a topic are not named as what it came from or went to


@dataclass(frozen=True, slots=True)
class TopicChange:
    """A topic of two runs, or of one: `kind` is kept, new or gone.

    `before` and `after` count on-topic articles that hold it, None in a run that has no such topic. `shared` is the
    share of the segments of both, in articles of both runs, that are in both (Jaccard); None where that is not known.
    `kin` says where a topic that is gone went, or where a new one came from: `(name, share)`, largest first; the share
    is None where the register says so and nothing was counted.
    """

    kind: str
    id_before: int | None
    id_after: int | None
    name_before: str
    name_after: str
    before: int | None
    after: int | None
    shared: float | None = None
    kin: tuple[tuple[str, float | None], ...] = ()


def match_topics(
    before: Results, after: Results, first: Tally, second: Tally, same_text: Collection[str]
) -> tuple[tuple[TopicChange, ...], str]:
    """The topics of both runs, matched where they can be, and by what; `same_text` are articles equal in both."""
    old = {topic.topic: topic for topic in first.topics}
    new = {topic.topic: topic for topic in second.topics}
    if not old and not new:
        return (), NOT_MATCHED
    shared = _Overlap.of(before, after, same_text)
    if of_one_register(before.run, after.run):
        by, pairs = BY_REGISTER, {topic: topic for topic in old if topic in new}
        merged, parents = _aliases(after.run), _parents(after.run)
    elif shared.table:
        by, pairs = BY_SEGMENTS, shared.majorities()
        merged, parents = {}, {}
    else:
        return (), NOT_MATCHED
    continued = {into: topic for topic, into in pairs.items()}
    changes = []
    for topic in new:
        if topic in continued:
            earlier = continued[topic]
            changes.append(_change("kept", old[earlier], new[topic], shared.jaccard(earlier, topic), ()))
    for topic in new:
        if topic not in continued:
            from_parents = tuple((parent, None) for parent in parents.get(topic, ()))
            changes.append(_change("new", None, new[topic], None, _named(from_parents or shared.came(topic), old)))
    for topic in old:
        if topic not in pairs:
            into = ((merged[topic], None),) if topic in merged else shared.went(topic)
            changes.append(_change("gone", old[topic], None, None, _named(into, new)))
    return tuple(changes), by


def _change(
    kind: str,
    old: TopicTally | None,
    new: TopicTally | None,
    shared: float | None,
    kin: tuple[tuple[str, float | None], ...],
) -> TopicChange:
    return TopicChange(
        kind,
        None if old is None else old.topic,
        None if new is None else new.topic,
        "" if old is None else old.name,
        "" if new is None else new.name,
        None if old is None else old.n_articles,
        None if new is None else new.n_articles,
        shared,
        kin,
    )


def _named(
    kin: Iterable[tuple[int, float | None]], topics: Mapping[int, TopicTally]
) -> tuple[tuple[str, float | None], ...]:
    return tuple((topics[topic].name, share) for topic, share in kin if topic in topics)


def of_one_register(before: Row, after: Row) -> bool:
    """Whether the ids of topics mean the same in both runs: one model's line of registers begins the other's."""
    first, second = _lineage(before), _lineage(after)
    n = min(len(first), len(second))
    return n > 0 and first[:n] == second[:n]


def _card(run: Row) -> Row:
    model = run.get("model")
    card = model.get("card") if isinstance(model, Mapping) else None
    return card if isinstance(card, Mapping) else {}


def _lineage(run: Row) -> list[str]:
    return [str(mark) for mark in items_of(_card(run), "topic_lineage")]


def _listed(run: Row, key: str) -> dict[int, tuple[int, ...]]:
    """Topic → the ids in its list `key`."""
    rows = [row for row in items_of(_card(run), "topics") if isinstance(row, Mapping)]
    return {count_of(row, "topic", NO_TOPIC): tuple(int(item) for item in items_of(row, key)) for row in rows}


def _parents(run: Row) -> dict[int, tuple[int, ...]]:
    return _listed(run, "parents")


def _aliases(run: Row) -> dict[int, int]:
    """A topic that was merged → the topic it went into."""
    return {alias: topic for topic, aliases in _listed(run, "aliases").items() for alias in aliases}


@dataclass(frozen=True, slots=True)
class _Overlap:
    """`table[(a, b)]` segments of topic a before and b after; `old` and `new` count them by one of the two."""

    table: Mapping[tuple[int, int], int]
    old: Mapping[int, int]
    new: Mapping[int, int]

    @classmethod
    def of(cls, before: Results, after: Results, same_text: Collection[str]) -> _Overlap:
        """Counted over the segments of articles that read the same in both runs, by article and start."""
        row_of = {document_id: i for i, document_id in enumerate(sorted(same_text))}
        (places_before, old), (places_after, new) = (_topics_of(results, row_of) for results in (before, after))
        _, of_old, of_new = np.intersect1d(places_before, places_after, assume_unique=True, return_indices=True)
        table = Counter(zip(old[of_old].tolist(), new[of_new].tolist(), strict=True))
        return cls(table, Counter(old.tolist()), Counter(new.tolist()))

    def jaccard(self, a: int, b: int) -> float | None:
        """Of the segments of either, the share in both; None where there are none."""
        either = self.old.get(a, 0) + self.new.get(b, 0) - self.table.get((a, b), 0)
        return self.table.get((a, b), 0) / either if either else None

    def majorities(self) -> dict[int, int]:
        """Topic before → topic after, where more than half of either is the other."""
        return {
            a: b
            for (a, b), n in sorted(self.table.items())
            if n > MAJORITY * self.old[a] and n > MAJORITY * self.new[b]
        }

    def went(self, a: int) -> tuple[tuple[int, float | None], ...]:
        """Where the segments of a topic went, largest share first."""
        return _ranked({b: n / self.old[a] for (old, b), n in self.table.items() if old == a})

    def came(self, b: int) -> tuple[tuple[int, float | None], ...]:
        """Where the segments of a topic came from, largest share first."""
        return _ranked({a: n / self.new[b] for (a, new), n in self.table.items() if new == b})


def _ranked(shares: Mapping[int, float]) -> tuple[tuple[int, float | None], ...]:
    ranked = sorted(shares.items(), key=lambda item: (-item[1], item[0]))
    return tuple(item for item in ranked if item[1] >= NAMED_SHARE)[:2]


def _topics_of(results: Results, row_of: Mapping[str, int]) -> tuple[Ints, Ints]:
    """Of the segments in a topic, in the articles numbered, where each stands (article and start in one) and its topic.

    Both arrays are of shape (n_segments,), in the order of the rows.
    """
    places: list[Ints] = []
    topics: list[Ints] = []
    for document, starts, of_topic in _columns(results.segments):
        known = np.array([row_of.get(document_id, -1) for document_id in document.values], dtype=np.int64)
        articles = known[document.codes]
        chosen = (of_topic != NO_TOPIC) & (articles >= 0)
        places.append(articles[chosen] * _MOST_CHARACTERS + starts[chosen])
        topics.append(of_topic[chosen])
    nothing = np.empty(0, dtype=np.int64)
    return np.concatenate([nothing, *places]), np.concatenate([nothing, *topics])


def _columns(rows: Rows) -> Iterator[tuple[Coded, Ints, Ints]]:
    """Article, start and topic of all segments, a batch at a time."""
    if isinstance(rows, ParquetRows) and rows.has(_COLUMNS):
        for batch in rows.batches(list(_COLUMNS)):
            document, of_topic = coded(batch.column("document_id")), numbers(batch.column("topic"), missing=NO_TOPIC)
            yield document, numbers(batch.column("start")), of_topic
        return
    cells = [(text_of(row, "document_id"), count_of(row, "start"), count_of(row, "topic", NO_TOPIC)) for row in rows]
    if cells:
        names, starts, topics = zip(*cells, strict=True)
        document = Coded(names, np.arange(len(names)))
        yield document, np.array(starts, dtype=np.int64), np.array(topics, dtype=np.int64)
