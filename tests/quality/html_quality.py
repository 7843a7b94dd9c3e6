"""How well articles are taken out of raw HTML, beside trafilatura, readability-lxml and jusText in the same run.

    python tests/quality/html_quality.py [CORPORA_DIR] [--models DIR]

Pages: html_150_articles of extraction_blocks. Gold is the body without its headline, so what is scored of ours is every
kept role but the title; the others are scored on the text they return. Words are runs of word characters in lower
case; precision, recall and F1 compare multisets of words page by page (and, as "micro", summed over all pages).
Intervals are 95 % bootstrap percentiles over pages. Of the benchmark's own phrases the share found as a run of words
is given: must-have (high is good) and must-not-have (low is good). MB/s is of raw HTML, one thread, processor time.

Ours is held out by site: five line models, each learned without the sites of one fold (nor splices carrying the heads
and feet of their pages), judge the pages of that fold; the weights of the votes are learned without them as well.
Rows "never" and "always" show what the voters are worth, the table below them what other thresholds of asking give.
`--models DIR` keeps the five models between runs; `--learn-votes` prints the weights learned from all pages, for
toolkit/segment/opinion.py.
"""

from __future__ import annotations

import argparse
import json
import logging
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt

from toolkit.data import Record
from toolkit.html import render
from toolkit.segment import LineModel, cut, opinion
from toolkit.segment.examples import fold_of
from toolkit.segment.features import look
from toolkit.segment.train import fit, load_examples, read_jsonl, rounded
from toolkit.voters import VOTERS, aligned_shares, vote

N_FOLDS = 5
N_BOOTSTRAP = 2_000
MIN_GOLD_SHARE = 0.5  # of a paragraph's words found in the gold text, in order, make it one of the article
THRESHOLDS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4)

Extract = Callable[["GoldPage"], str]


@dataclass(frozen=True, slots=True)
class GoldPage:
    """A raw page and what people say of it."""

    id: str
    site: str
    html: str
    url: str
    title: str
    text: str
    phrases: tuple[str, ...]
    forbidden: tuple[str, ...]

    @property
    def fold(self) -> int:
        return fold_of(self.site, N_FOLDS)

    @property
    def record(self) -> Record:
        """The page as a reader yields it, with nothing known but its HTML."""
        return Record(self.id, self.html, "page.html", is_html=True)


def gold_pages(corpora: Path) -> list[GoldPage]:
    """The 150 pages with raw HTML."""
    folder = corpora / "extraction_blocks"
    sources = {row["id"]: row["html"] for row in read_jsonl(folder / "html_150_articles.jsonl.gz")}
    return [
        GoldPage(
            row["id"],
            row["site"],
            sources[row["id"]],
            row["url"],
            row["title"],
            row["gold_text"],
            tuple(row["snippets_with"]),
            tuple(row["snippets_without"]),
        )
        for row in read_jsonl(folder / "pages.jsonl.gz")
        if row["id"] in sources
    ]


def held_out_models(corpora: Path, folder: Path | None) -> list[LineModel]:
    """For each fold a line model that has seen nothing of its sites."""
    files = [folder / f"fold{fold}.json" for fold in range(N_FOLDS)] if folder else []
    if files and all(file.is_file() for file in files):
        return [LineModel.from_state(json.loads(file.read_text(encoding="utf-8"))) for file in files]
    examples = load_examples(corpora)
    models = []
    for fold in range(N_FOLDS):
        used = [
            e
            for e in examples
            if not (e.corpus in ("html", "plain") and fold_of(e.source, N_FOLDS) == fold)
            and not any(fold_of(site, N_FOLDS) == fold for site in e.made_of)
        ]
        models.append(rounded(fit(used)))
    for file, model in zip(files, models, strict=False):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(model.state()), encoding="utf-8")
    return models


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


@dataclass(frozen=True, slots=True)
class Scores:
    """Row i is page i: words in both, words extracted, words of gold; phrases found."""

    counts: npt.NDArray[np.float64]
    seconds: float
    n_phrases: tuple[int, int]
    n_forbidden: tuple[int, int]

    def per_page(self) -> npt.NDArray[np.float64]:
        """Precision, recall and F1 of each page, of shape (n_pages, 3)."""
        both, ours, gold = self.counts.T
        return np.stack([both / np.maximum(ours, 1), both / np.maximum(gold, 1), 2 * both / (ours + gold)], axis=1)

    def micro_f1(self) -> float:
        both, ours, gold = self.counts.sum(axis=0)
        return float(2 * both / (ours + gold))


def score(pages: Sequence[GoldPage], extract: Extract) -> Scores:
    """Run `extract` on every page and compare."""
    start = time.process_time()
    texts = [extract(page) for page in pages]
    seconds = time.process_time() - start
    counts = np.zeros((len(pages), 3))
    found = [[0, 0], [0, 0]]
    for i, (page, text) in enumerate(zip(pages, texts, strict=True)):
        ours, gold = words(text), words(page.text)
        counts[i] = (Counter(ours) & Counter(gold)).total(), len(ours), len(gold)
        run = f" {' '.join(ours)} "
        for k, phrases in enumerate((page.phrases, page.forbidden)):
            keys = [key for key in (" ".join(words(phrase)) for phrase in phrases) if key]
            found[k][0] += sum(f" {key} " in run for key in keys)
            found[k][1] += len(keys)
    return Scores(counts, seconds, (found[0][0], found[0][1]), (found[1][0], found[1][1]))


def interval(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    """95 % bootstrap interval of the mean of one value a page."""
    draws = np.random.default_rng(0).integers(0, len(values), (N_BOOTSTRAP, len(values)))
    low, high = np.percentile(values[draws].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def baselines() -> Mapping[str, Extract]:
    """The other tools, each as its own manual calls it."""
    import justext
    import lxml.html
    import readability
    import trafilatura

    def precision(page: GoldPage) -> str:
        return trafilatura.extract(page.html, favor_precision=True, include_comments=False) or ""

    def default(page: GoldPage) -> str:
        return trafilatura.extract(page.html) or ""

    def readable(page: GoldPage) -> str:
        summary = readability.Document(page.html).summary()
        return "\n".join(lxml.html.fromstring(summary).itertext()) if summary.strip() else ""

    def jus(page: GoldPage) -> str:
        found = justext.justext(page.html.encode(), justext.get_stoplist("English"), encoding="utf-8")
        return "\n".join(p.text for p in found if not p.is_boilerplate and not p.is_heading)

    return {
        "trafilatura precision": precision,
        "trafilatura default": default,
        "readability-lxml": readable,
        "jusText": jus,
    }


def kept_text(found: Any) -> str:
    """What is scored of ours: every kept role but the title."""
    return "\n".join(segment.text for segment in found.segments if segment.kept and segment.role != "title")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the weights of the votes are learned from: row i is a paragraph."""

    fold: int
    log_odds: npt.NDArray[np.float64]
    kept: npt.NDArray[np.float64]
    left_out: npt.NDArray[np.float64]
    is_article: npt.NDArray[np.bool_]
    weights: npt.NDArray[np.float64]


def vote_evidence(page: GoldPage, model: LineModel) -> tuple[Evidence, float]:
    """The votes on a page beside what gold says of its paragraphs, and how unsure the model is of it."""
    found = look(render(page.record))
    texts = [found.document.text[p.start : p.end] for p in found.paragraphs]
    posteriors = model.posteriors(model.scores(found))
    kept, left_out = opinion.terms(found, posteriors, vote(page.html, texts))
    article = np.clip(posteriors[:, 0], 1e-3, 1 - 1e-3)
    weights = np.array([min(len(text), 600) for text in texts]) / max(1, len(page.text))
    gold = np.array(aligned_shares(texts, page.text)) >= MIN_GOLD_SHARE
    learned = Evidence(page.fold, np.log(article / (1 - article)), kept, left_out, gold, weights)
    return learned, opinion.unsure_share(found, posteriors)


def learn_votes(evidence: Sequence[Evidence]) -> dict[str, dict[str, float]]:
    """Logistic regression of gold on the model's own log-odds and the votes; weights in units of those log-odds."""
    from sklearn.linear_model import LogisticRegression

    columns = np.concatenate([np.c_[e.log_odds, e.kept, -e.left_out] for e in evidence])
    weights = np.concatenate([e.weights for e in evidence])
    learned = LogisticRegression(C=1.0, fit_intercept=False)
    learned.fit(columns, np.concatenate([e.is_article for e in evidence]), weights * len(weights) / weights.sum())
    found = np.round(learned.coef_[0][1:] / learned.coef_[0][0], 1).tolist()
    return {
        "KEPT_WEIGHTS": dict(zip(VOTERS, found[: len(VOTERS)], strict=True)),
        "LEFT_OUT_WEIGHTS": dict(zip(VOTERS, found[len(VOTERS) :], strict=True)),
    }


def report(name: str, scores: Scores, n_bytes: int, reference: Scores | None) -> str:
    per_page = scores.per_page()
    precision, recall, f1 = per_page.mean(axis=0)
    low, high = interval(per_page[:, 2])
    line = (
        f"{name:24} P {precision:.3f}  R {recall:.3f}  F1 {f1:.3f} [{low:.3f}, {high:.3f}]  micro F1 "
        f"{scores.micro_f1():.3f}  must-have {scores.n_phrases[0] / scores.n_phrases[1]:.3f}  must-not "
        f"{scores.n_forbidden[0] / scores.n_forbidden[1]:.3f}  {n_bytes / 1e6 / scores.seconds:.2f} MB/s"
    )
    if reference is not None:
        gain = reference.per_page()[:, 2] - per_page[:, 2]
        low, high = interval(gain)
        line += f"  ours ahead by {gain.mean():+.3f} [{low:+.3f}, {high:+.3f}]"
    return line


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(__file__).resolve().parents[2].parent / "shared" / "corpora"
    parser.add_argument("corpora", nargs="?", type=Path, default=default)
    parser.add_argument("--models", type=Path, help="folder that keeps the five held-out line models")
    parser.add_argument("--learn-votes", action="store_true", help="print the weights learned from all pages")
    arguments = parser.parse_args()
    if not arguments.corpora.is_dir():
        sys.stderr.write(f"{arguments.corpora}: no such folder; give the folder of the labelled corpora.\n")
        return 2
    logging.disable(logging.CRITICAL)
    pages = gold_pages(arguments.corpora)
    models = held_out_models(arguments.corpora, arguments.models)
    n_bytes = sum(len(page.html.encode()) for page in pages)

    looked = [vote_evidence(page, models[page.fold]) for page in pages]
    evidence = [found for found, _ in looked]
    unsure = np.array([share for _, share in looked])
    if arguments.learn_votes:
        print(learn_votes(evidence))
    weights = [learn_votes([e for e in evidence if e.fold != fold]) for fold in range(N_FOLDS)]

    def ours(page: GoldPage, min_unsure: float | None = None) -> str:
        values: dict[str, Any] = {**weights[page.fold]}
        if min_unsure is not None:
            values["MIN_UNSURE_SHARE"] = min_unsure
        with patch.multiple(opinion, **values):
            return kept_text(cut(render(page.record), models[page.fold], second_opinion=partial(vote, page.html)))

    reference = score(pages, ours)
    never, always = score(pages, partial(ours, min_unsure=2.0)), score(pages, partial(ours, min_unsure=0.0))
    share = (unsure >= opinion.MIN_UNSURE_SHARE).mean()
    print(report(f"ours, asking on {share:.0%}", reference, n_bytes, None))
    print(report("ours, asking never", never, n_bytes, reference))
    print(report("ours, asking always", always, n_bytes, reference))
    for threshold in THRESHOLDS:
        f1 = np.where(unsure >= threshold, always.per_page()[:, 2], never.per_page()[:, 2])
        low, high = interval(f1)
        print(f"    unsure share >= {threshold}: asked on {(unsure >= threshold).mean():.0%}, ", end="")
        print(f"F1 {f1.mean():.3f} [{low:.3f}, {high:.3f}]")
    for name, extract in baselines().items():
        print(report(name, score(pages, extract), n_bytes, reference))
    return 0


if __name__ == "__main__":
    sys.exit(main())
