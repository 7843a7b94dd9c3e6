"""A card for every theme and every topic: what it is made of, where it stands, and what it says in its own words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.report.evidence import Evidence, title_of
from toolkit.report.findings import SMALL_CORPUS, changes, ranked_members, wilson
from toolkit.report.links import Links
from toolkit.report.quotes import Candidate, shorten
from toolkit.report.rows import Article, items_of, number_of, text_of
from toolkit.report.sections import View
from toolkit.report.sheets import Sheet
from toolkit.report.size import Room
from toolkit.report.tally import Tally, ThemeTally, TopicTally
from toolkit.report.theme_words import ThemeWord
from toolkit.report.topic_spread import has_one_voice, spread, spread_sheet
from toolkit.report.wording import counted, date_words, interval_words, listing, number, percent, show

N_TOPIC_QUOTES = 2
N_TERMS = 10
MAX_EXEMPLAR = 180  # characters of the words under a closed card's name
ONE_OUTLET = 0.8  # share of a topic's segments from one outlet that is flagged
ONE_ARTICLE = 0.5  # share of a topic's segments from one article that is flagged


def theme_cards(
    tally: Tally, evidence: Evidence, links: Links, found_words: Mapping[str, Sequence[ThemeWord]], room: Room
) -> list[View]:
    """One card per theme, in the order of the table."""
    topics = {topic.topic: topic for topic in tally.topics}
    on_page = {topic.topic for topic in tally.topics[: room.topics]}
    moved = changes(tally)
    n, cards = len(tally.on), []
    for i, theme in enumerate(tally.themes):
        placed = [topics[topic] for topic in theme.topics]
        change = moved.get(theme.theme.id)
        cards.append(
            {
                "anchor": f"theme-{i + 1}",
                "label": show(theme.theme.label, limit=80),
                "description": show(theme.theme.description, limit=400),
                "articles": counted(theme.n_articles, "article"),
                "empty": theme.n_articles == 0,
                "share": percent(theme.n_articles / n) if n >= SMALL_CORPUS else "",
                "of": f"{number(theme.n_articles)} of {number(n)}",
                "href": links.articles(("theme", theme.theme.id)) if theme.n_articles else "",
                "interval": interval_words(*wilson(theme.n_articles, n)) if n else "",
                "change": change.words if change else "",
                "mean": percent(theme.mean_score),
                "exemplar": shorten(theme.quotes[0], limit=MAX_EXEMPLAR)[0] if theme.quotes else "",
                "quotes": [
                    evidence.quote(candidate, in_context=True) for candidate in theme.quotes[: room.theme_quotes]
                ],
                "words": ", ".join(f"{word.word} {number(word.n_inside)}" for word in found_words[theme.theme.id]),
                "outlets": _linked(_ranked(theme.outlets), "outlet", theme, links, 5),
                "members": _linked(_members(theme, tally), "place", theme, links, 5),
                "months": _busiest(theme, tally, links),
                "topics": [
                    {
                        "anchor": f"topic-{topic.topic}" if topic.topic in on_page else "",
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


def _ranked(counter: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counter.items(), key=lambda item: (-item[1], item[0]))


def _members(theme: ThemeTally, tally: Tally) -> list[tuple[str, int]]:
    return ranked_members(theme.members[1], tally.sides[1].members) if len(tally.sides) > 1 else []


def _linked(ranked: Sequence[tuple[str, int]], facet: str, theme: ThemeTally, links: Links, limit: int) -> View:
    """Names with their counts, the counts leading to the articles; how many more there are."""
    return {
        "items": [
            {
                "label": show(name, limit=60),
                "n": number(n),
                "href": links.articles(("theme", theme.theme.id), (facet, name)),
            }
            for name, n in ranked[:limit]
        ],
        "more": max(0, len(ranked) - limit),
    }


def _busiest(theme: ThemeTally, tally: Tally, links: Links) -> View:
    """The buckets with most articles of the theme."""
    timeline = tally.timeline
    pairs = [(n, i) for i, n in enumerate(theme.per_bucket) if n] if timeline.drawn else []
    return {
        "items": [
            {
                "label": timeline.labels[i],
                "n": number(n),
                "href": links.articles(("theme", theme.theme.id), *(("month", month) for month in timeline.months(i))),
            }
            for n, i in sorted(pairs, key=lambda pair: (-pair[0], pair[1]))[:3]
        ],
        "more": 0,
    }


def quoted(tally: Tally, room: Room) -> list[Candidate]:
    """Every passage that a card of a theme or a topic quotes."""
    found = [candidate for theme in tally.themes for candidate in theme.quotes[: room.theme_quotes]]
    for topic in tally.topics[: room.topic_cards]:
        summary = _summary(topic)
        found += [*([summary] if summary else []), *topic.quotes[:N_TOPIC_QUOTES]]
    return found


def topics(tally: Tally, evidence: Evidence, links: Links, room: Room) -> View:
    """The topics of these articles, with their terms, flags and quotes; the outliers counted openly."""
    labels = {theme.theme.id: show(theme.theme.label, limit=80) for theme in tally.themes}
    anchors = {theme.theme.id: f"theme-{i + 1}" for i, theme in enumerate(tally.themes)}
    place_of = {topic: place for place, topic in enumerate(tally.topic_order)}
    largest = tally.topics[: room.topic_cards]
    articles = {article.document_id: article for article in tally.articles}
    main = Counter(tally.articles[i].topic for i in tally.on)
    cards = []
    for topic in sorted(largest, key=lambda topic: place_of.get(topic.topic, len(place_of))):
        summary = _summary(topic)
        cards.append(
            {
                "anchor": f"topic-{topic.topic}",
                "name": show(topic.name, limit=80),
                "segments": counted(topic.n_segments, "segment"),
                "articles": counted(topic.n_articles, "article"),
                "main": counted(main[topic.topic], "article") if main[topic.topic] else "",
                "href": links.articles(("topic", str(topic.topic))) if main[topic.topic] else "",
                "theme": labels.get(topic.theme or "", ""),
                "theme_anchor": anchors.get(topic.theme or "", ""),
                "terms": _term_bars(topic.terms[:N_TERMS]),
                "flags": _flags(topic, tally, articles),
                "summary": evidence.quote(summary) if summary else None,
                "share": _share_words(topic),
                "spread": spread(topic, tally.sides),
                "bursts": listing([date_words(period) for period in topic.bursts], limit=4),
                "quotes": [evidence.quote(candidate, limit=360) for candidate in topic.quotes[:N_TOPIC_QUOTES]],
            }
        )
    total = tally.n_in_topics + tally.n_outliers
    drift = tally.run.get("drift")
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
            for topic in tally.topics[room.topic_cards : room.topics]
        ],
        "more": max(0, len(tally.topics) - room.topics),
        "outliers": number(tally.n_outliers),
        "outlier_share": percent(tally.n_outliers / total) if total else "",
        "total": counted(total, "on-topic segment"),
        "any": total > 0,
        "judged_only": tally.run.get("command") == "classify",
        "one_voice": has_one_voice(tally.topics),
        "is_new": text_of(drift, "verdict") == "new topic" if isinstance(drift, Mapping) else False,
        "sheets": ("topics", "topic_terms", "topic_shares", "quotes"),
    }


def _flags(topic: TopicTally, tally: Tally, articles: Mapping[str, Article]) -> list[str]:
    """What dominates a topic: one outlet, one day, one story, one article."""
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
    return flags


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


def _summary(topic: TopicTally) -> Candidate | None:
    """The sentence that sums a topic up."""
    said = topic.card.get("summary")
    if not isinstance(said, Mapping) or not text_of(said, "text"):
        return None
    start, end = int(number_of(said, "start") or 0), int(number_of(said, "end") or 0)
    return Candidate(text_of(said, "document_id"), start, end, text_of(said, "text"), "")


def _share_words(topic: TopicTally) -> str:
    """The share of on-topic articles that speak of a topic, with its interval; "" where the folder does not say."""
    share, low, high = (number_of(topic.share, key) for key in ("share", "low", "high"))
    if share is None or low is None or high is None:
        return ""
    return f"{percent(share)} of on-topic articles ({interval_words(low, high)})"


def _term_bars(terms: Sequence[tuple[str, float]]) -> View:
    """The words, one a line, and one path of bars beside them: 90 wide, 18 a line."""
    highest = max((weight for _, weight in terms), default=0.0) or 1.0
    path = "".join(
        f"M0 {18 * i + 4}h{max(1.0, 90 * weight / highest):.1f}v10H0z" for i, (_, weight) in enumerate(terms)
    )
    return {
        "path": path,
        "height": 18 * len(terms),
        "lines": f"{1.4 * len(terms):.1f}em",
        "words": "\n".join(show(term, limit=30) for term, _ in terms),
    }


def card_sheets(
    tally: Tally, cards: Sequence[View], topic_cards: Sequence[View], found_words: Mapping[str, Sequence[ThemeWord]]
) -> list[Sheet]:
    """Topics and their terms, the words of the themes, and every quotation of the cards with its source."""
    interval = ("share", "low", "high")
    articles = {article.document_id: article for article in tally.articles}
    columns = ("topic", "name", "theme", "segments", "articles", "main_of_articles", *interval, "bursts", "flags")
    main = Counter(tally.articles[i].topic for i in tally.on)
    rows = [
        (
            topic.topic,
            topic.name,
            topic.theme,
            topic.n_segments,
            topic.n_articles,
            main[topic.topic],
            *(number_of(topic.share, key) for key in interval),
            "; ".join(topic.bursts),
            " ".join(_flags(topic, tally, articles)),
        )
        for topic in tally.topics
    ]
    terms = [(topic.topic, topic.name, term, weight) for topic in tally.topics for term, weight in topic.terms]
    theme_rows = [
        (theme.theme.id, found.word, found.n_inside, found.n_outside)
        for theme in tally.themes
        for found in found_words[theme.theme.id]
    ]
    quotes = [
        (kind, card["label" if kind == "theme" else "name"], *(item[key] for key in _QUOTE_KEYS), item["text"])
        for kind, held in (("theme", cards), ("topic", topic_cards))
        for card in held
        for item in [*([card["summary"]] if card.get("summary") else []), *card["quotes"]]
    ]
    return [
        Sheet("topics", columns, rows),
        Sheet("topic_terms", ("topic", "name", "term", "weight"), terms),
        spread_sheet(tally.topics),
        Sheet("theme_words", ("theme", "word", "articles_inside", "articles_outside"), theme_rows),
        Sheet("quotes", ("of", "name", "document_id", *_QUOTE_KEYS[1:], "text"), quotes),
    ]


_QUOTE_KEYS = ("doc", "start", "end", "title", "outlet", "date", "url", "file")
