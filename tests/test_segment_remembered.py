"""What is remembered of lines changes no result: shortcuts say what the long way says, in whatever order pages come."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit import language
from toolkit.clean import normalise, normalised_text
from toolkit.data import CutDocument, Document
from toolkit.segment import cut, lines, load_line_model
from toolkit.segment.features import look
from toolkit.segment.lexicon import WORD
from toolkit.segment.model import LineModel

LINES = (
    "Home > News", "Advertisement", "READ:", "Related stories", "3 comments", "May 6, 2024", "By Ana Cruz", "–",
    "a_b's",
    "The minister said on Monday that the bridge will open in May, after six years of work and two delays.",
    "The harbour of the town was closed for two days &amp; nights – because of the storm, the mayor&rsquo;s aide said.",
    "rock'n'roll don’t 'quoted' İstanbul ½ x²", "中国和东盟加强合作。", "&amp;lt; &foo; &#150; R&D",
    "tothe end (here ) .",
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


def test_memory_for_lines_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_REMEMBERED", 50)
    lines._lines.clear()
    found = lines.look_at_lines([f"line {i}" for i in range(500)])
    assert [line.key for line in found] == [f"line {i}" for i in range(500)]
    assert len(lines._lines) <= 50
