"""Relevance on labelled news, every outlet held out in turn.

    python tests/quality/relevance_quality.py [CORPORA] [--gold] [--budget]

CORPORA is the folder that holds sea_china_news (default ../shared/corpora). Raw pages are cut by the shipped line
model; `--gold` takes the corpus's own line labels instead. Protocol: for each outlet, models are trained through the
public functions on the other outlets only (their thresholds and calibration too: from inner held-out outlets), then
applied to the outlet; figures are over the pooled predictions. Disputed documents are left out; unsure ones count
as on from relevance .5 in "F1", and are left out in "F1 answered". Config only: no label is given at all;
the built-in rule's own weights come from Bangkok Post and Jakarta Globe, so "three" is over the other three outlets.
`--budget` adds the curve over 25, 50, 100, 200 and all labels. Themes: themes_quality.py.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import sys
import time
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from toolkit.config import Config, load_config
from toolkit.data import CutDocument, Document, Label, Mention, Segment
from toolkit.metrics import (
    average_precision,
    bootstrap_interval,
    expected_calibration_error,
    precision_recall_f1,
    roc_auc,
)
from toolkit.places import Gazetteer
from toolkit.relevance import train_relevance

TUNED_ON = ("bangkokpost.com", "jakartaglobe.id")  # the built-in rules' outlets
Mentions = list[list[list[Mention]]]


def read_labels(folder: Path) -> dict[str, Label]:
    labels = {}
    with (folder / "relevance_labels.tsv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            relation = row["relation"]
            labels[row["id"]] = Label(
                row["id"],
                None if relation == "disputed" else relation in ("coop", "other_relation"),
                tuple(theme for theme in row["themes"].split(",") if theme not in ("", "other")),
                tuple(theme for theme in row["themes_maybe"].split(",") if theme not in ("", "other")),
            )
    return labels


def read_articles(folder: Path) -> list[dict]:
    with gzip.open(folder / "articles.jsonl.gz", "rt", encoding="utf-8") as lines:
        return sorted(map(json.loads, lines), key=lambda article: article["id"])


def gold_cut(article: dict) -> CutDocument:
    """The article cut by the corpus's line labels: its first body line is the title."""
    lines = article["text"].split("\n")
    marks = article["line_labels"] or ["body"] * len(lines)
    segments, at, titled = [], 0, False
    for i, (line, mark) in enumerate(zip(lines, marks, strict=False)):
        end = at + len(line) + (i < len(lines) - 1)
        role = "other" if mark != "body" or not line.strip() else "body"
        if role == "body" and not titled:
            role, titled = "title", True
        text = article["text"][at:end]
        segments.append(Segment(article["id"], i, at, end, text, role, mark if role == "other" else None))
        at = end
    document = Document(article["id"], article["text"], outlet=article["outlet"])
    return CutDocument(document, tuple(segments), tuple(segment.text.strip() for segment in segments))


def raw_cut(article: dict, model: object) -> CutDocument:
    from toolkit.segment import cut

    return cut(Document(article["id"], article["text"], outlet=article["outlet"]), model)


def held_out_relevance(
    corpus: Sequence[CutDocument], mentions: Mentions, labels: dict[str, Label], config: Config
) -> tuple[np.ndarray, np.ndarray]:
    """Relevance and verdict (1 on, 0 off, -1 unsure) of every document, by a model that never saw its outlet."""
    outlets = np.array([cut.document.outlet for cut in corpus])
    relevance, verdict = np.zeros(len(corpus)), np.zeros(len(corpus))
    for outlet in np.unique(outlets):
        train = np.flatnonzero(outlets != outlet)
        model = train_relevance(
            [corpus[d] for d in train], [mentions[d] for d in train], config=config, labels=labels, random_state=0
        )
        for d in np.flatnonzero(outlets == outlet):
            judgement, _ = model.judge(corpus[d], mentions[d])
            relevance[d] = judgement.relevance
            verdict[d] = {"on": 1, "off": 0, "unsure": -1}[judgement.on_topic]
    return relevance, verdict


def print_relevance(name: str, truth: np.ndarray, relevance: np.ndarray, verdict: np.ndarray) -> None:
    precision, recall, f1 = precision_recall_f1(truth, relevance >= 0.5)
    answered = verdict >= 0
    low, high = bootstrap_interval(
        lambda rows: precision_recall_f1(truth[rows], relevance[rows] >= 0.5)[2], len(truth), random_state=0
    )
    print(
        f"{name:24s} n {len(truth):5d} F1 {f1:.3f} [{low:.3f}, {high:.3f}] P {precision:.3f} R {recall:.3f}"
        f" AUC {roc_auc(truth, relevance):.3f} AP {average_precision(truth, relevance):.3f}"
        f" ECE {expected_calibration_error(truth, relevance):.3f}"
        f" answered {answered.mean():.3f}"
        f" F1 answered {precision_recall_f1(truth[answered], verdict[answered] == 1)[2]:.3f}"
        f" unsure=on {precision_recall_f1(truth, verdict != 0)[2]:.3f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", nargs="?", type=Path, default=Path("../shared/corpora"))
    parser.add_argument("--config", type=Path, default=Path("configs/china-asean.toml"))
    parser.add_argument("--gold", action="store_true")
    parser.add_argument("--budget", action="store_true")
    options = parser.parse_args()
    config = load_config(options.config)
    folder = options.corpora / "sea_china_news"
    labels = read_labels(folder)
    articles = read_articles(folder)
    if options.gold:
        corpus = [gold_cut(article) for article in articles]
    else:
        from toolkit.segment import load_line_model

        line_model = load_line_model()
        corpus = [raw_cut(article, line_model) for article in articles]
    print("cut by", "line labels" if options.gold else "the line model")
    measure_relevance(corpus, labels, config, budget=options.budget)


def measure_relevance(corpus: Sequence[CutDocument], labels: dict[str, Label], config: Config, *, budget: bool) -> None:
    gazetteer = Gazetteer.from_config(config.places)
    mentions = [[list(gazetteer.find(text)) for text in cut.texts] for cut in corpus]
    scored = np.array([labels[cut.document.document_id].on_topic is not None for cut in corpus])
    truth = np.array([labels[cut.document.document_id].on_topic is True for cut in corpus])
    outlets = np.array([cut.document.outlet for cut in corpus])
    held = ~np.isin(outlets, TUNED_ON) & scored
    for name, known in (("relevance, config only", {}), ("relevance, labels", labels)):
        began = time.perf_counter()
        relevance, verdict = held_out_relevance(corpus, mentions, known, config)
        print_relevance(name, truth[scored], relevance[scored], verdict[scored])
        print_relevance("   three outlets", truth[held], relevance[held], verdict[held])
        for outlet in np.unique(outlets):
            rows = scored & (outlets == outlet)
            print_relevance(f"   {outlet}", truth[rows], relevance[rows], verdict[rows])
        print(f"   {time.perf_counter() - began:.0f} s", file=sys.stderr)
    if budget:
        order = sorted(labels, key=lambda name: zlib.crc32(name.encode()))
        for n in (25, 50, 100, 200, 400):
            chosen = {name: labels[name] for name in order[:n]}
            relevance, verdict = held_out_relevance(corpus, mentions, chosen, config)
            print_relevance(f"   {n} labels", truth[scored], relevance[scored], verdict[scored])


if __name__ == "__main__":
    main()
