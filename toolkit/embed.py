"""Text to vectors: the static embedder we ship, and latent semantic analysis (LSA) of a corpus.

Both give every text its own vector, whatever stands beside it in a batch: sums of whole numbers, or sums in a fixed
order, one text at a time.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from toolkit.errors import ToolkitError
from toolkit.terms import count_keys, tokenise

Vectors = npt.NDArray[np.float32]

ASSET_FOLDER = Path(__file__).parent / "assets" / "embedder"
_WORD = re.compile(r"[^\W_]+")
_MAX_WORD_CHARACTERS = 60  # longer runs are codes and glued text, not words
_BLOCK_ROWS = 255  # times 128 is less than 2 ** 15
_BLOCK_TEXTS = 64
_MAX_REMEMBERED_WORDS = 200_000  # about 30 MB


class Encoder(Protocol):
    """Anything that turns texts into unit vectors, row by row."""

    @property
    def n_dimensions(self) -> int: ...

    def encode(self, texts: Sequence[str]) -> Vectors: ...


class Embedder:
    """The static embedder: a text is the mean of the vectors of its word pieces, at unit length.

    Vectors of pieces are whole numbers (8 bits) with one scale a dimension, so the sum over a text is exact.
    The pieces of a word are remembered.

    Parameters
    ----------
    matrix : int8 array of shape (n_pieces, n_dimensions)
    scales : float32 array of shape (n_dimensions,)
    tokenizer : tokenizers.Tokenizer
        Gives the row numbers of the pieces of a word.
    """

    def __init__(self, matrix: npt.NDArray[np.int8], scales: npt.NDArray[np.float32], tokenizer: Any) -> None:
        self._matrix = matrix
        self._scales = scales.astype(np.float64)
        self._tokenizer = tokenizer
        self._unknown = tokenizer.token_to_id("[UNK]")
        self._pieces: dict[str, tuple[int, ...]] = {}

    @property
    def n_dimensions(self) -> int:
        """How long a vector is."""
        return int(self._matrix.shape[1])

    def encode(self, texts: Sequence[str]) -> Vectors:
        """The vectors of `texts`: array of shape (n_texts, n_dimensions), each of unit length.

        A text without known words is the zero vector.
        """
        vectors = np.zeros((len(texts), self.n_dimensions), dtype=np.float32)
        for start in range(0, len(texts), _BLOCK_TEXTS):
            block = texts[start : start + _BLOCK_TEXTS]
            totals = np.zeros((len(block), self.n_dimensions), dtype=np.int32)
            for total, text in zip(totals, block, strict=True):
                rows = self._rows(_WORD.findall(text.lower()))
                if rows:
                    total[:] = self._sum(rows)
            _put_at_unit_length(totals * self._scales, vectors[start : start + _BLOCK_TEXTS])
        return vectors

    def _sum(self, rows: list[int]) -> npt.NDArray[np.int32]:
        """The sum of these rows of the matrix, a block at a time: within one, 16 bits hold the sum of 8-bit numbers."""
        total = np.zeros(self.n_dimensions, dtype=np.int32)
        for start in range(0, len(rows), _BLOCK_ROWS):
            block = self._matrix.take(rows[start : start + _BLOCK_ROWS], axis=0).astype(np.int16)
            total += np.add.reduce(block, axis=0, dtype=np.int16)
        return total

    def count(self, texts: Sequence[str]) -> Any:
        """How often each piece occurs in each text: sparse array of shape (n_texts, n_pieces); needs scipy."""
        from scipy.sparse import csr_matrix

        rows = [self._rows(_WORD.findall(text.lower())) for text in texts]
        starts = np.cumsum([0, *map(len, rows)])
        pieces = np.fromiter(chain.from_iterable(rows), dtype=np.int64)
        counts = csr_matrix((np.ones(len(pieces)), pieces, starts), shape=(len(texts), len(self._matrix)))
        counts.sum_duplicates()
        return counts

    def find_row(self, word: str) -> int | None:
        """The row of a lower-case word that is one piece, else None. Rows stand in the order of general frequency."""
        row = self._tokenizer.token_to_id(word)
        return None if row is None or row == self._unknown else int(row)

    def _rows(self, words: list[str]) -> list[int]:
        """The rows of the pieces of `words`; words not met before are cut and remembered."""
        known = self._pieces
        try:
            return list(chain.from_iterable(map(known.__getitem__, words)))
        except KeyError:
            pass  # a word not met before
        new = {word for word in words if word not in known}
        if new:
            if len(known) + len(new) > _MAX_REMEMBERED_WORDS:
                known.clear()
                new = set(words)
            fresh = sorted(new)
            short = [word[:_MAX_WORD_CHARACTERS] for word in fresh]
            for word, cut in zip(fresh, self._tokenizer.encode_batch(short, add_special_tokens=False), strict=True):
                known[word] = tuple(piece for piece in cut.ids if piece != self._unknown)
        return list(chain.from_iterable(map(known.__getitem__, words)))


class _Transformer:
    """A sentence transformer behind the same interface: one text at a time, so that no padding leaks between rows, and
    in one thread, so that the number of cores changes nothing. Texts are cut at the length it was trained for."""

    def __init__(self, folder: Path) -> None:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise ToolkitError(f"{folder}: a transformer needs the extra `article-toolkit[transformers]`.") from error
        with _readable(folder):
            self._model = SentenceTransformer(
                str(folder), device="cpu", local_files_only=True, model_kwargs={"use_safetensors": True}
            )

    @property
    def n_dimensions(self) -> int:
        return len(self.encode(["a"])[0])

    def encode(self, texts: Sequence[str]) -> Vectors:
        import torch

        rows = []
        n_threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            for text in texts:
                row = self._model.encode([text or " "], normalize_embeddings=True, show_progress_bar=False)[0]
                rows.append(row if text.strip() else np.zeros_like(row))
        finally:
            torch.set_num_threads(n_threads)
        return np.array(rows, dtype=np.float32) if rows else np.zeros((0, self.n_dimensions), dtype=np.float32)


class _Model2Vec:
    """A model2vec folder behind the same interface, one text at a time."""

    def __init__(self, folder: Path) -> None:
        try:
            from model2vec import StaticModel
        except ImportError as error:
            raise ToolkitError(f"{folder}: a model2vec folder needs the package `model2vec`.") from error
        with _readable(folder):
            self._model = StaticModel.from_pretrained(str(folder), normalize=True)

    @property
    def n_dimensions(self) -> int:
        return int(self._model.dim)

    def encode(self, texts: Sequence[str]) -> Vectors:
        rows = [self._model.encode([text], use_multiprocessing=False)[0] for text in texts]
        return np.asarray(rows, dtype=np.float32).reshape(len(texts), self.n_dimensions)


@contextmanager
def _readable(folder: Path) -> Iterator[None]:
    """Whatever a library says of a broken folder, as a sentence."""
    try:
        yield
    except Exception as error:  # each library has errors of its own, safetensors and tokenizers plain ones
        raise ToolkitError(f"{folder}: the encoder cannot be read: {type(error).__name__}: {error}") from error


def load_embedder(path: Path | None = None) -> Embedder:
    """The embedder in the folder `path`, or the one that is shipped; read once a process."""
    return _load_embedder(ASSET_FOLDER if path is None else Path(path))


@cache
def _load_embedder(folder: Path) -> Embedder:
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    try:
        arrays = load_file(folder / "embedding.safetensors")
        tokenizer = Tokenizer.from_str((folder / "tokenizer.json").read_text(encoding="utf-8"))
        return Embedder(arrays["matrix"], arrays["scales"], tokenizer)
    except (OSError, KeyError, ValueError) as error:
        raise ToolkitError(
            f"{folder}: not an embedder: {error}. `toolkit embedder build SOURCE --out DIR` makes one."
        ) from error


def load_encoder(spec: str | Path | None = None) -> Encoder:
    """The encoder in the folder `spec`, relative to the working directory; the shipped embedder when None.

    The folder is one of ours, of model2vec or of sentence-transformers. Local files are read, nothing is fetched.

    Raises
    ------
    ToolkitError
        Where no encoder is there, it cannot be read, or the package to read it with is not installed.
    """
    if spec is None:
        return load_embedder()
    folder = Path(spec)
    if (folder / "embedding.safetensors").is_file():
        return load_embedder(folder)
    if (folder / "modules.json").is_file() and not _is_static(folder):
        return _Transformer(folder)
    if (folder / "model.safetensors").is_file():
        return _Model2Vec(folder)
    raise ToolkitError(
        f"{folder}: no encoder found. Expected a folder with embedding.safetensors (ours), model.safetensors and "
        "config.json (model2vec) or modules.json (sentence-transformers)."
    )


def _is_static(folder: Path) -> bool:
    """Whether `modules.json`, which model2vec writes too, names static vectors as the first module."""
    try:
        modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
        return str(modules[0]["type"]).endswith(".StaticEmbedding")
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ToolkitError(f"{folder / 'modules.json'}: not a list of modules ({error}).") from error


_HASHED_SUFFIXES = (".json", ".safetensors", ".txt")  # weights, settings, vocabularies; not cards and licences


def encoder_sha256(spec: str | Path | None = None) -> str:
    """What identifies the encoder in the folder `spec` (the shipped one when None): a hash of its files' contents.

    For the shipped one the hashes its manifest states are believed: reading 7 MB again would slow each start.
    """
    digest = hashlib.sha256()
    if spec is None:
        stated = json.loads((ASSET_FOLDER / "manifest.json").read_text(encoding="utf-8"))["files"]
        digest.update(json.dumps(stated, sort_keys=True).encode())
        return digest.hexdigest()
    folder = Path(spec)
    for path in sorted(folder.rglob("*")):
        if path.suffix in _HASHED_SUFFIXES and path.is_file():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{path.relative_to(folder).as_posix()}\0{content}\n".encode())
    return digest.hexdigest()


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
        for start in range(0, len(texts), _BLOCK_TEXTS):
            block = texts[start : start + _BLOCK_TEXTS]
            _put_at_unit_length(self._sums(block), vectors[start : start + _BLOCK_TEXTS])
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


def _put_at_unit_length(totals: npt.NDArray[np.float64], vectors: Vectors) -> None:
    """Write each row of `totals` at unit length to `vectors`; rows of zeros stay out."""
    lengths = np.sqrt(np.add.reduce(totals * totals, axis=1))
    spoken = lengths > 0
    vectors[spoken] = totals[spoken] / lengths[spoken, None]


def _count_words(text: str) -> Counter[str]:
    return Counter(word for word in tokenise(text) if 2 <= len(word) <= _MAX_WORD_CHARACTERS and not word[0].isdigit())


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
