"""Charts of the training report: small, static, in the page's own colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from toolkit.report.figures import tidy

_WIDTH, _HEIGHT = 400, 170


def curves(
    lines: Sequence[tuple[str, Sequence[tuple[float, float]]]],
    *,
    x_title: str,
    x_domain: tuple[float, float],
    rules: Sequence[float] = (),
    diagonal: bool = False,
    points: bool = False,
    zero: bool = True,
    label: str,
) -> Markup:
    """Up to two named lines over one axis, the second dashed; shares on the y axis.

    `rules` are vertical lines; with `diagonal` the line x = y is drawn; `zero`: the y axis begins at 0.
    """
    import altair as alt

    rows = [{"x": x, "y": y, "of": name} for name, found in lines for x, y in found]
    names = [name for name, _ in lines]
    lowest = 0.0 if zero else max(0.0, min((row["y"] for row in rows), default=0.0) - 0.05)  # type: ignore[operator, type-var]
    x = alt.X(
        "x:Q",
        scale=alt.Scale(domain=list(x_domain), nice=False),
        axis=alt.Axis(title=x_title, grid=False, domainColor="var(--rule)", tickCount=6, format=",~r"),
    )
    y = alt.Y(
        "y:Q",
        scale=alt.Scale(domain=[lowest, 1], nice=False),
        axis=alt.Axis(title=None, format=".0%", tickCount=5, domain=False, ticks=False),
    )
    dash = alt.StrokeDash("of:N", legend=None, scale=alt.Scale(domain=names, range=[[1, 0], [5, 3]][: len(names)]))
    base = alt.Chart(alt.InlineData(values=rows))
    layers: list[Any] = [
        base.mark_line(color="var(--accent)", strokeWidth=1.8).encode(x=x, y=y, strokeDash=dash, detail="of:N")
    ]
    if points:
        layers.append(base.mark_circle(color="var(--accent)", size=30, opacity=1).encode(x=x, y=y))
    ends = [found[-1] for _, found in lines if found]
    if len(names) > 1:
        named = [{"x": end[0], "y": end[1], "of": name} for end, name in zip(ends, names, strict=False)]
        layers.append(
            alt.Chart(alt.InlineData(values=named))
            .mark_text(align="right", dy=-8, color="var(--ink)", fontSize=11)
            .encode(x=x, y=y, text="of:N")
        )
    if rules:
        values = [{"x": rule} for rule in rules]
        layers.append(
            alt.Chart(alt.InlineData(values=values)).mark_rule(color="var(--ink)", strokeDash=[3, 3]).encode(x=x)
        )
    if diagonal:
        values = [{"x": 0, "y": 0}, {"x": 1, "y": 1}]
        layers.append(
            alt.Chart(alt.InlineData(values=values)).mark_line(color="var(--quiet)", strokeDash=[2, 3]).encode(x=x, y=y)
        )
    return _drawn(alt.layer(*layers).properties(width=_WIDTH, height=_HEIGHT), label=label)


def _drawn(chart: Any, *, label: str) -> Markup:
    import vl_convert

    configured = (
        chart.configure(background="transparent", padding=4)
        .configure_view(stroke=None)
        .configure_axis(
            gridColor="var(--rule)",
            tickColor="var(--rule)",
            labelColor="var(--quiet-ink)",
            titleColor="var(--quiet-ink)",
            labelFontSize=11,
            titleFontSize=11,
            titleFontWeight="normal",
        )
    )
    return tidy(vl_convert.vegalite_to_svg(configured.to_dict(validate=False), allowed_base_urls=[]), label=label)
