"""Finding the topics of a corpus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from toolkit.config import Topics
from toolkit.embed import Encoder, Lsa
from toolkit.topics import clusters
from toolkit.topics.describe import describe
from toolkit.topics.model import Space, TopicModel, Vectors, nearest, unit_rows
from toolkit.topics.words import stop_list

Progress = Callable[[str, float], None]
Labels = npt.NDArray[np.int64]

MIN_SEGMENTS = 10  # below this a cluster says nothing that reading the segments does not
_LSA_SHARE = 0.5
# Segments that cosine and shared words call copies of each other count once in the fit.
_MIN_COPY_COSINE = 0.9
_MIN_COPY_JACCARD = 0.8
_BLOCK = 2048
_MAX_CLUSTERED = 30_000  # beyond this a sample is clustered: all-pairs neighbours of 30,000 segments take about 20 s
# The share of fitted segments that may be left without a topic, for being far from every centre.
_MAX_OUTLIER_RATIO = 0.01
# Smallest cluster: this many square roots of the number of segments. Tuned on bbc_news (K 8, AMI .77) and the training
# part of 20newsgroups (K 17, AMI .49) among 0.5 to 2.5, with the number of topics on sea_china_news (15) in view.
_MIN_CLUSTER_ROOTS = 1.5
# ... and no more than this share, which decides below 225 segments.
_MAX_MIN_CLUSTER_RATIO = 0.1
_SEGMENTS_OF_WARD_TOPIC = 12  # where no dense groups are found, this many segments to a topic
# No cluster may hold more than this share, or HDBSCAN answers "one dispute and all the rest" on one subject.
_MAX_CLUSTER_RATIO = 0.3


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
    with_map : whether to lay out coordinates for a map
    progress : called with a stage and the share done, in [0, 1]
    """
    report = progress or (lambda stage, share: None)
    order = sorted(range(len(texts)), key=lambda i: (document_ids[i], indices[i]))
    texts = [texts[i] for i in order]
    keys = tuple((document_ids[i], indices[i]) for i in order)
    themes = [tuple(themes[i]) for i in order] if themes is not None else [()] * len(order)

    report("topics: vectors", 0.0)
    static = embedder.encode(texts)
    representative = _first_copies(texts, static)
    is_first = representative == np.arange(len(texts))
    space = _learn_space([texts[i] for i in np.flatnonzero(is_first)], static[is_first], random_state)
    vectors = space.join(static, texts)
    distinct = np.flatnonzero(is_first & vectors.any(axis=1))
    if len(distinct) < MIN_SEGMENTS:
        note = f"Too few on-topic segments ({len(distinct)}) for topics; at least {MIN_SEGMENTS} are needed."
        return _without_topics(config.engine, note, space)
    notes = []
    n_clustered = min(config.max_segments, _MAX_CLUSTERED)
    if len(distinct) > n_clustered:
        notes.append(f"Clusters were learnt from {n_clustered:,} of {len(distinct):,} distinct segments.")
        distinct = np.sort(np.random.default_rng(random_state).permutation(distinct)[:n_clustered])

    report("topics: clusters", 0.2)
    labels, coordinates, note = _cluster(
        vectors[distinct], [texts[i] for i in distinct], config, random_state, with_map
    )
    if note:
        notes.append(note)
    centres, threshold = _settle(vectors[distinct], labels, config)
    report("topics: terms and names", 0.8)
    assigned = [topic for topic, _ in nearest(vectors, centres, threshold)]
    centres = centres[_by_size(assigned, len(centres))]
    assigned_scored = nearest(vectors, centres, threshold)
    topics = describe(
        texts,
        keys,
        themes,
        np.array([topic for topic, _ in assigned_scored]),
        np.array([score for _, score in assigned_scored]),
        counted=is_first,
        n_topics=len(centres),
        n_terms=config.n_terms,
        stop_words=stop_words,
        subject_words=subject_words,
    )
    if len(topics) == 1 and not notes:
        notes.append("The segments form one topic.")
    mapped = None
    if coordinates is not None:
        row_of = {int(i): row for row, i in enumerate(distinct)}
        rows = [row_of.get(int(representative[i]), -1) for i in range(len(texts))]
        mapped = np.array([coordinates[row] if row >= 0 else (np.nan, np.nan) for row in rows], dtype=np.float32)
    report("topics: done", 1.0)
    return TopicModel(
        topics=topics,
        engine=config.engine,
        note=" ".join(notes),
        space=space,
        centres=centres,
        threshold=threshold,
        fitted=keys,
        coordinates=mapped,
    )


def _learn_space(texts: Sequence[str], static: Vectors, random_state: int) -> Space:
    spoken = static[static.any(axis=1)]
    mean = spoken.mean(axis=0, dtype=np.float64) if len(spoken) >= MIN_SEGMENTS else np.zeros(static.shape[1])
    lsa = Lsa.fit(texts, stop_words=stop_list(), random_state=random_state)
    return Space(np.round(mean, 6).astype(np.float32), lsa, _LSA_SHARE)


def _without_topics(engine: str, note: str, space: Space) -> TopicModel:
    return TopicModel((), engine, note, space, np.zeros((0, 0), dtype=np.float32), 1.0)


def _first_copies(texts: Sequence[str], vectors: Vectors) -> npt.NDArray[np.int64]:
    """For each row the first row it is a copy of; itself where it is none."""
    first = np.arange(len(texts))
    words = [frozenset(text.lower().split()) for text in texts]
    seen: dict[frozenset[str], int] = {}
    for i, key in enumerate(words):
        first[i] = seen.setdefault(key, i)
    rows = np.flatnonzero(first == np.arange(len(texts)))
    if not 1 < len(rows) <= _MAX_CLUSTERED:
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


def _cluster(
    vectors: Vectors, texts: Sequence[str], config: Topics, random_state: int, with_map: bool
) -> tuple[Labels, Vectors | None, str]:
    """Labels by the engine of the config, coordinates of a map, and a note where another way had to be taken."""
    n_rows = len(vectors)
    min_size = round(min(_MIN_CLUSTER_ROOTS * np.sqrt(n_rows), _MAX_MIN_CLUSTER_RATIO * n_rows))
    min_size = max(config.min_topic_segments, min_size)
    wanted = min(config.n_topics or max(2, round(np.sqrt(n_rows) / 3)), config.max_topics, n_rows)
    note = ""
    with clusters.quiet_and_single():
        if float(np.ptp(vectors, axis=0).max()) < 1e-3:
            return np.zeros(n_rows, dtype=np.int64), None, "The segments are too alike to be told apart."
        neighbours = clusters.nearest_neighbours(vectors, min(15, n_rows - 1))
        if config.engine == "bertopic":
            labels = clusters.bertopic_labels(
                vectors,
                texts,
                neighbours,
                min_cluster_size=min_size,
                max_cluster_size=max(round(_MAX_CLUSTER_RATIO * n_rows), 4 * min_size),
                n_topics=None if config.n_topics is None else wanted,
                random_state=random_state,
            )
        else:
            labels = clusters.nmf_labels(texts, n_topics=wanted, stop_words=stop_list(), random_state=random_state)
        if not (labels >= 0).any():
            n_groups = max(min(round(n_rows / _SEGMENTS_OF_WARD_TOPIC), config.max_topics), 1)
            labels = clusters.ward_labels(vectors, n_topics=n_groups)
            if n_groups > 1:
                note = f"No dense groups were found; the segments were parted into {n_groups} topics by Ward's method."
        if not with_map:
            return labels, None, note
        umap = clusters.reduce(vectors, neighbours, n_dimensions=2, min_distance=0.1, random_state=random_state)
        return labels, np.round(umap.fit_transform(vectors), 4).astype(np.float32), note


def _settle(vectors: Vectors, labels: Labels, config: Topics) -> tuple[Vectors, float]:
    """Centres of the clusters, and the cosine below which a segment has no topic.

    Centres stay those of the dense clusters: moving them to the means of what they attract blurs them (on bbc_news
    AMI falls from .81 to .80). Centres that attract too few segments are dropped.
    """
    centres = _centres(vectors, labels, config)
    while True:
        sizes = np.bincount([topic for topic, _ in nearest(vectors, centres, -1.0)], minlength=len(centres))
        large = sizes >= min(config.min_topic_segments, sizes.max())
        if large.all():
            break
        centres = centres[large]
    best = np.sort([cosine for _, cosine in nearest(vectors, centres, -1.0)])
    return centres, float(np.floor(best[int(_MAX_OUTLIER_RATIO * len(best))] * 1e4) / 1e4)


def _centres(vectors: Vectors, labels: Labels, config: Topics) -> Vectors:
    """Unit means of the clusters, largest first; small ones are dropped unless all are small."""
    sizes = Counter(labels[labels >= 0].tolist())
    kept = [label for label, size in sizes.items() if size >= config.min_topic_segments] or list(sizes)
    kept = sorted(kept, key=lambda label: (-sizes[label], label))[: config.max_topics]
    means = np.array([vectors[labels == label].astype(np.float64).mean(axis=0) for label in kept])
    return np.asarray(np.round(unit_rows(means), 6), dtype=np.float32)


def _by_size(assigned: Sequence[int], n_topics: int) -> list[int]:
    sizes = Counter(assigned)
    return sorted((t for t in range(n_topics) if sizes[t]), key=lambda t: (-sizes[t], t))
