"""Topics: clusters found in a corpus, each with terms, a name, exemplars, and a place under a theme."""

from toolkit.topics.fit import fit_topics
from toolkit.topics.model import TopicModel

__all__ = ["TopicModel", "fit_topics"]
