"""The report: what it says, what it never says, and that hostile text stays text."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path

import lxml.html
import pytest
from report_results import ASEAN, CHINA, SEEDS, THEMES, article, made_up, run_json, seed_results, segment

import toolkit.report
from toolkit.data import Results
from toolkit.report import render_report
from toolkit.report.findings import changes, find, wilson
from toolkit.report.method import content_hash, corpus_name
from toolkit.report.periods import lay_out
from toolkit.report.quotes import Candidate, Quotes, shorten
from toolkit.report.tally import count_results
from toolkit.report.wording import safe_url, show

PACKAGE = Path(toolkit.report.__file__).parent


def parse(html: str) -> lxml.html.HtmlElement:
    return lxml.html.document_fromstring(html)


def words_of(html: str) -> str:
    page = parse(html)
    for style in page.findall(".//style"):
        style.getparent().remove(style)
    return " ".join(page.text_content().split())


def small(n_on: int = 1, n_off: int = 0, **changes: object) -> Results:
    """`n_on` on-topic and `n_off` off-topic articles of one sentence each."""
    articles, segments = [], []
    for i in range(n_on + n_off):
        verdict = "on" if i < n_on else "off"
        themes = [{"theme": "health", "score": 0.5}] if i < n_on else []
        row = {"title": f"Report {i}", "on_topic": verdict, "themes": themes} | changes
        articles.append(article(f"d{i:05d}", **row))
        text = f"The hospital in the delta opened its {i}. ward with help from over the border.\n"
        segments.append(segment(f"d{i:05d}", 0, 0, text, on_topic=verdict, themes=themes))
    counts = {"read": n_on + n_off, "articles": n_on + n_off, "quarantined": 0, "repeats": 0}
    return Results(run_json(counts=counts), tuple(articles), tuple(segments), (), ())


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
    text = words_of(pages[case])
    assert not re.search(r"\b(nan|NaN|None(?! of the)|null|inf|undefined)\b", text)
    assert not re.search(r"(?<![\w–])-1\b", text)
    assert not [theme["id"] for theme in THEMES if "_" in theme["id"] and theme["id"] in text]
    assert not re.search(r"\b1 (articles|segments|outlets|records|months|topics)\b", text)
    assert "{{" not in text
    assert "{%" not in text


@pytest.mark.parametrize("case", CASES)
def test_the_page_lets_nothing_in_but_its_own_style_sheet(pages: dict[str, str], case: str) -> None:
    page = parse(pages[case])
    head = page.find("head")
    policy = head[0].get("content")
    assert head[0].get("http-equiv") == "Content-Security-Policy"
    assert policy.startswith("default-src 'none';")
    (style,) = page.findall(".//style")
    digest = base64.b64encode(hashlib.sha256(style.text.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert not page.xpath("//script | //iframe | //object | //embed | //form | //link | //base | //img | //*[@style]")
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
    missing = {href for href in page.xpath("//a/@href") if href.startswith("#") and href[1:] not in ids}
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
    for template in (PACKAGE / "templates").glob("*.jinja"):
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
    assert findings[0].detail == "95% interval 50–69%."  # Wilson: 0.502 to 0.691
    assert findings[1].claim == "Health is the most frequent theme: 60 of 60 on-topic articles (100%)."
    assert findings[1].detail == "95% interval 94–100%. 10 themes have no article."  # 60/60: from 0.9398
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


def test_a_quotation_is_found_at_the_characters_named_beside_it() -> None:
    page = parse(render_report(seed_results()))
    quoted = page.xpath("//section[@id='cards']//ul[@class='quotes']/li")
    assert quoted
    for item in quoted:
        where = item.xpath(".//span[@class='where']")[0].text_content()
        name, start, end = re.match(r"(\S+), characters ([\d,]+)–([\d,]+)", where).groups()
        source = (SEEDS / name).read_text(encoding="utf-8")[int(start.replace(",", "")) : int(end.replace(",", ""))]
        printed = item.find("blockquote").text_content()
        assert len(printed) <= 300
        assert printed.removesuffix(" …") == show(source)


def test_quotes_come_from_different_outlets_and_never_twice_from_one_article() -> None:
    quotes = Quotes()
    for i in range(50):
        text = f"Passage number {i} is long enough to be quoted without the text around it, as it should."
        quotes.offer(Candidate(f"d{i % 10}", i, i + len(text), text, ""), f"outlet {i % 3}", "body", i / 50)
    chosen = quotes.best()
    assert len(chosen) == len({candidate.document_id for candidate in chosen}) == 5
    assert {int(candidate.document_id[1:]) % 3 for candidate in chosen} <= {0, 1, 2}


def test_a_long_passage_is_cut_after_a_sentence_and_says_so() -> None:
    text = "  " + "The ministers met in the port city and spoke of rail. " * 12
    printed, start, end = shorten(Candidate("d", 100, 100 + len(text), text, ""))
    assert printed.endswith("rail. …")
    assert len(printed) <= 300
    assert (start, text[start - 100 : end - 100]) == (102, printed.removesuffix(" …"))


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
    assert "89% of its text segments come from one outlet, one.example." in text
    assert "It stands in one article only." in text


def test_the_list_of_articles_says_how_many_it_leaves_out() -> None:
    said = (
        "250 of 400 articles are listed, all quoted ones among them, on-topic first and by relevance; 150 are not shown"
    )
    assert said in words_of(render_report(small(100, 300)))


def test_every_quotation_can_be_followed_into_the_list(pages: dict[str, str]) -> None:
    sources = parse(pages["four hundred"]).xpath("//ul[@class='quotes']//span[@class='where']")
    assert len(sources) > 30
    assert all("in the list" in source.text_content() for source in sources)


# Over time


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
        ([f"2024-{month:02d}-15" for month in range(1, 13)] * 10, "month", 12),
        ([f"{year}-{month:02d}-15" for year in (2022, 2023, 2024) for month in range(1, 13)] * 4, "quarter", 12),
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
    assert any("1 article dated far outside" in sentence for sentence in timeline.sentences)


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


# Hostile text

_BODIES = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<iframe src=javascript:alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<style>*{display:none}</style>",
    "<base href=//e.example>",
    "<meta http-equiv=refresh content=0>",
    "<link rel=stylesheet href=//e.example>",
    "<form action=//e.example><input name=q>",
    "<details open ontoggle=alert(1)>",
    "<body onload=alert(1)>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<object data=data:text/html,x>",
    "<video><source onerror=alert(1)>",
    "<template><b>",
    "<plaintext>",
    "<textarea>",
    "<!--",
    "-->",
    "<![CDATA[<b>]]>",
    "<?xml version=1?>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;b&#62;",
    "%3Cscript%3E",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    'https://e.example/"onmouseover=alert(1)//',
    "https://e.example/<b>",
    "http://[::1",
    "//e.example",
    "{{ 7*7 }}",
    "{% raw %}",
    "{{ self.__init__.__globals__ }}",
    "${7*7}",
    "=cmd|'/c calc'!A1",
    "\x00\x01\x08\x1b[31m\x7f\x9b31m",
    "\u202e\u2066evil\u2069\u200f",
    "\ud800\udfff",
    "\ufffe\uffff",
    "\u2028\u2029",
    "a" * 5000,
]
_WRAPPINGS = ["{}", '">{}', "'>{}", "</blockquote></li></ul>{}", "</title></style></script>{}"]
PAYLOADS = [wrapping.replace("{}", body) for body, wrapping in product(_BODIES, _WRAPPINGS)]


def hostile(text: str) -> Results:
    """Results with `text` in every field that can hold text; equal in everything else."""
    themes = [{"id": f"{text}{i}", "label": text, "description": text} for i in range(2)]
    scores = [{"theme": f"{text}0", "score": 0.9}]
    articles = [
        article(
            f"{text}{i}",
            file=text,
            title=text,
            outlet=text,
            date=date,
            url=text if i < 3 else "https://e.example/",
            language=text if i < 3 else "zh",
            on_topic=verdict,
            themes=scores,
            topic=0,
            places_china=[text],
            places_asean=[text],
            duplicate_of=f"{text}0" if i == 2 else None,
        )
        for i, (verdict, date) in enumerate(
            [("on", "2024-01-02"), ("unsure", text), ("off", "--05-06"), ("on", "2024-01-03")]
        )
    ]
    kept = [
        segment(
            f"{text}{i}",
            0,
            0,
            f"A passage that is long enough to be quoted {text} in the middle of it",
            themes=scores,
            topic=0,
        )
        for i in (0, 3)
    ]
    cut = [
        segment(f"{text}{i}", 1, 90, f"A piece of a page {text}", kept=False, role=role, reason=f"{text}: {text}")
        for i, role in ((0, "teaser"), (3, text))
    ]
    topics = (
        {
            "topic": 0,
            "name": text,
            "terms": [{"term": text, "weight": 0.5}],
            "n_segments": 2,
            "n_articles": 2,
            "theme": f"{text}0",
        },
    )
    quarantine = ({"file": text, "row": 3, "document_id": text, "reason": text, "detail": text},)
    run = run_json(
        inputs=[f"in/{text}"],
        toolkit_version=text,
        input_hash=text,
        config_hash=text,
        topics_engine=text,
        model={"name": text, "hash": text, "trained_on": {"n_documents": 4, "corpus_hash": text}},
        encodings={text: 4},
        versions={text: text},
        subject={"name": text, "description": text},
        sides={"china": text, "asean": text},
        members={"china": [text], "asean": [text]},
        themes=themes,
        config={"themes": {f"{text}0": {"seed_terms": [text]}}, "topics": {text: text}},
    )
    return Results(
        run, tuple(articles), tuple(sorted([*kept, *cut], key=lambda row: row["document_id"])), topics, quarantine
    )


def shape(html: str) -> Counter[tuple[str, ...]]:
    """How often each element stands in the page with each set of attributes."""
    return Counter((str(element.tag), *sorted(element.attrib)) for element in parse(html).iter())


def test_two_hundred_payloads_in_every_field_add_no_element_and_no_attribute() -> None:
    assert len(set(PAYLOADS)) >= 200
    benign = shape(render_report(hostile("https://e.example/harmless")))
    for payload in PAYLOADS:
        html = render_report(hostile(payload))
        html.encode("utf-8")
        added = shape(html) - benign
        assert not added, (payload, added)
        assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", html), payload


def test_a_hostile_field_is_shown_as_text() -> None:
    assert "<script>alert(1)</script>" in words_of(render_report(hostile("<script>alert(1)</script>")))


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//e.example",
        "https:",
        "http://[::1",
        "https://e.example/a b",
        "https://e.example/\u202e",
        "ftp://e.example/",
        "",
        None,
        3,
        "https://e.example/" + "a" * 3000,
    ],
)
def test_only_plain_web_addresses_are_linked(url: object) -> None:
    assert safe_url(url) is None


def test_a_web_address_is_linked_and_tells_the_other_side_nothing() -> None:
    page = parse(render_report(small(1, url="https://e.example/a?b=1&c=<2>")))
    outside = [link for link in page.xpath("//a") if link.get("href").startswith("http")]
    assert outside
    assert {link.get("href") for link in outside} == {"https://e.example/a?b=1&c=<2>"}
    assert {link.get("rel") for link in outside} == {"noopener noreferrer nofollow"}


def test_a_quote_in_another_language_says_so() -> None:
    page = parse(render_report(small(1, language="zh")))
    assert {quote.get("lang") for quote in page.xpath("//blockquote")} == {"zh"}


def test_places_come_in_config_order_with_zeros() -> None:
    page = parse(render_report(small(2, places_asean=["Hanoi", "Vietnam", "ASEAN"])))
    second, first = page.xpath("//table[contains(@class, 'heat')]")
    cells = {row.find("th").text_content(): row.find("td").text_content() for row in second.xpath("./tbody/tr")}
    assert list(cells) == ASEAN
    assert (cells["Vietnam"], cells["Brunei"]) == ("2", "0")
    assert [row.find("th").text_content() for row in first.xpath("./tbody/tr")] == CHINA
    assert "2 on-topic articles name ASEAN as a whole." in words_of(render_report(small(2, places_asean=["ASEAN"])))
