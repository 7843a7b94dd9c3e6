"""What a topic is about: its terms, its name, its exemplars, its theme."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from toolkit.data import Topic
from toolkit.embed import Encoder
from toolkit.topics.candidates import find_candidates
from toolkit.topics.names import name_topic
from toolkit.topics.passages import choose_diverse, flaws
from toolkit.topics.weights import choose_terms, weigh_terms

Key = tuple[str, int]
Matrix = npt.NDArray[np.float64]

_N_CENTRAL = 60  # segments, the most central whole paragraphs, that exemplars are chosen from
# Of a topic's segments, that a theme needs more than to have the topic under it. On sea_china_news topics that are a
# theme's have it in .09 and more; of wrong ones on reuters21578 most have it in less than .02.
_MIN_THEME_SHARE = 0.05
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
    apart = shares / np.maximum(shares.sum(axis=0), 1e-9)
    subject = frozenset(word.lower() for word in subject_words)
    topics: list[Topic] = []
    names: list[str] = []
    for topic in range(n_topics):
        members = np.flatnonzero(labels == topic).tolist()
        chosen = choose_terms(candidates, weights[topic], shares[topic], n_terms, embedder)
        given = partial(
            name_topic, candidates, taken=names, apart=apart[topic], terms=[t for t, _ in chosen], embedder=embedder
        )
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
                terms=tuple((candidates.names[t], weight) for t, weight in chosen),
                n_segments=len(members),
                n_articles=len({keys[i][0] for i in members}),
                theme=theme_of(themes, members),
                exemplars=tuple(keys[i] for i in choose_exemplars(texts, keys, members, scores, counted)),
            )
        )
    return tuple(topics)


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
    """The theme whose share among the members stands out most from its share among all segments.

    None where no theme is in a twentieth of the members; a topic apart from all themes is under none.
    """
    overall = Counter(theme for of_segment in themes for theme in of_segment)
    n_all, n_own = len(themes), len(members)
    counted = Counter(theme for i in members for theme in themes[i])
    own = {theme: n for theme, n in counted.items() if n > _MIN_THEME_SHARE * n_own}
    if not own:
        return None

    def gain(theme: str) -> float:
        share = own[theme] / n_own
        return share * float(np.log((own[theme] + 0.5) / n_own * n_all / (overall[theme] + 0.5)))

    best: str = min(own, key=lambda theme: (-round(gain(theme), 6), theme))
    return best
