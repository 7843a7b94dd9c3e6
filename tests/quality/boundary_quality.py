"""How well the stories of a text are parted, beside C99 and U00 on the same texts in the same run.

    python tests/quality/boundary_quality.py [CORPORA_DIR] [--sensitivity]

Pk (Beeferman et al. 1999) and WindowDiff (Pevzner & Hearst 2002): mean over documents, window half the mean length of
the document's gold segments, rounded, at least 1. Boundary F1: exact rows, counted over all documents. Intervals: 95 %,
1,000 resamples of documents. No method is told how many segments there are.
news_segmentation: paragraphs. choi_segmentation: sentences, by range of segment lengths. mixed_articles: the lines that
are not blank, a boundary where the segment number changes, by style. The constants of ours were tuned on splices of
articles that occur in none of the 200 documents of news_segmentation, some of their directions also looked at on sets 1
and 2 of choi_segmentation; "choi 3-11, set 3" and "set 4" were not looked at, but all sets are cut from the same texts.

`--sensitivity` halves and doubles each constant in turn, on every fourth document.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.evaluate.classic_boundaries import c99, u00
from toolkit.metrics import bootstrap_interval, pk, window_diff
from toolkit.segment import boundaries
from toolkit.segment.boundaries import find_boundaries

Splice = tuple[list[str], list[int]]  # texts, gold boundaries
METHODS: dict[str, Callable[[Sequence[str]], list[int]]] = {
    "none": lambda texts: [],
    "C99": c99,
    "U00": u00,
    "ours": find_boundaries,
}
CONSTANTS = (
    "CONCENTRATION", "OWN_SHARE", "RANK_OFFSET", "NAME_WEIGHT", "VECTOR_WEIGHT", "MEAN_VARIANCE", "N_DIRECTIONS",
    "CENTRE", "PRICE", "SHORT_PRICE", "SHORT_WORDS",
)  # fmt: skip
EVERY = 4  # documents, for sensitivity


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def load_splices(corpora: Path) -> dict[str, list[Splice]]:
    """The documents of each set."""
    sets: dict[str, list[Splice]] = {"news_segmentation": []}
    for row in read_rows(corpora / "news_segmentation" / "docs.jsonl.gz"):
        sets["news_segmentation"].append(_from_segments(row["segments"]))
    for row in read_rows(corpora / "choi_segmentation" / "docs.jsonl.gz"):
        splice = _from_segments(row["segments"])
        sets.setdefault(f"choi {row['range']}", []).append(splice)
        if row["range"] == "3-11" and row["set"] == "3":
            sets.setdefault("choi 3-11, set 3", []).append(splice)
    for row in read_rows(corpora / "mixed_articles" / "docs.jsonl.gz"):
        shown = [(line, segment) for line, segment in zip(row["lines"], row["segments"], strict=True) if line.strip()]
        gold = [i for i in range(1, len(shown)) if shown[i][1] != shown[i - 1][1]]
        sets.setdefault(f"mixed {row['style']}", []).append(([line for line, _ in shown], gold))
    return sets


def _from_segments(segments: list[list[str]]) -> Splice:
    ends = np.cumsum([len(segment) for segment in segments])
    return [text for segment in segments for text in segment], ends[:-1].tolist()


def score(splices: Sequence[Splice], found: Sequence[list[int]]) -> npt.NDArray[np.float64]:
    """By document: Pk, WindowDiff, boundaries right, found, in gold; shape (n_documents, 5)."""
    rows = []
    for (texts, gold), guess in zip(splices, found, strict=True):
        truth, said = ((np.isin(np.arange(len(texts)), cuts)).cumsum() for cuts in (gold, guess))
        right = len(set(gold) & set(guess))
        rows.append((pk(truth, said), window_diff(truth, said), right, len(guess), len(gold)))
    return np.array(rows, dtype=np.float64)


def show(name: str, method: str, scores: npt.NDArray[np.float64]) -> str:
    def f1(rows: npt.NDArray[np.int64]) -> float:
        right, guessed, gold = scores[rows, 2:].sum(axis=0)
        return float(2 * right / max(1.0, guessed + gold))

    everyone = np.arange(len(scores))
    cells = []
    for label, measure in (
        ("Pk", lambda rows: float(scores[rows, 0].mean())),
        ("WindowDiff", lambda rows: float(scores[rows, 1].mean())),
        ("F1", f1),
    ):
        low, high = bootstrap_interval(measure, len(scores), random_state=0)
        cells.append(f"{label} {measure(everyone):.3f} [{low:.3f}, {high:.3f}]")
    return f"{name:18} {len(scores):4} documents  {method:5} " + "  ".join(cells)


def sensitivity(sets: dict[str, list[Splice]]) -> None:
    """Pk and WindowDiff with each constant halved and doubled."""
    names = ("news_segmentation", "choi 3-11", "mixed teasers")

    def line(label: str) -> None:
        cells = []
        for name in names:
            splices = sets[name][::EVERY]
            means = score(splices, [find_boundaries(texts, price=boundaries.PRICE) for texts, _ in splices]).mean(
                axis=0
            )
            cells.append(f"{name} {means[0]:.3f} / {means[1]:.3f}")
        print(f"{label:24} " + "  ".join(cells), flush=True)

    line("as shipped")
    for constant in CONSTANTS:
        shipped = getattr(boundaries, constant)
        for factor in (0.5, 2.0):
            setattr(boundaries, constant, shipped * factor)
            line(f"{constant} x {factor}")
        setattr(boundaries, constant, shipped)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(__file__).resolve().parents[2].parent / "shared" / "corpora"
    parser.add_argument("corpora", nargs="?", type=Path, default=default)
    parser.add_argument("--sensitivity", action="store_true", help="how the figures move with the constants")
    arguments = parser.parse_args()
    if not arguments.corpora.is_dir():
        sys.stderr.write(f"{arguments.corpora}: no such folder; give the folder of the labelled corpora.\n")
        return 2
    sets = load_splices(arguments.corpora)
    if arguments.sensitivity:
        sensitivity(sets)
        return 0
    for name, splices in sorted(sets.items()):
        for method, find in METHODS.items():
            print(show(name, method, score(splices, [find(texts) for texts, _ in splices])), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
