"""Reasons in words and numbers for one judged article: why it was cut so, why on or off, why its themes.

Every explanation is exact: its contributions add up to the logit behind the stored score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from toolkit.data import Explanation
from toolkit.relevance.explain import explain_relevance
from toolkit.segment.explain import explain_cut
from toolkit.themes.explain import explain_themes

if TYPE_CHECKING:
    from toolkit.model import Model
    from toolkit.pipeline import Judged
    from toolkit.segment import SecondOpinion

MAX_REASONS = 4  # for and as many against, where reasons are written out
MIN_SHOWN = 0.05  # a smaller contribution would be written as 0.0
MAX_THEMES = 4  # of an article: those it comes nearest to


@dataclass(frozen=True, slots=True)
class SegmentReasons:
    """Why a segment was kept or cut (None where the line model did not cut it), on or off, and its themes."""

    cut: Explanation | None
    relevance: Explanation | None
    themes: tuple[Explanation, ...]


@dataclass(frozen=True, slots=True)
class ArticleReasons:
    """Why an article is on or off and what speaks for its likeliest themes; row i of `segments` is segment i.

    `themes` are the `MAX_THEMES` likeliest, likeliest first, given or not.
    """

    relevance: Explanation
    themes: tuple[Explanation, ...]
    segments: tuple[SegmentReasons, ...]


def explain_article(judged: Judged, model: Model, *, second_opinion: SecondOpinion | None = None) -> ArticleReasons:
    """The reasons behind everything `toolkit.pipeline.judge` said of one article.

    `second_opinion` is the one its document was cut with. Takes several times as long as judging it.
    """
    relevance = explain_relevance(model.relevance, judged.cut, judged.mentions)
    themes = explain_themes(model.themes, judged.cut)
    try:
        cuts: Sequence[Explanation | None] = explain_cut(
            judged.cut, model.line_model, model.repeats, second_opinion=second_opinion
        )
    except ValueError:  # cut by other means than the line model alone: its segments' reasons say by which
        cuts = [None] * len(judged.cut.segments)
    likeliest = sorted(themes.document, key=lambda found: (-found.logit, found.answer))[:MAX_THEMES]
    return ArticleReasons(
        relevance.document,
        tuple(likeliest),
        tuple(SegmentReasons(*row) for row in zip(cuts, relevance.segments, themes.segments, strict=True)),
    )


def as_json(explanation: Explanation | None) -> dict[str, Any] | None:
    """The whole explanation as JSON values, contributions as `{name, value}`, rounded to 6 decimals."""
    if explanation is None:
        return None
    return {
        "answer": explanation.answer,
        "logit": round(explanation.logit, 6),
        "contributions": [{"name": part.name, "value": round(part.value, 6)} for part in explanation.contributions],
        "note": explanation.note,
    }


def explanation_rows(reasons: ArticleReasons) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The article's reasons, and each segment's, as JSON values."""
    article = {"relevance": as_json(reasons.relevance), "themes": [as_json(found) for found in reasons.themes]}
    segments = [
        {
            "cut": as_json(found.cut),
            "relevance": as_json(found.relevance),
            "themes": [as_json(theme) for theme in found.themes],
        }
        for found in reasons.segments
    ]
    return article, segments


def in_words(explanation: dict[str, Any], *, n: int = MAX_REASONS) -> str:
    """The `n` strongest reasons for and against of an explanation's JSON values, in a line.

    Examples
    --------
    >>> parts = [{"name": "both sides in the title", "value": 1.25}, {"name": "“cup”", "value": -0.5}]
    >>> in_words({"answer": "on", "logit": 0.75, "contributions": parts, "note": None})
    'on +0.8: both sides in the title +1.2; against: “cup” −0.5'
    """
    parts = [(str(part["name"]), float(part["value"])) for part in explanation["contributions"]]
    text = f"{explanation['answer']} {signed(explanation['logit'])}"
    sides = []
    for prefix, sign in (("", 1), ("against: ", -1)):
        shown = [f"{name} {signed(value)}" for name, value in parts if value * sign >= MIN_SHOWN][:n]
        if shown:
            sides.append(prefix + "; ".join(shown))
    text = f"{text}: {'; '.join(sides)}" if sides else text
    return f"{text} ({explanation['note']})" if explanation["note"] else text


def signed(value: float) -> str:
    """The number with its sign, one decimal."""
    return f"{'−' if value < 0 else '+'}{abs(value):.1f}"
