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
