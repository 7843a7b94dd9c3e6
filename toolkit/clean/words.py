"""Passes over words: lines joined, white space, glued words parted."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet

from toolkit.clean.characters import Found

_SPACES = re.compile(r"\s+")
# Single spaces that ordinary prose does not have.
_ODD_SPACES = (" ,", " .", " ;", " :", " !", " ?", " )", " ]", "( ", "[ ")
_BEFORE_STOP = re.compile(r"[,.;:!?)\]]+(?=[\s\"'\u2019\u201d]|\Z)")
_CJK = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\u3001\u3002\uff0c-\uff5e]")
_POSSESSIVE = re.compile(r"['\u2019]s?(?=\s|[,.;:!?)]|\Z)")
_ORDINAL = re.compile(r"(?:st|nd|rd|th)\b")

_LINE_HYPHEN = re.compile(r"(?<=\w)-[ \t]*(?:\r\n|\r|\n)\s*(?=\w)")
_LAST_WORD = re.compile(r"[\w'\u2019-]*\Z")
_FIRST_WORD = re.compile(r"[\w'\u2019]+")
_WORD = re.compile(r"[^\W\d_]+")
_WINDOW = 80  # characters looked at on each side of a join


def may_need_spaces(text: str) -> bool:
    """Whether an ASCII text on one line has a space that `fix_spaces` might drop."""
    return any(odd in text for odd in _ODD_SPACES)


def fix_spaces(text: str) -> Found:
    """Runs of white space as one space; none at the ends, before a stop, or inside brackets."""
    found: Found = []
    for match in _SPACES.finditer(text):
        start, end = match.span()
        run = match.group()
        if start == 0 or end == len(text):
            replacement = ""
        else:
            replacement = _between(text, start, end, run)
        if replacement != run:
            found.append((start, end, replacement, "space"))
    return found


def _between(text: str, start: int, end: int, run: str) -> str:
    """What stands for the white space `text[start:end]` between two words."""
    after = text[end]
    before = text[start - 1]
    if before in "([":
        return ""
    if after in ",.;:!?)]" and before not in ",.;:!?" and _BEFORE_STOP.match(text, end, end + _WINDOW):
        return ""
    if run == " ":
        return run
    broken = "\n" in run or "\r" in run
    if broken:
        if after in "'\u2019" and _POSSESSIVE.match(text, end, end + 3) and before.isalnum():
            return ""
        if _CJK.match(before) and _CJK.match(after):
            return ""
        if before.isdigit() and _ORDINAL.match(text, end, end + 3):
            return ""
    return " "


def join_lines(text: str, *, hard_wrapped: bool, words: AbstractSet[str]) -> Found:
    """Words broken by a hyphen at a line's end: "infor-/mation" loses it, "China-/ASEAN" keeps it."""
    if "-" not in text:
        return []
    found: Found = []
    known: AbstractSet[str] | None = None
    for match in _LINE_HYPHEN.finditer(text):
        left_match = _LAST_WORD.search(text, max(0, match.start() - _WINDOW), match.start())
        right_match = _FIRST_WORD.match(text, match.end(), match.end() + _WINDOW)
        if left_match is None or right_match is None:
            continue
        left, right = left_match.group(), right_match.group()
        if right in _SUSPENDED:  # "pre-/and post-war"
            continue
        if hard_wrapped and known is None:
            known = words | {word.lower() for word in _WORD.findall(text)}
        keep = not hard_wrapped or known is None or keeps_hyphen(left, right, known)
        found.append((*match.span(), "-" if keep else "", "hyphen"))
    return found


_SUSPENDED = frozenset(("and", "or", "to", "und"))
# Second halves of English compounds; "high-/quality" keeps its hyphen.
_COMPOUND_TAILS = frozenset(
    """based level term quality scale speed depth wide way party profit friendly related led built made known owned run
    year old time class border trade end tech income cost free rise off up down in on out by per to long range round
    person people day month week hour minute million billion percent fold edge yuan dollar sided standing backed
    funded driven oriented style type size sized model region country nation state city wing back line side stage
    chief president general minister elect""".split()
)
_COMPOUND_HEADS = frozenset(
    """high low long short large small well ill self ex non anti all far near mid multi cross two three four five six
    seven eight nine ten twenty thirty forty fifty first second third one win half full part vice sub intra post pro
    people state government market export import cutting decision policy world back""".split()
)


def keeps_hyphen(left: str, right: str, known: AbstractSet[str]) -> bool:
    """Whether the hyphen between two halves of a word broken at a line's end belongs to the word."""
    if "-" in left or not left[-1:].islower() or not right[:1].islower():
        return True
    first, second = left.lower(), right.lower()
    if first + second in known:
        return False
    if second in _COMPOUND_TAILS or first in _COMPOUND_HEADS:
        return True
    return len(first) > 2 and len(second) > 2 and first in known - {first} and second in known


_CASE_FLIP = re.compile(r"[A-Z.!?][A-Z](?<=[a-z][a-z][a-z]..)")


def part_glued(text: str, *, words: AbstractSet[str]) -> Found:
    """Spaces lost between words, put back where that is certain."""
    found: Found = []
    for match in _CASE_FLIP.finditer(text):
        at = match.start()
        if text[at].isalpha():
            found.append((at, at, " ", "glued"))
        else:
            found.append((at + 1, at + 1, " ", "glued"))
    return found
