"""Themes on labelled news, every outlet held out in turn.

    python tests/quality/themes_quality.py [CORPORA] [--gold] [--masked] [--budget] [--line-models DIR]

CORPORA is the folder that holds sea_china_news (default ../shared/corpora). Raw pages are cut by the shipped line
model; `--gold` takes the corpus's own line labels instead, `--line-models DIR` the line models DIR/OUTLET.json, each
trained without its outlet. Protocol: for each outlet a model is trained through the public function on the labels of
the other outlets only (its thresholds too: from inner held-out outlets), then applied to the outlet; the rolled-up
themes of all outlets are pooled. Macro-F1 is the mean over the themes of the config, on the on-topic documents and on
all; a theme only one reader gave a document is counted neither way. Intervals: 95 %, documents resampled. Config only:
no label at all. The rule's weights come from the outlets in TUNED_ON, its seed terms were chosen with the readings
of all outlets in view: "three outlets" is the part of the figure that no weight of the rule has seen.
`--masked`: every seed term of every theme is taken out of training and held-out texts, so that it is not string
matching that is measured. `--budget`: the figure with the labels of 25 to 400 documents.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.quality.relevance_quality import (
    TUNED_ON,
    gold_cut,
    raw_cut,
    read_articles,
    read_labels,
)
from toolkit.config import Config, load_config
from toolkit.data import CutDocument, Judgement, Label
from toolkit.metrics import bootstrap_interval, precision_recall_f1
from toolkit.terms import tokenise
from toolkit.themes import learn_themes

ON = Judgement(1.0, "on")


def held_out_themes(corpus: Sequence[CutDocument], labels: Mapping[str, Label], config: Config) -> np.ndarray:
    """Whether each document has each theme after the roll-up, by models that never saw its outlet."""
    themes = list(config.themes)
    outlets = np.array([cut.document.outlet for cut in corpus])
    given = np.zeros((len(corpus), len(themes)), dtype=bool)
    for outlet in np.unique(outlets):
        train = [cut for cut in corpus if cut.document.outlet != outlet]
        model = learn_themes(train, config=config, labels=labels).model
        for d in np.flatnonzero(outlets == outlet):
            cut = corpus[d]
            for item in model.roll_up(cut, model.score(cut), [ON] * len(cut.segments)):
                given[d, themes.index(item.theme)] = True
    return given


def print_themes(
    name: str,
    corpus: Sequence[CutDocument],
    labels: Mapping[str, Label],
    config: Config,
    given: np.ndarray,
    *,
    by_theme: bool = True,
) -> None:
    themes = list(config.themes)
    known = [labels[cut.document.document_id] for cut in corpus]
    truth = np.array([[theme in (label.themes or ()) for theme in themes] for label in known])
    scored = np.array([[theme not in label.themes_unsure for theme in themes] for label in known])
    on = np.array([label.on_topic is True for label in known])
    every = np.ones(len(corpus), dtype=bool)
    three = np.array([cut.document.outlet not in TUNED_ON for cut in corpus])

    def figures(rows: np.ndarray) -> np.ndarray:
        """Precision, recall, F1 of each theme over the documents `rows` (numbers, repeats allowed)."""
        found = []
        for t in range(len(themes)):
            counted = rows[scored[rows, t]]
            found.append(precision_recall_f1(truth[counted, t], given[counted, t]))
        return np.array(found)

    def macro(rows: np.ndarray) -> str:
        numbers = np.flatnonzero(rows)
        low, high = bootstrap_interval(
            lambda drawn: float(figures(numbers[drawn])[:, 2].mean()), len(numbers), random_state=0, n_resamples=300
        )
        pooled = precision_recall_f1(
            (truth & scored)[numbers].ravel(),
            (given & scored)[numbers].ravel(),
        )[2]
        return f"macro-F1 {figures(numbers)[:, 2].mean():.3f} [{low:.3f}, {high:.3f}] micro {pooled:.3f}"

    print(f"{name}\n  on-topic (n {on.sum()}): {macro(on)}\n  all (n {len(on)}): {macro(every)}")
    print(f"  three outlets: on-topic (n {(on & three).sum()}): {macro(on & three)}; all: {macro(three)}", flush=True)
    if not by_theme:
        return
    print(f"  {'theme':28s} {'on-topic':>24s} {'all':>24s}")
    print(f"  {'':28s} {'n':>6s}{'P':>6s}{'R':>6s}{'F1':>6s} {'n':>6s}{'P':>6s}{'R':>6s}{'F1':>6s}")
    tables = [(rows, figures(np.flatnonzero(rows))) for rows in (on, every)]
    for t, theme in enumerate(themes):
        cells = " ".join(
            f"{(truth & scored)[rows, t].sum():6d}" + "".join(f"{value:6.2f}" for value in table[t])
            for rows, table in tables
        )
        print(f"  {theme:28s} {cells}")
    sys.stdout.flush()


def without_seeds(cut: CutDocument, config: Config) -> CutDocument:
    """The document with every seed term of every theme taken out of its texts."""
    terms = {" ".join(tokenise(term)) for theme in config.themes.values() for term in theme.seed_terms}
    parts = sorted(
        (r"[\W_]+".join(map(re.escape, term.split())) for term in terms), key=lambda part: (-len(part), part)
    )
    pattern = re.compile(rf"\b(?:{'|'.join(parts)})(?:s|es|ed|ing|d)?\b", re.IGNORECASE)
    return replace(cut, texts=tuple(pattern.sub(" ", text) for text in cut.texts))


def read_corpus(options: argparse.Namespace) -> list[CutDocument]:
    articles = read_articles(options.corpora / "sea_china_news")
    if options.gold:
        print("cut by line labels")
        return [gold_cut(article) for article in articles]
    if options.line_models is None:
        from toolkit.segment import load_line_model

        print("cut by the shipped line model")
        line_model = load_line_model()
        return [raw_cut(article, line_model) for article in articles]
    import json

    from toolkit.segment import LineModel

    print(f"cut by the line models of {options.line_models}, each trained without its outlet")
    models = {
        outlet: LineModel.from_state(json.loads((options.line_models / f"{outlet}.json").read_text(encoding="utf-8")))
        for outlet in sorted({article["outlet"] for article in articles})
    }
    return [raw_cut(article, models[article["outlet"]]) for article in articles]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", nargs="?", type=Path, default=Path("../shared/corpora"))
    parser.add_argument("--config", type=Path, default=Path("configs/china-asean.toml"))
    parser.add_argument("--gold", action="store_true")
    parser.add_argument("--masked", action="store_true")
    parser.add_argument("--budget", action="store_true")
    parser.add_argument("--line-models", type=Path)
    options = parser.parse_args()
    config = load_config(options.config)
    labels = read_labels(options.corpora / "sea_china_news")
    corpus = read_corpus(options)
    runs: list[tuple[str, Sequence[CutDocument], Mapping[str, Label], bool]] = [
        ("config only", corpus, {}, True),
        ("with labels", corpus, labels, True),
    ]
    if options.masked:
        bare = [without_seeds(cut, config) for cut in corpus]
        runs.append(("with labels, every seed term taken out of the texts", bare, labels, True))
    if options.budget:
        order = sorted(labels, key=lambda name: zlib.crc32(name.encode()))
        runs += [
            (f"{n} labels", corpus, {name: labels[name] for name in order[:n]}, False) for n in (25, 50, 100, 200, 400)
        ]
    for name, texts, known, by_theme in runs:
        began = time.process_time()
        given = held_out_themes(texts, known, config)
        print_themes(name, texts, labels, config, given, by_theme=by_theme)
        print(f"   {time.process_time() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
