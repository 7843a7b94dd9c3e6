"""Learn the shipped line model: `python -m toolkit.segment.train CORPORA_DIR`.

Reads the labelled corpora (sea_china_news, line_quality, extraction_blocks, mixed_articles, and bbc_news for stories
to splice in), maps their line and block labels onto our paragraphs by majority of characters, fits a multinomial
logistic regression on binned features and the words of short lines, counts the transitions, and writes
`toolkit/assets/line_model/line_model.json`. Same corpora, same bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.data import Block, Document
from toolkit.segment.features import look
from toolkit.segment.model import ARTICLE, FURNITURE, STORY, LineModel, word_entries
from toolkit.segment.page import MAX_SHORT_WORDS, Page
from toolkit.segment.repeats import RepeatedLines, learn_repeats
from toolkit.segment.splices import page_ends, splice

N_SPLICES = 700
MAX_ROWS = 140  # paragraphs of one page that are learned from, evenly chosen; the longest pages are mostly menus
QUANTILES = (0.03, 0.08, 0.15, 0.25, 0.4, 0.55, 0.7, 0.82, 0.9, 0.96)
MAX_EDGES = 14
MIN_WORD_SOURCES = 6  # sites on which a word must stand before its weight is learned: no site's own words
MAX_WORDS = 2_500
C = 0.3  # inverse strength of the ridge; tuned on the held-out outlets of sea_china_news (.1 to 3 within .003)
MAX_ITERATIONS = 120
TRANSITION_SCALE = 0.6  # neighbours are among the features already; tuned as C
CORPUS_SHARE = {"sea": 1.0, "html": 0.8, "plain": 0.7, "lines": 0.15, "splice": 0.8, "mixed": 0.3}

IGNORED = -1
SEA_STATES = {"body": ARTICLE, "meta": FURNITURE, "boiler": FURNITURE, "tags": FURNITURE, "teaser": FURNITURE}
BLOCK_STATES = {"body": ARTICLE, "title": ARTICLE, "other": FURNITURE, "mixed": IGNORED}
LINE_STATES = {"body": ARTICLE, "other": FURNITURE}
MIXED_STATES = {"on_topic": ARTICLE, "unrelated": STORY, "boiler": FURNITURE}


@dataclass(frozen=True, slots=True)
class Example:
    """A page with the state of each of its paragraphs (-1: unknown), from `corpus`; `source` is what is held out.

    `spans` are the labelled lines or blocks, (start, end, label), for scoring.
    """

    corpus: str
    source: str
    page: Page
    states: npt.NDArray[np.int8]
    spans: tuple[tuple[int, int, str], ...]


def read_jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a gzipped file of JSON lines."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def labelled_document(
    document_id: str,
    lines: Sequence[str],
    labels: Sequence[str],
    *,
    blocks: tuple[Sequence[str], Sequence[float]] | None = None,
    outlet: str | None = None,
    title: str | None = None,
) -> tuple[Document, tuple[tuple[int, int, str], ...]]:
    """A document of `lines`, one below the other, and its labelled spans; `blocks` gives their tags and link shares."""
    spans = []
    found: list[Block] = []
    at = 0
    for i, (line, label) in enumerate(zip(lines, labels, strict=True)):
        if line.strip():
            spans.append((at, at + len(line), label))
            if blocks is not None:
                found.append(Block(at, at + len(line), blocks[0][i], "", float(blocks[1][i])))
        at += len(line) + 1
    document = Document(document_id, "\n".join(lines), title=title, outlet=outlet, blocks=tuple(found), extra={})
    return document, tuple(spans)


def paragraph_states(page: Page, spans: Sequence[tuple[int, int, str]], states: dict[str, int]) -> npt.NDArray[np.int8]:
    """Each paragraph's state: that of the labels covering most of its characters."""
    found = np.full(len(page.paragraphs), IGNORED, dtype=np.int8)
    first = 0
    for i, paragraph in enumerate(page.paragraphs):
        covered = [0, 0, 0, 0]
        while first < len(spans) and spans[first][1] <= paragraph.start:
            first += 1
        for start, end, label in spans[first:]:
            if start >= paragraph.end:
                break
            covered[states[label]] += min(end, paragraph.end) - max(start, paragraph.start)
        if max(covered) > 0:
            best = covered.index(max(covered))
            found[i] = IGNORED if best == 3 else best
    return found


def example(
    corpus: str,
    source: str,
    document: Document,
    spans: tuple[tuple[int, int, str], ...],
    states: dict[str, int],
    repeats: RepeatedLines | None = None,
) -> Example:
    """A labelled page, looked at."""
    page = look(document, repeats)
    return Example(corpus, source, page, paragraph_states(page, spans, states), spans)


def _fold(name: str, n: int) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4).digest()) % n


def sea_examples(corpora: Path) -> list[Example]:
    """sea_china_news: half the pages with what their outlet repeats known, half without."""
    documents = []
    for row in read_jsonl(corpora / "sea_china_news" / "articles.jsonl.gz"):
        if row["line_labels"]:
            lines = row["text"].split("\n")
            documents.append(labelled_document(row["id"], lines, row["line_labels"], outlet=row["outlet"]))
    repeats = learn_repeats(document for document, _ in documents).finish()
    return [
        example("sea", str(d.outlet), d, spans, SEA_STATES, repeats if _fold(d.document_id, 2) else None)
        for d, spans in documents
    ]


def block_examples(corpora: Path) -> list[Example]:
    """extraction_blocks, reliable pages: half of the sites as HTML blocks, half as plain text; `source` is the site."""
    found = []
    for row in read_jsonl(corpora / "extraction_blocks" / "pages.jsonl.gz"):
        if not row["reliable"]:
            continue
        as_html = _fold(row["id"] + "variant", 2) == 0
        found.append(block_example(row, as_html=as_html))
    return found


def block_example(row: dict[str, Any], *, as_html: bool) -> Example:
    """One page of extraction_blocks."""
    document, spans = labelled_document(
        row["id"],
        row["blocks"],
        row["labels"],
        blocks=(row["tags"], row["link_share"]) if as_html else None,
        title=row["title"] if as_html else None,
    )
    return example("html" if as_html else "plain", row["site"], document, spans, BLOCK_STATES)


def line_examples(corpora: Path) -> list[Example]:
    """line_quality, both files; every document is its own source."""
    found = []
    for part in ("train", "dev"):
        for number, row in enumerate(read_jsonl(corpora / "line_quality" / f"{part}.jsonl.gz")):
            name = f"{part}-{number}"
            document, spans = labelled_document(name, row["lines"], row["labels"])
            found.append(example("lines", name, document, spans, LINE_STATES))
    return found


def mixed_examples(corpora: Path) -> list[Example]:
    """mixed_articles; `source` is the article that was mixed."""
    found = []
    for row in read_jsonl(corpora / "mixed_articles" / "docs.jsonl.gz"):
        document, spans = labelled_document(row["id"], row["lines"], row["labels"])
        found.append(example("mixed", row["source_id"], document, spans, MIXED_STATES))
    return found


def splice_examples(corpora: Path, n_splices: int = N_SPLICES) -> list[Example]:
    """Articles of sea_china_news with stories of bbc_news (and of other outlets) spliced in, in many layouts.

    `source` is the id of the main article, so that it can be held out with it.
    """
    mains: list[tuple[str, list[str]]] = []
    for row in read_jsonl(corpora / "sea_china_news" / "articles.jsonl.gz"):
        if row["line_labels"]:
            lines = row["text"].split("\n")
            body = [x for x, label in zip(lines, row["line_labels"], strict=True) if label == "body" and x.strip()]
            if len(body) >= 8 and len(body[0]) < 130:
                mains.append((row["id"], body))
    bbc = [
        [line for line in row["text"].split("\n") if line.strip()]
        for row in read_jsonl(corpora / "bbc_news" / "articles.jsonl.gz")
    ]
    stories = [story for story in bbc if len(story) >= 3 and len(story[0]) < 90]
    furniture = page_ends(read_jsonl(corpora / "extraction_blocks" / "pages.jsonl.gz"))
    chance = random.Random(7)  # noqa: S311 - splices, not secrets
    order = sorted(mains, key=lambda main: hashlib.blake2b(main[0].encode()).digest())
    found = []
    for number in range(n_splices):
        main_id, body = order[number % len(order)]
        lines, labels = splice(body, stories, mains, main_id, furniture, chance)
        document, spans = labelled_document(f"splice-{number}", lines, labels)
        found.append(example("splice", main_id, document, spans, MIXED_STATES))
    return found


def load_examples(corpora: Path) -> list[Example]:
    """All labelled pages, looked at."""
    return [
        *sea_examples(corpora),
        *block_examples(corpora),
        *line_examples(corpora),
        *mixed_examples(corpora),
        *splice_examples(corpora),
    ]


def fit(examples: Sequence[Example], *, max_iter: int = MAX_ITERATIONS) -> LineModel:
    """The line model learned from `examples`."""
    from scipy.sparse import csr_matrix, hstack
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    dense = np.concatenate([e.page.dense for e in examples])
    states = np.concatenate([e.states for e in examples])
    weights = np.concatenate([_row_weights(e) for e in examples])
    edges = _edges(dense, states)
    vocabulary = _vocabulary(examples)
    n_bins = edges.shape[1] + 1
    n_features = dense.shape[1]
    used = np.flatnonzero((states >= 0) & (weights > 0))
    totals = dict.fromkeys(CORPUS_SHARE, 0.0)
    corpus_of = np.concatenate([np.full(len(e.states), list(CORPUS_SHARE).index(e.corpus)) for e in examples])
    for k, corpus in enumerate(CORPUS_SHARE):
        of_corpus = used[corpus_of[used] == k]
        totals[corpus] = float(weights[of_corpus].sum())
        if totals[corpus]:
            weights[of_corpus] *= CORPUS_SHARE[corpus] / totals[corpus]
    weights[used] *= len(used) / weights[used].sum()
    bins = np.empty((len(used), n_features), dtype=np.int32)
    for f in range(n_features):
        bins[:, f] = np.searchsorted(edges[f], dense[used, f], side="left") + f * n_bins
    first_word = n_features * n_bins
    ones = np.ones(bins.size)
    shapes = csr_matrix((ones, bins.ravel(), np.arange(0, bins.size + 1, n_features)), shape=(len(used), first_word))
    X = hstack([shapes, _word_matrix(examples, vocabulary)[used]], format="csr")
    with threadpool_limits(1):
        learned = LogisticRegression(C=C, max_iter=max_iter, tol=1e-4)
        learned.fit(X, states[used], sample_weight=weights[used])
    coefficients = np.asarray(learned.coef_, dtype=np.float64).T
    transitions, start, end = _transitions(examples)
    scale = TRANSITION_SCALE
    return LineModel(
        edges,
        coefficients[:first_word].reshape(n_features, n_bins, 3),
        np.asarray(learned.intercept_, dtype=np.float64),
        vocabulary,
        coefficients[first_word : first_word + len(vocabulary)],
        coefficients[first_word + len(vocabulary) :],
        scale * transitions,
        scale * start,
        scale * end,
    )


def _word_matrix(examples: Sequence[Example], vocabulary: dict[str, int]) -> Any:
    """Words of short lines and of the line before, sparse, of shape (n_paragraphs, 2 * n_words)."""
    from scipy.sparse import csr_matrix

    rows, columns, values, offset = [], [], [], 0
    for e in examples:
        r, ids, scale, header_r, header_ids, header_scale = word_entries(e.page, vocabulary)
        rows += [r + offset, header_r + offset]
        columns += [ids, header_ids + len(vocabulary)]
        values += [scale, header_scale]
        offset += len(e.states)
    entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    return csr_matrix(entries, shape=(offset, 2 * len(vocabulary)))


def _row_weights(e: Example) -> npt.NDArray[np.float64]:
    """Longer paragraphs count more (a lost body paragraph costs more than a lost menu entry), long pages less."""
    n = len(e.states)
    if not n:
        return np.zeros(0)
    chars = np.array([p.end - p.start for p in e.page.paragraphs], dtype=np.float64)
    weights = 1 + np.minimum(chars, 600) / 150
    weights *= min(1.0, 80 / n)
    if n > MAX_ROWS:
        chosen = np.zeros(n)
        chosen[np.linspace(0, n - 1, MAX_ROWS).astype(int)] = n / MAX_ROWS
        weights *= chosen
    return weights


def _edges(dense: npt.NDArray[np.float32], states: npt.NDArray[np.int8]) -> npt.NDArray[np.float32]:
    """Where each feature's bins end: between the few values it has, or at its quantiles; (n_features, MAX_EDGES)."""
    edges = np.full((dense.shape[1], MAX_EDGES), np.inf, dtype=np.float32)
    known = dense[states >= 0]
    step = max(1, len(known) // 60_000)
    for f in range(dense.shape[1]):
        values, counts = np.unique(known[::step, f], return_counts=True)
        if len(values) <= MAX_EDGES:
            cuts = (values[1:] + values[:-1]) / 2
        else:
            common = values[counts.argmax()]
            column = known[::step, f]
            rest = column[column != common]
            cuts = np.unique(np.quantile(rest, QUANTILES).astype(np.float32))
            gap = np.diff(values).min() / 2
            cuts = np.unique(
                np.concatenate([cuts, [common - gap, common + gap] if counts.max() > 0.05 * len(column) else []])
            )
        cuts = np.array([float(f"{c:.6g}") for c in cuts[:MAX_EDGES].tolist()], dtype=np.float32)
        edges[f, : len(cuts)] = cuts
    return edges


def _vocabulary(examples: Iterable[Example]) -> dict[str, int]:
    """Words of short paragraphs that stand on enough sites, commonest first."""
    sources: dict[str, set[str]] = {}
    pages: Counter[str] = Counter()
    for e in examples:
        if e.corpus in ("splice", "mixed"):
            continue  # made from the others
        words = {w for ws in e.page.words if len(ws) <= MAX_SHORT_WORDS for w in ws if not any(map(str.isdigit, w))}
        pages.update(words)
        for word in sorted(words):
            sources.setdefault(word, set()).add(e.source)
    enough = [word for word in sources if len(sources[word]) >= MIN_WORD_SOURCES]
    enough.sort(key=lambda word: (-len(sources[word]), -pages[word], word))
    return {word: i for i, word in enumerate(sorted(enough[:MAX_WORDS]))}


def _transitions(examples: Iterable[Example]) -> tuple[Any, Any, Any]:
    """Log-ratios of transitions to what the states' frequencies alone would give (the scores know those already)."""
    pairs = np.full((3, 3), 1.0)
    first, last, overall = np.ones(3), np.ones(3), np.ones(3)
    for e in examples:
        states = e.states[e.states >= 0]
        weight = CORPUS_SHARE[e.corpus] / max(len(states), 20)
        if not len(states):
            continue
        np.add.at(pairs, (states[:-1], states[1:]), weight)
        first[states[0]] += 20 * weight
        last[states[-1]] += 20 * weight
        np.add.at(overall, states, weight)
    share = np.log(overall / overall.sum())
    rows = np.log(pairs / pairs.sum(axis=1, keepdims=True)) - share
    return rows, np.log(first / first.sum()) - share, np.log(last / last.sum()) - share


def rounded(model: LineModel) -> LineModel:
    """The model as it is shipped: what is measured is what is written."""
    return LineModel.from_state(json.loads(json.dumps(model.state())))


def main(arguments: Sequence[str]) -> int:
    """Train on the corpora folder given and write the shipped file."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m toolkit.segment.train CORPORA_DIR\n")
        return 2
    model = fit(load_examples(Path(arguments[0])))
    target = Path(__file__).parents[1] / "assets" / "line_model" / "line_model.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(model.state(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    target.write_text(text + "\n", encoding="utf-8")
    sys.stderr.write(f"wrote {target} ({len(text):,} characters)\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
