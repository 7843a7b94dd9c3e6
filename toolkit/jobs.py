"""Whole jobs, as the commands do them and as a notebook may call them."""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.card import model_card
from toolkit.classify import classify, publish_nothing, unique_records
from toolkit.config import Config
from toolkit.data import Label, Quarantined
from toolkit.embed import encoder_sha256
from toolkit.errors import ToolkitError
from toolkit.files import (
    Source,
    Sources,
    expand_inputs,
)
from toolkit.lesson import Lesson
from toolkit.model import Model, config_toml, load_model, save_model
from toolkit.progress import Progress, Silent
from toolkit.register import REGISTRY
from toolkit.runs import (
    Finished,
    RunKey,
    check_folder,
    hash_sources,
    is_finished,
    learned_from,
    source_date,
    start_run,
)
from toolkit.start import AS_CONFIGURED, SHIPPED_MODEL, Wishes, choose_start, given_labels
from toolkit.store import find_model, read_manifest
from toolkit.training import train as train_model

if TYPE_CHECKING:
    from toolkit.training_report import TrainingReport

_SETTLED_SECONDS = 2.0
"""A watched file is read once it has not changed for this long: it may still be being written."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A saved model and what the person should know about how it came to be."""

    model: Model
    notes: tuple[str, ...]
    n_quarantined: int
    report: TrainingReport | None = None


@contextmanager
def opened(inputs: Sequence[str], *, out: Path | None = None) -> Iterator[Sources]:
    """The files behind `inputs`, standard input (`-`) spooled to a temporary file that is removed at the end.

    Raises
    ------
    ToolkitError
        Exit code 2 for an input that is not there, 3 where no file could be read.
    """
    with tempfile.TemporaryDirectory(prefix="toolkit-") as folder:
        spool: Path | None = None
        if "-" in inputs:
            spool = Path(folder) / "stdin"
            with spool.open("wb") as stream:
                shutil.copyfileobj(sys.stdin.buffer, stream)
        sources = expand_inputs(inputs, stdin=spool, exclude=[out] if out else [])
        if not sources:
            raise ToolkitError(
                f"{', '.join(inputs)}: no file of a kind the toolkit reads "
                "(.txt .md .html .jsonl .json .csv .tsv .parquet .pdf .warc, also .gz).",
                exit_code=3,
            )
        yield sources


def name_of(inputs: Sequence[str]) -> str:
    """A folder name for the results of `inputs`: the first one's name without its endings."""
    first = "stdin" if inputs[0] == "-" else Path(inputs[0]).absolute().name
    stem = first.split(".")[0] if Path(inputs[0]).is_file() else first
    safe = "".join(c if c.isalnum() or c in "-_" else "-" for c in stem).strip("-") or "results"
    return safe if len(inputs) == 1 else f"{safe}-and-{len(inputs) - 1}-more"


def model_folder(name: str) -> Path:
    """`models/NAME`, for a plain name."""
    if not name or Path(name).name != name or name.startswith(".") or not name.isprintable():
        raise ToolkitError(f"--name {name}: a plain name is needed, such as my-corpus; the model goes to models/NAME.")
    return Path("models") / name


def _config_hash(config: Config) -> str:
    encoder = encoder_sha256(config.topics.encoder) if config.topics.encoder else ""
    return hashlib.sha256((config_toml(config) + encoder).encode()).hexdigest()


def _train_and_save(
    sources: Sequence[Source],
    folder: Path,
    *,
    name: str,
    config: Config,
    base: Model | None,
    labels: Mapping[str, Label],
    no_relevance: bool,
    seed: int,
    with_sources: bool,
    keep_topics: bool,
    progress: Progress,
    taught: Callable[[Lesson], None] | None = None,
) -> Trained:
    refused: list[Quarantined] = []

    def read() -> Iterable[Any]:
        refused.clear()
        return unique_records(sources, config.limits, refused=refused.append)

    model, notes = train_model(
        read,
        name=name,
        config=config,
        labels=labels,
        base=base,
        seed=seed,
        no_relevance=no_relevance,
        with_sources=with_sources,
        keep_topics=keep_topics,
        date=source_date(),
        progress=progress,
        taught=taught,
    )
    if not model.training["n_documents"]:
        raise ToolkitError("nothing in the input could be read.", exit_code=3)
    if labels and not model.training["n_labels"]:
        notes = (*notes, "None of the labelled ids occur in the input: the labels had no effect.")
    progress.stage("save the model")
    return Trained(save_model(model, folder, card=model_card(model)), notes, len(refused))


def train_job(
    sources: Sequence[Source],
    folder: Path,
    *,
    name: str,
    config_path: Path | None = None,
    base_name: str | None = None,
    labels_paths: Sequence[Path] = (),
    wishes: Wishes = AS_CONFIGURED,
    no_relevance: bool = False,
    seed: int = 0,
    force: bool = False,
    report_folder: Path | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Learn a model from the sources and save it in `folder`; its training report goes to `report_folder`, if given.

    Raises
    ------
    ToolkitError
        Where a model of that name is there already and `force` is not given, or nothing can be read.
    """
    if folder.exists() and not force:
        raise ToolkitError(f"{folder}: is there already. Choose another --name, or replace it with --force.")
    config, base, notes = choose_start(config_path, base_name)
    config = wishes.applied(config)
    labels, _, told = given_labels(labels_paths, config, sources)
    lessons: list[Lesson] = []
    trained = _train_and_save(
        sources,
        folder,
        name=name,
        config=config,
        base=base,
        labels=labels,
        no_relevance=no_relevance,
        seed=seed,
        with_sources=False,
        keep_topics=base_name is not None,
        progress=progress or Silent(),
        taught=lessons.append if report_folder else None,
    )
    notes = (*notes, *told, *trained.notes)
    if report_folder is None:
        return replace(trained, notes=notes)
    from toolkit.training_report import write_training_report

    (progress or Silent()).stage("write the training report")
    report = write_training_report(replace(lessons[-1], notes=notes), report_folder)
    return replace(trained, notes=notes, report=report)


def run_job(
    sources: Sequence[Source],
    folder: Path,
    *,
    inputs: Sequence[str],
    config_path: Path | None = None,
    base_name: str | None = None,
    labels_paths: Sequence[Path] = (),
    wishes: Wishes = AS_CONFIGURED,
    no_relevance: bool = False,
    seed: int = 0,
    formats: Sequence[str] = ("parquet", "csv"),
    force: bool = False,
    engine: str = "auto",
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
    started: float | None = None,
) -> Finished:
    """Train on the sources, classify them with what was learned, write the report; all into `folder`."""
    progress = progress or Silent()
    started = time.time() if started is None else started
    config, base, notes = choose_start(config_path, base_name)
    config = wishes.applied(config)
    labels, labels_hash, told = given_labels(labels_paths, config, sources)
    notes = (*notes, *told)
    base_hash = base.manifest.sha256 if base and base.manifest else "none"
    if base is not None and base_name is not None:
        base_hash = f"{base_hash}, named"  # whose topics keep their ids
    key = RunKey("run", base_hash, _config_hash(config), seed, no_relevance, labels_hash)
    earlier = check_folder(folder, key, force=force)
    input_hash = hash_sources(sources)
    if not {"parquet", "jsonl"} & set(formats):
        formats = ("parquet", *formats)
        notes = (*notes, "parquet is written too: the report is made from it.")
    report_path = folder / "report.html"
    register = _register_of(folder / "model") if earlier else None
    if (
        earlier
        and is_finished(earlier, folder, input_hash=input_hash, formats=formats, register=register)
        and report_path.is_file()
    ):
        return Finished(earlier, folder, was_done=True, notes=notes)
    model = _model_of_run(folder / "model") if earlier and learned_from(earlier) == input_hash else None
    start_run(folder, key, inputs=inputs, learned_from=input_hash if model else None)
    if model is None:
        try:
            trained = _train_and_save(
                sources,
                folder / "model",
                name=name_of(inputs),
                config=config,
                base=base,
                labels=labels,
                no_relevance=no_relevance,
                seed=seed,
                with_sources=True,
                keep_topics=base_name is not None,
                progress=progress,
            )
        except ToolkitError as error:
            if error.exit_code != 3:
                raise
            return publish_nothing(sources, folder, config.limits, key=key, inputs=inputs, input_hash=input_hash)
        model, notes = trained.model, (*notes, *trained.notes)
    finished = classify(
        sources,
        folder,
        model,
        key=key,
        inputs=inputs,
        input_hash=input_hash,
        formats=formats,
        progress=progress,
        engine=engine,
        workers=workers,
        scheduler=scheduler,
        started=started,
    )
    from toolkit.report_jobs import write_report

    progress.stage("write the report")
    write_report(folder, report_path)
    return replace(finished, notes=notes, written=(*finished.written, report_path))


def _model_of_run(folder: Path) -> Model | None:
    """The model an earlier run had finished learning; None without one."""
    try:
        read_manifest(folder)
    except ToolkitError:
        return None
    return load_model(folder)


def _register_of(folder: Path) -> str | None:
    """The hash of the register of topics in a model folder; None where there is no model or it has none."""
    try:
        return read_manifest(folder).files.get(REGISTRY)
    except ToolkitError:
        return None


def classify_job(
    sources: Sequence[Source],
    folder: Path,
    *,
    inputs: Sequence[str],
    model_name: str = SHIPPED_MODEL,
    no_relevance: bool = False,
    seed: int = 0,
    formats: Sequence[str] = ("parquet", "csv"),
    force: bool = False,
    engine: str = "auto",
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
    started: float | None = None,
) -> Finished:
    """Judge the sources with a saved model into `folder`; documents judged there before are not judged again."""
    manifest = read_manifest(find_model(model_name))
    key = RunKey("classify", manifest.sha256, manifest.files.get("config.toml", ""), seed, no_relevance)
    earlier = check_folder(folder, key, force=force)
    input_hash = hash_sources(sources)
    register = manifest.files.get(REGISTRY)
    if earlier and is_finished(earlier, folder, input_hash=input_hash, formats=formats, register=register):
        return Finished(earlier, folder, was_done=True)
    return classify(
        sources,
        folder,
        load_model(manifest.folder),
        key=key,
        inputs=inputs,
        input_hash=input_hash,
        formats=formats,
        progress=progress or Silent(),
        engine=engine,
        workers=workers,
        scheduler=scheduler,
        started=time.time() if started is None else started,
    )


def watch(
    inputs: Sequence[str],
    once: Callable[[], Finished],
    *,
    out: Path,
    told: Callable[[Finished], None],
    seconds: float = 5.0,
) -> None:
    """Call `once` now and whenever the files behind `inputs` have changed and settled; until interrupted."""
    last: list[tuple[str, int, int]] | None = None
    while True:
        stamps = []
        for source in expand_inputs(inputs, exclude=[out]):
            stat = source.path.stat()
            stamps.append((source.name, stat.st_size, stat.st_mtime_ns))
        settled = all(time.time() - stamp[2] / 1e9 >= _SETTLED_SECONDS for stamp in stamps)
        if stamps and stamps != last and settled:
            told(once())
            last = stamps
        time.sleep(seconds if settled else _SETTLED_SECONDS)
