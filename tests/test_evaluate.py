"""What is counted, which gold is understood, and what the gate says."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Command
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit import metrics
from toolkit.data import CutDocument, Document, Judgement, Label, Mention, OnTopic, Segment, ThemeScore
from toolkit.errors import ToolkitError
from toolkit.evaluate import baselines, counts
from toolkit.evaluate.figures import OURS, Figure, Measure, Tally, f1_of, from_sums
from toolkit.evaluate.gate import check, key_of, read_floors, update, write_floors
from toolkit.evaluate.gold import name_of, survey
from toolkit.evaluate.measures import document_measures, line_measures
from toolkit.evaluate.run import Evaluation, evaluate
from toolkit.evaluate.shapes import GoldText, LabelledLines
from toolkit.model import Model, load_model
from toolkit.pipeline import Judged
from toolkit.store import find_model

RAIL = "China and Laos opened a new freight line on Monday, officials of both countries said in Vientiane."
TRADE = "Trade between China and Laos rose by a fifth last year, and Chinese firms built two more stations in Laos."
MORE = "The two governments signed an agreement in Beijing to extend the railway to Thailand within three years."
BAND = "The village band played until the rain came, and then everybody walked home along the river in the dark."
CAKE = "She bakes the cake with plums, leaves it to cool for an hour, and serves it with cream to her guests."
MENU = ["Home", "Subscribe now", "Follow us"]


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model(find_model("china-asean"))


def write(path: Path, records: list[Any]) -> Path:
    path.write_text("".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in records), encoding="utf-8")
    return path


def pages(n: int = 6) -> list[dict[str, Any]]:
    lines = [*MENU, RAIL, TRADE, MORE, "Copyright 2024. All rights reserved."]
    labels = ["boiler"] * 3 + ["body"] * 3 + ["boiler"]
    return [
        {
            "id": f"p{i}",
            "outlet": "east" if i % 2 else "west",
            "text": "\n".join([*lines, f"{BAND} {i}" if i % 2 else f"{CAKE} {i}"]),
            "line_labels": [*labels, "teaser"],
            "on_topic": i < n - 1,
            "themes": "connectivity_infrastructure" if i < n - 1 else "",
        }
        for i in range(n)
    ]


def value(evaluation: Evaluation, identifier: str, system: str = OURS, source: str = "all") -> float:
    (figure,) = [f for f in evaluation.figures if (f.id, f.system, f.source) == (identifier, system, source)]
    return figure.value


# Counting, by hand


def test_lines_are_counted_by_line_and_by_visible_character():
    lines = LabelledLines(("abcd", "  ", "xy", "title"), (True, True, False, None), ("body", "body", "other", "title"))
    # "abcd" is kept but for one letter, "xy" is kept though it is no article; white space and the title do not count
    assert counts.line_counts(lines, [(3, 4), (0, 0), (2, 2), (5, 5)]) == [1, 1, 0, 0, 3, 2, 1, 0]


def test_line_measures_by_hand():
    # by line: 3 kept rightly, 1 kept wrongly, 1 cut wrongly, 2 cut rightly
    rows = np.array([[2.0, 1, 0, 1, 20, 5, 0, 10], [1.0, 0, 1, 1, 10, 0, 10, 5]])
    found = {m.id: float(m.of(rows, np.ones((1, 2)))[0]) for m in line_measures()}
    assert found["body_precision_lines"] == pytest.approx(3 / 4)
    assert found["body_f1_lines"] == pytest.approx(3 / 4)
    assert found["removal_f1_lines"] == pytest.approx(4 / 6)  # 2 removed rightly, 1 wrongly, 1 left
    assert found["article_lost_characters"] == pytest.approx(10 / 40)


def test_a_boundary_one_place_off_by_hand():
    # Two segments of 4; window 2. Of the six pairs (i, i + 2), two are judged wrongly, in Pk and in WindowDiff.
    segments = [["a", "b", "c", "d"], ["e", "f", "g", "h"]]
    assert counts.boundary_counts(segments, [3]) == [pytest.approx(1 / 3), pytest.approx(1 / 3), 1.0, 0, 1, 1]
    assert counts.boundary_counts(segments, [4]) == [0.0, 0.0, 1.0, 1, 0, 0]
    # No boundary: the two pairs over the true one are wrong.
    assert counts.boundary_counts(segments, [])[:2] == [pytest.approx(1 / 3), pytest.approx(1 / 3)]
    # One boundary too many inside a window costs WindowDiff what it does not cost Pk: windows 2-4, 3-5 hold two.
    close = counts.boundary_counts(segments, [4, 5])
    assert close[0] < close[1]


def test_words_of_a_page_are_a_multiset():
    gold = GoldText("the cat sat on the mat", ("Cat, sat!", "a dog"), ("buy now",))
    found = counts.page_counts(gold, "The cat sat. Buy now: the the")
    # 8 words extracted, 6 in gold, 5 shared (the, the, cat, sat once each as gold has them): the cat sat the = 4
    assert found == [pytest.approx(4 / 7), pytest.approx(4 / 6), pytest.approx(8 / 13), 1.0, 1.0, 2.0, 1.0, 1.0]


def test_themes_the_gold_is_unsure_of_do_not_count():
    label = Label("d", True, ("a", "b"), ("c",))
    assert counts.theme_counts(label, [ThemeScore("a", 1.0), ThemeScore("c", 1.0), ThemeScore("d", 1.0)], "abcd") == [
        *(1, 0, 0), *(0, 0, 1), *(0, 0, 0), *(0, 1, 0),
    ]  # fmt: skip


def test_verdicts_and_coverage_by_hand():
    # truth, relevance, on, unsure, covered
    rows = np.array([[1, 0.9, 1, 0, 1], [1, 0.6, 0, 1, 1], [0, 0.7, 1, 0, 0], [0, 0.1, 0, 0, 1.0]])
    found = {m.id: float(m.of(rows, np.ones((1, 4)))[0]) for m in document_measures()}
    assert found["precision"] == pytest.approx(2 / 3)
    assert found["precision_answered"] == pytest.approx(1 / 2)
    assert found["answered"] == found["coverage"] == pytest.approx(3 / 4)
    assert found["brier"] == pytest.approx((0.01 + 0.16 + 0.49 + 0.01) / 4)


def test_unsure_covers_either_truth_and_the_two_mentions_rule_counts_where_it_is_told_to():
    segments = (Segment("d", 0, 0, 4, "Menu", "navigation", "menu"), Segment("d", 1, 4, 8, "Body", "body"))
    cut = CutDocument(Document("d", "MenuBody"), segments, ("Menu", "Body"))
    one, other = Mention("a", "", "A", "country", 0, 1), Mention("b", "", "B", "country", 0, 1)

    def judged(verdict: OnTopic) -> Judged:
        return Judged(cut, ((one, other), (one, other)), Judgement(0.6, verdict), (), ())

    assert counts.document_counts(True, judged("unsure")) == [1, 0.6, 0, 1, 1]
    assert counts.document_counts(False, judged("unsure")) == [0, 0.6, 0, 1, 1]
    assert counts.document_counts(True, judged("off")) == [1, 0.6, 0, 0, 0]
    assert counts.document_counts(False, judged("off")) == [0, 0.6, 0, 0, 1]
    assert counts.rule_counts(True, judged("on"), "ab", kept_only=False) == [1, 1, 1, 0, 1]
    assert counts.rule_counts(True, judged("on"), "ab", kept_only=True) == [1, 0, 0, 0, 0]


# Intervals


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.booleans(), st.sampled_from([0.05, 0.3, 0.5, 0.72, 1.0])), min_size=2, max_size=15))
def test_weighted_measures_equal_those_of_repeated_documents(pairs):
    truth, scores = np.array([t for t, _ in pairs]), np.array([s for _, s in pairs])
    weights = next(metrics.resampled_counts(len(pairs), random_state=1, n_resamples=5))
    for once in (np.ones((1, len(pairs))), weights):
        auc = metrics.weighted_roc_auc(truth, scores, once)
        precision = metrics.weighted_average_precision(truth, scores, once)
        calibration = metrics.weighted_calibration_error(truth, scores, once)
        for r, drawn in enumerate(once):
            rows = np.repeat(np.arange(len(pairs)), drawn.astype(int))
            t, s = truth[rows], scores[rows]
            assert calibration[r] == pytest.approx(metrics.expected_calibration_error(t, s))
            if t.any():
                assert precision[r] == pytest.approx(metrics.average_precision(t, s))
            if t.any() and not t.all():
                assert auc[r] == pytest.approx(metrics.roc_auc(t, s))
            else:
                assert np.isnan(auc[r])


def test_intervals_are_those_of_the_plain_bootstrap():
    random = np.random.default_rng(5)
    rows = random.integers(0, 9, (30, 3)).astype(float)
    tally = Tally("t", (Measure("f1", "F1", from_sums(lambda s: f1_of(s[0], s[1], s[2])), is_main=True),))
    for i, row in enumerate(rows):
        tally.add(f"{i:02}", (), {OURS: list(row)})
    (figure,) = tally.figures(random_state=3)

    def plain(drawn):
        tp, fp, fn = rows[drawn].sum(axis=0)
        return 2 * tp / (2 * tp + fp + fn)

    low, high = metrics.bootstrap_interval(plain, 30, random_state=3)
    assert (figure.low, figure.high) == (pytest.approx(low, abs=1e-6), pytest.approx(high, abs=1e-6))
    assert figure.low < figure.value < figure.high


def test_blocks_of_resamples_are_the_same_draws():
    whole = np.concatenate(list(metrics.resampled_counts(7, random_state=0, n_resamples=10)))
    parts = np.concatenate(list(metrics.resampled_counts(7, random_state=0, n_resamples=10, max_cells=20)))
    assert (whole == parts).all()
    assert (whole.sum(axis=1) == 7).all()


def test_being_ahead_is_positive_for_measures_that_should_be_low_too():
    tally = Tally(
        "t", (Measure("e", "errors", from_sums(lambda s: s[0] / s[1]), higher_is_better=False, is_main=True),)
    )
    tally.add("a", (), {OURS: [1.0, 10.0], "other": [4.0, 10.0]})
    ahead = next(f for f in tally.figures(random_state=0) if f.system == "ahead of other")
    assert ahead.value == pytest.approx(0.3)


# Gold


def test_one_gold_is_measured_for_everything_it_holds(model: Model, tmp_path: Path):
    found = evaluate(write(tmp_path / "g.jsonl", pages()), model=model)
    assert {f.id.partition(".")[0] for f in found.figures} == {"documents", "themes", "lines"}
    assert value(found, "lines.body_f1_characters") > 0.8
    assert value(found, "lines.article_lost_lines", "keep all") == 0
    assert value(found, "lines.removal_f1_lines", "keep all") == 0
    assert {f.system for f in found.figures if f.id == "documents.f1"} >= {
        OURS,
        "two mentions",
        "ahead of two mentions",
    }
    assert {f.source for f in found.figures} >= {"all", "outlet=east", "outlet=west"}
    assert all(f.low <= f.value <= f.high for f in found.figures if f.n > 2 and "ahead" not in f.system)


def test_the_order_of_records_and_the_packing_change_nothing(model: Model, tmp_path: Path):
    records = pages()
    one = evaluate(write(tmp_path / "g.jsonl", records), model=model, with_baselines=False)
    (tmp_path / "h").mkdir()
    write(tmp_path / "h" / "b.jsonl", records[3:][::-1])
    with gzip.open(tmp_path / "h" / "c.jsonl.gz", "wt") as stream:
        stream.writelines(json.dumps(record, indent=None, sort_keys=True) + "\n" for record in records[:3])
    other = evaluate(tmp_path / "h", model=model, with_baselines=False)
    assert other.figures == one.figures
    assert other.fingerprint == one.fingerprint
    records[0]["on_topic"] = False
    assert survey(write(tmp_path / "i.jsonl", records), labels_file=None, theme_ids=tuple(model.config.themes),
                  sample=None).fingerprint != one.fingerprint  # fmt: skip


@pytest.mark.parametrize(
    "labels",
    [
        [0, 0, 0, 1, 1, 1, 0, 0],
        [False, False, False, True, True, True, False, False],
        ["drop", "drop", "drop", "keep", "keep", "keep", "drop", "drop"],
        ["Boiler", "boiler", "other", "On-topic", "on topic", "ON_TOPIC", "unrelated", "teaser"],
        json.dumps(["boiler"] * 3 + ["body"] * 3 + ["boiler"] * 2),
    ],
)
def test_labels_are_understood_in_every_usual_spelling(labels: Any, model: Model, tmp_path: Path):
    record = pages(1)[0]
    shapes = [
        {"document_id": 7, "text": record["text"], "line_labels": labels},
        {"id": "7", "lines": record["text"].split("\n"), "labels": labels},
        {"id": "7", "blocks": record["text"].split("\n"), "labels": labels, "reliable": True},
    ]
    found = [evaluate(write(tmp_path / f"{i}.jsonl", [r]), model=model, with_baselines=False)
             for i, r in enumerate(shapes)]  # fmt: skip
    values = [{f.id.partition(".")[2]: f.value for f in e.figures} for e in found]
    assert values[0] == values[1] == values[2]
    assert values[0]["body_f1_lines"] > 0.8


def test_records_that_cannot_be_scored_are_named_and_the_rest_is_measured(model: Model, tmp_path: Path):
    good = pages(2)[0]
    path = write(
        tmp_path / "g.jsonl",
        [
            good,
            "{broken",
            {**good, "id": "short", "line_labels": ["body"]},
            {**good, "id": "seven", "line_labels": [7] * 8},
            {**good, "id": "verdict", "on_topic": "perhaps"},
            {**good, "id": "theme", "themes": ["turism"]},
            {"id": "x", "blocks": "no list", "labels": []},
            [1, 2],
            good,
        ],
    )
    found = evaluate(path, model=model, with_baselines=False)
    assert found.n_bad == 7
    details = {bad.row: bad.detail for bad in found.bad}
    assert "8 lines" in details[3]
    assert "of numbers only 1 (article) and 0 (not) are known" in details[4]
    assert "perhaps" in details[5]
    assert "tourism" in details[6]
    assert found.protocol["n_documents"] == {"documents": 1, "themes": 1, "lines": 1}
    assert any("repeat" in note for note in found.protocol["notes"])  # type: ignore[union-attr]


def test_gold_of_no_known_shape_is_answered_with_the_shapes(model: Model, tmp_path: Path):
    path = write(tmp_path / "g.jsonl", [{"id": "a", "text": RAIL, "category": "rail"}])
    with pytest.raises(ToolkitError, match=r"line_labels.*segments.*gold_text.*text_b") as error:
        evaluate(path, model=model)
    assert error.value.exit_code == 2
    with pytest.raises(ToolkitError, match=r"record 1.*JSON") as error:
        evaluate(write(tmp_path / "h.jsonl", ["{broken"]), model=model)
    assert error.value.exit_code == 3
    with pytest.raises(ToolkitError, match="line_labels") as error:
        evaluate(write(tmp_path / "u.jsonl", [{"id": "a", "title": "x"}]), model=model)
    assert error.value.exit_code == 2
    strange = {"id": "a", "lines": ["x", "y"], "labels": ["alpha", "beta"]}
    with pytest.raises(ToolkitError, match=r"alpha, beta.*body"):
        evaluate(write(tmp_path / "i.jsonl", [strange]), model=model)


def test_names_of_labels_that_are_not_known_are_told(model: Model, tmp_path: Path):
    record = {"id": "a", "lines": [RAIL, "Home"], "labels": ["body", "gizmo"]}
    found = evaluate(write(tmp_path / "g.jsonl", [record]), model=model, with_baselines=False)
    assert any("gizmo" in note for note in found.protocol["notes"])  # type: ignore[union-attr]


def test_labels_beside_the_gold_are_taken_and_stand_above_its_own(model: Model, tmp_path: Path):
    write(tmp_path / "g.jsonl", [{k: r[k] for k in ("id", "text", "on_topic")} for r in pages(4)])
    (tmp_path / "relevance_labels.tsv").write_text(
        "id\trelation\tthemes\np0\tnone\t\np1\tdisputed\t\np2\tcoop\ttourism\n"
    )
    for gold in (tmp_path, tmp_path / "g.jsonl"):
        found = evaluate(gold, model=model, with_baselines=False)
        assert found.protocol["labels"] == "relevance_labels.tsv"
        assert found.protocol["n_documents"]["documents"] == 3  # type: ignore[index]  # the disputed one is left out
    (tmp_path / "mine.csv").write_text("id,on_topic\nnobody,on\n")
    write(tmp_path / "h.jsonl", [{"id": "p0", "text": RAIL}])
    with pytest.raises(ToolkitError, match="none of its ids"):
        evaluate(tmp_path / "h.jsonl", model=model, labels_file=tmp_path / "mine.csv")


def test_html_is_joined_to_its_gold_text_by_id(model: Model, tmp_path: Path):
    body = f"<h1>A line</h1><p>{RAIL}</p><p>{TRADE}</p><p>{MORE}</p>"
    html = f"<html><body><ul><li><a href='/'>Home</a></li></ul><article>{body}</article></body></html>"
    gold = "\n".join([RAIL, TRADE, MORE])
    write(tmp_path / "a_html.jsonl", [{"id": "1", "html": html}])
    page = {"id": "1", "gold_text": gold, "snippets_with": ["freight line"], "snippets_without": ["Home"]}
    write(tmp_path / "pages.jsonl", [page])
    joined = evaluate(tmp_path, model=model)
    alone = evaluate(write(tmp_path / "alone.jsonl", [{**page, "html": html}]), model=model)
    assert [(f.id, f.system, f.value) for f in joined.figures] == [(f.id, f.system, f.value) for f in alone.figures]
    assert value(joined, "pages.word_f1") > 0.9
    assert value(joined, "pages.must_have") == 1
    assert {"trafilatura", "readability", "jusText"} <= {f.system for f in joined.figures}


def test_pairs_are_found_among_everything_else(model: Model, tmp_path: Path):
    texts = [f"{RAIL}\n{TRADE}\n{MORE}", f"{BAND}\n{CAKE}\n{BAND} Nobody minded."]
    pairs = [{"id_a": f"{i}#0", "id_b": f"{i}#1", "text_a": t, "text_b": f"Home\n{t}"} for i, t in enumerate(texts)]
    (tmp_path / "g").mkdir()
    write(tmp_path / "g" / "pairs.jsonl", pairs)
    write(tmp_path / "g" / "rest.jsonl", [{"id": "copy", "text": texts[0]}, {"id": "0", "text": texts[0]}])
    found = evaluate(tmp_path / "g", model=model)
    assert value(found, "pairs.recall") == 1
    assert value(found, "pairs.precision") == pytest.approx(2 / 3)  # "copy" is no scrape of the pair; "0" is its page


def test_pairs_that_share_a_scrape_are_of_one_page():
    pages = counts.pages_of([("a", "b"), ("x", "y"), ("c", "b"), ("c", "d")])
    assert {pages[name] for name in "abcd"} == {"a"}
    assert {pages[name] for name in "xy"} == {"x"}


def test_roles_are_looked_up_by_how_a_segment_begins(model: Model, tmp_path: Path):
    segments = (Segment("d", 0, 0, 6, "Home\n\n", "navigation", "menu"), Segment("d", 1, 6, 13, "The end", "body"))
    cut = CutDocument(Document("d", "Home\n\nThe end"), segments, ("Home", "The end"))
    expected = (("Home", ("footer", "navigation")), ("The", ("title",)), ("Nowhere", ("body",)))
    assert counts.role_counts(expected, cut) == [1.0, 3.0]
    record = {"id": "a", "text": f"{RAIL}\n\n{TRADE}\n", "roles": [["Trade", "body"], ["Sport", ["body"]]]}
    found = evaluate(write(tmp_path / "g.jsonl", [record]), model=model)
    assert value(found, "roles.right") == 0.5


def test_a_sample_is_the_same_whatever_the_order(model: Model, tmp_path: Path):
    records = pages(12)
    one = evaluate(write(tmp_path / "a.jsonl", records), model=model, sample=3, with_baselines=False)
    other = evaluate(write(tmp_path / "b.jsonl", records[::-1]), model=model, sample=3, with_baselines=False)
    assert one.figures == other.figures
    assert one.protocol["n_documents"]["lines"] == 3  # type: ignore[index]
    assert (key_of(one), name_of(tmp_path / "a.jsonl")) == ("a (sample 3)", "a")


# Baselines


def test_baselines_keep_prose_and_say_so_line_by_line():
    prose = f"{RAIL} {TRADE}"
    lines = ["Home", prose, "", f"{MORE} {BAND}", "<b>&amp;\x00</b>", prose]
    assert baselines.justext_lines(lines)[:4] == [False, True, False, True]
    assert baselines.trafilatura_lines(lines)[1] is True
    assert baselines.keep_all(lines) == [True] * 6
    assert [len(keep(lines)) for keep in baselines.LINE_BASELINES.values()] == [6] * 4
    assert baselines.LINE_BASELINES["jusText"]([]) == []


# Gates


def figure(identifier: str, value: float, *, higher: bool = True, source: str = "all", main: bool = True) -> Figure:
    return Figure(identifier, identifier, OURS, source, value, value, value, 9, higher, main)


def measured(*figures: Figure, fingerprint: str = "f") -> Evaluation:
    return Evaluation("g", fingerprint, None, {}, figures, (), 0, {})


def test_a_gate_shuts_for_a_low_figure_a_missing_one_and_other_gold():
    floors = {"g": {"fingerprint": "f", "floors": {"a.f1": 0.9, "a.f1@s=x": 0.5, "a.pk": 0.1}}}
    good = (figure("a.f1", 0.9), figure("a.f1", 0.6, source="s=x"), figure("a.pk", 0.1, higher=False))
    assert check([measured(*good)], floors) == ()
    for bad, words in (
        ((figure("a.f1", 0.8999), *good[1:]), "a.f1 0.8999 is below its floor 0.9"),
        ((*good[:2], figure("a.pk", 0.11, higher=False)), "a.pk 0.1100 is above its ceiling 0.1"),
        (good[:1] + good[2:], "a.f1@s=x was not measured"),
    ):
        (failure,) = check([measured(*bad)], floors)
        assert f"{failure.floor} {failure.detail}" == words
    (failure,) = check([measured(*good, fingerprint="other")], floors)
    assert failure.floor == "fingerprint"
    assert check([measured(*good)], {})[0].detail.startswith("no floors for it")


def test_floors_rise_with_the_figures_and_fall_only_when_told(tmp_path: Path):
    first = update(
        [
            measured(
                figure("a.f1", 0.90061),
                figure("a.pk", 0.10001, higher=False),
                figure("a.x", 1, main=False),
                figure("a.f1", 1, source="s=x"),
            )
        ],
        {},
    )
    assert first == {"g": {"fingerprint": "f", "floors": {"a.f1": 0.9, "a.pk": 0.101}}}
    mixed = [measured(figure("a.f1", 0.95), figure("a.pk", 0.2, higher=False))]
    assert update(mixed, first)["g"]["floors"] == {"a.f1": 0.95, "a.pk": 0.101}
    assert update(mixed, first, lower=True)["g"]["floors"] == {"a.f1": 0.95, "a.pk": 0.2}
    assert first["g"]["floors"]["a.f1"] == 0.9  # what was given is not changed
    with pytest.raises(ToolkitError, match="--lower-floors"):
        update([measured(figure("a.f1", 0.95), fingerprint="other")], first)
    write_floors(tmp_path / "f.json", first)
    assert read_floors(tmp_path / "f.json") == first
    for wrong in ("[]", "{", '{"schema_version": 1, "gold": {"g": {"fingerprint": "f", "floors": {"a": "high"}}}}'):
        (tmp_path / "f.json").write_text(wrong)
        with pytest.raises(ToolkitError):
            read_floors(tmp_path / "f.json")


# The command


def test_the_command_says_figures_on_stdout_and_shuts_the_gate(toolkit: Command, tmp_path: Path):
    write(tmp_path / "g.jsonl", pages(4))
    done = toolkit("evaluate", "g.jsonl", "--update-floors", "floors.json", "--json", "--no-baselines", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    (gold,) = summary["gold"]
    assert gold["protocol"]["model"] == "china-asean"
    assert {"id", "value", "low", "high", "n", "source", "system", "name"} <= set(gold["figures"][0])
    gated = ("evaluate", "g.jsonl", "--gate", "floors.json", "--no-baselines")
    again = toolkit(*gated, cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert "body F1 by line" in again.stdout
    assert gold["fingerprint"] in again.stdout
    assert again.stdout == toolkit(*gated, cwd=tmp_path).stdout
    floors = json.loads((tmp_path / "floors.json").read_text())
    floors["gold"]["g"]["floors"]["lines.body_f1_lines"] = 1.01
    (tmp_path / "floors.json").write_text(json.dumps(floors))
    shut = toolkit(*gated, "--json", cwd=tmp_path)
    assert shut.returncode == 1
    assert json.loads(shut.stdout)["gate"][0]["floor"] == "lines.body_f1_lines"
    assert "below its floor 1.01" in shut.stderr


def test_the_command_names_what_is_wrong(toolkit: Command, tmp_path: Path):
    write(tmp_path / "g.jsonl", [{"id": "a", "text": RAIL}])
    write(tmp_path / "bad.jsonl", ["{broken"])
    for arguments, code, words in (
        (["nowhere.jsonl"], 2, "no such file"),
        (["g.jsonl"], 2, "line_labels"),
        (["bad.jsonl"], 3, "record 1"),
        (["g.jsonl", "--gate", "none.json"], 2, "none.json"),
        (["g.jsonl", "--model", "chna-asean"], 2, "china-asean"),
        (["g.jsonl", "--lower-floors"], 2, "--update-floors"),
        (["g.jsonl", "./g.jsonl"], 2, "of one name"),
    ):
        done = toolkit("evaluate", *arguments, cwd=tmp_path)
        assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
        assert words in done.stderr
