"""Passes over characters: broken encodings, entities, dashes, spaces, invisible characters, composition."""

from __future__ import annotations

import html
import re
import unicodedata
from html.entities import html5

Found = list[tuple[int, int, str, str]]
"""Edits as (start, end, replacement, kind), sorted, without overlap."""

# Bytes of UTF-8 read as Windows-1252 or Latin-1: a lead byte's letter, then a continuation byte's sign.
_MOJIBAKE_SIGN = re.compile(
    "[\u00c2-\u00f4][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013\u2014"
    "\u2018-\u201a\u201c-\u201e\u2020-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122]"
)
_MOJIBAKE_RUN = re.compile(r"[^\x00-\x7f]+")
_MAX_MOJIBAKE_RUN = 4096  # longer runs are hostile, or another script

# Prefixes of "amp" are read at once, so that text escaped twice or thrice is decoded in one pass.
_ENTITY = re.compile(r"&((?:(?:amp|#38|#x26);)*)(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")

_DASHES = "\u2010-\u2015\u2212\ufe58\ufe63\uff0d"
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff"
    "\uffa0\ufff0-\ufffb\ufffe\uffff\U000e0000-\U000e0fff"
)
_CONTROLS = "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"  # all but white space
_PRIVATE = "\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd"
_WIDE = "\uff01-\uff0c\uff0e-\uff5e"
_ODD = re.compile(f"[{_DASHES}{_INVISIBLE}{_CONTROLS}{_PRIVATE}{_WIDE}]")
_DASH = re.compile(f"[{_DASHES}]")
_DASHES_RUN = re.compile(f"[{_DASHES}]+")
_WIDE_STOPS = "\uff0c\uff1a\uff1b\uff01\uff1f"
_LINE_START = re.compile(r"(?:\A|[\n\r\u2028\u2029])[^\S\n\r]*\Z")
_INDENT = 8  # characters before a bullet that may be white space


def is_plain(token: str) -> bool:
    """Whether the passes over characters leave a text between two blanks as it is, told by cheap tests."""
    return token.isprintable() and "&" not in token and (token.isascii() or _is_plain_beyond_ascii(token))


def _is_plain_beyond_ascii(token: str) -> bool:
    return (
        _MOJIBAKE_SIGN.search(token) is None
        and _ODD.search(token) is None
        and unicodedata.is_normalized("NFC", token)
        and not any(unicodedata.category(c)[0] == "M" for c in token)
    )


def decoded(text: str) -> str:
    """`text` as the first three passes leave it, where entities and dashes are all they change; else `text` itself."""
    if _MOJIBAKE_SIGN.search(text) is not None:
        return text
    plain = text
    if "&" in text:
        plain = _ENTITY.sub(_decoded_entity, text)
        if _ENTITY.search(plain) is not None or _MOJIBAKE_SIGN.search(plain) is not None:
            return text
    if plain.isascii() and plain.isprintable():
        return plain
    plain = _DASHES_RUN.sub("-", plain)
    return text if _ODD.search(plain) is not None else plain


def _decoded_entity(match: re.Match[str]) -> str:
    """What an entity reads, itself where there is none of that name."""
    escaped, name = match.groups()
    if name.startswith("#") or f"{name};" in html5:
        return html.unescape(f"&{name};")
    return "&" + match.group()[match.end(1) - match.start() :] if escaped else match.group()


def fix_encoding(text: str) -> Found:
    """UTF-8 that was read as Windows-1252, such as a cafe whose e became two signs; run by run, by ftfy."""
    if text.isascii() or _MOJIBAKE_SIGN.search(text) is None:
        return []
    from ftfy import TextFixerConfig, fix_encoding  # 0.15 s to import: only when there are signs

    config = TextFixerConfig(
        unescape_html=False,
        remove_terminal_escapes=False,
        restore_byte_a0=True,
        replace_lossy_sequences=False,
        decode_inconsistent_utf8=True,
        fix_c1_controls=False,
        fix_latin_ligatures=False,
        fix_character_width=False,
        uncurl_quotes=False,
        fix_line_breaks=False,
        fix_surrogates=False,
        remove_control_chars=False,
        normalization=None,
        explain=False,
    )
    found: Found = []
    for run in _MOJIBAKE_RUN.finditer(text):
        broken = run.group()
        if len(broken) > _MAX_MOJIBAKE_RUN or _MOJIBAKE_SIGN.search(broken) is None:
            continue
        fixed = fix_encoding(broken, config)
        if fixed != broken:
            found.append((run.start(), run.end(), fixed, "encoding"))
    return found


def decode_entities(text: str) -> Found:
    """HTML entities a scraper left in the text, with their closing semicolon only."""
    if "&" not in text:
        return []
    found: Found = []
    for match in _ENTITY.finditer(text):
        escaped, name = match.groups()
        if name.startswith("#") or f"{name};" in html5:
            found.append((*match.span(), html.unescape(f"&{name};"), "entity"))
        elif escaped:
            found.append((match.start(), match.end(1), "&", "entity"))
    return found


def fix_characters(text: str) -> Found:
    """Dashes, invisible characters, controls, private-use bullets and full-width forms of ASCII."""
    if text.isascii() and text.isprintable():
        return []
    found: Found = []
    for match in _ODD.finditer(text):
        at = match.start()
        replacement, kind = _reading(text, at)
        if (
            found
            and found[-1][1] == at
            and found[-1][3] == kind
            and kind in ("dash", "invisible", "control", "private")
        ):
            found[-1] = (found[-1][0], at + 1, replacement, kind)  # a run of them is one edit
        else:
            found.append((at, at + 1, replacement, kind))
    return found


def _reading(text: str, at: int) -> tuple[str, str]:
    """What the odd character `text[at]` reads in a view, and the kind of the edit."""
    c = text[at]
    if _DASH.match(c):
        return "-", "dash"
    if "\uff01" <= c <= "\uff5e":
        narrow = chr(ord(c) - 0xFEE0)
        following = text[at + 1 : at + 2]
        return (narrow + " " if c in _WIDE_STOPS and following.isascii() and following.isalpha() else narrow), "width"
    if "\uf000" <= c <= "\uf0ff" and _LINE_START.search(text, max(0, at - _INDENT), at):
        return "\u2022 ", "bullet"  # where symbol fonts of word processors keep their bullets
    if "\ue000" <= c <= "\uf8ff" or c >= "\U000f0000":
        return "", "private"
    if "\x80" <= c <= "\x9f":  # Windows-1252 read as Latin-1: what browsers do with it
        return c.encode("latin-1").decode("cp1252", "ignore"), "encoding"
    return "", "control" if c < "\x80" else "invisible"


_MAX_MARKS = 64  # a longer heap of marks is hostile, and sorting it takes quadratic time


def compose_marks(text: str) -> Found:
    """Canonical composition (NFC) of the letters that need it, each with its marks."""
    if text.isascii() or unicodedata.is_normalized("NFC", text):
        return []
    joining = [
        c
        for c in sorted(set(text))
        if not c.isascii()
        and (unicodedata.category(c)[0] == "M" or "\u1160" <= c <= "\u11ff" or not unicodedata.is_normalized("NFC", c))
    ]
    if not joining:
        return []
    group = "".join(map(re.escape, joining))
    found: Found = []
    for match in re.finditer(f"[^{group}]?[{group}]+", text):
        cluster = match.group()
        if len(cluster) <= _MAX_MARKS:
            composed = unicodedata.normalize("NFC", cluster)
            if composed != cluster:
                found.append((*match.span(), composed, "composition"))
    return found
