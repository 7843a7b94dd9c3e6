"""What is remembered of lines changes no result: shortcuts say what the long way says, in whatever order pages come."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit import language
from toolkit.clean import normalise, normalised_text, normalised_texts
from toolkit.data import CutDocument, Document
from toolkit.segment import cut, cut_each, lines, load_line_model
from toolkit.segment.features import look, look_at_each
from toolkit.segment.lexicon import WORD
from toolkit.segment.model import LineModel

LINES = (
    "Home > News", "Advertisement", "READ:", "Related stories", "3 comments", "May 6, 2024", "By Ana Cruz", "–",
    "a_b's",
    "The minister said on Monday that the bridge will open in May, after six years of work and two delays.",
    "The harbour of the town was closed for two days &amp; nights – because of the storm, the mayor&rsquo;s aide said.",
    "rock'n'roll don’t 'quoted' İstanbul ½ x²", "中国和东盟加强合作。", "&amp;lt; &foo; &#150; R&D",
    "tothe end (here ) .", "It offers more – and offers it . The clinic is for&nbsp;therapy; a rapy",
    "said.&nbsp; R&amp;D &ensp;x &#10;'s S&P ( a ) &amp; 10&nbsp;%",
)  # fmt: skip
marks = st.text("aé中İ'’_&;#–—-. \n\t\u00a0\u00ad0½²&amplt;", max_size=30)
texts = st.lists(st.sampled_from(LINES) | marks | st.text(max_size=30), min_size=1, max_size=12).map("\n".join)


def cut_all(pages: list[str], model: LineModel) -> list[CutDocument]:
    return [cut(Document(str(i), page), model) for i, page in enumerate(pages)]


@given(st.lists(texts, min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_what_was_cut_before_changes_nothing(pages: list[str]) -> None:
    model = LineModel.from_state(load_line_model().state())
    lines._lines.clear()
    fresh = [look(Document("d", page)) for page in pages]
    scores = [model.scores(page) for page in fresh]
    found = cut_all(pages, model)
    assert cut_all(pages, model) == found
    for page, before, score in zip(reversed(pages), reversed(fresh), reversed(scores), strict=True):
        again = look(Document("d", page))
        assert again.dense.tobytes() == before.dense.tobytes()
        assert np.array_equal(model.scores(again), score)


@given(st.lists(texts | st.sampled_from(["", "\n \n", "x"]), min_size=1, max_size=6), st.booleans())
@settings(max_examples=60, deadline=None)
def test_pages_looked_at_together_are_seen_as_each_alone(pages: list[str], titled: bool) -> None:
    model = load_line_model()
    documents = [
        Document(str(i), page, title="The harbour" if titled and i % 2 else None) for i, page in enumerate(pages)
    ]
    together = look_at_each(documents)
    for document, page, scores in zip(documents, together, model.scores_each(together), strict=True):
        alone = look(document)
        assert page.dense.tobytes() == alone.dense.tobytes()
        assert page.title_like == alone.title_like
        assert np.array_equal(scores, model.scores(alone))
    assert cut_each(documents, model) == [cut(document, model) for document in documents]


@given(texts)
@settings(max_examples=150, deadline=None)
def test_words_are_those_that_the_pattern_finds(text: str) -> None:
    lows = [text, *text.split("\n"), ""]
    assert lines.split_words(lows) == list(map(WORD.findall, lows))
    assert language._words(text) == language._WORD.findall(text)


@given(texts, st.booleans())
@settings(max_examples=150, deadline=None)
def test_entities_and_dashes_read_as_in_the_normalised_view(text: str, hard_wrapped: bool) -> None:
    for part in (text, *text.split("\n")):
        assert normalised_text(part, hard_wrapped=hard_wrapped) == normalise(part, hard_wrapped=hard_wrapped).text


@given(st.lists(texts, min_size=1, max_size=5), st.booleans())
@settings(max_examples=60, deadline=None)
def test_texts_read_together_read_as_each_alone(parts: list[str], hard_wrapped: bool) -> None:
    parts += [f"{part} \x00 here" for part in parts[:1]]
    expected = [normalise(part, hard_wrapped=hard_wrapped).text for part in parts]
    assert normalised_texts(parts, hard_wrapped=hard_wrapped) == expected
    assert normalised_texts(parts[:-1], hard_wrapped=hard_wrapped) == expected[:-1]


def test_memory_for_lines_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_REMEMBERED", 50)
    lines._lines.clear()
    found = lines.look_at_lines([f"line {i}" for i in range(500)])
    assert [line.key for line in found] == [f"line {i}" for i in range(500)]
    assert len(lines._lines) <= 50
