"""A results folder read back: what is small into memory, articles and segments as rows that stay on disk."""

from __future__ import annotations

import json
from pathlib import Path

from toolkit.data import Results
from toolkit.errors import ToolkitError
from toolkit.files.stored import JsonLinesRows, ParquetRows, StoredRows
from toolkit.files.tables import TABLES, TOPIC_MAP, TOPIC_SHARES

EXPLANATIONS = "explanations.jsonl"
TOPIC_EVIDENCE = "topic_evidence.jsonl"
TOPIC_CARDS = "topic_cards.jsonl"
TOPIC_TREE = "topic_tree.json"
_HOW_TO = "`toolkit classify INPUT --out DIR` writes results"


def read_results(folder: Path) -> Results:
    """The results in `folder`, from Parquet where there, else from JSON lines.

    Articles and segments stay on disk and are read anew each time someone goes through them.

    Raises
    ------
    ToolkitError
        Where the folder is missing, holds no finished results, or holds them as CSV only (which has lost what
        makes it safe to open in a spreadsheet: exact text).
    """
    if not folder.is_dir():
        raise ToolkitError(f"{folder}: no such folder; a results folder was expected. {_HOW_TO}.")
    manifest = folder / "run.json"
    if not manifest.is_file():
        raise ToolkitError(f"{folder}: no results here (run.json is missing). {_HOW_TO}.")
    try:
        run = json.loads(manifest.read_bytes())
        if not isinstance(run, dict):
            raise ValueError("an object was expected")
    except (OSError, ValueError) as error:
        raise ToolkitError(f"{manifest}: not the manifest of a run ({error}). Run the command again.") from error
    articles, segments, topics = (_open_table(folder, table) for table in TABLES)
    quarantine = folder / "quarantine.jsonl"
    return Results(
        run=run,
        articles=articles,
        segments=segments,
        topics=tuple(topics),
        quarantine=_read_json_lines(quarantine) if quarantine.is_file() else (),
        explanations=_read_explanations(folder / EXPLANATIONS),
        topic_cards=_read_json_lines(folder / TOPIC_CARDS) if (folder / TOPIC_CARDS).is_file() else (),
        topic_shares=_read_exact(folder, TOPIC_SHARES),
        topic_map=_read_exact(folder, TOPIC_MAP),
        topic_order=_read_order(folder / TOPIC_TREE),
    )


def _read_explanations(path: Path) -> dict[str, tuple[tuple[str, float], ...]]:
    if not path.is_file():
        return {}
    try:
        return {
            str(row["document_id"]): tuple((str(r["name"]), float(r["value"])) for r in row["reasons"])  # type: ignore[attr-defined]
            for row in _read_json_lines(path)
        }
    except (KeyError, TypeError, ValueError) as error:
        raise ToolkitError(f"{path}: not the explanations of a run ({error!r}). Run the command again.") from error


def _read_exact(folder: Path, table: str) -> tuple[dict[str, object], ...]:
    """The rows of a table about topics, where it was written in a format that is exact."""
    exact = any((folder / f"{table}.{suffix}").is_file() for suffix in ("parquet", "jsonl"))
    return tuple(_open_table(folder, table)) if exact else ()


def _read_order(path: Path) -> tuple[int, ...]:
    """The ids of the topics in the order of their tree; () without one."""
    if not path.is_file():
        return ()
    try:
        return tuple(int(topic) for topic in json.loads(path.read_bytes())["order"])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ToolkitError(f"{path}: not the tree of topics of a run ({error!r}). Run the command again.") from error


def _open_table(folder: Path, table: str) -> StoredRows:
    parquet, lines = folder / f"{table}.parquet", folder / f"{table}.jsonl"
    if parquet.is_file():
        return ParquetRows(parquet)
    if lines.is_file():
        return JsonLinesRows(lines)
    if (folder / f"{table}.csv").is_file():
        raise ToolkitError(
            f"{folder}: {table} are there as CSV only, which is for spreadsheets and not exact. "
            "Write the results again with `--format parquet` or `--format jsonl`."
        )
    raise ToolkitError(f"{folder}: {table}.parquet and {table}.jsonl are missing. {_HOW_TO}.")


def _read_json_lines(path: Path) -> tuple[dict[str, object], ...]:
    return tuple(JsonLinesRows(path))
