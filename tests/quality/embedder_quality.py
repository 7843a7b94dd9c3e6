"""How good the vectors are: clusters found in them, and classes learned from few labels, by kind of vector.

    python tests/quality/embedder_quality.py [CORPORA] [--teacher FOLDER] [--other NAME=FOLDER ...] [--cache DIR]

CORPORA holds bbc_news, 20newsgroups, octis_preprocessed/M10 and sea_china_news (default ../shared/corpora).

Rows: the shipped static embedder; LSA of the corpus alone; both joined as the topics join them; each `--other` encoder
(one of ours, of model2vec or of sentence-transformers) alone and joined. `--teacher` is such an encoder too, named
MiniLM. Vectors of the others are kept in the folder `--cache`, where given.

Corpora: bbc_news, raw, copies left out, 5 classes; 20newsgroups, training part without headers, quotes and footers, the
4,000 posts whose ids have the smallest hashes, 20 classes; M10 as OCTIS ships it, 10 classes; sea_china_news, gold body
lines of the articles with one theme, outlets apart (Inquirer, CNA and The Nation are held out: no embedder of ours was
fitted on their text), themes of at least 16 articles there. On none of the four was the shipped embedder fitted; one
constant of its fit (PIECE_RIDGE in toolkit.distil_fit) was chosen among two with eight draws of theirs in view.

Clusters: k-means, the number of classes given, ten starts, seeds 0 to 4: mean AMI and ARI, and the range of ARI.
Few labels: 8 and 64 texts a class drawn by chance (64 where each class has 80), logistic regression (C = 10), accuracy
on all others (on themes: the mean over classes), mean of 20 draws with the 95 % interval of that mean; every row sees
the same draws. "less shipped": the mean difference from the shipped static vectors (from their joined ones for joined
rows) over the same draws, with its interval.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import json
import re
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score, balanced_accuracy_score
from threadpoolctl import threadpool_limits

from toolkit.embed import Encoder, load_encoder
from toolkit.lsa import Lsa
from toolkit.topics.model import Space
from toolkit.topics.words import stop_list

N_SEEDS = 5
N_DRAWS = 20
N_LABELS = (8, 64)
LSA_SHARE = 0.5
N_POSTS = 4000
HELD_OUT = ("inquirer.net", "channelnewsasia.com", "nationthailand.com")
Corpus = tuple[list[str], list[str]]  # texts and their classes


def read_rows(path: Path) -> list[dict]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def read_bbc(corpora: Path) -> Corpus:
    rows = [row for row in read_rows(corpora / "bbc_news" / "articles.jsonl.gz") if not row["exact_duplicate_of"]]
    return [f"{row['title']}\n{row['text']}" for row in rows], [row["label"] for row in rows]


def read_newsgroups(corpora: Path) -> Corpus:
    """Posts without header, quotes and footer, as scikit-learn's `remove=` leaves them; empty ones left out."""
    quote = re.compile(r"(writes in|writes:|wrote:|says:|said:|^In article|^Quoted from|^\||^>)")
    texts, labels = [], []
    rows = read_rows(corpora / "20newsgroups" / "bydate_train.jsonl.gz")
    for row in sorted(rows, key=lambda row: hashlib.blake2b(row["id"].encode(), digest_size=8).digest()):
        body = row["raw"].partition("\n\n")[2]
        lines = "\n".join(line for line in body.split("\n") if not quote.search(line)).strip().split("\n")
        last = next((i for i in range(len(lines) - 1, -1, -1) if not lines[i].strip("-").strip()), -1)
        text = "\n".join(lines[:last]) if last > 0 else "\n".join(lines)
        if text.strip() and len(texts) < N_POSTS:
            texts.append(text)
            labels.append(row["label"])
    return texts, labels


def read_m10(corpora: Path) -> Corpus:
    lines = (corpora / "octis_preprocessed" / "M10" / "corpus.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines]
    return [row[0] for row in rows], [row[2] for row in rows]


def read_themes(corpora: Path) -> Corpus:
    """Articles of the outlets held out with one theme, whether or not they are on the subject."""
    folder = corpora / "sea_china_news"
    with (folder / "relevance_labels.tsv").open(encoding="utf-8") as lines:
        themes = {row["id"]: row["themes"] for row in csv.DictReader(lines, delimiter="\t")}
    texts, labels = [], []
    for row in sorted(read_rows(folder / "articles.jsonl.gz"), key=lambda row: row["id"]):
        theme = themes.get(row["id"], "")
        if row["outlet"] in HELD_OUT and theme not in ("", "other") and "," not in theme:
            lines = row["text"].split("\n")
            marks = row["line_labels"] or ["body"] * len(lines)
            texts.append("\n".join(line for line, mark in zip(lines, marks, strict=False) if mark == "body"))
            labels.append(theme)
    n_articles = Counter(labels)
    kept = [i for i, label in enumerate(labels) if n_articles[label] >= 16]
    return [texts[i] for i in kept], [labels[i] for i in kept]


CORPORA = {"bbc_news": read_bbc, "20newsgroups": read_newsgroups, "M10": read_m10, "themes held out": read_themes}


def encode(encoder: Encoder, texts: Sequence[str], cache: Path | None) -> np.ndarray:
    if cache is None:
        return encoder.encode(texts)
    key = hashlib.blake2b("\0".join(texts).encode("utf-8", "replace"), digest_size=8).hexdigest()
    path = cache / f"{key}.npy"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        np.save(path, encoder.encode(texts))
    return np.load(path)


def join(static: np.ndarray, texts: Sequence[str], lsa: Lsa) -> np.ndarray:
    spoken = static[static.any(axis=1)]
    mean = np.round(spoken.mean(axis=0, dtype=np.float64), 6).astype(np.float32)
    return Space(mean, lsa, LSA_SHARE).join(static, texts)


def cluster_figures(vectors: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """(AMI, ARI) of each seed."""
    figures = []
    for seed in range(N_SEEDS):
        found = KMeans(len(np.unique(classes)), n_init=10, random_state=seed).fit_predict(vectors)
        figures.append((adjusted_mutual_info_score(classes, found), adjusted_rand_score(classes, found)))
    return np.array(figures)


def few_label_figures(vectors: np.ndarray, classes: np.ndarray, n_labels: int, *, balanced: bool) -> np.ndarray | None:
    """Accuracy of each draw; None where a class is too small."""
    members = [np.flatnonzero(classes == name) for name in np.unique(classes)]
    if min(map(len, members)) < min(2 * n_labels, n_labels + 16):
        return None
    figures = []
    for draw in range(N_DRAWS):
        rng = np.random.default_rng(draw)
        known = np.concatenate([rng.choice(rows, n_labels, replace=False) for rows in members])
        rest = np.setdiff1d(np.arange(len(classes)), known)
        model = LogisticRegression(C=10, max_iter=300).fit(vectors[known], classes[known])
        given = model.predict(vectors[rest])
        score = balanced_accuracy_score(classes[rest], given) if balanced else np.mean(given == classes[rest])
        figures.append(score)
    return np.array(figures)


def half_width(values: np.ndarray) -> float:
    """Of the 95 % interval of the mean."""
    return 2.09 * float(values.std(ddof=1)) / np.sqrt(len(values))  # Student's t with 19 degrees of freedom


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", nargs="?", type=Path, default=Path("../shared/corpora"))
    parser.add_argument("--teacher", type=Path)
    parser.add_argument("--other", action="append", default=[], metavar="NAME=FOLDER")
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--only", action="append", choices=sorted(CORPORA))
    options = parser.parse_args()
    print(__doc__)
    others = [spec.partition("=")[::2] for spec in options.other]
    if options.teacher:
        others.append(("MiniLM", str(options.teacher)))
    encoders = {"shipped": load_encoder(), **{name: load_encoder(folder) for name, folder in others}}
    with threadpool_limits(1):
        for corpus, read in CORPORA.items():
            if not options.only or corpus in options.only:
                texts, labels = read(options.corpora)
                measure(corpus, texts, np.array(labels), encoders, options.cache)


def measure(
    corpus: str, texts: list[str], classes: np.ndarray, encoders: dict[str, Encoder], cache: Path | None
) -> None:
    n_classes = len(np.unique(classes))
    print(f"\n{corpus}: {len(texts):,} texts, {n_classes} classes", flush=True)
    lsa = Lsa.fit(texts, stop_words=stop_list())
    rows = {"LSA": lsa.transform(texts)}
    for name, encoder in encoders.items():
        folder = cache / name if cache and name != "shipped" else None
        started = time.process_time()
        static = encode(encoder, texts, folder)
        print(f"  {name}: {time.process_time() - started:.1f} s to encode", flush=True)
        rows[name] = static
        rows[f"{name} + LSA"] = join(static, texts, lsa)
    drawn: dict[tuple[str, int], np.ndarray] = {}
    for name, vectors in rows.items():
        clusters = cluster_figures(vectors, classes)
        line = f"  {name:24s} AMI {clusters[:, 0].mean():.3f}  ARI {clusters[:, 1].mean():.3f}"
        line += f" [{clusters[:, 1].min():.3f}, {clusters[:, 1].max():.3f}]"
        for n_labels in N_LABELS:
            figures = few_label_figures(vectors, classes, n_labels, balanced=corpus == "themes held out")
            if figures is None:
                continue
            drawn[name, n_labels] = figures
            line += f"  {n_labels} labels {figures.mean():.3f} ± {half_width(figures):.3f}"
            base = "shipped + LSA" if name.endswith("+ LSA") else "shipped"
            if (base, n_labels) in drawn and name != base:
                less = figures - drawn[base, n_labels]
                line += f" (less shipped {less.mean():+.3f} ± {half_width(less):.3f})"
        print(line, flush=True)


if __name__ == "__main__":
    main()
