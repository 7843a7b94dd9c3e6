"""Charts: Altair describes, vl-convert draws, and the SVG is stripped to what a safe, themed, small page needs."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

_FONT_SIZE = 11
_WIDTH = 300
_PLOT_WIDTH = _WIDTH - 38
_LETTER = 6.4  # width of a digit or letter of an axis label, generously
_LABEL_GAP = 8
_DOTS_WIDTH = 420
_DOT_ROW = 36  # pixels from one row of a dot chart to the next
_TEXT_SIZE = 13  # of words inside a wide chart: on a phone it is drawn at three quarters
_LARGEST_PAD = 1.2  # buckets of empty axis beside the points, both ends together
BIN_GAP = 0.003  # between the bars of the histogram, as part of the axis
MAX_DOTTED = 14  # buckets up to which every point gets a dot; beyond, dots hide the line
_KEPT_ATTRIBUTES = frozenset(
    "d x y x1 x2 y1 y2 r cx cy width height transform fill stroke stroke-width stroke-dasharray stroke-opacity "
    "fill-opacity opacity text-anchor font-size font-weight stroke-linejoin stroke-linecap".split()
)
_DECIMAL = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
_MOVED = re.compile(r"translate\((-?[\d.]+),(-?[\d.]+)\)")
_DOT = re.compile(r"M([\d.]+),0A\1,\1,0,1,1,-\1,0A\1,\1,0,1,1,\1,0")  # a circle, as Vega draws it
_EXACT = frozenset({"opacity", "fill-opacity", "stroke-opacity", "stroke-width"})
_DEFAULTS = {"opacity": "1", "stroke-width": "1", "font-weight": "normal"}


@dataclass(frozen=True, slots=True)
class Series:
    """One panel of small multiples: (share, low, high) per bucket, None for a gap, and the counts.

    `label` is its text alternative.
    """

    shares: tuple[tuple[float, float, float] | None, ...]
    counts: tuple[int, ...]
    label: str


@dataclass(frozen=True, slots=True)
class Dot:
    """One row of a dot-and-interval chart: a share with its interval, and what is written beside it."""

    label: str
    words: str
    share: float
    low: float
    high: float


def share_dots(dots: Sequence[Dot], *, label: str) -> Markup:
    """Shares as dots with their intervals, one row each in the order given; each row is named above its dot.

    The names stand above and not beside the dots so that they can be read on a phone.
    """
    import altair as alt

    highest = max(dot.high for dot in dots)
    top = next((step for step in (0.1, 0.2, 0.4, 0.6, 0.8) if highest <= step), 1.0)
    rows = [
        {"row": i, "label": dot.label, "words": dot.words, "share": dot.share, "low": dot.low, "high": dot.high}
        for i, dot in enumerate(dots)
    ]
    ticks = [round(top * i / 4, 4) for i in range(5)]
    axis = alt.Axis(format=".1~%", title=None, values=ticks, domain=False, ticks=False, labelPadding=5)
    x = alt.X("share:Q", axis=axis, scale=alt.Scale(domain=[0, top], nice=False))
    y = alt.Y("row:Q", axis=None, scale=alt.Scale(domain=[len(dots) - 0.45, -0.75], nice=False))
    base = alt.Chart(alt.InlineData(values=rows)).encode(y=y)
    rule = base.mark_rule(color="var(--bar)", strokeWidth=3).encode(
        x=alt.X("low:Q", axis=axis, scale=alt.Scale(domain=[0, top], nice=False)), x2="high:Q"
    )
    dot = base.mark_circle(color="var(--accent)", size=75, opacity=1).encode(x=x)
    text = {"baseline": "alphabetic", "dy": -9, "fontSize": _TEXT_SIZE, "color": "var(--ink)"}
    names = base.mark_text(align="left", **text).encode(x=alt.value(0), text="label:N")
    words = base.mark_text(align="right", **text).encode(x=alt.value(_DOTS_WIDTH), text="words:N")
    chart = alt.layer(rule, dot, names, words).properties(width=_DOTS_WIDTH, height=_DOT_ROW * len(dots))
    return _draw(_spec(chart, size=_TEXT_SIZE - 1), label=label)


def share_panels(
    series: Sequence[Series], ticks: Sequence[str], *, highest: float, solid: Sequence[bool]
) -> list[Markup]:
    """Small multiples on one scale: line, 95% band, gaps as gaps, hollow points where a bucket is not `solid`.

    Below each line stand the counts as bars, on one scale too, hollow where a bucket is not solid. Altair describes
    the panel once; the panels differ in their rows alone.
    """
    import altair as alt

    dots = len(ticks) <= MAX_DOTTED
    scale = alt.Scale(domain=[-0.5, max(1, len(ticks) - 1) + 0.5], nice=False, padding=0)  # bars ask for padding
    x = alt.X("i:Q", axis=None, scale=scale)
    y_axis = alt.Axis(
        format=".0%",
        title=None,
        values=[0, highest / 2, highest],
        domain=False,
        ticks=False,
        labelPadding=4,
        labelOverlap=False,
    )
    y = alt.Y("share:Q", axis=y_axis, scale=alt.Scale(domain=[0, highest], nice=False))
    base = alt.Chart().transform_filter("isValid(datum.share)").encode(x=x)
    band = base.mark_area(color="var(--accent)", opacity=0.16).encode(y=alt.Y("low:Q"), y2="high:Q", detail="run:N")
    line = base.mark_line(color="var(--accent)", strokeWidth=1.8).encode(y=y, detail="run:N")
    full = base.transform_filter("datum.dot").mark_circle(color="var(--accent)", size=22, opacity=1).encode(y=y)
    hollow = (
        base.transform_filter("!datum.solid")
        .mark_point(stroke="var(--accent)", fill="var(--paper)", size=26, opacity=1, strokeWidth=1.4)
        .encode(y=y)
    )
    above = alt.layer(band, line, full, hollow).properties(width=_PLOT_WIDTH, height=84)
    most = max((n for one in series for n in one.counts), default=0)
    below = _count_bars(alt, alt.Undefined, ticks, scale=scale, values=[most], highest=most, n=len(ticks))
    below = below.properties(width=_PLOT_WIDTH, height=26)
    both = alt.vconcat(above, below, data=alt.InlineData(values=[{"i": 0}]), spacing=14, bounds="flush")
    spec = _spec(both)
    panels = []
    for one in series:
        runs = _runs(one.shares)
        alone = Counter(run for _, run, _ in runs)
        drawn = {i: (run, item) for i, run, item in runs}
        rows = []
        for i, n in enumerate(one.counts):
            row: dict[str, Any] = {"i": i, "n": n, "solid": solid[i]}
            if i in drawn:
                run, (share, low, high) = drawn[i]
                row |= {"share": min(share, highest), "low": min(low, highest), "high": min(high, highest), "run": run}
                row["dot"] = solid[i] and (dots or alone[run] == 1)  # between two gaps there is no line to show it
            rows.append(row)
        panels.append(_draw(spec | {"data": {"values": rows}}, label=one.label))
    return panels


def count_panel(counts: Sequence[int], ticks: Sequence[str], *, solid: Sequence[bool], label: str) -> Markup:
    """How many on-topic articles each bucket holds: the ground under the shares."""
    import altair as alt

    highest = max(counts)
    rows = [{"i": i, "n": n, "solid": solid[i]} for i, n in enumerate(counts)]
    scale = alt.Scale(domain=[-0.5, max(1, len(ticks) - 1) + 0.5], nice=False, padding=0)  # bars ask for padding
    values = [0, highest] if highest < 4 else [0, highest // 2, highest]
    data = alt.InlineData(values=rows)
    bars = _count_bars(alt, data, ticks, scale=scale, values=values, highest=highest, n=len(counts))
    return _draw(_spec(bars.properties(width=_PLOT_WIDTH, height=120)), label=label)


def _count_bars(
    alt: Any, data: Any, ticks: Sequence[str], *, scale: Any, values: Sequence[int], highest: int, n: int
) -> Any:
    """Bars of `n`, hollow where a row is not `solid`, over the axis that names the buckets."""
    y_axis = alt.Axis(format=",d", title=None, values=list(values), domain=False, ticks=False, labelPadding=4)
    y = alt.Y("n:Q", axis=y_axis, scale=alt.Scale(domain=[0, max(1, highest)], nice=False))
    size = max(2.0, min(22.0, _PLOT_WIDTH / (n + 1) * 0.72))
    base = alt.Chart().encode(x=alt.X("i:Q", axis=_ticks(alt, ticks), scale=scale), y=y)
    full = base.transform_filter("datum.solid && datum.n > 0").mark_bar(color="var(--quiet)", size=size)
    hollow = base.transform_filter("!datum.solid && datum.n > 0").mark_bar(
        stroke="var(--quiet)", fill="var(--paper)", size=size, strokeWidth=1.2
    )
    return alt.layer(full, hollow, data=data)


def score_histogram(counts: Sequence[int], *, off_below: float | None, on_from: float | None, label: str) -> Markup:
    """Articles by relevance score in equal bins of [0, 1], with the two thresholds."""
    import altair as alt

    width = 1 / len(counts)
    rows = [
        {
            "low": i * width + BIN_GAP,
            "high": (i + 1) * width,
            "n": n,
            "kind": _kind((i + 0.5) * width, off_below, on_from),
        }
        for i, n in enumerate(counts)
    ]
    colour = alt.Color(
        "kind:N",
        legend=None,
        scale=alt.Scale(domain=["on", "unsure", "off"], range=["var(--accent)", "var(--amber)", "var(--faint)"]),
    )
    axis = alt.Axis(
        values=[0, 0.2, 0.4, 0.6, 0.8, 1], title="relevance score of the article", grid=False, domainColor="var(--rule)"
    )
    x = alt.X("low:Q", axis=axis, scale=alt.Scale(domain=[0, 1], nice=False))
    y = alt.Y(
        "n:Q",
        scale=alt.Scale(zero=True),
        axis=alt.Axis(format=",d", title=None, tickCount=4, domain=False, ticks=False, tickMinStep=1),
    )
    bars = (
        alt.Chart(alt.InlineData(values=rows)).mark_rect().encode(x=x, x2="high:Q", y=y, y2=alt.datum(0), color=colour)
    )
    limits = [{"x": limit} for limit in (off_below, on_from) if limit is not None]
    rules = alt.Chart(alt.InlineData(values=limits)).mark_rule(color="var(--ink)", strokeDash=[3, 3]).encode(x="x:Q")
    return _draw(_spec((bars + rules).properties(width=400, height=150)), label=label)


def _kind(middle: float, off_below: float | None, on_from: float | None) -> str:
    if on_from is not None and middle >= on_from:
        return "on"
    return "off" if off_below is None or middle < off_below else "unsure"


def _runs(
    shares: Sequence[tuple[float, float, float] | None],
) -> list[tuple[int, int, tuple[float, float, float]]]:
    """(position, number of the unbroken run it belongs to, values): a gap starts a new run and so a new line."""
    found, run = [], 0
    for i, item in enumerate(shares):
        if item is None:
            run += 1
        else:
            found.append((i, run, item))
    return found


def thinned(labels: Sequence[str], *, width: float) -> list[int]:
    """Positions to label on an axis `width` wide: the first, the last, and even steps between, none overlapping."""
    last = len(labels) - 1
    if last < 1:
        return list(range(len(labels)))
    apart = width * last / (last + _LARGEST_PAD)  # between the first and the last tick
    room = 1 + max(1, int(apart / (max(map(len, labels)) * _LETTER + _LABEL_GAP)))
    step = next((step for step in range(1, last + 1) if last % step == 0 and last // step < room), last)
    if last // step + 1 <= room / 2:  # no even step fits well: leave the last gap uneven
        step = -(-last // (room - 1))
    shown = list(range(0, last + 1, step))
    if shown[-1] != last:
        shown = [*(i for i in shown if last - i >= step), last]
    return shown


def _ticks(alt: Any, ticks: Sequence[str]) -> Any:
    """An axis that writes `ticks[i]` under position i, as many as there is room for."""
    return alt.Axis(
        values=thinned(ticks, width=_PLOT_WIDTH),
        labelExpr=f"{json.dumps(list(ticks))}[datum.value]",
        title=None,
        grid=False,
        domainColor="var(--rule)",
        tickColor="var(--rule)",
        tickSize=4,
        labelFlush=False,  # a label stands under its point
    )


def _spec(chart: Any, *, size: int = _FONT_SIZE) -> dict[str, Any]:
    """The Vega-Lite description of a chart in the page's own colours."""
    configured = (
        chart.configure(background="transparent", padding=4)  # first: it replaces what was configured before
        .configure_view(stroke=None)
        .configure_axis(
            gridColor="var(--rule)",
            labelColor="var(--quiet-ink)",
            titleColor="var(--quiet-ink)",
            labelFontSize=size,
            titleFontSize=size,
            titleFontWeight="normal",
        )
    )
    spec: dict[str, Any] = configured.to_dict(validate=False)  # our own few charts; checking costs 0.3 s
    return spec


def _draw(spec: dict[str, Any], *, label: str) -> Markup:
    import vl_convert

    return tidy(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]), label=label)


def tidy(svg: str, *, label: str) -> Markup:
    """The drawing alone: no ids, no styles, no fonts, no scripts, no roles inside; one label for all of it.

    What is left are shapes and texts with presentation attributes, rebuilt element by element from an allow-list.
    """
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    root = etree.fromstring(svg.encode(), parser)
    width, height = (float(root.get(side) or 0) for side in ("width", "height"))
    inside = _rebuilt_all(root)
    opening = Markup('<svg class="chart" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img" aria-label="{2}">')
    return opening.format(f"{width:g}", f"{height:g}", label) + Markup(inside + "</svg>")  # noqa: S704 - rebuilt here


def _rebuilt_all(parent: Any) -> str:
    """The children of an element; neighbours that look alike become one path, for every element costs a reader."""
    written: list[str] = []
    run: tuple[str, list[str]] | None = None
    for child in parent:
        shape = _shape(child)
        if shape is None:
            rebuilt = _rebuilt(child)
            if rebuilt:
                written.append(rebuilt)
                run = None
        elif run is not None and run[0] == shape[0]:
            run[1].append(shape[1])
            written[-1] = _path(*run)
        else:
            run = (shape[0], [shape[1]])
            written.append(_path(*run))
    return "".join(written)


def _path(look: str, shapes: Sequence[str]) -> str:
    return f'<path d="{"".join(shapes)}"{look}/>'


def _shape(element: Any) -> tuple[str, str] | None:
    """(how it looks, its path) of a line, a dot or an unmoved path; None for anything else."""
    tag = str(element.tag).rpartition("}")[2]
    attributes = _attributes(element)
    moved = _MOVED.fullmatch(attributes.pop("transform", "translate(0,0)"))
    if moved is None or element.get("display") == "none":
        return None
    x, y = moved.groups()
    if tag == "line" and "x2" in attributes and "y2" in attributes:
        path = f"M{x},{y}l{attributes.pop('x2')},{attributes.pop('y2')}"
    elif tag == "path" and (dot := _DOT.fullmatch(attributes.get("d", ""))):
        radius = float(dot[1])
        del attributes["d"]
        across = f"{radius:g},{radius:g},0,1,1,"
        path = f"M{round(float(x) + radius, 1):g},{y}a{across}{-2 * radius:g},0a{across}{2 * radius:g},0"
    elif tag == "path" and attributes.get("d") and (x, y) == ("0", "0") and "background" not in _kinds(element):
        path = attributes.pop("d")
    else:
        return None
    return _written(attributes), path


def _kinds(element: Any) -> list[str]:
    return (element.get("class") or "").split()


def _attributes(element: Any) -> dict[str, str]:
    """What is kept of an element's attributes, rounded; what says nothing is left out."""
    attributes = {
        name: value if name in _EXACT else _rounded(value)
        for name, value in element.attrib.items()
        if name in _KEPT_ATTRIBUTES and _DEFAULTS.get(name) != value
    }
    if attributes.get("transform") in ("translate(0,0)", "translate(0.5,0.5)"):
        del attributes["transform"]
    return attributes


def _written(attributes: Mapping[str, str]) -> str:
    return "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())


def _rebuilt(element: Any) -> str:
    tag = str(element.tag).rpartition("}")[2]
    if tag not in ("g", "path", "rect", "line", "text", "circle") or element.get("display") == "none":
        return ""
    if tag == "path" and ("background" in _kinds(element) or not element.get("d")):
        return ""
    if tag == "rect" and element.get("fill") in ("transparent", "white"):
        return ""
    attributes = _attributes(element)
    inside = str(escape(element.text or "")) + _rebuilt_all(element)
    if tag == "g" and (not attributes or not inside):
        return inside
    if tag == "text" and not inside:
        return ""
    return f"<{tag}{_written(attributes)}>{inside}</{tag}>" if inside else f"<{tag}{_written(attributes)}/>"


def _rounded(value: str) -> str:
    """Numbers to one decimal: a tenth of a pixel is not seen, and bytes then hang less on the last bit of a float."""
    return _DECIMAL.sub(lambda found: f"{round(float(found.group()), 1):g}", value)
