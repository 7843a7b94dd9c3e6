"""Classifying into a results folder: read what is new, judge it on an engine, publish the tables."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from toolkit.config import Limits
from toolkit.data import NO_TOPIC, Quarantined, Record
from toolkit.drift import N_BATCH, N_SCORES, Sampler, article_of_rows, compare, not_compared, words_for
from toolkit.duplicates import find_duplicates
from toolkit.engines import choose_engine, map_batches
from toolkit.files import (
    EXPLANATIONS,
    ReadStats,
    Source,
    atomic_write_bytes,
    merge_extra_columns,
    read_records,
    write_tables,
)
from toolkit.ledger import Entry, Ledger, open_ledger
from toolkit.model import Model
from toolkit.pipeline import TOPIC_ROLES, JudgeRecipe, Outcome, judge_records, refusal, speaks
from toolkit.progress import Progress
from toolkit.runs import DRIFT, QUARANTINE, RUN, Finished, RunKey, finished_run, start_run, write_quarantine
from toolkit.store import canonical_json
from toolkit.topic_files import TopicFiles

_BATCH_CHARACTERS = 1_000_000
_BATCH_RECORDS = 256


@dataclass(slots=True)
class Counts:
    """read = articles + quarantined + repeats, checked at the end of every run."""

    read: int = 0
    articles: int = 0
    quarantined: int = 0
    repeats: int = 0


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
    start_run(folder, key, inputs=inputs, learned_from=input_hash if key.command == "run" else None)
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
        sampler = Sampler(N_BATCH, N_SCORES)
        written, extra = _publish(folder, ledger, model, formats, sampler)
        counts.articles = extra["n_articles"]
        quarantined = ledger.quarantined()
    counts.quarantined = len(quarantined)
    if counts.read != counts.articles + counts.quarantined + counts.repeats:
        raise RuntimeError(f"records were lost: {counts}")
    write_quarantine(folder, quarantined)
    run = finished_run(
        model, key, asdict(counts), extra, inputs=inputs, input_hash=input_hash, formats=formats, started=started
    )
    run["encodings"] = dict(sorted(stats.encodings.items()))
    run["n_replaced_characters"] = stats.n_replaced
    run["engine"] = {"name": engine, "workers": workers}
    if key.command == "classify":  # `run` learned from what it classifies: there is nothing to compare
        progress.stage("compare with the training corpus")
        run["drift"] = _write_drift(folder, model, sampler, no_relevance=key.no_relevance)
        written.append(folder / DRIFT)
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
    write_quarantine(folder, sorted(refused, key=lambda q: (q.file, q.row or 0, q.reason)))
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
            yield list(zip(batch, judge_records(batch, model, no_relevance=key.no_relevance), strict=True))
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
            rows = outcome["segments"]
            kept: dict[str, Any] = {name: outcome[name] for name in ("article", "reasons") if name in outcome}
            kept["with_xpath"] = any("xpath" in row for row in rows)
            entries.append(Entry(record.document_id, kept, outcome["signature"], article["date"], rows))
    ledger.finish(entries)


def _write_drift(folder: Path, model: Model, sampler: Sampler, *, no_relevance: bool) -> dict[str, Any]:
    """Compare the batch with the corpus the model learned from; writes drift.json and returns its short form."""
    if model.drift is None:
        found = not_compared(
            "The model remembers nothing of its training corpus to compare a batch with: it was saved by an older "
            "toolkit. Train it again."
        )
    else:
        topic_ids = [topic.topic for topic in model.topics.shown()]
        found = compare(model.drift, sampler, topic_ids=topic_ids, encoder=model.embedder, no_relevance=no_relevance)
    found["words"] = words_for(found, model=model.name, no_relevance=no_relevance)
    atomic_write_bytes(folder / DRIFT, canonical_json(found).encode("utf-8", "replace"))
    return {"verdict": found["verdict"], "words": found["words"]}


def _sample(sampler: Sampler, article: dict[str, Any], rows: list[dict[str, Any]], model: Model) -> None:
    """Show one article to the sampler."""
    document_id = article["document_id"]
    sampler.see(document_id, article["relevance"], article["on_topic"])
    if article["on_topic"] != "on":
        return
    if not speaks(article["language"], model.training.get("topics_language")):
        sampler.n_other_language += 1
    elif sampler.wants(document_id):
        found = article_of_rows(article, rows, TOPIC_ROLES)
        if found is not None:
            sampler.add(found)


def _publish(
    folder: Path, ledger: Ledger, model: Model, formats: Sequence[str], sampler: Sampler
) -> tuple[list[Path], dict[str, Any]]:
    """Write the tables from the ledger, sorted by id, each published whole; the sampler sees all but near-copies."""
    duplicates = find_duplicates(ledger.signatures())
    facts: dict[str, Any] = {"n_articles": 0, "with_xpath": False}
    extra_columns: dict[str, str] = {}
    late: list[Quarantined] = []
    explanations: list[str] = []
    on: set[str] = set()  # of the articles that others copy
    originals = frozenset(duplicates.values())
    dates: Counter[str] = Counter()
    for document_id, outcome in ledger.outcomes():
        if "quarantined" in outcome:
            late.append(Quarantined(*outcome["quarantined"]))
            continue
        facts["n_articles"] += 1
        facts["with_xpath"] |= outcome["with_xpath"]
        merge_extra_columns(extra_columns, outcome["article"]["extra"])
        if outcome["article"]["on_topic"] == "on":
            dates[outcome["article"]["date"] or ""] += 1
            on.update({document_id} & originals)
        if "reasons" in outcome:
            reasons = [{"name": name, "value": value} for name, value in outcome["reasons"]]
            row = {"document_id": document_id, "relevance": outcome["article"]["relevance"], "reasons": reasons}
            explanations.append(json.dumps(row, ensure_ascii=False) + "\n")
    atomic_write_bytes(folder / EXPLANATIONS, "".join(explanations).encode("utf-8", "replace"))
    ledger.quarantine(late)
    n_segments: Counter[int] = Counter()
    n_articles: Counter[int] = Counter()
    verdicts: Counter[str] = Counter()
    topic_files = TopicFiles(
        model.topics,
        model.embedder,
        dates=dates,
        side_ids=list(model.config.places.sides),
        no_places=model.gazetteer.no_places(),
    )

    def articles() -> Iterator[dict[str, Any]]:
        for document_id, outcome in ledger.outcomes():
            if "article" in outcome:
                row = outcome["article"]
                verdicts[row["on_topic"]] += 1
                row["duplicate_of"] = duplicates.get(document_id)
                yield {**row, **row.pop("extra")}

    def segments() -> Iterator[dict[str, Any]]:
        judged = ((known, outcome["article"]) for known, outcome in ledger.outcomes() if "article" in outcome)
        for document_id, rows in ledger.segments():
            if document_id not in duplicates:  # topics count an article and its copies once
                n_segments.update(row["topic"] for row in rows)
                n_articles.update({row["topic"] for row in rows})
            copy_of = duplicates.get(document_id)
            article = next(article for known, article in judged if known == document_id)
            if copy_of is None:
                _sample(sampler, article, rows, model)
            topic_files.add(article, rows, copy_of=copy_of, story_of=copy_of if copy_of in on else None)
            yield from rows

    def topics() -> Iterator[dict[str, Any]]:
        for topic in model.topics.shown():
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
    written.append(folder / EXPLANATIONS)
    written += topic_files.write(folder, formats, ledger.signatures())
    return written, facts
