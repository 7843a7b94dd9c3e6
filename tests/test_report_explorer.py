"""The explorer, the reading pane and the map in a real browser, and what is packed for them."""

from __future__ import annotations

import base64
import csv
import io
import json
import time
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from chromium import Page
from report_results import THEMES, article, made_up, run_json, segment
from test_report_hostile import _BODIES as HOSTILE

from toolkit.data import Results
from toolkit.report import Report, make_report
from toolkit.report.inlined import read_script
from toolkit.report.pack import pack
from toolkit.report.pack_map import map_view
from toolkit.report.size import BRIEF
from toolkit.report.tally import count_results

READY = "performance.getEntriesByName('explorer-ready').length > 0"
NOT_LAID_OUT = (
    "[...document.querySelectorAll('main > section')]"
    ".filter(section => getComputedStyle(section).contentVisibility !== 'visible').length"
)
N_LISTS = "performance.getEntriesByName('explorer-listed').length"
KEYS = {
    "Enter": {"code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"},
    "Escape": {"code": "Escape", "windowsVirtualKeyCode": 27},
    "ArrowDown": {"code": "ArrowDown", "windowsVirtualKeyCode": 40},
    "/": {"code": "Slash", "windowsVirtualKeyCode": 191, "text": "/"},
    "j": {"code": "KeyJ", "windowsVirtualKeyCode": 74, "text": "j"},
    "k": {"code": "KeyK", "windowsVirtualKeyCode": 75, "text": "k"},
}

# title, outlet, date, language, themes, places, then the segments: text, and what differs from kept on-topic body text
LIBRARY: list[tuple[Any, ...]] = [
    (
        "Café in Đà Nẵng hosts nurses",
        "one.example",
        "2024-01-09",
        "vi",
        ["health"],
        ["Vietnam"],
        [
            ("Home | News | Sport\n", {"role": "navigation", "kept": False, "reason": "navigation: link list"}),
            ("Café in Đà Nẵng hosts nurses\n", {"role": "title"}),
            ("A clinic from Yunnan sent 𝔫urses to the coast for a year.\n", {}),
            ("They will teach in the old harbour hospital.\n", {"themes": [{"theme": "health", "score": 0.9}]}),
            ("Sign up for our letter\n", {"role": "advert", "kept": False, "reason": "advert: asks to sign up"}),
        ],
    ),
    (
        "High-speed rail reaches the border",
        "two.example",
        "2024-02-01",
        "en",
        ["connectivity_infrastructure"],
        ["Laos"],
        [("High speed trains now run to the border town, and freight follows in the spring.\n", {})],
    ),
    (
        "=SUM(A1) opens a market, and a rail link",
        "two.example",
        "2023-12",
        "en",
        ["trade_investment", "health"],
        ["Laos", "Thailand"],
        [("The market trades in speed boats at a high price; rails (of steel) are planned for later.\n", {})],
    ),
    (
        "中国与老挝合作",
        "three.example",
        None,
        "zh",
        [],
        [],
        [("两国代表在会议上谈到铁路和贸易的合作，并且同意继续下去，直到明年春天。\n", {"on_topic": "off"})],
    ),
]


def library() -> Results:
    """Four articles whose words are known."""
    articles, segments = [], []
    for i, (title, outlet, date, language, themes, places, parts) in enumerate(LIBRARY):
        verdict = "off" if language == "zh" else "on"
        start = 0
        for index, (text, changes) in enumerate(parts):
            row = {"on_topic": "off" if changes.get("kept") is False else verdict} | changes
            segments.append(segment(f"lib/{i}", index, start, text, **row))
            start += len(text)
        articles.append(
            article(
                f"lib/{i}",
                title=title,
                outlet=outlet,
                date=date,
                language=language,
                url=f"https://{outlet}/{i}",
                on_topic=verdict,
                relevance=0.95 - i / 10,
                themes=[{"theme": theme, "score": 0.7} for theme in themes],
                places_asean=places,
                n_segments=len(parts),
            )
        )
    counts = {"read": 4, "articles": 4, "quarantined": 0, "repeats": 0}
    reasons = {"lib/0": (("places of both sides", 1.25), ("length of the text", -0.5))}
    return Results(run_json(counts=counts), tuple(articles), tuple(segments), (), (), explanations=reasons)


def with_map(results: Results) -> Results:
    """The results with a place on the map for each of their segments that has a topic."""
    rows = [
        {
            "document_id": row["document_id"],
            "index": row["index"],
            "x": row["topic"] % 6 + (i % 17) / 30,
            "y": row["topic"] // 6 + (i % 23) / 40,
            "topic": row["topic"],
        }
        for i, row in enumerate(results.segments)
        if row["topic"] >= 0 and row["on_topic"] == "on"
    ]
    return replace(results, topic_map=tuple(rows))


def hostile() -> Results:
    """An article for each way to break out of a text, in every field that is packed."""
    articles, segments = [], []
    for i, words in enumerate(HOSTILE):
        document_id = f"{words[:200]} {i}"
        names = {"title": words, "outlet": words, "url": words, "date": words, "language": words, "file": words}
        articles.append(article(document_id, **names, n_segments=2, topic=0, places_asean=[words, "Laos"]))
        segments.append(segment(document_id, 0, 0, words, topic=0))
        cut = {"role": "footer", "kept": False, "reason": words, "on_topic": "off"}
        segments.append(segment(document_id, 1, len(words), words, **cut))
    themes = [*THEMES, {"id": "x<b>", "label": "</script><script>window.ran = 1</script>", "description": "x"}]
    counts = {"read": len(articles), "articles": len(articles), "quarantined": 0, "repeats": 0}
    topics = ({"topic": 0, "name": HOSTILE[0], "terms": [], "n_segments": 1, "n_articles": 1, "theme": None},)
    articles.sort(key=lambda row: row["document_id"])
    segments.sort(key=lambda row: (row["document_id"], row["index"]))
    return Results(run_json(themes=themes, counts=counts), tuple(articles), tuple(segments), topics, ())


@pytest.fixture
def page(browser: Page) -> Page:
    return browser


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("explorer")
    made = {"library": library(), "large": with_map(made_up(400)), "hostile": hostile()}
    for name, results in made.items():
        (folder / f"{name}.html").write_bytes(make_report(results).html.encode("utf-8", "replace"))
    return {name: folder / f"{name}.html" for name in made}


@pytest.fixture(scope="module")
def short(reports: dict[str, Path]) -> tuple[Report, int]:
    """A report with room for some of its texts only, and how many bytes it may have."""
    limit = reports["large"].stat().st_size - 25_000
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("toolkit.report.size._standard_bytes", lambda n: limit)
        patch.setattr("toolkit.report.size._BESIDE_DATA", 1.0)  # it is the articles that have to give way
        return make_report(made_up(400)), limit


def go(page: Page, path: Path, hash_words: str = "", **options: Any) -> None:
    """Open a report afresh, at a state of its explorer, and wait until it stands."""
    page.open(path, **options)
    page.wait_for(READY)
    if hash_words:
        n_lists = page.evaluate(N_LISTS)
        page.evaluate(f"location.hash = {json.dumps(hash_words)}")
        page.wait_for(f"{N_LISTS} > {n_lists}")


def press(page: Page, key: str) -> None:
    for kind in ("keyDown", "keyUp"):
        page.send("Input.dispatchKeyEvent", type=kind, key=key, **KEYS[key])


def seek(page: Page, words: str) -> list[str]:
    """Type a search, wait for the whole texts, and give the ids that are listed."""
    page.evaluate("document.getElementById('explorer-q').focus()")
    page.wait_for("performance.getEntriesByName('explorer-texts').length > 0")
    page.evaluate(
        f"(q => {{ q.value = {json.dumps(words)}; q.dispatchEvent(new Event('input')); }})"
        "(document.getElementById('explorer-q'))"
    )
    return listed(page)


def listed(page: Page) -> list[str]:
    return list(page.evaluate("[...document.querySelectorAll('#explorer-list > li')].map(item => item.dataset.doc)"))


def read(page: Page, path: Path, document_id: str, at: int | None = None) -> None:
    """Open an article in the reading pane."""
    go(page, path)
    where = "" if at is None else f" + '&at={at}'"
    page.evaluate(f"location.hash = '#explore?doc=' + encodeURIComponent({json.dumps(document_id)}){where}")
    page.wait_for("document.getElementById('reader').open")


def unpacked(content: str) -> bytes:
    return zlib.decompress(base64.b64decode(content), -15)


def test_the_script_of_the_page_is_small() -> None:
    assert len(read_script().encode()) <= 60_000


def test_a_brief_page_has_neither_script_nor_explorer_nor_links_to_it() -> None:
    html = make_report(library(), size=BRIEF).html
    assert "script-src 'none'" in html
    assert "<script" not in html
    assert 'id="explorer"' not in html
    assert 'href="#explore' not in html


@pytest.mark.parametrize("room", [12_000, 30_000, 60_000, 120_000, 10_000_000])
def test_what_is_packed_fits_the_room_and_gives_the_texts_back_to_the_character(room: int) -> None:
    results = made_up(300)
    packed = pack(results, count_results(results), linked=["a-000007"], room=room)
    assert packed.n_bytes <= room
    elements = dict(packed.elements)
    tables = json.loads(unpacked(elements["packed-tables"]))
    ids = json.loads(unpacked(elements["packed-ids"]))["ids"]
    texts: dict[str, list[str]] = {}
    for row in results.segments:
        texts.setdefault(str(row["document_id"]), []).append(str(row["text"]))
    n_texts = 0
    lines = elements.get("packed-texts", "").split()
    for rows, line in zip(tables["blocks"], lines, strict=True):
        for row, (_, _, _, segments) in zip(rows, json.loads(unpacked(line)), strict=True):
            assert [item[0] for item in segments] == texts[ids[row]]
            assert not any(item[4] for item in segments)  # nothing lies between them
            n_texts += 1
    assert packed.complete == (n_texts == 300)
    if n_texts:
        assert ids.index("a-000007") in [row for rows in tables["blocks"] for row in rows]
    if 0 < n_texts < 300:
        assert f"The full text of {n_texts} of 300 articles is in this file" in packed.said


def test_a_page_with_no_room_for_all_texts_says_so_and_stays_in_its_size(short: tuple[Report, int]) -> None:
    report, limit = short
    assert len(report.html.encode()) <= limit
    *_, said = report.left_out
    assert said.startswith("The full text of ")
    assert said in report.html


def test_equal_articles_are_packed_into_equal_bytes() -> None:
    first, second = (pack(made_up(50), count_results(made_up(50)), linked=[], room=60_000) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("name", ["library", "large", "hostile"])
def test_the_explorer_stands_without_a_request_or_a_complaint(page: Page, reports: dict[str, Path], name: str) -> None:
    go(page, reports[name])
    page.evaluate("document.getElementById('explorer-q').focus()")
    page.wait_for("performance.getEntriesByName('explorer-texts').length > 0")
    page.evaluate("document.querySelector('#explorer-list a').click()")
    page.wait_for("document.getElementById('reader').open")
    assert page.requests() == []
    assert page.complaints() == []
    assert page.evaluate("document.querySelectorAll('#explorer *').length") <= 500


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("cafe", [0]),
        ("DA NANG", [0]),  # capitals, accents and the crossed d
        ("rail", [1, 2]),  # begins a word: rail, rails
        ("speed high", [1, 2]),  # in any order, in the text too
        ('"high speed"', [1]),  # together; the hyphen of the title is no matter
        ("“high speed”", [1]),
        ('"rails of steel"', [2]),  # a bracket is no matter either
        ("rail -market", [1]),
        ("harbour", [0]),  # in the text only
        ("ilway", []),  # not the end of a word
        ("铁路", [3]),  # scripts without spaces: anywhere
        ("newsletter", []),
        ("sport", []),  # what was cut is not searched
        ("-rail", [0, 3]),
        ('"', [0, 1, 2, 3]),
    ],
)
def test_words_are_found(page: Page, reports: dict[str, Path], words: str, found: Sequence[int]) -> None:
    go(page, reports["library"])
    assert seek(page, words) == [f"lib/{i}" for i in found]
    n = len(found)
    count = page.evaluate("document.getElementById('explorer-count').textContent")
    assert count == ("4 articles" if n == 4 else f"{n} of 4 articles")


def test_filters_count_what_they_would_leave_and_leave_it(page: Page, reports: dict[str, Path]) -> None:
    results = made_up(400)
    wanted = [
        row["document_id"]
        for row in results.articles
        if row["on_topic"] == "on"
        and {"health", "tourism"} & {item["theme"] for item in row["themes"]}  # type: ignore[attr-defined]
        and "Laos" in row["places_asean"]  # type: ignore[operator]
    ]
    assert len(wanted) > 5
    go(page, reports["large"], "#explore?theme=health&theme=tourism&verdict=on&place=Laos")
    assert sorted(listed(page)) == wanted
    count = "document.getElementById('explorer-count').textContent"
    assert page.evaluate(count) == f"{len(wanted)} of 400 articles"
    assert (
        page.evaluate("[...document.querySelectorAll('.chip')].map(chip => chip.textContent)")
        == [
            "Verdict: On-topic ×, remove",
            "Theme: Tourism ×, remove",
            "Theme: Health ×, remove",
            "Place: Laos ×, remove",
            "Remove all",
        ]
        or page.evaluate("document.querySelectorAll('.chip').length") == 5
    )
    page.evaluate("[...document.querySelectorAll('.chip')].find(chip => /Laos/.test(chip.textContent)).click()")
    more = [
        row
        for row in results.articles
        if row["on_topic"] == "on" and {"health", "tourism"} & {item["theme"] for item in row["themes"]}  # type: ignore[attr-defined]
    ]
    assert page.evaluate(count) == f"{len(more)} of 400 articles"
    assert "place" not in page.evaluate("location.hash")


def test_the_address_brings_the_view_back(page: Page, reports: dict[str, Path]) -> None:
    go(page, reports["large"])
    pick = "[...document.querySelectorAll('.value')].find(value => /{}/.test(value.textContent)).click()"
    page.evaluate(pick.format("Health"))
    page.evaluate(pick.format("On-topic"))
    page.evaluate(
        "(s => { s.value = 'newest'; s.dispatchEvent(new Event('change')); })(document.getElementById('explorer-sort'))"
    )
    seek(page, "nurses")
    page.wait_for("location.hash.includes('nurses')")
    view, ids = page.evaluate("location.hash"), listed(page)
    assert len(ids) > 5
    go(page, reports["library"])  # elsewhere in between
    go(page, reports["large"], view)
    page.evaluate("toolkit.texts")
    page.wait_for("performance.getEntriesByName('explorer-texts').length > 0")
    assert listed(page) == ids
    page.evaluate("location.hash = '#explore?verdict=unsure'")
    page.wait_for("document.getElementById('explorer-q').value === ''")
    assert set(listed(page)).isdisjoint(ids)


def test_a_value_nobody_knows_is_said_and_finds_nothing(page: Page, reports: dict[str, Path]) -> None:
    go(page, reports["library"], "#explore?place=Atlantis")
    assert listed(page) == []
    assert "Place: Atlantis (not known here)" in page.evaluate("document.getElementById('explorer-chips').textContent")


def test_the_csv_is_the_list_and_holds_no_formula(page: Page, reports: dict[str, Path], tmp_path: Path) -> None:
    go(page, reports["hostile"])
    page.send("Page.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    page.evaluate("document.getElementById('explorer-csv').click()")
    end = time.monotonic() + 60
    while not (tmp_path / "articles.csv").is_file() and time.monotonic() < end:
        page.evaluate("1")
        time.sleep(0.05)
    content = (tmp_path / "articles.csv").read_bytes().decode("utf-8")
    rows = list(csv.DictReader(io.StringIO(content, newline="")))
    assert len(rows) == len(HOSTILE)
    cells = [cell for row in rows for cell in row.values()]
    assert not [cell for cell in cells if cell.lstrip(" \u200b\u2060\ufeff")[:1] in tuple("=+-@＝＋－＠")]
    assert not [cell for cell in cells if any(ord(c) < 32 and c != "\n" and c != "\t" for c in cell)]
    page.evaluate("document.getElementById('explorer-more').click()")
    ids = listed(page)
    shown = page.evaluate("document.querySelectorAll('#explorer-list > li').length")
    assert len(ids) == shown == len(rows)
    plain = [(row["document_id"], document_id) for row, document_id in zip(rows, ids, strict=True)]
    assert all(own.lstrip("'") == other.lstrip("'") for own, other in plain if other.isprintable())


def test_the_csv_of_a_filtered_list_has_its_rows_in_its_order(page: Page, reports: dict[str, Path]) -> None:
    go(page, reports["large"], "#explore?theme=health&sort=oldest")
    while not page.evaluate("document.getElementById('explorer-more').hidden"):
        page.evaluate("document.getElementById('explorer-more').click()")
    rows = list(csv.DictReader(io.StringIO(page.evaluate("toolkit.csv()"))))
    assert [row["document_id"] for row in rows] == listed(page)
    by_id = {row["document_id"]: row for row in made_up(400).articles}
    for row in rows:
        known = by_id[row["document_id"]]
        assert row["on_topic"] == known["on_topic"]
        assert float(row["relevance"]) == pytest.approx(known["relevance"], abs=5e-5)
        assert row["themes"].split("; ") == [item["theme"] for item in known["themes"]]  # type: ignore[attr-defined]
    dates = [row["date"] for row in rows if row["date"][:2] == "20"]
    assert dates == sorted(dates)


def test_the_reading_pane_gives_the_article_and_the_linked_passage(page: Page, reports: dict[str, Path]) -> None:
    rows = [row for row in library().segments if row["document_id"] == "lib/0"]
    target = rows[3]  # behind a letter beyond the basic plane, which is one character
    read(page, reports["library"], "lib/0", at=int(str(target["start"])) + 4)
    parts = "[...document.querySelectorAll('#reader-body [data-start]')]"
    spans = page.evaluate(f"{parts}.map(part => [+part.dataset.start, +part.dataset.end])")
    assert spans == [[row["start"], row["end"]] for row in rows]
    assert page.evaluate("document.querySelector('#reader mark').textContent") == str(target["text"]).strip()
    assert page.evaluate("document.activeElement.dataset.start") == str(target["start"])
    words = page.evaluate("document.getElementById('reader-body').textContent")
    for said in ("characters 107–152", "https://one.example/0", "9 Jan 2024", "lib/0", "on-topic 0.95", "Vietnam"):
        assert said in words
    assert "places of both sides (+1.25)" in words
    assert "length of the text (−0.50)" in words
    assert page.evaluate("document.querySelector('#reader .reading').lang") == "vi"
    assert page.evaluate("document.querySelector('#reader a[href^=http]').rel") == "noopener noreferrer nofollow"


def test_cut_parts_are_grey_and_say_why_when_asked(page: Page, reports: dict[str, Path]) -> None:
    read(page, reports["library"], "lib/0")
    assert page.evaluate("document.querySelectorAll('#reader .cut').length") == 2
    why = "document.querySelector('#reader .cut .why')"
    assert page.evaluate(f"{why}.checkVisibility({{contentVisibilityAuto: true}})") is False
    assert page.evaluate("document.querySelector('#reader .cut summary').textContent").startswith(
        "Cut: navigation. Home"
    )
    page.evaluate("document.querySelector('#reader .cut summary').click()")
    assert page.evaluate(f"{why}.textContent") == " Cut as navigation: link list; characters 0–20."
    grey, black = (
        page.evaluate(f"getComputedStyle(document.querySelector('#reader {kind}')).color") for kind in (".cut", ".kept")
    )
    assert grey != black


def test_two_clicks_lead_from_a_theme_to_a_sentence_that_speaks_of_it(page: Page, reports: dict[str, Path]) -> None:
    go(page, reports["library"], "#explore?theme=health")
    page.evaluate("document.querySelector('#explorer-list a').click()")
    page.wait_for("document.querySelector('#reader mark')")
    assert page.evaluate("document.querySelector('#reader mark').textContent").startswith("They will teach")
    assert "theme=health&doc=lib%2F0" in page.evaluate("location.hash")


def test_an_article_whose_text_is_not_in_the_file_says_where_it_is(
    page: Page, short: tuple[Report, int], tmp_path: Path
) -> None:
    path = tmp_path / "short.html"
    path.write_text(short[0].html, encoding="utf-8")
    go(page, path)
    row = page.evaluate("toolkit.data.ids.findIndex((id, row) => !toolkit.data.hasText(row))")
    assert row >= 0
    page.evaluate(f"location.hash = '#explore?doc=' + toolkit.data.ids[{row}]")
    page.wait_for("document.getElementById('reader').open")
    assert "no room for the whole text" in page.evaluate("document.getElementById('reader-body').textContent")
    assert page.complaints() == []


def test_the_keyboard_alone_searches_opens_walks_and_closes(page: Page, reports: dict[str, Path]) -> None:
    go(page, reports["large"])
    press(page, "/")
    assert page.evaluate("document.activeElement.id") == "explorer-q"
    page.send("Input.insertText", text="durian")
    page.wait_for("performance.getEntriesByName('explorer-texts').length > 0")
    ids = listed(page)
    assert len(ids) > 3
    focused = "document.activeElement.closest('[data-doc]') && document.activeElement.closest('[data-doc]').dataset.doc"
    press(page, "ArrowDown")
    assert page.evaluate(focused) == ids[0]
    press(page, "j")
    press(page, "j")
    press(page, "k")
    assert page.evaluate(focused) == ids[1]
    press(page, "Enter")
    page.wait_for("document.getElementById('reader').open")
    assert page.evaluate("document.getElementById('reader').dataset.doc") == ids[1]
    press(page, "j")
    page.wait_for(f"document.getElementById('reader').dataset.doc === {json.dumps(ids[2])}")
    press(page, "Escape")
    page.wait_for("!document.getElementById('reader').open")
    assert page.evaluate(focused) == ids[1]
    assert "doc=" not in page.evaluate("location.hash")


def test_hostile_words_stay_words(page: Page, reports: dict[str, Path]) -> None:
    go(page, reports["hostile"])
    page.evaluate("document.getElementById('explorer-more').click()")
    harmless = {"A", "B", "BUTTON", "CODE", "DD", "DETAILS", "DIALOG", "DIV", "DL", "DT", "H3", "H4", "INPUT", "KBD"}
    harmless |= {"LABEL", "LI", "MARK", "OL", "OPTION", "P", "SELECT", "SPAN", "SUMMARY", "TEXTAREA", "UL"}
    for document_id in listed(page):
        page.evaluate(f"toolkit.reader.open({json.dumps(document_id)}, 0)")
        page.wait_for(f"document.getElementById('reader').dataset.doc === {json.dumps(document_id)}")
        names = page.evaluate("[...new Set([...document.querySelectorAll('#explorer *')].map(e => e.tagName))]")
        assert set(names) <= harmless
    assert page.evaluate("window.ran") is None
    links = page.evaluate("[...document.querySelectorAll('#explorer a')].map(link => link.getAttribute('href'))")
    assert all(link.startswith(("#", "http://", "https://")) for link in links)
    assert page.requests() == []
    assert page.complaints() == []


def test_more_themes_than_bits_of_a_number_can_be_told_apart(page: Page, tmp_path: Path) -> None:
    themes = [{"id": f"t{i}", "label": f"Theme {i}", "description": ""} for i in range(40)]
    articles = [article(f"d{i:03d}", themes=[{"theme": f"t{i}", "score": 0.5}]) for i in range(40)]
    segments = [segment(f"d{i:03d}", 0, 0, f"Sentence number {i} of the forty there are.") for i in range(40)]
    counts = {"read": 40, "articles": 40, "quarantined": 0, "repeats": 0}
    results = Results(run_json(themes=themes, counts=counts), tuple(articles), tuple(segments), (), ())
    path = tmp_path / "themes.html"
    path.write_text(make_report(results).html, encoding="utf-8")
    go(page, path, "#explore?theme=t39&theme=t33")
    assert listed(page) == ["d033", "d039"]


def test_the_map_is_drawn_and_leads_to_passages_and_to_the_list(page: Page, reports: dict[str, Path]) -> None:
    go(page, reports["large"])
    page.evaluate("document.getElementById('map').scrollIntoView()")
    page.wait_for("document.querySelectorAll('#map-topics button').length > 5")
    ink = """(canvas => { const d = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        let n = 0; for (let i = 0; i < d.length; i += 4) {
            const c = [d[i], d[i + 1], d[i + 2]]; n += d[i + 3] > 150 && Math.max(...c) - Math.min(...c) > 60; }
        return n; })
        (document.getElementById('map-canvas'))"""
    page.wait_for(f"{ink} > 500")
    before = page.evaluate(ink)
    page.evaluate("document.querySelector('#map-topics button').click()")
    topic = page.evaluate("document.querySelector('#map-topics button').dataset.topic")
    assert page.evaluate("location.hash") == f"#explore?topic={topic}"
    page.wait_for(f"{ink} < {before} / 2")  # the others are dimmed
    words = page.evaluate("document.getElementById('map-canvas').getAttribute('aria-label')")
    assert words.startswith("Map of ")
    assert words.endswith("holds the same articles.")
    box = page.evaluate(
        "(b => [b.left, b.top, b.width, b.height])(document.getElementById('map-canvas').getBoundingClientRect())"
    )
    for step in range(400):  # somewhere on the canvas there is a dot of that topic
        x, y = box[0] + box[2] * (step % 20 + 0.5) / 20, box[1] + box[3] * (step // 20 + 0.5) / 20
        page.evaluate(
            "document.getElementById('map-canvas').dispatchEvent("
            f"new MouseEvent('click', {{clientX: {x}, clientY: {y}, bubbles: true}}))"
        )
        if "doc=" in page.evaluate("location.hash"):
            break
    page.wait_for("document.getElementById('reader').open && document.querySelector('#reader mark')")
    opened = page.evaluate("document.getElementById('reader').dataset.doc")
    assert str(next(row["topic"] for row in made_up(400).articles if row["document_id"] == opened)) == topic


def test_a_run_without_places_for_its_passages_says_that_there_is_no_map(reports: dict[str, Path]) -> None:
    def said(results: Results) -> str:
        view = map_view(results, count_results(results))
        assert view["words"] == ""
        return str(view["said"])

    assert said(made_up(60)).startswith("There is no map: the model of this run is from a version that kept none")
    few = with_map(made_up(60))
    assert 0 < len(few.topic_map) < 200
    assert (
        said(few)
        == f"There is no map: only {len(few.topic_map)} passages have a topic, and the list below is read faster."
    )
    assert said(library()) == "There is no map: no topics were found in this corpus."
    html = reports["library"].read_text(encoding="utf-8")
    assert "There is no map: no topics" in html
    assert 'id="map-canvas"' not in html


def test_what_is_out_of_sight_is_laid_out_once_the_explorer_stands(page: Page, reports: dict[str, Path]) -> None:
    go(page, reports["large"])
    page.wait_for("performance.getEntriesByName('page-laid-out').length > 0")
    assert page.evaluate(NOT_LAID_OUT) == 0
    assert page.evaluate("document.querySelectorAll('main.later, main > section[style]').length") == 0


def test_a_page_opened_at_a_place_stays_there_while_it_is_laid_out(page: Page, reports: dict[str, Path]) -> None:
    # Chromium alone holds a page where it is while what is above it grows; other browsers are to stay, too.
    unheld = "const rule = new CSSStyleSheet(); rule.replaceSync('* { overflow-anchor: none }')"
    with page.before_all(f"{unheld}; document.adoptedStyleSheets.push(rule)"):
        for address, section in (("#method", "method"), ("#explore?verdict=on", "explore")):
            page.open(reports["library"])
            page.open(reports["large"], at=address)
            page.wait_for("performance.getEntriesByName('page-laid-out').length > 0")
            top = page.evaluate(f"document.getElementById('{section}').getBoundingClientRect().top")
            assert 0 <= top < 60, address


def test_without_script_a_sentence_says_what_is_missing(page: Page, reports: dict[str, Path]) -> None:
    page.send("Emulation.setScriptExecutionDisabled", value=True)
    try:
        page.open(reports["large"])
        assert page.evaluate("document.getElementById('explorer').checkVisibility()") is False
        assert "switched off here" in page.evaluate("document.querySelector('#explore noscript').textContent")
        assert page.evaluate("document.querySelector('#explore noscript').checkVisibility()") is True
        assert page.evaluate(NOT_LAID_OUT) == 0
    finally:
        page.send("Emulation.setScriptExecutionDisabled", value=False)


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_neither_list_nor_pane_overflows(page: Page, reports: dict[str, Path], width: int) -> None:
    go(page, reports["hostile"], width=width)
    page.evaluate("document.querySelectorAll('#explorer details').forEach(box => box.open = true)")
    page.evaluate("document.querySelector('#explorer-list a').click()")
    page.wait_for("document.getElementById('reader').open")
    wide = "document.{0}.scrollWidth - document.{0}.clientWidth"
    assert page.evaluate(wide.format("documentElement")) == 0
    assert page.evaluate(wide.format("getElementById('reader-body')")) == 0


def test_print_leaves_map_and_explorer_out(page: Page, reports: dict[str, Path]) -> None:
    go(page, reports["large"], media="print")
    for name in ("map", "explore"):
        assert page.evaluate(f"document.getElementById('{name}').checkVisibility()") is False
