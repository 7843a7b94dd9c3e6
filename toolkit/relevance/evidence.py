"""What documents say of the sides: mentions, sentences, seed terms and words as aligned arrays."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.data import KEPT_ROLES, CutDocument, Mention
from toolkit.relevance.relations import RelationWords, read_relations
from toolkit.terms import count_keys, find_phrases, lower
from toolkit.words import WordTable

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_KEPT = frozenset(KEPT_ROLES)
BREAK_MARK = "\ue0fe"  # stands between segments
OTHER_MARK = "\ue0ff"  # stands for a place that belongs to no side
# A pattern a mark: the search for one character is several times as quick as that for one of a class.
_SENTENCE_ENDS = tuple(
    [re.compile(rf"{re.escape(mark)}[\"'”’)\]]{{0,3}}\s+") for mark in ".!?"] + [re.compile(mark) for mark in "。！？"]
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The segments, sentences, mentions, seed terms and tokens of one document or several, one after the other.

    Offsets count through the joined texts. `side[m]` is the index of mention m's side among the sides of the config,
    `n_sides` for any other place. `member[m]` numbers the distinct countries. `words` are the words of all segments in
    order; `tokens` are they with each place name replaced by one mark per side and `BREAK_MARK` between segments.
    """

    n_sides: int
    start: Ints  # by segment
    length: Ints
    kept: Bools
    title: Bools
    story: Ints  # -1 where the segment belongs to none
    sentence_start: Ints  # by sentence
    sentence_length: Ints
    sentence_segment: Ints
    position: Ints  # by mention
    segment: Ints
    sentence: Ints
    side: Ints
    member: Ints
    joining: Ints  # groups of relation words around the pair of this mention and the next of another side
    beside: Ints  # ... directly beside it
    seed_position: Ints  # by seed term found
    seed_segment: Ints
    seed_sentence: Ints
    words: WordTable

    @property
    def tokens(self) -> list[str]:
        """The masked words."""
        marks = [OTHER_MARK if side == self.n_sides else side_mark(side) for side in self.side.tolist()]
        return self.words.masked_tokens(marks, BREAK_MARK)

    def twice(self) -> Evidence:
        """The same segments listed twice (segment s again as n + s), to judge two groupings of them in one pass."""
        n, n_sentences = len(self.length), len(self.sentence_length)
        end = int(self.start[-1] + self.length[-1]) if n else 0

        def double(column: npt.NDArray[Any], shift: int = 0) -> npt.NDArray[Any]:
            return np.concatenate((column, column + shift if shift else column))

        return Evidence(
            n_sides=self.n_sides,
            start=double(self.start, end),
            length=double(self.length),
            kept=double(self.kept),
            title=double(self.title),
            story=double(self.story),
            sentence_start=double(self.sentence_start, end),
            sentence_length=double(self.sentence_length),
            sentence_segment=double(self.sentence_segment, n),
            position=double(self.position, end),
            segment=double(self.segment, n),
            sentence=double(self.sentence, n_sentences),
            side=double(self.side),
            member=double(self.member),
            joining=double(self.joining),
            beside=double(self.beside),
            seed_position=double(self.seed_position, end),
            seed_segment=double(self.seed_segment, n),
            seed_sentence=double(self.seed_sentence, n_sentences),
            words=self.words,
        )


def side_mark(number: int) -> str:
    """The token that stands for a place of side `number`."""
    return chr(0xE000 + number)


def read_evidence(
    cut: CutDocument,
    mentions: Sequence[Sequence[Mention]],
    *,
    sides: tuple[str, ...],
    seed_terms: tuple[str, ...],
    words: WordTable | None = None,
    relation_words: RelationWords | None = None,
) -> Evidence:
    """The evidence of one document; `mentions[s]` are the mentions in `cut.texts[s]`.

    `words` are those of the same texts and mentions, where they have been read already; for the rest see
    `read_evidence_of_all`.
    """
    words = words or WordTable.of(cut.texts, mentions)
    return read_evidence_of_all([cut], words, sides=sides, seed_terms=seed_terms, relation_words=relation_words)


def read_evidence_of_all(
    cuts: Sequence[CutDocument],
    words: WordTable,
    *,
    sides: tuple[str, ...],
    seed_terms: tuple[str, ...],
    relation_words: RelationWords | None = None,
) -> Evidence:
    """The evidence of several documents, given their words joined; nothing of one depends on those beside it.

    `seed_terms` are lower-case phrases with blanks for hyphens, as `toolkit.terms.plain_phrase` makes them.
    `relation_words` are the words of relation over the numbering that `words` are numbered by.
    """
    length = np.array(list(map(len, words.texts)), dtype=np.int64)
    start = np.cumsum(length + 1) - length - 1
    ends: list[int] = []
    seeds: list[int] = []
    offset = 0
    for texts in words.by_document():
        joined = "\n".join(texts)
        followed = f"{joined}a"  # the end of the text begins no sentence
        found = chain.from_iterable(pattern.finditer(joined) for pattern in _SENTENCE_ENDS)
        ends += [end + offset for match in found if not followed[end := match.end()].islower()]
        seeds += [place + offset for place in find_phrases(lower(joined), seed_terms)]
        offset += len(followed)
    sentence_start, _ = count_keys(np.concatenate((start, np.array(ends, dtype=np.int64))))
    sentence_segment = start.searchsorted(sentence_start, side="right") - 1
    sentence_end = (start + length)[sentence_segment]
    np.minimum(sentence_end[:-1], sentence_start[1:], out=sentence_end[:-1])

    numbers = {side: i for i, side in enumerate(sides)}
    named = [(mention.side, mention.member or mention.name) for mention in words.mentions]
    members = {member: i for i, member in enumerate(dict.fromkeys(named))}
    member_column = np.array([members[member] for member in named], dtype=np.int64)
    side_column = np.array([numbers.get(side, len(sides)) for side, _ in named], dtype=np.int64)
    segment = np.array(words.mention_segments, dtype=np.int64)
    position = start[segment] + np.array([mention.start for mention in words.mentions], dtype=np.int64)
    pieces = [piece for cut in cuts for piece in cut.segments]
    roles = [piece.role for piece in pieces]
    sentence = sentence_start.searchsorted(position, side="right") - 1
    joining, beside = read_relations(words, sentence, side_column, member_column, len(sides), relation_words)
    seed_position = np.array(seeds, dtype=np.int64)
    return Evidence(
        n_sides=len(sides),
        start=start,
        length=length,
        kept=np.array([role in _KEPT for role in roles], dtype=bool),
        title=np.array([role == "title" for role in roles], dtype=bool),
        story=np.array([-1 if piece.story is None else piece.story for piece in pieces], dtype=np.int64),
        sentence_start=sentence_start,
        sentence_length=sentence_end - sentence_start,
        sentence_segment=sentence_segment,
        position=position,
        segment=segment,
        sentence=sentence,
        side=side_column,
        member=member_column,
        joining=joining,
        beside=beside,
        seed_position=seed_position,
        seed_segment=start.searchsorted(seed_position, side="right") - 1,
        seed_sentence=sentence_start.searchsorted(seed_position, side="right") - 1,
        words=words,
    )
