"""HTML: what is visible, in order, with blocks and stated metadata; broken pages included."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from toolkit.data import Record
from toolkit.html import HtmlTooDeep, render


def page(source: str, **columns: str) -> Record:
    return Record("d", source, "page.html", is_html=True, **columns)


def text_of(source: str) -> str:
    return render(page(source)).text


TEXTS = {
    "<p>a</p><p>b</p>": "a\nb",
    "<p>a<br>b</p>": "a\nb",
    "<p>a<br><br>b</p>": "a\n\nb",
    "<p>a<br><br><br><br>b</p>": "a\n\nb",
    "<div>a<p>b</p>c</div>": "a\nb\nc",
    "<p>a\n   b\t c</p>": "a b c",
    "<p>a&nbsp;b &amp; c &#8217;</p>": "a b & c \u2019",
    "<p>&nbsp;</p><p>b</p>": "b",
    "exchanged<b>MOU</b> with": "exchangedMOU with",
    "<p>the <a href=x>RCEP</a>, and</p>": "the RCEP, and",
    "<p>20<sup>th</sup></p>": "20th",
    "<ul><li>a<li>b</ul>": "a\nb",
    "<table><tr><td>a</td><td>b</td></tr><tr><th>c</table>": "a\nb\nc",
    "<pre>a\n  b\n\nc</pre>": "a\nb\n\nc",
    "a<script>var x = '<p>no</p>';</script>b<style>p{}</style><noscript>no</noscript><template>no</template>c": "abc",
    "<head><title>no</title></head><body>a</body>": "a",
    "<p hidden>no</p><p style='display: none'>no</p><p>a</p><p>the visible text is longer than what is hidden</p>": (
        "a\nthe visible text is longer than what is hidden"
    ),
    "<!-- no -->a<!-- no -->b": "ab",
    "<svg><title>no</title><text>no</text></svg>a": "a",
    "<p aria-hidden=true>seen</p><p>by eyes": "seen\nby eyes",
    "<p>co<wbr>operation, <span>ex</span><b>change</b>": "cooperation, exchange",
    "<p>one<!-- -->two<img alt=no> three": "onetwo three",
    "<amp-img alt=no></amp-img><amp-accordion><section><h4>a</h4><p>b</p></section></amp-accordion>": "a\nb",
    "<dl><dt>a<dd>b</dl><figure><img><figcaption>c</figcaption></figure>d": "a\nb\nc\nd",
    "<body>a</body></html>b<p>c": "ab\nc",
    "<a href=/>Home</a><a href=/n>News</a>": "Home News",
    "order of cer<a href=x>e</a><a href=y>mony</a>": "order of ceremony",
    "<p>\u4e2d\u56fd</p>": "\u4e2d\u56fd",
    "<?xml version='1.0' encoding='gbk'?><meta charset=gbk><p>\u4e2d\u56fd</p>": "\u4e2d\u56fd",
    "a\x00b<p>c\x07d": "ab\ncd",
    "plain words": "plain words",
    "": "",
    " \n ": "",
    "<!-- only -->": "",
    "1 < 2 && 3 > 2": "1 < 2 && 3 > 2",
}


@pytest.mark.parametrize(("source", "text"), TEXTS.items())
def test_visible_text(source, text):
    assert text_of(source) == text


def test_an_article_hidden_until_a_script_runs_is_shown():
    source = "<p>Loading</p><div hidden id=S1><p>" + "The two sides signed an agreement. " * 5 + "</p></div>"
    assert "agreement" in text_of(source)


def test_blocks_carry_tag_xpath_and_link_ratio():
    source = "<div>a<p>bb <a href=/x>cc</a></p>tail<span><p>in</p></span><o:p><p>odd</p></o:p></div><a href=/>li</a>"
    document = render(page(source))
    tree = etree.fromstring(source, etree.HTMLParser())
    assert [(document.text[b.start : b.end], b.tag, b.link_ratio) for b in document.blocks] == [
        ("a", "div", 0.0),
        ("bb cc", "p", 0.5),
        ("tail", "div", 0.0),
        ("in", "p", 0.0),
        ("odd", "p", 0.0),
        ("li", "body", 1.0),
    ]
    for block in document.blocks:
        (element,) = tree.xpath(block.xpath)
        assert element.tag == block.tag


def test_text_that_is_not_html_is_left_alone():
    document = render(Record("d", " a <b> \x00\n", "a.txt", title="T", date="Apr 16, 2024", extra={"k": 1}))
    assert (document.text, document.blocks, document.title, document.date) == (" a <b> \x00\n", (), "T", "2024-04-16")
    assert document.extra == {"k": 1}


@pytest.mark.parametrize("n", [201, 300, 100_000])
def test_deep_nesting_is_refused(n):
    with pytest.raises(HtmlTooDeep):
        text_of("<div>" * n + "deep")


def test_the_limit_can_be_lowered_and_never_lets_the_parser_lose_text():
    with pytest.raises(HtmlTooDeep):
        render(page("<div>" * 20 + "deep"), max_depth=10)
    with pytest.raises(HtmlTooDeep):
        render(page("<div>" * 300 + "deep"), max_depth=10_000)
    assert render(page("<div>" * 240 + "deep"), max_depth=10_000).text == "deep"


@pytest.mark.parametrize(
    "unit", ["<p>x ", "<li>x ", "<b>x ", "<font size=1>x ", "<tr><td>x ", "<dt>x<dd>x ", "x<br>", "x<img>"]
)
def test_unclosed_elements_are_not_nesting(unit):
    text = text_of("<table>" * ("<td>" in unit) + unit * 10_000)
    assert text.count("x") == 10_000 * unit.count("x")


HEAD = """<html><head><title>Deal signed | The Outlet</title><link rel=canonical href="https://example.org/deal">
<meta property="og:title" content="Deal signed | The Outlet"><meta property="og:site_name" content="The Outlet">
<meta name="author" content="A. Writer"><meta property="article:published_time" content="2024-04-16T18:05:00+08:00">
</head><body><h1>Deal  signed</h1><p>x</p></body></html>"""


def test_metadata_of_meta_elements():
    document = render(page(HEAD))
    assert document.title == "Deal signed"  # the tail goes because the rest is the page's heading
    assert document.date == "2024-04-16T18:05:00"
    assert (document.outlet, document.author) == ("The Outlet", "A. Writer")
    assert document.url == "https://example.org/deal"


def test_a_title_keeps_its_tail_without_a_heading_that_says_otherwise():
    assert render(page("<title>Laos - China | Rail</title><p>x")).title == "Laos - China | Rail"


def test_the_record_knows_better_than_the_page():
    document = render(page(HEAD, title="T", date="--05-06", url="u", outlet="O"))
    assert (document.title, document.date, document.url, document.outlet) == ("T", "--05-06", "u", "O")


def test_json_ld_states_most():
    source = """<script type="application/ld+json">{"@graph": [{"@type": "Organization", "name": "no"},
    {"@type": ["NewsArticle"], "headline": "Rail &amp; trade", "datePublished": "2024-04-16",
     "author": [{"@type": "Person", "name": "A. Writer"}, {"name": "B. Writer"}], "publisher": {"name": "Daily"}}]}
    </script><meta property="og:title" content="no"><p>x"""
    document = render(page(source))
    assert (document.title, document.date) == ("Rail & trade", "2024-04-16")
    assert (document.author, document.outlet) == ("A. Writer, B. Writer", "Daily")


def test_broken_or_hostile_metadata_is_ignored():
    source = (
        "<script type='application/ld+json'>{" + "[" * 100_000 + "</script>"
        '<script type=\'application/ld+json\'>{"@type": "Article", "headline": 5, "author": {"name": []},'
        ' "datePublished": "soon", "publisher": [[]]}</script>'
        f"<meta name=author content='{'x' * 5000}'><link rel=canonical href='javascript:alert(1)'>"
        f"<title>{'y' * 5000}</title><time datetime='2024-02-30'>x</time><p>x"
    )
    document = render(page(source))
    assert (document.title, document.date, document.url, document.author, document.outlet) == (None,) * 5


TITLES = {  # head and headings, and the title they give
    "<title>Laos - China rail opens</title><h1>Laos - China rail opens</h1>": "Laos - China rail opens",
    "<title>Rail opens - The Daily</title><meta property=og:site_name content='the daily'>": "Rail opens",
    "<title>The Daily: Rail opens</title><meta property=og:site_name content='The Daily'>": "The Daily: Rail opens",
    "<title>The Daily | Rail opens</title><meta property=og:site_name content='The Daily'>": "Rail opens",
    "<title>Rail opens | News | The Daily</title><h1>Rail opens</h1>": "Rail opens",
    "<title>New rail line opens in north</title><h1>A new rail line opens in the north</h1>": (
        "A new rail line opens in the north"  # what readers see
    ),
    "<title>New rail line opens in north</title><h1>The Daily News Today</h1>": "New rail line opens in north",
    "<title>Rail opens</title><meta property=og:site_name content='The Daily'><h1>The Daily</h1>": "Rail opens",
    "<title>Ferry &amp; rail</title><h1>Ferry &amp; Rail</h1>": "Ferry & Rail",
    "<h1>Only a heading</h1>": None,  # found by the line model where it is one
    "<svg><title>no</title></svg><p>x": None,
}


@pytest.mark.parametrize(("source", "title"), TITLES.items(), ids=range(len(TITLES)))
def test_the_title_is_the_headline_without_the_site(source, title):
    assert render(page(source + "<p>x")).title == title


AUTHORS = {
    "<meta name=author content='A. Writer'><meta name=author content='B. Writer'>": "A. Writer, B. Writer",
    "<meta name=author content='https://example.org/a'>": None,
    "<meta name=author content='desk@example.org'>": None,
    "<meta name=author content='undefined'>": None,
    "<meta name=author content='The Daily'><meta property=og:site_name content='The Daily'>": None,
    "<a rel=author href=/a>A. Writer</a>": "A. Writer",
    "<a rel=author href=/a>A. Writer</a><a rel=author href=/a>More of A. Writer</a>": "A. Writer",
    "".join(f"<a rel=author href=/{n}>Commenter {n}</a>" for n in range(9)): None,
}


@pytest.mark.parametrize(("source", "author"), AUTHORS.items(), ids=range(len(AUTHORS)))
def test_an_author_is_a_person_somebody_named(source, author):
    assert render(page(source + "<p>x")).author == author


def test_json_ld_references_are_followed_and_broken_json_is_mended():
    source = """<script type="application/ld+json">//<![CDATA[
    {"@context": "x", "@graph": [{"@type": "WebSite", "@id": "#site", "name": "Site"},
      {"@type": "NewsArticle", "headline": "Rail opens", "author": {"@id": "#a"}, "publisher": {"@id": "#p"},},
      {"@type": "Person", "@id": "#a", "name": "A. Writer"}, {"@type": "Organization", "@id": "#p", "name": "Daily"}]}
    {"@type": "BreadcrumbList"}
    //]]></script><p>x"""
    document = render(page(source))
    assert (document.title, document.author, document.outlet) == ("Rail opens", "A. Writer", "Daily")


def test_of_several_articles_in_json_ld_the_one_the_page_is_headed_with_counts():
    source = """<script type="application/ld+json">[
    {"@type": "NewsArticle", "headline": "Another story", "datePublished": "2020-01-01"},
    {"@type": "NewsArticle", "headline": "Rail opens in May", "datePublished": "2024-04-16"}]</script>
    <h1>Rail opens in May</h1><p>x"""
    assert render(page(source)).date == "2024-04-16"


DATES = {
    "<h1>Rail</h1><time datetime=2024-04-16>x</time><aside><time datetime=2020-01-01>y</time></aside>": "2024-04-16",
    "<div><time datetime=2020-01-01>y</time><time datetime=2021-01-01>y</time></div><article><h1>Rail</h1>"
    "<p><time datetime=2024-04-16>x</time></article>": "2024-04-16",
    "<ul><li><time datetime=2020-01-01>y</time><li><time datetime=2021-01-01>y</time></ul><p>no date of its own": None,
    "<h1>Rail</h1><ul><li><time datetime=2020-01-01>y</time><li><time datetime=2021-01-01>y</time></ul>": None,
    "<p itemprop=datePublished content=2024-04-16>x<p><time datetime=2020-01-01>y</time>": "2024-04-16",
    "<p>On 16 April 2024 the bridge opened.": None,
    "<meta itemprop=datePublished content='2024-04'>": "2024-04",
    "<meta property=article:modified_time content=2024-04-16>": None,  # when it changed is not when it appeared
}


@pytest.mark.parametrize(("source", "date"), DATES.items(), ids=range(len(DATES)))
def test_a_date_is_one_the_markup_states_of_this_page(source, date):
    assert render(page(source + "<p>x")).date == date


def test_an_address_with_a_path_is_preferred_to_that_of_the_site():
    source = "<link rel=canonical href=https://e.org/><meta property=og:url content=https://e.org/rail><p>x"
    assert render(page(source)).url == "https://e.org/rail"


@pytest.mark.parametrize(
    "unit",
    ["<h1>a</h1>", "<time datetime=2020-01-01>x</time>", "<a rel=author>x</a>", "<meta name=author content=x>",
     "<script type=application/ld+json>" + " " * 3000 + "</script>", "<title>x", "<p itemprop=datePublished content=x>",
    ],
)  # fmt: skip
def test_hostile_metadata_costs_linear_time(unit):
    start = time.process_time()
    render(page(unit * (200_000 // len(unit))))
    assert time.process_time() - start < 2.0


def test_a_time_element_gives_the_date_where_nothing_else_does():
    assert render(page("<time datetime='2024-04-16'>today</time>")).date == "2024-04-16"


@given(
    st.lists(
        st.sampled_from(
            ["<p>", "</p>", "<div>", "</div>", "<a href=x>", "</a>", "<br>", "<table>", "<td>", "</table>", "<pre>",
             "</pre>",              "<script>", "</script>", "<!--", "-->", "<![CDATA[", "]]>", "&amp;", "&#0;", "<",
             ">", "\x00", "<html>",
             "</body>",              "<body", "\n\n", "<li>", "<svg>", "<title>", "<p hidden>", "<x:y>", "\ud800"]
        )
        | st.text(max_size=5),
        max_size=30,
    ).map("".join)
)  # fmt: skip
@settings(deadline=None, max_examples=300)
def test_no_page_breaks_the_renderer_and_blocks_partition_the_text(source):
    document = render(page(source))
    at = 0
    for block in document.blocks:
        assert document.text[at : block.start].strip("\n") == ""
        assert document.text[block.start : block.end].strip() == document.text[block.start : block.end] != ""
        assert 0 <= block.link_ratio <= 1
        at = block.end
    assert at == len(document.text)


@pytest.mark.parametrize(
    "unit",
    ["<", "&", "<a ", "<!--", "b=c ", "<div hidden>x</div>", "<a href=x>Ab</a>", "<x-y>t</x-y>", "<pre>\n", "</p>"],
)
def test_hostile_pages_cost_linear_time(unit):
    start = time.process_time()
    with contextlib.suppress(HtmlTooDeep):
        text_of(unit * (300_000 // len(unit)))
    assert time.process_time() - start < 3.0
