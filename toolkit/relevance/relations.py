"""Who does what with whom: the words of relation around places of two sides that are named together.

The words are those of dealings between any two parties; what a group of them is worth is learned. They are looked for
among the words with each place name as one mark, so no place, side or subject is known here.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from toolkit.terms import Numbering, count_keys
from toolkit.words import WordTable

Ints = npt.NDArray[np.int64]

MEET, TRADE, INVEST = 1, 2, 4
"""One bit for each group of words."""
_WORDS = {
    MEET: """visit visits visited visiting meet meets meeting meetings met talks summit host hosts hosted hosting
        welcome welcomed arrive arrives arrived arrival delegation envoy ambassador embassy consulate consul counterpart
        forum invited spoke travel travels""",
    TRADE: """export exports exported exporting exporter exporters import imports imported importing importer
        importers trade trading sell sells selling sold buy buys buying bought purchase purchases purchased supply
        supplies shipped shipment shipments tariff tariffs market customs goods orders ordered products""",
    INVEST: """invest invests invested investing investment investments investor investors build builds building
        built construct constructed construction finance financed financing fund funded funding loan loans lend lent
        lending acquire acquired acquisition stake venture factory factories plant plants project projects railway
        developer developers expand expanding launch launched company companies firm firms manufacturer manufacturers
        maker makers brand brands""",
}
# Tried and left out, outlets of sea_china_news held out in turn: groups for agreeing, cooperating, helping, travelling,
# disputing and descent made the log loss of held-out documents worse or no better beside the other features.
_LISTING = "and or s the as well"  # what may stand between the members of a list of places

_OF_LISTS = 8

# Windows in words. Set by reading errors, not tuned.
BEFORE_PAIR = 3
AFTER_PAIR = 6
FAR_APART = 25  # two names further apart than this in a sentence: only the words before the second are looked at
BEFORE_SECOND = 12
AFTER_NAME = 2
MIN_LIST = 3  # so many countries in a row are a list ("countries such as A, B and C"), not partners


class RelationWords:
    """The words of relation by their numbers in a numbering, which learns them: texts numbered for others will do.

    Parameters
    ----------
    numbering : Numbering
        Where it is shared, make this before the look-up tables that take no words numbered later.
    """

    def __init__(self, numbering: Numbering) -> None:
        self.numbering = numbering
        kinds = [(bit, numbering.add_all(words.split())) for bit, words in {**_WORDS, _OF_LISTS: _LISTING}.items()]
        self._kind = np.zeros(len(numbering) + 2, dtype=np.uint8)  # the last slots are for other words and seams
        for kind, numbers in kinds:
            self._kind[numbers] = kind

    def find(self, numbers: Ints) -> tuple[list[tuple[int, Ints]], Ints]:
        """Where among the numbered words each group's stand, as (bit, places), and where those of lists do."""
        kind = self._kind.take(np.minimum(numbers, len(self._kind) - 1))
        known = kind.nonzero()[0]
        kind = kind[known]
        return [(bit, known[kind == bit]) for bit in _WORDS], known[kind == _OF_LISTS]


_OWN = RelationWords(Numbering())


def read_relations(
    words: WordTable,
    sentence: Ints,
    side: Ints,
    member: Ints,
    n_sides: int,
    relation_words: RelationWords | None = None,
) -> tuple[Ints, Ints]:
    """The groups of relation words around each mention, as sums of bits, each of shape (n_mentions,).

    Parameters
    ----------
    words : WordTable
        Those of the document with its mentions.
    sentence, side, member : arrays of shape (n_mentions,)
        As in `Evidence`.
    relation_words : RelationWords, optional
        Those over the numbering that `words` are numbered by for other purposes too.

    Returns
    -------
    joining : array
        Of the pair of mention m and the next mention of a side, where that is of another side and in the same sentence:
        the groups with a word between the two, shortly before or shortly after; 0 for every other mention, and for
        neighbours in a list of three or more countries.
    beside : array
        The groups with a word directly before or up to two words after mention m.
    """
    joining, beside = np.zeros((2, len(side)), dtype=np.int64)
    if not len(side):
        return joining, beside
    relation_words = relation_words or _OWN
    numbered = words.masked_places(relation_words.numbering)
    at = numbered.mentions
    breaks = np.concatenate(([-1], numbered.breaks, [len(numbered.number)]))
    following = breaks.searchsorted(at)
    first, last = breaks[following - 1] + 1, breaks[following]  # the tokens of the mention's segment
    by_group, listing = relation_words.find(numbered.number)

    gap = at[1:] - at[:-1] - 1
    n_listing = listing.searchsorted(at[1:]) - listing.searchsorted(at[:-1] + 1)
    in_row = (sentence[1:] == sentence[:-1]) & (gap <= 2) & (n_listing == gap)
    row = np.concatenate(([0], np.cumsum(~in_row)))
    n_members = int(member.max()) + 1
    distinct, _ = count_keys(row * n_members + member)
    is_list = (np.bincount(distinct // n_members, minlength=int(row[-1]) + 1) >= MIN_LIST)[row]

    of_side = (side < n_sides).nonzero()[0]
    a, b = of_side[:-1], of_side[1:]
    paired = (sentence[a] == sentence[b]) & (side[a] != side[b]) & ~((row[a] == row[b]) & is_list[a])
    a, b = a[paired], b[paired]
    low = np.where(at[b] - at[a] - 1 > FAR_APART, at[b] - BEFORE_SECOND, at[a] - BEFORE_PAIR)

    # The groups with a word among the tokens low, ..., high - 1: of each mention, then of each pair.
    low = np.concatenate((np.maximum(at - 1, first), np.maximum(low, first[a])))
    high = np.concatenate((np.minimum(at + 1 + AFTER_NAME, last), np.minimum(at[b] + 1 + AFTER_PAIR, last[b])))
    groups = np.zeros(len(low), dtype=np.int64)
    for bit, places in by_group:
        groups += bit * (places.searchsorted(high) > places.searchsorted(low))
    joining[a] = groups[len(at) :]
    return joining, groups[: len(at)]
