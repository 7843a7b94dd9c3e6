"""How fast `toolkit classify` turns text into results, and what it costs in memory.

    python tests/benchmarks/throughput.py CORPUS.jsonl.gz [--megabytes 20] [--engine serial]

The corpus is repeated, ids made distinct, until it has the size asked for. Beside it stands a ceiling measured in
the same run: scikit-learn's HashingVectorizer over words and pairs with one linear product, the same text, one core.
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
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--megabytes", type=float, default=20)
    parser.add_argument("--engine", default="serial")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        n_characters, texts = repeated(arguments.corpus, place / "in.jsonl", int(arguments.megabytes * 1e6))
        command = [sys.executable, "-m", "toolkit", "classify", "in.jsonl", "--out", "out", "--quiet"]
        began = time.perf_counter()
        subprocess.run([*command, "--engine", arguments.engine], cwd=place, env={"PYTHONPATH": str(ROOT)}, check=True)
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
