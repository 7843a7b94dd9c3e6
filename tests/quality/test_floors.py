"""Floors: figures that must not fall. The seeds always; the corpora where they are (beside the checkout, or CORPORA).

These are figures of the shipped parts on material they may have learned from: they catch a change for the worse and
claim nothing about pages never seen. The held-out figures come from the scripts beside this file. Here a sample of
each corpus is measured; the whole of them, by the same floors file:

    for gold in sea_china_news mixed_articles line_quality extraction_blocks news_segmentation choi_segmentation; do
        toolkit evaluate CORPORA/$gold --no-baselines --gate tests/quality/floors.json || exit 1
    done

With `--update-floors` in the place of `--gate` the floors rise to what is measured; `--lower-floors`, and with it a
reason in the commit, is the only way down.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from toolkit.data import Record
from toolkit.evaluate.gate import check, read_floors
from toolkit.evaluate.gold import records, survey
from toolkit.evaluate.run import Evaluation, evaluate
from toolkit.model import Model, load_model
from toolkit.pipeline import cut_record
from toolkit.relevance import learn_relevance
from toolkit.store import find_model

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
CORPORA = Path(os.environ.get("CORPORA", ROOT.parent / "shared" / "corpora"))
SAMPLES = {
    "sea_china_news": 60,
    "mixed_articles": 40,
    "line_quality": 40,
    "extraction_blocks": 20,
    "news_segmentation": 30,
    "choi_segmentation": 30,
}

needs_corpora = pytest.mark.skipif(not CORPORA.is_dir(), reason="the labelled corpora are not on this machine")


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model(find_model("china-asean"))


def holds(found: Evaluation) -> bool:
    failures = check([found], read_floors(HERE / "floors.json"))
    assert not failures, "; ".join(f"{f.gold}: {f.floor} {f.detail}" for f in failures)
    return True


def test_every_gold_role_of_the_seeds_is_right(model: Model, tmp_path: Path) -> None:
    gold = json.loads((HERE / "seeds_gold.json").read_text(encoding="utf-8"))
    rows = [
        {"id": name, "text": (ROOT / "seeds" / name).read_bytes().decode("utf-8-sig"), "roles": roles}
        for name, roles in gold.items()
    ]
    (tmp_path / "seeds.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert holds(evaluate(tmp_path / "seeds.jsonl", model=model))


@needs_corpora
@pytest.mark.parametrize("corpus", list(SAMPLES))
def test_a_sample_of_each_corpus_is_judged_as_well_as_before(corpus: str, model: Model) -> None:
    assert holds(evaluate(CORPORA / corpus, model=model, sample=SAMPLES[corpus], with_baselines=False))


@needs_corpora
def test_relevance_from_the_config_alone(model: Model, tmp_path: Path) -> None:
    """Every fourth page; learned from those pages without a label."""
    folder = tmp_path / "sea_china_news_config_only"
    folder.mkdir()
    with gzip.open(CORPORA / "sea_china_news" / "articles.jsonl.gz", "rt", encoding="utf-8") as stream:
        (folder / "pages.jsonl").write_text("".join(list(stream)[::4]), encoding="utf-8")
    shutil.copy(CORPORA / "sea_china_news" / "relevance_labels.tsv", folder)
    found = survey(folder, labels_file=None, theme_ids=tuple(model.config.themes), sample=None)
    pages: list[Record] = [gold.record for _, gold in records(found) if gold.record]
    corpus = [cut_record(p, line_model=model.line_model, repeats=model.repeats, config=model.config) for p in pages]
    mentions = [model.gazetteer.find_each(page.texts) for page in corpus]
    relevance = learn_relevance(corpus, mentions, config=model.config, labels={}).model
    without_labels = replace(model, name="config only", relevance=relevance)
    assert holds(evaluate(folder, model=without_labels, with_baselines=False))
