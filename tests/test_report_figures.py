"""The report's figures: grids and what chance gives, words of a theme, quotations in their place, charts, sheets."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chromium import Page
from report_results import article, made_up, parse, report_on, run_json, segment, small, words_of

from toolkit.data import Results
from toolkit.report import Report, charts, make_report
from toolkit.report.charts import filled
from toolkit.report.charts.describe import describe_charts
from toolkit.report.context import context_of
from toolkit.report.crosses import cross, membership
from toolkit.report.figures import Dot, share_dots, tidy
from toolkit.report.findings import wilson
from toolkit.report.inner_places import inner_places
from toolkit.report.links import Links
from toolkit.report.periods import lay_out
from toolkit.report.size import BRIEF
from toolkit.report.tally import count_results
from toolkit.report.theme_words import theme_words


@pytest.fixture(scope="module")
def report() -> Report:
    return report_on(300)


@pytest.fixture(scope="module")
def brief() -> Report:
    return report_on(300, size=BRIEF)


def rows_of(report: Report, name: str) -> list[dict[str, str]]:
    """A sheet of the report, read back."""
    (sheet,) = [sheet for sheet in report.sheets if sheet.name == name]
    return list(csv.DictReader(io.StringIO(sheet.csv().decode())))


# Topics over time, by outlet and by place


def shares_of(topic: int, by: str, *counts: tuple[str, int, int]) -> list[dict[str, Any]]:
    rows = []
    for key, n, of in counts:
        low, high = wilson(n, of)
        interval = {"share": n / of, "low": low, "high": high, "burst": False, "burst_p": None}
        rows.append({"topic": topic, "by": by, "key": key, "n_articles": n, "of_articles": of, **interval})
    return rows


def test_a_topic_says_when_where_and_by_whom_it_is_most_frequent_with_intervals_and_a_sheet_of_all() -> None:
    results = made_up(60)
    topic = int(results.topics[0]["topic"])
    rows = [
        *shares_of(topic, "time", ("2024-01", 1, 1), ("2024-02", 30, 40), ("2024-03", 2, 40), ("undated", 9, 9)),
        *shares_of(topic, "outlet", ("=<b>one</b>", 20, 50), ("two.example", 1, 50), ("unknown", 5, 5)),
        *shares_of(topic, "place:china", ("Yunnan", 8, 9)),
    ]
    report = make_report(replace(results, topic_shares=tuple(rows)))
    (card,) = parse(report.html).xpath(f"//article[@id='topic-{topic}']")
    said = [" ".join(line.text_content().split()) for line in card.xpath(".//li")]
    lines = [line for line in said if line.startswith(("By ", "With "))]
    assert lines == [
        "By time: February 2024 75% of 40 articles (60–86%); January 2024 100% of 1 article (21–100%); "
        "March 2024 5% of 40 articles (1–17%).",
        "By outlet: =<b>one</b> 40% of 50 articles (28–54%); two.example 2% of 50 articles (0–10%).",
    ]  # one place alone is nothing to compare; what has no date or outlet is none
    sheet = rows_of(report, "topic_shares")
    assert [(row["by"], int(row["n_articles"])) for row in sheet] == [(row["by"], row["n_articles"]) for row in rows]
    assert not any(row["key"].startswith("=") for row in sheet)
    assert "topic_shares.csv" in report.html


def test_where_one_outlet_alone_is_known_the_page_says_that_no_burst_is_marked() -> None:
    results = made_up(60)
    topic = int(results.topics[0]["topic"])
    periods = shares_of(topic, "time", ("2024-01", 1, 10), ("2024-02", 30, 40))
    for outlets, is_said in ((["one.example", "unknown"], True), (["one.example", "two.example"], False)):
        rows = (*periods, *shares_of(topic, "outlet", *((outlet, 5, 25) for outlet in outlets)))
        html = make_report(replace(results, topic_shares=rows)).html
        assert ("At most one outlet of these articles is known" in html) == is_said


def test_topics_of_a_batch_are_told_to_be_the_models_and_what_they_do_not_cover_is_pointed_at() -> None:
    results = made_up(60)
    drift = {"verdict": "new topic", "words": ["9 of 60 articles compared (15.0 %) speak of mangoes."]}
    learned = parse(make_report(results).html).xpath("//section[@id='topics']")[0].text_content()
    assert "found in this corpus by" in learned
    judged = {**results.run, "command": "classify", "drift": drift}
    page = parse(make_report(replace(results, run=judged)).html)
    section = page.xpath("//section[@id='topics']")[0]
    assert "found in the articles the model learned from, not in these," in section.text_content()
    (flag,) = [
        p
        for p in section.xpath("./p[@class='flag']") or section.xpath(".//p[@class='flag']")
        if "#quality" in str(p.xpath(".//a/@href"))
    ]
    assert "none of the topics covers" in flag.text_content()
    calm = {**judged, "drift": {"verdict": "like the training corpus", "words": ["Alike."]}}
    assert "none of the topics covers" not in make_report(replace(results, run=calm)).html


# Sheets


@pytest.mark.parametrize("size", ["brief", "report"])
def test_every_sheet_that_the_page_names_is_written_and_every_sheet_once(
    size: str, request: pytest.FixtureRequest
) -> None:
    report: Report = request.getfixturevalue(size)
    names = [f"{sheet.name}.csv" for sheet in report.sheets]
    assert len(names) == len(set(names))
    named = {name for line in parse(report.html).xpath("//p[@class='numbers']") for name in _csv(line.text_content())}
    assert named <= set(names)
    assert {"funnel_articles.csv", "themes.csv", "themes_over_time.csv", "places_by_theme.csv", "topics.csv"} <= named


def _csv(line: str) -> list[str]:
    return re.findall(r"\w+\.csv", line)


def test_the_sheets_hold_the_exact_counts(report: Report) -> None:
    tally = count_results(made_up(300))
    n = len(tally.on)
    rows = {row["theme"]: row for row in rows_of(report, "themes")}
    assert {theme.theme.id: theme.n_articles for theme in tally.themes} == {
        theme: int(row["articles"]) for theme, row in rows.items()
    }
    health = rows["health"]
    low, high = wilson(int(health["articles"]), n)
    assert float(health["share"]) == pytest.approx(int(health["articles"]) / n, abs=1e-6)
    assert (float(health["low"]), float(health["high"])) == pytest.approx((low, high), abs=1e-6)
    over_time = [row for row in rows_of(report, "themes_over_time") if row["theme"] == "health"]
    dated = sum(tally.n_per_bucket) + len(tally.timeline.early) + len(tally.timeline.late)
    assert sum(int(row["of_articles"]) for row in over_time) == dated
    (left,) = [row for row in rows_of(report, "funnel_articles") if row["step"] == "Counted below, copies once"]
    assert left["articles"] == str(n)


def test_each_step_of_the_funnel_is_the_one_before_less_what_was_lost(report: Report) -> None:
    for name, of in (("funnel_articles", "articles"), ("funnel_text", "characters"), ("funnel_text", "segments")):
        left: int | None = None
        for row in rows_of(report, name):
            n = int(row[of])
            if row["kind"] == "lost":
                assert left is not None
                left -= n
            else:
                assert left in (None, n), row
                left = n


def test_no_cell_of_a_sheet_is_a_formula() -> None:
    payload = "=HYPERLINK(1)"
    results = small(40, outlet=payload, title=payload, url=payload, places_asean=[payload, "Vietnam"])
    for sheet in make_report(results).sheets:
        for row in csv.reader(io.StringIO(sheet.csv().decode())):
            assert not [cell for cell in row if cell.startswith(("=", "+", "@"))], sheet.name


# Grids


def test_a_cell_says_what_chance_would_give_and_whether_it_explains_the_count() -> None:
    rows = np.zeros((100, 2), dtype=bool)
    columns = np.zeros((100, 2), dtype=bool)
    rows[:20, 0] = True  # 20 articles in the first row
    columns[:10, 0] = columns[50:60, 0] = True  # 20 in the first column, 10 of them in the first row: 4 expected
    columns[:4, 1] = True
    found = cross(rows, columns)
    cell = found.cells[0][0]
    assert (cell.n, cell.expected, cell.lift) == (10, 4.0, 2.5)
    # variance 20·20·80·80/(100²·99) = 2.586; (6 − 0.5)/1.608 = 3.42, beyond the 2.24 of one half of 5%
    assert cell.clear == 1
    assert not found.cells[0][1].enough  # four articles, 0.8 expected
    assert found.cells[1][0].n == 0
    assert found.rows == (20, 0)


def test_half_an_article_less_is_not_beyond_chance() -> None:
    rows, columns = np.zeros((100, 1), dtype=bool), np.zeros((100, 1), dtype=bool)
    rows[:20], columns[:10], columns[50:70] = True, True, True
    # 6 expected, standard deviation 1.842: 4 more are 2.17 of it, 3.5 more 1.90, and 1.96 are needed
    assert cross(rows, columns).cells[0][0].clear == 0


def test_an_even_mix_is_never_clear() -> None:
    held = [["a", "x"] if i % 4 == 0 else ["a"] if i % 2 == 0 else ["x"] if i % 4 == 1 else [] for i in range(400)]
    cell = cross(membership(held, ["a"]), membership(held, ["x"])).cells[0][0]
    assert (cell.n, cell.expected, cell.clear) == (100, 100.0, 0)


def planted(n: int = 120) -> Results:
    """Articles of which those that name Laos speak of health, and those that name Vietnam of tourism."""
    rows = [
        article(
            f"d{i:04d}",
            outlet="one.example" if i % 3 else "two.example",
            date=f"2024-{i % 12 + 1:02d}-28",
            places_asean=["Laos" if i % 2 else "Vietnam", "Vientiane", "ASEAN"],
            places_china=["China", "Chinese", "Kunmingese", "Yunnan" if i % 2 else "Guangdong", "Kunming"],
            themes=[{"theme": "health" if i % 2 else "tourism", "score": 0.5}],
        )
        for i in range(n)
    ]
    sides = {
        "china": {
            "countries": ["CN"],
            "demonyms": {"CN": ["Kunmingese"]},
            "regions": {"CN": ["Yunnan", "Guangdong | Kwangtung"]},
        }
    }
    return Results(run_json(config={"places": {"sides": sides}}), tuple(rows), (), (), ())


def test_a_planted_pair_stands_out_in_the_sentence_and_in_its_cell() -> None:
    html = make_report(planted()).html
    words = words_of(html)
    assert "More than chance gives: Laos with Health (60, 2.0 times) and Vietnam with Tourism (60, 2.0 times)." in words
    row = parse(html).xpath("//section[@id='places']//tr[th='Laos']")[0]
    marked = {cell.text_content(): cell.get("class") for cell in row.findall("td")}
    assert marked["60 ▲"] == "m3"
    assert marked["0 ▼"] == "l2"


def test_few_articles_are_pale_and_not_compared() -> None:
    results = planted()
    rare = dict(results.articles[0], themes=[{"theme": "security", "score": 0.5}])
    html = make_report(replace(results, articles=(rare, *results.articles[1:]))).html
    row = parse(html).xpath("//section[@id='places']//tr[th='Vietnam']")[0]
    assert [
        cell.text_content() for cell in row.findall("td") if cell.get("class") == "few" and cell.text_content() == "1"
    ]


def test_places_within_a_side_are_told_from_its_people_and_members() -> None:
    found = inner_places(count_results(planted()), 0)
    assert found.regions == ("Guangdong", "Yunnan")
    assert found.others == ("Kunming",)  # neither China nor Chinese
    page = parse(make_report(planted()).html)
    table = page.xpath("//h3[@id='inner-places']/following-sibling::div[1]//table")[0]
    headings = [heading.text_content() for heading in table.xpath(".//tr[@class='group']/th")]
    assert headings == ["China: provinces and regions", "China: cities and other places"]
    yunnan = [cell.text_content() for cell in table.xpath(".//tr[th='Yunnan']/td")]
    columns = [column.text_content() for column in table.xpath("./thead/tr/th")][1:]
    assert columns == ["All articles", "Laos", "Vietnam", "ASEAN as a whole"]
    assert yunnan == ["60", "60 ▲", "0 ▼", "60"]


def test_a_people_of_the_public_list_is_no_place_even_where_the_config_does_not_name_it() -> None:
    run = run_json(
        side_ids=["eu", "mercosur"],
        sides={"eu": "European Union", "mercosur": "Mercosur"},
        members={"eu": ["France"], "mercosur": ["Brazil"]},
        config={"places": {"sides": {"eu": {"countries": ["FR"], "regions": {"FR": ["Brittany"]}}}}},
    )
    row = article("a", places_eu=["France", "French", "Brittany", "Lyon"], places_mercosur=["Brazil"])
    found = inner_places(count_results(Results(run, (row,), (), (), ())), 0)
    assert (found.regions, found.others) == (("Brittany",), ("Lyon",))


# Words and quotations


def test_the_words_of_a_theme_are_those_its_passages_have_and_others_have_not() -> None:
    rows = {
        f"d{i}": (
            segment(f"d{i}", 0, 0, "the nurses trained in the hospital", themes=[{"theme": "health", "score": 0.9}]),
            segment(f"d{i}", 1, 40, "the trains carried the freight", themes=[{"theme": "trade", "score": 0.9}]),
            segment(f"d{i}", 2, 80, "the hospital bookshop", kept=False, role="teaser"),
        )
        for i in range(12)
    }
    found = theme_words(rows, ["health", "trade", "none"])
    assert [(word.word, word.n_inside, word.n_outside) for word in found["health"]] == [
        ("hospital", 12, 0),
        ("nurses", 12, 0),
        ("trained", 12, 0),
    ]
    assert "the" not in {word.word for word in found["trade"]}
    assert found["none"] == ()


def test_a_quotation_stands_in_its_place_with_what_was_cut_and_why() -> None:
    texts = ["First paragraph of it. ", "Advert: buy now. ", "Said before. The quoted words. Said after. ", "The end."]
    rows, start = [], 0
    for index, text in enumerate(texts):
        cut = {"kept": False, "role": "advert", "reason": "advert: asks the reader to buy"} if index == 1 else {}
        rows.append(segment("d", index, start, text, **cut))
        start += len(text)
    whole = "".join(texts)
    at = whole.index("The quoted")
    found = context_of(rows, at, at + len("The quoted words."))
    assert found is not None
    assert (found["head"], found["quoted"], found["tail"]) == ("Said before. ", "The quoted words.", " Said after.")
    assert found["before"] == [
        {"text": "First paragraph of it.", "why": ""},
        {"text": "Advert: buy now.", "why": "advertising and sign-up boxes (asks the reader to buy)"},
    ]
    assert found["after"] == [{"text": "The end.", "why": ""}]
    assert context_of(rows, 10_000, 10_010) is None


def test_quotations_of_themes_have_their_context_but_not_in_a_brief_report(report: Report, brief: Report) -> None:
    results = made_up(300)
    page = parse(report.html)
    quotes = page.xpath("//section[@id='cards']//ul[@class='quotes']/li")
    texts = {(row["document_id"], row["start"]): row["text"] for row in results.segments}
    assert len(quotes) > 10
    for quote in quotes:
        (mark,) = quote.xpath(".//mark")
        source = texts[quote.get("data-doc"), int(quote.get("data-start"))]
        assert " ".join(source.split()).startswith(mark.text_content()[:100])
        assert "characters" in quote.xpath(".//p[@class='where']")[0].text_content()
    assert not parse(brief.html).xpath("//*[contains(@class, 'context')]")


# Links


def test_without_an_explorer_no_link_leads_there(report: Report, brief: Report) -> None:
    into_explorer = "//a[starts-with(@href, '#explore')]"
    assert len(parse(report.html).xpath(into_explorer)) > 100
    assert not parse(brief.html).xpath(into_explorer)
    assert Links(interactive=False).passage("a", 3) == ""


def test_a_bucket_of_time_asks_for_its_months() -> None:
    timeline = lay_out([f"2024-{month:02d}-15" for month in range(1, 13)] * 10)
    assert timeline.unit == "quarter"
    assert timeline.months(3) == ("2024-10", "2024-11", "2024-12")


# Charts


def test_shapes_that_look_alike_are_one_path_and_stay_where_they_were() -> None:
    dot = "M2,0A2,2,0,1,1,-2,0A2,2,0,1,1,2,0"
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">'
        f'<path transform="translate(10,5)" d="{dot}" fill="red"/>'
        f'<path transform="translate(20,7)" d="{dot}" fill="red"/>'
        f'<path transform="translate(30,7)" d="{dot}" fill="blue"/>'
        '<line transform="translate(0,4)" x2="8" y2="0" stroke="red"/><line x2="8" y2="0" stroke="red"/></svg>'
    )
    paths = parse(str(tidy(svg, label="x"))).xpath("//path")
    assert [path.get("d") for path in paths] == [
        "M12,5a2,2,0,1,1,-4,0a2,2,0,1,1,4,0M22,7a2,2,0,1,1,-4,0a2,2,0,1,1,4,0",
        "M32,7a2,2,0,1,1,-4,0a2,2,0,1,1,4,0",
        "M0,4l8,0M0,0l8,0",
    ]


def test_the_dots_stand_at_their_shares_and_the_chart_is_said_in_words() -> None:
    svg = share_dots([Dot("One", "50%", 0.5, 0.4, 0.6), Dot("<b>", "25%", 0.25, 0.2, 0.3)], label="One 50%, two 25%.")
    chart = parse(str(svg))
    assert chart.xpath("//svg/@aria-label") == ["One 50%, two 25%."]
    assert not chart.xpath("//b")
    dots = next(path.get("d") for path in chart.xpath("//path") if "a4.3" in path.get("d"))
    first, second = (float(x) - 4.3 for x in re.findall(r"M([\d.]+),", dots))
    assert (first, second) == pytest.approx((0.5 / 0.6 * 420, 0.25 / 0.6 * 420), abs=0.2)


def test_the_descriptions_kept_as_files_are_those_that_altair_makes() -> None:
    for name, spec in describe_charts().items():
        assert json.loads(files(charts).joinpath(f"{name}.json").read_bytes()) == spec, name


def test_altair_accepts_every_chart_as_it_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    import altair as alt
    import vl_convert

    drawn: dict[str, dict[str, Any]] = {}
    compiled = vl_convert.vegalite_to_vega

    def noted(spec: dict[str, Any]) -> dict[str, Any]:
        drawn[json.dumps(spec, sort_keys=True)] = spec
        return compiled(spec)

    monkeypatch.setattr(vl_convert, "vegalite_to_vega", noted)
    make_report(made_up(300))
    assert len(drawn) == len(describe_charts())
    for spec in drawn.values():
        alt.Chart.from_dict(spec)  # validates


def test_a_hole_left_open_is_an_error() -> None:
    with pytest.raises(KeyError, match="limits"):
        filled("score_histogram", {})


def test_every_chart_and_grid_has_a_title_that_says_something_and_words_instead(report: Report) -> None:
    page = parse(report.html)
    charts, figures, tables = (
        page.xpath(f"//{kind}") for kind in ("svg[@class='chart']", "figure", "table[contains(@class, 'heat')]")
    )
    assert charts
    assert figures
    assert tables
    for chart in charts:
        assert len(chart.get("aria-label")) > 20
    for figure in figures:
        assert figure.xpath("./figcaption/b")[0].text_content().endswith(".")
    for table in tables:
        said = table.getparent().xpath("preceding-sibling::p[1]/b")[0].text_content()
        assert re.search(r"\d|No |chance", said), said


# In a browser


def test_the_explorer_shows_as_many_articles_as_a_linked_number_says(browser: Page, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(make_report(planted()).html, encoding="utf-8")
    browser.open(path)
    browser.wait_for("performance.getEntriesByName('explorer-ready').length > 0")
    links = browser.evaluate(
        "[...document.querySelectorAll('a')].map(a => [a.getAttribute('href'), a.textContent])"
        ".filter(link => link[0].startsWith('#explore?verdict'))"
    )
    assert len(links) > 40
    for href, text in links:
        browser.evaluate(f"location.hash = {json.dumps(href)}")
        n = json.dumps(text.split(" ")[0])
        browser.wait_for(f"document.getElementById('explorer-count').textContent.split(' ')[0] === {n}")


def test_a_link_to_a_theme_opens_its_card(browser: Page, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(make_report(small(12), size=BRIEF).html, encoding="utf-8")
    browser.open(path)
    assert not browser.evaluate("document.querySelector('.card').open")
    browser.evaluate("document.querySelector(\"a[href='#theme-1']\").click()")
    assert browser.evaluate("document.querySelector('.card').open")
