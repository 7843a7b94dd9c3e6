"""Near-duplicates: what counts as a copy, and that nothing depends on the order."""

from __future__ import annotations

import random
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.duplicates import compare, find_duplicates, shingle_hashes, signature

WORDS = [f"word{number}" for number in range(5000)]


def seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - nothing secret


def article(seed: int, n_words: int = 400) -> list[str]:
    return seeded(seed).choices(WORDS, k=n_words)


def duplicates(*documents: tuple[str, str | None, str]) -> dict[str, str]:
    return find_duplicates([(name, date, signature(text)) for name, date, text in documents])


def test_case_punctuation_and_white_space_do_not_count():
    assert signature("China and ASEAN met\nin Nanning.") == signature("  “china” and asean — met in\u00a0NANNING!")
    assert signature("China and ASEAN met") != signature("China and ASEAN meet")


def test_a_copy_is_named_after_the_earliest_by_date_then_id():
    text = " ".join(article(1))
    assert duplicates(("c", None, text), ("b", "2024-05", text), ("a", "2024-06-01", text), ("d", "--05-06", text)) == {
        "a": "b",
        "c": "b",
        "d": "b",
    }
    assert duplicates(("b", None, text), ("a", None, text)) == {"b": "a"}


def test_small_changes_and_added_boilerplate_still_make_a_copy():
    words = article(2)
    changed = [f"{word}x" if number % 60 == 0 else word for number, word in enumerate(words)]
    framed = ["share", "this", "story", *words, *article(3, 40)]
    found = duplicates(("a", None, " ".join(words)), ("b", None, " ".join(changed)), ("c", None, " ".join(framed)))
    assert found == {"b": "a", "c": "a"}


def test_an_article_cut_short_is_a_copy_and_its_first_paragraph_is_not():
    words = article(4, 1000)
    assert duplicates(("a", None, " ".join(words)), ("b", None, " ".join(words[:650]))) == {"b": "a"}
    assert duplicates(("a", None, " ".join(words)), ("b", None, " ".join(words[:300]))) == {}


def test_articles_that_share_half_their_text_are_two_articles():
    words = article(5, 1000)
    other = words[:500] + article(6, 500)
    assert duplicates(("a", None, " ".join(words)), ("b", None, " ".join(other))) == {}


def test_documents_shorter_than_a_shingle_are_copies_when_equal():
    assert duplicates(("a", None, "Photo"), ("b", None, "photo."), ("c", None, "Photo gallery")) == {"b": "a"}
    assert duplicates(("a", None, ""), ("b", None, " - !"), ("c", None, "")) == {}


def test_scripts_without_spaces_are_compared_by_character():
    text = "".join(chr(0x4E00 + seeded(number).randrange(3000)) for number in range(300))
    assert duplicates(("a", None, text), ("b", None, f"{text[:150]}新{text[150:]}")) == {"b": "a"}


def test_long_chains_of_small_changes_do_not_join():
    words = article(7, 400)
    steps = [words[30 * number :] + article(8 + number, 30 * number) for number in range(8)]
    found = duplicates(*((f"{number}", None, " ".join(step)) for number, step in enumerate(steps)))
    signatures = {f"{number}": np.frombuffer(signature(" ".join(step)), "<u4") for number, step in enumerate(steps)}
    assert found
    assert "7" not in found or found["7"] != "0"
    for copy, first in found.items():
        assert first not in found
        assert compare(signatures[copy], signatures[first])[0] >= 0.5


def test_the_sketch_estimates_what_the_full_sets_say():
    words = article(9, 3000)
    for n_shared in (600, 1500, 2700):
        other = words[:n_shared] + article(10, 3000 - n_shared)
        first, second = (shingle_hashes(" ".join(text)) for text in (words, other))
        n_both = len(np.intersect1d(first, second))
        resemblance, contained = compare(*(np.frombuffer(signature(" ".join(text)), "<u4") for text in (words, other)))
        assert resemblance == pytest.approx(n_both / (len(first) + len(second) - n_both), abs=0.13)  # 3 standard errors
        assert contained == pytest.approx(n_both / min(len(first), len(second)), abs=0.13)


@settings(max_examples=50, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_the_documents_does_not_matter(rng):
    documents = ITEMS.copy()
    rng.shuffle(documents)
    assert list(find_duplicates(documents).items()) == list(find_duplicates(ITEMS).items())


def _family(seed: int) -> list[tuple[str, str | None, bytes]]:
    rng = seeded(seed)
    words = article(seed, 200)
    members = []
    for number in range(rng.randrange(1, 6)):
        varied = [rng.choice(WORDS) if rng.random() < 0.04 else word for word in words]
        date = rng.choice([None, "2024-01", "2024-01-02"])
        members.append((f"{seed}-{number}", date, signature(" ".join(varied))))
    return members


ITEMS = [member for seed in range(100, 120) for member in _family(seed)]


@given(st.text(st.characters(codec="utf-8"), max_size=80), st.text(st.characters(codec="utf-8"), max_size=80))
def test_any_text_has_a_signature_and_equals_itself(first, second):
    for text in (first, second, f"{first} {second}"):
        content = signature(text)
        assert len(content) % 4 == 0
        assert find_duplicates([("a", None, content), ("b", None, content)]) == ({"b": "a"} if content else {})


def test_signatures_are_equal_in_every_process():
    script = "from toolkit.duplicates import signature; print(signature('one two three four five six').hex())"
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == signature("one two three four five six").hex()


def test_a_thousand_copies_of_one_page_take_no_time():
    content = signature(" ".join(article(11)))
    found = find_duplicates([(f"{number:05}", None, content) for number in range(5000)])
    assert len(found) == 4999
    assert set(found.values()) == {"00000"}
