"""What was set aside and why: cut text by role, off-topic and unsure articles, quarantine, near-duplicates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from toolkit.report import figures
from toolkit.report.evidence import Evidence, listed
from toolkit.report.rows import Article, number_of, text_of
from toolkit.report.sections import View
from toolkit.report.tally import Tally
from toolkit.report.wording import ROLE_LABELS, VERDICT_LABELS, counted, listing, number, show, words

MAX_LISTED = 20  # rows of the lists of what was set aside
MAX_QUARANTINE = 50
MAX_REASONS = 4  # for and as many against, of an article near the line
MAX_GROUPS = 15  # groups of near-duplicates


def set_aside(tally: Tally, evidence: Evidence) -> View:
    """What was set aside and why: cut text by role, off-topic and unsure articles, quarantine, near-duplicates."""
    thresholds = tally.run.get("thresholds")
    limits = thresholds if isinstance(thresholds, Mapping) else {}
    off = _by_score(tally, "off", descending=True)
    unsure = _by_score(tally, "unsure", descending=True)
    on = _by_score(tally, "on", descending=False)
    scored = [article.relevance for article in tally.articles if article.relevance is not None]
    groups: dict[str, list[Article]] = {}
    for article in tally.articles:
        if article.duplicate_of:
            groups.setdefault(article.duplicate_of, []).append(article)
    first = {article.document_id: article for article in tally.articles}
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    return {
        "roles": [
            {
                "label": ROLE_LABELS.get(role.role, words(role.role)),
                "segments": number(role.extent.n_segments),
                "characters": number(role.extent.n_characters),
                "reasons": listing([f"{show(cue, limit=80)} ({number(n)})" for cue, n in role.reasons], limit=5),
                "examples": [evidence.quote(example, limit=160) for example in role.examples],
            }
            for role in tally.cut
        ],
        "histogram": _histogram(scored, limits, tally)
        if len(scored) >= 30 and not tally.run.get("no_relevance")
        else None,
        "off_below": _threshold(limits, "off_below"),
        "on_from": _threshold(limits, "on_from"),
        "near": [_near_the_line(article, evidence, tally) for article in off[:MAX_LISTED]],
        "n_off": len(off),
        "explained": bool(tally.explanations),
        "lowest_on": [_near_the_line(article, evidence, tally) for article in on[: MAX_LISTED // 2]],
        "unsure": [_near_the_line(article, evidence, tally) for article in unsure[:MAX_LISTED]],
        "n_unsure": len(unsure),
        "quarantine": [
            {
                "file": show(text_of(row, "file"), limit=120) or "–",
                "row": "" if number_of(row, "row") is None else number(number_of(row, "row") or 0),
                "document_id": show(text_of(row, "document_id"), limit=80),
                "reason": words(text_of(row, "reason")),
                "detail": show(text_of(row, "detail"), limit=240),
            }
            for row in tally.quarantine[:MAX_QUARANTINE]
        ],
        "n_quarantined": max(len(tally.quarantine), tally.n_quarantined),
        "more_quarantined": max(0, len(tally.quarantine) - MAX_QUARANTINE),
        "n_repeats": tally.n_repeats,
        "groups": [
            {
                "kept": evidence.source(first[document_id]) if document_id in first else {"title": show(document_id)},
                "copies": [evidence.source(article) for article in copies[:6]],
                "more": max(0, len(copies) - 6),
            }
            for document_id, copies in ordered[:MAX_GROUPS]
        ],
        "n_groups": len(groups),
        "n_duplicates": tally.n_duplicates,
        "more_groups": max(0, len(groups) - MAX_GROUPS),
    }


def _threshold(limits: Mapping[Any, Any], key: str) -> str:
    found = number_of(limits, key)
    return "" if found is None else f"{found:.2f}"


def _histogram(scores: Sequence[float], limits: Mapping[Any, Any], tally: Tally) -> Markup:
    counts = [0] * 20
    for score in scores:
        counts[min(19, max(0, int(score * 20)))] += 1
    parts = [f"{counted(tally.verdicts[key], 'article')} {VERDICT_LABELS[key]}" for key in ("on", "unsure", "off")]
    return figures.score_histogram(
        counts,
        off_below=number_of(limits, "off_below"),
        on_from=number_of(limits, "on_from"),
        label=f"Articles by relevance score: {listing(parts)}.",
    )


def _by_score(tally: Tally, verdict: str, *, descending: bool) -> list[Article]:
    found = [article for article in tally.articles if article.on_topic == verdict]
    sign = -1 if descending else 1
    return sorted(found, key=lambda article: (sign * (article.relevance or 0.0), article.document_id))


def _near_the_line(article: Article, evidence: Evidence, tally: Tally) -> View:
    """A listed article with what spoke for and against it, where the run explained it."""
    reasons = tally.explanations.get(article.document_id, ())
    for_it = [_reason(name, value) for name, value in reasons if value > 0][:MAX_REASONS]
    against = [_reason(name, value) for name, value in reasons if value < 0][:MAX_REASONS]
    return {**listed(article, evidence), "for_it": "; ".join(for_it), "against": "; ".join(against)}


def _reason(name: str, value: float) -> str:
    return f"{show(name, limit=100)} {'+' if value > 0 else '−'}{abs(value):.1f}"
