"""Seed terms of all themes found in one pass over the tokens of a text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from toolkit.terms import Numbering, tokenise

Ints = npt.NDArray[np.int64]


def inflections(word: str) -> tuple[str, ...]:
    """The word and its simple inflections: plural, and for longer words the regular verb endings.

    Examples
    --------
    >>> inflections("fishery"), inflections("train")
    (('fishery', 'fisheries'), ('train', 'trains', 'trained', 'training'))
    """
    if not word.isascii() or not word.isalpha() or len(word) < 3:
        return (word,)
    if word.endswith("y") and word[-2] not in "aeiou":
        return (word, word[:-1] + "ies")
    if word.endswith(("s", "x", "ch", "sh")):
        return (word, word + "es")
    if len(word) < 5:
        return (word, word + "s")
    if word.endswith("e"):
        return (word, word + "s", word + "d", word[:-1] + "ing")
    return (word, word + "s", word + "ed", word + "ing")


class PhraseTable:
    """A trie of phrases in compiled look-ups; phrase i of the constructor's list has id i.

    Every occurrence is found, also one inside another ("free trade" in "free trade area"). The last word may be
    inflected.
    """

    def __init__(self, phrases: Sequence[str], numbering: Numbering) -> None:
        edges: dict[tuple[int, int], int] = {}
        ends: dict[int, int] = {}
        n_states = 1
        for i, phrase in enumerate(phrases):
            words = tokenise(phrase)
            for last in inflections(words[-1]) if words else ():
                state = 0
                for word in (*words[:-1], last):
                    number = numbering.add(word)
                    if (state, number) not in edges:
                        edges[state, number] = n_states
                        n_states += 1
                    state = edges[state, number]
                ends.setdefault(state, i)
        self._width = len(numbering) + 1
        keys = np.array([state * self._width + number for state, number in edges], dtype=np.int64)
        order = np.argsort(keys)
        self._keys = keys[order]
        self._targets = np.array(list(edges.values()), dtype=np.int64)[order]
        self._ends = np.full(n_states, -1, dtype=np.int64)
        for state, i in ends.items():
            self._ends[state] = i
        self._first = np.zeros(self._width, dtype=bool)  # words that begin a phrase; the last slot is for unknown words
        self._first[[number for state, number in edges if state == 0]] = True

    def find(self, numbers: Ints) -> tuple[Ints, Ints]:
        """Phrase ids and the token each starts at, among tokens numbered by the numbering."""
        found: list[Ints] = []
        places: list[Ints] = []
        start = (self._first[np.where(numbers < len(self._first) - 1, numbers, -1)]).nonzero()[0]
        state = np.zeros(len(start), dtype=np.int64)
        depth = 0
        while len(start):
            keys = state * self._width + numbers[start + depth]
            slots = self._keys.searchsorted(keys)
            slots[slots == len(self._keys)] = 0
            known = (self._keys[slots] == keys) & (numbers[start + depth] >= 0)
            start, state = start[known], self._targets[slots[known]]
            phrase = self._ends[state]
            found.append(phrase[phrase >= 0])
            places.append(start[phrase >= 0])
            depth += 1
            inside = start + depth < len(numbers)
            start, state = start[inside], state[inside]
        if not found:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        return np.concatenate(found), np.concatenate(places)


def seed_table(seeds: Mapping[str, Sequence[str]]) -> tuple[tuple[str, ...], npt.NDArray[np.float32]]:
    """All distinct seed terms in order of spelling, and their weight per theme, shape (n_seeds, n_themes).

    A term of k themes counts 1 / k for each: what several themes share tells them apart less.
    """
    spelled = {theme: [" ".join(tokenise(term)) for term in terms] for theme, terms in seeds.items()}
    phrases = tuple(sorted({term for terms in spelled.values() for term in terms if term}))
    weights = np.zeros((len(phrases), len(seeds)), dtype=np.float32)
    row = {phrase: i for i, phrase in enumerate(phrases)}
    for column, terms in enumerate(spelled.values()):
        for term in terms:
            if term:
                weights[row[term], column] = 1.0
    return phrases, weights / np.maximum(weights.sum(axis=1, keepdims=True), 1)
