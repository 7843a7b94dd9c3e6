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
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff0-\ufffb\ufffe\uffff\U000e0000-\U000e0fff"
)
_CONTROLS = "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"
_PRIVATE = "\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd"
_SYMBOL_BULLETS = "\uf000-\uf0ff"  # where symbol fonts of word processors keep their bullets
_WIDE_STOPS = "\uff0c\uff1a\uff1b\uff01\uff1f"
_CHARACTERS = re.compile(
    f"(?P<dash>[{_DASHES}]+)"
    f"|(?P<invisible>[{_INVISIBLE}]+)"
    f"|(?P<bullet>(?:(?<=[\n\r\u2028\u2029])|(?<![\\s\\S]))[ \t\u00a0]*[{_SYMBOL_BULLETS}](?P<gap>[ \t\u00a0]*))"
    f"|(?P<private>[{_PRIVATE}]+)"
    f"|(?P<latin>[\x80-\x84\x86-\x9f]+)"
    f"|(?P<control>[{_CONTROLS}]+)"
    f"|(?P<stop>[{_WIDE_STOPS}](?=[A-Za-z]))"
    "|(?P<wide>[\uff01-\uff0c\uff0e-\uff5e]+)"
)
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


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
    found: Found = []
    for match in _CHARACTERS.finditer(text):
        kind = match.lastgroup
        start, end = match.span()
        if kind == "dash":
            found.append((start, end, "-", "dash"))
        elif kind == "bullet" or kind == "gap":
            found.append((start, end, "\u2022 ", "bullet"))
        elif kind == "latin":  # Windows-1252 read as Latin-1, as browsers do
            found.append((start, end, match.group().encode("latin-1").decode("cp1252", "ignore"), "encoding"))
        elif kind == "stop":
            found.append((start, end, match.group().translate(_WIDE) + " ", "width"))
        elif kind == "wide":
            found.append((start, end, match.group().translate(_WIDE), "width"))
        else:
            found.append((start, end, "", str(kind)))
    return found


_MAX_MARKS = 64  # a longer heap of marks is hostile, and sorting it takes quadratic time


def compose_marks(text: str) -> Found:
    """Canonical composition (NFC) of the letters that need it, each with its marks."""
    if text.isascii():
        return []
    joining = [
        c
        for c in sorted(set(text))
        if not c.isascii()
        and (
            unicodedata.category(c)[0] == "M" or "\u1160" <= c <= "\u11ff" or not unicodedata.is_normalized("NFC", c)
        )
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
