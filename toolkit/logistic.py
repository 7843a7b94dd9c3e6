"""Logistic regression with a prior, and calibration: what the two supervised stages learn with."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def ridge_logistic(X: Any, target: Floats, *, prior: Floats, weight: Floats, penalty: float) -> tuple[Floats, float]:
    """Weights b and intercept c of z = prior + X b + c, with a ridge penalty on b.

    Minimises sum(weight * cross entropy(target, sigmoid(z))) + penalty / 2 |b|^2 by L-BFGS. With `prior` the scores of
    an older model, b is what has to change in it; `target` may be probabilities (soft labels).

    Parameters
    ----------
    X : array or CSR matrix of shape (n, d)
    target, prior, weight : arrays of shape (n,)
    """
    from scipy.optimize import minimize

    transposed = X.T.tocsr() if hasattr(X, "tocsr") else X.T

    def loss(parameters: Floats) -> tuple[float, Floats]:
        b, c = parameters[:-1], parameters[-1]
        z = prior + X @ b + c
        p = 1 / (1 + np.exp(-np.clip(z, -500, 500)))
        cost = np.dot(weight, np.logaddexp(0, z) - target * z) + penalty / 2 * np.dot(b, b)
        error = weight * (p - target)
        return float(cost), np.append(transposed @ error + penalty * b, error.sum())

    found = minimize(loss, np.zeros(X.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": 300})
    return found.x[:-1], float(found.x[-1])


def platt(scores: Floats, outcomes: npt.NDArray[Any]) -> tuple[float, float]:
    """Slope and offset that turn scores into probabilities: sigmoid(slope * score + offset).

    Reference: Platt 1999, with his smoothed targets. A slope that comes out negative is refused: (1, 0) is given.
    """
    from scipy.optimize import minimize

    n_on, n_off = float(outcomes.sum()), float((1 - outcomes).sum())
    target = np.where(outcomes > 0.5, (n_on + 1) / (n_on + 2), 1 / (n_off + 2))

    def loss(ab: Floats) -> float:
        z = ab[0] * scores + ab[1]
        return float(np.sum(np.logaddexp(0, z) - target * z))

    slope, offset = minimize(loss, np.array([1.0, 0.0]), method="BFGS").x
    return (float(slope), float(offset)) if slope > 0 else (1.0, 0.0)


def sigmoid(z: Floats) -> Floats:
    """1 / (1 + exp(-z)), safe for large z."""
    return np.asarray(1 / (1 + np.exp(-np.minimum(np.maximum(z, -30), 30))))
