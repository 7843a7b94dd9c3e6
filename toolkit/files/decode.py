"""Bytes to text: byte-order marks, strict UTF-8, then detection. Nothing is normalised, no line end translated."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from toolkit.files.streams import Refused, bom_encoding, wide_encoding

_SAMPLE_BYTES = 1 << 16
_CONTROL = bytes(i for i in range(32) if i not in b"\t\n\r\f\x1b") + b"\x7f"
# A share of control bytes that no text of any encoding has: random bytes have 0.11, news text under 0.001.
_MAX_CONTROL_RATIO = 0.05
_MAX_CONTROL_RATIO_UTF8 = 0.3
_MAGIC = (
    (b"PK\x03\x04", "a ZIP archive (DOCX, XLSX, EPUB)"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"\x1f\x8b", "gzip data; name it .gz"),
    (b"%PDF-", "a PDF; name it .pdf"),
    (b"PAR1", "Parquet; name it .parquet"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"\x7fELF", "a program"),
)
# What browsers do: pages that declare these mean the wider encoding.
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "iso-8859-1": "cp1252", "latin-1": "cp1252", "ascii": "cp1252"}
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_SURROGATE = re.compile("[\ud800-\udfff]")
# cp1252 is taken unasked where at most this share of the bytes is above ASCII (accents and quotes in Latin text).
_MAX_WESTERN_RATIO = 0.08


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text, the Python name of its encoding, and how many characters had to be replaced by U+FFFD."""

    text: str
    encoding: str
    n_replaced: int = 0


def decode(content: bytes, *, declared: str | None = None) -> Decoded:
    """`content` as text: by its byte-order mark, as strict UTF-8, as `declared`, or by detection.

    The mark is dropped, and nothing else is changed.

    Raises
    ------
    Refused
        `not_text` for binary content.
    """
    if marked := bom_encoding(content):
        encoding, length = marked
        return _replaced(content[length:], encoding)
    if wide := wide_encoding(content[:_SAMPLE_BYTES]):
        return _replaced(content, wide)
    refuse_binary(content)
    try:
        return Decoded(content.decode("utf-8"), "utf-8")
    except UnicodeDecodeError as error:
        if error.end == len(content) and error.reason == "unexpected end of data":
            return _replaced(content, "utf-8")  # cut off in the middle of a character
    return _legacy(content, declared)


def refuse_binary(content: bytes) -> None:
    """Raise Refused (`not_text`) where `content` is an image, an archive or other binary data."""
    for magic, name in _MAGIC:
        if content.startswith(magic):
            raise Refused("not_text", f"text was expected, this is {name}.")
    sample = content[:_SAMPLE_BYTES]
    n_control = len(sample) - len(sample.translate(None, _CONTROL))
    if n_control <= _MAX_CONTROL_RATIO * len(sample):
        return
    # A single NUL or two in a short text is dirt, not a format.
    is_utf8 = _is_utf8_prefix(sample)
    if n_control > _MAX_CONTROL_RATIO_UTF8 * len(sample) or (not is_utf8 and n_control > 2):
        raise Refused(
            "not_text", f"text was expected, but {n_control} of the first {len(sample)} bytes are control characters."
        )


def declared_charset(html: bytes) -> str | None:
    """The encoding an HTML page declares in its first 4 kB, if any."""
    found = _META_CHARSET.search(html[:4096])
    return found.group(1).decode("ascii") if found else None


def replace_surrogates(text: str) -> tuple[str, int]:
    """`text` with each lone surrogate (from a JSON escape) as U+FFFD, and their number."""
    return _SURROGATE.subn("\ufffd", text)


def _is_utf8_prefix(sample: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample, final=False)
    except UnicodeDecodeError:
        return False
    return True


def _replaced(content: bytes, encoding: str) -> Decoded:
    codec = "utf-8" if encoding == "utf-8-sig" else encoding
    text = content.decode(codec, "replace")
    n_replaced = text.count("\ufffd")
    if n_replaced and codec.startswith("utf"):  # not those that stood there before; other encodings cannot say it
        n_replaced = max(0, n_replaced - content.count("\ufffd".encode(codec)))
    return Decoded(text, encoding, n_replaced)


def _legacy(content: bytes, declared: str | None) -> Decoded:
    """Text that is not UTF-8: as declared, as damaged UTF-8, as cp1252, or as charset-normalizer finds."""
    if declared and (decoded := _as_declared(content, declared)):
        return decoded
    damaged = _replaced(content, "utf-8")
    n_sound = len(damaged.text) - len(damaged.text.encode("ascii", "ignore")) - damaged.n_replaced
    if n_sound >= 3 * damaged.n_replaced:  # other encodings rarely form even one valid sequence
        return damaged
    n_high = sum(len(part) for part in re.findall(rb"[\x80-\xff]+", content[:_SAMPLE_BYTES]))
    if n_high <= _MAX_WESTERN_RATIO * min(len(content), _SAMPLE_BYTES):
        try:
            return Decoded(content.decode("cp1252"), "cp1252")
        except UnicodeDecodeError:
            pass  # a byte cp1252 does not have: let the detector look
    import charset_normalizer

    best = charset_normalizer.from_bytes(content[:_SAMPLE_BYTES]).best()
    return _replaced(content, best.encoding if best else "cp1252")


def _as_declared(content: bytes, declared: str) -> Decoded | None:
    name = _WIDER.get(declared.lower(), declared)
    try:
        codec = codecs.lookup(name).name
        return None if codec == "utf-8" else Decoded(content.decode(codec), codec)
    except (LookupError, UnicodeError):  # unknown, not a text encoding, or not true
        return None
