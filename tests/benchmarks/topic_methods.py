"""The topic models that are compared, each fitted in a process of its own; a child of `topics_benchmark.py`.

    python tests/benchmarks/topic_methods.py < JOB > RESULTS

JOB is one JSON object: `corpora`, `corpus`, `method`, `raw` (text with stop words), `vectors` (a .npy file or null)
and `fits`, a list of {`k` (or null), `seed`, `shuffle` (a seed or null), `share` (of the documents drawn, or 1),
`draw` (its seed)}. The process imports what the method needs and reads the texts; each fit runs in a fork of it, so
that its seconds and its peak memory (with the libraries and the texts, without other fits) are its own. One JSON line
a fit comes out.
"""

import json
import os
import re
import sys
import time
import typing

import numpy as np
from topic_corpora import read_corpus

N_WORDS = 10
_WORD = re.compile(r"\w\w+")  # what scikit-learn's vectorisers take as a word
_SVD_DIMENSIONS = 100


def fit_ours(engine, texts, ids, vectors, k, seed, raw):
    from toolkit.config import Topics
    from toolkit.embed import load_embedder
    from toolkit.topics import fit_topics

    embedder = load_embedder()
    model = fit_topics(
        texts,
        ids,
        [0] * len(ids),
        embedder=embedder,
        config=Topics(engine=engine, n_topics=k),
        random_state=seed,
        with_map=False,
    )
    row_of = {topic.topic: row for row, topic in enumerate(model.topics)} | {-1: -1}
    labels = np.array([row_of[topic] for topic, _ in model.assign(texts, embedder)])
    return labels, lambda: single_words_of(texts, ids, labels, len(model.topics), embedder)


def single_words_of(texts, ids, labels, n_topics, embedder):
    """The ten best single words of each topic: the terms it is described by, phrases left out."""
    from toolkit.topics.candidates import find_candidates
    from toolkit.topics.weights import choose_terms, weigh_terms

    used = np.flatnonzero(labels >= 0).tolist()
    candidates = find_candidates([texts[i] for i in used], max_words=1)
    weights, shares = weigh_terms(candidates, [ids[i] for i in used], labels[used], n_topics)
    topics = []
    for k in range(n_topics):
        words = []
        for n_chosen in (N_WORDS, 2 * N_WORDS):  # more where some are no single word to the reference: "e-mail"
            chosen = choose_terms(candidates, weights[k], shares[k], n_chosen, embedder)
            names = (candidates.names[t].lower() for t, _ in chosen)
            words = [name for name in names if _WORD.fullmatch(name)]
            if len(words) >= N_WORDS:
                break
        topics.append(words[:N_WORDS])
    return topics


def fit_bertopic(texts, ids, vectors, k, seed, raw):
    from bertopic import BERTopic
    from umap import UMAP

    if vectors is None:
        from toolkit.embed import load_embedder

        vectors = load_embedder().encode(texts)
    # BERTopic's own UMAP, with the seed it leaves open
    umap = UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", low_memory=False, random_state=seed)
    model = BERTopic(umap_model=umap, nr_topics=None if k is None else k + 1)  # its outliers are one of nr_topics
    found, _ = model.fit_transform(texts, embeddings=vectors)
    topics = sorted(set(found) - {-1})
    row_of = {topic: row for row, topic in enumerate(topics)} | {-1: -1}
    words = [[word for word, _ in model.get_topic(topic)[:N_WORDS] if word] for topic in topics]
    return np.array([row_of[topic] for topic in found]), lambda: words


def fit_nmf(texts, ids, vectors, k, seed, raw):
    from sklearn.decomposition import NMF

    names, matrix = _tf_idf(texts, raw)
    model = NMF(k, init="nndsvda", random_state=seed)
    shares = model.fit_transform(matrix)
    return _strongest(shares), lambda: _heaviest(names, model.components_)


def fit_lda(texts, ids, vectors, k, seed, raw):
    from sklearn.decomposition import LatentDirichletAllocation
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(**_vocabulary(raw))
    matrix = counter.fit_transform(texts)
    model = LatentDirichletAllocation(k, random_state=seed)
    shares = model.fit_transform(matrix)
    return shares.argmax(axis=1), lambda: _heaviest(counter.get_feature_names_out(), model.components_)


def fit_kmeans(texts, ids, vectors, k, seed, raw):
    from sklearn.cluster import KMeans
    from sklearn.decomposition import TruncatedSVD
    from sklearn.preprocessing import normalize

    names, matrix = _tf_idf(texts, raw)
    n_dimensions = min(_SVD_DIMENSIONS, matrix.shape[1] - 1)
    reduced = normalize(TruncatedSVD(n_dimensions, random_state=seed).fit_transform(matrix))
    labels = KMeans(k, n_init=10, random_state=seed).fit_predict(reduced)
    means = np.array([np.asarray(matrix[labels == cluster].mean(axis=0))[0] for cluster in range(k)])
    return labels, lambda: _heaviest(names, means)


def _vocabulary(raw):
    """Stop words and the most common words are left out of raw text; OCTIS's texts are prepared already."""
    return {"stop_words": "english", "min_df": 2, "max_df": 0.5} if raw else {}


def _tf_idf(texts, raw):
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectoriser = TfidfVectorizer(sublinear_tf=True, **_vocabulary(raw))
    matrix = vectoriser.fit_transform(texts)
    return vectoriser.get_feature_names_out(), matrix


def _strongest(shares):
    """The topic with the largest share; a document without any has none."""
    return np.where(shares.any(axis=1), shares.argmax(axis=1), -1)


def _heaviest(names, weights):
    return [[str(names[i]) for i in np.argsort(-row, kind="stable")[:N_WORDS]] for row in weights]


def our_engines():
    """The engines of the config, as it names them."""
    from toolkit.config import Topics

    return list(typing.get_args(Topics.model_fields["engine"].annotation))


def methods():
    """Each method's function and the modules it needs, by name; ours first."""
    from functools import partial

    sklearn = ["sklearn.decomposition", "sklearn.cluster", "sklearn.feature_extraction.text"]
    found = {f"ours: {engine}": (partial(fit_ours, engine), ["toolkit.topics", *sklearn]) for engine in our_engines()}
    found["BERTopic + MiniLM"] = (fit_bertopic, ["bertopic", "umap"])
    found["BERTopic + our vectors"] = (fit_bertopic, ["bertopic", "umap", "toolkit.embed"])
    found["NMF"] = (fit_nmf, sklearn)
    found["LDA"] = (fit_lda, sklearn)
    found["k-means"] = (fit_kmeans, sklearn)
    return found


def warm_up(fit, vectors):
    """One fit of sixty invented texts, so that lazy imports and compilation are not counted."""
    subjects = ["rain river flood bridge water", "goal match team player coach", "bank loan rate market share"]
    texts = [f"{subjects[i % 3]} word{i % 7} word{i % 5}" for i in range(60)]
    known = None
    if vectors is not None:
        known = np.random.default_rng(0).normal(size=(60, vectors.shape[1])).astype(np.float32)
    fit(texts, [f"w{i:02d}" for i in range(60)], known, 3, 0, False)


def run_fit(fit, texts, vectors, raw, job):
    rows = np.arange(len(texts))
    if job["share"] < 1:
        random = np.random.default_rng(job["draw"])
        rows = np.sort(random.permutation(len(texts))[: round(job["share"] * len(texts))])
    if job["shuffle"] is not None:
        rows = np.random.default_rng(job["shuffle"]).permutation(rows)
    part = None if vectors is None else vectors[rows]
    warm_up(fit, part)
    wall, cpu = time.perf_counter(), time.process_time()
    labels, words = fit([texts[i] for i in rows], [f"{i:06d}" for i in rows], part, job["k"], job["seed"], raw)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    in_order = np.argsort(rows, kind="stable")
    return {
        "rows": rows[in_order].tolist() if job["share"] < 1 else None,
        "labels": labels[in_order].tolist(),
        "words": words(),
        "wall_s": round(wall, 2),
        "cpu_s": round(cpu, 2),
    }


def in_a_fork(function, *arguments):
    """The JSON-able result of a function run in a forked process, and the peak memory of that process in MB."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reader)
            with os.fdopen(writer, "w", encoding="utf-8") as out:
                json.dump(function(*arguments), out)
            status = 0
        except Exception:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as out:
        text = out.read()
    _, status, usage = os.wait4(child, 0)
    if status != 0:
        raise RuntimeError(f"a fit failed with status {os.waitstatus_to_exitcode(status)}")
    return json.loads(text), round(usage.ru_maxrss / 1024)


def main():
    task = json.load(sys.stdin)
    fit, modules = methods()[task["method"]]
    for name in modules:
        __import__(name)
    texts, _ = read_corpus(task["corpora"], task["corpus"])
    vectors = None if task["vectors"] is None else np.load(task["vectors"])
    if vectors is not None and len(vectors) != len(texts):
        sys.exit(f"{task['vectors']} holds {len(vectors)} vectors for {len(texts)} texts of {task['corpus']}")
    for job in task["fits"]:
        result, peak = in_a_fork(run_fit, fit, texts, vectors, task["raw"], job)
        print(json.dumps(result | {"job": job, "peak_mb": peak}), flush=True)


if __name__ == "__main__":
    main()
