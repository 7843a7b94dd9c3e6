"""Whether a topic found after retraining is one known before: the same id, name and colour, or a new one.

Both models label the same distinct segments, each by its own rule. A topic is **kept** where more than half of either
is the other; as both halves are majorities, no topic can be kept twice, and no order decides. That is the survival of
MONIC (Spiliopoulou, Ntoutsi, Theodoridis & Schult 2006, overlap above 0.5) asked both ways. What is not kept:

- most of it went to one new topic: **merged** into that (its id becomes an alias);
- new topics come mostly out of it: **split** (they are its children; a part that keeps the id is listed first);
- else **retired**.

A new topic that neither holds most of an old one nor comes mostly out of one is **born**.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from toolkit.embed import Encoder
from toolkit.topics.model import TopicModel
from toolkit.topics.registry import (
    Birth,
    Change,
    Changes,
    Entry,
    Kind,
    Link,
    Registry,
    born,
    by_id,
    mark_of,
    terms_of,
)

Counts = npt.NDArray[np.int64]

MAJORITY = 0.5
"""More than this share. Not tuned: below it two topics could claim one id, and a rule would have to choose."""


@dataclass(frozen=True, slots=True)
class Matching:
    """What became of each old row: the new rows it went to, best first; and the old row each new one continues."""

    kinds: tuple[Kind, ...]
    went_to: tuple[tuple[int, ...], ...]
    continues: tuple[int | None, ...]


def overlap_table(
    before: TopicModel,
    after: TopicModel,
    texts: Sequence[str],
    embedder: Encoder,
    *,
    before_embedder: Encoder | None = None,
) -> Counts:
    """How many of the distinct `texts` have which row before and after: (n_before + 1, n_after + 1), none last.

    Each model sees them through its own encoder; one serves both where `before_embedder` is not given. Topics that a
    person merged count each on its own, for they may be found again.
    """
    distinct = sorted({" ".join(text.lower().split()): text for text in sorted(texts)}.values())
    counts = np.zeros((len(before.topics) + 1, len(after.topics) + 1), dtype=np.int64)
    if distinct:
        old = [row for row, _ in before.rows(distinct, before_embedder or embedder)]
        new = [row for row, _ in after.rows(distinct, embedder)]
        np.add.at(counts, (old, new), 1)  # row -1, none, is the last
    return counts


def match_topics(counts: Counts, groups: Sequence[int] | None = None) -> Matching:
    """Old rows against new ones by their overlap; see the head of this module for the rules.

    Parameters
    ----------
    counts : array of shape (n_before + 1, n_after + 1)
        Segments by old and new row; those without a topic in the last row or column.
    groups : for each old row the number of the topic it goes by; rows that a person merged share one
    """
    of_before, of_after = _shares(counts)
    n_before, n_after = of_before.shape
    continues: list[int | None] = [None] * n_after
    for i, j in np.argwhere((of_before > MAJORITY) & (of_after > MAJORITY)).tolist():
        continues[j] = i
    _continue_groups(counts, list(range(n_before)) if groups is None else groups, continues)
    kinds: list[Kind] = []
    went_to: list[tuple[int, ...]] = []
    for i in range(n_before):
        own = [j for j in range(n_after) if continues[j] == i]
        heirs = [j for j in range(n_after) if of_before[i, j] > MAJORITY and j not in own]
        parts = [j for j in range(n_after) if of_after[i, j] > MAJORITY and continues[j] is None]
        parts.sort(key=lambda j: (-counts[i, j], j))
        if own:
            kinds.append("split" if parts else "kept")
            went_to.append((*own, *parts))
        elif heirs:
            kinds.append("merged")
            went_to.append(tuple(heirs))
        else:
            kinds.append("split" if parts else "retired")
            went_to.append(tuple(parts))
    return Matching(tuple(kinds), tuple(went_to), tuple(continues))


def _continue_groups(counts: Counts, groups: Sequence[int], continues: list[int | None]) -> None:
    """Where a person's merge was found as one cluster that no part of it has the majority of, it goes on as one."""
    for group in sorted(set(groups)):
        members = [i for i, of in enumerate(groups) if of == group]
        if len(members) < 2 or any(i in members for i in continues):
            continue
        together = np.vstack([counts[members].sum(axis=0), counts.sum(axis=0) - counts[members].sum(axis=0)])
        of_before, of_after = _shares(np.vstack([together, np.zeros_like(together[:1])]))
        for j in np.flatnonzero((of_before[0] > MAJORITY) & (of_after[0] > MAJORITY)).tolist():
            if continues[j] is None:
                continues[j] = max(members, key=lambda i: (counts[i, j], -i))


def _shares(counts: Counts) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The shares of each old row, and of each new one, that they have in common: (n_before, n_after) both."""
    common = counts[:-1, :-1]
    of_before = common / np.maximum(counts[:-1].sum(axis=1, keepdims=True), 1)
    of_after = common / np.maximum(counts[:, :-1].sum(axis=0, keepdims=True), 1)
    return of_before, of_after


def carry_identity(
    before: TopicModel,
    after: TopicModel,
    texts: Sequence[str],
    embedder: Encoder,
    *,
    before_embedder: Encoder | None = None,
    corpus_hash: str,
    base_name: str = "",
    base_hash: str = "",
    date: str | None = None,
) -> TopicModel:
    """`after` with the ids, names and colours of `before` wherever a topic was kept, and a register of what changed.

    Parameters
    ----------
    embedder, before_embedder : of `after` and of `before`; one serves both where the second is not given
    texts : normalised texts of the segments `after` was learned from; exact copies count once, order does not matter
    base_name, base_hash : of the model `before` belongs to, for the table of changes
    date : of the births; None where no clock is to be seen
    """
    register = before.registry if before.registry.entries else Registry.first(before.topics, corpus_hash="")
    counts = overlap_table(before, after, texts, embedder, before_embedder=before_embedder)
    old = [topic.topic for topic in before.topics]
    matching = match_topics(counts, groups=replace(before, registry=register).ids())
    ids = _ids(register, old, counts, matching)
    changes, parents = _changes(counts, matching, old, ids)
    into = {c.before: c.after[0].topic for c in changes if c.kind == "merged" and c.before is not None}
    birth = Birth(register.generation + 1, corpus_hash, date)
    entries = {entry.topic: entry for entry in register.entries}
    targets = register.targets()
    gone = [topic for topic in old if topic not in targets and topic not in ids]
    for topic in gone:
        entries[topic] = replace(entries[topic], status="merged" if topic in into else "retired")
    likeness = {c.before: c.after[0].jaccard for c in changes if c.before is not None and c.after}
    topics = []
    for j, found in enumerate(after.topics):
        terms = terms_of(found)
        others = [entry for entry in entries.values() if entry.topic in ids or entry.status == "live"]
        if ids[j] not in entries:
            name = _free_name(found.name, ids[j], others)
            entries[ids[j]] = born(ids[j], name, terms, birth, parents[j])
        elif likeness.get(ids[j], 1.0) > MAJORITY:
            entries[ids[j]] = replace(entries[ids[j]], terms=terms)
        else:  # the same topic, but most of what either holds is not the other's: the old name says too little
            name = _free_name(found.name, ids[j], [entry for entry in others if entry.topic != ids[j]])
            entries[ids[j]] = replace(entries[ids[j]], name=name, terms=terms)
        topics.append(replace(found, topic=ids[j], name=entries[ids[j]].name))
    for topic in gone:
        if topic in into:
            heir = entries[into[topic]]
            entries[heir.topic] = replace(heir, aliases=tuple(sorted({*heir.aliases, topic})))
    mark = mark_of(register.lineage[-1] if register.lineage else None, corpus_hash, after.topics)
    return replace(
        after,
        topics=tuple(topics),
        registry=Registry(
            generation=birth.generation,
            entries=by_id(entries.values()),
            lineage=(*register.lineage, mark),
            changes=Changes(base_name, base_hash, int(counts.sum()), changes),
        ),
    )


def _ids(register: Registry, old: Sequence[int], counts: Counts, matching: Matching) -> list[int]:
    """The id of each new row: that of the old row it continues, or the next never given."""
    next_id = register.next_id
    ids: list[int] = []
    for i in matching.continues:
        ids.append(next_id if i is None else old[i])
        next_id += i is None
    targets = register.targets()
    for target in sorted(set(targets.values())):
        # What goes on of a merged topic goes on under its own id, and only what is left beside that as its alias.
        rows = [j for j, topic in enumerate(ids) if targets.get(topic) == target]
        if rows and target not in ids:
            ids[max(rows, key=lambda j: (counts[:, j].sum(), -j))] = target
    return ids


def _changes(
    counts: Counts, matching: Matching, old: Sequence[int], ids: Sequence[int]
) -> tuple[tuple[Change, ...], list[set[int]]]:
    """The table of changes, by old id and then the born ones; and the parents of each new row."""
    parents: list[set[int]] = [set() for _ in ids]
    found: list[Change] = []
    for i, (kind, went_to) in enumerate(zip(matching.kinds, matching.went_to, strict=True)):
        links = tuple(_link(counts, i, j, ids[j]) for j in went_to)
        for j in went_to:
            parents[j].add(old[i])
        if kind == "merged" and links[0].topic == old[i]:
            kind = "kept"  # the new topic continues what was merged into this one
        if kind == "retired" and old[i] in ids:
            kind, links = "kept", (_link(counts, i, ids.index(old[i]), old[i]),)  # what was merged into it goes on
        found.append(Change(kind, old[i], links))
    found.sort(key=lambda change: change.before or 0)
    for j in sorted(range(len(ids)), key=lambda j: ids[j]):
        if not parents[j]:
            n_segments = int(counts[:, j].sum())
            found.append(Change("born", None, (Link(ids[j], n_segments, 0.0, 0.0, 0.0),)))
    return tuple(found), parents


def _link(counts: Counts, i: int, j: int, topic: int) -> Link:
    shared, n_before, n_after = int(counts[i, j]), int(counts[i].sum()), int(counts[:, j].sum())
    return Link(
        topic,
        shared,
        of_before=round(shared / max(n_before, 1), 6),
        of_after=round(shared / max(n_after, 1), 6),
        jaccard=round(shared / max(n_before + n_after - shared, 1), 6),
    )


def _free_name(name: str, topic: int, entries: Iterable[Entry]) -> str:
    """The name itself, or with the id behind it where a topic has it already."""
    taken = {known.casefold() for entry in entries for known in (entry.name, entry.shown_name)}
    return name if name.casefold() not in taken else f"{name} ({topic})"
