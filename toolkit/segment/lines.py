"""What can be seen of a line by itself: its words, its shape, what it begins and ends with, the patterns in it.

All of it depends on the line alone, so short lines are remembered: menus stand on page after page. Counts of
character classes are numpy passes over all new lines of a page at once; words are split once per line.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import filterfalse

import numpy as np
import numpy.typing as npt

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
_COUNTED = range(_UPPER, _OTHER + 1)  # what is left are letters
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


@lru_cache(maxsize=1)
def _ascii_classes() -> bytes:
    return bytes(_class_table()[:256])


# for counting words that begin with a capital: letters, capitals, all else
_BEGINNINGS = bytes(min(code, 2) for code in range(256))
_BEGINNING = bytes((2, _UPPER))


def _class_counts(texts: list[str]) -> tuple[FloatArray, FloatArray]:
    """Per text, the number of characters of each class, and of words that begin with a capital."""
    text = "\n" + "\n".join(texts)
    if text.isascii():
        classes = text.encode("ascii").translate(_ascii_classes())
    else:
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        classes = _class_table().take(codes, mode="clip").tobytes()
    counts: list[list[int]] = []
    capitals: list[int] = []
    end = 0
    for text in texts:
        before, end = end, end + 1 + len(text)
        part = classes[before:end]  # with the line break before the text
        count = part.count
        others = [count(kind) for kind in _COUNTED]
        others[-2] -= 1
        counts.append([len(text) - sum(others), *others])
        capitals.append(part.translate(_BEGINNINGS).count(_BEGINNING) if others[0] else 0)
    return np.array(counts, dtype=np.float32), np.array(capitals, dtype=np.float32)


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


# Of UTF-8: signs, controls and white space of ASCII become blanks; letters, figures, "_" and "'" stay.
_BLANKED = bytes(code if chr(code).isalnum() or chr(code) in "_'" or code >= 0x80 else 0x20 for code in range(256))


def split_words(low: str) -> list[str]:
    """`WORD.findall(low)`, sooner: parted at what is in no word, and searched only where something odd is left."""
    if low.isascii():
        parts = low.encode("ascii").translate(_BLANKED).decode("ascii").split()
        if "'" not in low:
            return parts
    else:
        parts = low.encode("utf-8", "surrogatepass").translate(_BLANKED).decode("utf-8", "surrogatepass").split()
    words: list[str] = []
    for part in parts:
        if part.isalnum():
            words.append(part)
        else:
            words += WORD.findall(part)
    return words


def _look(texts: list[str]) -> list[Line]:
    n = len(texts)
    words: list[list[str]] = []
    content: list[frozenset[str]] = []
    n_stops: list[int] = []
    rows: list[int] = []
    columns: list[int] = []
    is_stop = STOP_WORDS.__contains__
    for i, text in enumerate(texts):
        low = text.lower()
        tokens = split_words(low)
        rare = list(filterfalse(is_stop, tokens))
        words.append(tokens)
        n_stops.append(len(tokens) - len(rare))
        content.append(frozenset(rare))
        flags = _flags(text, low, tokens)
        rows += [i] * len(flags)
        columns += flags
    own = np.zeros((n, len(OWN)), dtype=np.float32)
    own[rows, columns] = 1
    at = COLUMN
    lengths = np.array(list(map(len, texts)), dtype=np.int64)
    counts, capitals = _class_counts(texts)
    n_words = np.array(list(map(len, words)), dtype=np.float32)
    n_chars = np.maximum(lengths, 1).astype(np.float32)
    letters = np.maximum(counts[:, _LETTER] + counts[:, _UPPER], 1)
    per_word = np.maximum(n_words, 1)
    own[:, at["log_words"]] = np.log1p(n_words)
    own[:, at["log_chars"]] = np.log1p(n_chars)
    stops = np.array(n_stops, dtype=np.float32) / per_word
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
    return [
        Line(tokens, " ".join(tokens), rare, label_of(tokens), packed[i * size : (i + 1) * size])
        for i, (tokens, rare) in enumerate(zip(words, content, strict=True))
    ]


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
