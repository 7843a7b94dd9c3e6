"""Learning relevance: from labels, from a shipped model, or from the places of the config alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.config import Config
from toolkit.config import Relevance as RelevanceAims
from toolkit.data import CutDocument, Label, Mention
from toolkit.errors import ToolkitError
from toolkit.logistic import platt, ridge_logistic, sigmoid
from toolkit.relevance.evidence import Floats, Ints
from toolkit.relevance.features import FEATURES
from toolkit.relevance.model import RelevanceModel
from toolkit.relevance.rule import RULE_INTERCEPT, RULE_OFF_BELOW, RULE_ON_FROM, RULE_WEIGHTS
from toolkit.relevance.table import MAX_TERMS, Table, labelled_passages, read_corpus
from toolkit.relevance.thresholds import choose_thresholds, measure
from toolkit.terms import group_documents, plain_phrase

MIN_LABELS = 5
"""Labelled documents of each outcome needed to learn from labels at all."""
FEW_LABELS = 100
"""Below this many labels of the rarer outcome, the terms of the text are left alone and only place features move."""

# Strength of the pull towards the prior weights, in the loss of one document; scales of the three groups of columns.
# Tuned on sea_china_news, outlets held out in turn: tests/quality/relevance_quality.py.
PENALTY = 1.0
FEATURE_SCALE = 0.5
TEXT_SCALE = 1.0
LEAD_SCALE = 1.0
FEW_LABELS_PENALTIES = (1.0, 10.0, 100.0)
"""Pulls towards the starting model tried where labels are few."""
CURVE_DRAWS = 4
"""Draws of labelled documents for each point of the label-budget curve: single ones scatter by a point of F1."""
CLEARLY = 2.0
"""By so many standard errors must what few labels teach beat the starting model. With 1, single draws of 50 labels of
sea_china_news ended 8 points of F1 below the starting model."""
STUB_WEIGHT = 0.1
"""Weight of the copy of a training document cut down to its lead: teaches the model short units. The better of .3 and
.1 on sea_china_news, outlets held out in turn and cut by line models that never saw them: F1 .898 and .907."""
PASSAGE_WEIGHT = STUB_WEIGHT
"""Weight of a passage with a label of its own, which is a short text too. Set by likeness, not tuned: no labels of
passages were at hand."""


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What `n` labels reach on all held-out labelled documents: means over draws of which documents these are.

    `f1` is at .5; `f1_low` and `f1_high` are the lowest and the highest of the draws.
    """

    n: int
    f1: float
    average_precision: float
    f1_low: float
    f1_high: float


@dataclass(frozen=True)
class LearnedRelevance:
    """A relevance model, and what labelled documents got from models that had not learned from their group.

    `outcomes` (1 on the subject, 0 off it) and `held_out` (calibrated relevance) align with `document_ids`; all are
    empty where nothing was learned. `curve` has, for growing parts of the labels, what they reach on all of them.
    """

    model: RelevanceModel
    document_ids: tuple[str, ...] = ()
    outcomes: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    held_out: Floats = field(default_factory=lambda: np.empty(0))
    curve: tuple[CurvePoint, ...] = ()


def learn_relevance(
    corpus: Sequence[CutDocument],
    mentions: Sequence[Sequence[Sequence[Mention]]],
    *,
    config: Config,
    labels: Mapping[str, Label],
    base: RelevanceModel | None = None,
    curve_shares: Sequence[float] = (),
) -> LearnedRelevance:
    """A relevance model for `corpus`; `mentions[d][s]` are the mentions in `corpus[d].texts[s]`.

    With labels of both outcomes, weights are learned that stay near those of `base` (or of the built-in rule over
    place features). Without, `base` (or the rule) is used as it is: learning from documents the rule is sure of was
    measured and did not help (F1 .871 before, .849 to .858 after; .871 with soft labels on all documents).
    Nothing here is left to chance. `curve_shares` are the parts of the labels to draw the
    curve for; each costs that part of the time learning takes.

    Raises
    ------
    ToolkitError
        Where the config states a recall or a precision to be reached and there are too few labels to choose a
        threshold by, or no threshold reaches it.
    """
    import scipy.optimize  # noqa: F401 - only a BLAS that is loaded can be held to one thread
    from threadpoolctl import threadpool_limits

    start = starting_model(config, base)
    outcomes = np.array([_outcome(labels.get(cut.document.document_id)) for cut in corpus], dtype=np.int64)
    n_on, n_off = int((outcomes == 1).sum()), int((outcomes == 0).sum())
    with threadpool_limits(1):
        if min(n_on, n_off) >= MIN_LABELS:
            known = [d for d in np.argsort([cut.document.document_id for cut in corpus]) if outcomes[d] >= 0]
            passages = labelled_passages(corpus, mentions, labels)
            table = read_corpus(
                start,
                [corpus[d] for d in known],
                [mentions[d] for d in known],
                with_terms=min(n_on, n_off) >= FEW_LABELS,
                passages=passages,
            )
            groups = group_documents([*(corpus[d] for d in known), *(passage.cut for passage in passages)])
            ids = tuple(corpus[d].document.document_id for d in known)
            return learn(start, table, outcomes[known], groups, ids, aims=config.relevance, curve_shares=curve_shares)
    for name in ("target_recall", "target_precision"):
        wanted = getattr(config.relevance, name)
        if wanted is not None and start.measured.get(name) != wanted:
            raise ToolkitError(
                f"{name}: the threshold is chosen by labels, of {MIN_LABELS} documents on the subject and {MIN_LABELS} "
                f"off it at least; found {n_on} and {n_off}. Give more --labels, or leave the target out."
            )
    return LearnedRelevance(start)


def _outcome(label: Label | None) -> int:
    return -1 if label is None or label.on_topic is None else int(label.on_topic)


def starting_model(config: Config, base: RelevanceModel | None) -> RelevanceModel:
    """`base` where it knows the same sides, else the built-in rule for the config's sides."""
    sides = tuple(config.places.sides)
    if base is not None and base.sides == sides:
        return base
    return RelevanceModel(
        sides=sides,
        seed_terms=tuple(sorted({plain_phrase(term) for term in config.subject.seed_terms} - {""})),
        intercept=RULE_INTERCEPT,
        weights=np.array([RULE_WEIGHTS.get(name, 0.0) for name in FEATURES], dtype=np.float32),
        means=np.zeros(len(FEATURES), dtype=np.float32),
        terms=(),
        idf=np.empty(0, dtype=np.float32),
        text_weights=np.empty(0, dtype=np.float32),
        lead_weights=np.empty(0, dtype=np.float32),
        slope=1.0,
        offset=0.0,
        on_from=RULE_ON_FROM,
        off_below=RULE_OFF_BELOW,
        measured={},
    )


def learn(
    start: RelevanceModel,
    table: Table,
    outcomes: Ints,
    groups: Ints,
    document_ids: tuple[str, ...],
    *,
    aims: RelevanceAims,
    curve_shares: Sequence[float] = (),
) -> LearnedRelevance:
    """Weights from labelled documents; calibration, thresholds and figures from scores of held-out groups.

    `groups` are those of the documents, then those of the passages; passages teach weights and nothing else. Where
    labels are few, the starting model itself is the first candidate: another is taken only where the held-out groups
    speak for it clearly.
    """
    n = len(outcomes)
    is_few = min(outcomes.sum(), n - outcomes.sum()) < FEW_LABELS
    penalty, held_out = choose_penalty(start, table, outcomes, groups, FEW_LABELS_PENALTIES if is_few else (PENALTY,))
    if penalty is None:
        model = start
    else:
        slope, offset = platt(held_out, outcomes)
        model = fit_weights(start, table, outcomes, np.ones(n, dtype=bool), penalty=penalty)
        model = replace(prune(model), slope=slope, offset=offset)
    relevance = model.calibrated(held_out)
    off_below, on_from = choose_thresholds(relevance, outcomes, aims=aims, otherwise=(start.off_below, start.on_from))
    measured = measure(relevance, outcomes, off_below=off_below, on_from=on_from, aims=aims)
    fitted = replace(model, off_below=off_below, on_from=on_from, measured=measured)
    curve: list[CurvePoint] = []
    if penalty is not None and curve_shares:
        curve = label_curve(start, table, outcomes, groups, document_ids, penalty=penalty, shares=curve_shares)
        curve.append(_point(n, [_reached(relevance, outcomes)]))
    return LearnedRelevance(fitted, document_ids, outcomes, relevance, tuple(curve))


def label_curve(
    start: RelevanceModel,
    table: Table,
    outcomes: Ints,
    groups: Ints,
    document_ids: Sequence[str],
    *,
    penalty: float,
    shares: Sequence[float],
) -> list[CurvePoint]:
    """For each share of the labels what it reaches on held-out groups, over `CURVE_DRAWS` draws of which they are.

    Within a draw a smaller part lies within a larger one; checksums of ids draw the lots. A share with fewer than
    `MIN_LABELS` of an outcome in some draw is left out.
    """
    n = len(outcomes)
    points = []
    for share in sorted(shares):
        size = int(share * n)
        reached = []
        for draw in range(CURVE_DRAWS):
            lots = [hashlib.blake2b(f"{draw} {i}".encode("utf-8", "replace")).digest() for i in document_ids]
            chosen = np.zeros(n, dtype=bool)
            chosen[sorted(range(n), key=lots.__getitem__)[:size]] = True
            if min(outcomes[chosen].sum(), (1 - outcomes[chosen]).sum()) < MIN_LABELS:
                break
            scores = held_out_scores(start, table, outcomes, groups, penalty=penalty, chosen=chosen)
            slope, offset = platt(scores[chosen], outcomes[chosen])
            reached.append(_reached(np.round(sigmoid(slope * scores + offset), 6), outcomes))
        if len(reached) == CURVE_DRAWS:
            points.append(_point(size, reached))
    return points


def _point(n: int, reached: Sequence[tuple[float, float]]) -> CurvePoint:
    f1s, precisions = zip(*reached, strict=True)
    f1, precision = (round(sum(found) / len(found), 6) for found in (f1s, precisions))
    return CurvePoint(n, f1, precision, min(f1s), max(f1s))


def _reached(relevance: Floats, outcomes: Ints) -> tuple[float, float]:
    """F1 at .5 and average precision."""
    from toolkit.metrics import average_precision, precision_recall_f1

    truth = outcomes > 0.5
    f1 = precision_recall_f1(truth, relevance >= 0.5)[2]
    return round(f1, 6), round(average_precision(truth, relevance), 6)


def choose_penalty(
    start: RelevanceModel, table: Table, outcomes: Ints, groups: Ints, penalties: Sequence[float]
) -> tuple[float | None, Floats]:
    """The penalty to fit with, None for the starting model as it is, and the held-out scores that it gives.

    One penalty is taken as it is. Of several, that with the least log loss on held-out groups, if it beats the starting
    model's by more than `CLEARLY` standard errors of the difference (after the rule of Breiman et al. 1984).
    """
    n = len(outcomes)
    by_penalty = [held_out_scores(start, table, outcomes, groups, penalty=penalty) for penalty in penalties]
    if len(penalties) == 1:
        return penalties[0], by_penalty[0]
    prior = table.prior[:n]
    before = _log_loss(start.slope * prior + start.offset, outcomes)
    gains = [before - _log_loss(scores, outcomes) for scores in by_penalty]
    best = int(np.argmax([gain.mean() for gain in gains]))
    if gains[best].mean() <= CLEARLY * gains[best].std() / np.sqrt(n):
        return None, prior
    return penalties[best], by_penalty[best]


def _log_loss(scores: Floats, outcomes: npt.NDArray[Any]) -> Floats:
    return np.asarray(np.logaddexp(0, scores) - outcomes * scores)


def held_out_scores(
    start: RelevanceModel,
    table: Table,
    outcomes: Ints,
    groups: Ints,
    *,
    penalty: float,
    chosen: npt.NDArray[np.bool_] | None = None,
) -> Floats:
    """The score of each document by a model that did not learn from its group (cross-fitting), shape (n,).

    With `chosen` the models learn from those documents alone.
    """
    n = len(outcomes)
    held_out = table.prior[:n].copy()
    for group in np.unique(groups[:n]):
        inside = groups[:n] == group
        others = ~inside if chosen is None else ~inside & chosen
        if 0 < outcomes[others].sum() < others.sum():
            fitted = fit_weights(start, table, outcomes, others, penalty=penalty, passages=groups[n:] != group)
            held_out[inside] = apply_weights(fitted, table)[:n][inside]
    return held_out


def fit_weights(
    start: RelevanceModel,
    table: Table,
    outcomes: npt.NDArray[Any],
    chosen: npt.NDArray[np.bool_],
    *,
    penalty: float,
    passages: npt.NDArray[np.bool_] | None = None,
) -> RelevanceModel:
    """Logistic regression on the chosen documents with a ridge penalty on the distance from the starting weights.

    `outcomes` may be probabilities (soft labels). `passages` says which of the table's passages are learned from too;
    None: all.
    """
    from scipy.sparse import csr_matrix, hstack

    if passages is None:
        passages = np.ones(len(table.passage_outcomes), dtype=bool)
    rows = np.flatnonzero(np.concatenate((chosen, chosen, passages)))
    means = table.features[: len(chosen)][chosen].mean(axis=0)
    spread = table.features[: len(chosen)][chosen].std(axis=0)
    scales = np.where(spread > 1e-6, FEATURE_SCALE / np.maximum(spread, 1e-6), 0.0)
    blocks = [csr_matrix((table.features[rows] - means) * scales)]
    if len(table.model.terms):
        blocks += [table.text[rows] * TEXT_SCALE, table.lead[rows] * LEAD_SCALE]
    X = hstack(blocks).tocsr()
    target = np.concatenate((outcomes, outcomes, table.passage_outcomes))[rows]
    weights = np.repeat([1.0, STUB_WEIGHT, PASSAGE_WEIGHT], [len(chosen), len(chosen), len(passages)])
    change, shift = ridge_logistic(X, target, prior=table.prior[rows], weight=weights[rows], penalty=penalty)
    n_features, n_terms = len(FEATURES), len(table.model.terms)
    feature_change = change[:n_features] * scales
    text_change = change[n_features : n_features + n_terms] * TEXT_SCALE if n_terms else np.empty(0)
    lead_change = change[n_features + n_terms :] * LEAD_SCALE if n_terms else np.empty(0)
    model = table.model
    return replace(
        model,
        intercept=float(model.intercept + shift - np.dot(means, feature_change)),
        weights=(model.weights + feature_change).astype(np.float32),
        means=means.astype(np.float32),
        text_weights=(model.text_weights + text_change).astype(np.float32),
        lead_weights=(model.lead_weights + lead_change).astype(np.float32),
    )


def apply_weights(model: RelevanceModel, table: Table) -> Floats:
    """Scores of all rows of the table."""
    scores = model.intercept + table.features @ model.weights.astype(float)
    if len(model.terms):
        scores = scores + table.text @ model.text_weights.astype(float) + table.lead @ model.lead_weights.astype(float)
    return np.asarray(scores)


def prune(model: RelevanceModel) -> RelevanceModel:
    """The model without the terms whose weights are too small to matter."""
    if not len(model.terms):
        return model
    strength = (np.abs(model.text_weights) + np.abs(model.lead_weights)) * model.idf
    chosen = np.sort(np.argsort(-strength, kind="stable")[:MAX_TERMS])
    chosen = chosen[strength[chosen] > 1e-4]
    return replace(
        model,
        terms=tuple(model.terms[i] for i in chosen),
        idf=model.idf[chosen],
        text_weights=model.text_weights[chosen],
        lead_weights=model.lead_weights[chosen],
    )
