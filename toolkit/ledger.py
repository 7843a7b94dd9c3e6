"""The ledger of a results folder: what was read and what came of it, safe against being killed at any moment."""

from __future__ import annotations

import json
import sqlite3
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from toolkit.data import Quarantined
from toolkit.errors import ToolkitError

LEDGER = "ledger.sqlite"
_LAYOUT = 3  # of the tables; documents of another layout are judged again
_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS documents (
    document_id TEXT PRIMARY KEY, pass INTEGER NOT NULL, text_hash BLOB NOT NULL, record_hash BLOB NOT NULL,
    file TEXT NOT NULL, outcome BLOB, segments BLOB, signature BLOB, date TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS quarantine (
    pass INTEGER NOT NULL, file TEXT NOT NULL, row INTEGER, document_id TEXT, reason TEXT NOT NULL, detail TEXT NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of one record: the outcome and the rows of its segments (JSON-able), its signature and date.

    The rows, all of the same columns, are nine tenths of it, and are read back once, when their table is written.
    """

    document_id: str
    outcome: dict[str, Any]
    signature: bytes = b""
    date: str | None = None
    segments: Sequence[dict[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger holds of a document id; `is_done` when its outcome is stored."""

    pass_number: int
    text_hash: bytes
    record_hash: bytes
    is_done: bool


class Ledger:
    """One results folder's memory. A pass is one reading of the whole input; outcomes are kept between passes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        if connection.execute("PRAGMA user_version").fetchone()[0] != _LAYOUT:
            connection.executescript(f"DROP TABLE IF EXISTS documents; PRAGMA user_version = {_LAYOUT}")
        connection.executescript(_SCHEMA)
        row = connection.execute("SELECT value FROM meta WHERE key = 'pass'").fetchone()
        self.pass_number = int(row[0]) if row else 0

    def bind(self, maker: str) -> None:
        """Say what makes the outcomes (a model and its options); outcomes of another maker are forgotten."""
        row = self._connection.execute("SELECT value FROM meta WHERE key = 'maker'").fetchone()
        with self._connection as connection:
            if row and row[0] != maker:
                connection.execute("DELETE FROM documents")
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('maker', ?)", (maker,))

    def begin_pass(self) -> None:
        """A new reading of the input: nothing is seen yet, the quarantine is empty."""
        self.pass_number += 1
        with self._connection as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('pass', ?)", (str(self.pass_number),))
            connection.execute("DELETE FROM quarantine")

    def known(self, document_ids: Sequence[str]) -> dict[str, Known]:
        """What is known of the given ids (a batch at a time)."""
        found: dict[str, Known] = {}
        for start in range(0, len(document_ids), 500):
            ids = document_ids[start : start + 500]
            marks = ",".join("?" * len(ids))
            columns = "document_id, pass, text_hash, record_hash, outcome IS NOT NULL"
            query = f"SELECT {columns} FROM documents WHERE document_id IN ({marks})"  # noqa: S608 - marks are "?,?"
            for document_id, number, text_hash, record_hash, is_done in self._connection.execute(query, ids):
                found[document_id] = Known(number, text_hash, record_hash, bool(is_done))
        return found

    def claim(self, rows: Iterable[tuple[str, bytes, bytes, str]]) -> None:
        """Mark `(document_id, text_hash, record_hash, file)` as seen now; a changed record loses its outcome."""
        with self._connection as connection:
            connection.executemany(
                "INSERT INTO documents (document_id, pass, text_hash, record_hash, file) VALUES (?1, ?2, ?3, ?4, ?5)"
                " ON CONFLICT (document_id) DO UPDATE SET pass = ?2, text_hash = ?3, file = ?5,"
                " outcome = CASE WHEN record_hash = ?4 THEN outcome END, record_hash = ?4",
                ((row[0], self.pass_number, *row[1:]) for row in rows),
            )

    def finish(self, entries: Iterable[Entry]) -> None:
        """Store outcomes of claimed ids, all or none."""
        rows = [(_packed(e.outcome), _packed_rows(e.segments), e.signature, e.date, e.document_id) for e in entries]
        with self._connection as connection:
            connection.executemany(
                "UPDATE documents SET outcome = ?, segments = ?, signature = ?, date = ? WHERE document_id = ?", rows
            )

    def quarantine(self, items: Iterable[Quarantined]) -> None:
        """Note records or files that could not be used."""
        rows = [(self.pass_number, i.file, i.row, i.document_id, i.reason, i.detail) for i in items]
        with self._connection as connection:
            connection.executemany("INSERT INTO quarantine VALUES (?, ?, ?, ?, ?, ?)", rows)

    def forget_unseen(self) -> None:
        """Drop documents that were not seen in this pass: they are no longer in the input."""
        with self._connection as connection:
            connection.execute("DELETE FROM documents WHERE pass <> ?", (self.pass_number,))

    def outcomes(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """`(document_id, outcome)` of this pass, sorted by id."""
        query = "SELECT document_id, outcome FROM documents WHERE pass = ? AND outcome IS NOT NULL ORDER BY document_id"
        for document_id, outcome in self._connection.execute(query, (self.pass_number,)):
            yield document_id, json.loads(zlib.decompress(outcome))

    def segments(self) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        """`(document_id, rows)` of this pass, sorted by id; documents without rows are left out."""
        query = (
            "SELECT document_id, segments FROM documents"
            " WHERE pass = ? AND outcome IS NOT NULL AND segments IS NOT NULL ORDER BY document_id"
        )
        for document_id, packed in self._connection.execute(query, (self.pass_number,)):
            columns = json.loads(zlib.decompress(packed))
            rows = zip(*columns.values(), strict=True)
            yield document_id, [dict(zip(columns, row, strict=True)) for row in rows]

    def signatures(self) -> Iterator[tuple[str, str | None, bytes]]:
        """`(document_id, date, signature)` of this pass, sorted by id."""
        query = (
            "SELECT document_id, date, signature FROM documents"
            " WHERE pass = ? AND signature IS NOT NULL AND signature <> x'' ORDER BY document_id"
        )
        yield from self._connection.execute(query, (self.pass_number,))

    def quarantined(self) -> list[Quarantined]:
        """This pass's quarantine, sorted by file, row and reason."""
        rows = self._connection.execute("SELECT file, row, document_id, reason, detail FROM quarantine").fetchall()
        return sorted(
            (Quarantined(*row) for row in rows),
            key=lambda q: (q.file, q.row if q.row is not None else 0, q.document_id or "", q.reason, q.detail),
        )


def _packed(values: object) -> bytes:
    return zlib.compress(json.dumps(values).encode(), 1)


def _packed_rows(rows: Sequence[dict[str, Any]]) -> bytes | None:
    """The rows by column: half as much JSON as with each name in each row. None where there are none.

    Raises
    ------
    ValueError
        Where rows differ in their columns, or have none.
    """
    if not rows:
        return None
    names = list(rows[0])
    if not names or any(list(row) != names for row in rows):
        raise ValueError("rows of a document's segments must have the same columns, and some")
    return _packed(dict(zip(names, zip(*map(dict.values, rows), strict=True), strict=True)))


@contextmanager
def open_ledger(folder: Path) -> Iterator[Ledger]:
    """The folder's ledger, held by one process at a time.

    Raises
    ------
    ToolkitError
        When another process works in this folder, or the ledger cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            _hold(lock)
        except OSError as error:
            raise ToolkitError(f"{folder}: another toolkit command is writing here. Wait for it to end.") from error
        connection = sqlite3.connect(folder / LEDGER)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            ledger = Ledger(connection)
        except sqlite3.DatabaseError as error:
            connection.close()
            raise ToolkitError(f"{folder / LEDGER}: damaged ({error}). Start afresh with --force.") from error
        try:
            yield ledger
        finally:
            connection.close()


def _hold(lock: IO[str]) -> None:
    """Lock an open file against other processes until it is closed; OSError where another holds it."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
