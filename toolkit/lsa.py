"""Latent semantic analysis (LSA) of a corpus: the vectors that know what a general embedder does not.

Every text gets its own vector, whatever stands beside it in a batch: sums in a fixed order, one text at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.embed import BLOCK_TEXTS, MAX_WORD_CHARACTERS, Vectors, put_at_unit_length
from toolkit.terms import count_keys, tokenise

# LSA (Deerwester et al. 1990). 100 dimensions are the textbook choice; 50 to 200 are alike on 20newsgroups.
N_COMPONENTS = 100
# Weights of words as in BM25 (Robertson & Zaragoza 2009), whose usual constants these are: what a long text repeats
# counts less. Against sublinear tf-idf AMI rises from .49 to .51 on 20newsgroups, whose posts differ most in length.
_BM25_K1 = 1.2
_BM25_B = 0.75
_MAX_TERMS = 12_000


class Lsa:
    """Latent semantic analysis of a corpus: words that occur together share directions.

    A text is its BM25-weighted vector at unit length, projected on the corpus's strongest directions, again at unit
    length; a text of unknown words is the zero vector. Using it needs numpy only.

    Parameters
    ----------
    terms : words in alphabetical order
    idf : float32 array of shape (n_terms,)
    directions : float16 array of shape (n_terms, n_components)
        float16, so that what is fitted equals what is saved.
    mean_length : known words in a text of the corpus, on average
    """

    def __init__(
        self,
        terms: Sequence[str],
        idf: npt.NDArray[np.float32],
        directions: npt.NDArray[np.float16],
        mean_length: float,
    ) -> None:
        self.terms = tuple(terms)
        self.mean_length = mean_length
        self.idf = idf
        self.directions = directions
        self._row = {term: i for i, term in enumerate(self.terms)}
        self._wide = directions.astype(np.float32)
        self._wide_idf = idf.astype(np.float64)

    @property
    def n_dimensions(self) -> int:
        """How long a vector is; 0 where the corpus was too small for any direction."""
        return int(self.directions.shape[1])

    @classmethod
    def fit(
        cls,
        texts: Sequence[str],
        *,
        n_components: int = N_COMPONENTS,
        min_documents: int = 2,
        stop_words: frozenset[str] = frozenset(),
        random_state: int = 0,
    ) -> Lsa:
        """Learn from `texts`; the order of texts changes nothing but the last bits, so sort them where bytes count."""
        counts = [_count_words(text) for text in texts]
        document_frequency = Counter(term for count in counts for term in count)
        candidates = [
            (-n, term) for term, n in document_frequency.items() if n >= min_documents and term not in stop_words
        ]
        terms = sorted(term for _, term in sorted(candidates)[:_MAX_TERMS])
        idf = np.array(
            [
                np.log1p((len(texts) - document_frequency[term] + 0.5) / (document_frequency[term] + 0.5))
                for term in terms
            ],
            dtype=np.float32,
        )
        known = set(terms)
        n_words = sum(n for count in counts for term, n in count.items() if term in known)
        mean_length = round(n_words / len(texts), 6) if n_words else 1.0
        empty = cls(terms, idf, np.zeros((len(terms), 0), dtype=np.float16), mean_length)
        n_components = min(n_components, len(terms) - 1, len(texts) - 1)
        if n_components < 1:
            return empty
        return cls(terms, idf, _directions(empty, counts, n_components, random_state), mean_length)

    def transform(self, texts: Sequence[str]) -> Vectors:
        """The vectors of `texts`: array of shape (n_texts, n_dimensions), each of unit length or zero."""
        vectors = np.zeros((len(texts), self.n_dimensions), dtype=np.float32)
        if self.n_dimensions == 0:
            return vectors
        for start in range(0, len(texts), BLOCK_TEXTS):
            block = texts[start : start + BLOCK_TEXTS]
            put_at_unit_length(self._sums(block), vectors[start : start + BLOCK_TEXTS])
        return vectors

    def _sums(self, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        """The directions of the known words of each text, times their weights, added up."""
        sums = np.zeros((len(texts), self.n_dimensions))
        known = [self._known_rows(text) for text in texts]
        of = np.arange(len(texts)).repeat(list(map(len, known)))
        keys, counts = count_keys(of * len(self.terms) + np.array([*chain.from_iterable(known)], dtype=np.int64))
        if not len(keys):
            return sums
        of, rows = np.divmod(keys, len(self.terms))
        lengths = np.array(list(map(len, known)), dtype=np.float64)
        weights = self._saturated(counts, lengths[of]) * self._wide_idf[rows]
        squares = weights * weights
        ends = of.searchsorted(np.arange(len(texts) + 1)).tolist()
        for total, start, end in zip(sums, ends, ends[1:], strict=False):
            if end > start:
                unit_weights = weights[start:end] / np.sqrt(np.add.reduce(squares[start:end]))
                np.add.reduce(self._wide.take(rows[start:end], axis=0) * unit_weights[:, None], axis=0, out=total)
        return sums

    def _weights(self, count: Mapping[str, int]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
        """Rows and unit-length tf-idf weights of the known words of one text, in the order of rows."""
        known = sorted((self._row[term], n) for term, n in count.items() if term in self._row)
        rows = np.array([row for row, _ in known], dtype=np.intp)
        return rows, self._unit_weights(rows, np.array([n for _, n in known], dtype=np.intp))

    def _known_rows(self, text: str) -> list[int]:
        """The rows of the known words of `text`, in order; what `_count_words` leaves out is no term."""
        return [row for row in map(self._row.get, tokenise(text)) if row is not None]

    def _unit_weights(self, rows: npt.NDArray[np.intp], counts: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
        weights = self._saturated(counts, counts.sum()) * self._wide_idf[rows]
        return weights / np.sqrt(np.add.reduce(weights * weights)) if rows.size else weights

    def _saturated(self, counts: npt.NDArray[Any], lengths: Any) -> npt.NDArray[np.float64]:
        """How much `counts` mentions weigh in texts of `lengths` known words."""
        slack = _BM25_K1 * (1 - _BM25_B + _BM25_B * lengths / self.mean_length)
        return np.asarray(counts * (_BM25_K1 + 1) / (counts + slack))

    def state(self) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
        """What it takes to build it again: JSON-able values, and arrays."""
        return {"terms": list(self.terms), "mean_length": self.mean_length}, {
            "idf": self.idf,
            "directions": self.directions,
        }

    @classmethod
    def from_state(cls, json: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> Lsa:
        """The model that `state` was taken of."""
        return cls(json["terms"], arrays["idf"], arrays["directions"], json["mean_length"])


def _count_words(text: str) -> Counter[str]:
    return Counter(word for word in tokenise(text) if 2 <= len(word) <= MAX_WORD_CHARACTERS and not word[0].isdigit())


def _directions(
    model: Lsa, counts: Sequence[Mapping[str, int]], n_components: int, random_state: int
) -> npt.NDArray[np.float16]:
    """The strongest directions of the tf-idf matrix, each with its largest entry positive."""
    from scipy.sparse import csr_matrix
    from sklearn.utils.extmath import randomized_svd
    from threadpoolctl import threadpool_limits

    weighted = [model._weights(count) for count in counts]
    starts = np.cumsum([0, *(rows.size for rows, _ in weighted)])
    matrix = csr_matrix(
        (np.concatenate([w for _, w in weighted]), np.concatenate([r for r, _ in weighted]), starts),
        shape=(len(counts), len(model.terms)),
    )
    with threadpool_limits(1):
        _, strengths, directions = randomized_svd(
            matrix, n_components=n_components, n_iter=7, random_state=random_state, flip_sign=False
        )
    real = strengths > 1e-6 * max(float(strengths[0]), 1e-12)  # beyond the rank there is only rounding noise
    directions = directions[real]
    largest = np.abs(np.round(directions, 6)).argmax(axis=1)
    directions *= np.sign(directions[np.arange(len(directions)), largest])[:, None]
    return np.ascontiguousarray(np.round(directions.T, 6).astype(np.float16))
