"""The report's charts as Altair describes them, with holes where the numbers of a run go.

    python -m toolkit.report.charts.describe

writes the descriptions beside this file, and `toolkit.report.figures` fills the holes: importing Altair and describing
the charts anew takes longer than counting two thousand articles. A test holds the files to what Altair says here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from toolkit.report.charts import DOTS_WIDTH, FONT_SIZE, HOLE, PLOT_WIDTH, ROWS, TEXT_SIZE


def _hole(name: str) -> Any:
    """Where `figures` puts a value."""
    return HOLE + name


def describe_charts() -> dict[str, dict[str, Any]]:
    """Each chart's Vega-Lite description by the name of its file."""
    from altair.utils.schemapi import debug_mode

    with debug_mode(False):  # it would check each part as it is made, and a hole is no number
        return {
            "share_dots": _share_dots(),
            "share_panel": _share_panel(),
            "count_panel": _count_panel(),
            "score_histogram": _score_histogram(),
        }


def _share_dots() -> dict[str, Any]:
    """Dots and intervals, each row named above its dot and not beside it, so that it can be read on a phone."""
    import altair as alt

    axis = alt.Axis(format=".1~%", title=None, values=_hole("ticks"), domain=False, ticks=False, labelPadding=5)
    scale = alt.Scale(domain=[0, _hole("top")], nice=False)
    y = alt.Y("row:Q", axis=None, scale=alt.Scale(domain=[_hole("bottom"), -0.75], nice=False))
    base = alt.Chart(alt.NamedData(name=ROWS)).encode(y=y)
    rule = base.mark_rule(color="var(--bar)", strokeWidth=3).encode(
        x=alt.X("low:Q", axis=axis, scale=scale), x2="high:Q"
    )
    dot = base.mark_circle(color="var(--accent)", size=75, opacity=1).encode(x=alt.X("share:Q", axis=axis, scale=scale))
    text = {"baseline": "alphabetic", "dy": -9, "fontSize": TEXT_SIZE, "color": "var(--ink)"}
    names = base.mark_text(align="left", **text).encode(x=alt.value(0), text="label:N")
    words = base.mark_text(align="right", **text).encode(x=alt.value(DOTS_WIDTH), text="words:N")
    return _described(alt.layer(rule, dot, names, words), width=DOTS_WIDTH, height=_hole("height"), size=TEXT_SIZE - 1)


def _share_panel() -> dict[str, Any]:
    """One panel of small multiples: line, band and points above, bars of the counts below."""
    import altair as alt

    scale = alt.Scale(domain=[-0.5, _hole("end")], nice=False, padding=0)  # bars ask for padding
    x = alt.X("i:Q", axis=None, scale=scale)
    values = [0, _hole("half"), _hole("highest")]
    y_axis = alt.Axis(
        format=".0%", title=None, values=values, domain=False, ticks=False, labelPadding=4, labelOverlap=False
    )
    y = alt.Y("share:Q", axis=y_axis, scale=alt.Scale(domain=[0, _hole("highest")], nice=False))
    base = alt.Chart().transform_filter("isValid(datum.share)").encode(x=x)
    band = base.mark_area(color="var(--accent)", opacity=0.16).encode(y=alt.Y("low:Q"), y2="high:Q", detail="run:N")
    line = base.mark_line(color="var(--accent)", strokeWidth=1.8).encode(y=y, detail="run:N")
    full = base.transform_filter("datum.dot").mark_circle(color="var(--accent)", size=22, opacity=1).encode(y=y)
    hollow = (
        base.transform_filter("!datum.solid")
        .mark_point(stroke="var(--accent)", fill="var(--paper)", size=26, opacity=1, strokeWidth=1.4)
        .encode(y=y)
    )
    above = alt.layer(band, line, full, hollow).properties(width=PLOT_WIDTH, height=84)
    below = alt.layer(*_count_bars(scale)).properties(width=PLOT_WIDTH, height=26)
    both = alt.vconcat(above, below, data=alt.NamedData(name=ROWS), spacing=14, bounds="flush")
    return _described(both)


def _count_panel() -> dict[str, Any]:
    """The bars alone."""
    import altair as alt

    scale = alt.Scale(domain=[-0.5, _hole("end")], nice=False, padding=0)
    bars = alt.layer(*_count_bars(scale), data=alt.NamedData(name=ROWS))
    return _described(bars, width=PLOT_WIDTH, height=120)


def _count_bars(scale: Any) -> tuple[Any, Any]:
    """Bars of `n`, hollow where a row is not `solid`, over the axis that names the buckets."""
    import altair as alt

    y_axis = alt.Axis(format=",d", title=None, values=_hole("counts"), domain=False, ticks=False, labelPadding=4)
    y = alt.Y("n:Q", axis=y_axis, scale=alt.Scale(domain=[0, _hole("most")], nice=False))
    x_axis = alt.Axis(
        values=_hole("named"),
        labelExpr=_hole("names"),
        title=None,
        grid=False,
        domainColor="var(--rule)",
        tickColor="var(--rule)",
        tickSize=4,
        labelFlush=False,  # a label stands under its point
    )
    base = alt.Chart().encode(x=alt.X("i:Q", axis=x_axis, scale=scale), y=y)
    size = _hole("size")
    full = base.transform_filter("datum.solid && datum.n > 0").mark_bar(color="var(--quiet)", size=size)
    hollow = base.transform_filter("!datum.solid && datum.n > 0").mark_bar(
        stroke="var(--quiet)", fill="var(--paper)", size=size, strokeWidth=1.2
    )
    return full, hollow


def _score_histogram() -> dict[str, Any]:
    """Bars over equal bins of [0, 1] in the colours of the verdicts, and the thresholds as lines."""
    import altair as alt

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
    rows, limits = alt.NamedData(name=ROWS), alt.InlineData(values=_hole("limits"))
    bars = alt.Chart(rows).mark_rect().encode(x=x, x2="high:Q", y=y, y2=alt.datum(0), color=colour)
    rules = alt.Chart(limits).mark_rule(color="var(--ink)", strokeDash=[3, 3]).encode(x="x:Q")
    return _described(bars + rules, width=400, height=150)


def _described(chart: Any, *, width: float | None = None, height: Any = None, size: int = FONT_SIZE) -> dict[str, Any]:
    """The Vega-Lite description of a chart in the page's own colours."""
    import altair as alt

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
    with alt.data_transformers.enable(consolidate_datasets=False):
        spec: dict[str, Any] = configured.to_dict(validate=False)
    return spec if width is None else spec | {"width": width, "height": height}


def main() -> None:
    """Write the descriptions."""
    for name, spec in describe_charts().items():
        content = json.dumps(spec, indent=1, sort_keys=True) + "\n"
        Path(__file__).with_name(f"{name}.json").write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
