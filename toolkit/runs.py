"""A results folder and its run.json: whose it is, whether it is finished, what a run came to."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit import __version__
from toolkit.data import Quarantined
from toolkit.errors import ToolkitError
from toolkit.files import (
    EXPLANATIONS,
    TABLE_FORMATS,
    TOPIC_CARDS,
    TOPIC_EVIDENCE,
    TOPIC_MAP,
    TOPIC_SHARES,
    TOPIC_TREE,
    Source,
    atomic_write_bytes,
    sweep_temporary,
)
from toolkit.ledger import LEDGER
from toolkit.register import REGISTRY
from toolkit.store import canonical_json, library_versions

if TYPE_CHECKING:
    from toolkit.model import Model

RUN = "run.json"
QUARANTINE = "quarantine.jsonl"
DRIFT = "drift.json"


@dataclass(frozen=True, slots=True)
class RunKey:
    """What makes two runs the same run; a folder of another key is refused without --force."""

    command: str
    model: str
    config: str
    seed: int
    no_relevance: bool
    labels: str = ""

    def differences(self, other: Mapping[str, object]) -> list[str]:
        """The names of what differs from a key read back from run.json."""
        return [name for name in self.__slots__ if getattr(self, name) != other.get(name)]

    def as_dict(self) -> dict[str, Any]:
        """The key as stored in run.json."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Finished:
    """What a run came to."""

    run: Mapping[str, Any]
    folder: Path
    was_done: bool = False
    written: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> Mapping[str, int]:
        """Read, articles, quarantined, repeats."""
        counts: Mapping[str, int] = self.run["counts"]
        return counts


def hash_sources(sources: Sequence[Source]) -> str:
    """One hash of all input files, their names and contents; the order given does not matter."""
    digest = hashlib.sha256()
    for source in sorted(sources, key=lambda s: s.name):
        content = hashlib.sha256()
        with source.path.open("rb") as stream:
            while piece := stream.read(1 << 20):
                content.update(piece)
        digest.update(f"{source.name}\0{content.hexdigest()}\n".encode())
    return digest.hexdigest()


def read_run(folder: Path) -> dict[str, Any] | None:
    """The folder's run.json, or None where there is none.

    Raises
    ------
    ToolkitError
        Where it is there and cannot be understood.
    """
    path = folder / RUN
    if not path.is_file():
        return None
    try:
        run = json.loads(path.read_bytes())
        if not isinstance(run, dict) or not isinstance(run.get("key"), dict):
            raise ValueError("no 'key' in it")
    except ValueError as error:
        raise ToolkitError(f"{path}: not a run of this toolkit ({error}). Start afresh with --force.") from error
    return run


def check_folder(folder: Path, key: RunKey, *, force: bool) -> dict[str, Any] | None:
    """The earlier run in `folder`, if it is the same run; with `force` another one's files are removed.

    Raises
    ------
    ToolkitError
        Where the folder holds a run of another model, config or option, or files that are no results at all.
    """
    if folder.exists() and not folder.is_dir():
        raise ToolkitError(f"{folder}: is a file; --out needs a folder.")
    if force:
        clear_run(folder)
        return None
    earlier = read_run(folder)
    if earlier is None:
        return None
    differences = key.differences(earlier["key"])
    if differences:
        raise ToolkitError(
            f"{folder}: holds the results of another run ({', '.join(differences)} differ). "
            "Choose another --out, or replace them with --force."
        )
    return earlier


def clear_run(folder: Path) -> None:
    """Remove a run's own files from a folder, and nothing else."""
    if not folder.is_dir():
        return
    names = [RUN, QUARANTINE, EXPLANATIONS, DRIFT, "report.html", LEDGER, f"{LEDGER}-wal", f"{LEDGER}-shm"]
    names += [TOPIC_EVIDENCE, TOPIC_CARDS, TOPIC_TREE]
    tables = ("articles", "segments", "topics", TOPIC_SHARES, TOPIC_MAP)
    names += [f"{table}.{suffix}" for table in tables for suffix in TABLE_FORMATS]
    for name in names:
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "model", ignore_errors=True)


def is_finished(
    earlier: Mapping[str, Any] | None,
    folder: Path,
    *,
    input_hash: str,
    formats: Sequence[str],
    register: str | None = None,
) -> bool:
    """Whether an earlier run of the same key did exactly this already.

    `register` is the hash of the model's register of topics, None where it is not known: with other names for topics
    the tables are written again.
    """
    if earlier is None or earlier.get("status") != "finished" or earlier.get("input_hash") != input_hash:
        return False
    if register is not None and (earlier.get("model") or {}).get("register") != register:
        return False
    files = [f"{table}.{suffix}" for table in ("articles", "segments", "topics") for suffix in formats]
    return set(formats) <= set(earlier.get("formats", [])) and all((folder / name).is_file() for name in files)


def learned_from(earlier: Mapping[str, Any]) -> str | None:
    """The hash of the input that the model in the folder of an earlier `run` was learned from; None where unknown."""
    is_there = earlier.get("status") in ("running", "finished")
    return str(earlier["input_hash"]) if is_there and "input_hash" in earlier else None


def start_run(folder: Path, key: RunKey, *, inputs: Sequence[str], learned_from: str | None = None) -> None:
    """Say in the folder what is being done there, before anything else is written.

    `learned_from` is the hash of the input that the folder's own model was learned from, once it is there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sweep_temporary(folder)
    run = {"schema_version": 1, "status": "running", "key": key.as_dict(), "inputs": list(inputs)}
    if learned_from is not None:
        run["input_hash"] = learned_from
    atomic_write_bytes(folder / RUN, canonical_json(run).encode())


def write_quarantine(folder: Path, quarantined: Sequence[Quarantined]) -> None:
    """Write quarantine.jsonl whole, one line an entry."""
    lines = [json.dumps(asdict(item), ensure_ascii=False) + "\n" for item in quarantined]
    atomic_write_bytes(folder / QUARANTINE, "".join(lines).encode("utf-8", "replace"))


def finished_run(
    model: Model,
    key: RunKey,
    counts: Mapping[str, int],
    facts: Mapping[str, Any],
    *,
    inputs: Sequence[str],
    input_hash: str,
    formats: Sequence[str],
    started: float,
) -> dict[str, Any]:
    """What run.json says of a finished run."""
    from toolkit.card import card_figures

    config = model.config
    finished = time.time()
    return {
        "schema_version": 1,
        "command": key.command,
        "status": "finished",
        "toolkit_version": __version__,
        "key": key.as_dict(),
        "inputs": list(inputs),
        "input_hash": input_hash,
        "config_hash": key.config,
        "model": {
            "name": model.name,
            "hash": model.manifest.sha256 if model.manifest else None,
            "register": model.manifest.files.get(REGISTRY) if model.manifest else None,
            "trained_on": {
                name: model.training.get(name)
                for name in ("n_documents", "n_labels", "n_on_topic", "corpus_hash", "base")
            },
            "card": card_figures(model),
        },
        "seed": key.seed,
        "counts": dict(counts),
        "on_topic": facts["on_topic"],
        "n_duplicates": facts["n_duplicates"],
        "versions": library_versions(),
        "subject": {"name": config.subject.name, "description": config.subject.description},
        "side_ids": list(config.places.sides),
        "sides": {side: values.label for side, values in config.places.sides.items()},
        "members": {side: model.gazetteer.members(side) for side in config.places.sides},
        "themes": [
            {"id": theme, "label": values.label, "description": values.description}
            for theme, values in config.themes.items()
        ],
        "thresholds": {"on_from": model.relevance.on_from, "off_below": model.relevance.off_below},
        "no_relevance": key.no_relevance,
        "topics_engine": model.topics.engine,
        "topics_note": model.topics.note,
        "topics_selection": dict(model.topics.selection),
        "topic_colours": {str(e.topic): list(e.colours) for e in model.topics.registry.entries if e.status == "live"},
        "formats": sorted(formats),
        "config": config.model_dump(mode="json"),
        "started": _iso(started),
        "finished": _iso(finished),
        "seconds": round(finished - started, 2),
    }


def _iso(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))


def source_date() -> str | None:
    """The date of SOURCE_DATE_EPOCH, the only clock a report or a model may show."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch is None:
        return None
    try:
        return time.strftime("%Y-%m-%d", time.gmtime(int(epoch)))
    except (ValueError, OverflowError) as error:
        raise ToolkitError(f"SOURCE_DATE_EPOCH={epoch}: not a number of seconds since 1970.") from error
