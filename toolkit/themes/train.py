"""Learning themes: from labels where there are any, from the config's seed terms where there are none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.config import Config
from toolkit.data import CutDocument, Label
from toolkit.logistic import ridge_logistic, sigmoid
from toolkit.metrics import precision_recall_f1
from toolkit.terms import build_vocabulary, group_documents, inverse_frequency, stack, tokenise, weigh_units
from toolkit.themes.model import FEATURES, LEAD_TOKENS, Floats, Ints, Reading, ThemeModel
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
THRESHOLD = 0.3
"""From this probability up a theme is given. Any value from .25 to .4 gives the same macro-F1 to .01."""
THRESHOLD_PRIOR = 400.0
"""Documents of a theme that it takes for half a step from `THRESHOLD` to the theme's own best threshold."""

MAX_TERMS = 8_000
MIN_TERM_DOCUMENTS = 3
MIN_LABELS = 10
"""Labelled documents with and without a theme that it takes to learn that theme. With 5, fifty labels are worse than
none (sea_china_news: macro-F1 .787 against .792 on-topic, .773 against .779 on all); with 10 they are not."""

# Tuned on sea_china_news, outlets held out in turn: tests/quality/themes_quality.py.
PENALTY = 1.0
FEATURE_SCALE = 0.5
TERM_SCALE = 4.0
LEAD_WEIGHT = 0.5
"""Of a document's lead, learned from as a text of its own beside the whole: a label says what the lead says."""


@dataclass(frozen=True)
class LearnedThemes:
    """A theme model, and what labelled documents got from models that had not learned from their group.

    Rows of `truth`, `known` (where a person said anything) and `held_out` (probabilities) are `document_ids`, columns
    the model's themes; themes of `learned` alone were learned, the others have the starting model's scores. All are
    empty where nothing was learned.
    """

    model: ThemeModel
    document_ids: tuple[str, ...] = ()
    learned: tuple[str, ...] = ()
    truth: npt.NDArray[np.bool_] = field(default_factory=lambda: np.empty((0, 0), dtype=bool))
    known: npt.NDArray[np.bool_] = field(default_factory=lambda: np.empty((0, 0), dtype=bool))
    held_out: Floats = field(default_factory=lambda: np.empty((0, 0)))


def learn_themes(
    corpus: Sequence[CutDocument],
    *,
    config: Config,
    labels: Mapping[str, Label],
    base: ThemeModel | None = None,
) -> LearnedThemes:
    """A theme model for `corpus`, learned from the labelled documents, near `base` or the rule over seed terms.

    Themes with too few labels keep the weights of `base` or the rule; without any labels so do all.
    Nothing here is left to chance. Off-topic documents teach themes as well.
    """
    import scipy.optimize  # noqa: F401 - only a BLAS that is loaded can be held to one thread
    from threadpoolctl import threadpool_limits

    start = starting_model(config, base)
    known = [
        d
        for d in range(len(corpus))
        if (label := labels.get(corpus[d].document.document_id)) and label.themes is not None
    ]
    known.sort(key=lambda d: corpus[d].document.document_id)
    if len(known) < 2 * MIN_LABELS:
        return LearnedThemes(start)
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
        thresholds=np.full(n, THRESHOLD, dtype=np.float32),
        measured={},
    )


def learn(
    start: ThemeModel, corpus: Sequence[CutDocument], labels: Sequence[Label], *, config: Config
) -> LearnedThemes:
    """Weights and thresholds from labelled documents; thresholds from scores of held-out groups."""
    model = widen(start, corpus, place_words(config))
    readings = [model.read(cut) for cut in corpus]
    table = TrainingTable.of(start, model, corpus, readings)
    groups = group_documents(corpus)
    known = np.array([[theme not in label.themes_unsure for theme in model.themes] for label in labels])
    truth = np.array([[theme in (label.themes or ()) for theme in model.themes] for label in labels])
    learned = np.array([t for t, theme in enumerate(model.themes) if is_enough(labels, theme)], dtype=np.int64)
    held_out = table.prior[: len(corpus)].copy()
    columns = []
    thresholds = model.thresholds.copy()
    measured = {"n_documents": float(len(corpus))}
    for t in learned.tolist():
        for group in np.unique(groups):
            inside = groups == group
            change = table.fit(t, truth[:, t], known[:, t] & ~inside)
            held_out[inside, t] = table.score(t, *change)[inside]
        columns.append((t, *table.fit(t, truth[:, t], known[:, t])))
        rows = known[:, t]
        thresholds[t] = shrunk_threshold(sigmoid(held_out[rows, t]), truth[rows, t])
    if len(learned):
        given = sigmoid(held_out) >= thresholds
        f1s = [precision_recall_f1(truth[known[:, t], t], given[known[:, t], t])[2] for t in learned]
        measured["macro_f1"] = round(float(np.mean(f1s)), 4)
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
    return LearnedThemes(
        prune(fitted),
        tuple(cut.document.document_id for cut in corpus),
        tuple(model.themes[t] for t in learned.tolist()),
        truth,
        known,
        np.round(sigmoid(held_out), 6),
    )


def is_enough(labels: Sequence[Label], theme: str) -> bool:
    """Whether these labels of documents suffice to learn a theme: `MIN_LABELS` with it and as many without."""
    said = [theme in (label.themes or ()) for label in labels if theme not in label.themes_unsure]
    return min(sum(said), len(said) - sum(said)) >= MIN_LABELS


class TrainingTable:
    """Features, TF-IDF and starting scores: a row for each training document, then one for each document's lead."""

    def __init__(self, features: Floats, terms: Any, prior: Floats) -> None:
        self.features, self.terms, self.prior = features, terms, prior
        self._n = len(features) // 2
        spread = features[: self._n].std(axis=0)
        self._means = features[: self._n].mean(axis=0)
        self._scales = np.where(spread > 1e-6, FEATURE_SCALE / np.maximum(spread, 1e-6), 0.0)

    @classmethod
    def of(
        cls, start: ThemeModel, model: ThemeModel, corpus: Sequence[CutDocument], readings: Sequence[Reading]
    ) -> TrainingTable:
        """The table of `corpus`, read by `model`."""
        features, rows, prior = [], [], []
        started = [start.read(cut) for cut in corpus]
        for lead_only in (False, True):
            for cut, reading, first in zip(corpus, readings, started, strict=True):
                chosen = np.array([piece.kept for piece in cut.segments], dtype=bool)
                if lead_only:
                    chosen &= np.cumsum(reading.n_tokens) - reading.n_tokens < LEAD_TOKENS
                unit: Ints = np.where(chosen, 0, -1).astype(np.int64)
                features.append(model.features(reading, unit, 1)[0])
                prior.append(start.logits(first, unit, 1)[0])
                _, term, values = weigh_units(unit[reading.term_segment], reading.term, model.idf, 1)
                rows.append((term, values))
        return cls(np.array(features), stack(rows, len(model.terms)), np.array(prior))

    def fit(self, t: int, truth: npt.NDArray[np.bool_], chosen: npt.NDArray[np.bool_]) -> tuple[float, Floats, Floats]:
        """Changes to intercept, feature weights and term weights of theme t, learned from the chosen documents."""
        from scipy.sparse import csr_matrix, hstack

        documents = np.flatnonzero(chosen)
        rows = np.concatenate((documents, documents + self._n))
        means, scales = self._means[t], self._scales[t]
        X = hstack([csr_matrix((self.features[rows, t] - means) * scales), self.terms[rows] * TERM_SCALE]).tocsr()
        change, shift = ridge_logistic(
            X,
            np.tile(truth[documents].astype(float), 2),
            prior=self.prior[rows, t],
            weight=np.where(rows < self._n, 1.0, LEAD_WEIGHT),
            penalty=PENALTY,
        )
        feature_change = change[: len(FEATURES)] * scales
        return shift - float(means @ feature_change), feature_change, change[len(FEATURES) :] * TERM_SCALE

    def score(self, t: int, shift: float, feature_change: Floats, term_change: Floats) -> Floats:
        """Logits of all documents for theme t after the change."""
        n = self._n
        return np.asarray(
            self.prior[:n, t] + shift + self.features[:n, t] @ feature_change + self.terms[:n] @ term_change
        )


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


def shrunk_threshold(scores: Floats, truth: npt.NDArray[np.bool_]) -> float:
    """The threshold of one theme: its own best F1 drawn towards `THRESHOLD`, the more the rarer the theme.

    A theme's own best threshold on thirty documents is noise (outlets held out in turn, own thresholds alone cost a
    point of macro-F1 against one for all). In logits it counts n / (n + `THRESHOLD_PRIOR`) with n documents of the
    theme, `THRESHOLD` the rest.

    Parameters
    ----------
    scores : array of shape (n_documents,)
        Probabilities from models that did not see the document's group.
    truth : array of shape (n_documents,)
    """
    candidates = np.round(np.arange(0.15, 0.601, 0.025), 3)
    curve = [precision_recall_f1(truth, scores >= candidate)[2] for candidate in candidates]
    smooth = np.convolve(np.pad(curve, 2, mode="edge"), [0.1, 0.2, 0.4, 0.2, 0.1], mode="valid")
    own = float(candidates[int(np.argmax(np.round(smooth, 4)))])
    n = float(truth.sum())
    logits = np.log(np.array([own, THRESHOLD]) / (1 - np.array([own, THRESHOLD])))
    return round(float(sigmoid(np.array([n, THRESHOLD_PRIOR]) @ logits / (n + THRESHOLD_PRIOR))), 4)


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
