"""The normalised view: cases as data, laws by hypothesis, cost on hostile text."""

from __future__ import annotations

import json
import time
import unicodedata
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.clean import Edit, View, normalise, normalised_text, token_by_token
from toolkit.clean import tokens as clean_tokens
from toolkit.clean.words import has_flip, shaped_words, unlike_words

CASES = json.loads((Path(__file__).parent / "cases" / "clean.json").read_text(encoding="utf-8"))

# Text with what the passes look for, more often than chance would have it.
_SPECKS = (
    "\n \t\r\u00a0\u200b\u00ad\ufeff\u2212\u2013\u2014-()[],.;:!?'\"\u2019\u201c&#;amp aATZ9é\u0301\u0323\u00c3\u00a9"
    "\u00e2\u20ac\u2122\uff0c\uff21\uf06c\ue000\x00\x85\x96\u4e2d\u3002\u1100\u1161\u11a8\u0e01"
)
_WORDS = (
    "&amp;", "&nbsp;", "&#8217;", "&#38;", "&#97;", "amp;", "lt;", "China\u2212ASEAN", "infor-\n", "mation", "20\n",
    "th",
    "tothe", "exchangedMOU", "promised.He", "the", "trade", "volumeto", "volume", "\u00e2\u20ac\u2122",
    "caf\u00c3\u00a9", "\u2022", "\uf0b7", " ", "\n", " ,", ".\n", "( ", " )",
)  # fmt: skip
texts = st.one_of(
    st.text(max_size=60),
    st.text(alphabet=_SPECKS, max_size=60),
    st.lists(st.sampled_from(_WORDS) | st.text(alphabet=_SPECKS, max_size=3), max_size=20).map("".join),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["label"])
def test_case(case):
    view = normalise(case["original"], hard_wrapped=case.get("hard_wrapped", False))
    if case.get("fails"):
        assert view.text != case["expected"], "a known failure passes: drop its `fails`"
        pytest.xfail(case["comment"])
    assert view.text == case["expected"]


@given(texts, st.booleans())
@settings(max_examples=400, deadline=None)
def test_the_maps_are_monotone_and_send_ends_to_ends(text, hard_wrapped):
    view = normalise(text, hard_wrapped=hard_wrapped)
    to_source = [view.to_source(i) for i in range(len(view.text) + 1)]
    to_view = [view.to_view(j) for j in range(len(text) + 1)]
    assert to_source == sorted(to_source)
    assert to_view == sorted(to_view)
    assert to_source[0] == 0
    assert to_source[-1] == (len(text) if view.text else 0)  # an empty view has one end only
    assert (to_view[0], to_view[-1]) == (0, len(view.text))


@given(texts, st.booleans())
@settings(max_examples=400, deadline=None)
def test_outside_edits_the_maps_are_each_others_inverse_and_the_characters_equal(text, hard_wrapped):
    view = normalise(text, hard_wrapped=hard_wrapped)
    shift = 0
    made = set()
    for edit in view.edits:
        made.update(range(edit.start + shift, edit.start + shift + len(edit.replacement)))
        shift += len(edit.replacement) - (edit.end - edit.start)
    for i in set(range(len(view.text))) - made:
        assert view.to_view(view.to_source(i)) == i
        start, end = view.source_span(i, i + 1)
        assert text[start:end] == view.text[i]
        assert i == 0 or view.to_source(i) == start


@given(texts, st.booleans())
@settings(max_examples=300, deadline=None)
def test_the_edits_alone_make_the_view(text, hard_wrapped):
    view = normalise(text, hard_wrapped=hard_wrapped)
    made, at = "", 0
    for edit in view.edits:
        assert at <= edit.start <= edit.end
        assert text[edit.start : edit.end] != edit.replacement or edit.start < edit.end
        made += text[at : edit.start] + edit.replacement
        at = edit.end
    assert made + text[at:] == view.text
    assert view.source == text


@given(texts, st.booleans())
@settings(max_examples=600, deadline=None)
def test_a_view_normalises_to_itself(text, hard_wrapped):
    once = normalise(text, hard_wrapped=hard_wrapped).text
    assert normalise(once, hard_wrapped=hard_wrapped).text == once


@given(texts)
@settings(max_examples=300, deadline=None)
def test_white_space_is_single_and_never_at_the_ends(text):
    once = normalise(text).text
    assert once == " ".join(once.split())


@given(st.text(alphabet="ab yz\n.,'", max_size=80))
def test_in_plain_prose_only_white_space_changes(text):
    assert "".join(normalise(text).text.split()) == "".join(text.split())


@given(texts, st.data())
@settings(max_examples=200, deadline=None)
def test_spans_map_to_spans(text, data):
    view = normalise(text)
    i = data.draw(st.integers(0, len(view.text)))
    j = data.draw(st.integers(i, len(view.text)))
    start, end = view.source_span(i, j)
    assert 0 <= start <= end <= len(text)


def test_a_span_of_the_view_leads_to_what_it_was_made_from():
    source = "  Dezhou\u2212ASEAN\u00a0\u00a0Council&#8217;s  "
    view = normalise(source)
    assert view.text == "Dezhou-ASEAN Council\u2019s"
    start = view.text.index("Council")
    assert source[slice(*view.source_span(start, start + 9))] == "Council&#8217;s"
    assert source[slice(*view.source_span(0, 12))] == "Dezhou\u2212ASEAN"


def test_every_edit_says_what_it_is():
    view = normalise("MOU\u2212x  exchangedMOU")
    assert view.edits == (Edit(3, 4, "-", "dash"), Edit(5, 7, " ", "space"), Edit(16, 16, " ", "glued"))


def test_plain_text_is_its_own_view():
    text = "The two sides signed an agreement on trade, officials said."
    assert normalise(text) == View(text, text, ())


@given(st.text("aBe.,-tofhn3", max_size=12) | st.sampled_from(["understand", "tothe", "of", "Often,", "McDonald.He"]))
def test_a_plain_word_is_left_as_it_is_whatever_stands_around_it(token):
    if not unlike_words([token]):
        assert normalise(f"see {token} here").text == f"see {token} here"
        assert not has_flip(token)
        assert not shaped_words(token)


@given(st.lists(texts, max_size=6), st.booleans())
@settings(max_examples=200, deadline=None)
def test_what_the_tokens_of_a_text_tell_is_its_view(parts, hard_wrapped):
    parts += [f"{part} \x00 the volume" for part in parts[:1]]
    for part, told in zip(parts, token_by_token(parts), strict=True):
        assert told in (None, normalise(part, hard_wrapped=hard_wrapped).text)


def test_tokens_tell_of_dashes_entities_and_words_that_look_glued_but_are_not():
    odd = ["They understand tax\u2014and", "R&amp;D &nbsp;\u2013 and R&D", "plain\nlines", "so full/understand is"]
    assert token_by_token(odd) == ["They understand tax-and", "R&D - and R&D", "plain lines", "so full/understand is"]
    assert (
        token_by_token(["the volume of volumeto China", "exchangedMOU", "trade ,", "infor-\nmation", "20\nth"])
        == [None] * 5
    )


def test_memory_for_tokens_is_bounded(monkeypatch):
    monkeypatch.setattr(clean_tokens, "_MAX_REMEMBERED", 50)
    monkeypatch.setattr(clean_tokens, "_MAX_READINGS", 5)
    words = [f"{a}{b}" for a in "abcdefgh" for b in "abcdefgh"] + [f"R&D{n}" for n in range(20)]
    assert token_by_token(words) == words
    for word in words:
        assert token_by_token([word]) == [word]
    assert len(clean_tokens._plain_tokens) <= 50
    assert len(clean_tokens._readings) <= 5


def test_words_of_the_document_part_what_the_segment_alone_cannot():
    assert normalise("the durianto China").text == "the durianto China"
    assert normalise("the durianto China", words=frozenset(["durian"])).text == "the durian to China"


@pytest.mark.parametrize(
    "unit",
    [*"aA \n-.&;,(\u2019\u2212\u200b\u0301\uf06c\u00c3\u4e2d\x00", "&amp;", "a\n", "aB", "aaaAA", "-\n", " ,",
     "\u0301\u0323",      "\u00e2\u20ac\u2122", "tothe ", "promised.He", "&am", "\u1100\u1161", "volumeto ", "aaaa-",
     "'s\n", "20\nth", "AaaaBBBBB ", "Aaaa.Bb "],
    ids=ascii,
)  # fmt: skip
def test_hostile_text_costs_linear_time(unit):
    text = unit * (100_000 // len(unit))
    start = time.process_time()
    view = normalise(text, hard_wrapped=True)
    assert time.process_time() - start < 4.0, unit
    assert view.to_source(len(view.text)) == (len(text) if view.text else 0)


def test_composed_text_is_in_normal_form_c():
    decomposed = unicodedata.normalize("NFD", "Hợp tác Việt Nam – Trung Quốc, 한국")
    view = normalise(decomposed)
    assert view.text == "Hợp tác Việt Nam - Trung Quốc, 한국"
    start = view.text.index("Trung")
    assert decomposed[slice(*view.source_span(start, start + 5))] == "Trung"


def test_many_words_that_look_glued_cost_linear_time():
    stems = ("".join(letters) for letters in product("bcdfghjklm", repeat=5))
    text = "".join(f"{stem}and " for stem, _ in zip(stems, range(30_000), strict=False))
    start = time.process_time()
    assert normalised_text(text) == normalise(text).text == text.strip()
    assert time.process_time() - start < 4.0
