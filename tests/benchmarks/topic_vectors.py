"""Sentence vectors of a corpus, computed once in a process of its own: what BERTopic's default embedder costs.

    python tests/benchmarks/topic_vectors.py CORPORA CORPUS MINILM_FOLDER OUT [N_THREADS]

CORPUS may also be `words:FILE`, a JSON list. Writes OUT.npy (float32, one row a text) and OUT.json (wall and CPU
seconds, peak memory, versions). The clock starts when the model is loaded and has encoded eight invented sentences.
"""

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
from topic_corpora import read_corpus


def main(corpora, corpus, minilm, out, n_threads="1"):
    import sentence_transformers
    import torch

    torch.set_num_threads(int(n_threads))
    if corpus.startswith("words:"):
        texts = json.loads(Path(corpus.removeprefix("words:")).read_text(encoding="utf-8"))
    else:
        texts, _ = read_corpus(corpora, corpus)
    model = sentence_transformers.SentenceTransformer(minilm, device="cpu")
    model.encode(["The river rose by two metres after the rain."] * 8)
    wall, cpu = time.perf_counter(), time.process_time()
    vectors = model.encode(texts, batch_size=32, show_progress_bar=False)
    cost = {
        "wall_s": round(time.perf_counter() - wall, 2),
        "cpu_s": round(time.process_time() - cpu, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "n_texts": len(texts),
        "n_threads": int(n_threads),
        "versions": {"torch": torch.__version__, "sentence-transformers": sentence_transformers.__version__},
    }
    np.save(Path(f"{out}.npy"), vectors.astype(np.float32))
    Path(f"{out}.json").write_text(json.dumps(cost), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
