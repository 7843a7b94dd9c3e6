"""The training rows of relevance: documents whole, documents cut down to their lead, and passages of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from toolkit.data import CutDocument, Label, Mention
from toolkit.relevance.evidence import BREAK_MARK, OTHER_MARK, Evidence, Floats, Ints, side_mark
from toolkit.relevance.features import unit_features, unit_starts
from toolkit.relevance.model import LEAD_TEXT_CHARACTERS, RelevanceModel, article_unit
from toolkit.terms import Counts, build_vocabulary, inverse_frequency, stack, weigh_units

MAX_TERMS = 20_000
MIN_TERM_DOCUMENTS = 3
MAX_VOCABULARY_DOCUMENTS = 20_000


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
    passage_outcomes: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
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
