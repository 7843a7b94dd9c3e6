import subprocess
import sys
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score, fowlkes_mallows_score

from toolkit.metrics import (
    adjusted_mutual_information,
    adjusted_rand,
    cluster_stability,
    count_windows,
    cv,
    error_in_k,
    fowlkes_mallows,
    inverted_rbo,
    matched_jaccard,
    npmi,
    outlier_share,
    rank_biased_overlap,
    resample_agreement,
    topic_cv,
    topic_diversity,
    topic_npmi,
    topic_word_intrusion,
    word_intrusion,
)

WORDS = "abcdefgh"
documents = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=30), min_size=1, max_size=8)
labelled = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=30)


# Windows


def windows_one_by_one(texts, words, window):
    """The sets of words of each window, by the definition."""
    for text in texts:
        width = min(window or len(text), len(text))
        for start in range(len(text) - width + 1):
            yield set(text[start : start + width]) & set(words)


@settings(deadline=None, max_examples=60)
@given(documents, st.one_of(st.none(), st.integers(1, 12)))
def test_windows_are_counted_as_if_one_by_one(texts, window):
    counts = count_windows(texts, WORDS, window=window)
    windows = list(windows_one_by_one(texts, WORDS, window))
    assert counts.n_windows == len(windows)
    for a in WORDS:
        for b in WORDS:
            expected = sum({a, b} <= present for present in windows)
            assert counts.joint[counts.rows[a], counts.rows[b]] == expected


def test_a_document_longer_than_a_block_of_windows_is_counted_whole():
    text = (["a"] + ["x"] * 40 + ["b"] + ["x"] * 5) * 40  # 1,880 tokens
    counts = count_windows([text], "ab", window=10)
    windows = list(windows_one_by_one([text], "ab", 10))
    assert counts.n_windows == 1871
    assert counts.joint[0, 1] == sum({"a", "b"} <= present for present in windows) > 0
    assert counts.joint[0, 0] == sum("a" in present for present in windows)


def test_an_empty_document_is_no_window():
    assert count_windows([[], ["a"]], "a").n_windows == 1


def test_a_window_has_a_token():
    with pytest.raises(ValueError, match="at least one token"):
        count_windows([["a"]], "a", window=0)


# NPMI and Cv


def test_npmi_by_hand():
    texts = [["a", "b"], ["a", "b"], ["a"], ["c"]]
    # P(a) = 3/4, P(b) = 1/2, P(ab) = 1/2: ln(.5 / .375) / -ln .5
    assert npmi([["a", "b"]], texts, window=None) == pytest.approx(np.log(4 / 3) / np.log(2))
    assert npmi([["a", "c"]], texts, window=None, epsilon=0) == -1.0
    # with an epsilon as gensim's: ln(1e-12 / (3/4 * 1/4)) / -ln 1e-12
    assert npmi([["a", "c"]], texts, window=None) == pytest.approx(np.log(1e-12 / 0.1875) / -np.log(1e-12))


def test_npmi_slides_its_window():
    # windows of 2 over "a x b": {a, x}, {x, b}; a and b never meet
    assert npmi([["a", "b"]], [["a", "x", "b"]], window=2, epsilon=0) == -1.0
    assert npmi([["a", "b"]], [["a", "x", "b"]], window=3) == 1.0  # the one window has both


def test_cv_by_hand():
    # windows {a, b} twice and {c} twice. NPMI: a-b 1, a-c and b-c -1 (never, epsilon 0), each with itself 1.
    # Rows (1, 1, -1), (1, 1, -1), (-1, -1, 1); their sum (1, 1, -1): cosines 1, 1, -1.
    texts = [["a", "b"], ["a", "b"], ["c"], ["c"]]
    assert cv([["a", "b", "c"]], texts, epsilon=0) == pytest.approx(1 / 3)


def test_a_word_the_reference_never_has_is_the_worst_word():
    texts = [["a", "b"], ["c"], ["a", "c"], ["b"]]
    known = topic_npmi([["a", "b"]], count_windows(texts, "ab"))[0]
    counts = count_windows(texts, ["a", "b", "never"])
    assert topic_npmi([["a", "b", "never"]], counts)[0] == pytest.approx((known - 2) / 3)
    # uncounted is the same as absent
    assert topic_npmi([["a", "b", "never"]], count_windows(texts, "ab"))[0] == pytest.approx((known - 2) / 3)
    alone = topic_cv([["a", "b"]], counts)[0]
    assert topic_cv([["a", "b", "never"]], counts)[0] == pytest.approx(alone * 2 / 3)


def test_topics_without_pairs_have_no_npmi_and_do_not_count():
    texts = [["a", "b"], ["a", "b"], ["c"]]
    values = topic_npmi([[], ["a"], ["a", "a"], ["a", "b"]], count_windows(texts, "abc"))
    assert np.isnan(values).tolist() == [True, True, True, False]
    assert npmi([["a"], ["a", "b"]], texts) == values[3]
    assert np.isnan(npmi([], texts))
    assert np.isnan(cv([[]], texts))


def test_a_reference_without_text_makes_every_word_absent():
    assert npmi([["a", "b"]], []) == -1.0
    assert cv([["a", "b"]], [[]]) == 0.0


def gensim_coherence(topics, texts, measure, window):
    models = pytest.importorskip("gensim.models", reason="gensim is for tests only; it is not installed")
    from gensim.corpora import Dictionary

    model = models.CoherenceModel(
        topics=topics, texts=texts, dictionary=Dictionary(texts), coherence=measure, window_size=window, processes=1
    )
    return model.get_coherence_per_topic()


def planted_texts(*, repeats):
    """Texts of three vocabularies with common words between; with or without words twice in a text."""
    random = np.random.default_rng(7)
    texts = []
    for i in range(120):
        own = [f"w{i % 3}{k}" for k in range(12)]
        pool = own + [f"c{k}" for k in range(30)]
        texts.append(random.choice(pool, size=random.integers(3, 35), replace=repeats).tolist())
    return texts


TOPICS = [["w00", "w01", "w02", "w03", "w04"], ["w10", "w11", "c1", "w20"], ["c0", "c1", "c2"], ["w05", "w15", "w25"]]


@pytest.mark.parametrize(("measure", "ours", "window"), [("c_npmi", topic_npmi, 10), ("c_v", topic_cv, 20)])
def test_coherence_equals_gensim_where_no_word_comes_twice_in_a_window(measure, ours, window):
    texts = planted_texts(repeats=False)
    expected = gensim_coherence(TOPICS, texts, measure, window)
    words = [word for topic in TOPICS for word in topic]
    counts = count_windows(texts, words, window=window)
    assert ours(TOPICS, counts) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("measure", "ours", "window"), [("c_npmi", topic_npmi, 10), ("c_v", topic_cv, 110)])
def test_coherence_equals_gensim_on_any_text_when_its_slip_is_repeated(measure, ours, window):
    texts = [*planted_texts(repeats=True), planted_texts(repeats=True)[0] * 20]
    expected = gensim_coherence(TOPICS, texts, measure, window)
    words = [word for topic in TOPICS for word in topic]
    as_gensim = ours(TOPICS, count_windows(texts, words, window=window, counting="gensim"))
    exact = ours(TOPICS, count_windows(texts, words, window=window))
    assert as_gensim == pytest.approx(expected, abs=1e-9)
    assert not np.allclose(exact, expected, atol=1e-4)  # there is a slip to repeat


def test_the_slip_of_gensim_in_one_line():
    # windows of 3 over "a x a y y": {a, x}, {x, a, y}, {a, y}. gensim forgets "a" when the first one leaves.
    text = [["a", "x", "a", "y", "y"]]
    assert count_windows(text, "a", window=3).joint[0, 0] == 3
    assert count_windows(text, "a", window=3, counting="gensim").joint[0, 0] == 1


# Words of topics


def test_topic_diversity_by_hand():
    assert topic_diversity([["a", "b"], ["b", "c"]]) == 0.75
    assert topic_diversity([["a", "b"], ["a", "c"]], n_terms=1) == 0.5
    assert topic_diversity([]) == topic_diversity([[]]) == 0.0


def test_rank_biased_overlap_by_hand():
    # agreement at depth 1 is 0, at depth 2 is 1: (1-p)/p * p**2 / 1 + p**2 with p = .5
    assert rank_biased_overlap(["a", "b"], ["b", "a"], p=0.5) == pytest.approx(0.5)
    # uneven: shares 1 of 1 at depth 1; s = 1, l = 2, X_2 = 1:
    # (1-p)/p * (1/1 p + 1/2 p**2 + 1 * (2-1)/(1*2) p**2) + (0/2 + 1/1) p**2 = (.5 + .125 + .125) + .25
    assert rank_biased_overlap(["a"], ["a", "b"], p=0.5) == pytest.approx(1.0)


rankings = st.permutations(list(WORDS)).flatmap(lambda words: st.integers(0, 8).map(lambda n: words[:n]))


@settings(deadline=None)
@given(rankings, rankings, st.sampled_from([0.5, 0.9, 0.98]))
def test_rank_biased_overlap_equals_its_formula(a, b, p):
    overlap = rank_biased_overlap(a, b, p=p)
    assert overlap == rank_biased_overlap(b, a, p=p)
    assert -1e-12 <= overlap <= 1 + 1e-12
    assert rank_biased_overlap(a, a, p=p) == pytest.approx(1.0)
    if len(a) == len(b) > 0:
        shared = [len(set(a[:d]) & set(b[:d])) for d in range(1, len(a) + 1)]
        total = (1 - p) / p * sum(x / d * p**d for d, x in enumerate(shared, start=1))
        assert overlap == pytest.approx(total + shared[-1] / len(a) * p ** len(a))


def test_rank_biased_overlap_needs_a_p_between_0_and_1():
    with pytest.raises(ValueError, match="between 0 and 1"):
        rank_biased_overlap(["a"], ["a"], p=1.0)


@settings(deadline=None)
@given(st.lists(rankings, min_size=2, max_size=6))
def test_inverted_rbo_is_one_minus_the_mean_over_all_pairs(topics):
    overlaps = [rank_biased_overlap(a, b) for a, b in combinations(topics, 2)]
    assert inverted_rbo(topics) == pytest.approx(1 - np.mean(overlaps))


def test_inverted_rbo_of_apart_equal_and_single_topics():
    assert inverted_rbo([["a", "b"], ["c", "d"]]) == 1.0
    assert inverted_rbo([["a", "b"], ["a", "b"]]) == pytest.approx(0.0)
    assert inverted_rbo([["a"]]) == inverted_rbo([]) == 1.0


def test_matched_jaccard_takes_the_best_matching_not_the_greedy_one():
    # the closest two are "p q r" and "p q r s" (3/4), which leaves "r s" and "p q" with nothing
    a = [["p", "q", "r"], ["r", "s"]]
    b = [["p", "q", "r", "s"], ["p", "q"]]
    assert matched_jaccard(a, b) == pytest.approx((2 / 3 + 2 / 4) / 2)


def test_matched_jaccard_counts_topics_without_partner():
    assert matched_jaccard([["a"], ["b"]], [["b"]]) == 0.5
    assert matched_jaccard([], []) == 1.0
    assert matched_jaccard([["a"]], []) == 0.0
    assert matched_jaccard([[]], [[]]) == 1.0


AXES = {"north": [1, 0, 0], "up": [0.9, 0.1, 0], "top": [0.9, -0.1, 0], "red": [0, 1, 0], "blue": [0, 1, 0.1]}
AXES |= {"pink": [0.1, 1, 0]}


def test_a_word_from_another_axis_is_told_as_the_intruder():
    assert word_intrusion([["north", "up", "top"], ["red", "blue", "pink"]], AXES) == 1.0


def test_a_mixed_topic_hides_its_intruders():
    # "red" is the odd word of the second topic, whoever else comes: neither north, up nor top is told there
    values = topic_word_intrusion([["red", "blue", "pink"], ["north", "up", "red"]], AXES)
    assert values.tolist() == [1.0, 0.0]


def test_intruders_are_no_words_of_the_topic_and_ties_are_not_told():
    same = {word: [1.0, 0.0] for word in "abcdef"}
    assert topic_word_intrusion([list("abc"), list("def")], same).tolist() == [0.0, 0.0]
    assert np.isnan(topic_word_intrusion([list("abcd"), list("abcd")], same)).all()  # nobody to intrude


def test_intrusion_leaves_out_words_without_vectors_and_topics_with_too_few():
    vectors = AXES | {"zero": [0, 0, 0], "odd": [np.nan, 0, 0]}
    topics = [["zero", "north", "odd", "up", "unknown", "top"], ["red", "blue", "pink"], ["red", "unknown", "odd"]]
    values = topic_word_intrusion(topics, vectors)
    assert values[:2].tolist() == [1.0, 1.0]
    assert np.isnan(values[2])
    assert np.isnan(word_intrusion([["north", "up", "top"]], vectors))
    with pytest.raises(ValueError, match="at least 3"):
        word_intrusion(topics, vectors, n_words=2)


# Clusterings


@settings(deadline=None)
@given(labelled)
def test_cluster_measures_equal_scikit_learn(pairs):
    truth, found = [a for a, _ in pairs], [b for _, b in pairs]
    assert fowlkes_mallows(truth, found) == pytest.approx(fowlkes_mallows_score(truth, found))
    assert adjusted_mutual_information(truth, found) == pytest.approx(adjusted_mutual_info_score(truth, found))
    assert adjusted_rand(truth, found) == pytest.approx(adjusted_rand_score(truth, found))


def test_cluster_measures_take_names_for_labels_and_arrays():
    truth, found = ["sun", "sun", "sea", "sea"], np.array([-1, -1, 7, 7])
    assert adjusted_rand(truth, found) == fowlkes_mallows(truth, found) == 1.0
    assert adjusted_mutual_information(truth, found) == pytest.approx(1.0)


def test_large_clusters_do_not_overflow():
    truth = np.repeat([0, 1], 200_000)
    assert adjusted_rand(truth, truth[::-1]) == 1.0
    assert fowlkes_mallows(truth, np.zeros_like(truth)) == pytest.approx(0.5**0.5, abs=1e-5)


def test_cluster_measures_at_the_edges():
    assert adjusted_rand([], []) == adjusted_rand([1], [2]) == 1.0
    assert adjusted_mutual_information([], []) == 1.0
    assert fowlkes_mallows([], []) == fowlkes_mallows([0, 1], [0, 1]) == 0.0  # no pair to find
    with pytest.raises(ValueError, match="2 labels beside 1"):
        adjusted_rand([0, 1], [0])


def test_outlier_share_and_error_in_k_by_hand():
    assert outlier_share([-1, 0, 0, 3]) == 0.25
    assert outlier_share([]) == 0.0
    assert error_in_k(8, 5) == pytest.approx(0.6)
    assert error_in_k(4, 5) == pytest.approx(0.2)
    with pytest.raises(ValueError, match="at least one"):
        error_in_k(3, 0)


def test_resamples_agree_over_the_documents_they_share():
    first = (np.array([0, 1, 2, 3]), np.array([5, 5, 6, 6]))
    second = (np.array([5, 4, 3, 2, 1]), np.array([0, 0, 1, 1, 0]))  # on 1, 2, 3: {1}, {2, 3}, as in the first
    third = (np.array([4, 5]), np.array([0, 1]))
    values = resample_agreement(6, [first, second, third])
    assert values[0] == 1.0
    assert np.isnan(values[1])  # nothing in common
    assert values[2] == pytest.approx(adjusted_rand_score([0, 0], [0, 1]))


def test_a_cluster_is_as_stable_as_its_best_partner_among_the_drawn():
    labels = np.array([0, 0, 0, 0, 1, 1, -1])
    same = (np.array([0, 1, 4, 6]), np.array([3, 3, 2, -1]))
    torn = (np.array([0, 1, 2, 3, 4, 5]), np.array([0, 0, 0, 1, 1, -1]))
    # torn: 0 keeps three of its four documents together (3/4); 1 shares one of {3, 4} with itself: 1 of 3
    stability = cluster_stability(labels, [same, torn])
    assert stability == {0: pytest.approx((1 + 3 / 4) / 2), 1: pytest.approx((1 + 1 / 3) / 2)}


def test_a_cluster_lost_among_outliers_is_not_stable_and_one_never_drawn_is_unknown():
    labels = np.array([0, 0, 1, 1])
    stability = cluster_stability(labels, [(np.array([0, 1]), np.array([-1, -1]))])
    assert stability[0] == 0.0
    assert np.isnan(stability[1])


def test_measures_import_nothing_heavy():
    program = (
        "import sys, toolkit.metrics\n"
        "print(sorted({'scipy', 'sklearn', 'pandas', 'gensim', 'numba', 'bertopic'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
