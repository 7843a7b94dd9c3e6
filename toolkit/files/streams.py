"""Bytes from a source with an eye on what they cost: unpacking with limits, lines of bounded length."""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Protocol

from toolkit.files.inputs import Source

if TYPE_CHECKING:
    from toolkit.config import Limits

_READ_BYTES = 1 << 16
_LINE_READ_BYTES = 1 << 18
_HEAD_BYTES = 4096
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class Refused(Exception):  # noqa: N818 - a verdict, not an error: readers turn it into a quarantined record
    """Content that is not read on: a short `reason` and a sentence of `detail`."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Stream(Protocol):
    """Anything with `read(size)`: at most `size` bytes, b"" at the end. May raise Refused."""

    def read(self, size: int, /) -> bytes: ...


@contextmanager
def open_stream(source: Source, limits: Limits) -> Iterator[Stream]:
    """The unpacked bytes of `source`."""
    with source.path.open("rb") as raw:
        yield _Unpacked(raw, limits) if source.is_gzip else raw


class _Unpacked:
    """A gzip file, member after member, in flat memory. What was unpacked before a fault is given first."""

    def __init__(self, raw: BinaryIO, limits: Limits) -> None:
        self._raw = raw
        self._limits = limits
        self._unpack = zlib.decompressobj(wbits=31)
        self._waiting = b""
        self._n_in = 0
        self._n_out = 0
        self._started = False

    def read(self, size: int, /) -> bytes:
        while True:
            if self._unpack.eof:
                # Another member may follow; zero padding and other trailing bytes are passed over, as gzip does.
                self._waiting = (self._unpack.unused_data or self._more()).lstrip(b"\0")
                if not self._waiting.startswith(b"\x1f"):
                    return b""
                self._unpack = zlib.decompressobj(wbits=31)
            elif not self._waiting:
                self._waiting = self._more()
                if not self._waiting:
                    if not self._started:
                        raise Refused("unreadable", "the file is empty, a gzip file was expected.")
                    raise Refused(
                        "truncated_gzip",
                        f"the gzip data ends in the middle, after {self._n_out} unpacked bytes. Fetch the file again.",
                    )
            try:
                unpacked = self._unpack.decompress(self._waiting, size)
            except zlib.error as error:
                reason = "bad_gzip" if self._n_out else "unreadable"
                raise Refused(reason, f"not sound gzip data, after {self._n_out} unpacked bytes ({error}).") from error
            self._started = True
            self._waiting = self._unpack.unconsumed_tail
            if unpacked:
                self._n_out += len(unpacked)
                self._check()
                return unpacked

    def _more(self) -> bytes:
        block = self._raw.read(_READ_BYTES)
        self._n_in += len(block)
        return block

    def _check(self) -> None:
        limits = self._limits
        if self._n_out > limits.max_unpacked_bytes:
            raise Refused(
                "unpacked_too_large", f"unpacks to more than {limits.max_unpacked_bytes} bytes (max_unpacked_bytes)."
            )
        if self._n_out > limits.min_ratio_bytes and self._n_out > limits.max_unpacked_ratio * self._n_in:
            raise Refused(
                "unpacked_too_large",
                f"unpacks to more than {limits.max_unpacked_ratio} times its size (max_unpacked_ratio), "
                f"{self._n_out} bytes and counting.",
            )


def read_whole(stream: Stream, max_bytes: int) -> bytes:
    """Everything in `stream`, refused as `too_long` beyond `max_bytes`."""
    blocks: list[bytes] = []
    n_read = 0
    while block := stream.read(_LINE_READ_BYTES):
        blocks.append(block)
        n_read += len(block)
        if n_read > max_bytes:
            raise Refused("too_long", f"more than {max_bytes} bytes in one record (limit max_characters).")
    return b"".join(blocks)


def wide_encoding(head: bytes) -> str | None:
    """The UTF-16 encoding of bytes without a byte-order mark, told by where their zeros stand; else None."""
    sample = head[: len(head) // 2 * 2]
    if len(sample) < 8:
        return None
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if odd > 0.4 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.4 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None


def bom_encoding(head: bytes) -> tuple[str, int] | None:
    """The encoding a byte-order mark announces, and the mark's length."""
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding, len(mark)
    return None


class _Joined:
    """A stream with bytes put back in front."""

    def __init__(self, head: bytes, rest: Stream) -> None:
        self._head = head
        self._rest = rest

    def read(self, size: int, /) -> bytes:
        if self._head:
            block, self._head = self._head[:size], self._head[size:]
            return block
        return self._rest.read(size)


class _Recoded:
    """A UTF-16 or UTF-32 stream as UTF-8, so that lines can be told by their bytes; broken units become U+FFFD."""

    def __init__(self, rest: Stream, encoding: str) -> None:
        self._rest = rest
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._is_done = False

    def read(self, size: int, /) -> bytes:
        while not self._is_done:
            block = self._rest.read(max(4, size // 3))
            self._is_done = not block
            text = self._decoder.decode(block, final=self._is_done)
            if text:
                return text.encode("utf-8", "replace")
        return b""


def as_utf8(stream: Stream) -> tuple[Stream, str | None]:
    """`stream` without its byte-order mark, wide encodings recoded; and the encoding when that told it, else None."""
    head = b""
    while len(head) < _HEAD_BYTES and (block := stream.read(_HEAD_BYTES - len(head))):
        head += block
    if marked := bom_encoding(head):
        encoding, length = marked
        rest: Stream = _Joined(head[length:], stream)
        return (rest if encoding == "utf-8-sig" else _Recoded(rest, encoding)), encoding
    if wide := wide_encoding(head):
        return _Recoded(_Joined(head, stream), wide), wide
    return _Joined(head, stream), None


def split_lines(stream: Stream, max_bytes: int) -> Iterator[tuple[int, bytes | None]]:
    """Lines with their ends, numbered from 1; None stands for a line longer than `max_bytes`, passed over.

    Lines end with "\\n", or with "\\r" where the first block has no "\\n" at all. Memory stays within the limit. When
    `stream` refuses to go on, the complete lines before are given first and the last, incomplete one is dropped.
    """
    number = 1
    waiting: list[bytes] = []
    n_waiting = 0
    is_over = False
    end = b""
    while block := stream.read(_LINE_READ_BYTES):
        if not end:
            end = b"\r" if b"\n" not in block and b"\r" in block[:-1] else b"\n"
        first, *others = block.split(end)
        if not is_over:
            waiting.append(first)
            n_waiting += len(first)
            if n_waiting > max_bytes:
                is_over = True
                waiting = []
        for line in others:
            yield number, None if is_over else b"".join(waiting) + end
            number += 1
            waiting, n_waiting, is_over = [line], len(line), False
            if n_waiting > max_bytes:
                is_over, waiting = True, []
    if is_over:
        yield number, None
    elif n_waiting:
        yield number, b"".join(waiting)
