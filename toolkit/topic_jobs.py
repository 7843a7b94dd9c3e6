"""Looking after the topics of a saved model: what `toolkit topics` does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import toolkit
from toolkit.card import model_card
from toolkit.errors import ToolkitError
from toolkit.model import Model, load_model, save_registry
from toolkit.store import MANIFEST, editing, find_model, shipped_folder
from toolkit.topics import Registry
from toolkit.topics.differences import Difference, difference


def find_topics(name: str) -> Path:
    """The folder of a model given by name, by its folder, or by a results folder that holds it as `model`.

    Raises
    ------
    ToolkitError
        Where it is none of them.
    """
    inside = Path(name) / "model"
    return inside if (inside / MANIFEST).is_file() else find_model(name)


def list_topics(model: Model) -> list[dict[str, Any]]:
    """Every id the model knows, live ones by size, then merged and retired ones: rows for a table or for JSON."""
    registry = model.topics.registry
    shown = {topic.topic: topic for topic in model.topics.shown()}
    targets = registry.targets()
    past = [entry.topic for entry in registry.entries if entry.topic not in shown]
    rows: list[dict[str, Any]] = []
    for topic in [*shown, *past]:
        entry, found = registry.entry(topic), shown.get(topic)
        rows.append(
            {
                **entry.state(),
                "name": entry.shown_name,
                "automatic_name": entry.name,
                "terms": [term for term, _ in found.terms] if found else list(entry.terms),
                "n_segments": found.n_segments if found else None,
                "theme": found.theme if found else None,
                "stability": found.stability if found else None,
                "merged_into": targets.get(topic),
            }
        )
    return rows


def rename_topic(folder: Path, topic: int, name: str) -> Model:
    """Give a topic of the model in `folder` a name of the person's own. The model stays the same model.

    Raises
    ------
    ToolkitError
        For an unknown topic or a name that cannot be one; the folder is untouched then.
    """
    return _edit(folder, lambda model: model.topics.registry.renamed(topic, name))


def merge_topics(folder: Path, topics: Sequence[int]) -> Model:
    """Merge topics into the first of them: what belonged to any of them gets its id from now on.

    The rows of the rule stay as they are, so nothing else changes hands, and `part_topics` undoes it.

    Raises
    ------
    ToolkitError
        For ids that are not live topics, or fewer than two; the folder is untouched then.
    """
    return _edit(folder, lambda model: model.topics.registry.merged(topics[0], topics[1:]))


def part_topics(folder: Path, topics: Sequence[int]) -> Model:
    """Undo a merge: all but the first of `topics`, merged into it before, are topics of their own again.

    Raises
    ------
    ToolkitError
        Where they are not merged into it, or the model was retrained since and has them as one.
    """

    def part(model: Model) -> Registry:
        registry = model.topics.registry.parted(topics[0], topics[1:])
        alone = {topic.topic for topic in model.topics.topics}
        for topic in topics[1:]:
            if not alone & {topic, *(alias for alias, into in registry.targets().items() if into == topic)}:
                raise ToolkitError(
                    f"Topic {topic} cannot be taken out of topic {topics[0]}: this model was trained after they "
                    "became one and cannot tell them apart."
                )
        return registry

    if len(topics) < 2:
        raise ToolkitError("Give the topic that stays, then those to take out of it.")
    return _edit(folder, part)


def _edit(folder: Path, change: Callable[[Model], Registry]) -> Model:
    shipped = shipped_folder("models").resolve()
    is_ours = folder.resolve().parent == shipped != Path("models").resolve()  # not a model trained in a checkout
    if is_ours or Path(toolkit.__file__).resolve().parent in folder.resolve().parents:
        raise ToolkitError(
            f"{folder}: is a part of the installed toolkit, which the next installation replaces. "
            f"Copy the folder to models/{folder.name} first, and name that."
        )
    with editing(folder):
        model = load_model(folder)
        registry = change(model)
        edited = replace(model, topics=replace(model.topics, registry=registry))
        return save_registry(model, registry, card=model_card(edited))


def diff_topics(before: Model, after: Model) -> Difference:
    """The topics of two models side by side."""
    return difference(before.topics, after.topics, before_hash=before.manifest.sha256 if before.manifest else "")
