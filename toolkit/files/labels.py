"""What a person said of documents: TSV, CSV or JSON lines of labels."""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from toolkit.data import Label, Quarantined
from toolkit.errors import ToolkitError
from toolkit.files.decode import decode
from toolkit.files.inputs import Source
from toolkit.files.json_reader import read_json_lines
from toolkit.files.rows import Row, kind_of, listed_names
from toolkit.files.streams import Refused, open_stream, read_whole

NO_THEME = "other"
"""A theme name that says: none of the config's themes."""
_ON_TOPIC: dict[str, bool | None] = {
    **dict.fromkeys(("on", "true", "1", "yes", "coop", "other_relation"), True),
    **dict.fromkeys(("off", "false", "0", "no", "mention", "none"), False),
    **dict.fromkeys(("unsure", "disputed", ""), None),
}
_ID_NAMES = ("document_id", "id")
_VERDICT_NAMES = ("on_topic", "relation")
_UNSURE_NAMES = ("themes_unsure", "themes_maybe")
_GUARDED = re.compile(r"'(?=[\s\x1c-\x1f\x85\u200b\u2060\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20])")
"""The apostrophe our own tables put before what a spreadsheet would run; an id copied from there is read without it."""
_SEPARATOR = re.compile(r"[,;|]")
_MAX_BYTES = 500_000_000
_FORMATS = {".tsv": "tsv", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".txt": "tsv"}


def read_labels(path: Path, *, theme_ids: Sequence[str]) -> dict[str, Label]:
    """The labels in `path`, by document id, in file order.

    Columns: `id` (or `document_id`); `on_topic` (on, off, unsure; true/false; 1/0) or `relation` (coop and
    other_relation are on; mention and none off; disputed and empty not said); `themes`, separated by commas or
    semicolons, or a list (`other`: none of ours; empty or absent: not said); `themes_maybe` or `themes_unsure`,
    themes to leave out of training and scoring. Other columns are ignored.

    Raises
    ------
    ToolkitError
        With file and line, where a label cannot be understood; an unknown theme is answered with the nearest.
    """
    labels: dict[str, Label] = {}
    for where, fields in label_rows(path):
        label = to_label(fields, theme_ids, where)
        known = labels.setdefault(label.document_id, label)
        if known != label:
            raise ToolkitError(f"{where}: a second, different label for {label.document_id}. Keep one of them.")
    if not labels:
        raise ToolkitError(f"{path}: no labels in it. A line with `id` and `on_topic` or `themes` each was expected.")
    return labels


def label_rows(path: Path) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Each row's place, for errors, and its fields under lower-case names."""
    if not path.is_file():
        raise ToolkitError(f"{path}: no such file of labels.")
    is_gzip = path.suffix.lower() == ".gz"
    suffix = Path(path.stem if is_gzip else path.name).suffix.lower()
    if suffix not in _FORMATS:
        raise ToolkitError(f"{path}: labels are read from {', '.join(_FORMATS)}.")
    from toolkit.config import Limits

    source, limits = Source(path, path.name, _FORMATS[suffix], is_gzip), Limits()
    try:
        with open_stream(source, limits) as stream:
            if source.format == "jsonl":
                yield from _json_rows(path, read_json_lines(stream, source, limits))
            else:
                text = decode(read_whole(stream, _MAX_BYTES)).text
                yield from _table_rows(path, text, "\t" if source.format == "tsv" else None)
    except (Refused, OSError) as error:
        raise ToolkitError(f"{path}: cannot be read as labels: {error}") from error


def _json_rows(path: Path, rows: Iterator[Row | Quarantined]) -> Iterator[tuple[str, Mapping[str, object]]]:
    for row in rows:
        if isinstance(row, Quarantined):
            raise ToolkitError(f"{path}: {row.detail}")
        yield f"{path}, record {row.number}", {name.strip().lower(): value for name, value in row.fields.items()}


def _table_rows(path: Path, text: str, delimiter: str | None) -> Iterator[tuple[str, Mapping[str, object]]]:
    header = text.split("\n", 1)[0]
    delimiter = delimiter or max(",;\t", key=header.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    names = [name.strip().lower() for name in next(rows, [])]
    if not any(name in names for name in _ID_NAMES):
        raise ToolkitError(f"{path}: no `id` or `document_id` column; found {listed_names(names)}.")
    if not any(name in names for name in (*_VERDICT_NAMES, "themes")):
        raise ToolkitError(f"{path}: no `on_topic`, `relation` or `themes` column; found {listed_names(names)}.")
    try:
        for cells in rows:
            if any(cell.strip() for cell in cells):
                cells = [_GUARDED.sub("", cell, count=1) if _GUARDED.match(cell) else cell for cell in cells]
                yield f"{path}, line {rows.line_num}", dict(zip(names, cells, strict=False))
    except csv.Error as error:
        raise ToolkitError(f"{path}, line {rows.line_num}: {error}.") from error


def to_label(fields: Mapping[str, object], theme_ids: Sequence[str], where: str) -> Label:
    """The label that one row states, columns as for `read_labels`; `where` is its place, for errors.

    Raises
    ------
    ToolkitError
        Where there is no id, or a verdict or theme is not known.
    """
    identifier = next((fields[name] for name in _ID_NAMES if fields.get(name) not in (None, "")), None)
    if isinstance(identifier, bool) or not isinstance(identifier, str | int | float):
        raise ToolkitError(f"{where}: no `id`; a label needs the id of its document.")
    if isinstance(identifier, float) and identifier.is_integer():
        identifier = int(identifier)  # as document ids are made
    verdict = next((fields[name] for name in _VERDICT_NAMES if fields.get(name) not in (None, "")), "")
    said = str(verdict).strip().lower().removesuffix(".0")
    if said not in _ON_TOPIC:
        known = ", ".join(word for word in _ON_TOPIC if word)
        raise ToolkitError(f"{where}: `{str(verdict)[:40]}` is no verdict; known are {known}.")
    themes = _themes(fields.get("themes"), theme_ids, where)
    unsure = [theme for name in _UNSURE_NAMES for theme in _themes(fields.get(name), theme_ids, where) or ()]
    return Label(
        document_id=str(identifier),
        on_topic=_ON_TOPIC[said],
        themes=None if themes is None else tuple(theme for theme in themes if theme != NO_THEME),
        themes_unsure=tuple(theme for theme in dict.fromkeys(unsure) if theme != NO_THEME),
    )


def _themes(value: object, theme_ids: Sequence[str], where: str) -> list[str] | None:
    """Theme ids, each once, in the order given; None where nothing is said."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        names = [name.strip() for name in _SEPARATOR.split(value)]
    elif isinstance(value, list):
        names = [str(name).strip() for name in value]
    else:
        raise ToolkitError(f"{where}: `themes` is {kind_of(value)}; a list or names separated by commas were expected.")
    found = []
    for name in filter(None, names):
        theme = name.lower()
        if theme != NO_THEME and theme not in theme_ids:
            near = difflib.get_close_matches(theme, [*theme_ids, NO_THEME], n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(theme_ids)}, {NO_THEME}."
            raise ToolkitError(f"{where}: unknown theme `{name[:60]}`. {hint}")
        found.append(theme)
    return list(dict.fromkeys(found))
