"""The stemmer of Porter (1980): the forms of an English word as one, for finding where stories begin."""

from __future__ import annotations

import re
from functools import lru_cache

_C = "[^aeiou](?:[^aeiouy]*)"  # a run of consonants; y is one at the beginning and after a vowel
_V = "[aeiouy][aeiou]*"
_SOME = re.compile(f"^(?:{_C})?{_V}{_C}")  # measure > 0
_ONE = re.compile(f"^(?:{_C})?{_V}{_C}(?:{_V})?$")  # measure = 1
_MORE = re.compile(f"^(?:{_C})?{_V}{_C}{_V}{_C}")  # measure > 1
_HAS_VOWEL = re.compile(f"^(?:{_C})?[aeiouy]")
_SHORT_END = re.compile(f"^{_C}[aeiouy][^aeiouwxy]$")  # consonant, vowel, consonant: "hop"
_DOUBLE_END = re.compile(r"([^aeiouylsz])\1$")

_STEP_2 = (
    ("ational", "ate"), ("tional", "tion"), ("enci", "ence"), ("anci", "ance"), ("izer", "ize"), ("abli", "able"),
    ("alli", "al"), ("entli", "ent"), ("eli", "e"), ("ousli", "ous"), ("ization", "ize"), ("ation", "ate"),
    ("ator", "ate"), ("alism", "al"), ("iveness", "ive"), ("fulness", "ful"), ("ousness", "ous"), ("aliti", "al"),
    ("iviti", "ive"), ("biliti", "ble"),
)  # fmt: skip
_STEP_3 = (
    ("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"), ("ful", ""), ("ness", ""),
)  # fmt: skip
_STEP_4 = (
    "al ance ence er ic able ible ant ement ment ent ion ou ism ate iti ous ive ize".split()
)  # longer endings stand before those they end in


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """The stem of a lower-case English word.

    Reference: Porter 1980, An algorithm for suffix stripping, Program 14(3).

    Examples
    --------
    >>> [stem(word) for word in ("caresses", "ponies", "relational", "hopping", "probate", "controlling")]
    ['caress', 'poni', 'relat', 'hop', 'probat', 'control']
    """
    if len(word) < 3 or len(word) > 40 or not word.isascii() or not word.isalpha():
        return word
    word = _past_and_plural(word)
    if word.endswith("y") and _HAS_VOWEL.match(word[:-1]):
        word = word[:-1] + "i"
    for endings in (_STEP_2, _STEP_3):
        for ending, replacement in endings:
            if word.endswith(ending):
                rest = word[: -len(ending)]
                word = rest + replacement if _SOME.match(rest) else word
                break
    ending = next((e for e in _STEP_4 if word.endswith(e)), "")
    if ending:
        rest = word[: -len(ending)]
        if _MORE.match(rest) and (ending != "ion" or rest.endswith(("s", "t"))):
            word = rest
    if word.endswith("e"):
        rest = word[:-1]
        if _MORE.match(rest) or (_ONE.match(rest) and not _SHORT_END.match(rest)):
            word = rest
    return word[:-1] if word.endswith("ll") and _MORE.match(word[:-1]) else word


def _past_and_plural(word: str) -> str:
    """Step 1 a and b: -s, -ed, -ing."""
    if word.endswith(("sses", "ies")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    if word.endswith("eed"):
        return word[:-1] if _SOME.match(word[:-3]) else word
    ending = next((e for e in ("ed", "ing") if word.endswith(e)), "")
    if not ending or not _HAS_VOWEL.match(word[: -len(ending)]):
        return word
    word = word[: -len(ending)]
    if word.endswith(("at", "bl", "iz")):
        return word + "e"
    if _DOUBLE_END.search(word):
        return word[:-1]
    return word + "e" if _ONE.match(word) and _SHORT_END.match(word) else word
