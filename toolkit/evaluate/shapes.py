"""One gold record: what its fields say, recognised by their names whatever else is there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolkit.config import Limits
from toolkit.data import Label, Record
from toolkit.errors import ToolkitError
from toolkit.files.inputs import Source
from toolkit.files.labels import to_label
from toolkit.files.rows import Row, kind_of, listed_names, to_record

KNOWN_SHAPES = (
    "document labels: `text` (or `html`) with `on_topic` or `relation` and perhaps `themes`, or a labels file",
    "line labels: `text` with `line_labels` (one for each line), or `lines` with `labels`",
    "block labels: `blocks` with `labels`",
    "boundaries: `segments`, a list of lists of sentences or paragraphs",
    "pages: `html` with `gold_text`, in one record or joined by `id` over the files of a folder",
    "near-duplicates: `text_a` with `text_b`",
    "roles: `text` with `roles`, a list of [how the segment begins, [allowed roles]]",
)
ARTICLE_LABELS = frozenset(
    "body on_topic on article keep kept content main main_text maintext text good heading list quote caption 1 true "
    "yes".split()
)
UNSCORED_LABELS = frozenset(("", "title", "headline", "mixed", "unsure", "unknown", "ignore"))
OTHER_LABELS = frozenset(
    """other boiler boilerplate teaser teasers unrelated off off_topic drop dropped cut noise bad junk nav navigation
    menu header footer advert ad ads meta tags byline date comment comments related sidebar duplicate blank 0 false
    no""".split()
)
"""Names certain to mean "not the article"; other names mean it too, but are told of."""
_GROUP_FIELDS = ("outlet", "source", "site", "page_type", "style", "set", "range", "stratum", "split", "genre")
_TEXT_LABELS = ("line_labels", "labels")
_MAX_GROUP_CHARACTERS = 80


class Unfit(ValueError):  # noqa: N818 - a verdict on one record, told to the person with its place
    """A record that cannot be scored, with a sentence why."""


@dataclass(frozen=True, slots=True)
class LabelledLines:
    """The lines (or blocks) of one page; `is_article[i]` is None where line i is not to be scored."""

    texts: tuple[str, ...]
    is_article: tuple[bool | None, ...]
    names: tuple[str, ...]

    @property
    def text(self) -> str:
        """The page as plain text."""
        return "\n".join(self.texts)


@dataclass(frozen=True, slots=True)
class GoldText:
    """What should be taken out of a page, and phrases that must and must not be in it."""

    text: str
    required: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pair:
    """Two scrapes of one page."""

    first: Record
    second: Record


@dataclass(frozen=True, slots=True)
class GoldRecord:
    """One record of a gold file; parts it does not state are None.

    `groups` are the sources it counts for, as `field=value`. `record` is the page as any reader would yield it.
    """

    id: str
    file: str
    row: int
    groups: tuple[tuple[str, str], ...]
    record: Record | None = None
    label: Label | None = None
    lines: LabelledLines | None = None
    blocks: LabelledLines | None = None
    segments: tuple[tuple[str, ...], ...] | None = None
    gold_text: GoldText | None = None
    pair: Pair | None = None
    roles: tuple[tuple[str, tuple[str, ...]], ...] | None = None
    is_reliable: bool = True


def recognise(row: Row, source: Source, *, theme_ids: Sequence[str], labels: Mapping[str, Label]) -> GoldRecord:
    """The gold record in `row`; `labels`, by document id, stand above what the record itself says.

    Raises
    ------
    Unfit
        Where a field of a known shape does not hold what it should.
    """
    fields = {str(name).strip().lower(): value for name, value in row.fields.items()}
    if "id" not in fields and fields.get("document_id") is not None:
        fields["id"] = fields["document_id"]
    if isinstance(fields.get("hand"), Mapping):
        fields = {**fields, **_by_hand(fields)}
    identifier = _identifier(fields, source, row.number)
    lines, blocks = _lines(fields), _blocks(fields)
    label = labels.get(identifier) or _label(fields, identifier, theme_ids)
    return GoldRecord(
        id=identifier,
        file=source.name,
        row=row.number,
        groups=_groups(fields),
        record=_record(fields, row, source),
        label=label,
        lines=lines,
        blocks=blocks,
        segments=_segments(fields),
        gold_text=_gold_text(fields),
        pair=_pair(fields, row, source, identifier),
        roles=_roles(fields),
        is_reliable=fields.get("reliable") not in (False, "false", "False", 0, "0"),
    )


def _identifier(fields: Mapping[str, object], source: Source, number: int) -> str:
    value = fields.get("id")
    if value is None or isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
        return source.derived_id(number)
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _by_hand(fields: Mapping[str, object]) -> dict[str, object]:
    """What `hand` says, where the record itself says nothing."""
    hand = fields["hand"]
    wanted = ("relation", "on_topic", "themes", "stratum")
    found = {name: value for name, value in dict(hand).items() if name in wanted} if isinstance(hand, Mapping) else {}
    return {name: value for name, value in found.items() if name not in fields}


def _groups(fields: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    found = []
    for name in _GROUP_FIELDS:
        value = fields.get(name)
        if isinstance(value, Mapping):
            value = value.get("name")
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            found.append((name, " ".join(str(value).split())[:_MAX_GROUP_CHARACTERS]))
    return tuple(found)


def _record(fields: Mapping[str, object], row: Row, source: Source) -> Record | None:
    """The page as `classify` would read it; HTML where the record has it. None where it has no text."""
    wanted = ("id", "text", "html", "title", "date", "url", "outlet", "source", "site")
    if not any(isinstance(fields.get(name), str) and str(fields[name]).strip() for name in ("text", "html")):
        return None
    found = to_record(Row(row.number, {n: fields[n] for n in wanted if n in fields}), source, Limits())
    if isinstance(found, Record):
        return found
    raise Unfit(found.detail)


def _label(fields: Mapping[str, object], identifier: str, theme_ids: Sequence[str]) -> Label | None:
    said = {name: fields[name] for name in ("on_topic", "relation", "themes", "themes_maybe", "themes_unsure")
            if name in fields}  # fmt: skip
    if not {"on_topic", "relation"} & set(said) and not isinstance(said.get("themes"), list | str):
        return None
    try:
        return to_label({"id": identifier, **said}, theme_ids, "label")
    except ToolkitError as error:
        raise Unfit(str(error).removeprefix("label: ")) from error


def _strings(value: object, name: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Unfit(f"`{name}` is {kind_of(value)}; a list of strings was expected.")
    return tuple(value)


def _label_list(value: object, name: str, n: int) -> tuple[tuple[bool | None, ...], tuple[str, ...]]:
    """Of each label, whether it means the article, and its name."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except ValueError:
            raise Unfit(f"`{name}` is a string that is no JSON list.") from None
    if not isinstance(value, list):
        raise Unfit(f"`{name}` is {kind_of(value)}; a list with one label for each line was expected.")
    if len(value) != n:
        raise Unfit(f"{len(value)} labels in `{name}` for {n} lines; one for each was expected.")
    names = tuple(_label_name(item, name) for item in value)
    return tuple(None if n in UNSCORED_LABELS else n in ARTICLE_LABELS for n in names), names


def _label_name(value: object, field: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        if value not in (0, 1):
            raise Unfit(f"a label in `{field}` is {value}; of numbers only 1 (article) and 0 (not) are known.")
        return str(int(value))
    if not isinstance(value, str):
        raise Unfit(f"a label in `{field}` is {kind_of(value)}; a name, 1 or 0 was expected.")
    return value.strip().lower().replace(" ", "_").replace("-", "_")


def _labelled(texts: tuple[str, ...], value: object, name: str) -> LabelledLines:
    is_article, names = _label_list(value, name, len(texts))
    return LabelledLines(texts, is_article, names)


def _lines(fields: Mapping[str, object]) -> LabelledLines | None:
    if isinstance(fields.get("lines"), list):
        name = next((name for name in _TEXT_LABELS if name in fields), None)
        return _labelled(_strings(fields["lines"], "lines"), fields[name], name) if name else None
    text, labels = fields.get("text"), fields.get("line_labels")
    if not isinstance(text, str) or labels is None:
        return None
    texts = text.split("\n")
    if isinstance(labels, list) and len(labels) + 1 == len(texts) and not texts[-1].strip():
        texts = texts[:-1]  # the line end of the last line
    return _labelled(tuple(texts), labels, "line_labels")


def _blocks(fields: Mapping[str, object]) -> LabelledLines | None:
    if not isinstance(fields.get("blocks"), list):
        return None
    name = next((name for name in ("labels", "block_labels") if name in fields), None)
    return _labelled(_strings(fields["blocks"], "blocks"), fields[name], name) if name else None


def _segments(fields: Mapping[str, object]) -> tuple[tuple[str, ...], ...] | None:
    value = fields.get("segments")
    if not isinstance(value, list) or not all(isinstance(inner, list) for inner in value):
        return None  # numbers of segments beside `lines` are not this shape
    if not all(isinstance(text, str) for inner in value for text in inner):
        return None
    return tuple(tuple(inner) for inner in value if inner) or None


def _gold_text(fields: Mapping[str, object]) -> GoldText | None:
    text = next(
        (fields[n] for n in ("gold_text", "main_content", "articlebody") if isinstance(fields.get(n), str)), None
    )
    if not isinstance(text, str):
        return None
    phrases = [
        tuple(item for item in value if isinstance(item, str) and item.strip()) if isinstance(value, list) else ()
        for value in (fields.get("snippets_with"), fields.get("snippets_without"))
    ]
    return GoldText(text, phrases[0], phrases[1])


def _pair(fields: Mapping[str, object], row: Row, source: Source, identifier: str) -> Pair | None:
    if "text_a" not in fields or "text_b" not in fields:
        return None
    records = []
    for side in "ab":
        text = fields[f"text_{side}"]
        if not isinstance(text, str) or not text.strip():
            raise Unfit(f"`text_{side}` is {kind_of(text)} or empty; a text was expected.")
        name = fields.get(f"id_{side}")
        records.append(
            Record(f"{identifier}/{side}" if name in (None, "") else str(name), text, source.name, row.number)
        )
    if records[0].document_id == records[1].document_id:
        raise Unfit("`id_a` and `id_b` are the same; each scrape needs its own id.")
    return Pair(records[0], records[1])


def _roles(fields: Mapping[str, object]) -> tuple[tuple[str, tuple[str, ...]], ...] | None:
    value = fields.get("roles")
    if not isinstance(value, list) or not isinstance(fields.get("text"), str):
        return None
    found: list[tuple[str, tuple[str, ...]]] = []
    for item in value:
        fits = isinstance(item, list) and len(item) == 2 and isinstance(item[0], str)
        allowed: Any = item[1] if fits else None
        allowed = [allowed] if isinstance(allowed, str) else allowed
        if not isinstance(allowed, list) or not all(isinstance(role, str) for role in allowed):
            raise Unfit("`roles` holds something else than [how the segment begins, [allowed roles]].")
        found.append((item[0], tuple(allowed)))
    return tuple(found)


def found_fields(row: Row) -> str:
    """The names of the row's fields, for a sentence."""
    return listed_names({str(name): None for name in row.fields})
