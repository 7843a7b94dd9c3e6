"""What learning starts from: the config, the model, and what the person asked for beyond the config."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from toolkit.classify import unique_records
from toolkit.config import Config, load_config, shipped_config
from toolkit.data import Label
from toolkit.errors import ToolkitError
from toolkit.feedback import settle, texts_of
from toolkit.files import Source, is_feedback, read_feedback, read_labels
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


def given_labels(
    paths: Sequence[Path], config: Config, sources: Sequence[Source]
) -> tuple[dict[str, Label], str, tuple[str, ...]]:
    """Labels by document, a hash of their files, and what became of readers' marks among them, in words.

    Marks of readers stand above the tables; of two marks the one in the later file.
    """
    theme_ids = tuple(config.themes)
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths if path.is_file()]
    files_hash = digests[0] if len(digests) == 1 else hashlib.sha256(" ".join(digests).encode()).hexdigest()
    feedback = [path for path in paths if is_feedback(path)]
    labels: dict[str, Label] = {}
    for path in paths:
        for label in () if path in feedback else read_labels(path, theme_ids=theme_ids).values():
            nothing, known = Label(label.document_id), labels.get(label.document_id)
            if known in (None, nothing):
                labels[label.document_id] = label
            elif label not in (known, nothing):  # a row left empty takes nothing back
                raise ToolkitError(f"{path}: another label for {label.document_id} than in a file before. Keep one.")
    if not feedback:
        return labels, files_hash if paths else "", ()
    marks = [mark for path in feedback for mark in read_feedback(path)]
    texts = texts_of(unique_records(sources, config.limits), {mark.document_id for mark in marks}, config.limits)
    settled = settle(marks, texts, theme_ids=theme_ids, labels=labels)
    return {**labels, **settled.labels}, files_hash, settled.sentences()
