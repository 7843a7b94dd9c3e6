"""What the title is, and what the rules over the line model must not take for another story: each has a cause."""

from __future__ import annotations

from toolkit.data import Document
from toolkit.segment.features import look, look_at_each
from toolkit.segment.model import ARTICLE, FURNITURE, STORY
from toolkit.segment.page import Page
from toolkit.segment.states import doubled_headlines, sure_furniture

HEADLINE = "Harbour town gets its second bridge"
STANDFIRST = "Ferries will stop once cars can cross the river in the north"
CAPTION = "Workers on the new bridge over the harbour of the town last week"
LEAD = (
    "The second bridge over the harbour of the town will open in May, the mayor said on Monday, after six years of "
    "work, two delays and a change of builder."
)
BODY = (
    "Cars will cross the river in four minutes, where the ferries took half an hour in good weather and did not sail "
    "at all in the storms of the winter, she said."
)
BUTTONS = ("Small", "Medium", "Large", "0", "Listen", "Share")


def page(*lines: str) -> Page:
    return look(Document("d", "\n".join(lines)))


def title_of(found: Page) -> str | None:
    return None if found.title_like is None else found.texts[found.title_like]


def test_the_headline_above_its_date_is_the_title_though_a_caption_stands_nearer_to_the_text() -> None:
    top = ("Business", HEADLINE, "PUBLISHED : 5 Aug 2024 at 05:50")
    assert title_of(page(*top, *BUTTONS, CAPTION, LEAD, BODY)) == HEADLINE
    assert title_of(page(*top[:2], *BUTTONS, CAPTION, LEAD, BODY)) == CAPTION


def test_a_standfirst_may_stand_between_the_headline_and_its_byline() -> None:
    assert title_of(page("Business", HEADLINE, STANDFIRST, "By Ana Cruz", *BUTTONS, CAPTION, LEAD, BODY)) == HEADLINE


def test_dates_of_a_list_of_other_stories_make_none_of_them_the_title() -> None:
    others = [
        line
        for day, other in enumerate(("Mayor at school", "Ferries sail again", "Storm passes", "New park", "Rain ahead"))
        for line in (f"{other} in the north of town", f"May {day + 1}, 2024")
    ]
    assert title_of(page(*others, HEADLINE, LEAD, BODY)) == HEADLINE


def test_the_title_of_a_page_is_the_same_whatever_page_stands_below_it() -> None:
    above = Document("a", "\n".join((HEADLINE, "PUBLISHED : 5 Aug 2024 at 05:50", *BUTTONS, CAPTION, LEAD)))
    below = Document("b", "\n".join(("May 5, 2024", "By Ana Cruz", HEADLINE, LEAD, BODY)))
    assert [title_of(found) for found in look_at_each([above, below])] == [HEADLINE, HEADLINE]


def test_a_headline_that_stands_twice_begins_another_story() -> None:
    other = "Train strike enters its third week"
    found = page(HEADLINE, LEAD, BODY, other, other, "Nothing moved in the capital on Friday.")
    assert doubled_headlines(found, [ARTICLE] * 6) == {3}


def test_a_caption_that_stands_twice_begins_none() -> None:
    caption = "The new bridge over the harbour seen from a ferry. (Photo: Town Archive)"
    states = [ARTICLE] * 6
    assert (
        doubled_headlines(page(HEADLINE, LEAD, BODY, caption, caption, "More ferries are for sale."), states) == set()
    )
    assert STORY not in states


def test_a_name_that_stands_twice_within_a_sentence_begins_none() -> None:
    name = "Ms. Rosa Lima, the harbour master of the town"
    found = page(HEADLINE, LEAD, BODY, name, name, ", said that the ferries would be sold in the summer.")
    assert doubled_headlines(found, [ARTICLE] * len(found.texts)) == set()


def test_a_line_that_leads_to_what_follows_is_no_headline_of_another_story() -> None:
    lines = (HEADLINE, LEAD, "READ MORE:", "Ferries find a buyer in the south", "The bridge will carry three things:")
    found = page(*lines, "Cars, bicycles and a water main.", BODY)
    states = [ARTICLE] * 7
    assert sorted(sure_furniture(found, states, found.texts)) == [2, 3]
    assert states == [ARTICLE, ARTICLE, FURNITURE, FURNITURE, ARTICLE, ARTICLE, ARTICLE]


def test_the_full_stop_behind_a_link_stays_with_its_sentence_though_a_blank_is_spelled_out() -> None:
    found = page(HEADLINE, LEAD, "The ferries are for sale", ".&nbsp;", BODY, "&nbsp;")
    blank = len(found.texts) - 1
    assert found.texts[-3:] == [".&nbsp;", BODY, "&nbsp;"]
    assert sorted(sure_furniture(found, [ARTICLE] * (blank + 1), found.texts)) == [blank]


def test_tags_below_their_label_are_no_list_of_the_article() -> None:
    found = page(HEADLINE, LEAD, BODY, "Keywords:", "Harbour", "#Ferries", "A summary of the week", BODY)
    assert sorted(sure_furniture(found, [ARTICLE] * 8, found.texts)) == [3, 4, 5]
    found = page(HEADLINE, LEAD, "Topics", "Harbour", "They met in June.", BODY)
    assert sorted(sure_furniture(found, [FURNITURE] * 6, found.texts)) == [2, 3]
