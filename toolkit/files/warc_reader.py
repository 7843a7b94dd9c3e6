"""Pages of a web archive, through the extra `warc`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from toolkit.data import Quarantined
from toolkit.files.decode import declared_charset, decode
from toolkit.files.inputs import Source
from toolkit.files.rows import Row
from toolkit.files.streams import Refused, Stream, read_whole

if TYPE_CHECKING:
    from toolkit.config import Limits

_PAGE_TYPES = {"text/html": "html", "application/xhtml+xml": "html", "text/plain": "text"}
_OK = "200"


def read_warc(stream: Stream, source: Source, limits: Limits) -> Iterator[Row | Quarantined]:
    """One row per page answered with status 200; requests, pictures and other answers are passed over.

    The address becomes `url`, the time of the visit passes through as `warc_date` (it is not the article's date).
    """
    try:
        from warcio.archiveiterator import ArchiveIterator
        from warcio.exceptions import ArchiveLoadFailed
    except ImportError:
        raise Refused("missing_extra", "web archives need: pip install 'article-toolkit[warc]'.") from None
    number = 0
    try:
        for entry in ArchiveIterator(stream):
            field = _page_field(entry)
            if field is None:
                continue
            number += 1
            try:
                yield _row(entry, field, number, limits)
            except Refused as refused:
                if refused.reason not in ("too_long", "not_text"):
                    raise
                yield Quarantined(source.name, number, None, refused.reason, refused.detail)
    except Refused as refused:
        yield Quarantined(source.name, number + 1 if number else None, None, refused.reason, refused.detail)
    except (ArchiveLoadFailed, OSError, ValueError, EOFError) as error:
        detail = f"not a sound web archive ({type(error).__name__}: {str(error).strip()[:200]})."
        yield Quarantined(source.name, number + 1 if number else None, None, "unreadable", detail)


def _page_field(entry: Any) -> str | None:
    if entry.rec_type != "response" or entry.http_headers is None or entry.http_headers.get_statuscode() != _OK:
        return None
    kind = (entry.http_headers.get_header("Content-Type") or "").partition(";")[0].strip().lower()
    return _PAGE_TYPES.get(kind)


def _row(entry: Any, field: str, number: int, limits: Limits) -> Row:
    content = read_whole(entry.content_stream(), 4 * (limits.max_characters + 1))
    _, _, parameter = (entry.http_headers.get_header("Content-Type") or "").lower().partition("charset=")
    declared = parameter.strip().strip("\"'").partition(";")[0] or declared_charset(content)
    decoded = decode(content, declared=declared)
    fields = {
        field: decoded.text,
        "url": entry.rec_headers.get_header("WARC-Target-URI"),
        "warc_date": entry.rec_headers.get_header("WARC-Date"),
    }
    return Row(number, fields, decoded.encoding, decoded.n_replaced)
