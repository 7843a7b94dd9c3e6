"""Themes over time: small multiples, the numbers behind them, and what moved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from toolkit.report import figures
from toolkit.report.findings import changes, halves_words, mix_words, wilson
from toolkit.report.links import NO_LINKS, Links
from toolkit.report.periods import MIN_BUCKET
from toolkit.report.sections import View
from toolkit.report.sheets import Sheet
from toolkit.report.tally import Tally, ThemeTally
from toolkit.report.wording import counted, listing, number, percent, show

MAX_LINKED = 120  # cells of the table up to which each leads to its articles; of more, only the totals of the rows do


def over_time(tally: Tally, links: Links) -> View:
    """Small multiples: each theme's share of on-topic articles per bucket, its count below, and a table of counts."""
    timeline = tally.timeline
    view: View = {"drawn": timeline.drawn, "reason": timeline.reason, "sentences": timeline.sentences}
    if not timeline.drawn:
        return view
    drawn = [theme for theme in tally.themes if any(theme.per_bucket)]
    moved = changes(tally)
    view |= {
        "unit": timeline.unit,
        "notes": _notes(tally),
        "title": _movement_title(tally),
        "halves": halves_words(tally) if moved else "",
        "mix": mix_words(tally) if any(change.clear for change in moved.values()) else "",
        "panels": _panels(tally, drawn),
        "counts": figures.count_panel(
            tally.n_per_bucket,
            timeline.short,
            solid=_solid(tally),
            label=f"On-topic articles by {timeline.unit}: {listing([f'{label} {n}' for label, n in _ends(tally)])}.",
        ),
        "empty": listing([show(theme.theme.label, limit=80) for theme in tally.themes if not any(theme.per_bucket)]),
        "columns": [show(theme.theme.label, limit=80) for theme in drawn],
        "table": _time_table(tally, drawn, links),
        "sheets": ("themes_over_time",),
    }
    return view


def _solid(tally: Tally) -> list[bool]:
    """Which buckets are drawn as finished: all but perhaps the last."""
    n_buckets = len(tally.timeline.labels)
    return [not (tally.timeline.unfinished and i == n_buckets - 1) for i in range(n_buckets)]


def _notes(tally: Tally) -> list[str]:
    counts, unit = tally.n_per_bucket, tally.timeline.unit
    n_thin = sum(1 for n in counts if 0 < n < MIN_BUCKET)
    n_gaps = sum(1 for n in counts if n == 0)
    notes = []
    if n_thin:
        notes.append(
            f"{counted(n_thin, unit)} with fewer than {MIN_BUCKET} on-topic articles "
            f"{'is' if n_thin == 1 else 'are'} left out of the lines; the table has the numbers."
        )
    if n_gaps:
        verb = "has no on-topic article and is a gap" if n_gaps == 1 else "have no on-topic article and are gaps"
        notes.append(f"{counted(n_gaps, unit)} {verb}.")
    return notes


def _panels(tally: Tally, drawn: Sequence[ThemeTally]) -> list[View]:
    """One panel a theme, all on the scales of the largest."""
    timeline, moved = tally.timeline, changes(tally)
    per_theme = {theme.theme.id: _shares(theme, tally) for theme in drawn}
    peaks = [high for shares in per_theme.values() for found in shares if found for high in found[2:]] or [1.0]
    panels, series = [], []
    for theme in drawn:
        change = moved.get(theme.theme.id)
        label = show(theme.theme.label, limit=80)
        overall = percent(sum(theme.per_bucket) / sum(tally.n_per_bucket))
        finding = change.words if change else f"{overall} overall"
        panels.append({"label": label, "finding": finding, "moved": bool(change and change.clear)})
        words = f"{label}: share of on-topic articles by {timeline.unit}, with the number of articles below; {finding}."
        series.append(figures.Series(per_theme[theme.theme.id], theme.per_bucket, words))
    drawings = figures.share_panels(series, timeline.short, highest=_round_up(max(peaks)), solid=_solid(tally))
    return [panel | {"svg": svg} for panel, svg in zip(panels, drawings, strict=True)]


def _shares(theme: ThemeTally, tally: Tally) -> tuple[tuple[float, float, float] | None, ...]:
    """(share, low, high) of a theme per bucket; None where a bucket holds too few articles to be drawn."""
    return tuple(
        (n / total, *wilson(n, total)) if total >= MIN_BUCKET else None
        for n, total in zip(theme.per_bucket, tally.n_per_bucket, strict=True)
    )


def _rows(tally: Tally, themes: Sequence[ThemeTally]) -> Iterator[tuple[str, int | None, int, list[int]]]:
    """(label, bucket, on-topic articles, those of each theme): one row a bucket, and one for each end of the span."""
    timeline = tally.timeline

    def outside(label: str, positions: Sequence[int]) -> Iterator[tuple[str, int | None, int, list[int]]]:
        held = {tally.on[position] for position in positions}
        if held:
            yield label, None, len(held), [sum(1 for i in theme.articles if i in held) for theme in themes]

    yield from outside("Earlier", timeline.early)
    for i, label in enumerate(timeline.labels):
        yield label, i, tally.n_per_bucket[i], [theme.per_bucket[i] for theme in themes]
    yield from outside("Later", timeline.late)


def _time_table(tally: Tally, drawn: Sequence[ThemeTally], links: Links) -> list[View]:
    timeline = tally.timeline
    inner = links if len(drawn) * len(timeline.labels) <= MAX_LINKED else NO_LINKS
    table = []
    for label, bucket, n, counts in _rows(tally, drawn):
        months = [] if bucket is None else [("month", month) for month in timeline.months(bucket)]
        last = bucket == len(timeline.labels) - 1
        cells = [
            {"n": number(k), "href": inner.articles(("theme", theme.theme.id), *months) if k and months else ""}
            for theme, k in zip(drawn, counts, strict=True)
        ]
        table.append(
            {
                "label": f"{label} (may be unfinished)" if last and timeline.unfinished else label,
                "n": number(n),
                "href": links.articles(*months) if n and months else "",
                "cells": cells,
            }
        )
    return table


def time_sheets(tally: Tally) -> list[Sheet]:
    """Every theme in every bucket, with its interval; `drawn` and `finished` say how the charts show the bucket."""
    solid = _solid(tally)
    rows = []
    for label, bucket, n, counts in _rows(tally, tally.themes) if tally.timeline.drawn else ():
        drawn = bucket is not None and n >= MIN_BUCKET
        finished = bucket is None or solid[bucket]
        for theme, k in zip(tally.themes, counts, strict=True):
            low, high = wilson(k, n)
            shares = (round(k / n, 6), round(low, 6), round(high, 6)) if n else (None, None, None)
            rows.append((label, theme.theme.id, theme.theme.label, k, n, *shares, drawn, finished))
    columns = ("period", "theme", "label", "articles", "of_articles", "share", "low", "high", "drawn", "finished")
    return [Sheet("themes_over_time", columns, rows)]


def _ends(tally: Tally) -> list[tuple[str, int]]:
    pairs = list(zip(tally.timeline.labels, tally.n_per_bucket, strict=True))
    return [pairs[0], pairs[-1]]


def _round_up(share: float) -> float:
    return next((step for step in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8) if share <= step), 1.0)


def _movement_title(tally: Tally) -> str:
    moved = changes(tally)
    if not moved:
        return "There are too few dated articles to say whether any share changed."
    labels = {theme.theme.id: show(theme.theme.label, limit=80) for theme in tally.themes}
    rose = [labels[theme] for theme, change in moved.items() if change.clear and change.rose]
    fell = [labels[theme] for theme, change in moved.items() if change.clear and not change.rose]
    if not rose and not fell:
        return "No theme gained or lost more than chance would explain."
    parts = [f"{listing(names)} {verb}" for names, verb in ((rose, "rose"), (fell, "fell")) if names]
    rest = len(moved) - len(rose) - len(fell)
    tail = f"; the other {number(rest)} show no clear change" if rest > 1 else ""
    return "; ".join(parts) + tail + "."
