"""The training report: figures by hand, advice that is spread and honest, a page that nothing of a corpus can harm."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import lxml.html
from axe import violations
from chromium import Page
from conftest import Command
from hypothesis import given
from hypothesis import strategies as st

from toolkit.advice import NEAR, RANDOM, THEME, Candidate, choose_to_label
from toolkit.data import Label
from toolkit.files import read_labels
from toolkit.lesson import Lesson
from toolkit.report.training import make_training_report, to_label_sheet
from toolkit.report.training_figures import (
    calibration,
    confusions,
    covered,
    precision_recall,
    theme_figures,
    verdict_table,
    what_more_would_buy,
)
from toolkit.training_report import write_training_report

THRESHOLDS = (0.2, 0.8)


def held(truth: bool, relevance: float, outlet: str = "o", document_id: str = "d") -> dict[str, Any]:
    return {"document_id": document_id, "outlet": outlet, "truth": truth, "relevance": relevance}


def themed(document_id: str, theme: str, truth: bool, score: float) -> dict[str, Any]:
    return {"document_id": document_id, "theme": theme, "truth": truth, "score": score}


def point(n: int, f1: float) -> dict[str, Any]:
    return {"n": n, "f1": f1, "average_precision": 0.9, "f1_low": f1 - 0.02, "f1_high": f1 + 0.02}


def lesson(**changes: Any) -> Lesson:
    """A made-up lesson of forty labelled articles."""
    rows = [held(i % 2 == 0, (0.9 if i % 2 == 0 else 0.1) if i % 10 else 0.5, f"o{i % 2}", f"d{i}") for i in range(40)]
    values: dict[str, Any] = {
        "name": "x",
        "subject": "Two sides",
        "training": {
            "n_documents": 60,
            "n_learned_from": 60,
            "n_on_topic": 20,
            "n_topics": 3,
            "topics_engine": "bertopic",
            "corpus_hash": "c0" * 16,
        },
        "thresholds": THRESHOLDS,
        "target_coverage": 0.9,
        "measured": {"n_documents": 40.0, "f1_at_half": 0.9, "coverage_promised": 0.9, "conformal_limit": 0.3},
        "themes_measured": {"macro_f1": 0.8},
        "labels": {"on": 20, "off": 20, "open": 1, "passages": 0},
        "theme_labels": (
            {"theme": "health", "label": "Health", "n_with": 12, "n_without": 28, "is_learned": True, "threshold": 0.3},
            {
                "theme": "tourism",
                "label": "Tourism",
                "n_with": 2,
                "n_without": 38,
                "is_learned": False,
                "threshold": 0.3,
            },
        ),
        "held_out": tuple(rows),
        "held_out_themes": (themed("a", "health", True, 0.9), themed("b", "health", True, 0.1)),
        "curve": (point(20, 0.8), point(40, 0.9)),
        "topics_selection": {"n_topics": 3, "curve": [{"n_topics": 2, "mean": 0.7}, {"n_topics": 3, "mean": 0.8}]},
        "cues": ({"cue": "both sides in the title", "weight": 2.5},),
        "terms": (
            {"of": "", "kind": "for", "term": "railway", "strength": 1.5},
            {"of": "health", "kind": "seed", "term": "hospital", "strength": None},
        ),
        "to_label": (
            {
                "document_id": "=1+1",
                "title": "A title",
                "outlet": "o1",
                "date": "2024-05-06",
                "language": "en",
                "sentence": "The ministers met.",
                "relevance": 0.5,
                "group": NEAR,
                "why": "relevance 0.50; on from 0.80, off below 0.20",
            },
        ),
    }
    return Lesson(**{**values, **changes})


# Figures by hand


def test_verdicts_and_the_promise_by_hand() -> None:
    rows = [held(True, 0.9), held(True, 0.5), held(False, 0.9, "p"), held(False, 0.1, "p"), held(False, 0.2)]
    assert verdict_table(rows, THRESHOLDS) == {
        (True, "on"): 1,
        (True, "unsure"): 1,
        (True, "off"): 0,
        (False, "on"): 1,
        (False, "unsure"): 1,  # at the lower threshold it is not off yet
        (False, "off"): 1,
    }
    assert covered(rows, 0.2) == {"": (3, 5), "o": (2, 3), "p": (1, 2)}


def test_precision_recall_and_calibration_by_hand() -> None:
    rows = [held(True, 0.9), held(True, 0.42), held(False, 0.48), held(False, 0.01)]
    points = {threshold: (precision, recall) for threshold, precision, recall in precision_recall(rows)}
    assert points[0.5] == (1.0, 0.5)
    assert points[0.4] == (0.666667, 1.0)
    assert points[0.95] == (None, 0.0)
    assert calibration(rows) == [(0.05, 0.01, 0, 1), (0.45, 0.45, 1, 2), (0.95, 0.9, 1, 1)]


def test_themes_and_what_they_are_taken_for_by_hand() -> None:
    rows = [
        themed("a", "health", True, 0.1),
        themed("a", "tourism", False, 0.9),
        themed("b", "health", True, 0.9),
        themed("b", "tourism", False, 0.9),
        themed("c", "health", False, 0.1),
    ]
    limits = {"health": 0.3, "tourism": 0.3}
    assert theme_figures(rows, limits) == {"health": (1, 0, 1), "tourism": (0, 2, 0)}
    assert confusions(rows, limits) == [("health", "tourism", 1)]


def test_what_more_labels_would_buy_is_said_from_the_last_doubling() -> None:
    assert "0.100" in what_more_would_buy(lesson().curve)
    assert "hardly help" in what_more_would_buy([point(20, 0.9), point(40, 0.902)])
    assert what_more_would_buy(lesson().curve[:1]) == ""


# Advice


candidates = st.lists(
    st.builds(
        Candidate,
        st.integers(0, 400).map("d{}".format),
        st.sampled_from(["", "p", "q", "r"]),
        st.integers(-1, 3),
        st.floats(0, 9),
        st.just("health"),
        st.floats(0, 9),
    ),
    max_size=80,
    unique_by=lambda candidate: candidate.document_id,
)


@given(candidates, st.randoms(use_true_random=False))
def test_each_article_is_asked_for_once_and_the_order_of_the_corpus_changes_nothing(found: Any, rng: Any) -> None:
    chosen = choose_to_label(found)
    ids = [item.document_id for item in chosen]
    assert len(set(ids)) == len(ids) == min(len(found), 60)
    assert Counter(item.why for item in chosen)[RANDOM] == min(len(found), 20)
    rng.shuffle(found)
    assert choose_to_label(found) == chosen


@given(candidates, st.floats(0, 9))
def test_what_is_drawn_at_random_does_not_hang_on_the_scores(found: Any, distance: float) -> None:
    def drawn(of: Any) -> list[str]:
        return [item.document_id for item in choose_to_label(of) if item.why == RANDOM]

    assert drawn(found) == drawn([dataclasses.replace(item, distance=distance) for item in found])


def test_the_nearest_are_spread_over_outlets_and_topics() -> None:
    same = [Candidate(f"a{i}", "p", 1, 0.01 * i) for i in range(5)]
    other = [Candidate("b", "q", 2, 0.2), Candidate("c", "q", 2, 3.0)]
    near = [item.document_id for item in choose_to_label([*same, *other], n_near=3, n_themes=0, n_random=0)]
    assert near == ["a0", "b", "a1"]
    asked = choose_to_label([Candidate("x", "", -1, 5, "health", 0.1)], n_near=0, n_themes=1, n_random=0)
    assert [item.why for item in asked] == [THEME]


# The file to fill in


def test_what_is_filled_in_is_read_as_labels_and_no_cell_is_a_formula(tmp_path: Path) -> None:
    content = to_label_sheet(lesson()).csv().decode()
    (row,) = csv.DictReader(io.StringIO(content))
    assert row["document_id"] == "'=1+1"
    assert (row["on_topic"], row["themes"]) == ("", "")
    path = tmp_path / "to_label.csv"
    path.write_text(content.rstrip("\n").removesuffix(",,") + ',off,"health, tourism"\n', encoding="utf-8")
    assert read_labels(path, theme_ids=("health", "tourism")) == {"=1+1": Label("=1+1", False, ("health", "tourism"))}


def test_a_file_somebody_has_filled_in_is_never_overwritten(tmp_path: Path) -> None:
    first = write_training_report(lesson(), tmp_path)
    assert first.to_label.name == "to_label.csv"
    assert write_training_report(lesson(), tmp_path).to_label == first.to_label  # still empty: written anew
    filled = first.to_label.read_text(encoding="utf-8").rstrip("\n").removesuffix(",,") + ",on,\n"
    first.to_label.write_text(filled, encoding="utf-8")
    second = write_training_report(lesson(), tmp_path)
    assert second.to_label.name == "to_label-2.csv"
    assert first.to_label.read_text(encoding="utf-8") == filled
    assert "to_label-2.csv" in second.path.read_text(encoding="utf-8")


# The page


def test_equal_lessons_give_equal_bytes_and_every_table_is_beside_the_page(tmp_path: Path) -> None:
    one, two = (write_training_report(lesson(), tmp_path / name / "x-training") for name in "ab")
    names = [path.relative_to(one.path.parent) for path in sorted(one.path.parent.rglob("*.*")) if path.is_file()]
    for name in names:
        here, there = (report.path.parent / name for report in (one, two))
        content = there.read_bytes().replace(str(tmp_path / "b").encode(), str(tmp_path / "a").encode())
        assert here.read_bytes() == content, name
    assert {"held_out.csv", "themes.csv", "label_curve.csv", "calibration.csv"} <= {name.name for name in names}


def test_without_labels_the_page_says_that_nothing_can_be_said() -> None:
    bare = lesson(measured={}, themes_measured={}, held_out=(), held_out_themes=(), curve=(), topics_selection={})
    html = make_training_report(bare, labels_file="to_label.csv").html
    text = " ".join(lxml.html.document_fromstring(html).text_content().split())
    assert "nothing below can say how well it does" in text
    assert "too few labels to draw" in text


HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}\x1b[31m\u202e'


def test_hostile_text_of_a_corpus_makes_no_element() -> None:
    def tags(of: Lesson) -> Counter[str]:
        page = lxml.html.document_fromstring(make_training_report(of, labels_file="to_label.csv").html)
        return Counter(str(element.tag) for element in page.iter() if isinstance(element.tag, str))

    harmless = lesson()
    row = {**harmless.to_label[0], **dict.fromkeys(("document_id", "title", "outlet", "sentence", "why"), HOSTILE)}
    term = [{**item, "term": HOSTILE} for item in harmless.terms]
    outlets = [{**item, "outlet": HOSTILE if item["outlet"] == "o1" else "o0"} for item in harmless.held_out]
    hostile = lesson(name=HOSTILE, subject=HOSTILE, to_label=(row,), terms=tuple(term), held_out=tuple(outlets))
    assert tags(hostile) == tags(harmless)
    for sheet in make_training_report(hostile, labels_file="x").sheets:
        for cells in csv.reader(io.StringIO(sheet.csv().decode())):
            assert not any(cell.startswith(("=", "@", "\t")) for cell in cells)


def test_the_page_asks_for_nothing_fits_every_width_and_axe_finds_nothing(browser: Page, tmp_path: Path) -> None:
    path = write_training_report(lesson(), tmp_path).path
    for width, dark in ((320, False), (390, True), (1280, False)):
        browser.open(path, width=width, dark=dark)
        browser.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert browser.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
        assert browser.requests() == []
        assert browser.complaints() == []
        assert violations(browser) == []


def test_train_writes_the_report_outside_the_model_and_the_file_goes_round(toolkit: Command, tmp_path: Path) -> None:
    on = "China and Laos opened railway {0} on Monday, and ministers of both promised more trains to the border.\n"
    off = "The home side won cup {0} after extra time, and the keeper was carried from the pitch.\n"
    rows = [{"id": f"d{i:02d}", "text": (on, off)[i % 2].format(i) * (1 + i % 3)} for i in range(16)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    labels = [f"d{i:02d}\t{('on', 'off')[i % 2]}" for i in range(12)]
    (tmp_path / "labels.tsv").write_text("id\ton_topic\n" + "\n".join(labels) + "\n", encoding="utf-8")
    command = ("train", "in.jsonl", "--name", "x", "--labels", "labels.tsv", "--json")
    done = toolkit(*command, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert Path(said["report"]) == Path("reports/x-training/report.html")
    assert "to_label.csv" in done.stderr
    asked = list(csv.DictReader((tmp_path / said["to_label"]).open(encoding="utf-8")))
    assert {row["document_id"] for row in asked} <= {f"d{i}" for i in range(12, 16)}
    page = (tmp_path / said["report"]).read_text(encoding="utf-8")
    assert "12 labelled articles" in page
    for file in (tmp_path / "models" / "x").iterdir():
        assert b"extra time" not in file.read_bytes()
