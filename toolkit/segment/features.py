"""What can be seen of a paragraph: its own shape, its words, its neighbours, its place on the page.

Every feature is a cause that holds on a site never seen: nothing here knows a site, an outlet or a template. Counts
of character classes are numpy passes over the whole text; words are split once per paragraph.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from itertools import filterfalse
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from toolkit.data import Document
from toolkit.segment.context import fill_context, fill_place, fill_title, title_paragraph
from toolkit.segment.kind import fill_kind
from toolkit.segment.lexicon import (
    ADDRESS,
    BY,
    CREDIT_WORDS,
    DATE,
    DIGIT,
    MONEY,
    RIGHTS_LOW,
    STOP_WORDS,
    TIME,
    WORD,
)
from toolkit.segment.page import COLUMN, MIN_PROSE_WORDS, N_TAG_GROUPS, NAMES, OWN, FloatArray, Page
from toolkit.segment.paragraphs import BULLET, ENDS_SENTENCE, Layout, Paragraph, split_paragraphs

if TYPE_CHECKING:
    from toolkit.segment.repeats import RepeatedLines


# classes of characters, counted for every paragraph in one pass
_LETTER, _UPPER, _DIGIT, _PUNCT, _SEPARATOR, _STOP_MARK, _COMMA, _SPACE, _OTHER = range(9)
_N_CLASSES = 9
_TABLE_SIZE = 0x3100

MIN_PROSE_STOPS = 0.2  # share of words that are function words; English news has .35 to .5
MAX_SCANNED = 120  # characters; patterns of dates, addresses and credits matter in short paragraphs only

TAG_GROUPS: dict[str, int] = {
    "p": 0, "h1": 1, "h2": 2, "h3": 2, "h4": 3, "h5": 3, "h6": 3, "li": 4, "dd": 4, "dt": 4, "div": 5, "section": 5,
    "article": 5, "main": 5, "span": 5, "td": 6, "th": 6, "tr": 6, "table": 6, "caption": 7, "figcaption": 7,
    "blockquote": 8, "pre": 8, "code": 8, "nav": 9, "menu": 9, "header": 9, "footer": 10, "aside": 10,
    "address": 10, "button": 11, "label": 11, "form": 11, "option": 11, "select": 11, "input": 11, "a": 12,
}  # fmt: skip


@lru_cache(maxsize=1)
def _class_table() -> npt.NDArray[np.uint8]:
    table = np.full(_TABLE_SIZE + 1, _LETTER, dtype=np.uint8)
    for code in range(_TABLE_SIZE):
        c = chr(code)
        if c.isspace():
            table[code] = _SPACE
        elif c in "|›>·»•→/#<«‹▸":
            table[code] = _SEPARATOR
        elif c in ".!?…。！？":
            table[code] = _STOP_MARK
        elif c in ",;，、":
            table[code] = _COMMA
        elif c.isdigit():
            table[code] = _DIGIT
        elif c.isupper():
            table[code] = _UPPER
        elif not c.isalpha():
            table[code] = _PUNCT if c.isprintable() else _OTHER
    return table


@lru_cache(maxsize=1)
def _ascii_classes() -> bytes:
    return bytes(_class_table()[:256])


def _class_counts(
    text: str, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
) -> tuple[FloatArray, FloatArray]:
    """Per paragraph, the number of characters of each class, and of words that begin with a capital."""
    if text.isascii():
        classes = np.frombuffer(text.encode("ascii").translate(_ascii_classes()), dtype=np.uint8)
    else:
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        classes = _class_table().take(codes, mode="clip")
    n = len(starts)
    edges = np.empty(2 * n + 2, dtype=np.int64)  # gap, paragraph, gap, ..., gap
    edges[0], edges[1:-1:2], edges[2:-1:2], edges[-1] = 0, starts, ends, len(classes)
    cells = np.full(2 * n + 1, n * _N_CLASSES, dtype=np.int64)
    cells[1::2] = np.arange(0, n * _N_CLASSES, _N_CLASSES)
    cell_of = np.repeat(cells, np.diff(edges))
    capital = classes == _UPPER
    capital[1:] &= classes[:-1] > _UPPER  # not inside a word
    capitals = np.bincount(cell_of[capital], minlength=n * _N_CLASSES + 1)[: n * _N_CLASSES : _N_CLASSES]
    cell_of += classes
    counts = np.bincount(cell_of, minlength=(n + 1) * _N_CLASSES)[: n * _N_CLASSES]
    return counts.reshape(n, _N_CLASSES).astype(np.float32), capitals.astype(np.float32)


_Line = tuple[list[str], str, int, frozenset[str], tuple[int, ...]]
"""The words in lower case, the same in one text, how many are function words, the others, columns of its flags."""


class _Lines(dict[str, _Line]):
    """What can be seen of a paragraph by itself; short ones are remembered, for menus stand on page after page."""

    def __missing__(self, raw: str) -> _Line:
        low = raw.lower()
        tokens = WORD.findall(low)
        rare = list(filterfalse(STOP_WORDS.__contains__, tokens))
        line = (tokens, " ".join(tokens), len(tokens) - len(rare), frozenset(rare), _flags(raw, low, tokens))
        if len(raw) <= MAX_SCANNED:
            if len(self) >= _MAX_REMEMBERED:
                self.clear()
            self[raw] = line
        return line


_MAX_REMEMBERED = 10_000  # lines; about 20 MB at most
_lines = _Lines()


def look(document: Document, repeats: RepeatedLines | None = None) -> Page:
    """Cut `document` into paragraphs and look at each of them."""
    paragraphs, layout = split_paragraphs(document)
    return look_at(document, paragraphs, layout, repeats)


def look_at(document: Document, paragraphs: list[Paragraph], layout: Layout, repeats: RepeatedLines | None) -> Page:
    """The features of `paragraphs`, an array of shape (n_paragraphs, len(NAMES))."""
    n = len(paragraphs)
    dense = np.zeros((n, len(NAMES)), dtype=np.float32)
    words: list[list[str]] = []
    keys: list[str] = []
    content: list[frozenset[str]] = []
    if n == 0:
        empty = np.zeros(0, dtype=np.bool_)
        return Page(document, paragraphs, layout, keys, words, content, dense, empty, empty)
    text = document.text
    own = dense[:, : len(OWN)]
    at = COLUMN
    n_stops: list[int] = []
    rows: list[int] = []
    columns: list[int] = []
    for i, paragraph in enumerate(paragraphs):
        tokens, key, n_stopped, rare, flags = _lines[text[paragraph.start : paragraph.end]]
        words.append(tokens)
        keys.append(key)
        n_stops.append(n_stopped)
        content.append(rare)
        rows.extend([i] * len(flags))
        columns.extend(flags)
    own[rows, columns] = 1
    starts = np.array([p.start for p in paragraphs], dtype=np.int64)
    ends = np.array([p.end for p in paragraphs], dtype=np.int64)
    counts, capitals = _class_counts(text, starts, ends)
    n_words = np.array(list(map(len, words)), dtype=np.float32)
    n_chars = np.maximum(ends - starts, 1).astype(np.float32)
    letters = np.maximum(counts[:, _LETTER] + counts[:, _UPPER], 1)
    per_word = np.maximum(n_words, 1)
    own[:, at["log_words"]] = np.log1p(n_words)
    own[:, at["log_chars"]] = np.log1p(n_chars)
    own[:, at["stops"]] = np.array(n_stops, dtype=np.float32) / per_word
    own[:, at["upper"]] = counts[:, _UPPER] / letters
    own[:, at["digits"]] = counts[:, _DIGIT] / n_chars
    own[:, at["punctuation"]] = counts[:, _PUNCT] / n_chars
    own[:, at["separators"]] = counts[:, _SEPARATOR] / per_word
    own[:, at["capitals"]] = capitals / per_word
    own[:, at["word_length"]] = letters / per_word
    own[:, at["commas"]] = counts[:, _COMMA] / per_word
    own[:, at["stop_marks"]] = counts[:, _STOP_MARK] / per_word
    own[:, at["all_caps"]] = (own[:, at["upper"]] > 0.9) & (letters >= 4)
    prose = (n_words >= MIN_PROSE_WORDS) & (own[:, at["stops"]] >= MIN_PROSE_STOPS) | (
        (n_chars >= 90) & (counts[:, _STOP_MARK] >= 1) & (n_words < n_chars / 12)
    )
    ends_sentence = own[:, at["ends_sentence"]] > 0
    own[:, at["prose"]] = prose
    own[:, at["truncated"]] = (
        prose & (~ends_sentence | (own[:, at["ends_ellipsis"]] > 0)) & (own[:, at["ends_colon"]] == 0)
    )
    own[:, at["log_lines"]] = np.log1p(np.array([p.n_lines for p in paragraphs], dtype=np.float32))
    link = np.array([p.link_ratio for p in paragraphs], dtype=np.float32)
    own[:, at["link_ratio"]] = link
    doubled = _repetition(keys, own, at)
    if repeats is not None:
        own[:, at["repeated"]] = repeats.shares(document, keys)
    title_like = title_paragraph(document, paragraphs, keys, content, prose, own, at)
    fill_title(document, content, keys, title_like, own, at)
    page = Page(document, paragraphs, layout, keys, words, content, dense, prose, doubled, title_like)
    fill_place(page, repeats, ends - starts)
    fill_context(page, ends - starts)
    fill_kind(page)
    if document.blocks:
        groups = [TAG_GROUPS.get(p.tag, N_TAG_GROUPS - 1) for p in paragraphs]
        dense[np.arange(n), COLUMN["tag_0"] + np.array(groups)] = 1
    return page


(_ENDS_SENTENCE, _ENDS_ELLIPSIS, _QUESTION, _ENDS_COLON, _ENDS_OPEN, _STARTS_LOW, _STARTS_DIGIT, _STARTS_QUOTE, _BULLET,
 _DATED, _TIMED, _ADDRESSED, _RESERVED, _CREDITED, _MONEYED, _BYLINED) = (
    COLUMN[name] for name in (
        "ends_sentence", "ends_ellipsis", "question", "ends_colon", "ends_open", "starts_low", "starts_digit",
        "starts_quote", "bullet", "date", "time", "address", "rights", "credit", "money", "by",
    )
)  # fmt: skip
_PATTERNS = ((_DATED, DATE), (_TIMED, TIME), (_MONEYED, MONEY))  # all need a digit


def _flags(raw: str, low: str, tokens: list[str]) -> tuple[int, ...]:
    """Columns of what a paragraph begins and ends with and, of a short one, of the patterns in it."""
    flags = []
    last = raw[-1]
    if last in ".!?…。！？\"'”’»›)]}*।။៕":
        if ENDS_SENTENCE.search(raw, max(0, len(raw) - 6)):
            flags.append(_ENDS_SENTENCE)
        if raw.endswith(("...", "…", "[…]", "[...]")):
            flags.append(_ENDS_ELLIPSIS)
        elif last == "?":
            flags.append(_QUESTION)
    elif last == ":":
        flags.append(_ENDS_COLON)
    elif last in ",(“‘[-–":
        flags.append(_ENDS_OPEN)
    first = raw[0]
    if first.islower():
        flags.append(_STARTS_LOW)
    elif first.isdigit():
        flags.append(_STARTS_DIGIT)
    elif first in "\"'“‘«":
        flags.append(_STARTS_QUOTE)
    if not first.isalpha() and BULLET.match(raw):
        flags.append(_BULLET)
    if len(raw) <= MAX_SCANNED:
        flags += _patterns(low, tokens)
    return tuple(flags)


def _patterns(low: str, tokens: list[str]) -> list[int]:
    """Columns of the patterns of a short paragraph; cheap tests first, for most paragraphs have none of them."""
    flags = []
    if ("right" in low or "(c)" in low or "©" in low) and RIGHTS_LOW.search(low):
        flags.append(_RESERVED)
    if not CREDIT_WORDS.isdisjoint(tokens):
        flags.append(_CREDITED)
    if (
        "@" in low
        or "://" in low
        or "www." in low
        or ((".com" in low or ".org" in low or ".net" in low) and ADDRESS.search(low))
    ):
        flags.append(_ADDRESSED)
    if BY.match(low):
        flags.append(_BYLINED)
    if DIGIT.search(low):
        flags.extend(flag for flag, pattern in _PATTERNS if pattern.search(low))
    return flags


def _repetition(keys: list[str], own: FloatArray, at: dict[str, int]) -> npt.NDArray[np.bool_]:
    """Fill in how often a line stands on the page; the rows of doubled adjacent lines are returned."""
    n = len(keys)
    doubled = np.zeros(n, dtype=np.bool_)
    left = Counter(key for key in keys if key)
    seen: Counter[str] = Counter()
    before, after = at["seen_before"], at["seen_after"]
    for i, key in enumerate(keys):
        if left.get(key, 0) < 2 and key not in seen:
            continue
        left[key] -= 1
        own[i, before] = min(seen[key], 3)
        own[i, after] = min(left[key], 3)
        seen[key] += 1
        if i and keys[i - 1] == key and len(key) > 12:
            doubled[i - 1 : i + 1] = True
    own[:, at["doubled"]] = doubled
    return doubled
