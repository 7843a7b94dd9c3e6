"""Counting: one pass over the articles, one over the segments; everything the report says is counted here."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from toolkit.data import NO_TOPIC, Results
from toolkit.report.periods import Timeline, lay_out
from toolkit.report.quotes import Candidate, key_of
from toolkit.report.rows import (
    Article,
    Row,
    Side,
    Theme,
    count_of,
    items_of,
    number_of,
    read_articles,
    read_sides,
    read_theme_terms,
    read_themes,
    text_of,
)
from toolkit.report.text_tally import TextTally, count_texts


@dataclass(frozen=True, slots=True)
class Extent:
    """How many segments, and how many characters they hold."""

    n_segments: int = 0
    n_characters: int = 0


@dataclass(frozen=True, slots=True)
class CutRole:
    """What was cut as one role; `reasons` are cues with counts, `examples` a spread of what was cut."""

    role: str
    extent: Extent
    reasons: tuple[tuple[str, int], ...]
    examples: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class ThemeTally:
    """What is counted for one theme, over on-topic articles."""

    theme: Theme
    articles: tuple[int, ...]
    mean_score: float
    outlets: Counter[str]
    members: tuple[Counter[str], ...]
    per_bucket: tuple[int, ...]
    quotes: tuple[Candidate, ...]
    topics: tuple[int, ...]

    @property
    def n_articles(self) -> int:
        """How many on-topic articles carry the theme."""
        return len(self.articles)


@dataclass(frozen=True, slots=True)
class TopicTally:
    """A topic of the corpus, counted over on-topic articles; where none holds it, as its own row counts it."""

    topic: int
    name: str
    terms: tuple[tuple[str, float], ...]
    n_segments: int
    n_articles: int
    theme: str | None
    top_outlet: tuple[str, float]
    top_article: tuple[str, float]
    quotes: tuple[Candidate, ...]
    card: Row = field(default_factory=dict)
    share: Row = field(default_factory=dict)
    bursts: tuple[str, ...] = ()
    shares: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Tally:
    """Everything counted. `on` holds positions in `articles` of the on-topic ones, in order, copies counted once;
    `openings` the first words of articles without a title."""

    run: Row
    themes: tuple[ThemeTally, ...]
    sides: tuple[Side, ...]
    articles: tuple[Article, ...]
    on: tuple[int, ...]
    timeline: Timeline
    n_per_bucket: tuple[int, ...]
    outlets: Counter[str]
    members: tuple[Counter[str], ...]
    all_text: Extent
    kept_text: Extent
    on_text: Extent
    cut: tuple[CutRole, ...]
    openings: Mapping[str, str]
    n_in_topics: int
    n_outliers: int
    topics: tuple[TopicTally, ...]
    topic_order: tuple[int, ...]
    quarantine: tuple[Row, ...]
    verdicts: Counter[str]
    explanations: Mapping[str, tuple[tuple[str, float], ...]]

    @property
    def n_read(self) -> int:
        """Records read: articles, quarantined and repeats."""
        return self._count("read") or len(self.articles) + len(self.quarantine) + self.n_repeats

    @property
    def n_repeats(self) -> int:
        """Records with the same id and text as an earlier one."""
        return self._count("repeats")

    @property
    def n_quarantined(self) -> int:
        """Records that could not be used."""
        return self._count("quarantined") or len(self.quarantine)

    @property
    def n_duplicates(self) -> int:
        """Articles that are near-copies of an earlier one."""
        return sum(1 for article in self.articles if article.duplicate_of)

    @property
    def n_copies_on(self) -> int:
        """On-topic articles that no share counts, for the article they copy is counted."""
        return self.verdicts["on"] - len(self.on)

    def _count(self, key: str) -> int:
        counts = self.run.get("counts")
        return count_of(counts, key) if isinstance(counts, Mapping) else 0


def count_results(results: Results) -> Tally:
    """Count everything the report says."""
    sides = read_sides(results.run)
    articles = read_articles(results.articles, sides)
    on = counted_once(articles)
    timeline = lay_out([articles[i].date for i in on])
    texts = count_texts(
        results.segments,
        {article.document_id: article for article in articles},
        {articles[i].document_id for i in on},
        theme_terms=read_theme_terms(results.run),
        topic_terms={
            count_of(row, "topic", NO_TOPIC): tuple(term for term, _ in _terms(row)) for row in results.topics
        },
    )
    topics = _topics(results, texts)
    bucket_of = dict(zip(on, timeline.of, strict=True))
    members = _members([articles[i] for i in on], len(sides))
    return Tally(
        run=results.run,
        themes=_themes(read_themes(results.run), articles, on, bucket_of, len(timeline.labels), texts, topics, sides),
        sides=sides,
        articles=articles,
        on=on,
        timeline=timeline,
        n_per_bucket=_per_bucket(timeline.of, len(timeline.labels)),
        outlets=Counter(articles[i].outlet for i in on if articles[i].outlet),
        members=members,
        all_text=Extent(*texts.read),
        kept_text=Extent(*texts.kept),
        on_text=Extent(*texts.on),
        cut=tuple(
            CutRole(
                role,
                Extent(grown.n_segments, grown.n_characters),
                tuple(sorted(grown.reasons.items(), key=lambda item: (-item[1], item[0]))),
                tuple(item[3] for item in sorted(grown.examples, key=lambda item: (-item[0], item[1], item[2]))),
            )
            for role, grown in sorted(texts.cut.items(), key=lambda item: (-item[1].n_characters, item[0]))
        ),
        openings=texts.openings,
        n_in_topics=sum(sum(counter.values()) for counter in texts.topic_articles.values()),
        n_outliers=texts.n_outliers,
        topics=topics,
        topic_order=results.topic_order,
        quarantine=results.quarantine,
        verdicts=Counter(article.on_topic for article in articles),
        explanations=results.explanations,
    )


def counted_once(articles: Sequence[Article]) -> tuple[int, ...]:
    """Positions of the on-topic articles, without those that copy another on-topic article."""
    on = {article.document_id for article in articles if article.on_topic == "on"}
    return tuple(
        i for i, article in enumerate(articles) if article.document_id in on and article.duplicate_of not in on
    )


def _themes(
    themes: Sequence[Theme],
    articles: Sequence[Article],
    on: Sequence[int],
    bucket_of: Mapping[int, int | None],
    n_buckets: int,
    texts: TextTally,
    topics: Sequence[TopicTally],
    sides: Sequence[Side],
) -> tuple[ThemeTally, ...]:
    """One tally per theme of the config, most articles first, config order among equals."""
    members_of: dict[str, list[int]] = {theme.id: [] for theme in themes}
    scores: dict[str, float] = dict.fromkeys(members_of, 0.0)
    for i in on:
        for theme, score in articles[i].themes.items():
            if theme in members_of:
                members_of[theme].append(i)
                scores[theme] += score
    tallies = []
    avoid = set(texts.repeated)  # and what another theme has quoted
    for one in themes:
        held = members_of[one.id]
        counters = _members([articles[i] for i in held], len(sides))
        quotes = texts.theme_quotes[one.id].best(avoid=avoid) if held and one.id in texts.theme_quotes else ()
        avoid |= {key_of(quote.text) for quote in quotes}
        tallies.append(
            ThemeTally(
                theme=one,
                articles=tuple(held),
                mean_score=scores[one.id] / len(held) if held else 0.0,
                outlets=Counter(articles[i].outlet for i in held if articles[i].outlet),
                members=counters,
                per_bucket=_per_bucket([bucket_of[i] for i in held], n_buckets),
                quotes=quotes,
                topics=tuple(topic.topic for topic in topics if topic.theme == one.id),
            )
        )
    return tuple(sorted(tallies, key=lambda tally: -tally.n_articles))


def _members(articles: Sequence[Article], n_sides: int) -> tuple[Counter[str], ...]:
    """How many of the articles name each member of each side."""
    return tuple(Counter(chain.from_iterable(article.members[i] for article in articles)) for i in range(n_sides))


def _topics(results: Results, texts: TextTally) -> tuple[TopicTally, ...]:
    """The topics, largest first; the outliers (-1) are no topic and are counted apart.

    What the files about topics say of each goes along, where the folder has them.
    """
    cards = {count_of(row, "topic", NO_TOPIC): row for row in results.topic_cards}
    shares = {count_of(row, "topic", NO_TOPIC): row for row in results.topic_shares if row.get("by") == "all"}
    bursts: dict[int, list[str]] = defaultdict(list)
    spread: dict[int, list[Row]] = defaultdict(list)
    for row in results.topic_shares:
        spread[count_of(row, "topic", NO_TOPIC)].append(row)
        if row.get("burst") is True:
            bursts[count_of(row, "topic", NO_TOPIC)].append(text_of(row, "key"))
    tallies = []
    for row in results.topics:
        topic = count_of(row, "topic", NO_TOPIC)
        if topic == NO_TOPIC:
            continue
        terms = _terms(row)
        counted_here = topic in texts.topic_articles
        tallies.append(
            TopicTally(
                topic=topic,
                name=text_of(row, "name") or ", ".join(term for term, _ in terms[:3]) or "Unnamed topic",
                terms=terms,
                n_segments=sum(texts.topic_articles[topic].values()) if counted_here else count_of(row, "n_segments"),
                n_articles=len(texts.topic_articles[topic]) if counted_here else count_of(row, "n_articles"),
                theme=text_of(row, "theme") or None,
                top_outlet=_largest(texts.topic_outlets.get(topic)),
                top_article=_largest(texts.topic_articles.get(topic)),
                quotes=texts.topic_quotes[topic].best(avoid=texts.repeated) if topic in texts.topic_quotes else (),
                card=cards.get(topic, {}),
                share=shares.get(topic, {}),
                bursts=tuple(bursts[topic]) if topic in bursts else (),
                shares=tuple(spread[topic]) if topic in spread else (),
            )
        )
    return tuple(sorted(tallies, key=lambda tally: (-tally.n_segments, tally.topic)))


def _terms(row: Row) -> tuple[tuple[str, float], ...]:
    found = [item for item in items_of(row, "terms") if isinstance(item, Mapping) and text_of(item, "term")]
    return tuple((text_of(item, "term"), max(0.0, number_of(item, "weight") or 0.0)) for item in found)


def _largest(counter: Counter[str] | None) -> tuple[str, float]:
    """The most frequent key and its share; ("", 0.0) for none."""
    if not counter:
        return "", 0.0
    key, n = min(counter.items(), key=lambda item: (-item[1], item[0]))
    return key, n / sum(counter.values())


def _per_bucket(of: Sequence[int | None], n_buckets: int) -> tuple[int, ...]:
    counts = [0] * n_buckets
    for bucket in of:
        if bucket is not None:
            counts[bucket] += 1
    return tuple(counts)
