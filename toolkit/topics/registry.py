"""The register of topics: an id is given once and never again, whatever becomes of its topic."""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from toolkit.data import Topic
from toolkit.errors import ToolkitError
from toolkit.topics.colours import colours_of

Status = Literal["live", "retired", "merged"]
Kind = Literal["kept", "split", "merged", "born", "retired"]

MAX_NAME_CHARACTERS = 80
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Birth:
    """Where a topic was first found: the generation of the model (from 1), its corpus, its date if one was set."""

    generation: int
    corpus_hash: str
    date: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What the register holds of one topic id.

    Attributes
    ----------
    name : the automatic name: that of its birth, or of the last retraining that made it mostly another
    user_name : what a person calls it; None without a name of their own
    terms : its terms in the newest model it was in
    parents : ids it came out of by a split or a merge, sorted
    aliases : ids that were merged into it, sorted; those may have aliases of their own
    colours : on light and on dark paper, `#rrggbb`
    """

    topic: int
    name: str
    terms: tuple[str, ...]
    birth: Birth
    colours: tuple[str, str]
    parents: tuple[int, ...] = ()
    aliases: tuple[int, ...] = ()
    user_name: str | None = None
    status: Status = "live"

    @property
    def shown_name(self) -> str:
        """The user's name, or the automatic one."""
        return self.user_name or self.name

    def state(self) -> dict[str, Any]:
        """The entry as JSON-able values."""
        return {
            "topic": self.topic,
            "name": self.name,
            "user_name": self.user_name,
            "terms": list(self.terms),
            "birth": {
                "generation": self.birth.generation,
                "corpus_hash": self.birth.corpus_hash,
                "date": self.birth.date,
            },
            "parents": list(self.parents),
            "aliases": list(self.aliases),
            "colours": {"light": self.colours[0], "dark": self.colours[1]},
            "status": self.status,
        }

    @classmethod
    def from_state(cls, values: Mapping[str, Any]) -> Entry:
        """The entry that `state` was taken of."""
        birth = values["birth"]
        return cls(
            topic=values["topic"],
            name=values["name"],
            user_name=values["user_name"],
            terms=tuple(values["terms"]),
            birth=Birth(birth["generation"], birth["corpus_hash"], birth["date"]),
            parents=tuple(values["parents"]),
            aliases=tuple(values["aliases"]),
            colours=(values["colours"]["light"], values["colours"]["dark"]),
            status=values["status"],
        )


@dataclass(frozen=True, slots=True)
class Link:
    """Segments that an old and a new topic share: how many, and which share of either and of both they are."""

    topic: int
    n_shared: int
    of_before: float
    of_after: float
    jaccard: float


@dataclass(frozen=True, slots=True)
class Change:
    """What became of the topic `before` (None: born), and the topics of the new model it went to."""

    kind: Kind
    before: int | None
    after: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """What a retraining did to the topics, counted over `n_segments` distinct segments; `base` is the old model."""

    base_name: str
    base_hash: str
    n_segments: int
    rows: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Registry:
    """Every id ever given in a line of models, by id; `generation` counts the models of the line.

    `lineage` has one mark for each generation: two models are of one line where one's marks begin the other's.
    """

    generation: int = 0
    entries: tuple[Entry, ...] = ()
    lineage: tuple[str, ...] = ()
    changes: Changes | None = None

    @classmethod
    def first(cls, topics: Sequence[Topic], *, corpus_hash: str, date: str | None = None) -> Registry:
        """The register of a model that continues no other: its topics as they are numbered."""
        birth = Birth(1, corpus_hash, date)
        entries = [born(topic.topic, topic.name, terms_of(topic), birth) for topic in topics]
        return cls(1, by_id(entries), (mark_of(None, corpus_hash, topics),))

    @property
    def next_id(self) -> int:
        """The lowest id that was never given."""
        return 1 + max((entry.topic for entry in self.entries), default=-1)

    def entry(self, topic: int) -> Entry:
        """The entry of an id.

        Raises
        ------
        ToolkitError
            Where no topic ever had it, naming those that are live.
        """
        for entry in self.entries:
            if entry.topic == topic:
                return entry
        live = [str(entry.topic) for entry in self.entries if entry.status == "live"]
        near = difflib.get_close_matches(str(topic), live, n=1)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise ToolkitError(f"{topic}: no topic has this id. {hint}Live topics: {', '.join(live) or 'none'}.")

    def targets(self) -> dict[int, int]:
        """For each merged id the one it goes by now."""
        into = {alias: entry.topic for entry in self.entries for alias in entry.aliases}
        found = {}
        for alias in into:
            target = alias
            while target in into:
                target = into[target]
            found[alias] = target
        return found

    def renamed(self, topic: int, name: str) -> Registry:
        """The register with a person's name for a live topic.

        Raises
        ------
        ToolkitError
            For an unknown or past topic, and for a name that is empty, too long, unprintable or another topic's.
        """
        entry = self._live(topic)
        if _UNPRINTABLE.search(name):
            raise ToolkitError("The name has control characters in it; give it as plain text on one line.")
        name = " ".join(name.split())
        if not any(character.isalnum() for character in name):
            raise ToolkitError("The name is empty; a few words are needed, such as “Durian exports”.")
        if len(name) > MAX_NAME_CHARACTERS:
            raise ToolkitError(f"The name has {len(name)} characters; at most {MAX_NAME_CHARACTERS} fit.")
        for other in self.entries:
            if other.topic != topic and other.status == "live" and other.shown_name.casefold() == name.casefold():
                raise ToolkitError(
                    f"“{name}” is the name of topic {other.topic} already. Choose another, or merge them."
                )
        return self._with(replace(entry, user_name=name))

    def merged(self, first: int, others: Sequence[int]) -> Registry:
        """The register with `others` merged into `first`: their ids are aliases of it from now on.

        Raises
        ------
        ToolkitError
            For an id that is unknown, not live or given twice.
        """
        if not others:
            raise ToolkitError("One topic alone cannot be merged; give two ids or more, the one that stays first.")
        if len({first, *others}) != 1 + len(others):
            raise ToolkitError("The same topic is given twice; give each id once, the one that stays first.")
        kept = self._live(first)
        gone = [replace(self._live(topic), status="merged") for topic in others]
        return self._with(replace(kept, aliases=tuple(sorted({*kept.aliases, *others}))), *gone)

    def parted(self, first: int, others: Sequence[int]) -> Registry:
        """The register with `others`, merged into `first` before, as topics of their own again.

        Raises
        ------
        ToolkitError
            For an id that is not merged into `first`, and for a name that another topic has taken meanwhile.
        """
        kept = self._live(first)
        back = []
        for topic in others:
            entry = self.entry(topic)
            if topic not in kept.aliases:
                known = f"those merged into it: {', '.join(map(str, kept.aliases))}" if kept.aliases else "none is"
                raise ToolkitError(f"Topic {topic} is not merged into topic {first} ({known}).")
            for other in self.entries:
                if other.status == "live" and other.shown_name.casefold() == entry.shown_name.casefold():
                    raise ToolkitError(
                        f"“{entry.shown_name}” is topic {other.topic}'s name now. Rename that one first."
                    )
            back.append(replace(entry, status="live"))
        aliases = tuple(alias for alias in kept.aliases if alias not in others)
        return self._with(replace(kept, aliases=aliases), *back)

    def _live(self, topic: int) -> Entry:
        entry = self.entry(topic)
        if entry.status == "merged":
            raise ToolkitError(f"Topic {topic} was merged into topic {self.targets()[topic]}. Use that id.")
        if entry.status == "retired":
            raise ToolkitError(f"Topic {topic} is retired: the model has no such topic any more.")
        return entry

    def _with(self, *changed: Entry) -> Registry:
        return replace(self, entries=by_id([*changed, *self.entries]))

    def state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What it takes to build it again: JSON-able values, and no arrays."""
        values: dict[str, Any] = {
            "generation": self.generation,
            "lineage": list(self.lineage),
            "topics": [entry.state() for entry in self.entries],
            "changes": None,
        }
        if self.changes is not None:
            values["changes"] = {
                "base": {"name": self.changes.base_name, "hash": self.changes.base_hash},
                "n_segments": self.changes.n_segments,
                "rows": [_change_state(change) for change in self.changes.rows],
            }
        return values, {}

    @classmethod
    def from_state(cls, values: Mapping[str, Any]) -> Registry:
        """The register that `state` was taken of."""
        changes = values["changes"]
        return cls(
            generation=values["generation"],
            lineage=tuple(values["lineage"]),
            entries=by_id(Entry.from_state(entry) for entry in values["topics"]),
            changes=None
            if changes is None
            else Changes(
                changes["base"]["name"],
                changes["base"]["hash"],
                changes["n_segments"],
                tuple(_change_from_state(row) for row in changes["rows"]),
            ),
        )

    def fingerprint(self) -> str:
        """A hash of everything but the names people gave: what it is of the register that changes answers."""
        values, _ = replace(self, entries=tuple(replace(entry, user_name=None) for entry in self.entries)).state()
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


NO_REGISTRY = Registry()
"""That of a model straight after its fit."""


def born(topic: int, name: str, terms: tuple[str, ...], birth: Birth, parents: Iterable[int] = ()) -> Entry:
    """The entry of a new id."""
    return Entry(topic, name, terms, birth, colours_of(topic), parents=tuple(sorted(parents)))


def by_id(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Entries by id; the first of an id counts."""
    found: dict[int, Entry] = {}
    for entry in entries:
        found.setdefault(entry.topic, entry)
    return tuple(found[topic] for topic in sorted(found))


def terms_of(topic: Topic) -> tuple[str, ...]:
    """The words of a topic, without weights."""
    return tuple(term for term, _ in topic.terms)


def mark_of(before: str | None, corpus_hash: str, topics: Sequence[Topic]) -> str:
    """The mark of one generation: of the mark before it, the corpus, and the topics found."""
    content = [before, corpus_hash, [[topic.name, topic.n_segments, topic.terms] for topic in topics]]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


def _change_state(change: Change) -> dict[str, Any]:
    links = [{name: getattr(link, name) for name in Link.__slots__} for link in change.after]
    return {"kind": change.kind, "before": change.before, "after": links}


def _change_from_state(values: Mapping[str, Any]) -> Change:
    return Change(values["kind"], values["before"], tuple(Link(**link) for link in values["after"]))
