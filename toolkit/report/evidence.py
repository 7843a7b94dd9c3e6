"""The evidence: quotes with their sources, theme cards, topics, and the list of articles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.report.findings import SMALL_CORPUS, wilson
from toolkit.report.quotes import MAX_QUOTE_CHARACTERS, Candidate, shorten
from toolkit.report.rows import Article, items_of, number_of, text_of
from toolkit.report.sections import View, top_members
from toolkit.report.tally import Tally, ThemeTally, TopicTally
from toolkit.report.wording import (
    VERDICT_LABELS,
    counted,
    date_words,
    foreign_language,
    interval_words,
    listing,
    number,
    percent,
    safe_url,
    show,
)

MAX_ARTICLES = 250  # rows of the appendix; the tables beside the report hold all
MAX_TOPIC_CARDS = 30
MAX_TOPICS = 100  # cards and rows together
N_TOPIC_QUOTES = 2
N_TERMS = 10
MAX_OPENING = 70  # characters of the first words that stand in for a title
ONE_OUTLET = 0.8  # share of a topic's segments from one outlet that is flagged
ONE_ARTICLE = 0.5  # share of a topic's segments from one article that is flagged


class Evidence:
    """Turns a candidate into a quote with its source: title, outlet, date, file, offsets, address."""

    def __init__(self, tally: Tally, anchors: Mapping[str, str]) -> None:
        self._tally = tally
        self._articles = {article.document_id: article for article in tally.articles}
        self._anchors = anchors

    def quote(self, candidate: Candidate, *, limit: int = MAX_QUOTE_CHARACTERS) -> View:
        """The view of one quote."""
        text, start, end = shorten(candidate, limit=limit)
        article = self._articles.get(candidate.document_id)
        source = self.source(article) if article else {"title": show(candidate.document_id), "url": None}
        return {
            "text": text,
            "lang": foreign_language(article.language) if article else None,
            "where": f"characters {number(start)}–{number(end)}",
            "anchor": self._anchors.get(candidate.document_id),
            "cues": show(candidate.cues, limit=200),
            **source,
        }

    def source(self, article: Article) -> View:
        """Where an article came from; its id only where the file does not already say it."""
        return {
            "title": title_of(article, self._tally),
            "url": safe_url(article.url),
            "outlet": show(article.outlet, limit=60),
            "date": date_words(article.date),
            "file": show(article.file, limit=120),
            "document_id": "" if article.document_id == article.file else show(article.document_id, limit=120),
        }


def title_of(article: Article, tally: Tally) -> str:
    """The title; without one the first words of the text, and that there is none."""
    opening = show(tally.openings.get(article.document_id, ""), limit=240)
    if len(opening) > MAX_OPENING:
        end = opening.rfind(" ", MAX_OPENING // 2, MAX_OPENING)
        opening = opening[: end if end > 0 else MAX_OPENING].rstrip(" ,;:") + " …"
    return show(article.title, limit=160) or (f"Untitled: “{opening}”" if opening else "Untitled article")


def theme_cards(tally: Tally, evidence: Evidence) -> list[View]:
    """One card per theme, in the order of the table."""
    topics = {topic.topic: topic for topic in tally.topics}
    n, cards = len(tally.on), []
    for i, theme in enumerate(tally.themes):
        placed = [topics[topic] for topic in theme.topics]
        cards.append(
            {
                "anchor": f"theme-{i + 1}",
                "label": show(theme.theme.label, limit=80),
                "description": show(theme.theme.description, limit=400),
                "articles": counted(theme.n_articles, "article"),
                "empty": theme.n_articles == 0,
                "share": percent(theme.n_articles / n) if n >= SMALL_CORPUS else "",
                "of": f"{number(theme.n_articles)} of {number(n)}",
                "interval": interval_words(*wilson(theme.n_articles, n)) if n else "",
                "mean": percent(theme.mean_score),
                "quotes": [evidence.quote(candidate) for candidate in theme.quotes],
                "outlets": top(theme.outlets, 5),
                "n_outlets": len(theme.outlets),
                "members": top_members(theme, tally, 5),
                "months": _busiest(theme, tally),
                "topics": [
                    {
                        "anchor": f"topic-{topic.topic}",
                        "name": show(topic.name, limit=80),
                        "terms": ", ".join(show(term, limit=40) for term, _ in topic.terms[:6]),
                        "articles": counted(topic.n_articles, "article"),
                    }
                    for topic in placed[:8]
                ],
                "more_topics": max(0, len(placed) - 8),
            }
        )
    return cards


def _busiest(theme: ThemeTally, tally: Tally) -> str:
    """The buckets with most articles of the theme."""
    if not tally.timeline.drawn:
        return ""
    pairs = [(n, i) for i, n in enumerate(theme.per_bucket) if n]
    best = sorted(pairs, key=lambda pair: (-pair[0], pair[1]))[:3]
    return listing([f"{tally.timeline.labels[i]} ({number(n)})" for n, i in best])


def top(counter: Counter[str], limit: int) -> str:
    """The most frequent keys with their counts: "Bangkok Post 12, Inquirer 3 and 4 more"."""
    ranked = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    return listing([f"{show(key, limit=60)} {number(n)}" for key, n in ranked], limit=limit)


def topics(tally: Tally, evidence: Evidence) -> View:
    """The topics found in this corpus, with their terms, flags and quotes; the outliers counted openly."""
    labels = {theme.theme.id: show(theme.theme.label, limit=80) for theme in tally.themes}
    articles = {article.document_id: article for article in tally.articles}
    cards = []
    place_of = {topic: place for place, topic in enumerate(tally.topic_order)}
    largest = tally.topics[:MAX_TOPIC_CARDS]
    for topic in sorted(largest, key=lambda topic: place_of.get(topic.topic, len(place_of))):
        flags = [words for flag in items_of(topic.card, "flags") if (words := _flag_words(flag, articles, tally))]
        outlet, outlet_share = topic.top_outlet
        document_id, article_share = topic.top_article
        if article_share >= ONE_ARTICLE and topic.n_articles > 1 and document_id in articles:
            title = title_of(articles[document_id], tally)
            flags.append(f"{percent(article_share)} of its segments come from one article, “{title}”.")
        elif topic.n_articles == 1:
            flags.append("It stands in one article only.")
        if not topic.card and outlet and outlet_share >= ONE_OUTLET and len(tally.outlets) > 1 and topic.n_articles > 1:
            flags.append(f"{percent(outlet_share)} of its segments come from one outlet, {show(outlet, limit=60)}.")
        cards.append(
            {
                "anchor": f"topic-{topic.topic}",
                "name": show(topic.name, limit=80),
                "segments": counted(topic.n_segments, "segment"),
                "articles": counted(topic.n_articles, "article"),
                "theme": labels.get(topic.theme or "", ""),
                "theme_anchor": next(
                    (f"theme-{i + 1}" for i, theme in enumerate(tally.themes) if theme.theme.id == topic.theme), ""
                ),
                "terms": _term_bars(topic.terms[:N_TERMS]),
                "flags": flags,
                "summary": _summary(topic, evidence),
                "share": _share_words(topic),
                "bursts": listing([date_words(period) for period in topic.bursts], limit=4),
                "quotes": [evidence.quote(candidate, limit=360) for candidate in topic.quotes[:N_TOPIC_QUOTES]],
            }
        )
    total = tally.n_in_topics + tally.n_outliers
    return {
        "cards": cards,
        "n": len(tally.topics),
        "smaller": [
            {
                "anchor": f"topic-{topic.topic}",
                "name": show(topic.name, limit=80),
                "terms": ", ".join(show(term, limit=40) for term, _ in topic.terms[:6]),
                "segments": number(topic.n_segments),
                "articles": number(topic.n_articles),
                "theme": labels.get(topic.theme or "", ""),
            }
            for topic in tally.topics[MAX_TOPIC_CARDS:MAX_TOPICS]
        ],
        "more": max(0, len(tally.topics) - MAX_TOPICS),
        "outliers": number(tally.n_outliers),
        "outlier_share": percent(tally.n_outliers / total) if total else "",
        "total": counted(total, "on-topic segment"),
        "any": total > 0,
    }


def _flag_words(flag: Any, articles: Mapping[str, Article], tally: Tally) -> str:
    """What dominates a topic, in a sentence; "" for what the card itself says already."""
    if not isinstance(flag, Mapping):
        return ""
    share, value = percent(number_of(flag, "share") or 0.0), text_of(flag, "value")
    kind = text_of(flag, "flag")
    if kind == "one_outlet":
        return f"{share} of its articles come from one outlet, {show(value, limit=60)}."
    if kind == "one_day":
        return f"{share} of its dated articles are of one day, {date_words(value)}."
    if kind == "one_story":
        title = title_of(articles[value], tally) if value in articles else show(value, limit=80)
        return f"{share} of its articles, copies counted, are one story, “{title}”."
    return ""


def _summary(topic: TopicTally, evidence: Evidence) -> View | None:
    """The sentence that sums a topic up, as a quote with its source."""
    said = topic.card.get("summary")
    if not isinstance(said, Mapping) or not text_of(said, "text"):
        return None
    start, end = int(number_of(said, "start") or 0), int(number_of(said, "end") or 0)
    return evidence.quote(Candidate(text_of(said, "document_id"), start, end, text_of(said, "text"), ""))


def _share_words(topic: TopicTally) -> str:
    """The share of on-topic articles that speak of a topic, with its interval; "" where the folder does not say."""
    share, low, high = (number_of(topic.share, key) for key in ("share", "low", "high"))
    if share is None or low is None or high is None:
        return ""
    return f"{percent(share)} of on-topic articles ({interval_words(low, high)})"


def _term_bars(terms: Sequence[tuple[str, float]]) -> View:
    """One path of bars and the words beside them; a drawing 340 wide, 240 of it for the words, with rows 18 high."""
    highest = max((weight for _, weight in terms), default=0.0) or 1.0
    path = "".join(
        f"M0 {18 * i + 4}h{max(1.0, 90 * weight / highest):.1f}v10H0z" for i, (_, weight) in enumerate(terms)
    )
    return {
        "path": path,
        "height": 18 * len(terms),
        "words": [{"text": show(term, limit=30), "y": 18 * i + 13} for i, (term, _) in enumerate(terms)],
        "label": "Terms by weight: " + ", ".join(show(term, limit=40) for term, _ in terms),
    }


def listed(article: Article, evidence: Evidence) -> View:
    """A listed article: where it came from, its score, its language."""
    score = "" if article.relevance is None else f"{article.relevance:.2f}"
    return {**evidence.source(article), "score": score, "lang": foreign_language(article.language)}


def appendix_order(tally: Tally) -> list[Article]:
    """The articles of the appendix: on-topic first, then unsure, then off, by falling relevance.

    Where not all can be shown, those that are quoted have precedence, so that every quotation can be followed.
    """
    order = {"on": 0, "unsure": 1, "off": 2}
    ranked = sorted(
        tally.articles,
        key=lambda article: (order[article.on_topic], -(article.relevance or 0.0), article.document_id),
    )
    if len(ranked) <= MAX_ARTICLES:
        return ranked
    quoted = {candidate.document_id for theme in tally.themes for candidate in theme.quotes}
    for topic in tally.topics[:MAX_TOPIC_CARDS]:
        quoted |= {candidate.document_id for candidate in topic.quotes[:N_TOPIC_QUOTES]}
    n_others = MAX_ARTICLES - sum(1 for article in ranked if article.document_id in quoted)
    shown = []
    for article in ranked:
        if article.document_id in quoted:
            shown.append(article)
        elif n_others > 0:
            n_others -= 1
            shown.append(article)
    return shown


def appendix(tally: Tally, evidence: Evidence, shown: Sequence[Article]) -> View:
    """The table of articles, with a plain statement of how many are not shown."""
    labels = {theme.theme.id: show(theme.theme.label, limit=80) for theme in tally.themes}
    names = {topic.topic: show(topic.name, limit=60) for topic in tally.topics}
    anchors = {topic.topic: f"topic-{topic.topic}" for topic in tally.topics[:MAX_TOPICS]}
    rows = []
    for i, article in enumerate(shown):
        carried = [f"{labels[theme]} {percent(score)}" for theme, score in article.themes.items() if theme in labels]
        rows.append(
            {
                **listed(article, evidence),
                "anchor": f"a{i + 1}",
                "verdict": VERDICT_LABELS[article.on_topic],
                "on": article.on_topic == "on",
                "themes": ", ".join(carried[:4]),
                "topic": names.get(article.topic, ""),
                "topic_anchor": anchors.get(article.topic, ""),
                "near_copy": article.duplicate_of is not None,
            }
        )
    return {"rows": rows, "n": len(tally.articles), "more": len(tally.articles) - len(rows)}
