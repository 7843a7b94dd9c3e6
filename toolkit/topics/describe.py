"""What a topic is about: its terms, its name, its exemplars, its theme."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from toolkit.data import Topic
from toolkit.embed import Encoder
from toolkit.topics.names import name_topic
from toolkit.topics.passages import choose_diverse, flaws
from toolkit.topics.words import Candidates, find_candidates

Key = tuple[str, int]
Matrix = npt.NDArray[np.float64]
Postings = tuple[int, list[list[int]]]

_N_CENTRAL = 60  # segments, the most central whole paragraphs, that exemplars are chosen from
# Terms: coherent ones of this many. Seen on OCTIS BBC_News: the pool lifts NPMI .20 to .22, the power diversity
# .92 to .94; pools of 20 to 40 and powers of 0 to 1 all give NPMI .214 to .230, diversity .915 to .983.
_POOL = 30
_SHARED_TERM_POWER = 0.5  # a term counts less where another topic has more of it
# Words of any text, told without a list: in so many segments, and spread over the topics so evenly. Seen on
# sea_china_news and bbc_news with the list emptied, where they keep out every function word but "her"; on OCTIS
# BBC_News NPMI and diversity stay (.218, .940; without the rule .218, .940).
_FREQUENT = 0.02
_MIN_TELLING = 0.15  # one less the normalised entropy of a word's rates in the topics
_PRIOR_SEGMENTS = 5.0  # at the overall rate, added to each topic
_MIN_EDGE = 0.5  # factor of a word below which no phrase begins or ends with it
_MIN_WHOLE_RATIO = 0.5  # a word is shown as a phrase when the phrase stands in half of its segments
_MAX_NAMING_SHARE = 0.5  # words of more segments than this are words of any text


def describe(
    texts: Sequence[str],
    keys: Sequence[Key],
    themes: Sequence[Sequence[str]],
    labels: npt.NDArray[np.int64],
    scores: Matrix,
    *,
    counted: npt.NDArray[np.bool_],
    n_topics: int,
    n_terms: int,
    stop_words: Iterable[str],
    subject_words: Iterable[str],
    embedder: Encoder | None = None,
) -> tuple[Topic, ...]:
    """The topics 0..n_topics-1 of labelled segments; segments that are not `counted` (copies) add no terms."""
    used = np.flatnonzero(counted & (labels >= 0)).tolist()
    candidates = find_candidates([texts[i] for i in used], stop_words=stop_words)
    weights, shares = weigh_terms(candidates, [keys[i][0] for i in used], labels[used], n_topics)
    postings = find_postings(candidates)
    subject = frozenset(word.lower() for word in subject_words)
    topics: list[Topic] = []
    names: list[str] = []
    for topic in range(n_topics):
        members = np.flatnonzero(labels == topic).tolist()
        chosen = choose_terms(candidates, weights[topic], shares[topic], postings, n_terms)
        given = partial(name_topic, candidates, taken=names, embedder=embedder)
        name = given(weights[topic], shares[topic], subject=subject)
        if not name:  # nothing sets the topic apart, or it speaks of the subject itself only
            frequent = shares[topic] * (shares[topic] <= _MAX_NAMING_SHARE)
            name = given(frequent, shares[topic], subject=()) or f"Topic {topic + 1}"
        if name in names:
            name = f"{name} ({topic + 1})"
        names.append(name)
        topics.append(
            Topic(
                topic=topic,
                name=name,
                terms=tuple((candidates.names[t], round(weight, 6)) for t, weight in chosen[:n_terms]),
                n_segments=len(members),
                n_articles=len({keys[i][0] for i in members}),
                theme=theme_of(themes, members),
                exemplars=tuple(keys[i] for i in choose_exemplars(texts, keys, members, scores, counted)),
            )
        )
    return tuple(topics)


def weigh_terms(
    candidates: Candidates, document_ids: Sequence[str], labels: npt.NDArray[np.int64], n_topics: int
) -> tuple[Matrix, Matrix]:
    """How much each term says of each topic, and the share of the topic's segments that have it; (n_topics, n_terms).

    The geometric mean of class-based tf-idf (Grootendorst 2022) and the smoothed NPMI of term and topic, less where
    another topic has more of the term.
    """
    n_terms = len(candidates.keys)
    counts = np.zeros((n_topics, n_terms))
    articles: list[Counter[tuple[int, str]]] = [Counter() for _ in range(n_topics)]
    for terms, document_id, label in zip(candidates.segments, document_ids, labels.tolist(), strict=True):
        counts[label, list(terms)] += 1
        articles[label].update((term, document_id) for term in terms)
    # One article that repeats a word should not name a topic: n mentions in an article count 1 + log2(n).
    damped = np.zeros((n_topics, n_terms))
    for label, counter in enumerate(articles):
        for (term, _), n in counter.items():
            damped[label, term] += 1 + np.log2(n)
    sizes = np.maximum(np.bincount(labels, minlength=n_topics), 1).astype(float)
    total = np.maximum(damped.sum(axis=0), 1e-9)
    frequency = damped / np.maximum(damped.sum(axis=1, keepdims=True), 1e-9)
    class_tfidf = frequency * np.log1p(damped.sum() / n_topics / total)
    n = sizes.sum()
    joint = (counts + 0.1) / (n + 1)
    chance = np.outer(sizes / n, (counts.sum(axis=0) + 0.1 * n_topics) / (n + 1))
    npmi = np.clip(np.log(joint / chance) / -np.log(np.minimum(joint, 0.999)), 0, 1)
    scale = np.maximum(class_tfidf.max(axis=1, keepdims=True, initial=0), 1e-12)
    if n_topics == 1:
        npmi = np.ones_like(npmi)
    weights = np.sqrt(npmi * class_tfidf / scale)
    weights *= (weights / np.maximum(weights.max(axis=0), 1e-9)) ** _SHARED_TERM_POWER
    telling = _telling(counts, sizes)
    weights *= _said_of_this(candidates, telling, counts.sum(axis=0) / n)
    weights = np.round(weights, 6)
    weights[counts < np.minimum(2, sizes[:, None])] = 0
    return weights, counts / sizes[:, None]


def _telling(counts: Matrix, sizes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How unevenly each term is spread over the topics, in [0, 1]: one less the normalised entropy of its rates.

    Rates are shrunk towards the term's overall rate, so that a rare term is not called telling for chance alone.
    """
    n_topics = len(sizes)
    if n_topics < 2:
        return np.ones(counts.shape[1])
    overall = counts.sum(axis=0) / sizes.sum()
    rates = (counts + _PRIOR_SEGMENTS * overall) / (sizes[:, None] + _PRIOR_SEGMENTS)
    rates /= np.maximum(rates.sum(axis=0), 1e-12)
    entropy = -(rates * np.log(np.maximum(rates, 1e-12))).sum(axis=0)
    return np.asarray(np.clip(1 - entropy / np.log(n_topics), 0, 1))


def _said_of_this(
    candidates: Candidates, telling: npt.NDArray[np.float64], overall: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """1 for terms that may stand for a topic, less for frequent words that tell nothing, 0 for phrases with such edges.

    This is what keeps "the", "of" and "said" out without a list of them, in any language.
    """
    ids = {key: t for t, key in enumerate(candidates.keys)}
    factors = np.where(overall >= _FREQUENT, np.minimum(1, telling / _MIN_TELLING) ** 2, 1.0)
    for key, t in ids.items():
        if " " in key:
            edges = (ids.get(key[: key.index(" ")]), ids.get(key[key.rindex(" ") + 1 :]))
            if any(edge is not None and factors[edge] < _MIN_EDGE for edge in edges):
                factors[t] = 0
    return np.asarray(factors)


def choose_terms(
    candidates: Candidates, weights: Matrix, shares: Matrix, postings: Postings, n_terms: int
) -> list[tuple[int, float]]:
    """Terms with their weights that say much of the topic and occur together, the weightiest first.

    A word that mostly stands in one phrase is given as that phrase, and no term stands inside another. Of the
    `_POOL` weightiest, the first is taken, then again and again the one with the largest weight times mean NPMI
    with those taken.
    """
    pool: list[tuple[int, float]] = []
    bags: list[frozenset[str]] = []
    longer = _longer_phrases(candidates, weights)
    for t in _ranked(weights, candidates):
        whole = _whole_phrase(t, longer, candidates, shares)
        bag = frozenset(candidates.keys[whole].split())
        if any(bag <= other or other <= bag for other in bags):
            continue
        pool.append((whole, float(weights[t])))
        bags.append(bag)
        if len(pool) == max(_POOL, n_terms):
            break
    if len(pool) < 2:
        return pool
    attraction = np.clip(_mutual_npmi([t for t, _ in pool], postings), 0.01, 1)
    heights = np.array([weight for _, weight in pool])
    taken = [0]
    while len(taken) < min(n_terms, len(pool)):
        fitness = np.round(heights * attraction[:, taken].mean(axis=1), 9)
        fitness[taken] = -1
        taken.append(int(fitness.argmax()))
    return [pool[i] for i in sorted(taken)]


def find_postings(candidates: Candidates) -> Postings:
    """The number of segments, and for each term the numbers of the segments that have it."""
    found: list[list[int]] = [[] for _ in candidates.keys]
    for i, terms in enumerate(candidates.segments):
        for term in terms:
            found[term].append(i)
    return len(candidates.segments), found


def _mutual_npmi(terms: Sequence[int], postings: Postings) -> Matrix:
    """NPMI of each pair of terms over segments, smoothed: (n_terms, n_terms)."""
    n_segments, rows = postings
    present = np.zeros((n_segments, len(terms)))
    for column, term in enumerate(terms):
        present[rows[term], column] = 1
    together = present.T @ present
    alone = (np.diag(together) + 0.1) / (n_segments + 1)
    joint = np.minimum((together + 0.01) / (n_segments + 1), 0.999)
    return np.asarray(np.round(np.log(joint / np.outer(alone, alone)) / -np.log(joint), 6))


def _longer_phrases(candidates: Candidates, weights: Matrix) -> dict[str, list[int]]:
    """For each word the phrases of the topic that contain it."""
    longer: dict[str, list[int]] = {}
    for t in np.flatnonzero(weights > 0).tolist():
        words = candidates.keys[t].split()
        if len(words) > 1:
            for word in dict.fromkeys(words):
                longer.setdefault(word, []).append(t)
    return longer


def _whole_phrase(term: int, longer: dict[str, list[int]], candidates: Candidates, shares: Matrix) -> int:
    """The longest phrase that stands in most segments of the topic where the term stands; often the term itself."""
    key = f" {candidates.keys[term]} "
    within = [
        t
        for t in longer.get(key.split()[0], ())
        if key in f" {candidates.keys[t]} " and shares[t] >= _MIN_WHOLE_RATIO * shares[term]
    ]
    return max(within, key=lambda t: (candidates.keys[t].count(" "), shares[t], candidates.keys[t]), default=term)


def _ranked(weights: Matrix, candidates: Candidates) -> list[int]:
    found = np.flatnonzero(weights > 0).tolist()
    return sorted(found, key=lambda t: (-weights[t], -candidates.keys[t].count(" "), candidates.keys[t]))


def choose_exemplars(
    texts: Sequence[str],
    keys: Sequence[Key],
    members: Sequence[int],
    scores: Matrix,
    counted: npt.NDArray[np.bool_],
) -> list[int]:
    """Central segments that differ from each other, whole paragraphs, of different articles where there are any."""
    found = sorted((i for i in members if counted[i]), key=lambda i: (flaws(texts[i]), -float(scores[i]), keys[i]))
    found = found[:_N_CENTRAL]
    chosen = choose_diverse([texts[i] for i in found], [float(scores[i]) for i in found], [keys[i] for i in found])
    return [found[position] for position in chosen]


def theme_of(themes: Sequence[Sequence[str]], members: Sequence[int]) -> str | None:
    """The theme whose share among the members stands out most from its share among all segments."""
    overall = Counter(theme for of_segment in themes for theme in of_segment)
    own = Counter(theme for i in members for theme in themes[i])
    if not own:
        return None
    n_all, n_own = len(themes), len(members)

    def gain(theme: str) -> float:
        share = own[theme] / n_own
        return share * float(np.log((own[theme] + 0.5) / n_own * n_all / (overall[theme] + 0.5)))

    best: str = min(own, key=lambda theme: (-round(gain(theme), 6), theme))
    return best
