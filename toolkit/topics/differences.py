"""What sets the topics of two models apart, on the best ground there is to compare them on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from toolkit.data import Topic
from toolkit.errors import ToolkitError
from toolkit.topics.model import TopicModel, unit_rows
from toolkit.topics.registry import Changes

Basis = Literal["segments", "ids", "likeness"]
Scores = npt.NDArray[np.float64]

MIN_LIKENESS = 0.5
"""Two topics of unrelated models are called alike from this likeness, in [-1, 1]. Chosen on halves of sea_china_news,
where such pairs share .3 of their segments or more; its topics and those of reuters21578 come to .28 at most."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a comparison: a topic of the one model, and those of the other that go with it."""

    kind: str
    before: int | None
    after: tuple[int, ...]
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    """Topics of two models side by side, and what the comparison rests on."""

    basis: Basis
    ground: str
    rows: tuple[Row, ...]


def in_words(changes: Changes) -> str:
    """A table of changes as half a sentence: `3 kept, 1 split (4 into 4 and 12), 1 retired (7)`."""
    said: dict[str, list[str]] = {kind: [] for kind in ("kept", "split", "merged", "born", "retired")}
    for change in changes.rows:
        after = [str(link.topic) for link in change.after]
        if change.kind in ("split", "merged"):
            said[change.kind].append(f"{change.before} into {' and '.join(after)}")
        else:
            said[change.kind].append(after[0] if change.before is None else str(change.before))
    parts = []
    for kind, which in said.items():
        if which:
            parts.append(f"{len(which)} {kind}" if kind == "kept" else f"{len(which)} {kind} ({', '.join(which)})")
    return ", ".join(parts) or "none before, none now"


def difference(before: TopicModel, after: TopicModel, *, before_hash: str) -> Difference:
    """The topics of `before` beside those of `after`; `before_hash` identifies the model of `before`.

    Where `after` was retrained from `before`, the table stored then; where it was by way of others, or is the same
    model edited, the ids they share; otherwise likeness, which is a guess (see `likeness`).

    Raises
    ------
    ToolkitError
        Where `before` was retrained from `after`: the older one comes first.
    """
    changes = after.registry.changes
    if changes is not None and before_hash and changes.base_hash == before_hash:
        return Difference(
            "segments",
            f"The second was retrained from the first; both labelled the same {changes.n_segments:,} segments.",
            tuple(
                Row(
                    change.kind,
                    change.before,
                    tuple(link.topic for link in change.after),
                    {"jaccard": change.after[0].jaccard} if change.before is not None and change.after else {},
                )
                for change in changes.rows
            ),
        )
    old, new = before.registry.lineage, after.registry.lineage
    if old and new[: len(old)] == old:
        how = "are one line of retrainings" if len(new) > len(old) else "are the same model, edited"
        return Difference("ids", f"The two {how}: topics of one id are one topic.", _by_ids(before, after))
    if new and old[: len(new)] == new:
        raise ToolkitError(
            "The first model was retrained from the second; give the older one first, to see what became of its topics."
        )
    return Difference(
        "likeness",
        "The two were not retrained one from the other, so their ids have nothing to do with each other; topics are "
        "matched by the direction of their centres in the static embedding and the words of their terms. A guess.",
        _by_likeness(before, after),
    )


def _by_ids(before: TopicModel, after: TopicModel) -> tuple[Row, ...]:
    targets, known = after.registry.targets(), before.registry.targets()
    shown_before = [topic.topic for topic in before.shown()]
    shown_after = {topic.topic for topic in after.shown()}
    came_out_of = {entry.topic: entry.parents for entry in after.registry.entries}
    n_known = before.registry.next_id
    parts_of: dict[int, list[int]] = {}
    for topic in sorted(topic for topic in shown_after if topic >= n_known):  # ids are given in order
        waiting, seen = list(came_out_of[topic]), set[int]()
        while waiting:
            parent = waiting.pop()
            if parent not in seen:
                seen.add(parent)
                waiting += came_out_of[parent] if parent >= n_known else ()
        for parent in sorted({known.get(parent, parent) for parent in seen if parent < n_known}):
            parts_of.setdefault(parent, []).append(topic)
    rows = []
    for topic in sorted(shown_before):
        parts = tuple(parts_of.get(topic, ()))
        if topic in shown_after:
            rows.append(Row("split" if parts else "kept", topic, (topic, *parts)))
        elif targets.get(topic) in shown_after:
            rows.append(Row("merged", topic, (targets[topic],)))
        else:
            rows.append(Row("split" if parts else "retired", topic, parts))
    named = {topic for row in rows for topic in row.after}
    return (*rows, *(Row("born", None, (topic,)) for topic in sorted(shown_after - named)))


def _by_likeness(before: TopicModel, after: TopicModel) -> tuple[Row, ...]:
    """Pairs that are each other's most alike, from `MIN_LIKENESS` on."""
    old, new = before.shown(), after.shown()
    found = likeness(before, after)
    rows: list[Row] = []
    matched = set()
    for i, topic in enumerate(old):
        j = int(found[i].argmax()) if len(new) else -1
        if j >= 0 and found[i, j] >= MIN_LIKENESS and int(found[:, j].argmax()) == i:
            matched.add(j)
            rows.append(Row("alike", topic.topic, (new[j].topic,), {"likeness": float(found[i, j])}))
        else:
            rows.append(Row("only in the first", topic.topic, ()))
    rows.sort(key=lambda row: row.before or 0)
    only = sorted(topic.topic for j, topic in enumerate(new) if j not in matched)
    return (*rows, *(Row("only in the second", None, (topic,)) for topic in only))


def likeness(before: TopicModel, after: TopicModel) -> Scores:
    """How alike the shown topics of two models are, in [-1, 1]: array of shape (n_before, n_after).

    The mean of two things that need no text: the cosine of the centres' directions in the static embedding, which
    both models share, as seen from the middle of the two corpora; and the cosine of their terms' word counts.
    """
    old, new = before.shown(), after.shown()
    if not old or not new:
        return np.zeros((len(old), len(new)))
    if before.space.mean.shape != after.space.mean.shape:  # of two encoders: only words can be compared
        return np.round(_shared_words(old, new), 6)
    middle = (before.space.mean.astype(np.float64) + after.space.mean.astype(np.float64)) / 2
    return np.round((_places(before, middle) @ _places(after, middle).T + _shared_words(old, new)) / 2, 6)


def _places(model: TopicModel, middle: Scores) -> Scores:
    """The direction of each shown topic from `middle` in the static embedding: unit rows.

    A centre is kept as a direction from its own corpus's mean; how far out its texts are on average follows from
    their unit length.
    """
    mean = model.space.mean.astype(np.float64)
    distance = np.sqrt(max(1 - float(mean @ mean), 0))
    ids = model.ids()
    rows = []
    for topic in model.shown():
        own = [i for i, found in enumerate(ids) if found == topic.topic]
        weights = np.array([model.topics[i].n_segments for i in own], dtype=np.float64)
        static = unit_rows(model.centres[own][:, : len(mean)].astype(np.float64))
        rows.append(weights @ static / max(weights.sum(), 1))
    return unit_rows(mean + distance * unit_rows(np.array(rows)) - middle)


def _shared_words(old: Sequence[Topic], new: Sequence[Topic]) -> Scores:
    bags = [[Counter(_words(topic)) for topic in topics] for topics in (old, new)]
    words = sorted({word for topics in bags for bag in topics for word in bag})
    one, other = (np.array([[bag[word] for word in words] for bag in topics], dtype=np.float64) for topics in bags)
    return np.asarray(unit_rows(one) @ unit_rows(other).T)


def _words(topic: Topic) -> list[str]:
    return [word for term, _ in topic.terms for word in term.casefold().split()]
