"""What learning starts from: the config, the model, and what the person asked for beyond the config."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from toolkit.config import Config, load_config, shipped_config
from toolkit.errors import ToolkitError
from toolkit.model import Model, load_model
from toolkit.store import find_model, model_folders, shipped_folder

SHIPPED_MODEL = "china-asean"
FROM_CONFIG = "none"
"""In the place of a model to start from: nothing but the config."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked for on the command line, in place of what the config says; None: as the config says.

    Attributes
    ----------
    target_recall, target_precision : shares above 0 and up to 1, at most one of them
    n_topics : at least 1
    """

    target_recall: float | None = None
    target_precision: float | None = None
    n_topics: int | None = None

    def applied(self, config: Config) -> Config:
        """The config with the wishes in it.

        Raises
        ------
        ToolkitError
            For wishes that make no sense.
        """
        if self.n_topics is not None:
            if self.n_topics < 1:
                raise ToolkitError(f"--n-topics {self.n_topics}: at least 1 is needed.")
            config = config.model_copy(update={"topics": config.topics.model_copy(update={"n_topics": self.n_topics})})
        if self.target_recall is None and self.target_precision is None:
            return config
        if self.target_recall is not None and self.target_precision is not None:
            raise ToolkitError("--target-recall and --target-precision exclude each other; give one.")
        for name, value in (("recall", self.target_recall), ("precision", self.target_precision)):
            if value is not None and not 0 < value <= 1:
                raise ToolkitError(f"--target-{name} {value:g}: a share above 0 and up to 1 is needed, such as 0.95.")
        targets = {"target_recall": self.target_recall, "target_precision": self.target_precision}
        return config.model_copy(update={"relevance": config.relevance.model_copy(update=targets)})


AS_CONFIGURED = Wishes()


def choose_start(config_path: Path | None, base_name: str | None) -> tuple[Config, Model | None, tuple[str, ...]]:
    """The config to train with and the model to start from, with a note where there is none.

    Without a named model the shipped one serves wherever the config is on its subject; `none` starts from the
    config alone.
    """
    if base_name == FROM_CONFIG:
        return load_config(config_path or shipped_config()), None, ()
    if base_name is not None:
        base = load_model(find_model(base_name))
        config = load_config(config_path) if config_path else base.config
        if not _same_subject(config, base.config):
            raise ToolkitError(
                f"{config_path}: has other sides or themes than the model {base_name}. "
                "Leave the model out to start from the config alone."
            )
        return config, base, ()
    config = load_config(config_path or shipped_config())
    names = [folder.name for folder in model_folders([shipped_folder("models")])]
    if SHIPPED_MODEL in names:
        base = load_model(shipped_folder("models") / SHIPPED_MODEL)
        if _same_subject(config, base.config):
            return config, base, ()
    return config, None, ("No model to start from for this subject: learned from the config and the corpus alone.",)


def _same_subject(one: Config, other: Config) -> bool:
    return (
        one.subject.name == other.subject.name
        and list(one.places.sides) == list(other.places.sides)
        and set(one.themes) == set(other.themes)
    )
