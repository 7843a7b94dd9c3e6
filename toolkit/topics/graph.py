"""From vectors to groups by their neighbours: exact, without a random start, the same for every seed and thread count.

Each segment's vector is averaged with those of its nearest neighbours, again and again (simplified graph convolution:
Wu et al. 2019; for clustering: Zhang et al. 2019, "Attributed graph clustering via adaptive graph convolution").
Segments of one topic move together, those between topics apart. A tree of least spread (Ward 1963) along the same
graph then gives groups at every number at once.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Neighbours = tuple[npt.NDArray[np.int32], Vectors]

_MAX_NEIGHBOURS = 15  # UMAP's and BERTopic's default
# Rounds of averaging. On bbc_news, 20newsgroups and M10, 5 to 10 are alike; at 20 small groups begin to flow together.
_N_ROUNDS = 7
_N_COMPONENTS = 50  # averaged vectors vary in few directions; 50 hold more than 99 % of what is left to tell them apart
_MAX_MOVES = 20
_DECIMALS = 6
_BLOCK = 2048


@dataclass(frozen=True, slots=True)
class GroupTree:
    """Points and the order in which groups of them were joined.

    Attributes
    ----------
    points : float64 array of shape (n_rows, n_components): averaged vectors in their principal directions
    joins : int array of shape (n_rows - 1, 2): which two groups were joined; ids from n_rows on are earlier joins
    """

    points: Floats
    joins: npt.NDArray[np.int64]

    def cut(self, n_groups: int) -> Labels:
        """The tree cut into `n_groups`, then each point moved to the nearest mean until none moves (Lloyd 1982)."""
        labels = _groups_of(self.joins, len(self.points), min(n_groups, len(self.points)))
        for _ in range(_MAX_MOVES):
            means = _means(self.points, labels)
            distances = np.einsum("ij,ij->i", means, means) - 2 * (self.points @ means.T)
            moved = np.round(distances, _DECIMALS).argmin(axis=1)
            moved = np.unique(moved, return_inverse=True)[1].astype(np.int64)
            if np.array_equal(moved, labels):
                break
            labels = moved
        return labels


def grow_tree(vectors: Vectors, neighbours: Neighbours) -> GroupTree:
    """The tree of groups of `vectors`, unit rows of shape (n_rows, n_dimensions); at least 2 rows."""
    from sklearn.cluster import ward_tree

    graph = _graph(neighbours)
    points = _principal(_average(vectors.astype(np.float64), graph))
    if len(points) <= _N_COMPONENTS:
        graph = None  # so few that every pair may be joined
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a graph in several pieces: it is joined at its nearest points
        joins = ward_tree(points, connectivity=graph)[0]
    return GroupTree(points, np.asarray(joins, dtype=np.int64))


def n_neighbours(n_rows: int) -> int:
    """How many neighbours a row has, itself among them: 15, fewer below 900 rows, where 15 would join everything."""
    return min(max(4, min(_MAX_NEIGHBOURS, round(math.sqrt(n_rows) / 2))), n_rows)


def nearest_neighbours(vectors: Vectors, n_nearest: int) -> Neighbours:
    """The nearest rows of each row by cosine distance, itself first: indices and distances, (n_rows, n_nearest).

    Exact and in blocks: 30,000 rows take some seconds and 250 MB.
    """
    n_rows = len(vectors)
    indices = np.empty((n_rows, n_nearest), dtype=np.int32)
    distances = np.empty((n_rows, n_nearest), dtype=np.float32)
    for start in range(0, n_rows, _BLOCK):
        block = np.clip(1 - vectors[start : start + _BLOCK] @ vectors.T, 0, 2)
        rows = np.arange(len(block))
        block[rows, rows + start] = -1  # each row is its own first neighbour
        near = np.argpartition(block, n_nearest - 1, axis=1)[:, :n_nearest]
        found = np.round(np.take_along_axis(block, near, axis=1), _DECIMALS)
        order = np.lexsort((near, found), axis=1)
        indices[start : start + _BLOCK] = np.take_along_axis(near, order, axis=1)
        distances[start : start + _BLOCK] = np.maximum(np.take_along_axis(found, order, axis=1), 0)
    return indices, distances


def neighbours_within(neighbours: Neighbours, rows: npt.NDArray[np.int64]) -> Neighbours:
    """The neighbours among `rows` only, renumbered; one that is not there becomes the row itself, at distance 1."""
    indices, distances = neighbours
    position = np.full(len(indices), -1, dtype=np.int32)
    position[rows] = np.arange(len(rows), dtype=np.int32)
    kept = position[indices[rows]]
    gone = kept < 0
    own = np.broadcast_to(np.arange(len(rows), dtype=np.int32)[:, None], kept.shape)
    return np.where(gone, own, kept), np.where(gone, np.float32(1), distances[rows])


def _graph(neighbours: Neighbours) -> Any:
    """The symmetric graph of neighbours, weighted by cosine."""
    from scipy.sparse import csr_matrix

    indices, distances = neighbours
    n_rows, n_nearest = indices.shape
    weights = np.maximum(1 - distances.astype(np.float64), 0).ravel()
    of = np.arange(n_rows).repeat(n_nearest)
    graph = csr_matrix((weights, (of, indices.ravel())), shape=(n_rows, n_rows))
    return graph.maximum(graph.T)


def _average(vectors: Floats, graph: Any) -> Floats:
    from scipy.sparse import diags

    degrees = np.maximum(np.asarray(graph.sum(axis=1)).ravel(), 1e-9)
    scale = diags(1 / np.sqrt(degrees))
    step = (scale @ graph @ scale).tocsr()
    for _ in range(_N_ROUNDS):
        vectors = step @ vectors
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    lengths[lengths == 0] = 1
    return np.asarray(vectors / lengths[:, None])


def _principal(vectors: Floats) -> Floats:
    centred = vectors - vectors.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    directions = directions[:, ::-1][:, :_N_COMPONENTS]
    largest = np.abs(np.round(directions, _DECIMALS)).argmax(axis=0)
    directions = directions * np.sign(directions[largest, np.arange(directions.shape[1])])
    return np.asarray(np.round(centred @ directions, _DECIMALS))


def _groups_of(joins: npt.NDArray[np.int64], n_rows: int, n_groups: int) -> Labels:
    """The group of each row when the last `n_groups - 1` joins are undone, numbered by first row."""
    parent = np.arange(n_rows + len(joins))
    for i, (left, right) in enumerate(joins[: n_rows - n_groups].tolist()):
        parent[left] = parent[right] = n_rows + i
    while True:  # pointers jump to their parents' parents: as many rounds as the depth has binary digits
        above = parent[parent]
        if np.array_equal(above, parent):
            break
        parent = above
    roots = parent[:n_rows]
    _, first, labels = np.unique(roots, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[labels]


def _means(points: Floats, labels: Labels) -> Floats:
    from scipy.sparse import csr_matrix

    n_rows = len(points)
    members = csr_matrix((np.ones(n_rows), (labels, np.arange(n_rows))), shape=(int(labels.max()) + 1, n_rows))
    return np.asarray((members @ points) / np.bincount(labels)[:, None])
