"""Marks of readers: what the page saves is learned from and scored by, and nothing of it is lost without a word."""

from __future__ import annotations

import json
import random
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import SEEDS, Command
from hypothesis import given
from hypothesis import strategies as st

from toolkit.cli.evaluate import feedback_among
from toolkit.config import load_config
from toolkit.data import Label, Mark, Passage
from toolkit.errors import ToolkitError
from toolkit.evaluate.marks import evaluate_marks
from toolkit.evaluate.table import as_text
from toolkit.feedback import WrongCut, settle, text_hash
from toolkit.files import is_feedback, read_feedback
from toolkit.metrics import exact_interval
from toolkit.model import Model, load_model
from toolkit.places import Gazetteer
from toolkit.relevance.train import labelled_passages, learn_relevance
from toolkit.segment import cut, load_line_model
from toolkit.store import find_model
from toolkit.training import not_learned

THEMES = ("health", "tourism", "security")
RAIL = (
    "Railway opens\n\nChina and Laos opened a railway on Monday, and ministers of both promised more trains to the "
    "border.\n\nThe Chinese firm that built it will train drivers from Vientiane."
)
LEAGUE = "Cup final\n\nThe home side won the cup after extra time, and the keeper was carried from the pitch.\n"


def mark(document_id: str = "a", kind: str = "on", text: str = RAIL, **fields: Any) -> Mark:
    return Mark(document_id, text_hash(text)[:8], kind, **fields)


def settled(*marks: Mark, labels: dict[str, Label] | None = None, texts: dict[str, str] | None = None):
    return settle(marks, texts or {"a": RAIL, "b": LEAGUE}, theme_ids=THEMES, labels=labels or {})


def line(**fields: Any) -> str:
    return json.dumps({"document_id": "a", "text_sha256": text_hash(RAIL), "mark": "on"} | fields)


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


# Reading


def test_a_line_is_read_as_the_page_writes_it(tmp_path):
    path = write(
        tmp_path / "feedback.jsonl",
        line(mark="wrong_cut", start=0, end=13, role="title", note=" no title ", model="c0ffee", toolkit="9", drawn=""),
    )
    assert is_feedback(path)
    (found,) = read_feedback(path)
    assert found == Mark("a", text_hash(RAIL), "wrong_cut", None, 0, 13, "title", "no title", "c0ffee")


def test_tables_of_labels_are_no_feedback(tmp_path):
    assert not is_feedback(write(tmp_path / "labels.jsonl", '{"id": "a", "on_topic": "on"}'))
    assert not is_feedback(write(tmp_path / "labels.tsv", "id\tmark", "a\ton"))
    assert not is_feedback(write(tmp_path / "broken.jsonl", "{"))
    assert not is_feedback(tmp_path / "none.jsonl")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"mark": "great"}, "no mark"),
        ({"document_id": 5}, "document_id"),
        ({"text_sha256": "abc"}, "hexadecimal"),
        ({"text_sha256": "not hexadecimal"}, "hexadecimal"),
        ({"start": 5}, "passage"),
        ({"start": 5, "end": 5}, "passage"),
        ({"start": -1, "end": 5}, "count of characters"),
        ({"mark": "theme"}, "needs `theme`"),
        ({"mark": "wrong_cut", "start": 0, "end": 5}, "role"),
        ({"mark": "wrong_cut", "role": "body"}, "role"),
        ({"note": ["x"]}, "note"),
    ],
)
def test_a_mark_that_cannot_be_understood_is_named_with_its_place(tmp_path, fields, words):
    path = write(tmp_path / "feedback.jsonl", line(), line(**fields))
    with pytest.raises(ToolkitError, match=words) as error:
        read_feedback(path)
    assert "record 2" in str(error.value)


# What marks amount to


def test_the_last_mark_of_a_kind_wins_and_stands_above_the_table():
    table = {"a": Label("a", False), "b": Label("b", True, ("health",))}
    found = settled(mark(kind="off"), mark(kind="on"), mark("b", "unsure", LEAGUE), labels=table)
    assert found.labels == {"a": Label("a", True), "b": Label("b", None, ("health",))}
    assert "1 that a later one of the same kind replaced" in " ".join(found.sentences())
    assert "1 unsure" in " ".join(found.sentences())


def test_a_theme_mark_speaks_of_that_theme_alone():
    alone = settled(mark(kind="theme", theme="health"), mark(kind="no_theme", theme="tourism")).labels["a"]
    assert alone == Label("a", None, ("health",), ("security",))
    table = {"a": Label("a", True, ("tourism", "security"))}
    beside = settled(mark(kind="theme", theme="health"), mark(kind="no_theme", theme="tourism"), labels=table).labels[
        "a"
    ]
    assert beside == Label("a", True, ("health", "security"))
    back = settled(mark(kind="theme", theme="health"), mark(kind="no_theme", theme="health")).labels["a"]
    assert back.themes == ()


def test_what_is_said_of_a_passage_is_not_said_of_the_article():
    found = settled(mark(start=15, end=60), mark(kind="off", start=100, end=120), mark(kind="unsure", start=0, end=5))
    assert found.labels == {"a": Label("a", passages=(Passage(15, 60, True), Passage(100, 120, False)))}


def test_a_wrong_cut_says_what_the_cut_should_have_been():
    found = settled(
        mark(kind="wrong_cut", start=0, end=13, role="navigation"),
        mark(kind="wrong_cut", start=15, end=60, role="body"),
    )
    assert found.cuts == {"a": (WrongCut(0, 13, True), WrongCut(15, 60, False))}
    assert found.labels == {}
    assert "evaluate" in " ".join(found.sentences())


def test_nothing_is_left_out_without_a_word():
    found = settled(
        mark(),
        mark(text="as it was before"),
        mark("elsewhere"),
        mark(kind="theme", theme="weather"),
        mark(start=5, end=len(RAIL) + 1),
        mark(kind="note", note="look again"),
    )
    words = " ".join(found.sentences())
    assert "6 on 2 articles" in words
    assert "1 article on the subject" in words
    assert "1 on articles whose text is not the one that was read" in words
    assert "1 on articles that are not in the input" in words
    assert "1 of themes the config has not (weather)" in words
    assert "1 on passages beyond the end of the text" in words
    assert "1 note" in words


marks = st.lists(
    st.builds(
        mark,
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(["on", "off", "unsure", "note", "wrong_cut"]),
        st.sampled_from([RAIL, LEAGUE]),
        start=st.just(3),
        end=st.sampled_from([5, 500]),
        role=st.just("body"),
    )
    | st.builds(mark, st.sampled_from(["a", "b"]), st.sampled_from(["theme", "no_theme"]), theme=st.sampled_from("xy")),
    max_size=12,
)


@given(marks)
def test_every_mark_is_counted_once(found):
    counts = dict(settle(found, {"a": RAIL, "b": LEAGUE}, theme_ids=("x",), labels={}).counts)
    counts.pop("articles")
    assert counts.pop("marks") == len(found) == sum(counts.values())


@given(marks, st.randoms(use_true_random=False))
def test_marks_of_different_articles_may_come_in_any_order(found, rng: random.Random):
    ids = sorted({m.document_id for m in found})
    rng.shuffle(ids)
    regrouped = [m for i in ids for m in found if m.document_id == i]
    first, second = (settle(m, {"a": RAIL, "b": LEAGUE}, theme_ids=("x",), labels={}) for m in (found, regrouped))
    assert (first.labels, first.cuts, first.counts) == (second.labels, second.cuts, second.counts)


# Learning from them


@cache
def corpus(n: int = 14):
    """On and off articles, cut by the shipped line model, with their mentions."""
    config = load_config(find_model("china-asean") / "config.toml")
    gazetteer = Gazetteer.from_config(config.places)
    from toolkit.data import Document

    texts = [f"{(RAIL, LEAGUE)[i % 2]}\nReport {i} of the year.\n" for i in range(n)]
    cuts = [cut(Document(f"d{i:02d}", text), load_line_model(), None) for i, text in enumerate(texts)]
    return config, cuts, [gazetteer.find_each(item.texts) for item in cuts]


def learned(labels: dict[str, Label]):
    config, cuts, mentions = corpus()
    return learn_relevance(cuts, mentions, config=config, labels=labels).model


def article_labels() -> dict[str, Label]:
    return {f"d{i:02d}": Label(f"d{i:02d}", i % 2 == 0) for i in range(14)}


def test_a_passage_is_learned_from_as_a_short_text_of_its_own():
    plain = article_labels()
    said = {**plain, "d00": Label("d00", True, passages=(Passage(15, 120, False),))}
    _, cuts, mentions = corpus()
    (passage,) = labelled_passages(cuts, mentions, said)
    assert [cuts[0].segments[i].text.split()[0] for i in passage.segments] == ["China"]
    without, with_it = learned(plain), learned(said)
    assert not np.array_equal(without.weights, with_it.weights) or without.measured != with_it.measured
    assert with_it.measured["n_documents"] == 14  # the passage is no document: it moves no threshold


def test_a_passage_inside_one_segment_stands_for_that_segment():
    _, cuts, mentions = corpus()
    at = cuts[0].document.text.index("ministers")
    (passage,) = labelled_passages(cuts, mentions, {"d00": Label("d00", passages=(Passage(at, at + 9, True),))})
    assert [("ministers" in cuts[0].segments[i].text) for i in passage.segments] == [True]


def test_too_few_labels_are_told_with_the_passages_that_taught_nothing():
    config, cuts, _ = corpus()
    labels = {"d00": Label("d00", True, ("health",), passages=(Passage(0, 5, True),)), "d01": Label("d01", False)}
    relevance, themes = not_learned(cuts, labels, tuple(config.themes))
    assert "found 1 and 1" in relevance
    assert "1 labelled passages were not learned from" in relevance
    assert "All themes" in themes
    assert not_learned(cuts, {}, tuple(config.themes)) == []


# Scoring by them


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model(find_model("china-asean"))


def articles(path: Path) -> Path:
    rows = [{"id": "a", "text": RAIL}, {"id": "b", "text": LEAGUE}, {"id": "c", "text": RAIL + "\nOnce more.\n"}]
    return write(path, *(json.dumps(row) for row in rows))


def test_verdicts_themes_passages_and_cuts_are_scored_by_hand(model: Model, tmp_path: Path):
    at = RAIL.index("China and Laos")
    feedback = write(
        tmp_path / "f.jsonl",
        line(),
        line(document_id="b", text_sha256=text_hash(LEAGUE), mark="on", drawn="audit"),
        line(start=at, end=at + 40),
        line(mark="theme", theme="connectivity_infrastructure"),
        line(mark="wrong_cut", start=at, end=at + 100, role="teaser"),
        line(mark="wrong_cut", start=at, end=at + 90, role="body"),
    )
    found = evaluate_marks(articles(tmp_path / "in.jsonl"), feedback=[feedback], model=model)
    values = {figure.id: figure for figure in found.figures}
    assert values["documents.f1"].value == 1.0
    assert values["documents.f1"].n == 1  # the article drawn at random stands apart
    assert (values["audit.on_share"].value, values["audit.on_share"].low) == (1.0, 0.025)
    assert values["passages.f1"].value == 1.0
    assert values["themes.recall_connectivity_infrastructure"].value == 1.0
    assert values["cuts.right"].value == 0.5  # kept as the first mark wants, not cut as the second does
    text = as_text(found)
    assert "no random sample" in text
    assert "Clopper" in text


def test_the_interval_of_none_of_sixty_is_that_of_the_books():
    assert exact_interval(0, 60)[0] == 0.0
    assert exact_interval(0, 60)[1] == pytest.approx(1 - 0.025 ** (1 / 60))
    assert exact_interval(60, 60) == (pytest.approx(0.025 ** (1 / 60)), 1.0)
    assert exact_interval(5, 10) == (pytest.approx(0.187086, abs=1e-6), pytest.approx(0.812914, abs=1e-6))


def test_the_commands_take_the_file_and_name_what_is_missing(toolkit: Command, tmp_path: Path):
    articles(tmp_path / "in.jsonl")
    write(tmp_path / "f.jsonl", line(), line(document_id="b", text_sha256=text_hash(LEAGUE), mark="off"))
    done = toolkit("evaluate", "in.jsonl", "--labels", "f.jsonl", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)["gold"]
    assert found["protocol"]["n"]["documents"] == 2
    done = toolkit("evaluate", "f.jsonl", cwd=tmp_path)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
    assert "ARTICLES --labels f.jsonl" in " ".join(done.stderr.split())


def test_what_cannot_be_scored_together_is_said(tmp_path: Path, model: Model):
    marks = write(tmp_path / "f.jsonl", line())
    table = write(tmp_path / "labels.tsv", "id\ton_topic", "a\ton")
    gold = [articles(tmp_path / "in.jsonl")]
    for labels, options, words in (
        ([marks, table], {"sample": None, "baselines": None}, "one of them"),
        ([table, table], {"sample": None, "baselines": None}, "one table"),
        ([marks], {"sample": 5, "baselines": None}, "--sample"),
        ([marks], {"sample": None, "baselines": False}, "--baselines"),
    ):
        with pytest.raises(ToolkitError, match=words):
            feedback_among(gold, labels, **options)
    with pytest.raises(ToolkitError, match="not in the input"):
        evaluate_marks(SEEDS, feedback=[marks], model=model)
