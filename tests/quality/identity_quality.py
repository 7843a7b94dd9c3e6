"""A fifth more articles, trained again: do topics that are the same keep their id?

    python tests/quality/identity_quality.py CORPORA [bbc_news] [reuters21578] [sea_china_news] [--seeds N]

Protocol. A model is fitted on four fifths of a corpus, another on all of it, told the first one's number of topics as
`train --from` does; `carry_identity` hands ids on. Which fifth
is new: by a hash of the article's id, once for each seed; for sea_china_news also whole outlets in turn (nothing of
an outlet was seen before) and the newest fifth by date. bbc_news and reuters21578 (every third article) have one
segment an article; sea_china_news its on-topic segments, cut and judged by the shipped model.

"Unchanged" is judged without the rule that gives the ids, in three ways, each pairing topics one to one so that the
sum is largest (Hungarian method):

- terms: the ten terms of both have a Jaccard of at least .5 (seven of ten are shared);
- members: of the old articles alone, those of either topic have a Jaccard of at least .5;
- either of the two.

Printed: of the pairs called unchanged, the share whose new topic has the old one's id. Then what the likeness of
unrelated models (`toolkit topics diff`) would have said of the same pairs: precision and recall of its matches against
the ids, with likeness of terms and centres only. Last, two models of disjoint halves, where likeness is all there
is: against a majority overlap of both models' labels on the whole corpus, and its correlation with the overlap's
Jaccard over all pairs of topics. Two topics are called alike from a likeness of .5: chosen on halves of
sea_china_news (from .5 on they share .3 of their segments or more), with .28 the highest between the topics of
sea_china_news and those of reuters21578.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from toolkit.config import Topics
from toolkit.data import Record
from toolkit.embed import load_embedder
from toolkit.model import load_model
from toolkit.pipeline import TOPIC_ROLES, judge_record
from toolkit.store import find_model
from toolkit.topics import TopicModel, carry_identity, fit_topics
from toolkit.topics.differences import difference, in_words, likeness
from toolkit.topics.identity import match_topics, overlap_table
from toolkit.topics.registry import NO_REGISTRY

MIN_JACCARD = 0.5
WAYS = ("terms", "members", "either")
Row = dict[str, Any]


def read(path: Path) -> list[Row]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def articles_of(name: str, corpora: Path) -> list[Row]:
    """Rows of `document_id, index, text, outlet, date`."""
    rows = read(corpora / name / "articles.jsonl.gz")
    if name == "sea_china_news":
        return on_topic_segments(rows)
    step = 3 if name == "reuters21578" else 1
    return [
        {"document_id": f"{i:06d}", "index": 0, "text": row["text"], "outlet": "", "date": ""}
        for i, row in enumerate(rows)
        if i % step == 0
    ]


def on_topic_segments(rows: Sequence[Row]) -> list[Row]:
    model = load_model(find_model("china-asean"))
    found = []
    for row in rows:
        record = Record(row["id"], row["text"], file="", date=row.get("date"), outlet=row.get("outlet"))
        outcome = judge_record(record, model)
        for segment in outcome.get("segments", ()):
            if segment["role"] in TOPIC_ROLES and segment["on_topic"] == "on":
                about = {"outlet": row.get("outlet") or "", "date": outcome["article"]["date"] or ""}
                text = " ".join(segment["text"].split())
                found.append({"document_id": row["id"], "index": segment["index"], "text": text, **about})
    return found


def fit(rows: Sequence[Row], *, n_before: int | None = None) -> TopicModel:
    model = fit_topics(
        [row["text"] for row in rows],
        [row["document_id"] for row in rows],
        [row["index"] for row in rows],
        embedder=load_embedder(),
        config=Topics(),
        with_map=False,
        n_before=n_before,
    )
    return model.as_first(corpus_hash="")


def splits(name: str, rows: Sequence[Row], seeds: int) -> list[tuple[str, set[str]]]:
    """What is new, and the ids of the new articles."""
    ids = sorted({row["document_id"] for row in rows})
    found = []
    for seed in range(seeds):
        order = sorted(ids, key=lambda i: hashlib.blake2b(f"{seed} {i}".encode(), digest_size=8).digest())
        found.append((f"a random fifth, seed {seed}", set(order[: len(ids) // 5])))
    if name == "sea_china_news":
        for outlet in sorted({row["outlet"] for row in rows}):
            found.append((f"outlet {outlet}", {row["document_id"] for row in rows if row["outlet"] == outlet}))
        dated = sorted({(row["date"], row["document_id"]) for row in rows if row["date"][:4].isdigit()})
        found.append(("the newest fifth", {document_id for _, document_id in dated[-len(ids) // 5 :]}))
    return found


def pairs(similarity: np.ndarray) -> list[tuple[int, int]]:
    rows, columns = linear_sum_assignment(-similarity)
    return [(i, j) for i, j in zip(rows.tolist(), columns.tolist(), strict=True) if similarity[i, j] >= MIN_JACCARD]


def by_terms(before: TopicModel, after: TopicModel) -> list[tuple[int, int]]:
    old, new = ([{term.casefold() for term, _ in topic.terms[:10]} for topic in m.topics] for m in (before, after))
    return pairs(np.array([[len(one & other) / len(one | other) for other in new] for one in old]))


def by_members(before: TopicModel, after: TopicModel, texts: Sequence[str]) -> list[tuple[int, int]]:
    old, new = (np.array([row for row, _ in m.rows(texts, load_embedder())]) for m in (before, after))
    shared = np.array(
        [[((old == i) & (new == j)).sum() for j in range(len(after.topics))] for i in range(len(before.topics))]
    )
    either = np.array(
        [[((old == i) | (new == j)).sum() for j in range(len(after.topics))] for i in range(len(before.topics))]
    )
    return pairs(shared / np.maximum(either, 1))


def matched_by_likeness(before: TopicModel, after: TopicModel) -> set[tuple[int, int]]:
    """Rows called alike by terms and centres: both models without their ids and without a common line."""
    anew = [
        replace(m, topics=tuple(replace(topic, topic=i) for i, topic in enumerate(m.topics)), registry=NO_REGISTRY)
        for m in (before, after)
    ]
    rows = difference(*anew, before_hash="").rows
    return {(row.before, row.after[0]) for row in rows if row.before is not None and row.after}


def agreement(found: set[tuple[int, int]], true: set[tuple[int, int]]) -> str:
    both = len(found & true)
    return f"precision {both}/{len(found)}, recall {both}/{len(true)}"


def measure(name: str, rows: Sequence[Row], seeds: int) -> np.ndarray:
    """(kept, unchanged) by terms, by members, by either: array of shape (3, 2)."""
    embedder = load_embedder()
    texts = [row["text"] for row in rows]
    sums = np.zeros((3, 2), dtype=int)
    for what, new in splits(name, rows, seeds):
        old_rows = [row for row in rows if row["document_id"] not in new]
        before = fit(old_rows)
        after = fit(rows, n_before=len(before.topics))
        carried = carry_identity(before, after, texts, embedder, corpus_hash="")
        ids = [topic.topic for topic in carried.topics]
        terms = set(by_terms(before, carried))
        members = set(by_members(before, carried, [row["text"] for row in old_rows]))
        kept = {(i, j) for j, topic in enumerate(ids) for i, old in enumerate(before.topics) if old.topic == topic}
        kept_ids = [(len(found & kept), len(found)) for found in (terms, members, terms | members)]
        sums += np.array(kept_ids)
        share = len(rows) / max(len(old_rows), 1) - 1
        changes = carried.registry.changes
        said = [f"by {way} {n_kept}/{n}" for way, (n_kept, n) in zip(WAYS, kept_ids, strict=True)]
        print(
            f"{name}, new: {what} (+{share:.0%} segments), {len(before.topics)} topics, then {len(ids)}: "
            f"unchanged keep their id: {', '.join(said)}. "
            f"{in_words(changes) if changes else ''}. "
            f"likeness against ids: {agreement(matched_by_likeness(before, after), kept)}",
            flush=True,
        )
    ids = sorted({row["document_id"] for row in rows})
    half = {i for i in ids if hashlib.blake2b(f"half {i}".encode(), digest_size=1).digest()[0] % 2}
    one = fit([row for row in rows if row["document_id"] in half])
    other = fit([row for row in rows if row["document_id"] not in half])
    counts = overlap_table(one, other, texts, embedder)
    true = {(i, j) for j, i in enumerate(match_topics(counts).continues) if i is not None}
    shared = counts[:-1, :-1]
    jaccard = shared / (counts[:-1].sum(axis=1, keepdims=True) + counts[:, :-1].sum(axis=0, keepdims=True) - shared)
    correlation = np.corrcoef(likeness(one, other).ravel(), jaccard.ravel())[0, 1]
    print(
        f"{name}, disjoint halves, {len(one.topics)} and {len(other.topics)} topics: likeness against majority overlap "
        f"on all: {agreement(matched_by_likeness(one, other), true)}; its correlation with the Jaccard of the overlap, "
        f"all pairs: {correlation:.2f}",
        flush=True,
    )
    return sums


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("names", nargs="*", help="bbc_news, reuters21578, sea_china_news; all without any")
    parser.add_argument("--seeds", type=int, default=1)
    given = parser.parse_args()
    started = time.process_time()
    total = np.zeros((3, 2), dtype=int)
    for name in given.names or ("bbc_news", "reuters21578", "sea_china_news"):
        total += measure(name, articles_of(name, given.corpora), given.seeds)
    for what, (kept, unchanged) in zip(WAYS, total.tolist(), strict=True):
        print(f"all, unchanged by {what}: {kept}/{unchanged} keep their id ({kept / max(unchanged, 1):.1%})")
    print(f"{time.process_time() - started:.0f} s of processor time")


if __name__ == "__main__":
    main()
