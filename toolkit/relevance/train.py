"""Learning relevance: from labels, from a shipped model, or from the places of the config alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.config import Config
from toolkit.config import Relevance as RelevanceAims
from toolkit.data import CutDocument, Label, Mention
from toolkit.errors import ToolkitError
from toolkit.logistic import platt, ridge_logistic
from toolkit.relevance.evidence import BREAK_MARK, OTHER_MARK, Evidence, Floats, Ints, side_mark
from toolkit.relevance.features import FEATURES, unit_features, unit_starts
from toolkit.relevance.model import LEAD_TEXT_CHARACTERS, RelevanceModel, article_unit
from toolkit.relevance.rule import RULE_INTERCEPT, RULE_OFF_BELOW, RULE_ON_FROM, RULE_WEIGHTS
from toolkit.relevance.thresholds import choose_thresholds, measure
from toolkit.terms import Counts, build_vocabulary, group_documents, inverse_frequency, plain_phrase, stack, weigh_units

MAX_TERMS = 20_000
MIN_TERM_DOCUMENTS = 3
MAX_VOCABULARY_DOCUMENTS = 20_000
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
CLEARLY = 2.0
"""By so many standard errors must what few labels teach beat the starting model. With 1, single draws of 50 labels of
sea_china_news ended 8 points of F1 below the starting model."""
STUB_WEIGHT = 0.1
"""Weight of the copy of a training document cut down to its lead: teaches the model short units. The better of .3 and
.1 on sea_china_news, outlets held out in turn and cut by line models that never saw them: F1 .898 and .907."""
PASSAGE_WEIGHT = STUB_WEIGHT
"""Weight of a passage with a label of its own, which is a short text too. Set by likeness, not tuned: no labels of
passages were at hand."""


def train_relevance(
    corpus: Sequence[CutDocument],
    mentions: Sequence[Sequence[Sequence[Mention]]],
    *,
    config: Config,
    labels: Mapping[str, Label],
    base: RelevanceModel | None = None,
    random_state: int,
) -> RelevanceModel:
    """A relevance model for `corpus`; `mentions[d][s]` are the mentions in `corpus[d].texts[s]`.

    With labels of both outcomes, weights are learned that stay near those of `base` (or of the built-in rule over
    place features). Without, `base` (or the rule) is used as it is: learning from documents the rule is sure of was
    measured and did not help (F1 .871 before, .849 to .858 after; .871 with soft labels on all documents).
    `random_state` is unused: nothing here is left to chance.

    Raises
    ------
    ToolkitError
        Where the config states a recall or a precision to be reached and there are too few labels to choose a
        threshold by, or no threshold reaches it.
    """
    import scipy.optimize  # noqa: F401 - only a BLAS that is loaded can be held to one thread
    from threadpoolctl import threadpool_limits

    del random_state
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
            return learn(start, table, outcomes[known], groups, aims=config.relevance)
    for name in ("target_recall", "target_precision"):
        wanted = getattr(config.relevance, name)
        if wanted is not None and start.measured.get(name) != wanted:
            raise ToolkitError(
                f"{name}: the threshold is chosen by labels, of {MIN_LABELS} documents on the subject and {MIN_LABELS} "
                f"off it at least; found {n_on} and {n_off}. Give more --labels, or leave the target out."
            )
    return start


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


@dataclass(frozen=True, slots=True)
class LabelledPassage:
    """Segments of one document that a person judged on their own: `segments` are their rows in `cut`."""

    cut: CutDocument
    mentions: Sequence[Sequence[Mention]]
    segments: tuple[int, ...]
    on_topic: bool


def labelled_passages(
    corpus: Sequence[CutDocument], mentions: Sequence[Sequence[Sequence[Mention]]], labels: Mapping[str, Label]
) -> list[LabelledPassage]:
    """The passages with labels, sorted by document and place, each with the segments it covers at least half of.

    Where it covers half of none, the one it shares most with.
    """
    found = []
    for d in np.argsort([cut.document.document_id for cut in corpus]).tolist():
        label = labels.get(corpus[d].document.document_id)
        for passage in label.passages if label else ():
            shared = [
                max(min(passage.end, s.end) - max(passage.start, s.start), 0) / max(s.end - s.start, 1)
                for s in corpus[d].segments
            ]
            rows = [i for i, share in enumerate(shared) if share >= 0.5] or [int(np.argmax(shared))]
            found.append(LabelledPassage(corpus[d], mentions[d], tuple(rows), passage.on_topic))
    return found


@dataclass(frozen=True)
class Table:
    """Training rows: each document whole, each document cut down to its lead in the same order, then passages."""

    model: RelevanceModel
    """The starting model, its vocabulary widened by the terms of the corpus (new terms have weight 0)."""
    features: Floats
    text: Any
    """CSR matrix (2 * n_documents + n_passages, n_terms)."""
    lead: Any
    prior: Floats
    """Scores of the starting model."""
    passage_outcomes: Ints
    """1 for a passage about the subject, else 0; shape (n_passages,)."""


def read_corpus(
    start: RelevanceModel,
    corpus: Sequence[CutDocument],
    mentions: Sequence[Sequence[Sequence[Mention]]],
    *,
    with_terms: bool,
    passages: Sequence[LabelledPassage] = (),
) -> Table:
    """The training rows of `corpus`, and of `passages`, of whatever documents."""
    evidences = [start.read(cut, found) for cut, found in zip(corpus, mentions, strict=True)]
    model = widen(start, evidences) if with_terms else start
    features: list[Floats] = []
    prior: list[Floats] = []
    text: list[Counts] = []
    lead: list[Counts] = []

    def add(evidence: Evidence, unit: Ints, first: Ints) -> None:
        hits = model.find_terms(evidence)
        features.append(unit_features(evidence, unit, 1))
        prior.append(start.scores(evidence, start.find_terms(evidence), unit, 1))
        for rows, where in ((text, unit), (lead, first)):
            _, term, values = weigh_units(where[hits.segment], hits.term, model.idf, 1)
            rows.append((term, values))

    for cut_down in (False, True):
        for evidence in evidences:
            unit = article_unit(evidence)
            starts = unit_starts(evidence, unit)
            first = np.where(starts < LEAD_TEXT_CHARACTERS, unit, -1)
            if cut_down:
                unit = np.where(starts < LEAD_TEXT_CHARACTERS / 2, unit, -1)
                first = unit
            add(evidence, unit, first)
    for passage in passages:
        evidence = start.read(passage.cut, passage.mentions)
        unit = np.full(len(passage.cut.segments), -1, dtype=np.int64)
        unit[list(passage.segments)] = 0
        add(evidence, unit, np.where(unit_starts(evidence, unit) < LEAD_TEXT_CHARACTERS, unit, -1))
    n_terms = len(model.terms)
    return Table(
        model,
        np.vstack(features),
        stack(text, n_terms),
        stack(lead, n_terms),
        np.concatenate(prior),
        passage_outcomes=np.array([passage.on_topic for passage in passages], dtype=np.int64),
    )


def widen(start: RelevanceModel, evidences: Sequence[Evidence]) -> RelevanceModel:
    """`start` with the frequent terms of the corpus added to its vocabulary, with weight 0."""
    marks = frozenset((BREAK_MARK, OTHER_MARK, *(side_mark(i) for i in range(len(start.sides)))))
    step = -(-len(evidences) // MAX_VOCABULARY_DOCUMENTS)
    kept_tokens = [_kept_tokens(evidence) for evidence in evidences[::step]]
    vocabulary, frequency, n = build_vocabulary(
        kept_tokens, min_documents=MIN_TERM_DOCUMENTS, max_terms=MAX_TERMS, stop_words=marks
    )
    idf = dict(zip(vocabulary.terms, inverse_frequency(frequency, n).tolist(), strict=True))
    known = set(start.terms)
    new = [term for term in vocabulary.terms if term not in known][: max(MAX_TERMS - len(known), 0)]
    pad = np.zeros(len(new), dtype=np.float32)
    return replace(
        start,
        terms=(*start.terms, *new),
        idf=np.concatenate((start.idf, np.array([idf[term] for term in new], dtype=np.float32))),
        text_weights=np.concatenate((start.text_weights, pad)),
        lead_weights=np.concatenate((start.lead_weights, pad)),
    )


def _kept_tokens(evidence: Evidence) -> list[str]:
    inside = article_unit(evidence) >= 0
    tokens: list[str] = []
    segment = 0
    for token in evidence.tokens:
        if token == BREAK_MARK:
            segment += 1
        if inside[segment]:
            tokens.append(token)
    return tokens


def learn(start: RelevanceModel, table: Table, outcomes: Ints, groups: Ints, *, aims: RelevanceAims) -> RelevanceModel:
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
    return replace(model, off_below=off_below, on_from=on_from, measured=measured)


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


def held_out_scores(start: RelevanceModel, table: Table, outcomes: Ints, groups: Ints, *, penalty: float) -> Floats:
    """The score of each document by a model that did not learn from its group (cross-fitting), shape (n,)."""
    n = len(outcomes)
    held_out = table.prior[:n].copy()
    for group in np.unique(groups[:n]):
        inside = groups[:n] == group
        if 0 < outcomes[~inside].sum() < (~inside).sum():
            fitted = fit_weights(start, table, outcomes, ~inside, penalty=penalty, passages=groups[n:] != group)
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
