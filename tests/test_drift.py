"""A batch beside the training corpus: what is new is noticed, what is not is left alone."""

from __future__ import annotations

import json
import random
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from drift_profiles import judge, profile_of
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from toolkit import jobs
from toolkit.cli import app
from toolkit.config import load_config, shipped_config
from toolkit.data import Record
from toolkit.drift import (
    TOO_FEW,
    Article,
    DriftProfile,
    Sampler,
    alarm,
    articles,
    candidates,
    lots,
    similarity,
    words_for,
)
from toolkit.drift import profile as profiles
from toolkit.drift.compare import TEST_LEVEL, _correct
from toolkit.embed import load_embedder
from toolkit.files import expand_inputs
from toolkit.model import load_model, save_model
from toolkit.topics.rule import NO_RULE
from toolkit.training import train

WORDS = {
    "rail": """railway train locomotive station passengers track freight line express tunnel viaduct carriage
    timetable signalling commuters platform engineers wagons depot bridge sleepers driver ticket junction""",
    "fruit": """durian mango orchard farmers harvest exports customs quarantine fruit growers shipments ripeness
    cartons wholesalers market prices season rainfall pesticide packing banana pineapple crop irrigation""",
    "visa": """visa tourists travellers airline flights hotels passports arrivals holiday bookings beaches tour
    guides resorts airport itinerary sightseeing visitors exemption waiver luggage cruise hostel souvenir""",
}
FOOTBALL = """football striker goalkeeper penalty referee league defender midfielder goal stadium coach championship
tackle offside supporters trophy injury transfer kickoff scoreline fixture captain substitute equaliser winger header
corner crossbar dugout dressing whistle linesman relegation promotion playoff rugby scrum fullback lineout prop hooker
tennis racket umpire volley serve deuce tournament semifinal wimbledon cricket wicket batsman bowler innings athlete
sprinter hurdles marathon relay medal olympic doping squad debut hamstring manager derby pitch terrace fans season
qualifier seeded rally grandslam baseline tiebreak medallist sprint javelin discus steeplechase""".split()
COMMON = """officials agency spokesman province week report plan city group people project talks month visit council
statement office news service work area number part result support""".split()


def article(name: str, words: list[str], chance: random.Random, outlet: str | None = None) -> Article:
    """Four paragraphs that share the words of a subject and words of any news."""
    texts = []
    for _ in range(4):
        said = [*chance.sample(words, 7), *chance.sample(COMMON, 4)]
        chance.shuffle(said)
        texts.append(f"The {' '.join(said)}.")
    return Article(name, outlet, (), (0, 1, 2, 3), tuple(texts), (-1,) * 4)


def corpus(n: int, seed: int, prefix: str) -> list[Article]:
    chance = random.Random(seed)  # noqa: S311
    subjects = [words.split() for words in WORDS.values()]
    outlets = ("north.example", "south.example")
    return [article(f"{prefix}{i:03d}", subjects[i % 3], chance, outlets[i % 2]) for i in range(n)]


def learn(reference: list[Article]) -> DriftProfile:
    return profile_of(reference, load_embedder())


def judged(profile: DriftProfile, batch: list[Article]) -> dict:
    return judge(profile, batch, load_embedder())


@pytest.fixture(scope="module")
def profile() -> DriftProfile:
    return learn(corpus(180, 1, "t"))


def football(n: int, outlet: str | None = None) -> list[Article]:
    chance = random.Random(9)  # noqa: S311
    return [article(f"new{i:02d}", FOOTBALL, chance, outlet or f"outlet{i % 3}.example") for i in range(n)]


def test_a_new_subject_in_a_batch_is_flagged_with_its_own_words_and_articles(profile):
    found = judged(profile, corpus(50, 2, "b") + football(7))
    assert found["verdict"] == "new topic"
    (candidate,) = found["candidates"]
    assert candidate["kind"] == "topic"
    assert candidate["terms"]
    assert {term["term"] for term in candidate["terms"]} <= set(FOOTBALL)
    assert {f"new{i:02d}" for i in range(7)} <= set(candidate["articles"])
    assert candidate["n_articles"] == len(candidate["articles"]) <= 9
    assert all(
        example["document_id"].startswith("new") and 0 <= example["index"] < 4 for example in candidate["examples"]
    )
    said = " ".join(words_for(found, model="mine", no_relevance=True))
    n_compared = found["alarm"]["n_articles"]
    assert f"{candidate['n_articles']} of {n_compared} articles compared ({100 * candidate['share']:.1f} %)" in said
    assert "--from mine --no-relevance`" in said  # without it the subject of the config would be looked for


def test_batches_of_the_same_kind_look_like_the_training_corpus(profile):
    verdicts = [judged(profile, corpus(50, seed, f"s{seed}-"))["verdict"] for seed in range(20, 32)]
    assert verdicts.count("like the training corpus") >= 11


def test_another_mixture_of_the_same_subjects_is_no_new_topic(profile):
    batch = [a for a in corpus(90, 3, "m") if int(a.document_id[1:]) % 3 != 0]
    found = judged(profile, batch)
    assert found["verdict"] == "other mixture"
    assert not found["candidates"]
    assert {test["name"] for test in found["measures"] if test["differs"]} == {"vectors"}


def test_articles_the_corpus_knows_by_heart_are_no_drift():
    own = [" ".join(f"own{i}x{n}" for n in range(8)) for i in range(120)]  # words that one article alone has
    batch = [replace(a, texts=(*a.texts, own[i])) for i, a in enumerate(corpus(120, 1, "t"))]
    found = judged(learn(batch), batch)
    (test,) = [test for test in found["measures"] if test["name"] == "unknown_words"]
    assert test["batch"] == 0 < test["training"]
    assert not test["differs"]
    assert found["verdict"] == "like the training corpus"


def test_words_the_corpus_never_had_are_a_reason_to_train_again(profile):
    chance = random.Random(5)  # noqa: S311
    strange = [f"qz{chance.randrange(10**6)}x" for _ in range(2000)]
    batch = [replace(a, texts=(*a.texts[:3], " ".join(chance.sample(strange, 12)))) for a in corpus(50, 4, "w")]
    found = judged(profile, batch)
    (test,) = [test for test in found["measures"] if test["name"] == "unknown_words"]
    assert test["differs"]
    assert test["interval"][0] > test["training"]
    assert found["verdict"] == "retrain"


def test_one_story_told_many_times_is_no_topic(profile):
    chance = random.Random(7)  # noqa: S311
    first = article("x", FOOTBALL, chance)
    told = [
        replace(first, document_id=f"copy{i}", texts=(*first.texts, f"{chance.choice(COMMON)} {chance.choice(COMMON)}"))
        for i in range(8)
    ]
    found = judged(profile, corpus(50, 2, "b") + told)
    assert [candidate["kind"] for candidate in found["candidates"]] == ["one story"]
    assert found["verdict"] != "new topic"
    assert "one story" in " ".join(words_for(found, model="m", no_relevance=True))


def test_what_one_outlet_alone_writes_is_no_topic(profile):
    found = judged(profile, corpus(50, 2, "b") + football(7, "sport.example"))
    assert [candidate["kind"] for candidate in found["candidates"]] == ["one outlet"]


def test_a_handful_gets_words_and_no_p_value(profile):
    found = judged(profile, corpus(TOO_FEW - 1, 2, "b"))
    assert found["verdict"] == "too few to say"
    assert found["measures"] == []
    (said,) = words_for(found, model="m", no_relevance=True)
    assert f"{TOO_FEW - 1} in the batch" in said
    assert f"{TOO_FEW} of each are needed" in said
    assert judged(profile, [])["verdict"] == "too few to say"


@given(st.randoms(use_true_random=False))
def test_the_order_of_articles_changes_no_sample(chance):
    batch = corpus(40, 2, "b")
    shuffled = chance.sample(batch, len(batch))
    samples = []
    for order in (batch, shuffled):
        sampler = Sampler(15, 10)
        for item in order:
            sampler.see(item.document_id, len(item.document_id) / 10, "on")
            if sampler.wants(item.document_id):
                sampler.add(item)
        samples.append((sampler.articles(), sampler.scores()))
    assert samples[0] == samples[1]
    assert len(samples[0][0]) == 15


def test_the_order_of_articles_changes_no_answer(profile):
    batch = corpus(50, 2, "b") + football(7)
    assert judged(profile, batch) == judged(profile, batch[::-1])


def test_a_saved_profile_says_the_same(profile):
    values, arrays = profile.state()
    loaded = DriftProfile.from_state(json.loads(json.dumps(values)), arrays)
    assert loaded is not None
    batch = corpus(50, 2, "b") + football(7)
    assert judged(loaded, batch) == judged(profile, batch)


def test_a_profile_of_an_older_toolkit_is_none_at_all(profile):
    values, arrays = profile.state()
    assert DriftProfile.from_state(values, {name: array for name, array in arrays.items() if name != "crowd"}) is None


def test_much_more_of_one_known_subject_is_no_new_topic(profile):
    batches = [corpus(120, seed, f"k{seed}-") for seed in range(40, 46)]
    batches = [[a for i, a in enumerate(batch) if i % 3 == seed % 3][:40] for seed, batch in enumerate(batches)]
    assert sum(judged(profile, batch)["verdict"] == "new topic" for batch in batches) <= 1


def test_the_surplus_of_more_than_a_plausible_share_of_the_batch_is_its_likelihood_ratio():
    # 10 of the batch of 100 are nearer than any of 900: a share of 1 where 300 / 1,200 would be no surprise.
    fellows, nearest = np.full((1, 10), 0.9), np.full((1, 60), 0.1)
    assert alarm.surplus(fellows, nearest, 100, 900, odds=3.0)[0].max() == pytest.approx(10 * np.log(4))
    # As many of the corpus nearer as are counted, and there are more: nothing can be said.
    assert alarm.surplus(nearest[:, :10], np.full((1, 60), 0.9), 100, 900, odds=3.0)[0].max() == 0
    # With the nearest 30 of the corpus among them the share is as plausible.
    mixed = np.concatenate([np.full((1, 30), 0.95), np.full((1, 30), 0.1)], axis=1)
    assert alarm.surplus(fellows, mixed, 100, 900, odds=3.0)[0].max() == pytest.approx(0)


def test_evenly_spread_vectors_forget_what_all_of_a_corpus_shares():
    chance = np.random.default_rng(3)
    rows = chance.normal(size=(300, 8))
    rows[:, 0] *= 8  # one direction says nearly all
    vectors = np.rint(rows / np.abs(rows).max(axis=1, keepdims=True) * 127).astype(np.int8)
    turned = similarity.spread(vectors, similarity.even_directions(vectors)).astype(float)
    before, after = (np.var(x / np.linalg.norm(x, axis=1)[:, None], axis=0) for x in (vectors.astype(float), turned))
    assert after[0] / after[1:].mean() < before[0] / before[1:].mean() / 2
    assert np.array_equal(similarity.spread(vectors[::-1], similarity.even_directions(vectors))[::-1], turned)


def test_words_a_vocabulary_left_out_make_an_article_longer_and_no_nearer():
    ids, weights = [np.array([0, 1]), np.array([1, 2])], np.array([2, 3, 4, 5])
    outside = [np.array([0, 1, 3]), np.array([1, 2])]
    more = np.array([25, 0])
    found = similarity.word_cosines(ids, ids, weights, rows_more=more, more=more)
    assert found[0, 1] == pytest.approx(similarity.word_cosines(outside, outside, weights)[0, 1])


def test_what_lies_in_a_crowd_of_known_articles_is_taken_for_nobodys_fellow():
    # Of the batch 1 and 2 are as near to 0; 2 is near to the corpus as well.
    joined = np.array([[-9.0, 0.6, 0.6, 0.1], [0.6, -9.0, 0.1, 0.1], [0.6, 0.1, -9.0, 0.1], [0.1, 0.1, 0.1, -9.0]])
    to_corpus = np.array([[0.2] * 60, [0.2] * 60, [0.9] * 60, [0.2] * 60])
    crowd = np.full(60, 0.2)
    nearest = similarity.nearest_of(similarity.Similar(to_corpus, to_corpus, to_corpus), crowd)
    assert nearest.crowd == pytest.approx([0.2, 0.2, 0.9, 0.2])
    _, _, groups = alarm.scan(joined, nearest, np.zeros((2, 1)))
    assert groups[0].tolist() == [0, 1, 2, 3]
    assert nearest.uncrowded[0] == pytest.approx(0.1)


def test_how_near_an_article_is_beside_those_drawn_is_that_of_a_corpus_without_them():
    chance = np.random.default_rng(5)
    rows = chance.normal(size=(120, 30))
    near = rows @ rows.T / np.sqrt((rows**2).sum(1)[:, None] * (rows**2).sum(1))
    similar = similarity.without_self(similarity.Similar(near.copy(), near.copy(), near.copy()))
    batch = np.arange(0, 120, 4)
    left = np.setdiff1d(np.arange(120), batch)
    found = similarity.nearest_beside(similar, similarity.neighbours(similar), batch)
    part = -np.sort(-near[np.ix_(batch, left)], axis=1)
    weights = np.array([1, 1, 1, 0.75])  # a corpus of three quarters has three quarters of the five nearest
    assert found.crowd == pytest.approx(part[:, :4] @ weights / 3.75)
    within = np.where(np.eye(len(left), dtype=bool), -9.0, near[np.ix_(left, left)])
    own = -np.sort(-within, axis=1)[:, :4] @ weights / 3.75
    taken = near[np.ix_(batch, left)] - similarity.CROWDED * own
    assert found.uncrowded == pytest.approx(taken, abs=1e-8)


def unlike(rows: np.ndarray) -> similarity.Similar:
    """Similarities of the directions of rows, each far from itself."""
    directions = rows / np.linalg.norm(rows, axis=1)[:, None]
    return similarity.without_self(similarity.Similar(*(directions @ directions.T for _ in range(3))))


def test_articles_that_each_share_little_have_more_in_common_with_their_middle():
    # Eight articles say a little of one thing, and each more of its own; the corpus's say nothing of it.
    rows = np.random.default_rng(4).normal(size=(208, 60))
    rows[:8] += 0.5
    near = unlike(rows).joined
    within, outside = near[:8, :8], near[:8, 8:]
    nearest = [-np.sort(-part, axis=1)[:, :n] for part, n in ((within, 7), (outside, 60))]
    around_each = alarm.surplus(*nearest, 8, 200, odds=1.0)
    order, around_middle = alarm.around_middle(np.arange(8)[None], within, outside)
    assert sorted(order[0].tolist()) == list(range(8))
    assert around_middle.max() > 1.5 * around_each.max()


def test_to_a_middle_each_is_as_near_as_to_the_others_of_the_group():
    within = np.array([[-9, 0.6, 0.2, 0.5], [0.6, -9, 0.4, 0.2], [0.2, 0.4, -9, 0.35], [0.5, 0.2, 0.35, -9]])
    outside = np.full((4, 6), -1.0)
    outside[:3, 0] = 0.9, 0.0, 0.45  # one article of the corpus is .45 near
    order, around_middle = alarm.around_middle(np.array([[0, 1, 2]]), within, outside)
    assert order[0].tolist() == [1, 0, 3, 2]  # by .5, .4, .35, .3
    # One of the batch of 4 is nearer than any of 6; two with one between.
    expected = np.log(1 / 0.4), 2 * np.log(2 / 3 / 0.4) + np.log(1 / 3 / 0.6)
    assert around_middle[0, :2] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("n_articles", "sizes"), [(39, []), (40, [20]), (152, [20, 50, 76]), (210, [20, 50, 100, 105])]
)
def test_as_much_of_a_batch_is_looked_at_as_half_of_the_corpus(n_articles, sizes):
    rows = np.random.default_rng(8).normal(size=(n_articles, 6))
    found, quantiles = lots.calibrate(unlike(rows))
    assert (found.tolist(), len(quantiles)) == (sizes, len(sizes))


def test_batches_of_the_corpuss_kind_exceed_the_limit_by_lot_no_more_often_than_its_level():
    chance = np.random.default_rng(6)
    pools = [lots.Pool.of(unlike(chance.normal(size=(80, 6))), 60) for _ in range(60)]
    highest = [lots.highest_of_drawn(pool.similar, pool.near, pool.batch(), pool.known) for pool in pools]
    exceeded = [top > lots.limit_by_lot(pool, top, level=0.2) for pool, top in zip(pools, highest, strict=True)]
    assert 5 <= sum(exceeded) <= 19  # of 60 at .2, within two standard deviations


def test_what_stands_out_exceeds_what_any_batch_drawn_by_lot_comes_to():
    rows = np.random.default_rng(7).normal(size=(160, 30))
    rows[-8:, 0] += 6.0
    pool = lots.Pool.of(unlike(rows), 120)
    highest = lots.highest_of_drawn(pool.similar, pool.near, pool.batch(), pool.known)
    assert highest > lots.limit_by_lot(pool, highest, level=0.05)
    assert highest > lots.limit_of_mixture(pool)


def test_words_count_alike_whether_an_article_is_of_the_corpus_or_of_the_batch():
    first, second = corpus(60, 1, "a"), corpus(60, 2, "b")
    found = []
    for known, batch in ((first, second), (second, first)):
        learnt = learn(known)
        ordered = sorted(batch, key=lambda a: articles.rank_of(a.document_id))
        sketched = candidates.sketch(learnt, ordered, load_embedder())
        found.append(candidates.pooled_similarities(learnt, sketched, 60).words)
    swapped = np.roll(np.arange(120), 60)
    assert np.allclose(found[0], found[1][np.ix_(swapped, swapped)])


def test_the_profile_holds_no_word_and_stays_below_two_megabytes(profile):
    values, arrays = profile.state()
    assert not any(word in json.dumps(values) for word in FOOTBALL + WORDS["rail"].split())
    assert all(array.dtype.kind in "iuf" for array in arrays.values())
    largest = profiles._MAX_VECTOR_VALUES + profiles._MAX_WORDS * (4 + 2)
    largest += profiles.N_REFERENCE * (2 * articles.MAX_TERMS + 4 + 2 + 1 + 61 + 12 + 2 + 24)
    largest += 2 * load_embedder().n_dimensions ** 2
    assert largest < 1_700_000
    assert max(arrays["terms"], default=0) < len(arrays["words"]) <= 2**16


def test_holm_asks_more_of_the_smallest_p_value():
    tests = [{"name": name, "p": p} for name, p in (("a", 0.5), ("b", TEST_LEVEL / 3), ("c", TEST_LEVEL / 2 + 0.001))]
    _correct(tests)
    assert [test["differs"] for test in tests] == [False, True, False]


@given(st.lists(st.lists(st.integers(0, 12), max_size=8, unique=True), min_size=1, max_size=6))
def test_word_cosines_are_cosines_of_weighted_words(rows):
    weights = np.arange(13) * 3
    matrix = np.zeros((len(rows), 13))
    for row, ids in zip(matrix, rows, strict=True):
        row[ids] = weights[ids]
    lengths = np.linalg.norm(matrix, axis=1)
    expected = matrix @ matrix.T / np.maximum(lengths[:, None] * lengths, 1e-12)
    ids = [np.array(sorted(row), dtype=np.int64) for row in rows]
    assert np.allclose(similarity.word_cosines(ids, ids, weights), expected)


def test_the_share_of_unknown_words_of_a_training_article_is_told_without_itself():
    reference = [Article(n, None, (), (0,), (text,), (-1,)) for n, text in (("a", "red blue"), ("b", "red green"))]
    assert sorted(learn(reference).unknown.tolist()) == [500, 500]


# One path end to end: a model trained on invented articles, and results folders made with it.


def pages(items: list[Article]) -> list[dict]:
    lead = "The provincial office said on Monday that the following had been agreed after long talks."
    return [
        {
            "id": a.document_id,
            "outlet": a.outlet,
            "text": "\n\n".join([lead, *(t + " It was said again." for t in a.texts)]),
        }
        for a in items
    ]


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory) -> Path:
    config = load_config(shipped_config())
    config = config.model_copy(update={"topics": config.topics.model_copy(update={"engine": "nmf", "n_topics": 3})})
    records = [
        Record(page["id"], page["text"], "c.jsonl", row, outlet=page["outlet"])
        for row, page in enumerate(pages(corpus(110, 1, "t")), start=1)
    ]
    model, _ = train(
        lambda: records, name="m", config=config, labels={}, base=None, seed=0, no_relevance=True, with_map=False
    )
    folder = tmp_path_factory.mktemp("models") / "m"
    save_model(model, folder, card="")
    return folder


def classified(model: Path, items: list[dict], folder: Path, **options) -> tuple[dict, bytes]:
    source = folder.parent / f"{folder.name}.jsonl"
    source.write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")
    options = {"no_relevance": True, "formats": ("jsonl",)} | options
    done = jobs.classify_job(
        expand_inputs([str(source)]), folder, inputs=[str(source)], model_name=str(model), **options
    )
    return dict(done.run["drift"]), (folder / "drift.json").read_bytes()


def test_classify_writes_the_same_comparison_whatever_order_or_engine(model_folder, tmp_path):
    items = pages(corpus(40, 2, "b") + football(7))
    short, content = classified(model_folder, items, tmp_path / "one")
    found = json.loads(content)
    assert short == {"verdict": "new topic", "words": found["words"]}
    # Few articles seldom move the number of topics that is chosen by stability.
    assert found["n_topics"] > 0
    assert f"--n-topics {found['n_topics'] + 1}" in " ".join(found["words"])
    assert {"topic_shares", "no_topic", "theme_shares", "vectors", "unknown_words"} == {
        test["name"] for test in found["measures"]
    }
    assert classified(model_folder, items[::-1], tmp_path / "two", engine="processes", workers=2)[1] == content
    # A folder that grew: the pass compares what it holds now, as if it had been read at once.
    classified(model_folder, items[:20], tmp_path / "three")
    assert classified(model_folder, items, tmp_path / "three")[1] == content


def test_copies_count_once(model_folder, tmp_path):
    items = pages(corpus(30, 2, "b"))
    once = classified(model_folder, items, tmp_path / "once")[1]
    copies = [{**item, "id": f"z-{item['id']}"} for item in items[:10]]
    assert classified(model_folder, items + copies, tmp_path / "twice")[1] == once


def test_a_model_judged_otherwise_or_without_a_profile_or_topics_is_said_so(model_folder, tmp_path):
    items = pages(corpus(25, 2, "b"))
    short, _ = classified(model_folder, items, tmp_path / "other", no_relevance=False)
    assert short["verdict"] == "not compared"
    assert short["words"][0].endswith("Classify with --no-relevance for a comparison.")
    model = load_model(model_folder)
    save_model(replace(model, drift=None), tmp_path / "old", card="")
    short, _ = classified(tmp_path / "old", items, tmp_path / "with-old")
    assert short["verdict"] == "not compared"
    assert "older" in short["words"][0]
    none = replace(model.topics, topics=(), rule=NO_RULE)
    assert model.drift is not None
    bare = replace(model, topics=none, drift=replace(model.drift, topic_ids=()))
    save_model(bare, tmp_path / "bare", card="")
    found = json.loads(classified(tmp_path / "bare", items, tmp_path / "with-bare")[1])
    assert "topic_shares" not in {test["name"] for test in found["measures"]}


def test_topics_of_few_articles_are_not_blamed_for_passages_they_do_not_fit(model_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules["toolkit.drift.compare"], "_MIN_FITTED", 111)  # the package has a function so named
    found = json.loads(classified(model_folder, pages(corpus(25, 2, "b")), tmp_path / "few")[1])
    assert "no_topic" not in {test["name"] for test in found["measures"]}
    assert any("fewer than 111 articles" in sentence for sentence in found["words"])


def test_articles_in_another_language_are_counted_and_not_compared(model_folder, tmp_path):
    malay = (
        "Pemerintah daerah mengatakan pada hari Senin bahwa jalur kereta api yang baru akan dibangun tahun depan. "
        "Para petani di desa itu berharap harga buah akan naik karena pasar yang lebih besar di negara tetangga."
    )
    items = [*pages(corpus(25, 2, "b")), {"id": "far", "text": f"{malay}\n\n{malay} {malay}"}]
    found = json.loads(classified(model_folder, items, tmp_path / "malay")[1])
    assert found["n_other_language"] == 1
    assert "1 on-topic article in another language was not compared." in found["words"]
    found = json.loads(classified(model_folder, [{**items[-1], "id": str(i)} for i in range(30)], tmp_path / "all")[1])
    assert "1 on-topic article in another language was not compared." in found["words"]  # copies count once


def test_a_candidate_is_called_what_it_is_and_what_is_said_of_the_rest_is_no_contradiction():
    candidate = {"terms": [{"term": "mango", "n_articles": 9}], "n_articles": 9, "share": 0.045}
    found = {"verdict": "other mixture", "notes": [], "alarm": {"n_articles": 200}, "verdicts": {"on": 200}}
    mixed = {"name": "theme_shares", "differs": True, "is_material": False, "batch": 0.05}
    said = {}
    for kind in ("known words", "one outlet", "one story"):
        both = {**found, "candidates": [{**candidate, "kind": kind}], "measures": [mixed]}
        said[kind] = " ".join(words_for(both, model="m", no_relevance=True))
        assert "9 of 200 articles compared (4.5 %)" in said[kind]
        assert "Nothing was found" not in said[kind]
        assert "the batch is mixed otherwise" in said[kind]
        like = {**both, "verdict": "like the training corpus", "measures": [{**mixed, "name": "vectors"}]}
        assert "Beside that the batch looks like" in " ".join(words_for(like, model="m", no_relevance=True))
    assert "story" not in said["known words"]
    assert "outlet" not in said["known words"]
    assert "one outlet" in said["one outlet"]
    assert "one story" in said["one story"]


def test_where_relevance_is_otherwise_labels_are_asked_for_and_articles_all_off_the_subject_told_as_such():
    test = {"name": "relevance_scores", "differs": True, "is_material": True, "batch": 0.3}
    found = {"verdict": "retrain", "notes": [], "candidates": [], "measures": [test], "verdicts": {"off": 60, "on": 40}}
    said = " ".join(words_for(found, model="m", no_relevance=False))
    assert "--from m --labels LABELS`" in said
    assert "are they those you meant" not in said
    said = " ".join(words_for({**found, "verdicts": {"off": 100}}, model="m", no_relevance=False))
    assert "None of its articles is about the subject" in said
    unknown = {**test, "name": "unknown_words", "batch": 0.1, "training": 0.056}
    said = " ".join(words_for({**found, "measures": [unknown]}, model="m", no_relevance=False))
    assert "unknown words (10.0 %, in training 5.6 %)" in said
    assert "--labels" not in said


def test_a_batch_that_is_new_all_over_is_not_told_as_a_few_articles(profile):
    found = judged(profile, football(90))
    assert found["verdict"] == "new topic"
    assert "All in all the batch is unlike the training corpus" in " ".join(
        words_for(found, model="m", no_relevance=True)
    )


def test_where_only_relevance_could_be_compared_no_more_is_claimed():
    test = {"name": "unsure_share", "differs": False, "is_material": False, "batch": 0.1, "training": 0.1}
    note = "Too few on-topic articles to compare: 3 in the batch."
    found = {"verdict": "like the training corpus", "notes": [note], "candidates": [], "measures": [test]}
    said = words_for({**found, "verdicts": {"on": 3, "off": 60}}, model="m", no_relevance=False)
    assert said == ["In relevance the batch looks like the training corpus.", note]


def test_who_typed_a_folder_is_told_the_folder_and_the_file_names_the_model(model_folder, tmp_path):
    source = tmp_path / "new.jsonl"
    source.write_text("".join(json.dumps(item) + "\n" for item in pages(corpus(40, 2, "b") + football(7))), "utf-8")
    typed = ["classify", str(source), "--model", str(model_folder), "--no-relevance", "--out", str(tmp_path / "out")]
    told = CliRunner().invoke(app, typed)
    assert told.exit_code == 0, told.output
    assert f"--from {model_folder} --no-relevance" in told.output
    assert f"--from {model_folder.name} --no-relevance" in (tmp_path / "out" / "drift.json").read_text("utf-8")
