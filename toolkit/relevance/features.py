"""Named features of units: what a reader looks at to tell the main subject from a mention.

A unit is a group of segments judged together: the article, another story on the page, a single segment. Features
look at where and together with what places are named, never at which places: the same numbers come out for any
sides, so weights learned on one subject are a fair starting point for another.
"""

from __future__ import annotations

import numpy as np

from toolkit.relevance.evidence import Evidence, Floats, Ints
from toolkit.relevance.relations import INVEST, MEET, TRADE
from toolkit.terms import count_keys

LABEL_CHARACTERS = 25  # "World", "JAKARTA:": less than this before the first sentence is no headline
SUBJECT_CHARACTERS = 20  # where the doer of an English sentence is named
HEAD_CHARACTERS = 120
OPENING_CHARACTERS = 250  # headline and standfirst, or the first sentences where a section's name stands for a title
LEAD_CHARACTERS = 450  # a headline and the first one or two paragraphs of a news story
TOP_CHARACTERS = 1000
_SPANS = np.array([HEAD_CHARACTERS, OPENING_CHARACTERS, LEAD_CHARACTERS, TOP_CHARACTERS])
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


def unit_features(evidence: Evidence, unit: Ints, n_units: int, *, starts: Ints | None = None) -> Floats:
    """The features of each unit, shape (n_units, n_features), columns as in `FEATURES`.

    Parameters
    ----------
    unit : array of shape (n_segments,)
        The unit each segment belongs to, -1 for none.
    starts : array of shape (n_segments,), optional
        What `unit_starts` says of them, where it has been asked already.
    """
    e, n = evidence, evidence.n_sides
    need = min(2, n)  # how many sides make "both"
    # Tables have a row per side, the last for other places, and a column per unit, the first for no unit.
    n_rows, n_columns = n + 1, n_units + 1
    n_cells = n_rows * n_columns
    column = unit + 1
    if starts is None:
        starts = unit_starts(e, unit)
    total = np.maximum(np.bincount(column, weights=e.length, minlength=n_columns), 1.0)

    shift = starts - e.start
    of = column[e.segment]
    place = shift[e.segment] + e.position
    cell = e.side * n_columns + of

    def at_least(counts: np.ndarray) -> np.ndarray:
        """The count of the side that is named most but for `need` - 1 others; sides on the last axis but one."""
        return counts.min(axis=-2) if n == need else np.asarray(np.sort(counts, axis=-2)[..., -need, :])

    span = _SPANS.searchsorted(place, side="right")
    n_spans = len(_SPANS) + 1
    spans = np.bincount(span * n_cells + cell, minlength=n_spans * n_cells).reshape(n_spans, n_rows, n_columns)
    spans = spans.cumsum(axis=0)
    named = spans[-1]
    head_rare, opening_rare, lead_rare, top_rare, rare = at_least(spans[:, :n])
    _, opening_other, lead_other, top_other, other = spans[:, n]
    _, _, lead_all, top_all, everything = spans.sum(axis=1)
    most = named[:n].max(axis=0)
    is_title = _title_segments(e, unit, starts, n_units)
    title = np.bincount(cell[is_title[e.segment]], minlength=n_cells).reshape(n_rows, n_columns)
    title_sides = (title[:n] > 0).sum(axis=0)

    # sentences by what they name: 1 another place, 2 a side, 4 both
    n_sentences = len(e.sentence_length)
    by_sentence = np.bincount(e.side * n_sentences + e.sentence, minlength=n_rows * n_sentences)
    names = by_sentence.reshape(n_rows, n_sentences) > 0
    sides_named = names[:n].sum(axis=0)
    both = sides_named >= need
    kind = 4 * both + 2 * (sides_named > 0) + names[n]
    sentence_column = column[e.sentence_segment]
    slot = kind * n_columns + sentence_column
    n_kind = np.bincount(slot, minlength=8 * n_columns).reshape(8, n_columns)
    text = np.bincount(slot, weights=e.sentence_length, minlength=8 * n_columns).reshape(8, n_columns)
    n_both_other, n_both = n_kind[7], n_kind[6] + n_kind[7]
    text_both = text[6] + text[7]
    both_ratio = np.sqrt(text_both / total)
    backwards = both.nonzero()[0][::-1]  # places ascend within a unit: what is written last is the first
    first_both = np.full(n_columns, np.inf)
    first_both[sentence_column[backwards]] = shift[e.sentence_segment[backwards]] + e.sentence_start[backwards]
    first_both = 1 / (1 + first_both / 300)

    # segments and quarters
    n_segments = len(unit)
    by_segment = np.bincount(e.side * n_segments + e.segment, minlength=n_rows * n_segments)
    segment_both = (by_segment.reshape(n_rows, n_segments)[:n] > 0).sum(axis=0) >= need
    segments_both = np.bincount(column, weights=e.length * segment_both, minlength=n_columns)
    quarter = np.minimum(place * N_PARTS / total[of], N_PARTS - 1).astype(np.int64)
    by_quarter = np.bincount(quarter * n_cells + cell, minlength=N_PARTS * n_cells)
    by_quarter = by_quarter.reshape(N_PARTS, n_rows, n_columns)
    spread = ((by_quarter[:, :n] > 0).sum(axis=1) >= need).sum(axis=0) / N_PARTS

    # distinct countries
    n_members = int(e.member.max()) + 1 if len(e.member) else 1
    distinct, n_named = count_keys(cell * n_members + e.member)
    distinct //= n_members
    n_distinct = np.bincount(distinct, minlength=n_cells).reshape(n_rows, n_columns)
    strongest = np.zeros((n_rows, n_columns), dtype=np.int64)
    np.maximum.at(strongest.reshape(-1), distinct, n_named)

    # what the sides do in the opening and elsewhere
    first_named = np.full(n_cells, np.inf)
    first_named[cell[::-1]] = place[::-1]
    first_named = first_named.reshape(n_rows, n_columns)[:n]
    second = first_named.max(axis=0) if n == need else np.sort(first_named, axis=0)[need - 1]
    traded = np.bincount(cell[e.beside & TRADE > 0], minlength=n_cells).reshape(n_rows, n_columns)[:n]
    is_rare = named[:n] == rare
    ratio = traded / np.maximum(named[:n], 1)
    early = e.position - e.sentence_start[e.sentence] < SUBJECT_CHARACTERS
    at_head = np.bincount(of[early & (e.side < n)], minlength=n_columns)
    met = np.bincount(of[e.joining & MEET > 0], minlength=n_columns)
    invested = np.bincount(of[(e.joining & INVEST > 0) & (place < TOP_CHARACTERS)], minlength=n_columns)

    # subject seed terms: 1 at the top, 2 in a sentence that names both
    seed_place = shift[e.seed_segment] + e.seed_position
    seed_kind = (seed_place < TOP_CHARACTERS) + 2 * both[e.seed_sentence]
    seeds = np.bincount(seed_kind * n_columns + column[e.seed_segment], minlength=4 * n_columns).reshape(4, n_columns)
    seed_count = seeds.sum(axis=0)

    title_both = title_sides >= need
    lead_both = lead_rare > 0
    opening_both = opening_rare > 0
    n_mentions = np.maximum(everything, 1)
    rare_share = rare / n_mentions
    other_share = other / n_mentions
    scale = 1000 / np.maximum(total, 200)  # so that a single name in a headline is no density of its own
    logs = np.array(
        (
            lead_rare,
            lead_other,
            top_rare,
            top_other,
            n_both,
            rare * scale,
            most * scale,
            other * scale,
            rare,
            n_distinct[n],
            n_distinct[:n].sum(axis=0),
            strongest[n],
            seed_count,
            seed_count * scale,
            seeds[2] + seeds[3],
            at_least(strongest[:n]),
            met,
            invested,
        ),
        dtype=np.float64,
    )
    log = iter(np.log1p(logs, out=logs))
    columns = (
        title_both,
        (title_sides == 1) & (need > 1),
        np.minimum(title[n], 2),
        head_rare > 0,
        lead_both,
        next(log),
        next(log),
        lead_other / np.maximum(lead_all, 1),
        next(log),
        next(log),
        top_other / np.maximum(top_all, 1),
        both_ratio,
        np.sqrt(text[6] / total),
        next(log),
        first_both,
        (text[2] + text[3] + text_both) / total,
        (text[1] + text[3] + text[7]) / total,
        text[1] / total,
        segments_both / total,
        next(log),
        next(log),
        next(log),
        rare_log := next(log),
        rare_share,
        other_share,
        next(log),
        next(log),
        next(log) - rare_log,
        spread,
        next(log),
        next(log),
        next(log),
        seeds[1] + seeds[3] > 0,
        np.log(np.maximum(total, 20) / 2000),
        title_both * other_share,
        title_both * both_ratio,
        title_both * spread,
        lead_both * rare_share,
        lead_both * other_share,
        first_both * rare_share,
        both_ratio * other_share,
        opening_both,
        opening_both & (opening_other == 0),
        np.minimum(opening_other, 3),
        1 / (1 + second / 300),
        n_both_other / np.maximum(n_both, 1),
        next(log),
        next(log),
        next(log),
        at_head / np.maximum(named[:n].sum(axis=0), 1),
        (ratio * is_rare).sum(axis=0) / is_rare.sum(axis=0),
    )
    table = np.empty((len(FEATURES), n_columns))
    for i, values in enumerate(columns):
        table[i] = values
    return np.ascontiguousarray(table[:, 1:].T)


def _title_segments(evidence: Evidence, unit: Ints, starts: Ints, n_units: int) -> np.ndarray:
    """Which segments are the title of their unit: those of role title, else the first, and one after a short label."""
    title = evidence.title & (unit >= 0)
    titled = np.bincount(unit[title], minlength=n_units) > 0
    first = (starts < LABEL_CHARACTERS) & (evidence.length > 0) & (unit >= 0)
    return np.asarray(title | (first & ~titled[unit]))
