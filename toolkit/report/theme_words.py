"""The words that set a theme apart in this corpus, counted in articles."""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from toolkit.report.context import is_kept
from toolkit.report.quotes import tokens_of
from toolkit.report.rows import Row, text_of, theme_scores
from toolkit.report.tally import Tally

MAX_READ = 1_000  # on-topic articles whose words are counted; of more, those of the smallest checksum
N_WORDS = 12
MIN_ARTICLES = 3  # of the theme that hold a word
MIN_LETTERS = 3
PRIOR = 5.0  # articles that the corpus as a whole weighs in each side of the comparison: fewer let rare words win
MIN_TIMES = 1.5  # how much more frequent in the theme than beside it
MIN_Z = 1.96  # standard deviations apart: what chance explains sets nothing apart


@dataclass(frozen=True, slots=True)
class ThemeWord:
    """A word, in how many articles it stands in passages of the theme, and in how many in other passages."""

    word: str
    n_inside: int
    n_outside: int


def articles_to_read(tally: Tally) -> list[str]:
    """The ids of the on-topic articles whose words are counted: all, or a spread that depends on nothing but ids."""
    ids = [tally.articles[i].document_id for i in tally.on]
    if len(ids) <= MAX_READ:
        return ids
    return sorted(sorted(ids, key=lambda one: (zlib.crc32(one.encode("utf-8", "replace")), one))[:MAX_READ])


def theme_words(rows: Mapping[str, Sequence[Row]], themes: Collection[str]) -> dict[str, tuple[ThemeWord, ...]]:
    """For each theme the words that set its passages apart from all other on-topic passages.

    Words are compared by their log-odds ratio with an informative prior, divided by its standard deviation (Monroe,
    Colaresi & Quinn 2008, Political Analysis 16:372, equations 16 to 22). An article counts a word once on either side.

    Parameters
    ----------
    rows : the segments of each article, by its id
    """
    inside: dict[str, Counter[str]] = {theme: Counter() for theme in themes}
    only_inside: dict[str, Counter[str]] = {theme: Counter() for theme in themes}
    everywhere: Counter[str] = Counter()
    n_carrying: Counter[str] = Counter()
    for document_id in sorted(rows):
        passages = [
            (tokens_of(text_of(row, "text")[:2_000].casefold()), theme_scores(row.get("themes")).keys())
            for row in rows[document_id]
            if is_kept(row) and row.get("on_topic") == "on"
        ]
        everywhere.update(_union(tokens for tokens, _ in passages))
        for theme in sorted({theme for _, carried in passages for theme in carried if theme in inside}):
            of_theme = _union(tokens for tokens, carried in passages if theme in carried)
            inside[theme].update(of_theme)
            n_carrying[theme] += 1
            only_inside[theme].update(of_theme - _union(tokens for tokens, carried in passages if theme not in carried))
    return {
        theme: _distinctive(inside[theme], only_inside[theme], everywhere, n_inside=n_carrying[theme], n_all=len(rows))
        for theme in themes
    }


def _union(tokens: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*tokens)


def _distinctive(
    inside: Counter[str], only_inside: Counter[str], everywhere: Counter[str], *, n_inside: int, n_all: int
) -> tuple[ThemeWord, ...]:
    """The words of one theme; `only_inside` counts the articles that hold a word in passages of the theme alone."""
    found = []
    for word, n in inside.items():
        if n < MIN_ARTICLES or len(word) < MIN_LETTERS or not word.isalpha():
            continue
        prior = PRIOR * everywhere[word] / n_all
        other = everywhere[word] - only_inside[word]
        if (n + prior) / (n_inside + PRIOR) < MIN_TIMES * (other + prior) / (n_all + PRIOR):
            continue
        apart = _log_odds(n + prior, n_inside + PRIOR) - _log_odds(other + prior, n_all + PRIOR)
        z = apart / math.sqrt(1 / (n + prior) + 1 / (other + prior))
        if z >= MIN_Z:
            found.append((-round(z, 6), word, n, other))
    chosen: list[ThemeWord] = []
    stems: set[str] = set()
    for _, word, n, other in sorted(found):
        stem = word.removesuffix("s")
        if stem not in stems and len(chosen) < N_WORDS:
            stems.add(stem)
            chosen.append(ThemeWord(word, n, other))
    return tuple(chosen)


def _log_odds(n: float, of: float) -> float:
    return math.log(n / max(0.5, of - n))
