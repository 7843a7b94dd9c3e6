"""What a training taught, as plain rows for a report: figures of held-out articles, terms, what to label next."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from toolkit.advice import POOL, RANDOM, THEME, Advice, Candidate, choose_to_label
from toolkit.config import Config
from toolkit.data import NO_TOPIC, Label
from toolkit.duplicates import find_duplicates, signature
from toolkit.embed import Encoder
from toolkit.pipeline import TOPIC_ROLES, Judged, kept_text, outlet_of
from toolkit.relevance import LearnedRelevance, RelevanceModel
from toolkit.relevance.explain import readable_feature
from toolkit.relevance.features import FEATURES
from toolkit.themes import LearnedThemes, ThemeModel
from toolkit.topics import TopicModel

CURVE_SHARES = (0.125, 0.25, 0.5)
"""Parts of the labels the label-budget curve is drawn for, beside all of them: a tenth of the time that training takes
(1,284 labelled articles of sea_china_news)."""
N_TERMS = 12  # of each sign, of relevance; of each theme
MAX_SENTENCE = 300  # characters of the passage shown with an article to label
_MAX_TOPIC_TEXTS = 3  # segments that tell the topic of an article to label

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Lesson:
    """Everything the training report shows; rows of plain values, in an order that depends on nothing but the corpus.

    `held_out` are labelled articles: `{document_id, outlet, truth, relevance}`; `held_out_themes`
    `{document_id, theme, truth, score}`, known pairs alone. `curve` is the label-budget curve. `to_label` are the
    articles to label next.
    """

    name: str
    subject: str
    training: Row
    thresholds: tuple[float, float]
    target_coverage: float
    measured: Row
    themes_measured: Row
    labels: Row
    theme_labels: tuple[Row, ...]
    held_out: tuple[Row, ...]
    held_out_themes: tuple[Row, ...]
    curve: tuple[Row, ...]
    topics_selection: Row
    cues: tuple[Row, ...]
    terms: tuple[Row, ...]
    to_label: tuple[Row, ...]
    notes: tuple[str, ...] = field(default=())


def make_lesson(
    judged: Sequence[Judged],
    labels: Mapping[str, Label],
    *,
    name: str,
    config: Config,
    relevance: LearnedRelevance,
    themes: LearnedThemes,
    topics: TopicModel,
    encoder: Encoder,
    training: Row,
    notes: Sequence[str],
) -> Lesson:
    """The rows of the training report of one training."""
    model = relevance.model
    outlets = {j.cut.document.document_id: outlet_of(j.cut.document.outlet, j.cut.document.url) or "" for j in judged}
    given = [label for document_id in sorted(outlets) if (label := labels.get(document_id)) is not None]
    return Lesson(
        name=name,
        subject=config.subject.name,
        training=training,
        thresholds=(model.off_below, model.on_from),
        target_coverage=config.relevance.target_coverage,
        measured=model.measured if relevance.document_ids else {},
        themes_measured=themes.model.measured if themes.learned else {},
        labels={
            "on": sum(label.on_topic is True for label in given),
            "off": sum(label.on_topic is False for label in given),
            "open": sum(label.on_topic is None for label in given),
            "passages": sum(len(label.passages) for label in given),
        },
        theme_labels=tuple(_theme_labels(given, config, themes)),
        held_out=tuple(
            {
                "document_id": document_id,
                "outlet": outlets[document_id],
                "truth": bool(truth),
                "relevance": float(score),
            }
            for document_id, truth, score in zip(
                relevance.document_ids, relevance.outcomes.tolist(), relevance.held_out.tolist(), strict=True
            )
        ),
        held_out_themes=tuple(_held_out_themes(themes)),
        curve=tuple(asdict(point) for point in relevance.curve),
        topics_selection=topics.selection,
        cues=tuple(_cues(model)),
        terms=(*_relevance_terms(model), *_theme_terms(themes.model, config)),
        to_label=tuple(_to_label(judged, labels, outlets, model, themes, topics, encoder)),
        notes=tuple(notes),
    )


def _theme_labels(given: Sequence[Label], config: Config, themes: LearnedThemes) -> list[Row]:
    rows: list[Row] = []
    thresholds = dict(
        zip(themes.model.themes, np.round(themes.model.thresholds.astype(float), 6).tolist(), strict=True)
    )
    for theme, section in config.themes.items():
        known = [label for label in given if label.themes is not None and theme not in label.themes_unsure]
        n_with = sum(theme in (label.themes or ()) for label in known)
        rows.append(
            {
                "theme": theme,
                "label": section.label,
                "n_with": n_with,
                "n_without": len(known) - n_with,
                "is_learned": theme in themes.learned,
                "threshold": thresholds[theme],
            }
        )
    return rows


def _held_out_themes(themes: LearnedThemes) -> list[Row]:
    of = {theme: t for t, theme in enumerate(themes.model.themes)}
    return [
        {"document_id": i, "theme": theme, "truth": bool(themes.truth[d, t]), "score": float(themes.held_out[d, t])}
        for d, i in enumerate(themes.document_ids)
        for theme, t in of.items()
        if themes.known[d, t] and theme in themes.learned
    ]


def _cues(model: RelevanceModel) -> list[Row]:
    """The place features by their weight, strongest first; a weight is of one unit of the feature, most in [0, 1]."""
    order = sorted(range(len(FEATURES)), key=lambda i: (-abs(round(float(model.weights[i]), 6)), FEATURES[i]))
    found = [(readable_feature(FEATURES[i]), round(float(model.weights[i]), 6)) for i in order]
    return [{"cue": cue, "weight": weight} for cue, weight in found if weight]


def _relevance_terms(model: RelevanceModel) -> list[Row]:
    """The words that speak most for and against the subject: weight in text and lead, times inverse frequency."""
    strength = (model.text_weights + model.lead_weights).astype(float) * model.idf
    return _strongest("", model.terms, strength, both_signs=True)


def _theme_terms(model: ThemeModel, config: Config) -> list[Row]:
    """Each theme's strongest seed terms of the config and learned words."""
    rows: list[Row] = []
    for t, theme in enumerate(model.themes):
        rows += [
            {"of": theme, "kind": "seed", "term": term, "strength": None} for term in config.themes[theme].seed_terms
        ]
        if model.terms:
            rows += _strongest(theme, model.terms, model.term_weights[:, t].astype(float) * model.idf, both_signs=False)
    return rows


def _strongest(of: str, terms: Sequence[str], strength: np.ndarray[Any, Any], *, both_signs: bool) -> list[Row]:
    rounded = np.round(strength, 6).tolist()
    ranked = sorted(range(len(terms)), key=lambda i: (-rounded[i], terms[i]))
    best = [("for", i) for i in ranked[:N_TERMS] if rounded[i] > 0]
    worst = [("against", i) for i in reversed(ranked[-N_TERMS:]) if rounded[i] < 0] if both_signs else []
    return [{"of": of, "kind": kind, "term": terms[i], "strength": rounded[i]} for kind, i in [*best, *worst]]


def _to_label(
    judged: Sequence[Judged],
    labels: Mapping[str, Label],
    outlets: Mapping[str, str],
    model: RelevanceModel,
    themes: LearnedThemes,
    topics: TopicModel,
    encoder: Encoder,
) -> list[Row]:
    """The articles to label next, near-duplicates once."""
    without = [j for j in judged if _is_open(labels.get(j.cut.document.document_id))]
    copies = find_duplicates((j.cut.document.document_id, j.cut.date, signature(kept_text(j.cut))) for j in without)
    by_id = {i: j for j in without if (i := j.cut.document.document_id) not in copies}
    line = (_logit(model.off_below) + _logit(model.on_from)) / 2
    distances = {i: abs(_logit(j.document.relevance) - line) for i, j in by_id.items()}
    nearest = sorted(distances, key=lambda i: (distances[i], i))[: 30 * POOL]
    topic_of = {i: _topic_of(by_id[i], topics, encoder) for i in nearest}
    theme_of = {i: _nearest_theme(by_id[i], themes.model) for i in by_id if by_id[i].document.on_topic == "on"}
    candidates = [
        Candidate(i, outlets[i], topic_of.get(i, NO_TOPIC), distances[i], *theme_of.get(i, (None, None)))
        for i in sorted(by_id)
    ]
    known = {candidate.document_id: candidate for candidate in candidates}
    return [
        _advice_row(by_id[item.document_id], item, known[item.document_id], model)
        for item in choose_to_label(candidates)
    ]


def _is_open(label: Label | None) -> bool:
    return label is None or label.on_topic is None


def _nearest_theme(item: Judged, model: ThemeModel) -> tuple[str | None, float | None]:
    """The theme whose threshold the article as a whole is nearest to, and how far, in logits."""
    unit = np.array([0 if piece.kept else -1 for piece in item.cut.segments], dtype=np.int64)
    if not (unit == 0).any():
        return None, None
    scores = model.logits(model.read(item.cut), unit, 1)[0]
    lines = [_logit(float(threshold)) for threshold in model.thresholds]
    away = [round(abs(float(score) - line), 6) for score, line in zip(scores, lines, strict=True)]
    best = min(range(len(away)), key=lambda t: (away[t], t))
    return model.themes[best], away[best]


def _topic_of(item: Judged, topics: TopicModel, encoder: Encoder) -> int:
    texts = [t for t, s in zip(item.cut.texts, item.cut.segments, strict=True) if s.role in TOPIC_ROLES]
    if not topics.topics or not texts:
        return NO_TOPIC
    given = [topic for topic, _ in topics.assign(texts[:_MAX_TOPIC_TEXTS], encoder) if topic != NO_TOPIC]
    return min(given, key=lambda topic: (-given.count(topic), topic), default=NO_TOPIC)


def _advice_row(item: Judged, advice: Advice, candidate: Candidate, model: RelevanceModel) -> Row:
    score = item.document.relevance
    if advice.why == RANDOM:
        why = "drawn at random, for an honest estimate"
    elif advice.why == THEME and candidate.theme:
        why = f"close to the line of the theme {candidate.theme}"
    else:
        why = f"relevance {score:.2f}; on from {model.on_from:.2f}, off below {model.off_below:.2f}"
    segment = _telling_segment(item)
    return {
        "document_id": item.cut.document.document_id,
        "title": item.cut.title or "",
        "outlet": candidate.outlet,
        "date": item.cut.date or "",
        "language": item.cut.language,
        "sentence": segment,
        "relevance": score,
        "group": advice.why,
        "why": why,
    }


def _telling_segment(item: Judged) -> str:
    """The kept paragraph that speaks most for the subject, shortened."""
    rows = [
        (-judgement.relevance, segment.index, text)
        for segment, text, judgement in zip(item.cut.segments, item.cut.texts, item.segments, strict=True)
        if segment.kept and segment.role != "title" and text.strip()
    ]
    if not rows:
        return ""
    text = " ".join(min(rows)[2].split())
    return text if len(text) <= MAX_SENTENCE else text[:MAX_SENTENCE].rsplit(" ", 1)[0] + " …"


def _logit(share: float) -> float:
    share = min(max(share, 1e-6), 1 - 1e-6)
    return math.log(share / (1 - share))
