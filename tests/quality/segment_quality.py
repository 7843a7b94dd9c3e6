"""How well pages are cut, on sources the line model did not learn from.

    python tests/quality/segment_quality.py [CORPORA_DIR] [--baselines] [--gold-errors] [--save-models DIR]

Every fold holds out one outlet of sea_china_news together with all mixes and splices made from its articles, a fifth
of the sites of extraction_blocks and a fifth of the documents of line_quality; the model learns from the rest and is
scored on what was held out. Sites whose navigation stands around held-out mixes are held out with them. `once` are
the mixes with every doubled headline standing once. Lines count once each; a line is kept when most of its characters
lie in kept segments. `--baselines` asks jusText and trafilatura for the same lines, each line a `<p>`.

`--gold-errors` prints mixed_articles a second time without the lines of `mixed_gold_errors.json`. All lines labelled
article in the 27 articles were read for it, kept by the toolkit or not; listed are those that the corpus's own
definitions call something else. More than half of them the toolkit keeps: they count neither for it nor against it.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from toolkit.data import KEPT_ROLES
from toolkit.evaluate.baselines import justext_lines, trafilatura_lines
from toolkit.segment.examples import Example, fold_of, load_examples, mixed_examples, read_jsonl
from toolkit.segment.features import COLUMN
from toolkit.segment.fitting import fit
from toolkit.segment.model import LineModel
from toolkit.segment.roles import assign_roles
from toolkit.segment.train import rounded

N_FOLDS = 5
OUTSIDE = {
    "sea": {"body"},
    "html": {"body"},
    "plain": {"body"},
    "lines": {"body"},
    "mixed": {"on_topic"},
    "once": {"on_topic"},
    "splice": {"on_topic"},
}
PLAIN = ("sea", "plain", "lines", "mixed", "once")  # read as text without markup: what the baselines are asked for
NOT_SCORED = {"mixed", "title"}  # labels of blocks
GOLD_ERRORS = Path(__file__).parent / "mixed_gold_errors.json"


def folds(examples: Sequence[Example]) -> list[int]:
    """The fold in which each example is held out."""
    outlets = sorted({e.source for e in examples if e.corpus == "sea"})
    outlet_of = {e.page.document.document_id: e.source for e in examples if e.corpus == "sea"}
    return [
        outlets.index(outlet_of.get(e.source, e.source) if e.corpus != "sea" else e.source)
        if e.corpus in ("sea", "mixed", "once", "splice")
        else fold_of(e.source, N_FOLDS)
        for e in examples
    ]


def learned_from(examples: Sequence[Example], held_out: Sequence[int], fold: int) -> list[Example]:
    """What fold number `fold` may learn from: nothing that is held out, nor any page made of what is.

    Sites whose navigation stands around held-out mixes are held out with them.
    """
    mixes = ("mixed", "once")
    unseen = {e.source for e, f in zip(examples, held_out, strict=True) if f == fold and e.corpus not in mixes}
    unseen |= {s for e, f in zip(examples, held_out, strict=True) if f == fold and e.corpus in mixes for s in e.made_of}
    return [
        e
        for e, f in zip(examples, held_out, strict=True)
        if f != fold and e.corpus != "once" and e.source not in unseen and unseen.isdisjoint(e.made_of)
    ]


def outlet_of_fold(examples: Sequence[Example], fold: int) -> str:
    """The outlet of sea_china_news that fold number `fold` holds out."""
    return sorted({e.source for e in examples if e.corpus == "sea"})[fold]


def save_model(model: LineModel, folder: Path, outlet: str) -> None:
    """Write a model as `LineModel.from_state` reads it, under the name of the outlet it never saw."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{outlet}.json").write_text(json.dumps(model.state(), ensure_ascii=False), encoding="utf-8")


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
    """Counts of lines: right, wrongly kept, wrongly cut; and the characters of the article, and those of them lost."""

    def __init__(self) -> None:
        self.tp = self.fp = self.fn = self.tn = self.chars = self.lost_chars = 0

    def add(self, gold: bool, kept: bool, chars: int) -> None:
        self.chars += chars * gold
        self.lost_chars += chars * (gold and not kept)
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
            f"body F1 {self.body_f1:.3f}  removal F1 {self.removal_f1:.3f}  lost {self.lost:.3f} of lines, "
            f"{self.lost_chars / max(1, self.chars):.3f} of characters  "
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
            knows = "known" if e.page.dense[0, COLUMN["knows_repeats"]] else "unknown"
            names += [f"sea {e.source}", f"sea repeats {knows}"]
        if e.corpus in ("mixed", "once"):
            names.append(f"{e.corpus} " + e.page.document.document_id.split("-")[1])
        if e.corpus in ("html", "plain"):
            names.append(f"{e.corpus} {page_types.get(e.page.document.document_id, '')}")
        for line in scored_lines(e, kept):
            for name in names:
                scores[name].add(*line)
    return scores


def scored_lines(e: Example, kept: Sequence[bool]) -> Iterator[tuple[bool, bool, int]]:
    """(is article, is kept, characters) of each line that is scored; `mixed` and `title` blocks are not."""
    for (start, end, label), answer in zip(e.spans, kept, strict=True):
        if label not in NOT_SCORED:
            yield label in OUTSIDE[e.corpus], answer, end - start


def without_gold_errors(
    examples: Sequence[Example], answers: Sequence[list[bool]]
) -> tuple[list[Example], list[list[bool]]]:
    """The mixes without the lines that were judged errors of the gold, and the answers for what is left."""
    errors = json.loads(GOLD_ERRORS.read_text(encoding="utf-8"))["lines"]
    left: list[Example] = []
    kept: list[list[bool]] = []
    for e, answer in zip(examples, answers, strict=True):
        if e.corpus != "mixed":
            continue
        document = e.page.document
        listed = set(map(int, errors.get(document.document_id, ())))
        rows = [i for i, span in enumerate(e.spans) if document.text.count("\n", 0, span[0]) not in listed]
        if len(rows) + len(listed) != len(e.spans):
            raise ValueError(f"{GOLD_ERRORS.name}: {document.document_id} has not all of the lines listed.")
        left.append(dataclasses.replace(e, spans=tuple(e.spans[i] for i in rows)))
        kept.append([answer[i] for i in rows])
    return left, kept


def by_source(examples: Sequence[Example], answers: Sequence[list[bool]], corpus: str) -> list[float]:
    """Body F1 of each source (outlet, site or document) of `corpus` that has lines of an article, sorted."""
    scores: dict[str, Score] = defaultdict(Score)
    for e, kept in zip(examples, answers, strict=True):
        if e.corpus == corpus:
            for line in scored_lines(e, kept):
                scores[e.source].add(*line)
    return sorted(s.body_f1 for s in scores.values() if s.tp + s.fn)


def baseline_answers(examples: Sequence[Example], keeps: Callable[[Sequence[str]], list[bool]]) -> list[list[bool]]:
    """What a published tool keeps of each labelled line; HTML pages are not asked."""
    return [keeps([e.page.document.text[start:end] for start, end, _ in e.spans]) for e in examples]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(__file__).resolve().parents[2].parent / "shared" / "corpora"
    parser.add_argument("corpora", nargs="?", type=Path, default=default)
    parser.add_argument("--save-models", type=Path, metavar="DIR", help="write each outlet's model, which never saw it")
    parser.add_argument("--baselines", action="store_true", help="jusText and trafilatura on the same lines (minutes)")
    parser.add_argument("--gold-errors", action="store_true", help="mixed_articles also without errors of its gold")
    arguments = parser.parse_args()
    corpora: Path = arguments.corpora
    if not corpora.is_dir():
        sys.stderr.write(f"{corpora}: no such folder; give the folder of the labelled corpora.\n")
        return 2
    examples = [*load_examples(corpora), *mixed_examples(corpora, headlines_once=True)]
    rows = read_jsonl(corpora / "extraction_blocks" / "pages.jsonl.gz")
    page_types = {row["id"]: row["page_type"] for row in rows}
    answers = held_out_answers(examples, arguments.save_models)
    report("toolkit", examples, answers, page_types)
    if arguments.gold_errors:
        report("toolkit, errors of the gold of mixed_articles set aside", *without_gold_errors(examples, answers), {})
    if arguments.baselines:
        plain = [e for e in examples if e.corpus in PLAIN]
        for name, keeps in (("jusText", justext_lines), ("trafilatura, precision", trafilatura_lines)):
            report(name, plain, baseline_answers(plain, keeps), page_types)
    return 0


def held_out_answers(examples: Sequence[Example], save_models: Path | None) -> list[list[bool]]:
    """What is kept of each example by the model of the fold that holds it out."""
    held_out = folds(examples)
    answers: list[list[bool]] = [[] for _ in examples]
    for fold in range(N_FOLDS):
        model = rounded(fit(learned_from(examples, held_out, fold)))
        if save_models:
            save_model(model, save_models, outlet_of_fold(examples, fold))
        for i, e in enumerate(examples):
            if held_out[i] == fold:
                answers[i] = kept_spans(e, model)
    return answers


def report(
    title: str, examples: Sequence[Example], answers: Sequence[list[bool]], page_types: Mapping[str, str]
) -> None:
    """Print a tool's table, and how its body F1 varies over sources."""
    print(f"\n## {title}")
    for name, found in sorted(score(examples, answers, page_types).items()):
        print(f"{name:28} {found}")
    for corpus in sorted({e.corpus for e in examples}):
        values = by_source(examples, answers, corpus)
        low, middle, high = (values[int(q * (len(values) - 1))] for q in (0.25, 0.5, 0.75))
        print(f"{corpus:28} body F1 over {len(values)} sources: quartiles {low:.3f} {middle:.3f} {high:.3f}")


if __name__ == "__main__":
    sys.exit(main())
