"""Floors: figures that must not fall. The seeds always; the corpora where they are (beside the checkout, or CORPORA).

These are figures of the shipped parts on material they may have learned from: they catch a change for the worse and
claim nothing about pages never seen. The held-out figures come from the scripts beside this file. A floor in
`floors.json` is lowered only by hand, with the reason in the commit.
"""

from __future__ import annotations

import ast
import csv
import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from toolkit.config import load_config, shipped_config
from toolkit.data import Document
from toolkit.duplicates import find_duplicates, signature
from toolkit.metrics import precision_recall_f1
from toolkit.places import Gazetteer
from toolkit.relevance import train_relevance
from toolkit.segment import cut, load_line_model

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
CORPORA = Path(os.environ.get("CORPORA", ROOT.parent / "shared" / "corpora"))
FLOORS = json.loads((HERE / "floors.json").read_text())

needs_corpora = pytest.mark.skipif(not CORPORA.is_dir(), reason="the labelled corpora are not on this machine")


def read(name: str) -> Iterator[dict[str, Any]]:
    with gzip.open(CORPORA / name, "rt", encoding="utf-8") as stream:
        yield from map(json.loads, stream)


def check(corpus: str, figure: str, value: float) -> None:
    floor = FLOORS[corpus][figure]
    assert value >= floor, f"{corpus} {figure} fell to {value:.4f}, floor {floor}"


def kept_lines(lines: list[str], name: str) -> list[bool]:
    """Of each line, whether most of its characters lie in kept segments."""
    text = "\n".join(lines)
    kept = bytearray(len(text))
    for segment in cut(Document(name, text), load_line_model()).segments:
        if segment.kept:
            kept[segment.start : segment.end] = b"\1" * (segment.end - segment.start)
    found, at = [], 0
    for line in lines:
        found.append(2 * sum(kept[at : at + len(line)]) >= max(len(line), 1))
        at += len(line) + 1
    return found


def test_every_gold_role_of_the_seeds_is_right() -> None:
    gold = json.loads((HERE / "seeds_gold.json").read_text(encoding="utf-8"))
    right = total = 0
    for name, expected in gold.items():
        text = (ROOT / "seeds" / name).read_bytes().decode("utf-8-sig")
        found = [(s.text.strip(), s.role) for s in cut(Document(name, text), load_line_model()).segments]
        for start, roles in expected:
            total += 1
            right += any(segment.startswith(start) and role in roles for segment, role in found)
    check("seeds", "roles_right", right / total)


@needs_corpora
def test_body_lines_of_raw_scrapes_are_told_from_the_rest() -> None:
    truth, found = [], []
    for record in list(read("sea_china_news/articles.jsonl.gz"))[::12]:
        labels = record["line_labels"]
        labels = ast.literal_eval(labels) if isinstance(labels, str) else labels
        lines = record["text"].split("\n")
        for label, line, kept in zip(labels, lines, kept_lines(lines, record["id"]), strict=True):
            if line.strip():
                truth += [label == "body"] * len(line)
                found += [kept] * len(line)
    check("sea_china_news", "body_f1", precision_recall_f1(truth, found)[2])


@needs_corpora
def test_unrelated_lines_of_mixed_articles_are_removed_and_the_article_stays() -> None:
    truth, found = [], []
    for record in list(read("mixed_articles/docs.jsonl.gz"))[::2]:
        for label, line, kept in zip(
            record["labels"], record["lines"], kept_lines(record["lines"], "mixed"), strict=True
        ):
            if line.strip():
                truth.append(label != "on_topic")
                found.append(not kept)
    check("mixed_articles", "removal_f1", precision_recall_f1(truth, found)[2])
    article = [not removed for unrelated, removed in zip(truth, found, strict=True) if not unrelated]
    check("mixed_articles", "article_kept", sum(article) / len(article))


@needs_corpora
def test_relevance_from_the_config_alone() -> None:
    config = load_config(shipped_config())
    with (CORPORA / "sea_china_news" / "relevance_labels.tsv").open(encoding="utf-8") as stream:
        relation = {row["id"]: row["relation"] for row in csv.DictReader(stream, delimiter="\t")}
    records = [r for r in list(read("sea_china_news/articles.jsonl.gz"))[::4] if relation[r["id"]] != "disputed"]
    corpus = [cut(Document(r["id"], r["text"], outlet=r["outlet"]), load_line_model()) for r in records]
    gazetteer = Gazetteer.from_config(config.places)
    mentions = [gazetteer.find_each(document.texts) for document in corpus]
    model = train_relevance(corpus, mentions, config=config, labels={}, random_state=0)
    truth = [relation[r["id"]] in ("coop", "other_relation") for r in records]
    found = [model.judge(c, m)[0].relevance >= 0.5 for c, m in zip(corpus, mentions, strict=True)]
    check("sea_china_news", "config_only_on_topic_f1", precision_recall_f1(truth, found)[2])


@needs_corpora
def test_scrapes_of_the_same_page_are_found_and_nothing_else() -> None:
    model = load_line_model()

    def kept(name: str, text: str) -> bytes:
        page = cut(Document(name, text), model)
        return signature("\n".join(t for t, s in zip(page.texts, page.segments, strict=True) if s.kept))

    signatures: dict[str, bytes] = {}
    pairs = []
    for pair in read("sea_china_news/same_url_rescrapes.jsonl.gz"):
        pairs.append((pair["id_a"], pair["id_b"]))
        signatures[pair["id_a"]] = kept(pair["id_a"], pair["text_a"])
        signatures[pair["id_b"]] = kept(pair["id_b"], pair["text_b"])
    pages = {name.split("#")[0] for name in signatures}
    for record in list(read("sea_china_news/articles.jsonl.gz"))[::9]:
        if record["id"] not in pages:
            signatures[record["id"]] = kept(record["id"], record["text"])
    found = find_duplicates((name, None, content) for name, content in sorted(signatures.items()))
    together = [found.get(a, a) == found.get(b, b) for a, b in pairs]
    check("same_url_rescrapes", "duplicates_recall", sum(together) / len(pairs))
    right = [copy.split("#")[0] == first.split("#")[0] for copy, first in found.items() if "#" in copy + first]
    check("same_url_rescrapes", "duplicates_precision", sum(right) / len(right))
