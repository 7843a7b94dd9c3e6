"""Drift: is a batch of articles like the corpus a model learned from, and is there something new in it?"""

from toolkit.drift.articles import Article, Sampler, article_of_rows, eligible_text
from toolkit.drift.compare import N_BATCH, N_SCORES, TOO_FEW, compare, not_compared, words_for
from toolkit.drift.profile import DriftProfile, learn_profile

__all__ = [
    "N_BATCH",
    "N_SCORES",
    "TOO_FEW",
    "Article",
    "DriftProfile",
    "Sampler",
    "article_of_rows",
    "compare",
    "eligible_text",
    "learn_profile",
    "not_compared",
    "words_for",
]
