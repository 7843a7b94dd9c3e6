"""The section on the boundary: what lies near the line, and the rejects drawn to be audited."""

from __future__ import annotations

import csv
import io
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_results import article, parse, render_report, report_on, run_json, segment

from toolkit.data import Results
from toolkit.report import make_report
from toolkit.report.boundary import N_AUDIT, bins, conclusions, draw_rejects, find_near
from toolkit.report.findings import wilson
from toolkit.report.measured import line_words, not_measured, read_measured
from toolkit.report.size import BRIEF, STANDARD
from toolkit.report.tally import count_results


def results_of(verdicts: list[tuple[str, float]], **changes: Any) -> Results:
    """One article for each verdict and score; each has two paragraphs, the second about the subject."""
    articles, segments = [], []
    for i, (verdict, score) in enumerate(verdicts):
        name = f"d{i:03d}"
        articles.append(article(name, title=f"Report {i}", on_topic=verdict, relevance=score))
        texts = [
            f"The weather in the valley stayed dry for the whole of week {i}, and the fields were brown.\n",
            f"A delegation from Guangxi opened fair number {i} in Vientiane and signed two contracts there.\n",
        ]
        start = 0
        for index, (text, relevance) in enumerate(zip(texts, (0.1, 0.8), strict=True)):
            segments.append(segment(name, index, start, text, on_topic=verdict, relevance=relevance))
            start += len(text)
    counts = {"read": len(articles), "articles": len(articles), "quarantined": 0, "repeats": 0}
    return Results(run_json(counts=counts, **changes), tuple(articles), tuple(segments), (), ())


def section(html: str, name: str) -> Any:
    return parse(html).xpath(f"//section[@id='{name}']")[0]


def words_in(html: str, name: str) -> str:
    return " ".join(section(html, name).text_content().split())


def sheet(results: Results, name: str) -> list[dict[str, str]]:
    found = next(sheet for sheet in make_report(results).sheets if sheet.name == name)
    return list(csv.DictReader(io.StringIO(found.csv().decode())))


MIXED = [("on", 0.95), ("on", 0.62), ("unsure", 0.58), ("unsure", 0.4), ("off", 0.3), ("off", 0.01)]


def test_each_list_has_the_article_nearest_the_line_first() -> None:
    near = find_near(results := results_of(MIXED), count_results(results), STANDARD)
    assert [a.document_id for a in near.lowest_on] == ["d001", "d000"]
    assert [a.document_id for a in near.unsure] == ["d002", "d003"]
    assert [a.document_id for a in near.highest_off] == ["d004", "d005"]


def test_an_unsure_article_is_in_one_list_only() -> None:
    results = results_of([("unsure", i / 100) for i in range(36, 60)])
    near = find_near(results, count_results(results), STANDARD)
    first = [article.relevance for article in near.unsure]
    last = [article.relevance for article in near.lowest_unsure]
    assert first == sorted(first, reverse=True)
    assert last == sorted(last)
    assert max(last) < min(first)


def test_the_passage_shown_is_the_one_that_argues_most_and_lies_where_it_says() -> None:
    results = results_of(MIXED)
    text_of = {row["document_id"]: "" for row in results.segments}
    for row in results.segments:
        text_of[row["document_id"]] += row["text"]
    passages = section(render_report(results), "boundary").xpath(".//p[@data-start]")
    assert passages
    for passage in passages:
        start, end = int(passage.get("data-start")), int(passage.get("data-end"))
        assert passage.text == text_of[passage.get("data-doc")][start:end]
        assert "delegation from Guangxi" in passage.text


def test_everything_that_can_be_marked_names_its_article() -> None:
    found = section(report_on(300).html, "boundary")
    items = found.xpath(".//ol/li")
    assert len(items) > 40
    assert all(item.get("data-doc") for item in items)
    opened = found.xpath(".//a[@class='open']/@href")
    assert len(opened) == len(items)
    assert all(link.startswith("#explore?doc=a-") for link in opened)


def test_a_brief_page_has_no_links_to_an_explorer_it_lacks() -> None:
    page = report_on(300, size=BRIEF).html
    assert "#explore?" not in page
    assert len(page) < len(report_on(300).html)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=6), min_size=25, max_size=60, unique=True), st.randoms())
def test_the_audit_hangs_on_the_ids_alone(names: list[str], chance: random.Random) -> None:
    articles = [article(name, on_topic="off", relevance=0.1) for name in names]
    drawn = draw_rejects(count_results(Results(run_json(), tuple(articles), (), (), ())))
    chance.shuffle(articles)
    articles = [{**row, "relevance": 0.05, "title": "Another"} for row in articles]
    again = draw_rejects(count_results(Results(run_json(), tuple(articles), (), (), ())))
    assert [a.document_id for a in drawn] == [a.document_id for a in again]
    assert len(drawn) == N_AUDIT


def test_the_audit_leans_neither_to_scores_nor_to_names() -> None:
    results = results_of([("off", i / 2000) for i in range(400)])
    tally = count_results(results)
    drawn = draw_rejects(tally, 100)
    mean = sum(article.relevance or 0.0 for article in drawn) / 100
    assert abs(mean - 0.09975) < 4 * 0.0577 / 10  # four standard errors of the mean of 100 of 0..0.2
    assert len(draw_rejects(tally, 20)) == 20
    assert draw_rejects(tally, 20) == drawn[:20]


def test_what_follows_from_an_audit_is_the_wilson_interval() -> None:
    rows = conclusions(20, 1039)
    assert [row["found"] for row in rows] == ["0 of 20", "1 of 20", "2 of 20", "4 of 20"]
    assert rows[0]["at_most"] == "16%"
    assert rows[0]["articles"] == f"0–{int(1039 * wilson(0, 20)[1])}"
    assert rows[1]["share"] == "1–24%"


def test_with_few_rejects_all_are_listed_and_nothing_is_inferred() -> None:
    assert conclusions(3, 3) == []
    said = words_in(render_report(results_of([("off", 0.1)] * 3)), "boundary")
    assert "All 3 off-topic articles are listed" in said
    assert "rightly rejected" not in said


def test_the_page_says_how_many_of_how_many_were_drawn_and_what_that_shows() -> None:
    said = words_in(render_report(results_of([("off", i / 1000) for i in range(90)])), "boundary")
    assert "20 of the 90 off-topic articles, drawn by a checksum of their ids" in said
    assert "If all 20 are rightly rejected, at most 16% of the rejected are wrong (95%)" in said


def test_scores_fall_into_twenty_bins_and_one_belongs_to_the_last() -> None:
    counts = bins([0.0, 0.049, 0.05, 0.999, 1.0])
    assert (counts[0], counts[1], counts[19], sum(counts)) == (2, 1, 2, 5)


def test_a_run_without_relevance_has_no_line() -> None:
    said = words_in(render_report(results_of([("on", 1.0)] * 40, no_relevance=True)), "boundary")
    assert "switched off" in said
    assert "off-topic" not in said


def test_the_lists_are_tables_beside_the_page() -> None:
    results = results_of([*MIXED, *[("off", 0.2)] * 40])
    boundary, drawn = sheet(results, "boundary"), sheet(results, "audit_sample")
    assert {row["list"] for row in boundary} == {"lowest on-topic", "unsure, nearest on-topic", "highest off-topic"}
    assert [row["drawn"] for row in drawn] == [str(i) for i in range(1, 21)]
    assert all(row["on_topic"] == "off" for row in drawn)
    assert sum(int(row["articles"]) for row in sheet(results, "boundary_scores")) == 46


FIGURES = {
    "n_documents": 1284.0,
    "n_on": 203.0,
    "precision_on": 0.9793,
    "recall_on": 0.6995,
    "coverage": 0.9011,
    "coverage_on": 0.6995,
    "coverage_off": 0.9389,
    "coverage_promised": 0.9,
    "conformal_limit": 0.1214,
}


def with_card(n_labels: int, **relevance: float) -> dict[str, Any]:
    trained = {"n_documents": 1285, "n_labels": n_labels, "n_on_topic": 153, "base": None}
    card = {"n_learned_from": 1285, "topics_language": "en", "relevance": relevance, "themes": {}, "topics": []}
    return {"model": {"name": "m", "hash": "c5" * 32, "trained_on": trained, "card": card}}


def test_precision_and_recall_are_said_with_their_intervals() -> None:
    said = line_words(read_measured(run_json(**with_card(1284, **FIGURES))))
    assert "98% (95% interval 94–99%) were" in said[0]  # 142 of 145
    assert "of the 203 that are on-topic, 70% (95% interval 63–76%) were found" in said[0]
    assert "90% get an answer, and the right one" in said[1]
    assert "held for 90% (95% interval 88–92%)" in said[1]


def test_figures_of_the_base_are_not_passed_off_as_those_of_the_model() -> None:
    own, inherited = (read_measured(run_json(**with_card(n, **FIGURES))) for n in (1284, 0))
    assert "this one started from" not in line_words(own)[0]
    assert "of the model this one started from" in line_words(inherited)[0]


def test_where_nothing_was_measured_the_page_says_why() -> None:
    no_labels = render_report(results_of(MIXED, **with_card(0)))
    assert "the model learned from no labels" in words_in(no_labels, "boundary")
    older = render_report(results_of(MIXED))
    assert "an older version of the toolkit wrote it" in words_in(older, "boundary")
    assert not not_measured(read_measured(run_json(**with_card(1284, **FIGURES))))


@pytest.mark.parametrize("name", ["boundary", "quality", "method"])
def test_results_without_thresholds_model_or_config_are_still_accounted_for(name: str) -> None:
    results = results_of(MIXED)
    bare = {key: results.run[key] for key in ("counts", "inputs")}
    assert words_in(render_report(replace(results, run=bare)), name)
