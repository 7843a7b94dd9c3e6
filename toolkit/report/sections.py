"""The themes at a glance, and the outlets: counted numbers made ready to print. The templates only lay them out."""

from __future__ import annotations

from typing import Any

from toolkit.report import figures
from toolkit.report.findings import changes, ranked_members, wilson
from toolkit.report.links import Links
from toolkit.report.periods import MIN_BUCKET
from toolkit.report.sheets import Sheet
from toolkit.report.tally import Tally, ThemeTally
from toolkit.report.wording import counted, interval_words, listing, number, percent, show

View = dict[str, Any]

MAX_OUTLETS = 12
MIN_CHARTED = 5  # on-topic articles below which the shares are not drawn: every interval is then half the axis


def width_of(part: float, whole: float) -> str:
    """A share as a length on a scale of 0 to 100."""
    return f"{100 * min(1.0, part / whole):.1f}" if whole else "0"


def theme_table(tally: Tally, links: Links) -> View:
    """All themes of the config, 0 as 0, with a chart of their shares."""
    n = len(tally.on)
    moved = changes(tally)
    rows = []
    for i, theme in enumerate(tally.themes):
        low, high = wilson(theme.n_articles, n) if n else (0.0, 0.0)
        change = moved.get(theme.theme.id)
        rows.append(
            {
                "anchor": f"theme-{i + 1}",
                "label": show(theme.theme.label, limit=80),
                "articles": number(theme.n_articles),
                "href": links.articles(("theme", theme.theme.id)) if theme.n_articles else "",
                "empty": theme.n_articles == 0,
                "share": percent(theme.n_articles / n) if n else "–",
                "interval": interval_words(low, high) if n else "",
                "spark": _spark(theme, tally),
                "change": change.words if change and change.clear else "",
                "outlets": number(len(theme.outlets)),
                "members": top_members(theme, tally),
            }
        )
    return {
        "rows": rows,
        "n": n,
        "title": _title(tally),
        "chart": _chart(tally) if n >= MIN_CHARTED else None,
        "sparks": tally.timeline.drawn,
        "members": len(tally.sides) > 1,
        "outlets": bool(tally.outlets),
        "sheets": ("themes",),
    }


def _title(tally: Tally) -> str:
    """The finding of the chart, in a sentence."""
    n, carried = len(tally.on), [theme for theme in tally.themes if theme.n_articles]
    if not carried:
        return "No on-topic article carries one of the themes."
    labels = [show(theme.theme.label, limit=80) for theme in carried]
    first = carried[0]
    title = f"{labels[0]} leads with {number(first.n_articles)} of {counted(n, 'on-topic article')}"
    low = wilson(first.n_articles, n)[0]
    level = [
        label
        for label, theme in zip(labels[1:], carried[1:], strict=True)
        if wilson(theme.n_articles, n)[1] >= low or theme.n_articles == first.n_articles
    ]
    if level:
        return f"{title}, too close to call with {listing(level, limit=3)}."
    return f"{title}, clear of all others." if len(carried) > 1 else f"{title}; no other theme occurs."


def _chart(tally: Tally) -> Any:
    n = len(tally.on)
    dots, said = [], []
    for theme in tally.themes:
        low, high = wilson(theme.n_articles, n)
        share, interval = percent(theme.n_articles / n), interval_words(low, high)
        label = show(theme.theme.label, limit=40)
        dots.append(figures.Dot(label, f"{share} ({interval})", theme.n_articles / n, low, high))
        said.append(f"{label} {share} ({interval})")
    return figures.share_dots(dots, label=f"Share of on-topic articles by theme, with 95% intervals: {listing(said)}.")


def top_members(theme: ThemeTally, tally: Tally, limit: int = 3) -> str:
    """The members of the second side that the theme's articles name most, with counts."""
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


def outlets(tally: Tally, links: Links) -> View:
    """Where the on-topic articles come from."""
    ranked = ranked_outlets(tally)
    n, known = len(tally.on), sum(tally.outlets.values())
    title = ""
    if ranked:
        first, count = ranked[0]
        title = f"{show(first, limit=80)} supplies {number(count)} of {counted(n, 'on-topic article')}"
        title += f" ({percent(count / n)}), the most of {counted(len(ranked), 'outlet')}." if len(ranked) > 1 else "."
    return {
        "title": title,
        "rows": [
            {
                "label": show(outlet, limit=80),
                "n": number(count),
                "href": links.articles(("outlet", outlet)),
                "share": percent(count / n),
                "width": width_of(count, n),
            }
            for outlet, count in ranked[:MAX_OUTLETS]
        ],
        "more": max(0, len(ranked) - MAX_OUTLETS),
        "unknown": n - known,
        "sheets": ("outlets",),
    }


def ranked_outlets(tally: Tally) -> list[tuple[str, int]]:
    """The outlets of the on-topic articles, largest first."""
    return sorted(tally.outlets.items(), key=lambda item: (-item[1], item[0]))


def theme_sheets(tally: Tally) -> list[Sheet]:
    """Every theme and every outlet with its share and interval, and how themes changed between the halves."""
    n, moved = len(tally.on), changes(tally)
    themes = []
    for theme in tally.themes:
        change = moved.get(theme.theme.id)
        halves = (*change.before, *change.after, change.clear) if change else (None,) * 5
        interval = _share(theme.n_articles, n)
        mean, n_outlets = round(theme.mean_score, 6), len(theme.outlets)
        themes.append((theme.theme.id, theme.theme.label, theme.n_articles, n, *interval, mean, n_outlets, *halves))
    columns = ("theme", "label", "articles", "of_articles", "share", "low", "high", "mean_score", "outlets")
    compared = ("first_half", "of_first_half", "second_half", "of_second_half", "clear_change")
    outlet_rows = [(outlet, count, n, *_share(count, n)) for outlet, count in ranked_outlets(tally)]
    return [
        Sheet("themes", (*columns, *compared), themes),
        Sheet("outlets", ("outlet", "articles", "of_articles", "share", "low", "high"), outlet_rows),
    ]


def _share(count: int, n: int) -> tuple[float | None, float | None, float | None]:
    if not n:
        return None, None, None
    low, high = wilson(count, n)
    return round(count / n, 6), round(low, 6), round(high, 6)
