"""What a page states of itself: JSON-LD, OpenGraph, meta elements, `<time>`, canonical link, title; unverified."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

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
    """What the page whose lxml tree is `root` states of itself; the most specific statement wins."""
    article = _json_ld_article(root)
    meta: dict[str, str] = {}
    for element in root.iter("meta"):
        key = element.get("property") or element.get("name") or element.get("itemprop")
        content = element.get("content")
        if key and content and content.strip():
            meta.setdefault(key.strip().lower(), content)
    canonical = [e.get("href") for e in root.iter("link") if "canonical" in (e.get("rel") or "").lower().split()]
    titles = [article.get("headline"), *(meta.get(key) for key in _TITLE_KEYS)]
    titles += ["".join(element.itertext()) for element in root.iter("title") if _in_head(element)][:1]
    headings = [_line("".join(element.itertext())) for element in root.iter("h1")]
    dates = [article.get("datePublished"), *(meta.get(key) for key in _DATE_KEYS)]
    dates += [element.get("datetime") for element in root.iter("time")][:1]
    return PageMetadata(
        title=next((_without_tail(t, headings) for t in map(_title, titles) if t), None),
        date=next((iso for iso in map(_date, dates) if iso), None),
        url=next((u for u in map(_url, [*canonical, meta.get("og:url"), article.get("url")]) if u), None),
        outlet=next((n for n in map(_name, [article.get("publisher"), *map(meta.get, _OUTLET_KEYS)]) if n), None),
        author=next((n for n in map(_name, [article.get("author"), *map(meta.get, _AUTHOR_KEYS)]) if n), None),
    )


def _json_ld_article(root: Any) -> dict[str, Any]:
    """The first article of the page's JSON-LD; without one,
    the dates of the page itself; {} where none can be read."""
    page: dict[str, Any] = {}
    for script in root.iter("script"):
        if "ld+json" not in (script.get("type") or "").lower():
            continue
        source = (script.text or "")[: _MAX_JSON_LD + 1].strip()
        source = source.removeprefix("<!--").removesuffix("-->").removeprefix("//<![CDATA[").removesuffix("//]]>")
        if len(source) > _MAX_JSON_LD:
            continue
        try:
            nodes = json.loads(source, strict=False)
        except (ValueError, RecursionError):
            continue
        for node in _nodes(nodes):
            types = node.get("@type")
            for kind in types if isinstance(types, list) else [types]:
                if isinstance(kind, str) and _ARTICLE_TYPE.search(kind):
                    return node
                if kind == "WebPage" and "datePublished" in node:
                    page = page or {"datePublished": node["datePublished"]}
    return page


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


def _line(value: Any) -> str:
    """One line of text: entities decoded, white space single."""
    return " ".join(html.unescape(value).split()) if isinstance(value, str) else ""


def _title(value: Any) -> str | None:
    title = _line(value)
    return title if 0 < len(title) <= _MAX_TITLE else None


def _without_tail(title: str, headings: list[str]) -> str:
    """`title` without " | Site", where the rest is also a main heading of the page."""
    for tail in _TAIL.finditer(title):
        rest = title[: tail.start()]
        if rest in headings and title not in headings:
            return rest
    return title


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
