"""The theme model as it is saved and applied: seed evidence and terms, one linear score per theme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.data import KEPT_ROLES, CutDocument, Judgement, ThemeScore
from toolkit.logistic import sigmoid
from toolkit.terms import Numbering, Vocabulary, weigh_units
from toolkit.themes.phrases import PhraseTable
from toolkit.words import WordTable

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LEAD_TOKENS = 100
_KEPT = frozenset(KEPT_ROLES)
_FIRST = np.zeros(1, dtype=np.int64)
FEATURES = ("log_hits", "share", "density", "lead_share", "lead_log_hits", "log_distinct")

OWN_SLACK = 2.0
"""A segment has a theme its document has, where its own logit is at most this far below the theme's threshold.

One paragraph holds little evidence, so it is asked for less than the whole document. Any value from 1.5 to 3 gives
the same macro-F1 of rolled-up themes to .002 (sea_china_news, outlets held out in turn, with labels and without).
"""
MIN_SHARE = 0.1
"""An article has a theme when at least this share of its text stands in segments of the theme."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Seed terms and vocabulary terms found in the kept segments of documents, with their token positions."""

    n_tokens: Ints  # by segment
    seed: Ints
    seed_segment: Ints
    seed_place: Ints  # tokens before it in the kept text
    term: Ints
    term_segment: Ints

    def twice(self) -> Reading:
        """The same segments listed twice (segment s again as n + s), to score two groupings of them in one pass."""
        n, total = len(self.n_tokens), int(self.n_tokens.sum())
        return Reading(
            n_tokens=np.concatenate((self.n_tokens, self.n_tokens)),
            seed=np.concatenate((self.seed, self.seed)),
            seed_segment=np.concatenate((self.seed_segment, self.seed_segment + n)),
            seed_place=np.concatenate((self.seed_place, self.seed_place + total)),
            term=np.concatenate((self.term, self.term)),
            term_segment=np.concatenate((self.term_segment, self.term_segment + n)),
        )


def _kept(cuts: Sequence[CutDocument]) -> npt.NDArray[np.bool_]:
    return np.array([piece.role in _KEPT for cut in cuts for piece in cut.segments], dtype=bool)


@dataclass(frozen=True)
class ThemeModel:
    """Per theme, logit = intercept + features . weights + tfidf . term_weights; given from its threshold up."""

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
    def tables(self) -> tuple[Vocabulary, PhraseTable]:
        """Look-up tables of terms and seed terms over one numbering."""
        numbering = Numbering()
        return Vocabulary(self.terms, numbering), PhraseTable(self.seeds, numbering)

    def numbered_by(self, numbering: Numbering) -> ThemeModel:
        """The same model with its look-up tables over `numbering`: what else uses it need not number a text again."""
        model = replace(self)
        model.__dict__["tables"] = Vocabulary(self.terms, numbering), PhraseTable(self.seeds, numbering)
        return model

    def read(self, cut: CutDocument, words: WordTable | None = None) -> Reading:
        """What the model looks at in the kept segments of `cut`; `words` are those of all its texts, if read before."""
        return self._read(_kept([cut]), words or WordTable.of(cut.texts))

    def _read(self, kept: npt.NDArray[np.bool_], words: WordTable) -> Reading:
        vocabulary, phrases = self.tables
        plain = words.plain(vocabulary.numbering, kept)
        seed, place = phrases.find(plain.number)
        term, term_place = vocabulary.locate(plain.number)
        n_tokens = np.bincount(plain.segment, minlength=len(kept))
        n_tokens[:-1] -= 1  # the seam
        seed_segment = plain.segment[place]
        return Reading(
            n_tokens=n_tokens,
            seed=seed,
            seed_segment=seed_segment,
            seed_place=place - seed_segment,
            term=term,
            term_segment=plain.segment[term_place],
        )

    def features(self, reading: Reading, unit: Ints, n_units: int) -> Floats:
        """Seed evidence of each unit for each theme, shape (n_units, n_themes, n_features).

        A unit is a group of segments; `unit[s]` is the one segment s belongs to, -1 for none.
        """
        length = np.bincount(unit + 1, weights=reading.n_tokens, minlength=n_units + 1)[1:]
        first = np.full(n_units + 1, np.iinfo(np.int64).max)  # where each unit starts; the last slot is for no unit
        np.minimum.at(first, unit, np.cumsum(reading.n_tokens) - reading.n_tokens)
        of = unit[reading.seed_segment]
        inside = of >= 0
        of, seed = of[inside], reading.seed[inside]
        in_lead = reading.seed_place[inside] - first[of] < LEAD_TOKENS
        hits, lead_hits, distinct = self._sums(of, seed, in_lead, n_units)
        table = np.empty((len(FEATURES), n_units, len(self.themes)))
        table[0] = hits
        np.divide(100 * hits, np.maximum(length, 50)[:, None], out=table[1])
        table[2] = lead_hits
        table[3] = distinct
        np.log1p(table[:4], out=table[:4])
        table = table[[0, 4, 1, 5, 2, 3]]
        np.divide(hits, hits.sum(axis=1, keepdims=True) + 1, out=table[1])
        np.divide(lead_hits, lead_hits.sum(axis=1, keepdims=True) + 1, out=table[3])
        return table.transpose(1, 2, 0)

    def _sums(self, of: Ints, seed: Ints, in_lead: npt.NDArray[np.bool_], n_units: int) -> Floats:
        """Weights of the seed terms found, of those in the lead and of the distinct ones, by unit and theme."""
        sums = np.zeros((3, n_units, len(self.themes)))
        if len(of) == 0:
            return sums
        keys = np.sort((of * len(self.seeds) + seed) * 2 + in_lead)
        is_lead = keys & 1
        keys >>= 1
        starts = np.concatenate((_FIRST, (keys[1:] != keys[:-1]).nonzero()[0] + 1))
        counts = np.concatenate((starts[1:], [len(keys)])) - starts
        units, seeds = np.divmod(keys[starts], len(self.seeds))
        weights = self.seed_weights.take(seeds, axis=0).astype(float)
        lead_counts = np.add.reduceat(is_lead, starts)
        found = np.stack((weights * counts[:, None], weights * lead_counts[:, None], weights))
        starts = np.concatenate((_FIRST, (units[1:] != units[:-1]).nonzero()[0] + 1))
        sums[:, units[starts]] = np.add.reduceat(found, starts, axis=1)
        return sums

    def logits(self, reading: Reading, unit: Ints, n_units: int) -> Floats:
        """The score of each unit for each theme, in logits, shape (n_units, n_themes)."""
        features = self.features(reading, unit, n_units)
        logits = self.intercepts + (features * self.weights.T).sum(axis=2)
        if not self.terms:
            return np.asarray(logits)
        of, term, values = weigh_units(unit.take(reading.term_segment), reading.term, self.idf, n_units)
        if len(of):
            starts = np.concatenate(([True], of[1:] != of[:-1])).nonzero()[0]
            logits[of[starts]] += np.add.reduceat(
                self.term_weights.take(term, axis=0) * values[:, None], starts, axis=0
            )
        return np.asarray(logits)

    def score(self, cut: CutDocument, *, words: WordTable | None = None) -> list[tuple[ThemeScore, ...]]:
        """Per segment the themes at or above their thresholds, highest score first; empty for segments not kept.

        A theme's score is the lesser of its document's and its own with `OWN_SLACK`, as a probability. `words` are
        those of all texts of `cut`, where they have been read already.
        """
        return self.score_each([cut], words or WordTable.of(cut.texts))[0]

    def score_each(self, cuts: Sequence[CutDocument], words: WordTable) -> list[list[tuple[ThemeScore, ...]]]:
        """What `score` answers of each document, given their words joined, in one array pass for all of them.

        As in relevance, each sum is over rows of one document, so the answers are the same in any batch.
        """
        bounds = list(accumulate((len(cut.segments) for cut in cuts), initial=0))
        kept = _kept(cuts)
        found: list[tuple[ThemeScore, ...]] = [()] * len(kept)
        if not kept.any():
            return [found[low:high] for low, high in pairwise(bounds)]
        reading = self._read(kept, words)
        # One pass for both views: the documents as the first units, then every kept segment on its own.
        document = np.repeat(np.arange(len(cuts)), np.diff(bounds))
        unit = np.concatenate((np.where(kept, document, -1), np.where(kept, len(cuts) - 1 + np.cumsum(kept), -1)))
        logits = self.logits(reading.twice(), unit, len(cuts) + int(kept.sum()))
        whole, own = logits[document[kept]], logits[len(cuts) :]
        bar = np.log(self.thresholds / (1 - self.thresholds)).astype(float)
        margin = np.minimum(whole, own + OWN_SLACK) - bar
        rows, columns = (margin >= 0).nonzero()
        scores = np.round(sigmoid(margin[rows, columns] + bar[columns]), 6)
        by_name = np.argsort(np.argsort(self.themes))  # each theme's place among the names in order
        order = np.lexsort((by_name[columns], -scores, rows))
        names = map(self.themes.__getitem__, columns[order].tolist())
        given = list(map(ThemeScore, names, scores[order].tolist()))
        ends = rows.searchsorted(np.arange(len(own) + 1)).tolist()
        for s, (start, end) in zip(kept.nonzero()[0].tolist(), pairwise(ends), strict=True):
            if end > start:
                found[s] = tuple(given[start:end])
        return [found[low:high] for low, high in pairwise(bounds)]

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
