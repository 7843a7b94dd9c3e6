"""What was set aside and why: cut text by role, near-duplicates, quarantine."""

from __future__ import annotations

from collections.abc import Mapping

from toolkit.report.evidence import Evidence
from toolkit.report.rows import Article, number_of, text_of
from toolkit.report.sections import View
from toolkit.report.sheets import Sheet
from toolkit.report.tally import Tally
from toolkit.report.wording import ROLE_LABELS, listing, number, show, words

MAX_QUARANTINE = 50
MAX_GROUPS = 15  # groups of near-duplicates


def set_aside(tally: Tally, evidence: Evidence) -> View:
    """What was set aside and why: cut text by role, near-duplicates, quarantine."""
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


def aside_sheets(tally: Tally) -> list[Sheet]:
    """The text that was cut by role and reason, the near-copies, and the quarantine."""
    cut = [(role.role, cue, n) for role in tally.cut for cue, n in role.reasons]
    titles = {article.document_id: article for article in tally.articles}
    copies = [
        (first, title_in(titles, first), copy.document_id, copy.title, copy.outlet, copy.date)
        for first, copy in sorted(
            ((article.duplicate_of, article) for article in tally.articles if article.duplicate_of),
            key=lambda pair: (pair[0], pair[1].document_id),
        )
    ]
    said = ("document_id", "reason", "detail")
    quarantined = [
        (text_of(row, "file"), number_of(row, "row"), *(text_of(row, key) for key in said)) for row in tally.quarantine
    ]
    return [
        Sheet("cut_text", ("role", "reason", "segments"), cut),
        Sheet("duplicates", ("duplicate_of", "title_of_first", "document_id", "title", "outlet", "date"), copies),
        Sheet("quarantine", ("file", "row", *said), quarantined),
    ]


def title_in(articles: Mapping[str, Article], document_id: str) -> str:
    """The title of an article that may be missing; "" without one."""
    found = articles.get(document_id)
    return found.title if found else ""
