"""Rows of JSON lines and of JSON files, streamed; nothing in them can recurse or fill the memory."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from toolkit.data import Quarantined
from toolkit.files.decode import decode, refuse_binary
from toolkit.files.inputs import Source
from toolkit.files.rows import Row, kind_of, listed_names, without_surrogates
from toolkit.files.streams import Refused, Stream, as_utf8, split_lines

if TYPE_CHECKING:
    from toolkit.config import Limits

_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_SURROGATE_ESCAPE_BYTES = re.compile(rb"\\u[dD][89a-fA-F]")
_NOT_UTF8 = re.compile("[\udc80-\udcff]")
_BLANK = re.compile(r"[ \t\n\r]*")
_BLANK_OR_COMMA = re.compile(r"[ \t\n\r,]*")
_READ_CHARACTERS = 1 << 16
_MAX_OBJECT_CHARACTERS = 256_000_000
"""A JSON file that is one object is parsed in one piece; beyond this it belongs into JSON lines."""
# How near the end of the buffer an error may be for more input to mend it ("\\uXXXX" and "-Infinity" cut in two).
_CUT_MARGIN = 16
_DECODER = json.JSONDecoder(strict=False)  # raw line ends and tabs in strings are common in scrapes and harmless


def max_line_bytes(limits: Limits) -> int:
    """The longest line that can hold a record within the limits: every character escaped, and other fields."""
    return 6 * limits.max_characters + (1 << 20)


def read_json_lines(stream: Stream, source: Source, limits: Limits) -> Iterator[Row | Quarantined]:
    """One row per line that is not blank; a line that cannot be read is quarantined and the next one is read."""
    stream, encoding = as_utf8(stream)
    legacy: str | None = None
    number = 0
    try:
        for line_number, line in split_lines(stream, max_line_bytes(limits)):
            if line is not None and not line.strip():
                continue
            number += 1
            where = f"line {line_number}"
            try:
                if line is None:
                    raise Refused("line_too_long", f"{where}: longer than {max_line_bytes(limits)} bytes.")
                if number == 1:
                    refuse_binary(line)
                try:
                    text, line_encoding, n_replaced = line.decode("utf-8"), encoding or "utf-8", 0
                except UnicodeDecodeError:
                    decoded = decode(line, declared=legacy)
                    text, line_encoding, n_replaced = decoded.text, decoded.encoding, decoded.n_replaced
                    legacy = line_encoding
                value, n_surrogates = _parse(text, where, limits, _SURROGATE_ESCAPE_BYTES.search(line) is not None)
                if not isinstance(value, dict):
                    raise Refused("bad_json", f"{where}: {kind_of(value)}; an object with a `text` was expected.")
                yield Row(number, value, line_encoding, n_replaced + n_surrogates)
            except Refused as refused:
                yield Quarantined(source.name, number, None, refused.reason, refused.detail)
                if refused.reason == "not_text":
                    return
    except Refused as refused:
        yield Quarantined(source.name, number + 1, None, refused.reason, refused.detail)


def _parse(text: str, where: str, limits: Limits, has_surrogates: bool) -> tuple[object, int]:
    """The JSON value in `text` and how many lone surrogates were replaced in it."""
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise Refused(
            "bad_json", f"{where}, column {error.colno}: {error.msg}; one JSON object was expected."
        ) from None
    except RecursionError:
        raise _too_deep(where, limits) from None
    except ValueError as error:  # an integer of thousands of digits
        raise Refused("bad_json", f"{where}: {error}.") from None
    _check_depth(value, text.count("[") + text.count("{"), where, limits)
    return without_surrogates(value) if has_surrogates else (value, 0)


def _too_deep(where: str, limits: Limits) -> Refused:
    return Refused("too_deep", f"{where}: nested deeper than {limits.max_json_depth} levels (limit max_json_depth).")


def _check_depth(value: object, n_open: int, where: str, limits: Limits) -> None:
    if n_open <= limits.max_json_depth:
        return
    level: list[object] = [value]
    for _ in range(limits.max_json_depth + 1):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise _too_deep(where, limits)


def read_json(stream: Stream, source: Source, limits: Limits) -> Iterator[Row | Quarantined]:
    """Rows of a JSON file: a list of objects, one object, objects one after another, or one object that holds a
    single list of objects (`{"status": "ok", "articles": [...]}`)."""
    number = 0
    try:
        for value, encoding, n_replaced in _values(stream, limits):
            inner = _only_list(value)
            for item in inner if inner is not None else [value]:
                number += 1
                if isinstance(item, Refused):
                    yield Quarantined(source.name, number, None, item.reason, item.detail)
                elif isinstance(item, dict):
                    yield Row(number, item, encoding, n_replaced)
                    n_replaced = 0  # counted once, with the first
                else:
                    detail = f"element {number} is {kind_of(item)}; an object with a `text` was expected."
                    yield Quarantined(source.name, number, None, "bad_json", detail)
    except Refused as refused:
        yield Quarantined(source.name, number + 1 if number else None, None, refused.reason, refused.detail)


def _only_list(value: object) -> list[object] | None:
    """The single list of objects an object without text holds, if there is exactly one."""
    if not isinstance(value, dict) or any(name.strip().lower() in ("text", "html") for name in value):
        return None
    lists = [inner for inner in value.values() if isinstance(inner, list) and inner and isinstance(inner[0], dict)]
    if len(lists) > 1:
        raise Refused("no_text", f"several lists of objects and no `text`; found {listed_names(value)}.")
    return lists[0] if lists else None


class _Buffer:
    """Decoded text of a stream, of which the part before `position` is done with."""

    def __init__(self, stream: Stream) -> None:
        self._stream, self.encoding = as_utf8(stream)
        # Bytes that are not UTF-8 travel as lone surrogates until the value they stand in is known.
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self.text = ""
        self.position = 0
        self._n_before = 0
        self.is_complete = False

    def more(self) -> None:
        """Read on: at least as much as is waiting, so that a long value is parsed a few times only."""
        self._n_before += self.position
        blocks = [self.text[self.position :]]
        wanted = max(_READ_CHARACTERS, len(blocks[0]))
        while wanted > 0 and not self.is_complete:
            block = self._stream.read(min(wanted, 1 << 20))
            self.is_complete = not block
            blocks.append(self._decoder.decode(block, final=self.is_complete))
            wanted -= len(block)
        self.text, self.position = "".join(blocks), 0

    def skip(self, blanks: re.Pattern[str]) -> str:
        """Pass over `blanks`; the next character, "" at the end."""
        while True:
            match = blanks.match(self.text, self.position)
            self.position = match.end() if match else self.position
            if self.position < len(self.text) or self.is_complete:
                return self.text[self.position : self.position + 1]
            self.more()

    def where(self, position: int | None = None) -> str:
        """The place of `position` (default: the current one) in the file, for a sentence."""
        return f"character {self._n_before + (self.position if position is None else position) + 1}"


def _values(stream: Stream, limits: Limits) -> Iterator[tuple[object, str, int]]:
    """Values of the top-level list, or the top-level values; a Refused in place of one that is too deep.

    Raises Refused where nothing after can be read.
    """
    buffer = _Buffer(stream)
    buffer.more()
    refuse_binary(buffer.text[:_READ_CHARACTERS].encode("utf-8", "surrogateescape"))
    first = buffer.skip(_BLANK)
    if not first:
        raise Refused("bad_json", "the file is empty; JSON was expected.")
    is_list = first == "["
    if is_list:
        buffer.position += 1
    max_characters = max_line_bytes(limits) if is_list else _MAX_OBJECT_CHARACTERS
    while True:
        following = buffer.skip(_BLANK_OR_COMMA)
        if is_list and following == "]":
            return
        if not following:
            if is_list:
                raise Refused("bad_json", f"{buffer.where()}: the file ends inside the list; `]` was expected.")
            return
        start = buffer.where()
        value, written = _next_value(buffer, max_characters, limits)
        yield _finished(value, written, buffer.encoding, start, limits)


def _next_value(buffer: _Buffer, max_characters: int, limits: Limits) -> tuple[object, str]:
    """The value at the buffer's position and how it is written; the buffer then stands behind it."""
    while True:
        try:
            value, end = _DECODER.raw_decode(buffer.text, buffer.position)
        except json.JSONDecodeError as error:
            is_cut = error.msg.startswith("Unterminated") or error.pos >= len(buffer.text) - _CUT_MARGIN
            if buffer.is_complete or not is_cut:
                raise Refused("bad_json", f"{buffer.where(error.pos)}: {error.msg}.") from None
        except RecursionError:
            raise _too_deep(buffer.where(), limits) from None
        except ValueError as error:
            raise Refused("bad_json", f"{buffer.where()}: {error}.") from None
        else:
            if end < len(buffer.text) or buffer.is_complete:
                written = buffer.text[buffer.position : end]
                buffer.position = end
                return value, written
        if len(buffer.text) - buffer.position > max_characters:
            raise Refused("too_long", f"{buffer.where()}: one value is longer than {max_characters} characters.")
        buffer.more()


def _finished(value: object, written: str, encoding: str | None, where: str, limits: Limits) -> tuple[object, str, int]:
    """The value with its encoding settled and its surrogates replaced; a Refused in its place if it is too deep."""
    n_replaced = 0
    encoding = encoding or "utf-8"
    try:
        if not written.isascii() and _NOT_UTF8.search(written):
            decoded = decode(written.encode("utf-8", "surrogateescape"))
            encoding, n_replaced = decoded.encoding, decoded.n_replaced
            value, _ = _parse(decoded.text, where, limits, has_surrogates=False)
        _check_depth(value, written.count("[") + written.count("{"), where, limits)
    except Refused as refused:
        return refused, encoding, 0
    if _SURROGATE_ESCAPE.search(written):
        value, n_surrogates = without_surrogates(value)
        n_replaced += n_surrogates
    return value, encoding, n_replaced
