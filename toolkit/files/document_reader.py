"""Readers of files that are one article: plain text, HTML, PDF."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

from toolkit.data import Quarantined
from toolkit.files.decode import declared_charset, decode
from toolkit.files.inputs import Source
from toolkit.files.rows import Row
from toolkit.files.streams import Refused, Stream, read_whole

if TYPE_CHECKING:
    from toolkit.config import Limits

_MAX_BYTES_PER_CHARACTER = 4  # UTF-8, UTF-16 and UTF-32 alike
_MAX_PDF_BYTES = 500_000_000


def read_text(stream: Stream, source: Source, limits: Limits) -> Iterator[Row | Quarantined]:
    """The file's text, or HTML source, as one row."""
    content = read_whole(stream, _MAX_BYTES_PER_CHARACTER * (limits.max_characters + 1))
    is_html = source.format == "html"
    decoded = decode(content, declared=declared_charset(content) if is_html else None)
    yield Row(1, {"html" if is_html else "text": decoded.text}, decoded.encoding, decoded.n_replaced)


def read_pdf(stream: Stream, source: Source, limits: Limits) -> Iterator[Row | Quarantined]:
    """The text layer of a PDF as one row, page after page. pypdf raises many things: each means unreadable."""
    content = read_whole(stream, _MAX_PDF_BYTES)
    if b"%PDF-" not in content[:1024]:
        raise Refused("unreadable", "not a PDF file (it does not begin with %PDF-).")
    import pypdf

    log = logging.getLogger("pypdf")
    level = log.level
    log.setLevel(logging.CRITICAL)  # it writes a line to standard error for every oddity
    try:
        text = _pdf_text(pypdf, content, limits)
    except Refused:
        raise
    except Exception as error:
        raise Refused("unreadable", f"not a sound PDF ({type(error).__name__}: {str(error)[:200]}).") from error
    finally:
        log.setLevel(level)
    yield Row(1, {"text": text}, "pdf", text.count("\ufffd"))


def _pdf_text(pypdf, content: bytes, limits: Limits) -> str:  # type: ignore[no-untyped-def]  # a module
    import io

    reader = pypdf.PdfReader(io.BytesIO(content), strict=False)
    if reader.is_encrypted and not reader.decrypt(""):
        raise Refused("unreadable", "the PDF is locked with a password; save it without one.")
    pages: list[str] = []
    n_characters = 0
    for page in reader.pages:
        text = page.extract_text().encode("utf-8", "replace").decode("utf-8")
        pages.append(text)
        n_characters += len(text) + 1
        if n_characters > limits.max_characters:
            raise Refused(
                "too_long", f"more than {limits.max_characters} characters by page {len(pages)} (max_characters)."
            )
    if not "".join(pages).strip():
        raise Refused("empty_text", f"{len(pages)} pages without a text layer (a scan?); recognise its text first.")
    return "\n".join(pages)
