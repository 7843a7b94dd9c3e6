"""Which topics belong together: a tree of merges by average linkage of their centres."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.data import Topic

_N_LABEL_TERMS = 3


def merge_tree(topics: Sequence[Topic], centres: npt.NDArray[np.float32]) -> list[dict[str, Any]]:
    """The inner nodes of the tree, in the order of merging; topics are named by their ids, nodes by "n1", "n2", ...

    Average linkage (UPGMA, Sokal and Michener 1958) on cosine distance; ties go to the groups of the lowest ids, so
    that the order of topics changes nothing. A node's label is made of the terms its topics share, or else of the
    weightiest ones.

    Parameters
    ----------
    topics : of length n_topics
    centres : float32 array of shape (n_topics, n_dimensions), unit rows; row r is the centre of topics[r]

    Returns
    -------
    list of n_topics - 1 dicts
        `node`, `children` (two ids of topics or names of nodes), `topics` (all below, sorted), `distance` in [0, 2],
        and `label`.
    """
    order = sorted(range(len(topics)), key=lambda row: topics[row].topic)
    wide = centres[order].astype(np.float64) if len(order) else np.zeros((0, 0))
    distances = 1 - np.asarray(np.round(np.add.reduce(wide[:, None, :] * wide[None, :, :], axis=2), 6))
    groups: list[tuple[int | str, list[int]]] = [(topics[row].topic, [place]) for place, row in enumerate(order)]
    nodes: list[dict[str, Any]] = []
    while len(groups) > 1:
        above = np.triu(np.ones(distances.shape, dtype=bool), k=1)
        i, j = (int(at) for at in np.unravel_index(np.where(above, distances, np.inf).argmin(), distances.shape))
        distance = round(float(distances[i, j]), 6)
        n_i, n_j = len(groups[i][1]), len(groups[j][1])
        mean = np.asarray(np.round((n_i * distances[i] + n_j * distances[j]) / (n_i + n_j), 9))
        distances[i, :], distances[:, i] = mean, mean
        distances = np.delete(np.delete(distances, j, axis=0), j, axis=1)
        members = sorted([*groups[i][1], *groups[j][1]])
        node = f"n{len(nodes) + 1}"
        below = [topics[order[place]] for place in members]
        nodes.append(
            {
                "node": node,
                "children": [groups[i][0], groups[j][0]],
                "topics": [topic.topic for topic in below],
                "distance": distance,
                "label": _label(below),
            }
        )
        groups[i] = (node, members)
        del groups[j]
    return nodes


def tree_order(topics: Sequence[Topic], nodes: Sequence[dict[str, Any]]) -> list[int]:
    """The ids of the topics as the tree draws them: neighbours are akin, the larger branch first."""
    sizes = {topic.topic: topic.n_segments for topic in topics}
    children = {node["node"]: node["children"] for node in nodes}
    below = {node["node"]: node["topics"] for node in nodes}
    order: list[int] = []
    waiting: list[int | str] = [nodes[-1]["node"]] if nodes else sorted(sizes)
    while waiting:
        name = waiting.pop()
        if isinstance(name, int):
            order.append(name)
        else:
            first, second = sorted(
                children[name],
                key=lambda child: (-sum(sizes[t] for t in below.get(child, [child])), str(child)),
            )
            waiting += [second, first]
    return order


def _label(topics: Sequence[Topic]) -> str:
    """Terms that most of the topics have, by their mean weight; else the first words of the two largest names."""
    held: dict[str, list[float]] = {}
    shown: dict[str, str] = {}
    for topic in topics:
        scale = max((weight for _, weight in topic.terms), default=1.0) or 1.0
        for term, weight in topic.terms:
            held.setdefault(term.casefold(), []).append(weight / scale)
            shown.setdefault(term.casefold(), term)
    shared = sorted(
        (term for term, weights in held.items() if len(weights) > max(1, len(topics) / 2)),
        key=lambda term: (-len(held[term]), -round(sum(held[term]), 6), term),
    )
    if shared:
        label = ", ".join(shown[term] for term in shared[:_N_LABEL_TERMS])
        return label[:1].upper() + label[1:]
    largest = sorted(topics, key=lambda topic: (-topic.n_segments, topic.topic))[:2]
    named = " / ".join(topic.name.split(",")[0] for topic in largest)
    return named if len(topics) <= len(largest) else f"{named} and {len(topics) - len(largest)} more"
