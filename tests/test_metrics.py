import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from toolkit.metrics import (
    average_precision,
    bootstrap_interval,
    expected_calibration_error,
    pk,
    precision_recall_f1,
    roc_auc,
    window_diff,
)

scored = st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=40)


def test_precision_recall_and_f1_by_hand():
    # two of three found are right; two of four true ones are found
    precision, recall, f1 = precision_recall_f1([1, 1, 1, 1, 0], [1, 1, 0, 0, 1])
    assert (precision, recall) == (pytest.approx(2 / 3), 0.5)
    assert f1 == pytest.approx(4 / 7)


def test_nothing_found_and_nothing_true_is_zero_not_an_error():
    assert precision_recall_f1([0, 0], [0, 0]) == (0.0, 0.0, 0.0)


def test_average_precision_by_hand():
    # positives at ranks 1 and 3: (1/1 + 2/3) / 2
    assert average_precision([1, 0, 1], [0.9, 0.8, 0.7]) == pytest.approx((1 + 2 / 3) / 2)


def test_auc_counts_ties_half():
    assert roc_auc([1, 0, 0], [0.5, 0.5, 0.1]) == pytest.approx(0.75)
    assert roc_auc([1, 1], [0.1, 0.2]) == 0.5


@settings(deadline=None)
@given(scored)
def test_ranking_measures_equal_scikit_learn(pairs):
    truth, scores = np.array([t for t, _ in pairs]), np.array([s for _, s in pairs])
    if truth.all() or not truth.any():
        return
    assert average_precision(truth, scores) == pytest.approx(average_precision_score(truth, scores))
    assert roc_auc(truth, scores) == pytest.approx(roc_auc_score(truth, scores))


def test_calibration_error_by_hand():
    # bin .2-.3: said .25, seen 0 of 2; bin .9-1: said .95, seen 1 of 2
    assert expected_calibration_error([0, 0, 1, 0], [0.25, 0.25, 0.95, 0.95]) == pytest.approx(0.25 / 2 + 0.45 / 2)


def test_pk_and_window_diff_by_hand():
    # six units, one true boundary in the middle, none found; windows of 2 (half of the mean length 3, rounded)
    truth, nothing = [0, 0, 0, 1, 1, 1], [0] * 6
    # pairs (0,2) (1,3) (2,4) (3,5): the middle two straddle the boundary
    assert pk(truth, nothing) == pytest.approx(2 / 4)
    assert window_diff(truth, nothing) == pytest.approx(2 / 4)
    assert pk(truth, truth) == window_diff(truth, truth) == 0.0


def test_window_diff_sees_a_false_boundary_beside_a_true_one_that_pk_forgives():
    truth = [0, 0, 0, 0, 1, 1, 1, 1]
    guess = [0, 0, 0, 1, 2, 2, 2, 2]
    assert window_diff(truth, guess, window=3) > pk(truth, guess, window=3)


def test_bootstrap_interval_holds_the_mean_and_repeats():
    values = np.arange(100)
    interval = bootstrap_interval(lambda rows: float(values[rows].mean()), 100, random_state=1, n_resamples=200)
    assert interval[0] < 49.5 < interval[1]
    assert interval == bootstrap_interval(lambda rows: float(values[rows].mean()), 100, random_state=1, n_resamples=200)
