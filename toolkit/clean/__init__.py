"""The normalised view of a text: what matching and counting read, with a map back to every source character.

The source is never changed. Each pass finds edits by compiled, linear-time regexes on what the passes before it
made; `compose` carries them back to source offsets. Passes run until nothing changes, so that a view's text
normalises to itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache, partial
from itertools import chain

from toolkit.clean import characters
from toolkit.clean import words as glue
from toolkit.clean.tokens import has_plain_letters, odd_ones, reading
from toolkit.clean.view import Edit, View, applied, compose

__all__ = ["Edit", "View", "looked_through", "normalise", "normalised_text", "normalised_texts", "token_by_token"]

Pass = Callable[[str], characters.Found]
_MAX_ROUNDS = 8  # hostile text can hide an entity in an entity; ordinary text is stable after one round


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
    return normalised_texts([text], hard_wrapped=hard_wrapped)[0]


def normalised_texts(texts: Sequence[str], *, hard_wrapped: bool = False) -> list[str]:
    """What `normalised_text` makes of each of `texts`, sooner: all their tokens are looked up in one pass."""
    found = token_by_token(texts)
    return [
        looked_through(texts[i], hard_wrapped=hard_wrapped) if text is None else text for i, text in enumerate(found)
    ]


def token_by_token(texts: Sequence[str]) -> list[str | None]:
    """What `normalised_text` makes of each of `texts`, hard-wrapped or not, where its tokens tell; None elsewhere."""
    cores = list(map(str.strip, texts))
    tokens = f" {_SEAM} ".join(cores).split()
    odd = odd_ones(tokens)
    odd_of_each: list[list[str]] = [[]]
    for token in filter(odd.__contains__, tokens):
        if token == _SEAM:
            odd_of_each.append([])
        else:
            odd_of_each[-1].append(token)
    if len(odd_of_each) != len(cores):  # the seam stands in a text, too
        odd_of_each = [list(odd_ones(core.split())) for core in cores]
    return list(map(_told_by_tokens, cores, odd_of_each))


_SEAM = "\x00"  # stands between texts; no token with it is plain


def _told_by_tokens(core: str, odd: Sequence[str]) -> str | None:
    """What a text reads without the white space around it, told by its odd tokens where they tell."""
    is_even = core.isprintable() and "  " not in core
    if is_even and not odd:
        return core
    odd = list(dict.fromkeys(odd))
    readings = list(filter(None, map(reading, odd)))
    if len(readings) < len(odd):
        return None
    if not is_even and _MEETING.search(" ".join([core, *[read.text for read in readings], ""])):
        return None
    respelt = {token: text for token, (text, _) in zip(odd, readings, strict=True)}
    tokens = core.split()
    text = " ".join(filter(None, map(respelt.get, tokens, tokens)))
    shaped = list(chain.from_iterable(words for _, words in readings))
    return None if glue.may_be_parted(shaped, text, frozenset()) else text


def looked_through(text: str, *, hard_wrapped: bool) -> str:
    """What `normalised_text` makes of a text whose tokens do not tell."""
    return (_text_of_line if len(text) <= _MAX_LINE else _text_of)(text, hard_wrapped)


def _text_of(text: str, hard_wrapped: bool) -> str:
    """The view's text where tokens are not plain: entities, dashes and spaces before stops are most of what is odd."""
    text = characters.decoded(text)
    core = text.strip()
    tokens = core.split()
    odd = odd_ones(tokens)
    joined = " ".join(tokens)
    if odd or (joined != core and _MEETING.search(core)):
        if (
            not all(map(has_plain_letters, odd))
            or _BROKEN_SPACE.search(core)
            or glue.join_lines(core, hard_wrapped=hard_wrapped, words=frozenset())
        ):
            return normalise(text, hard_wrapped=hard_wrapped).text
        core = "".join(applied(core, [Edit(*edit) for edit in glue.fix_spaces(core)]))
        tokens = core.split()
        odd = odd_ones(tokens)
        joined = " ".join(tokens)
    if joined == core or not _MEETING.search(core):
        if not odd:
            return joined
        if (
            all(has_plain_letters(token) and glue.has_plain_ends(token) for token in odd)
            and not characters.decode_entities(joined)
            and not glue.part_glued(joined, words=frozenset())
        ):
            return joined
    return normalise(text, hard_wrapped=hard_wrapped).text


_MAX_LINE = 120  # characters; shorter segments are lines of menus, which stand on page after page
_text_of_line = lru_cache(maxsize=10_000)(_text_of)

# White space that plain tokens do not make a single space: where a broken line may lack one, and what may be a broken
# no-break space.
_BROKEN_SPACE = re.compile("[\xa0\x85]")
_MEETING = re.compile("[\xa0\x85]|-\\s|\\s(?:['\u2019]|[snrt][tdh]\\b|[\u3001-\u9fff\uff01-\uff5e])")


def _stripped(text: str, core: str) -> tuple[Edit, ...]:
    """The edits that leave of `text` its `core`, without the white space around it."""
    left = len(text) - len(text.lstrip())
    right = left + len(core)
    edges = ((0, left), (right, len(text)))
    return tuple(Edit(start, end, "", "space") for start, end in edges if start < end)


def _has_plain_tokens(text: str) -> bool:
    """Whether no pass could change `text`, told by its parts between single blanks, most of which were met before."""
    return not odd_ones(text.split(" "))


def _has_plain_characters(text: str) -> bool:
    """Whether only a glued word could make the view of `text` differ from it, told by cheap tests."""
    return (
        text.isascii() and text.isprintable() and "  " not in text and "&" not in text and not glue.has_odd_spaces(text)
    )
