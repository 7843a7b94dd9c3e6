"""Something new in a batch: articles close to each other where the training corpus has few or none.

How near articles are to each other is said in `similarity`. Of an article are looked at

- its surplus: for each of its nearest in the batch, how many articles of the corpus are nearer than that one. The
  largest log-likelihood ratio of a binomial share (Kulldorff 1997, the Bernoulli model of his scan statistic) against a
  share of the batch `_PLAUSIBLE_SURPLUS` times the usual: that much more of a known topic is no surprise;
- its novelty: how far it is from its nearest articles of the corpus, as a normal score among the corpus's own
  leave-one-out distances.

The statistic of an article is the mean of both over it and its nearest in the batch, and a part of the surplus around
the middle of these: what ten articles have in common is seen better from there than from any of them. The statistic of
a batch is the largest of its articles'; what it comes to by chance is found in `lots`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from toolkit.drift.similarity import CROWDED, Floats, Ints, Nearest, Similar, highest, nearness

# The form and the constants were chosen on half of the classes of bbc_news, reuters21578, 20newsgroups, sea_china_news
# and M10 (the split and the figures of both halves: tests/quality/drift_quality.py), by mean power over these corpora
# less a part of the mean share of alarms on shifts among known topics. Weights of a form of three terms that were
# chosen without one corpus at a time had on that one a mean power of .36, against .37 in sample. What is taken off for
# the crowd, and the lower weights of novelty beside it, were chosen later on bbc_news and that half of reuters21578 and
# sea_china_news, among six settings.
_PLAUSIBLE_SURPLUS = 3.0
_FELLOWS = 12  # nearest articles of the batch a surplus is looked for among
_COUNTED = 60  # nearest articles of the corpus that are counted; where as many are nearer there is no surplus
_VECTOR_WEIGHT = 0.375  # of novelty by vectors, in units of the log-likelihood
_NOVEL_WORD_WEIGHT = 0.75  # of novelty by words
_SMOOTHED = 7  # nearest articles of the batch the statistic is a mean over
# The surplus around the middle of a group came last. On half of the classes of bbc_news and reuters21578 thirty forms
# of it (group of 6, 8 or 12, weight .12 or .2, by vectors or joined) did about as much; this is the plainest.
_CENTRAL_WEIGHT = 0.15
_CENTRES = 60  # articles of the highest statistic whose groups' middles are looked at
_LISTED = 15  # nearest articles to a middle that may belong to a candidate
MIN_MEMBERS = 5
"""Articles that make a candidate: fewer are an anecdote."""
_SAME_STORY = 0.45  # similarity of words from which two articles tell one story; copies proper are left out before
_MIN_STORIES = 4


@dataclass(frozen=True, slots=True)
class Group:
    """Articles of a batch around the one at `centre`: rows of the batch, and what the statistic came to."""

    centre: int
    members: tuple[int, ...]
    statistic: float


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


def surplus(fellows: Floats, nearest: Floats, n_batch: int, n_reference: int, *, odds: float) -> Floats:
    """For each row how much more of the batch than of the corpus is around it: log-likelihood ratios, 0 or more.

    `fellows` are its similarities to its nearest in the batch, `nearest` those to the corpus's, both from the nearest
    on. There is a ratio for each fellow: the surplus as near as that one. A share of the batch `odds` times the usual
    is none.
    """
    nearer = np.array(
        [len(row) - row[::-1].searchsorted(own, side="right") for own, row in zip(fellows, nearest, strict=True)]
    )
    ranks = np.arange(1, fellows.shape[1] + 1)
    expected = odds * n_batch / (odds * n_batch + n_reference)
    here = ranks / (ranks + nearer)
    ratio = ranks * np.log(here / expected) + nearer * np.log(np.maximum(1 - here, 1e-12) / (1 - expected))
    counts_all = (nearer == nearest.shape[1]) & (nearest.shape[1] < n_reference)
    return np.asarray(np.round(np.where((here > expected) & ~counts_all, ratio, 0), 9))


def around_middle(groups: Ints, within: Floats, outside: Floats) -> tuple[Ints, Floats]:
    """The nearest of a batch to the middle of each group of its rows, and the surplus as near as each of them.

    `within` and `outside` are similarities, less what is taken off for the crowd, of the batch's articles to each other
    and to the corpus's. To the middle of a group an article is as similar as it is to the group's others on average.
    """
    n = groups.shape[1]
    others = np.full((len(groups), len(within)), float(n))
    np.put_along_axis(others, groups, n - 1.0, axis=1)
    alike = within.copy()
    np.fill_diagonal(alike, 0)
    inside = np.round(alike[groups].sum(axis=1) / others, 9)
    order = np.argsort(-inside, axis=1, kind="stable")[:, :_LISTED]
    beyond = highest(np.round(outside[groups].sum(axis=1) / n, 9), _COUNTED)
    fellows = np.take_along_axis(inside, order, axis=1)
    return order, surplus(fellows, beyond, len(within), outside.shape[1], odds=1.0)


def scan(joined: Floats, nearest: Nearest, known: Floats) -> tuple[Floats, Floats, Ints]:
    """For each article of a batch: its own score, its statistic, and itself with its nearest in the batch.

    `joined` are the similarities within the batch, each article far from itself; `known` is `own_nearness` of the
    corpus.
    """
    uncrowded = np.round(joined - CROWDED * nearest.crowd, 9)
    order = np.argsort(-uncrowded, axis=1, kind="stable")[:, : min(_FELLOWS, len(joined) - 1)]
    novelties = _VECTOR_WEIGHT * novelty(nearness(nearest.vectors, nearest.share), known[0])
    novelties += _NOVEL_WORD_WEIGHT * novelty(nearness(nearest.words, nearest.share), known[1])
    # Where the whole batch is strange nothing in it stands out: that is for other measures to say.
    novelties -= max(0.0, float(np.median(novelties)))
    fellows = np.take_along_axis(uncrowded, order, axis=1)
    n_reference = nearest.uncrowded.shape[1]
    reach = highest(nearest.uncrowded, _COUNTED)
    score = novelties + surplus(fellows, reach, len(joined), n_reference, odds=_PLAUSIBLE_SURPLUS).max(axis=1)
    groups = np.column_stack([np.arange(len(joined)), order[:, :_SMOOTHED]])
    statistic = np.round(score[groups].sum(axis=1) / groups.shape[1], 6)
    centres = np.argsort(-statistic, kind="stable")[:_CENTRES]
    _, central = around_middle(groups[centres], uncrowded, nearest.uncrowded)
    statistic[centres] += _CENTRAL_WEIGHT * central.max(axis=1)
    return score, np.round(statistic, 6), groups


def find_groups(joined: Floats, nearest: Nearest, known: Floats, limit: float, *, n_groups: int) -> list[Group]:
    """The groups of a batch whose statistic exceeds `limit`, highest first, none sharing an article.

    Members are those nearest to the middle, as far as the surplus around it is largest.
    """
    _, statistic, groups = scan(joined, nearest, known)
    within = np.round(joined - CROWDED * nearest.crowd, 9)
    free = np.ones(len(statistic), dtype=bool)
    found: list[Group] = []
    for centre in np.argsort(-statistic, kind="stable").tolist():
        if statistic[centre] <= limit or len(found) == n_groups:
            break
        if not free[groups[centre]].all():
            continue
        order, central = around_middle(groups[[centre]], within, nearest.uncrowded)
        wanted = order[0, : max(MIN_MEMBERS, int(central[0].argmax()) + 1)]
        members = tuple(sorted(wanted[free[wanted]].tolist()))
        if len(members) >= MIN_MEMBERS:
            found.append(Group(centre, members, float(statistic[centre])))
            free[list(members)] = False
    return found


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
