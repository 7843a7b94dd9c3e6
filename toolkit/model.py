"""A whole model: the config and everything learned, loaded and saved together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from toolkit.config import Config, parse_config
from toolkit.drift import DriftProfile
from toolkit.embed import Encoder, encoder_sha256, load_encoder
from toolkit.errors import ToolkitError
from toolkit.places import Gazetteer
from toolkit.register import REGISTRY, load_register
from toolkit.relevance import RelevanceModel
from toolkit.segment import LineModel, RepeatedLines, load_line_model
from toolkit.store import (
    Manifest,
    Part,
    canonical_json,
    load_part,
    load_text,
    read_manifest,
    replace_files,
    save_parts,
)
from toolkit.themes import ThemeModel
from toolkit.topics import Registry, TopicModel

CARD = "README.md"


@dataclass(frozen=True, slots=True)
class Model:
    """Everything needed to judge an article. `manifest` is None until it is saved.

    `drift` is what batches are compared with; None in models saved before there was such a thing.
    """

    name: str
    config: Config
    line_model: LineModel
    repeats: RepeatedLines
    gazetteer: Gazetteer
    relevance: RelevanceModel
    themes: ThemeModel
    topics: TopicModel
    embedder: Encoder
    training: Mapping[str, Any]
    seed: int
    manifest: Manifest | None = None
    drift: DriftProfile | None = None


def save_model(model: Model, folder: Path, *, card: str) -> Model:
    """Write the model folder, whole or not at all; the same model, knowing its manifest."""
    parts: dict[str, Part] = {
        "repeats": model.repeats,
        "places": model.gazetteer,
        "relevance": model.relevance,
        "themes": model.themes,
        "topics": model.topics,
        "registry": model.topics.registry,
    }
    if model.drift is not None:
        parts["drift"] = model.drift
    manifest = save_parts(
        folder,
        parts,
        name=model.name,
        config_toml=config_toml(model.config),
        card=card,
        training=model.training,
        seed=model.seed,
        standins=_standins(model.topics.registry),
    )
    return replace(model, manifest=manifest)


def save_registry(model: Model, registry: Registry, *, card: str) -> Model:
    """Give a saved model another register of topics and the card that goes with it, in its folder too."""
    if model.manifest is None:
        raise ValueError("the model was never saved")
    values, _ = registry.state()
    contents = {REGISTRY: canonical_json(values).encode(), CARD: card.encode()}
    manifest = replace_files(model.manifest, contents, _standins(registry))
    return replace(model, topics=replace(model.topics, registry=registry), manifest=manifest)


def _standins(registry: Registry) -> dict[str, str]:
    """People's names for topics, and the card that shows them, do not make it another model."""
    return {REGISTRY: registry.fingerprint(), CARD: ""}


def load_model(folder: Path) -> Model:
    """The model saved in `folder`, every file's hash checked.

    Raises
    ------
    ToolkitError
        Exit code 2 where there is no model, 4 where model and program do not fit.
    """
    while True:
        manifest = read_manifest(folder)
        try:
            return _load(manifest)
        except ToolkitError:
            # Another model may have been put in its place while its files were read: then read that one.
            if read_manifest(folder).files == manifest.files:
                raise


def _load(manifest: Manifest) -> Model:
    folder = manifest.folder
    try:
        relevance = RelevanceModel.from_state(*load_part(manifest, "relevance"))
        themes = ThemeModel.from_state(*load_part(manifest, "themes"))
        config = parse_config(load_text(manifest, "config.toml"), where=str(folder / "config.toml"))
        return Model(
            name=manifest.name,
            config=config,
            line_model=load_line_model(),
            repeats=RepeatedLines.from_state(*load_part(manifest, "repeats")),
            gazetteer=Gazetteer.from_state(*load_part(manifest, "places")),
            relevance=relevance,
            themes=themes.numbered_by(relevance.vocabulary.numbering),
            topics=_load_topics(manifest),
            embedder=_load_same_encoder(config.topics.encoder, manifest),
            training=manifest.training,
            seed=manifest.seed,
            manifest=manifest,
            drift=DriftProfile.from_state(*load_part(manifest, "drift")) if "drift.json" in manifest.files else None,
        )
    except ToolkitError as error:
        raise ToolkitError(str(error), exit_code=4) from error
    except (KeyError, ValueError, TypeError, IndexError) as error:
        raise ToolkitError(
            f"{folder}: the model's files do not fit this toolkit ({type(error).__name__}: {error}). "
            "Train the model again.",
            exit_code=4,
        ) from error


def _load_same_encoder(spec: str | None, manifest: Manifest) -> Encoder:
    """The encoder the topics were found with: vectors of another would give every text a wrong topic."""
    trained_with = manifest.training.get("encoder_sha256")
    if spec is not None and not Path(spec).is_dir():
        raise ToolkitError(
            f"{manifest.folder}: its topics need the encoder in {spec} (topics.encoder), and no such folder is there. "
            "Put it back, work from the folder that path is relative to, or train the model again."
        )
    # A model without the record is from before there was a choice: it was trained with the shipped embedder.
    if trained_with is not None and encoder_sha256(spec) != trained_with:
        where = "the embedder this toolkit comes with" if spec is None else f"the encoder in {spec}"
        raise ToolkitError(
            f"{manifest.folder}: {where} is not the one its topics were found with (its files have another hash). "
            "Put the earlier one back, or train the model again."
        )
    return load_encoder(spec)


def _load_topics(manifest: Manifest) -> TopicModel:
    """The topics and their register; a model saved before there were registers gets the one it would have had."""
    values, arrays = load_part(manifest, "topics")
    registry = load_register(manifest)
    if registry is None:
        topics = TopicModel.from_state(values, arrays)
        return topics.as_first(corpus_hash=str(manifest.training.get("corpus_hash", "")))
    return TopicModel.from_state(values, arrays, registry)


def config_toml(config: Config) -> str:
    """The config as TOML, every setting written out."""
    import tomli_w

    return tomli_w.dumps(config.model_dump(mode="json", exclude_none=True), multiline_strings=False)
