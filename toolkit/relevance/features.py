"""Named features of units: what a reader looks at to tell the main subject from a mention.

A unit is a group of segments judged together: the article, another story on the page, a single segment. Features
look at where and together with what places are named, never at which places: the same numbers come out for any
sides, so weights learned on one subject are a fair starting point for another.
"""

from __future__ import annotations

import numpy as np

from toolkit.relevance.evidence import Evidence, Floats, Ints
from toolkit.relevance.relations import INVEST, MEET, TRADE

LABEL_CHARACTERS = 25  # "World", "JAKARTA:": less than this before the first sentence is no headline
SUBJECT_CHARACTERS = 20  # where the doer of an English sentence is named
HEAD_CHARACTERS = 120
OPENING_CHARACTERS = 250  # headline and standfirst, or the first sentences where a section's name stands for a title
LEAD_CHARACTERS = 450  # a headline and the first one or two paragraphs of a news story
TOP_CHARACTERS = 1000
N_PARTS = 4

FEATURES = (
    "title_both",  # the title names two sides
    "title_one",  # ... exactly one side
    "title_other",  # ... places of no side (at most 2 are counted)
    "head_both",  # two sides within the first 120 characters
    "lead_both",  # ... 450 characters
    "lead_rare",  # ln(1 + mentions there of the second most named side)
    "lead_other",  # ln(1 + other places there)
    "lead_other_share",
    "top_rare",  # the same within 1,000 characters
    "top_other",
    "top_other_share",
    "both_ratio",  # root of the share of text in sentences that name two sides
    "both_clean_ratio",  # ... and no other place
    "both_log",  # ln(1 + such sentences)
    "first_both",  # 1 / (1 + characters before the first such sentence / 300)
    "own_ratio",  # share of text in sentences that name a side
    "other_ratio",  # ... another place
    "other_only_ratio",  # ... only other places
    "segments_both",  # share of text in segments that name two sides
    "rare_density",  # ln(1 + mentions of the second most named side per 1,000 characters)
    "top_density",  # ... the most named side
    "other_density",  # ... other places
    "rare_log",  # ln(1 + mentions of the second most named side)
    "rare_share",  # its share of all mentions
    "other_share",
    "others_log",  # ln(1 + other countries)
    "members_log",  # ln(1 + countries of the sides)
    "other_against_rare",  # ln(1 + mentions of the most named other country) - rare_log
    "spread",  # share of the four quarters of the text that name two sides
    "seed_log",  # ln(1 + subject seed terms)
    "seed_density",
    "seed_both",  # ln(1 + subject seed terms in sentences that name two sides)
    "seed_top",  # one within the first 1,000 characters
    "length",  # ln(characters / 2000)
    "title_both*other_share",
    "title_both*both_ratio",
    "title_both*spread",
    "lead_both*rare_share",
    "lead_both*other_share",
    "first_both*rare_share",
    "both_ratio*other_share",
    "opening_both",  # two sides within the first 250 characters
    "opening_both_alone",  # ... and no other place
    "opening_other",  # other places there (at most 3 are counted)
    "first_second",  # 1 / (1 + characters before a second side is named / 300)
    "both_other_ratio",  # share of the sentences that name two sides in which another place is named too
    "main_rare",  # ln(1 + mentions of the most named country of the second side)
    "joined_meet",  # ln(1 + pairs of two sides in a sentence with words of visits and talks around them)
    "joined_invest_top",  # ... of investing and building, within the first 1,000 characters
    "sentence_head",  # share of the mentions of sides within the first 20 characters of their sentence
    "beside_trade",  # share of the second most named side's mentions with a word of trade beside them
)


def unit_starts(evidence: Evidence, unit: Ints) -> Ints:
    """Where each segment starts within its unit, in characters; shape (n_segments,)."""
    order = np.argsort(unit, kind="stable")
    before = np.cumsum(evidence.length[order]) - evidence.length[order]
    sorted_unit = unit[order]
    first = np.concatenate(([True], sorted_unit[1:] != sorted_unit[:-1])).nonzero()[0][: len(order)]
    sizes = np.concatenate((first[1:], [len(order)])) - first
    starts = np.empty(len(unit), dtype=np.int64)
    starts[order] = before - np.repeat(before[first], sizes)
    return starts


def unit_features(evidence: Evidence, unit: Ints, n_units: int) -> Floats:
    """The features of each unit, shape (n_units, n_features), columns as in `FEATURES`.

    Parameters
    ----------
    unit : array of shape (n_segments,)
        The unit each segment belongs to, -1 for none.
    """
    e, n = evidence, evidence.n_sides
    need = min(2, n)  # how many sides make "both"
    starts = unit_starts(e, unit)
    total = np.maximum(np.bincount(unit + 1, weights=e.length, minlength=n_units + 1)[1:], 1.0)

    inside = unit[e.segment] >= 0
    segment, side, member, sentence = (column[inside] for column in (e.segment, e.side, e.member, e.sentence))
    of = unit[segment]
    place = starts[segment] + e.position[inside] - e.start[segment]
    named_by = of * (n + 1) + side
    n_counts = n_units * (n + 1)

    def count(chosen: slice | np.ndarray = slice(None)) -> tuple[Floats, Floats, Floats]:
        """By unit, over the chosen mentions: the second most named side, other places, all."""
        table = np.bincount(named_by[chosen], minlength=n_counts).reshape(n_units, n + 1)
        return np.sort(table[:, :n], axis=1)[:, -need].astype(float), table[:, n].astype(float), table.sum(axis=1)

    title = _title_segments(e, unit, starts, n_units)[segment]
    title_table = np.bincount(named_by[title], minlength=n_counts).reshape(n_units, n + 1)
    title_sides = (title_table[:, :n] > 0).sum(axis=1)
    head_rare, _, _ = count(place < HEAD_CHARACTERS)
    lead_rare, lead_other, lead_all = count(place < LEAD_CHARACTERS)
    top_rare, top_other, top_all = count(place < TOP_CHARACTERS)
    rare, other, everything = count()
    named = np.bincount(named_by, minlength=n_counts).reshape(n_units, n + 1)
    most = named[:, :n].max(axis=1).astype(float)

    # sentences
    n_sentences = len(e.sentence_length)
    by_sentence = np.bincount(sentence * (n + 1) + side, minlength=n_sentences * (n + 1)).reshape(n_sentences, n + 1)
    sides_named = (by_sentence[:, :n] > 0).sum(axis=1)
    others_named = by_sentence[:, n] > 0
    sentence_unit = unit[e.sentence_segment]
    both = (sides_named >= need) & (sentence_unit >= 0)

    def text_share(sentences: np.ndarray) -> Floats:
        slots = np.where(sentences, sentence_unit, -1) + 1
        return np.bincount(slots, weights=e.sentence_length, minlength=n_units + 1)[1:] / total

    first_both = np.full(n_units, np.inf)
    sentence_place = starts[e.sentence_segment] + e.sentence_start - e.start[e.sentence_segment]
    np.minimum.at(first_both, sentence_unit[both], sentence_place[both])
    first_both = 1 / (1 + first_both / 300)

    # segments and quarters
    n_segments = len(unit)
    by_segment = np.bincount(segment * (n + 1) + side, minlength=n_segments * (n + 1)).reshape(n_segments, n + 1)
    segment_both = ((by_segment[:, :n] > 0).sum(axis=1) >= need) & (unit >= 0)
    segments_both = np.bincount(np.where(segment_both, unit, -1) + 1, weights=e.length, minlength=n_units + 1)[1:]
    quarter = of * N_PARTS + np.minimum(place * N_PARTS / total[of], N_PARTS - 1).astype(np.int64)
    size = n_units * N_PARTS
    by_quarter = np.bincount(quarter * (n + 1) + side, minlength=size * (n + 1)).reshape(n_units, N_PARTS, n + 1)
    spread = ((by_quarter[:, :, :n] > 0).sum(axis=2) >= need).mean(axis=1)

    # distinct countries
    n_members = int(e.member.max()) + 1 if len(e.member) else 1
    by_member = np.bincount(of * n_members + member, minlength=n_units * n_members).reshape(n_units, n_members)
    is_other = np.zeros(n_members, dtype=bool)
    is_other[e.member[e.side == n]] = True
    others = (by_member[:, is_other] > 0).sum(axis=1)
    members = (by_member[:, ~is_other] > 0).sum(axis=1)
    strongest = by_member[:, is_other].max(axis=1, initial=0)

    by_side = np.zeros((n_units, n))
    for i in range(n):
        mine = np.unique(e.member[e.side == i])
        by_side[:, i] = by_member[:, mine].max(axis=1, initial=0)
    main_rare = np.sort(by_side, axis=1)[:, -need]

    # the opening, and what the sides do there and elsewhere
    opening = place < OPENING_CHARACTERS
    opening_rare, opening_other, _ = count(opening)
    opening_both = (opening_rare > 0).astype(float)
    first_named = np.full(n_units * (n + 1), np.inf)
    np.minimum.at(first_named, of * (n + 1) + side, place)
    second = np.sort(first_named.reshape(n_units, n + 1)[:, :n], axis=1)[:, need - 1]
    joining, beside = e.joining[inside], e.beside[inside]
    traded = np.bincount((of * (n + 1) + side)[beside & TRADE > 0], minlength=n_units * (n + 1))
    is_rare = named[:, :n] == rare[:, None]
    ratio = traded.reshape(n_units, n + 1)[:, :n] / np.maximum(named[:, :n], 1)
    beside_trade = (ratio * is_rare).sum(axis=1) / is_rare.sum(axis=1)

    at_head = e.position[inside] - e.sentence_start[sentence] < SUBJECT_CHARACTERS
    sentence_head = np.bincount(of[at_head & (side < n)], minlength=n_units) / np.maximum(named[:, :n].sum(axis=1), 1)

    def pairs(chosen: np.ndarray) -> Floats:
        return np.log1p(np.bincount(of[chosen], minlength=n_units))

    n_both = np.bincount(sentence_unit[both], minlength=n_units)
    n_both_other = np.bincount(sentence_unit[both & others_named], minlength=n_units)

    # subject seed terms
    seed_unit = unit[e.seed_segment]
    seed_place = starts[e.seed_segment] + e.seed_position - e.start[e.seed_segment]

    def seeds(chosen: np.ndarray) -> Floats:
        return np.bincount(np.where(chosen, seed_unit, -1) + 1, minlength=n_units + 1)[1:].astype(float)

    seed_count = seeds(seed_unit >= 0)

    title_both = (title_sides >= need).astype(float)
    lead_both = (lead_rare > 0).astype(float)
    both_ratio = np.sqrt(text_share(both))
    rare_share = rare / np.maximum(everything, 1)
    other_share = other / np.maximum(everything, 1)
    scale = 1000 / np.maximum(total, 200)  # so that a single name in a headline is no density of its own
    columns = (
        title_both,
        (title_sides == 1) & (need > 1),
        np.minimum(title_table[:, n], 2),
        head_rare > 0,
        lead_both,
        np.log1p(lead_rare),
        np.log1p(lead_other),
        lead_other / np.maximum(lead_all, 1),
        np.log1p(top_rare),
        np.log1p(top_other),
        top_other / np.maximum(top_all, 1),
        both_ratio,
        np.sqrt(text_share(both & ~others_named)),
        np.log1p(n_both),
        first_both,
        text_share(sides_named > 0),
        text_share(others_named),
        text_share(others_named & (sides_named == 0)),
        segments_both / total,
        np.log1p(rare * scale),
        np.log1p(most * scale),
        np.log1p(other * scale),
        np.log1p(rare),
        rare_share,
        other_share,
        np.log1p(others),
        np.log1p(members),
        np.log1p(strongest) - np.log1p(rare),
        spread,
        np.log1p(seed_count),
        np.log1p(seed_count * scale),
        np.log1p(seeds(both[e.seed_sentence])),
        seeds(seed_place < TOP_CHARACTERS) > 0,
        np.log(np.maximum(total, 20) / 2000),
        title_both * other_share,
        title_both * both_ratio,
        title_both * spread,
        lead_both * rare_share,
        lead_both * other_share,
        first_both * rare_share,
        both_ratio * other_share,
        opening_both,
        opening_both * (opening_other == 0),
        np.minimum(opening_other, 3),
        1 / (1 + second / 300),
        n_both_other / np.maximum(n_both, 1),
        np.log1p(main_rare),
        pairs(joining & MEET > 0),
        pairs((joining & INVEST > 0) & (place < TOP_CHARACTERS)),
        sentence_head,
        beside_trade,
    )
    table = np.empty((n_units, len(FEATURES)))
    for i, column in enumerate(columns):
        table[:, i] = column
    return table


def _title_segments(evidence: Evidence, unit: Ints, starts: Ints, n_units: int) -> np.ndarray:
    """Which segments are the title of their unit: those of role title, else the first, and one after a short label."""
    title = evidence.title & (unit >= 0)
    titled = np.bincount(unit[title], minlength=n_units) > 0
    first = (starts < LABEL_CHARACTERS) & (evidence.length > 0) & (unit >= 0)
    return np.asarray(title | (first & ~titled[unit]))
