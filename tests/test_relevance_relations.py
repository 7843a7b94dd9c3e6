"""Relation words around pairs of places; learning from few labels and for a stated target."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from test_relevance import CONFIG, OFF, ON, find, learned, many, page, rule, train

from toolkit.config import load_config
from toolkit.data import Label
from toolkit.errors import ToolkitError
from toolkit.places import Gazetteer
from toolkit.relevance import learn_relevance
from toolkit.relevance.evidence import BREAK_MARK, read_evidence
from toolkit.relevance.features import FEATURES, unit_features
from toolkit.relevance.relations import INVEST, MEET, TRADE, RelationWords
from toolkit.relevance.train import FEW_LABELS_PENALTIES, Table, choose_penalty
from toolkit.start import Wishes
from toolkit.terms import Numbering

ROOT = Path(__file__).parents[1]


def relations(*lines):
    """Groups joining the pair that begins at each mention, and groups beside each."""
    cut = page("x", lines)
    evidence = read_evidence(cut, find(cut), sides=("nord", "sud"), seed_terms=())
    return evidence.joining.tolist(), evidence.beside.tolist()


def feature(name, *lines, roles=None):
    cut = page("x", lines, roles=roles)
    evidence = read_evidence(cut, find(cut), sides=("nord", "sud"), seed_terms=())
    return unit_features(evidence, np.zeros(len(lines), dtype=np.int64), 1)[0][FEATURES.index(name)]


@pytest.mark.parametrize(
    ("line", "joining"),
    [
        ("Norland invested in Sudland", INVEST),
        ("Norland and Sudland held talks", MEET),
        ("Visiting Norland, the king of Sudland spoke of exports", MEET | TRADE),
        ("Norland looks at Sudland", 0),
        ("Norland exports more than Norland imports", 0),  # one side only
        ("Norland waits. Exports to Sudland", 0),  # two sentences
        ("Trade with Norland, Sudland and Ostland", 0),  # a list of three
        ("Trade of Norland and Sudland", TRADE),
        ("Norland" + " and then" * 20 + " exports" + " or so" * 20 + " Sudland", 0),  # too far from either
    ],
)
def test_what_joins_a_pair(line, joining):
    assert relations(line)[0][0] == joining


def test_a_competitor_between_them_does_not_part_a_pair():
    assert relations("Norland, like Ostland, exports to Sudland")[0] == [TRADE, 0, 0]


@pytest.mark.parametrize("others", [(), ("sudland", "exports", "and"), tuple(f"w{i}" for i in range(300))])
def test_words_of_relation_are_found_whatever_else_is_numbered(others):
    cut = page("x", ["Norland, like Ostland, exports to Sudland and w7", "Visiting Norland, w299 met Sudland"])
    numbering = Numbering()
    numbering.add_all(others)
    words = RelationWords(numbering)
    numbering.add_all(["like", "visitors"])  # numbered later
    evidence = read_evidence(cut, find(cut), sides=("nord", "sud"), seed_terms=(), relation_words=words)
    assert evidence.joining.tolist() == [TRADE, 0, 0, MEET, 0]
    assert evidence.beside.tolist() == [0, TRADE, 0, MEET, MEET]


def test_words_beside_a_name():
    assert relations("Norland factories sell goods to old Sudland")[1] == [INVEST | TRADE, 0]
    assert relations("imports from Norland", "Sudland")[1] == [0, 0]
    assert relations("Norland imports", "Sudland")[1] == [TRADE, 0]


def test_words_of_the_next_segment_belong_to_that_segment():
    assert relations("Norland with Sudland", "exports grew") == ([0, 0], [0, 0])
    assert relations("exports grew", "Norland with Sudland") == ([0, 0], [0, 0])


def test_marks_in_the_text_itself_are_no_mentions():
    assert relations(f"\ue000 {BREAK_MARK} Norland exports to \ue0ff Sudland") == ([TRADE, 0], [TRADE, 0])


def test_features_of_relations_by_hand():
    assert feature("joined_meet", "Norland and Sudland met", "Sudland visits Norland") == pytest.approx(np.log(3))
    assert feature("beside_trade", "Norland exports", "Norland waits", "Sudland waits", "Norland waits") == 0
    assert feature("beside_trade", "Norland waits", "Sudland exports", "Norland waits", "Sudland x", "Norland") == 0.5
    assert feature("opening_both_alone", "Norland and Sudland") == 1
    assert feature("opening_both_alone", "Norland, Ostland and Sudland") == 0
    assert feature("both_other_ratio", "Norland, Ostland, Sudland. Norland and Sudland") == 0.5
    assert feature("sentence_head", "Norland thinks long and hard of Sudland") == 0.5


def test_a_short_label_before_the_first_sentence_is_no_title():
    treaty, body = "Norland and Sudland sign a treaty", ["body", "body"]
    assert feature("title_both", "World", treaty, roles=body) == 1
    assert feature("title_both", "The world of today, in one page", treaty, roles=body) == 0


@pytest.mark.parametrize("n", [20, 60, 150])
def test_few_labels_that_say_what_the_rule_says_leave_it_as_it_is(n):
    random = np.random.default_rng(n)
    prior = random.normal(0, 3, n)
    outcomes = (random.random(n) < 1 / (1 + np.exp(-prior))).astype(int)
    table = Table(rule(), random.normal(size=(2 * n, len(FEATURES))), None, None, np.concatenate((prior, prior)))
    penalty, scores = choose_penalty(rule(), table, outcomes, np.arange(n) % 5, FEW_LABELS_PENALTIES)
    assert penalty is None
    assert np.array_equal(scores, prior)


def test_few_labels_that_agree_on_something_else_are_learned_from():
    corpus, labels = many(60)
    turned = {name: Label(name, not label.on_topic) for name, label in labels.items()}
    model = train(corpus, turned)
    on, off = page("on", ON), page("off", OFF)
    assert model.judge(off, find(off))[0].relevance > 0.5 > model.judge(on, find(on))[0].relevance


def test_the_card_states_what_was_promised_and_measured():
    corpus, labels = many(80)
    measured = train(corpus, labels).measured
    assert measured["coverage_promised"] == CONFIG.relevance.target_coverage
    assert measured["coverage"] >= measured["coverage_promised"]


def with_target(**targets):
    return CONFIG.model_copy(update={"relevance": CONFIG.relevance.model_copy(update=targets)})


def test_a_target_without_labels_is_refused():
    with pytest.raises(ToolkitError, match="target_recall: the threshold is chosen by labels"):
        train([page("a", ON)], config=with_target(target_recall=0.9))


def test_a_target_the_base_was_made_for_needs_no_labels_again():
    made_for = replace(learned(), measured={**learned().measured, "target_recall": 0.9})
    assert train([page("a", ON)], base=made_for, config=with_target(target_recall=0.9)) is made_for


@pytest.mark.parametrize("target", ["target_recall", "target_precision"])
def test_a_target_is_reached_and_recorded(target):
    corpus, labels = many(80)
    for name in list(labels)[:12]:  # some that no threshold gets right
        labels[name] = Label(name, not labels[name].on_topic)
    measured = train(corpus, labels, config=with_target(**{target: 0.7})).measured
    assert measured[target] == 0.7
    assert measured[target.replace("target_", "") + "_on"] >= 0.7
    assert "coverage_promised" not in measured


@pytest.mark.parametrize(("recall", "precision"), [(0.9, 0.9), (0.0, None), (None, 1.5)])
def test_targets_that_make_no_sense_are_refused(recall, precision):
    with pytest.raises(ToolkitError, match="--target-"):
        Wishes(recall, precision).applied(CONFIG)


def test_a_target_takes_the_place_of_that_of_the_config():
    config = Wishes(target_precision=0.9).applied(with_target(target_recall=0.5))
    assert (config.relevance.target_recall, config.relevance.target_precision) == (None, 0.9)


def test_another_subject_is_learned_and_told_apart():
    config = load_config(ROOT / "tests/cases/eu-mercosur.toml")
    gazetteer = Gazetteer.from_config(config.places)
    on = (
        "Brazil and Germany sign a trade pact",
        "Berlin will import beef from Brazil, and Brasilia cars from Germany.",
    )
    off = ("Japan wins in Lyon", "The team of Japan beat its rivals. A Brazil fan watched. Japan celebrated in Tokyo.")
    corpus = [page(f"d{i:02}", on if i % 2 else off, outlet=f"o{i % 4}") for i in range(60)]
    labels = {cut.document.document_id: Label(cut.document.document_id, cut.texts[0] == on[0]) for cut in corpus}
    mentions = [gazetteer.find_each(cut.texts) for cut in corpus]
    for known in ({}, labels):
        model = learn_relevance(corpus, mentions, config=config, labels=known).model
        said = [model.judge(cut, found)[0].on_topic for cut, found in zip(corpus, mentions, strict=True)]
        assert said == ["off", "on"] * 30


def test_the_card_says_what_was_promised_in_words():
    from toolkit.card import _promise

    measured = {"n_documents": 200.0, "coverage_promised": 0.9, "conformal_limit": 0.2, "coverage": 0.905}
    said = _promise({**measured, "coverage_on": 0.8, "coverage_off": 0.93})
    assert "90% gets an answer, and the right one" in said
    assert "90.5%" in said
    assert "recall of 95.0%; out of fold it is 96.0%" in _promise({"target_recall": 0.95, "recall_on": 0.96})
    assert _promise({}) == ""
