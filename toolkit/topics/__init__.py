"""Topics: clusters found in a corpus, each with terms, a name, exemplars, and a place under a theme.

What is named here is imported when it is asked for: a report needs the colours and the register of topics, not the
making of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolkit.topics.fit import fit_topics
    from toolkit.topics.identity import carry_identity
    from toolkit.topics.model import TopicModel
    from toolkit.topics.registry import Registry

__all__ = ["Registry", "TopicModel", "carry_identity", "fit_topics"]
_MODULES = {"Registry": "registry", "TopicModel": "model", "carry_identity": "identity", "fit_topics": "fit"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
