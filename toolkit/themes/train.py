"""Learning themes: from labels where there are any, from the config's seed terms where there are none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.config import Config
from toolkit.data import CutDocument, Judgement, Label
from toolkit.logistic import ridge_logistic, sigmoid
from toolkit.metrics import precision_recall_f1
from toolkit.terms import build_vocabulary, group_documents, inverse_frequency, stack, tokenise, weigh_units
from toolkit.themes.model import FEATURES, Floats, Ints, Reading, ThemeModel
from toolkit.themes.phrases import seed_table

# The built-in rule over seed evidence, the same for every theme: rounded from a pooled logistic regression over all
# (document, theme) pairs of two outlets of sea_china_news, checked on the other three.
RULE_INTERCEPT = -5.7
RULE_WEIGHTS = {
    "log_hits": 0.0,
    "share": 2.0,
    "density": 1.5,
    "lead_share": 1.9,
    "lead_log_hits": 1.0,
    "log_distinct": 1.0,
}
RULE_THRESHOLD = 0.3

MAX_TERMS = 8_000
MIN_TERM_DOCUMENTS = 3
MIN_LABELS = 5
"""Labelled documents with and without a theme that it takes to learn that theme."""

# Tuned on sea_china_news, outlets held out in turn: tests/quality/relevance_quality.py.
PENALTY = 1.0
FEATURE_SCALE = 0.5
TERM_SCALE = 4.0
MIN_ON_TOPIC = 30


def train_themes(
    corpus: Sequence[CutDocument],
    judgements: Sequence[tuple[Judgement, Sequence[Judgement]]],
    *,
    config: Config,
    labels: Mapping[str, Label],
    base: ThemeModel | None = None,
    random_state: int,
) -> ThemeModel:
    """A theme model for `corpus`, learned from the labelled documents, near `base` or the rule over seed terms.

    Themes with too few labels keep the weights of `base` or the rule; without any labels so do all.
    `random_state` is unused: nothing here is left to chance. Neither are `judgements`: off-topic documents
    teach themes as well.
    """
    import scipy.optimize  # noqa: F401 - only a BLAS that is loaded can be held to one thread
    from threadpoolctl import threadpool_limits

    del random_state, judgements
    start = starting_model(config, base)
    known = [
        d
        for d in range(len(corpus))
        if (label := labels.get(corpus[d].document.document_id)) and label.themes is not None
    ]
    known.sort(key=lambda d: corpus[d].document.document_id)
    if len(known) < 2 * MIN_LABELS:
        return start
    chosen = [corpus[d] for d in known]
    with threadpool_limits(1):
        return learn(start, chosen, [labels[cut.document.document_id] for cut in chosen], config=config)


def starting_model(config: Config, base: ThemeModel | None) -> ThemeModel:
    """`base` where it knows the same themes and seed terms, else the built-in rule for those of the config."""
    themes = tuple(config.themes)
    seeds, seed_weights = seed_table({theme: config.themes[theme].seed_terms for theme in themes})
    if base is not None and base.themes == themes and base.seeds == seeds:
        return base
    n = len(themes)
    return ThemeModel(
        themes=themes,
        seeds=seeds,
        seed_weights=seed_weights,
        intercepts=np.full(n, RULE_INTERCEPT, dtype=np.float32),
        weights=np.repeat(np.array([[RULE_WEIGHTS[name]] for name in FEATURES], dtype=np.float32), n, axis=1),
        terms=(),
        idf=np.empty(0, dtype=np.float32),
        term_weights=np.empty((0, n), dtype=np.float32),
        thresholds=np.full(n, RULE_THRESHOLD, dtype=np.float32),
        measured={},
    )


def learn(start: ThemeModel, corpus: Sequence[CutDocument], labels: Sequence[Label], *, config: Config) -> ThemeModel:
    """Weights and thresholds from labelled documents; thresholds from scores of held-out groups."""
    model = widen(start, corpus, place_words(config))
    readings = [model.read(cut) for cut in corpus]
    table = TrainingTable.of(start, model, corpus, readings)
    groups = group_documents(corpus)
    known = np.array([[theme not in label.themes_unsure for theme in model.themes] for label in labels])
    truth = np.array([[theme in (label.themes or ()) for theme in model.themes] for label in labels])
    learned = np.flatnonzero(np.minimum((known & truth).sum(axis=0), (known & ~truth).sum(axis=0)) >= MIN_LABELS)
    held_out = np.zeros(truth.shape)
    columns = []
    for t in learned.tolist():
        for group in np.unique(groups):
            inside = groups == group
            change = table.fit(t, truth[:, t], known[:, t] & ~inside)
            held_out[inside, t] = table.score(t, *change)[inside]
        columns.append((t, *table.fit(t, truth[:, t], known[:, t])))
    thresholds = model.thresholds.copy()
    measured = {"n_documents": float(len(corpus))}
    if len(learned):
        on = np.array([label.on_topic is True for label in labels])
        threshold, measured["macro_f1"] = shared_threshold(
            sigmoid(held_out[:, learned]), truth[:, learned], known[:, learned], on
        )
        thresholds[learned] = threshold
    intercepts, weights = model.intercepts.copy(), model.weights.copy()
    term_weights = model.term_weights.copy()
    for t, shift, feature_change, term_change in columns:
        intercepts[t] += shift
        weights[:, t] += feature_change
        term_weights[:, t] += term_change
    fitted = replace(
        model,
        intercepts=intercepts,
        weights=weights,
        term_weights=term_weights,
        thresholds=thresholds,
        measured=measured,
    )
    return prune(fitted)


class TrainingTable:
    """Features, TF-IDF and starting scores of the training documents, a row each."""

    def __init__(self, model: ThemeModel, features: Floats, terms: Any, prior: Floats) -> None:
        self.model, self.features, self.terms, self.prior = model, features, terms, prior
        spread = features.std(axis=0)
        self._means = features.mean(axis=0)
        self._scales = np.where(spread > 1e-6, FEATURE_SCALE / np.maximum(spread, 1e-6), 0.0)

    @classmethod
    def of(
        cls, start: ThemeModel, model: ThemeModel, corpus: Sequence[CutDocument], readings: Sequence[Reading]
    ) -> TrainingTable:
        """The table of `corpus`, read by `model`."""
        features, rows, prior = [], [], []
        for cut, reading in zip(corpus, readings, strict=True):
            unit: Ints = np.where([piece.kept for piece in cut.segments], 0, -1).astype(np.int64)
            features.append(model.features(reading, unit, 1)[0])
            prior.append(start.logits(start.read(cut), unit, 1)[0])
            _, term, values = weigh_units(unit[reading.term_segment], reading.term, model.idf, 1)
            rows.append((term, values))
        return cls(model, np.array(features), stack(rows, len(model.terms)), np.array(prior))

    def fit(self, t: int, truth: npt.NDArray[np.bool_], chosen: npt.NDArray[np.bool_]) -> tuple[float, Floats, Floats]:
        """Changes to intercept, feature weights and term weights of theme t, learned from the chosen rows."""
        from scipy.sparse import csr_matrix, hstack

        rows = np.flatnonzero(chosen)
        means, scales = self._means[t], self._scales[t]
        X = hstack([csr_matrix((self.features[rows, t] - means) * scales), self.terms[rows] * TERM_SCALE]).tocsr()
        change, shift = ridge_logistic(
            X, truth[rows].astype(float), prior=self.prior[rows, t], weight=np.ones(len(rows)), penalty=PENALTY
        )
        feature_change = change[: len(FEATURES)] * scales
        return shift - float(means @ feature_change), feature_change, change[len(FEATURES) :] * TERM_SCALE

    def score(self, t: int, shift: float, feature_change: Floats, term_change: Floats) -> Floats:
        """Logits of all rows for theme t after the change."""
        return np.asarray(self.prior[:, t] + shift + self.features[:, t] @ feature_change + self.terms @ term_change)


def widen(start: ThemeModel, corpus: Sequence[CutDocument], left_out: frozenset[str]) -> ThemeModel:
    """`start` with the frequent terms of the corpus added to its vocabulary, with weight 0."""
    documents = [
        [
            token
            for piece, text in zip(cut.segments, cut.texts, strict=True)
            if piece.kept
            for token in tokenise(text)
            if token not in left_out
        ]
        for cut in corpus
    ]
    vocabulary, frequency, n = build_vocabulary(
        documents, min_documents=MIN_TERM_DOCUMENTS, max_terms=2 * MAX_TERMS, max_document_ratio=0.4
    )
    idf = dict(zip(vocabulary.terms, inverse_frequency(frequency, n).tolist(), strict=True))
    known = set(start.terms)
    new = [term for term in vocabulary.terms if term not in known]
    return replace(
        start,
        terms=(*start.terms, *new),
        idf=np.concatenate((start.idf, np.array([idf[term] for term in new], dtype=np.float32))),
        term_weights=np.vstack((start.term_weights, np.zeros((len(new), len(start.themes)), dtype=np.float32))),
    )


def place_words(config: Config) -> frozenset[str]:
    """The words of the sides' names: themes are not learned from who is meant."""
    words: set[str] = set()
    for side in config.places.sides.values():
        for group in (side.aliases, side.demonyms, side.regions, side.cities):
            for names in group.values():
                for name in names:
                    words.update(tokenise(name))
        for name in side.names:
            words.update(tokenise(name))
    return frozenset(words)


def shared_threshold(
    scores: Floats, truth: npt.NDArray[np.bool_], known: npt.NDArray[np.bool_], on: npt.NDArray[np.bool_]
) -> tuple[float, float]:
    """The threshold, the same for every theme, with the best macro-F1, and that macro-F1 over all documents.

    One for all: a threshold of its own for a theme of thirty documents is noise (measured: 3 points of macro-F1 lost).
    The macro-F1 is the mean of that over all documents and that over the on-topic ones, which are what gets reported.

    Parameters
    ----------
    scores, truth, known : arrays of shape (n_documents, n_themes), from held-out groups
    on : array of shape (n_documents,)
    """
    candidates = np.round(np.arange(0.15, 0.501, 0.025), 3)
    groups = [np.ones(len(on), dtype=bool)] + ([on] if on.sum() >= MIN_ON_TOPIC else [])
    curves = []
    for rows in groups:
        given = known & rows[:, None]
        curves.append(
            [
                np.mean(
                    [
                        precision_recall_f1(truth[given[:, t], t], scores[given[:, t], t] >= candidate)[2]
                        for t in range(scores.shape[1])
                    ]
                )
                for candidate in candidates
            ]
        )
    smooth = np.convolve(np.pad(np.mean(curves, axis=0), 1, mode="edge"), [0.25, 0.5, 0.25], mode="valid")
    best = int(np.argmax(np.round(smooth, 4)))
    return float(candidates[best]), round(float(curves[0][best]), 4)


def prune(model: ThemeModel) -> ThemeModel:
    """The model with its `MAX_TERMS` strongest terms."""
    strength = np.abs(model.term_weights).max(axis=1, initial=0.0) * model.idf
    chosen = np.sort(np.argsort(-strength, kind="stable")[:MAX_TERMS])
    chosen = chosen[strength[chosen] > 1e-4]
    return replace(
        model,
        terms=tuple(model.terms[i] for i in chosen),
        idf=model.idf[chosen],
        term_weights=model.term_weights[chosen],
    )
