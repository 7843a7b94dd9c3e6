"""The section on what changed since another run."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from report_results import article, made_up, parse, run_json, segment
from test_report_hostile import PAYLOADS, hostile, shape

from toolkit.data import Results
from toolkit.errors import ToolkitError
from toolkit.files import read_results, write_tables
from toolkit.report import make_report
from toolkit.report.compare import compare_runs, holm, two_proportions
from toolkit.report.compare_settings import find_differences
from toolkit.report.compare_topics import BY_REGISTER, BY_SEGMENTS, NOT_MATCHED
from toolkit.report.tally import count_results
from toolkit.report_jobs import write_report

THEMES = ("health", "tourism")


def run_of(
    verdicts: dict[str, str],
    *,
    themes: dict[str, tuple[str, ...]] | None = None,
    topics: dict[str, int] | None = None,
    texts: dict[str, str] | None = None,
    **changes: Any,
) -> Results:
    """One article of one segment for each id; `themes`, `topics` and `texts` by id where they matter."""
    articles, segments = [], []
    for name, verdict in sorted(verdicts.items()):
        scores = [{"theme": theme, "score": 0.7} for theme in (themes or {}).get(name, ())]
        topic = (topics or {}).get(name, -1)
        relevance = {"on": 0.9, "unsure": 0.5, "off": 0.1}[verdict]
        articles.append(article(name, title=f"About {name}", on_topic=verdict, relevance=relevance, themes=scores))
        text = (texts or {}).get(name, f"What stands in {name} is a sentence that is long enough to be read.\n")
        segments.append(segment(name, 0, 0, text, on_topic=verdict, themes=scores, topic=topic))
    known = sorted(set((topics or {}).values()))
    rows = [
        {"topic": t, "name": f"topic {t}", "terms": [], "n_segments": 1, "n_articles": 1, "theme": None} for t in known
    ]
    run = run_json(counts={"read": len(articles), "articles": len(articles), "quarantined": 0, "repeats": 0}, **changes)
    return Results(run, tuple(articles), tuple(segments), tuple(rows), ())


def compared(before: Results, after: Results) -> Any:
    return compare_runs(before, after, count_results(before), count_results(after))


def page_words(before: Results, after: Results) -> str:
    html = make_report(after, before=before).html
    return " ".join(parse(html).xpath("//section[@id='changes']")[0].text_content().split())


def sheet(before: Results, after: Results, name: str) -> list[dict[str, str]]:
    found = next(sheet for sheet in make_report(after, before=before).sheets if sheet.name == name)
    return list(csv.DictReader(io.StringIO(found.csv().decode())))


def with_lineage(*marks: str, topics: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {"model": {"name": "m", "hash": marks[-1], "card": {"topic_lineage": list(marks), "topics": list(topics)}}}


def test_articles_are_new_gone_and_moved_by_their_ids() -> None:
    found = compared(
        run_of({"a": "on", "b": "off", "c": "on", "d": "unsure"}),
        run_of({"b": "on", "c": "off", "d": "unsure", "e": "on"}),
    )
    assert [a.document_id for a in found.new] == ["e"]
    assert [a.document_id for a in found.gone] == ["a"]
    assert found.n_both == 3
    assert dict(found.verdicts) == {("off", "on"): 1, ("on", "off"): 1, ("unsure", "unsure"): 1}
    assert [item.after.document_id for item in found.moved] == ["b", "c"]


def test_another_text_under_the_same_id_is_counted() -> None:
    found = compared(run_of({"a": "on", "b": "on"}), run_of({"a": "on", "b": "on"}, texts={"b": "Quite another.\n"}))
    assert found.n_text_changed == 1


def test_the_page_shows_the_table_of_verdicts_with_examples_that_can_be_marked() -> None:
    before, after = run_of({"a": "on", "b": "off", "c": "on"}), run_of({"a": "off", "b": "off", "d": "on"})
    said = page_words(before, after)
    assert "1 article is new, 1 is gone and of 2 articles in both runs 1 has another verdict." in said
    assert "On-topic before, off-topic now 1 of 1" in said
    assert "0.90 → 0.10 About a" in said
    items = parse(make_report(after, before=before).html).xpath("//section[@id='changes']//li/@data-doc")
    assert items == ["a", "d", "c"]
    rows = {row["document_id"]: row for row in sheet(before, after, "compare_articles")}
    assert {name: row["change"] for name, row in rows.items()} == {"a": "verdict", "c": "gone", "d": "new"}
    assert (rows["a"]["verdict_before"], rows["a"]["verdict_after"]) == ("on", "off")


def test_equal_runs_have_no_change() -> None:
    results = run_of(dict.fromkeys("abcdefgh", "on"), topics={"a": 0, "b": 0, "c": 1}, themes={"a": THEMES})
    said = page_words(results, results)
    assert "Of 8 articles in both runs none has another verdict" in said
    assert "No theme's share changed more than chance would explain." in said
    assert "With the same input, model, configuration and versions." in said
    assert "2 topics kept, 0 new, 0 gone" in said


def test_the_minute_says_what_changed() -> None:
    before = made_up(40)
    page = make_report(made_up(60), before=before).html
    minute = page[page.index('id="summary"') : page.index('id="funnel"')]
    assert "20 articles are new" in minute
    assert 'href="#changes"' in minute
    assert "changes" not in make_report(made_up(60)).html.split('id="funnel"')[0]


def test_without_another_run_there_is_no_such_section() -> None:
    report = make_report(made_up(40))
    assert not parse(report.html).xpath("//*[@id='changes']")
    assert "Changes since" not in report.html
    assert not [sheet.name for sheet in report.sheets if sheet.name.startswith("compare")]


def test_a_change_of_a_share_is_clear_only_beyond_chance() -> None:
    names = [f"d{i:03d}" for i in range(200)]
    on = dict.fromkeys(names, "on")
    before = run_of(on, themes=dict.fromkeys(names[:40], THEMES))
    after = run_of(on, themes={name: ("health",) if i >= 44 else THEMES for i, name in enumerate(names[:120])})
    changes = {change.id: change for change in compared(before, after).themes}
    assert (changes["health"].before, changes["health"].after) == ((40, 200), (120, 200))
    assert (changes["health"].gained, changes["health"].lost) == (80, 0)
    more = run_of({**on, "new": "on"}, themes={"new": ("health",)})
    [health] = [change for change in compared(before, more).themes if change.id == "health"]
    assert (health.after, health.gained, health.lost) == ((1, 201), 0, 40)  # what is new was not gained
    assert (changes["health"].clear, changes["tourism"].clear) == (True, False)
    assert "Health has grown." in page_words(before, after)


def test_one_article_of_four_is_no_change() -> None:
    before = run_of(dict.fromkeys([f"a{i:03d}" for i in range(135)], "on"), themes={"a001": THEMES, "a002": THEMES})
    after = run_of(dict.fromkeys("wxyz", "on"), themes={"w": ("health",)})
    assert not [change for change in compared(before, after).themes if change.clear]


def test_the_test_of_two_shares_and_its_correction_are_the_published_ones() -> None:
    # scipy.stats.chi2_contingency([[15, 85], [30, 70]], correction=False).pvalue
    assert two_proportions((15, 100), (30, 100)) == pytest.approx(0.0110852, abs=1e-7)
    assert two_proportions((5, 10), (5, 10)) == pytest.approx(1.0)
    # where few are expected, scipy.stats.fisher_exact([[1, 3], [2, 133]]).pvalue and ([[8, 2], [1, 5]])
    assert two_proportions((1, 4), (2, 135)) == pytest.approx(0.08446331, abs=1e-7)
    assert two_proportions((8, 10), (1, 6)) == pytest.approx(0.03496503, abs=1e-7)
    # Holm on four: .005 <= .05/4, .01 <= .05/3, .03 > .05/2 stops it, .04 with it
    assert holm([0.01, 0.04, 0.03, 0.005]) == [True, False, False, True]
    assert holm([0.026, 0.03]) == [False, False]


def test_only_the_themes_of_both_are_compared_and_the_others_are_named() -> None:
    theme = {"id": "space", "label": "Space", "description": ""}
    before = run_of({"a": "on"}, themes={"a": ("health",)})
    after = run_of({"a": "on"}, themes={"a": ("health",)})
    after = replace(after, run={**after.run, "themes": [after.run["themes"][3], theme]})  # type: ignore[index]
    said = page_words(before, after)
    assert "only this run has Space" in said
    assert "Tourism" in said
    assert [row["theme"] for row in sheet(before, after, "compare_themes")] == ["health"]


def test_runs_with_nothing_in_common_are_refused() -> None:
    after = run_of({"b": "on"})
    after = replace(after, run={**after.run, "themes": [{"id": "space", "label": "Space"}]})
    with pytest.raises(ToolkitError, match="no article and no theme in common"):
        make_report(after, before=run_of({"a": "on"}))


def test_a_run_is_not_compared_with_itself(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    with pytest.raises(ToolkitError, match="the same folder") as caught:
        write_report(tmp_path / "x", tmp_path / "report.html", compare=tmp_path / "x" / ".." / "x")
    assert caught.value.exit_code == 2
    assert not (tmp_path / "report.html").exists()


SIX = dict.fromkeys("abcdef", "on")


def test_topics_of_one_register_are_matched_by_their_ids() -> None:
    before = run_of(SIX, topics={"a": 0, "b": 0, "c": 1, "d": 2}, **with_lineage("m1"))
    later = with_lineage("m1", "m2", topics=({"topic": 0, "aliases": [2]}, {"topic": 7, "parents": [1]}))
    after = run_of(SIX, topics={"c": 0, "d": 0, "a": 7}, **later)
    found = compared(before, after)
    assert found.topics_by == BY_REGISTER
    kinds = {(c.kind, c.id_before, c.id_after): c.kin for c in found.topics}
    assert kinds == {
        ("kept", 0, 0): (),
        ("new", None, 7): (("topic 1", None),),  # its parent by the register, whatever the segments say
        ("gone", 1, None): (("topic 0", 1.0),),  # its one segment is in topic 0 now
        ("gone", 2, None): (("topic 0", None),),  # merged into it
    }


def test_other_topics_are_matched_where_each_is_mostly_the_other() -> None:
    before = run_of(SIX, topics={"a": 0, "b": 0, "c": 0, "d": 1, "e": 1}, **with_lineage("m1"))
    after = run_of(SIX, topics={"a": 5, "b": 5, "d": 0, "c": 0, "f": 3}, **with_lineage("n1"))
    found = compared(before, after)
    assert found.topics_by == BY_SEGMENTS
    kept = [(c.id_before, c.id_after, c.shared) for c in found.topics if c.kind == "kept"]
    assert kept == [(0, 5, pytest.approx(2 / 3))]  # not 0 and 0, which only share their number
    assert {c.id_after for c in found.topics if c.kind == "new"} == {0, 3}
    [gone] = [c for c in found.topics if c.kind == "gone"]
    assert (gone.id_before, gone.kin) == (1, (("topic 0", 0.5),))


def test_a_topic_that_is_a_small_part_of_another_is_not_that_one() -> None:
    before = run_of(SIX, topics={"a": 0, "b": 1})
    after = run_of(SIX, topics=dict.fromkeys("abcd", 5))
    kinds = [(c.kind, c.id_before, c.id_after, c.kin) for c in compared(before, after).topics]
    assert kinds == [
        ("new", None, 5, (("topic 0", 0.25), ("topic 1", 0.25))),
        ("gone", 0, None, (("topic 5", 1.0),)),
        ("gone", 1, None, (("topic 5", 1.0),)),
    ]


def test_topics_on_disk_are_matched_as_those_in_memory_are(tmp_path: Path) -> None:
    before, after = made_up(60), made_up(80)
    renumbered = [{**row, "topic": (row["topic"] + 5) % 24 if row["topic"] >= 0 else -1} for row in after.segments]
    after = replace(after, segments=tuple(renumbered))
    stored = [_on_disk(results, tmp_path / name) for results, name in ((before, "a"), (after, "b"))]
    in_memory = compared(before, after).topics
    assert sum(1 for change in in_memory if change.kind == "kept" and change.id_before != change.id_after) > 5
    assert compared(*stored).topics == in_memory


def _on_disk(results: Results, folder: Path) -> Results:
    """The same results with their tables in Parquet files."""
    folder.mkdir()
    write_tables(
        folder,
        ["parquet"],
        articles=map(dict, results.articles),
        segments=map(dict, results.segments),
        topics=map(dict, results.topics),
        side_ids=["china", "asean"],
        extra_columns={},
        with_xpath=False,
    )
    (folder / "run.json").write_text(json.dumps(results.run))
    return read_results(folder)


def test_segments_of_texts_that_changed_match_no_topic() -> None:
    before = run_of(SIX, topics={"a": 0, "b": 0})
    after = run_of(SIX, topics={"a": 0, "b": 0}, texts={"a": "Another text.\n", "b": "Another one.\n"})
    found = compared(before, after)
    assert (found.topics_by, found.topics) == (NOT_MATCHED, ())
    assert "cannot be matched" in page_words(before, after)


def test_a_topic_has_grown_only_beyond_chance() -> None:
    names = [f"d{i:03d}" for i in range(200)]
    on = dict.fromkeys(names, "on")
    before = run_of(on, topics={name: i % 2 for i, name in enumerate(names[:40])}, **with_lineage("m1"))
    held = dict.fromkeys(names[40:140], 0) | dict.fromkeys(names[:24], 1)
    after = run_of(on, topics=held, **with_lineage("m1"))
    rows = {row["topic_after"]: row for row in sheet(before, after, "compare_topics")}
    assert (rows["0"]["articles_before"], rows["0"]["articles_after"], rows["0"]["word"]) == ("20", "100", "grown")
    assert rows["1"]["word"] == "no clear change"


def test_how_the_runs_were_made_differently_is_said_in_words() -> None:
    terms = {"health": {"label": "Health", "seed_terms": ["vaccines", "hospitals", "medicine"]}}
    config = {"topics": {"engine": "nmf", "n_topics": None}, "themes": terms}
    other = {
        "topics": {"engine": "nmf", "n_topics": 12},
        "themes": {"health": {"label": "Health", "seed_terms": ["nurse", "vaccines"]}},
    }
    before = run_json(config=config, thresholds={"on_from": 0.6, "off_below": 0.35})
    after = run_json(
        config=other,
        thresholds={"on_from": 0.7, "off_below": 0.35},
        model={"name": "new", "hash": "ee" * 32, "trained_on": {"n_documents": 90, "n_labels": 12, "base": "c5" * 32}},
        versions={**before["versions"], "numpy": "2.5.0"},
    )
    said = {difference.what: difference.sentence for difference in find_differences(before, after)}
    assert said["model"] == (
        "The model is another: “new”, hash eeeeeeeeeeee, trained on 90 documents, 12 of them labelled; before, "
        "“china-asean”, hash c5c5c5c5c5c5, trained on 5 documents. The later one was trained starting from the earlier."
    )
    assert said["thresholds.on_from"] == "On-topic begins at a score of 0.700; before, 0.600."
    assert said["topics.n_topics"] == "In the configuration, topics › n topics is 12; before, not set."
    assert said["themes.health.seed_terms"] == (
        "In the configuration, themes › health › seed terms gained nurse and lost hospitals and medicine."
    )
    assert said["version of numpy"] == "Version of numpy: 2.5.0; before, 2.4.6."
    assert len(said) == 5
    assert find_differences(before, before) == []


def test_hostile_text_in_the_other_run_adds_no_element() -> None:
    after = hostile("https://e.example/harmless")
    benign = shape(make_report(after, before=hostile("https://e.example/harmless")).html)
    for payload in PAYLOADS[::7]:
        before = hostile(payload)
        moved = [{**row, "document_id": after.articles[i]["document_id"]} for i, row in enumerate(before.articles)]
        report = make_report(after, before=replace(before, articles=tuple(moved)))
        assert not [tag for tag in shape(report.html) - benign if tag[0] in ("script", "img", "iframe", "svg", "b")]
        for sheet in report.sheets:
            for row in csv.reader(io.StringIO(sheet.csv().decode())):
                assert not [cell for cell in row if cell[:1] in "=+@" and cell[:1]]


def test_the_same_two_runs_give_the_same_bytes() -> None:
    before, after = made_up(40), made_up(50)
    assert make_report(after, before=before).html == make_report(after, before=before).html
