"""Where paragraphs begin and end: blocks of HTML, lines of clean text, re-flowed paragraphs of hard-wrapped text.

A paragraph is a span of the document's own text; nothing is rewritten here. Lines are joined where a page's layout
broke a paragraph apart: hard wrapping (with or without a blank after every line), page breaks, sentences broken by
inline links, unindented continuations where an indent marks paragraphs. What is doubled, bulleted or set apart by
more white space than is usual on the page begins a paragraph of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from toolkit.data import Document

ENDS_SENTENCE = re.compile("[.!?…。！？।။៕]['\"”’»›)\\]}*]{0,3}$")
_STARTS_LOW = re.compile(r"[\"'“‘(\[]?[a-zß-öø-ÿа-яά-ώ]")
_STARTS_WITH_MARK = re.compile(r"[,.;:)\]”’%?!](?:\s|$)|['’]s\b|[,.;:]\w")
BULLET = re.compile(
    "(?:[•‣▪●◦∙·■□◆▶►\uf06c\uf0b7\uf0a7\uf0d8\u2043✓✔➢*–—-]\\s+|[(（]?(?:\\d{1,2}|[a-hivx]{1,4})[.)）、]\\s+)\\S"
)
_SYMBOL_BULLET = re.compile("[•‣▪●◦∙■□◆▶►\uf06c\uf0b7\uf0a7\uf0d8\u2043✓✔➢*–—-]\\s+\\S")
PERSON_ITEM = re.compile(r"(?:\w[\w.'’]*\s){1,3}\w[\w.'’]*\s?[,，]")
_ORDINAL_ENDING = re.compile(r"(?:st|nd|rd|th)$")
# the last characters that `ENDS_SENTENCE` and the first ones that `_STARTS_WITH_MARK` can match
_STOPS = ".!?…。！？।။៕"
_SENTENCE_END = ".!?…。！？।။៕'\"”’»›)]}*"
_MARKS = ",.;:)]”’%?!'"
_LAST_WORD = re.compile(r"(\w+)$")
_NOT_SEEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad \t\u00a0"

MAX_WRAP_WIDTH = 140  # characters; wider lines are paragraphs, not wrapped lines
MIN_WRAP_WIDTH = 35
MIN_CONTINUED = 3  # pairs of lines with a sentence running over the break before a page counts as wrapped
MIN_CONTINUED_SHARE = 0.22  # of its lines of MIN_WRAP_WIDTH and more; wrapped news has .5 to .8, clean text under .05
MIN_FULL_SHARE = 0.65  # of the broken lines that are nearly as wide as the widest
MAX_OVERFULL_SHARE = 0.06

_OPEN_WORDS = frozenset(
    "the a an of to in on at by for with from and or but as that which who whose is are was were be been has have had "
    "its their his her our your this these those into than between under over about will would can could should may "
    "not via per said says after before during against among while when where if because including".split()
)


_OPEN_WORDS_END = frozenset(word[-1] for word in _OPEN_WORDS)


class Paragraph(NamedTuple):  # made for every line of every page: a frozen dataclass takes four times as long
    """A span of the document's text, without the white space around it, and how the page marked it up.

    `tag`, `xpath` and `link_ratio` are those of its HTML block ("" , None and 0 for plain text); `n_lines` counts
    the lines it was joined from.
    """

    start: int
    end: int
    n_lines: int = 1
    tag: str = ""
    xpath: str | None = None
    link_ratio: float = 0.0


@dataclass(frozen=True, slots=True)
class Layout:
    """How a page breaks its lines. `fits_below`: a line whose next word would have ended before this column ended
    on purpose; 0 where the page is not hard-wrapped. `slack`: columns by which its right margin is ragged beyond
    what words explain (proportional type)."""

    wrapped: bool = False
    fits_below: int = 0
    slack: int = 0
    usual_gap: int = 0
    indented: bool = False


@dataclass(slots=True)
class _Line:
    start: int
    end: int
    text: str  # without the white space around it
    indent: int
    gap: int  # blank lines before it
    trailing: int  # spaces after it
    block: int = -1


def split_paragraphs(document: Document) -> tuple[list[Paragraph], Layout]:
    """The paragraphs of `document` in order, and the layout they were found under.

    The spans neither overlap nor touch white space at their ends; everything between them is white space (or
    invisible characters). A text without a visible character has none.
    """
    lines = _block_lines(document) if document.blocks else _text_lines(document.text, 0, -1, [])
    if not lines:
        return [], Layout()
    layout = Layout() if document.blocks else _layout(lines)
    paragraphs: list[Paragraph] = []
    first = 0
    is_clean = not (layout.wrapped or layout.indented)
    for i in range(1, len(lines) + 1):
        if i < len(lines):
            b = lines[i]
            # Most lines, told apart without asking `_joins`: a sentence ended above, or a capital below a blank line.
            is_new = is_clean and (lines[i - 1].text[-1] in _STOPS or (b.gap > 0 and b.text[0].isupper()))
            if not is_new and _joins(lines, first, i, layout):
                continue
        head = lines[first]
        if head.block < 0:
            paragraphs.append(Paragraph(head.start, lines[i - 1].end, i - first))
        else:
            block = document.blocks[head.block]
            paragraphs.append(
                Paragraph(head.start, lines[i - 1].end, i - first, block.tag, block.xpath, block.link_ratio)
            )
        first = i
    return paragraphs, layout


def _text_lines(text: str, offset: int, block: int, lines: list[_Line]) -> list[_Line]:
    """Append the visible lines of `text`, which begins at `offset` of the document, to `lines`."""
    gap = 0
    for raw in text.splitlines(keepends=True):
        size = len(raw)
        content = raw.strip()
        if not content or (content[0] in _NOT_SEEN and not content.strip(_NOT_SEEN)):
            gap += 1
        else:
            indent = 0 if content[0] == raw[0] else size - len(raw.lstrip())
            start = offset + indent
            end = start + len(content)
            trailing = offset + size - end - (1 if raw[-1] in "\r\n" else 0)
            lines.append(_Line(start, end, content, indent, gap, trailing, block))
            gap = 0
        offset += size
    return lines


def _block_lines(document: Document) -> list[_Line]:
    """The lines inside the document's blocks, and whatever visible text stands outside of them."""
    lines: list[_Line] = []
    at = 0
    for number, block in enumerate(document.blocks):
        start, end = max(block.start, at), min(block.end, len(document.text))
        if start > at:
            _text_lines(document.text[at:start], at, -1, lines)
        if end > start:
            _text_lines(document.text[start:end], start, number, lines)
        at = max(at, end)
    if at < len(document.text):
        _text_lines(document.text[at:], at, -1, lines)
    return lines


def _layout(lines: list[_Line]) -> Layout:
    """How the page breaks its lines, from the lengths of lines that end in mid-sentence."""
    return _wrapped_layout(lines) or Layout(indented=_indent_marks_paragraphs(lines))


def _wrapped_layout(lines: list[_Line]) -> Layout | None:
    if len(lines) < MIN_CONTINUED + 1:
        return None
    widths: list[int] = []  # of lines whose sentence runs on below
    columns: list[int] = []  # where the first word of the next line would have ended
    gaps = [0, 0]  # no blank line between, one or more
    for a, b in pairwise(lines):
        if not MIN_WRAP_WIDTH <= len(a.text) <= MAX_WRAP_WIDTH or _ends_sentence(a.text):
            continue
        if _starts_low(b.text) or _caseless(a.text):
            widths.append(len(a.text))
            columns.append(len(a.text) + 1 + _first_word_length(b.text))
            gaps[min(b.gap, 1)] += 1
    if len(widths) < MIN_CONTINUED:
        return None
    n_long = sum(1 for line in lines if len(line.text) >= MIN_WRAP_WIDTH)
    if len(widths) < MIN_CONTINUED_SHARE * n_long:
        return None
    widths.sort()
    width = widths[int(0.95 * (len(widths) - 1))]
    full = sum(1 for w in widths if w >= 0.75 * width)
    overfull = sum(1 for line in lines if len(line.text) > 1.2 * width)
    if full < MIN_FULL_SHARE * len(widths) or overfull > MAX_OVERFULL_SHARE * len(lines):
        return None
    columns.sort()
    fits_below = columns[int(0.06 * (len(columns) - 1))]
    slack = max(0, width - columns[int(0.02 * (len(columns) - 1))])
    return Layout(True, fits_below, slack, 1 if gaps[1] > gaps[0] else 0)


def _caseless(text: str) -> bool:
    letters = text[:20]
    return letters.lower() == letters.upper() and any(c.isalpha() for c in letters)


def _first_word_length(text: str) -> int:
    cut = text.find(" ", 0, 40)
    return cut if cut > 0 else min(len(text), 40)


def _indent_marks_paragraphs(lines: list[_Line]) -> bool:
    """Whether an indent begins a paragraph: most lines have it, and lines without it are sentences that go on."""
    n_indented = len([line for line in lines if line.indent >= 2])
    return n_indented >= 4 and 0.4 * len(lines) <= n_indented < len(lines)


def _joins(lines: list[_Line], first: int, i: int, layout: Layout) -> bool:
    """Whether line i goes on with the paragraph that began at line `first`."""
    a, b = lines[i - 1], lines[i]
    if a.block != b.block:
        return False
    if a.text == b.text or (i + 1 < len(lines) and b.text == lines[i + 1].text and len(b.text) > 3):
        return False  # a doubled line is a headline of its own
    if i - 2 >= 0 and a.text == lines[i - 2].text and len(a.text) > 3 and i - 1 > first - 1 and first == i - 1:
        return False
    if layout.wrapped:
        return _joins_wrapped(lines, first, i, layout)
    if layout.indented and b.indent >= 2:
        return False
    if layout.indented and _goes_on_unindented(lines[first], a, b):
        return True
    return _joins_broken_sentence(lines, first, i)


def _goes_on_unindented(head: _Line, a: _Line, b: _Line) -> bool:
    prose = 60  # characters; a shorter line is a heading, a byline or navigation
    return (
        head.indent >= 2
        and b.indent == 0
        and len(a.text) >= prose
        and len(b.text) >= prose
        and ENDS_SENTENCE.search(a.text, max(0, len(a.text) - 5)) is not None
        and ENDS_SENTENCE.search(b.text, max(0, len(b.text) - 5)) is not None
    )


def _joins_wrapped(lines: list[_Line], first: int, i: int, layout: Layout) -> bool:
    a, b = lines[i - 1], lines[i]
    low = _STARTS_LOW.match(b.text) is not None
    ends = ENDS_SENTENCE.search(a.text, max(0, len(a.text) - 5)) is not None
    if _ORDINAL_ENDING.match(a.text) or _ORDINAL_ENDING.match(b.text):
        return True
    if _SYMBOL_BULLET.match(b.text) or (ends and BULLET.match(b.text)):
        return False
    if b.gap > layout.usual_gap + (1 if layout.usual_gap else 0):
        return low and not ends and not layout.usual_gap  # a page break inside a sentence
    if b.indent >= 2 and a.indent < 2 and layout.usual_gap == 0:
        return False
    column = len(a.text) + 1 + _first_word_length(b.text)
    if low and not ends:
        return True
    if ends:
        if a.trailing >= 2 and column < layout.fits_below + 4:
            return False
        return column >= layout.fits_below
    if PERSON_ITEM.match(b.text) and PERSON_ITEM.match(lines[first].text):
        return False
    if a.trailing >= 2 and column < layout.fits_below - layout.slack:
        return _is_heading_pair(lines, first, i, layout)
    if _ends_open(a.text):
        return True
    if column >= layout.fits_below - layout.slack:
        return not a.text.endswith(":")
    if i - first >= 2 and layout.slack and column >= 0.85 * layout.fits_below and not PERSON_ITEM.match(b.text):
        return True  # a ragged line within a running sentence
    return _is_heading_pair(lines, first, i, layout)


def _is_heading_pair(lines: list[_Line], first: int, i: int, layout: Layout) -> bool:
    """Two short capitalised lines between a finished paragraph and a line of prose: a heading over two lines."""
    a, b = lines[i - 1], lines[i]
    if first != i - 1 or i + 1 >= len(lines) or i < 2:
        return False
    after, before = lines[i + 1], lines[i - 2]
    return (
        layout.usual_gap == 1
        and ENDS_SENTENCE.search(before.text) is not None
        and all(_is_title_case(line.text) for line in (a, b))
        and len(b.text) + 1 + _first_word_length(after.text) < layout.fits_below
        and len(after.text) >= 0.8 * layout.fits_below - 8
    )


def _is_title_case(text: str) -> bool:
    words = [w for w in text.split() if len(w) > 3 and w not in _OPEN_WORDS]
    return bool(words) and text[-1].isalpha() and "," not in text and all(w[0].isupper() for w in words)


def _ends_open(text: str) -> bool:
    """Whether a line stops where no sentence, heading or name can stop."""
    if text[-1] in ",(“‘[":
        return True
    if text[-1] not in _OPEN_WORDS_END:
        return False
    word = _LAST_WORD.search(text, max(0, len(text) - 12))
    return word is not None and word.group(1) in _OPEN_WORDS


def _ends_sentence(text: str) -> bool:
    return text[-1] in _SENTENCE_END and ENDS_SENTENCE.search(text, max(0, len(text) - 5)) is not None


def _starts_with_mark(text: str) -> bool:
    return text[0] in _MARKS and _STARTS_WITH_MARK.match(text) is not None


def _starts_low(text: str) -> bool:
    return not text[0].isupper() and _STARTS_LOW.match(text) is not None


def _joins_broken_sentence(lines: list[_Line], first: int, i: int) -> bool:
    """Whether an inline link (or an inline tag) broke a sentence before line i."""
    a, b = lines[i - 1], lines[i]
    if _ends_sentence(a.text):
        return False
    if _starts_with_mark(b.text):
        return b.gap == 0 or len(a.text) > 20
    if a.text[-1] in ":;|>":
        return False
    open_end = _ends_open(a.text)
    low = _starts_low(b.text)
    if b.gap:
        return open_end and low
    if low:
        return open_end or _is_prose_start(lines[first].text, a.text) or (len(b.text) > 60 and " " in b.text)
    if open_end:
        return a.text[-1] != "," or i - first > 1 or len(a.text) > 25
    # a short capitalised link text inside a sentence: what follows it tells
    if len(b.text) <= 60 and i + 1 < len(lines) and lines[i + 1].gap == 0 and i - first >= 1:
        return _starts_with_mark(lines[i + 1].text) and _is_prose_start(lines[first].text, a.text)
    return False


def _is_prose_start(head: str, last: str) -> bool:
    """Whether an unfinished line reads like a sentence rather than a label."""
    words = (head if len(head) > len(last) else last).split()
    return len(words) >= 5 and sum(1 for w in words if w in _OPEN_WORDS) >= 1
