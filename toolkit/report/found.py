"""The first half of the page, which says what was found: funnel, themes, time, places, cards, topics, articles."""

from __future__ import annotations

from dataclasses import dataclass

from toolkit.data import Results
from toolkit.report import cards, grids, sections, trends
from toolkit.report.evidence import Evidence, appendix, appendix_order, article_sheets
from toolkit.report.funnel import funnel, funnel_sheets
from toolkit.report.links import Links
from toolkit.report.sections import View
from toolkit.report.sheets import Sheet
from toolkit.report.size import Size
from toolkit.report.tally import Tally
from toolkit.report.texts import segments_of
from toolkit.report.theme_words import articles_to_read, theme_words


@dataclass(frozen=True, slots=True)
class Found:
    """What the templates of these sections print, by the names they use; the tables beside the page; the evidence."""

    views: View
    sheets: tuple[Sheet, ...]
    evidence: Evidence


def found_in(results: Results, tally: Tally, *, size: Size) -> Found:
    """The views and tables of these sections, and the quotations in them."""
    no_relevance = bool(results.run.get("no_relevance"))
    links = Links(interactive=size.with_script)
    quotations = {candidate.document_id for candidate in cards.quoted(tally)}
    to_read = articles_to_read(tally)
    rows = segments_of(results, [*to_read, *sorted(quotations)])
    found_words = theme_words(
        {document_id: rows[document_id] for document_id in to_read if document_id in rows},
        [theme.theme.id for theme in tally.themes],
    )
    shown = appendix_order(tally, quotations)
    anchors = {article.document_id: f"a{i + 1}" for i, article in enumerate(shown)}
    evidence = Evidence(tally, anchors, links, rows if size.with_script else {})
    theme_cards = cards.theme_cards(tally, evidence, links, found_words)
    topics = cards.topics(tally, evidence, links)
    views = {
        "funnel": funnel(tally, no_relevance=no_relevance),
        "themes": sections.theme_table(tally, links),
        "together": grids.together(tally, links),
        "outlets": sections.outlets(tally, links),
        "time": trends.over_time(tally, links),
        "places": grids.places(tally, links),
        "inner": grids.inner(tally, links),
        "outlet_grid": grids.outlet_grid(tally, links),
        "cards": theme_cards,
        "topics": topics,
        "articles": appendix(tally, evidence, shown),
    }
    sheets = [
        *funnel_sheets(tally, no_relevance=no_relevance),
        *sections.theme_sheets(tally),
        *trends.time_sheets(tally),
        *grids.grid_sheets(tally),
        *cards.card_sheets(tally, theme_cards, topics["cards"], found_words),
        *article_sheets(tally, shown),
    ]
    return Found(views, tuple(sheets), evidence)
