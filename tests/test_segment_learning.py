"""How the line model learns, and the corrections that keep the article whole."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from toolkit.data import Document
from toolkit.segment import cut, load_line_model
from toolkit.segment.examples import MIXED_STATES, Example, example, labelled_document, once
from toolkit.segment.features import look
from toolkit.segment.fitting import fit
from toolkit.segment.model import ARTICLE, FURNITURE, STORY
from toolkit.segment.page import COLUMN
from toolkit.segment.states import begin_at_headlines, doubled_headlines, guard, lists_of_people

sys.path.insert(0, str(Path(__file__).parent / "quality"))

HARBOUR = (
    "The harbour of the old town will be widened so that larger ships can enter it, a minister said on Monday.",
    "Ships from the islands bring fruit and timber to the harbour, and the town lives from trade with them, he said.",
    "The work on the harbour will begin in the spring and will cost the town twice what it earns from ships in a year.",
    "Fishermen of the town fear that the larger ships will drive the fish from the bay where they have always fished.",
)
OTHER = (
    "Singer wins prize in the capital",
    "A young singer from the north has won the prize of the radio for her second record, which she made in her kitchen",
)


def page(*lines: str) -> Document:
    return Document("d", "\n\n".join(lines))


def examples(n: int) -> list[Example]:
    found = []
    for number in range(n):
        lines = ["Home", f"Menu {number}", *HARBOUR, *OTHER, "Contact us"]
        labels = ["boiler", "boiler", *["on_topic"] * 4, "unrelated", "unrelated", "boiler"]
        document, spans = labelled_document(f"d{number}", lines, labels)
        found.append(example("splice" if number % 2 else "sea", f"s{number}", document, spans, MIXED_STATES))
    return found


def test_learning_twice_gives_the_same_weights() -> None:
    first, second = (fit(examples(6)).state() for _ in range(2))
    assert json.dumps(first) == json.dumps(second)


def test_what_was_learned_tells_the_three_states_apart() -> None:
    learned = fit(examples(6))
    one = examples(1)[0]
    assert learned.best_states(learned.scores(one.page)) == one.states.tolist()


def test_learning_leaves_the_pages_as_they_were() -> None:
    some = examples(6)
    before = [e.page.dense.copy() for e in some]
    fit(some)
    assert all(np.array_equal(a, e.page.dense) for a, e in zip(before, some, strict=True))


def test_headlines_that_stand_twice_stand_once() -> None:
    lines = ["Text.", "A headline", "A headline", "One", "Two", "One", "Two", "End."]
    assert once(lines, list("abcdefgh")) == (["Text.", "A headline", "One", "Two", "End."], list("abdeh"))


def test_a_finished_paragraph_that_stands_twice_begins_no_other_story() -> None:
    seen = look(page("Harbour to be widened", *HARBOUR[:3], HARBOUR[3], HARBOUR[3], OTHER[1]))
    states = [ARTICLE] * 7
    assert doubled_headlines(seen, states) == set()
    assert states == [ARTICLE] * 7


def test_the_last_paragraph_above_the_first_other_headline_is_the_articles() -> None:
    document = page(*HARBOUR, *OTHER)
    states = [ARTICLE, ARTICLE, ARTICLE, STORY, STORY, STORY]
    begin_at_headlines(look(document), states, document.text.split("\n\n"))
    assert states == [ARTICLE] * 4 + [STORY] * 2


def test_other_stories_without_headlines_stay_what_the_model_said() -> None:
    document = page(*HARBOUR)
    states = [ARTICLE, ARTICLE, STORY, STORY]
    begin_at_headlines(look(document), states, document.text.split("\n\n"))
    assert states == [ARTICLE, ARTICLE, STORY, STORY]


def test_prose_that_the_model_cut_whole_comes_back_without_the_menu_around_it() -> None:
    seen = look(page("Search", "Opening hours", HARBOUR[0], "Contact", HARBOUR[1], "Cookies"))
    states = [FURNITURE] * 6
    guard(seen, states, set())
    assert states == [FURNITURE, FURNITURE, ARTICLE, FURNITURE, ARTICLE, FURNITURE]


PEOPLE = ("Ana Cruz, mayor", "Tom Reyes, engineer", "Mia Lim, pilot", "Sol Tan, fisherman")


@pytest.mark.parametrize("heading", [(), ("Members of the board",)])
def test_a_list_of_people_below_the_article_is_its_own(heading: tuple[str, ...]) -> None:
    texts = [*HARBOUR, *heading, *PEOPLE]
    states = [ARTICLE] * 4 + [FURNITURE] * len(texts[4:])
    people = list(range(4 + len(heading), len(texts)))
    assert lists_of_people(look(page(*texts)), states, texts) == people
    assert [states[i] for i in people] == [ARTICLE] * 4


def test_a_list_with_commas_far_from_the_article_stays_cut() -> None:
    texts = [*HARBOUR, "Contact us", "Latest", "Topics", *PEOPLE]
    states = [ARTICLE] * 4 + [FURNITURE] * 7
    assert lists_of_people(look(page(*texts)), states, texts) == []
    assert states == [ARTICLE] * 4 + [FURNITURE] * 7


def test_a_full_stop_that_a_link_left_alone_stays_with_its_sentence() -> None:
    text = page("Harbour to be widened", *HARBOUR[:3], HARBOUR[3][:-1], ".", HARBOUR[1].replace("Ships", "Boats"))
    found = cut(text, load_line_model())
    assert all(s.kept for s in found.segments)


def test_labels_of_other_stories_count_from_below_the_text_on() -> None:
    seen = look(page("Related", *HARBOUR, "Related", *OTHER))
    since = seen.dense[:, COLUMN["since_label"]]
    assert since[:5].tolist() == [0.0] * 5
    assert since[5:].tolist() == pytest.approx(np.log1p([1, 2, 3]).tolist())


def test_a_fold_learns_nothing_made_of_what_it_holds_out() -> None:
    from segment_quality import learned_from

    document, spans = labelled_document("m", list(HARBOUR), ["on_topic"] * 4)

    def made(corpus: str, source: str, *made_of: str) -> Example:
        return example(corpus, source, document, spans, MIXED_STATES, made_of=made_of)

    mixed, page_of_site, other = made("mixed", "article", "site-a"), made("plain", "site-a"), made("plain", "site-b")
    spliced = made("splice", "another", "site-a")
    some = [mixed, page_of_site, other, spliced]
    assert learned_from(some, [0, 1, 1, 1], 0) == [other]
