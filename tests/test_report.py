"""The report: what it says, and what it never says."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from report_results import (
    ASEAN,
    CHINA,
    THEMES,
    article,
    made_up,
    parse,
    render_report,
    report_on,
    run_json,
    seed_results,
    segment,
    small,
    words_of,
)

import toolkit.report
from toolkit.data import Results
from toolkit.report.content_hash import content_hash
from toolkit.report.findings import changes, find, wilson
from toolkit.report.method import corpus_name
from toolkit.report.rows import read_sides
from toolkit.report.size import BRIEF
from toolkit.report.tally import count_results

PACKAGE = Path(toolkit.report.__file__).parent


CASES = {
    "seeds": seed_results,
    "one article": lambda: made_up(1),
    "fourteen": lambda: made_up(14),
    "none on-topic": lambda: small(0, 14),
    "no article": lambda: Results(
        run_json(counts={"read": 1, "quarantined": 1}), (), (), (), ({"file": "x", "reason": "empty"},)
    ),
    "a bare run.json": lambda: Results({}, (), (), (), ()),
    "no segments": lambda: replace(small(3), segments=()),
    "four hundred": lambda: made_up(400),
}


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {name: render_report(make(), source_date="2026-11-22") for name, make in CASES.items()}


# What it never says


@pytest.mark.parametrize("case", CASES)
def test_no_missing_value_and_no_raw_id_reaches_a_reader(pages: dict[str, str], case: str) -> None:
    text = words_of(re.sub(r'<div class="scroll config".*?</div>', "", pages[case], flags=re.DOTALL))  # that is a file
    assert not re.search(r"\b(nan|NaN|None(?! of the)|null|inf|undefined)\b", text)
    assert not re.search(r"(?<![\w–])-1\b", text)
    assert not [theme["id"] for theme in THEMES if "_" in theme["id"] and theme["id"] in text]
    assert not re.search(r"\b1 (articles|segments|outlets|records|months|topics)\b", text)
    assert "{{" not in text
    assert "{%" not in text


@pytest.mark.parametrize("case", CASES)
def test_the_page_lets_nothing_in_but_its_own_style_sheet_and_script(pages: dict[str, str], case: str) -> None:
    page = parse(pages[case])
    head = page.find("head")
    policy = head[0].get("content")
    assert head[0].get("http-equiv") == "Content-Security-Policy"
    assert policy.startswith("default-src 'none';")
    assert "content=\"default-src 'none'; style-src 'sha256-" in pages[case]
    (style,) = page.findall(".//style")
    digest = base64.b64encode(hashlib.sha256(style.text.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    (script,) = page.xpath("//script[not(@type)]")
    assert f"script-src 'sha256-{base64.b64encode(hashlib.sha256(script.text.encode()).digest()).decode()}';" in policy
    assert not page.xpath(
        "//script[@src] | //iframe | //object | //embed | //form | //link | //base | //img | //*[@style]"
    )
    assert not [name for element in page.iter() for name in element.attrib if name.startswith("on")]
    assert all(
        href.startswith(("#", "http://", "https://"))
        for href in page.xpath("//@href | //@src | //@*[name()='xlink:href']")
    )


@pytest.mark.parametrize("case", CASES)
def test_every_link_within_the_page_arrives_and_ids_are_unique(pages: dict[str, str], case: str) -> None:
    page = parse(pages[case])
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    missing = {href for href in page.xpath("//a/@href") if href.startswith("#") and href[1:].split("?")[0] not in ids}
    assert not missing


@pytest.mark.parametrize("case", CASES)
def test_tables_have_captions_and_scopes_and_drawings_have_words(pages: dict[str, str], case: str) -> None:
    page = parse(pages[case])
    assert not page.xpath("//table[not(caption)] | //th[not(@scope)]")
    assert not page.xpath("//*[name()='svg'][not(@aria-hidden) and not(@role='img' and @aria-label != '')]")
    levels = [int(heading.tag[1]) for heading in page.xpath("//h1 | //h2 | //h3 | //h4")]
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


def test_no_template_marks_data_as_safe() -> None:
    templates = list((PACKAGE / "templates").glob("*.jinja"))
    assert templates
    for template in templates:
        assert not re.search(r"\|\s*safe|Markup|autoescape", template.read_text(encoding="utf-8")), template.name


# What it says


def test_all_themes_are_listed_and_zero_is_printed() -> None:
    page = parse(render_report(small(3)))
    rows = {
        row.find("th").text_content(): [cell.text_content() for cell in row.findall("td")]
        for row in page.xpath("//table[@class='themes']/tbody/tr")
    }
    assert set(rows) == {theme["label"] for theme in THEMES}
    assert rows["Health"][:2] == ["3", "100%"]
    assert rows["Tourism"][:2] == ["0", "0%"]


def test_few_articles_are_to_be_read_not_counted() -> None:
    text = words_of(render_report(seed_results()))
    assert "5 articles: read them. Shares of so few are not trends." in text
    assert "All 5 articles read are about China–ASEAN relations." in text


def test_the_findings_are_sentences_with_counts_intervals_and_evidence() -> None:
    findings = find(count_results(small(60, 40)), subject="the subject", no_relevance=False)
    assert findings[0].claim == "60 of 100 articles (60%) are about the subject."
    assert findings[0].detail == "They are called on-topic below."
    assert (
        findings[1].claim == "Health leads the themes: 60 of 60 on-topic articles (100%, 95% interval 94–100%)."
    )  # 60/60: from 0.9398
    assert findings[1].detail == "10 themes have no article."
    assert {finding.target for finding in findings} <= {"funnel", "themes", "places", "time", "set-aside", "outlets"}


def test_a_single_article_off_the_subject_is_said_plainly() -> None:
    (first, *_) = find(count_results(small(0, 1)), subject="the subject", no_relevance=False)
    assert first.claim == "The one article read is not about the subject."


def test_wilson_against_published_values() -> None:
    # Newcombe 1998 (Statistics in Medicine 17:857), table I, method 3: 81/263, 15/148, 0/20, 1/29
    for n_true, n, low, high in [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ]:
        assert wilson(n_true, n) == pytest.approx((low, high), abs=5e-5)


def test_a_planted_rise_is_found_and_an_even_share_is_not_called_a_change() -> None:
    rows = [
        article(
            f"d{i:04d}",
            date=f"2024-{i // 25 + 1:02d}-10",
            themes=[{"theme": "health", "score": 0.5}] * (i % 2 == 0)
            + [{"theme": "tourism", "score": 0.4}] * (i >= 150 or i % 5 == 0),
        )
        for i in range(300)
    ]
    found = changes(count_results(Results(run_json(), tuple(rows), (), (), ())))
    assert found["tourism"].clear
    assert found["tourism"].words == "rose from 20% to 100%"
    assert not found["health"].clear


def test_every_number_of_the_funnel_adds_up() -> None:
    tally = count_results(made_up(400))
    assert tally.n_read == len(tally.articles) + tally.n_quarantined + tally.n_repeats
    cut = sum(role.extent.n_characters for role in tally.cut)
    assert tally.all_text.n_characters == tally.kept_text.n_characters + cut
    assert sum(tally.verdicts.values()) == len(tally.articles)


def test_outliers_are_counted_and_are_no_topic() -> None:
    topics = ({"topic": -1, "name": "-1_the_of", "terms": [], "n_segments": 9, "n_articles": 9, "theme": None},)
    text = words_of(render_report(replace(small(12), topics=topics)))
    assert "No topics were found" in text
    assert "12 of 12 on-topic segments fit no topic." in text
    assert "the_of" not in text


def test_a_topic_of_one_outlet_or_one_article_is_flagged() -> None:
    results = small(10)
    articles = [dict(row, outlet="one.example" if i else "two.example") for i, row in enumerate(results.articles)]
    segments = [dict(row, topic=int(i == 9)) for i, row in enumerate(results.segments)]
    terms = [{"term": "hospital", "weight": 0.5}]
    topics = tuple(
        {"topic": topic, "name": name, "terms": terms, "n_segments": n, "n_articles": n, "theme": "health"}
        for topic, name, n in ((0, "Hospitals", 9), (1, "Wards", 1))
    )
    text = words_of(render_report(replace(results, articles=tuple(articles), segments=tuple(segments), topics=topics)))
    assert "89% of its segments come from one outlet, one.example." in text
    assert "It stands in one article only." in text


def test_the_list_of_articles_says_how_many_it_leaves_out() -> None:
    said = "100 of 400 articles are listed, all quoted ones among them, on-topic first and by falling relevance; 300"
    assert said in words_of(render_report(small(100, 300)))


def test_every_quotation_can_be_followed_into_the_list_or_the_explorer(pages: dict[str, str]) -> None:
    quotes = parse(pages["four hundred"]).xpath("//ul[@class='quotes']/li")
    assert len(quotes) > 30
    for quote in quotes:
        (link,) = quote.xpath(".//a[@class='open']")
        assert link.get("href") == f"#explore?doc={quote.get('data-doc')}&at={quote.get('data-start')}"
    brief = parse(report_on(300, size=BRIEF).html)
    sources = brief.xpath("//ul[@class='quotes']//span[@class='where']")
    assert len(sources) > 30
    assert all("in the list" in source.text_content() for source in sources)


def test_the_sides_keep_the_order_of_the_config() -> None:
    run = run_json(side_ids=["asean", "china"])
    assert [side.id for side in read_sides(run)] == ["asean", "china"]
    assert [side.id for side in read_sides(run_json())] == ["china", "asean"]


# The same bytes


def test_equal_results_give_equal_bytes_and_clocks_do_not_matter() -> None:
    first, second = made_up(120), made_up(120)
    later = replace(
        second, run=dict(second.run, started="2030-01-01T00:00:00Z", finished="2030-01-01T00:09:00Z", seconds=540.0)
    )
    assert render_report(first) == render_report(later)
    assert content_hash(first) == content_hash(later)
    assert content_hash(first) != content_hash(made_up(120, seed=1))


@pytest.mark.parametrize(
    ("inputs", "name"),
    [
        (["seeds/"], "seeds"),
        (["../shared/sea_news/articles.jsonl.gz"], "sea_news"),
        (["a.csv", "b/c.txt"], "a and c"),
        (["-"], "standard input"),
        ([], "Corpus"),
    ],
)
def test_the_corpus_is_named_after_its_input(inputs: list[str], name: str) -> None:
    assert corpus_name({"inputs": inputs}) == name


def test_two_thousand_articles_stay_small() -> None:
    html = render_report(made_up(2000))
    assert len(html.encode()) <= 1_500_000
    assert sum(1 for _ in parse(html).iter()) <= 6_000


def place_rows(n: int) -> list[dict[str, str]]:
    """The rows of the first grid of places, group by group: place to the articles that name it."""
    page = parse(render_report(small(n, places_asean=["Hanoi", "Vietnam", "ASEAN"])))
    table = page.xpath("//section[@id='places']//table")[0]
    return [
        {row.find("th").text_content(): row.find("td").text_content() for row in group.xpath("./tr[not(@class)]")}
        for group in table.xpath("./tbody")
    ]


def test_places_come_in_config_order_with_zeros() -> None:
    second, first = place_rows(30)
    assert list(second) == [*ASEAN, "ASEAN as a whole"]
    assert (second["Vietnam"], second["Brunei"], second["ASEAN as a whole"]) == ("30", "0", "30")
    assert list(first) == CHINA


def test_a_small_corpus_shows_only_the_places_and_themes_it_has() -> None:
    assert place_rows(2) == [{"Vietnam": "2", "ASEAN as a whole": "2"}, {"China": "2"}]
    words = words_of(render_report(small(2, places_asean=["Vietnam"])))
    assert "10 themes without an article are left out." in words
    assert "never: Brunei, Cambodia," in words


def test_the_folders_of_the_machine_stay_off_the_page() -> None:
    html = render_report(replace(small(2), run=run_json(inputs=["/home/someone/corpora/news/articles.jsonl"])))
    assert "someone" not in html
    assert "news/articles.jsonl" in words_of(html)


def test_near_copies_count_once_in_every_share_and_are_listed() -> None:
    health = [{"theme": "health", "score": 1.0}]
    articles = (
        article("a-1", themes=health, topic=0),
        article("a-2", themes=health, topic=0, duplicate_of="a-1"),
        article("a-3", themes=health, duplicate_of="b-1"),  # its original is off-topic: it counts itself
        article("b-1", on_topic="off", relevance=0.1),
    )
    text = "Hospitals of both sides met in the capital on Monday and signed a plan to train nurses together."
    segments = tuple(
        segment(a["document_id"], 0, 0, text, topic=a["topic"], themes=a["themes"], on_topic=a["on_topic"])
        for a in articles
    )
    topic = {"topic": 0, "name": "Nurses", "terms": [{"term": "nurses", "weight": 1.0}], "n_segments": 1}
    results = Results(run_json(), articles, segments, (topic | {"n_articles": 1, "theme": "health"},), ())
    tally = count_results(results)
    assert [tally.articles[i].document_id for i in tally.on] == ["a-1", "a-3"]
    assert next(theme.n_articles for theme in tally.themes if theme.theme.id == "health") == 2
    assert [(found.n_articles, found.n_segments) for found in tally.topics] == [(1, 1)]
    words = words_of(render_report(results))
    assert "3 of 4 articles are about" in words
    assert "1 is a near-copy of another and not counted again" in words
    assert "2 articles are near-copies of earlier ones" in words


def test_articles_near_the_line_say_what_spoke_for_and_against_them() -> None:
    near = {"on-0000": (("both sides in the title", 1.25), ("<b>[other place]</b>", -0.75))}
    results = small(1, 1)
    near = {results.articles[0]["document_id"]: near["on-0000"]}
    words = words_of(render_report(replace(results, explanations=near)))
    assert "For: both sides in the title +1.2. Against: <b>[other place]</b> −0.8." in words
    assert "For:" not in words_of(render_report(results))
