"""What a topic is about: its terms, its name, its exemplars, its theme."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from toolkit.data import Topic
from toolkit.topics.words import Candidates, find_candidates

Key = tuple[str, int]
Matrix = npt.NDArray[np.float64]

_N_EXEMPLARS = 4
_EXEMPLAR_CHARACTERS = (150, 600)  # long enough to say something, short enough to read
_MAX_NAME_CHARACTERS = 60


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
    used = np.flatnonzero(counted & (labels >= 0))
    candidates = find_candidates([texts[i] for i in used], stop_words=stop_words)
    weights, relevance = weigh_terms(candidates, [keys[i][0] for i in used], labels[used], n_topics)
    subject = frozenset(word.lower() for word in subject_words)
    topics: list[Topic] = []
    names: set[str] = set()
    for topic in range(n_topics):
        members = np.flatnonzero(labels == topic)
        chosen = choose_terms(candidates, weights[topic], n_terms)
        name = name_topic(candidates, weights[topic], relevance[topic], subject, names) or f"Topic {topic}"
        names.add(name)
        topics.append(
            Topic(
                topic=topic,
                name=name,
                terms=tuple((candidates.names[t], round(float(weights[topic, t]), 6)) for t in chosen),
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

    The geometric mean of class-based tf-idf (Grootendorst 2022) and the smoothed NPMI of term and topic.
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
    weights = np.round(np.sqrt(npmi * class_tfidf / scale), 6)
    weights[counts < np.minimum(2, sizes[:, None])] = 0
    return weights, counts / sizes[:, None]


def choose_terms(candidates: Candidates, weights: Matrix, n_terms: int) -> list[int]:
    """The best terms, with no term inside another."""
    chosen: list[int] = []
    words = [frozenset(candidates.keys[t].split()) for t in range(0)]
    for t in _ranked(candidates, weights):
        own = frozenset(candidates.keys[t].split())
        if any(own <= other or other <= own for other in words):
            continue
        chosen.append(t)
        words.append(own)
        if len(chosen) == n_terms:
            break
    return chosen


def name_topic(
    candidates: Candidates, weights: Matrix, relevance: Matrix, subject: frozenset[str], taken: set[str]
) -> str:
    """Two or three of its own terms that share no word, phrases before words."""
    ranked = []
    for t in _ranked(candidates, weights)[:40]:
        words = candidates.keys[t].split()
        if all(part in subject for word in words for part in word.split("-")):
            continue
        bonus = 1.5 if len(words) > 1 else 1.0
        ranked.append((-weights[t] * bonus, candidates.keys[t], t))
    parts: list[str] = []
    used: set[str] = set()
    for _, key, t in sorted(ranked):
        words = set(key.replace("-", " ").split())
        if words & used:
            continue
        part = candidates.names[t]
        if parts and len(", ".join([*parts, part])) > _MAX_NAME_CHARACTERS:
            continue
        parts.append(part)
        used |= words
        if len(parts) == 3 or (len(parts) == 2 and " " in parts[0]):
            name = ", ".join(parts)
            if name not in taken:
                break
    name = ", ".join(parts)
    return name[:1].upper() + name[1:]


def _ranked(candidates: Candidates, weights: Matrix) -> list[int]:
    found = np.flatnonzero(weights > 0).tolist()
    return sorted(found, key=lambda t: (-weights[t], candidates.keys[t]))


def choose_exemplars(
    texts: Sequence[str],
    keys: Sequence[Key],
    members: npt.NDArray[np.int64],
    scores: Matrix,
    counted: npt.NDArray[np.bool_],
) -> list[int]:
    """Central segments that differ from each other, of readable length and different articles where there are any."""
    low, high = _EXEMPLAR_CHARACTERS

    def rank(i: int) -> tuple[bool, float, Key]:
        return not low <= len(texts[i]) <= high, -float(scores[i]), keys[i]

    chosen: list[int] = []
    articles: set[str] = set()
    for fresh_article in (True, False):
        for i in sorted((int(i) for i in members if counted[i]), key=rank):
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


def theme_of(themes: Sequence[Sequence[str]], members: npt.NDArray[np.int64]) -> str | None:
    """The theme whose share among the members stands out most from its share among all segments."""
    overall = Counter(theme for of_segment in themes for theme in of_segment)
    own = Counter(theme for i in members for theme in themes[i])
    if not own:
        return None
    n_all, n_own = len(themes), len(members)

    def gain(theme: str) -> float:
        share = own[theme] / n_own
        return share * float(np.log((own[theme] + 0.5) / n_own * n_all / (overall[theme] + 0.5)))

    return min(own, key=lambda theme: (-round(gain(theme), 6), theme))
