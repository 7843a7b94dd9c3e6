"""Running the fits of the topic benchmark in children, one after the other, and remembering them."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from topic_methods import methods

HERE = Path(__file__).parent


class Bench:
    """The options of a run, and the two things it asks of children: fits and sentence vectors."""

    def __init__(self, options, scratch):
        self.options = options
        self.scratch = scratch
        self.keep = options.keep or scratch
        other = "BERTopic + our vectors" if options.minilm else "BERTopic + MiniLM"
        wanted = [text.lower() for text in options.methods or [""]]
        self.methods = [name for name in methods() if name != other and any(text in name.lower() for text in wanted)]

    def fit(self, corpus, method, fits, *, raw):
        """The results of the fits, in their order; others' are taken from an earlier run where they were kept."""
        folder = self.scratch if method.startswith("ours") else self.keep
        path = folder / f"{_plain(corpus)}.{_plain(method)}.jsonl"
        kept = self._read(path)
        missing = [job for job in fits if _key(job) not in kept]
        if missing:
            vectors = None
            if "MiniLM" in method:
                vectors = str(self.vectors(corpus)[0])
            task = {"corpora": str(self.options.corpora), "corpus": corpus, "method": method, "raw": raw}
            with path.open("a", encoding="utf-8") as out:
                subprocess.run(
                    [sys.executable, str(HERE / "topic_methods.py")],
                    input=json.dumps(task | {"vectors": vectors, "fits": missing}),
                    stdout=out,
                    text=True,
                    check=True,
                    env=self._environment(),
                )
            kept = self._read(path)
        return [kept[_key(job)] for job in fits]

    def vectors(self, corpus):
        """The file of MiniLM's vectors of a corpus, and what they cost."""
        out = self.keep / f"{_plain(corpus)}.minilm"
        cost = Path(f"{out}.json")
        if not cost.exists():
            program, threads = str(HERE / "topic_vectors.py"), str(self.options.threads)
            arguments = [str(self.options.corpora), corpus, str(self.options.minilm), str(out), threads]
            subprocess.run([sys.executable, program, *arguments], check=True, env=self._environment())
        return Path(f"{out}.npy"), json.loads(cost.read_text(encoding="utf-8"))

    def word_vectors(self, words):
        """A vector of each word: MiniLM's where it is given, else those of our static embedder."""
        words = sorted(words)
        if self.options.minilm is None:
            from toolkit.embed import load_embedder

            return dict(zip(words, load_embedder().encode(words), strict=True))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "words.json"
            path.write_text(json.dumps(words), encoding="utf-8")
            arguments = [str(self.options.corpora), f"words:{path}", str(self.options.minilm), f"{folder}/words"]
            program = [sys.executable, str(HERE / "topic_vectors.py")]
            subprocess.run([*program, *arguments, str(self.options.threads)], check=True, env=self._environment())
            return dict(zip(words, np.load(f"{folder}/words.npy"), strict=True))

    def _environment(self):
        threads = str(self.options.threads)
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
        return os.environ | dict.fromkeys(names, threads) | {"TOKENIZERS_PARALLELISM": "false"}

    @staticmethod
    def _read(path):
        if not path.exists():
            return {}
        results = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return {_key(result["job"]): result for result in results}


def job(k, *, seed=0, shuffle=None, share=1, draw=0):
    return {"k": k, "seed": seed, "shuffle": shuffle, "share": share, "draw": draw}


def _key(fit):
    return json.dumps(fit, sort_keys=True)


def _plain(name):
    return name.replace(":", "-").replace("- ", "-").replace(" ", "_")
