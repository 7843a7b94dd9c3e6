"""How fast `toolkit classify` turns text into results, and what it costs in memory.

    python tests/benchmarks/throughput.py CORPUS.jsonl.gz [--megabytes 20] [--engine serial] [--html PAGES.jsonl.gz]
    python tests/benchmarks/throughput.py CORPUS.jsonl.gz --stages-only

The corpus is repeated, ids made distinct, until it has the size asked for. Beside it stands a ceiling measured in
the same run: scikit-learn's HashingVectorizer over words and pairs with one linear product, the same text, one core.
Then each stage by itself in this process, in processor time; of HTML (records with a field `html`) it counts the
characters of the source.
"""

from __future__ import annotations

import argparse
import gzip
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import accumulate, chain, pairwise
from pathlib import Path
from typing import Any, TypeVar

from toolkit import pipeline
from toolkit.config import Limits
from toolkit.data import CutDocument, Record
from toolkit.files import expand_inputs, read_records
from toolkit.html import render
from toolkit.language import detect_language
from toolkit.model import Model, load_model
from toolkit.pipeline import Judged, cut_records
from toolkit.segment import cut_each
from toolkit.words import WordTable

ROOT = Path(__file__).parent.parent.parent
Made = TypeVar("Made")


def repeated(corpus: Path, out: Path, n_bytes: int) -> tuple[int, list[str]]:
    """Write the corpus again and again to `out`; the characters written and the texts of one round."""
    with gzip.open(corpus, "rt", encoding="utf-8") as stream:
        records = [json.loads(line) for line in stream]
    written = 0
    with out.open("w", encoding="utf-8") as stream:
        number = 0
        while written < n_bytes:
            for record in records:
                text = record["text"] + f"\n\nCopy {number}."
                kept = {key: record[key] for key in ("url", "outlet", "date") if record.get(key)}
                stream.write(json.dumps({"id": f"{number:07}", "text": text, **kept}, ensure_ascii=False) + "\n")
                written += len(text)
                number += 1
                if written >= n_bytes:
                    break
    return written, [record["text"] for record in records]


def ceiling(texts: list[str]) -> float:
    """Characters a second of the raw scikit-learn loop."""
    import numpy as np
    from sklearn.feature_extraction.text import HashingVectorizer

    vectoriser = HashingVectorizer(ngram_range=(1, 2), n_features=2**18)
    weights = np.ones(2**18)
    began = time.process_time()
    for start in range(0, len(texts), 100):
        vectoriser.transform(texts[start : start + 100]) @ weights
    return sum(map(len, texts)) / (time.process_time() - began)


JUDGING = {"cut", "places", "words", "joined", "relevance", "themes"}


class Clock:
    """Processor time by stage, and what each stage made."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def run(self, stage: str, function: Callable[..., Made], *columns: Sequence[Any]) -> list[Made]:
        """`function` of each row of `columns`, under the clock of `stage`."""
        with pipeline._collector_paused():  # as in the pipeline
            began = time.process_time()
            made = list(map(function, *columns))
            self.seconds[stage] = time.process_time() - began
        return made

    def tell(self, n_characters: int) -> None:
        sums = {"all of these": sum(self.seconds.values())}
        if self.seconds.keys() >= JUDGING:  # what DESIGN sets a bar for
            sums = {"cut to themes": sum(self.seconds[stage] for stage in JUDGING), **sums}
        for stage, seconds in [*self.seconds.items(), *sums.items()]:
            print(f"  {stage:18} {seconds:8.2f} s   {n_characters / 1e6 / max(seconds, 1e-9):6.2f} MB/s a core")


def cutter(model: Model) -> Callable[[Sequence[Record]], list[CutDocument]]:
    """How `classify` cuts records that it takes together."""
    return partial(cut_records, line_model=model.line_model, repeats=model.repeats, config=model.config)


def stages(texts: list[str], model: Model) -> Clock:
    """Each stage of `judge_records` over `texts`, one after the other."""
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "in.jsonl"
        rows = (json.dumps({"id": str(i), "text": text}, ensure_ascii=False) for i, text in enumerate(texts))
        file.write_text("\n".join(rows), encoding="utf-8")
        sources = expand_inputs([str(file)])
        (records,) = clock.run("read", lambda source: list(read_records(source, Limits())), sources)
    # As the pipeline does it: several articles in one array pass.
    together = list(pipeline.groups(records))
    cuts = list(chain.from_iterable(clock.run("cut", cutter(model), together)))
    mentions = clock.run("places", lambda c: model.gazetteer.find_each(c.texts), cuts)
    tables = clock.run("words", lambda c, m: WordTable.of(c.texts, m), cuts, mentions)
    ends = list(accumulate(map(len, together), initial=0))
    groups = [cuts[low:high] for low, high in pairwise(ends)]
    words = clock.run("joined", WordTable.join, [tables[low:high] for low, high in pairwise(ends)])
    judgements = chain.from_iterable(clock.run("relevance", model.relevance.judge_each, groups, words))
    themes = chain.from_iterable(clock.run("themes", model.themes.score_each, groups, words))
    judged = [
        Judged(c, tuple(map(tuple, m)), whole, tuple(parts), tuple(t))
        for c, m, (whole, parts), t in zip(cuts, mentions, judgements, themes, strict=True)
    ]
    together_judged = [judged[low:high] for low, high in pairwise(ends)]
    clock.run("topics and rows", lambda group: pipeline._rows_of_each(group, model), together_judged)
    return clock


def html_stages(pages: Path, model: Model) -> None:
    """Rendering and cutting of pages, and what the voters add; characters are those of the HTML."""
    with gzip.open(pages, "rt", encoding="utf-8") as stream:
        records = [Record(str(i), json.loads(line)["html"], "f", 1, is_html=True) for i, line in enumerate(stream)]
    clock = Clock()
    documents = clock.run("render", render, records)
    together = list(pipeline.groups(records))
    ends = list(accumulate(map(len, together), initial=0))
    groups = [documents[low:high] for low, high in pairwise(ends)]
    clock.run("cut", lambda group: cut_each(group, model.line_model), groups)
    n_characters = sum(len(record.content) for record in records)
    clock.tell(n_characters)
    voted = Clock()
    voted.run("with voters", cutter(model), together)
    voted.tell(n_characters)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--megabytes", type=float, default=20)
    parser.add_argument("--engine", default="serial")
    parser.add_argument("--html", type=Path)
    parser.add_argument("--stages-only", action="store_true")
    arguments = parser.parse_args()
    if not arguments.stages_only:
        long_run(arguments.corpus, arguments.megabytes, arguments.engine)
    model = load_model(ROOT / "models" / "china-asean")
    with gzip.open(arguments.corpus, "rt", encoding="utf-8") as stream:
        corpus = [json.loads(line)["text"] for line in stream]
    stages(corpus[:5], model)  # what is loaded on first use is loaded before the clock runs
    detect_language("Pemerintah daerah mengumumkan rencana baru kemarin pagi")
    print("stages of text")
    stages(corpus, model).tell(sum(map(len, corpus)))
    if arguments.html:
        print("stages of HTML")
        html_stages(arguments.html, model)
    print(f"raw scikit-learn     {ceiling(corpus) / 1e6:19.2f} MB/s a core")


def long_run(corpus: Path, megabytes: float, engine: str) -> None:
    """`toolkit classify` from outside; first, for a process starts with the peak memory of the one it comes from."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        n_characters, texts = repeated(corpus, place / "in.jsonl", int(megabytes * 1e6))
        command = [sys.executable, "-m", "toolkit", "classify", "in.jsonl", "--out", "out", "--quiet"]
        began = time.perf_counter()
        subprocess.run([*command, "--engine", engine], cwd=place, env={"PYTHONPATH": str(ROOT)}, check=True)
        wall = time.perf_counter() - began
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = usage.ru_utime + usage.ru_stime
        print(f"text                 {n_characters / 1e6:8.1f} MB")
        print(f"wall                 {wall:8.1f} s   {n_characters / 1e6 / wall:6.2f} MB/s")
        print(f"processor            {cpu:8.1f} s   {n_characters / 1e6 / cpu:6.2f} MB/s a core")
        print(f"peak memory          {usage.ru_maxrss / 1e3:8.0f} MB (largest process)")
        top = ceiling(texts) / 1e6
        share = n_characters / 1e6 / cpu / top
        print(f"raw scikit-learn     {top:19.2f} MB/s a core; ours is {share:.2f} of it")


if __name__ == "__main__":
    main()
