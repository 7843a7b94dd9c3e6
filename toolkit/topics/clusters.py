"""The engines: vectors of segments to groups. BERTopic, UMAP and HDBSCAN are known here only."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]

_N_NEIGHBOURS = 15  # UMAP's and BERTopic's default
_N_REDUCED = 5  # BERTopic's default
_N_SMALL = 100  # segments; below this every word counts
_BLOCK = 2048


@contextmanager
def quiet_and_single() -> Iterator[None]:
    """One thread for BLAS, OpenMP and numba, so that sums have one order; library warnings and logs held back."""
    import numba
    from threadpoolctl import threadpool_limits

    loggers = [logging.getLogger(name) for name in ("BERTopic", "umap", "hdbscan", "numba")]
    levels = [logger.level for logger in loggers]
    n_threads = numba.get_num_threads()
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        numba.set_num_threads(1)
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            numba.set_num_threads(n_threads)
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)


def nearest_neighbours(vectors: Vectors, n_neighbours: int) -> tuple[npt.NDArray[np.int32], Vectors]:
    """The nearest rows of each row by cosine distance, itself first: indices and distances, (n_rows, n_neighbours).

    Exact and in blocks: 30,000 rows take some seconds and 250 MB.
    """
    n_rows = len(vectors)
    indices = np.empty((n_rows, n_neighbours), dtype=np.int32)
    distances = np.empty((n_rows, n_neighbours), dtype=np.float32)
    for start in range(0, n_rows, _BLOCK):
        block = np.clip(1 - vectors[start : start + _BLOCK] @ vectors.T, 0, 2)
        rows = np.arange(len(block))
        block[rows, rows + start] = -1  # each row is its own first neighbour
        near = np.argpartition(block, n_neighbours - 1, axis=1)[:, :n_neighbours]
        found = np.round(np.take_along_axis(block, near, axis=1), 6)
        order = np.lexsort((near, found), axis=1)
        indices[start : start + _BLOCK] = np.take_along_axis(near, order, axis=1)
        distances[start : start + _BLOCK] = np.maximum(np.take_along_axis(found, order, axis=1), 0)
    return indices, distances


def reduce(
    vectors: Vectors,
    neighbours: tuple[npt.NDArray[np.int32], Vectors],
    *,
    n_dimensions: int,
    min_distance: float,
    random_state: int,
) -> Any:
    """A UMAP that starts from principal components: the same everywhere, and nothing to fail on small corpora."""
    from umap import UMAP

    centred = (vectors - vectors.mean(axis=0)).astype(np.float64)
    covariance = centred.T @ centred
    _, directions = np.linalg.eigh(covariance)
    directions = directions[:, ::-1][:, :n_dimensions]
    directions *= np.sign(directions[np.abs(np.round(directions, 6)).argmax(axis=0), np.arange(directions.shape[1])])
    start = centred @ directions
    start = np.round(10 * start / max(float(np.abs(start).max()), 1e-9), 4).astype(np.float32)
    return UMAP(
        n_neighbors=neighbours[0].shape[1],
        n_components=n_dimensions,
        min_dist=min_distance,
        metric="cosine",
        init=start,
        n_epochs=200 if len(vectors) <= 10_000 else 100,
        random_state=random_state,
        n_jobs=1,
        low_memory=True,
        precomputed_knn=(*neighbours, None),
    )


def bertopic_labels(
    vectors: Vectors,
    texts: Sequence[str],
    neighbours: tuple[npt.NDArray[np.int32], Vectors],
    *,
    min_cluster_size: int,
    max_cluster_size: int,
    n_topics: int | None,
    random_state: int,
) -> Labels:
    """Clusters by BERTopic with our vectors, a seeded UMAP and HDBSCAN (k-means where `n_topics` is asked for).

    -1 for rows in no cluster. BERTopic gets its vectors and its parts from here, so it looks for nothing to download.
    """
    from bertopic import BERTopic
    from bertopic.dimensionality import BaseDimensionalityReduction
    from hdbscan import HDBSCAN
    from sklearn.cluster import KMeans
    from sklearn.feature_extraction.text import CountVectorizer

    n_dimensions = min(_N_REDUCED, len(vectors) - 2)
    umap = reduce(vectors, neighbours, n_dimensions=n_dimensions, min_distance=0.0, random_state=random_state)
    reduced = np.round(umap.fit_transform(vectors), 4)
    clusterer = (
        HDBSCAN(
            min_cluster_size=min_cluster_size,
            min_samples=min(_N_NEIGHBOURS, min_cluster_size),
            max_cluster_size=max_cluster_size,
            metric="euclidean",
            core_dist_n_jobs=1,
        )
        if n_topics is None
        else KMeans(n_clusters=n_topics, n_init=10, random_state=random_state)
    )
    model = BERTopic(
        embedding_model=None,
        umap_model=BaseDimensionalityReduction(),  # already reduced, and rounded
        hdbscan_model=clusterer,
        vectorizer_model=CountVectorizer(analyzer=str.split),
        calculate_probabilities=False,
        verbose=False,
    )
    labels, _ = model.fit_transform(list(texts), embeddings=reduced)
    return np.asarray(labels, dtype=np.int64)


def nmf_labels(texts: Sequence[str], *, n_topics: int, stop_words: frozenset[str], random_state: int) -> Labels:
    """Clusters by non-negative matrix factorisation of sublinear tf-idf; a row goes to its strongest component."""
    from sklearn.decomposition import NMF
    from sklearn.feature_extraction.text import TfidfVectorizer

    from toolkit.terms import tokenise

    is_small = len(texts) < _N_SMALL
    vectorizer = TfidfVectorizer(
        analyzer=lambda text: [word for word in tokenise(text) if len(word) > 1 and word not in stop_words],
        sublinear_tf=True,
        min_df=1 if is_small else 2,
        max_df=1.0 if is_small else 0.5,
        max_features=20_000,
    )
    try:
        weights = vectorizer.fit_transform(texts)
    except ValueError:  # no words at all are left
        return np.full(len(texts), -1, dtype=np.int64)
    n_topics = min(n_topics, *weights.shape)
    model = NMF(n_components=n_topics, init="nndsvd", random_state=random_state, max_iter=300)
    strengths = np.round(model.fit_transform(weights), 6)
    return np.where(strengths.any(axis=1), strengths.argmax(axis=1), -1).astype(np.int64)


def ward_labels(vectors: Vectors, *, n_topics: int) -> Labels:
    """Clusters of least spread (Ward's method): for corpora too small or too even to have dense groups."""
    from sklearn.cluster import AgglomerativeClustering

    labels = AgglomerativeClustering(n_clusters=n_topics, linkage="ward").fit_predict(np.round(vectors, 4))
    return np.asarray(labels, dtype=np.int64)
