"""The section on what changed since another run, and the tables beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from toolkit.data import Results
from toolkit.report.boundary import address_of
from toolkit.report.compare import Comparison, Moved, ShareChange, compare_runs, holm, two_proportions
from toolkit.report.compare_settings import Difference, find_differences
from toolkit.report.compare_topics import BY_REGISTER, NOT_MATCHED, TopicChange
from toolkit.report.evidence import Evidence, listed
from toolkit.report.method import corpus_name
from toolkit.report.rows import Article
from toolkit.report.sections import View
from toolkit.report.sheets import Sheet
from toolkit.report.tally import Tally, count_results
from toolkit.report.wording import (
    VERDICT_LABELS,
    counted,
    interval_words,
    listing,
    number,
    percent,
    plain_id,
    show,
)

N_EXAMPLES = 8  # articles of each kind of change that are listed
MAX_TOPIC_ROWS = 30  # those that changed first; the table beside the page has them all
MAX_DIFFERENCES = 20  # sentences about settings; the table beside the page has them all
VERDICTS = ("on", "unsure", "off")


def find_changes(results: Results, tally: Tally, before: Results, evidence: Evidence) -> tuple[View, list[Sheet]]:
    """What the section prints, and its tables."""
    first = count_results(before)
    found = compare_runs(before, results, first, tally)
    differences = find_differences(before.run, results.run)
    topic_tests = _topic_tests(found)
    shown = sorted(topic_tests, key=lambda test: test[0].kind == "kept" and not test[1])[:MAX_TOPIC_ROWS]
    earlier = Evidence(first, {})
    view = {
        "before": _run_words(before, first),
        "headline": _headline(found),
        "differences": [difference.sentence for difference in differences[:MAX_DIFFERENCES]],
        "more_differences": max(0, len(differences) - MAX_DIFFERENCES),
        "same": not differences,
        "articles": _article_rows(found, first, tally),
        "text_changed": found.n_text_changed,
        "n_both": number(found.n_both),
        "verdicts": _verdict_table(found),
        "moved": _moved_lists(found, evidence),
        "new_on": [_example(a, evidence) for a in _strongest(found.new)],
        "n_new_on": sum(1 for article in found.new if article.on_topic == "on"),
        "gone_on": [_example(a, earlier) for a in _strongest(found.gone)],
        "n_gone_on": sum(1 for article in found.gone if article.on_topic == "on"),
        "themes": [_theme_row(change, tally) for change in found.themes],
        "themes_title": _themes_title(found, tally),
        "other_themes": _other_themes(found),
        "overlap": _overlap_words(found),
        "topics": [_topic_row(change, found, clear) for change, clear in shown],
        "more_topics": len(topic_tests) - len(shown),
        "topics_words": _topics_words(found, topic_tests),
    }
    return view, _sheets(found, differences, topic_tests, tally)


def _run_words(before: Results, first: Tally) -> str:
    n, n_on = counted(len(first.articles), "article"), number(len(first.on))
    return f"“{corpus_name(before.run)}”, {n}, {n_on} on-topic"


def _headline(found: Comparison) -> str:
    """The change in one sentence."""
    parts = []
    if found.new:
        parts.append(f"{counted(len(found.new), 'article is', 'articles are')} new")
    if found.gone:
        parts.append(f"{number(len(found.gone))} {'is' if len(found.gone) == 1 else 'are'} gone")
    if found.n_both:
        n = len(found.moved)
        moved = f"{number(n) if n else 'none'} {'have' if n > 1 else 'has'} another verdict"
        parts.append(f"of {counted(found.n_both, 'article')} in both runs {moved}")
    sentence = listing(parts)
    return sentence[:1].upper() + sentence[1:] + "." if sentence else "Neither run has an article."


def _article_rows(found: Comparison, first: Tally, second: Tally) -> list[View]:
    """The articles of either run by verdict, and how many came and went."""
    rows = [("All, before", len(first.articles), first.verdicts)]
    for label, articles in (("Gone since", found.gone), ("New", found.new)):
        rows.append((label, len(articles), Counter(article.on_topic for article in articles)))
    rows.append(("All, now", len(second.articles), second.verdicts))
    return [
        {"label": label, "n": number(n), "cells": [number(counts[verdict]) for verdict in VERDICTS]}
        for label, n, counts in rows
    ]


def _verdict_table(found: Comparison) -> list[View]:
    """From each verdict (rows) to each (columns), of the articles in both runs; "same" marks the diagonal."""
    if not found.n_both:
        return []
    return [
        {
            "label": VERDICT_LABELS[a],
            "cells": [{"n": number(found.verdicts.get((a, b), 0)), "same": a == b} for b in VERDICTS],
        }
        for a in VERDICTS
    ]


def _moved_lists(found: Comparison, evidence: Evidence) -> list[View]:
    """The articles whose verdict changed, by kind of change, the largest step first."""
    lists = []
    for a in VERDICTS:
        for b in VERDICTS:
            moved = [item for item in found.moved if (item.before.on_topic, item.after.on_topic) == (a, b)]
            if moved:
                lists.append(
                    {
                        "label": f"{VERDICT_LABELS[a].capitalize()} before, {VERDICT_LABELS[b]} now",
                        "n": number(len(moved)),
                        "items": [_moved_item(item, evidence) for item in moved[:N_EXAMPLES]],
                    }
                )
    return lists


def _moved_item(item: Moved, evidence: Evidence) -> View:
    scores = [article.relevance for article in (item.before, item.after)]
    said = " → ".join("–" if score is None else f"{score:.2f}" for score in scores)
    view = _example(item.after, evidence) | {"score": said}
    return view | {"note": "its text is another" if item.text_changed else ""}


def _example(article: Article, evidence: Evidence) -> View:
    doc = plain_id(article.document_id)
    return {**listed(article, evidence), "doc": doc, "explore": address_of(article.document_id), "note": ""}


def _strongest(articles: Sequence[Article]) -> list[Article]:
    on = [article for article in articles if article.on_topic == "on"]
    return sorted(on, key=lambda a: (-(a.relevance or 0.0), a.document_id))[:N_EXAMPLES]


def _share(count: tuple[int, int]) -> str:
    return percent(count[0] / count[1]) if count[1] else "–"


def _theme_row(change: ShareChange, tally: Tally) -> View:
    label = next((show(t.theme.label, limit=80) for t in tally.themes if t.theme.id == change.id), "")
    anchor = next((f"theme-{i + 1}" for i, t in enumerate(tally.themes) if t.theme.id == change.id), "")
    low, high = change.intervals
    return {
        "label": label,
        "anchor": anchor,
        "before": number(change.before[0]),
        "after": number(change.after[0]),
        "share_before": _share(change.before),
        "share_after": _share(change.after),
        "interval_before": interval_words(*low) if change.before[1] else "",
        "interval_after": interval_words(*high) if change.after[1] else "",
        "gained": number(change.gained),
        "lost": number(change.lost),
        "word": _direction(change.before, change.after, clear=change.clear),
        "is_clear": change.clear,
    }


def _direction(before: tuple[int, int], after: tuple[int, int], *, clear: bool) -> str:
    if not clear:
        return "no clear change"
    return "grown" if after[0] * before[1] > before[0] * after[1] else "shrunk"


def _themes_title(found: Comparison, tally: Tally) -> str:
    labels = {theme.theme.id: show(theme.theme.label, limit=80) for theme in tally.themes}
    words = []
    for word in ("grown", "shrunk"):
        names = [labels[c.id] for c in found.themes if _direction(c.before, c.after, clear=c.clear) == word]
        if names:
            words.append(f"{listing(names)} {'has' if len(names) == 1 else 'have'} {word}")
    if not found.themes:
        return "The two runs have no theme in common."
    return "; ".join(words) + "." if words else "No theme's share changed more than chance would explain."


def _other_themes(found: Comparison) -> str:
    gone, new = ([show(label, limit=80) for label in labels] for labels in found.unmatched_themes)
    parts = []
    if gone:
        parts.append(f"only the other run has {listing(gone)}")
    if new:
        parts.append(f"only this run has {listing(new)}")
    sentence = "; ".join(parts)
    return f"Compared are the themes of both configurations: {sentence}." if parts else ""


def _overlap_words(found: Comparison) -> str:
    """How to read the test where the runs share articles."""
    if not found.n_both:
        return "The two runs share no article."
    return (
        f"The runs share {counted(found.n_both, 'article')}. The test takes them for two separate samples, so where "
        "they share many it is cautious: it calls fewer changes clear. Gained and lost count, among the shared "
        "articles, those that carry the theme now and did not, and the other way round."
    )


def _topic_tests(found: Comparison) -> list[tuple[TopicChange, bool]]:
    """Each topic with whether its share changed clearly: Holm over the topics that both runs have."""
    kept = [change for change in found.topics if change.kind == "kept"]
    n_before, n_after = found.n_on
    p_values = [two_proportions((c.before or 0, n_before), (c.after or 0, n_after)) for c in kept]
    clear = iter(holm(p_values))
    return [(change, next(clear) if change.kind == "kept" else False) for change in found.topics]


def _topic_row(change: TopicChange, found: Comparison, clear: bool) -> View:
    n_before, n_after = found.n_on
    before, after = (change.before or 0, n_before), (change.after or 0, n_after)
    name = show(change.name_after or change.name_before, limit=80)
    renamed = change.kind == "kept" and change.name_before != change.name_after
    notes = [f"before: “{show(change.name_before, limit=80)}”"] if renamed else []
    if change.kin:
        kin = [
            f"“{show(other, limit=80)}”" + ("" if share is None else f" ({percent(share)} of it)")
            for other, share in change.kin
        ]
        notes.append(f"{'came from' if change.kind == 'new' else 'went to'} {listing(kin)}")
    if change.shared is not None:
        notes.append(f"{percent(change.shared)} of its segments are in both")
    return {
        "name": name,
        "anchor": "" if change.id_after is None else f"topic-{change.id_after}",
        "before": "–" if change.before is None else number(change.before),
        "after": "–" if change.after is None else number(change.after),
        "share_before": "" if change.before is None else _share(before),
        "share_after": "" if change.after is None else _share(after),
        "word": _topic_word(change, found, clear=clear),
        "is_clear": clear or change.kind != "kept",
        "note": "; ".join(notes),
    }


def _topics_words(found: Comparison, tests: Sequence[tuple[TopicChange, bool]]) -> str:
    """How topics were matched, and what came of it."""
    if found.topics_by == NOT_MATCHED:
        return (
            "The topics of the two runs cannot be matched: no register of one model numbered both, and no passage of "
            "a topic stands in both runs."
        )
    how = (
        "matched by their ids, which one register gave in both models"
        if found.topics_by == BY_REGISTER
        else "matched where more than half of the segments of either are the other's, in the articles that both runs "
        "read alike"
    )
    counts = {kind: sum(1 for change, _ in tests if change.kind == kind) for kind in ("kept", "new", "gone")}
    words = []
    for kind in ("grown", "shrunk"):
        n = sum(1 for change, clear in tests if _topic_word(change, found, clear=clear) == kind)
        if n:
            words.append(f"{number(n)} {kind}")
    detail = f" ({listing(words)})" if words else ""
    said = (
        f"{counted(counts['kept'], 'topic')} kept{detail}, {number(counts['new'])} new, {number(counts['gone'])} gone"
    )
    return f"{said}; {how}."


def _topic_word(change: TopicChange, found: Comparison, *, clear: bool) -> str:
    """New and gone as they are; of the kept whether they have grown or shrunk."""
    if change.kind != "kept":
        return change.kind
    n_before, n_after = found.n_on
    return _direction((change.before or 0, n_before), (change.after or 0, n_after), clear=clear)


def _sheets(
    found: Comparison,
    differences: Sequence[Difference],
    tests: Sequence[tuple[TopicChange, bool]],
    second: Tally,
) -> list[Sheet]:
    """Every change as a table."""
    articles: list[tuple[Any, ...]] = [
        (a.document_id, a.title, a.outlet, a.date, "new", "", a.on_topic, None, a.relevance, None) for a in found.new
    ]
    articles += [
        (a.document_id, a.title, a.outlet, a.date, "gone", a.on_topic, "", a.relevance, None, None) for a in found.gone
    ]
    articles += [
        (
            *(item.after.document_id, item.after.title, item.after.outlet, item.after.date, "verdict"),
            *(item.before.on_topic, item.after.on_topic, item.before.relevance, item.after.relevance),
            item.text_changed,
        )
        for item in found.moved
    ]
    labels = {theme.theme.id: theme.theme.label for theme in second.themes}
    themes = [
        (
            *(change.id, labels.get(change.id, ""), *change.before, *change.after),
            *(round(end, 6) for interval in change.intervals for end in interval),
            *(change.gained, change.lost, round(change.p, 6), change.clear),
        )
        for change in found.themes
    ]
    n_before, n_after = found.n_on
    topics = []
    for change, clear in tests:
        kin = "; ".join(name for name, _ in change.kin)
        shared = None if change.shared is None else round(change.shared, 6)
        ids = (
            change.kind,
            _topic_word(change, found, clear=clear),
            change.id_before,
            change.id_after,
            change.name_before,
            change.name_after,
        )
        topics.append((*ids, change.before, n_before, change.after, n_after, shared, kin))
    article_columns = ("document_id", "title", "outlet", "date", "change", "verdict_before", "verdict_after")
    theme_columns = ("theme", "label", "articles_before", "of_before", "articles_after", "of_after")
    topic_columns = ("change", "word", "topic_before", "topic_after", "name_before", "name_after")
    return [
        Sheet("compare_articles", (*article_columns, "relevance_before", "relevance_after", "text_changed"), articles),
        Sheet(
            "compare_themes",
            (*theme_columns, "low_before", "high_before", "low_after", "high_after", "gained", "lost", "p", "clear"),
            themes,
        ),
        Sheet(
            "compare_topics",
            (*topic_columns, "articles_before", "of_before", "articles_after", "of_after", "segments_shared", "kin"),
            topics,
        ),
        Sheet(
            "compare_settings",
            ("what", "before", "after", "in_words"),
            [(d.what, d.before, d.after, d.sentence) for d in differences],
        ),
    ]
