"""What a page states of itself: JSON-LD, OpenGraph, meta elements, `<time>`, canonical link, title; unverified."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from toolkit.dates import normalise_date

_MAX_JSON_LD = 500_000  # characters of one JSON-LD script
_MAX_NODES = 2_000  # of a JSON-LD graph looked at
_MAX_TITLE, _MAX_NAME, _MAX_URL = 400, 120, 2_000
_ARTICLE_TYPE = re.compile(r"Article\Z|BlogPosting\Z|^Report\Z|Reportage|LiveBlogPosting")

_TITLE_KEYS = ("og:title", "twitter:title", "dc.title", "dcterms.title", "citation_title", "parsely-title", "headline")
_DATE_KEYS = (
    "article:published_time", "og:article:published_time", "datepublished", "article.published", "pubdate",
    "publishdate", "publish-date", "publish_date", "published-date", "parsely-pub-date", "sailthru.date",
    "dc.date.issued",     "dcterms.date", "dcterms.created", "dc.date", "citation_publication_date",
    "cxenseparse:recs:publishtime",
    "og:published_time", "release_date", "date",
)  # fmt: skip
_AUTHOR_KEYS = ("author", "article:author", "dc.creator", "dcterms.creator", "parsely-author", "sailthru.author", "byl")
_OUTLET_KEYS = ("og:site_name", "application-name", "dc.publisher", "dcterms.publisher", "publisher")
_MAX_PEOPLE = 10
_MAX_HEADINGS = 20  # h1 elements looked at
_MAX_LINKED_AUTHORS = 3
_HEADLINE_REACH = 4  # elements around the headline in which its date may stand
_MAX_NEAR_DATES = 2  # published and changed; more are a list of other things
_MIN_HEADLINE_WORDS = 3
_MIN_SHARED_WORDS = 0.65  # of the shorter of a shown headline and a stated title: then they name the same article
_NOBODY = frozenset(
    ("undefined", "null", "none", "unknown", "anonymous", "admin", "administrator", "author", "user", "")
)
_COMMENT_MARKS = ("<!--", "-->", "//<![CDATA[", "/*<![CDATA[*/", "//]]>", "/*]]>*/", "// <![CDATA[", "// ]]>")
_LAST_COMMA = re.compile(r",\s{0,99}([}\]])")
_NOT_JSON = re.compile(r"[\s;,]*")
_WORDS = re.compile(r"\w+")
_TAIL = re.compile(r"\s+(?:[|•·»:]{1,2}|[-–—])\s+")


@dataclass(frozen=True, slots=True)
class PageMetadata:
    """Title, date (ISO 8601), url, outlet and author as a page's head states them; None where it does not."""

    title: str | None = None
    date: str | None = None
    url: str | None = None
    outlet: str | None = None
    author: str | None = None


def read_metadata(root: Any) -> PageMetadata:
    """What the page whose lxml tree is `root` states of itself; the most specific statement wins.

    The headline people see (an `h1`) is preferred to a stated title that says nearly the same. Nothing is guessed
    from running text, and a date only from markup that says it is the page's own.
    """
    meta: dict[str, list[str]] = {}
    for element in root.iter("meta"):
        key = element.get("property") or element.get("name") or element.get("itemprop")
        content = element.get("content")
        if key and content and content.strip():
            meta.setdefault(key.strip().lower(), []).append(content)

    def stated(keys: Iterable[str]) -> list[str]:
        return [meta[key][0] for key in keys if key in meta]

    headings = [_line("".join(element.itertext())) for element in islice(root.iter("h1"), _MAX_HEADINGS)]
    head_titles = ["".join(element.itertext()) for element in root.iter("title") if _in_head(element)][:1]
    nodes = _json_ld_nodes(root)
    article = _article(nodes, [*headings, *map(_line, [*stated(_TITLE_KEYS), *head_titles])])
    canonical = [e.get("href") for e in root.iter("link") if "canonical" in (e.get("rel") or "").lower().split()]
    urls = [u for u in map(_url, [*canonical, *stated(("og:url",)), article.get("url")]) if u]
    sites = [node.get("name") for node in nodes if "WebSite" in _types(node)]
    outlets = [n for n in map(_name, [article.get("publisher"), *stated(_OUTLET_KEYS), *sites]) if n]
    titles = [t for t in map(_title, [article.get("headline"), *stated(_TITLE_KEYS), *head_titles]) if t]
    dates = [article.get("datePublished"), *stated(_DATE_KEYS), *_marked_dates(root)]
    people = [article.get("author"), *([*meta[key]] for key in _AUTHOR_KEYS if key in meta), _linked_authors(root)]
    return PageMetadata(
        title=_best_title(titles, headings, outlets),
        date=next((iso for iso in map(_date, dates) if iso), None),
        url=next((u for u in urls if urlsplit(u).path.strip("/")), urls[0] if urls else None),
        outlet=next(iter(outlets), None),
        author=next((names for names in (_people(value, outlets) for value in people) if names), None),
    )


def _json_ld_nodes(root: Any) -> list[dict[str, Any]]:
    """The objects of the page's JSON-LD, a reference such as `{"@id": ...}` to a person or organisation resolved."""
    found: list[dict[str, Any]] = []
    for script in root.iter("script"):
        if "ld+json" not in (script.get("type") or "").lower():
            continue
        source = (script.text or "")[: _MAX_JSON_LD + 1].strip()
        if len(source) <= _MAX_JSON_LD:
            found += _nodes(_read_json(source))
    named = {node["@id"]: node for node in found if isinstance(node.get("@id"), str) and "name" in node}
    for node in found:
        for key in ("author", "publisher", "creator"):
            if key in node:
                node[key] = _resolved(node[key], named)
    return found


def _resolved(value: Any, named: dict[str, dict[str, Any]]) -> Any:
    if isinstance(value, list):
        return [_resolved(item, named) for item in value[:_MAX_PEOPLE]]
    if isinstance(value, dict) and "name" not in value and isinstance(value.get("@id"), str):
        return named.get(value["@id"], value)
    return value


def _read_json(source: str) -> list[Any]:
    """The values written in a JSON-LD script: several in a row, comment marks and commas before a bracket tolerated."""
    for mark in _COMMENT_MARKS:
        source = source.removeprefix(mark).removesuffix(mark).strip()
    for text in (source, _LAST_COMMA.sub(r"\1", source)):
        values: list[Any] = []
        at = 0
        decoder = json.JSONDecoder(strict=False)
        try:
            while at < len(text):
                value, at = decoder.raw_decode(text, at)
                values.append(value)
                gap = _NOT_JSON.match(text, at)
                at = gap.end() if gap else at
            return values
        except (ValueError, RecursionError):
            continue
    return []


def _article(nodes: list[dict[str, Any]], titles: list[str]) -> dict[str, Any]:
    """The article the page is about, by its headline or else the first; without one the dates of the page itself."""
    articles = [node for node in nodes if any(_ARTICLE_TYPE.search(kind) for kind in _types(node))]
    keys = [_key(title) for title in titles if title]
    for node in articles:
        headline = _key(_line(node.get("headline")))
        if headline and any(headline in key or key in headline for key in keys if key):
            return node
    if articles:
        return articles[0]
    pages = [node for node in nodes if "WebPage" in _types(node) and "datePublished" in node]
    return {"datePublished": pages[0]["datePublished"]} if pages else {}


def _types(node: dict[str, Any]) -> list[str]:
    types = node.get("@type")
    return [kind for kind in (types if isinstance(types, list) else [types]) if isinstance(kind, str)]


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    """The objects of a JSON-LD script: itself, the items of a list or @graph, and a page's main entity."""
    waiting = [value]
    for _ in range(_MAX_NODES):
        if not waiting:
            return
        node = waiting.pop(0)
        if isinstance(node, list):
            waiting[:0] = node[:_MAX_NODES]
        elif isinstance(node, dict):
            yield node
            waiting += [node[key] for key in ("@graph", "mainEntity", "mainEntityOfPage") if key in node]


def _marked_dates(root: Any) -> list[str]:
    """Dates in markup that says they are the page's: `datePublished`, `<time pubdate>`, the `<time>` by the headline.

    A `<time>` elsewhere may be that of another story, a comment or an event: it counts only where the page has no
    other.
    """
    marked: list[str] = []
    times: list[Any] = []
    for element in root.iter("time", "span", "div", "p", "abbr"):
        value = element.get("datetime") or element.get("content") or element.get("title")
        if value is None:
            continue
        if "datepublished" in (element.get("itemprop") or "").lower().split() or element.get("pubdate") is not None:
            marked.append(value)
        elif element.tag == "time" and element.get("datetime"):
            times.append(element)
    headline = next(root.iter("h1"), None)
    around = headline.getparent() if headline is not None else None
    for _ in range(_HEADLINE_REACH):
        if around is None:
            break
        near = [e.get("datetime") for e in around.iter("time") if e.get("datetime") and not _outside(e)]
        if near:
            n_most = 1 if around.tag in ("body", "html") else _MAX_NEAR_DATES
            return [*marked, near[0]] if len(set(map(_date, near))) <= n_most else marked
        around = around.getparent()
    every = {_date(element.get("datetime")) for element in times}
    return [*marked, times[0].get("datetime")] if len(every) == 1 else marked


def _outside(element: Any) -> bool:
    """Whether an element stands in a part of the page that is about something else."""
    return any(ancestor.tag in ("aside", "nav", "footer") for ancestor in element.iterancestors())


def _linked_authors(root: Any) -> list[str]:
    """The texts of links marked as leading to the author; none where they are many, as below comments."""
    names = [_line("".join(link.itertext())) for link in root.iter("a") if "author" in (link.get("rel") or "").split()]
    distinct = list(dict.fromkeys(name for name in names if name))
    if len(distinct) > _MAX_LINKED_AUTHORS:
        return []
    return [name for name in distinct if not any(other != name and other in name for other in distinct)]


def _best_title(titles: list[str], headings: list[str], outlets: list[str]) -> str | None:
    """The page's headline: an `h1` that says what a title states, else the first title without the site's name."""
    stated = [_without_site(title, headings, outlets) for title in titles]
    sites = {_key(name) for name in outlets}
    shown = [h for h in dict.fromkeys(headings) if 0 < len(h) <= _MAX_TITLE and _key(h) not in sites]
    for heading in shown:
        if any(_key(heading) == _key(title) for title in stated):
            return heading
    if len(shown) == 1:
        ours = set(_key(shown[0]).split())
        for title in stated:
            theirs = set(_key(title).split())
            if len(ours) >= _MIN_HEADLINE_WORDS and len(ours & theirs) >= _MIN_SHARED_WORDS * min(
                len(ours), len(theirs)
            ):
                return shown[0]
    return stated[0] if stated else None


def _without_site(title: str, headings: list[str], outlets: list[str]) -> str:
    """`title` without " | Site": where the rest is also a main heading, or the tail (or what leads) names the site."""
    keys = {_key(heading) for heading in headings}
    if _key(title) in keys:
        return title
    parts = list(_TAIL.finditer(title))
    for tail in parts:
        if _key(title[: tail.start()]) in keys:
            return title[: tail.start()]
    sites = {_key(name) for name in outlets} - {""}
    for tail in parts:
        if tail.start() and _key(title[tail.end() :]) in sites:
            return title[: tail.start()]
    if parts and _key(title[: parts[0].start()]) in sites:
        return title[parts[0].end() :]
    return title


def _key(text: str) -> str:
    """A title's words in lower case: equal keys are the same title."""
    return " ".join(_WORDS.findall(text.lower().replace("\u2019", "'")))


def _people(value: Any, outlets: list[str]) -> str | None:
    """Names of authors, joined; no addresses, placeholders, nor the site itself."""
    values = value if isinstance(value, list) else [value]
    sites = {_key(name) for name in outlets}
    names = [name for name in map(_name, values[:_MAX_PEOPLE]) if name]
    people = [name for name in names if "@" not in name and _key(name) not in _NOBODY | sites]
    joined = ", ".join(dict.fromkeys(people))
    return joined if 0 < len(joined) <= _MAX_NAME else None


def _line(value: Any) -> str:
    """One line of text: entities decoded, white space single."""
    return " ".join(html.unescape(value).split()) if isinstance(value, str) else ""


def _title(value: Any) -> str | None:
    title = _line(value)
    return title if 0 < len(title) <= _MAX_TITLE else None


def _date(value: Any) -> str | None:
    return normalise_date(value) if isinstance(value, str) and len(value) <= 100 else None


def _url(value: Any) -> str | None:
    url = value.strip() if isinstance(value, str) else ""
    return (
        url if url.startswith(("http://", "https://")) and len(url) <= _MAX_URL and not re.search(r"\s", url) else None
    )


def _name(value: Any) -> str | None:
    """A person or organisation: a string, an object with a name, or a list of them."""
    if isinstance(value, list):
        names = [name for name in map(_name, value[:10]) if name]
        value = ", ".join(dict.fromkeys(names))
    elif isinstance(value, dict):
        value = value.get("name")
        if isinstance(value, list):
            value = value[0] if value else None
    name = _line(value)
    return name if 0 < len(name) <= _MAX_NAME and not name.startswith(("http://", "https://", "www.", "@")) else None


def _in_head(element: Any) -> bool:
    """Whether a `<title>` is the page's own and not that of a drawing."""
    parent = element.getparent()
    return parent is None or parent.tag in ("head", "html", "body")
