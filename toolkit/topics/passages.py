"""Passages that stand for a topic: exemplars that are central and differ, and one sentence that sums it up."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.topics.words import TOKEN, fold

Row = Mapping[str, Any]
Vectors = npt.NDArray[np.float32]

N_EXEMPLARS = 4
_POOL = 24  # segments held for each topic while reading: those with most of its terms
_CHARACTERS = (150, 600)  # of an exemplar: long enough to say something, short enough to read
_SENTENCE_CHARACTERS = (60, 260)
_CENTRAL_SHARE = 0.7  # of centrality, beside difference from what is chosen (MMR, Carbonell and Goldstein 1998)
_MAX_OVERLAP = 0.5  # Jaccard of words, from which two passages say the same
_MIN_SENTENCE_TERMS = 2  # different terms of the topic in a sentence that sums it up, where any has so many
_PROSE = re.compile(r"[\"“‘']?[^\W\d_a-z].*[.!?。！？][\"”’']?\s*|[\"“‘']?\d.*[.!?。！？][\"”’']?\s*", re.S)
_NOT_PROSE = re.compile(
    r"\bphotos?\b\s*[:/)]|\((?:file )?photo|file photo|photo(?:graph)? by|https?://|www\.|@|©|\|"
    r"|read (?:more|also|next)\b|powered by|click here|sign up\b|all rights reserved"
    r"|this (?:article|story|column|report)\b"
    # Captions: what a picture shows, whose it is, a place and a day at the end ("in Portville, Freedonia, May 3.")
    r"|\b(?:this|undated|aerial|handout) (?:photo|photograph|picture|image)\b|\bpictured\b"
    r"|(?:,|\() ?(?:\w+ from )?(?:left|right|cent(?:re|er))(?:,|\))"
    r"|\([^()/]{1,30}/[^()/]{1,30}\)\s*$"
    r"|, (?:on )?(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]{0,6}\.? \d{1,2}(?:, \d{4})?\.?\s*$",
    re.I,
)
# A caption tells of a dated moment as if it were now ("A crane lifts a girder on May 3, 2021."); news tells it as past.
_DATED_END = re.compile(
    r"(?:, | on | in )(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]{0,6}\.? \d{1,2}, \d{4}\.?\s*$",
    re.I,
)
_NOW = re.compile(r"\b[a-z]{2,}s (?:a|an|the|at|by|in|into|near|next|on|over|past|through|to|with)\b")
_NOT_NOW = re.compile(
    r"\b(?:[a-z]+[^\We]ed|agreed|was|were|had|has|have|said|will|would|took|held|met|made|began|from)\b"
)
# A headline or a picture's title that runs into the text, and a paragraph about who wrote the article.
_SHOUTED = re.compile(r"[A-Z]{3,}(?:[ '’]+[A-Z]{2,})+ [A-Z][a-z]")  # a dateline has a mark behind it
_ABOUT_AUTHOR = re.compile(
    r"[A-Z][^.!?]{2,60}?(?<!who )\b(?:(?:has|holds) an? (?:PhD|doctorate|master)"
    r"|is an? [^.!?]{0,80}?\b(?:fellow|professor|lecturer|researcher|columnist|correspondent|journalist|writer|author"
    r"|analyst|consultant)\b)"
)
# No sentence ends after an initial or an English title, month or short form.
_SHORT = (
    "Mr",
    "Mrs",
    "Ms",
    "Dr",
    "Prof",
    "Gen",
    "Col",
    "Lt",
    "Capt",
    "Sgt",
    "Sen",
    "Rep",
    "Gov",
    "St",
    "No",
    "vs",
    "Jr",
    *("Jan", "Feb", "Mar", "Apr", "Jun", "Jul", "Aug", "Sep", "Sept", "Oct", "Nov", "Dec"),
)
_SENTENCE_END = re.compile(
    r"(?<![\s.][A-Z])(?<!^[A-Z])"
    + "".join(rf"(?<!\b{short})" for short in _SHORT)
    + r"[.!?]+[\"”’')]*\s+(?=[\"“‘'(]?[A-Z0-9])"
)
_DATELINE = re.compile(r"[^a-z]{4,40}(?:[,:(-]|[–—]).{0,40}?[^\W\d_]")  # "MANILA, Philippines-", "HANOI:"
# English openings that lean on what was said before; other languages have only the rules of shape.
_LEANING = frozenset(
    """
    he she it they we i you his her its their our my this that these those such there here but and or so yet however
    meanwhile also then thus therefore moreover furthermore instead still likewise besides additionally nevertheless
    nonetheless hence otherwise afterwards later earlier both another others similarly what which who when if while
    """.split()
)
_UNCLEAR = frozenset("he she they him them his her i we us our my you your".split())


@dataclass(frozen=True, slots=True)
class Passage:
    """A segment: `source` is its slice of the document, `text` the same normalised."""

    document_id: str
    outlet: str
    index: int
    start: int
    end: int
    source: str
    text: str


def flaws(text: str) -> int:
    """How many signs there are that a passage is no paragraph to show: its length, its shape, a caption or a link."""
    low, high = _CHARACTERS
    return (not low <= len(text) <= high) + (_PROSE.fullmatch(text) is None) + 2 * _is_beside_the_article(text)


def _is_beside_the_article(text: str) -> bool:
    """Whether a passage looks like a caption, a link, a headline run into it, or a line on the author."""
    if _NOT_PROSE.search(text) or _SHOUTED.match(text) or _ABOUT_AUTHOR.match(text):
        return True
    return bool(_DATED_END.search(text) and _NOW.search(text)) and not _NOT_NOW.search(text)


def choose_diverse(
    texts: Sequence[str],
    centrality: Sequence[float],
    keys: Sequence[tuple[str, int]],
    outlets: Sequence[str] | None = None,
    *,
    n: int = N_EXEMPLARS,
) -> list[int]:
    """Positions of up to `n` passages, whole paragraphs first, central ones that differ (maximal marginal relevance).

    Never two that share half of their words; of other articles, and of other outlets, while there are any.
    """
    words = [frozenset(map(fold, TOKEN.findall(text))) for text in texts]
    marks = [flaws(text) for text in texts]
    places = outlets if outlets is not None else [""] * len(texts)
    chosen: list[int] = []

    def overlap(i: int, j: int) -> float:
        return len(words[i] & words[j]) / max(len(words[i] | words[j]), 1)

    waiting = sorted(range(len(texts)), key=lambda i: (marks[i], -centrality[i], keys[i]))
    while waiting and len(chosen) < n:
        nearest = {i: max((overlap(i, j) for j in chosen), default=0.0) for i in waiting}
        waiting = [i for i in waiting if nearest[i] <= _MAX_OVERLAP]
        articles, spoken = {keys[j][0] for j in chosen}, {places[j] for j in chosen}
        best = min(
            waiting,
            key=lambda i: (
                keys[i][0] in articles,
                marks[i],
                outlets is not None and places[i] in spoken,
                -round(_CENTRAL_SHARE * centrality[i] - (1 - _CENTRAL_SHARE) * nearest[i], 6),
                keys[i],
            ),
            default=None,
        )
        if best is None:
            break
        chosen.append(best)
        waiting.remove(best)
    return chosen


@dataclass(slots=True)
class Passages:
    """Holds, for each topic, the segments with most of its terms; bounded, whatever the number of articles.

    Segments of articles on the subject go before those of articles the model is unsure of.
    """

    _held: dict[int, list[tuple[bool, float, str, int, Row, str]]] = field(default_factory=dict)

    def add(
        self, topic: int, weight: float, document_id: str, outlet: str | None, row: Row, *, is_unsure: bool
    ) -> None:
        """Offer a segment whose different terms weigh `weight` together."""
        if row["role"] == "caption":
            return
        held = self._held.setdefault(topic, [])
        held.append((is_unsure, -round(weight, 6), document_id, row["index"], row, outlet or ""))
        if len(held) >= 4 * _POOL:
            self._shrink(held)

    @staticmethod
    def _shrink(held: list[tuple[bool, float, str, int, Row, str]]) -> None:
        held.sort(key=lambda item: item[:4])
        del held[_POOL:]

    def of(self, topic: int, read: Callable[[str], str]) -> list[Passage]:
        """The segments held for a topic, weightiest first; a text that two articles have is in none (boilerplate)."""
        held = self._held.get(topic, [])
        self._shrink(held)
        passages = [
            Passage(document_id, outlet, row["index"], row["start"], row["end"], row["text"], read(row["text"]))
            for _, _, document_id, _, row, outlet in held
        ]
        articles: dict[str, set[str]] = {}
        for passage in passages:
            articles.setdefault(passage.text, set()).add(passage.document_id)
        return [passage for passage in passages if len(articles[passage.text]) == 1]


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Where the sentences of `text` begin and end; a full stop after a short capitalised word ends none."""
    at = 0
    for mark in _SENTENCE_END.finditer(text):
        yield at, len(text[: mark.end()].rstrip())
        at = mark.end()
    if at < len(text.rstrip()):
        yield at, len(text.rstrip())


def stands_alone(sentence: str) -> bool:
    """Whether a sentence can be read without the text around it: whole, of readable length, leaning on nothing."""
    low, high = _SENTENCE_CHARACTERS
    if not low <= len(sentence) <= high or _PROSE.fullmatch(sentence) is None or _is_beside_the_article(sentence):
        return False
    if _DATELINE.match(sentence):
        return False
    if sentence[0] in "\"“‘'" or sentence.count("“") != sentence.count("”") or sentence.count('"') % 2:
        return False
    words = [fold(token) for token in TOKEN.findall(sentence)]
    return bool(words) and words[0] not in _LEANING and not _UNCLEAR & set(words) and "…" not in sentence


def choose_sentence(
    found: Sequence[tuple[Passage, int, int]],
    centrality: Sequence[float],
    weights: Sequence[float],
    n_terms: Sequence[int],
) -> int | None:
    """The position of the sentence that is most central and has most of the topic's terms; None without any.

    Parameters
    ----------
    found : a passage, and where in its text the sentence begins and ends
    centrality : cosine of each sentence with the centre of the topic
    weights, n_terms : the weight and the number of the different terms in each
    """
    scale = max(weights, default=0.0) or 1.0
    enough = min(_MIN_SENTENCE_TERMS, max(n_terms, default=0))

    def rank(i: int) -> tuple[float, str, int, int]:
        passage, start, _ = found[i]
        score = max(centrality[i], 0.0) * (0.5 + 0.5 * weights[i] / scale)
        return -round(score, 6), passage.document_id, passage.index, start

    return min((i for i in range(len(found)) if n_terms[i] >= enough), key=rank, default=None)
