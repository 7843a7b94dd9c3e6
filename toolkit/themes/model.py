"""The theme model as it is saved and applied: seed evidence and terms, one linear score per theme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.data import CutDocument, Judgement, ThemeScore
from toolkit.logistic import sigmoid
from toolkit.terms import Vocabulary, tokenise
from toolkit.themes.phrases import PhraseTable

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

BREAK = "\ue0fe"
LEAD_TOKENS = 100
FEATURES = ("log_hits", "share", "density", "lead_share", "lead_log_hits", "log_distinct")

# A segment's logit, counted from its theme's threshold: its document's, moved by its own evidence. Tuned on two outlets of
# sea_china_news so that the rolled-up themes agree with the document labels.
DOCUMENT_GAIN = 1.0
OWN_GAIN = 0.5
MAX_OWN = 2.0
MIN_SHARE = 0.15
"""An article has a theme when at least this share of its text stands in segments of the theme."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Seed terms and vocabulary terms found in the kept segments of a document, with their token positions."""

    n_tokens: Ints  # by segment
    seed: Ints
    seed_segment: Ints
    seed_place: Ints  # tokens before it in the kept text
    term: Ints
    term_segment: Ints


@dataclass(frozen=True)
class ThemeModel:
    """Per theme: logit = intercept + features . weights + tfidf . term_weights; a theme is given from its threshold up."""

    themes: tuple[str, ...]
    seeds: tuple[str, ...]
    seed_weights: npt.NDArray[np.float32]
    """Shape (n_seeds, n_themes)."""
    intercepts: npt.NDArray[np.float32]
    weights: npt.NDArray[np.float32]
    """Shape (n_features, n_themes)."""
    terms: tuple[str, ...]
    idf: npt.NDArray[np.float32]
    term_weights: npt.NDArray[np.float32]
    """Shape (n_terms, n_themes)."""
    thresholds: npt.NDArray[np.float32]
    measured: Mapping[str, float]

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The terms with their look-up tables."""
        return Vocabulary(self.terms)

    @cached_property
    def phrases(self) -> PhraseTable:
        """The seed terms with their look-up tables."""
        return PhraseTable(self.seeds)

    def read(self, cut: CutDocument) -> Reading:
        """What the model looks at in the kept segments of `cut`."""
        texts = [text.replace(BREAK, " ") if piece.kept else "" for piece, text in zip(cut.segments, cut.texts, strict=True)]
        tokens = tokenise(f" {BREAK} ".join(texts))
        breaks = np.flatnonzero(np.fromiter((token == BREAK for token in tokens), dtype=bool, count=len(tokens)))
        edges = np.concatenate(([-1], breaks, [len(tokens)]))
        seed, place = self.phrases.find(tokens)
        term, term_place = self.vocabulary.locate(tokens)
        seed_segment = np.searchsorted(breaks, place)
        return Reading(
            n_tokens=np.diff(edges)[: len(texts)] - 1,
            seed=seed,
            seed_segment=seed_segment,
            seed_place=place - seed_segment,
            term=term,
            term_segment=np.searchsorted(breaks, term_place),
        )

    def features(self, reading: Reading, unit: Ints, n_units: int) -> Floats:
        """Seed evidence of each unit for each theme, shape (n_units, n_themes, n_features).

        A unit is a group of segments; `unit[s]` is the one segment s belongs to, -1 for none.
        """
        n = len(self.themes)
        length = np.bincount(unit + 1, weights=reading.n_tokens, minlength=n_units + 1)[1:]
        # the lead of a unit: its first tokens
        first = np.full(n_units + 1, np.iinfo(np.int64).max)
        before = np.cumsum(reading.n_tokens) - reading.n_tokens
        np.minimum.at(first, unit, before)
        of = unit[reading.seed_segment]
        inside = of >= 0
        of, seed, place = of[inside], reading.seed[inside], reading.seed_place[inside]
        in_lead = place - first[of] < LEAD_TOKENS
        n_seeds = max(len(self.seeds), 1)
        counts = np.bincount(of * n_seeds + seed, minlength=n_units * n_seeds).reshape(n_units, n_seeds)
        lead_counts = np.bincount((of * n_seeds + seed)[in_lead], minlength=n_units * n_seeds).reshape(n_units, n_seeds)
        hits = counts @ self.seed_weights.astype(float)
        lead_hits = lead_counts @ self.seed_weights.astype(float)
        distinct = (counts > 0) @ self.seed_weights.astype(float)
        table = np.empty((n_units, n, len(FEATURES)))
        table[:, :, 0] = np.log1p(hits)
        table[:, :, 1] = hits / (hits.sum(axis=1, keepdims=True) + 1)
        table[:, :, 2] = np.log1p(100 * hits / np.maximum(length, 50)[:, None])
        table[:, :, 3] = lead_hits / (lead_hits.sum(axis=1, keepdims=True) + 1)
        table[:, :, 4] = np.log1p(lead_hits)
        table[:, :, 5] = np.log1p(distinct)
        return table

    def weighted_terms(self, reading: Reading, unit: Ints, n_units: int) -> tuple[Ints, Ints, Floats]:
        """Units, term ids and TF-IDF weights (unit length per unit) of all terms found."""
        of = unit[reading.term_segment]
        inside = of >= 0
        n_terms = max(len(self.terms), 1)
        keys, counts = np.unique(of[inside] * n_terms + reading.term[inside], return_counts=True)
        of, term = np.divmod(keys, n_terms)
        values = (1 + np.log(counts)) * self.idf[term]
        lengths = np.sqrt(np.bincount(of, weights=values**2, minlength=n_units))
        return of, term, values / lengths[of] if len(of) else values

    def logits(self, reading: Reading, unit: Ints, n_units: int) -> Floats:
        """The score of each unit for each theme, in logits, shape (n_units, n_themes)."""
        features = self.features(reading, unit, n_units)
        logits = self.intercepts + np.einsum("utf,ft->ut", features, self.weights.astype(float))
        of, term, values = self.weighted_terms(reading, unit, n_units)
        if len(of):
            starts = np.flatnonzero(np.diff(of, prepend=-1))
            sums = np.add.reduceat(self.term_weights[term] * values[:, None], starts, axis=0)
            logits[of[starts]] += sums
        return logits

    def score(self, cut: CutDocument) -> list[tuple[ThemeScore, ...]]:
        """Per segment the themes at or above their thresholds, highest score first; empty for segments not kept."""
        kept = np.array([piece.kept for piece in cut.segments], dtype=bool)
        nothing: list[tuple[ThemeScore, ...]] = [() for _ in cut.segments]
        if not kept.any():
            return nothing
        reading = self.read(cut)
        whole = self.logits(reading, np.where(kept, 0, -1), 1)[0]
        unit = np.where(kept, np.cumsum(kept) - 1, -1)
        own = self.logits(reading, unit, int(kept.sum()))
        bar = np.log(self.thresholds / (1 - self.thresholds)).astype(float)
        margin = DOCUMENT_GAIN * (whole - bar) + OWN_GAIN * np.clip(own - bar, -MAX_OWN, MAX_OWN)
        scores = np.round(sigmoid(margin + bar), 6)
        found = list(nothing)
        for row, s in enumerate(np.flatnonzero(kept)):
            given = [
                ThemeScore(self.themes[t], float(scores[row, t]))
                for t in np.flatnonzero(margin[row] >= 0)
            ]
            found[s] = tuple(sorted(given, key=lambda item: (-item.score, item.theme)))
        return found

    def roll_up(
        self,
        cut: CutDocument,
        segment_themes: Sequence[Sequence[ThemeScore]],
        judgements: Sequence[Judgement],
    ) -> tuple[ThemeScore, ...]:
        """The article's themes: the share of its kept on-topic characters that stand in segments of the theme.

        All kept characters count where no kept segment is on. Shares below `MIN_SHARE` are left out.
        """
        kept = [s for s, piece in enumerate(cut.segments) if piece.kept]
        chosen = [s for s in kept if judgements[s].on_topic == "on"] or kept
        total = sum(len(cut.texts[s]) for s in chosen)
        if total == 0:
            return ()
        share = dict.fromkeys(self.themes, 0)
        for s in chosen:
            for item in segment_themes[s]:
                share[item.theme] += len(cut.texts[s])
        given = [ThemeScore(theme, round(n / total, 6)) for theme, n in share.items() if n / total >= MIN_SHARE]
        return tuple(sorted(given, key=lambda item: (-item.score, item.theme)))

    def state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """The model as JSON and arrays."""
        plain = {
            "themes": list(self.themes),
            "seeds": list(self.seeds),
            "features": list(FEATURES),
            "terms": list(self.terms),
            "measured": dict(self.measured),
        }
        names = ("seed_weights", "intercepts", "weights", "idf", "term_weights", "thresholds")
        return plain, {name: getattr(self, name) for name in names}

    @classmethod
    def from_state(cls, plain: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> ThemeModel:
        """The model `state` described.

        Raises
        ------
        ValueError
            Where the saved model was made with other features than this program computes.
        """
        if tuple(plain["features"]) != FEATURES:
            raise ValueError("the theme model was trained with other features than this version computes")
        return cls(
            themes=tuple(plain["themes"]),
            seeds=tuple(plain["seeds"]),
            seed_weights=arrays["seed_weights"],
            intercepts=arrays["intercepts"],
            weights=arrays["weights"],
            terms=tuple(plain["terms"]),
            idf=arrays["idf"],
            term_weights=arrays["term_weights"],
            thresholds=arrays["thresholds"],
            measured=dict(plain["measured"]),
        )
