"""Where stories begin: laws of the change-point model, cases by hand, and the classic baselines."""

import time
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.data import Document
from toolkit.evaluate.classic_boundaries import c99, u00
from toolkit.segment import boundaries
from toolkit.segment.boundaries import find_boundaries
from toolkit.segment.features import look
from toolkit.segment.model import ARTICLE, STORY
from toolkit.segment.page import Roles
from toolkit.segment.stem import stem
from toolkit.segment.stories import number_stories

Finder = Callable[[Sequence[str]], list[int]]

FERRY = [
    "The ferry Aurelia left Piraeus harbour on Monday with four hundred passengers and grain for the islands.",
    "Captain Nikos Vassilis said the ferry would call at Syros and Naxos before it returned to the harbour at night.",
    "Passengers had waited two days in Piraeus because a storm kept every ferry in the harbour.",
    "The harbour office expects Aurelia and two more ferries to sail to Syros daily until the end of summer.",
]
TAXES = [
    "Small firms will pay a lower income tax from January, the treasury in Ottawa told parliament.",
    "The tax on firms with fewer than ten workers falls from twelve to nine percent of income.",
    "Treasury economists think the lower tax will cost the budget two billion dollars a year.",
    "Opposition members of parliament in Ottawa said the budget could not bear such a tax cut.",
]
BEES = [
    "Beekeepers in the valley lost half their hives last winter, a survey of the county found.",
    "A mite that weakens the bees was seen in nearly all hives that died, biologists wrote.",
    "The biologists advise beekeepers to treat their hives against the mite before the cold sets in.",
]
FINDERS = [find_boundaries, c99, u00]
texts_of_anything = st.lists(st.text(max_size=60), max_size=12)


@pytest.mark.parametrize("find", FINDERS)
@settings(max_examples=20, deadline=None)
@given(texts=texts_of_anything)
def test_boundaries_are_ascending_rows_inside_the_text_and_the_same_twice(find: Finder, texts: list[str]) -> None:
    found = find(texts)
    assert found == sorted(set(found))
    assert all(type(i) is int and 1 <= i < len(texts) for i in found)
    assert find(texts) == found


@pytest.mark.parametrize("find", FINDERS)
@pytest.mark.parametrize("texts", [[], [""], FERRY[:1], ["", ""], ["the"] * 5])
def test_nothing_to_part_is_not_parted(find: Finder, texts: list[str]) -> None:
    assert find(texts) == []


def test_stories_of_four_and_three_paragraphs_are_parted_where_they_meet() -> None:
    assert find_boundaries(FERRY + TAXES + BEES) == [4, 8]


def test_one_story_stays_whole() -> None:
    for story in (FERRY, TAXES, BEES):
        assert find_boundaries(story) == []


def test_a_single_paragraph_may_be_a_story_and_lengths_may_differ() -> None:
    assert find_boundaries([*FERRY, " ".join(BEES), *TAXES]) == [4, 5]


def test_a_rare_name_that_returns_binds_what_common_words_do_not() -> None:
    first = "Work on the old mill has stopped, and nobody could say on Friday when it would go on again."
    second = "People were asked to give money, and many came to the hall in the evening to hear more about it."
    named = [f"{text} Oluwaseun Brankovic of the Quillfeather trust spoke." for text in (first, second)]
    common = [f"{text} A man who was at the time with the people of the place spoke." for text in (first, second)]
    assert _price_of_parting(named) < _price_of_parting(common) - 1


def _price_of_parting(texts: list[str]) -> float:
    """The price at which two texts are just parted, by bisection."""
    low, high = -100.0, 100.0
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (middle, high) if find_boundaries(texts, price=middle) else (low, middle)
    return low


def test_a_higher_price_finds_no_more_boundaries() -> None:
    counts = [len(find_boundaries(FERRY + TAXES + BEES, price=price)) for price in (-20.0, 2.0, 15.0, 1000.0)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1] == 0


def test_the_search_is_exact() -> None:
    """The segmentation found is the cheapest of all: forcing any other one by hand would cost more."""
    texts = [FERRY[0], FERRY[1], TAXES[0], TAXES[1], BEES[0]]
    words, sums = boundaries._read(texts), boundaries._sums(texts)

    def cost(begin: int, end: int) -> float:
        inside = range(words.starts[begin], words.starts[end])
        gain, seen = 0.0, dict[int, int]()
        for position, at in enumerate(inside):
            word = int(words.stems[at])
            base = words.base[word]
            chance = (seen.get(word, 0) + boundaries.CONCENTRATION * base) / (position + boundaries.CONCENTRATION)
            gain += words.weight[word] * float(np.log(chance / base))
            seen[word] = seen.get(word, 0) + 1
        total, n = sums[end] - sums[begin], end - begin
        gain += boundaries.VECTOR_WEIGHT * float(total @ total) / (n + 1 / boundaries.MEAN_VARIANCE)
        gain -= boundaries.N_DIRECTIONS / 2 * float(np.log1p(n * boundaries.MEAN_VARIANCE))
        return boundaries.PRICE + boundaries.SHORT_PRICE * float(np.exp(-len(inside) / boundaries.SHORT_WORDS)) - gain

    n = len(texts)
    ways = [[i for i in range(1, n) if chosen >> (i - 1) & 1] for chosen in range(2 ** (n - 1))]
    cheapest = min(ways, key=lambda cuts: sum(cost(a, b) for a, b in zip([0, *cuts], [*cuts, n], strict=True)))
    assert find_boundaries(texts) == cheapest


def test_hostile_texts_are_parted_or_not_but_never_fail() -> None:
    hostile = [
        "x" * 1_000_000,
        "\x00\x1b[2J\u202e",
        "\ud800 lone",
        "७८९ " * 5000,
        "东盟与中国" * 2000,
        "a b " * 200_000,
        "😀" * 999,
    ]
    started = time.process_time()
    assert all(1 <= i < len(hostile) for i in find_boundaries(hostile))
    assert time.process_time() - started < 5


def test_five_thousand_sentences_take_seconds_and_no_window_end_is_a_boundary() -> None:
    find_boundaries(FERRY)  # the embedder is read once
    started = time.process_time()
    assert find_boundaries(["Grain ships wait in Piraeus harbour for the ferry to Syros."] * 900) == []
    long = FERRY * 500 + TAXES * 400 + BEES * 467
    assert len(long) > 5000
    found = find_boundaries(long)
    assert time.process_time() - started < 10
    assert {2000, 3600} <= set(found)
    assert len(found) < 12


def test_stems_are_those_of_porter() -> None:
    published = {
        "ponies": "poni", "agreed": "agre", "plastered": "plaster", "motoring": "motor", "sing": "sing",
        "conflated": "conflat", "filing": "file", "sky": "sky", "conditional": "condit", "digitizer": "digit",
        "vietnamization": "vietnam", "callousness": "callous", "electrical": "electr", "adoption": "adopt",
        "cease": "ceas", "controll": "control", "roll": "roll", "东盟": "东盟",
    }  # fmt: skip
    assert {word: stem(word) for word in published} == published


def stories_below_an_article(*others: str) -> list[int | None]:
    """The numbers of the paragraphs `others`, which the line model is taken to have found to be other stories."""
    page = look(Document("d", "\n\n".join([*FERRY, *others])), None)
    n = len(page.paragraphs)
    found = Roles(["body"] * n, [None] * n, [0] * n)
    number_stories(page, [ARTICLE] * len(FERRY) + [STORY] * len(others), found, set())
    assert found.roles == ["body"] * len(FERRY) + ["teaser"] * len(others)
    return found.stories[len(FERRY) :]


def test_paragraphs_of_two_stories_without_headlines_get_two_numbers() -> None:
    taxes, bees = (" ".join(story[:2]) for story in (TAXES, BEES))
    more_taxes, more_bees = " ".join(TAXES[2:]), " ".join(BEES[1:])
    assert stories_below_an_article(taxes, more_taxes, bees, more_bees) == [1, 1, 2, 2]
    assert stories_below_an_article(taxes, bees) == [1, 2]


def test_a_paragraph_that_ends_in_an_ellipsis_is_the_last_of_its_story() -> None:
    cut_off = " ".join(TAXES[:2])[:-1] + " on the day that ..."
    assert stories_below_an_article(cut_off, " ".join(TAXES[2:]), " ".join(TAXES[1:3])) == [1, 2, 2]


def test_headlines_begin_stories_still() -> None:
    bees, taxes = " ".join(BEES), " ".join(TAXES)
    assert stories_below_an_article("Tax on firms falls", taxes, "Mite kills hives", bees) == [1, 1, 2, 2]
