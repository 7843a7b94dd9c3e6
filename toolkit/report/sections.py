"""What each section of the page shows: counted numbers made ready to print. The templates only lay them out."""

from __future__ import annotations

from typing import Any

from toolkit.report import figures
from toolkit.report.findings import changes, halves_words, mix_words, ranked_members, wilson
from toolkit.report.periods import MIN_BUCKET
from toolkit.report.rows import WHOLE_SIDE
from toolkit.report.tally import Tally, ThemeTally
from toolkit.report.wording import (
    ROLE_LABELS,
    VERDICT_LABELS,
    counted,
    interval_words,
    listing,
    number,
    percent,
    show,
    words,
)

View = dict[str, Any]

MAX_OUTLETS = 12
HEAT_STEPS = 5


def funnel(tally: Tally, *, no_relevance: bool) -> View:
    """From read to on-topic, in articles, segments and characters."""
    n_read, n, n_on = tally.n_read, len(tally.articles), tally.verdicts["on"]
    n_with_text = sum(1 for article in tally.articles if article.n_kept > 0)
    steps = [("Read", n_read, "")]
    if n < n_read:
        steps.append(("Usable articles", n, _left_out(tally)))
    if n_with_text < n:
        n_empty = n - n_with_text
        pages = "page held" if n_empty == 1 else "pages held"
        steps.append(("Articles with text of their own", n_with_text, f"{number(n_empty)} {pages} no article text"))
    off = [f"{number(tally.verdicts[key])} {VERDICT_LABELS[key]}" for key in ("unsure", "off") if tally.verdicts[key]]
    note = "the relevance check was switched off" if no_relevance else listing(off)
    steps.append(("On-topic", n_on, note))
    if tally.n_copies_on:
        copies = counted(tally.n_copies_on, "near-copy of another", "near-copies of others")
        steps.append(("Counted below, copies once", len(tally.on), copies))
    texts = (("On the pages", tally.all_text), ("Of the articles", tally.kept_text), ("On-topic", tally.on_text))
    return {
        "articles": [_step(label, count, n_read, note) for label, count, note in steps],
        "texts": [
            {
                "label": label,
                "segments": number(extent.n_segments),
                "segment_share": percent(extent.n_segments / max(1, tally.all_text.n_segments)),
                "characters": number(extent.n_characters),
                "character_share": percent(extent.n_characters / max(1, tally.all_text.n_characters)),
                "width": width_of(extent.n_characters, tally.all_text.n_characters),
            }
            for label, extent in texts
        ],
        "cut": [
            {
                "label": ROLE_LABELS.get(role.role, words(role.role)),
                "segments": number(role.extent.n_segments),
                "characters": number(role.extent.n_characters),
                "share": percent(role.extent.n_characters / max(1, tally.all_text.n_characters)),
                "width": width_of(role.extent.n_characters, tally.all_text.n_characters),
            }
            for role in tally.cut
        ],
        "duplicates": tally.n_duplicates,
    }


def _left_out(tally: Tally) -> str:
    parts = []
    if tally.n_repeats:
        parts.append(f"{counted(tally.n_repeats, 'exact repeat')} of an earlier record")
    if tally.n_quarantined:
        parts.append(f"{counted(tally.n_quarantined, 'record')} quarantined")
    return listing(parts)


def _step(label: str, count: int, total: int, note: str) -> View:
    return {
        "label": label,
        "count": number(count),
        "share": percent(count / total) if total else "",
        "width": width_of(count, total),
        "note": note,
    }


def width_of(part: float, whole: float) -> str:
    """A share as a length on a scale of 0 to 100."""
    return f"{100 * min(1.0, part / whole):.1f}" if whole else "0"


def theme_table(tally: Tally) -> View:
    """All themes of the config, 0 as 0."""
    n = len(tally.on)
    bounds = [wilson(theme.n_articles, n) for theme in tally.themes] if n else []
    scale = max((high for _, high in bounds), default=1.0)
    rows = []
    for i, theme in enumerate(tally.themes):
        low, high = bounds[i] if n else (0.0, 0.0)
        rows.append(
            {
                "anchor": f"theme-{i + 1}",
                "label": show(theme.theme.label, limit=80),
                "articles": number(theme.n_articles),
                "empty": theme.n_articles == 0,
                "share": percent(theme.n_articles / n) if n else "–",
                "interval": interval_words(low, high) if n else "",
                "bar": width_of(theme.n_articles / n, scale) if n else "0",
                "low": float(width_of(low, scale)),
                "high": float(width_of(high, scale)),
                "spark": _spark(theme, tally),
                "outlets": number(len(theme.outlets)),
                "members": top_members(theme, tally),
            }
        )
    return {
        "rows": rows,
        "n": n,
        "sparks": tally.timeline.drawn,
        "members": len(tally.sides) > 1,
        "outlets": bool(tally.outlets),
    }


def top_members(theme: ThemeTally, tally: Tally, limit: int = 3) -> str:
    if len(tally.sides) < 2:
        return ""
    ranked = ranked_members(theme.members[1], tally.sides[1].members)
    return ", ".join(f"{show(member, limit=40)} {number(n)}" for member, n in ranked[:limit])


def _spark(theme: ThemeTally, tally: Tally) -> View | None:
    """A line of shares per bucket, 100 wide and 22 high; a gap where a bucket has no on-topic article."""
    if not tally.timeline.drawn or not theme.n_articles:
        return None
    shares = [
        n / total if total >= MIN_BUCKET else None
        for n, total in zip(theme.per_bucket, tally.n_per_bucket, strict=True)
    ]
    if not any(share is not None for share in shares):
        return None
    highest = max(share for share in shares if share is not None) or 1.0
    step = 96 / max(1, len(shares) - 1)
    path, pen = [], "M"
    for i, share in enumerate(shares):
        if share is None:
            pen = "M"
            continue
        path.append(f"{pen}{2 + i * step:.1f} {20 - 18 * share / highest:.1f}")
        pen = "L"
    known = [(label, share) for label, share in zip(tally.timeline.labels, shares, strict=True) if share is not None]
    label = f"{percent(known[0][1])} in {known[0][0]}, {percent(known[-1][1])} in {known[-1][0]}"
    return {"path": "".join(path), "label": label}


def over_time(tally: Tally) -> View:
    """Small multiples: each theme's share of on-topic articles per bucket, and the numbers as a table."""
    timeline = tally.timeline
    view: View = {"drawn": timeline.drawn, "reason": timeline.reason, "sentences": timeline.sentences}
    if not timeline.drawn:
        return view
    counts, n_buckets = tally.n_per_bucket, len(timeline.labels)
    solid = [not (timeline.unfinished and i == n_buckets - 1) for i in range(n_buckets)]
    n_thin = sum(1 for n in counts if 0 < n < MIN_BUCKET)
    n_gaps = sum(1 for n in counts if n == 0)
    notes = []
    if n_thin:
        notes.append(
            f"{counted(n_thin, timeline.unit)} with fewer than {MIN_BUCKET} on-topic articles "
            f"{'is' if n_thin == 1 else 'are'} left out of the lines; the table has the numbers."
        )
    if n_gaps:
        verb = "has no on-topic article and is a gap" if n_gaps == 1 else "have no on-topic article and are gaps"
        notes.append(f"{counted(n_gaps, timeline.unit)} {verb}.")
    drawn = [theme for theme in tally.themes if any(theme.per_bucket)]
    peaks = [
        wilson(n, total)[1]
        for theme in drawn
        for n, total in zip(theme.per_bucket, counts, strict=True)
        if total >= MIN_BUCKET
    ] or [1.0]
    highest = _round_up(max(peaks))
    moved = changes(tally)
    panels, series = [], []
    for theme in drawn:
        shares = tuple(
            (n / total, *wilson(n, total)) if total >= MIN_BUCKET else None
            for n, total in zip(theme.per_bucket, counts, strict=True)
        )
        change = moved.get(theme.theme.id)
        label = show(theme.theme.label, limit=80)
        finding = change.words if change else f"{percent(sum(theme.per_bucket) / sum(counts))} overall"
        panels.append({"label": label, "finding": finding, "moved": bool(change and change.clear)})
        series.append(figures.Series(shares, f"{label}: share of on-topic articles by {timeline.unit}; {finding}."))
    drawings = figures.share_panels(series, timeline.short, highest=highest, solid=solid)
    panels = [panel | {"svg": svg} for panel, svg in zip(panels, drawings, strict=True)]
    view |= {
        "unit": timeline.unit,
        "notes": notes,
        "title": _movement_title(tally),
        "halves": halves_words(tally) if moved else "",
        "mix": mix_words(tally) if any(change.clear for change in moved.values()) else "",
        "panels": panels,
        "counts": figures.count_panel(
            counts,
            timeline.short,
            solid=solid,
            label=f"On-topic articles by {timeline.unit}: {listing([f'{label} {n}' for label, n in _ends(tally)])}.",
        ),
        "empty": listing([show(theme.theme.label, limit=80) for theme in tally.themes if not any(theme.per_bucket)]),
        "columns": [show(theme.theme.label, limit=80) for theme in drawn],
        "table": _time_table(tally, drawn),
    }
    return view


def _time_table(tally: Tally, drawn: list[ThemeTally]) -> list[View]:
    """One row a bucket, and one for the articles before and after the span."""
    timeline, counts = tally.timeline, tally.n_per_bucket
    labels = list(timeline.labels)
    if timeline.unfinished:
        labels[-1] += " (may be unfinished)"
    rows = [(label, counts[i], [theme.per_bucket[i] for theme in drawn]) for i, label in enumerate(labels)]
    for label, positions in (("Earlier", timeline.early), ("Later", timeline.late)):
        outside = {tally.on[position] for position in positions}
        row = (label, len(outside), [sum(1 for i in theme.articles if i in outside) for theme in drawn])
        if outside:
            rows.insert(0 if label == "Earlier" else len(rows), row)
    return [
        {"label": label, "n": number(n), "cells": [percent(k / n) if n else "–" for k in cells]}
        for label, n, cells in rows
    ]


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


def places(tally: Tally) -> View:
    """Members of the second side × themes, and the first side's members in a row of their own."""
    if len(tally.sides) < 2 or not tally.on:
        return {"drawn": False}
    second, first = tally.sides[1], tally.sides[0]
    grids = []
    for position, side in ((1, second), (0, first)):
        rows = []
        highest = max((theme.members[position][m] for theme in tally.themes for m in side.members), default=0)
        for member in side.members:
            total = tally.members[position][member]
            rows.append(
                {
                    "label": show(member, limit=40),
                    "total": number(total),
                    "cells": [
                        {
                            "n": number(theme.members[position][member]),
                            "heat": _heat(theme.members[position][member], highest),
                        }
                        for theme in tally.themes
                    ],
                }
            )
        whole = tally.members[position][WHOLE_SIDE]
        if rows:
            grids.append({"label": show(side.label, limit=40), "rows": rows, "whole": number(whole) if whole else ""})
    ranked = ranked_members(tally.members[1], second.members)
    never = [show(member, limit=40) for member in second.members if not tally.members[1][member]]
    title = "No member is named in an on-topic article."
    if ranked:
        leaders = [f"{show(member, limit=40)} ({number(n)})" for member, n in ranked[:3]]
        title = f"Most named: {listing(leaders)}" + (f"; never: {listing(never)}." if never else ".")
    return {
        "drawn": bool(grids),
        "columns": [show(theme.theme.label, limit=80) for theme in tally.themes],
        "grids": grids,
        "title": title,
        "first": show(first.label, limit=40),
        "second": show(second.label, limit=40),
    }


def _heat(n: int, highest: int) -> int:
    """The tint of a cell: 0 for none, else 1 to `HEAT_STEPS` in equal steps up to the largest cell."""
    return 0 if n == 0 or highest == 0 else max(1, -(-n * HEAT_STEPS // highest))


def outlets(tally: Tally) -> View:
    """Where the on-topic articles come from."""
    ranked = sorted(tally.outlets.items(), key=lambda item: (-item[1], item[0]))
    n, known = len(tally.on), sum(tally.outlets.values())
    return {
        "rows": [
            {
                "label": show(outlet, limit=80),
                "n": number(count),
                "share": percent(count / n),
                "width": width_of(count, n),
            }
            for outlet, count in ranked[:MAX_OUTLETS]
        ],
        "more": max(0, len(ranked) - MAX_OUTLETS),
        "unknown": n - known,
    }
