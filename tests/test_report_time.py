"""The report over time: which span is drawn, in which buckets, and what is said about the rest."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from report_results import article, parse, render_report, run_json, words_of

from toolkit.data import Results
from toolkit.report.figures import thinned
from toolkit.report.findings import find
from toolkit.report.periods import covered, lay_out
from toolkit.report.tally import count_results


def test_gaps_stay_gaps_and_the_unfinished_month_is_marked() -> None:
    dates = ["2023-11-05"] * 30 + ["2024-02-11T08:00"] * 30 + ["", "--05-06", "2024"]
    timeline = lay_out(dates)
    assert timeline.labels == ("November 2023", "December 2023", "January 2024", "February 2024")
    assert Counter(timeline.of) == {0: 30, 3: 30, None: 3}
    assert timeline.unfinished
    assert timeline.sentences == (
        "1 on-topic article has no date.",
        "1 on-topic article states a day and month but no year, and none was invented.",
        "1 article with only a year is not drawn.",
        "The last month, February 2024, is drawn hollow: the last dated article is of "
        "11 February 2024, so it may be unfinished.",
    )


@pytest.mark.parametrize(
    ("dates", "unit", "n_buckets"),
    [
        ([f"2024-{month:02d}-15" for month in range(1, 13)] * 20, "month", 12),
        ([f"2024-{month:02d}-15" for month in range(1, 13)] * 10, "quarter", 4),
        ([f"{year}-{month:02d}-15" for year in (2022, 2023, 2024) for month in range(1, 13)] * 7, "quarter", 12),
        ([f"{year}-{month:02d}-15" for year in (2022, 2023, 2024) for month in range(1, 13)] * 4, "half-year", 6),
        ([f"2024-{month:02d}-15" for month in (1, 2, 3)] * 8, "month", 3),
        ([f"{year}-06-15" for year in range(1990, 2020)] * 6, "year", 30),
    ],
)
def test_the_bucket_suits_the_span_and_the_number_of_articles(dates: list[str], unit: str, n_buckets: int) -> None:
    timeline = lay_out(dates)
    assert (timeline.unit, len(timeline.labels)) == (unit, n_buckets)


def test_a_month_of_few_articles_is_left_out_of_the_lines_and_kept_in_the_table() -> None:
    dates = [f"2024-{month:02d}-28" for month in (1, 2, 3, 5, 6) for _ in range(20)] + ["2024-04-02"] * 2
    results = Results(run_json(), tuple(article(f"d{i:03d}", date=date) for i, date in enumerate(dates)), (), (), ())
    text = words_of(render_report(results))
    assert "1 month with fewer than 5 on-topic articles is left out of the lines; the table has the numbers." in text


def test_a_stray_date_does_not_stretch_the_picture() -> None:
    timeline = lay_out([f"2024-{month:02d}-28" for month in range(1, 7)] * 50 + ["1970-01-01"])
    assert timeline.labels[0] == "January 2024"
    assert timeline.early == (300,)
    assert "1 older article (1970) is not drawn; the table counts it in one row." in timeline.sentences


def test_the_span_is_where_the_articles_are_and_stragglers_stay_in_the_table() -> None:
    stray = ["2015-08-15", "2019-07-01", "2021-01-05", "2022"]
    dates = [f"{year}-{month:02d}-28" for year in (2023, 2024) for month in range(1, 13)] * 8 + stray
    timeline = lay_out(dates)
    assert (timeline.unit, timeline.labels[0], timeline.labels[-1]) == ("quarter", "2023 Q1", "2024 Q4")
    assert timeline.sentences[0] == "4 older articles (2015 to 2022) are not drawn; the table counts them in one row."
    assert timeline.words(0, 3) == "2023"
    assert timeline.words(1, 2) == "April to September 2023"
    assert covered(dates) == "mainly January 2023 to December 2024"
    rows = tuple(article(f"d{i:03d}", date=date) for i, date in enumerate(dates))
    page = parse(render_report(Results(run_json(), rows, (), (), ())))
    table = page.xpath("//section[@id='time']//table/tbody/tr")
    assert [cell.text_content() for cell in table[0]][:2] == ["Earlier", "4"]
    assert len(table) == 9


@pytest.mark.parametrize("n", [2, 3, 4, 6, 7, 12, 13, 17, 20, 24, 36, 60])
@pytest.mark.parametrize("label", ["2023", "2023 Q1", "Aug 2023", "Jul–Dec 2023"])
def test_labels_of_an_axis_never_overlap(label: str, n: int) -> None:
    shown = thinned([label] * n, width=262)
    assert shown[0] == 0
    assert shown[-1] == n - 1
    apart = 262 / (n - 1 + 1.2)
    assert all((later - earlier) * apart >= len(label) * 6.4 for earlier, later in pairwise(shown))


def test_a_change_of_sources_is_said_beside_a_change_of_themes() -> None:
    rows = [
        article(
            f"d{i:04d}",
            date=f"2024-{i // 25 + 1:02d}-10",
            outlet="one.example" if i < 150 or i % 2 else "two.example",
            themes=[{"theme": "tourism", "score": 0.4}] * (i >= 150 or i % 5 == 0),
        )
        for i in range(300)
    ]
    found = find(count_results(Results(run_json(), tuple(rows), (), (), ())), subject="it", no_relevance=False)
    (moved,) = [finding for finding in found if finding.target == "time"]
    assert moved.claim == "Tourism rose from 20% to 100% of on-topic articles."
    assert "January to June 2024 (150 articles) and July to December 2024 (150 articles)" in moved.detail
    assert "two.example supplied 0% of the first and 50% of the second" in moved.detail
    (voice,) = [finding for finding in found if finding.target == "outlets"]
    assert voice.claim == "One outlet dominates: one.example supplies 75% of the on-topic articles."


@pytest.mark.parametrize(
    "dates",
    [
        [],
        ["2024-05-01"] * 5,
        ["2024-05-01"] * 50,
        ["--05-06"] * 50,
        [""] * 50,
        [f"20{year}-01-01" for year in range(10, 40)],
    ],
)
def test_too_little_is_not_drawn_and_says_why(dates: list[str]) -> None:
    timeline = lay_out(dates)
    assert not timeline.drawn
    assert timeline.reason.endswith(".")
