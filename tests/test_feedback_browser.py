"""Marks made in a real browser, by its keys and buttons, saved, and taken by train and evaluate."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import Page
from conftest import Command, rows
from report_results import made_up, render_report

from toolkit.feedback import text_hash
from toolkit.files import is_feedback, read_feedback
from toolkit.report.inlined import SCRIPTS, read_script

RAIL = (
    "Railway opens\n\nChina and Laos opened a railway on Monday, and ministers of both promised more trains to the "
    "border.\n\nThe Chinese firm that built it will train drivers from Vientiane.\n"
)
LEAGUE = (
    "Cup final\n\nThe home side won the cup after extra time, and the keeper was carried from the pitch.\n\n"
    "Home | Sport | Sign in\n"
)
_CODES = {"Enter": 13, "Escape": 27, "Tab": 9}


def press(page: Page, *keys: str) -> None:
    for key in keys:
        code = _CODES.get(key, ord(key.upper()) if len(key) == 1 else 0)
        text = "\r" if key == "Enter" else key if len(key) == 1 else ""
        page.send("Input.dispatchKeyEvent", type="keyDown", key=key, text=text, windowsVirtualKeyCode=code)
        page.send("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)


def at(page: Page, script: str) -> Any:
    return page.evaluate(f"document.getElementById('marks{script}")


def lines(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate("toolkit.marks.lines()")
    return found


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(render_report(made_up(60)), encoding="utf-8")
    return path


@pytest.fixture
def page(browser: Page, report: Path) -> Iterator[Page]:
    yield opened(browser, report)
    browser.evaluate("document.getElementById('marks-clear').click()")  # or it would warn of what is not saved
    browser.evaluate("localStorage.clear()")


def opened(browser: Page, path: Path, **size: Any) -> Page:
    browser.open(path, **size)
    browser.wait_for("!document.getElementById('marks-how').hidden")
    browser.wait_for("performance.getEntriesByName('page-laid-out').length > 0")
    return browser


def choose(page: Page, nth: int = 0) -> None:
    page.evaluate(f"document.querySelectorAll('#explorer-list a.open')[{nth}].focus()")


def open_reader(page: Page, nth: int = 0) -> None:
    choose(page, nth)
    press(page, "Enter")
    page.wait_for(
        "document.getElementById('reader').open && document.querySelector('#reader-body [data-start]') !== null"
    )


def test_keys_mark_what_has_the_focus_and_the_mark_is_said_in_words(page: Page) -> None:
    assert at(page, "').hidden")
    choose(page)
    assert not at(page, "').hidden")
    press(page, "i")
    (mark,) = lines(page)
    assert mark["mark"] == "off"
    item = "document.querySelector('#explorer-list li')"
    assert mark["document_id"] == page.evaluate(f"{item}.dataset.doc")
    assert "Marked: off the subject" in page.evaluate(f"{item}.textContent")
    assert "1 mark" in at(page, "-said').textContent")
    press(page, "u")
    assert [mark["mark"] for mark in lines(page)] == ["unsure"]
    press(page, "u")
    assert lines(page) == []
    press(page, "z")
    assert [mark["mark"] for mark in lines(page)] == ["unsure"]


def test_no_two_elements_of_the_page_share_an_id(page: Page) -> None:
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(element => element.id)")
    assert len(ids) == len(set(ids))


def test_no_key_is_taken_while_a_person_types(page: Page) -> None:
    choose(page)
    page.evaluate("document.getElementById('explorer-q').focus()")
    press(page, *"ruin")
    assert page.evaluate("document.getElementById('explorer-q').value") == "ruin"
    assert lines(page) == []
    choose_first = "document.getElementById('explorer-q').value = ''"
    page.evaluate(choose_first)


def test_themes_and_notes_by_the_keyboard_alone(page: Page) -> None:
    choose(page)
    press(page, "r", "t", "Enter", "Enter", "Escape")
    assert page.evaluate("document.activeElement.className") == "open"  # back where the reader was
    press(page, "n", *"true", "Enter")
    on = next(mark for mark in lines(page) if mark["mark"] == "on")
    no = next(mark for mark in lines(page) if mark["mark"] == "no_theme")
    assert on["note"] == "true"
    assert no["theme"] == "trade_investment"
    assert page.evaluate("document.activeElement.className") == "open"


def test_a_passage_of_the_open_article_is_marked_with_its_place_and_role(page: Page) -> None:
    open_reader(page)
    passage = "document.querySelector('#reader-body [data-start]')"
    page.evaluate(f"{passage}.focus()")
    press(page, "c")
    page.wait_for("toolkit.marks.lines().length === 1")
    (mark,) = lines(page)
    assert (mark["start"], mark["end"]) == tuple(page.evaluate(f"[+{passage}.dataset.start, +{passage}.dataset.end]"))
    assert mark["role"] == "title"
    assert at(page, "').parentNode.id") == "reader"  # what lies behind an open pane could not be pressed
    page.evaluate("document.querySelector('#marks-kinds [data-kind=off]').click()")
    assert [mark["mark"] for mark in lines(page)] == ["wrong_cut", "off"]
    page.evaluate("document.getElementById('reader-close').click()")
    page.wait_for("document.getElementById('marks').parentNode === document.body")


def test_quotations_and_rejects_on_the_page_are_marked_where_they_stand(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    quote = "document.querySelector('.card [data-start]')"
    page.evaluate(f"{quote}.querySelector('a').focus()")
    press(page, "i")
    (mark,) = lines(page)
    assert [mark["document_id"], mark["start"], mark["end"]] == page.evaluate(
        f"[{quote}.dataset.doc, +{quote}.dataset.start, +{quote}.dataset.end]"
    )
    assert "drawn" not in mark
    page.evaluate("document.querySelector('[data-drawn=audit] [data-doc] a').focus()")
    press(page, "r")
    assert [(mark["mark"], mark.get("drawn")) for mark in lines(page)] == [("off", None), ("on", "audit")]
    unreachable = (
        "[...document.querySelectorAll('main [data-doc]')].filter(e => toolkit.data.rowOf(e.dataset.doc) >= 0)"
        ".filter(e => e.tabIndex < 0 && !e.querySelector('a, summary, [tabindex]') && e.getClientRects().length).length"
    )
    assert page.evaluate(unreachable) == 0


def test_marks_outlive_the_page_and_clearing_can_be_undone(page: Page, report: Path) -> None:
    choose(page, 1)
    press(page, "r")
    page.evaluate("document.getElementById('marks-save').click()")
    opened(page, report)
    assert [mark["mark"] for mark in lines(page)] == ["on"]
    assert page.evaluate("document.querySelectorAll('.mark-said').length") >= 1
    page.evaluate("document.getElementById('marks-clear').click()")
    assert lines(page) == []
    page.evaluate("document.getElementById('marks-undo').click()")
    assert len(lines(page)) == 1


def test_leaving_with_marks_that_are_not_saved_is_warned_of(page: Page) -> None:
    choose(page)
    asks = (
        "(() => {const e = new Event('beforeunload', {cancelable: true}); window.dispatchEvent(e);"
        " return e.defaultPrevented})()"
    )
    assert page.evaluate(asks) is False
    press(page, "r")
    assert page.evaluate(asks) is True
    assert "not saved" in at(page, "-count').textContent")


def test_without_storage_marks_are_kept_in_memory(page: Page, report: Path) -> None:
    refuse = "Object.defineProperty(window, 'localStorage', {get() { throw new Error('no storage'); }})"
    script = page.send("Page.addScriptToEvaluateOnNewDocument", source=refuse)["identifier"]
    try:
        opened(page, report)
        choose(page)
        press(page, "r")
        assert len(lines(page)) == 1
        assert page.complaints() == []
    finally:
        page.evaluate("document.getElementById('marks-clear').click()")
        page.send("Page.removeScriptToEvaluateOnNewDocument", identifier=script)
        opened(page, report)


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_bar_fits_and_its_buttons_can_be_touched(browser: Page, report: Path, width: int) -> None:
    opened(browser, report, width=width)
    choose(browser)
    press(browser, "t")
    small = (
        "[...document.querySelectorAll('#marks button')].filter(b => b.getClientRects().length)"
        ".map(b => b.getBoundingClientRect()).filter(r => r.height < 44 || r.width < 44 || r.right > innerWidth).length"
    )
    assert browser.evaluate(small) == 0
    assert browser.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    assert browser.complaints() == []


def test_the_script_of_the_marks_is_small() -> None:
    of_marks = read_script().split('"use strict";')[1 + SCRIPTS.index("marks.js")]
    assert "feedback.jsonl" in of_marks
    assert len(of_marks.encode()) <= 12_000
    assert len(read_script().encode()) <= 60_000


def test_what_is_marked_in_the_browser_is_learned_from_and_scored_by(
    browser: Page, toolkit: Command, tmp_path: Path
) -> None:
    articles = [{"id": f"r{i}", "text": f"{RAIL}\nReport {i}.\n"} for i in range(3)]
    articles += [{"id": f"l{i}", "text": f"{LEAGUE}\nReport {i}.\n"} for i in range(3)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in articles), encoding="utf-8")
    done = toolkit("classify", "in.jsonl", "--out", "out", "--format", "jsonl", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    done = toolkit("report", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr

    opened(browser, tmp_path / "out" / "report.html")
    browser.send("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    verdicts = {row["document_id"]: row["on_topic"] for row in rows(tmp_path / "out" / "articles.jsonl")}
    ids = browser.evaluate("[...document.querySelectorAll('#explorer-list li')].map(li => li.dataset.doc)")
    assert sorted(ids) == sorted(verdicts)
    for nth, document_id in enumerate(ids):
        choose(browser, nth)
        press(browser, "r" if document_id.startswith("r") else "i")
    choose(browser, ids.index("r0"))
    press(browser, "t", "Enter", "Escape", "n", *"yes", "Enter")
    open_reader(browser, ids.index("l0"))
    browser.evaluate("document.querySelectorAll('#reader-body details').forEach(box => box.open = true)")
    browser.evaluate("document.querySelector('#reader-body [data-start]').focus()")
    press(browser, "c")
    browser.wait_for("toolkit.marks.lines().length === 8")
    press(browser, "Escape")
    browser.evaluate("document.getElementById('marks-save').click()")
    saved = tmp_path / "feedback.jsonl"
    end = time.monotonic() + 60
    while not saved.is_file() and time.monotonic() < end:
        time.sleep(0.05)

    assert is_feedback(saved)
    marks = read_feedback(saved)
    assert {(mark.document_id, mark.mark) for mark in marks if mark.mark in ("on", "off")} == {
        (document_id, "on" if document_id.startswith("r") else "off") for document_id in verdicts
    }
    texts = {row["id"]: row["text"] for row in articles}
    assert all(text_hash(texts[mark.document_id]).startswith(mark.text_sha256) for mark in marks)
    assert next(mark.note for mark in marks if mark.document_id == "r0" and mark.mark == "on") == "yes"
    run = json.loads((tmp_path / "out" / "run.json").read_text())
    assert all(run["model"]["hash"].startswith(mark.model) and mark.model for mark in marks)

    done = toolkit("evaluate", "in.jsonl", "--labels", "feedback.jsonl", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)["gold"]
    assert found["protocol"]["n"] == {"documents": 6, "themes": 1, "cuts": 1}
    done = toolkit("train", "in.jsonl", "--labels", "feedback.jsonl", "--name", "x", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    trained = json.loads(done.stdout)
    assert trained["training"]["n_labels"] == 6
    words = " ".join(trained["notes"])
    assert "3 articles on the subject, 3 articles off it, 1 theme given" in words
    assert "1 wrong cut" in words
    assert (tmp_path / "models" / "x" / "manifest.json").is_file()
