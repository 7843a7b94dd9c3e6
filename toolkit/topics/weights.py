"""Which terms stand for a topic: what each says of it, and ten that say it together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from toolkit.embed import Encoder
from toolkit.topics.candidates import Candidates

Matrix = npt.NDArray[np.float64]

# Terms are chosen together out of so many, the weightiest. All up to the power tuned on M10 and 20 Newsgroups, texts
# prepared as OCTIS does, K 10 to 50, by NPMI, diversity and word intrusion together: .120, .980, .602 and .241, .982,
# .879 (chosen by standing in one document: .109, .977, .536 and .215, .974, .743). Pools of 30 to 100 differ by .01.
_POOL = 50
_WINDOW = 10  # content words; terms that stand no further apart say something together (Lau, Newman & Baldwin 2014)
# How much likeness in meaning counts beside standing together: at 0 intrusion is .516 and .755, at .5 NPMI .080, .234.
_MEANING = 0.3
_MIN_ATTRACTION = 0.01  # of two terms that never stand together; at .001 and .05 NPMI is .01 higher and .02 lower
_MIN_COSINE = 0.02
_SHARED_TERM_POWER = 1.0  # a term counts less where another topic has more of it; at .5 diversity is .01 lower
# Words of any text, told without a list: in so many segments, and spread over the topics so evenly. Seen on
# sea_china_news and bbc_news with the list emptied, where they keep out every function word but "her"; on OCTIS
# BBC_News NPMI and diversity stay (.218, .940; without the rule .218, .940).
_FREQUENT = 0.02
_MIN_TELLING = 0.15  # one less the normalised entropy of a word's rates in the topics
_MIN_SHARED_TERMS = 5  # terms of two articles or more from which a topic of those alone is told
_PRIOR_SEGMENTS = 5.0  # at the overall rate, added to each topic
_MIN_EDGE = 0.5  # factor of a word below which no phrase begins or ends with it
_MIN_ENDING_RATIO = 0.25  # a phrase that nearly always waits for another word stands before names and is no term
_MIN_WHOLE_RATIO = 0.5  # a word is shown as a phrase when the phrase stands in half of its segments


def weigh_terms(
    candidates: Candidates, document_ids: Sequence[str], labels: npt.NDArray[np.int64], n_topics: int
) -> tuple[Matrix, Matrix]:
    """How much each term says of each topic, and the share of the topic's segments that have it; (n_topics, n_terms).

    The geometric mean of class-based tf-idf (Grootendorst 2022) and the smoothed NPMI of term and topic, less where
    another topic has more of the term.
    """
    n_terms = len(candidates.keys)
    terms, texts = candidates.holders()
    of_topic = labels[texts] * n_terms + terms
    counts = np.bincount(of_topic, minlength=n_topics * n_terms).reshape(n_topics, n_terms).astype(float)
    # One article that repeats a word should not name a topic: n mentions in an article count 1 + log2(n).
    numbers: dict[str, int] = {}
    articles = np.array([numbers.setdefault(document_id, len(numbers)) for document_id in document_ids], dtype=np.int64)
    held, n_held = np.unique(of_topic * max(len(numbers), 1) + articles[texts], return_counts=True)
    damped = np.bincount(held // max(len(numbers), 1), weights=1 + np.log2(n_held), minlength=n_topics * n_terms)
    damped = damped.reshape(n_topics, n_terms)
    n_articles = np.bincount(held // max(len(numbers), 1), minlength=n_topics * n_terms).reshape(n_topics, n_terms)
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
    # What one article alone says, however often, is that article's; a topic stands in several, or has nothing else.
    shared = (weights > 0) & (n_articles > 1)
    weights[(n_articles < 2) & (shared.sum(axis=1) >= _MIN_SHARED_TERMS)[:, None]] = 0
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
    ids = candidates.numbers
    factors = np.where(overall >= _FREQUENT, np.minimum(1, telling / _MIN_TELLING) ** 2, 1.0)
    for key, t in ids.items():
        if " " in key:
            edges = (ids.get(key[: key.index(" ")]), ids.get(key[key.rindex(" ") + 1 :]))
            if any(edge is not None and factors[edge] < _MIN_EDGE for edge in edges):
                factors[t] = 0
    return np.asarray(factors)


def choose_terms(
    candidates: Candidates, weights: Matrix, shares: Matrix, n_terms: int, embedder: Encoder | None = None
) -> list[tuple[int, float]]:
    """Terms that say much of the topic and are said together, with their weights in [0, 1], the weightiest first.

    A word that mostly stands in one phrase is given as that phrase, and no term stands inside another. Of the
    `_POOL` that say most, the first is taken, then again and again the one with the largest weight times its
    attraction to those taken: the geometric mean of NPMI within `_WINDOW` words and, with an embedder, of likeness in
    meaning. A term's weight in the end is what it says of the topic times its attraction to the others.
    """
    n_wanted = max(_POOL, n_terms)
    pool = _pool(candidates, weights, shares, n_wanted)
    if not pool:  # all that is said is one long phrase
        pool = _pool(candidates, weights, shares, n_wanted, with_pieces=True)
    if len(pool) < 2:
        return pool
    attraction = log_attraction([t for t, _ in pool], candidates, embedder)
    says = np.array([weight for _, weight in pool])
    taken = [0]
    while len(taken) < min(n_terms, len(pool)):
        fitness = np.round(says * np.exp(attraction[:, taken].mean(axis=1)), 9)
        fitness[taken] = -1
        taken.append(int(fitness.argmax()))
    others = {i: [j for j in taken if j != i] for i in taken}
    found = [(pool[i][0], round(float(says[i] * np.exp(attraction[i, others[i]].mean())), 6)) for i in taken]
    return sorted(found, key=lambda item: (-item[1], candidates.keys[item[0]]))


def _pool(
    candidates: Candidates, weights: Matrix, shares: Matrix, n_wanted: int, *, with_pieces: bool = False
) -> list[tuple[int, float]]:
    """The weightiest terms, as they are shown, none within another; pieces of phrases only where asked for."""
    pool: list[tuple[int, float]] = []
    bags: list[frozenset[str]] = []
    longer = longer_phrases(candidates, weights)
    for t in _ranked(weights, candidates):
        shown = _whole_phrase(t, longer, candidates, shares)
        key = candidates.keys[shown]
        is_piece = " " in key and (
            candidates.ends[shown] < _MIN_ENDING_RATIO or is_cut_off(shown, longer, candidates, shares)
        )
        bag = frozenset(word.removesuffix("s") for word in key.split())
        if (is_piece and not with_pieces) or any(bag <= other or other <= bag for other in bags):
            continue
        pool.append((shown, float(weights[t])))
        bags.append(bag)
        if len(pool) == n_wanted:
            break
    return pool


def log_attraction(terms: Sequence[int], candidates: Candidates, embedder: Encoder | None) -> Matrix:
    """The logarithm of how much each pair of terms belongs together: (n_terms, n_terms), 0 at most."""
    near = np.log(np.clip(_mutual_npmi(terms, candidates), _MIN_ATTRACTION, 1))
    if embedder is None:
        return near
    alike = np.log(np.clip(cosines([candidates.names[t] for t in terms], embedder), _MIN_COSINE, 1))
    return np.asarray((1 - _MEANING) * near + _MEANING * alike)


def cosines(texts: Sequence[str], embedder: Encoder) -> Matrix:
    """The cosine of each pair of texts, rounded to 6 decimals; 0 with one that has no vector: (n_texts, n_texts)."""
    vectors = embedder.encode(texts).astype(np.float64)
    lengths = np.sqrt(np.add.reduce(vectors * vectors, axis=1))
    vectors /= np.where(lengths > 0, lengths, 1)[:, None]
    return np.asarray(np.round(np.add.reduce(vectors[:, None, :] * vectors[None, :, :], axis=2), 6))


def _mutual_npmi(terms: Sequence[int], candidates: Candidates) -> Matrix:
    """NPMI of each pair of terms over windows of `_WINDOW` content words, smoothed: (n_terms, n_terms)."""
    from scipy.sparse import csr_matrix

    n_here = np.maximum(candidates.lengths.astype(np.int64) - _WINDOW + 1, 1)  # a short text is one window
    before = np.cumsum(n_here) - n_here
    n_windows = int(n_here.sum())
    low, high = np.searchsorted(candidates.terms, terms, "left"), np.searchsorted(candidates.terms, terms, "right")
    at = np.concatenate([np.zeros(0, dtype=np.int64), *(np.arange(i, j) for i, j in zip(low, high, strict=True))])
    rows = np.arange(len(terms)).repeat(high - low)
    places, texts = candidates.places[at].astype(np.int64), candidates.texts[at]
    first = np.maximum(places - _WINDOW + 1, 0)
    n_held = np.minimum(places, n_here[texts] - 1) - first + 1
    starts = np.cumsum(n_held) - n_held
    windows = np.arange(int(n_held.sum())) + (before[texts] + first - starts).repeat(n_held)
    present = csr_matrix((np.ones(len(windows)), (rows.repeat(n_held), windows)), shape=(len(terms), n_windows))
    present.sum_duplicates()
    present.data[:] = 1
    together = (present @ present.T).toarray()
    alone = (np.diag(together) + 0.1) / (n_windows + 1)
    joint = np.minimum((together + 0.01) / (n_windows + 1), 0.999)
    return np.asarray(np.round(np.log(joint / np.outer(alone, alone)) / -np.log(joint), 6))


def longer_phrases(candidates: Candidates, weights: Matrix) -> dict[str, list[int]]:
    """For each word the phrases of the topic that contain it."""
    longer: dict[str, list[int]] = {}
    for t in np.flatnonzero(weights > 0).tolist():
        words = candidates.keys[t].split()
        if len(words) > 1:
            for word in dict.fromkeys(words):
                longer.setdefault(word, []).append(t)
    return longer


def is_cut_off(term: int, longer: Mapping[str, Sequence[int]], candidates: Candidates, shares: Matrix) -> bool:
    """Whether a phrase begins or ends within another that its outer word mostly stands in: "claims in the South"."""
    key = candidates.keys[term]
    words = key.split()
    ids = candidates.numbers
    for word, at in ((words[0], -1), (words[-1], 0)):
        alone = shares[ids[word]] if word in ids else 0.0
        for other in longer.get(word, ()):
            whole = candidates.keys[other]
            if (
                shares[other] >= _MIN_WHOLE_RATIO * alone
                and whole.split()[at] == word
                and f" {whole} " not in f" {key} "
                and f" {key} " not in f" {whole} "
            ):
                return True
    return False


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
