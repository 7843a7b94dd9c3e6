import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.terms import (
    Vocabulary,
    build_vocabulary,
    find_phrases,
    inverse_frequency,
    lower,
    plain_phrase,
    tokenise,
    weigh_units,
)

words = st.lists(st.sampled_from(["port", "new", "rail", "trade", "x"]), max_size=30)


def test_han_and_thai_runs_become_character_pairs():
    assert tokenise("东盟国家") == ["东盟", "盟国", "国家"]
    assert tokenise("中 ASEAN") == ["中", "asean"]
    assert tokenise("ไทย") == ["ไท", "ทย"]


def test_combining_marks_stay_inside_their_word():
    assert tokenise("व्यापार समझौता") == ["व्यापार", "समझौता"]


def test_marks_of_masked_places_are_tokens():
    assert tokenise("in \ue000 and\ue001") == ["in", "\ue000", "and", "\ue001"]


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_can_be_tokenised(text):
    assert all(token and token == token.lower() for token in tokenise(text) if token.isascii())


@settings(deadline=None)
@given(words)
def test_counting_equals_counting_by_hand(tokens):
    terms = ["port", "new", "new port", "trade", "port port"]
    ids, counts = Vocabulary(terms).count(tokens)
    pairs = [f"{a} {b}" for a, b in pairwise(tokens)]
    expected = {i: (tokens + pairs).count(term) for i, term in enumerate(terms)}
    assert dict(zip(ids.tolist(), counts.tolist(), strict=True)) == {i: n for i, n in expected.items() if n}


def test_a_vocabulary_leaves_out_rare_words_numbers_and_pairs_of_common_words():
    documents = [["the", "new", "port", "2024"], ["the", "new", "rail", "2024"], ["the", "port"], ["the"], ["the"]]
    vocabulary, frequency, n = build_vocabulary(documents, min_documents=2, max_terms=10)
    assert vocabulary.terms == ("new", "port", "the new")
    assert (frequency.tolist(), n) == ([2, 2, 2], 5)


def test_tfidf_by_hand_and_of_unit_length():
    idf = inverse_frequency(np.array([1, 3]), 3)
    assert idf == pytest.approx([np.log(4 / 2) + 1, 1.0])
    _, _, values = weigh_units(np.zeros(3, dtype=np.int64), np.array([0, 1, 1]), np.ones(2, dtype=np.float32), 1)
    assert values == pytest.approx(np.array([1, 1 + np.log(2)]) / np.hypot(1, 1 + np.log(2)))


@settings(deadline=None)
@given(st.lists(words, min_size=1, max_size=4))
def test_units_weighed_together_equal_units_weighed_alone(texts):
    vocabulary = Vocabulary(["port", "new", "rail"])
    idf = np.array([1.0, 2.0, 3.0], dtype=np.float32)
    located = [vocabulary.locate(vocabulary.numbering.of(text))[0] for text in texts]
    unit = np.repeat(np.arange(len(texts)), [len(ids) for ids in located])
    of, ids, values = weigh_units(unit, np.concatenate(located), idf, len(texts))
    for i, text in enumerate(texts):
        alone_ids, counts = vocabulary.count(text)
        alone = (1 + np.log(counts)) * idf[alone_ids]
        alone = alone / max(np.sqrt((alone * alone).sum()), 1e-12)
        assert ids[of == i].tolist() == alone_ids.tolist()
        assert values[of == i] == pytest.approx(alone)


def test_phrases_respect_word_ends_hyphens_and_plurals():
    phrases = (plain_phrase("Free-Trade area"), plain_phrase("port"))
    assert find_phrases(lower("Free trade areas; ports, Porto, airport, PORT"), phrases) == [0, 18, 41]
    assert find_phrases("一带一路倡议", (plain_phrase("一带一路"),)) == [0]


def test_lower_keeps_offsets():
    assert len(lower("İstanbul ẞ")) == len("İstanbul ẞ")


def test_a_megabyte_without_a_space_takes_no_time():
    began = time.process_time()
    for text in ("a" * 1_000_000, "é" * 1_000_000, "中" * 1_000_000, "." * 1_000_000):
        tokenise(text)
        find_phrases(text, ("free trade",))
    assert time.process_time() - began < 5
