"""Relevance on a subject of two invented sides, Norland and Sudland; Ostland is somebody else."""

import json
import re
import time
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from toolkit.config import load_config, parse_config
from toolkit.data import CutDocument, Document, Label, Mention, Segment
from toolkit.relevance import RelevanceModel, learn_relevance
from toolkit.relevance.evidence import read_evidence
from toolkit.relevance.explain import explain_relevance
from toolkit.relevance.features import FEATURES, unit_features
from toolkit.relevance.model import article_units, separate_units
from toolkit.words import WordTable

CONFIG = parse_config(
    """
[subject]
name = "Norland and Sudland"
seed_terms = ["joint venture", "bilateral"]
[places.sides.nord]
label = "Norland"
[places.sides.sud]
label = "Sudland"
[themes.trade]
label = "Trade"
description = "Goods."
seed_terms = ["trade"]
""",
    where="test",
)
SIDES = {"Norland": "nord", "Sudland": "sud", "Ostland": "other"}

ON = (
    "Norland and Sudland sign a rail treaty",
    "Norland and Sudland agreed on Monday to build a railway through the hills of Sudland.",
    "Engineers will begin in spring, and the first trains are expected in four years.",
    "Norland will lend Sudland the money, the two ministers said.",
)
OFF = (
    "Ostland wins the cup",
    "The team of Ostland beat its rivals in a long final on Sunday evening.",
    "Fans in Norland watched the match on large screens.",
    "The coach of Ostland thanked his players and spoke of a dream come true.",
)


def page(name, lines, *, roles=None, stories=None, outlet=None):
    """A cut document of these lines: a title, then body, unless roles say otherwise."""
    roles = roles or ["title", *["body"] * (len(lines) - 1)]
    stories = stories or [0] * len(lines)
    text = "\n".join(lines)
    segments, at = [], 0
    for i, line in enumerate(lines):
        end = min(at + len(line) + 1, len(text))
        reason = None if roles[i] in ("title", "body") else "test"
        segments.append(Segment(name, i, at, end, text[at:end], roles[i], reason, stories[i]))
        at = end
    return CutDocument(Document(name, text, outlet=outlet), tuple(segments), tuple(lines))


def find(cut):
    return [
        [
            Mention(SIDES[m.group()], m.group(), m.group(), "country", m.start(), m.end())
            for m in re.finditer("|".join(SIDES), text)
        ]
        for text in cut.texts
    ]


def train(corpus, labels=None, base=None, config=CONFIG):
    return learn_relevance(corpus, [find(cut) for cut in corpus], config=config, labels=labels or {}, base=base).model


def many(n=40):
    """Documents on and off the subject that differ a little, of four outlets, and their labels."""
    corpus, labels = [], {}
    for i in range(n):
        on = i % 3 == 0
        lines = [line.replace("railway", f"railway number{i % 7}") for line in (ON if on else OFF)]
        corpus.append(page(f"d{i:02}", lines, outlet=f"outlet{i % 4}"))
        labels[f"d{i:02}"] = Label(f"d{i:02}", on)
    return corpus, labels


@cache
def rule():
    return train([page("a", ON)])


@cache
def learned():
    return train(*many())


@pytest.mark.parametrize("model", [rule, learned])
def test_main_subject_is_on_and_a_mention_is_off(model):
    on, off = page("on", ON), page("off", OFF)
    assert model().judge(on, find(on))[0].on_topic == "on"
    assert model().judge(off, find(off))[0].on_topic == "off"


def test_a_paragraph_without_any_name_is_on_in_an_article_that_is_on():
    cut = page("on", ON)
    _, segments = rule().judge(cut, find(cut))
    assert [judgement.on_topic for judgement in segments] == ["on"] * 4


def test_other_stories_on_the_page_are_judged_alone():
    lines = (*ON, *OFF)
    cut = page("p", lines, roles=["title", *["body"] * 3, *["teaser"] * 4], stories=[0] * 4 + [1] * 4)
    document, segments = rule().judge(cut, find(cut))
    assert document == rule().judge(page("on", ON), find(page("on", ON)))[0]
    assert [judgement.on_topic for judgement in segments[4:]] == ["off"] * 4


def test_the_segments_of_one_other_story_share_a_judgement():
    cut = page("p", (*OFF, *ON), roles=["title", *["body"] * 3, *["teaser"] * 4], stories=[0] * 4 + [1] * 4)
    document, segments = rule().judge(cut, find(cut))
    assert document.on_topic == "off"
    assert len({judgement.relevance for judgement in segments[4:]}) == 1
    assert segments[4].on_topic == "on"


def test_navigation_is_off_unless_it_names_the_subject():
    cut = page("p", (*ON, "About us | Contact"), roles=["title", *["body"] * 3, "navigation"])
    assert rule().judge(cut, find(cut))[1][-1].on_topic == "off"


def test_what_was_cut_away_does_not_move_the_document():
    whole = page("p", (*ON, *OFF), roles=["title", *["body"] * 3, *["teaser"] * 4], stories=[0] * 4 + [1] * 4)
    alone = page("p", ON)
    assert rule().judge(whole, find(whole))[0] == rule().judge(alone, find(alone))[0]


MIXED_ROLES = ("title", "body", "navigation", "body")


@pytest.mark.parametrize("middle", [(), OFF, ON[:1]], ids=["empty", "stories only", "a line"])
def test_documents_judged_together_are_judged_as_each_alone(middle):
    stories = [2, 1, 2, None] if len(middle) == 4 else None
    roles = ["teaser"] * 4 if stories else None
    corpus = [
        page("a", ON, roles=MIXED_ROLES, stories=[0, 0, None, 1]),
        page("b", middle, roles=roles, stories=stories) if middle else CutDocument(Document("b", ""), (), ()),
        page("c", [*OFF, *ON], roles=["body"] * 8, stories=[0, 0, 3, 3, 1, 1, 0, 0]),
    ]
    words = WordTable.join([WordTable.of(cut.texts, find(cut)) for cut in corpus])
    assert learned().judge_each(corpus, words) == [learned().judge(cut, find(cut)) for cut in corpus]


def test_units_of_documents_follow_each_other_segments_first_then_stories():
    corpus = [page("a", ON, stories=[0, 2, 1, 2]), page("b", OFF[:3], roles=["teaser"] * 3, stories=[1, None, 1])]
    words = WordTable.join([WordTable.of(cut.texts, find(cut)) for cut in corpus])
    evidence, document = learned().read_all(corpus, words), np.array([0, 0, 0, 0, 1, 1, 1])
    unit, n_units = separate_units(evidence, document, 2)
    assert (unit.tolist(), n_units.tolist()) == ([0, 2, 1, 2, 4, 3, 4], [3, 2])
    assert article_units(evidence, document, 2).tolist() == [0, -1, -1, -1, -1, 1, -1]


def test_sentences_end_at_marks_with_quotes_and_blanks_behind_unless_a_small_letter_follows():
    line = 'He said: "No!" Then left. and so on... 他走了。她来了！End? Yes.'
    evidence = learned().read(page("a", [line]), [[]])
    starts = evidence.sentence_start.tolist()
    assert [line[a:b] for a, b in zip(starts, [*starts[1:], len(line)], strict=True)] == [
        'He said: "No!" ', "Then left. and so on... ", "他走了。", "她来了！", "End? ", "Yes."
    ]  # fmt: skip


@pytest.mark.parametrize(
    "corpus",
    [[], [page("a", OFF)], [page("a", ON), page("b", OFF)], [page(str(i), ON) for i in range(5)], [page("e", [""])]],
)
def test_tiny_corpora_give_a_model_that_judges(corpus):
    model = train(corpus, {cut.document.document_id: Label(cut.document.document_id, True) for cut in corpus})
    cut = page("on", ON)
    assert model.judge(cut, find(cut))[0].on_topic == "on"


def test_a_base_is_used_as_it_is_without_labels():
    assert train([page("a", ON)], base=learned()) is learned()


def test_a_base_of_other_sides_is_not_used():
    other = parse_config(
        '[subject]\nname = "x"\n[places.sides.a]\nlabel = "A"\n'
        '[themes.t]\nlabel = "T"\ndescription = "d"\nseed_terms = ["t"]',
        where="test",
    )
    assert train([], base=learned(), config=other).sides == ("a",)


def test_the_order_of_documents_does_not_matter():
    corpus, labels = many()
    plain, arrays = train(corpus, labels).state()
    again_plain, again_arrays = train(corpus[::-1], labels).state()
    assert json.dumps(plain, sort_keys=True) == json.dumps(again_plain, sort_keys=True)
    assert all(np.array_equal(arrays[name], again_arrays[name]) for name in arrays)


def test_a_saved_model_judges_the_same():
    plain, arrays = learned().state()
    loaded = RelevanceModel.from_state(json.loads(json.dumps(plain)), arrays)
    for lines in (ON, OFF, ("",), ("Norland",)):
        cut = page("x", lines)
        assert loaded.judge(cut, find(cut)) == learned().judge(cut, find(cut))


def test_a_model_with_other_features_is_refused():
    plain, arrays = learned().state()
    with pytest.raises(ValueError, match="features"):
        RelevanceModel.from_state({**plain, "features": ["other"]}, arrays)


@pytest.mark.parametrize("model", [rule, learned])
@pytest.mark.parametrize("lines", [ON, OFF])
def test_contributions_add_up_to_the_logit(model, lines):
    cut = page("x", lines)
    relevance = model().judge(cut, find(cut))[0].relevance
    total = sum(part.value for part in explain_relevance(model(), cut, find(cut)).document.contributions)
    assert 1 / (1 + np.exp(-total)) == pytest.approx(relevance, abs=2e-6)


def test_features_do_not_know_which_side_is_which():
    cut = page("x", ON)
    swapped = [
        [Mention({"nord": "sud", "sud": "nord"}[m.side], m.member, m.name, m.kind, m.start, m.end) for m in found]
        for found in find(cut)
    ]
    rows = [
        unit_features(read_evidence(cut, found, sides=("nord", "sud"), seed_terms=()), np.zeros(4, dtype=np.int64), 1)
        for found in (find(cut), swapped)
    ]
    assert np.array_equal(*rows)


def test_some_features_by_hand():
    cut = page("x", ("Norland and Sudland meet", "Ostland waits. Sudland waits."))
    evidence = read_evidence(cut, find(cut), sides=("nord", "sud"), seed_terms=())
    values = dict(zip(FEATURES, unit_features(evidence, np.zeros(2, dtype=np.int64), 1)[0], strict=True))
    assert values["title_both"] == values["lead_both"] == values["head_both"] == 1
    assert values["rare_share"] == pytest.approx(1 / 4)  # one Norland, two Sudland, one Ostland
    assert values["other_share"] == pytest.approx(1 / 4)
    assert values["segments_both"] == pytest.approx(24 / 53)
    assert values["first_both"] == 1


@pytest.mark.parametrize(
    "text",
    ["", " ", "\0\x07", "\ue0fe\ue0ff\ue000" * 50, "." * 200_000, "A. " * 50_000, "x" * 1_000_000, "李" * 100_000],
)
def test_hostile_text_is_judged_in_time(text):
    began = time.process_time()
    document, segments = learned().judge(page("x", [text]), [[]])
    assert document.on_topic == "off"
    assert len(segments) == 1
    assert time.process_time() - began < 5


def test_a_document_without_segments_is_off():
    assert learned().judge(CutDocument(Document("x", ""), (), ()), []) == (*learned().verdicts(np.zeros(1)), [])


@pytest.mark.parametrize("seed", ["000", "001", "002", "003"])
def test_the_seed_articles_are_on_by_the_rule(seed):
    places = pytest.importorskip("toolkit.places")
    segmenter = pytest.importorskip("toolkit.segment")
    config = load_config(Path("configs/china-asean.toml"))
    path = next(Path("seeds").glob(f"{seed}_*"))
    cut = segmenter.cut(Document(path.name, path.read_text(encoding="utf-8")), segmenter.load_line_model())
    gazetteer = places.Gazetteer.from_config(config.places)
    model = learn_relevance([], [], config=config, labels={}).model
    document, segments = model.judge(cut, [list(gazetteer.find(text)) for text in cut.texts])
    assert document.on_topic == "on"
    body = [j.on_topic for piece, j in zip(cut.segments, segments, strict=True) if piece.role == "body"]
    assert set(body) <= {"on"}
