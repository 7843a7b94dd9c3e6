"""Learn a line model from examples: a multinomial logistic regression on binned features and words of short lines."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.segment.examples import Example
from toolkit.segment.model import ARTICLE, LineModel, word_entries
from toolkit.segment.page import MAX_SHORT_WORDS, NAMES

MAX_ROWS = 60  # paragraphs of one page that are learned from, evenly chosen; the longest pages are mostly menus
QUANTILES = (0.03, 0.08, 0.15, 0.25, 0.4, 0.55, 0.7, 0.82, 0.9, 0.96)
MAX_EDGES = 14
MIN_WORD_SOURCES = 6  # sites on which a word must stand before its weight is learned: no site's own words
MAX_WORDS = 2_500
C = 0.3  # inverse strength of the ridge; tuned on the held-out outlets of sea_china_news (.1 to 3 within .003)
MAX_ITERATIONS = 60  # stopping early costs nothing held out and keeps training short
TOLERANCE = 1e-5  # of the gradient, against that of the summed loss per paragraph
TRANSITION_SCALE = 0.6  # neighbours are among the features already; tuned as C
# A lost paragraph of the article costs more than a kept line of a menu: log-odds added to the article. Tuned on the
# held-out folds of mixed_articles and line_quality; from .5 to 1 lines of sea_china_news go from .938 to .926 body F1.
ARTICLE_BIAS = 0.5
CORPUS_SHARE = {"sea": 1.0, "html": 0.8, "plain": 0.7, "lines": 0.4, "splice": 0.8, "mixed": 0.3}

# Cues that another site may lack. On a share of the pages each group is hidden while learning, so that no decision
# rests on one of them alone.
HIDDEN_SHARE = {"doubled": 0.35, "again": 0.25, "repeated": 0.25, "links": 0.25, "tags": 0.25}
_GROUPS = {
    "doubled": ("doubled", "since_doubled", "seen_before", "seen_after"),
    "again": ("seen_before", "seen_after"),
    "repeated": ("repeated", "knows_repeats"),
    "links": ("link_ratio", "links_near"),
    "tags": ("tag_",),
}


def _columns(prefixes: tuple[str, ...]) -> list[int]:
    """The columns of the features named, of their neighbours' copies and of groups that begin so."""
    return [
        i
        for i, name in enumerate(NAMES)
        if name.partition("@")[0] in prefixes or any(p.endswith("_") and name.startswith(p) for p in prefixes)
    ]


def _share_of(name: str) -> float:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4).digest()) / 2**32


def _hide_cues(examples: Sequence[Example]) -> npt.NDArray[np.float32]:
    """The features of all examples, of shape (n_paragraphs, n_features), with groups of cues hidden on some pages."""
    tables = []
    for e in examples:
        table = e.page.dense
        for group, share in HIDDEN_SHARE.items():
            if _share_of(f"{group} {e.page.document.document_id}") < share:
                columns = _columns(_GROUPS[group])
                table = table.copy() if table is e.page.dense else table
                edge_of_page = table[:, columns] < 0
                table[:, columns] = np.where(edge_of_page, table[:, columns], 0)
        tables.append(table)
    return np.concatenate(tables)


def fit(examples: Sequence[Example], *, max_iter: int = MAX_ITERATIONS, max_rows: int = MAX_ROWS) -> LineModel:
    """The line model learned from `examples`."""
    from scipy.sparse import csr_matrix, hstack
    from threadpoolctl import threadpool_limits

    dense = _hide_cues(examples)
    states = np.concatenate([e.states for e in examples])
    weights = np.concatenate([_row_weights(e, max_rows) for e in examples])
    edges = _edges(dense, states)
    vocabulary = _vocabulary(examples)
    n_bins = edges.shape[1] + 1
    n_features = dense.shape[1]
    used = np.flatnonzero((states >= 0) & (weights > 0))
    corpora = list(CORPUS_SHARE)
    corpus_of = np.concatenate([np.full(len(e.states), corpora.index(e.corpus)) for e in examples])
    for k, corpus in enumerate(corpora):
        of_corpus = used[corpus_of[used] == k]
        if len(of_corpus):
            weights[of_corpus] *= CORPUS_SHARE[corpus] / weights[of_corpus].sum()
    weights[used] *= len(used) / weights[used].sum()
    bins = np.empty((len(used), n_features), dtype=np.int32)
    for f in range(n_features):
        column = np.searchsorted(edges[f], dense[used, f], side="left")
        commonest = np.bincount(column, minlength=n_bins).argmax()
        # the commonest bin of a feature is the one its weights are measured from: it needs no column
        bins[:, f] = np.where(column == commonest, -1, column + f * n_bins)
    first_word = n_features * n_bins
    known = bins >= 0
    ends = np.concatenate([[0], np.cumsum(known.sum(axis=1))])
    columns = bins[known]
    shapes = csr_matrix((np.ones(len(columns)), columns, ends), shape=(len(used), first_word))
    X = hstack([shapes, _word_matrix(examples, vocabulary)[used]], format="csr", dtype=np.float32)
    with threadpool_limits(1):
        coefficients, bias = _softmax_regression(X, states[used].astype(np.int64), weights[used], max_iter)
    bias[ARTICLE] += ARTICLE_BIAS
    transitions, start, end = _transitions(examples)
    scale = TRANSITION_SCALE
    return LineModel(
        edges,
        coefficients[:first_word].reshape(n_features, n_bins, 3),
        bias,
        vocabulary,
        coefficients[first_word : first_word + len(vocabulary)],
        coefficients[first_word + len(vocabulary) :],
        scale * transitions,
        scale * start,
        scale * end,
    )


def _softmax_regression(
    X: Any, states: npt.NDArray[np.int64], weights: npt.NDArray[np.float64], max_iter: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Coefficients (n_columns, 3) and bias (3,) of the ridge-penalised multinomial regression, by L-BFGS."""
    from scipy.optimize import minimize

    n, d = X.shape
    transposed = X.T.tocsr()
    rows = np.arange(n)
    total = float(weights.sum())

    def loss(flat: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        table = flat.reshape(d + 1, 3)
        logits = np.asarray(X @ table[:d].astype(np.float32), dtype=np.float64) + table[d]
        logits -= logits.max(axis=1, keepdims=True)
        np.exp(logits, out=logits)
        logits /= logits.sum(axis=1, keepdims=True)
        value = -float(weights @ np.log(np.maximum(logits[rows, states], 1e-12)))
        logits[rows, states] -= 1
        logits *= weights[:, None]
        slope = np.empty_like(table)
        slope[:d] = transposed @ logits.astype(np.float32)
        slope[d] = logits.sum(axis=0)
        slope[:d] += table[:d] / C
        value += float((table[:d] ** 2).sum()) / (2 * C)
        return value / total, slope.ravel() / total

    options = {"maxiter": max_iter, "gtol": TOLERANCE, "maxcor": 10}
    found = minimize(loss, np.zeros((d + 1) * 3), jac=True, method="L-BFGS-B", options=options)
    table = found.x.reshape(d + 1, 3)
    return table[:d], table[d].copy()


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


def _row_weights(e: Example, max_rows: int) -> npt.NDArray[np.float64]:
    """Longer paragraphs count more (a lost body paragraph costs more than a lost menu entry), long pages less."""
    n = len(e.states)
    if not n:
        return np.zeros(0)
    chars = np.array([p.end - p.start for p in e.page.paragraphs], dtype=np.float64)
    weights = 1 + np.minimum(chars, 600) / 150
    weights *= min(1.0, 80 / n)
    if n > max_rows:
        chosen = np.zeros(n)
        chosen[np.linspace(0, n - 1, max_rows).astype(int)] = n / max_rows
        weights *= chosen
    return weights


def _edges(dense: npt.NDArray[np.float32], states: npt.NDArray[np.int8]) -> npt.NDArray[np.float32]:
    """Where each feature's bins end: between the few values it has, or at its quantiles; (n_features, MAX_EDGES)."""
    edges = np.full((dense.shape[1], MAX_EDGES), np.inf, dtype=np.float32)
    known = dense[states >= 0]
    step = max(1, len(known) // 60_000)
    for f in range(dense.shape[1]):
        values, counts = np.unique(known[::step, f], return_counts=True)
        if len(values) <= MAX_EDGES + 1:
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
