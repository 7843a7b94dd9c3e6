"""What the tests and the measurement of drift share: a profile of articles alone, and a batch judged by it."""

from __future__ import annotations

from typing import Any

from toolkit.drift import Article, DriftProfile, Sampler, compare, learn_profile
from toolkit.drift.articles import rank_of
from toolkit.embed import Encoder


def profile_of(articles: list[Article], encoder: Encoder) -> DriftProfile:
    """The profile of a corpus whose every article counts as on the subject, without topics."""
    ordered = sorted(articles, key=lambda a: rank_of(a.document_id))
    return learn_profile(
        ordered,
        [a.texts for a in ordered],
        verdicts={"on": len(ordered)},
        scores=[1.0] * len(ordered),
        topic_ids=(),
        theme_ids=(),
        no_relevance=True,
        encoder=encoder,
    )


def judge(profile: DriftProfile, batch: list[Article], encoder: Encoder) -> dict[str, Any]:
    """What `compare` says of a batch."""
    sampler = Sampler(300, 300)
    for item in batch:
        sampler.see(item.document_id, 1.0, "on")
        sampler.add(item)
    return compare(profile, sampler, topic_ids=(), encoder=encoder, no_relevance=True)
