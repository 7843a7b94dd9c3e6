"""What a topic is called: two or three of its own phrases and words, no two of them alike."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from toolkit.embed import Encoder
from toolkit.topics.words import Candidates

Matrix = npt.NDArray[np.float64]

_MAX_NAME_CHARACTERS = 60
_MAX_PARTS = 3
# All by eye on sea_china_news (10 topics) and bbc_news (8); after a change read the names again, also on others.
_N_CONSIDERED = 25  # terms, weightiest for a name first
_PHRASE_BONUS = 2.2
_COVERAGE_POWER = 0.4  # what many segments say goes before what few say
_PROPER_SHARE = 0.7  # of its merit that a phrase of capitals keeps: people and bodies come after what is done
_MIN_ENDING_RATIO = 0.5  # a word that mostly waits for another ("digital", "foreign") is no name
_PROPER_ENDING = 0.1  # as much less for names, which also stand before others ("Singapore Airlines")
_MIN_WHOLE_RATIO = 0.5  # a term is a fragment where a longer one stands in so many of its segments
_MAX_COSINE = 0.55  # of the static vectors of two parts; above, they say the same ("tourists", "visitors")


@dataclass(frozen=True, slots=True)
class _Part:
    term: int
    merit: float
    text: str
    words: tuple[str, ...]
    is_proper: bool


def name_topic(
    candidates: Candidates,
    weights: Matrix,
    shares: Matrix,
    *,
    subject: Collection[str],
    taken: Collection[str],
    embedder: Encoder | None = None,
) -> str:
    """Two or three terms of the topic as they stand in the texts; "" where nothing sets it apart.

    The parts have no word in common, none says what another says, none is a piece of a longer phrase, one at least is
    no proper name where the topic has any other, and none is the subject itself.

    Parameters
    ----------
    weights, shares : arrays of shape (n_terms,)
        What each term says of the topic, and the share of the topic's segments that have it.
    subject : words that name the subject itself
    taken : names that other topics have
    embedder : tells parts that mean the same; without one only their letters do
    """
    parts = _parts(candidates, weights, shares, frozenset(subject))
    if not parts:
        return ""
    nearness = _nearness(parts, embedder)
    chosen: list[int] = []
    for i in range(len(parts)):
        texts = [parts[j].text for j in chosen]
        is_full = len(texts) + sum(" " in text for text in texts) >= _MAX_PARTS and _joined(texts) not in taken
        if is_full and not all(parts[j].is_proper for j in chosen):
            break
        if is_full and parts[i].is_proper:
            continue
        if nearness[i, chosen].any() or (chosen and len(_joined([*texts, parts[i].text])) > _MAX_NAME_CHARACTERS):
            continue
        chosen.append(i)
    return _joined([parts[j].text for j in chosen])


def _joined(texts: Sequence[str]) -> str:
    name = ", ".join(texts)
    return name[:1].upper() + name[1:]


def _parts(candidates: Candidates, weights: Matrix, shares: Matrix, subject: frozenset[str]) -> list[_Part]:
    """What may be part of the name, best first."""
    known = np.flatnonzero(weights > 0).tolist()
    ids = {candidates.keys[t]: t for t in known}
    holders: dict[str, list[int]] = {}
    for t in known:
        words = candidates.keys[t].split()
        if len(words) > 1:
            for word in dict.fromkeys(words):
                holders.setdefault(word, []).append(t)
    found = []
    for t in known:
        parts = tuple(re.split(r"[ -]", candidates.keys[t]))
        if all(part in subject for part in parts):
            continue
        text = candidates.names[t]
        is_proper = all(word[:1].isupper() for word in text.split() if len(word) > 3) and text[:1].isupper()
        merit = float(weights[t])
        if _is_fragment(t, holders, candidates, shares):
            continue
        if " " in text:
            own = [float(weights[ids[word]]) for word in candidates.keys[t].split() if word in ids]
            merit = float(np.sqrt(merit * (sum(own) / len(own) if own else merit))) * _PHRASE_BONUS
            merit *= _PROPER_SHARE if is_proper else 1
        elif candidates.ends[t] < _MIN_ENDING_RATIO - _PROPER_ENDING * is_proper:
            continue
        elif candidates.keys[t].endswith(("ed", "ly")):
            merit *= 0.5
        found.append(_Part(t, round(merit * float(shares[t]) ** _COVERAGE_POWER, 9), text, parts, is_proper))
    return sorted(found, key=lambda part: (-part.merit, part.words))[:_N_CONSIDERED]


def _is_fragment(term: int, holders: Mapping[str, Sequence[int]], candidates: Candidates, shares: Matrix) -> bool:
    """Whether a longer phrase stands in most of the topic's segments where this term stands."""
    key = f" {candidates.keys[term]} "
    return any(
        other != term and key in f" {candidates.keys[other]} " and shares[other] >= _MIN_WHOLE_RATIO * shares[term]
        for other in holders.get(key.split()[0], ())
    )


def _nearness(parts: Sequence[_Part], embedder: Encoder | None) -> npt.NDArray[np.bool_]:
    """Which parts cannot stand in one name: (n_parts, n_parts)."""
    near = np.array([[any(_are_akin(a, b) for a in x.words for b in y.words) for y in parts] for x in parts])
    if embedder is not None:
        vectors = embedder.encode([part.text for part in parts]).astype(np.float64)
        lengths = np.sqrt(np.add.reduce(vectors * vectors, axis=1))
        vectors /= np.where(lengths > 0, lengths, 1)[:, None]
        cosines = np.add.reduce(vectors[:, None, :] * vectors[None, :, :], axis=2)
        near |= np.round(cosines, 6) > _MAX_COSINE
    return near


def _are_akin(word: str, other: str) -> bool:
    """Whether two words share their beginning: "tourist" and "tourism", "trade" and "trading"."""
    n = max(4, min(len(word), len(other)) - 3)
    return word == other or (len(word) > 3 and len(other) > 3 and word[:n] == other[:n])
