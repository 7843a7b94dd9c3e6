"""Putting the page together: sections in their order, one style sheet, a policy that lets nothing else in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from toolkit.report.account import account_for
from toolkit.report.findings import find, subject_of
from toolkit.report.found import found_in, show_in
from toolkit.report.inlined import digest, read_script, read_style
from toolkit.report.marks import marks
from toolkit.report.method import corpus_name, method
from toolkit.report.pack import pack
from toolkit.report.pack_map import map_view
from toolkit.report.periods import covered
from toolkit.report.sections import View
from toolkit.report.sheets import Sheet
from toolkit.report.size import ROOMS, STANDARD, Size
from toolkit.report.tally import Tally, count_results
from toolkit.report.templating import templates
from toolkit.report.wording import counted, date_words, number, show

if TYPE_CHECKING:
    from toolkit.data import Results


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the page: the anchor, the heading, and the template that prints the view of the same name.

    `needs_script`: it is left out of a page that has none. `needs_before`: of one that compares with no other run.
    """

    id: str
    title: str
    template: str
    needs_script: bool = False
    needs_before: bool = False


_SAID, _DATA = "<!--what is in this file-->", "<!--the articles-->"  # put in their place when the page's size is known
_ROOM_FOR_WORDS = 1_000  # bytes of the sentence about it, at most
_DOCUMENT = re.compile(r'data-doc="([^"]*)"')

SECTIONS = (
    Section("funnel", "From read to on-topic", "funnel.html.jinja"),
    Section("themes", "Themes", "themes.html.jinja"),
    Section("time", "Themes over time", "time.html.jinja"),
    Section("places", "Places and themes", "places.html.jinja"),
    Section("cards", "Theme by theme, with evidence", "cards.html.jinja"),
    Section("topics", "Topics of these articles", "topics.html.jinja"),
    Section("map", "Map of passages", "map.html.jinja", needs_script=True),
    Section("explore", "Every article", "explorer.html.jinja", needs_script=True),
    Section("set-aside", "What was set aside and why", "set_aside.html.jinja"),
    Section("boundary", "The boundary", "boundary.html.jinja"),
    Section("quality", "How far to trust it", "quality.html.jinja"),
    Section("changes", "Changes since another run", "changes.html.jinja", needs_before=True),
    Section("articles", "The articles", "articles.html.jinja"),
    Section("method", "Method, versions and limits", "method.html.jinja"),
)


@dataclass(frozen=True, slots=True)
class Report:
    """A report ready to be written: the page, and the tables that go beside it.

    Attributes
    ----------
    html : the page, complete in one file
    sheets : the tables and the numbers of the charts, for the folder beside the page
    left_out : what the size left no room for, in sentences; the page says it too
    """

    html: str
    sheets: tuple[Sheet, ...]
    left_out: tuple[str, ...] = ()


def make_report(
    results: Results, *, size: Size = STANDARD, before: Results | None = None, source_date: str | None = None
) -> Report:
    """The report on `results`: one HTML page with everything inlined, no request when opened, and its tables.

    Parameters
    ----------
    results : Results
        A results folder in memory.
    size : Size
        How much the page may hold.
    before : Results, optional
        Another run to say the changes since.
    source_date : str, optional
        The report's date, ISO 8601. Without it the page carries no date: no clock is read, so that equal results
        give equal bytes.
    """
    tally = count_results(results)
    subject = subject_of(results.run)
    corpus = corpus_name(results.run)
    style, script = read_style(), read_script() if size.with_script else ""
    found = found_in(results, tally, size=size)
    account = account_for(results, tally, found.all_shown.evidence, size=size, before=before)
    made_by = method(results, tally, subject=subject, corpus=corpus, source_date=source_date, size=size)
    same = {
        "style_hash": digest(style),
        "style": Markup(style),  # noqa: S704 - our own file, never data
        "interactive": size.with_script,
        "script_hash": digest(script),
        "script": Markup(script),  # noqa: S704 - our own files, never data
        "masthead": _masthead(
            results, tally, subject=subject, corpus=corpus, source_date=source_date, since=account.views.get("changes")
        ),
        "sections": [
            section
            for section in SECTIONS
            if (size.with_script or not section.needs_script) and (before is not None or not section.needs_before)
        ],
        "marks": marks(results.run, report=made_by["hash"]),
        "method": made_by,
        "map": map_view(results, tally),
        "explorer": {"said": Markup(_SAID)},  # noqa: S704 - a mark of ours
        **found.views,
    }
    n, shown, left_out = len(tally.articles), found.all_shown, ""
    shell = _render(same, shown.views, account.views, left_out)
    if not size.holds(shell, n):
        for room in ROOMS[1:]:
            shown = show_in(room, tally, found.links, found.rows, found.words)
            left_out = room.words(size, n)
            shell = _render(same, shown.views, account.views, left_out)
            if size.holds(shell, n):
                break
        else:
            left_out += " Even so it has more than that."
        account = account_for(results, tally, shown.evidence, size=size, before=before)  # its links lead to this list
        shell = _render(same, shown.views, account.views, left_out)
    said = [left_out] if left_out else []
    sheets = (*found.sheets, *account.sheets)
    if not size.with_script:
        return Report(shell, sheets, tuple(said))
    n_bytes = size.max_bytes(n) - len(shell.encode("utf-8", "replace")) - _ROOM_FOR_WORDS
    packed = pack(results, tally, linked=_linked(shell), room=n_bytes)
    data = templates().get_template("packed.html.jinja").render(elements=packed.elements)
    said += [] if packed.complete else [packed.said]
    # Neither mark can come from data: what is data has no "<" on the page.
    html = shell.replace(_SAID, str(escape(packed.said)), 1).replace(_DATA, data.strip(), 1)
    return Report(html, sheets, tuple(said))


def _render(same: Mapping[str, object], shown: View, account: View, left_out: str) -> str:
    template = templates().get_template("page.html.jinja")
    return template.render(**same, **shown, **account, left_out=left_out)


def _linked(shell: str) -> set[str]:
    """The ids of the articles that the page quotes or lists."""
    return {unescape(found) for found in _DOCUMENT.findall(shell)}


def _masthead(
    results: Results, tally: Tally, *, subject: str, corpus: str, source_date: str | None, since: View | None
) -> View:
    no_relevance = bool(results.run.get("no_relevance"))
    described = results.run.get("subject")
    description = described.get("description") if isinstance(described, Mapping) else ""
    return {
        "subject": subject,
        "corpus": corpus,
        "description": show(description, limit=500),
        "period": covered([tally.articles[i].date for i in tally.on] or [article.date for article in tally.articles]),
        "read": number(tally.n_read),
        "articles": counted(len(tally.articles), "article"),
        "on": number(len(tally.on)),
        "outlets": counted(len(tally.outlets), "outlet") if tally.outlets else "",
        "date": date_words(source_date) if source_date else "",
        "findings": find(tally, subject=subject, no_relevance=no_relevance, since=since),
    }
