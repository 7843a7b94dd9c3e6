"""The first half of the page, which says what was found: funnel, themes, time, places, cards, topics, articles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from toolkit.data import Results
from toolkit.report import cards, grids, sections, trends
from toolkit.report.evidence import Evidence, appendix, appendix_order, article_sheets
from toolkit.report.funnel import funnel, funnel_sheets
from toolkit.report.links import Links
from toolkit.report.rows import Article, Row
from toolkit.report.sections import View
from toolkit.report.sheets import Sheet
from toolkit.report.size import ROOMS, Room, Size
from toolkit.report.tally import Tally
from toolkit.report.texts import segments_of
from toolkit.report.theme_words import ThemeWord, articles_to_read, theme_words


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows more or less of, by the room there is: views by the names of the templates, the evidence."""

    views: View
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Found:
    """What was found: views that any page has, the tables beside it, and what `show_in` needs to make the others."""

    views: View
    sheets: tuple[Sheet, ...]
    all_shown: Shown
    links: Links
    rows: Mapping[str, Sequence[Row]]
    words: Mapping[str, Sequence[ThemeWord]]


def found_in(results: Results, tally: Tally, *, size: Size) -> Found:
    """The views and tables of these sections; the tables hold what the largest room would show."""
    no_relevance = bool(results.run.get("no_relevance"))
    links = Links(interactive=size.with_script)
    to_read = articles_to_read(tally)
    wanted = {candidate.document_id for candidate in cards.quoted(tally, ROOMS[0])}
    rows = segments_of(results, [*to_read, *sorted(wanted)])
    found_words = theme_words(
        {document_id: rows[document_id] for document_id in to_read if document_id in rows},
        [theme.theme.id for theme in tally.themes],
    )
    context = rows if size.with_script else {}
    shown = show_in(ROOMS[0], tally, links, context, found_words)
    views = {
        "funnel": funnel(tally, no_relevance=no_relevance),
        "themes": sections.theme_table(tally, links),
        "together": grids.together(tally, links),
        "outlets": sections.outlets(tally, links),
        "time": trends.over_time(tally, links),
        "places": grids.places(tally, links),
        "inner": grids.inner(tally, links),
        "outlet_grid": grids.outlet_grid(tally, links),
    }
    sheets = [
        *funnel_sheets(tally, no_relevance=no_relevance),
        *sections.theme_sheets(tally),
        *trends.time_sheets(tally),
        *grids.grid_sheets(tally),
        *cards.card_sheets(tally, shown.views["cards"], shown.views["topics"]["cards"], found_words),
        *article_sheets(tally, _listed(tally, ROOMS[0])),
    ]
    return Found(views, tuple(sheets), shown, links, context, found_words)


def show_in(
    room: Room,
    tally: Tally,
    links: Links,
    rows: Mapping[str, Sequence[Row]],
    found_words: Mapping[str, Sequence[ThemeWord]],
) -> Shown:
    """The quotations, the cards and the list of articles, as many as there is room for."""
    listed = _listed(tally, room)
    evidence = Evidence(tally, {article.document_id: f"a{i + 1}" for i, article in enumerate(listed)}, links, rows)
    views = {
        "cards": cards.theme_cards(tally, evidence, links, found_words, room),
        "topics": cards.topics(tally, evidence, links, room),
        "articles": appendix(tally, evidence, listed),
    }
    return Shown(views, evidence)


def _listed(tally: Tally, room: Room) -> list[Article]:
    return appendix_order(tally, {one.document_id for one in cards.quoted(tally, room)}, room.articles)
