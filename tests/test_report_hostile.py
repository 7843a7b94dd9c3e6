"""The report on hostile text: text stays text."""

from __future__ import annotations

import re
from collections import Counter
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_results import article, parse, render_report, run_json, segment, small, words_of

from toolkit.data import Results
from toolkit.report.wording import safe_url, show

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


@given(st.text(st.characters(max_codepoint=0x7F), max_size=80))
def test_plain_text_is_shown_as_it_is_among_other_letters(text: str) -> None:
    assert show(f"{text}.") + "é" == show(f"{text}.é")


def test_a_quote_in_another_language_says_so() -> None:
    page = parse(render_report(small(1, language="zh")))
    assert {quote.get("lang") for quote in page.xpath("//blockquote")} == {"zh"}
