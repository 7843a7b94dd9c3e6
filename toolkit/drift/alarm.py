"""Something new in a batch: articles far from all the training corpus knows, and close to each other.

Articles are compared twice: by the direction of their vectors (what they speak of) and by their words, rare ones
counting most (as TF-IDF; words the corpus never had count fully). In each, an article has a novelty, how far it is from
its nearest articles of the training corpus, as a normal score among the corpus's own leave-one-out distances, and
links: how many articles of the batch are nearer to it than nearly all of the corpus. The statistic of a batch is the
largest mean of both over an article and its nearest in the batch: a scan statistic (Kulldorff 1997) on nearest
neighbours (Schilling 1986). What it reaches by chance is learnt from batches drawn from the corpus itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Constants chosen on bbc_news (each of five classes held out in turn), the form of the statistic with reuters21578 and
# 20newsgroups in view; sea_china_news was not looked at. Figures: tests/quality/drift_quality.py.
_NEAREST = 5  # articles of the corpus whose mean similarity is an article's nearness to what is known
_LINK_RANK = 3  # a link is nearer than the corpus's third-nearest article
_MAX_LINKS = 15
_LINK_WEIGHT = 0.35
_WORD_WEIGHT = 3.0  # of words beside vectors, where neighbours are chosen: their similarities are smaller
_SMOOTHED = 6  # nearest articles of the batch the statistic is a mean over
_LISTED = 15  # nearest articles that may belong to a candidate
_REMEMBERED = 60  # nearest articles of each; with a third drawn out, the third-nearest left is among the first few
_FAR = -9.0
MIN_MEMBERS = 5
"""Articles that make a candidate: fewer are an anecdote."""
_SAME_STORY = 0.45  # similarity of words from which two articles tell one story; copies proper are left out before
_MIN_STORIES = 4
_CALIBRATION_SIZES = (20, 50, 100, 200, 300)
_N_CALIBRATION = 300
_QUANTILES = np.linspace(0.5, 1.0, 51)
_SEED = 20240416


@dataclass(frozen=True, slots=True)
class Similar:
    """Similarities in [-1, 1], by vectors and by words, each of shape (n, n_reference) or (n, n)."""

    vectors: Floats
    words: Floats

    def part(self, rows: Ints, columns: Ints) -> Similar:
        """The similarities of some rows and columns."""
        at = np.ix_(rows, columns)
        return Similar(self.vectors[at], self.words[at])

    def parts(self) -> tuple[Floats, Floats]:
        """Both."""
        return self.vectors, self.words


@dataclass(frozen=True, slots=True)
class Group:
    """Articles of a batch around the one at `centre`: rows of the batch, and what the statistic came to."""

    centre: int
    members: tuple[int, ...]
    statistic: float


def cosines(rows: npt.NDArray[np.int8], others: npt.NDArray[np.int8]) -> Floats:
    """Cosines of 8-bit vectors: the products are whole numbers below 2 ** 24, exact in 32 bits in any order."""
    products = rows.astype(np.float32) @ others.astype(np.float32).T
    scale = np.sqrt(_squares(rows))[:, None] * np.sqrt(_squares(others))
    return np.asarray(products.astype(np.float64) / np.where(scale > 0, scale, 1))


def _squares(rows: npt.NDArray[np.int8]) -> Floats:
    wide = rows.astype(np.int64)
    return np.asarray((wide * wide).sum(axis=1).astype(np.float64))


def word_cosines(rows: list[Ints], others: list[Ints], weights: Ints) -> Floats:
    """Cosines of texts as sets of weighted words: `rows[i]` are ids of words, `weights[id]` whole numbers."""
    squares = weights * weights
    postings = np.concatenate([*others, np.zeros(0, dtype=np.int64)])
    holder = np.arange(len(others)).repeat([len(ids) for ids in others])
    order = np.argsort(postings, kind="stable")
    postings, holder = postings[order], holder[order]
    lengths = np.sqrt(np.array([float(squares[ids].sum()) for ids in others]))
    found = np.zeros((len(rows), len(others)))
    for row, ids in zip(found, rows, strict=True):
        own = np.sqrt(float(squares[ids].sum()))
        starts, ends = postings.searchsorted(ids), postings.searchsorted(ids, side="right")
        counts = ends - starts
        if not counts.any():
            continue
        at = np.arange(counts.sum()) + (starts - counts.cumsum() + counts).repeat(counts)
        sums = np.bincount(holder[at], weights=squares[ids].repeat(counts), minlength=len(others))
        row[:] = sums / np.where(lengths * own > 0, lengths * own, 1)
    return found


def nearness(to_reference: Floats) -> Floats:
    """The mean similarity of each row to its nearest articles of the corpus."""
    n = min(_NEAREST, to_reference.shape[1])
    return np.asarray(np.sort(to_reference, axis=1)[:, -n:].sum(axis=1) / n)


def without_self(similar: Similar) -> Similar:
    """The same with every article far from itself."""
    for part in similar.parts():
        np.fill_diagonal(part, _FAR)
    return similar


def novelty(near: Floats, known: Floats) -> Floats:
    """Normal scores of nearness among the corpus's own (`known`, sorted): above 0 is farther than half of it."""
    n = len(known)
    share = (n - known.searchsorted(near, side="left") + 0.5) / (n + 1)
    return _normal_score(np.clip(share, 0.5 / (n + 1), 1 - 0.5 / (n + 1)))


def batch_novelty(outside: Similar, known: Floats) -> Floats:
    """The novelty of a batch's articles: the mean of that by vectors and that by words.

    `known` is `own_nearness` of the corpus.
    """
    each = [novelty(nearness(part), own) for part, own in zip(outside.parts(), known, strict=True)]
    return np.asarray((each[0] + each[1]) / 2)


def own_nearness(similar: Similar) -> Floats:
    """The nearness of the corpus's articles to the others, sorted, by vectors and by words: shape (2, n)."""
    return np.array([np.sort(nearness(part)) for part in similar.parts()])


def _normal_score(share: Floats) -> Floats:
    from statistics import NormalDist

    quantile = NormalDist().inv_cdf
    return np.array([round(quantile(float(value)), 9) for value in share])


def scan(inside: Similar, novelties: Floats, third: Similar) -> tuple[Floats, Floats, Ints]:
    """For each article of a batch: its own score, its statistic, and its nearest in the batch.

    `inside` are similarities within the batch, `third` those to the corpus's third-nearest, of shape (n, 1).
    """
    # Where the whole batch is strange nothing in it stands out: that is for other measures to say.
    novelties = novelties - max(0.0, float(np.median(novelties)))
    links = np.zeros(len(novelties))
    for own, reference in ((inside.vectors, third.vectors), (inside.words, third.words)):
        links += np.minimum((own > reference).sum(axis=1), _MAX_LINKS) / 2
    score = novelties + _LINK_WEIGHT * links
    joined = inside.vectors + _WORD_WEIGHT * inside.words
    order = np.argsort(-np.round(joined, 9), axis=1, kind="stable")[:, : min(_LISTED, len(score) - 1)]
    statistic = (score + score[order[:, :_SMOOTHED]].sum(axis=1)) / (1 + min(_SMOOTHED, order.shape[1]))
    return score, np.round(statistic, 6), order


def third_nearest(to_reference: Floats) -> Floats:
    """The similarity of each row to the corpus's third-nearest article, shape (n, 1)."""
    rank = min(_LINK_RANK, to_reference.shape[1])
    return np.asarray(-np.partition(-to_reference, rank - 1, axis=1)[:, rank - 1 : rank])


def calibrate(similar: Similar) -> tuple[Ints, Floats]:
    """What the statistic comes to by chance in batches drawn from the corpus, by size of batch.

    `similar` are the corpus's own similarities, each article far from itself. A drawn batch is taken out of what it is
    compared with. Returns sizes and, for each, quantiles from the median up; no sizes where the corpus is too small.
    """
    n = len(similar.vectors)
    known = own_nearness(similar)
    sizes = [size for size in _CALIBRATION_SIZES if 3 * size <= n]
    near = [np.argsort(-np.round(part, 9), axis=1, kind="stable")[:, :_REMEMBERED] for part in similar.parts()]
    rng = np.random.default_rng(_SEED)
    quantiles = np.zeros((len(sizes), len(_QUANTILES)))
    for row, size in zip(quantiles, sizes, strict=True):
        reached = []
        for _ in range(_N_CALIBRATION):
            order = rng.permutation(n)
            batch = np.sort(order[:size])
            is_drawn = np.zeros(n, dtype=bool)
            is_drawn[batch] = True
            rows = [
                _third_beside(part, found, batch, is_drawn) for part, found in zip(similar.parts(), near, strict=True)
            ]
            third = Similar(*rows)
            left = [
                _nearness_beside(part, found, batch, is_drawn)
                for part, found in zip(similar.parts(), near, strict=True)
            ]
            scores = np.mean([novelty(each, own) for each, own in zip(left, known, strict=True)], axis=0)
            reached.append(scan(similar.part(batch, batch), scores, third)[1].max())
        row[:] = np.quantile(reached, _QUANTILES)
    return np.array(sizes, dtype=np.int64), np.round(quantiles, 6)


def _third_beside(part: Floats, near: Ints, batch: Ints, is_drawn: npt.NDArray[np.bool_]) -> Floats:
    """The similarity of each drawn article to the third-nearest that was not drawn, shape (n, 1)."""
    left = (~is_drawn[near[batch]]).cumsum(axis=1)
    at = near[batch, np.minimum((left < _LINK_RANK).sum(axis=1), near.shape[1] - 1)]
    return np.asarray(part[batch, at][:, None])


def _nearness_beside(part: Floats, near: Ints, batch: Ints, is_drawn: npt.NDArray[np.bool_]) -> Floats:
    """The mean similarity of each drawn article to its nearest that were not drawn."""
    left = ~is_drawn[near[batch]]
    counted = left & (left.cumsum(axis=1) <= _NEAREST)
    similarities = np.take_along_axis(part[batch], near[batch], axis=1)
    return np.asarray((similarities * counted).sum(axis=1) / np.maximum(counted.sum(axis=1), 1))


def limit_for(n_articles: int, sizes: Ints, quantiles: Floats, *, level: float) -> float:
    """What a batch of `n_articles` exceeds by chance in a share `level` of cases; between sizes, by their logarithm."""
    at = [float(np.interp(1 - level, _QUANTILES, row)) for row in quantiles]
    return round(float(np.interp(np.log(n_articles), np.log(sizes), at)), 6)


def find_groups(inside: Similar, novelties: Floats, third: Similar, limit: float, *, n_groups: int) -> list[Group]:
    """The groups of a batch whose statistic exceeds `limit`, highest first, none sharing an article."""
    score, statistic, order = scan(inside, novelties, third)
    free = np.ones(len(score), dtype=bool)
    groups: list[Group] = []
    for centre in np.argsort(-statistic, kind="stable").tolist():
        if statistic[centre] <= limit or len(groups) == n_groups:
            break
        nearest = order[centre]
        if not free[centre] or not free[nearest[:_SMOOTHED]].all():
            continue
        # Beyond those the statistic was found in, only what is new itself.
        wanted = [int(i) for rank, i in enumerate(nearest) if free[i] and score[i] > (0 if rank < _SMOOTHED else 1)]
        members = sorted({centre, *wanted})
        if len(members) >= MIN_MEMBERS:
            groups.append(Group(centre, tuple(members), float(statistic[centre])))
            free[members] = False
    return groups


def n_stories(members: tuple[int, ...], inside: Similar) -> int:
    """How many different stories a group's articles tell, by the words they share: the first of each counts."""
    leaders: list[int] = []
    for member in members:
        if all(inside.words[member, leader] < _SAME_STORY for leader in leaders):
            leaders.append(member)
    return len(leaders)


def is_one_story(n: int) -> bool:
    """Whether so few stories are a burst and no topic."""
    return n < _MIN_STORIES
