"""The relevance model as it is saved and applied: a linear score, calibrated, with a band where it says unsure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.data import CutDocument, Judgement, Mention
from toolkit.logistic import sigmoid
from toolkit.relevance.evidence import (
    BREAK_MARK,
    OTHER_MARK,
    Evidence,
    Floats,
    Ints,
    read_evidence,
    read_evidence_of_all,
    side_mark,
)
from toolkit.relevance.features import FEATURES, unit_features, unit_starts
from toolkit.relevance.relations import RelationWords
from toolkit.terms import Vocabulary, count_keys, weigh_units
from toolkit.words import WordTable

LEAD_TEXT_CHARACTERS = 600
"""Words of segments that start within so many characters are also counted as words of the lead."""

# How a kept segment's own evidence moves it away from its document, in logits. Set by judgement: no labels of segments
# were at hand to tune them on. Run tests/quality/relevance_quality.py after a change.
SUPPORT_GAIN = 0.5  # times the positive logit of the segment itself, smoothed with its neighbours
FOREIGN_LOSS = 1.0  # where segment and neighbours name only places of no side
MAX_SUPPORT = 2.0
DOCUMENT_SPAN = 4.0  # a document's logit counts at most so much for its segments
NEIGHBOUR_WEIGHT = 0.5
CUT_LOSS = 2.0
"""Taken from navigation, dates, credits: a few words alone are seldom about anything."""


@dataclass(frozen=True, slots=True)
class TermHits:
    """The vocabulary's terms in one document: `term[i]` occurs in segment `segment[i]`."""

    segment: Ints
    term: Ints


@dataclass(frozen=True)
class RelevanceModel:
    """Logistic regression over place features and TF-IDF terms of the whole text and of its lead.

    score = intercept + features . weights + tfidf(text) . text_weights + tfidf(lead) . lead_weights;
    relevance = 1 / (1 + exp(-(slope * score + offset))). At or above `on_from` is on, below `off_below` off.
    """

    sides: tuple[str, ...]
    seed_terms: tuple[str, ...]
    intercept: float
    weights: npt.NDArray[np.float32]
    means: npt.NDArray[np.float32]
    """Feature means of the training documents: what a contribution in `explain` is measured from."""
    terms: tuple[str, ...]
    idf: npt.NDArray[np.float32]
    text_weights: npt.NDArray[np.float32]
    lead_weights: npt.NDArray[np.float32]
    slope: float
    offset: float
    on_from: float
    off_below: float
    measured: Mapping[str, float]
    """Out-of-fold figures of the training run, for the model card."""

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The terms with their look-up tables; its numbering knows the words of relation too."""
        return self._tables[0]

    @cached_property
    def _tables(self) -> tuple[Vocabulary, RelationWords]:
        vocabulary = Vocabulary((*self.terms, BREAK_MARK))
        return vocabulary, RelationWords(vocabulary.numbering)

    @cached_property
    def _marks(self) -> Ints:
        """The numbers of the marks of each side, of other places and of the break between segments."""
        return self.vocabulary.numbering.of([*map(side_mark, range(len(self.sides))), OTHER_MARK, BREAK_MARK])

    def judge(
        self, cut: CutDocument, mentions: Sequence[Sequence[Mention]], *, words: WordTable | None = None
    ) -> tuple[Judgement, list[Judgement]]:
        """The document's judgement and one for every segment, kept or not; `mentions[s]` are those in `cut.texts[s]`.

        A kept segment shares its document's judgement, moved by what it and its neighbours name. The segments of
        another story on the page are judged together, anything else that was cut is judged alone. `words` are those of
        the same texts and mentions, where they have been read already.
        """
        return self.judge_each([cut], words or WordTable.of(cut.texts, mentions))[0]

    def judge_each(self, cuts: Sequence[CutDocument], words: WordTable) -> list[tuple[Judgement, list[Judgement]]]:
        """What `judge` answers of each document, given their words joined, in one array pass for all of them.

        A pass over one page is mostly the cost of calling numpy. Every sum is over rows of one document, in an order
        that the others do not change, so the answers are the same in any batch.
        """
        evidence = self.read_all(cuts, words)
        hits = self.find_terms(evidence)
        bounds = list(accumulate((len(cut.segments) for cut in cuts), initial=0))
        document = np.repeat(np.arange(len(cuts)), np.diff(bounds))
        # One pass for both views: per document the article as a unit, then every segment (or other story) on its own.
        units, n_units = separate_units(evidence, document, len(cuts))
        units += document + 1
        firsts = [0, *accumulate((n_units + 1).tolist())]
        articles = article_units(evidence, document, len(cuts))
        inside = articles >= 0
        articles[inside] = np.array(firsts)[articles[inside]]
        twice = evidence.twice()
        hits = TermHits(
            np.concatenate((hits.segment, hits.segment + bounds[-1])), np.concatenate((hits.term, hits.term))
        )
        by_unit = self.scores(twice, hits, np.concatenate((articles, units)), firsts[-1], firsts)
        whole, own = by_unit[firsts[:-1]], by_unit[units]
        scores = np.where(evidence.kept | (evidence.story > 0), own, own - CUT_LOSS)
        scores[inside] = segment_scores(evidence, inside, whole[document[inside]], own, document[inside])
        relevance, of_whole = self.calibrated(scores), self.calibrated(whole)
        relevance[evidence.length == 0] = 0.0
        of_whole[np.bincount(document, weights=evidence.length, minlength=len(cuts)) == 0] = 0.0
        parts, wholes = self.verdicts(relevance), self.verdicts(of_whole)
        return [(judgement, parts[low:high]) for judgement, (low, high) in zip(wholes, pairwise(bounds), strict=True)]

    def readable(self, term: str) -> str:
        """The term with the marks of masked places written out as the names of their sides in brackets."""
        if term.isascii():
            return term
        for i, side in enumerate(self.sides):
            term = term.replace(side_mark(i), f"[{side}]")
        return term.replace(OTHER_MARK, "[other place]").replace(BREAK_MARK, "[new paragraph]")

    def read(self, cut: CutDocument, mentions: Sequence[Sequence[Mention]], words: WordTable | None = None) -> Evidence:
        """The evidence this model looks at."""
        return read_evidence(
            cut,
            mentions,
            sides=self.sides,
            seed_terms=self.seed_terms,
            words=words,
            relation_words=self._tables[1],
        )

    def read_all(self, cuts: Sequence[CutDocument], words: WordTable) -> Evidence:
        """The evidence of several documents, given their words joined."""
        return read_evidence_of_all(
            cuts, words, sides=self.sides, seed_terms=self.seed_terms, relation_words=self._tables[1]
        )

    def find_terms(self, evidence: Evidence) -> TermHits:
        """The model's terms in the document, each with the segment it stands in."""
        words = evidence.words.masked(self.vocabulary.numbering, self._marks[evidence.side], int(self._marks[-1]))
        term, place = self.vocabulary.locate(words.number)
        is_term = term < len(self.terms)  # the last one is the break
        return TermHits(words.segment.take(place[is_term]), term[is_term])

    def scores(
        self, evidence: Evidence, hits: TermHits, unit: Ints, n_units: int, firsts: Sequence[int] = ()
    ) -> Floats:
        """The uncalibrated score of each unit, in logits; shape (n_units,).

        `firsts`, where the units are of several documents, are the first unit of each and `n_units`.
        """
        starts = unit_starts(evidence, unit)
        features = unit_features(evidence, unit, n_units, starts=starts)
        weights = self.weights.astype(float)
        # A product a document: the order in which BLAS adds up may change with the number of rows.
        products = [features[low:high] @ weights for low, high in pairwise(firsts or (0, n_units))]
        scores = self.intercept + np.concatenate(products)
        if not self.terms:
            return np.asarray(scores)
        # The texts of all units and then their leads are weighed in one pass.
        lead = np.where((starts < LEAD_TEXT_CHARACTERS) & (unit >= 0), unit + n_units, -1)
        where = np.concatenate((unit.take(hits.segment), lead.take(hits.segment)))
        of, term, values = weigh_units(where, np.concatenate((hits.term, hits.term)), self.idf, 2 * n_units)
        n_text = int(of.searchsorted(n_units))
        by_text = values[:n_text] * self.text_weights.take(term[:n_text])
        by_lead = values[n_text:] * self.lead_weights.take(term[n_text:])
        scores += np.bincount(of[:n_text], weights=by_text, minlength=n_units)
        scores += np.bincount(of[n_text:] - n_units, weights=by_lead, minlength=n_units)
        return np.asarray(scores)

    def calibrated(self, scores: Floats) -> Floats:
        """Scores as probabilities, rounded to six decimals."""
        return np.round(sigmoid(self.slope * scores + self.offset), 6)

    def verdicts(self, relevance: Floats) -> list[Judgement]:
        """On, off or unsure, for each."""
        on_from, off_below = self.on_from, self.off_below
        return [
            Judgement(share, "on" if share >= on_from else "off" if share < off_below else "unsure")
            for share in relevance.tolist()
        ]

    def state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """The model as JSON and arrays."""
        plain = {
            "sides": list(self.sides),
            "seed_terms": list(self.seed_terms),
            "features": list(FEATURES),
            "intercept": self.intercept,
            "terms": list(self.terms),
            "slope": self.slope,
            "offset": self.offset,
            "on_from": self.on_from,
            "off_below": self.off_below,
            "measured": dict(self.measured),
        }
        return plain, {
            name: getattr(self, name) for name in ("weights", "means", "idf", "text_weights", "lead_weights")
        }

    @classmethod
    def from_state(cls, plain: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> RelevanceModel:
        """The model `state` described.

        Raises
        ------
        ValueError
            Where the saved model was made with other features than this program computes.
        """
        if tuple(plain["features"]) != FEATURES:
            raise ValueError("the relevance model was trained with other features than this version computes")
        return cls(
            sides=tuple(plain["sides"]),
            seed_terms=tuple(plain["seed_terms"]),
            intercept=float(plain["intercept"]),
            weights=arrays["weights"],
            means=arrays["means"],
            terms=tuple(plain["terms"]),
            idf=arrays["idf"],
            text_weights=arrays["text_weights"],
            lead_weights=arrays["lead_weights"],
            slope=float(plain["slope"]),
            offset=float(plain["offset"]),
            on_from=float(plain["on_from"]),
            off_below=float(plain["off_below"]),
            measured=dict(plain["measured"]),
        )


def article_unit(evidence: Evidence) -> Ints:
    """Unit 0 for the segments of the own article of the one document there is, -1 for the rest."""
    return article_units(evidence, np.zeros(len(evidence.story), dtype=np.int64), 1)


def article_units(evidence: Evidence, document: Ints, n_documents: int) -> Ints:
    """Unit d for the segments of the own article of document d, -1 for the rest; shape (n_segments,).

    `document` says of each segment, in order, whose it is. Of a document of which nothing was kept, all segments that
    belong to no other story stand in for the article.
    """
    own = evidence.story <= 0
    inside = evidence.kept & own
    has_article = np.bincount(document[inside], minlength=n_documents) > 0
    return np.where(inside | (own & ~has_article[document]), document, -1)


def separate_units(evidence: Evidence, document: Ints, n_documents: int) -> tuple[Ints, Ints]:
    """Each segment alone, but the segments of one other story together: the unit of each segment, units by document.

    A document's units follow those of the one before it: first its segments by themselves, then its other stories.
    """
    own = evidence.story <= 0
    n_own = np.bincount(document[own], minlength=n_documents)
    width = int(evidence.story.max(initial=0)) + 1
    keys = (document * width + evidence.story)[~own]
    stories, _ = count_keys(keys)
    n_stories = np.bincount(stories // width, minlength=n_documents)
    unit = np.cumsum(own) - 1 + (np.cumsum(n_stories) - n_stories)[document]
    unit[~own] = np.cumsum(n_own)[document[~own]] + stories.searchsorted(keys)
    return unit, n_own + n_stories


def segment_scores(
    evidence: Evidence,
    inside: npt.NDArray[np.bool_],
    document_score: float | Floats,
    own: Floats,
    document: Ints | None = None,
) -> Floats:
    """Scores of the article's segments: the document's, moved by their own evidence and that of their neighbours.

    With segments of several documents, `document_score` and `document`, its number, are those of each segment inside.
    """
    n = evidence.n_sides
    named = np.bincount(evidence.segment * 2 + (evidence.side == n), minlength=2 * len(own)).reshape(-1, 2)[inside]
    foreign = ((named[:, 1] > 0) & (named[:, 0] == 0)).astype(float)
    support = np.minimum(np.maximum(own[inside], 0), MAX_SUPPORT / SUPPORT_GAIN)
    base = np.minimum(np.maximum(document_score, -DOCUMENT_SPAN), DOCUMENT_SPAN)
    together = np.ones(max(len(support) - 1, 0)) if document is None else (document[1:] == document[:-1]).astype(float)
    return np.asarray(
        base + SUPPORT_GAIN * _smooth(support, together) - FOREIGN_LOSS * _smooth(foreign, together) * foreign
    )


def _smooth(values: Floats, together: Floats) -> Floats:
    """Each value averaged with its two neighbours, which count `NEIGHBOUR_WEIGHT` each.

    `together[i]` is 1 where values i and i + 1 are neighbours, 0 where they are of two documents.
    """
    beside, n_beside = np.zeros((2, len(values)))
    beside[1:] = values[:-1] * together
    beside[:-1] += values[1:] * together
    n_beside[1:] = together
    n_beside[:-1] += together
    return np.asarray((values + NEIGHBOUR_WEIGHT * beside) / (1 + NEIGHBOUR_WEIGHT * n_beside))
