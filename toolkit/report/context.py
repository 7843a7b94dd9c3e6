"""A quotation in its place: the segments around it, what was cut there and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from toolkit.data import KEPT_ROLES
from toolkit.report.rows import Row, count_of, text_of
from toolkit.report.sections import View
from toolkit.report.text_tally import cues_of
from toolkit.report.wording import ROLE_LABELS, show, words

MAX_NEIGHBOUR = 280  # characters shown of the segment before and the one after
MAX_REST = 420  # characters shown of the rest of the quoted segment, on either side
MAX_CUT = 2  # pieces in a row that were cut, on either side, before the next one that was kept
MAX_CUT_CHARACTERS = 120


def context_of(rows: Sequence[Row], start: int, end: int) -> View | None:
    """What stands before and after characters `start` to `end` of a document; None where they are not in `rows`.

    Parameters
    ----------
    rows : the segments of the document, in order
    """
    at = next((i for i, row in enumerate(rows) if count_of(row, "start") <= start < count_of(row, "end")), None)
    if at is None:
        return None
    text, offset = text_of(rows[at], "text"), count_of(rows[at], "start")
    first, last = start - offset, min(end - offset, len(text))
    return {
        "before": list(reversed(_neighbours(reversed(rows[:at]), end_of=True))),
        "head": _ending(text[:first], MAX_REST),
        "quoted": show(text[first:last], limit=2_000),
        "tail": _beginning(text[last:], MAX_REST),
        "after": _neighbours(rows[at + 1 :], end_of=False),
    }


def _neighbours(rows: Iterable[Row], *, end_of: bool) -> list[View]:
    """The next segment, nearest first; where that was cut, the next few until one that was kept."""
    pieces: list[View] = []
    for row in rows:
        text = text_of(row, "text")
        if not text.strip():
            continue
        kept = is_kept(row)
        limit = MAX_NEIGHBOUR if kept else MAX_CUT_CHARACTERS
        shown = _ending(text.rstrip(), limit) if end_of and kept else _beginning(text.lstrip(), limit)
        pieces.append({"text": shown.strip(), "why": "" if kept else _why(row)})
        if kept or len(pieces) == MAX_CUT:
            break
    return pieces


def is_kept(row: Row) -> bool:
    """Whether a segment is part of its article."""
    kept = row.get("kept")
    return text_of(row, "role") in KEPT_ROLES if kept is None else bool(kept)


def _why(row: Row) -> str:
    role = text_of(row, "role")
    label = ROLE_LABELS.get(role, words(role)).lower()
    return f"{label} ({show(', '.join(cues_of(text_of(row, 'reason'), role)), limit=100)})"


def _beginning(text: str, limit: int) -> str:
    """The first characters, cut between words; a space where the text begins with one."""
    if len(text) > limit:
        end = text.rfind(" ", limit // 2, limit)
        text = text[: end if end > 0 else limit] + " …"
    return (" " if text[:1].isspace() else "") + show(text, limit=limit + 10)


def _ending(text: str, limit: int) -> str:
    """The last characters, cut between words; a space where the text ends with one."""
    if len(text) > limit:
        start = text.find(" ", len(text) - limit, len(text) - limit // 2)
        text = "… " + text[start + 1 if start > 0 else len(text) - limit :]
    return show(text, limit=limit + 10) + (" " if text[-1:].isspace() else "")
