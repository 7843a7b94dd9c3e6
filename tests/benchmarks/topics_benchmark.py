"""NPMI, diversity, AMI and FMI of our topics on corpora with published figures; a script, not a test.

    python tests/benchmarks/topics_benchmark.py CORPORA [coherence] [clusters] [stability]

CORPORA holds `octis_preprocessed/BBC_News`, `octis_preprocessed/M10`, `bbc_news` and `20newsgroups`. Protocols:

- coherence: the preprocessed text as OCTIS ships it, K = 10, 20, 30, 40, 50, seeds 0, 1, 2, ten single words a topic;
  NPMI as gensim's `c_npmi` (sliding window of 10, all pairs), diversity the share of distinct words. Both are means
  over K and seeds.
- clusters: raw text, one segment a document, the number of topics chosen by us; a document in no topic counts as
  one more cluster. 20 Newsgroups without headers, quotes and footers.
- stability: matched Jaccard of the ten words of topics over five seeds, K = 20.
"""

import gzip
import itertools
import json
import re
import sys
import time
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_matrix
from sklearn.metrics import adjusted_mutual_info_score, fowlkes_mallows_score

from toolkit.config import Topics
from toolkit.embed import load_embedder
from toolkit.topics import fit_topics
from toolkit.topics.describe import choose_terms, find_postings, weigh_terms
from toolkit.topics.words import find_candidates

WINDOW = 10
N_WORDS = 10


def main(corpora, wanted):
    if not wanted or "coherence" in wanted:
        for name in ("M10", "BBC_News"):
            coherence(corpora / "octis_preprocessed" / name)
    if not wanted or "clusters" in wanted:
        clusters("bbc_news", *read_bbc(corpora / "bbc_news" / "articles.jsonl.gz"))
        clusters("20newsgroups", *read_20newsgroups(corpora / "20newsgroups" / "bydate_train.jsonl.gz"))
    if not wanted or "stability" in wanted:
        stability(corpora / "octis_preprocessed" / "BBC_News")


def coherence(folder):
    texts = read_octis(folder)
    npmi = window_npmi(texts)
    for engine in ("bertopic", "nmf"):
        rows = []
        started = time.perf_counter()
        for n_topics, seed in itertools.product((10, 20, 30, 40, 50), (0, 1, 2)):
            topics = topic_words(texts, engine, n_topics, seed)
            rows.append((mean_npmi(topics, npmi), diversity(topics)))
            print(f"  {folder.name} {engine} K {n_topics} seed {seed}: NPMI {rows[-1][0]:.3f} TD {rows[-1][1]:.3f}")
        mean = np.mean(rows, axis=0)
        seconds = (time.perf_counter() - started) / len(rows)
        print(f"{folder.name} {engine}: NPMI {mean[0]:.3f} diversity {mean[1]:.3f}, {seconds:.1f} s a fit", flush=True)


def clusters(name, texts, gold):
    ids = [f"{i:06d}" for i in range(len(texts))]
    for engine in ("bertopic", "nmf"):
        started = time.perf_counter()
        model = fit_topics(
            texts, ids, [0] * len(ids), embedder=load_embedder(), config=Topics(engine=engine), with_map=False
        )
        seconds = time.perf_counter() - started
        found = [topic for topic, _ in model.assign(texts, load_embedder())]
        print(
            f"{name} {engine}: K {len(model.topics)} AMI {adjusted_mutual_info_score(gold, found):.3f} "
            f"FMI {fowlkes_mallows_score(gold, found):.3f} no topic {found.count(-1) / len(found):.3f} {seconds:.0f} s",
            flush=True,
        )
        for topic in model.topics:
            print(f"  {topic.n_segments:5d} {topic.name} | {', '.join(term for term, _ in topic.terms)}")


def stability(folder):
    texts = read_octis(folder)
    for engine in ("bertopic", "nmf"):
        runs = [topic_words(texts, engine, 20, seed) for seed in range(5)]
        scores = [matched_jaccard(a, b) for a, b in itertools.combinations(runs, 2)]
        print(f"{folder.name} {engine}: matched Jaccard over five seeds {np.mean(scores):.3f}", flush=True)


def topic_words(texts, engine, n_topics, seed):
    """The ten best single words of each topic."""
    ids = [f"{i:06d}" for i in range(len(texts))]
    config = Topics(engine=engine, n_topics=n_topics)
    model = fit_topics(
        texts, ids, [0] * len(ids), embedder=load_embedder(), config=config, random_state=seed, with_map=False
    )
    labels = np.array([topic for topic, _ in model.assign(texts, load_embedder())])
    used = np.flatnonzero(labels >= 0).tolist()
    candidates = find_candidates([texts[i] for i in used], max_words=1)
    weights, shares = weigh_terms(candidates, [ids[i] for i in used], labels[used], len(model.topics))
    postings = find_postings(candidates)
    return [
        [candidates.keys[t] for t, _ in choose_terms(candidates, weights[k], shares[k], postings, N_WORDS)]
        for k in range(len(model.topics))
    ]


def window_npmi(texts):
    """A function of two words: their NPMI over sliding windows, as gensim's `c_npmi` counts it."""
    documents = [text.split() for text in texts]
    ids = {word: i for i, word in enumerate(sorted({word for words in documents for word in words}))}
    windows = [
        sorted({ids[word] for word in words[start : start + WINDOW]})
        for words in documents
        for start in range(max(1, len(words) - WINDOW + 1))
    ]
    starts = np.cumsum([0, *(len(window) for window in windows)])
    columns = np.fromiter(itertools.chain.from_iterable(windows), dtype=np.int64)
    matrix = csr_matrix((np.ones(len(columns)), columns, starts), shape=(len(windows), len(ids)))
    together = (matrix.T @ matrix).toarray() / len(windows)
    alone = np.diag(together)

    def npmi(a, b):
        i, j = ids[a], ids[b]
        both = together[i, j] + 1e-12
        return np.log(both / (alone[i] * alone[j])) / -np.log(both)

    return npmi


def mean_npmi(topics, npmi):
    return float(np.mean([np.mean([npmi(a, b) for a, b in itertools.combinations(words, 2)]) for words in topics]))


def diversity(topics):
    return len({word for words in topics for word in words}) / sum(len(words) for words in topics)


def matched_jaccard(a, b):
    scores = np.array([[len(set(x) & set(y)) / len(set(x) | set(y)) for y in b] for x in a])
    rows, columns = linear_sum_assignment(-scores)
    return scores[rows, columns].sum() / max(len(a), len(b))


def read_octis(folder):
    lines = (folder / "corpus.tsv").read_text(encoding="utf-8").splitlines()
    return [line.split("\t")[0] for line in lines]


def read_bbc(path):
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [f"{row['title']}\n{row['text']}" for row in rows], [row["label"] for row in rows]


def read_20newsgroups(path):
    """Posts without header, quotes and footer, as scikit-learn's `remove=` leaves them; empty ones left out."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    quote = re.compile(r"(writes in|writes:|wrote:|says:|said:|^In article|^Quoted from|^\||^>)")
    texts = []
    for row in rows:
        body = row["raw"].partition("\n\n")[2]
        body = "\n".join(line for line in body.split("\n") if not quote.search(line))
        parts = body.strip().split("\n")
        last = next((i for i in range(len(parts) - 1, -1, -1) if not parts[i].strip("-").strip()), -1)
        texts.append("\n".join(parts[:last]) if last > 0 else body)
    kept = [i for i, text in enumerate(texts) if text.strip()]
    return [texts[i] for i in kept], [rows[i]["label"] for i in kept]


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
