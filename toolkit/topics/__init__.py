"""Topics: clusters found in a corpus, each with terms, a name, exemplars, and a place under a theme."""

from toolkit.topics.fit import fit_topics
from toolkit.topics.identity import carry_identity
from toolkit.topics.model import TopicModel
from toolkit.topics.registry import Registry

__all__ = ["Registry", "TopicModel", "carry_identity", "fit_topics"]
