"""Fitting static vectors to a teacher's: the mean of the vectors of a text's pieces shall be the text's own vector.

The idea is Tokenlearn's (model2vec, MinishLab 2024); here it is ridge regression, so that the answer is one and no seed
or schedule enters.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# How hard a piece's vector is held to where the map of all vectors puts it, in units of texts of this piece alone.
# Tuned among .1, .3, 1, 3 and 10 on the teacher's likeness of held-out pieces (.3 and more) and, .1 against .3, on
# the corpora of tests/quality/embedder_quality.py, eight draws.
PIECE_RIDGE = 0.1
_MAP_RIDGE = 1e-3  # of the map of all vectors, a share of the mean variance: only to keep it solvable
_STEPS = 40


def fit_to_teacher(start: Floats, counts: Any, teacher: Floats, *, dimensions: int) -> Floats:
    """Vectors of pieces whose means are near the teacher's vectors of the same texts.

    First one linear map takes all `start` vectors to the teacher's space; then each piece that occurs moves on its own,
    the less the rarer it is (ridge regression by conjugate gradients); last, the space is turned and cut to the
    directions in which texts differ most.

    Parameters
    ----------
    start : array of shape (n_pieces, n_start_dimensions)
    counts : sparse array of shape (n_texts, n_pieces), how often each piece occurs in each text
    teacher : array of shape (n_texts, n_teacher_dimensions), unit rows
    dimensions : int, at most n_teacher_dimensions

    Returns
    -------
    array of shape (n_pieces, dimensions)
    """
    from scipy.sparse import csr_matrix

    n_of_text = np.maximum(np.asarray(counts.sum(axis=1)).ravel(), 1)
    shares = csr_matrix(counts.multiply(1 / n_of_text[:, None]))
    means = shares @ start
    squares = means.T @ means
    ridge = _MAP_RIDGE * np.trace(squares) / len(squares) * np.eye(len(squares))
    mapped = start @ np.linalg.solve(squares + ridge, means.T @ teacher)
    fitted = mapped + _ridge(shares, teacher - shares @ mapped)
    texts = shares @ fitted
    texts /= np.maximum(np.linalg.norm(texts, axis=1, keepdims=True), 1e-12)
    _, directions = np.linalg.eigh(texts.T @ texts)
    return np.asarray(fitted @ directions[:, ::-1][:, :dimensions])


def _ridge(shares: Any, wanted: Floats) -> Floats:
    """What to add to the vectors of pieces for their means to be nearer `wanted`, by conjugate gradients."""
    added = np.zeros((shares.shape[1], wanted.shape[1]))
    residual = shares.T @ wanted
    direction = residual.copy()
    size = (residual * residual).sum(axis=0)
    for _ in range(_STEPS):
        image = shares.T @ (shares @ direction) + PIECE_RIDGE * direction
        step = size / np.maximum((direction * image).sum(axis=0), 1e-300)
        added += direction * step
        residual -= image * step
        new_size = (residual * residual).sum(axis=0)
        if new_size.max() < 1e-8 * len(wanted):
            break
        direction = residual + direction * (new_size / np.maximum(size, 1e-300))
        size = new_size
    return added
