"""From read to on-topic: what is left after each step, what was lost at it and why."""

from __future__ import annotations

from collections.abc import Iterator

from toolkit.report.sections import View, width_of
from toolkit.report.sheets import Sheet
from toolkit.report.tally import Tally
from toolkit.report.wording import ROLE_LABELS, counted, listing, number, percent, show, words

N_CUES = 3  # reasons named for each kind of cut text; the sheet has all


def funnel(tally: Tally, *, no_relevance: bool) -> View:
    """Articles and text, step by step; each step says what it lost."""
    return {
        "title": _title(tally, no_relevance=no_relevance),
        "articles": [
            {
                "label": label,
                "lost": lost,
                "count": number(n),
                "share": percent(n / tally.n_read) if tally.n_read else "",
                "start": width_of(left if lost else 0, tally.n_read),
                "width": width_of(n, tally.n_read),
                "note": note,
                "target": target,
            }
            for label, lost, n, left, note, target in _articles(tally, no_relevance=no_relevance)
        ],
        "texts": [
            {
                "label": label,
                "lost": lost,
                "segments": number(n_segments),
                "characters": number(n_characters),
                "share": percent(n_characters / max(1, tally.all_text.n_characters)),
                "start": width_of(left if lost else 0, tally.all_text.n_characters),
                "width": width_of(n_characters, tally.all_text.n_characters),
                "note": note,
            }
            for label, lost, n_segments, n_characters, left, note in _texts(tally)
        ],
        "sheets": ("funnel_articles", "funnel_text", "cut_text"),
    }


def _title(tally: Tally, *, no_relevance: bool) -> str:
    n, n_read = len(tally.on), tally.n_read
    if not n_read:
        return "Nothing was read."
    total, kept = tally.all_text.n_characters, tally.kept_text.n_characters
    cut = f"; {percent((total - kept) / total)} of the text on the pages was cut" if total > kept else ""
    kind = "" if no_relevance else "on-topic "
    if n == n_read:
        return f"All {counted(n, 'record')} read {'is' if n == 1 else 'are'} counted below{cut}."
    return f"Of {counted(n_read, 'record')} read, {number(n)} {kind}{'is' if n == 1 else 'are'} counted below{cut}."


def _articles(tally: Tally, *, no_relevance: bool) -> Iterator[tuple[str, bool, int, int, str, str]]:
    """(label, whether it was lost, articles, articles left after it, note, where the page says more)."""
    verdicts, left = tally.verdicts, tally.n_read
    n_empty = sum(1 for article in tally.articles if article.n_kept == 0)
    yield "Records read", False, left, left, "", ""
    for label, n, note, target in (
        ("Exact repeats", tally.n_repeats, "the same id and text as an earlier record", "duplicates"),
        ("Quarantined", tally.n_quarantined, _reasons(tally), "set-aside"),
    ):
        if n:
            left -= n
            yield label, True, n, left, note, target
    n_articles = len(tally.articles)
    if n_articles < tally.n_read:
        yield "Articles", False, n_articles, n_articles, "", ""
    left = n_articles
    pages = "page held" if n_empty == 1 else "pages held"
    empty = f"{number(n_empty)} {pages} no article text at all" if n_empty and not no_relevance else ""
    for label, key, note in (("Off-topic", "off", empty), ("Unsure", "unsure", "listed for a person to judge")):
        if verdicts[key]:
            left -= verdicts[key]
            yield label, True, verdicts[key], left, note, "boundary"
    note = "the relevance check was switched off" if no_relevance else ""
    yield "On-topic", False, verdicts["on"], verdicts["on"], note, ""
    if tally.n_copies_on:
        yield "Near-copies", True, tally.n_copies_on, len(tally.on), "of another on-topic article", "duplicates"
        yield "Counted below, copies once", False, len(tally.on), len(tally.on), "", ""


def _reasons(tally: Tally) -> str:
    counts: dict[str, int] = {}
    for row in tally.quarantine:
        reason = words(row.get("reason"))
        counts[reason] = counts.get(reason, 0) + 1
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return listing([f"{reason} ({number(n)})" for reason, n in ranked if reason], limit=N_CUES)


def _texts(tally: Tally) -> Iterator[tuple[str, bool, int, int, int, str]]:
    """(label, whether it was lost, segments, characters, characters left after it, note)."""
    total, kept, on = tally.all_text, tally.kept_text, tally.on_text
    left = total.n_characters
    yield "Text on the pages", False, total.n_segments, left, left, ""
    for role in tally.cut:
        left -= role.extent.n_characters
        cues = [f"{show(cue, limit=60)} ({number(n)})" for cue, n in role.reasons[:N_CUES]]
        label = ROLE_LABELS.get(role.role, words(role.role))
        yield label, True, role.extent.n_segments, role.extent.n_characters, left, ", ".join(cues)
    if tally.cut:
        yield "Text of the articles", False, kept.n_segments, kept.n_characters, kept.n_characters, ""
    n_off = kept.n_segments - on.n_segments
    if n_off:
        note = "of articles that are off-topic or unsure, or off the subject within an on-topic one"
        yield "Not on the subject", True, n_off, kept.n_characters - on.n_characters, on.n_characters, note
        yield "On-topic text", False, on.n_segments, on.n_characters, on.n_characters, ""


def funnel_sheets(tally: Tally, *, no_relevance: bool) -> list[Sheet]:
    """The steps with their exact counts."""
    articles = [
        (label, "lost" if lost else "left", n, _ratio(n, tally.n_read), note)
        for label, lost, n, _, note, _ in _articles(tally, no_relevance=no_relevance)
    ]
    texts = [
        (label, "lost" if lost else "left", segments, characters, _ratio(characters, tally.all_text.n_characters))
        for label, lost, segments, characters, _, _ in _texts(tally)
    ]
    return [
        Sheet("funnel_articles", ("step", "kind", "articles", "share_of_read", "note"), articles),
        Sheet("funnel_text", ("step", "kind", "segments", "characters", "share_of_characters"), texts),
    ]


def _ratio(part: int, whole: int) -> float:
    return round(part / whole, 6) if whole else 0.0
