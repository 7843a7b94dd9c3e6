"""Large results: what is read a piece at a time gives what rows in memory give, and no file is trusted to stay."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_results import THEMES, article, made_up, parse, run_json, segment, words_of

from toolkit.data import CUT_ROLES, KEPT_ROLES, ROLES, Results
from toolkit.errors import ToolkitError
from toolkit.files import atomic_write_bytes, read_results, tables, write_tables
from toolkit.report import find_size, make_report, segments, size, text_tally
from toolkit.report.content_hash import content_hash
from toolkit.report.quotes import Quotes
from toolkit.report.tally import count_results
from toolkit.report.texts import segments_of, text_hashes

FORMATS = ("parquet", "jsonl")
CUES = ("footer: rights notice", "teaser: doubled headline, cut off", "a_code", "", None)
LINES = (
    "The hospital in the delta opened a ward with nurses from over the border, and the ministers came to see it.\n",
    "Freight on the line grew.\n",
    "每天有三列火车。\n",
    "\n  \n",
    "Home | World | Sport | Opinion",
)


def write(folder: Path, results: Results, kind: str) -> Results:
    """The results written in a format, and opened again."""
    write_tables(
        folder,
        [kind],
        articles=results.articles,
        segments=results.segments,
        topics=results.topics,
        side_ids=["china", "asean"],
        extra_columns={"n": "int64", "x": "json"},
        with_xpath=False,
    )
    atomic_write_bytes(folder / "run.json", b"{}")
    return replace(read_results(folder), run=results.run, quarantine=results.quarantine)


themes = st.lists(
    st.fixed_dictionaries(
        {"theme": st.sampled_from([theme["id"] for theme in THEMES[:3]]), "score": st.sampled_from([0.25, 0.5, 0.875])}
    ),
    max_size=2,
    unique_by=lambda item: item["theme"],
)
numbers = st.none() | st.sampled_from([0.0, 0.5, 0.875])
verdicts = st.sampled_from(["on", "on", "off", "unsure"])


@st.composite
def corpora(draw: st.DrawFn) -> Results:
    """A few articles of a few segments, everything that may be missing missing now and then."""
    articles, rows = [], []
    for i in range(draw(st.integers(0, 6))):
        document_id = f"d{i}{draw(st.sampled_from(['', 'é', '中']))}"
        n = draw(st.integers(0, 5))
        title = draw(st.sampled_from([None, "A title"]))
        extra = {"n": draw(st.none() | st.integers(-9, 9)), "x": draw(st.sampled_from([None, "t", 1.5, [1, {}], True]))}
        copy = f"d{draw(st.integers(0, i))}" if draw(st.booleans()) else None
        named: dict[str, Any] = {"on_topic": draw(verdicts), "themes": draw(themes), "relevance": draw(numbers)}
        articles.append(article(document_id, title=title, duplicate_of=copy, outlet=f"o{i % 2}", **named, **extra))
        start = 0
        for index in range(n):
            text = draw(st.sampled_from(LINES)) * draw(st.integers(1, 4))
            given_role = draw(st.sampled_from(ROLES))
            changes = {
                "role": given_role,
                "kept": draw(st.sampled_from([None, given_role in KEPT_ROLES, True])),
                "reason": draw(st.sampled_from(CUES)),
                "on_topic": draw(verdicts),
                "relevance": draw(numbers),
                "themes": draw(themes),
                "topic": draw(st.sampled_from([-1, 0, 1])),
                "story": draw(st.sampled_from([None, 0, 1])),
            }
            rows.append(segment(document_id, index, start, text, **changes))
            start += len(text)
    topics = [
        {"topic": k, "name": f"t{k}", "terms": [{"term": word, "weight": 0.5}], "n_segments": 9, "n_articles": 9}
        for k, word in enumerate(("ward", "freight"))
    ]
    full = [dict.fromkeys(["theme"], None) | row for row in topics]
    return Results(run_json(), tuple(articles), tuple(rows), tuple(full), ())


@settings(max_examples=20, deadline=None)
@given(results=corpora())
def test_what_is_read_by_the_piece_is_counted_as_rows_in_memory_are(results: Results) -> None:
    expected, digest = count_results(results), content_hash(results)
    for kind in FORMATS:
        with tempfile.TemporaryDirectory() as folder:
            stored = write(Path(folder), results, kind)
            assert (len(stored.articles), len(stored.segments)) == (len(results.articles), len(results.segments))
            assert count_results(stored) == expected
            assert content_hash(stored) == digest
            assert text_hashes(stored) == text_hashes(results)


@settings(max_examples=40, deadline=None)
@given(results=corpora())
def test_the_columns_are_counted_as_one_would_count_the_rows(results: Results) -> None:
    found = count_results(results)
    verdict = {row["document_id"]: row["on_topic"] for row in results.articles}
    kept = [row for row in results.segments if (row["role"] in KEPT_ROLES if row["kept"] is None else row["kept"])]
    cut = [row for row in results.segments if row not in kept]
    on = [row for row in kept if row["on_topic"] == verdict[row["document_id"]] == "on"]
    for extent, rows in ((found.all_text, results.segments), (found.kept_text, kept), (found.on_text, on)):
        assert (extent.n_segments, extent.n_characters) == (len(list(rows)), sum(len(row["text"]) for row in rows))
    by_role = Counter(row["role"] if row["role"] in CUT_ROLES else "other" for row in cut)
    assert {one.role: one.extent.n_segments for one in found.cut} == by_role
    rights = sum(1 for row in cut if row["reason"] == "footer: rights notice")
    assert sum(n for one in found.cut for cue, n in one.reasons if cue == "rights notice") == rights
    counted = {found.articles[i].document_id for i in found.on}
    in_topic = Counter(row["topic"] for row in on if row["document_id"] in counted and row["topic"] >= 0)
    assert found.n_in_topics == in_topic.total()
    assert {one.topic: one.n_segments for one in found.topics if one.topic in in_topic} == in_topic


def test_where_one_piece_ends_and_the_next_begins_does_not_show(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    results = made_up(60)
    expected, digest = count_results(results), content_hash(results)
    monkeypatch.setattr(segments, "_BATCH_ROWS", 7)
    monkeypatch.setattr("toolkit.report.content_hash._BATCH_ROWS", 11)
    monkeypatch.setattr(tables, "_GROUP_ROWS", 13)
    assert (count_results(results), content_hash(results)) == (expected, digest)
    stored = write(tmp_path, results, "parquet")
    assert (count_results(stored), content_hash(stored)) == (expected, digest)


def test_passages_that_are_passed_over_would_not_have_been_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    results = made_up(1_200, n_topics=2)
    looked_at: list[str] = []
    read = text_tally.tokens_of
    monkeypatch.setattr(text_tally, "tokens_of", lambda folded: looked_at.append(folded) or read(folded))
    quick, n_quick = count_results(results), len(looked_at)
    monkeypatch.setattr(Quotes, "takes", lambda *_: True)
    assert count_results(results) == quick
    assert n_quick < 0.9 * (len(looked_at) - n_quick)


def test_a_report_is_made_without_pandas_altair_and_the_stages_of_a_model(tmp_path: Path) -> None:
    results = made_up(60)
    write(tmp_path, results, "parquet")
    atomic_write_bytes(tmp_path / "run.json", json.dumps(results.run | {"key": {}}).encode())
    unwanted = (
        "pandas altair pydantic scipy sklearn bertopic umap toolkit.config toolkit.model toolkit.topics.fit".split()
    )
    code = (
        "import sys; from pathlib import Path; from toolkit.report_jobs import write_report;"
        f"write_report(Path({str(tmp_path)!r}), Path({str(tmp_path / 'report.html')!r}));"
        f"print([name for name in {unwanted} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert b"<svg" in (tmp_path / "report.html").read_bytes()


@pytest.mark.parametrize("kind", FORMATS)
def test_the_segments_of_some_articles_are_found_and_no_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    results = made_up(80)
    monkeypatch.setattr(tables, "_GROUP_ROWS", 20)
    stored = write(tmp_path, results, kind)
    wanted = ["a-000003", "a-000004", "a-000031", "a-000079", "not there"]
    found = segments_of(stored, wanted)
    assert found == segments_of(results, wanted)
    assert list(found) == wanted[:-1]
    assert segments_of(stored, []) == {}
    for document_id, digest in text_hashes(stored).items():
        rows = segments_of(stored, [document_id])[document_id]
        assert hashlib.sha256("".join(row["text"] for row in rows).encode()).hexdigest() == digest


@settings(max_examples=40, deadline=None)
@given(data=st.data(), results=corpora())
def test_a_changed_cell_changes_the_hash(data: st.DataObject, results: Results) -> None:
    rows = [dict(row) for row in results.segments]
    if not rows:
        return
    row = data.draw(st.sampled_from(rows))
    name = data.draw(st.sampled_from(sorted(row)))
    row[name] = data.draw(st.sampled_from([None, 7, 7.0, "x", [], [{"theme": "x", "score": 0.5}]]))
    same = rows == list(results.segments) and [list(map(repr, r.values())) for r in rows] == [
        list(map(repr, r.values())) for r in results.segments
    ]
    assert (content_hash(replace(results, segments=tuple(rows))) == content_hash(results)) == same


@pytest.mark.parametrize("kind", FORMATS)
def test_a_table_that_changes_while_it_is_read_is_refused(tmp_path: Path, kind: str) -> None:
    stored = write(tmp_path, made_up(5), kind)
    path = tmp_path / f"segments.{kind}"
    atomic_write_bytes(path, path.read_bytes())
    with pytest.raises(ToolkitError, match="has changed since"):
        count_results(stored)


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    write(tmp_path, made_up(5), "jsonl")
    lines = (tmp_path / "segments.jsonl").read_bytes().splitlines(keepends=True)
    for broken, words in ((b"{]\n", "line 3: cannot be read"), (b"[]\n", "line 3: not an object")):
        atomic_write_bytes(tmp_path / "segments.jsonl", b"".join([*lines[:2], broken, *lines[3:]]))
        with pytest.raises(ToolkitError, match=words):
            count_results(read_results(tmp_path))


def test_a_page_without_room_shows_less_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    results = made_up(400)
    for name in ("brief", "standard"):
        whole = make_report(results, size=find_size(name))
        most = len(parse(whole.html).xpath("//*")) - 600
        monkeypatch.setattr(size, "MAX_ELEMENTS", most)
        monkeypatch.setattr(size, "MAX_ELEMENTS_STATIC", most)
        report = make_report(results, size=find_size(name))
        monkeypatch.undo()
        page = parse(report.html)
        assert len(page.xpath("//*")) <= most + 20  # and those of the explorer's data
        sentence = report.left_out[0]
        assert f"{most:,} elements" in sentence
        assert sentence in words_of(report.html)
        ids = set(page.xpath("//@id"))
        assert not [href for href in page.xpath("//a/@href") if href[0] == "#" and href[1:].split("?")[0] not in ids]
        assert page.xpath("//*[@id='cards']//blockquote")
        assert [sheet.name for sheet in report.sheets] == [sheet.name for sheet in whole.sheets]
        assert report.sheets == whole.sheets


def test_what_cannot_be_made_to_fit_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(size, "_BRIEF", 10_000)
    report = make_report(made_up(40), size=find_size("brief"))
    assert report.left_out[0].endswith("Even so it has more than that.")


def test_bytes_bind_as_elements_do() -> None:
    brief = find_size("brief")
    found = [brief.holds(page, 5) for page in ("<p>" * 6_000, "<p>" * 6_001, "é" * 250_000, "é" * 250_001)]
    assert found == [True, False, True, False]
