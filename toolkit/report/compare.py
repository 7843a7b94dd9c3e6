"""What changed since another run: articles by id, verdicts, and the shares of themes with a test."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from toolkit.data import Results
from toolkit.errors import ToolkitError
from toolkit.report.compare_topics import TopicChange, match_topics
from toolkit.report.findings import wilson
from toolkit.report.rows import Article
from toolkit.report.tally import Tally
from toolkit.report.texts import text_hashes

LEVEL = 0.05  # the chance that any of the changes of one table is called clear though none is (Holm 1979)
MIN_EXPECTED = 5  # articles in each cell, by the usual rule, for the z-test to hold
_TIES = 1e-7  # relative: what rounding may part


@dataclass(frozen=True, slots=True)
class Moved:
    """An article of both runs whose verdict is another now."""

    before: Article
    after: Article
    text_changed: bool

    @property
    def step(self) -> float:
        """How far its score went."""
        return abs((self.after.relevance or 0.0) - (self.before.relevance or 0.0))


@dataclass(frozen=True, slots=True)
class ShareChange:
    """A share of on-topic articles in both runs, each `(count, of)`; `clear` where chance is an unlikely reason.

    `gained` and `lost` count the articles of both runs that are in it now and were not, and the other way round.
    """

    id: str
    before: tuple[int, int]
    after: tuple[int, int]
    gained: int
    lost: int
    p: float
    clear: bool

    @property
    def intervals(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """The 95% intervals of both shares."""
        return wilson(*self.before), wilson(*self.after)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs side by side; `new` and `gone` are articles of one of them, `moved` those whose verdict changed.

    `verdicts[(a, b)]` counts the articles of both runs that were a and are b. `themes` are those of both configs, in
    the order of the report. `unmatched_themes` are those of the earlier and of the later run alone.
    """

    new: tuple[Article, ...]
    gone: tuple[Article, ...]
    n_both: int
    n_text_changed: int
    verdicts: Mapping[tuple[str, str], int]
    moved: tuple[Moved, ...]
    themes: tuple[ShareChange, ...]
    unmatched_themes: tuple[tuple[str, ...], tuple[str, ...]]
    topics: tuple[TopicChange, ...]
    topics_by: str
    n_on: tuple[int, int]


def compare_runs(before: Results, after: Results, first: Tally, second: Tally) -> Comparison:
    """What changed from `before` to `after`; `first` and `second` are their tallies.

    Raises
    ------
    ToolkitError
        Where they have neither an article nor a theme in common.
    """
    was = {article.document_id: article for article in first.articles}
    now = {article.document_id: article for article in second.articles}
    both = [document_id for document_id in now if document_id in was]
    names_before = {theme.theme.id: theme.theme.label for theme in first.themes}
    names_after = {theme.theme.id: theme.theme.label for theme in second.themes}
    if not both and not names_before.keys() & names_after.keys():
        raise ToolkitError(
            "--compare: the two runs have no article and no theme in common, so there is nothing to compare. "
            "Name the results of an earlier run on the same subject."
        )
    hashes_before, hashes_after = text_hashes(before), text_hashes(after)
    changed = {known for known in both if hashes_before.get(known) != hashes_after.get(known)}
    moved = [
        Moved(was[known], now[known], known in changed) for known in both if was[known].on_topic != now[known].on_topic
    ]
    same_text = frozenset(both) - changed
    topics, topics_by = match_topics(before, after, first, second, same_text)
    return Comparison(
        new=tuple(article for article in second.articles if article.document_id not in was),
        gone=tuple(article for article in first.articles if article.document_id not in now),
        n_both=len(both),
        n_text_changed=len(changed),
        verdicts=Counter((was[known].on_topic, now[known].on_topic) for known in both),
        moved=tuple(sorted(moved, key=lambda item: (-item.step, item.after.document_id))),
        themes=_theme_changes(first, second),
        unmatched_themes=(
            tuple(label for theme, label in names_before.items() if theme not in names_after),
            tuple(label for theme, label in names_after.items() if theme not in names_before),
        ),
        topics=topics,
        topics_by=topics_by,
        n_on=(len(first.on), len(second.on)),
    )


def _theme_changes(first: Tally, second: Tally) -> tuple[ShareChange, ...]:
    """Each theme of both configs, in the later run's order."""
    held = [
        {theme.theme.id: {tally.articles[i].document_id for i in theme.articles} for theme in tally.themes}
        for tally in (first, second)
    ]
    ids = [{article.document_id for article in tally.articles} for tally in (first, second)]
    shared = ids[0] & ids[1]
    n = len(first.on), len(second.on)
    rows = []
    for theme in second.themes:
        key = theme.theme.id
        if key in held[0]:
            earlier, later = held[0][key], held[1][key]
            rows.append(
                (key, len(earlier), len(later), len((later - earlier) & shared), len((earlier - later) & shared))
            )
    tests = [two_proportions((a, n[0]), (b, n[1])) for _, a, b, _, _ in rows]
    clear = holm(tests)
    return tuple(
        ShareChange(key, (a, n[0]), (b, n[1]), gained, lost, p, is_clear)
        for (key, a, b, gained, lost), p, is_clear in zip(rows, tests, clear, strict=True)
    )


def two_proportions(a: tuple[int, int], b: tuple[int, int]) -> float:
    """The two-sided p-value of the hypothesis that two shares, each `(hits, n)`, are equal; 1 where none is to test.

    The pooled z-test; Fisher's exact test where an expected count is below `MIN_EXPECTED` (Cochran 1954, Biometrics
    10:417), for there the first calls single articles a change.

    Examples
    --------
    >>> round(two_proportions((15, 100), (30, 100)), 4), round(two_proportions((3, 4), (1, 4)), 4)
    (0.0111, 0.4857)
    >>> two_proportions((0, 0), (3, 10))
    1.0
    """
    (hits_a, n_a), (hits_b, n_b) = a, b
    hits, n = hits_a + hits_b, n_a + n_b
    if not n_a or not n_b or hits in (0, n):
        return 1.0
    if min(n_a, n_b) * min(hits, n - hits) / n < MIN_EXPECTED:
        return _fisher(hits_a, n_a, hits, n)
    pooled = hits / n
    error = math.sqrt(pooled * (1 - pooled) * (1 / n_a + 1 / n_b))
    return 2 * (1 - NormalDist().cdf(abs(hits_a / n_a - hits_b / n_b) / error))


def _fisher(hits_a: int, n_a: int, hits: int, n: int) -> float:
    """The chance of a table as unlikely as this one or less, its margins given; ties with a hair of slack."""

    def log_chance(k: int) -> float:
        return _log_choose(hits, k) + _log_choose(n - hits, n_a - k)

    possible = [log_chance(k) for k in range(max(0, n_a - (n - hits)), min(hits, n_a) + 1)]
    found = log_chance(hits_a) + _TIES
    highest = max(possible)
    all_of_them = math.fsum(math.exp(chance - highest) for chance in possible)
    return min(1.0, math.fsum(math.exp(chance - highest) for chance in possible if chance <= found) / all_of_them)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def holm(p_values: Sequence[float], *, level: float = LEVEL) -> list[bool]:
    """Which hypotheses Holm's step-down procedure rejects (Holm 1979, Scandinavian Journal of Statistics 6:65).

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03, 0.005])
    [True, False, False, True]
    """
    rejected = [False] * len(p_values)
    for rank, i in enumerate(sorted(range(len(p_values)), key=lambda i: (p_values[i], i))):
        if p_values[i] > level / (len(p_values) - rank):
            break
        rejected[i] = True
    return rejected
