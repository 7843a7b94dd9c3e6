"""Reading the rows of a results folder: each row becomes a small frozen object, whatever a table made of it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from toolkit.data import NO_TOPIC, Rows
from toolkit.files import ParquetRows

Row = Mapping[str, Any]
WHOLE_SIDE = ""
MIN_LABEL_WORD = 4  # characters; "and" and the like in a label name nothing


@dataclass(frozen=True, slots=True)
class Theme:
    """A theme of the config, as a reader is shown it."""

    id: str
    label: str
    description: str


@dataclass(frozen=True, slots=True)
class Side:
    """One side of the relation; `members` are its countries and territories, in config order."""

    id: str
    label: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Article:
    """One row of articles.*; `members[i]` are the members of side i that it names, "" for the side as a whole.

    `places[i]` are all names of side i found in it, cities, firms and demonyms included.
    """

    document_id: str
    file: str
    title: str
    outlet: str
    date: str
    url: str | None
    language: str | None
    on_topic: str
    relevance: float | None
    themes: Mapping[str, float]
    topic: int
    members: tuple[tuple[str, ...], ...]
    places: tuple[tuple[str, ...], ...]
    n_segments: int
    n_kept: int
    duplicate_of: str | None


def text_of(row: Row, key: str) -> str:
    """The text in a cell; "" for a missing one."""
    return _text(row.get(key))


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if _is_missing(value) else str(value)


def number_of(row: Row, key: str) -> float | None:
    """The number in a cell; None for a missing one or one that is no finite number."""
    return _number(row.get(key))


def _number(value: object) -> float | None:
    if type(value) is float:
        return value if math.isfinite(value) else None
    if _is_missing(value):
        return None
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) else None


def count_of(row: Row, key: str, default: int = 0) -> int:
    """The whole number in a cell."""
    return _count(row.get(key), default)


def _count(value: object, default: int) -> int:
    if isinstance(value, int):
        return value
    found = _number(value)
    return default if found is None else int(found)


def items_of(row: Row, key: str) -> list[Any]:
    """The list in a cell: a real list, an array of a table, or the JSON text of one; [] for a missing one."""
    return _items(row.get(key))


def _items(value: Any) -> list[Any]:
    if type(value) is list:
        return value
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return [part.strip() for part in value.split(";") if part.strip()]
    if isinstance(value, Mapping):
        return [{"name": name, "n": n} for name, n in sorted(value.items(), key=lambda item: str(item[0]))]
    if _is_missing(value) or not isinstance(value, Iterable):
        return []
    return list(value)


def theme_scores(value: object) -> dict[str, float]:
    """Theme id → score of a cell of themes, strongest first."""
    if value is None or (type(value) is list and not value):
        return {}  # most cells
    pairs = [(text_of(item, "theme"), number_of(item, "score") or 0.0) for item in _items(value) if _is_row(item)]
    found = [pair for pair in pairs if pair[0]]
    return dict(found if len(found) < 2 else sorted(found, key=lambda pair: (-pair[1], pair[0])))


def read_themes(run: Row) -> tuple[Theme, ...]:
    """The themes of the config; a theme without a label is shown by its id in words."""
    found = [item for item in items_of(run, "themes") if _is_row(item) and text_of(item, "id")]
    return tuple(
        Theme(
            id=text_of(item, "id"),
            label=text_of(item, "label") or text_of(item, "id").replace("_", " ").capitalize(),
            description=text_of(item, "description"),
        )
        for item in found
    )


def read_sides(run: Row) -> tuple[Side, ...]:
    """The sides in the order of `side_ids`; without it the one with most members last, as the one worth a grid.

    The keys of a run.json are sorted, so the order of `sides` itself says nothing.
    """
    sides, members = run.get("sides"), run.get("members")
    if not isinstance(sides, Mapping):
        return ()
    known = members if isinstance(members, Mapping) else {}
    found = [
        Side(id=str(side), label=str(label), members=tuple(str(name) for name in items_of(known, str(side))))
        for side, label in sides.items()
    ]
    order = {str(side): i for i, side in enumerate(items_of(run, "side_ids"))}
    return tuple(sorted(found, key=lambda side: (order.get(side.id, len(order)), len(side.members), side.id)))


def read_articles(rows: Rows, sides: Sequence[Side]) -> tuple[Article, ...]:
    """The rows of articles.*, in their order."""
    return tuple(article for columns in _columns(rows, sides) for article in _articles(columns, sides))


_SHARED = ("file", "outlet", "date", "language", "on_topic")
_TEXTS = (*_SHARED, "document_id", "title", "url", "duplicate_of")
_OTHERS = ("relevance", "themes", "topic", "n_segments", "n_kept")


def _columns(rows: Rows, sides: Iterable[Side]) -> Iterator[dict[str, list[Any]]]:
    """The cells of the columns we read, some thousand rows at a time."""
    names = [*_TEXTS, *_OTHERS, *(f"places_{side.id}" for side in sides)]
    if isinstance(rows, ParquetRows):
        known = [name for name in names if name in rows.schema.names]
        for batch in rows.batches(known):
            missing: dict[str, list[Any]] = dict.fromkeys(names, [None] * batch.num_rows)
            yield missing | {name: batch.column(name).to_pylist() for name in known}
        return
    found = iter(rows)
    while some := list(islice(found, 10_000)):
        yield {name: [row.get(name) for row in some] for name in names}


def _articles(columns: Mapping[str, list[Any]], sides: Sequence[Side]) -> Iterator[Article]:
    same: dict[str, str] = {}  # outlets, dates and the like are many times the same text: held once
    texts = {name: [value if type(value) is str else _text(value) for value in columns[name]] for name in _TEXTS}
    texts |= {name: [same.setdefault(text, text) for text in texts[name]] for name in _SHARED}
    placed = [_place_columns(columns[f"places_{side.id}"], side) for side in sides]
    numbers = zip(
        map(_number, columns["relevance"]),
        map(theme_scores, columns["themes"]),
        (_count(value, NO_TOPIC) for value in columns["topic"]),
        (_count(value, 0) for value in columns["n_segments"]),
        (_count(value, 0) for value in columns["n_kept"]),
        strict=True,
    )
    for i, (relevance, themes, topic, n_segments, n_kept) in enumerate(numbers):
        on_topic = texts["on_topic"][i]
        yield Article(
            document_id=texts["document_id"][i],
            file=texts["file"][i],
            title=texts["title"][i],
            outlet=texts["outlet"][i],
            date=texts["date"][i],
            url=texts["url"][i] or None,
            language=texts["language"][i] or None,
            on_topic=on_topic if on_topic in ("on", "off", "unsure") else "unsure",
            relevance=relevance,
            themes=themes,
            topic=topic,
            members=tuple([members[i] for members, _ in placed]),
            places=tuple([places[i] for _, places in placed]),
            n_segments=n_segments,
            n_kept=n_kept,
            duplicate_of=texts["duplicate_of"][i] or None,
        )


def _place_columns(cells: Sequence[object], side: Side) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """The members, and all names, that each cell of a side's places holds."""
    members_of: dict[tuple[str, ...], tuple[tuple[str, ...], tuple[str, ...]]] = {}
    found = []
    for cell in cells:
        names = _places_named(cell)
        if names not in members_of:
            members_of[names] = _members_named(names, side), names
        found.append(members_of[names])
    return [members for members, _ in found], [names for _, names in found]


def _members_named(names: Iterable[str], side: Side) -> tuple[str, ...]:
    """The members of `side` among names of places, in config order; "" first where the side itself is named."""
    known = {member.casefold(): member for member in side.members}
    found: dict[str, None] = {}
    for name in names:
        folded = name.casefold()
        if folded in known:
            found[known[folded]] = None
        elif folded == side.label.casefold():  # a city or an organisation comes with its member, and counts there
            found[WHOLE_SIDE] = None
    return tuple(member for member in (WHOLE_SIDE, *side.members) if member in found)


def _places_named(cell: object) -> tuple[str, ...]:
    """The names in a cell of places."""
    if type(cell) is list and all(type(name) is str for name in cell):
        return tuple(filter(None, cell))
    names = []
    for item in _items(cell):
        name = item
        if _is_row(item):
            name = next((item[key] for key in ("member", "name", "place") if key in item), None)
        names.append("" if name is None else str(name))
    return tuple([name for name in names if name])


def read_theme_terms(run: Row) -> dict[str, tuple[str, ...]]:
    """Theme id → its seed terms in the config; without them the long words of its label."""
    config = run.get("config")
    configured = config.get("themes") if isinstance(config, Mapping) else None
    found = {}
    for theme in read_themes(run):
        section = configured.get(theme.id) if isinstance(configured, Mapping) else None
        terms = items_of(section, "seed_terms") if isinstance(section, Mapping) else []
        words = [str(term) for term in terms] or [word for word in theme.label.split() if len(word) > MIN_LABEL_WORD]
        found[theme.id] = tuple(word.casefold() for word in words if word.strip())
    return found


def _is_row(item: object) -> bool:
    return type(item) is dict or isinstance(item, Mapping)  # the first is quicker, and nearly always true


def _is_missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
