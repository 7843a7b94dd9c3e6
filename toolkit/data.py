"""The small frozen types every stage speaks in; stages meet here and import nothing of each other.

Mentions, judgements and themes given, of which a page has hundreds, are named tuples: as frozen, and made sooner.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

KEPT_ROLES = ("title", "heading", "body", "list", "quote", "caption")
CUT_ROLES = ("byline", "date", "navigation", "teaser", "footer", "advert", "duplicate", "blank", "other")
ROLES = KEPT_ROLES + CUT_ROLES
_KEPT = frozenset(KEPT_ROLES)

OnTopic = Literal["on", "off", "unsure"]
NO_TOPIC = -1
MIN_MAPPED = 200
"""Segments from which a map of them is laid out and drawn: fewer are read faster in a list."""


@dataclass(frozen=True, slots=True)
class Record:
    """One article as a reader found it, before anything was done to it.

    `content` is the decoded text (or the HTML source when `is_html`), never changed afterwards. `row` counts
    records of a file from 1. `extra` holds the columns that pass through to the results.
    """

    document_id: str
    content: str
    file: str
    row: int = 1
    is_html: bool = False
    title: str | None = None
    date: str | None = None
    url: str | None = None
    outlet: str | None = None
    extra: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A file or record that could not be used; `row` is None when the whole file could not be read."""

    file: str
    row: int | None
    document_id: str | None
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Block:
    """A block element of a rendered HTML page: `document.text[start:end]` is its text.

    `link_ratio` is the share of its characters inside links, in [0, 1].
    """

    start: int
    end: int
    tag: str
    xpath: str
    link_ratio: float


@dataclass(frozen=True, slots=True)
class Document:
    """A decoded article. `text` never changes; its segments partition it.

    For HTML, `text` is our rendering of the visible page and `blocks` its block elements in document order;
    for plain text `blocks` is empty. `title`, `date`, `url`, `outlet` and `author` are what the record or the
    page's metadata states, unverified.
    """

    document_id: str
    text: str
    file: str = ""
    row: int = 1
    title: str | None = None
    date: str | None = None
    url: str | None = None
    outlet: str | None = None
    author: str | None = None
    blocks: tuple[Block, ...] = ()
    extra: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Segment:
    """A contiguous slice of one document: `document.text[start:end] == text`.

    Offsets count characters (code points). `reason` is a short code and its cues, for every segment that is
    not kept; None when kept. `story` is 0 for the page's own article, 1, 2, ... for other stories in page
    order, None where the segment belongs to none.
    """

    document_id: str
    index: int
    start: int
    end: int
    text: str
    role: str
    reason: str | None = None
    story: int | None = 0
    xpath: str | None = None

    @property
    def kept(self) -> bool:
        """Whether the segment is part of the article."""
        return self.role in _KEPT


@dataclass(frozen=True, slots=True)
class CutDocument:
    """A document and its segments, with what its own text says of itself.

    `texts[i]` is the normalised, re-flowed text of `segments[i]`: what every later stage reads.
    `date` is ISO 8601, only as precise as the page (`--05-06` when no year is given). `language` is an ISO
    639-1 code, or "und" where there is too little text to tell.
    """

    document: Document
    segments: tuple[Segment, ...]
    texts: tuple[str, ...]
    title: str | None = None
    date: str | None = None
    byline: str | None = None
    language: str = "und"


@dataclass(frozen=True, slots=True)
class Votes:
    """What extractors would keep of a page: `shares[i, k]` of the words of paragraph i, in [0, 1], by voter k.

    A voter that abstained has only NaN; `notes` say why.
    """

    names: tuple[str, ...]
    shares: npt.NDArray[np.float64]
    notes: tuple[str, ...] = ()


class Mention(NamedTuple):
    """A place, organisation or people of one side: `text[start:end]` names `name`, of `side`.

    `member` is the country or territory it belongs to ("" for a whole side, such as ASEAN itself), `kind` one
    of country, people, region, city, organisation. Sides that are not the config's own (competing countries)
    carry side "other".
    """

    side: str
    member: str
    name: str
    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one cue added to a score, in logits: above 0 it spoke for, below 0 against. `name` is in words."""

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why `answer` got its score: the contributions, strongest first, add up to `logit`.

    `note` says what the numbers do not: a rule that decided otherwise, or which of two scores was the lower one.
    """

    answer: str
    logit: float
    contributions: tuple[Contribution, ...]
    note: str | None = None

    @classmethod
    def of(cls, answer: str, named: Iterable[tuple[str, float]], *, note: str | None = None) -> Explanation:
        """The explanation made of `named` contributions; equal names are added up, zeros left out."""
        sums: dict[str, float] = {}
        for name, value in named:
            sums[name] = sums.get(name, 0.0) + value
        ordered = sorted([(-abs(value), name, value) for name, value in sums.items() if value])
        parts = tuple([Contribution(name, value) for _, name, value in ordered])
        return cls(answer, sum([value for _, _, value in ordered]), parts, note)

    def strongest(self, n: int, *, sign: int) -> tuple[Contribution, ...]:
        """The `n` strongest contributions for (`sign` 1) or against (-1)."""
        return tuple(part for part in self.contributions if part.value * sign > 0)[:n]


class Judgement(NamedTuple):
    """Whether something is about the subject: `relevance` in [0, 1], calibrated, and the verdict."""

    relevance: float
    on_topic: OnTopic


class ThemeScore(NamedTuple):
    """A theme above its threshold, with its score in [0, 1]."""

    theme: str
    score: float


@dataclass(frozen=True, slots=True)
class Topic:
    """A cluster found in the corpus: id, readable name, `(term, weight)` pairs, and the theme it sits under.

    `exemplars` are `(document_id, segment index)` of segments that stand for it. `stability`, in [0, 1], says how much
    of it comes back when a fifth of the corpus is left out; None where that was not measured.
    """

    topic: int
    name: str
    terms: tuple[tuple[str, float], ...]
    n_segments: int
    n_articles: int
    theme: str | None = None
    exemplars: tuple[tuple[str, int], ...] = ()
    stability: float | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """What a person said of `document.text[start:end]`: whether it is about the subject."""

    start: int
    end: int
    on_topic: bool


@dataclass(frozen=True, slots=True)
class Label:
    """What a person said of a document. None means: not said.

    `themes_unsure` are themes to leave out of training and scoring for this document. `passages` are judged on their
    own: what is said of one says nothing of the document.
    """

    document_id: str
    on_topic: bool | None = None
    themes: tuple[str, ...] | None = None
    themes_unsure: tuple[str, ...] = ()
    passages: tuple[Passage, ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark a reader made in a report; a line of feedback.jsonl.

    `mark` is on, off, unsure, theme, no_theme, wrong_cut or note. With `start` and `end` (code points of the document's
    text) it is about that passage. `text_sha256` is how the SHA-256 of the text that was read begins. `role` is what
    the cut said the passage is. `drawn` is "audit" where the report drew the article at random.
    """

    document_id: str
    text_sha256: str
    mark: str
    theme: str | None = None
    start: int | None = None
    end: int | None = None
    role: str | None = None
    note: str = ""
    model: str = ""
    drawn: str = ""


class Rows(Protocol):
    """Rows of a table that can be gone through again and again: a tuple of dicts, or a file that is read each time."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Mapping[str, object]]: ...


@dataclass(frozen=True, slots=True)
class Results:
    """A results folder: rows as dicts with the column names of the contract.

    `run` is run.json; `articles`, `segments`, `topics` are sorted as on disk, where the first two may stay.
    `explanations` has, for articles near the boundary, what spoke for the subject (above 0) and against it, in logits,
    largest first. `topic_cards`, `topic_shares` and `topic_map` are the rows of the files of these names, `topic_order`
    the ids of topics, kin beside kin; all are empty for a folder that has none.
    """

    run: Mapping[str, object]
    articles: Rows
    segments: Rows
    topics: tuple[Mapping[str, object], ...]
    quarantine: tuple[Mapping[str, object], ...]
    explanations: Mapping[str, tuple[tuple[str, float], ...]] = field(default_factory=dict)
    topic_cards: tuple[Mapping[str, object], ...] = ()
    topic_shares: tuple[Mapping[str, object], ...] = ()
    topic_map: tuple[Mapping[str, object], ...] = ()
    topic_order: tuple[int, ...] = ()
