"""What the page's script works on: every article in a few bytes, then as many whole texts as the size allows."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolkit.data import NO_TOPIC, Results
from toolkit.report.columns import Columns, as_json, deflated
from toolkit.report.evidence import title_of
from toolkit.report.pack_map import pack_map
from toolkit.report.pack_texts import openings_of, pack_texts
from toolkit.report.rows import WHOLE_SIDE, Article, number_of
from toolkit.report.tally import Tally
from toolkit.report.texts import text_hashes
from toolkit.report.wording import counted, number, safe_url, show
from toolkit.topics.colours import colours_of

VERDICTS = ("off", "unsure", "on")
MAX_PLACES = 250  # names the explorer can filter by, beside the members of the sides; one byte holds them all
_MAX_PLACES_OF_MANY = 50  # the same where there are more than _MANY articles: each name costs a byte an article
_MANY = 20_000
_FINE, _COARSE = 10_000, 100  # steps of a relevance score: four decimals, and two where there are many articles
_MISSING_SCORE = 0xFFFF
_SAMPLE = 500  # articles that sizes are estimated from
_ROWS_SHARE = 0.9  # of the room, for what every article has
# The largest share of the rest of the room that these may have; what is left is for whole texts.
_URLS_SHARE = 0.2
_LEADS_SHARE = 0.35
_LEADS = ((200, "all"), (100, "all"), (200, "near"), (120, "on"))  # characters, of which articles; the first that fits


_WHOSE = {"all": ("on", "unsure", "off"), "near": ("on", "unsure"), "on": ("on",)}
_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9.-]{1,253}(?:/[!-~]{0,1500})?")  # needs no second look


@dataclass(frozen=True, slots=True)
class Packed:
    """The data of the page.

    Attributes
    ----------
    elements : id of an inert element, and its text: lines of base64, each a deflated stream
    said : what of the articles is in the page, in a sentence
    complete : whether it is all there is
    """

    elements: tuple[tuple[str, str], ...]
    said: str
    complete: bool

    @property
    def n_bytes(self) -> int:
        """Bytes in the page, markup included."""
        return sum(len(content) + len(name) + _MARKUP for name, content in self.elements)


_MARKUP = 60  # bytes of the element around the data, at most


def pack(results: Results, tally: Tally, *, linked: Collection[str], room: int) -> Packed:
    """Pack the articles of a run into at most `room` bytes of page.

    First what every article has: id, title, facts and codes. Then addresses and the first sentences; then whole texts,
    of the articles the page speaks of, of those on the subject, of the unsure, of a spread of the rest.

    Parameters
    ----------
    linked : document ids that the page quotes or lists: they come first
    room : bytes
    """
    order = _by_worth(tally, linked)
    rows = _rows_that_fit(results, tally, order, room=int(room * _ROWS_SHARE))
    held = [tally.articles[i] for i in rows]
    columns, tables = _facts(results, tally, rows)
    elements = _row_elements(tally, held, columns)

    elements |= pack_map(results, tally, held, tables)
    left = room - _size(elements)
    urls, tables["urls"] = _urls(held, room=int(left * _URLS_SHARE))
    if urls:
        elements["packed-urls"] = urls
    leads, tables["leads"] = _leads(results, held, room=int(left * _LEADS_SHARE))
    if leads:
        elements["packed-leads"] = leads
    left = room - _size(elements) - _table_size(tables)
    row_of = {article.document_id: row for row, article in enumerate(held)}
    wanted = [row_of[tally.articles[i].document_id] for i in order if tally.articles[i].document_id in row_of]
    texts = pack_texts(results, held, wanted, room=left)
    if texts.content:
        elements["packed-texts"] = texts.content
    tables["blocks"] = [list(rows) for rows in texts.blocks]
    tables |= texts.tables
    said, complete = _said(tally, len(held), tables["leads"], sum(map(len, texts.blocks)))
    elements = {"packed-tables": deflated(as_json(tables)), **elements}
    return Packed(tuple(elements.items()), said, complete)


def _size(elements: Mapping[str, str]) -> int:
    return sum(len(name) + len(content) + _MARKUP for name, content in elements.items())


def _table_size(tables: Mapping[str, object]) -> int:
    return len(deflated(as_json(tables))) + _MARKUP


def _by_worth(tally: Tally, linked: Collection[str]) -> list[int]:
    """Positions of all articles, those first whose text a reader is most likely to want."""
    linked = frozenset(linked)
    rank = {"on": 1, "unsure": 2, "off": 3}

    def worth(i: int) -> tuple[int, float, int]:
        article = tally.articles[i]
        if article.document_id in linked:
            return 0, 0.0, i
        kind = rank[article.on_topic]
        if kind == 3:  # a spread: by checksum
            return kind, zlib.crc32(article.document_id.encode("utf-8", "replace")), i
        return kind, -(article.relevance or 0.0), i

    return sorted(range(len(tally.articles)), key=worth)


def _rows_that_fit(results: Results, tally: Tally, order: Sequence[int], *, room: int) -> list[int]:
    """The positions of the articles the explorer holds, in the order of the table: all, unless they are too many."""
    sample = sorted(order[:: max(1, len(order) // _SAMPLE)])
    if not sample:
        return []
    columns, _ = _facts(results, tally, sample, with_hashes=False)
    elements = _row_elements(tally, [tally.articles[i] for i in sample], columns)
    each = (_size(elements) + 6 * len(sample)) / len(sample)
    return sorted(order[: max(1, int(room / each))])


def _facts(
    results: Results, tally: Tally, rows: Sequence[int], *, with_hashes: bool = True
) -> tuple[Columns, dict[str, Any]]:
    """The coded facts of the articles, and the tables that say what the codes mean."""
    articles = [tally.articles[i] for i in rows]
    columns = Columns()
    if with_hashes:
        hashes = text_hashes(results)
        columns.add("hash", [int(hashes.get(a.document_id, "0")[:8], 16) for a in articles], most=0xFFFFFFFF)
    tables: dict[str, Any] = {"n": len(articles), "n_all": len(tally.articles)}
    for name, values in (
        ("date", [article.date.partition("T")[0] for article in articles]),
        ("outlet", [article.outlet for article in articles]),
        ("language", [article.language or "" for article in articles]),
    ):
        table = ["", *sorted({value for value in values if value})]
        code = {value: i for i, value in enumerate(table)}
        columns.add(name, [code[value] for value in values], most=len(table))
        tables[f"{name}s"] = table
    tables["verdicts"] = VERDICTS
    columns.add("verdict", [VERDICTS.index(article.on_topic) for article in articles], most=2)
    counted_once = set(tally.on)
    columns.add("copy", [int(tally.articles[i].on_topic == "on" and i not in counted_once) for i in rows], most=1)
    steps = _FINE if len(articles) <= _MANY else _COARSE
    missing = _MISSING_SCORE if steps == _FINE else 0xFF
    scores = [missing if a.relevance is None else round(a.relevance * steps) for a in articles]
    columns.add("relevance", scores, most=missing)
    tables["steps"], tables["missing"], tables["line"] = steps, missing, _line(tally)
    themes = {theme.theme.id: i for i, theme in enumerate(tally.themes)}
    columns.add_lists("theme", [[themes[t] for t in a.themes if t in themes] for a in articles], most=len(themes))
    tables["themes"] = [[theme.theme.id, show(theme.theme.label, limit=80)] for theme in tally.themes]
    topics = {topic.topic: i for i, topic in enumerate(tally.topics, 1)}
    columns.add("topic", [topics.get(article.topic, 0) for article in articles], most=len(topics))
    tables["topics"] = [[NO_TOPIC, "No topic", "", ""]] + [
        [topic.topic, show(topic.name, limit=80), *colours_of(topic.topic)] for topic in tally.topics
    ]
    places, tables["places"] = _places(tally, articles)
    columns.add_lists("place", places, most=len(tables["places"]))
    tables["columns"] = columns.layout()
    return columns, tables


def _line(tally: Tally) -> float:
    """The score from which an article is on the subject; one half where the run does not say."""
    thresholds = tally.run.get("thresholds")
    found = number_of(thresholds, "on_from") if isinstance(thresholds, Mapping) else None
    return 0.5 if found is None else found


def _places(tally: Tally, articles: Sequence[Article]) -> tuple[list[list[int]], list[list[object]]]:
    """The places of each article as codes, and the table of [name, whether it is a member, side]: members first."""
    table: list[list[object]] = []
    codes: dict[tuple[int, str], int] = {}
    for i, side in enumerate(tally.sides):
        named_so = side.label.casefold() in {member.casefold() for member in side.members}
        as_a_whole = (
            () if named_so else (WHOLE_SIDE,)
        )  # where a member has the side's name, it is the member that counts
        for name in (*as_a_whole, *side.members):
            codes[i, name] = len(table)
            table.append([name or side.label, 1, side.label])
    others: Counter[tuple[int, str]] = Counter()
    known = {(i, str(row[0]).casefold()) for (i, _), row in zip(codes, table, strict=True)}
    for article in articles:
        for i, names in enumerate(article.places):
            for name in dict.fromkeys(names):
                if (i, name.casefold()) not in known:
                    others[i, name] += 1
    most = MAX_PLACES if len(articles) <= _MANY else _MAX_PLACES_OF_MANY
    for i, name in sorted(others, key=lambda key: (-others[key], key))[: max(0, most - len(table))]:
        codes[i, name] = len(table)
        table.append([name, 0, tally.sides[i].label])
    found = []
    for article in articles:
        own = [codes[i, name] for i, names in enumerate(article.members) for name in names]
        own += [codes[i, name] for i, names in enumerate(article.places) for name in names if (i, name) in codes]
        found.append(list(dict.fromkeys(own)))
    return found, table


def _row_elements(tally: Tally, held: Sequence[Article], columns: Columns) -> dict[str, str]:
    files = [article.file for article in held]
    known = sorted(set(files))
    few = known if len(known) <= len(held) // 10 + 1 else None  # of many the file is told with the text
    of_row = {name: i for i, name in enumerate(known)}
    names = {
        "ids": [article.document_id for article in held],
        "files": few,
        "file": [of_row[name] for name in files] if few and len(few) > 1 else None,
    }
    titles = "\n".join(title_of(article, tally) for article in held)
    return {
        "packed-facts": deflated(columns.content()),
        "packed-titles": deflated(titles.encode("utf-8", "replace")),
        "packed-ids": deflated(as_json(names)),
    }


def _urls(held: Sequence[Article], *, room: int) -> tuple[str, str]:
    """Addresses line by line, and of which articles: all, near (on the subject or unsure), or none."""
    return _first_that_fits(held, [(whose, lambda article: _address(article.url)) for whose in ("all", "near")], room)


def _address(url: str | None) -> str:
    return url if url and _PLAIN_URL.fullmatch(url) else safe_url(url) or ""


def _leads(results: Results, held: Sequence[Article], *, room: int) -> tuple[str, str]:
    """First sentences line by line, and of which articles: all, near (on the subject or unsure), on, or none."""
    openings = openings_of(results, frozenset(article.document_id for article in held))

    def within(limit: int) -> Callable[[Article], str]:
        return lambda article: show(openings.get(article.document_id, ""), limit=limit)

    return _first_that_fits(held, [(whose, within(limit)) for limit, whose in _LEADS], room)


def _first_that_fits(
    held: Sequence[Article], ways: Sequence[tuple[str, Callable[[Article], str]]], room: int
) -> tuple[str, str]:
    """A line an article, packed in the first way that goes into `room` bytes, and of whom lines are not empty."""
    sample = held[:: max(1, len(held) // _SAMPLE)]
    for whose, line_of in ways:
        if sample and len(_lines(sample, whose, line_of)) * len(held) <= room * len(sample):
            content = _lines(held, whose, line_of)
            if len(content) <= room:
                return content, whose
    return "", "none"


def _lines(articles: Sequence[Article], whose: str, line_of: Callable[[Article], str]) -> str:
    lines = [line_of(article) if article.on_topic in _WHOSE[whose] else "" for article in articles]
    return deflated("\n".join(lines).encode("utf-8", "replace"))


def _said(tally: Tally, n_held: int, leads: str, n_texts: int) -> tuple[str, bool]:
    """What of the articles is in the page, and whether that is all."""
    n = len(tally.articles)
    parts = [f"{number(n_held)} of {counted(n, 'article')}" if n_held < n else ""]
    if n_texts >= n:
        return "The full text of every article is in this file.", True
    rest = {
        "all": "of the others the title and the first sentence",
        "near": "of the others the title, and of those on the subject or unsure the first sentence",
        "on": "of the others the title, and of those on the subject the first sentence",
        "none": "of the others the title",
    }[leads]
    said = f"The full text of {number(n_texts)} of {counted(n, 'article')} is in this file; {rest}."
    if parts[0]:
        said += f" The explorer knows {parts[0]}: there was no room for more."
    return said + " The tables of the run hold all of it.", False
