"""Which articles to label next: those near a line, spread over outlets and topics, and some drawn at random."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

N_NEAR, N_THEMES, N_RANDOM = 30, 10, 20
"""Articles near the line of relevance, near the line of a theme, and drawn at random: an hour or two of reading."""
SPREAD = 0.25
"""Logits that an article counts as further from the line for each article of its outlet, and each of its topic, that
is chosen already. Set by judgement: what another label teaches was not measured article by article."""

POOL = 20  # times as many as are wanted are looked at, the nearest first: a spread is not bought with sure articles

NEAR, THEME, RANDOM = "near the line", "near a theme's line", "drawn at random"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An article without a label: `distance` from the line of relevance and, for the theme it is nearest to, from the
    line of that theme, both in logits; None where it has no such theme to be asked about."""

    document_id: str
    outlet: str
    topic: int
    distance: float
    theme: str | None = None
    theme_distance: float | None = None


@dataclass(frozen=True, slots=True)
class Advice:
    """An article to label, and why: one of NEAR, THEME, RANDOM."""

    document_id: str
    why: str


def choose_to_label(
    candidates: Sequence[Candidate], *, n_near: int = N_NEAR, n_themes: int = N_THEMES, n_random: int = N_RANDOM
) -> list[Advice]:
    """The articles to label next, each once: the random ones first chosen, then those near the lines.

    The random ones are drawn from all candidates, whatever their scores: on them alone a share of right answers is
    that of the corpus. Uncertain ones teach more (Lewis & Gale 1994), and labels of one outlet or one affair teach the
    same thing again: each further one of an outlet or topic counts as `SPREAD` logits further from the line.
    """
    by_id = {candidate.document_id: candidate for candidate in candidates}
    order = sorted(by_id, key=_checksum)
    drawn = order[:n_random]
    left = {document_id: by_id[document_id] for document_id in order[n_random:]}
    near = _spread_out(left, {i: c.distance for i, c in left.items()}, n_near)
    left = {i: c for i, c in left.items() if i not in near}
    themes = {i: c.theme_distance for i, c in left.items() if c.theme_distance is not None}
    asked = _spread_out(left, themes, n_themes)
    found = [Advice(i, NEAR) for i in near]
    found += [Advice(i, THEME) for i in asked]
    return [*found, *(Advice(i, RANDOM) for i in drawn)]


def _checksum(document_id: str) -> tuple[bytes, str]:
    return hashlib.blake2b(document_id.encode("utf-8", "replace"), digest_size=8).digest(), document_id


def _spread_out(candidates: dict[str, Candidate], distances: dict[str, float], n: int) -> list[str]:
    """The `n` nearest, each further one of the same outlet or topic counted as further away; ties by id."""
    chosen: list[str] = []
    outlets: Counter[str] = Counter()
    topics: Counter[int] = Counter()
    nearest_first = sorted(distances, key=lambda i: (distances[i], i))
    left = {i: distances[i] for i in nearest_first[: POOL * n]}
    while left and len(chosen) < n:

        def cost(i: str) -> tuple[float, str]:
            candidate = candidates[i]
            n_like = outlets[candidate.outlet] * bool(candidate.outlet) + topics[candidate.topic] * (
                candidate.topic >= 0
            )
            return round(left[i] + SPREAD * n_like, 9), i

        nearest = min(left, key=cost)
        chosen.append(nearest)
        outlets[candidates[nearest].outlet] += 1
        topics[candidates[nearest].topic] += 1
        del left[nearest]
    return chosen
