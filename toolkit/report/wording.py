"""How the report writes things for a reader: hostile text made harmless, numbers, counts, lists and dates."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from urllib.parse import urlsplit

ROLE_LABELS = {
    "title": "Title",
    "heading": "Heading",
    "body": "Body text",
    "list": "List",
    "quote": "Quotation",
    "caption": "Caption",
    "byline": "Byline or agency credit",
    "date": "Date line",
    "navigation": "Navigation",
    "teaser": "Other stories and teasers",
    "footer": "Footer",
    "advert": "Advertising and sign-up boxes",
    "duplicate": "Repeated within the page",
    "blank": "Blank",
    "other": "Other",
}
VERDICT_LABELS = {"on": "on-topic", "unsure": "unsure", "off": "off-topic"}

_MONTHS = "January February March April May June July August September October November December".split()
_DATE = re.compile(r"(?P<year>\d{4})(?:-(?P<month>\d{2})(?:-(?P<day>\d{2}))?)?(?:T.*)?\Z|--(?P<m>\d{2})-(?P<d>\d{2})\Z")
_ENTITY = re.compile(r"&(?:nbsp|amp|quot|apos|#39|#8217|lsquo|rsquo|ldquo|rdquo|ndash|mdash|hellip);")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2}\Z")
_MARKS = r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_MANY_MARKS = re.compile(f"({_MARKS}{{4}}){_MARKS}+")  # marks stacked on one letter reach over other lines
_PLAIN = re.compile(r"[\t-\r -~]*")  # ASCII with no control character but white space: nothing in it needs a look
_UNPRINTABLE = re.compile("[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\U000e0000-\U000e0fff]")

MAX_URL_CHARACTERS = 2_000


def _neutral() -> dict[int, str]:
    """What each character that could disturb a page or deceive its reader is shown as."""
    table = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n\r\f\v"}
    table[0x7F] = "␡"
    table |= dict.fromkeys(range(0x80, 0xA0), "�")
    table |= {code: f"[U+{code:04X}]" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}  # bidi overrides
    table |= dict.fromkeys((0x00AD, 0x061C, 0x200E, 0x200F, 0xFEFF, *range(0x206A, 0x2070)), "")  # invisible
    table |= dict.fromkeys(range(0xE000, 0xF900), "•")  # private use: nearly always a bullet of a symbol font
    table |= {0x85: " ", 0x2028: " ", 0x2029: " "}
    return table


_NEUTRAL = _neutral()


def show(value: object, *, limit: int = 300) -> str:
    """`value` as one line a page can carry: white space joined, control and bidi characters made visible, capped.

    Entities that a scraper left in the text are read. Escaping is not done here: the templates escape everything.

    Examples
    --------
    >>> show("Trade\\n  grows\\x1b[31m")
    'Trade grows␛[31m'
    >>> show("abc\\u202edef")
    'abc[U+202E]def'
    """
    if value is None or value != value:  # NaN, the missing value of tables, is not equal to itself
        return ""
    raw = str(value)
    raw = raw[: limit * 4 + 100]  # what is beyond cannot be shown, so it need not be cleaned
    if "&" in raw:
        raw = _ENTITY.sub(lambda found: html.unescape(found.group()), raw)
    if _PLAIN.fullmatch(raw):
        text = " ".join(raw.split())
    else:
        text = " ".join(_UNPRINTABLE.sub("�", raw.translate(_NEUTRAL)).split())
        text = _MANY_MARKS.sub(r"\1", text)
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def show_lines(text: str, *, limit: int = 2_000) -> str:
    """`text` as lines a page can carry, their indentation kept; each line as `show` shows it.

    Examples
    --------
    >>> show_lines("    a  b\\x1b")
    '    a b␛'
    """
    lines = text.split("\n")
    return "\n".join(" " * min(40, len(line) - len(line.lstrip(" "))) + show(line, limit=limit) for line in lines)


def isolated(text: str) -> str:
    """A name among other words: one written from right to left is kept from turning its neighbours around.

    Examples
    --------
    >>> isolated("The Star"), isolated("\u05d3\u05d1\u05e8") == "\u2068\u05d3\u05d1\u05e8\u2069"
    ('The Star', True)
    """
    turned = any(unicodedata.bidirectional(character) in ("R", "AL", "AN") for character in text)
    return f"\u2068{text}\u2069" if turned else text


def words(code: object) -> str:
    """A code as words: "id_conflict" is shown as "id conflict"."""
    return show(code, limit=80).replace("_", " ")


def number(n: float) -> str:
    """`n` with thousands separators."""
    return f"{n:,.0f}"


def counted(n: int, singular: str, plural: str | None = None) -> str:
    """`n` with its noun.

    Examples
    --------
    >>> counted(1, "article"), counted(2000, "article"), counted(0, "country", "countries")
    ('1 article', '2,000 articles', '0 countries')
    """
    return f"{number(n)} {singular if n == 1 else plural or singular + 's'}"


def percent(share: float) -> str:
    """A share in [0, 1] as a percentage that claims no more than it knows.

    Examples
    --------
    >>> [percent(share) for share in (0, 0.0004, 0.004, 0.038, 0.38, 0.997, 1)]
    ['0%', 'under 0.1%', '0.4%', '4%', '38%', 'over 99%', '100%']
    """
    if share <= 0:
        return "0%"
    if share < 0.0005:
        return "under 0.1%"
    if share < 0.00995:
        return f"{share:.1%}"
    if 0.995 <= share < 1:
        return "over 99%"
    return f"{share:.0%}"


def interval_words(low: float, high: float) -> str:
    """An interval of shares: "22–27%"."""
    if high < 0.0995 and high - low < 0.02:
        return f"{low * 100:.1f}–{high * 100:.1f}%"
    return f"{low * 100:.0f}–{high * 100:.0f}%"


def listing(items: Sequence[str], *, limit: int | None = None) -> str:
    """Items as a phrase: "a, b and c"; beyond `limit` the rest is counted.

    Examples
    --------
    >>> listing(["a", "b", "c"]), listing(["a", "b", "c"], limit=1)
    ('a, b and c', 'a and 2 more')
    """
    shown = list(items if limit is None else items[:limit])
    if len(shown) < len(items):
        shown.append(f"{number(len(items) - len(shown))} more")
    return shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + " and " + shown[-1] if shown else ""


def date_words(date: object) -> str:
    """An ISO date, full or partial, as a reader says it; "" for none.

    Examples
    --------
    >>> [date_words(date) for date in ("2024-04-16T18:05", "2024-04", "2024", "--05-06", None)]
    ['16 April 2024', 'April 2024', '2024', '6 May (no year given)', '']
    """
    found = _DATE.match(str(date)) if date is not None else None
    if found is None:
        return ""
    month = int(found["month"] or found["m"] or 0)
    day = int(found["day"] or found["d"] or 0)
    if month > 12 or day > 31:
        return ""
    parts = [str(day)] if day else []
    parts += [_MONTHS[month - 1]] if month else []
    parts += [found["year"]] if found["year"] else ["(no year given)"]
    return " ".join(parts)


def month_name(month: int) -> str:
    """The name of month 1 to 12."""
    return _MONTHS[month - 1]


def safe_url(url: object) -> str | None:
    """`url` where it is a plain web address that may be linked, else None."""
    if not isinstance(url, str) or len(url) > MAX_URL_CHARACTERS or not url.isprintable() or " " in url:
        return None
    if any(code in _NEUTRAL for code in map(ord, url)) or _UNPRINTABLE.search(url):
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    return url if parts.scheme.lower() in ("http", "https") and host else None


def plain_id(document_id: str) -> str:
    """The id where an attribute of a page can carry it exactly; "" where it holds what a page must not.

    Examples
    --------
    >>> plain_id("news/12.txt"), plain_id("news\x1b[31m")
    ('news/12.txt', '')
    """
    return document_id if show(document_id, limit=MAX_URL_CHARACTERS) == document_id else ""


def foreign_language(code: object) -> str | None:
    """The `lang` attribute a quote needs on an English page; None where it is English or not known."""
    if not isinstance(code, str) or not _LANGUAGE.match(code) or code in ("und", "en") or code.startswith("en-"):
        return None
    return code
