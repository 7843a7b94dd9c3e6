"""The words of documents, read once for all models: tokens in order, and where mentions and segments lie in them.

A seam is a token between the words wherever a mention begins or ends and where one segment ends: one reading of the
text then serves the models that mask places and those that do not. Tables of several documents join into one, so that
an array pass serves them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain, pairwise

import numpy as np
import numpy.typing as npt

from toolkit.data import Mention
from toolkit.terms import MARK, SEAM, SEAM_NUMBER, UNSPACED_OR_MARK, Numbering, tokenise_parts

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_OPENS, _CLOSES, _BREAKS, _ENDS = range(4)
_MENTION, _BREAK, _END = bytes((_OPENS, _CLOSES)), bytes((_BREAKS,)), bytes((_ENDS,))


@dataclass(frozen=True, slots=True)
class NumberedWords:
    """Words by their numbers: `number[i]` stands in segment `segment[i]`; seams are among them."""

    number: Ints
    segment: Ints


@dataclass(frozen=True, slots=True)
class MaskedWords:
    """Words by their numbers without those of mentions: a seam stands for each mention and between segments."""

    number: Ints
    segment: Ints
    mentions: Ints
    """Where each mention stands among them."""
    breaks: Ints
    """Where segments end, those that end a document included."""
    ends: Ints
    """Where documents end, but for the last."""


_Numbered = tuple[Ints, Ints, Ints, Ints, Ints, MaskedWords]


@dataclass(frozen=True, slots=True)
class WordTable:
    """The words of the segments of documents; `mentions[m]` stands in segment `mention_segments[m]`, none overlap.

    `kinds` says of each seam whether a mention begins, a mention ends, a segment ends or a document ends there.
    """

    texts: tuple[str, ...]
    """As given, with blanks for the private-use characters that mark what is masked."""
    mentions: list[Mention]
    mention_segments: list[int]
    tokens: list[str]
    kinds: bytes
    is_cut_apart: bool
    """Whether the seam beside a mention parts what may be one word without it."""
    n_texts: tuple[int, ...]
    """The number of segments of each document."""
    _numbered: dict[Numbering, _Numbered] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What has been numbered once: models that share a numbering share it."""

    @classmethod
    def join(cls, tables: Sequence[WordTable]) -> WordTable:
        """The words of several documents, segments numbered through; the table of one document is itself."""
        if len(tables) == 1:
            return tables[0]
        tables = [table for table in tables if table.texts]
        tokens: list[str] = []
        mention_segments: list[int] = []
        n_segments = 0
        for table in tables:
            if n_segments:
                tokens.append(SEAM)
            tokens += table.tokens
            mention_segments += [segment + n_segments for segment in table.mention_segments]
            n_segments += len(table.texts)
        return cls(
            tuple(chain.from_iterable(table.texts for table in tables)),
            list(chain.from_iterable(table.mentions for table in tables)),
            mention_segments,
            tokens,
            _END.join(table.kinds for table in tables),
            any(table.is_cut_apart for table in tables),
            tuple(chain.from_iterable(table.n_texts for table in tables)),
        )

    def by_document(self) -> list[tuple[str, ...]]:
        """The texts of each document."""
        return [self.texts[start:end] for start, end in pairwise(accumulate(self.n_texts, initial=0))]

    @classmethod
    def of(cls, texts: Sequence[str], mentions: Sequence[Sequence[Mention]] | None = None) -> WordTable:
        """Read `texts`; `mentions[s]`, where given, are those in `texts[s]`; the first of overlapping ones counts."""
        is_ascii = all(map(str.isascii, texts))
        # A quick look first: of all characters those from U+E000 to U+EFFF alone begin with this byte.
        if not is_ascii and b"\xee" in "".join(texts).encode("utf-8", "surrogatepass"):
            texts = [MARK.sub(" ", text) for text in texts]
        taken: list[Mention] = []
        taken_segments: list[int] = []
        parts: list[str] = []
        kinds = bytearray()
        beside: list[str] = []
        for s, text in enumerate(texts):
            at = 0
            for mention in mentions[s] if mentions else ():
                start, end = mention.start, mention.end
                if start < at:
                    continue
                parts += (text[at:start], text[start:end])
                kinds += _MENTION
                taken.append(mention)
                taken_segments.append(s)
                beside += (text[start - 1 : start], text[end : end + 1])
                at = end
            parts.append(text[at:] if at else text)
            kinds += _BREAK
        apart = any(map(str.isalnum, beside))
        if beside and not is_ascii and not apart:
            # The small letter of a capital sigma depends on what stands around it.
            apart = bool(UNSPACED_OR_MARK.search("".join(beside))) or any("\u03a3" in text for text in texts)
        tokens = tokenise_parts(parts)
        return cls(tuple(texts), taken, taken_segments, tokens, bytes(kinds[:-1]), apart, (len(texts),))

    def masked_tokens(self, marks: Sequence[str], break_mark: str) -> list[str]:
        """The words of one document, mention m replaced by `marks[m]`, with `break_mark` between segments."""
        masked: list[str] = []
        at, mention = 0, 0
        for kind in self.kinds:
            seam = self.tokens.index(SEAM, at)
            if kind == _OPENS:
                masked += self.tokens[at:seam]
                masked.append(marks[mention])
                mention += 1
            elif kind == _BREAKS:
                masked += self.tokens[at:seam]
                masked.append(break_mark)
            at = seam + 1
        masked += self.tokens[at:]
        return masked

    def masked(self, numbering: Numbering, marks: Ints, break_mark: int) -> NumberedWords:
        """The same by number: `marks[m]` for mention m, `break_mark` between segments, -1 between documents."""
        masked = self.masked_places(numbering)
        numbers = masked.number.copy()
        numbers[masked.mentions] = marks
        numbers[masked.breaks] = break_mark
        numbers[masked.ends] = -1
        return NumberedWords(numbers, masked.segment)

    def masked_places(self, numbering: Numbering) -> MaskedWords:
        """The same by number, with a seam for each mention and between segments."""
        return self._by(numbering)[-1]

    def plain(self, numbering: Numbering, kept: Bools) -> NumberedWords:
        """The words of the kept segments by number, as written, with -1 after each segment but the last."""
        if self.is_cut_apart:
            return WordTable.join(list(map(WordTable.of, self.by_document()))).plain(numbering, kept)
        numbers, segment, opens, closes, breaks, _ = self._by(numbering)
        stays = kept.take(segment)
        stays[opens] = False
        stays[closes] = False
        stays[breaks] = True
        plain = numbers[stays]
        return NumberedWords(np.maximum(plain, -1, out=plain), segment[stays])

    def _by(self, numbering: Numbering) -> _Numbered:
        """Numbers and segments of all tokens; where mentions begin and end, where segments end; what masking leaves.

        A break counts with the segment it ends.
        """
        if numbering in self._numbered:
            return self._numbered[numbering]
        numbers = numbering.of(self.tokens)
        seams = (numbers == SEAM_NUMBER).nonzero()[0]
        kinds = np.frombuffer(self.kinds, dtype=np.uint8)
        breaks, ends = seams[kinds >= _BREAKS], seams[kinds == _ENDS]
        opens, closes = seams[kinds == _OPENS], seams[kinds == _CLOSES]
        begins = np.zeros(len(numbers) + 1, dtype=np.int64)
        begins[breaks + 1] = 1
        segment = begins[:-1].cumsum()
        numbered = numbers, segment, opens, closes, breaks, _mask(numbers, segment, opens, closes, breaks, ends)
        self._numbered[numbering] = numbered
        return numbered


def _mask(numbers: Ints, segment: Ints, opens: Ints, closes: Ints, breaks: Ints, ends: Ints) -> MaskedWords:
    """Without the words of mentions and the seams that end them."""
    if not len(opens):
        return MaskedWords(numbers, segment, opens, breaks, ends)
    change = np.zeros(len(numbers) + 1, dtype=np.int8)
    change[opens + 1] = 1
    change[closes + 1] = -1
    stays = change[:-1].cumsum(dtype=np.int8) == 0
    before = stays.cumsum()
    return MaskedWords(numbers[stays], segment[stays], before[opens] - 1, before[breaks] - 1, before[ends] - 1)
