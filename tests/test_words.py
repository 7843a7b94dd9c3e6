import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.data import Mention
from toolkit.terms import SEAM, Numbering, tokenise, tokenise_parts
from toolkit.words import WordTable

pieces = st.sampled_from(
    ["Nordland", " port", " \u201cnew", "\u2019s", "\u0301", "\u03a3", "\u4e2d\u56fd", ".", " ", "\x00"]
)
texts = st.lists(st.lists(pieces, max_size=8).map("".join), min_size=1, max_size=4)


def name_nordland(text: str) -> list[Mention]:
    starts = [i for i in range(len(text)) if text.startswith("Nordland", i)]
    return [Mention("nord", "Nordland", "Nordland", "country", start, start + 8) for start in starts]


@settings(deadline=None)
@given(texts, st.integers(0, 15))
def test_words_read_beside_mentions_are_those_of_the_plain_text(texts, bits):
    numbering = Numbering()
    words = [tokenise(text) for text in texts]
    numbering.add_all([word for of_text in words for word in of_text])
    kept = np.array([bool(bits >> s & 1) for s in range(len(texts))])
    plain = WordTable.of(texts, [name_nordland(text) for text in texts]).plain(numbering, kept)
    expected: list[int] = []
    for s, of_text in enumerate(words):
        expected += [*([-1] if s else []), *(numbering.of(of_text).tolist() if kept[s] else [])]
    assert plain.number.tolist() == expected


@settings(deadline=None)
@given(texts)
def test_masked_by_number_equals_masked_by_token(texts):
    table = WordTable.of(texts, [name_nordland(text) for text in texts])
    tokens = table.masked_tokens(["\ue000"] * len(table.mentions), "\ue0fe")
    assert tokens == tokenise(" \ue0fe ".join(text.replace("Nordland", " \ue000 ") for text in texts))
    numbering = Numbering()
    numbers = numbering.add_all([*tokens, "\ue000", "\ue0fe"])
    masked = table.masked(numbering, np.full(len(table.mentions), numbers[-2]), int(numbers[-1]))
    assert masked.number.tolist() == numbers[:-2].tolist()


def test_a_seam_stands_between_parts_and_never_comes_from_a_text():
    assert tokenise_parts(["free\x00trade", "", "area"]) == ["free", "trade", SEAM, SEAM, "area"]


@settings(deadline=None)
@given(st.lists(texts, min_size=1, max_size=4), st.integers(0, 2**16 - 1))
def test_joined_tables_hold_the_words_of_each_document_with_a_gap_between(documents, bits):
    numbering = Numbering()
    tables = [WordTable.of(texts, [name_nordland(text) for text in texts]) for texts in documents]
    marks = numbering.add_all([*(token for table in tables for token in table.tokens if token != SEAM), "\ue0fe"])
    joined = WordTable.join(tables)
    kept = np.array([bool(bits >> s & 1) for s in range(len(joined.texts))])
    assert [list(texts) for texts in joined.by_document()] == [list(table.texts) for table in tables]

    plain, masked, segments = [], [], []
    low = 0
    for table in tables:
        high = low + len(table.texts)
        gap = [-1] if low else []
        plain += [*gap, *table.plain(numbering, kept[low:high]).number.tolist()]
        by_number = table.masked(numbering, np.full(len(table.mentions), marks[0]), int(marks[-1]))
        masked += [*gap, *by_number.number.tolist()]
        segments += [*([low - 1] if low else []), *(by_number.segment + low).tolist()]
        low = high
    by_number = joined.masked(numbering, np.full(len(joined.mentions), marks[0]), int(marks[-1]))
    assert joined.plain(numbering, kept).number.tolist() == plain
    assert (by_number.number.tolist(), by_number.segment.tolist()) == (masked, segments)
