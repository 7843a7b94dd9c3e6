"""The quotations of the report: telling ones, from where they say, each once."""

from __future__ import annotations

import re
from dataclasses import replace

from report_results import SEEDS, parse, render_report, seed_results, segment, small

from toolkit.report.quotes import Candidate, Quotes, shorten
from toolkit.report.tally import count_results
from toolkit.report.wording import show


def test_a_quotation_is_found_at_the_characters_named_beside_it() -> None:
    page = parse(render_report(seed_results()))
    quoted = page.xpath("//section[@id='cards']//ul[@class='quotes']/li")
    assert quoted
    for item in quoted:
        where = item.xpath(".//*[@class='where']")[0].text_content()
        name, start, end = re.match(r"(\S+), characters ([\d,]+)–([\d,]+)", where).groups()
        source = (SEEDS / name).read_text(encoding="utf-8")[int(start.replace(",", "")) : int(end.replace(",", ""))]
        printed = item.find("blockquote").text_content()
        assert len(printed) <= 500
        assert printed.removesuffix(" …") == show(source, limit=600)


def test_quotes_come_from_different_outlets_and_never_twice_from_one_article() -> None:
    quotes = Quotes()
    for i in range(50):
        text = f"Passage number {i} is long enough to be quoted without the text around it, as it should."
        quotes.offer(Candidate(f"d{i % 10}", i, i + len(text), text, ""), f"outlet {i % 3}", 2, i / 50)
    chosen = quotes.best()
    assert len(chosen) == len({candidate.document_id for candidate in chosen}) == 5
    assert {int(candidate.document_id[1:]) % 3 for candidate in chosen} <= {0, 1, 2}


def test_a_long_passage_is_cut_after_a_sentence_and_says_so() -> None:
    text = "  " + "The ministers met in the port city and spoke of rail. " * 12
    printed, start, end = shorten(Candidate("d", 100, 100 + len(text), text, ""), limit=300)
    assert printed.endswith("rail. …")
    assert len(printed) <= 300
    assert (start, text[start - 100 : end - 100]) == (102, printed.removesuffix(" …"))


def test_a_telling_paragraph_comes_before_captions_bylines_and_cut_off_lines() -> None:
    told = "The hospital in the delta will train two hundred nurses from both sides of the border, its director said. "
    texts = [
        ("caption", told * 2),
        (
            "body",
            "The director of the hospital, right, shakes hands with the minister of health in the delta on Monday. "
            * 2,
        ),
        (
            "body",
            "By a staff writer of the hospital desk in the delta, with help from the desk in the capital, all day.",
        ),
        (
            "body",
            "of the hospital that was cut off at its beginning and therefore says nothing that can stand alone. " * 2,
        ),
        (
            "body",
            "Read more about the hospital and the nurses of the delta on the pages of our partner on the coast. " * 2,
        ),
        ("body", told + "It opens in May, and the two governments share the cost."),
    ]
    rows = [
        segment(f"d{i:05d}", 0, 0, text, role=role, themes=[{"theme": "health", "score": 0.9 - i / 10}])
        for i, (role, text) in enumerate(texts)
    ]
    results = replace(small(len(texts)), segments=tuple(rows))
    (health,) = [theme for theme in count_results(results).themes if theme.theme.id == "health"]
    assert health.quotes[0].text == texts[-1][1]


def test_a_paragraph_that_stands_in_many_articles_is_not_quoted() -> None:
    line = "The hospital desk of this paper brings you the news of nurses and doctors every day of the week, in full.\n"
    results = small(6)
    rows = [segment(f"d{i:05d}", 0, 0, line, themes=[{"theme": "health", "score": 0.9}]) for i in range(6)] + [
        dict(row, index=1, start=len(line), end=len(line) + len(row["text"])) for row in results.segments
    ]
    rows.sort(key=lambda row: (row["document_id"], row["index"]))
    tally = count_results(replace(results, segments=tuple(rows)))
    assert all(line not in quote.text for theme in tally.themes for quote in theme.quotes)
