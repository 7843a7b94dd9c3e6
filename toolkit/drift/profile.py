"""What a model remembers of its training corpus for later comparison: sketches and figures, no text."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.drift import lots, similarity
from toolkit.drift.articles import (
    Article,
    Floats,
    Ints,
    article_vectors,
    counted_terms,
    encode_segments,
    theme_marks,
    topic_shares,
    words_of,
)
from toolkit.embed import Encoder

N_REFERENCE = 2_000
"""On-topic articles kept as sketches, and articles of any verdict whose relevance is kept."""
_MAX_VECTOR_VALUES = 512_000  # of all reference articles together, a byte each
_MAX_WORDS = 40_000
_MAX_DOCUMENT_RATIO = 0.25  # words in more of the articles tell none apart
_WEIGHT_STEPS = 8  # to a natural logarithm
_SCORE_STEPS = 1_000


@dataclass(frozen=True, slots=True)
class DriftProfile:
    """The training corpus, as far as a batch is compared with it: its on-topic articles without near-copies.

    Attributes
    ----------
    n_articles : on-topic articles the words were counted in
    verdicts : number of all articles by verdict (on, off, unsure)
    topic_ids, theme_ids : what the columns of `topics` and `themes` stand for; the last column is none
    no_relevance : whether every kept segment counted as on
    mean : float32 array of shape (n_dimensions,), of the segments' vectors
    words : uint32 array of shape (n_words,), checksums of words, sorted
    frequency : uint16 array of shape (n_words,), in how many articles
    min_frequency : a word in fewer articles than this is out of vocabulary
    vectors : int8 array of shape (n_reference, n_dimensions)
    terms, ends : rows of `words` of each reference article, one after the other, and where each article's end
    lost : uint8 array of shape (n_reference,), words of each reference article that count and are not in `words`
    even : int16 array of shape (n_dimensions, n_dimensions), see `similarity.even_directions`
    unknown : uint16 array of shape (n_reference,), words out of vocabulary if the article were not there, thousandths
    topics, themes : uint8 arrays of shape (n_reference, n_columns)
    scores : uint16 array, relevance of articles of any verdict, in thousandths
    nearness : how near the reference articles are to each other, sorted (see `similarity.own_nearness`)
    crowd : how near each of them is to the others (see `similarity.own_crowd`)
    sizes, quantiles : what the statistic of the alarm comes to by chance (see `lots.calibrate`)
    """

    n_articles: int
    verdicts: Mapping[str, int]
    topic_ids: tuple[int, ...]
    theme_ids: tuple[str, ...]
    no_relevance: bool
    min_frequency: int
    mean: npt.NDArray[np.float32]
    words: npt.NDArray[np.uint32]
    frequency: npt.NDArray[np.uint16]
    vectors: npt.NDArray[np.int8]
    terms: npt.NDArray[np.uint16]
    ends: npt.NDArray[np.uint32]
    lost: npt.NDArray[np.uint8]
    even: npt.NDArray[np.int16]
    unknown: npt.NDArray[np.uint16]
    topics: npt.NDArray[np.uint8]
    themes: npt.NDArray[np.uint8]
    scores: npt.NDArray[np.uint16]
    nearness: Floats
    crowd: Floats
    sizes: npt.NDArray[np.int64]
    quantiles: Floats

    def reference_terms(self) -> list[Ints]:
        """The rows of `words` of each reference article."""
        return [ids.astype(np.int64) for ids in np.split(self.terms, self.ends[:-1])] if len(self.ends) else []

    def word_weights(self, counts: Ints | None = None, n_more: int = 0) -> Ints:
        """The weight of each word: rare ones count most.

        `counts` are in how many of `n_more` further articles each is, after those of `words` perhaps words the corpus
        does not have. Whoever compares these articles with the corpus's counts them in: else a word that two of them
        share would weigh more for being new than one that two of the corpus's share and no other.
        """
        frequency = np.zeros(len(self.words) if counts is None else len(counts))
        frequency[: len(self.words)] = self.frequency
        if counts is not None:
            frequency += counts
        n = self.n_articles + n_more
        weights = np.rint(_WEIGHT_STEPS * np.log((1 + n) / (1 + frequency)))
        weights[frequency > _MAX_DOCUMENT_RATIO * n] = 0
        return np.asarray(weights.astype(np.int64))

    def lost_weights(self, n_more: int = 0) -> Ints:
        """The sum of squared weights of each reference article's words that are not in `words`: no other has them."""
        weight = round(_WEIGHT_STEPS * math.log((1 + self.n_articles + n_more) / 2))
        return np.asarray(self.lost.astype(np.int64) * weight**2)

    def rows_of(self, checksums: Ints) -> Ints:
        """The row of each word, -1 where the corpus does not have it."""
        if not len(self.words):
            return np.full(len(checksums), -1, dtype=np.int64)
        at = np.minimum(self.words.searchsorted(checksums), len(self.words) - 1)
        return np.asarray(np.where(self.words[at] == checksums, at, -1))

    def state(self) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
        """What it takes to build it again: JSON-able values, and arrays."""
        values = {
            "n_articles": self.n_articles,
            "verdicts": dict(sorted(self.verdicts.items())),
            "topic_ids": list(self.topic_ids),
            "theme_ids": list(self.theme_ids),
            "no_relevance": self.no_relevance,
            "min_frequency": self.min_frequency,
        }
        return values, {name: getattr(self, name) for name in _ARRAYS}

    @classmethod
    def from_state(cls, json: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> DriftProfile | None:
        """The profile that `state` was taken of; None for one of an older toolkit, which a batch is not compared with.

        What an older one lacks cannot be told from what it has: its limits are of another statistic.
        """
        if "crowd" not in arrays:
            return None
        return cls(
            n_articles=int(json["n_articles"]),
            verdicts={str(name): int(n) for name, n in json["verdicts"].items()},
            topic_ids=tuple(json["topic_ids"]),
            theme_ids=tuple(json["theme_ids"]),
            no_relevance=bool(json["no_relevance"]),
            min_frequency=int(json["min_frequency"]),
            **{name: arrays[name] for name in _ARRAYS},
        )


_ARRAYS = (
    "mean",
    "words",
    "frequency",
    "vectors",
    "terms",
    "ends",
    "lost",
    "even",
    "unknown",
    "topics",
    "themes",
    "scores",
    "nearness",
    "crowd",
    "sizes",
    "quantiles",
)


def learn_profile(
    reference: Sequence[Article],
    all_texts: Iterable[Sequence[str]],
    *,
    verdicts: Mapping[str, int],
    scores: Sequence[float],
    topic_ids: Sequence[int],
    theme_ids: Sequence[str],
    no_relevance: bool,
    encoder: Encoder,
) -> DriftProfile:
    """The profile of a corpus.

    Parameters
    ----------
    reference : on-topic articles without near-copies, a sample in the order of their hashes
    all_texts : the texts of all such articles, those of the sample among them: their words are the vocabulary
    verdicts, scores : of all articles, and the relevances of a sample of them
    """
    frequency: Counter[int] = Counter()
    n_articles = 0
    for texts in all_texts:
        frequency.update(words_of(texts).keys())
        n_articles += 1
    kept, min_frequency = _vocabulary(frequency)
    reference = reference[: max(1, min(N_REFERENCE, _MAX_VECTOR_VALUES // max(encoder.n_dimensions, 1)))]
    vectors, owner = encode_segments(reference, encoder)
    spoken = vectors[vectors.any(axis=1)]
    mean = np.round(spoken.mean(axis=0) if len(spoken) else np.zeros(encoder.n_dimensions), 6).astype(np.float32)
    row_of = {int(word): row for row, word in enumerate(kept)}
    terms: list[list[int]] = []
    lost, unknown = [], []
    for article in reference:
        words = words_of(article.texts)
        # The corpus knows a word of its own article only if another one has it.
        n_unknown = sum(frequency[word] - 1 < min_frequency for word in words)
        unknown.append(round(1000 * n_unknown / max(len(words), 1)))
        counted = counted_terms(words)
        terms.append([row_of[word] for word in counted if word in row_of])
        lost.append(len(counted) - len(terms[-1]))
    rows = article_vectors(vectors, owner, mean.astype(np.float64), len(reference))
    profile = DriftProfile(
        n_articles=n_articles,
        verdicts=dict(verdicts),
        topic_ids=tuple(topic_ids),
        theme_ids=tuple(theme_ids),
        no_relevance=no_relevance,
        min_frequency=min_frequency,
        mean=mean,
        words=np.array(kept, dtype=np.uint32),
        frequency=np.array([min(frequency[word], 65_535) for word in kept], dtype=np.uint16),
        vectors=rows,
        terms=np.array([row for rows in terms for row in rows], dtype=np.uint16),
        ends=np.cumsum([len(rows) for rows in terms]).astype(np.uint32),
        lost=np.array(lost, dtype=np.uint8),
        even=similarity.even_directions(rows),
        unknown=np.array(unknown, dtype=np.uint16),
        topics=topic_shares(reference, topic_ids),
        themes=theme_marks(reference, theme_ids),
        scores=np.array([round(_SCORE_STEPS * score) for score in scores[:N_REFERENCE]], dtype=np.uint16),
        nearness=np.zeros((2, 0)),
        crowd=np.zeros(0),
        sizes=np.zeros(0, dtype=np.int64),
        quantiles=np.zeros((0, 0)),
    )
    similar = own_similarities(profile)
    sizes, quantiles = lots.calibrate(similar)
    known, crowd = similarity.own_nearness(similar), similarity.own_crowd(similar)
    return replace(profile, nearness=known, crowd=crowd, sizes=sizes, quantiles=quantiles)


def _vocabulary(frequency: Mapping[int, int]) -> tuple[list[int], int]:
    """The words kept, by checksum, and in how many articles a word must be for that: so that not too many are."""
    counts = Counter(frequency.values())
    n_left, least = len(frequency), 1
    while n_left > _MAX_WORDS:
        n_left -= counts[least]
        least += 1
    return sorted(word for word, n in frequency.items() if n >= least), least


def own_similarities(profile: DriftProfile) -> similarity.Similar:
    """The similarities among the reference articles, each far from itself."""
    terms, lost = profile.reference_terms(), profile.lost_weights()
    words = similarity.word_cosines(terms, terms, profile.word_weights(), rows_more=lost, more=lost)
    return similarity.without_self(similarity.similarities((profile.vectors, profile.vectors), profile.even, words))
