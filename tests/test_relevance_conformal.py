"""The promise of conformal abstention, and thresholds for a stated recall or precision."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.config import Relevance, parse_config
from toolkit.errors import ToolkitError
from toolkit.relevance.conformal import (
    Coverage,
    band,
    conformal_limit,
    measure_coverage,
    nonconformity,
    prediction_sets,
)
from toolkit.relevance.thresholds import choose_thresholds, threshold_for_precision, threshold_for_recall

FREE = (0.3, 0.6)  # a band to fall back on


def draw(random, n, *, noise):
    """Documents whose stated relevance is their true chance of being on, but for noise in the logit."""
    logit = random.normal(-1.5, 3.0, n)
    outcomes = random.random(n) < 1 / (1 + np.exp(-logit))
    return np.round(1 / (1 + np.exp(-logit + noise * random.normal(size=n))), 6), outcomes.astype(int)


@pytest.mark.parametrize("coverage", [0.8, 0.9, 0.95])
@pytest.mark.parametrize("noise", [0.0, 3.0])
def test_new_documents_are_covered_as_promised_however_bad_the_scores(coverage, noise):
    random = np.random.default_rng(7)
    n, n_new, n_repeats = 200, 200, 200
    hits = 0
    for _ in range(n_repeats):
        relevance, outcomes = draw(random, n + n_new, noise=noise)
        limit = conformal_limit(nonconformity(relevance[:n], outcomes[:n]), coverage=coverage)
        hits += round(measure_coverage(relevance[n:], outcomes[n:], limit).covered * n_new)
    # The chance of one repeat is Beta(k, n + 1 - k), k = ceil((n + 1) coverage): mean k / (n + 1).
    spread = np.sqrt(coverage * (1 - coverage) * (1 / n + 1 / n_new) / n_repeats)
    assert coverage - 3.5 * spread <= hits / (n_new * n_repeats) <= coverage + 1 / (n + 1) + 3.5 * spread


def test_the_limit_by_hand():
    scores = np.array([0.5, 0.1, 0.4, 0.2, 0.3])
    assert conformal_limit(scores, coverage=0.5) == 0.3  # the third of six places
    assert conformal_limit(scores, coverage=0.9) == 1.0  # the sixth place is beyond five scores: nothing is excluded
    assert conformal_limit(np.empty(0), coverage=0.5) == 1.0


@given(st.integers(0, 1_000_000), st.integers(0, 1_000_000))
def test_unsure_is_where_the_set_holds_both_or_none(millionths, limit_millionths):
    relevance, limit = np.array([millionths / 1_000_000]), limit_millionths / 1_000_000
    has_on, has_off = (bool(has[0]) for has in prediction_sets(relevance, limit))
    if min(abs(1 - relevance[0] - limit), abs(relevance[0] - limit)) < 1e-9:
        return  # on the edge the two ways of writing the same number may differ
    off_below, on_from = band(limit)
    said = "on" if relevance[0] >= on_from else "off" if relevance[0] < off_below else "unsure"
    assert said == ("unsure" if has_on == has_off else "on" if has_on else "off")


def test_coverage_by_hand():
    relevance, outcomes = np.array([0.9, 0.5, 0.2, 0.1]), np.array([1, 1, 1, 0])
    found = measure_coverage(relevance, outcomes, 0.3)  # on, none, off, off
    assert found == Coverage(covered=0.5, covered_on=1 / 3, covered_off=1.0, answered=0.75)


labelled = st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=60).filter(
    lambda rows: any(on for _, on in rows)
)


@given(labelled, st.floats(0.01, 1))
def test_a_target_recall_is_reached_and_the_next_threshold_up_misses_it(rows, target):
    relevance = np.array([score / 20 for score, _ in rows])
    outcomes = np.array([int(on) for _, on in rows])
    threshold = threshold_for_recall(relevance, outcomes, min_recall=target)
    n_on = outcomes.sum()
    assert (relevance[outcomes == 1] >= threshold).sum() >= target * n_on - 1e-6
    assert (relevance[outcomes == 1] > threshold).sum() < target * n_on


@given(labelled, st.floats(0.01, 1))
def test_a_target_precision_is_reached_or_the_best_is_named(rows, target):
    relevance = np.array([score / 20 for score, _ in rows])
    outcomes = np.array([int(on) for _, on in rows])
    precise = {t: outcomes[relevance >= t].mean() for t in relevance.tolist()}
    if max(precise.values()) < target - 1e-9:
        with pytest.raises(ToolkitError, match=f"the best is {max(precise.values()):.3f}"):
            threshold_for_precision(relevance, outcomes, min_precision=target)
    else:
        found = threshold_for_precision(relevance, outcomes, min_precision=target)
        assert found == min(t for t, precision in precise.items() if precision >= target - 1e-9)


def test_a_target_moves_where_on_begins_and_off_never_reaches_above_it():
    random = np.random.default_rng(1)
    relevance, outcomes = draw(random, 400, noise=1.0)
    off_below, on_from = choose_thresholds(relevance, outcomes, aims=Relevance(), otherwise=FREE)
    high = choose_thresholds(relevance, outcomes, aims=Relevance(target_precision=0.97), otherwise=FREE)
    low = choose_thresholds(relevance, outcomes, aims=Relevance(target_recall=0.99), otherwise=FREE)
    assert low[1] < min(on_from, high[1])
    assert low[0] <= low[1]
    assert high[0] == off_below


def test_too_few_documents_make_no_promise():
    relevance, outcomes = draw(np.random.default_rng(1), 49, noise=0.0)
    assert choose_thresholds(relevance, outcomes, aims=Relevance(), otherwise=FREE) == FREE


def test_recall_and_precision_are_not_both_to_be_had():
    text = """
    [subject]
    name = "x"
    [places.sides.a]
    label = "A"
    [themes.t]
    label = "T"
    description = "d"
    seed_terms = ["t"]
    [relevance]
    target_recall = 0.9
    target_precision = 0.9
    """
    with pytest.raises(ToolkitError, match="exclude each other"):
        parse_config(text, where="test")
