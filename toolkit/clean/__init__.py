"""The normalised view of a text: what matching and counting read, with a map back to every source character.

The source is never changed. Each pass finds edits by compiled, linear-time regexes on what the passes before it
made; `compose` carries them back to source offsets. Passes run until nothing changes, so that a view's text
normalises to itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache, partial
from itertools import filterfalse

from toolkit.clean import characters
from toolkit.clean import words as glue
from toolkit.clean.view import Edit, View, applied, compose

__all__ = ["Edit", "View", "normalise", "normalised_text", "normalised_texts"]

Pass = Callable[[str], characters.Found]
_MAX_ROUNDS = 8  # hostile text can hide an entity in an entity; ordinary text is stable after one round
_MAX_REMEMBERED = 100_000
_plain_tokens: set[str] = set()
"""Tokens that no pass changes, whatever stands around them; about 10 MB at most."""
_MAX_RESPELT = 10_000
_respelt_tokens: dict[str, str | None] = {}
"""What odd tokens read where entities and dashes are all that is odd, None for others; about 2 MB at most."""


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
    cores = list(map(str.strip, texts))
    kinds = [_PLAIN] * len(cores)
    respelt: dict[str, str | None] = {}
    i = 0
    for token in filterfalse(_plain_tokens.__contains__, f" {_SEAM} ".join(cores).split()):
        if token == _SEAM:
            i += 1
        elif i < len(cores) and kinds[i] != _ODD and not _is_plain(token):
            respelt[token] = _respelt(token)
            kinds[i] = _ODD if respelt[token] is None else _RESPELT
    if i != len(cores) - 1:  # the seam stands in a text, too
        kinds = [_PLAIN if _are_plain(core.split()) else _ODD for core in cores]
    found: list[str] = []
    for text, core, kind in zip(texts, cores, kinds, strict=True):
        if kind != _ODD and core.isprintable() and "  " not in core:
            found.append(core if kind == _PLAIN else _joined(respelt, core))
        else:
            found.append((_text_of_line if len(text) <= _MAX_LINE else _text_of)(text, hard_wrapped))
    return found


def _joined(respelt: Mapping[str, str | None], core: str) -> str:
    return " ".join(filter(None, [respelt.get(token, token) for token in core.split()]))


_SEAM = "\x00"  # stands between texts; no token with it is plain
_PLAIN, _RESPELT, _ODD = range(3)


def _text_of(text: str, hard_wrapped: bool) -> str:
    """The view's text where tokens are not plain: entities, dashes and spaces before stops are most of what is odd."""
    text = characters.decoded(text)
    core = text.strip()
    tokens = core.split()
    odd = _odd_ones(tokens)
    joined = " ".join(tokens)
    if odd or (joined != core and _MEETING.search(core)):
        if (
            not all(map(_has_plain_letters, odd))
            or _BROKEN_SPACE.search(core)
            or glue.join_lines(core, hard_wrapped=hard_wrapped, words=frozenset())
        ):
            return normalise(text, hard_wrapped=hard_wrapped).text
        core = "".join(applied(core, [Edit(*edit) for edit in glue.fix_spaces(core)]))
        tokens = core.split()
        odd = _odd_ones(tokens)
        joined = " ".join(tokens)
    if joined == core or not _MEETING.search(core):
        if not odd:
            return joined
        if (
            all(_has_plain_letters(token) and glue.has_plain_ends(token) for token in odd)
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
    return _are_plain(text.split(" "))


def _are_plain(tokens: Iterable[str]) -> bool:
    """Whether no pass changes any of `tokens`."""
    return all(map(_is_plain, filterfalse(_plain_tokens.__contains__, tokens)))


def _odd_ones(tokens: Iterable[str]) -> list[str]:
    """Those of `tokens` that some pass may change."""
    return list(filterfalse(_is_plain, filterfalse(_plain_tokens.__contains__, tokens)))


def _is_plain(token: str) -> bool:
    """Whether no pass changes a token not met before, whatever stands around it; then it is remembered."""
    if not glue.is_plain_word(token) and (
        not characters.is_plain(token) or not glue.has_plain_ends(token) or glue.may_be_glued(token)
    ):
        return False
    if len(_plain_tokens) >= _MAX_REMEMBERED:
        _plain_tokens.clear()
    _plain_tokens.add(token)
    return True


def _respelt(token: str) -> str | None:
    """What an odd token reads where entities and dashes are all that is odd about it, None where there is more."""
    if token in _respelt_tokens:
        return _respelt_tokens[token]
    read = characters.decoded(token).replace("\xa0", " ")
    words = read.split()
    found = " ".join(words) if read != token and read.isprintable() and all(map(_is_settled, words)) else None
    if len(_respelt_tokens) >= _MAX_RESPELT:
        _respelt_tokens.clear()
    if len(token) <= _MAX_LINE:
        _respelt_tokens[token] = found
    return found


def _is_settled(token: str) -> bool:
    """Whether no pass changes `token`, which may have an ampersand."""
    return (
        token in _plain_tokens
        or _is_plain(token)
        or (
            _has_plain_letters(token)
            and glue.has_plain_ends(token)
            and not glue.may_be_glued(token)
            and not characters.decode_entities(token)
        )
    )


def _has_plain_letters(token: str) -> bool:
    """Whether the passes over characters leave `token` as it is, in a text without entities."""
    return characters.is_plain(token.replace("&", ""))


def _has_plain_characters(text: str) -> bool:
    """Whether only a glued word could make the view of `text` differ from it, told by cheap tests."""
    return (
        text.isascii() and text.isprintable() and "  " not in text and "&" not in text and not glue.has_odd_spaces(text)
    )
