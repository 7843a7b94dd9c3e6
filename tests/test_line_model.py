"""The chain of states over a page: what is likeliest, and how likely."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.segment.model import FloatArray, LineModel, load_line_model

numbers = st.floats(-20, 20)


def table(draw: st.DrawFn, n_rows: int) -> FloatArray:
    return np.array(draw(st.lists(numbers, min_size=3 * n_rows, max_size=3 * n_rows))).reshape(n_rows, 3)


@st.composite
def chains(draw: st.DrawFn) -> tuple[LineModel, FloatArray]:
    """A line model with a chain of its own, and the scores of one to five paragraphs."""
    start, end = table(draw, 2)
    model = replace(load_line_model(), transitions=table(draw, 3), start=start, end=end)
    return model, table(draw, draw(st.integers(1, 5)))


def sequences(model: LineModel, scores: FloatArray) -> dict[tuple[int, ...], float]:
    """The score of every sequence of states, one by one."""
    found = {}
    for states in product(range(3), repeat=len(scores)):
        total = model.start[states[0]] + model.end[states[-1]] + sum(scores[i, s] for i, s in enumerate(states))
        found[states] = float(total + sum(model.transitions[a, b] for a, b in pairwise(states)))
    return found


@given(chains())
def test_the_best_states_have_the_highest_score_of_all_sequences(chain: tuple[LineModel, FloatArray]) -> None:
    model, scores = chain
    all_scores = sequences(model, scores)
    assert all_scores[tuple(model.best_states(scores))] == pytest.approx(max(all_scores.values()), abs=1e-9)


@given(chains())
def test_a_posterior_is_the_share_of_all_sequences_that_pass_through_a_state(
    chain: tuple[LineModel, FloatArray],
) -> None:
    model, scores = chain
    all_scores = sequences(model, scores)
    top = max(all_scores.values())
    shares = np.zeros_like(scores)
    for states, score in all_scores.items():
        shares[range(len(states)), states] += np.exp(score - top)
    np.testing.assert_allclose(
        model.posteriors(scores), shares / shares.sum(axis=1, keepdims=True), rtol=1e-9, atol=1e-12
    )


def test_posteriors_of_no_paragraph_and_of_very_many_are_chances() -> None:
    model = load_line_model()
    assert model.posteriors(np.zeros((0, 3))).shape == (0, 3)
    found = model.posteriors(np.tile([-800.0, 0.0, -1.0], (5_000, 1)))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
