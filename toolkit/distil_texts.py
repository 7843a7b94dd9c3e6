"""The sentences a static embedder is fitted on: taken from the corpora, the same ones for everybody."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from toolkit.errors import ToolkitError

_MIN_WORDS = 5
_MAX_WORDS = 45  # of a piece; what a segment has
_MAX_SENTENCE_WORDS = 80
_PARAGRAPH_END = re.compile(r"\n\s*\n|\n(?=[A-Z\"'“])")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_LETTERS = re.compile("[a-zA-Z]{3}")

# Left out, to measure on: bbc_news, 20newsgroups, M10, and three of the five outlets of sea_china_news.
_FITTED_OUTLETS = ("bangkokpost.com", "jakartaglobe.id")


def read_texts(corpora: Path) -> list[str]:
    """Pieces of at most 45 words from six corpora under the folder `corpora`: 28,700, chosen by a hash of the text.

    Raises
    ------
    ToolkitError
        Where a corpus is missing.
    """
    seen: set[str] = set()
    ranked: list[tuple[float, str, str]] = []
    for source, (file, n_pieces, pieces_of) in _SOURCES.items():
        texts = {piece for row in _rows(corpora / file) for piece in pieces_of(row)} - seen
        seen |= texts
        chosen = sorted(texts, key=_hash)[:n_pieces]
        ranked += [(rank / n_pieces, source, text) for rank, text in enumerate(chosen, 1)]
    return [text for _, _, text in sorted(ranked)]


def _rows(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)
    except OSError as error:
        raise ToolkitError(f"{path}: cannot be read ({error.strerror}); the embedder is fitted on it.") from error


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _pieces(text: str) -> Iterator[str]:
    """Runs of whole sentences of a paragraph."""
    for paragraph in _PARAGRAPH_END.split(text):
        words: list[str] = []
        for sentence in _SENTENCE_END.split(" ".join(paragraph.split())):
            more = sentence.split()
            if words and len(words) + len(more) > _MAX_WORDS:
                yield from _worth_reading(words)
                words = []
            words += more[:_MAX_SENTENCE_WORDS]
        yield from _worth_reading(words)


def _worth_reading(words: list[str]) -> Iterable[str]:
    text = " ".join(words)
    return [text] if len(words) >= _MIN_WORDS and _LETTERS.search(text) else []


def _of_outlets(row: Mapping[str, Any]) -> Iterator[str]:
    if row["outlet"] in _FITTED_OUTLETS:
        for line, label in zip(row["text"].split("\n"), row["line_labels"] or [], strict=False):
            if label == "body":
                yield from _pieces(line)


def _of_article(row: Mapping[str, Any]) -> Iterator[str]:
    return _pieces(f"{row['title']}\n\n{row['text']}")


# By corpus: its file, how many pieces, and how a record gives them.
_SOURCES: dict[str, tuple[str, int, Callable[[Mapping[str, Any]], Iterable[str]]]] = {
    "sea": ("sea_china_news/articles.jsonl.gz", 10_000, _of_outlets),
    "dsr": ("dsr_news/articles.jsonl.gz", 1_500, _of_article),
    "bis": ("bisnis_translated/articles.jsonl.gz", 1_200, _of_article),
    "head": (
        "china_headlines/headlines.jsonl.gz",
        5_000,
        lambda row: [row["title"]] if row["outlet"] != "bbc" else [],
    ),
    "reut": ("reuters21578/articles.jsonl.gz", 5_000, lambda row: _pieces(" ".join(row["text"].split()))),
    "web": (
        "extraction_blocks/pages.jsonl.gz",
        6_000,
        lambda row: _pieces(row["gold_text"]) if row["reliable"] else [],
    ),
}
