"""One pass over the segments: how much was kept and cut as what and why, and which passages may be quoted."""

from __future__ import annotations

import heapq
import zlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from toolkit.data import CUT_ROLES, NO_TOPIC, Rows
from toolkit.report.quotes import (
    ENOUGH_TERMS,
    PROSE,
    QUOTED_ROLES,
    Candidate,
    Quotes,
    Words,
    highest_tier,
    key_of,
    tier_of,
    tokens_of,
)
from toolkit.report.rows import Article
from toolkit.report.segments import Coded, Flags, Ints, SegmentBatch, segment_batches

N_EXAMPLES = 3  # of each kind of cut text
BOTH_SIDES = 0.5  # what naming both sides adds to a passage, beside relevance, theme score and terms of up to 1 each
MIN_OPENING = 40  # characters of the words that stand in for a title; a shorter line is passed over
MIN_EXAMPLE_CHARACTERS = 12  # shorter ones ("|", "Menu") tell a reader nothing
_LOOKED_AT = 64  # examples whose texts are fetched together


@dataclass(slots=True)
class CutText:
    """A cut role while it grows; the examples are those of the smallest checksum, so a spread over the corpus."""

    n_segments: int = 0
    n_characters: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    examples: list[tuple[int, str, int, Candidate]] = field(default_factory=list)

    def add(self, batch: SegmentBatch, rows: Ints, role: str) -> None:
        """Take in the segments at `rows`, all of one role."""
        self.n_segments += len(rows)
        self.n_characters += int(np.maximum(0, batch.end[rows] - batch.start[rows]).sum())
        codes, counts = np.unique(batch.reason.codes[rows], return_counts=True)
        for code, n in zip(codes.tolist(), counts.tolist(), strict=True):
            for cue in cues_of(batch.reason.values[code], role):
                self.reasons[cue] += n
        self._look_for_examples(batch, rows[batch.n_characters[rows] >= MIN_EXAMPLE_CHARACTERS], role)

    def _look_for_examples(self, batch: SegmentBatch, rows: Ints, role: str) -> None:
        documents, indices = batch.document.codes[rows].tolist(), batch.index[rows].tolist()
        names = batch.document.values
        checksums = np.array(
            [
                zlib.crc32(f"{names[document]}\n{index}".encode("utf-8", "replace"))
                for document, index in zip(documents, indices, strict=True)
            ],
            dtype=np.int64,
        )
        order = np.argsort(checksums, kind="stable")
        for first in range(0, len(order), _LOOKED_AT):
            places = order[first : first + _LOOKED_AT]
            if self._is_full(-int(checksums[places[0]])):
                return
            for place, text in zip(places.tolist(), batch.texts(rows[places]), strict=True):
                rank, row = -int(checksums[place]), int(rows[place])
                if self._is_full(rank):
                    return
                if text.isspace():
                    continue
                document, start = names[documents[place]], int(batch.start[row])
                cues = ", ".join(cues_of(batch.reason.values[batch.reason.codes[row]], role))
                item = (rank, document, start, Candidate(document, start, int(batch.end[row]), text, cues))
                (heapq.heappush if len(self.examples) < N_EXAMPLES else heapq.heappushpop)(self.examples, item)

    def _is_full(self, rank: int) -> bool:
        """Whether there are enough examples, all of a smaller checksum than this negative one."""
        return len(self.examples) >= N_EXAMPLES and rank < self.examples[0][0]


@lru_cache(maxsize=4096)
def cues_of(reason: str, role: str) -> tuple[str, ...]:
    """The cues of a reason, each once; its code where that says more than the role.

    Examples
    --------
    >>> cues_of("teaser: doubled headline, cut off", "teaser"), cues_of("repeated_line", "footer"), cues_of("", "date")
    (('doubled headline', 'cut off'), ('repeated line',), ('reason not stated',))
    """
    code, _, said = reason.partition(":")
    cues = [cue.strip() for cue in said.split(",") if cue.strip()]
    if code.strip() and (code.strip() != role or not cues):
        cues.insert(0, code.strip().replace("_", " "))
    return tuple(dict.fromkeys(cues)) or ("reason not stated",)


@dataclass(slots=True)
class TextTally:
    """What one pass over the segments finds; `read`, `kept` and `on` are numbers of segments and of characters."""

    read: list[int] = field(default_factory=lambda: [0, 0])
    kept: list[int] = field(default_factory=lambda: [0, 0])
    on: list[int] = field(default_factory=lambda: [0, 0])
    cut: dict[str, CutText] = field(default_factory=lambda: defaultdict(CutText))
    theme_quotes: dict[str, Quotes] = field(default_factory=lambda: defaultdict(Quotes))
    topic_quotes: dict[int, Quotes] = field(default_factory=lambda: defaultdict(Quotes))
    topic_outlets: dict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    topic_articles: dict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    n_outliers: int = 0
    openings: dict[str, str] = field(default_factory=dict)
    first_seen: dict[str, str] = field(default_factory=dict)
    repeated: set[str] = field(default_factory=set)


def count_texts(
    rows: Rows,
    articles: Mapping[str, Article],
    counted: Set[str],
    *,
    theme_terms: Mapping[str, tuple[str, ...]],
    topic_terms: Mapping[int, tuple[str, ...]],
) -> TextTally:
    """One pass over the segments; themes, topics and their quotes are of the articles `counted`.

    Counts are made on columns; only the kept on-topic segments of counted articles are looked at one by one.
    """
    found = TextTally()
    theme_words = {theme: Words(terms) for theme, terms in theme_terms.items()}
    topic_words = {topic: Words(terms) for topic, terms in topic_terms.items()}
    for batch in segment_batches(rows):
        known = [articles.get(document) for document in batch.document.values]
        _extend(found.read, batch, np.ones(len(batch.start), dtype=np.bool_))
        _extend(found.kept, batch, batch.kept)
        _count_cut(found, batch)
        untitled = _of_documents(batch, [article is not None and not article.title for article in known])
        _find_openings(found, batch, np.flatnonzero(batch.kept & untitled))
        on = batch.kept & _is(batch.on_topic, "on")
        on &= _of_documents(batch, [article is not None and article.on_topic == "on" for article in known])
        _extend(found.on, batch, on)
        quotable = on & _of_documents(batch, [document in counted for document in batch.document.values])
        _offer_quotes(found, batch, np.flatnonzero(quotable), articles, theme_words, topic_words)
    return found


def _extend(extent: list[int], batch: SegmentBatch, rows: Flags) -> None:
    extent[0] += int(np.count_nonzero(rows))
    extent[1] += int(np.maximum(0, batch.end - batch.start)[rows].sum())


def _of_documents(batch: SegmentBatch, flags: list[bool]) -> Flags:
    """Flags of the batch's documents as flags of its segments."""
    return np.array(flags, dtype=np.bool_)[batch.document.codes]


def _is(column: Coded, value: str) -> Flags:
    return np.array([known == value for known in column.values], dtype=np.bool_)[column.codes]


def _count_cut(found: TextTally, batch: SegmentBatch) -> None:
    for code, role in enumerate(batch.role.values):
        rows = np.flatnonzero(~batch.kept & (batch.role.codes == code))
        if len(rows):
            found.cut[role if role in CUT_ROLES else "other"].add(batch, rows, role)


def _find_openings(found: TextTally, batch: SegmentBatch, rows: Ints) -> None:
    """The first words of articles without a title: their first line that is long enough, else the longest."""
    for row, text in zip(rows.tolist(), batch.texts(rows), strict=True):
        document = batch.document.values[batch.document.codes[row]]
        known = found.openings.get(document, "")
        if len(known) < MIN_OPENING:
            found.openings[document] = max(known, text[:400].strip(), key=len)


def _offer_quotes(
    found: TextTally,
    batch: SegmentBatch,
    rows: Ints,
    articles: Mapping[str, Article],
    theme_words: Mapping[str, Words],
    topic_words: Mapping[int, Words],
) -> None:
    most_terms = {topic: words.n_terms for topic, words in topic_words.items()}
    cells = zip(
        batch.document.codes[rows].tolist(),
        batch.role.codes[rows].tolist(),
        batch.start[rows].tolist(),
        batch.end[rows].tolist(),
        batch.topic[rows].tolist(),
        batch.relevance[rows].tolist(),
        batch.texts(rows),
        batch.themes(rows),
        strict=True,
    )
    for document_code, role_code, start, end, topic, relevance, text, scores in cells:
        document, role = batch.document.values[document_code], batch.role.values[role_code]
        article = articles[document]
        is_quoted = role in QUOTED_ROLES
        if is_quoted and found.first_seen.setdefault(key := key_of(text), document) != document:
            found.repeated.add(key)
        themes = {theme: score for theme, score in scores.items() if theme in theme_words}
        if topic == NO_TOPIC:
            found.n_outliers += is_quoted  # titles and headings are never put into topics
        else:
            found.topic_outlets[topic][article.outlet] += 1
            found.topic_articles[topic][document] += 1
        # What no passage of this length, role and scores can exceed: most are not looked at once the best are held.
        tier, merit = highest_tier(text, role) + 1, BOTH_SIDES + (relevance + (article.relevance or 0.0)) / 2
        wanted = any(found.theme_quotes[theme].takes(tier, 1 + score + merit) for theme, score in themes.items())
        if topic != NO_TOPIC:
            most = most_terms.get(topic, 0) / ENOUGH_TERMS
            wanted = found.topic_quotes[topic].takes(tier, most + merit) or wanted
        if not wanted:
            continue
        folded = text[:2000].casefold()
        tokens = tokens_of(folded)
        tier = tier_of(text, role, tokens)
        merit = _merit(article, folded, relevance)
        candidate = Candidate(document, start, end, text, "")
        for theme, score in themes.items():
            n_terms = theme_words[theme].count(folded, tokens)
            speaks = tier >= PROSE and n_terms > 0 and theme in article.themes
            named = min(n_terms, ENOUGH_TERMS) / ENOUGH_TERMS
            found.theme_quotes[theme].offer(candidate, article.outlet, tier + speaks, named + score + merit)
        if topic != NO_TOPIC:
            n_terms = topic_words[topic].count(folded, tokens) if topic in topic_words else 0
            speaks = tier >= PROSE and n_terms > 0
            found.topic_quotes[topic].offer(candidate, article.outlet, tier + speaks, n_terms / ENOUGH_TERMS + merit)


def _merit(article: Article, folded: str, relevance: float) -> float:
    """What makes a passage worth quoting whatever its theme: it names both sides, and belongs to the subject."""
    named = [any(name.casefold() in folded for name in names) for names in article.places]
    both = len(named) > 1 and all(named)
    return BOTH_SIDES * both + (relevance + (article.relevance or 0.0)) / 2
