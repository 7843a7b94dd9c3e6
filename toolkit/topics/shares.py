"""How much of a corpus speaks of each topic, over time, by source and by place, and what dominates a topic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, lgamma, sqrt
from typing import Any

from toolkit.data import Topic

Key = tuple[int, str]

Z = 1.959964  # of a two-sided interval of 95 %
# Dominance. Below MIN_FLAGGED articles every topic is dominated by something, and only "few articles" is said.
MIN_FLAGGED = 5
MAX_OUTLET_SHARE = 0.8  # of a topic's articles from one outlet: what is left is too little to tell topic from outlet
MAX_DAY_SHARE = 0.5  # of a topic's dated articles of one day: an event, not a topic
MAX_STORY_SHARE = 0.3  # of a topic's articles, copies counted each time, that are one story: it looks larger than it is
MIN_STORY_COPIES = 3
# Bursts.
MAX_FALSE_BURSTS = 0.05  # of all bursts found, that chance made (Benjamini and Hochberg 1995)
MAX_BURST_P = 0.05  # of the same test without the outlet that adds most
MIN_BURST_ARTICLES = 4
MAX_BURST_STORY = 0.5  # of a burst's articles that tell one story, reworked or not
STORY_RESEMBLANCE = 0.2  # of two articles' shingles, from which they tell one story; copies resemble by .7
_MAX_REMEMBERED = 100  # articles of one topic and period whose stories are compared
_MAX_DAYS, _MAX_MONTHS = 31, 60  # longest time told by days, and by months
_MAX_PLACES = 50  # of a side
_MIN_PLACE_ARTICLES = 5  # a place named in fewer gives intervals from nothing to everything
UNDATED = "undated"
UNKNOWN = "unknown"


def wilson(n: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share of `n` in `of` (Wilson 1927); (0, 1) of nothing.

    Examples
    --------
    >>> tuple(round(bound, 3) for bound in wilson(0, 10))
    (0.0, 0.278)
    """
    if of == 0:
        return 0.0, 1.0
    share, spread = n / of, Z * Z / of
    centre = (share + spread / 2) / (1 + spread)
    half = Z / (1 + spread) * sqrt(share * (1 - share) / of + spread / (4 * of))
    return max(0.0, centre - half), min(1.0, centre + half)


def chance_of_more(n: int, of: int, n_all: int, of_all: int) -> float:
    """The chance of `n` or more when `of` are drawn from `of_all` that hold `n_all` (Fisher's exact test, one side).

    Examples
    --------
    >>> round(chance_of_more(2, 2, 2, 4), 6)  # one in six
    0.166667
    """

    def log_ways(k: int, of: int) -> float:
        return lgamma(of + 1) - lgamma(k + 1) - lgamma(of - k + 1)

    whole = log_ways(of, of_all)
    return min(
        1.0,
        sum(
            exp(log_ways(k, n_all) + log_ways(of - k, of_all - n_all) - whole)
            for k in range(max(n, of - (of_all - n_all)), min(of, n_all) + 1)
        ),
    )


def time_unit(dates: Counter[str]) -> str:
    """`day`, `month` or `year`: what suits the time that nine tenths of the dated articles fall in."""
    days = sorted(date[:10] for date in dates.elements() if date[:4].isdigit() and len(date) >= 7)
    if not days:
        return "month"
    first, last = days[len(days) // 20], days[-1 - len(days) // 20]
    n_months = (int(last[:4]) - int(first[:4])) * 12 + int(last[5:7]) - int(first[5:7])
    if n_months > _MAX_MONTHS:
        return "year"
    if n_months <= 1 and len(first) == len(last) == 10:
        n_days = n_months * 31 + int(last[8:10]) - int(first[8:10])
        return "day" if n_days <= _MAX_DAYS else "month"
    return "month"


def period_of(date: str | None, unit: str) -> str:
    """The day, month or year of an ISO date, or `UNDATED` where it is not said so precisely."""
    length = {"year": 4, "month": 7, "day": 10}[unit]
    if not date or len(date) < length or not date[:4].isdigit():
        return UNDATED
    return date[:length]


@dataclass(slots=True)
class TopicShares:
    """Counts articles on the subject, copies apart, and those of them that speak of each topic in some segment.

    Memory grows with topics, periods, outlets and places, not with articles.

    Parameters
    ----------
    unit : `day`, `month` or `year`
    """

    topics: Sequence[Topic]
    unit: str
    n: int = 0
    of: Counter[tuple[str, str]] = field(default_factory=Counter)  # (by, key) → articles
    held: Counter[tuple[int, str, str]] = field(default_factory=Counter)  # (topic, by, key) → articles
    _voices: Counter[tuple[int, str, str]] = field(default_factory=Counter)  # (topic, period, outlet) → articles
    _all_voices: Counter[tuple[str, str]] = field(default_factory=Counter)
    _days: dict[int, Counter[str]] = field(default_factory=dict)
    _stories: dict[int, Counter[str]] = field(default_factory=dict)
    _speaking: Counter[int] = field(default_factory=Counter)  # articles of a topic, copies counted each time
    _articles: dict[Key, list[str]] = field(default_factory=dict)

    def add(
        self,
        document_id: str,
        topics: Collection[int],
        *,
        date: str | None,
        outlet: str | None,
        places: Mapping[str, Sequence[str]],
        copy_of: str | None,
    ) -> None:
        """Take in one article on the subject, and the topics of its segments; a copy counts for its story only."""
        for topic in topics:
            self._speaking[topic] += 1
            if copy_of:
                self._stories.setdefault(topic, Counter())[copy_of] += 1
        if copy_of:
            return
        self.n += 1
        period = period_of(date, self.unit)
        keys = [("all", ""), ("time", period), ("outlet", outlet or UNKNOWN)]
        keys += [(f"place:{side}", name) for side, names in places.items() for name in dict.fromkeys(names)]
        self.of.update(keys)
        self._all_voices[period, outlet or ""] += 1
        for topic in sorted(topics):
            self.held.update((topic, *key) for key in keys)
            self._voices[topic, period, outlet or ""] += 1
            if date and len(date) >= 10 and date[:4].isdigit():
                self._days.setdefault(topic, Counter())[date[:10]] += 1
            remembered = self._articles.setdefault((topic, period), [])
            if len(remembered) < _MAX_REMEMBERED:
                remembered.append(document_id)

    def rows(self, bursts: Mapping[Key, float]) -> Iterator[dict[str, Any]]:
        """A row for each topic and for each of: all articles, a period, an outlet, a place.

        `bursts` holds the p-values of the bursts (see `bursts`).
        """
        keys = self._keys()
        for topic in self.topics:
            for by, key in keys:
                n, of = self.held[topic.topic, by, key], self.of[by, key]
                low, high = wilson(n, of)
                p = bursts.get((topic.topic, key)) if by == "time" else None
                yield {
                    "topic": topic.topic,
                    "by": by,
                    "key": key,
                    "n_articles": n,
                    "of_articles": of,
                    "share": round(n / of, 6) if of else None,
                    "low": round(low, 6),
                    "high": round(high, 6),
                    "burst": p is not None,
                    "burst_p": p,
                }

    def _keys(self) -> list[tuple[str, str]]:
        """What rows are about: all, periods in order with the undated last, outlets and places by size."""
        periods = sorted((key for key in self.of if key[0] == "time"), key=lambda key: (key[1] == UNDATED, key[1]))
        by_size = sorted(self.of, key=lambda key: (key[0], -self.of[key], key[1]))
        outlets = [key for key in by_size if key[0] == "outlet"]
        places: list[tuple[str, str]] = []
        for side in sorted({key[0] for key in by_size if key[0].startswith("place:")}):
            named = [key for key in by_size if key[0] == side and self.of[key] >= _MIN_PLACE_ARTICLES]
            places += named[:_MAX_PLACES]
        return [("all", ""), *periods, *outlets, *places]

    def candidates(self) -> dict[Key, float]:
        """The p-values of topics that are more frequent in a period than at other times, by chance seldom.

        Fisher's exact test of the period against the rest of the dated articles, one-sided; of all pairs of a topic and
        a period, those that Benjamini and Hochberg's rule passes. A pair stays only where `MIN_BURST_ARTICLES` articles
        carry it, and where the same test without the outlet that adds most articles, and without articles of an
        unknown outlet, still says so.
        """
        dated = {key: n for (by, key), n in self.of.items() if by == "time" and key != UNDATED}
        n_dated = sum(dated.values())
        totals = {topic.topic: sum(self.held[topic.topic, "time", p] for p in dated) for topic in self.topics}
        tested = [
            (chance_of_more(self.held[topic, "time", period], of, totals[topic], n_dated), topic, period)
            for topic in totals
            for period, of in sorted(dated.items())
        ]
        tested.sort()
        passed = max((i for i, (p, _, _) in enumerate(tested, 1) if p <= MAX_FALSE_BURSTS * i / len(tested)), default=0)
        return {
            (topic, period): round(p, 6)
            for p, topic, period in tested[:passed]
            if self._stands_without_main_outlet(topic, period)
        }

    def _stands_without_main_outlet(self, topic: int, period: str) -> bool:
        voices = {o: n for (t, p, o), n in self._voices.items() if t == topic and p == period}
        known = {outlet: n for outlet, n in voices.items() if outlet}
        if sum(voices.values()) < MIN_BURST_ARTICLES or not known:
            return False
        main = min(known, key=lambda outlet: (-known[outlet], outlet))
        left_out = (main, "")  # articles of an unknown outlet may be of the main one
        others = {(p, o): n for (p, o), n in self._all_voices.items() if o not in left_out and p != UNDATED}
        own = {(p, o): n for (t, p, o), n in self._voices.items() if t == topic and o not in left_out and p != UNDATED}
        n = sum(count for (p, _), count in own.items() if p == period)
        of = sum(count for (p, _), count in others.items() if p == period)
        return chance_of_more(n, of, sum(own.values()), sum(others.values())) <= MAX_BURST_P

    def articles(self, key: Key) -> list[str]:
        """Some articles of a topic in a period, to see whether they tell one story."""
        return self._articles.get(key, [])

    def flags(self, topic: int) -> list[dict[str, Any]]:
        """What dominates a topic, each with its share and the rule in words; [] where nothing does."""
        n = self.held[topic, "all", ""]
        if not n:
            return []
        if n < MIN_FLAGGED:
            return [_flag("few_articles", "", n, n, f"fewer than {MIN_FLAGGED} articles")]
        flags = []
        outlets = {key: self.held[topic, "outlet", key] for by, key in self.of if by == "outlet" and key != UNKNOWN}
        if len(outlets) > 1:
            most = min(outlets, key=lambda outlet: (-outlets[outlet], outlet))
            if outlets[most] >= MAX_OUTLET_SHARE * n:
                rule = f"at least {MAX_OUTLET_SHARE:.0%} of the articles, where the corpus has several outlets"
                flags.append(_flag("one_outlet", most, outlets[most], n, rule))
        days = self._days.get(topic, Counter())
        n_dated = sum(days.values())
        if n_dated >= MIN_FLAGGED:
            day = min(days, key=lambda date: (-days[date], date))
            if days[day] >= MAX_DAY_SHARE * n_dated:
                rule = f"at least {MAX_DAY_SHARE:.0%} of the articles with a full date"
                flags.append(_flag("one_day", day, days[day], n_dated, rule))
        stories = self._stories.get(topic, Counter())
        if stories:
            first = min(stories, key=lambda story: (-stories[story], story))
            told, spoken = stories[first] + 1, self._speaking[topic]  # the first copy, too
            if told >= MIN_STORY_COPIES and told >= MAX_STORY_SHARE * spoken:
                rule = f"at least {MAX_STORY_SHARE:.0%} of the articles, near-copies counted each time"
                flags.append(_flag("one_story", first, told, spoken, rule))
        return flags


def _flag(flag: str, value: str, n: int, of: int, rule: str) -> dict[str, Any]:
    return {"flag": flag, "value": value, "n_articles": n, "of_articles": of, "share": round(n / of, 6), "rule": rule}
