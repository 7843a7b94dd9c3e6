"""Tokens, a text's parts between white space: which of them a pass may change, and what those read by themselves."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, filterfalse
from typing import NamedTuple

from toolkit.clean import characters
from toolkit.clean import words as glue

_MAX_REMEMBERED = 100_000
_plain_tokens: set[str] = set()
"""Tokens that no pass changes, whatever stands around them; about 10 MB at most."""
_MAX_READINGS = 10_000
_MAX_LENGTH = 120  # characters; longer tokens are read each time
_readings: dict[str, Reading | None] = {}
"""What odd tokens read; about 4 MB at most."""


class Reading(NamedTuple):
    """What an odd token reads in any text, but for `shaped`: words of it that may be two, as the text may show."""

    text: str
    shaped: tuple[str, ...]


def odd_ones(tokens: Iterable[str]) -> set[str]:
    """Those of `tokens` that a pass may change; the plain ones are remembered."""
    new = set(tokens).difference(_plain_tokens)
    odd = set(filterfalse(_is_plain, glue.unlike_words(new)))
    if len(_plain_tokens) + len(new) > _MAX_REMEMBERED:
        _plain_tokens.clear()
    if len(new) <= _MAX_REMEMBERED:
        _plain_tokens.update(new.difference(odd))
    return odd


def reading(token: str) -> Reading | None:
    """What an odd token reads where entities, dashes and shapes of words are all that is odd, None where more is."""
    if token in _readings:
        return _readings[token]
    read = characters.decoded(token).replace("\xa0", " ")
    words = read.split()
    found = None
    if read.isprintable() and not characters.decode_entities(read) and all(map(_is_settled, words)):
        found = Reading(" ".join(words), tuple(chain.from_iterable(map(glue.shaped_words, words))))
    if len(_readings) >= _MAX_READINGS:
        _readings.clear()
    if len(token) <= _MAX_LENGTH:
        _readings[token] = found
    return found


def has_plain_letters(token: str) -> bool:
    """Whether the passes over characters leave `token` as it is, in a text without entities."""
    return characters.is_plain(token.replace("&", ""))


def _is_plain(token: str) -> bool:
    """Whether no pass changes a token, whatever stands around it."""
    return "&" not in token and _is_settled(token) and not glue.shaped_words(token)


def _is_settled(token: str) -> bool:
    """Whether no pass changes a token without entities, unless two words are glued in it."""
    return has_plain_letters(token) and glue.has_plain_ends(token) and not glue.has_flip(token)
