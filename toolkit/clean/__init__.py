"""The normalised view of a text: what matching and counting read, with a map back to every source character.

The source is never changed. Each pass finds edits by compiled, linear-time regexes on what the passes before it
made; `compose` carries them back to source offsets. Passes run until nothing changes, so that a view's text
normalises to itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from functools import lru_cache, partial
from itertools import filterfalse

from toolkit.clean import characters
from toolkit.clean import words as glue
from toolkit.clean.view import Edit, View, applied, compose

__all__ = ["Edit", "View", "normalise", "normalised_text"]

Pass = Callable[[str], characters.Found]
_MAX_ROUNDS = 8  # hostile text can hide an entity in an entity; ordinary text is stable after one round
_MAX_REMEMBERED = 100_000
_plain_tokens: set[str] = set()
"""Tokens that no pass changes, whatever stands around them; about 10 MB at most."""


def normalise(text: str, *, hard_wrapped: bool = False, words: AbstractSet[str] = frozenset()) -> View:
    """The normalised view of `text`, a segment or any other text.

    Dashes become "-", all white space single spaces, invisible and control characters go, entities and broken
    encodings are decoded, lines that inline links broke are joined, glued words are parted where that is
    certain. Quotes stay as they are.

    Parameters
    ----------
    hard_wrapped : bool
        Lines were broken at a width (PDF, mail): a hyphen at a line's end may be dropped.
    words : set of lower-case words
        Words known to occur in the rest of the document; evidence for parting glued and hyphenated words.

    Examples
    --------
    >>> normalise("will be made permanent\\n.\\nHe said").text
    'will be made permanent. He said'
    """
    core = text.strip()
    if _has_plain_tokens(core) or (_has_plain_characters(core) and not glue.part_glued(core, words=words)):
        return View(text, core, _stripped(text, core)) if len(core) < len(text) else View(text, text)
    every_pass: tuple[Pass, ...] = (
        characters.fix_encoding,
        characters.decode_entities,
        characters.fix_characters,
        characters.compose_marks,
        partial(glue.join_lines, hard_wrapped=hard_wrapped, words=words),
        glue.fix_spaces,
        partial(glue.part_glued, words=words),
    )
    current = text
    edits: list[Edit] = []
    for _ in range(_MAX_ROUNDS):
        before = current
        for find in every_pass[-1:] if _has_plain_characters(current) else every_pass:
            found = [Edit(*edit) for edit in find(current)]
            if found:
                edits = compose(edits, found, current)
                current = "".join(applied(current, found))
        if current is before:
            break
    return View(text, current, tuple(edits))


def normalised_text(text: str, *, hard_wrapped: bool = False) -> str:
    """`normalise(text, hard_wrapped=hard_wrapped).text`, sooner: most segments differ from it by white space alone."""
    core = text.strip()
    tokens = core.split()
    if _are_plain(tokens):
        joined = " ".join(tokens)
        if joined == core or not _MEETING.search(core):
            return joined
    return (_text_of_line if len(text) <= _MAX_LINE else _text_of)(text, hard_wrapped)


def _text_of(text: str, hard_wrapped: bool) -> str:
    """The view's text where tokens are not plain: entities and dashes first, for most texts have no other oddities."""
    text = characters.decoded(text)
    core = text.strip()
    tokens = core.split()
    joined = " ".join(tokens)
    if joined == core or not _MEETING.search(core):
        if _are_plain(tokens):
            return joined
        if _are_plain(tokens, but_for_glue=True) and not glue.part_glued(joined, words=frozenset()):
            return joined
    return normalise(text, hard_wrapped=hard_wrapped).text


_MAX_LINE = 120  # characters; shorter segments are lines of menus, which stand on page after page
_text_of_line = lru_cache(maxsize=10_000)(_text_of)

# White space that plain tokens do not make a single space: where a broken line may lack one, and what may be a broken
# no-break space.
_MEETING = re.compile("[\xa0\x85]|-\\s|\\s(?:['\u2019]|[snrt][tdh]\\b|[\u3001-\u9fff\uff01-\uff5e])")


def _stripped(text: str, core: str) -> tuple[Edit, ...]:
    """The edits that leave of `text` its `core`, without the white space around it."""
    left = len(text) - len(text.lstrip())
    right = left + len(core)
    edges = ((0, left), (right, len(text)))
    return tuple(Edit(start, end, "", "space") for start, end in edges if start < end)


def _has_plain_tokens(text: str) -> bool:
    """Whether no pass could change `text`, told by its parts between single blanks, most of which were met before."""
    return _are_plain(text.split(" "))


def _are_plain(tokens: list[str], *, but_for_glue: bool = False) -> bool:
    """Whether no pass changes any of `tokens`, or none but the parting of glued words."""
    for token in filterfalse(_plain_tokens.__contains__, tokens):
        if not glue.is_plain_word(token):
            if not (characters.is_plain(token) and glue.has_plain_ends(token)):
                return False
            if glue.may_be_glued(token):
                if but_for_glue:
                    continue
                return False
        if len(_plain_tokens) >= _MAX_REMEMBERED:
            _plain_tokens.clear()
        _plain_tokens.add(token)
    return True


def _has_plain_characters(text: str) -> bool:
    """Whether only a glued word could make the view of `text` differ from it, told by cheap tests."""
    return (
        text.isascii() and text.isprintable() and "  " not in text and "&" not in text and not glue.has_odd_spaces(text)
    )
