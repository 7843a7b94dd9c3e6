import hashlib
import itertools
import json
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.config import Topics
from toolkit.embed import load_embedder
from toolkit.topics import TopicModel, fit_topics
from toolkit.topics.candidates import find_candidates
from toolkit.topics.describe import theme_of
from toolkit.topics.graph import grow_tree, nearest_neighbours, neighbours_within
from toolkit.topics.rule import learn_rule
from toolkit.topics.stability import find_number, resamples, topic_stability

RAILWAY = """railway train locomotive station passengers track freight line express tunnel viaduct carriage timetable
signalling commuters platform engineers rolling stock depot bridge""".split()
FRUIT = """durian mango orchard farmers harvest exports customs quarantine fruit growers shipments ripeness cartons
wholesalers market prices season rainfall pesticide packing""".split()
VISA = """visa tourists travellers airline flights hotels passports arrivals holiday bookings beaches tour guides
resorts airport itinerary sightseeing visitors exemption waiver""".split()
SUBJECTS = {"rail": RAILWAY, "fruit": FRUIT, "visa": VISA}


def planted(n_per_subject=40, seed=1):
    """Segments of three subjects with no word in common, with the subject as their theme; two segments an article."""
    chance = random.Random(seed)  # noqa: S311
    rows = []
    for name, words in SUBJECTS.items():
        for i in range(n_per_subject):
            said = " ".join(chance.sample(words, 9))
            rows.append((f"{name} article {i // 2:03d}", i % 2, f"The {said}, officials said on Monday.", (name,)))
    return rows


def fit(rows, **options):
    wanted = {"engine": "nmf", "n_topics": 3} | options.pop("config", {})
    return fit_topics(
        [row[2] for row in rows],
        [row[0] for row in rows],
        [row[1] for row in rows],
        embedder=load_embedder(),
        config=Topics(**wanted),
        themes=[row[3] for row in rows],
        **({"with_map": False} | options),
    )


def digest(model):
    values, arrays = model.state()
    parts = [json.dumps(values, sort_keys=True), *(f"{name}{arrays[name].tobytes().hex()}" for name in sorted(arrays))]
    return hashlib.sha256("".join(parts).encode()).hexdigest()


@pytest.fixture(scope="module")
def model():
    return fit(planted())


@pytest.fixture(scope="module")
def by_bertopic():
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("toolkit.topics.fit.MIN_MAPPED", len(planted()))
        return fit(planted(), config={"engine": "bertopic", "n_topics": None}, with_map=True)


def test_a_small_corpus_is_not_mapped():
    assert fit(planted(), config={"engine": "nmf", "n_topics": 3}, with_map=True).landmarks is None


def labels_of(model, rows):
    return [topic for topic, _ in model.assign([row[2] for row in rows], load_embedder())]


@pytest.mark.parametrize("engine", ["model", "by_bertopic"])
def test_planted_subjects_are_found_named_and_put_under_their_theme(engine, request):
    model = request.getfixturevalue(engine)
    assert sorted(topic.theme for topic in model.topics) == ["fruit", "rail", "visa"]
    for topic in model.topics:
        words = SUBJECTS[topic.theme]
        assert all(word in words or word + "s" in words for term, _ in topic.terms for word in term.lower().split())
        assert topic.name
        assert topic.name[0].isupper()
        assert not topic.name[0].isdigit()


def test_ids_are_by_size():
    rows = [row for row in planted() if row[3] != ("visa",) or int(row[0][-3:]) < 6]
    sizes = [topic.n_segments for topic in fit(rows).topics]
    assert sizes == sorted(sizes, reverse=True)
    assert [topic.topic for topic in fit(rows).topics] == list(range(len(sizes)))


@pytest.mark.parametrize("engine", ["model", "by_bertopic"])
def test_fitted_and_assigned_topics_agree_one_by_one_and_after_loading(engine, request):
    model = request.getfixturevalue(engine)
    rows = planted()
    texts = [row[2] for row in rows]
    together = model.assign(texts, load_embedder())
    values, arrays = model.state()
    loaded = TopicModel.from_state(json.loads(json.dumps(values)), arrays)
    for text, answer in zip(texts, together, strict=True):
        assert model.assign([text], load_embedder()) == [answer]
        assert loaded.assign([text], load_embedder()) == [answer]
    for topic in model.topics:
        assert topic.n_segments == sum(found == topic.topic for found, _ in together)
    assert loaded.topics == model.topics
    assert digest(loaded) == digest(model)


def test_few_fitted_segments_are_left_without_a_topic(by_bertopic):
    assert labels_of(by_bertopic, planted()).count(-1) <= 0.05 * len(planted())


def test_a_text_that_says_nothing_has_no_topic(model):
    assert model.assign(["", "…", "\x00"], load_embedder()) == [(-1, 0.0)] * 3


def test_the_order_of_segments_changes_nothing(model):
    rows = planted()
    random.Random(7).shuffle(rows)  # noqa: S311
    assert digest(fit(rows)) == digest(model)


def test_names_of_documents_and_the_order_they_give_change_no_topic(by_bertopic):
    rows = planted()
    random.Random(7).shuffle(rows)  # noqa: S311
    names = {document_id: f"{i:04d}" for i, (document_id, *_) in enumerate(rows)}
    renamed = [(names[document_id], index, text, theme) for document_id, index, text, theme in rows]
    model = fit(renamed, config={"engine": "bertopic", "n_topics": None})
    assert [(t.n_segments, t.stability) for t in model.topics] == [
        (t.n_segments, t.stability) for t in by_bertopic.topics
    ]
    assert model.rule.weights.tobytes() == by_bertopic.rule.weights.tobytes()


@pytest.mark.parametrize("engine", ["nmf", "bertopic"])
def test_five_seeds_give_the_same_topics(engine):
    rows = planted(20)
    fits = [fit(rows, config={"engine": engine, "n_topics": None}, random_state=seed) for seed in range(5)]
    assert len({digest(model) for model in fits}) == 1


def test_the_number_of_topics_is_the_stable_one_and_its_curve_is_kept(by_bertopic):
    assert len(by_bertopic.topics) == 3
    selection = by_bertopic.selection
    assert (selection["n_topics"], selection["by"]) == (3, "stability")
    at = {point["n_topics"]: point["mean"] for point in selection["curve"]}
    assert at[3] == max(at.values())
    assert at[3] > 0.95
    assert all(topic.stability > 0.9 for topic in by_bertopic.topics)


def test_a_number_that_was_asked_for_is_given():
    model = fit(planted(), config={"engine": "bertopic", "n_topics": 5})
    assert len(model.topics) == 5
    assert model.selection == {"n_topics": 5, "by": "config"}


def test_copies_count_once_in_the_terms_and_are_no_exemplars(model):
    rows = planted()
    plain = next(topic for topic in model.topics if topic.theme == "rail")
    text = next(row[2] for row in rows if (row[0], row[1]) == plain.exemplars[0])
    copies = [(f"copy {i:03d}", 0, text, ("rail",)) for i in range(30)]
    with_copies = fit([*rows, *copies])
    rail = next(topic for topic in with_copies.topics if topic.theme == "rail")
    texts = {(row[0], row[1]): row[2] for row in [*rows, *copies]}
    assert rail.n_segments >= 70
    assert sum(texts[key] == text for key in rail.exemplars) <= 1
    assert {term for term, _ in rail.terms} == {term for term, _ in plain.terms}


def test_exemplars_are_of_the_topic_and_of_different_articles(by_bertopic):
    texts = {(row[0], row[1]): row for row in planted()}
    for topic in by_bertopic.topics:
        assert 3 <= len(topic.exemplars) <= 5
        assert {texts[key][3] for key in topic.exemplars} == {(topic.theme,)}
        assert len({document_id for document_id, _ in topic.exemplars}) == len(topic.exemplars)


def test_the_map_has_landmarks_of_every_topic_and_a_place_for_every_text(by_bertopic):
    assert by_bertopic.fitted == tuple(sorted((row[0], row[1]) for row in planted()))
    texts = [row[2] for row in planted()]
    vectors = by_bertopic.space.join(load_embedder().encode(texts), texts)
    places = by_bertopic.landmarks.place(vectors)
    assert places.shape == (len(texts), 2)
    assert np.isfinite(places).all()
    low, high = by_bertopic.landmarks.coordinates.min(axis=0), by_bertopic.landmarks.coordinates.max(axis=0)
    assert (places >= low - 1e-3).all()
    assert (places <= high + 1e-3).all()
    labels = np.array(labels_of(by_bertopic, planted()))
    middles = np.array([np.median(places[labels == topic.topic], axis=0) for topic in by_bertopic.topics])
    nearest = np.linalg.norm(places[:, None] - middles[None], axis=2).argmin(axis=1)
    assert (np.array([topic.topic for topic in by_bertopic.topics])[nearest] == labels).mean() > 0.9


def test_a_text_without_known_words_has_no_place_on_the_map(by_bertopic):
    empty = np.zeros((1, by_bertopic.landmarks.vectors.shape[1]), dtype=np.float32)
    assert np.isnan(by_bertopic.landmarks.place(empty)).all()


def test_landmarks_come_back_from_disk_as_they_were(by_bertopic):
    again = TopicModel.from_state(*by_bertopic.state()).landmarks
    assert (again.vectors == by_bertopic.landmarks.vectors).all()
    assert (again.coordinates == by_bertopic.landmarks.coordinates).all()


def test_a_model_fitted_without_a_map_has_no_landmarks(model):
    assert model.landmarks is None
    assert not [name for name in model.state()[1] if name.startswith("landmarks")]


def test_a_model_to_give_away_names_no_article(by_bertopic):
    values, _ = by_bertopic.without_sources().state()
    assert " article " not in json.dumps(values)
    assert values["fitted"] == []


@pytest.mark.parametrize("engine", ["nmf", "bertopic"])
@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_too_few_segments_give_no_topics_and_say_so(n, engine):
    model = fit(planted()[:n], config={"engine": engine})
    assert model.topics == ()
    assert model.note == f"Too few on-topic segments ({n}) for topics; at least 10 are needed."
    assert labels_of(model, planted()[:n]) == [-1] * n


SAME = "The railway carries freight and passengers over the new bridge."
CORPORA = {
    "fourteen": [row[2] for row in planted()[::9]],
    "all identical": [SAME] * 40,
    "copies of two": [SAME, "Farmers ship durian to the wholesale market."] * 20,
    "one pattern": [f"{SAME} Train {i} of {i + 3} left at {i} o'clock." for i in range(40)],
    "no words": ["…", "12", "!!", ""] * 10,
    "no word twice": [f"zqx{chr(97 + i)}w vbk{chr(97 + i)}t" for i in range(26)],
    "without spaces": [f"中国与东盟国家加强合作{i}" for i in range(20)],
    "a giant one": ["port railway " * 20_000, *[row[2] for row in planted()[::9]]],
}


@pytest.mark.parametrize("engine", ["nmf", "bertopic"])
@pytest.mark.parametrize("texts", CORPORA.values(), ids=CORPORA.keys())
def test_odd_corpora_end_in_a_model_and_unique_names(texts, engine):
    rows = [("one giant document", i, text, ()) for i, text in enumerate(texts)]
    model = fit(rows, config={"engine": engine, "n_topics": None}, with_map=engine == "bertopic")
    assert len({topic.name for topic in model.topics}) == len(model.topics)
    assert model.topics or model.note
    assert sum(label >= 0 for label in labels_of(model, rows)) == sum(topic.n_segments for topic in model.topics)


def test_singular_and_plural_are_one_term():
    found = find_candidates(["The port grew.", "Two ports grew.", "A port and ports."])
    assert [key for key in found.keys if key.startswith("port")] == ["port"]


def test_a_phrase_keeps_its_capitals_and_its_small_words():
    texts = [f"Work on the Belt and Road Initiative {ending}." for ending in ("stalled", "resumed", "ended", "paused")]
    assert "Belt and Road Initiative" in find_candidates(texts).names


def test_numbers_and_single_letters_are_no_terms():
    found = find_candidates(["In 2024 a b 5G network cost 3,000 and 12x.", "A 5G network of 2024, b, 12x, 3,000."])
    assert "5g" in found.keys
    assert not {"2024", "b", "12x", "000", "3"} & set(found.keys)


def test_the_theme_that_stands_out_wins_over_the_one_that_is_everywhere():
    themes = [("trade", "rail"), ("trade", "rail"), ("trade",), ("trade",), ("trade",)]
    assert theme_of(themes, [0, 1]) == "rail"
    assert theme_of([(), ()], [0]) is None


def test_a_topic_that_hardly_speaks_of_any_theme_is_under_none():
    themes = [("health",), *[()] * 39, *[("trade",)] * 40]
    assert theme_of(themes, range(40)) is None
    assert theme_of([("health",), ("health",), ("health",), *themes[3:]], range(40)) == "health"


def test_neighbours_are_the_nearest_by_cosine():
    vectors = np.array([[1, 0], [0.8, 0.6], [0, 1], [-1, 0]], dtype=np.float32)
    indices, distances = nearest_neighbours(vectors, 2)
    assert indices.tolist() == [[0, 1], [1, 0], [2, 1], [3, 2]]
    assert distances[:, 1] == pytest.approx([0.2, 0.2, 0.4, 1.0], abs=1e-6)


def test_neighbours_within_rows_are_renumbered():
    vectors = np.array([[1, 0], [0.8, 0.6], [0, 1], [-1, 0]], dtype=np.float32)
    indices, distances = neighbours_within(nearest_neighbours(vectors, 2), np.array([1, 2, 3]))
    assert indices.tolist() == [[0, 0], [1, 0], [2, 1]]
    assert distances[0, 1] == 1.0  # its neighbour is not there


def blobs(n_each, n_blobs, n_dimensions=12, spread=0.25, seed=0):
    chance = np.random.default_rng(seed)
    centres = np.eye(n_dimensions)[:n_blobs]
    rows = np.repeat(centres, n_each, axis=0) + chance.normal(0, spread, (n_each * n_blobs, n_dimensions))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), np.repeat(
        np.arange(n_blobs), n_each
    )


@given(st.integers(2, 40), st.integers(1, 45), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_a_cut_tree_gives_every_row_one_of_at_most_that_many_groups(n_rows, n_groups, seed):
    vectors, _ = blobs(n_rows, 1, spread=1.0, seed=seed)
    labels = grow_tree(vectors, nearest_neighbours(vectors, min(4, n_rows))).cut(n_groups)
    assert labels.shape == (n_rows,)
    assert set(labels) == set(range(labels.max() + 1))
    assert labels.max() < n_groups


def test_groups_that_lie_apart_are_found_exactly():
    vectors, truth = blobs(30, 6, spread=0.12)
    found = grow_tree(vectors, nearest_neighbours(vectors, 7)).cut(6)
    assert len(set(zip(truth.tolist(), found.tolist(), strict=True))) == 6


def test_the_most_stable_number_is_chosen_and_dissolved_topics_score_low():
    truth = np.repeat(np.arange(4), 50)

    def group(rows, numbers):
        chance = np.random.default_rng(len(rows) + int(rows.sum()))
        return [truth[rows] if number == 4 else chance.integers(0, number, len(rows)) for number in numbers]

    curve = find_number(group, range(len(truth)), most=20)
    assert curve.chosen == 4
    assert next(point.mean for point in curve.points if point.n_topics == 4) == 1.0
    assert all(abs(point.mean) < 0.1 for point in curve.points if point.n_topics != 4)
    assert topic_stability(truth, curve) == dict.fromkeys(range(4), 1.0)
    assert max(topic_stability(np.arange(len(truth)) % 4, curve).values()) < 0.5


@pytest.mark.parametrize("engine", ["nmf", "bertopic"])
def test_more_topics_than_segments_allow_are_not_made_up_and_the_model_says_so(engine):
    rows = planted(n_per_subject=10)
    model = fit(rows, config={"engine": engine, "n_topics": 500, "min_topic_segments": 5})
    assert 1 <= len(model.topics) <= len(rows) // 5
    assert min(topic.n_segments for topic in model.topics) >= 5
    assert f"500 topics were asked for and {len(model.topics)} found" in model.note


def test_of_numbers_no_less_stable_the_one_nearest_to_the_model_before_is_taken():
    truth = np.repeat(np.arange(8), 50)

    def group(rows, numbers):  # stable at 4 and at 8
        chance = np.random.default_rng(len(rows) + int(rows.sum()))
        known = {4: truth[rows] // 2, 8: truth[rows]}
        return [known.get(number, chance.integers(0, number, len(rows))) for number in numbers]

    chosen = {near: find_number(group, range(len(truth)), most=20, near=near).chosen for near in (None, 4, 5, 6, 7)}
    assert chosen == {None: 8, 4: 4, 5: 4, 6: 8, 7: 8}


def test_what_is_better_by_less_than_chance_does_not_change_the_number_of_topics():
    truth = np.repeat(np.arange(8), 50)
    draws = itertools.count()

    def group(rows, numbers):  # at 8 always a little off; at 4 exact but for one draw of ten: worse, and less surely so
        chance = np.random.default_rng(n := next(draws))
        off = np.where(chance.random(len(rows)) < 0.02, 0, truth[rows])
        once = chance.permutation(truth[rows]) if n % 10 == 3 else truth[rows] // 2
        return [{4: once, 8: off}.get(number, chance.integers(0, number, len(rows))) for number in numbers]

    found = {near: find_number(group, range(len(truth)), most=20, near=near) for near in (None, 4)}
    means = {point.n_topics: point.mean for point in found[4].points}
    assert means[4] < means[8] - 0.05
    assert {near: curve.chosen for near, curve in found.items()} == {None: 8, 4: 4}


def test_the_number_of_topics_before_is_remembered():
    kept = fit(planted(), config={"engine": "bertopic", "n_topics": None}, n_before=3)
    assert (kept.selection["n_topics"], kept.selection["near"]) == (3, 3)


def test_resamples_take_articles_whole():
    articles = np.repeat(np.arange(50), 7)
    for rows in resamples(articles):
        assert len(rows) == 40 * 7
        assert (np.bincount(articles[rows], minlength=50) % 7 == 0).all()


def test_stability_is_the_adjusted_rand_index_of_scikit_learn():
    from sklearn.metrics import adjusted_rand_score

    chance = np.random.default_rng(3)
    drawn = [chance.integers(0, 4, 300) for _ in range(10)]
    draws = resamples(range(300))
    remaining = iter(drawn)
    curve = find_number(lambda rows, numbers: [next(remaining)[rows]] * len(numbers), range(300), most=4)
    expected = [
        adjusted_rand_score(drawn[a][both := np.intersect1d(draws[a], draws[b])], drawn[b][both])
        for a in range(10)
        for b in range(a + 1, 10)
    ]
    assert curve.points[0].mean == pytest.approx(np.mean(expected), abs=1e-6)


def test_the_rule_is_scikit_learns_balanced_ridge_classifier():
    from sklearn.linear_model import RidgeClassifier

    vectors, truth = blobs(40, 4, spread=0.4)
    uneven = np.concatenate([np.arange(0, 130), np.arange(130, 160, 3)])
    vectors, truth = vectors[uneven], truth[uneven]
    rule = learn_rule(vectors, truth, outlier_ratio=0.05)
    ridge = RidgeClassifier(alpha=0.01 * len(vectors), class_weight="balanced").fit(vectors, truth)
    np.testing.assert_allclose(rule.weights, ridge.coef_, atol=1e-4)
    np.testing.assert_allclose(rule.offsets, ridge.intercept_, atol=1e-4)
    labels, _ = rule.give(vectors)
    answered = labels >= 0
    assert (labels[answered] == ridge.predict(vectors)[answered]).all()
    assert 0.90 <= answered.mean() <= 0.96


@given(st.integers(1, 70), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_a_batch_gets_the_answers_of_its_rows_one_by_one(n_rows, seed):
    vectors, truth = blobs(40, 4, spread=0.5, seed=1)
    rule = learn_rule(vectors, truth, outlier_ratio=0.05)
    batch = np.random.default_rng(seed).normal(0, 1, (n_rows, 12)).astype(np.float32)
    labels, scores = rule.give(batch)
    for i in range(n_rows):
        one = rule.give(batch[i : i + 1])
        assert (one[0][0], one[1][0]) == (labels[i], scores[i])


def test_assigning_imports_no_heavy_library(model, tmp_path):
    heavy = ["torch", "sklearn", "scipy", "pandas", "umap", "hdbscan", "bertopic", "numba"]
    code = f"import sys; from toolkit.topics import TopicModel; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_another_process_with_other_threads_and_order_gives_the_same_bytes(by_bertopic):
    code = """
import random, sys
sys.path[:0] = [".", "tests"]
import test_topics as t
rows = t.planted()
random.Random(3).shuffle(rows)
print(t.digest(t.fit(rows, config={"engine": "bertopic", "n_topics": None}, with_map=True)))
"""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "2")
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[1],
        env={**os.environ, **threads, "PYTHONHASHSEED": "5"},
    )
    assert done.stdout.strip() == digest(by_bertopic)


def test_changing_an_exemplar_changes_the_digest(model):
    other = replace(model, topics=(replace(model.topics[0], exemplars=()), *model.topics[1:]))
    assert digest(other) != digest(model)


def test_beyond_the_limit_clusters_are_learned_from_a_sample_and_all_get_a_topic():
    rows = planted()
    model = fit(rows, config={"max_segments": 60})
    assert "60 of" in model.note
    assert len(model.fitted) == len(rows)
