"""Quoted passages: which segments speak best for a theme or a topic, and how a passage is cut for the page."""

from __future__ import annotations

import heapq
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from toolkit.report.wording import show

MAX_QUOTE_CHARACTERS = 500
N_QUOTES = 5
N_HELD = 40  # candidates kept while reading; enough to find N_QUOTES from different articles and outlets
MIN_QUOTE_CHARACTERS = 70  # shorter segments seldom say anything alone
TELLING = (150, 500)  # characters of a paragraph that says something whole and is printed whole
PROSE = 2  # the tier from which a segment is running text
ENOUGH_TERMS = 3  # different words of a theme in a passage beyond which more say nothing more
QUOTED_ROLES = ("body", "quote", "caption", "list")

# What captions, credits and pointers hold that the cut left in: true paragraphs seldom do, and others are at hand.
_NOT_PROSE_WORDS = frozenset(
    "ads photo photos photograph photographs photographed pictured screengrab subscribe newsletter advertise "
    "advertisement advertising www http https".split()
)
_NOT_PROSE_PHRASES = (
    *("courtesy of", "file image", "(image", "(picture", "(file", ", left,", ", right,", ", center,", ", centre,"),
    *(
        "read more",
        "read also",
        "see also",
        "see more",
        "also read",
        "click here",
        "powered by",
        "all rights reserved",
        "fares from",
    ),
    *("book now", "terms and conditions", "opinions expressed", "views expressed", "opinions are those"),
)
_NOT_PROSE_STARTS = ("by ", "reporting by ", "edited by ", "group, ", "ltd, ", "inc, ", "co, ", "corp, ")
_WORD = re.compile(r"\w+")
_SENTENCE_END = re.compile(r"[.!?]['\")\]”’]?(?=\s)|[。！？]")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A segment that may be quoted: `text` is its slice of the document; `cues` why it was cut, if it was."""

    document_id: str
    start: int
    end: int
    text: str
    cues: str


@dataclass(slots=True)
class Quotes:
    """The best candidates seen so far, by (tier, score), ties by document and offset."""

    held: list[tuple[int, float, tuple[int, ...], int, str, Candidate]] = field(default_factory=list)

    def takes(self, tier: int, score: float) -> bool:
        """Whether a candidate of at most this tier and score might still be held."""
        return len(self.held) < N_HELD or (tier, score + 1e-6) >= self.held[0][:2]

    def offer(self, candidate: Candidate, outlet: str, tier: int, score: float) -> None:
        """Consider a candidate of an article of `outlet`: a higher tier comes first, then a higher score."""
        rounded = round(score, 6)
        if len(self.held) >= N_HELD and (tier, rounded) < self.held[0][:2]:
            return
        # heap order: the worst first; among equals the later id and offset are worse
        ties = tuple(-ord(c) for c in candidate.document_id)
        item = (tier, rounded, (*ties, 1), -candidate.start, outlet, candidate)
        if len(self.held) < N_HELD:
            heapq.heappush(self.held, item)
        else:
            heapq.heappushpop(self.held, item)

    def best(self, n: int = N_QUOTES, *, avoid: Collection[str] = ()) -> tuple[Candidate, ...]:
        """Up to `n` candidates, new outlets first; never two of one article, never one text twice.

        `avoid` holds the keys (`key_of`) of passages quoted elsewhere or repeated from article to article. Passages of
        a lower tier come in only where the best tier and the one below it do not fill the places.
        """
        ordered = sorted(self.held, key=lambda item: item[:4], reverse=True)
        if not ordered:
            return ()
        chosen: list[Candidate] = []
        outlets: dict[str, int] = {}
        documents: set[str] = set()
        texts: set[str] = set()
        top = ordered[0][0]
        for most_per_outlet, lowest in ((1, top), (2, top), (1, top - 1), (2, top - 1), (n, top), (n, 0)):
            for tier, _, _, _, outlet, candidate in ordered:
                start = key_of(candidate.text)
                if len(chosen) >= n or candidate.document_id in documents or start in texts or start in avoid:
                    continue
                if tier < lowest:
                    continue
                if outlets.get(outlet, 0) >= most_per_outlet:
                    continue
                chosen.append(candidate)
                outlets[outlet] = outlets.get(outlet, 0) + 1
                documents.add(candidate.document_id)
                texts.add(start)
        return tuple(chosen)


class Words:
    """The words of a theme or a topic, to be counted in passages: whole words, plurals included.

    `n_terms` is how many different ones there are.
    """

    def __init__(self, terms: Iterable[str]) -> None:
        folded = sorted({term.casefold() for term in terms if term.strip()})
        plain = [term for term in folded if term.isascii() and term.isalnum()]
        self._forms = {form: term for term in plain for form in (term, f"{term}s", f"{term}es")}
        self._phrases = tuple(term for term in folded if not (term.isascii() and term.isalnum()))
        self.n_terms = len(set(self._forms.values())) + len(self._phrases)

    def count(self, folded: str, tokens: frozenset[str]) -> int:
        """How many different ones a folded text holds, its tokens being `tokens_of` it."""
        single = {self._forms[token] for token in tokens & self._forms.keys()}
        return len(single) + sum(1 for phrase in self._phrases if phrase in folded)


def tokens_of(folded: str) -> frozenset[str]:
    """The different words of a text."""
    return frozenset(_WORD.findall(folded))


def key_of(text: str) -> str:
    """By what two passages count as the same."""
    return " ".join(text[:400].split())[:120]


def tier_of(text: str, role: str, tokens: frozenset[str]) -> int:
    """How fit a segment with these words is for quoting: 3 for a whole paragraph of running text, 0 for a title.

    Examples
    --------
    >>> said = "The two ministers agreed that the line will carry freight from May, and that both sides pay for it."
    >>> words = tokens_of(said.casefold())
    >>> [tier_of(said * k, role, words) for k, role in ((2, "body"), (1, "body"), (2, "caption"), (2, "title"))]
    [3, 2, 1, 0]
    """
    if role not in QUOTED_ROLES:
        return 0
    text = text.strip()
    if len(text) < MIN_QUOTE_CHARACTERS or role == "caption" or not _is_prose(text, tokens):
        return 1
    return PROSE + (TELLING[0] <= len(text) <= TELLING[1] and role in ("body", "quote"))


def highest_tier(text: str, role: str) -> int:
    """The highest tier that a segment of this length and role can have."""
    if role not in QUOTED_ROLES:
        return 0
    if len(text) < MIN_QUOTE_CHARACTERS or role == "caption":
        return 1
    return PROSE + (len(text) >= TELLING[0] and role in ("body", "quote"))


def _is_prose(text: str, tokens: frozenset[str]) -> bool:
    first, last = text[0], text[-1]
    cut_off = text.endswith(("...", "…")) or (last.isascii() and (last.isalnum() or last in ",:;-|/"))
    if cut_off or "a" <= first <= "z" or tokens & _NOT_PROSE_WORDS:
        return False
    folded = text.casefold()
    return not folded.startswith(_NOT_PROSE_STARTS) and not any(phrase in folded for phrase in _NOT_PROSE_PHRASES)


def shorten(candidate: Candidate, *, limit: int = MAX_QUOTE_CHARACTERS) -> tuple[str, int, int]:
    """The passage to print, and the offsets of what is printed in the document.

    A passage over the limit is cut after a sentence where one ends in its later half, else between words, and
    ends in "…", which is not part of the source.
    """
    body = candidate.text.strip()
    start = candidate.start + len(candidate.text) - len(candidate.text.lstrip())
    cut = len(body)
    whole = show(body, limit=2 * limit)
    if len(whole) > limit:
        window = body[: limit - 2]
        ends = [found.end() for found in _SENTENCE_END.finditer(window)]
        cut = ends[-1] if ends and ends[-1] >= limit // 2 else window.rfind(" ")
        cut = cut if cut >= limit // 3 else len(window)
        whole = show(body[:cut], limit=limit - 2) + " …"
    return whole, start, start + cut
