"""What a topic is called: two or three of its own phrases and words, no two of them alike."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from toolkit.embed import Encoder
from toolkit.topics.candidates import Candidates
from toolkit.topics.weights import cosines, is_cut_off, log_attraction, longer_phrases
from toolkit.topics.words import REPORTING_WORDS

Matrix = npt.NDArray[np.float64]

_MAX_NAME_CHARACTERS = 60
_MAX_PARTS = 3  # a phrase counts as two
_MAX_PROPER = 2  # of them names of places, people and bodies
# All by eye on sea_china_news (12 topics), bbc_news (6) and the seeds; after a change read the names again, also on
# others (reuters21578 and 20newsgroups were read too, nothing was chosen by them).
_N_CONSIDERED = 25  # terms, weightiest for a name first
_N_COMPARED = 50  # of which so many are compared with the topic's terms
_PHRASE_BONUS = 2.2
_COVERAGE_POWER = 0.4  # what many segments say goes before what few say
_APART_POWER = 0.25  # what other topics do not say goes before what they say too
_ATTRACTION_POWER = 0.4  # what is said together with the topic's terms goes before what stands alone
_PROPER_SHARE = 0.7  # of its merit that a phrase of capitals keeps: people and bodies come after what is done
_TITLED_SHARE = 0.6  # one that begins with an office: a person
_EMPTY_SHARE = 0.2  # a phrase that ends with an office, a word of reporting
_VERBAL_SHARE = 0.5  # one that begins like a participle or an adverb
_MIN_PHRASE_MERIT = 0.6  # of a word's that a phrase with the word needs to stand in its place
_MIN_MERIT = 0.3  # of the best part's that a third one needs
_MIN_ENDING_RATIO = 0.5  # what mostly waits for another word is no name: "digital", "Prime Minister" before a person's
_PROPER_ENDING = 0.1  # a name may wait for another word a little more often than others ("Singapore Airlines")
_MIN_WHOLE_RATIO = 0.5  # a term is a fragment where a longer one stands in so many of its segments
_MAX_COSINE = 0.55  # of the static vectors of two parts; above, they say the same ("tourists", "visitors")
# Offices of English news: who holds one changes, and any topic has them. A help for names only.
_OFFICES = frozenset(
    """
    ambassador boss chair chairman chairperson chairwoman chief commissioner correspondent delegate deputy director
    editor executive governor head journalist lawmaker leader mayor minister mp officer official premier president
    professor reporter researcher secretary senator speaker spokesman spokesperson spokeswoman
    """.split()
)
_ADJECTIVES = frozenset(["bilateral", "international", "joint", "mutual", "national", "online"])
# Short forms without a vowel, as of units and in tables ("mln", "pct", "vs", "Jr"); acronyms are in capitals.
_CLIPPED = re.compile(r"(?<![^ ])[B-DF-HJ-NP-TV-XZb-df-hj-np-tv-xz][b-df-hj-np-tv-xz]+(?![^ ])")
_EMPTY = REPORTING_WORDS | _ADJECTIVES


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
    apart: Matrix | None = None,
    terms: Sequence[int] = (),
    embedder: Encoder | None = None,
) -> str:
    """Two or three terms of the topic as they stand in the texts; "" where nothing sets it apart.

    The parts have no word in common, none says what another says, none is a piece of a longer phrase, none is a short
    form without a vowel where there is anything else, one at least is no proper name where the topic has any other, and
    none is the subject itself.

    Parameters
    ----------
    weights, shares : arrays of shape (n_terms,)
        What each term says of the topic, and the share of the topic's segments that have it.
    subject : words that name the subject itself
    taken : names that other topics have
    apart : array of shape (n_terms,)
        How much of what topics say of each term is said here, in [0, 1].
    terms : the topic's own terms; what goes with them comes first
    embedder : tells parts that mean the same; without one only their letters do
    """
    parts = _parts(candidates, weights, shares, frozenset(subject))
    if apart is not None:
        parts = [replace(part, merit=part.merit * float(apart[part.term]) ** _APART_POWER) for part in parts]
    parts = _among(parts, terms, candidates, embedder)
    if not parts:
        return ""
    nearness = _nearness(parts, embedder)
    least = _MIN_MERIT * parts[0].merit
    chosen: list[int] = []
    for i, part in enumerate(parts):
        texts = [parts[j].text for j in chosen]
        n_proper = sum(parts[j].is_proper for j in chosen)
        is_full = len(texts) + sum(" " in text for text in texts) >= _MAX_PARTS
        is_done = (is_full or (len(texts) > 1 and part.merit < least)) and _joined(texts) not in taken
        if is_done and n_proper < len(texts):
            break
        if part.is_proper and (is_done or n_proper == _MAX_PROPER):
            continue
        if _says_more(parts, i):
            continue
        if nearness[i, chosen].any() or (chosen and len(_joined([*texts, part.text])) > _MAX_NAME_CHARACTERS):
            continue
        chosen.append(i)
    return _joined([parts[j].text for j in _with_phrase(parts, chosen, nearness, least)])


def _says_more(parts: Sequence[_Part], i: int) -> bool:
    """Whether a phrase that has little less merit holds the word, which then says less than it might."""
    word = parts[i]
    return " " not in word.text and any(
        not part.is_proper
        and " " in part.text
        and set(word.words) < set(part.words)
        and part.merit >= _MIN_PHRASE_MERIT * word.merit
        for part in parts[i + 1 :]
    )


def _with_phrase(parts: Sequence[_Part], chosen: list[int], nearness: npt.NDArray[np.bool_], least: float) -> list[int]:
    """Of three single words the last gives way to a phrase, where one has the merit: it says more."""
    if len(chosen) != _MAX_PARTS or any(" " in parts[j].text for j in chosen):
        return chosen
    kept = chosen[:-1]
    for i, part in enumerate(parts):
        if " " in part.text and not part.is_proper and part.merit >= least and not nearness[i, kept].any():
            return [*kept, i]
    return chosen


def _joined(texts: Sequence[str]) -> str:
    name = ", ".join(texts)
    return name[:1].upper() + name[1:]


def _parts(candidates: Candidates, weights: Matrix, shares: Matrix, subject: frozenset[str]) -> list[_Part]:
    """What may be part of the name, best first."""
    known = np.flatnonzero(weights > 0).tolist()
    ids = {candidates.keys[t]: t for t in known}
    longer = longer_phrases(candidates, weights)
    found = []
    for t in known:
        parts = tuple(re.split(r"[ -]", candidates.keys[t]))
        if subject.issuperset(parts):
            continue
        text = candidates.names[t]
        is_proper = all(word[:1].isupper() for word in text.split() if len(word) > 3) and text[:1].isupper()
        if _is_fragment(t, longer, candidates, shares):
            continue
        if " " in text and is_cut_off(t, longer, candidates, shares):
            continue
        if candidates.ends[t] < _MIN_ENDING_RATIO - _PROPER_ENDING * is_proper:
            continue
        words = candidates.keys[t].split()
        merit = float(weights[t])
        if len(words) > 1:
            own = [float(weights[ids[word]]) for word in words if word in ids]
            merit = float(np.sqrt(merit * (sum(own) / len(own) if own else merit))) * _PHRASE_BONUS
            merit *= _PROPER_SHARE if is_proper else 1
        if words[-1] in _OFFICES or _EMPTY.issuperset(words):
            merit *= _EMPTY_SHARE
        elif words[0] in _OFFICES:
            merit *= _TITLED_SHARE
        elif words[0].endswith(("ed", "ly")):
            merit *= _VERBAL_SHARE
        found.append(_Part(t, round(merit * float(shares[t]) ** _COVERAGE_POWER, 9), text, parts, is_proper))
    found = [part for part in found if not _CLIPPED.search(part.text)] or found
    return sorted(found, key=lambda part: (-part.merit, part.words))[:_N_COMPARED]


def _among(
    parts: Sequence[_Part], terms: Sequence[int], candidates: Candidates, embedder: Encoder | None
) -> list[_Part]:
    """The parts by their merit and their attraction to the terms of the topic, best first."""
    asked = list(dict.fromkeys([*terms, *(part.term for part in parts)]))
    row = {term: i for i, term in enumerate(asked)}
    attraction = log_attraction(asked, candidates, embedder)
    found = []
    for part in parts:
        others = [row[term] for term in terms if term != part.term]
        drawn = float(np.exp(attraction[row[part.term], others].mean())) if others else 1.0
        found.append(replace(part, merit=round(part.merit * drawn**_ATTRACTION_POWER, 9)))
    return sorted(found, key=lambda part: (-part.merit, part.words))[:_N_CONSIDERED]


def _is_fragment(term: int, longer: Mapping[str, Sequence[int]], candidates: Candidates, shares: Matrix) -> bool:
    """Whether a longer phrase stands in most of the topic's segments where this term stands."""
    key = f" {candidates.keys[term]} "
    return any(
        other != term and key in f" {candidates.keys[other]} " and shares[other] >= _MIN_WHOLE_RATIO * shares[term]
        for other in longer.get(key.split()[0], ())
    )


def _nearness(parts: Sequence[_Part], embedder: Encoder | None) -> npt.NDArray[np.bool_]:
    """Which parts cannot stand in one name: (n_parts, n_parts)."""
    near = np.array([[any(_are_akin(a, b) for a in x.words for b in y.words) for y in parts] for x in parts])
    if embedder is not None:
        near |= cosines([part.text for part in parts], embedder) > _MAX_COSINE
    return near


def _are_akin(word: str, other: str) -> bool:
    """Whether two words share their beginning: "tourist" and "tourism", "trade" and "trading"."""
    n = max(4, min(len(word), len(other)) - 3)
    return word == other or (len(word) > 3 and len(other) > 3 and word[:n] == other[:n])
