"""Relevance on labelled news, every outlet held out in turn.

    python tests/quality/relevance_quality.py [CORPORA] [--gold] [--budget] [--line-models DIR]

CORPORA is the folder that holds sea_china_news (default ../shared/corpora). Raw pages are cut by the shipped line
model; `--gold` takes the corpus's own line labels instead. Protocol: for each outlet, models are trained through the
public functions on the other outlets only (their thresholds and calibration too: from inner held-out outlets), then
applied to the outlet; figures are over the pooled predictions. Disputed documents are left out; unsure ones count
as on from relevance .5 in "F1", and are left out in "F1 answered". Config only: no label is given at all;
the built-in rule's own weights come from Bangkok Post and Jakarta Globe, so "three" is over the other three outlets.
"Covered" is the share of documents whose true outcome is in their conformal prediction set. The promise is about
documents like those calibrated on; those of an outlet held out are not (no exchangeability), so this is a check and no
proof, and is given by outlet. `--line-models DIR` cuts each outlet with DIR/OUTLET.json, a model that never saw it.
`--budget` gives the curve over the number of labels: mean and range over several draws, by chance and balanced by the
config-only score (half from each side of .5, where there are enough).
Themes: themes_quality.py.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

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
from toolkit.relevance import learn_relevance
from toolkit.relevance.conformal import prediction_sets
from toolkit.relevance.evidence import Evidence
from toolkit.relevance.model import article_unit

TUNED_ON = ("bangkokpost.com", "jakartaglobe.id")  # the built-in rules' outlets
N_DRAWS = 3
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


class HeldOut(NamedTuple):
    """Of every document, by a model that never saw its outlet; arrays of shape (n_documents,)."""

    relevance: np.ndarray
    verdict: np.ndarray
    """1 on, 0 off, -1 unsure."""
    covers_on: np.ndarray
    """Whether on is in the conformal prediction set; false throughout where no promise was made."""
    covers_off: np.ndarray


def held_out_relevance(
    corpus: Sequence[CutDocument],
    mentions: Mentions,
    labels: dict[str, Label],
    config: Config,
    evidences: Sequence[Evidence],
) -> HeldOut:
    """Every document judged by a model trained on the other outlets; `evidences` as the models read them."""
    outlets = np.array([cut.document.outlet for cut in corpus])
    relevance, verdict = np.zeros(len(corpus)), np.zeros(len(corpus))
    covers_on, covers_off = np.zeros((2, len(corpus)), dtype=bool)
    for outlet in np.unique(outlets):
        train = np.flatnonzero(outlets != outlet)
        model = learn_relevance(
            [corpus[d] for d in train], [mentions[d] for d in train], config=config, labels=labels
        ).model
        rows = np.flatnonzero(outlets == outlet)
        for d in rows:
            evidence = evidences[d]
            score = model.scores(evidence, model.find_terms(evidence), article_unit(evidence), 1)
            [judgement] = model.verdicts(model.calibrated(score))
            relevance[d] = judgement.relevance
            verdict[d] = {"on": 1, "off": 0, "unsure": -1}[judgement.on_topic]
        if "conformal_limit" in model.measured:
            sets = prediction_sets(relevance[rows], model.measured["conformal_limit"])
            covers_on[rows], covers_off[rows] = sets
    return HeldOut(relevance, verdict, covers_on, covers_off)


def print_relevance(name: str, truth: np.ndarray, held_out: HeldOut, rows: np.ndarray) -> None:
    truth = truth[rows]
    relevance, verdict, covers_on, covers_off = (column[rows] for column in held_out)
    precision, recall, f1 = precision_recall_f1(truth, relevance >= 0.5)
    answered = verdict >= 0

    def answered_f1(chosen: np.ndarray) -> float:
        kept = chosen[answered[chosen]]
        return precision_recall_f1(truth[kept], verdict[kept] == 1)[2]

    low, high = bootstrap_interval(
        lambda chosen: precision_recall_f1(truth[chosen], relevance[chosen] >= 0.5)[2], len(truth), random_state=0
    )
    low_answered, high_answered = bootstrap_interval(answered_f1, len(truth), random_state=0)
    covered = np.where(truth, covers_on, covers_off)
    promised = bool((covers_on | covers_off).any())
    print(
        f"{name:24s} n {len(truth):5d} F1 {f1:.3f} [{low:.3f}, {high:.3f}] P {precision:.3f} R {recall:.3f}"
        f" AUC {roc_auc(truth, relevance):.3f} AP {average_precision(truth, relevance):.3f}"
        f" ECE {expected_calibration_error(truth, relevance):.3f}"
        f" answered {answered.mean():.3f}"
        f" F1 answered {answered_f1(np.arange(len(truth))):.3f} [{low_answered:.3f}, {high_answered:.3f}]"
        f" unsure=on {precision_recall_f1(truth, verdict != 0)[2]:.3f}"
        + (f" covered {covered.mean():.3f} on {covered[truth].mean():.3f} off {covered[~truth].mean():.3f}" * promised)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", nargs="?", type=Path, default=Path("../shared/corpora"))
    parser.add_argument("--config", type=Path, default=Path("configs/china-asean.toml"))
    parser.add_argument("--gold", action="store_true")
    parser.add_argument("--budget", action="store_true")
    parser.add_argument("--line-models", type=Path, help="folder of OUTLET.json, each a line model without that outlet")
    options = parser.parse_args()
    config = load_config(options.config)
    folder = options.corpora / "sea_china_news"
    labels = read_labels(folder)
    articles = read_articles(folder)
    if options.gold:
        corpus = [gold_cut(article) for article in articles]
    else:
        from toolkit.segment import LineModel, load_line_model

        def line_model_of(outlet: str) -> LineModel:
            if options.line_models is None:
                return load_line_model()
            path = options.line_models / f"{outlet}.json"
            return LineModel.from_state(json.loads(path.read_text(encoding="utf-8")))

        line_models = {outlet: line_model_of(outlet) for outlet in sorted({article["outlet"] for article in articles})}
        corpus = [raw_cut(article, line_models[article["outlet"]]) for article in articles]
    without = "line models that never saw the outlet" if options.line_models else "the shipped line model"
    print("cut by", "line labels" if options.gold else without)
    measure_relevance(corpus, labels, config, budget=options.budget)


def measure_relevance(corpus: Sequence[CutDocument], labels: dict[str, Label], config: Config, *, budget: bool) -> None:
    gazetteer = Gazetteer.from_config(config.places)
    mentions = [gazetteer.find_each(cut.texts) for cut in corpus]
    rule = learn_relevance([], [], config=config, labels={}).model
    evidences = [rule.read(cut, found) for cut, found in zip(corpus, mentions, strict=True)]
    scored = np.array([labels[cut.document.document_id].on_topic is not None for cut in corpus])
    truth = np.array([labels[cut.document.document_id].on_topic is True for cut in corpus])
    outlets = np.array([cut.document.outlet for cut in corpus])
    held = ~np.isin(outlets, TUNED_ON) & scored
    results = {}
    for name, known in (("relevance, config only", {}), ("relevance, labels", labels)):
        began = time.perf_counter()
        found = results[name] = held_out_relevance(corpus, mentions, known, config, evidences)
        print_relevance(name, truth, found, scored)
        print_relevance("   three outlets", truth, found, held)
        for outlet in np.unique(outlets):
            print_relevance(f"   {outlet}", truth, found, scored & (outlets == outlet))
        print(f"   {time.perf_counter() - began:.0f} s", file=sys.stderr)
    if not budget:
        return
    print(f"labels drawn from all outlets, {N_DRAWS} draws; those of the outlet judged are not used")
    by_rule = results["relevance, config only"].relevance
    for n in (25, 50, 100, 200, 400):
        for way in ("chance", "balanced"):
            f1, answered, f1_answered = [], [], []
            for draw in range(N_DRAWS):
                rows = draw_labels(by_rule, scored, n, balanced=way == "balanced", random_state=draw)
                chosen = {corpus[d].document.document_id: labels[corpus[d].document.document_id] for d in rows}
                found = held_out_relevance(corpus, mentions, chosen, config, evidences)
                sure = scored & (found.verdict >= 0)
                f1.append(precision_recall_f1(truth[scored], found.relevance[scored] >= 0.5)[2])
                answered.append(sure.sum() / scored.sum())
                f1_answered.append(precision_recall_f1(truth[sure], found.verdict[sure] == 1)[2])
            print(
                f"   {n:4d} labels by {way:9s} F1 {np.mean(f1):.3f} ({min(f1):.3f} to {max(f1):.3f})"
                f" answered {np.mean(answered):.3f} F1 answered {np.mean(f1_answered):.3f}"
                f" ({min(f1_answered):.3f} to {max(f1_answered):.3f})",
                flush=True,
            )


def draw_labels(score: np.ndarray, usable: np.ndarray, n: int, *, balanced: bool, random_state: int) -> np.ndarray:
    """Rows to be labelled: by chance, or half of them from each side of .5 as far as there are so many."""
    random = np.random.default_rng(random_state)
    order = random.permutation(np.flatnonzero(usable))
    if not balanced:
        return order[:n]
    high, low = order[score[order] >= 0.5], order[score[order] < 0.5]
    n_high = min(n // 2, len(high))
    return np.concatenate((high[:n_high], low[: n - n_high]))


if __name__ == "__main__":
    main()
