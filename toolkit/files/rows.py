"""The fields of one row, from whatever format, become a Record or are refused with a reason."""

from __future__ import annotations

import datetime
import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from toolkit.data import Quarantined, Record
from toolkit.files.decode import replace_surrogates
from toolkit.files.inputs import Source

if TYPE_CHECKING:
    from toolkit.config import Limits

CONTENT_FIELDS = ("html", "text")
_OUTLET_FIELDS = ("outlet", "source", "site")
_OWN_FIELDS = ("id", *CONTENT_FIELDS, "title", "date", "url", *_OUTLET_FIELDS)
_RESULT_COLUMNS = frozenset(
    """document_id file outlet title date url language on_topic relevance themes topic n_segments n_kept kept_ratio
    duplicate_of""".split()
)
_RESULT_PREFIX = "places_"
MAX_EXTRA_COLUMNS = 200
"""Fields of one record that pass through; a record with more is no article."""
_MAX_NAME_CHARACTERS = 200
_MAX_EXACT_FLOAT = 2.0**53
_N_LISTED = 8


@dataclass(slots=True)
class ReadStats:
    """What reading found, summed over the sources it was handed to.

    `encodings` counts records by encoding, `n_replaced` characters that became U+FFFD.
    """

    n_records: int = 0
    n_quarantined: int = 0
    n_replaced: int = 0
    encodings: Counter[str] = field(default_factory=Counter)

    def add(self, other: ReadStats) -> None:
        """Add the counts of `other` to these."""
        self.n_records += other.n_records
        self.n_quarantined += other.n_quarantined
        self.n_replaced += other.n_replaced
        self.encodings.update(other.encodings)


@dataclass(frozen=True, slots=True)
class Row:
    """The fields of one record as they stood in its format, with their encoding and replacements so far."""

    number: int
    fields: Mapping[str, object]
    encoding: str = "utf-8"
    n_replaced: int = 0


def to_record(row: Row, source: Source, limits: Limits) -> Record | Quarantined:
    """The record in `row`.

    Field names are matched without regard to case and outer spaces. Where both `html` and `text` hold
    something the HTML is the content: our own rendering knows where each block stands. The outlet is the first
    of `outlet`, `source`, `site` that says something. Fields that are none of ours pass through in `extra`; one
    named like a column of the results becomes `input_NAME`.
    """
    own, extra = _split(row.fields)
    identifier = _identifier(own, source, row.number, limits)
    if isinstance(identifier, Quarantined):
        return identifier

    def refused(reason: str, detail: str) -> Quarantined:
        return Quarantined(source.name, row.number, identifier, reason, detail)

    content_field, content = _content(own)
    if content is None:
        listed = listed_names(row.fields)
        wrong = next((name for name in CONTENT_FIELDS if own.get(name) is not None), None)
        found = f"`{wrong}` is {kind_of(own[wrong])}, a string was expected" if wrong else "no `text` or `html` field"
        return refused("no_text", f"{found}; found {listed}.")
    if not content:
        return refused("empty_text", f"`{content_field}` is empty.")
    if len(content) > limits.max_characters:
        return refused(
            "too_long", f"{len(content)} characters in `{content_field}`; the limit is {limits.max_characters}."
        )
    if len(extra) > MAX_EXTRA_COLUMNS:
        return refused("too_many_fields", f"{len(extra)} fields beside ours; the limit is {MAX_EXTRA_COLUMNS}.")
    outlet_field = next((name for name in _OUTLET_FIELDS if _outlet(own.get(name))), "outlet")
    for name in ("title", "date", "url", *_OUTLET_FIELDS):
        value = own.get(name)
        used = _outlet(value) if name == outlet_field else None if name in _OUTLET_FIELDS else _short(value)
        if used is None and value is not None and value != "":
            extra[_pass_through_name(name, extra)] = plain(value)  # not usable as ours: it is not lost
    return Record(
        document_id=identifier,
        content=content,
        file=source.name,
        row=row.number,
        is_html=content_field == "html",
        title=_short(own.get("title")),
        date=_short(own.get("date")),
        url=_short(own.get("url")),
        outlet=_outlet(own.get(outlet_field)),
        extra=extra,
    )


def listed_names(names: Mapping[str, object] | list[str]) -> str:
    """The first few names, for a sentence."""
    shown = [f"`{str(name)[:40]}`" for name in list(names)[:_N_LISTED]]
    more = f" and {len(names) - _N_LISTED} more" if len(names) > _N_LISTED else ""
    return ", ".join(shown) + more if shown else "no fields"


def kind_of(value: object) -> str:
    """What a JSON value is, in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float | Decimal):
        return "a number"
    if isinstance(value, str):
        return "a string"
    return "a list" if isinstance(value, list | tuple) else "an object" if isinstance(value, dict) else "binary data"


def plain(value: object) -> object:
    """`value` as JSON can say it: dates as ISO 8601, NaN and infinities as None, bytes as text."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


def without_surrogates(value: object) -> tuple[object, int]:
    """`value` (of JSON) with every lone surrogate in its strings and names as U+FFFD, and their number."""
    if isinstance(value, str):
        return replace_surrogates(value)
    if isinstance(value, list):
        pairs = [without_surrogates(inner) for inner in value]
        return [inner for inner, _ in pairs], sum(count for _, count in pairs)
    if isinstance(value, dict):
        n_replaced = 0
        result = {}
        for name, inner in value.items():
            clean_name, n_name = replace_surrogates(name)
            result[clean_name], n_inner = without_surrogates(inner)
            n_replaced += n_name + n_inner
        return result, n_replaced
    return value, 0


def _split(fields: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """Fields that are ours, by our names, and the others under the name they pass through with."""
    own: dict[str, object] = {name: fields[name] for name in _OWN_FIELDS if name in fields}
    others: dict[str, object] = {}
    for position, (name, value) in enumerate(fields.items(), start=1):
        if name in own and name in _OWN_FIELDS:
            continue
        known = name.strip().lower()
        if known in _OWN_FIELDS and known not in own:
            own[known] = value
        else:
            others[name.strip()[:_MAX_NAME_CHARACTERS] or f"column_{position}"] = value
    extra: dict[str, object] = {}
    for name, value in others.items():
        extra[_pass_through_name(name, others) if _is_taken(name) else name] = plain(value)
    return own, extra


def _is_taken(name: str) -> bool:
    return name in _RESULT_COLUMNS or name.startswith(_RESULT_PREFIX)


def _pass_through_name(name: str, others: Mapping[str, object]) -> str:
    if not _is_taken(name) and name not in others:
        return name
    renamed = f"input_{name}"
    while renamed in others:
        renamed = f"input_{renamed}"
    return renamed


def _identifier(own: Mapping[str, object], source: Source, number: int, limits: Limits) -> str | Quarantined:
    """The record's id as a string; without one, the one its place gives it. Numbers: 5 and 5.0 are "5"."""
    value = own.get("id")

    def refused(found: str) -> Quarantined:
        return Quarantined(
            source.name, number, None, "bad_id", f"`id` is {found}; a string or a number was expected, or no `id`."
        )

    if value is None or (isinstance(value, float) and math.isnan(value)):
        return source.derived_id(number)
    if isinstance(value, datetime.date):
        value = value.isoformat()
    if isinstance(value, Decimal) and value.is_finite():
        value = int(value) if value == value.to_integral_value() and abs(value) < _MAX_EXACT_FLOAT else str(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < _MAX_EXACT_FLOAT:
        value = int(value)  # what tables with gaps make of whole numbers
    if isinstance(value, bool) or not isinstance(value, str | int | float) or value in (math.inf, -math.inf):
        return refused(kind_of(value))
    try:
        text = str(value)
    except ValueError:  # an integer of more digits than Python converts
        return refused(f"a number longer than {limits.max_id_characters} digits")
    if not text.strip():
        return refused("empty")
    if len(text) > limits.max_id_characters:
        return refused(f"{len(text)} characters long (limit max_id_characters: {limits.max_id_characters})")
    return text


def _content(own: Mapping[str, object]) -> tuple[str, str | None]:
    """The name and value of the field to read: the first of html and text that is not blank, else one that is a
    string at all; None where neither is."""
    strings = [(name, value) for name in CONTENT_FIELDS if isinstance(value := own.get(name), str)]
    for name, value in strings:
        if value and not value.isspace():
            return name, value
    by_length = sorted(strings, key=lambda pair: -len(pair[1]))
    return by_length[0] if by_length else ("text", None)


def _short(value: object) -> str | None:
    """A title, date or URL: strings and numbers as text, None for everything else and for blank strings."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, str | int | float | Decimal):
        text = value if isinstance(value, str) else json.dumps(value) if isinstance(value, float) else str(value)
        return text.strip() or None
    return None


def _outlet(value: object) -> str | None:
    """An outlet: text, or the `name` in an object (news services answer `{"id": …, "name": …}`)."""
    if isinstance(value, Mapping):
        value = value.get("name")
    return _short(value)
