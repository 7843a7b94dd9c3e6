"""How well pages are cut, on sources the line model did not learn from.

    python tests/quality/segment_quality.py [CORPORA_DIR] [--table]

Every fold holds out one outlet of sea_china_news together with all mixes and splices made from its articles, a fifth
of the sites of extraction_blocks and a fifth of the documents of line_quality; the model learns from the rest and is
scored on what was held out. Lines count once each; a line is kept when most of its characters lie in kept segments.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from toolkit.data import KEPT_ROLES
from toolkit.segment.features import COLUMN
from toolkit.segment.model import LineModel
from toolkit.segment.roles import assign_roles
from toolkit.segment.train import Example, _fold, fit, load_examples, read_jsonl, rounded

N_FOLDS = 5
OUTSIDE = {
    "sea": {"body"},
    "html": {"body"},
    "plain": {"body"},
    "lines": {"body"},
    "mixed": {"on_topic"},
    "splice": {"on_topic"},
}
NOT_SCORED = {"mixed", "title"}  # labels of blocks


def folds(examples: Sequence[Example]) -> list[int]:
    """The fold in which each example is held out."""
    outlets = sorted({e.source for e in examples if e.corpus == "sea"})
    outlet_of = {e.page.document.document_id: e.source for e in examples if e.corpus == "sea"}
    return [
        outlets.index(outlet_of.get(e.source, e.source) if e.corpus != "sea" else e.source)
        if e.corpus in ("sea", "mixed", "splice")
        else _fold(e.source, N_FOLDS)
        for e in examples
    ]


def kept_spans(e: Example, model: LineModel) -> list[bool]:
    """For each labelled line or block, whether it is kept."""
    found = assign_roles(e.page, model.best_states(model.scores(e.page)))
    kept = [role in KEPT_ROLES for role in found.roles]
    paragraphs = e.page.paragraphs
    answers, first = [], 0
    for start, end, _ in e.spans:
        while first < len(paragraphs) and paragraphs[first].end <= start:
            first += 1
        inside = outside = 0
        for k in range(first, len(paragraphs)):
            if paragraphs[k].start >= end:
                break
            n = min(end, paragraphs[k].end) - max(start, paragraphs[k].start)
            inside, outside = (inside + n, outside) if kept[k] else (inside, outside + n)
        answers.append(inside > outside)
    return answers


class Score:
    """Counts of lines: right, wrongly kept, wrongly cut."""

    def __init__(self) -> None:
        self.tp = self.fp = self.fn = self.tn = 0

    def add(self, gold: bool, kept: bool) -> None:
        self.tp += gold and kept
        self.fp += kept and not gold
        self.fn += gold and not kept
        self.tn += not gold and not kept

    @property
    def body_f1(self) -> float:
        return 2 * self.tp / max(1, 2 * self.tp + self.fp + self.fn)

    @property
    def removal_f1(self) -> float:
        return 2 * self.tn / max(1, 2 * self.tn + self.fp + self.fn)

    @property
    def lost(self) -> float:
        return self.fn / max(1, self.tp + self.fn)

    def __str__(self) -> str:
        return (
            f"body F1 {self.body_f1:.3f}  removal F1 {self.removal_f1:.3f}  lost {self.lost:.3f}  "
            f"P {self.tp / max(1, self.tp + self.fp):.3f}  ({self.tp + self.fn} kept by gold, {self.fp + self.tn} not)"
        )


def score(
    examples: Sequence[Example], answers: Sequence[list[bool]], page_types: Mapping[str, str]
) -> dict[str, Score]:
    """Scores by corpus and, where it tells more, by outlet, style or page type."""
    scores: dict[str, Score] = defaultdict(Score)
    for e, kept in zip(examples, answers, strict=True):
        names = [e.corpus]
        if e.corpus == "sea":
            names += [
                f"sea {e.source}",
                "sea repeats " + ("known" if e.page.dense[0, COLUMN["knows_repeats"]] else "unknown"),
            ]
        if e.corpus == "mixed":
            names.append("mixed " + e.page.document.document_id.split("-")[1])
        if e.corpus in ("html", "plain"):
            names.append(f"{e.corpus} {page_types.get(e.page.document.document_id, '')}")
        for (_, _, label), answer in zip(e.spans, kept, strict=True):
            if label in NOT_SCORED:
                continue
            for name in names:
                scores[name].add(label in OUTSIDE[e.corpus], answer)
    return scores


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    default = Path(__file__).resolve().parents[2].parent / "shared" / "corpora"
    parser.add_argument("corpora", nargs="?", type=Path, default=default)
    corpora = parser.parse_args().corpora
    if not corpora.is_dir():
        sys.stderr.write(f"{corpora}: no such folder; give the folder of the labelled corpora.\n")
        return 2
    examples = load_examples(corpora)
    held_out = folds(examples)
    answers: list[list[bool]] = [[] for _ in examples]
    rows = read_jsonl(corpora / "extraction_blocks" / "pages.jsonl.gz")
    page_types = {row["id"]: row["page_type"] for row in rows}
    for fold in range(N_FOLDS):
        model = rounded(fit([e for e, f in zip(examples, held_out, strict=True) if f != fold]))
        for i, e in enumerate(examples):
            if held_out[i] == fold:
                answers[i] = kept_spans(e, model)
    for name, found in sorted(score(examples, answers, page_types).items()):
        print(f"{name:32} {found}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
