"""The report in a real browser: nothing is asked for, nothing complains, nothing overflows, everything can be read."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

import pytest
from axe import violations
from chromium import Page
from report_results import render_report, report_on, seed_results

# Text whose contrast against what is painted behind it is under the WCAG AA ratio; our colours are all opaque.
_FAINT_TEXT = """
(() => {
  const channel = v => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; };
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b);
  const behind = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = rgb(getComputedStyle(e).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.getClientRects().length) continue;
    const style = getComputedStyle(element);
    const inDrawing = element.namespaceURI.endsWith('svg');
    const [a, b] = [light(rgb(inDrawing ? style.fill : style.color)), light(behind(element))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) found.push([element.tagName, element.className, walker.currentNode.data.slice(0, 40), ratio]);
  }
  return found.slice(0, 5);
})()
"""
_READY = "performance.getEntriesByName('page-laid-out').length > 0"
_OPEN_ALL = "document.querySelectorAll('details').forEach(d => d.open = true)"
_REACHABLE = """
[...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')]
  .filter(e => e.tabIndex >= 0 && !e.disabled && e.checkVisibility())
"""
_OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def page(browser: Page) -> Page:
    return browser


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    seeds = render_report(seed_results(), source_date="2026-11-22")
    made = {"seeds": seeds, "middling": report_on(100).html, "large": report_on(300).html}
    for name, html in made.items():
        (folder / f"{name}.html").write_text(html, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in made}


@pytest.mark.parametrize("name", ["seeds", "large"])
def test_nothing_is_asked_for_and_nothing_complains(page: Page, reports: dict[str, Path], name: str) -> None:
    page.open(reports[name])
    page.evaluate(_OPEN_ALL)
    page.picture(height=400)
    assert page.requests() == []
    assert page.complaints() == []


def test_the_style_sheet_is_let_in_and_a_script_is_not(page: Page, reports: dict[str, Path], tmp_path: Path) -> None:
    html = reports["seeds"].read_text(encoding="utf-8")
    assert "</h1>" in html
    planted = tmp_path / "planted.html"
    planted.write_text(html.replace("</h1>", "</h1><script>document.title = 'ran'</script>", 1), encoding="utf-8")
    page.open(planted)
    assert page.evaluate("document.title") != "ran"
    assert page.complaints()  # the browser says that it refused
    assert page.evaluate("getComputedStyle(document.querySelector('.skip')).position") == "absolute"


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_no_width_overflows(page: Page, reports: dict[str, Path], width: int) -> None:
    page.open(reports["large"], width=width)
    page.evaluate(_OPEN_ALL)
    assert page.evaluate(_OVERFLOW) == 0


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_all_text_stands_out_from_what_is_behind_it(
    page: Page, reports: dict[str, Path], width: int, dark: bool
) -> None:
    page.open(reports["large"], width=width, dark=dark)
    page.evaluate(_OPEN_ALL)
    assert page.evaluate(_FAINT_TEXT) == []


@pytest.mark.parametrize(
    ("name", "width", "dark", "opened"),
    [
        ("large", 1280, False, False),
        ("middling", 1280, True, True),
        ("middling", 390, False, True),
        ("middling", 390, True, False),
    ],
    ids=["wide", "wide, dark, all open", "phone, all open", "phone, dark"],
)
def test_axe_finds_nothing_against_wcag_a_and_aa(
    page: Page, reports: dict[str, Path], name: str, width: int, dark: bool, opened: bool
) -> None:
    page.open(reports[name], width=width, dark=dark)
    page.wait_for(_READY)
    if opened:
        page.evaluate(_OPEN_ALL)
        page.evaluate("document.querySelector('#explore a.open').click()")
        page.wait_for("document.querySelector('#explore [data-start]') !== null")
    assert violations(page) == []


def test_axe_is_heard_where_something_is_wrong(page: Page, reports: dict[str, Path]) -> None:
    page.open(reports["seeds"])
    page.evaluate(
        "document.querySelector('nav').insertAdjacentHTML('beforeend', '<img src=\"data:,\"><button></button>')"
    )
    assert {str(found[0]) for found in violations(page)} >= {"image-alt", "button-name"}


def _press_tab(page: Page) -> None:
    for kind in ("keyDown", "keyUp"):
        page.send("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)


def test_axe_finds_nothing_before_all_is_laid_out(page: Page, reports: dict[str, Path]) -> None:
    never = "{ get: () => new Promise(() => undefined), set() {} }"
    with page.before_all(f"window.toolkit = Object.defineProperty({{}}, 'standing', {never})"):
        page.open(reports["large"], width=390)
        last = "getComputedStyle(document.querySelector('main.later > :last-child'))"
        assert page.evaluate(f"{last}.contentVisibility") != "visible"
        assert violations(page) == []


def test_the_tab_key_reaches_everything_that_can_be_used_and_shows_where_it_is(
    page: Page, reports: dict[str, Path]
) -> None:
    page.open(reports["seeds"])
    page.wait_for(_READY)
    page.evaluate(_OPEN_ALL)
    page.evaluate(f"window.waiting = new Set({_REACHABLE}); window.unseen = []")
    n = page.evaluate("waiting.size")
    assert n > 30
    page.evaluate(
        "document.addEventListener('focusin', event => { waiting.delete(event.target);"
        " if (getComputedStyle(event.target).outlineStyle === 'none') unseen.push(event.target.outerHTML); })"
    )
    for _ in range(n + 5):
        _press_tab(page)
    assert page.evaluate("[...waiting].map(e => e.outerHTML.slice(0, 100))") == []
    assert page.evaluate("unseen") == []


def test_the_skip_link_comes_first_and_focus_is_seen(page: Page, reports: dict[str, Path]) -> None:
    page.open(reports["seeds"])
    _press_tab(page)
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_print_opens_the_cards_and_names_the_addresses(page: Page, reports: dict[str, Path]) -> None:
    page.open(reports["large"], media="print")
    quotes = "[...document.querySelectorAll('details blockquote')]"
    hidden = f"{quotes}.filter(quote => !quote.checkVisibility({{contentVisibilityAuto: true}})).length"
    assert page.evaluate("document.querySelectorAll('details blockquote').length") > 20
    assert page.evaluate(hidden) == 0
    assert page.evaluate("getComputedStyle(document.querySelector('.contents')).display") == "none"
    after = "getComputedStyle(document.querySelector(\".source > a[href^='http']\"), '::after').content"
    assert "https://" in page.evaluate(after) or "attr(href)" in page.evaluate(after)
    pdf = page.pdf()
    assert pdf.startswith(b"%PDF")
    assert _n_pages(pdf) <= 60


def _n_pages(pdf: bytes) -> int:
    """Pages of a PDF: the largest /Count among its objects, compressed ones included."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    texts = [pdf]
    for stream in streams:
        try:
            texts.append(zlib.decompress(stream))
        except zlib.error:
            continue
    return max((int(n) for text in texts for n in re.findall(rb"/Count (\d+)", text)), default=0)
