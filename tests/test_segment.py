"""Laws of cutting, and the surprises that pages hold."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.clean import normalise, normalised_text
from toolkit.data import KEPT_ROLES, ROLES, Block, Document
from toolkit.segment import RepeatedLines, cut, learn_repeats, load_line_model, split_paragraphs
from toolkit.segment.lexicon import ADVERT, AGENCY, FOOTER, RIGHTS, Cued
from toolkit.segment.model import LineModel

LINES = (
    "", " ", "\u00a0", "\u200b", "Home > News > Text", "Advertisement", "READ:", "Copyright © 2020 X", "20", "th",
    "• a point", "By Ana Cruz", "May 6, 2024", "A headline about the harbour and its ships", "| a | b |",
    ", and so on", "\x00\x1f\ufffd",
    "The minister said on Monday that the bridge will open in May, after six years of work and two delays.",
    "The harbour of the town was closed for two days because of the storm that came from the south, the mayor said",
    "中国和东盟加强合作。", "การค้าระหว่างไทยกับจีน",
)  # fmt: skip
pages = st.lists(st.sampled_from(LINES) | st.text(max_size=40), max_size=30).flatmap(
    lambda lines: st.sampled_from(["\n", "\n\n", "\r\n", " \n  "]).map(lambda gap: gap.join(lines))
)


def check_laws(document: Document, repeats: RepeatedLines | None = None) -> None:
    found = cut(document, load_line_model(), repeats)
    segments = found.segments
    assert "".join(s.text for s in segments) == document.text
    assert len(found.texts) == len(segments)
    at = 0
    for index, segment in enumerate(segments):
        assert (segment.index, segment.start) == (index, at)
        assert document.text[segment.start : segment.end] == segment.text
        assert segment.role in ROLES
        assert segment.kept == (segment.role in KEPT_ROLES) == (segment.reason is None)
        if segment.reason is not None:
            assert segment.reason.startswith(f"{segment.role}: ")
        if index:
            assert not segment.text[:1].isspace()
        at = segment.end
    if not document.text.strip():
        assert [s.role for s in segments] == ["blank"]
    else:
        assert all(s.text.strip() for s in segments)
    stories = [s.story for s in segments if s.story]
    assert stories == sorted(stories)
    assert sorted(set(stories)) == list(range(1, len(set(stories)) + 1))


@pytest.mark.parametrize("notice", [RIGHTS, FOOTER, ADVERT, AGENCY], ids=["rights", "footer", "advert", "agency"])
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_pattern_with_cues_finds_whatever_the_pattern_alone_finds(notice: Cued, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(notice.pattern))
    assert notice.pattern.search(text) is not None
    assert notice.search(text) is not None


@given(pages, st.booleans())
@settings(max_examples=150, deadline=None)
def test_the_text_of_a_segment_is_that_of_its_normalised_view(text: str, hard_wrapped: bool) -> None:
    for part in (text, *text.split("\n\n")):
        assert normalised_text(part, hard_wrapped=hard_wrapped) == normalise(part, hard_wrapped=hard_wrapped).text


@pytest.mark.parametrize("text", ["the 20\nth time", "Ana\n's book", "中\n国", "infor-\nmation", "caf\u00c3\xa0 noir"])
def test_a_line_break_that_leaves_no_space_leaves_none_in_the_text_of_a_segment(text: str) -> None:
    assert normalised_text(text, hard_wrapped=True) == normalise(text, hard_wrapped=True).text
    assert normalised_text(text) != " ".join(text.split())


@given(pages)
@settings(max_examples=150, deadline=None)
def test_segments_partition_any_page(text: str) -> None:
    check_laws(Document("d", text))


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_segments_partition_any_string(text: str) -> None:
    check_laws(Document("d", text, title="A title", date="2020"))


@given(
    st.lists(st.tuples(st.sampled_from(LINES), st.sampled_from(["p", "h1", "li", "div", "nav", "x"])), max_size=20),
    st.floats(0, 1),
)
@settings(max_examples=100, deadline=None)
def test_segments_partition_any_html(parts: list[tuple[str, str]], link_ratio: float) -> None:
    text, blocks = "", []
    for i, (line, tag) in enumerate(parts):
        blocks.append(Block(len(text), len(text) + len(line), tag, f"/html/body/{tag}[{i}]", link_ratio))
        text += line + "\n"
    check_laws(Document("d", text, blocks=tuple(blocks)))


@given(pages)
@settings(max_examples=50, deadline=None)
def test_the_same_page_is_cut_the_same_way_twice(text: str) -> None:
    assert cut(Document("d", text), load_line_model()) == cut(Document("d", text), load_line_model())


@given(pages)
@settings(max_examples=60, deadline=None)
def test_prose_is_never_cut_whole(text: str) -> None:
    prose = (
        "The ministers of the two countries said on Monday that the bridge over the river will open to traffic in May."
    )
    page = Document(
        "d",
        text
        + "\n\n"
        + prose
        + "\n\n"
        + "It has cost more than was planned, and the work of the builders was slow, they said.",
    )
    assert any(s.kept for s in cut(page, load_line_model()).segments)


@pytest.mark.parametrize(
    "text",
    ["a" * 1_000_000, "word and the " * 80_000, "(" * 300_000, ". " * 300_000, "photo by " * 100_000,
     "\n" * 300_000 + "x", "Same line here again\n" * 20_000, "- " * 200_000, "1 Jan 2020 " * 50_000],
)  # fmt: skip
def test_hostile_pages_take_linear_time(text: str) -> None:
    started = time.process_time()
    check_laws(Document("d", text))
    assert time.process_time() - started < 12  # generous: machines that run tests are shared


def paragraphs(text: str) -> list[str]:
    return [" ".join(text[p.start : p.end].split()) for p in split_paragraphs(Document("d", text))[0]]


def test_a_line_of_clean_text_is_a_paragraph() -> None:
    assert paragraphs("One thing was said.\nAnother was done.\n\nThen rest.") == [
        "One thing was said.",
        "Another was done.",
        "Then rest.",
    ]


def test_hard_wrapped_lines_are_one_paragraph() -> None:
    text = (
        "The governors of the provinces met on Monday to speak about trade and\n"
        "about the railway that is to join the two capitals before the end of\n"
        "the decade.\n"
        "They agreed on little, and the next meeting was set for the spring of\n"
        "the coming year in the northern town where the first of these talks\n"
        "was held.\n"
    )
    assert [p[:12] for p in paragraphs(text)] == ["The governor", "They agreed "]


def test_a_blank_after_every_wrapped_line_does_not_part_them() -> None:
    lines = (
        "The governors of the provinces met on Monday to speak about trade and",
        "about the railway that is to join the two capitals before the end of",
        "the decade, which many in the region hold to be a distant hope and a",
        "costly one.",
        "They agreed on little, and the next meeting was set for the spring of",
        "the coming year in the northern town where the first of these talks",
        "was held.",
    )
    assert [p[:12] for p in paragraphs("\n\n".join(lines))] == ["The governor", "They agreed "]


def test_a_sentence_broken_by_a_link_is_one_paragraph() -> None:
    broken = "On a regional scale, the union is in the\nfinal stages of an act\n, a law that is far reaching.\n"
    assert len(paragraphs(broken + "The next paragraph begins here.")) == 2


def test_doubled_headlines_stay_two_paragraphs() -> None:
    assert paragraphs("Spam mail on the rise\nSpam mail on the rise\n") == [
        "Spam mail on the rise",
        "Spam mail on the rise",
    ]


def test_an_indent_begins_a_paragraph_where_indents_do() -> None:
    body = "The mayors of the two towns met on the bridge between them and spoke at length of trade."
    text = "\n\n".join(
        ["  " + body, body.replace("mayors", "priests"), "  " + body, "  " + body, "  A heading", "  " + body]
    )
    assert len(paragraphs(text)) == 5


def page(*lines: str) -> str:
    return "\n\n".join(lines)


PROSE = (
    "The harbour of the old town will be widened so that larger ships can enter it, a minister said on Monday.",
    "Ships from the islands bring fruit and timber to the harbour, and the town lives from trade with them, he said.",
    "The work on the harbour will begin in the spring and will cost the town twice what it earns from ships in a year.",
)


def test_a_label_of_advertising_is_no_heading() -> None:
    found = cut(
        Document("d", page("Harbour of the old town to be widened", PROSE[0], "Advertisement", *PROSE[1:])),
        load_line_model(),
    )
    assert [s.role for s in found.segments] == ["title", "body", "advert", "body", "body"]


def test_the_headline_below_read_more_is_a_teaser() -> None:
    text = page(
        "Harbour of the old town to be widened", PROSE[0], "READ:", "Singer wins prize in the capital", *PROSE[1:]
    )
    found = cut(Document("d", text), load_line_model())
    assert [s.role for s in found.segments][2:4] == ["navigation", "teaser"]


def test_stated_metadata_wins_over_what_is_found() -> None:
    found = cut(Document("d", page(*PROSE), title="Stated", date="2020-01-02", author="A. Writer"), load_line_model())
    assert (found.title, found.date, found.byline, found.language) == ("Stated", "2020-01-02", "A. Writer", "en")


def test_segments_of_html_carry_their_xpath() -> None:
    text = "Home\n" + PROSE[0]
    blocks = (Block(0, 4, "li", "/html/body/ul/li", 1.0), Block(5, len(text), "p", "/html/body/p", 0.0))
    assert [s.xpath for s in cut(Document("d", text, blocks=blocks), load_line_model()).segments] == [
        "/html/body/ul/li",
        "/html/body/p",
    ]


def documents(n: int) -> list[Document]:
    return [
        Document(
            f"d{i}",
            page("Join our readers club today", f"Story number {'abcdefghij'[i]} of the day", *PROSE),
            outlet="o",
        )
        for i in range(n)
    ]


def test_lines_on_three_pages_of_a_source_repeat() -> None:
    repeats = learn_repeats(documents(3)).finish()
    first = documents(1)[0]
    assert repeats.knows(first)
    assert repeats.shares(first, ["join our readers club today", "story number a of the day"]).tolist() == [1.0, 0.0]
    assert not repeats.knows(Document("x", "", outlet="another"))


def test_repeats_do_not_depend_on_order_and_come_back_from_their_state() -> None:
    some = documents(8)
    repeats = learn_repeats(some).finish()
    assert learn_repeats(reversed(some)).finish() == repeats
    assert RepeatedLines.from_state(*repeats.state()) == repeats
    check_laws(some[0], repeats)


def test_the_line_model_is_its_state() -> None:
    model = load_line_model()
    assert LineModel.from_state(model.state()).state() == model.state()


def test_a_model_made_for_other_features_is_refused() -> None:
    values = load_line_model().state()
    values["features"] = values["features"][1:]
    with pytest.raises(ValueError, match="other features"):
        LineModel.from_state(values)


def test_a_line_alone_is_the_text_and_not_its_title() -> None:
    page = cut(Document("d", "The two ministries signed the agreement on Monday, officials said."), load_line_model())
    assert [segment.role for segment in page.segments] == ["body"]
    assert page.title is None
