"""The register of topics in a saved model: read without the rest of the model, which a report has no use for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from toolkit.data import Results
from toolkit.errors import ToolkitError
from toolkit.files import TABLE_FORMATS, write_topics
from toolkit.store import Manifest, find_model, load_part, read_manifest
from toolkit.topics.registry import Registry

REGISTRY = "registry.json"


def load_register(manifest: Manifest) -> Registry | None:
    """The register of the model; None in one saved before there were registers.

    Raises
    ------
    ToolkitError
        Where the file is not the one the manifest describes.
    """
    if REGISTRY not in manifest.files:
        return None
    registry = Registry.from_state(load_part(manifest, "registry")[0])
    if manifest.standins.get(REGISTRY) != registry.fingerprint():
        raise ToolkitError(f"{manifest.folder / REGISTRY}: not the register the manifest describes.")
    return registry


def with_names_of_today(results: Results, folder: Path) -> Results:
    """The results with the names their model's topics have now, written into `topics.*` where they had others.

    The model is the one in the results folder, or one of that name; only where it still gives the same answers.
    """
    names = _names(results.run.get("model"), folder)
    rows = [{**row, "name": names.get(row["topic"], row["name"])} for row in results.topics]
    if rows == list(results.topics):
        return results
    write_topics(folder, [name for name in TABLE_FORMATS if (folder / f"topics.{name}").is_file()], rows)
    return replace(results, topics=tuple(rows))


def _names(stated: object, folder: Path) -> Mapping[object, str]:
    if not isinstance(stated, dict):
        return {}
    inside = folder / "model"
    try:
        manifest = read_manifest(inside if inside.is_dir() else find_model(stated["name"]))
        if manifest.sha256 != stated["hash"]:
            return {}
        register = load_register(manifest)
    except (KeyError, TypeError, ValueError, ToolkitError):
        return {}  # the report stands on the tables alone where the model is not to be had
    return {} if register is None else {entry.topic: entry.shown_name for entry in register.entries}
