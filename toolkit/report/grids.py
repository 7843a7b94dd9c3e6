"""Grids of counts: places and themes, places within a side beside members of the other, outlets, pairs of themes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby

from toolkit.report.crosses import MIN_CELL, Cell, Cross, cross, membership
from toolkit.report.findings import SMALL_CORPUS, ranked_members
from toolkit.report.inner_places import inner_places
from toolkit.report.links import Facet, Links
from toolkit.report.rows import WHOLE_SIDE
from toolkit.report.sections import View, ranked_outlets
from toolkit.report.sheets import Sheet
from toolkit.report.tally import Tally
from toolkit.report.wording import counted, listing, number, show

MAX_ROWS = 8  # of outlets; the sheet has all
MAX_INNER = 8  # rows of a kind of places within a side; the sheet has all
MAX_PAIRS = 3  # named in a sentence
_MORE = ((2.0, "m3"), (1.5, "m2"), (1.25, "m1"))  # from how many times the expectation a cell has which tint
_FEWER = ((0.5, "l2"), (0.8, "l1"))  # up to how many times
_LEGEND = (
    "Blue: more articles than the totals of row and column would give if the two had nothing to do with each other "
    "(1.25, 1.5 and 2 times or more). Amber: fewer (0.8 and 0.5 times or less). ▲ ▼: beyond chance, at the 5% level "
    f"divided by the number of cells. Pale: fewer than {MIN_CELL} articles, not compared."
)

Held = Sequence[Collection[str]]
"""For each on-topic article the keys of the rows, or of the columns, that it stands in."""


@dataclass(frozen=True, slots=True)
class _Item:
    """A row or column: what articles hold, how it is shown, what the explorer calls it, the heading it stands under."""

    key: str
    label: str
    facet: Facet
    group: str = ""


@dataclass(frozen=True, slots=True)
class _Grid:
    """Two groupings of the on-topic articles against each other."""

    rows: tuple[_Item, ...]
    columns: tuple[_Item, ...]
    found: Cross


def _grid(rows: Sequence[_Item], columns: Sequence[_Item], in_rows: Held, in_columns: Held) -> _Grid:
    return _Grid(
        tuple(rows),
        tuple(columns),
        cross(
            membership(in_rows, [item.key for item in rows]),
            membership(in_columns, [item.key for item in columns]),
            half=rows is columns,
        ),
    )


def _themes(tally: Tally) -> tuple[list[_Item], Held]:
    items = [
        _Item(theme.theme.id, show(theme.theme.label, limit=80), ("theme", theme.theme.id)) for theme in tally.themes
    ]
    return items, [tuple(tally.articles[i].themes) for i in tally.on]


def _members(tally: Tally, position: int) -> tuple[list[_Item], Held]:
    """The members of a side, and the side as a whole where it is named so."""
    side = tally.sides[position]
    label = show(side.label, limit=40)
    items = [_Item(f"{position} {name}", show(name, limit=40), ("place", name), label) for name in side.members]
    if tally.members[position][WHOLE_SIDE]:
        items.append(_Item(f"{position} {WHOLE_SIDE}", f"{label} as a whole", ("place", side.label), label))
    return items, [[f"{position} {name}" for name in tally.articles[i].members[position]] for i in tally.on]


def _places(tally: Tally) -> _Grid:
    """The members of the second side, then of the first, against the themes."""
    (second, in_second), (first, in_first) = _members(tally, 1), _members(tally, 0)
    themes, in_themes = _themes(tally)
    both = [[*one, *other] for one, other in zip(in_second, in_first, strict=True)]
    return _grid([*second, *first], themes, both, in_themes)


def _inner(tally: Tally) -> _Grid:
    """The places within the first side against the members of the second."""
    found = inner_places(tally, 0)
    label = show(tally.sides[0].label, limit=40)
    rows = [
        _Item(name, show(name, limit=40), ("place", name), group)
        for group, names in (
            (f"{label}: provinces and regions", found.regions),
            (f"{label}: cities and other places", found.others),
        )
        for name in names
    ]
    columns, in_columns = _members(tally, 1)
    return _grid(rows, columns, [tally.articles[i].places[0] for i in tally.on], in_columns)


def _outlets(tally: Tally) -> _Grid:
    rows = [_Item(name, show(name, limit=60), ("outlet", name)) for name, _ in ranked_outlets(tally)]
    themes, in_themes = _themes(tally)
    return _grid(rows, themes, [[tally.articles[i].outlet] for i in tally.on], in_themes)


def _pairs(tally: Tally) -> _Grid:
    themes, in_themes = _themes(tally)
    carried = [item for item, theme in zip(themes, tally.themes, strict=True) if theme.n_articles]
    return _grid(carried, carried, in_themes, in_themes)


def places(tally: Tally, links: Links) -> View:
    """Members of both sides × themes, and places within the first side × members of the second."""
    if len(tally.sides) < 2 or not tally.on:
        return {"drawn": False}
    grid = _places(tally)
    small = len(tally.on) < SMALL_CORPUS
    rows = [i for i, n in enumerate(grid.found.rows) if n or not small]
    columns = [j for j, n in enumerate(grid.found.columns) if n or not small]
    n_hidden = len(grid.columns) - len(columns)
    second, first = (show(tally.sides[position].label, limit=40) for position in (1, 0))
    return {
        "drawn": bool(rows),
        "title": f"{_named_most(tally)} {_standing_out(grid)}".strip(),
        "grid": _view(grid, rows, columns, links, caption=f"{second} and {first} by theme, in on-topic articles"),
        "hidden": f"{counted(n_hidden, 'theme')} without an article {'is' if n_hidden == 1 else 'are'} left out."
        if n_hidden
        else "",
        "sheets": ("places_by_theme",),
    }


def _named_most(tally: Tally) -> str:
    second = tally.sides[1]
    never = [show(member, limit=40) for member in second.members if not tally.members[1][member]]
    ranked = ranked_members(tally.members[1], second.members)
    if not ranked:
        return "No member is named in an on-topic article."
    leaders = [f"{show(member, limit=40)} ({number(n)})" for member, n in ranked[:3]]
    return f"Most named: {listing(leaders)}" + (f"; never: {listing(never)}." if never else ".")


def inner(tally: Tally, links: Links) -> View:
    """Places within the first side × members of the second; the most named of each kind."""
    if len(tally.sides) < 2 or not tally.on:
        return {"drawn": False}
    grid = _inner(tally)
    rows, n_of = [], dict.fromkeys((item.group for item in grid.rows), 0)
    for i, item in enumerate(grid.rows):
        n_of[item.group] += 1
        if n_of[item.group] <= MAX_INNER:
            rows.append(i)
    columns = [j for j in range(len(grid.columns)) if any(grid.found.cells[i][j].n for i in rows)]
    if not rows or not columns:
        return {"drawn": False}
    first, second = (show(tally.sides[position].label, limit=40) for position in (0, 1))
    leaders = sorted(rows, key=lambda i: (-grid.found.rows[i], i))[:3]
    named = listing([f"{grid.rows[i].label} ({number(grid.found.rows[i])})" for i in leaders])
    more = len(grid.rows) - len(rows)
    return {
        "drawn": True,
        "heading": f"Within {first}, beside members of {second}",
        "title": f"Named most within {first}: {named}. {_standing_out(grid)}".strip(),
        "grid": _view(
            grid, rows, columns, links, caption=f"On-topic articles that name both, the most named places of {first}"
        ),
        "more": f"{counted(more, 'place')} named less often {'is' if more == 1 else 'are'} in the sheet. "
        if more
        else "",
        "sheets": ("inner_places",),
    }


def outlet_grid(tally: Tally, links: Links) -> View:
    """Outlets × themes, where there are outlets to compare and enough articles to compare them by."""
    grid = _outlets(tally)
    if len(grid.rows) < 2 or not _compares(grid):
        return {"drawn": False}
    rows = list(range(min(MAX_ROWS, len(grid.rows))))
    more = len(grid.rows) - len(rows)
    return {
        "drawn": True,
        "title": _standing_out(grid) or "No outlet writes more or less of a theme than chance explains.",
        "grid": _view(grid, rows, range(len(grid.columns)), links, caption="Outlets by theme, in on-topic articles"),
        "more": f"{counted(more, 'smaller outlet')} {'stands' if more == 1 else 'stand'} in the sheet." if more else "",
        "sheets": ("outlets_by_theme",),
    }


def together(tally: Tally, links: Links) -> View:
    """How often two themes stand in one article, each pair once."""
    grid = _pairs(tally)
    if not _compares(grid):
        return {"drawn": False}
    n = len(grid.rows)
    return {
        "drawn": True,
        "title": _standing_out(grid) or "No two themes stand together more or less often than chance explains.",
        "grid": _view(
            grid, range(1, n), range(n - 1), links, caption="On-topic articles that carry both themes", half=True
        ),
        "sheets": ("themes_together",),
    }


def _compares(grid: _Grid) -> bool:
    return grid.found.n >= SMALL_CORPUS and any(cell.enough for row in grid.found.cells for cell in row)


def _standing_out(grid: _Grid) -> str:
    """The cells that chance does not explain, those furthest from it first; "" for none."""
    if not _compares(grid):
        return ""
    clear = [
        (-abs(cell.n - cell.expected), i, j, cell)
        for i, row in enumerate(grid.found.cells)
        for j, cell in enumerate(row)
        if cell.clear
    ]
    if not clear:
        return ""
    chosen = sorted(clear)[:MAX_PAIRS]
    said: list[str] = []
    for word, sign in (("More than chance gives", 1), ("Fewer", -1)):
        pairs = [
            f"{grid.rows[i].label} with {grid.columns[j].label} ({number(cell.n)}, {cell.lift:.1f} times)"
            for _, i, j, cell in chosen
            if cell.clear == sign
        ]
        if pairs:
            word = "Fewer than chance gives" if word == "Fewer" and not said else word
            said.append(f"{word}: {listing(pairs)}")
    more = len(clear) - len(chosen)
    rest = f"; {number(more)} more {'is' if more == 1 else 'are'} marked" if more else ""
    return ". ".join(said) + rest + "."


def _view(
    grid: _Grid,
    rows: Sequence[int],
    columns: Sequence[int],
    links: Links,
    *,
    caption: str,
    half: bool = False,
) -> View:
    """The chosen rows, under their headings, and the chosen columns."""
    compares = _compares(grid)

    def href(*items: _Item) -> str:
        kinds = [item.facet[0] for item in items]  # of two places or themes the explorer shows either, not both
        return links.articles(*(item.facet for item in items)) if len(set(kinds)) == len(kinds) else ""

    groups = []
    for label, held in groupby(rows, key=lambda i: grid.rows[i].group):
        views = []
        for i in held:
            n = grid.found.rows[i]
            cells = [
                {
                    "n": _written(cell),
                    "css": _tint(cell) if compares else "",
                    "href": href(grid.rows[i], grid.columns[j]) if cell.n else "",
                }
                for j in columns
                if not (half and j >= i)
                for cell in (grid.found.cells[i][j],)
            ]
            views.append(
                {"label": grid.rows[i].label, "n": number(n), "href": href(grid.rows[i]) if n else "", "cells": cells}
            )
        groups.append({"label": label, "rows": views})
    labels = [grid.columns[j].label for j in columns]
    return {"caption": caption, "columns": labels, "groups": groups, "legend": _LEGEND if compares else ""}


def _written(cell: Cell) -> str:
    return number(cell.n) + {1: " ▲", -1: " ▼"}.get(cell.clear, "")


def _tint(cell: Cell) -> str:
    if not cell.enough:
        return "few"
    for limit, css in _MORE:
        if cell.lift >= limit:
            return css
    return next((css for limit, css in _FEWER if cell.lift <= limit), "")


def grid_sheets(tally: Tally) -> list[Sheet]:
    """Every cell of every grid with what chance would give."""
    sheets = []
    if len(tally.sides) > 1:
        sheets.append(_sheet("places_by_theme", ("side", "place", "theme"), _places(tally)))
        sheets.append(_sheet("inner_places", ("kind", "place", "member"), _inner(tally)))
    sheets.append(_sheet("outlets_by_theme", ("", "outlet", "theme"), _outlets(tally)))
    sheets.append(_sheet("themes_together", ("", "theme", "other_theme"), _pairs(tally), half=True))
    return sheets


def _sheet(name: str, columns: tuple[str, str, str], grid: _Grid, *, half: bool = False) -> Sheet:
    counted_by = ("articles", "of_row", "of_column", "of_articles", "expected", "lift", "compared", "clear")
    rows = []
    for i, row in enumerate(grid.rows):
        for j, column in enumerate(grid.columns):
            if half and j >= i:
                continue
            cell = grid.found.cells[i][j]
            totals = (cell.n, grid.found.rows[i], grid.found.columns[j], grid.found.n)
            compared = (round(cell.expected, 6), round(cell.lift, 6), cell.enough, cell.clear)
            named = (row.group, row.label, _name(column)) if columns[0] else (_name(row), _name(column))
            rows.append((*named, *totals, *compared))
    return Sheet(name, (*filter(None, columns), *counted_by), rows)


def _name(item: _Item) -> str:
    """A theme by its id, all else by its name."""
    return item.key if item.facet[0] == "theme" else item.label
