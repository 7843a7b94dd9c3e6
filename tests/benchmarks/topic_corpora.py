"""Readers of the labelled corpora the topic benchmark runs on; texts stay where they are, none is part of the project.

CORPORA holds `octis_preprocessed/BBC_News`, `octis_preprocessed/M10`, `bbc_news`, `20newsgroups` and `reuters21578`.
"""

import gzip
import json
import re
from collections import Counter
from pathlib import Path

import numpy as np

# scikit-learn's pattern of lines that quote or introduce a quotation (sklearn/datasets/_twenty_newsgroups.py).
_QUOTE = re.compile(r"(writes in|writes:|wrote:|says:|said:|^In article|^Quoted from|^\||^>)")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_MIN_CLASS = 150  # a class of the large corpus needs this many source documents
_RUN_OF_WORDS = 100
_TOKEN = re.compile(r"\S+")


def read_corpus(corpora, name):
    """Texts and labels of `octis:BBC_News`, `octis:M10`, `bbc_news`, `20newsgroups` or `large:N` (N documents)."""
    corpora = Path(corpora)
    if name.startswith("octis:"):
        return read_octis(corpora / "octis_preprocessed" / name.partition(":")[2])
    if name == "bbc_news":
        return read_bbc(corpora / "bbc_news" / "articles.jsonl.gz")
    if name == "20newsgroups":
        return read_20newsgroups(corpora / "20newsgroups" / "bydate_train.jsonl.gz")
    if name.startswith("large:"):
        return make_large(corpora, int(name.partition(":")[2]))
    raise ValueError(f"no corpus {name!r}")


def read_octis(folder):
    """Texts as OCTIS ships them (lower case, lemmas, its vocabulary only), and their labels."""
    rows = [line.split("\t") for line in (folder / "corpus.tsv").read_text(encoding="utf-8").splitlines()]
    return [row[0] for row in rows], [row[2] for row in rows]


def read_bbc(path):
    """Title and text of all 2,225 articles, and their five classes."""
    rows = _read_jsonl(path)
    return [f"{row['title']}\n{row['text']}" for row in rows], [row["label"] for row in rows]


def read_20newsgroups(path):
    """Posts without header, quotes and footer, as scikit-learn's `remove=` leaves them; empty ones left out."""
    rows = _read_jsonl(path)
    texts = []
    for row in rows:
        body = row["raw"].partition("\n\n")[2]
        body = "\n".join(line for line in body.split("\n") if not _QUOTE.search(line))
        parts = body.strip().split("\n")
        last = next((i for i in range(len(parts) - 1, -1, -1) if not parts[i].strip("-").strip()), -1)
        texts.append("\n".join(parts[:last]) if last > 0 else body)
    kept = [i for i, text in enumerate(texts) if text.strip()]
    return [texts[i] for i in kept], [rows[i]["label"] for i in kept]


def read_reuters(path):
    """Title and text of the stories with exactly one topic code, and that code."""
    rows = [row for row in _read_jsonl(path) if len(row["topics"]) == 1]
    return [f"{row['title']}\n{row['text']}" for row in rows], [row["topics"][0] for row in rows]


def make_large(corpora, n_documents, *, n_words=300, seed=0):
    """`n_documents` documents of about `n_words` words put together from labelled ones, and their classes.

    Recipe: sources are bbc_news (equal texts once), 20newsgroups and the Reuters stories with one topic code; classes
    with fewer than 150 documents are left out (30 remain). Each new document draws a class, then documents of it, and
    takes from each a run of at most 100 words from a random place, until it has `n_words` words; white space inside a
    run is kept as it is. All draws are uniform. So a document has one class and three stories or more, as pages have.
    """
    corpora = Path(corpora)
    sources = [
        ("bbc", read_bbc(corpora / "bbc_news" / "articles.jsonl.gz")),
        ("20ng", read_20newsgroups(corpora / "20newsgroups" / "bydate_train.jsonl.gz")),
        ("reuters", read_reuters(corpora / "reuters21578" / "articles.jsonl.gz")),
    ]
    pools = {}
    for source, (texts, labels) in sources:
        for text in dict.fromkeys(zip(texts, labels, strict=True)):
            pools.setdefault(f"{source}:{text[1]}", []).append(text[0])
    classes = sorted(label for label, texts in pools.items() if len(texts) >= _MIN_CLASS)
    random = np.random.default_rng(seed)
    texts, labels = [], []
    for _ in range(n_documents):
        label = classes[random.integers(len(classes))]
        pool = pools[label]
        parts, missing = [], n_words
        while missing > 0:
            text = pool[random.integers(len(pool))]
            spans = [match.span() for match in _TOKEN.finditer(text)]
            wanted = min(_RUN_OF_WORDS, missing, len(spans))
            start = int(random.integers(len(spans) - wanted + 1))
            parts.append(text[spans[start][0] : spans[start + wanted - 1][1]])
            missing -= wanted
        texts.append("\n".join(parts))
        labels.append(label)
    return texts, labels


def tokenise(text):
    """Lower-case words without digits: the reference text of coherence on raw text, for every method alike."""
    return _WORD.findall(text.lower())


def describe(texts, labels):
    """One line: how many documents, words and classes."""
    n_words = sum(len(text.split()) for text in texts)
    sizes = Counter(labels).values()
    return (
        f"{len(texts):,} documents of {n_words / len(texts):.0f} words, {len(sizes)} classes of "
        f"{min(sizes):,} to {max(sizes):,}"
    )


def _read_jsonl(path):
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
