"""Why an article or a segment got its relevance: exact contributions to the logit, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter

import numpy as np
import numpy.typing as npt

from toolkit.data import CutDocument, Explanation, Mention
from toolkit.relevance.evidence import Evidence, Floats, Ints
from toolkit.relevance.features import FEATURES, unit_features, unit_starts
from toolkit.relevance.model import (
    CUT_LOSS,
    DOCUMENT_SPAN,
    FOREIGN_LOSS,
    LEAD_TEXT_CHARACTERS,
    MAX_SUPPORT,
    NEIGHBOUR_WEIGHT,
    SUPPORT_GAIN,
    RelevanceModel,
    TermHits,
    article_unit,
    article_units,
    separate_units,
)
from toolkit.terms import weigh_units
from toolkit.words import WordTable

BASELINE = "an average article of the training corpus"
WHOLE = "the article as a whole"
LIMIT = "limit of what one part may count"
BESIDE = "the paragraphs beside it"
FOREIGN = "it and its neighbours name only places of no side"
CUT = "no text of an article: a few words alone are seldom about anything"

READABLE = {
    "title_both": "both sides in the title",
    "title_one": "one side alone in the title",
    "title_other": "places of no side in the title",
    "head_both": "both sides in the first 120 characters",
    "lead_both": "both sides in the lead",
    "lead_rare": "how often the lead names the less named side",
    "lead_other": "places of no side in the lead",
    "lead_other_share": "share of places of no side in the lead",
    "top_rare": "how often the top names the less named side",
    "top_other": "places of no side at the top",
    "top_other_share": "share of places of no side at the top",
    "both_ratio": "share of text in sentences that name both sides",
    "both_clean_ratio": "share of text in sentences that name both sides and nobody else",
    "both_log": "number of sentences that name both sides",
    "first_both": "how early a sentence names both sides",
    "own_ratio": "share of text in sentences that name a side",
    "other_ratio": "share of text in sentences that name places of no side",
    "other_only_ratio": "share of text in sentences that name only places of no side",
    "segments_both": "share of text in paragraphs that name both sides",
    "rare_density": "density of the less named side",
    "top_density": "density of the more named side",
    "other_density": "density of places of no side",
    "rare_log": "how often the less named side is named",
    "rare_share": "share of the less named side in all places",
    "other_share": "share of places of no side in all places",
    "others_log": "number of other countries",
    "members_log": "number of countries of the sides",
    "other_against_rare": "the most named other country against the less named side",
    "spread": "both sides named throughout the text",
    "seed_log": "number of words of the subject",
    "seed_density": "density of words of the subject",
    "seed_both": "words of the subject in sentences that name both sides",
    "seed_top": "words of the subject at the top",
    "length": "length of the text",
    "opening_both": "both sides in headline and standfirst",
    "opening_both_alone": "both sides and nobody else in headline and standfirst",
    "opening_other": "places of no side in headline and standfirst",
    "first_second": "how early the second side is named",
    "both_other_ratio": "share of the sentences naming both sides that name others too",
    "main_rare": "how often the main country of the less named side is named",
    "joined_meet": "both sides joined by words of visits and talks",
    "joined_invest_top": "both sides joined by words of investing and building, at the top",
    "sentence_head": "share of mentions of the sides at the head of a sentence",
    "beside_trade": "words of trade beside the less named side",
}


def readable_feature(name: str) -> str:
    """The feature in words; a product of two as "one, with the other".

    Examples
    --------
    >>> readable_feature("title_both*spread")
    'both sides in the title, with both sides named throughout the text'
    """
    return ", with ".join(READABLE[part] for part in name.split("*"))


READABLE_FEATURES = tuple(map(readable_feature, FEATURES))


@dataclass(frozen=True, slots=True)
class RelevanceReasons:
    """The explanation of the document's relevance and of every segment's; None where a segment has no text."""

    document: Explanation
    segments: tuple[Explanation | None, ...]


def strongest_parts(
    model: RelevanceModel, cuts: Sequence[CutDocument], words: WordTable, *, n: int
) -> list[list[tuple[str, float]]]:
    """What spoke most for each document and, as many, against it: at most `n` of each as (name, logits).

    These are of the contributions that `explain_relevance` finds for the document, without the baseline, strongest
    first. `words` are those of the documents joined. Only what is strongest is put in words.
    """
    evidence = model.read_all(cuts, words)
    hits = model.find_terms(evidence)
    document = np.arange(len(cuts)).repeat([len(cut.segments) for cut in cuts])
    features, terms = _parts(model, evidence, hits, article_units(evidence, document, len(cuts)), len(cuts))
    n_features, n_terms = len(FEATURES), len(model.terms)
    of = np.concatenate((np.arange(len(cuts)).repeat(n_features), *(part.unit for part in terms)))
    what = np.concatenate(
        (
            np.tile(np.arange(n_features), len(cuts)),
            *(n_features + i * n_terms + part.term for i, part in enumerate(terms)),
        )
    )
    values = model.slope * np.concatenate((features.ravel(), *(part.value for part in terms)))

    def name(what: int) -> str:
        if what < n_features:
            return READABLE_FEATURES[what]
        view, term = divmod(what - n_features, n_terms)
        return _readable_term(model, term, terms[view].suffix)

    found = []
    for u in range(len(cuts)):
        own = (of == u).nonzero()[0]
        both: list[tuple[float, str, float]] = []
        for sign in (1, -1):
            at = own[_largest(sign * values[own], n)]
            named = zip(map(name, what[at].tolist()), values[at].tolist(), strict=True)
            both += sorted((-abs(value), name, value) for name, value in named)[:n]
        found.append([(name, value) for _, name, value in sorted(both, key=itemgetter(0))])
    return found


def _largest(values: Floats, n: int) -> Ints:
    """Where the `n` largest of the positive `values` are, and those that tie with the last of them."""
    positive = (values > 0).nonzero()[0]
    if len(positive) <= n:
        return positive
    return np.asarray(positive[values[positive] >= np.partition(values[positive], -n)[-n]])


def explain_relevance(
    model: RelevanceModel, cut: CutDocument, mentions: Sequence[Sequence[Mention]]
) -> RelevanceReasons:
    """Take apart what `model.judge(cut, mentions)` answers.

    Every explanation's contributions add up to the logit whose logistic function, rounded, is the stored relevance
    (logits beyond 30 are stored as 30). A feature counts from its mean over the training documents.
    """
    evidence = model.read(cut, mentions)
    hits = model.find_terms(evidence)
    article = article_unit(evidence)
    document = next(_unit_contributions(model, evidence, hits, article, 1))
    unit, n_units = separate_units(evidence, np.zeros_like(article), 1)
    units = list(_unit_contributions(model, evidence, hits, unit, int(n_units[0])))
    own = np.array([sum(value for _, value in units[u]) for u in unit.tolist()])
    composed = iter(_composed(evidence, article >= 0, sum(value for _, value in document), own))
    segments: list[Explanation | None] = []
    for s, u in enumerate(unit.tolist()):
        if article[s] >= 0:
            whole, self_weight, rest = next(composed)
            named = [(WHOLE, whole), *((f"here: {name}", self_weight * value) for name, value in units[u]), *rest]
        elif evidence.kept[s] or evidence.story[s] > 0:
            named = units[u]
        else:
            named = [*units[u], (CUT, -CUT_LOSS)]
        segments.append(_calibrated(model, named) if evidence.length[s] else None)
    return RelevanceReasons(_calibrated(model, document), tuple(segments))


def _calibrated(model: RelevanceModel, named: Sequence[tuple[str, float]]) -> Explanation:
    """Scores stretched by the calibration's slope; its offset goes to the constant part."""
    constant = WHOLE if named[0][0] == WHOLE else BASELINE
    return Explanation.of("on", [(constant, model.offset), *((name, model.slope * value) for name, value in named)])


@dataclass(frozen=True, slots=True)
class _TermParts:
    """What terms add: `term[i]` adds `value[i]` to the uncalibrated score of unit `unit[i]`; `suffix` says where."""

    suffix: str
    unit: Ints
    term: Ints
    value: Floats


def _parts(
    model: RelevanceModel, evidence: Evidence, hits: TermHits, unit: Ints, n_units: int
) -> tuple[Floats, list[_TermParts]]:
    """What features add to the uncalibrated score of each unit, from their means, (n_units, n_features); and terms."""
    starts = unit_starts(evidence, unit)
    features = (unit_features(evidence, unit, n_units, starts=starts) - model.means.astype(float)) * model.weights
    if not model.terms:
        return features, []
    lead = np.where(starts < LEAD_TEXT_CHARACTERS, unit, -1)
    terms = []
    for suffix, where, weights in (("", unit, model.text_weights), (" in the lead", lead, model.lead_weights)):
        of, term, values = weigh_units(where[hits.segment], hits.term, model.idf, n_units)
        terms.append(_TermParts(suffix, of, term, values * weights[term]))
    return features, terms


def _readable_term(model: RelevanceModel, term: int, suffix: str) -> str:
    return f"“{model.readable(model.terms[term])}”{suffix}"


def _unit_contributions(
    model: RelevanceModel, evidence: Evidence, hits: TermHits, unit: Ints, n_units: int
) -> Iterator[list[tuple[str, float]]]:
    """Per unit, what adds up to its uncalibrated score: the baseline, features from their means, terms."""
    features, terms = _parts(model, evidence, hits, unit, n_units)
    baseline = model.intercept + float(np.dot(model.means.astype(float), model.weights.astype(float)))
    found: list[list[tuple[str, float]]] = [[] for _ in range(n_units)]
    for part in terms:
        for u, t, value in zip(part.unit.tolist(), part.term.tolist(), part.value.tolist(), strict=True):
            found[u].append((_readable_term(model, t, part.suffix), value))
    for row, named in zip(features.tolist(), found, strict=True):
        yield [(BASELINE, baseline), *zip(READABLE_FEATURES, row, strict=True), *named]


def _composed(
    evidence: Evidence, inside: npt.NDArray[np.bool_], document_score: float, own: Floats
) -> Iterator[tuple[float, float, list[tuple[str, float]]]]:
    """For each segment of the article: what its document counts, the weight of its own score, and the other parts.

    The parts of `toolkit.relevance.model.segment_scores`, one by one.
    """
    n = evidence.n_sides
    named = np.bincount(evidence.segment * 2 + (evidence.side == n), minlength=2 * len(own)).reshape(-1, 2)[inside]
    foreign = ((named[:, 1] > 0) & (named[:, 0] == 0)).astype(float)
    scores = own[inside]
    support = np.clip(scores, 0, MAX_SUPPORT / SUPPORT_GAIN)
    base = float(np.clip(document_score, -DOCUMENT_SPAN, DOCUMENT_SPAN))
    for i in range(len(scores)):
        beside = [j for j in (i - 1, i + 1) if 0 <= j < len(scores)]
        shares = 1 + NEIGHBOUR_WEIGHT * len(beside)
        gain = SUPPORT_GAIN / shares
        self_weight = gain if support[i] > 0 else 0.0
        smooth_foreign = (foreign[i] + NEIGHBOUR_WEIGHT * sum(foreign[j] for j in beside)) / shares
        rest = [
            (LIMIT, gain * float(support[i] - scores[i]) if support[i] > 0 else 0.0),
            (BESIDE, gain * NEIGHBOUR_WEIGHT * float(sum(support[j] for j in beside))),
            (FOREIGN, -FOREIGN_LOSS * float(smooth_foreign * foreign[i])),
        ]
        yield base, self_weight, rest
