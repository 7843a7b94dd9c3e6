"""What a topic is about: its terms, its name, its exemplars, its theme."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from toolkit.data import Topic
from toolkit.topics.words import Candidates, find_candidates

Key = tuple[str, int]
Matrix = npt.NDArray[np.float64]
Postings = tuple[int, list[list[int]]]

_N_EXEMPLARS = 4
_EXEMPLAR_CHARACTERS = (150, 600)  # long enough to say something, short enough to read
_MAX_NAME_CHARACTERS = 60
# Terms: coherent ones of this many. Seen on OCTIS BBC_News: the pool lifts NPMI .20 to .22, the power diversity
# .92 to .94; pools of 20 to 40 and powers of 0 to 1 all give NPMI .214 to .230, diversity .915 to .983.
_POOL = 30
_SHARED_TERM_POWER = 0.5  # a term counts less where another topic has more of it
# Names, by eye on sea_china_news (15 topics) and bbc_news (7): after a change read them again.
_N_NAME_CANDIDATES = 15
_MIN_WHOLE_RATIO = 0.5  # a word is shown as a phrase when the phrase stands in half of its segments
_PHRASE_BONUS = 1.5
_COVERAGE_POWER = 0.15
_MIN_ENDING_RATIO = 0.5
_SENTENCE = re.compile(r"[\"“‘']?[A-Z0-9].*[.!?][\"”’']?\s*", re.S)
_CAPTION = re.compile(r"\bphotos?\b\s*[:/)]|\(photo|file photo", re.I)


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
        chosen = choose_terms(candidates, weights[topic], shares[topic], postings, max(n_terms, _N_NAME_CANDIDATES))
        name = name_topic(candidates, chosen, shares[topic], subject, names)
        if not name:  # nothing sets the topic apart, or it speaks of the subject itself only
            frequent = [(t, float(shares[topic, t])) for t in _ranked(shares[topic], candidates)[:_N_NAME_CANDIDATES]]
            name = name_topic(candidates, frequent, shares[topic], frozenset(), names) or f"Topic {topic + 1}"
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
    weights = np.round(weights, 6)
    weights[counts < np.minimum(2, sizes[:, None])] = 0
    return weights, counts / sizes[:, None]


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


def name_topic(
    candidates: Candidates,
    terms: Sequence[tuple[int, float]],
    shares: Matrix,
    subject: frozenset[str],
    taken: Collection[str],
) -> str:
    """Two or three of the topic's own terms that have no word in common, as they stand in the texts.

    Phrases go before words, what many segments say before what few say; words that mostly wait for another
    ("digital", "foreign") and names of the subject alone are left out.
    """
    ranked = []
    for t, weight in terms:
        words = candidates.keys[t].split()
        if all(part in subject for word in words for part in word.split("-")):
            continue
        fitness = weight * shares[t] ** _COVERAGE_POWER
        if len(words) > 1:
            fitness *= _PHRASE_BONUS
        elif candidates.ends[t] < _MIN_ENDING_RATIO:
            continue
        elif words[0].endswith(("ed", "ly")):
            fitness *= 0.5
        ranked.append((-round(float(fitness), 9), candidates.keys[t], t))
    parts: list[str] = []
    used: list[str] = []
    for _, key, t in sorted(ranked):
        words = re.split(r"[ -]", key)
        if any(_are_akin(word, other) for word in words for other in used):
            continue
        part = candidates.names[t]
        if parts and len(", ".join([*parts, part])) > _MAX_NAME_CHARACTERS:
            continue
        parts.append(part)
        used += words
        name = ", ".join(parts)
        n_phrases = sum(" " in part for part in parts)
        if len(parts) + n_phrases >= 3 and name not in taken:
            break
    name = ", ".join(parts)
    return name[:1].upper() + name[1:]


def _are_akin(word: str, other: str) -> bool:
    """Whether two words share their beginning: "tourist" and "tourism", "trade" and "trading"."""
    n = max(4, min(len(word), len(other)) - 3)
    return word == other or (len(word) > 3 and len(other) > 3 and word[:n] == other[:n])


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
    """Central segments that differ from each other, of readable length and different articles where there are any."""
    low, high = _EXEMPLAR_CHARACTERS

    def rank(i: int) -> tuple[int, float, Key]:
        text = texts[i]
        flaws = [not low <= len(text) <= high, not _SENTENCE.fullmatch(text), bool(_CAPTION.search(text))]
        return sum(flaws), -float(scores[i]), keys[i]

    chosen: list[int] = []
    articles: set[str] = set()
    for fresh_article in (True, False):
        for i in sorted((i for i in members if counted[i]), key=rank):
            if len(chosen) == _N_EXEMPLARS:
                return chosen
            if i in chosen or (fresh_article and keys[i][0] in articles):
                continue
            words = set(texts[i].lower().split())
            if any(len(words & o) > 0.5 * len(words | o) for o in (set(texts[j].lower().split()) for j in chosen)):
                continue
            chosen.append(i)
            articles.add(keys[i][0])
    return chosen


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
