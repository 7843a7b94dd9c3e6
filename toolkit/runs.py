"""The life of a results folder: read the input, judge what is new, publish tables; resumable at any moment."""

from __future__ import annotations

import hashlib
import itertools
import json
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from toolkit import __version__
from toolkit.config import Limits
from toolkit.data import NO_TOPIC, Quarantined, Record
from toolkit.duplicates import find_duplicates
from toolkit.engines import choose_engine, map_batches
from toolkit.errors import ToolkitError
from toolkit.files import (
    TABLE_FORMATS,
    ReadStats,
    Source,
    atomic_write_bytes,
    merge_extra_columns,
    read_records,
    sweep_temporary,
    write_tables,
)
from toolkit.ledger import LEDGER, Entry, Ledger, open_ledger
from toolkit.model import Model
from toolkit.pipeline import JudgeRecipe, Outcome, judge_record, refusal
from toolkit.progress import Progress
from toolkit.store import canonical_json, library_versions

RUN = "run.json"
QUARANTINE = "quarantine.jsonl"
_BATCH_CHARACTERS = 1_000_000
_BATCH_RECORDS = 256


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


@dataclass(slots=True)
class Counts:
    """read = articles + quarantined + repeats, checked at the end of every run."""

    read: int = 0
    articles: int = 0
    quarantined: int = 0
    repeats: int = 0


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
    names = [RUN, QUARANTINE, "report.html", LEDGER, f"{LEDGER}-wal", f"{LEDGER}-shm"]
    names += [f"{table}.{suffix}" for table in ("articles", "segments", "topics") for suffix in TABLE_FORMATS]
    for name in names:
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "model", ignore_errors=True)


def is_finished(earlier: Mapping[str, Any] | None, folder: Path, *, input_hash: str, formats: Sequence[str]) -> bool:
    """Whether an earlier run of the same key did exactly this already."""
    if earlier is None or earlier.get("status") != "finished" or earlier.get("input_hash") != input_hash:
        return False
    files = [f"{table}.{suffix}" for table in ("articles", "segments", "topics") for suffix in formats]
    return set(formats) <= set(earlier.get("formats", [])) and all((folder / name).is_file() for name in files)


def start_run(folder: Path, key: RunKey, *, inputs: Sequence[str]) -> None:
    """Say in the folder what is being done there, before anything else is written."""
    folder.mkdir(parents=True, exist_ok=True)
    sweep_temporary(folder)
    run = {"schema_version": 1, "status": "running", "key": key.as_dict(), "inputs": list(inputs)}
    atomic_write_bytes(folder / RUN, canonical_json(run).encode())


def unique_records(
    sources: Sequence[Source], limits: Limits, *, refused: Callable[[Quarantined], None] | None = None
) -> Iterator[Record]:
    """The records a run will use: the first of each id, in (file, row) order."""
    seen: set[bytes] = set()
    for source in sources:
        for item in read_records(source, limits):
            if isinstance(item, Quarantined):
                if refused:
                    refused(item)
                continue
            key = hashlib.blake2b(item.document_id.encode(), digest_size=16).digest()
            if key not in seen:
                seen.add(key)
                yield item


def classify(
    sources: Sequence[Source],
    folder: Path,
    model: Model,
    *,
    key: RunKey,
    inputs: Sequence[str],
    input_hash: str,
    formats: Sequence[str],
    progress: Progress,
    engine: str = "auto",
    workers: int | None = None,
    scheduler: str | None = None,
    started: float,
) -> Finished:
    """Judge every record of the sources and publish the results folder; what is done already is not done again."""
    n_bytes = sum(source.path.stat().st_size for source in sources)
    engine, workers = choose_engine(engine, n_bytes=n_bytes, workers=workers)
    start_run(folder, key, inputs=inputs)
    counts = Counts()
    stats = ReadStats()
    with open_ledger(folder) as ledger:
        ledger.bind(f"{model.manifest.sha256 if model.manifest else ''} {key.no_relevance}")
        ledger.begin_pass()
        progress.stage("classify")
        batches = _new_batches(sources, ledger, model.config.limits, counts, stats, progress)
        for done in _judged_batches(batches, model, key, engine=engine, workers=workers, scheduler=scheduler):
            _store(done, ledger, counts)
            progress.advance(len(done))
        ledger.forget_unseen()
        progress.stage("write tables")
        written, extra = _publish(folder, ledger, model, formats)
        counts.articles = extra["n_articles"]
        quarantined = ledger.quarantined()
    counts.quarantined = len(quarantined)
    if counts.read != counts.articles + counts.quarantined + counts.repeats:
        raise RuntimeError(f"records were lost: {counts}")
    _write_quarantine(folder, quarantined)
    run = _manifest(model, key, counts, extra, inputs=inputs, input_hash=input_hash, formats=formats, started=started)
    run["encodings"] = dict(sorted(stats.encodings.items()))
    run["n_replaced_characters"] = stats.n_replaced
    run["engine"] = {"name": engine, "workers": workers}
    atomic_write_bytes(folder / RUN, canonical_json(run).encode())
    return Finished(run, folder, written=(*written, folder / QUARANTINE, folder / RUN))


def publish_nothing(
    sources: Sequence[Source],
    folder: Path,
    limits: Limits,
    *,
    key: RunKey,
    inputs: Sequence[str],
    input_hash: str,
) -> Finished:
    """The folder of a run whose input holds nothing readable: its quarantine, and a run.json that says so."""
    refused: list[Quarantined] = []
    for _ in unique_records(sources, limits, refused=refused.append):
        pass
    _write_quarantine(folder, sorted(refused, key=lambda q: (q.file, q.row or 0, q.reason)))
    run = {
        "schema_version": 1,
        "command": key.command,
        "status": "nothing readable",
        "key": key.as_dict(),
        "inputs": list(inputs),
        "input_hash": input_hash,
        "counts": {"read": len(refused), "articles": 0, "quarantined": len(refused), "repeats": 0},
        "on_topic": {"on": 0, "off": 0, "unsure": 0},
        "n_duplicates": 0,
        "model": None,
    }
    atomic_write_bytes(folder / RUN, canonical_json(run).encode())
    return Finished(run, folder, written=(folder / QUARANTINE, folder / RUN))


def _write_quarantine(folder: Path, quarantined: Sequence[Quarantined]) -> None:
    lines = [json.dumps(asdict(item), ensure_ascii=False) + "\n" for item in quarantined]
    atomic_write_bytes(folder / QUARANTINE, "".join(lines).encode("utf-8", "replace"))


def _new_batches(
    sources: Sequence[Source],
    ledger: Ledger,
    limits: Limits,
    counts: Counts,
    stats: ReadStats,
    progress: Progress,
) -> Iterator[list[Record]]:
    """Batches of records that need judging. Claims ids, counts repeats, quarantines conflicts on the way."""
    for batch in _read_batches(sources, limits, counts, ledger, stats):
        known = ledger.known([record.document_id for record in batch])
        claimed: dict[str, bytes] = {}
        claims: list[tuple[str, bytes, bytes, str]] = []
        fresh: list[Record] = []
        conflicts: list[Quarantined] = []
        for record in batch:
            text_hash, record_hash = _hashes(record)
            before = known.get(record.document_id)
            seen = claimed.get(record.document_id)
            if seen is None and before is not None and before.pass_number == ledger.pass_number:
                seen = before.text_hash
            if seen is not None:
                if seen == text_hash:
                    counts.repeats += 1
                else:
                    detail = "the same id came earlier in this run with another text; the first by file and row stays"
                    conflicts.append(refusal(record, "id_conflict", detail))
                continue
            claimed[record.document_id] = text_hash
            claims.append((record.document_id, text_hash, record_hash, record.file))
            if before is None or not before.is_done or before.record_hash != record_hash:
                fresh.append(record)
        ledger.claim(claims)
        ledger.quarantine(conflicts)
        progress.advance(len(batch) - len(fresh))
        if fresh:
            yield fresh


def _read_batches(
    sources: Sequence[Source], limits: Limits, counts: Counts, ledger: Ledger, stats: ReadStats
) -> Iterator[list[Record]]:
    batch: list[Record] = []
    n_characters = 0
    for source in sources:
        for item in read_records(source, limits, stats=stats):
            counts.read += 1
            if isinstance(item, Quarantined):
                ledger.quarantine([item])
                continue
            batch.append(item)
            n_characters += len(item.content)
            if len(batch) >= _BATCH_RECORDS or n_characters >= _BATCH_CHARACTERS:
                yield batch
                batch, n_characters = [], 0
    if batch:
        yield batch


def _hashes(record: Record) -> tuple[bytes, bytes]:
    text_hash = hashlib.sha256(record.content.encode("utf-8", "surrogatepass")).digest()
    other = [record.is_html, record.title, record.date, record.url, record.outlet, record.file, record.row]
    rest = json.dumps([*other, dict(record.extra)], sort_keys=True, default=str)
    return text_hash, hashlib.sha256(text_hash + rest.encode("utf-8", "surrogatepass")).digest()


def _judged_batches(
    batches: Iterable[list[Record]],
    model: Model,
    key: RunKey,
    *,
    engine: str,
    workers: int,
    scheduler: str | None,
) -> Iterator[list[tuple[Record, Outcome]]]:
    """Each batch's records with their outcomes, in order; the model is not loaded again for the serial engine."""
    if engine == "serial":
        for batch in batches:
            yield [(record, judge_record(record, model, no_relevance=key.no_relevance)) for record in batch]
        return
    if model.manifest is None:
        raise ValueError("a model must be saved before it is sent to other processes")
    recipe = JudgeRecipe(str(model.manifest.folder.resolve()), model.manifest.sha256, key.no_relevance)
    submitted, kept = itertools.tee(batches)
    results = map_batches(
        recipe,
        submitted,
        engine=engine,
        workers=workers,
        scheduler=scheduler,
        on_death=lambda record: {
            "quarantined": refusal(record, "worker_died", "the process working on this record died twice")
        },
    )
    for batch, outcomes in zip(kept, results, strict=True):
        yield list(zip(batch, outcomes, strict=True))


def _store(done: Sequence[tuple[Record, Outcome]], ledger: Ledger, counts: Counts) -> None:
    entries = []
    for record, outcome in done:
        if "quarantined" in outcome:
            item: Quarantined = outcome["quarantined"]
            stored = {"quarantined": [item.file, item.row, item.document_id, item.reason, item.detail]}
            entries.append(Entry(record.document_id, stored))
        else:
            article = outcome["article"]
            stored = {"article": article, "segments": outcome["segments"]}
            entries.append(Entry(record.document_id, stored, outcome["signature"], article["date"]))
    ledger.finish(entries)


def _publish(folder: Path, ledger: Ledger, model: Model, formats: Sequence[str]) -> tuple[list[Path], dict[str, Any]]:
    """Write the tables from the ledger, sorted by id, each published whole."""
    duplicates = find_duplicates(ledger.signatures())
    facts: dict[str, Any] = {"n_articles": 0, "with_xpath": False}
    extra_columns: dict[str, str] = {}
    late: list[Quarantined] = []
    for _, outcome in ledger.outcomes():
        if "quarantined" in outcome:
            late.append(Quarantined(*outcome["quarantined"]))
            continue
        facts["n_articles"] += 1
        facts["with_xpath"] |= any("xpath" in row for row in outcome["segments"])
        merge_extra_columns(extra_columns, outcome["article"]["extra"])
    ledger.quarantine(late)
    n_segments: Counter[int] = Counter()
    n_articles: Counter[int] = Counter()
    verdicts: Counter[str] = Counter()

    def articles() -> Iterator[dict[str, Any]]:
        for document_id, outcome in ledger.outcomes():
            if "article" in outcome:
                row = outcome["article"]
                verdicts[row["on_topic"]] += 1
                row["duplicate_of"] = duplicates.get(document_id)
                yield {**row, **row.pop("extra")}

    def segments() -> Iterator[dict[str, Any]]:
        for _, outcome in ledger.outcomes():
            rows = outcome.get("segments", [])
            n_segments.update(row["topic"] for row in rows)
            n_articles.update({row["topic"] for row in rows})
            yield from rows

    def topics() -> Iterator[dict[str, Any]]:
        for topic in model.topics.topics:
            yield {
                "topic": topic.topic,
                "name": topic.name,
                "terms": [{"term": term, "weight": weight} for term, weight in topic.terms],
                "n_segments": n_segments[topic.topic],
                "n_articles": n_articles[topic.topic],
                "theme": topic.theme,
            }

    write_tables(
        folder,
        formats,
        articles=articles(),
        segments=segments(),
        topics=topics(),
        side_ids=list(model.config.places.sides),
        extra_columns=dict(sorted(extra_columns.items())),
        with_xpath=facts["with_xpath"],
    )
    facts["on_topic"] = {verdict: verdicts[verdict] for verdict in ("on", "off", "unsure")}
    facts["n_duplicates"] = len(duplicates)
    facts["n_outlier_segments"] = n_segments[NO_TOPIC]
    written = [folder / f"{table}.{suffix}" for table in ("articles", "segments", "topics") for suffix in formats]
    return written, facts


def _manifest(
    model: Model,
    key: RunKey,
    counts: Counts,
    facts: Mapping[str, Any],
    *,
    inputs: Sequence[str],
    input_hash: str,
    formats: Sequence[str],
    started: float,
) -> dict[str, Any]:
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
            "trained_on": {
                name: model.training.get(name)
                for name in ("n_documents", "n_labels", "n_on_topic", "corpus_hash", "base")
            },
        },
        "seed": key.seed,
        "counts": {
            "read": counts.read,
            "articles": counts.articles,
            "quarantined": counts.quarantined,
            "repeats": counts.repeats,
        },
        "on_topic": facts["on_topic"],
        "n_duplicates": facts["n_duplicates"],
        "versions": library_versions(),
        "subject": {"name": config.subject.name, "description": config.subject.description},
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
        "formats": sorted(formats),
        "config": config.model_dump(mode="json"),
        "started": _iso(started),
        "finished": _iso(finished),
        "seconds": round(finished - started, 2),
    }


def _iso(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
