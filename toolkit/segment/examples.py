"""The labelled corpora as examples for the line model: pages, looked at, with the state of each paragraph.

Line and block labels are mapped onto our paragraphs by majority of characters.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.data import Block, Document
from toolkit.segment.features import look
from toolkit.segment.model import ARTICLE, FURNITURE, STORY
from toolkit.segment.page import Page
from toolkit.segment.repeats import RepeatedLines, learn_repeats
from toolkit.segment.splices import page_ends, splice

N_SPLICES = 900
MIN_TELLING = 12  # characters; shorter lines stand on many pages

IGNORED = -1
SEA_STATES = {"body": ARTICLE, "meta": FURNITURE, "boiler": FURNITURE, "tags": FURNITURE, "teaser": FURNITURE}
BLOCK_STATES = {"body": ARTICLE, "title": ARTICLE, "other": FURNITURE, "mixed": IGNORED}
LINE_STATES = {"body": ARTICLE, "other": FURNITURE}
MIXED_STATES = {"on_topic": ARTICLE, "unrelated": STORY, "boiler": FURNITURE}


@dataclass(frozen=True, slots=True)
class Example:
    """A page with the state of each of its paragraphs (-1: unknown), from `corpus`; `source` is what is held out.

    `spans` are the labelled lines or blocks, (start, end, label), for scoring. `made_of` names other sources whose
    lines were put into the page: who holds one of them out must not learn from this page.
    """

    corpus: str
    source: str
    page: Page
    states: npt.NDArray[np.int8]
    spans: tuple[tuple[int, int, str], ...]
    made_of: tuple[str, ...] = ()


def read_jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a gzipped file of JSON lines."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def labelled_document(
    document_id: str,
    lines: Sequence[str],
    labels: Sequence[str],
    *,
    blocks: tuple[Sequence[str], Sequence[float]] | None = None,
    outlet: str | None = None,
    title: str | None = None,
) -> tuple[Document, tuple[tuple[int, int, str], ...]]:
    """A document of `lines`, one below the other, and its labelled spans; `blocks` gives their tags and link shares."""
    spans = []
    found: list[Block] = []
    at = 0
    for i, (line, label) in enumerate(zip(lines, labels, strict=True)):
        if line.strip():
            spans.append((at, at + len(line), label))
            if blocks is not None:
                found.append(Block(at, at + len(line), blocks[0][i], "", float(blocks[1][i])))
        at += len(line) + 1
    document = Document(document_id, "\n".join(lines), title=title, outlet=outlet, blocks=tuple(found), extra={})
    return document, tuple(spans)


def paragraph_states(page: Page, spans: Sequence[tuple[int, int, str]], states: dict[str, int]) -> npt.NDArray[np.int8]:
    """Each paragraph's state: that of the labels covering most of its characters."""
    found = np.full(len(page.paragraphs), IGNORED, dtype=np.int8)
    first = 0
    for i, paragraph in enumerate(page.paragraphs):
        covered = [0, 0, 0, 0]
        while first < len(spans) and spans[first][1] <= paragraph.start:
            first += 1
        for start, end, label in spans[first:]:
            if start >= paragraph.end:
                break
            covered[states[label]] += min(end, paragraph.end) - max(start, paragraph.start)
        if max(covered) > 0:
            best = covered.index(max(covered))
            found[i] = IGNORED if best == 3 else best
    return found


def example(
    corpus: str,
    source: str,
    document: Document,
    spans: tuple[tuple[int, int, str], ...],
    states: dict[str, int],
    repeats: RepeatedLines | None = None,
    made_of: tuple[str, ...] = (),
) -> Example:
    """A labelled page, looked at."""
    page = look(document, repeats)
    return Example(corpus, source, page, paragraph_states(page, spans, states), spans, made_of)


def fold_of(name: str, n: int) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4).digest()) % n


def sea_examples(corpora: Path) -> list[Example]:
    """sea_china_news: half the pages with what their outlet repeats known, half without."""
    documents = []
    for row in read_jsonl(corpora / "sea_china_news" / "articles.jsonl.gz"):
        if row["line_labels"]:
            lines = row["text"].split("\n")
            documents.append(labelled_document(row["id"], lines, row["line_labels"], outlet=row["outlet"]))
    repeats = learn_repeats(document for document, _ in documents).finish()
    return [
        example("sea", str(d.outlet), d, spans, SEA_STATES, repeats if fold_of(d.document_id, 2) else None)
        for d, spans in documents
    ]


def block_examples(corpora: Path) -> list[Example]:
    """extraction_blocks, reliable pages: half of the sites as HTML blocks, half as plain text; `source` is the site."""
    found = []
    for row in read_jsonl(corpora / "extraction_blocks" / "pages.jsonl.gz"):
        if not row["reliable"]:
            continue
        as_html = fold_of(row["id"] + "variant", 2) == 0
        found.append(block_example(row, as_html=as_html))
    return found


def block_example(row: dict[str, Any], *, as_html: bool) -> Example:
    """One page of extraction_blocks."""
    document, spans = labelled_document(
        row["id"],
        row["blocks"],
        row["labels"],
        blocks=(row["tags"], row["link_share"]) if as_html else None,
        title=row["title"] if as_html else None,
    )
    return example("html" if as_html else "plain", row["site"], document, spans, BLOCK_STATES)


def line_examples(corpora: Path) -> list[Example]:
    """line_quality, both files; every document is its own source. A page that stands in both counts once."""
    found = []
    seen: set[str] = set()
    for part in ("train", "dev"):
        for number, row in enumerate(read_jsonl(corpora / "line_quality" / f"{part}.jsonl.gz")):
            lines = {line for line in row["lines"] if len(line) > MIN_TELLING}
            copy = len(lines & seen) > 0.5 * max(len(lines), 1)
            seen |= lines
            if not copy:
                document, spans = labelled_document(f"{part}-{number}", row["lines"], row["labels"])
                found.append(example("lines", f"{part}-{number}", document, spans, LINE_STATES))
    return found


def mixed_examples(corpora: Path, *, headlines_once: bool = False) -> list[Example]:
    """mixed_articles; `source` is the article that was mixed, `made_of` the sites its navigation was taken from.

    With `headlines_once` every headline that stands twice in a row stands once (corpus "once").
    """
    sites = _sites_of_lines(corpora)
    found = []
    for row in read_jsonl(corpora / "mixed_articles" / "docs.jsonl.gz"):
        lines, labels = row["lines"], row["labels"]
        if headlines_once:
            lines, labels = once(lines, labels)
        document, spans = labelled_document(row["id"], lines, labels)
        counts = Counter(
            sites.get(line, "") for line, label in zip(lines, labels, strict=True) if label == "boiler" and line
        )
        made_of = tuple(sorted(site for site, n in counts.items() if site and n >= 3))
        corpus = "once" if headlines_once else "mixed"
        found.append(example(corpus, row["source_id"], document, spans, MIXED_STATES, made_of=made_of))
    return found


def once(lines: Sequence[str], labels: Sequence[str]) -> tuple[list[str], list[str]]:
    """`lines` with each adjacent repetition of one to three lines dropped: headlines that stand twice stand once."""
    kept: list[str] = []
    names: list[str] = []
    i = 0
    while i < len(lines):
        for n in (3, 2, 1):
            if n <= len(kept) and kept[-n:] == list(lines[i : i + n]) and any(x.strip() for x in lines[i : i + n]):
                i += n
                break
        else:
            kept.append(lines[i])
            names.append(labels[i])
            i += 1
    return kept, names


def _sites_of_lines(corpora: Path) -> dict[str, str]:
    """The site of every line that stands outside the body on pages of one site of extraction_blocks only."""
    found: dict[str, str] = {}
    for row in read_jsonl(corpora / "extraction_blocks" / "pages.jsonl.gz"):
        for block, label in zip(row["blocks"], row["labels"], strict=True):
            if label == "other" and found.setdefault(block, row["site"]) != row["site"]:
                found[block] = ""
    return found


def splice_examples(corpora: Path, n_splices: int = N_SPLICES) -> list[Example]:
    """Articles of sea_china_news with stories of bbc_news and of the same outlet spliced in, in many layouts.

    `source` is the id of the main article, so that it can be held out with its outlet; `made_of` names the site of
    extraction_blocks whose head and foot stand around it.
    """
    mains: dict[str, list[tuple[str, list[str]]]] = {}
    for row in read_jsonl(corpora / "sea_china_news" / "articles.jsonl.gz"):
        if row["line_labels"]:
            lines = row["text"].split("\n")
            body = [x for x, label in zip(lines, row["line_labels"], strict=True) if label == "body" and x.strip()]
            if len(body) >= 8 and len(body[0]) < 130:
                mains.setdefault(row["outlet"], []).append((row["id"], body))
    bbc = [
        [line for line in row["text"].split("\n") if line.strip()]
        for row in read_jsonl(corpora / "bbc_news" / "articles.jsonl.gz")
    ]
    stories = [story for story in bbc if len(story) >= 3 and len(story[0]) < 90]
    furniture = page_ends(read_jsonl(corpora / "extraction_blocks" / "pages.jsonl.gz"))
    chance = random.Random(7)  # noqa: S311 - splices, not secrets
    every = sorted(
        ((outlet, *main) for outlet in sorted(mains) for main in mains[outlet]),
        key=lambda main: hashlib.blake2b(main[1].encode()).digest(),
    )
    found = []
    for number in range(n_splices):
        outlet, main_id, body = every[number % len(every)]
        lines, labels, site = splice(body, stories, mains[outlet], main_id, furniture, chance)
        document, spans = labelled_document(f"splice-{number}", lines, labels)
        found.append(example("splice", main_id, document, spans, MIXED_STATES, made_of=(site,) if site else ()))
    return found


def load_examples(corpora: Path) -> list[Example]:
    """All labelled pages, looked at."""
    return [
        *sea_examples(corpora),
        *block_examples(corpora),
        *line_examples(corpora),
        *mixed_examples(corpora),
        *splice_examples(corpora),
    ]
