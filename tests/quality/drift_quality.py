"""Drift: is a new topic in a batch noticed, and how often is one noticed that is not there?

    python tests/quality/drift_quality.py [CORPORA] [--corpus NAME] [--trials 50]

Protocol. One class of a corpus is held out; of the other classes one half, by lot, is the training corpus, and a
profile is learned from it (every article counts as on the subject; the alarm looks at no topics, so none are fitted).
Near-copies are left out, as classify does. Then batches of 200 articles from the other half: as they are (a candidate
called a topic is a false alarm), and with 10 of them replaced by articles of the class held out (a hit is a candidate
called a topic with at least half of its articles from that class; purity is the share of the class among the articles
of the candidate, found the share of the ten in it). Also batches of 200 whose mixture of known classes is another:
half of the articles from one class (alarms on them are reported; a bar for them is not set). The other measures: how
often any of them is called different on the batches as they are, and on those of another mixture.

The constants of toolkit/drift/alarm.py were chosen on bbc_news (its five classes), the form of its statistic with
reuters21578 and 20newsgroups in view; sea_china_news was not looked at.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from toolkit.drift import Article, DriftProfile, Sampler, compare, eligible_text, learn_profile
from toolkit.drift.articles import rank_of
from toolkit.duplicates import find_duplicates, signature
from toolkit.embed import load_embedder

N_BATCH = 200
N_NEW = 10
MIN_CLASS = 60
CLASSES = {
    "20newsgroups": "sci.space rec.sport.hockey sci.crypt talk.politics.guns sci.med soc.religion.christian rec.autos "
    "comp.graphics",
    "reuters21578": "trade crude ship coffee sugar interest money-fx gold",
    "sea_china_news": "culture_education energy_environment security finance_economy",
}
_QUOTED = re.compile(r"\s*[>|]|.*(writes|wrote|says|said|writes in .*):\s*$")


def read(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return list(map(json.loads, lines))


def load(corpora: Path, name: str) -> list[tuple[str, str, Article]]:
    """`(label, text, article)` of every article without copies."""
    if name == "bbc_news":
        rows = read(corpora / name / "articles.jsonl.gz")
        found = [(r["id"], r["label"], r["text"].split("\n")) for r in rows if not r["exact_duplicate_of"]]
    elif name == "20newsgroups":
        rows = read(corpora / name / "bydate_train.jsonl.gz")
        found = [(r["id"], r["label"], post(r["raw"])) for r in rows]
    elif name == "reuters21578":
        rows = read(corpora / name / "articles.jsonl.gz")
        found = [(r["id"], r["topics"][0], [" ".join(r["text"].split())]) for r in rows if len(r["topics"]) == 1]
    else:
        labels = {}
        for line in (corpora / name / "relevance_labels.tsv").read_text(encoding="utf-8").splitlines()[1:]:
            cells = line.split("\t")
            labels[cells[0]] = cells[3].split(",")[0]
        rows = read(corpora / name / "articles.jsonl.gz")
        found = [(r["id"], labels.get(r["id"], ""), body(r)) for r in rows]
    found = [(i, label, [p for p in parts if p.strip()]) for i, label, parts in found if sum(map(len, parts)) >= 200]
    copies = find_duplicates((i, None, signature("\n".join(parts))) for i, _, parts in found)
    return [(label, i, article(i, parts)) for i, label, parts in found if i not in copies]


def article(document_id: str, parts: list[str]) -> Article:
    texts = eligible_text(parts)
    return Article(document_id, None, (), tuple(range(len(texts))), texts, (-1,) * len(texts))


def post(raw: str) -> list[str]:
    """A message without headers, quotes and signature."""
    text = raw.split("\n\n", 1)[-1].rsplit("\n-- \n", 1)[0]
    kept = "\n".join(line for line in text.split("\n") if not _QUOTED.match(line))
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", kept)]


def body(row: dict[str, Any]) -> list[str]:
    lines = row["text"].split("\n")
    return [t for t, kind in zip(lines, row["line_labels"] or ["body"] * len(lines), strict=True) if kind == "body"]


def profile_of(articles: list[Article]) -> DriftProfile:
    ordered = sorted(articles, key=lambda a: rank_of(a.document_id))
    return learn_profile(
        ordered,
        (a.texts for a in ordered),
        verdicts={"on": len(ordered)},
        scores=[1.0] * len(ordered),
        topic_ids=(),
        theme_ids=(),
        no_relevance=True,
        encoder=load_embedder(),
    )


def judge(profile: DriftProfile, batch: list[Article]) -> dict[str, Any]:
    sampler = Sampler(300, 3000)
    for item in batch:
        sampler.see(item.document_id, 1.0, "on")
        sampler.add(item)
    return compare(profile, sampler, topic_ids=(), encoder=load_embedder(), no_relevance=True)


def topics_of(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [candidate for candidate in found["candidates"] if candidate["kind"] == "topic"]


def hold_out(rows: list[tuple[str, str, Article]], held: str, trials: int, seed: int) -> dict[str, float]:
    rng = np.random.default_rng(seed)
    known = [rows[i] for i in rng.permutation(len(rows)) if rows[i][0] != held]
    new = [item for label, _, item in rows if label == held]
    half = len(known) // 2
    profile = profile_of([item for _, _, item in known[:half]])
    rest = known[half:]
    labels = np.array([label for label, _, _ in rest])
    hits, purity, share, false, differs, mixed, mixed_differs = 0, [], [], 0, 0, 0, 0
    classes = [label for label, n in sorted(Counter(labels.tolist()).items()) if n >= N_BATCH // 2]
    for trial in range(trials):
        order = rng.permutation(len(rest))
        plain = judge(profile, [rest[i][2] for i in order[:N_BATCH]])
        false += bool(topics_of(plain))
        differs += any(test["differs"] for test in plain["measures"])
        chosen = [new[i] for i in rng.permutation(len(new))[:N_NEW]]
        ids = {item.document_id for item in chosen}
        found = topics_of(judge(profile, [*chosen, *(rest[i][2] for i in order[: N_BATCH - N_NEW])]))
        shares = [len(ids.intersection(c["articles"])) / c["n_articles"] for c in found]
        if shares and max(shares) >= 0.5:
            best = found[int(np.argmax(shares))]
            hits += 1
            purity.append(max(shares))
            share.append(len(ids.intersection(best["articles"])) / N_NEW)
        if classes:
            main = classes[trial % len(classes)]
            heavy = [i for i in order if labels[i] == main][: N_BATCH // 2]
            light = [i for i in order if labels[i] != main][: N_BATCH - len(heavy)]
            other = judge(profile, [rest[i][2] for i in [*heavy, *light]])
            mixed += bool(topics_of(other))
            mixed_differs += any(test["differs"] for test in other["measures"])
    return {
        "n_training": half,
        "flagged": hits / trials,
        "purity": float(np.mean(purity)) if purity else 0.0,
        "found": float(np.mean(share)) if share else 0.0,
        "false_alarms": false / trials,
        "differs": differs / trials,
        "mixed_alarms": mixed / trials,
        "mixed_differs": mixed_differs / trials,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", nargs="?", type=Path, default=Path("../shared/corpora"))
    parser.add_argument("--corpus", action="append", help="one of the four; repeatable; all without it")
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(__doc__.split("\n\n", 2)[2])
    for name in options.corpus or ["bbc_news", *CLASSES]:
        rows = load(options.corpora, name)
        counts = Counter(label for label, _, _ in rows)
        classes = CLASSES[name].split() if name in CLASSES else sorted(counts)
        print(f"{name}: {len(rows):,} articles; batches of {N_BATCH}, {N_NEW} new, {options.trials} trials a class")
        totals = []
        for held in classes:
            if counts[held] < N_NEW:
                sys.exit(f"{name}: class {held} has {counts[held]} articles")
            figures = hold_out(rows, held, options.trials, options.seed)
            totals.append(figures)
            print("  " + held.ljust(24) + "  ".join(f"{key} {value:.2f}" for key, value in figures.items()), flush=True)
        mean = {key: float(np.mean([t[key] for t in totals])) for key in totals[0]}
        print("  " + "mean".ljust(24) + "  ".join(f"{key} {value:.2f}" for key, value in mean.items()), flush=True)


if __name__ == "__main__":
    main()
