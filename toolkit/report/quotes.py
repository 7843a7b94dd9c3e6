"""Quoted passages: which segments speak best for a theme or a topic, and how a passage is cut for the page."""

from __future__ import annotations

import heapq
import re
from dataclasses import dataclass, field

from toolkit.report.wording import show

MAX_QUOTE_CHARACTERS = 300
N_QUOTES = 5
N_HELD = 40  # candidates kept while reading; enough to find N_QUOTES from different articles and outlets
MIN_QUOTE_CHARACTERS = 70  # shorter segments seldom say anything alone
QUOTED_ROLES = ("body", "quote", "caption", "list")

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

    def offer(self, candidate: Candidate, outlet: str, role: str, score: float) -> None:
        """Consider a candidate of an article of `outlet`."""
        n = len(candidate.text)
        tier = (role in QUOTED_ROLES) + (n >= MIN_QUOTE_CHARACTERS and role in QUOTED_ROLES)
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

    def best(self, n: int = N_QUOTES) -> tuple[Candidate, ...]:
        """Up to `n` candidates, new outlets first; never two of one article, never one text twice."""
        ordered = sorted(self.held, key=lambda item: item[:4], reverse=True)
        chosen: list[Candidate] = []
        outlets: dict[str, int] = {}
        documents: set[str] = set()
        texts: set[str] = set()
        for most_per_outlet in (1, 2, n):
            for _, _, _, _, outlet, candidate in ordered:
                start = " ".join(candidate.text.split())[:120]
                if len(chosen) >= n or candidate.document_id in documents or start in texts:
                    continue
                if outlets.get(outlet, 0) >= most_per_outlet:
                    continue
                chosen.append(candidate)
                outlets[outlet] = outlets.get(outlet, 0) + 1
                documents.add(candidate.document_id)
                texts.add(start)
        return tuple(chosen)


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
