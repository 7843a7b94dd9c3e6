"""Gold files: which there are, what they hold, which records are scored; read twice, never held whole."""

from __future__ import annotations

import hashlib
import heapq
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from toolkit.config import Limits
from toolkit.data import Label, Quarantined
from toolkit.errors import ToolkitError
from toolkit.evaluate.shapes import (
    ARTICLE_LABELS,
    KNOWN_SHAPES,
    OTHER_LABELS,
    UNSCORED_LABELS,
    GoldRecord,
    GoldText,
    Unfit,
    found_fields,
    recognise,
)
from toolkit.files import Source, expand_inputs, read_labels
from toolkit.files.csv_reader import read_csv
from toolkit.files.json_reader import read_json, read_json_lines
from toolkit.files.rows import Row
from toolkit.files.streams import Refused, open_stream

TASKS = ("documents", "lines", "blocks", "boundaries", "pages", "pairs", "roles")
_READERS = {"jsonl": read_json_lines, "json": read_json, "csv": read_csv, "tsv": read_csv}
_LABEL_FILES = ("relevance_labels", "labels")
_LABEL_SUFFIXES = (".tsv", ".csv", ".jsonl")
_BITS = 1 << 128


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row of a gold file that is not scored, and why."""

    file: str
    row: int | None
    detail: str


@dataclass
class Survey:
    """What the gold holds, learned in a first reading.

    `chosen[task]` are the digests of the records to score for a task, None for all. `fingerprint` does not depend on
    the order of files and rows. `corpus_hash` is what a model trained on exactly these pages states.
    """

    name: str
    sources: Sequence[Source]
    labels: Mapping[str, Label]
    labels_file: Path | None
    theme_ids: tuple[str, ...]
    n_by_task: Counter[str] = field(default_factory=Counter)
    chosen: dict[str, frozenset[bytes] | None] = field(default_factory=dict)
    n_mixed_in: int = 0
    n_unreliable: int = 0
    n_repeats: int = 0
    n_unknown: int = 0
    label_names: Counter[str] = field(default_factory=Counter)
    bad: list[BadRow] = field(default_factory=list)
    n_bad: int = 0
    fingerprint: str = ""
    corpus_hashes: frozenset[str] = frozenset()
    texts_by_id: dict[str, tuple[GoldText, tuple[tuple[str, str], ...]]] = field(default_factory=dict)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the figures should know of the gold."""
        known = ARTICLE_LABELS | OTHER_LABELS | UNSCORED_LABELS
        unknown = sorted(name for name in self.label_names if name not in known)
        found = []
        if unknown:
            found.append(f'labels taken to mean "not the article": {", ".join(name[:40] for name in unknown[:12])}')
        if self.n_unreliable:
            found.append(f"{self.n_unreliable} pages marked as not reliable are left out")
        if self.n_repeats:
            found.append(f"{self.n_repeats} records that repeat another word for word are left out")
        if self.n_bad:
            found.append(f"{self.n_bad} records could not be used")
        return tuple(found)


MAX_BAD_SHOWN = 20


def survey(gold: Path, *, labels_file: Path | None, theme_ids: tuple[str, ...], sample: int | None) -> Survey:
    """Read the gold once: check every record, count, choose.

    Raises
    ------
    ToolkitError
        Exit code 2 for a missing path and where no record has a known shape, 3 where nothing could be read.
    """
    sources = gold_sources(gold)
    own_labels = labels_file or _labels_beside(gold)
    labels = read_labels(own_labels, theme_ids=theme_ids) if own_labels else {}
    found = Survey(name_of(gold), sources, labels, own_labels, theme_ids)
    _read_once(found, sample)
    if labels_file and not found.n_by_task["documents"]:
        raise ToolkitError(f"{labels_file}: none of its ids is that of a record in {gold}.")
    if not found.n_by_task:
        if found.n_bad > found.n_unknown and not found.n_mixed_in:
            first = found.bad[0]
            where = first.file if first.row is None else f"{first.file}, record {first.row}"
            raise ToolkitError(f"{gold}: nothing in it could be used. {where}: {first.detail}", exit_code=3)
        raise ToolkitError(f"{gold}: no gold of a known shape. Known are {'; '.join(KNOWN_SHAPES)}.")
    return found


def name_of(gold: Path) -> str:
    """What a gold is called in tables and gates: the folder's name, or the file's without its endings."""
    path = gold.absolute()
    return path.name if path.is_dir() else path.name.split(".")[0]


def gold_sources(gold: Path) -> tuple[Source, ...]:
    """The gold files behind a path: the file, or the JSON lines of the folder."""
    if gold.is_dir():
        found = tuple(s for s in expand_inputs([str(gold)]) if s.format == "jsonl" and not _is_labels(s.path))
        if not found:
            raise ToolkitError(f"{gold}: no .jsonl or .jsonl.gz file in this folder.", exit_code=3)
        return found
    sources = tuple(expand_inputs([str(gold)]))
    if any(source.format not in _READERS for source in sources):
        raise ToolkitError(f"{gold}: gold is read from .jsonl, .json, .csv and .tsv (also .gz), or a folder of .jsonl.")
    return sources


def _is_labels(path: Path) -> bool:
    return path.name.split(".")[0] in _LABEL_FILES


def _labels_beside(gold: Path) -> Path | None:
    folder = gold if gold.is_dir() else gold.parent
    named = [folder / f"{name}{suffix}" for name in _LABEL_FILES for suffix in _LABEL_SUFFIXES]
    return next((path for path in named if path.is_file() and path != gold), None)


def records(found: Survey, *, told: bool = False) -> Iterator[tuple[bytes, GoldRecord]]:
    """Every usable record with its digest, each once; with `told`, what is not usable is put down in `found`."""
    seen: set[bytes] = set()
    for source in found.sources:
        for item in _rows(source):
            if isinstance(item, Quarantined):
                _refuse(found, BadRow(item.file, item.row, item.detail), told)
                continue
            try:
                gold = recognise(item, source, theme_ids=found.theme_ids, labels=found.labels)
            except Unfit as error:
                _refuse(found, BadRow(source.name, item.number, str(error)), told)
                continue
            digest = _digest(item, gold.label)
            if digest in seen:
                found.n_repeats += told
                continue
            seen.add(digest)
            if not (tasks_of(gold) or gold.record or gold.gold_text or _is_unreliable(gold)):
                detail = f"no known shape; found {found_fields(item)}."
                _refuse(found, BadRow(source.name, item.number, detail), told)
                found.n_unknown += told
                continue
            yield digest, gold


def _refuse(found: Survey, bad: BadRow, told: bool) -> None:
    if told:
        found.n_bad += 1
        if len(found.bad) < MAX_BAD_SHOWN:
            found.bad.append(bad)


def _rows(source: Source) -> Iterator[Row | Quarantined]:
    try:
        with open_stream(source, Limits()) as stream:
            yield from _READERS[source.format](stream, source, Limits())
    except (Refused, OSError) as error:
        detail = error.detail if isinstance(error, Refused) else f"cannot be read: {error.strerror or error}."
        yield Quarantined(source.name, None, None, "unreadable", detail)


def tasks_of(gold: GoldRecord) -> tuple[str, ...]:
    """The tasks a record is gold for by itself; HTML that waits for the gold text of its id is not among them."""
    has = {
        "documents": gold.label is not None and gold.record is not None,
        "lines": gold.lines is not None,
        "blocks": gold.blocks is not None and gold.is_reliable,
        "boundaries": gold.segments is not None,
        "pages": gold.gold_text is not None and gold.record is not None and gold.record.is_html,
        "pairs": gold.pair is not None,
        "roles": gold.roles is not None,
    }
    return tuple(task for task in TASKS if has[task])


def _is_unreliable(gold: GoldRecord) -> bool:
    return gold.blocks is not None and not gold.is_reliable


def _digest(row: Row, label: Label | None) -> bytes:
    content = json.dumps(row.fields, sort_keys=True, ensure_ascii=True, default=str)
    said = "" if label is None else f"{label.on_topic}|{label.themes}|{label.themes_unsure}"
    return hashlib.blake2b(f"{content}\0{said}".encode(), digest_size=16).digest()


def _read_once(found: Survey, sample: int | None) -> None:
    heaps: dict[str, list[tuple[int, bytes]]] = {task: [] for task in (*TASKS, "mixed in")}
    html: dict[str, list[bytes]] = {}
    waiting_texts: set[str] = set()
    corpus_hashes: dict[str, int] = {}
    digests: dict[str, list[bytes]] = {}
    articles = 0
    for digest, gold in records(found, told=True):
        tasks = list(tasks_of(gold))
        found.n_unreliable += _is_unreliable(gold)
        if gold.record is not None:
            value = _content_hash(gold)
            corpus_hashes[gold.file] = corpus_hashes.get(gold.file, 0) ^ value
            corpus_hashes[""] = corpus_hashes.get("", 0) ^ value
            if gold.record.is_html and gold.gold_text is None:
                html.setdefault(gold.id, []).append(digest)
            elif not tasks:
                tasks.append("mixed in")
        if gold.gold_text is not None and "pages" not in tasks:
            waiting_texts.add(gold.id)
        for lines in (gold.lines, gold.blocks):
            if lines is not None:
                found.label_names.update(set(lines.names))
                articles += any(lines.is_article)
        for task in tasks:
            digests.setdefault(task, []).append(digest)
            _keep_smallest(heaps[task], digest, gold.id, sample)
    for identifier, found_digests in html.items():
        if identifier in waiting_texts:
            for digest in found_digests:
                digests.setdefault("pages", []).append(digest)
                _keep_smallest(heaps["pages"], digest, identifier, sample)
    if found.label_names and not articles:
        named = ", ".join(sorted(name[:40] for name in found.label_names)[:12])
        raise ToolkitError(
            f"{found.name}: no label among those of its lines means the article; found {named}. "
            f"Known for it are {', '.join(sorted(ARTICLE_LABELS))}."
        )
    found.n_mixed_in = len(digests.pop("mixed in", ()))
    used: set[bytes] = set()
    for task, of_task in digests.items():
        chosen = frozenset(digest for _, digest in heaps[task]) if sample else None
        found.chosen[task] = chosen
        found.n_by_task[task] = len(of_task) if chosen is None else len(chosen)
        used.update(of_task if chosen is None else chosen)
    if found.n_by_task["pairs"] and sample:
        found.chosen["mixed in"] = frozenset(digest for _, digest in heaps["mixed in"])
    found.n_by_task += Counter()  # no zeros
    pages = found.chosen.get("pages")
    wanted = {i for i, own in html.items() if i in waiting_texts and (pages is None or not pages.isdisjoint(own))}
    if wanted:
        for digest, gold in records(found):
            if gold.gold_text is not None and gold.id in wanted:
                found.texts_by_id[gold.id] = (gold.gold_text, gold.groups)
                used.add(digest)
    found.fingerprint = f"{sum(int.from_bytes(digest) for digest in used) % _BITS:032x}"
    found.corpus_hashes = frozenset(f"{value:032x}" for value in corpus_hashes.values())


def _keep_smallest(heap: list[tuple[int, bytes]], digest: bytes, identifier: str, size: int | None) -> None:
    """A sample by hash of the id: the same whatever the order of files and rows."""
    if size is None:
        return
    rank = -int.from_bytes(hashlib.blake2b(identifier.encode("utf-8", "replace"), digest_size=8).digest())
    if len(heap) < size:
        heapq.heappush(heap, (rank, digest))
    else:
        heapq.heappushpop(heap, (rank, digest))


def _content_hash(gold: GoldRecord) -> int:
    """As the training corpus hash counts a document (`training.train`)."""
    if gold.record is None:
        return 0
    content = f"{gold.record.document_id}\0{gold.record.content}".encode("utf-8", "replace")
    return int.from_bytes(hashlib.blake2b(content, digest_size=16).digest())
