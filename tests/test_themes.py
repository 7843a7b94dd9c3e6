import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.test_relevance import page
from toolkit.config import parse_config
from toolkit.data import Judgement, Label, ThemeScore
from toolkit.terms import Numbering, tokenise
from toolkit.themes import ThemeModel, learn_themes
from toolkit.themes.phrases import PhraseTable, inflections
from toolkit.themes.train import THRESHOLD, shrunk_threshold

CONFIG = parse_config(
    """
[subject]
name = "Norland and Sudland"
[places.sides.nord]
label = "Norland"
names = ["Norland"]
[places.sides.sud]
label = "Sudland"
names = ["Sudland"]
[themes.trade]
label = "Trade"
description = "Goods that cross the border."
seed_terms = ["trade", "free trade area", "tariff", "export"]
[themes.health]
label = "Health"
description = "Disease and care."
seed_terms = ["hospital", "vaccine", "nurse"]
[themes.rail]
label = "Railways"
description = "Trains."
seed_terms = ["railway", "locomotive"]
""",
    where="test",
)
TRADE = "Norland cut its tariffs, and exports to Sudland grew; the trade ministers praised free trade."
HEALTH = "Nurses from Sudland brought vaccines to a hospital in Norland, and the nurses stayed at the hospital."
PLAIN = "The weather was fine and everybody went home in the evening."
ON, OFF = Judgement(0.9, "on"), Judgement(0.1, "off")


def train(corpus=(), labels=None, base=None):
    return learn_themes(list(corpus), config=CONFIG, labels=labels or {}, base=base).model


def many():
    corpus, labels = [], {}
    for i in range(48):
        text, themes, word = (
            (TRADE, ("trade",), "customs"),
            (HEALTH, ("health",), "surgery"),
            (PLAIN, (), "winter"),
        )[i % 3]
        name = f"d{i:02}"
        corpus.append(
            page(
                name,
                [f"Title {i}", text if i % 4 < 2 else PLAIN, f"More on {word} follows in part {word} of the story."],
                outlet=f"o{i % 4}",
            )
        )
        labels[name] = Label(name, True, themes, ("rail",) if i % 5 == 0 else ())
    return corpus, labels


def given_themes(model, lines):
    return [[score.theme for score in found] for found in model.score(page("x", lines))]


def test_themes_are_found_from_the_config_alone():
    assert given_themes(train(), ["Tariffs fall", TRADE])[1] == ["trade"]
    assert given_themes(train(), ["Nurses arrive", HEALTH])[1] == ["health"]
    assert given_themes(train(), ["Weather", PLAIN]) == [[], []]


def test_a_segment_has_the_theme_it_speaks_of_when_the_article_has_two():
    found = given_themes(train(), ["Tariffs and nurses", TRADE, HEALTH])
    assert found[1][0] == "trade"
    assert found[2][0] == "health"


def test_segments_that_are_not_kept_have_no_theme():
    cut = page("x", [TRADE, TRADE], roles=["body", "teaser"])
    found = train().score(cut)
    assert found[0]
    assert found[1] == ()


def test_labels_teach_words_that_are_no_seed_terms():
    lines = ["Surgery", "The surgery is open and surgery goes on: a story of surgery follows."]
    assert given_themes(train(), lines)[1] == []
    assert given_themes(train(*many()), lines)[1] == ["health"]


def test_a_theme_without_labels_keeps_its_seed_terms():
    model = train(*many())
    assert given_themes(model, ["Railway", "A railway and its locomotives: the railway opened."])[1][0] == "rail"


def test_no_theme_disappears():
    assert train(*many()).themes == tuple(CONFIG.themes)


def test_the_roll_up_is_the_share_of_kept_on_topic_characters():
    cut = page("x", ["a" * 10, "b" * 30, "c" * 60])
    trade, health = ThemeScore("trade", 0.9), ThemeScore("health", 0.8)
    segments = [(), (trade,), (trade, health)]
    assert train().roll_up(cut, segments, [ON, ON, OFF]) == (ThemeScore("trade", 0.75),)
    assert train().roll_up(cut, segments, [OFF] * 3) == (ThemeScore("trade", 0.9), ThemeScore("health", 0.6))


def test_a_small_share_is_no_theme_of_the_article():
    cut = page("x", ["a" * 5, "b" * 95])
    assert train().roll_up(cut, [(ThemeScore("trade", 0.9),), ()], [ON, ON]) == ()


def test_a_saved_model_scores_the_same():
    model = train(*many())
    plain, arrays = model.state()
    loaded = ThemeModel.from_state(json.loads(json.dumps(plain)), arrays)
    for lines in ([TRADE, HEALTH], [""], [PLAIN]):
        assert loaded.score(page("x", lines)) == model.score(page("x", lines))


def test_the_order_of_documents_does_not_matter():
    corpus, labels = many()
    models = [train(corpus, labels), train(corpus[::-1], labels)]
    assert models[0].state()[0] == models[1].state()[0]
    assert all((models[0].state()[1][name] == models[1].state()[1][name]).all() for name in models[0].state()[1])


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_tiny_corpora_give_a_model_that_scores(n):
    corpus, labels = many()
    assert given_themes(train(corpus[:n], labels), ["Tariffs fall", TRADE])[1] == ["trade"]


def test_a_base_is_used_as_it_is_without_labels():
    base = train(*many())
    assert train(many()[0], base=base) is base


def test_inflections_by_hand():
    assert inflections("mou") == ("mou", "mous")
    assert inflections("tariff") == ("tariff", "tariffs", "tariffed", "tariffing")
    assert inflections("东盟") == ("东盟",)


phrase_words = st.lists(st.sampled_from(["free", "trade", "area", "port", "zzz"]), max_size=25)


@settings(deadline=None)
@given(phrase_words)
def test_the_trie_finds_what_a_scan_finds(tokens):
    phrases = ("area", "free trade", "free trade area", "port", "trade area port")
    numbering = Numbering()
    table = PhraseTable(phrases, numbering)
    ids, places = table.find(numbering.of(tokens))
    found = sorted(zip(places.tolist(), ids.tolist(), strict=True))
    split = [tokenise(phrase) for phrase in phrases]
    assert found == sorted(
        (at, i)
        for at in range(len(tokens))
        for i, phrase in enumerate(split)
        if tokens[at : at + len(phrase)] == phrase
    )


def test_hostile_text_is_scored():
    for text in ("", "\0", "\ue0fe" * 100, "trade " * 50_000, "x" * 1_000_000):
        assert len(train().score(page("x", [text, text]))) == 2


def test_a_rare_theme_keeps_the_common_threshold_and_a_frequent_one_finds_its_own():
    scores = np.linspace(0, 1, 2001)
    rare, frequent = scores >= 0.999, scores >= 0.5
    assert shrunk_threshold(scores, rare) == pytest.approx(THRESHOLD, abs=0.01)
    assert shrunk_threshold(np.tile(scores, 50), np.tile(frequent, 50)) == pytest.approx(0.5, abs=0.03)
    assert THRESHOLD < shrunk_threshold(scores, frequent) < 0.5


@pytest.mark.parametrize("n", [10, 21, 30])
def test_a_few_labels_do_not_unlearn_what_the_config_says(n):
    corpus, labels = many()
    model = train(corpus[:n], labels)
    assert given_themes(model, ["Tariffs fall", TRADE])[1][0] == "trade"
    assert given_themes(model, ["Nurses arrive", HEALTH])[1][0] == "health"
    assert given_themes(model, ["Railway", "A railway and its locomotives: the railway opened."])[1] == ["rail"]
