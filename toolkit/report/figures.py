"""Charts: Altair described them, vl-convert draws, and the SVG is stripped to what a safe, themed, small page needs."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from toolkit.report.charts import PLOT_WIDTH, ROWS, filled

_LETTER = 6.4  # width of a digit or letter of an axis label, generously
_LABEL_GAP = 8
_DOT_ROW = 36  # pixels from one row of a dot chart to the next
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
    """Shares as dots with their intervals, one row each in the order given; each row is named above its dot."""
    highest = max(dot.high for dot in dots)
    top = next((step for step in (0.1, 0.2, 0.4, 0.6, 0.8) if highest <= step), 1.0)
    rows = [
        {"row": i, "label": dot.label, "words": dot.words, "share": dot.share, "low": dot.low, "high": dot.high}
        for i, dot in enumerate(dots)
    ]
    holes = {
        "ticks": [round(top * i / 4, 4) for i in range(5)],
        "top": top,
        "bottom": len(dots) - 0.45,
        "height": _DOT_ROW * len(dots),
    }
    return _drawn("share_dots", holes, rows, label=label)


def share_panels(
    series: Sequence[Series], ticks: Sequence[str], *, highest: float, solid: Sequence[bool]
) -> list[Markup]:
    """Small multiples on one scale: line, 95% band, gaps as gaps, hollow points where a bucket is not `solid`.

    Below each line stand the counts as bars, on one scale too, hollow where a bucket is not solid. The panels differ in
    their rows alone, so Vega-Lite is compiled once.
    """
    import vl_convert

    most = max((n for one in series for n in one.counts), default=0)
    holes = _of_buckets(ticks, counts=[most], highest=most) | {"half": highest / 2, "highest": highest}
    panel = vl_convert.vegalite_to_vega(filled("share_panel", holes))
    panels = []
    for one in series:
        rows = _panel_rows(one, highest=highest, solid=solid, with_dots=len(ticks) <= MAX_DOTTED)
        panels.append(_drawn_vega(panel, rows, label=one.label))
    return panels


def _panel_rows(one: Series, *, highest: float, solid: Sequence[bool], with_dots: bool) -> list[dict[str, Any]]:
    """What one panel draws in each bucket."""
    runs = _runs(one.shares)
    alone = Counter(run for _, run, _ in runs)
    drawn = {i: (run, item) for i, run, item in runs}
    rows = []
    for i, n in enumerate(one.counts):
        row: dict[str, Any] = {"i": i, "n": n, "solid": solid[i]}
        if i in drawn:
            run, (share, low, high) = drawn[i]
            row |= {"share": min(share, highest), "low": min(low, highest), "high": min(high, highest), "run": run}
            row["dot"] = solid[i] and (with_dots or alone[run] == 1)  # between two gaps there is no line to show it
        rows.append(row)
    return rows


def count_panel(counts: Sequence[int], ticks: Sequence[str], *, solid: Sequence[bool], label: str) -> Markup:
    """How many on-topic articles each bucket holds, hollow where it is not `solid`: the ground under the shares."""
    highest = max(counts)
    shown = [0, highest] if highest < 4 else [0, highest // 2, highest]
    rows = [{"i": i, "n": n, "solid": solid[i]} for i, n in enumerate(counts)]
    return _drawn("count_panel", _of_buckets(ticks, counts=shown, highest=highest), rows, label=label)


def _of_buckets(ticks: Sequence[str], *, counts: Sequence[int], highest: int) -> dict[str, Any]:
    """What charts of buckets share: as many of `ticks` named as there is room for, bars on an axis up to `highest`."""
    return {
        "end": max(1, len(ticks) - 1) + 0.5,
        "named": thinned(ticks, width=PLOT_WIDTH),
        "names": f"{json.dumps(list(ticks))}[datum.value]",
        "counts": list(counts),
        "most": max(1, highest),
        "size": max(2.0, min(22.0, PLOT_WIDTH / (len(ticks) + 1) * 0.72)),
    }


def score_histogram(counts: Sequence[int], *, off_below: float | None, on_from: float | None, label: str) -> Markup:
    """Articles by relevance score in equal bins of [0, 1], with the two thresholds."""
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
    limits = [{"x": limit} for limit in (off_below, on_from) if limit is not None]
    return _drawn("score_histogram", {"limits": limits}, rows, label=label)


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


def _drawn(name: str, holes: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], *, label: str) -> Markup:
    import vl_convert

    return _drawn_vega(vl_convert.vegalite_to_vega(filled(name, holes)), rows, label=label)


def _drawn_vega(vega: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], *, label: str) -> Markup:
    import vl_convert

    data = [item | {"values": rows} if item["name"] == ROWS else item for item in vega["data"]]
    return tidy(vl_convert.vega_to_svg(dict(vega) | {"data": data}, allowed_base_urls=[]), label=label)


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
