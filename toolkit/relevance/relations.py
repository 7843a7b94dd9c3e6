"""Who does what with whom: the words of relation around places of two sides that are named together.

The words are those of dealings between any two parties; what a group of them is worth is learned. They are looked for
among the words with each place name as one mark, so no place, side or subject is known here.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from toolkit.terms import Numbering
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

# Windows in words. Set by reading errors, not tuned.
BEFORE_PAIR = 3
AFTER_PAIR = 6
FAR_APART = 25  # two names further apart than this in a sentence: only the words before the second are looked at
BEFORE_SECOND = 12
AFTER_NAME = 2
MIN_LIST = 3  # so many countries in a row are a list ("countries such as A, B and C"), not partners

_LEXICON = Numbering()
_BITS: list[int] = []
for _bit, _words in _WORDS.items():
    _BITS += [_bit] * len(_LEXICON.add_all(_words.split()))
_N_RELATION = len(_BITS)
_LEXICON.add_all(_LISTING.split())
_NAME, _BREAK = len(_LEXICON), len(_LEXICON) + 1
_BIT_OF = np.array(_BITS + [0] * (_BREAK + 2 - _N_RELATION), dtype=np.int64)  # the last slot: no such word
_IS_LISTING = np.zeros(len(_BIT_OF), dtype=bool)
_IS_LISTING[_N_RELATION:_NAME] = True


def read_relations(words: WordTable, sentence: Ints, side: Ints, member: Ints, n_sides: int) -> tuple[Ints, Ints]:
    """The groups of relation words around each mention, as sums of bits, each of shape (n_mentions,).

    Parameters
    ----------
    words : WordTable
        Those of the document with its mentions.
    sentence, side, member : arrays of shape (n_mentions,)
        As in `Evidence`.

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
    numbers = words.masked(_LEXICON, np.full(len(side), _NAME), _BREAK).number
    at = (numbers == _NAME).nonzero()[0]
    breaks = np.concatenate(([-1], (numbers == _BREAK).nonzero()[0], [len(numbers)]))
    following = breaks.searchsorted(at)
    first, last = breaks[following - 1] + 1, breaks[following]  # the tokens of the mention's segment
    bits = _BIT_OF[numbers]
    seen = {bit: np.concatenate(([0], np.cumsum(bits == bit))) for bit in _WORDS}

    def groups(low: Ints, high: Ints) -> Ints:
        """The groups with a word among the tokens low, ..., high - 1."""
        return np.asarray(sum(bit * (seen[bit][high] > seen[bit][low]) for bit in _WORDS), dtype=np.int64)

    beside = groups(np.maximum(at - 1, first), np.minimum(at + 1 + AFTER_NAME, last))

    listing = np.concatenate(([0], np.cumsum(_IS_LISTING[numbers])))
    gap = at[1:] - at[:-1] - 1
    in_row = (sentence[1:] == sentence[:-1]) & (gap <= 2) & (listing[at[1:]] - listing[at[:-1] + 1] == gap)
    row = np.concatenate(([0], np.cumsum(~in_row)))
    n_members = int(member.max()) + 1
    members = np.sort(row * n_members + member)
    distinct = members[np.concatenate(([True], members[1:] != members[:-1]))]
    is_list = (np.bincount(distinct // n_members, minlength=int(row[-1]) + 1) >= MIN_LIST)[row]

    of_side = (side < n_sides).nonzero()[0]
    a, b = of_side[:-1], of_side[1:]
    paired = (sentence[a] == sentence[b]) & (side[a] != side[b]) & ~((row[a] == row[b]) & is_list[a])
    a, b = a[paired], b[paired]
    low = np.where(at[b] - at[a] - 1 > FAR_APART, at[b] - BEFORE_SECOND, at[a] - BEFORE_PAIR)
    joining[a] = groups(np.maximum(low, first[a]), np.minimum(at[b] + 1 + AFTER_PAIR, last[b]))
    return joining, beside
