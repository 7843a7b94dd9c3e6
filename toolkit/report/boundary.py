"""The boundary: where the line between on and off was drawn, what lies near it, and rejects drawn to be audited."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote as percent_encoded

from markupsafe import Markup

from toolkit.data import KEPT_ROLES, Results
from toolkit.report import figures
from toolkit.report.evidence import Evidence, listed
from toolkit.report.findings import wilson
from toolkit.report.measured import line_words, not_measured, read_measured
from toolkit.report.quotes import PROSE, QUOTED_ROLES, Candidate, shorten, tier_of, tokens_of
from toolkit.report.rows import Article, Row, count_of, number_of, text_of
from toolkit.report.sections import View
from toolkit.report.sheets import Sheet
from toolkit.report.size import Size
from toolkit.report.tally import Tally
from toolkit.report.texts import segments_of
from toolkit.report.wording import VERDICT_LABELS, counted, interval_words, listing, number, percent, plain_id, show

MIN_HISTOGRAM = 30  # scored articles below which a histogram of 20 bars says less than the lists
N_BINS = 20
N_NEAR = {"brief": 5, "standard": 8, "full": 25}  # articles on each side of each line
N_UNSURE = {"brief": 8, "standard": 15, "full": 50}
N_AUDIT = 20  # with none wrong among 20, at most 16% of all are: a line a person can read in a quarter of an hour
MAX_REASONS = 4  # for and as many against
MAX_PASSAGE = 260  # characters
_FOUND = (0, 1, 2, 4)  # wrong rejects among the drawn for which the page says what follows


@dataclass(frozen=True, slots=True)
class Near:
    """The articles of each list, nearest the line first; `audit` is in random order; `passages` are their strongest."""

    lowest_on: tuple[Article, ...]
    unsure: tuple[Article, ...]
    lowest_unsure: tuple[Article, ...]
    highest_off: tuple[Article, ...]
    audit: tuple[Article, ...]
    passages: Mapping[str, Candidate] = field(default_factory=dict)

    def lists(self) -> tuple[tuple[str, tuple[Article, ...]], ...]:
        """The lists of the boundary by name; the audit is apart."""
        return (
            ("lowest on-topic", self.lowest_on),
            ("unsure, nearest on-topic", self.unsure),
            ("unsure, nearest off-topic", self.lowest_unsure),
            ("highest off-topic", self.highest_off),
        )


def draw_rejects(tally: Tally, n: int = N_AUDIT) -> tuple[Article, ...]:
    """`n` off-topic articles drawn at random, in random order: those whose ids have the smallest checksums.

    Which they are depends on the ids alone, not on order, scores or a clock; any first part of them is a sample too.
    """
    off = (article for article in tally.articles if article.on_topic == "off")
    return tuple(sorted(off, key=_checksum)[:n])


def _checksum(article: Article) -> tuple[bytes, str]:
    name = article.document_id
    return hashlib.sha256(b"audit\n" + name.encode("utf-8", "surrogatepass")).digest(), name


def find_near(results: Results, tally: Tally, size: Size) -> Near:
    """The articles nearest each line on each side, the rejects to audit, and what to read of each."""
    if tally.run.get("no_relevance"):
        return Near((), (), (), (), ())
    n_near, n_unsure = N_NEAR[size.name], N_UNSURE[size.name]
    unsure = _by_score(tally, "unsure", descending=True)
    rejected = [article for article in tally.articles if article.on_topic != "on"]
    near = Near(
        lowest_on=tuple(_by_score(tally, "on", descending=False)[:n_near] if rejected else ()),
        unsure=tuple(unsure[:n_unsure]),
        lowest_unsure=tuple(reversed(unsure[n_unsure:][-n_near:])),
        highest_off=tuple(_by_score(tally, "off", descending=True)[:n_near]),
        audit=draw_rejects(tally),
    )
    return replace(near, passages=_passages(results, near))


def boundary(tally: Tally, evidence: Evidence, near: Near) -> View:
    """What the section prints."""
    thresholds = tally.run.get("thresholds")
    limits: Row = thresholds if isinstance(thresholds, Mapping) else {}
    measured = read_measured(tally.run)
    scored = [article.relevance for article in tally.articles if article.relevance is not None]
    off_below, on_from = number_of(limits, "off_below"), number_of(limits, "on_from")

    def items(articles: Iterable[Article]) -> list[View]:
        return [_item(article, evidence, tally, near.passages.get(article.document_id)) for article in articles]

    n_off, n_unsure, n_on = (tally.verdicts[verdict] for verdict in ("off", "unsure", "on"))
    return {
        "switched_off": bool(tally.run.get("no_relevance")),
        "n": len(tally.articles),
        "verdicts": _verdict_words(tally),
        "histogram": _histogram(scored, limits, tally) if len(scored) >= MIN_HISTOGRAM else None,
        "off_below": "" if off_below is None else f"{off_below:.2f}",
        "on_from": "" if on_from is None else f"{on_from:.2f}",
        "has_band": off_below != on_from,
        "measured": line_words(measured),
        "not_measured": not_measured(measured),
        "explained": bool(tally.explanations),
        "lowest_on": items(near.lowest_on),
        "unsure": items(near.unsure),
        "lowest_unsure": items(near.lowest_unsure),
        "highest_off": items(near.highest_off),
        "n_on": number(n_on),
        "n_unsure": number(n_unsure),
        "n_off": number(n_off),
        "audit": items(near.audit),
        "n_drawn": number(len(near.audit)),
        "all_drawn": 0 < len(near.audit) == n_off,
        "conclusions": conclusions(len(near.audit), n_off),
    }


def conclusions(n_drawn: int, n_rejected: int) -> list[View]:
    """What follows for all the rejected from how many of the drawn a reader finds wrongly rejected."""
    if not 0 < n_drawn < n_rejected:
        return []
    rows = []
    for found in _FOUND:
        if found <= n_drawn:
            low, high = wilson(found, n_drawn)
            rows.append(
                {
                    "found": f"{number(found)} of {number(n_drawn)}",
                    "share": interval_words(low, high),
                    "at_most": percent(high),
                    "articles": f"{number(_at_least(low, n_rejected, found))}–{number(int(high * n_rejected))}",
                }
            )
    return rows


def _at_least(low: float, n_rejected: int, found: int) -> int:
    return max(found, -int(-low * n_rejected // 1))


def _passages(results: Results, near: Near) -> dict[str, Candidate]:
    """For each listed article the passage with the highest score of its own: what argues most for the subject."""
    wanted = {article.document_id for _, articles in near.lists() for article in articles}
    wanted |= {article.document_id for article in near.audit}
    return {
        document_id: found
        for document_id, rows in segments_of(results, wanted).items()
        if (found := _strongest(document_id, rows)) is not None
    }


def _strongest(document_id: str, rows: Sequence[Row]) -> Candidate | None:
    """The kept segment with the highest relevance: running text where there is some; the first among equals."""
    best: tuple[tuple[bool, bool, float], Row] | None = None
    for row in rows:
        role, text = text_of(row, "role"), text_of(row, "text")
        kept = row.get("kept")
        if not text.strip() or not (role in KEPT_ROLES if kept is None else bool(kept)):
            continue
        prose = tier_of(text, role, tokens_of(text[:2000].casefold())) >= PROSE
        merit = (prose, role in QUOTED_ROLES, number_of(row, "relevance") or 0.0)
        if best is None or merit > best[0]:
            best = merit, row
    if best is None:
        return None
    row = best[1]
    return Candidate(document_id, count_of(row, "start"), count_of(row, "end"), text_of(row, "text"), "")


def _item(article: Article, evidence: Evidence, tally: Tally, passage: Candidate | None) -> View:
    """A listed article: its source and score, what spoke for and against it, and its strongest passage."""
    for_it, against = reasons_of(article, tally)
    view = {
        **listed(article, evidence),
        "doc": plain_id(article.document_id),
        "for_it": "; ".join(for_it),
        "against": "; ".join(against),
        "passage": None,
    }
    at = None
    if passage is not None:
        text, start, end = shorten(passage, limit=MAX_PASSAGE)
        view["passage"] = {"text": text, "start": start, "end": end}
        at = start
    return view | {"explore": address_of(article.document_id, at)}


def address_of(document_id: str, at: int | None = None) -> str:
    """Where the explorer opens an article, at a character of it.

    Examples
    --------
    >>> address_of("a b", 12)
    '#explore?doc=a%20b&at=12'
    """
    address = f"#explore?doc={percent_encoded(document_id.encode('utf-8', 'replace'), safe='')}"
    return address if at is None else f"{address}&at={at}"


def reasons_of(article: Article, tally: Tally) -> tuple[list[str], list[str]]:
    """What spoke for the subject and what against it, strongest first, each with its weight."""
    reasons = tally.explanations.get(article.document_id, ())
    for_it = [_reason(name, value) for name, value in reasons if value > 0][:MAX_REASONS]
    against = [_reason(name, value) for name, value in reasons if value < 0][:MAX_REASONS]
    return for_it, against


def _reason(name: str, value: float) -> str:
    return f"{show(name, limit=100)} {'+' if value > 0 else '−'}{abs(value):.1f}"


def _verdict_words(tally: Tally) -> str:
    n = len(tally.articles)
    parts = []
    for verdict in ("on", "unsure", "off"):
        k = tally.verdicts[verdict]
        share = f" ({percent(k / n)})" if n >= MIN_HISTOGRAM else ""
        parts.append(f"{number(k)}{share} {VERDICT_LABELS[verdict]}")
    return f"Of {counted(n, 'article')}, {listing(parts)}."


def _histogram(scores: Sequence[float], limits: Row, tally: Tally) -> Markup:
    parts = [f"{counted(tally.verdicts[key], 'article')} {VERDICT_LABELS[key]}" for key in ("on", "unsure", "off")]
    return figures.score_histogram(
        bins(scores),
        off_below=number_of(limits, "off_below"),
        on_from=number_of(limits, "on_from"),
        label=f"Articles by relevance score: {listing(parts)}.",
    )


def bins(scores: Iterable[float]) -> list[int]:
    """How many scores fall into each of `N_BINS` equal parts of [0, 1]; 1 belongs to the last."""
    counts = [0] * N_BINS
    for score in scores:
        counts[min(N_BINS - 1, max(0, int(score * N_BINS)))] += 1
    return counts


def _by_score(tally: Tally, verdict: str, *, descending: bool) -> list[Article]:
    found = [article for article in tally.articles if article.on_topic == verdict]
    sign = -1 if descending else 1
    return sorted(found, key=lambda article: (sign * (article.relevance or 0.0), article.document_id))


def boundary_sheets(tally: Tally, near: Near) -> list[Sheet]:
    """The listed articles, those drawn to be audited, and the bars of the histogram."""
    listed_rows = [
        (name, *_cells(article, tally, near.passages)) for name, articles in near.lists() for article in articles
    ]
    drawn = [(i, *_cells(article, tally, near.passages)) for i, article in enumerate(near.audit, start=1)]
    scores = [article.relevance for article in tally.articles if article.relevance is not None]
    columns = (
        *("document_id", "title", "outlet", "date", "url", "on_topic", "relevance", "for", "against"),
        *("passage_start", "passage_end", "passage"),
    )
    bars = [(i / N_BINS, (i + 1) / N_BINS, n) for i, n in enumerate(bins(scores))]
    return [
        Sheet("boundary", ("list", *columns), listed_rows),
        Sheet("audit_sample", ("drawn", *columns), drawn),
        Sheet("boundary_scores", ("score_from", "score_below", "articles"), bars if scores else []),
    ]


def _cells(article: Article, tally: Tally, passages: Mapping[str, Candidate]) -> tuple[Any, ...]:
    passage = passages.get(article.document_id)
    for_it, against = reasons_of(article, tally)
    said: tuple[Any, ...] = (None, None, "")
    if passage is not None:
        text, start, end = shorten(passage, limit=MAX_PASSAGE)
        said = (start, end, text)
    facts = (article.document_id, article.title, article.outlet, article.date, article.url, article.on_topic)
    return (*facts, article.relevance, "; ".join(for_it), "; ".join(against), *said)
