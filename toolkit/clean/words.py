"""Passes over words: lines joined, white space, glued words parted."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from collections.abc import Set as AbstractSet
from functools import lru_cache

from toolkit.clean.characters import Found
from toolkit.clean.vocabulary import (
    COMMON_WORDS,
    COMPOUND_HEADS,
    COMPOUND_TAILS,
    GLUED_PAIRS,
    GLUED_PREFIXES,
    GLUED_SUFFIXES,
    NEVER_PARTED,
    PRODUCT_TAILS,
    TOP_LEVELS,
)

_LONGEST_PLAIN = 60  # characters; longer tokens are looked at each time
_WINDOW = 80  # characters looked at on each side of a join

# White space that is not a single space between two ordinary characters.
_ODD_SPACES = re.compile(r"\s(?:\s+|(?<! )|(?<=[(\[].)|(?=[,.;:!?)\]]))")
_BEFORE_STOP = re.compile(r"(?:\)|\]|[,;:!?]|\.(?!\.))+(?=[\s\"'\u2019\u201d]|\Z)")
_CJK = re.compile("[\u3001-\u3003\u3008-\u3011\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff01-\uff5e]")
_POSSESSIVE = re.compile(r"['\u2019]s?(?=\s|[,.;:!?)]|\Z)")
_ORDINAL = re.compile(r"(?:st|nd|rd|th)\b")


def has_odd_spaces(text: str) -> bool:
    """Whether an ASCII text without line breaks or double spaces has a space that `fix_spaces` may drop."""
    return (
        " ," in text or " ." in text or " )" in text or "( " in text or " :" in text or " ;" in text
        or " ?" in text or " !" in text or "[ " in text or " ]" in text or text[:1] == " " or text[-1:] == " "
    )  # fmt: skip


def has_plain_ends(token: str) -> bool:
    """Whether the passes over lines and spaces leave a text between two blanks as it is, and the blanks too."""
    return 0 < len(token) <= _LONGEST_PLAIN and token[0] not in ",.;:!?)]" and token[-1] not in "(["


def unlike_words(tokens: Iterable[str]) -> list[str]:
    """Those of `tokens` that are not words of ASCII letters, with a stop or without, such as no pass changes.

    Told without a pattern: most new tokens are such words, and none of them need the tests below.
    """
    return [
        token
        for token in tokens
        if not (
            (word := token.rstrip(".,")).isascii()
            and word.isalpha()
            and (
                word.istitle()
                or (word.islower() and not word.endswith(_SHAPED_ENDS) and not word.startswith(GLUED_PREFIXES))
            )
            and len(token) <= _LONGEST_PLAIN
        )
    ]


_SHAPED_ENDS = (*GLUED_SUFFIXES, *{pair[n_first:] for pair, n_first in GLUED_PAIRS.items()})


def has_flip(token: str) -> bool:
    """Whether small letters run into a capital, or a stop between them does, in a text between two blanks."""
    return _FLIP.search(token) is not None


def shaped_words(token: str) -> tuple[str, ...]:
    """The words in a text between two blanks that have the shape of a word glued to a function word."""
    return tuple(filter(_has_glued_shape, _SMALL_WORD.findall(token)))


def fix_spaces(text: str) -> Found:
    """Runs of white space as one space; none at the ends, before a stop, or inside brackets."""
    found: Found = []
    left = len(text) - len(text.lstrip())
    right = len(text.rstrip())
    if left:
        found.append((0, left, "", "space"))
    if left < right:
        for match in _ODD_SPACES.finditer(text, left, right):
            start, end = match.span()
            run = match.group()
            replacement = _between(text, start, end, run)
            if replacement != run:
                found.append((start, end, replacement, "space"))
        if right < len(text):
            found.append((right, len(text), "", "space"))
    return found


def _between(text: str, start: int, end: int, run: str) -> str:
    """What stands for the white space `text[start:end]` between two words."""
    before, after = text[start - 1], text[end]
    if before in "([":
        return ""
    if after in ",.;:!?)]" and before not in ",.;:!?" and _BEFORE_STOP.match(text, end, end + _WINDOW):
        return ""
    if "\n" in run or "\r" in run:  # a line that an inline link broke
        if after in "'\u2019" and before.isalnum() and _POSSESSIVE.match(text, end, end + 3):
            return ""
        if before.isdigit() and _ORDINAL.match(text, end, end + 3):
            return ""
        if _CJK.match(before) and _CJK.match(after):
            return ""
    return " "


_LINE_HYPHEN = re.compile(r"-[ \t]*(?:\r\n|\r|\n)\s*(?=\w)")
_LAST_WORD = re.compile(r"[\w'\u2019-]*[^\W_]\Z")
_FIRST_WORD = re.compile(r"[\w'\u2019]+")
_WORD = re.compile(r"[^\W\d_]+")
_SUSPENDED = frozenset(("and", "or", "to", "und"))  # "pre-/and post-war"


def join_lines(text: str, *, hard_wrapped: bool, words: AbstractSet[str]) -> Found:
    """Words broken by a hyphen at a line's end: "infor-/mation" loses it, "China-/ASEAN" keeps it."""
    if "-" not in text or ("\n" not in text and "\r" not in text):
        return []
    found: Found = []
    known: AbstractSet[str] | None = None
    for match in _LINE_HYPHEN.finditer(text):
        left = _LAST_WORD.search(text, max(0, match.start() - _WINDOW), match.start())
        right = _FIRST_WORD.match(text, match.end(), match.end() + _WINDOW)
        if left is None or right is None or right.group() in _SUSPENDED:
            continue
        if known is None:
            known = words | set(map(str.lower, _WORD.findall(text)))
        keep = not hard_wrapped or _keeps_hyphen(left.group(), right.group(), known)
        found.append((*match.span(), "-" if keep else "", "hyphen"))
    return found


def _keeps_hyphen(left: str, right: str, known: AbstractSet[str]) -> bool:
    """Whether the hyphen between two halves of a word broken at a line's end belongs to the word.

    It does in a word that has another ("people-to-/people"), before or after a capital or digit, between
    halves that make compounds or are words by themselves, unless the text also writes them as one word.
    """
    if "-" in left or not left[-1:].islower() or not right[:1].islower():
        return True
    first, second = left.lower(), right.lower()
    if first + second in known:
        return False
    if second in COMPOUND_TAILS or first in COMPOUND_HEADS:
        return True
    return first in COMMON_WORDS and second in COMMON_WORDS


_FLIP = re.compile(r"[A-Z.!?][A-Z](?<=[a-z][a-z][a-z]..)")
_FLIP_TOKEN = re.compile(r"(?<![\w@/.#&=-])([A-Z]?[a-z]{3,30})([A-Z]{2,20})(?![\w@/=(-]|\.\w)")
_STOP_TOKEN = re.compile(r"(?<![\w@/.#&=-])[A-Za-z'\u2019-]{3,40}[.!?]([A-Z][a-z]*)(?=[\s,'\u2019]|\Z)")
_NEXT_NAME = re.compile(r"[ ,]{1,2}[A-Z][a-z]")
_NEAR = 5_000  # characters on each side in which a name would return
_MIN_HALF = 4  # letters of a half that is no function word
_MIN_SURNAME = 5  # letters of a capitals-only half that is a word by itself: "ChokdeeAMORNWAT"


def part_glued(text: str, *, words: AbstractSet[str]) -> Found:
    """Spaces lost between words ("tothe", "exchangedMOU", "promised.He"), put back where that is certain.

    Certain means: two function words that make no word together; a function word and a word that stands
    elsewhere in the text (or in `words`); small letters that run into capitals; a stop between a small letter
    and a capitalised word that is no domain.
    """
    found: Found = []
    for match in _FLIP.finditer(text):
        at = match.start()
        low = max(0, at - _WINDOW)
        if text[at].isalpha():
            for token in _FLIP_TOKEN.finditer(text, low, at + _WINDOW):
                if token.start(2) == at and _parts_at_flip(token, text):
                    found.append((at, at, " ", "glued"))
        else:
            for token in _STOP_TOKEN.finditer(text, low, at + _WINDOW):
                if token.start(1) == at + 1 and token.group(1).lower() not in TOP_LEVELS:
                    found.append((at + 1, at + 1, " ", "glued"))
    if any(map(_has_glued_shape, text.split())):
        found += _part_shapes(text, words)
        found.sort()
    return found


def _part_shapes(text: str, words: AbstractSet[str]) -> Found:
    """Spaces between a function word and another word, where the other word is known."""
    shaped = list(filter(_has_glued_shape, dict.fromkeys(_SMALL_WORD.findall(text))))
    if not may_be_parted(shaped, text, words):
        return []
    known = set(map(str.lower, _WORD.findall(text)))
    first_halves = {word: _first_half(word, known, words) for word in shaped}
    if not any(first_halves.values()):
        return []
    found: Found = []
    for match in _SMALL_WORD.finditer(text):
        n_first = first_halves.get(match.group())
        if n_first:
            at = match.start() + n_first
            found.append((at, at, " ", "glued"))
    return found


_SMALL_WORD = re.compile(r"(?<![\w'\u2019-])[a-z]{5,40}(?![\w'\u2019-])")
_EDGES = ".,;:!?\"'()\u2018\u2019\u201c\u201d"


@lru_cache(maxsize=50_000)
def _has_glued_shape(token: str) -> bool:
    """Whether a token has the shape of a word glued to a function word."""
    if not 5 <= len(token) <= 40:
        return False
    word = token.strip(_EDGES)
    if not (word.isascii() and word.isalpha() and word.islower()) or word in COMMON_WORDS or word in NEVER_PARTED:
        return False
    return word in GLUED_PAIRS or any(_halves(word))


def _halves(word: str) -> Iterator[tuple[int, str]]:
    """Ways to part `word` at a function word: the length of the first half, and the half that must be known."""
    for suffix in GLUED_SUFFIXES:
        if word.endswith(suffix) and len(word) >= len(suffix) + _MIN_HALF:
            yield len(word) - len(suffix), word[: -len(suffix)]
    for prefix in GLUED_PREFIXES:
        if word.startswith(prefix) and len(word) >= len(prefix) + _MIN_HALF:
            yield len(prefix), word[len(prefix) :]


_MAX_COUNTED = 50  # words of which each is counted in the text; where there are more, its words are gathered instead


def may_be_parted(shaped: Collection[str], text: str, words: AbstractSet[str]) -> bool:
    """Whether halves of the `shaped` words of `text` may be known words, told by cheap tests."""
    if not shaped or len(shaped) > _MAX_COUNTED:
        return bool(shaped)
    low = text.lower()
    return any(
        word in GLUED_PAIRS
        or any(half in COMMON_WORDS or half in words or low.count(half) > low.count(word) for _, half in _halves(word))
        for word in shaped
    )


def _first_half(word: str, here: AbstractSet[str], words: AbstractSet[str]) -> int:
    """How many letters of `word` are its first half; 0 where it stays whole."""
    if word in GLUED_PAIRS:
        return GLUED_PAIRS[word]
    return next((n for n, half in _halves(word) if half in here or half in COMMON_WORDS or half in words), 0)


def _parts_at_flip(token: re.Match[str], text: str) -> bool:
    """Whether small letters that run into capitals are two words: "exchangedMOU", "MalaysiaCHU Yonghong"."""
    left, right = token.groups()
    if right in PRODUCT_TAILS:
        return False
    if left.islower():
        return True
    near = (max(0, token.start() - _NEAR), token.end() + _NEAR)
    if len(left) < _MIN_HALF or text.count(left + right, *near) > 1:  # a name of such a shape returns
        return False
    return len(right) >= _MIN_SURNAME or _NEXT_NAME.match(text, token.end()) is not None
