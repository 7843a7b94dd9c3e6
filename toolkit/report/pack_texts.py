"""Whole texts of articles for the page: their segments, packed in blocks that are unpacked when one is opened."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from toolkit.data import KEPT_ROLES, NO_TOPIC, Results
from toolkit.report.columns import as_json, deflated
from toolkit.report.rows import Article, Row, count_of, text_of, theme_scores
from toolkit.report.segments import segment_batches
from toolkit.report.texts import segments_of
from toolkit.report.wording import ROLE_LABELS, safe_url, show, words

BLOCK = 24  # articles unpacked together when one of them is opened
MIN_PROSE = 40  # characters of a line that can be a first sentence
_LEVEL = 6  # of deflate: 9 takes twice the time for a hundredth of the bytes
_OPENING = 500  # characters of a text that are looked at for its first sentence
_PROBE, _AT_ONCE = 100, 2_000  # articles that sizes are guessed from, and articles whose rows are in memory together
_SPARE = 1.2  # so many times the articles that seem to fit are read, so that one reading does
_N_REASONS = 4  # for the subject, and as many against it
_OPENING_ROLES = ("body", "quote", "list", "caption", "heading")
_VERDICT_CODES = {"off": 0, "unsure": 1, "on": 2}
_SHRINK = 0.85  # a text among others of its block, against the same text packed alone; a first guess only
_GOOD_FIT = 0.97  # the share of the room that is full enough


@dataclass(frozen=True, slots=True)
class Texts:
    """`content`: a line of base64 a block; `blocks`: the rows in each; `tables`: what the codes in them mean."""

    content: str = ""
    blocks: tuple[tuple[int, ...], ...] = ()
    tables: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Codes:
    """Numbers for names, in the order they are met."""

    known: dict[str, int] = field(default_factory=dict)

    def of(self, name: str) -> int:
        return self.known.setdefault(name, len(self.known))


def openings_of(results: Results, document_ids: Collection[str]) -> dict[str, str]:
    """The beginning of the first sentence of each article, uncleaned; of an article without one, of its first line."""
    sentences: dict[str, str] = {}
    lines: dict[str, str] = {}
    for batch in segment_batches(results.segments):
        of_text = np.array([role in _OPENING_ROLES for role in batch.role.values], dtype=np.bool_)
        opens = batch.kept & of_text[batch.role.codes]
        for found, fits in ((sentences, opens & (batch.n_characters >= MIN_PROSE)), (lines, opens)):
            rows = np.flatnonzero(fits)
            codes, first = np.unique(batch.document.codes[rows], return_index=True)
            names = [batch.document.values[code] for code in codes.tolist()]
            for name, text in zip(names, batch.texts(rows[first]), strict=True):
                if name in document_ids and name not in found:
                    found[name] = text[:_OPENING]
    return {**lines, **sentences}


def is_kept(row: Row) -> bool:
    """Whether a segment is part of its article."""
    kept = row.get("kept")
    return text_of(row, "role") in KEPT_ROLES if kept is None else bool(kept)


def pack_texts(results: Results, held: Sequence[Article], wanted: Sequence[int], *, room: int) -> Texts:
    """Pack the texts of as many of the `wanted` rows as go into `room` bytes, the first of them first.

    Parameters
    ----------
    held : the articles of the page, by row
    wanted : rows of `held`, in the order of their worth
    """
    if room <= 0 or not wanted:
        return Texts()
    roles, reasons, themes = _Codes(), _Codes(), _Codes()
    packed: dict[int, bytes] = {}
    sizes: dict[int, int] = {}
    used, n, step = 0.0, 0, _PROBE
    while n < len(wanted) and used * _SHRINK <= room:
        part = wanted[n : n + step]
        segments = segments_of(results, [held[row].document_id for row in part])
        for row in sorted(part):
            article = held[row]
            own = segments.get(article.document_id, ())
            packed[row] = _article(results, article, own, roles, reasons, themes)
            sizes[row] = len(deflated(packed[row], level=_LEVEL))
        n += len(part)
        used += sum(sizes[row] for row in part)
        step = min(_AT_ONCE, 1 + int(max(0.0, room / _SHRINK - used) / (used / n) * _SPARE))
    chosen = _first_that_fit(wanted[:n], sizes, room / _SHRINK)
    for _ in range(4):  # the guess is corrected by what the blocks really take
        texts, size = _blocks(wanted[:chosen], packed), 0
        size = sum(len(line) + 1 for line in texts[0])
        spare = _tables_size(roles, reasons, themes, texts[1])
        if size + spare <= room and (chosen == n or size + spare >= room * _GOOD_FIT):
            break
        scale = (room - spare) / max(size, 1)
        chosen = min(n, max(0, int(chosen * scale * (1 if scale > 1 else 0.99))))
    while chosen and sum(len(line) + 1 for line in texts[0]) + spare > room:
        chosen = int(chosen * 0.95)
        texts = _blocks(wanted[:chosen], packed)
    lines, blocks = texts
    return Texts("\n".join(lines), blocks, _tables(roles, reasons, themes) if blocks else {})


def _first_that_fit(rows: Sequence[int], sizes: dict[int, int], room: float) -> int:
    used = 0.0
    for n, row in enumerate(rows):
        used += sizes[row]
        if used > room:
            return n
    return len(rows)


def _blocks(rows: Sequence[int], packed: dict[int, bytes]) -> tuple[list[str], tuple[tuple[int, ...], ...]]:
    """The texts in blocks by row: neighbours in the table are often of one source, and pack well together."""
    ordered = sorted(rows)
    blocks = tuple(tuple(ordered[start : start + BLOCK]) for start in range(0, len(ordered), BLOCK))
    return [deflated(b"[" + b",".join(packed[row] for row in block) + b"]", level=_LEVEL) for block in blocks], blocks


def _article(
    results: Results, article: Article, rows: Sequence[Row], roles: _Codes, reasons: _Codes, themes: _Codes
) -> bytes:
    """One article as JSON: its address, its file, what spoke for and against it, and its segments.

    A segment is [text, role, reason or -1 where it is kept, verdict, characters skipped before it, topic, themes].
    """
    segments = []
    end = 0
    for row in rows:
        text = text_of(row, "text")
        start = count_of(row, "start", end)
        segments.append(
            [
                text,
                roles.of(text_of(row, "role")),
                -1 if is_kept(row) else reasons.of(show(text_of(row, "reason"), limit=200)),
                _VERDICT_CODES.get(text_of(row, "on_topic"), 1),
                start - end,
                count_of(row, "topic", NO_TOPIC),
                [themes.of(theme) for theme in theme_scores(row.get("themes"))],
            ]
        )
        end = start + len(text)
    found = results.explanations.get(article.document_id, ())
    spoke = [(show(name, limit=120), round(value, 3)) for name, value in found]
    why = [item for item in spoke if item[1] > 0][:_N_REASONS] + [item for item in spoke if item[1] < 0][:_N_REASONS]
    return as_json([safe_url(article.url) or "", show(article.file, limit=300), why, segments])


def _tables(roles: _Codes, reasons: _Codes, themes: _Codes) -> dict[str, Any]:
    return {
        "roles": [[role, ROLE_LABELS.get(role, words(role))] for role in roles.known],
        "reasons": list(reasons.known),
        "text_themes": list(themes.known),
    }


def _tables_size(roles: _Codes, reasons: _Codes, themes: _Codes, blocks: Sequence[Sequence[int]]) -> int:
    return len(deflated(as_json([_tables(roles, reasons, themes), blocks]))) + 200
