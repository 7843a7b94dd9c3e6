"""Is it about the subject? Relevance of documents and segments, from places, words and structure."""

from toolkit.relevance.model import RelevanceModel
from toolkit.relevance.train import LearnedRelevance, learn_relevance

__all__ = ["LearnedRelevance", "RelevanceModel", "learn_relevance"]
