"""Second opinions: extractors abstain rather than break, are aligned in order, and count where the model is unsure."""

from __future__ import annotations

import logging
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import toolkit.voters
from toolkit.config import load_config, shipped_config
from toolkit.data import Document, Record, Votes
from toolkit.pipeline import cut_record
from toolkit.segment import LineModel, cut, load_line_model
from toolkit.segment.opinion import evidence, is_unsure
from toolkit.voters import VOTERS, aligned_shares, vote

STORY = [
    "The ferry to the northern islands will run twice a day from March, the harbour master said on Monday.",
    "Farmers on the islands had asked for a second crossing, because fruit spoils while it waits at the quay.",
    "The new boat was built in the yard at the river mouth and carries forty cars and three hundred people.",
    "Tickets stay at the old price until the end of the year, after which the council will look at them again.",
    "The first crossing leaves at six in the morning, and the last one comes back when the market has closed.",
]
MENU = "<ul>" + "".join(f"<li><a href=/{n}>Section {n}</a>" for n in range(12)) + "</ul>"
PAGE = (
    f"<html><body>{MENU}<article><h1>Second ferry</h1>{''.join(f'<p>{p}</p>' for p in STORY)}</article></body></html>"
)


def test_a_repeated_headline_counts_where_it_stands_in_order():
    texts = ["Ferry runs twice a day", "Home", STORY[0], "Ferry runs twice a day", STORY[1], "Ferry runs twice a day"]
    kept = f"{STORY[0]}\nFerry runs twice a day\n{STORY[1]}"
    assert aligned_shares(texts, kept) == [0.0, 0.0, 1.0, 1.0, 1.0, 0.0]


def test_a_page_that_holds_its_article_twice_has_one_copy_aligned():
    assert aligned_shares([*STORY, *STORY], "\n".join(STORY)) == [1.0] * 5 + [0.0] * 5


def test_half_of_a_paragraph_is_half_a_vote():
    assert aligned_shares(["one two three four five six seven eight"], "one two three four") == [0.5]


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=8).map(" ".join), max_size=8), st.data())
def test_shares_lie_between_none_and_all_and_never_exceed_what_was_kept(texts, data):
    kept = " ".join(data.draw(st.lists(st.sampled_from("abcdefgh"), max_size=30)))
    shares = aligned_shares(texts, kept)
    assert len(shares) == len(texts)
    assert all(0 <= share <= 1 for share in shares)
    n_aligned = sum(share * len(text.split()) for share, text in zip(shares, texts, strict=True))
    assert n_aligned <= len(kept.split()) + 1e-4


@given(st.lists(st.text("abcdefghijklmnop", min_size=3, max_size=9), min_size=1, unique=True))
def test_a_text_kept_whole_is_aligned_whole(words):
    assert aligned_shares([" ".join(words)], " ".join(words)) == [1.0]


def test_both_extractors_keep_the_story_and_leave_the_menu_out():
    votes = vote(PAGE, ["Section 1 Section 2", *STORY])
    assert votes.names == ("trafilatura", "readability")
    assert votes.notes == ()
    assert votes.shares[0].max() == 0
    assert votes.shares[1:].min() > 0.9


def test_the_same_page_gets_the_same_votes_every_time():
    first = vote(PAGE, STORY)
    for _ in range(4):  # an extractor that remembered paragraphs would drop them from the third time on
        again = vote(PAGE, STORY)
        assert again.notes == first.notes
        assert np.array_equal(again.shares, first.shares)


def test_an_extractor_that_fails_abstains_and_says_why(monkeypatch):
    def breaks(html: str) -> str:
        raise RecursionError("too deep")

    monkeypatch.setitem(toolkit.voters.VOTERS, "trafilatura", breaks)
    votes = vote(PAGE, STORY)
    assert np.isnan(votes.shares[:, 0]).all()
    assert votes.shares[:, 1].min() > 0.9
    assert votes.notes == ("trafilatura failed: RecursionError",)


def test_a_page_too_large_is_not_shown_to_the_extractors(monkeypatch):
    monkeypatch.setattr(toolkit.voters, "MAX_TAGS", 3)
    votes = vote(PAGE, STORY)
    assert np.isnan(votes.shares).all()
    assert len(votes.notes) == len(VOTERS)


@pytest.mark.parametrize(
    "source", ["", "<", "no tags", "<html></html>", "\x00\ud800<p>x", "<p>" * 2000, "<table>" * 300]
)
def test_no_page_breaks_the_vote_nor_speaks(source, capfd, caplog):
    root = logging.getLogger()
    levels = {name: logging.getLogger(name).level for name in ("trafilatura", "readability")}
    votes = vote(source, ["x", ""])
    assert votes.shares.shape == (2, 2)
    assert {name: logging.getLogger(name).level for name in levels} == levels
    assert root.handlers == logging.getLogger().handlers
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


@pytest.mark.parametrize(
    "unit",
    ["<p>word word, word. ", "<div><b>", "<a href=x>y</a> ", "<br>", "<td>a", "a b c d ", "<ul><li>", "&lt;", "'\""],
)
def test_hostile_pages_cost_bounded_time(unit):
    source = unit * (100_000 // len(unit))
    start = time.process_time()
    vote(source, ["word word, word."] * 100)
    assert time.process_time() - start < 3.0


def test_alignment_of_long_repetitive_texts_is_fast():
    start = time.process_time()
    aligned_shares(["a b c d e f g h i j"] * 4_000, "a b c d e f g h i j " * 2_000)
    aligned_shares(["".join(chr(97 + int(d)) for d in str(n)) for n in range(20_000)], "a b c " * 10_000)
    assert time.process_time() - start < 2.0


def _page(document: Document):
    from toolkit.segment.features import look

    return look(document)


def test_votes_add_to_the_article_what_voters_keep_and_take_what_they_leave_out():
    page = _page(Document("d", "\n\n".join(STORY)))
    unsure = np.full((5, 3), 1 / 3)
    shares = np.array([[1.0, 1.0], [0.0, 0.0], [1.0, 0.0], [0.5, 0.5], [np.nan, np.nan]])
    added = evidence(page, unsure, Votes(("trafilatura", "readability"), shares))
    assert added[0] > added[2] > added[1]
    assert added[0] > 0 > added[1]
    assert added[4] == 0


def test_a_voter_that_leaves_out_what_is_sure_is_trusted_less():
    page = _page(Document("d", "\n\n".join(STORY)))
    posteriors = np.array([[0.999, 0.0005, 0.0005]] * 4 + [[0.4, 0.3, 0.3]])
    misses = np.array([[0.0, 1.0]] * 4 + [[0.0, 1.0]])
    finds = np.array([[1.0, 1.0]] * 4 + [[0.0, 1.0]])
    names = ("trafilatura", "readability")
    assert (
        evidence(page, posteriors, Votes(names, misses))[4] > evidence(page, posteriors, Votes(names, finds))[4] + 0.5
    )


def test_the_voters_are_not_asked_about_a_page_the_model_is_sure_of():
    page = _page(Document("d", "\n\n".join(STORY)))
    assert not is_unsure(page, np.array([[0.98, 0.01, 0.01]] * 5))
    assert is_unsure(page, np.array([[0.5, 0.4, 0.1]] * 5))
    assert is_unsure(page, np.array([[0.02, 0.9, 0.08]] * 5))  # no candidate for the article at all


def test_a_reason_names_the_voters_that_decided(monkeypatch):
    asked = []

    def leave_out(texts):
        asked.append(list(texts))
        shares = np.array([[1.0, np.nan]] * 2 + [[0.0, np.nan]] * 3)
        return Votes(("trafilatura", "readability"), shares, ("readability found no article",))

    def unsure(model, pages):
        return [np.log(np.tile([0.7, 0.2, 0.1], (len(page.paragraphs), 1))) for page in pages]

    monkeypatch.setattr(LineModel, "scores_each", unsure)
    found = cut(Document("d", "\n\n".join(STORY)), load_line_model(), second_opinion=leave_out)
    assert asked == [STORY]
    assert [s.kept for s in found.segments][:2] == [True, True]
    by_vote = [s.reason for s in found.segments if not s.kept]
    assert by_vote
    assert all(reason.endswith("trafilatura left it out, readability found no article") for reason in by_vote)


def test_nobody_is_asked_where_the_model_is_sure(monkeypatch):
    def never(texts):
        raise AssertionError("asked")

    def sure(model, pages):
        return [np.log(np.tile([0.98, 0.01, 0.01], (len(page.paragraphs), 1))) for page in pages]

    monkeypatch.setattr(LineModel, "scores_each", sure)
    found = cut(Document("d", "\n\n".join(STORY)), load_line_model(), second_opinion=never)
    assert all(segment.kept for segment in found.segments)


def test_plain_text_asks_nobody(monkeypatch):
    def never(html, texts):
        raise AssertionError("asked")

    monkeypatch.setattr("toolkit.pipeline.vote", never)
    config = load_config(shipped_config())
    found = cut_record(
        Record("d", "\n\n".join(STORY), "d.txt"), line_model=load_line_model(), repeats=None, config=config
    )
    assert "".join(s.text for s in found.segments) == "\n\n".join(STORY)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from([*STORY, MENU, "<p>", "</div>", "<br>", "Read more", "<b>x</b>"]), max_size=12))
def test_segments_partition_the_text_of_a_page_whoever_votes(parts):
    config = load_config(shipped_config())
    record = Record("d", "".join(f"<p>{part}</p>" for part in parts), "d.html", is_html=True)
    found = cut_record(record, line_model=load_line_model(), repeats=None, config=config)
    assert "".join(s.text for s in found.segments) == found.document.text


def test_the_extractors_are_not_imported_to_classify_text():
    code = (
        "import sys, toolkit.pipeline; print([m for m in ('lxml', 'trafilatura', 'readability') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
