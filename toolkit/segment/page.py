"""A page as the line model sees it: its paragraphs, their words and a table of features."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from toolkit.data import Document
from toolkit.segment.paragraphs import Layout, Paragraph
from toolkit.segment.rows import Rows

FloatArray = npt.NDArray[np.float32]

MIN_PROSE_WORDS = 18
MAX_SHORT_WORDS = 25  # of longer paragraphs the words themselves are not looked at: shape and context tell
N_TAG_GROUPS = 14  # 13: any other tag

OWN = (
    "log_words", "log_chars", "stops", "upper", "digits", "punctuation", "separators", "capitals", "word_length",
    "commas", "stop_marks", "ends_sentence", "ends_colon", "ends_ellipsis", "ends_open", "starts_low",
    "starts_digit", "starts_quote", "bullet", "all_caps", "date", "time", "address", "rights", "credit", "money",
    "by", "question", "prose", "truncated", "log_lines", "title_overlap", "is_title", "doubled", "seen_before",
    "seen_after", "repeated", "link_ratio",
)  # fmt: skip
PLACE = (
    "position", "from_start", "from_end", "from_first_prose", "from_last_prose", "inside_prose", "log_paragraphs",
    "prose_share", "since_doubled", "lead_cohesion", "before_cohesion", "after_cohesion", "window_cohesion",
    "cohesion_drop", "has_html", "knows_repeats", "is_wrapped", "title_known",
)  # fmt: skip
NEIGHBOUR = (
    "log_words",
    "stops",
    "ends_sentence",
    "link_ratio",
    "capitals",
    "prose",
    "doubled",
    "truncated",
    "date",
    "repeated",
    "stop_marks",
)
OFFSETS = (-2, -1, 1, 2)
WINDOWS = (
    "prose_before_3",
    "prose_after_3",
    "prose_before_8",
    "prose_after_8",
    "words_near",
    "links_near",
    "short_run",
)
TAGS = tuple(f"tag_{i}" for i in range(N_TAG_GROUPS))
KIND = (
    "page_sentences", "page_short", "page_returns", "page_dated", "from_title", "prose_gap_before", "prose_gap_after",
    "prose_gap", "since_label", "since_comments", "comment_marks", "since_rights", "words_x_prose_share",
    "words_x_gap", "words_x_end",
)  # fmt: skip
NAMES = OWN + PLACE + tuple(f"{name}@{o:+d}" for o in OFFSETS for name in NEIGHBOUR) + WINDOWS + TAGS + KIND
COLUMN = {name: i for i, name in enumerate(NAMES)}


@dataclass(slots=True, eq=False)
class Line:
    """What can be seen of a line by itself; short lines are remembered, so nothing of it may be changed."""

    words: list[str]  # in lower case
    key: str  # the same in one text: equal keys are the same line
    content: frozenset[str]  # the words that are no function words
    label: int  # whether it may be a label of other stories or of comments: see `kind.label_of`
    view: str | None  # its normalised view, where the line alone tells
    row: bytes  # the columns `OWN` of float32; zero where they depend on the page


def _no_rows() -> FloatArray:
    return np.zeros((0, len(NAMES)), dtype=np.float32)


def _no_flags() -> npt.NDArray[np.bool_]:
    return np.zeros(0, dtype=np.bool_)


@dataclass(slots=True)
class Page:
    """A document cut into paragraphs, and what was seen of each; row i of every array is paragraph i."""

    document: Document
    paragraphs: list[Paragraph]
    layout: Layout
    texts: list[str]
    lines: list[Line] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)  # the words in lower case: equal keys are the same line
    words: list[list[str]] = field(default_factory=list)
    content: list[frozenset[str]] = field(default_factory=list)
    dense: FloatArray = field(default_factory=_no_rows)
    prose: npt.NDArray[np.bool_] = field(default_factory=_no_flags)
    doubled: npt.NDArray[np.bool_] = field(default_factory=_no_flags)
    title_like: int | None = None


@dataclass(slots=True, eq=False)
class Pages:
    """Pages looked at together, none of them empty: their rows one below the other, `rows` knows the borders.

    `table` has a row per feature, as in `NAMES`; the `dense` of each page is a view of it.
    """

    pages: list[Page]
    rows: Rows
    table: FloatArray
    prose: npt.NDArray[np.bool_]
    n_chars: npt.NDArray[np.int64]

    def __getitem__(self, name: str) -> FloatArray:
        """The values of one feature, of shape (n_rows,)."""
        row: FloatArray = self.table[COLUMN[name]]
        return row

    def __setitem__(self, name: str, values: npt.ArrayLike) -> None:
        self.table[COLUMN[name]] = values


@dataclass(slots=True)
class Roles:
    """Row i is paragraph i: its role, the reason when it is not kept, and its story."""

    roles: list[str] = field(default_factory=list)
    reasons: list[str | None] = field(default_factory=list)
    stories: list[int | None] = field(default_factory=list)
    title: int | None = None

    def cut(self, i: int, role: str, cues: str, story: int | None = None) -> None:
        """Paragraph i is not part of the article."""
        self.roles[i], self.reasons[i], self.stories[i] = role, f"{role}: {cues}", story

    def keep(self, i: int, role: str) -> None:
        """Paragraph i is part of the article."""
        self.roles[i], self.reasons[i], self.stories[i] = role, None, 0
