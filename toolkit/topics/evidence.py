"""Where the terms of topics stand in the articles of a run: counts, outlets, and character spans anyone can look up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import log2
from typing import Any, Protocol

from toolkit.data import NO_TOPIC, Topic
from toolkit.topics.words import TOKEN, fold, singulars

Row = Mapping[str, Any]

MAX_SPANS = 5  # of each term; of different articles while there are any
MAX_OUTLETS = 10  # named with their share; the rest is in the counts
_MIN_FOLDED = 4  # letters a word and its singular need to count as one: "news" is not "new"


class SourceView(Protocol):
    """A normalised text and the way back to its source (as `toolkit.clean.View`)."""

    @property
    def text(self) -> str:
        """The normalised text."""

    def source_span(self, i: int, j: int) -> tuple[int, int]:
        """The source slice that `text[i:j]` was made from."""


class TermFinder:
    """Finds the terms of one topic in normalised text, in any of their forms: case, singular and plural, possessive.

    Tokens and phrases are those of `candidates.find_candidates`, so whatever a term was counted in is found again.

    Examples
    --------
    >>> finder = TermFinder(["free trade zones", "port"])
    >>> [(n, "The Ports' free-trade zone. A Free Trade Zone"[i:j]) for n, i, j in
    ...  finder.find("The Ports' free-trade zone. A Free Trade Zone")]
    [(1, 'Ports'), (0, 'Free Trade Zone')]
    """

    def __init__(self, terms: Sequence[str]) -> None:
        self._forms: dict[str, str] = {}
        self._phrases: dict[str, list[tuple[tuple[str, ...], int]]] = {}
        for number, term in enumerate(terms):
            words = tuple(self._canonical(fold(token)) for token in TOKEN.findall(term))
            if words:
                self._phrases.setdefault(words[0], []).append((words, number))

    def _canonical(self, word: str) -> str:
        """One name for a word, its singular and its plurals."""
        if word in self._forms:
            return self._forms[word]
        bases = [base for base in singulars(word) if len(base) >= _MIN_FOLDED]
        name = bases[0] if bases else word
        for base in (word, *bases):
            self._forms.setdefault(base, name)
            if len(base) >= _MIN_FOLDED:
                for plural in (f"{base}s", f"{base}es", f"{base[:-1]}ies" if base.endswith("y") else f"{base}s"):
                    self._forms.setdefault(plural, name)
        return self._forms[word]

    def find(self, text: str) -> list[tuple[int, int, int]]:
        """(number of the term, start, end) of each occurrence in `text`, by start."""
        lowered = text.lower()
        if len(lowered) != len(text):  # a few capitals have small letters of two characters
            lowered = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
        tokens = TOKEN.findall(lowered)
        if "'" in lowered or "’" in lowered:
            tokens = [fold(token) if "'" in token or "’" in token else token for token in tokens]
        names = list(map(self._forms.get, tokens))
        if self._phrases.keys().isdisjoint(names):
            return []
        edges = [mark.span() for mark in TOKEN.finditer(lowered)]
        found = []
        for i, name in enumerate(names):
            for words, number in self._phrases.get(name, ()) if name else ():
                last = i + len(words) - 1
                if tuple(names[i : last + 1]) == words and _is_one_run(text, edges[i : last + 1]):
                    found.append((number, edges[i][0], edges[last][0] + len(tokens[last])))
        return found


def _is_one_run(text: str, edges: Sequence[tuple[int, int]]) -> bool:
    """Whether nothing but white space parts the tokens: no phrase goes beyond a mark or a line."""
    gaps = [text[end:start] for (_, end), (start, _) in pairwise(edges)]
    return all(gap.isspace() and "\n" not in gap for gap in gaps)


@dataclass(slots=True)
class _Found:
    """What is known of one term of one topic."""

    n_occurrences: int = 0
    n_articles: int = 0
    outlets: dict[str, list[float]] = field(default_factory=dict)  # outlet → [articles, damped occurrences]
    spans: list[dict[str, Any]] = field(default_factory=list)
    others: list[dict[str, Any]] = field(default_factory=list)  # further spans of the same articles


class TermEvidence:
    """Gathers, article by article, where the printed terms of topics stand.

    Memory grows with topics, terms and outlets, not with articles. Give articles in the order of their ids, copies
    left out.

    Parameters
    ----------
    normalised : the text that stages read, of a segment's slice and whether it is hard-wrapped
    view : the same with the way back to the slice
    """

    def __init__(
        self,
        topics: Sequence[Topic],
        *,
        normalised: Callable[[str, bool], str],
        view: Callable[[str, bool], SourceView],
    ) -> None:
        self._topics = {topic.topic: topic for topic in topics}
        self._finders = {topic.topic: TermFinder([term for term, _ in topic.terms]) for topic in topics}
        self._found = {topic.topic: [_Found() for _ in topic.terms] for topic in topics}
        self._normalised, self._view = normalised, view

    def add(self, document_id: str, outlet: str | None, rows: Sequence[Row]) -> dict[int, dict[int, set[int]]]:
        """Take in the segments of one article; topic → index of a segment → numbers of the terms it has."""
        counts: dict[int, Counter[int]] = {}
        seen: dict[int, dict[int, set[int]]] = {}
        for row in rows:
            topic = row["topic"]
            if topic == NO_TOPIC or topic not in self._finders:
                continue
            numbers = self._read(topic, document_id, row)
            counts.setdefault(topic, Counter()).update(numbers)
            seen.setdefault(topic, {})[row["index"]] = set(numbers)
        for topic, counter in counts.items():
            for number, n in counter.items():
                found = self._found[topic][number]
                found.n_occurrences += n
                found.n_articles += 1
                part = found.outlets.setdefault(outlet or "", [0, 0.0])
                part[0] += 1
                part[1] += 1 + log2(n)
        return seen

    def _read(self, topic: int, document_id: str, row: Row) -> list[int]:
        """The numbers of the terms in one segment, each as often as it occurs; spans are kept where still wanted."""
        source: str = row["text"]
        finder = self._finders[topic]
        wrapped = "\n" in source.strip()
        hits = finder.find(self._normalised(source, wrapped))
        if wrapped and not hits:
            wrapped = False
            hits = finder.find(self._normalised(source, wrapped))
        if any(len(self._found[topic][number].spans) < MAX_SPANS for number, _, _ in hits):
            self._keep_spans(topic, document_id, row, wrapped)
        return [number for number, _, _ in hits]

    def _keep_spans(self, topic: int, document_id: str, row: Row, wrapped: bool) -> None:
        view = self._view(row["text"], wrapped)
        for number, i, j in self._finders[topic].find(view.text):
            found = self._found[topic][number]
            start, end = view.source_span(i, j)
            span = {
                "document_id": document_id,
                "index": row["index"],
                "start": row["start"] + start,
                "end": row["start"] + end,
            }
            if not any(kept["document_id"] == document_id for kept in found.spans):
                if len(found.spans) < MAX_SPANS:
                    found.spans.append(span)
            elif len(found.others) < MAX_SPANS:
                found.others.append(span)

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row for each topic and term, in the order of the topics and of their terms."""
        for topic, found_terms in self._found.items():
            for (term, weight), found in zip(self._topics[topic].terms, found_terms, strict=True):
                total = sum(part[1] for part in found.outlets.values()) or 1.0
                ranked = sorted(found.outlets.items(), key=lambda item: (-round(item[1][1], 9), item[0]))
                spans = [*found.spans, *found.others][:MAX_SPANS]
                yield {
                    "topic": topic,
                    "term": term,
                    "weight": weight,
                    "n_occurrences": found.n_occurrences,
                    "n_articles": found.n_articles,
                    "n_outlets": sum(1 for outlet in found.outlets if outlet),
                    "outlets": [
                        {"outlet": outlet or None, "n_articles": int(part[0]), "share": round(part[1] / total, 6)}
                        for outlet, part in ranked[:MAX_OUTLETS]
                    ],
                    "spans": sorted(spans, key=lambda span: (span["document_id"], span["start"], span["end"])),
                }
