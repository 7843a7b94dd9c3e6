"""A map that new texts can be put on: some segments of the fit with their places, to stand beside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.topics.graph import Labels, Vectors

MAX_LANDMARKS = 1_000
MIN_OF_TOPIC = 5  # landmarks of a topic, where it has as many segments
N_BESIDE = 5  # landmarks a text is put between
# A landmark farther from the middle of the five than this many times the usual distance is on another island of the
# map: a text between two islands would stand where nothing is.
_MAX_STRAY = 2.0
_BLOCK = 2_048
_STEPS = 127  # of an 8-bit number on each side of 0
_INTERNAL_SEED = 0


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Segments of the fit on the map, with no word of whose they were.

    Attributes
    ----------
    vectors : int8 array of shape (n_landmarks, n_dimensions), unit rows times 127
    coordinates : float32 array of shape (n_landmarks, 2)
    """

    vectors: npt.NDArray[np.int8]
    coordinates: Vectors

    def place(self, vectors: Vectors) -> npt.NDArray[np.float64]:
        """Coordinates of texts, an array of shape (n_texts, 2): the middle of the nearest landmarks, NaN for no words.

        Parameters
        ----------
        vectors : float32 array of shape (n_texts, n_dimensions)
            Joined vectors, unit rows, zero where no word is known.
        """
        found = np.full((len(vectors), 2), np.nan)
        rows = self.vectors.astype(np.float64)
        rows /= np.sqrt(np.add.reduce(rows * rows, axis=1))[:, None]
        places = self.coordinates.astype(np.float64)
        n_beside = min(N_BESIDE, len(rows))
        for start in range(0, len(vectors), _BLOCK):
            block = vectors[start : start + _BLOCK].astype(np.float64)
            cosines = np.round(block @ rows.T, 6)  # rounded: ties go to the first landmark on every machine
            nearest = np.argsort(-cosines, axis=1, kind="stable")[:, :n_beside]
            found[start : start + _BLOCK] = _middles(places[nearest])
        found[~vectors.any(axis=1)] = np.nan
        return np.round(found, 3)

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays it takes to build it again."""
        return {"vectors": self.vectors, "coordinates": self.coordinates}


def choose_landmarks(vectors: Vectors, labels: Labels, coordinates: Vectors) -> Landmarks | None:
    """At most `MAX_LANDMARKS` of the fitted segments: a random sample, with some of every topic. None without any.

    Parameters
    ----------
    vectors : float32 array of shape (n_segments, n_dimensions), unit rows
    labels : array of shape (n_segments,)
    coordinates : float32 array of shape (n_segments, 2)
    """
    order = np.random.default_rng(_INTERNAL_SEED).permutation(len(vectors))
    first: list[int] = []  # of each topic
    seen: dict[int, int] = {}
    for row in order.tolist():
        label = int(labels[row])
        seen[label] = seen.get(label, 0) + 1
        if label >= 0 and seen[label] <= MIN_OF_TOPIC:
            first.append(row)
    chosen = list(dict.fromkeys([*first, *order.tolist()]))[:MAX_LANDMARKS]
    if not chosen:
        return None
    rows = np.sort(np.array(chosen))
    return Landmarks(np.round(vectors[rows] * _STEPS).astype(np.int8), coordinates[rows])


def _middles(places: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The mean of each group of places, those left out that stray from the others.

    Parameters
    ----------
    places : array of shape (n_texts, n_beside, 2)
    """
    middle = np.median(places, axis=1)
    away = np.sqrt(np.add.reduce((places - middle[:, None]) ** 2, axis=2))
    stays = away <= _MAX_STRAY * np.median(away, axis=1)[:, None] + 1e-9
    kept = np.add.reduce(places * stays[:, :, None], axis=1)
    return np.asarray(kept / np.add.reduce(stays, axis=1)[:, None])
