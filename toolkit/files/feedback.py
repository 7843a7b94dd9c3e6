"""What readers marked in a report: feedback.jsonl, as the page saves it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from toolkit.data import ROLES, Mark
from toolkit.errors import ToolkitError
from toolkit.files.labels import label_rows
from toolkit.files.rows import kind_of

VERDICTS = ("on", "off", "unsure")
MARKS = (*VERDICTS, "theme", "no_theme", "wrong_cut", "note")
AUDIT = "audit"
"""`drawn` of a mark on an article that the report drew at random from those set aside."""
_MIN_HASH_DIGITS = 8
_PEEK = 1 << 16


def is_feedback(path: Path) -> bool:
    """Whether a file holds marks of readers, told by its first line: it has `mark` and `document_id`."""
    if path.suffix.lower() not in (".jsonl", ".ndjson") or not path.is_file():
        return False
    with path.open("rb") as stream:
        first = stream.readline(_PEEK).removeprefix(b"\xef\xbb\xbf")
    try:
        fields = json.loads(first)
    except (ValueError, RecursionError):
        return False
    return isinstance(fields, dict) and {"mark", "document_id"} <= fields.keys()


def read_feedback(path: Path) -> tuple[Mark, ...]:
    """The marks in `path`, in file order.

    Raises
    ------
    ToolkitError
        With file and line, where a mark cannot be understood.
    """
    return tuple(_to_mark(fields, where) for where, fields in label_rows(path))


def _to_mark(fields: Mapping[str, object], where: str) -> Mark:
    document_id, digest = fields.get("document_id"), fields.get("text_sha256")
    if not isinstance(document_id, str) or not document_id:
        raise ToolkitError(f"{where}: `document_id` is {kind_of(document_id)}; the id of an article was expected.")
    if not _is_hash(digest):
        raise ToolkitError(
            f"{where}: `text_sha256` is not how a SHA-256 begins; {_MIN_HASH_DIGITS} to 64 hexadecimal digits were "
            "expected. Without it nobody can tell whether the article is still the one that was read."
        )
    mark = fields.get("mark")
    if mark not in MARKS:
        raise ToolkitError(f"{where}: `{str(mark)[:40]}` is no mark; known are {', '.join(MARKS)}.")
    start, end = (_offset(fields.get(name), name, where) for name in ("start", "end"))
    if (start is None) != (end is None) or (start is not None and end is not None and start >= end):
        raise ToolkitError(f"{where}: a passage needs `start` before `end`; found {start} and {end}.")
    theme, role = _text(fields.get("theme"), "theme", where), _text(fields.get("role"), "role", where)
    if mark in ("theme", "no_theme") and not theme:
        raise ToolkitError(f"{where}: a mark `{mark}` needs `theme`, the id of a theme.")
    if mark == "wrong_cut" and (start is None or role not in ROLES):
        raise ToolkitError(f"{where}: a mark `wrong_cut` needs `start`, `end` and `role`, what the cut said it is.")
    return Mark(
        document_id=document_id,
        text_sha256=str(digest).lower(),
        mark=str(mark),
        theme=theme.lower() or None,
        start=start,
        end=end,
        role=role or None,
        note=_text(fields.get("note"), "note", where),
        model=_text(fields.get("model"), "model", where),
        drawn=_text(fields.get("drawn"), "drawn", where),
    )


def _is_hash(value: object) -> bool:
    if not isinstance(value, str) or not _MIN_HASH_DIGITS <= len(value) <= 64:
        return False
    return set(value.lower()) <= set("0123456789abcdef")


def _offset(value: object, name: str, where: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ToolkitError(f"{where}: `{name}` is {kind_of(value)}; a count of characters was expected.")
    return value


def _text(value: object, name: str, where: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ToolkitError(f"{where}: `{name}` is {kind_of(value)}; a text was expected.")
    return value.strip()
