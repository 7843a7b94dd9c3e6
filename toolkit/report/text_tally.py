"""One pass over the segments: how much was kept and cut as what and why, and which passages may be quoted."""

from __future__ import annotations

import heapq
import zlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

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
NO_WORDS = Words(())


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
        begun = {document: zlib.crc32(f"{names[document]}\n".encode("utf-8", "replace")) for document in set(documents)}
        checksums = np.array(
            [zlib.crc32(b"%d" % index, begun[document]) for document, index in zip(documents, indices, strict=True)],
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
        offers = [
            Offer(found.theme_quotes[theme], theme_words[theme], score, theme in article.themes, ENOUGH_TERMS)
            for theme, score in scores.items()
            if theme in theme_words
        ]
        if topic == NO_TOPIC:
            found.n_outliers += is_quoted  # titles and headings are never put into topics
        else:
            found.topic_outlets[topic][article.outlet] += 1
            found.topic_articles[topic][document] += 1
            words = topic_words.get(topic, NO_WORDS)
            offers.append(Offer(found.topic_quotes[topic], words, 0.0, True, words.n_terms))
        _offer(Candidate(document, start, end, text, ""), role, relevance, article, offers)


class Offer(NamedTuple):
    """Where a passage may be quoted: what it scores there beside its words, of which `most` count; and whether it
    speaks for the theme or topic once it holds one of them."""

    quotes: Quotes
    words: Words
    score: float
    may_speak: bool
    most: int


def _offer(candidate: Candidate, role: str, relevance: float, article: Article, offers: Sequence[Offer]) -> None:
    """Offer a passage wherever it might be held: most are not looked at closely once the best are held."""
    highest = highest_tier(candidate.text, role)
    likely = (relevance + (article.relevance or 0.0)) / 2
    most = likely + BOTH_SIDES * (len(article.places) > 1 and all(article.places))  # by what no passage of it exceeds
    can_speak = highest >= PROSE
    wanted = [
        one
        for one in offers
        if one.quotes.takes(highest + (can_speak and one.may_speak), one.most / ENOUGH_TERMS + one.score + most)
    ]
    if not wanted:
        return
    folded = candidate.text[:2000].casefold()
    tokens = tokens_of(folded)
    counted = [(one, one.words.count(folded, tokens)) for one in wanted]
    told = [(one, n > 0 and one.may_speak, min(n, one.most) / ENOUGH_TERMS + one.score) for one, n in counted]
    told = [
        (one, speaks, score)
        for one, speaks, score in told
        if one.quotes.takes(highest + (can_speak and speaks), score + most)
    ]
    if not told:
        return
    tier = tier_of(candidate.text, role, tokens)
    merit = likely + BOTH_SIDES * _names_both(article, folded)
    for one, speaks, score in told:
        one.quotes.offer(candidate, article.outlet, tier + (tier >= PROSE and speaks), score + merit)


def _names_both(article: Article, folded: str) -> bool:
    """Whether a passage names both sides: then it is worth quoting whatever its theme."""
    named = [any(name.casefold() in folded for name in names) for names in article.places]
    return len(named) > 1 and all(named)
