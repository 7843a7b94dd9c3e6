"""The evidence: quotes with their sources, and the list of articles."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from toolkit.report.context import context_of
from toolkit.report.links import NO_LINKS, Links
from toolkit.report.quotes import MAX_QUOTE_CHARACTERS, Candidate, shorten
from toolkit.report.rows import Article, Row, count_of
from toolkit.report.sections import View
from toolkit.report.sheets import Sheet
from toolkit.report.tally import Tally
from toolkit.report.wording import (
    VERDICT_LABELS,
    counted,
    date_words,
    foreign_language,
    isolated,
    number,
    percent,
    plain_id,
    safe_url,
    show,
)

MAX_OPENING = 70  # characters of the first words that stand in for a title


class Evidence:
    """Turns a candidate into a quote with its source: title, outlet, date, file, offsets, address, and its place.

    `rows` are the segments of the quoted articles; without them quotations are shown without their context.
    """

    def __init__(
        self,
        tally: Tally,
        anchors: Mapping[str, str],
        links: Links = NO_LINKS,
        rows: Mapping[str, Sequence[Row]] = MappingProxyType({}),
    ) -> None:
        self._tally = tally
        self._articles = {article.document_id: article for article in tally.articles}
        self._anchors = anchors
        self._links = links
        self._rows = rows

    def quote(self, candidate: Candidate, *, limit: int = MAX_QUOTE_CHARACTERS, in_context: bool = False) -> View:
        """The view of one quote, with what stands around it where that is wanted and known."""
        text, start, end = shorten(candidate, limit=limit)
        article = self._articles.get(candidate.document_id)
        source = self.source(article) if article else {"title": show(candidate.document_id), "url": None}
        rows = self._rows.get(candidate.document_id, ())
        found = context_of(rows, start, end) if in_context and article and rows else None
        return {
            "text": text,
            "lang": foreign_language(article.language) if article else None,
            "doc": plain_id(candidate.document_id),
            "start": start,
            "end": end,
            "where": f"characters {number(start)}–{number(end)}",
            "anchor": self._anchors.get(candidate.document_id),
            "open": self._links.passage(candidate.document_id, start),
            "cues": show(candidate.cues, limit=200),
            "context": found and found | {"facts": _facts(article, rows)},
            **source,
        }

    def source(self, article: Article) -> View:
        """Where an article came from; its id only where the file does not already say it."""
        return {
            "doc": plain_id(article.document_id),
            "title": title_of(article, self._tally),
            "url": safe_url(article.url),
            "outlet": isolated(show(article.outlet, limit=60)),
            "date": date_words(article.date),
            "file": show(article.file, limit=120),
            "document_id": "" if article.document_id == article.file else show(article.document_id, limit=120),
        }


def _facts(article: Article | None, rows: Sequence[Row]) -> str:
    """What identifies the article beyond the line below the quote."""
    if article is None:
        return ""
    facts = [f"{counted(count_of(rows[-1], 'end'), 'character')} on the page in {counted(len(rows), 'segment')}"]
    facts += [f"dated {show(article.date, limit=40)}"] if article.date else []
    facts += [show(article.url, limit=300)] if article.url else []
    return " · ".join(facts)


def title_of(article: Article, tally: Tally) -> str:
    """The title; without one the first words of the text, and that there is none."""
    title = show(article.title, limit=160)
    if title:
        return title
    opening = show(tally.openings.get(article.document_id, ""), limit=240)
    if len(opening) > MAX_OPENING:
        end = opening.rfind(" ", MAX_OPENING // 2, MAX_OPENING)
        opening = opening[: end if end > 0 else MAX_OPENING].rstrip(" ,;:") + " …"
    return f"Untitled: “{opening}”" if opening else "Untitled article"


def listed(article: Article, evidence: Evidence) -> View:
    """A listed article: where it came from, its score, its language."""
    score = "" if article.relevance is None else f"{article.relevance:.2f}"
    return {**evidence.source(article), "score": score, "lang": foreign_language(article.language)}


def appendix_order(tally: Tally, quoted: Collection[str], n_listed: int) -> list[Article]:
    """The articles of the appendix, `n_listed`: on-topic first, then unsure, then off, by falling relevance.

    Where not all can be shown, those that are `quoted` have precedence, so that every quotation can be followed.
    """
    order = {"on": 0, "unsure": 1, "off": 2}
    ranked = sorted(
        tally.articles,
        key=lambda article: (order[article.on_topic], -(article.relevance or 0.0), article.document_id),
    )
    if len(ranked) <= n_listed:
        return ranked
    n_others = n_listed - sum(1 for article in ranked if article.document_id in quoted)
    shown = []
    for article in ranked:
        if article.document_id in quoted:
            shown.append(article)
        elif n_others > 0:
            n_others -= 1
            shown.append(article)
    return shown


def appendix(tally: Tally, evidence: Evidence, shown: Sequence[Article]) -> View:
    """The list of articles, with a plain statement of how many are not shown."""
    labels = {theme.theme.id: show(theme.theme.label, limit=80) for theme in tally.themes}
    names = {topic.topic: show(topic.name, limit=60) for topic in tally.topics}
    rows = []
    for i, article in enumerate(shown):
        carried = [f"{labels[theme]} {percent(score)}" for theme, score in article.themes.items() if theme in labels]
        found = listed(article, evidence)
        verdict = f"{VERDICT_LABELS[article.on_topic]} {found['score']}".strip()
        verdict += " (near-copy)" if article.duplicate_of is not None else ""
        topic = f"topic: {names[article.topic]}" if article.topic in names else ""
        said = [verdict, ", ".join(carried[:4]), topic]
        rows.append(
            {
                **found,
                "anchor": f"a{i + 1}",
                "said": " · ".join(filter(None, said)),
                "on": article.on_topic == "on",
            }
        )
    return {
        "rows": rows,
        "n": len(tally.articles),
        "more": len(tally.articles) - len(rows),
        "sheets": ("articles_listed",),
    }


def article_sheets(tally: Tally, shown: Sequence[Article]) -> list[Sheet]:
    """The articles of the list, in its order."""
    columns = ("document_id", "title", "outlet", "date", "url", "language", "on_topic", "relevance", "themes", "topic")
    names = {topic.topic: topic.name for topic in tally.topics}
    rows = [
        (
            article.document_id,
            article.title,
            article.outlet,
            article.date,
            article.url,
            article.language,
            article.on_topic,
            article.relevance,
            "; ".join(article.themes),
            names.get(article.topic),
            article.duplicate_of,
        )
        for article in shown
    ]
    return [Sheet("articles_listed", (*columns, "duplicate_of"), rows)]
