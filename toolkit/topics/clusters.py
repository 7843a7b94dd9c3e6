"""The engines: segments to groups. BERTopic, UMAP and scikit-learn's factorisation are known here only."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.topics.graph import GroupTree, Labels, Neighbours, Vectors
from toolkit.topics.stability import resamples

_N_SMALL = 100  # segments; below this every word counts
_MAX_TERMS = 20_000
_INTERNAL_SEED = 0  # scikit-learn's NMF starts from a randomised SVD; a fixed draw, whatever seed the user gives


@contextmanager
def quiet_and_single() -> Iterator[None]:
    """One thread for BLAS, OpenMP and numba, so that sums have one order; library warnings and logs held back."""
    import numba
    import sklearn.cluster  # noqa: F401 - only a BLAS that is loaded can be held to one thread
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


def bertopic_labels(texts: Sequence[str], tree: GroupTree, *, n_topics: int) -> Labels:
    """Groups by BERTopic, given our vectors, our reduction and our clusters; every row is in one.

    BERTopic's own defaults (UMAP, HDBSCAN) change with the seed, the machine and the order of rows, and leave a
    quarter of the rows out; it gets parts from here that do not, and looks for nothing to download.
    """
    from bertopic import BERTopic
    from bertopic.dimensionality import BaseDimensionalityReduction
    from sklearn.feature_extraction.text import CountVectorizer

    model = BERTopic(
        embedding_model=None,
        umap_model=BaseDimensionalityReduction(),  # already reduced
        hdbscan_model=_TreeClusters(tree, n_topics),
        vectorizer_model=CountVectorizer(analyzer=str.split),
        calculate_probabilities=False,
        verbose=False,
    )
    labels, _ = model.fit_transform(list(texts), embeddings=tree.points)
    return np.asarray(labels, dtype=np.int64)


class _TreeClusters:
    """A tree cut into groups, as BERTopic asks for clusters: `fit`, then `labels_`."""

    def __init__(self, tree: GroupTree, n_groups: int) -> None:
        self._tree = tree
        self._n_groups = n_groups
        self.labels_: Labels = np.zeros(0, dtype=np.int64)

    def fit(self, rows: npt.NDArray[Any], y: object = None) -> _TreeClusters:
        """Cut the tree; `rows` are its points."""
        self.labels_ = self._tree.cut(self._n_groups)
        return self


def nmf_labels(texts: Sequence[str], articles: Sequence[int], *, n_topics: int, stop_words: frozenset[str]) -> Labels:
    """Groups by consensus non-negative matrix factorisation of sublinear tf-idf; -1 for a row without known words.

    A factorisation of each resample, its components grouped over resamples, the median of each group kept, the rows
    factorised once more with these (Kotliar et al. 2019). A row goes to its strongest component.
    """
    from sklearn.decomposition import NMF, non_negative_factorization
    from sklearn.feature_extraction.text import TfidfVectorizer

    from toolkit.terms import tokenise

    is_small = len(texts) < _N_SMALL
    vectorizer = TfidfVectorizer(
        analyzer=lambda text: [word for word in tokenise(text) if len(word) > 1 and word not in stop_words],
        sublinear_tf=True,
        min_df=1 if is_small else 2,
        max_df=1.0 if is_small else 0.5,
        max_features=_MAX_TERMS,
    )
    try:
        weights = vectorizer.fit_transform(texts)
    except ValueError:  # no words at all are left
        return np.full(len(texts), -1, dtype=np.int64)
    n_topics = min(n_topics, *weights.shape)
    found = []
    for rows in resamples(articles):
        model = NMF(n_components=min(n_topics, len(rows)), init="nndsvd", random_state=_INTERNAL_SEED, max_iter=200)
        model.fit(weights[rows])
        found.append(model.components_)
    components = _consensus(np.vstack(found), n_topics)
    strengths, _, _ = non_negative_factorization(
        weights, H=components, init="custom", update_H=False, n_components=len(components), max_iter=300
    )
    strengths = np.round(strengths, 6)
    return np.where(strengths.any(axis=1), strengths.argmax(axis=1), -1).astype(np.int64)


def _consensus(components: npt.NDArray[np.float64], n_topics: int) -> npt.NDArray[np.float64]:
    """The medians of `n_topics` groups of components, each of unit length."""
    from sklearn.cluster import AgglomerativeClustering

    lengths = np.sqrt(np.einsum("ij,ij->i", components, components))
    units = components[lengths > 0] / lengths[lengths > 0, None]
    if len(units) <= n_topics:
        return np.asarray(units)
    labels = AgglomerativeClustering(n_clusters=n_topics, linkage="ward").fit_predict(np.round(units, 6))
    medians = np.array([np.median(units[labels == label], axis=0) for label in range(n_topics)])
    norms = np.sqrt(np.einsum("ij,ij->i", medians, medians))
    return np.asarray(medians[norms > 0] / norms[norms > 0, None])


def lay_out(vectors: Vectors, neighbours: Neighbours, *, random_state: int) -> Vectors:
    """Coordinates for a map, by UMAP, of shape (n_rows, 2): to look at, nothing is decided by them.

    UMAP starts from principal components: nothing to fail on small corpora. Its result depends on the seed, and in
    the last digits on the machine.
    """
    from umap import UMAP

    centred = (vectors - vectors.mean(axis=0)).astype(np.float64)
    _, directions = np.linalg.eigh(centred.T @ centred)
    directions = directions[:, ::-1][:, :2]
    directions *= np.sign(directions[np.abs(np.round(directions, 6)).argmax(axis=0), np.arange(directions.shape[1])])
    start = centred @ directions
    start = np.round(10 * start / max(float(np.abs(start).max()), 1e-9), 4).astype(np.float32)
    umap = UMAP(
        n_neighbors=neighbours[0].shape[1],
        n_components=2,
        min_dist=0.1,
        metric="cosine",
        init=start,
        n_epochs=200 if len(vectors) <= 10_000 else 100,
        random_state=random_state,
        n_jobs=1,
        low_memory=True,
        precomputed_knn=(*neighbours, None),
    )
    return np.asarray(np.round(umap.fit_transform(vectors), 4), dtype=np.float32)
