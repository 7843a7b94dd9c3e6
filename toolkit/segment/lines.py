"""What can be seen of a line by itself: its words, its shape, what it begins and ends with, the patterns in it.

All of it depends on the line alone, so short lines are remembered: menus stand on page after page. Counts of
character classes are numpy passes over all new lines of a page at once; words are split once per line.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import filterfalse

import numpy as np
import numpy.typing as npt

from toolkit.clean import token_by_token
from toolkit.segment.kind import label_of
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
from toolkit.segment.page import COLUMN, MIN_PROSE_WORDS, OWN, FloatArray, Line
from toolkit.segment.paragraphs import BULLET, ENDS_SENTENCE

# classes of characters, counted for every paragraph in one pass
_LETTER, _UPPER, _DIGIT, _PUNCT, _SEPARATOR, _STOP_MARK, _COMMA, _SPACE, _OTHER = range(9)
_TABLE_SIZE = 0x3100

MIN_PROSE_STOPS = 0.2  # share of words that are function words; English news has .35 to .5
MAX_SCANNED = 120  # characters; patterns of dates, addresses and credits matter in short paragraphs only


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


def _class_counts(texts: list[str], lengths: npt.NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
    """Per text, the number of characters of each class, and of words that begin with a capital."""
    text = "\n" + "\n".join(texts)
    if text.isascii():
        codes = np.frombuffer(text.encode("ascii"), dtype=np.uint8)
    else:
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    classes = _class_table().take(codes, mode="clip")
    of = np.arange(len(texts)).repeat(lengths + 1)  # with the line break before the text
    begins_word = (classes[1:] == _UPPER) & (classes[:-1] > _UPPER)
    capitals = np.bincount(of[1:][begins_word], minlength=len(texts))
    of *= _OTHER + 1
    of += classes
    counts = np.bincount(of, minlength=len(texts) * (_OTHER + 1)).reshape(-1, _OTHER + 1)
    counts[:, _SPACE] -= 1
    return counts.astype(np.float32), capitals.astype(np.float32)


MAX_REMEMBERED = 10_000  # lines; about 20 MB at most
_lines: dict[str, Line] = {}


def look_at_lines(texts: list[str]) -> list[Line]:
    """What can be seen of each of `texts`, none of them empty, by itself."""
    known = list(map(_lines.get, texts))
    fresh = [text for text, line in zip(texts, known, strict=True) if line is None]
    if not fresh:
        return [line for line in known if line is not None]
    seen = iter(_look(fresh))
    lines: list[Line] = []
    for text, line in zip(texts, known, strict=True):
        if line is None:
            line = next(seen)
            if len(text) <= MAX_SCANNED:
                if len(_lines) >= MAX_REMEMBERED:
                    _lines.clear()
                _lines[text] = line
        lines.append(line)
    return lines


# Of UTF-8: signs, controls and white space of ASCII become blanks; letters, figures, "_" and "'" stay, and the seam.
_SEAM = "\x00"
_BLANKED = bytes(
    code if chr(code).isalnum() or chr(code) in f"_'{_SEAM}" or code >= 0x80 else 0x20 for code in range(256)
)
_TYPOGRAPHIC = "\u201c\u201d\u2018\u2013\u2014\u2026\u00a0"  # the usual characters beyond ASCII that are in no word


def split_words(lows: list[str]) -> list[list[str]]:
    """`WORD.findall(low)` of each text, sooner: parted at what is in no word, searched only where oddities are left."""
    joined = _SEAM.join(lows)
    if joined.count(_SEAM) >= len(lows):  # it stands in a text, too
        joined = _SEAM.join([low.replace(_SEAM, " ") for low in lows])
    if not joined.isascii():
        for separator in _TYPOGRAPHIC:
            joined = joined.replace(separator, " ")
    blanked = joined.encode("utf-8", "surrogatepass").translate(_BLANKED).decode("utf-8", "surrogatepass")
    found: list[list[str]] = []
    for line in blanked.split(_SEAM):
        parts = line.split()
        if all(map(str.isalnum, parts)):
            found.append(parts)
            continue
        words: list[str] = []
        for part in parts:
            if part.isalnum():
                words.append(part)
            else:
                words += WORD.findall(part)
        found.append(words)
    return found


_CHARACTERS_AT_ONCE = 200_000  # of new lines, so that arrays over characters stay small on the longest pages


def _look(texts: list[str]) -> list[Line]:
    """What can be seen of new lines."""
    found: list[Line] = []
    low = size = 0
    for high, text in enumerate(texts):
        if size and size + len(text) > _CHARACTERS_AT_ONCE:
            found += _look_together(texts[low:high])
            low, size = high, 0
        size += len(text)
    return found + _look_together(texts[low:])


def _look_together(texts: list[str]) -> list[Line]:
    n = len(texts)
    lows = list(map(str.lower, texts))
    words = split_words(lows)
    content = [list(filterfalse(STOP_WORDS.__contains__, tokens)) for tokens in words]
    rows: list[int] = []
    columns: list[int] = []
    for i, (text, low, tokens) in enumerate(zip(texts, lows, words, strict=True)):
        flags = _flags(text, low, tokens)
        if flags:
            rows += [i] * len(flags)
            columns += flags
    own = np.zeros((n, len(OWN)), dtype=np.float32)
    own[rows, columns] = 1
    at = COLUMN
    lengths = np.array(list(map(len, texts)), dtype=np.int64)
    counts, capitals = _class_counts(texts, lengths)
    n_words = np.array(list(map(len, words)), dtype=np.float32)
    n_chars = np.maximum(lengths, 1).astype(np.float32)
    letters = np.maximum(counts[:, _LETTER] + counts[:, _UPPER], 1)
    per_word = np.maximum(n_words, 1)
    own[:, at["log_words"]] = np.log1p(n_words)
    own[:, at["log_chars"]] = np.log1p(n_chars)
    stops = (n_words - np.array(list(map(len, content)), dtype=np.float32)) / per_word
    own[:, at["stops"]] = stops
    upper = counts[:, _UPPER] / letters
    own[:, at["upper"]] = upper
    own[:, at["digits"]] = counts[:, _DIGIT] / n_chars
    own[:, at["punctuation"]] = counts[:, _PUNCT] / n_chars
    own[:, at["separators"]] = counts[:, _SEPARATOR] / per_word
    own[:, at["capitals"]] = capitals / per_word
    own[:, at["word_length"]] = letters / per_word
    own[:, at["commas"]] = counts[:, _COMMA] / per_word
    own[:, at["stop_marks"]] = counts[:, _STOP_MARK] / per_word
    own[:, at["all_caps"]] = (upper > 0.9) & (letters >= 4)
    prose = (n_words >= MIN_PROSE_WORDS) & (stops >= MIN_PROSE_STOPS) | (
        (n_chars >= 90) & (counts[:, _STOP_MARK] >= 1) & (n_words < n_chars / 12)
    )
    own[:, at["prose"]] = prose
    own[:, at["truncated"]] = (
        prose & ((own[:, _ENDS_SENTENCE] == 0) | (own[:, _ENDS_ELLIPSIS] > 0)) & (own[:, _ENDS_COLON] == 0)
    )
    size = own.itemsize * own.shape[1]
    packed = own.tobytes()
    views = token_by_token(texts)
    return [
        Line(tokens, " ".join(tokens), frozenset(rare), label_of(tokens), view, packed[at : at + size])
        for tokens, rare, view, at in zip(words, content, views, range(0, len(packed), size), strict=True)
    ]


(_ENDS_SENTENCE, _ENDS_ELLIPSIS, _QUESTION, _ENDS_COLON, _ENDS_OPEN, _STARTS_LOW, _STARTS_DIGIT, _STARTS_QUOTE, _BULLET,
 _DATED, _TIMED, _ADDRESSED, _RESERVED, _CREDITED, _MONEYED, _BYLINED) = (
    COLUMN[name] for name in (
        "ends_sentence", "ends_ellipsis", "question", "ends_colon", "ends_open", "starts_low", "starts_digit",
        "starts_quote", "bullet", "date", "time", "address", "rights", "credit", "money", "by",
    )
)  # fmt: skip
_STOPS, _CLOSING = ".!?…。！？।။៕", "\"'”’»›)]}*"  # what `ENDS_SENTENCE` matches at the end
_PATTERNS = ((_DATED, DATE), (_TIMED, TIME), (_MONEYED, MONEY))  # all need a digit


def _flags(raw: str, low: str, tokens: list[str]) -> list[int]:
    """Columns of what a paragraph begins and ends with and, of a short one, of the patterns in it."""
    flags = []
    last = raw[-1]
    if last in _STOPS or (last in _CLOSING and ENDS_SENTENCE.search(raw, max(0, len(raw) - 6))):
        flags.append(_ENDS_SENTENCE)
    if last in ".…]" and raw.endswith(("...", "…", "[…]", "[...]")):
        flags.append(_ENDS_ELLIPSIS)
    elif last == "?":
        flags.append(_QUESTION)
    elif last == ":":
        flags.append(_ENDS_COLON)
    elif last in ",(“‘[-–":
        flags.append(_ENDS_OPEN)
    first = raw[0]
    if not first.isupper():
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
    return flags


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
