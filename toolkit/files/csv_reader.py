"""Rows of CSV and TSV. A record that does not parse costs its first line: reading goes on with the line after."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from toolkit.data import Quarantined
from toolkit.files.decode import decode, refuse_binary
from toolkit.files.inputs import Source
from toolkit.files.json_reader import max_line_bytes
from toolkit.files.rows import CONTENT_FIELDS, Row, listed_names
from toolkit.files.streams import Refused, Stream, as_utf8, split_lines

if TYPE_CHECKING:
    from toolkit.config import Limits

_DELIMITERS = ",;\t"
_MAX_HEADER_CHARACTERS = 1_000_000
# Characters that may be read a second time after broken records before the rest of the file is given up: without
# it a file of nothing but opening quotes would be read once per line.
_MAX_REREAD_CHARACTERS = 50_000_000


class _Lines:
    """Decoded lines, remembering those of the record under way so that it can be begun again one line later."""

    def __init__(self, stream: Stream, limits: Limits) -> None:
        self._stream, self._encoding = as_utf8(stream)
        self._numbered = split_lines(self._stream, max_line_bytes(limits))
        self._legacy: str | None = None
        self._pushed: deque[tuple[int, str]] = deque()
        self._record: list[tuple[int, str]] = []
        self._n_characters = 0
        self._max_characters = max_line_bytes(limits)
        self._n_reread = 0
        self.encoding = self._encoding or "utf-8"
        self.n_replaced = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        number, line = self._pushed.popleft() if self._pushed else self._read()
        self._record.append((number, line))
        self._n_characters += len(line)
        if self._n_characters > self._max_characters:
            raise Refused("line_too_long", f"{self.where()}: a record of more than {self._max_characters} characters.")
        return line

    def _read(self) -> tuple[int, str]:
        number, line = next(self._numbered)
        if line is None:
            self._record.append((number, ""))
            raise Refused("line_too_long", f"line {number}: longer than {self._max_characters} bytes.")
        if number == 1:
            refuse_binary(line)
        try:
            return number, line.decode("utf-8")
        except UnicodeDecodeError:
            decoded = decode(line, declared=self._legacy)
            self._legacy = self.encoding = decoded.encoding
            self.n_replaced += decoded.n_replaced
            return number, decoded.text

    def begin(self) -> None:
        """A new record begins with the next line."""
        self._record.clear()
        self._n_characters = 0
        self.encoding = self._encoding or "utf-8"
        self.n_replaced = 0

    def begin_after_first(self) -> None:
        """Give the record under way up: its first line is lost, the others are read again."""
        again = self._record[1:]
        self._n_reread += sum(len(line) for _, line in again)
        if self._n_reread > _MAX_REREAD_CHARACTERS:
            raise Refused("bad_csv", f"{self.where()}: too many broken records; the rest of the file is not read.")
        self._pushed.extendleft(reversed(again))

    def first_line(self) -> str:
        return self._record[0][1] if self._record else ""

    def where(self) -> str:
        """The lines of the record under way, for a sentence."""
        if not self._record:
            return "at the end"
        first, last = self._record[0][0], self._record[-1][0]
        return f"line {first}" if first == last else f"lines {first} to {last}"


def read_csv(stream: Stream, source: Source, limits: Limits) -> Iterator[Row | Quarantined]:
    """One row per record of a table with a header; blank lines are passed over.

    A `.csv` may be separated by commas, semicolons or tabs. In a `.tsv` a line whose quotes do not parse is
    taken literally when it has as many fields as the header.
    """
    csv.field_size_limit(max(csv.field_size_limit(), max_line_bytes(limits)))
    lines = _Lines(stream, limits)
    number = 0
    try:
        header, delimiter = _header(lines, source)
        while True:
            lines.begin()
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            try:
                cells = next(reader)
                if not cells:
                    continue
                number += 1
            except StopIteration:
                return
            except csv.Error as error:
                number += 1
                cells = lines.first_line().rstrip("\r\n").split("\t")
                if source.format == "tsv" and len(cells) == len(header):
                    lines.begin_after_first()
                else:
                    detail = f"{lines.where()}: {error}; quotes inside a quoted field must be doubled."
                    yield Quarantined(source.name, number, None, "bad_csv", detail)
                    lines.begin_after_first()
                    continue
            except Refused as refused:
                if refused.reason != "line_too_long":
                    raise
                number += 1
                yield Quarantined(source.name, number, None, refused.reason, refused.detail)
                lines.begin_after_first()
                continue
            while len(cells) > len(header) and not cells[-1]:
                cells.pop()
            if len(cells) != len(header):
                detail = f"{lines.where()}: {len(cells)} fields; the header has {len(header)}."
                yield Quarantined(source.name, number, None, "ragged_row", detail)
                continue
            yield Row(number, dict(zip(header, cells, strict=True)), lines.encoding, lines.n_replaced)
    except Refused as refused:
        yield Quarantined(source.name, number + 1 if number else None, None, refused.reason, refused.detail)


def _header(lines: _Lines, source: Source) -> tuple[list[str], str]:
    """The column names, each different, and the delimiter."""
    try:
        line = next(lines)
        while not line.strip():
            line = next(lines)
        if len(line) > _MAX_HEADER_CHARACTERS:
            raise Refused("no_text", f"the header is {len(line)} characters long; column names were expected.")
        delimiter = "\t" if source.format == "tsv" else _delimiter(line)
        names = [name.strip() for name in next(csv.reader([line], delimiter=delimiter))]
    except (StopIteration, csv.Error):
        raise Refused("no_text", "no header; a table with a `text` or `html` column was expected.") from None
    if not any(name.lower() in CONTENT_FIELDS for name in names):
        raise Refused(
            "no_text", f"no `text` or `html` column; the header names {listed_names(names)}. Rename the column."
        )
    unique: list[str] = []
    taken: set[str] = set()
    for position, name in enumerate(names, start=1):
        candidate = name or f"column_{position}"
        while candidate in taken:
            candidate = f"{candidate}_{position}"
        taken.add(candidate)
        unique.append(candidate)
    return unique, delimiter


def _delimiter(line: str) -> str:
    """The delimiter under which the header names a column of ours; the one with most columns if several do."""

    def merit(delimiter: str) -> tuple[bool, int]:
        try:
            names = next(csv.reader([line], delimiter=delimiter), [])
        except csv.Error:
            return False, 0
        return any(name.strip().lower() in CONTENT_FIELDS for name in names), len(names)

    return max(_DELIMITERS, key=merit)
