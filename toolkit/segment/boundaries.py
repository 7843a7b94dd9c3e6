"""Where one story ends and another begins in a list of paragraphs or sentences: an exact change-point model.

A segmentation costs what its segments cost; dynamic programming finds the cheapest. A segment costs little when
its words repeat within it (a Dirichlet-multinomial over stems, as Eisenstein & Barzilay 2008, with general English
and the text's own counts as base measure, so that the return of a rare word or name binds and that of a common one
does not), and when its static vectors point one way (a Gaussian whose mean is integrated out). Every segment pays a
price, a short one more; no length and no number of segments is expected beyond that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from toolkit.segment.stem import stem
from toolkit.terms import tokenise

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Tuned on splices of sea_china_news and bbc_news articles that are in no document of news_segmentation; how the
# figures move with each: tests/quality/boundary_quality.py --sensitivity.
CONCENTRATION = 1000.0  # of the Dirichlet: with more, words must repeat more often to bind
OWN_SHARE = 0.2  # of the base measure: the text's own word counts; the rest is general English
RANK_OFFSET = 2.0  # general English by Zipf and Mandelbrot: 1 / (8 (rank + offset))
NAME_WEIGHT = 1.44  # of words that are never in lower case
VECTOR_WEIGHT = 10.0
MEAN_VARIANCE = 2.0  # of a story's mean vector, in units of the variance of texts around it
N_DIRECTIONS = 10.0  # free directions of a story's mean vector
CENTRE = 0.5  # how much of the text's mean vector is taken off its vectors
PRICE = 2.0  # nats a segment
SHORT_PRICE = 8.0  # nats a segment of no words pays besides; falls with e^(-words / SHORT_WORDS)
SHORT_WORDS = 20.0

MAX_SEGMENT_TEXTS = 200  # longer stories are pieced together: the work is linear in the number of texts
MAX_STEMS = 300  # distinct stems looked at in one text
MAX_CHARACTERS = 20_000  # looked at in one text
_UNKNOWN_RANK = 30_000
_FIRST_WORD_ROW = 139  # rows of the embedder above are signs, digits and letters
_WORD = re.compile(r"[^\W\d_][^\W_]*")


def find_boundaries(texts: Sequence[str], *, price: float = PRICE) -> list[int]:
    """Rows i >= 1 at which another story begins, ascending; unsupervised, deterministic.

    Parameters
    ----------
    texts : paragraphs or sentences in order, any number of any length
    price : nats a story costs; with a higher price only clearer boundaries are found

    Examples
    --------
    >>> ship, tax = "The ship left Piraeus harbour with grain.", "Firms pay a lower income tax, the treasury said."
    >>> find_boundaries([ship, "Grain ships wait in Piraeus harbour."] * 2 + [tax, "The tax on income falls."] * 2)
    [4]
    """
    n = len(texts)
    if n < 2:
        return []
    words = _read(texts)
    vectors = _sums(texts)
    stems, starts = words.stems, words.starts
    n_before = np.zeros(len(words.base), dtype=np.int64)  # occurrences above the segment's first text
    best = np.full(n + 1, np.inf)
    best[0] = 0.0
    origin = np.zeros(n + 1, dtype=np.int64)
    for begin in range(n):  # all segments begin..end at once: end = begin + 1, ..., last
        last = min(n, begin + MAX_SEGMENT_TEXTS)
        first, ends = starts[begin], starts[begin + 1 : last + 1] - starts[begin]
        inside = stems[first : starts[last]]
        n_so_far = words.occurrence[first : starts[last]] - n_before[inside]
        base = words.base[inside]
        chance = (n_so_far + CONCENTRATION * base) / (np.arange(len(inside)) + CONCENTRATION)
        gain = np.concatenate(([0.0], np.cumsum(words.weight[inside] * np.log(chance / base))))[ends]
        total = vectors[begin + 1 : last + 1] - vectors[begin]
        n_texts = np.arange(1, last - begin + 1)
        gain += VECTOR_WEIGHT * np.add.reduce(total * total, axis=1) / (n_texts + 1 / MEAN_VARIANCE)
        gain -= N_DIRECTIONS / 2 * np.log1p(n_texts * MEAN_VARIANCE)
        cost = best[begin] + price + SHORT_PRICE * np.exp(-ends / SHORT_WORDS) - gain
        better = (cost < best[begin + 1 : last + 1]).nonzero()[0]
        best[begin + 1 + better] = cost[better]
        origin[begin + 1 + better] = begin
        n_before[stems[first : starts[begin + 1]]] += 1  # a text's stems are distinct
    path = [n]
    while path[-1] > 0:
        path.append(int(origin[path[-1]]))
    return [
        row
        for above, row, below in zip(path[:1:-1], path[-2:0:-1], path[-3::-1], strict=True)
        if below - above <= MAX_SEGMENT_TEXTS or _stands(texts, row, price)
    ]


def _stands(texts: Sequence[str], row: int, price: float) -> bool:
    """Whether a boundary that a window may have forced is found again among the texts around it."""
    begin = max(0, row - MAX_SEGMENT_TEXTS // 2)
    return row - begin in find_boundaries(texts[begin : row + MAX_SEGMENT_TEXTS // 2], price=price)


@dataclass(frozen=True, slots=True)
class _Words:
    """The distinct stems of each text, one after the other: those of text i are at `starts[i]:starts[i + 1]`."""

    stems: Ints
    starts: Ints
    occurrence: Ints  # in how many texts above the stem occurs
    base: Floats  # of each stem: its share of words in the base measure
    weight: Floats  # of each stem


def _read(texts: Sequence[str]) -> _Words:
    from toolkit.embed import load_embedder

    find_row = load_embedder().find_row
    number: dict[str, int] = {}
    ranks: list[int] = []
    frequency: list[int] = []
    stems: list[int] = []
    occurrence: list[int] = []
    starts = [0]
    names: set[str] = set()
    lower: set[str] = set()
    for text in texts:
        shown = text[:MAX_CHARACTERS]
        for word in _WORD.findall(shown):
            (names if word[0].isupper() else lower).add(word.lower())
        distinct: dict[str, str] = {}
        for word in tokenise(shown):
            if len(word) > 1 or not word.isascii() or word.isdigit():
                distinct.setdefault(stem(word), word)
        for key, word in list(distinct.items())[:MAX_STEMS]:
            row = find_row(word)
            rank = _UNKNOWN_RANK if row is None else max(1, row - _FIRST_WORD_ROW)
            i = number.setdefault(key, len(number))
            if i == len(ranks):
                ranks.append(rank)
                frequency.append(0)
            ranks[i] = min(ranks[i], rank)
            stems.append(i)
            occurrence.append(frequency[i])
            frequency[i] += 1
        starts.append(len(stems))
    own = np.array(frequency, dtype=np.float64) / max(1, len(stems))
    general = 1 / (8 * (np.array(ranks, dtype=np.float64) + RANK_OFFSET))
    name_stems = {stem(word) for word in names - lower}
    weight = np.array([NAME_WEIGHT if key in name_stems else 1.0 for key in number], dtype=np.float64)
    return _Words(
        np.array(stems, dtype=np.int64),
        np.array(starts, dtype=np.int64),
        np.array(occurrence, dtype=np.int64),
        (1 - OWN_SHARE) * general + OWN_SHARE * own,
        weight,
    )


def _sums(texts: Sequence[str]) -> Floats:
    """Sums of the static vectors of the texts above each row, shape (n_texts + 1, n_dimensions)."""
    from toolkit.embed import load_embedder

    vectors = load_embedder().encode([text[:MAX_CHARACTERS] for text in texts]).astype(np.float64)
    vectors -= CENTRE * np.add.reduce(vectors, axis=0) / len(texts)
    return np.concatenate((np.zeros((1, vectors.shape[1])), np.cumsum(vectors, axis=0)))
