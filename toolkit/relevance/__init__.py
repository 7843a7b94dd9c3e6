"""Is it about the subject? Relevance of documents and segments, from places, words and structure."""

from toolkit.relevance.model import RelevanceModel
from toolkit.relevance.train import train_relevance

__all__ = ["RelevanceModel", "train_relevance"]
