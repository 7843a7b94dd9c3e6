"""Measures of the words of topics: how distinct, how alike in two models, how easily a stranger among them is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_MIN_INTRUDED_WORDS = 3  # with two words the stranger is as far from either as they are from it


def topic_diversity(topics: Sequence[Sequence[str]], *, n_terms: int = 10) -> float:
    """Share of distinct words among the first `n_terms` of all topics, in [0, 1]; 0 where there are no words.

    Reference: Dieng, Ruiz & Blei 2020 (with the first 25 words there).
    """
    words = [word for topic in topics for word in topic[:n_terms]]
    return len(set(words)) / len(words) if words else 0.0


def rank_biased_overlap(a: Sequence[str], b: Sequence[str], *, p: float = 0.9) -> float:
    """How alike two rankings are, in [0, 1], extrapolated beyond their ends (RBO_EXT, equation 32).

    Parameters
    ----------
    a, b : rankings without repeats, of any length; two empty ones are alike (1), one empty is unlike any other (0)
    p : how far down the ranking one looks, in (0, 1): the first ten weigh 86 % at .9

    References
    ----------
    Webber, Moffat & Zobel 2010.
    """
    if not 0 < p < 1:
        raise ValueError(f"p lies between 0 and 1, not at {p}")
    short, long = sorted((list(dict.fromkeys(a)), list(dict.fromkeys(b))), key=len)
    if not long or not short:
        return float(not long)
    seen: set[str] = set()
    overlaps = []
    n_shared = 0
    for depth, word in enumerate(long):
        others = [word] if depth >= len(short) else [word, short[depth]]
        for other in dict.fromkeys(others):
            if other in seen or (len(others) == 2 and others[0] == others[1]):
                n_shared += 1
            seen.add(other)
        overlaps.append(n_shared)
    s, n = len(short), len(long)
    at_s, at_n = overlaps[s - 1], overlaps[n - 1]
    total = sum(overlaps[d - 1] / d * p**d for d in range(1, n + 1))
    total += sum(at_s * (d - s) / (s * d) * p**d for d in range(s + 1, n + 1))
    return float((1 - p) / p * total + ((at_n - at_s) / n + at_s / s) * p**n)


def inverted_rbo(topics: Sequence[Sequence[str]], *, n_terms: int = 10, p: float = 0.9) -> float:
    """One minus the mean rank-biased overlap of all pairs of topics, in [0, 1]: 1 where no two share a word.

    Unlike `topic_diversity` it weighs a shared word by its ranks. One topic, or none, has no pair and scores 1.
    Reference: Bianchi, Terragni & Hovy 2021 (`InvertedRBO` of OCTIS, p = .9).
    """
    heads = [tuple(topic[:n_terms]) for topic in topics]
    n_pairs = len(heads) * (len(heads) - 1) // 2
    if not n_pairs:
        return 1.0
    holders: dict[str, list[int]] = {}
    for topic, words in enumerate(heads):
        for word in dict.fromkeys(words):
            holders.setdefault(word, []).append(topic)
    akin = {pair for topics_of_word in holders.values() for pair in combinations(topics_of_word, 2)}
    akin |= set(combinations([topic for topic, words in enumerate(heads) if not words], 2))
    overlaps = [rank_biased_overlap(heads[i], heads[j], p=p) for i, j in sorted(akin)]
    return 1.0 - float(np.sum(overlaps)) / n_pairs


def matched_jaccard(a: Sequence[Sequence[str]], b: Sequence[Sequence[str]]) -> float:
    """How alike the topics of two models are, in [0, 1]: the mean Jaccard of their words over the best matching.

    Each topic has at most one partner (the Hungarian method, Kuhn 1955); one without partner counts 0, so that more
    topics are no way to a better figure. Two models without topics are alike (1); two topics without words too.
    Reference: Greene, O'Callaghan & Cunningham 2014 (agreement of two ranked topic sets, here on plain sets).
    """
    if not a or not b:
        return float(not a and not b)
    from scipy.optimize import linear_sum_assignment

    scores = _jaccard(a, b)
    rows, columns = linear_sum_assignment(-scores)
    return float(scores[rows, columns].sum() / max(len(a), len(b)))


def _jaccard(a: Sequence[Sequence[str]], b: Sequence[Sequence[str]]) -> Floats:
    ids = {word: i for i, word in enumerate(dict.fromkeys(word for words in (*a, *b) for word in words))}
    bags = [np.zeros((len(topics), len(ids))) for topics in (a, b)]
    for bag, topics in zip(bags, (a, b), strict=True):
        for row, words in zip(bag, topics, strict=True):
            row[[ids[word] for word in words]] = 1
    both = bags[0] @ bags[1].T
    union = bags[0].sum(axis=1)[:, None] + bags[1].sum(axis=1) - both
    return np.asarray(np.where(union > 0, both / np.where(union > 0, union, 1), 1.0))


def topic_word_intrusion(
    topics: Sequence[Sequence[str]], vectors: Mapping[str, npt.NDArray[Any]], *, n_words: int = 5
) -> Floats:
    """For each topic the share of intruders that word vectors tell from its first `n_words` words, in [0, 1].

    A stand-in, without people, for the word intrusion test: a word from another topic is put among the topic's own and
    is told where it is the one with the lowest sum of cosines to the others; a tie is not told. There is no draw of
    chance: every one of the first `n_words` words of every other topic that the topic does not name itself (in all its
    words given) intrudes once. Guessing scores 1 / (n_words + 1).

    Parameters
    ----------
    topics : words of each topic, best first
    vectors : the vector of each word, all of one length; a word without one, or with a zero one, is left out
    n_words : own words shown, at least 3

    Returns
    -------
    array of shape (n_topics,)
        NaN where a topic has fewer than three own words with vectors, or nothing to intrude.

    References
    ----------
    Chang et al. 2009; the same idea with vectors: Nikolenko 2016; Thielmann et al. 2024 (ISIM, INT).
    """
    if n_words < _MIN_INTRUDED_WORDS:
        raise ValueError(f"at least {_MIN_INTRUDED_WORDS} words are shown, not {n_words}")
    units = {}
    for word in dict.fromkeys(word for topic in topics for word in topic):
        vector = np.asarray(vectors.get(word, ()), dtype=np.float64)
        length = np.linalg.norm(vector) if vector.size else 0.0
        if length > 0 and np.isfinite(length):
            units[word] = vector / length
    heads = [[word for word in dict.fromkeys(topic) if word in units][:n_words] for topic in topics]
    values = np.full(len(topics), np.nan)
    for topic, own in enumerate(heads):
        named = set(topics[topic])
        strangers = [word for other in heads[:topic] + heads[topic + 1 :] for word in other if word not in named]
        if len(own) < _MIN_INTRUDED_WORDS or not strangers:
            continue
        rows = np.array([units[word] for word in own])
        among = rows @ rows.T
        to_strangers = rows @ np.array([units[word] for word in strangers]).T
        of_own = (among.sum(axis=1) - np.diag(among))[:, None] + to_strangers
        told = np.round(to_strangers.sum(axis=0), 9) < np.round(of_own.min(axis=0), 9)
        values[topic] = told.mean()
    return values


def word_intrusion(
    topics: Sequence[Sequence[str]], vectors: Mapping[str, npt.NDArray[Any]], *, n_words: int = 5
) -> float:
    """The mean of `topic_word_intrusion` over the topics that have one, in [0, 1]; NaN where none has."""
    values = topic_word_intrusion(topics, vectors, n_words=n_words)
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else float("nan")
