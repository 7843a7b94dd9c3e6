"""Something new in a batch: articles close to each other where the training corpus has few or none.

Articles are compared by the direction of their vectors (what they speak of), by the same directions made equally
spread over the corpus (so that what all of it is about tells no two articles apart), and by their words, rare ones
counting most (as TF-IDF; words the corpus never had count fully). Of how near one is to another is taken off how near
that other is to the corpus anyway: an article in a crowd of known ones is near to everything. Of an article are looked
at

- its surplus: for each of its nearest in the batch, how many articles of the corpus are nearer than that one. The
  largest log-likelihood ratio of a binomial share (Kulldorff 1997, the Bernoulli model of his scan statistic) against a
  share of the batch `_PLAUSIBLE_SURPLUS` times the usual: that much more of a known topic is no surprise;
- its novelty: how far it is from its nearest articles of the corpus, as a normal score among the corpus's own
  leave-one-out distances.

The statistic of a batch is the largest mean of both over an article and its nearest in the batch. What it reaches by
chance is learnt from batches drawn from the corpus itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# The form and the constants were chosen on half of the classes of bbc_news, reuters21578, 20newsgroups, sea_china_news
# and M10 (the split and the figures of both halves: tests/quality/drift_quality.py), by mean power over these corpora
# less a part of the mean share of alarms on shifts among known topics. Weights of a form of three terms that were
# chosen without one corpus at a time had on that one a mean power of .36, against .37 in sample. What is taken off for
# the crowd, and the lower weights of novelty beside it, were chosen later on bbc_news and that half of reuters21578 and
# sea_china_news, among six settings.
_NEAREST = 5  # articles of the corpus whose mean similarity is an article's nearness to what is known
_PLAUSIBLE_SURPLUS = 3.0
_FELLOWS = 12  # nearest articles of the batch a surplus is looked for among
_COUNTED = 60  # nearest articles of the corpus that are counted; where as many are nearer there is no surplus
_CROWDED = 0.5  # part of an article's nearness to the corpus that is taken off others' similarities to it
_VECTOR_WEIGHT = 0.375  # of novelty by vectors, in units of the log-likelihood
_NOVEL_WORD_WEIGHT = 0.75  # of novelty by words
_WORD_WEIGHT = 2.0  # of words beside vectors, where neighbours are chosen: their similarities are smaller
_SMOOTHED = 7  # nearest articles of the batch the statistic is a mean over
_EVEN = 1.0  # added to the variance of every direction, in units of their mean: rare directions are not blown up
_LISTED = 15  # nearest articles that may belong to a candidate
_MEMBER_SHARE, _OUTER_SHARE = 0.25, 0.5  # of the statistic an article must reach by itself to be a member
_REMEMBERED = 140  # nearest articles of each; with a third drawn out, those counted are mostly left
_CROWD = 24  # of these for how near an article is where some are drawn out
_FAR = -9.0
MIN_MEMBERS = 5
"""Articles that make a candidate: fewer are an anecdote."""
_SAME_STORY = 0.45  # similarity of words from which two articles tell one story; copies proper are left out before
_MIN_STORIES = 4
_CALIBRATION_SIZES = (20, 50, 100, 200, 300)
_N_CALIBRATION = 300
_STANDING_BY = 8  # nearest articles of the corpus of which one stands for an article
_N_STAND_INS = 39
_RARE = 5  # one batch of stand-ins of so many may be higher
_QUANTILES = np.linspace(0.5, 1.0, 51)
_SEED = 20240416


@dataclass(frozen=True, slots=True)
class Similar:
    """Similarities, each of shape (n, n_reference) or (n, n).

    By vectors and by words in [-1, 1]; `joined` is that by evenly spread vectors with that by words added.
    """

    vectors: Floats
    words: Floats
    joined: Floats

    def parts(self) -> tuple[Floats, Floats, Floats]:
        """All of them."""
        return self.vectors, self.words, self.joined


@dataclass(frozen=True, slots=True)
class Nearest:
    """Similarities of articles to their nearest of the corpus, each row from the nearest on.

    `uncrowded` are the joined ones less what is taken off them (see `crowd`); `crowd` is how near the articles
    themselves are. `share` is the part of the corpus that was looked at: in a batch drawn from it, what was not drawn.
    """

    vectors: Floats
    words: Floats
    uncrowded: Floats
    crowd: Floats
    n_reference: int
    share: float = 1.0


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


def even_directions(vectors: npt.NDArray[np.int8]) -> npt.NDArray[np.int16]:
    """A symmetric matrix that spreads vectors evenly over their directions: shape (n_dimensions, n_dimensions).

    Shrunk ZCA whitening of the directions (Bell and Sejnowski 1997), which no sign of an eigenvector changes.
    """
    from threadpoolctl import threadpool_limits

    lengths = np.sqrt(_squares(vectors))
    rows = vectors.astype(np.float64) / np.where(lengths > 0, lengths, 1)[:, None]
    with threadpool_limits(1):
        variances, axes = np.linalg.eigh(np.round(rows.T @ rows / max(len(rows), 1), 12))
        variances = np.maximum(variances, 0)
        scale = 1 / np.sqrt(variances + _EVEN * max(float(variances.mean()), 1e-12))
        matrix = (axes * scale) @ axes.T
    matrix = (matrix + matrix.T) / 2
    return np.asarray(np.rint(np.round(matrix / np.abs(matrix).max(), 9) * 32_767).astype(np.int16))


def spread(vectors: npt.NDArray[np.int8], even: npt.NDArray[np.int16]) -> npt.NDArray[np.int8]:
    """Vectors turned by `even_directions`, in 8 bits: the products are whole numbers, exact in 64 bits."""
    turned = vectors.astype(np.float64) @ even.astype(np.float64)
    largest = np.abs(turned).max(axis=1, keepdims=True, initial=0)
    return np.rint(turned / np.where(largest > 0, largest, 1) * 127).astype(np.int8)


def word_cosines(
    rows: list[Ints], others: list[Ints], weights: Ints, *, rows_more: Ints | None = None, more: Ints | None = None
) -> Floats:
    """Cosines of texts as sets of weighted words: `rows[i]` are ids of words, `weights[id]` whole numbers.

    `rows_more` and `more` are sums of squared weights of words that a row, or one of the others, has beside those
    listed, and no other text: they make it longer.
    """
    squares = weights * weights
    postings = np.concatenate([*others, np.zeros(0, dtype=np.int64)])
    holder = np.arange(len(others)).repeat([len(ids) for ids in others])
    order = np.argsort(postings, kind="stable")
    postings, holder = postings[order], holder[order]
    lengths = np.sqrt(_square_sums(others, squares, more))
    own_lengths = np.sqrt(_square_sums(rows, squares, rows_more))
    found = np.zeros((len(rows), len(others)))
    for row, ids, own in zip(found, rows, own_lengths, strict=True):
        starts, ends = postings.searchsorted(ids), postings.searchsorted(ids, side="right")
        counts = ends - starts
        if not counts.any():
            continue
        at = np.arange(counts.sum()) + (starts - counts.cumsum() + counts).repeat(counts)
        sums = np.bincount(holder[at], weights=squares[ids].repeat(counts), minlength=len(others))
        row[:] = sums / np.where(lengths * own > 0, lengths * own, 1)
    return found


def _square_sums(texts: list[Ints], squares: Ints, more: Ints | None) -> Floats:
    sums = np.array([float(squares[ids].sum()) for ids in texts])
    return sums if more is None else np.asarray(sums + more)


def similarities(
    vectors: tuple[npt.NDArray[np.int8], npt.NDArray[np.int8]],
    even: npt.NDArray[np.int16],
    words: Floats,
) -> Similar:
    """All similarities of the articles of the first vectors to those of the second; `words` are those by words."""
    turned = cosines(spread(vectors[0], even), spread(vectors[1], even))
    return Similar(cosines(*vectors), words, np.round(turned + _WORD_WEIGHT * words, 9))


def without_self(similar: Similar) -> Similar:
    """The same with every article far from itself."""
    for part in similar.parts():
        np.fill_diagonal(part, _FAR)
    return similar


def nearest_of(to_reference: Similar, crowd: Floats) -> Nearest:
    """The nearest articles of the corpus of each row; `crowd` is that of the corpus's articles."""
    vectors, words, joined = (_highest(part, _NEAREST) for part in to_reference.parts())
    uncrowded = _highest(to_reference.joined - _CROWDED * crowd, _COUNTED)
    return Nearest(vectors, words, uncrowded, nearness(joined), n_reference=len(crowd))


def _highest(rows: Floats, n: int) -> Floats:
    return np.asarray(-np.sort(-rows, axis=1)[:, :n])


def nearness(nearest: Floats, share: float = 1.0) -> Floats:
    """The mean similarity of each row to its nearest articles, as many fewer of them as the corpus is smaller."""
    weights = np.clip(share * _NEAREST - np.arange(min(_NEAREST, nearest.shape[1])), 0, 1)
    return np.asarray(np.add.reduce(nearest[:, : len(weights)] * weights, axis=1) / weights.sum())


def novelty(near: Floats, known: Floats) -> Floats:
    """Normal scores of nearness among the corpus's own (`known`, sorted): above 0 is farther than half of it."""
    n = len(known)
    return np.asarray(_normal_scores(n)[known.searchsorted(near, side="left")])


@cache
def _normal_scores(n: int) -> Floats:
    """The score of an article farther than all, all but one, ... none of `n`."""
    from statistics import NormalDist

    shares = np.clip((n - np.arange(n + 1) + 0.5) / (n + 1), 0.5 / (n + 1), 1 - 0.5 / (n + 1))
    return np.array([round(NormalDist().inv_cdf(float(share)), 9) for share in shares])


def own_nearness(similar: Similar) -> Floats:
    """The nearness of the corpus's articles to the others, sorted, by vectors and by words: shape (2, n)."""
    return np.array([np.sort(nearness(_highest(part, _NEAREST))) for part in (similar.vectors, similar.words)])


def own_crowd(similar: Similar) -> Floats:
    """How near each of the corpus's articles is to the others, by joined similarities.

    An article in the midst of much of its kind is near to many: what is taken off for it lets those stand out that are
    near to each other and to little else (Lample and others 2018 call a like correction CSLS).
    """
    return np.round(nearness(_highest(similar.joined, _NEAREST)), 6)


def surplus(fellows: Floats, nearest: Floats, n_batch: int, n_reference: int, share: float) -> Floats:
    """For each article how much more of the batch than of the corpus is around it: a log-likelihood ratio, 0 or more.

    `fellows` are its similarities to its nearest in the batch, `nearest` those to the corpus's, both from the nearest
    on.
    """
    nearer = np.array(
        [len(row) - row[::-1].searchsorted(own, side="right") for own, row in zip(fellows, nearest, strict=True)]
    )
    counts = nearer / share
    ranks = np.arange(1, fellows.shape[1] + 1)
    expected = _PLAUSIBLE_SURPLUS * n_batch / (_PLAUSIBLE_SURPLUS * n_batch + n_reference / share)
    here = ranks / (ranks + counts)
    ratio = ranks * np.log(here / expected) + counts * np.log(np.maximum(1 - here, 1e-12) / (1 - expected))
    counts_all = (nearer == nearest.shape[1]) & (nearest.shape[1] < n_reference)
    return np.asarray(np.round(np.where((here > expected) & ~counts_all, ratio, 0).max(axis=1), 9))


def scan(joined: Floats, nearest: Nearest, known: Floats) -> tuple[Floats, Floats, Ints]:
    """For each article of a batch: its own score, its statistic, and its nearest in the batch.

    `joined` are the similarities within the batch, each article far from itself; `known` is `own_nearness` of the
    corpus.
    """
    uncrowded = np.round(joined - _CROWDED * nearest.crowd, 9)
    order = np.argsort(-uncrowded, axis=1, kind="stable")[:, : min(_LISTED, len(joined) - 1)]
    novelties = _VECTOR_WEIGHT * novelty(nearness(nearest.vectors, nearest.share), known[0])
    novelties += _NOVEL_WORD_WEIGHT * novelty(nearness(nearest.words, nearest.share), known[1])
    # Where the whole batch is strange nothing in it stands out: that is for other measures to say.
    novelties -= max(0.0, float(np.median(novelties)))
    fellows = np.take_along_axis(uncrowded, order[:, :_FELLOWS], axis=1)
    score = novelties + surplus(
        fellows, np.round(nearest.uncrowded, 9), len(joined), nearest.n_reference, nearest.share
    )
    statistic = (score + score[order[:, :_SMOOTHED]].sum(axis=1)) / (1 + min(_SMOOTHED, order.shape[1]))
    return score, np.round(statistic, 6), order


def calibrate(similar: Similar) -> tuple[Ints, Floats]:
    """What the statistic comes to by chance in batches drawn from the corpus, by size of batch.

    `similar` are the corpus's own similarities, each article far from itself. A drawn batch is taken out of what it is
    compared with. Returns sizes and, for each, quantiles from the median up; no sizes where the corpus is too small.
    """
    n = len(similar.vectors)
    known, near = own_nearness(similar), _neighbours(similar)
    sizes = [size for size in _CALIBRATION_SIZES if 3 * size <= n]
    rng = np.random.default_rng(_SEED)
    quantiles = np.zeros((len(sizes), len(_QUANTILES)))
    for row, size in zip(quantiles, sizes, strict=True):
        reached = []
        for _ in range(_N_CALIBRATION):
            batch = np.sort(rng.permutation(n)[:size])
            reached.append(_highest_of_drawn(similar, near, batch, known))
        row[:] = np.quantile(reached, _QUANTILES)
    return np.array(sizes, dtype=np.int64), np.round(quantiles, 6)


def _neighbours(similar: Similar) -> list[tuple[Ints, Floats]]:
    """The nearest of each article, and how similar they are, from the nearest on.

    By vectors, by words, by joined similarities, and by those less what is taken off for the crowd, these as they were.
    """
    parts = (*similar.parts(), similar.joined - _CROWDED * own_crowd(similar))
    nearest = [np.argsort(-part, axis=1, kind="stable")[:, :_REMEMBERED] for part in parts]
    parts = (*similar.parts(), similar.joined)
    return [(at, np.take_along_axis(part, at, axis=1)) for at, part in zip(nearest, parts, strict=True)]


def _highest_of_drawn(similar: Similar, near: list[tuple[Ints, Floats]], batch: Ints, known: Floats) -> float:
    """What the statistic comes to in a batch drawn from the corpus, beside what was not drawn."""
    left = _nearest_beside(near, batch)
    return float(scan(similar.joined[np.ix_(batch, batch)], left, known)[1].max())


def limit_of_mixture(similar: Similar, to_reference: Floats, known: Floats) -> float:
    """What the statistic exceeds in a fifth of batches of known articles that mix their subjects as this one does.

    In such a batch one of the nearest articles of the corpus stands for each article, none for two. Where a batch has
    much more of a known topic than the corpus, these have it too. `similar` are the corpus's own similarities,
    `to_reference` the batch's joined ones to it.
    """
    near = _neighbours(similar)
    nearest = np.argsort(-to_reference, axis=1, kind="stable")[:, :_COUNTED]
    rng = np.random.default_rng([_SEED, len(nearest)])
    reached = []
    for _ in range(_N_STAND_INS):
        is_drawn = np.zeros(to_reference.shape[1], dtype=bool)
        for row in rng.permutation(len(nearest)).tolist():
            free = nearest[row][~is_drawn[nearest[row]]][:_STANDING_BY]
            if len(free):
                is_drawn[free[rng.integers(len(free))]] = True
        batch = np.flatnonzero(is_drawn)
        reached.append(_highest_of_drawn(similar, near, batch, known))
    return round(sorted(reached)[-(_N_STAND_INS + 1) // _RARE], 6)


def _nearest_beside(near: list[tuple[Ints, Floats]], batch: Ints) -> Nearest:
    """The nearest of each article of a drawn batch that were not drawn."""
    n = len(near[0][0])
    share = (n - len(batch)) / n
    is_drawn = np.zeros(n, dtype=bool)
    is_drawn[batch] = True
    vectors, words = (_highest(np.where(is_drawn[at[batch]], _FAR, values[batch]), _NEAREST) for at, values in near[:2])
    at, values = near[2]
    crowd = _nearness_beside(values[:, :_CROWD], is_drawn[at[:, :_CROWD]], share)
    at, values = near[3][0][batch], near[3][1][batch]
    uncrowded = _highest(np.where(is_drawn[at], _FAR, values - _CROWDED * crowd[at]), _COUNTED)
    return Nearest(vectors, words, uncrowded, crowd[batch], n_reference=n - len(batch), share=share)


def _nearness_beside(nearest: Floats, is_drawn: npt.NDArray[np.bool_], share: float) -> Floats:
    """As `nearness`, with those drawn left out."""
    is_left = ~is_drawn
    weights = np.clip(share * _NEAREST + 1 - is_left.cumsum(axis=1), 0, 1) * is_left
    return np.asarray((nearest * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-9))


def limit_for(n_articles: int, sizes: Ints, quantiles: Floats, *, level: float) -> float:
    """What a batch of `n_articles` exceeds by chance in a share `level` of cases; between sizes, by their logarithm."""
    at = [float(np.interp(1 - level, _QUANTILES, row)) for row in quantiles]
    return round(float(np.interp(np.log(n_articles), np.log(sizes), at)), 6)


def find_groups(joined: Floats, nearest: Nearest, known: Floats, limit: float, *, n_groups: int) -> list[Group]:
    """The groups of a batch whose statistic exceeds `limit`, highest first, none sharing an article."""
    score, statistic, order = scan(joined, nearest, known)
    free = np.ones(len(score), dtype=bool)
    groups: list[Group] = []
    for centre in np.argsort(-statistic, kind="stable").tolist():
        if statistic[centre] <= limit or len(groups) == n_groups:
            break
        neighbours = order[centre]
        if not free[centre] or not free[neighbours[:_SMOOTHED]].all():
            continue
        # Beyond those the statistic was found in, only what is clearly new itself.
        shares = np.where(np.arange(len(neighbours)) < _SMOOTHED, _MEMBER_SHARE, _OUTER_SHARE)
        wanted = neighbours[free[neighbours] & (score[neighbours] > shares * max(float(statistic[centre]), 0.0))]
        members = sorted({centre, *wanted.tolist()})
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
