"""Finding the topics of a corpus."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.config import Topics
from toolkit.data import MIN_MAPPED, NO_TOPIC, Topic
from toolkit.embed import Encoder
from toolkit.lsa import Lsa
from toolkit.topics import clusters
from toolkit.topics.describe import describe
from toolkit.topics.graph import (
    Labels,
    Neighbours,
    Vectors,
    grow_tree,
    n_neighbours,
    nearest_neighbours,
    neighbours_within,
)
from toolkit.topics.landmarks import choose_landmarks
from toolkit.topics.model import Space, TopicModel
from toolkit.topics.rule import NO_RULE, Rule, learn_rule
from toolkit.topics.stability import Curve, find_number, topic_stability
from toolkit.topics.words import stop_list

Progress = Callable[[str, float], None]

MIN_SEGMENTS = 10  # below this a group says nothing that reading the segments does not
_LSA_SHARE = 0.5
# Segments that cosine and shared words call copies of each other count once in the fit.
_MIN_COPY_COSINE = 0.9
_MIN_COPY_JACCARD = 0.8
_BLOCK = 2048
_MAX_GROUPED = 30_000  # beyond this a sample is grouped: all-pairs neighbours of 30,000 segments take about 20 s
# The share of fitted segments that may be left without a topic, for being far from its centre.
_MAX_OUTLIER_RATIO = 0.01
_INTERNAL_SEED = 0  # of that sample; the topics of a corpus do not depend on the user's seed


@dataclass(frozen=True, slots=True)
class _Groups:
    """What grouping gives: a label a row (-1: none), the graph it was done on, and how their number was found."""

    labels: Labels
    note: str = ""
    neighbours: Neighbours | None = None
    curve: Curve | None = None


def fit_topics(
    texts: Sequence[str],
    document_ids: Sequence[str],
    indices: Sequence[int],
    *,
    embedder: Encoder,
    config: Topics,
    random_state: int = 0,
    themes: Sequence[Sequence[str]] | None = None,
    stop_words: Sequence[str] = (),
    subject_words: Sequence[str] = (),
    with_map: bool = True,
    n_before: int | None = None,
    progress: Progress | None = None,
) -> TopicModel:
    """The topics of segments; their order changes nothing.

    Parameters
    ----------
    texts, document_ids, indices : sequences of length n_segments
        Normalised texts of on-topic segments, and whose they are.
    themes : sequence of length n_segments
        The theme ids of each segment, to place a topic under the theme it speaks of more than others do.
    stop_words : words that are no terms, beside English stop words and the words of reporting
    subject_words : names of the subject itself; they may stand in a topic's terms but never make up its name
    with_map : whether to lay out a map, and to keep landmarks of it
    n_before : topics of the model this one goes on from; see `find_number`
    progress : called with a stage and the share done, in [0, 1]
    """
    report = progress or (lambda stage, share: None)
    given = _by_content(texts, document_ids, indices)
    texts = [texts[i] for i in given]
    keys = tuple((document_ids[i], indices[i]) for i in given)
    themes = [tuple(themes[i]) for i in given] if themes is not None else [()] * len(given)

    report("topics: vectors", 0.0)
    static = embedder.encode(texts)
    representative = _first_copies(texts, static)
    is_first = representative == np.arange(len(texts))
    space = _learn_space([texts[i] for i in np.flatnonzero(is_first)], static[is_first])
    vectors = space.join(static, texts)
    distinct = np.flatnonzero(is_first & vectors.any(axis=1))
    if len(distinct) < MIN_SEGMENTS:
        note = f"Too few on-topic segments ({len(distinct)}) for topics; at least {MIN_SEGMENTS} are needed."
        return _without_topics(config.engine, note, space)
    notes = []
    n_grouped = min(config.max_segments, _MAX_GROUPED)
    if len(distinct) > n_grouped:
        notes.append(f"Topics were learnt from {n_grouped:,} of {len(distinct):,} distinct segments.")
        distinct = np.sort(np.random.default_rng(_INTERNAL_SEED).permutation(distinct)[:n_grouped])

    report("topics: groups", 0.2)
    with clusters.quiet_and_single():
        groups = _group(
            vectors[distinct], [texts[i] for i in distinct], _numbered([keys[i][0] for i in distinct]), config, n_before
        )
        if groups.note:
            notes.append(groups.note)
        rule = _settle(vectors[distinct], groups.labels, config)
        labels, scores = rule.give(vectors)
        order = _by_size(labels, len(rule.centres))
        rule = rule.reordered(order)
        labels, scores = rule.give(vectors)
        landmarks = None
        if with_map and groups.neighbours is not None and len(distinct) >= MIN_MAPPED:
            report("topics: map", 0.6)
            coordinates = clusters.lay_out(vectors[distinct], groups.neighbours, random_state=random_state)
            landmarks = choose_landmarks(vectors[distinct], labels[distinct], coordinates)
    report("topics: terms and names", 0.8)
    topics = describe(
        texts,
        keys,
        themes,
        labels,
        scores,
        counted=is_first,
        n_topics=len(rule.centres),
        n_terms=config.n_terms,
        stop_words=stop_words,
        subject_words=subject_words,
        embedder=embedder,
    )
    topics = _with_stability(topics, labels[distinct], groups.curve)
    if config.n_topics is not None and len(topics) < config.n_topics:
        notes.append(
            f"{config.n_topics:,} topics were asked for and {len(topics):,} found: each needs at least "
            f"{config.min_topic_segments} different segments."
        )
    if len(topics) == 1 and not notes:
        notes.append("The segments form one topic.")
    by_key = sorted(range(len(keys)), key=keys.__getitem__)
    report("topics: done", 1.0)
    return TopicModel(
        topics=topics,
        engine=config.engine,
        note=" ".join(notes),
        space=space,
        rule=rule,
        fitted=tuple(keys[i] for i in by_key),
        landmarks=landmarks,
        selection=_selection(groups, config, n_before),
    )


def _by_content(texts: Sequence[str], document_ids: Sequence[str], indices: Sequence[int]) -> list[int]:
    """Rows in an order that depends on what they say, not on how their files or records were numbered."""
    digests = [hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest() for text in texts]
    return sorted(range(len(texts)), key=lambda i: (digests[i], document_ids[i], indices[i]))


def _learn_space(texts: Sequence[str], static: Vectors) -> Space:
    spoken = static[static.any(axis=1)]
    mean = spoken.mean(axis=0, dtype=np.float64) if len(spoken) >= MIN_SEGMENTS else np.zeros(static.shape[1])
    lsa = Lsa.fit(texts, stop_words=stop_list(), random_state=_INTERNAL_SEED)
    return Space(np.round(mean, 6).astype(np.float32), lsa, _LSA_SHARE)


def _without_topics(engine: str, note: str, space: Space) -> TopicModel:
    return TopicModel((), engine, note, space, NO_RULE)


def _first_copies(texts: Sequence[str], vectors: Vectors) -> npt.NDArray[np.int64]:
    """For each row the first row it is a copy of; itself where it is none."""
    first = np.arange(len(texts))
    words = [frozenset(text.lower().split()) for text in texts]
    seen: dict[frozenset[str], int] = {}
    for i, key in enumerate(words):
        first[i] = seen.setdefault(key, i)
    rows = np.flatnonzero(first == np.arange(len(texts)))
    if not 1 < len(rows) <= _MAX_GROUPED:
        return first
    is_first = np.ones(len(rows), dtype=bool)
    for start in range(0, len(rows), _BLOCK):
        near = vectors[rows[start : start + _BLOCK]] @ vectors[rows].T >= _MIN_COPY_COSINE
        for row in np.flatnonzero(near.sum(axis=1) > 1).tolist():
            at = start + row
            mine = words[rows[at]]
            for other in np.flatnonzero(near[row, :at] & is_first[:at]).tolist():
                theirs = words[rows[other]]
                if len(mine & theirs) >= _MIN_COPY_JACCARD * len(mine | theirs):
                    first[rows[at]] = rows[other]
                    is_first[at] = False
                    break
    return np.asarray(first[first])


def _numbered(names: Sequence[str]) -> list[int]:
    """The names as numbers in the order of their first appearance: by content, whatever the articles are called."""
    numbers: dict[str, int] = {}
    return [numbers.setdefault(name, len(numbers)) for name in names]


def _group(
    vectors: Vectors, texts: Sequence[str], articles: Sequence[int], config: Topics, n_before: int | None
) -> _Groups:
    """Groups by the engine of the config, their number by stability unless it is given."""
    n_rows = len(vectors)
    if float(np.ptp(vectors, axis=0).max()) < 1e-3:
        return _Groups(np.zeros(n_rows, dtype=np.int64), "The segments are too alike to be told apart.")
    neighbours = nearest_neighbours(vectors, n_neighbours(n_rows))
    tree = grow_tree(vectors, neighbours)
    curve = None
    if config.n_topics is None:
        most = max(min(config.max_topics, n_rows // (2 * config.min_topic_segments)), 1)

        def regroup(rows: npt.NDArray[np.int64], numbers: Sequence[int]) -> list[Labels]:
            part = vectors[rows]
            if len(rows) > n_rows // 2:
                near = neighbours_within(neighbours, rows)
            else:
                near = nearest_neighbours(part, n_neighbours(len(rows)))
            smaller = grow_tree(part, near)
            return [smaller.cut(number) for number in numbers]

        curve = find_number(regroup, articles, most=most, near=n_before)
    n_topics = curve.chosen if curve else min(config.n_topics or 1, max(n_rows // config.min_topic_segments, 1))
    if config.engine == "bertopic":
        labels = clusters.bertopic_labels(texts, tree, n_topics=n_topics)
    else:
        labels = clusters.nmf_labels(texts, articles, n_topics=n_topics, stop_words=stop_list())
        if not (labels >= 0).any():
            labels = np.zeros(n_rows, dtype=np.int64)
    return _Groups(labels, "", neighbours, curve)


def _settle(vectors: Vectors, labels: Labels, config: Topics) -> Rule:
    """The rule that tells the groups apart; groups that attract too few segments are dissolved."""
    labels = labels.copy()
    while True:
        found, renumbered = np.unique(labels[labels >= 0], return_inverse=True)
        rule = learn_rule(vectors[labels >= 0], renumbered.astype(np.int64), outlier_ratio=_MAX_OUTLIER_RATIO)
        given, _ = rule.give(vectors)
        sizes = np.bincount(given[given >= 0], minlength=len(found))
        small = sizes < min(config.min_topic_segments, sizes.max())
        if not small.any():
            return rule
        labels[np.isin(labels, found[small])] = NO_TOPIC


def _by_size(labels: Labels, n_topics: int) -> list[int]:
    sizes = np.bincount(labels[labels >= 0], minlength=n_topics)
    return sorted((t for t in range(n_topics) if sizes[t]), key=lambda t: (-sizes[t], t))


def _with_stability(topics: Sequence[Topic], labels: Labels, curve: Curve | None) -> tuple[Topic, ...]:
    if curve is None:
        return tuple(topics)
    stability = topic_stability(labels, curve)
    return tuple(replace(topic, stability=stability.get(topic.topic)) for topic in topics)


def _selection(groups: _Groups, config: Topics, n_before: int | None) -> dict[str, Any]:
    """How the number of topics came about, as JSON."""
    if groups.curve is None:
        return {"n_topics": config.n_topics, "by": "config"} if config.n_topics else {"by": "too alike"}
    curve = [{"n_topics": p.n_topics, "mean": p.mean, "deviation": p.deviation} for p in groups.curve.points]
    near = {"near": n_before} if n_before is not None else {}
    return {"n_topics": groups.curve.chosen, "by": "stability", **near, "curve": curve}
