"""Text to vectors: the static embedder we ship, and encoders of other makes behind the same interface.

Every text gets its own vector, whatever stands beside it in a batch: sums of whole numbers, or one text at a time.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from toolkit.errors import ToolkitError

Vectors = npt.NDArray[np.float32]

ASSET_FOLDER = Path(__file__).parent / "assets" / "embedder"
_WORD = re.compile(r"[^\W_]+")
_PLAIN = "abcdefghijklmnopqrstuvwxyz0123456789"
MAX_WORD_CHARACTERS = 60  # longer runs are codes and glued text, not words
_BLOCK_ROWS = 255  # times 128 is less than 2 ** 15
BLOCK_TEXTS = 64  # embedded together
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
        self._takes_plain_words = _takes_plain_words(tokenizer)
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
        for start in range(0, len(texts), BLOCK_TEXTS):
            block = texts[start : start + BLOCK_TEXTS]
            totals = np.zeros((len(block), self.n_dimensions), dtype=np.int32)
            for total, text in zip(totals, block, strict=True):
                rows = self._rows(_WORD.findall(text.lower()))
                if rows:
                    total[:] = self._sum(rows)
            put_at_unit_length(totals * self._scales, vectors[start : start + BLOCK_TEXTS])
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
        new = dict.fromkeys(word for word in words if word not in known)
        if len(known) + len(new) > _MAX_REMEMBERED_WORDS:
            known.clear()
            new = dict.fromkeys(words)
        known.update({word: self._cut(word[:MAX_WORD_CHARACTERS]) for word in new})
        return list(chain.from_iterable(map(known.__getitem__, words)))

    def _cut(self, word: str) -> tuple[int, ...]:
        """The rows of the pieces of one word."""
        if self._takes_plain_words and word.isascii():
            pieces = [piece.id for piece in self._tokenizer.model.tokenize(word)]  # six times as quick as `encode`
        else:
            pieces = self._tokenizer.encode(word, add_special_tokens=False).ids
        return tuple([piece for piece in pieces if piece != self._unknown])


def _takes_plain_words(tokenizer: Any) -> bool:
    """Whether words of ASCII letters in lower case and digits reach the model of `tokenizer` as they are."""
    if any(token.content.isalnum() for token in tokenizer.get_added_tokens_decoder().values()):
        return False
    normaliser, splitter = tokenizer.normalizer, tokenizer.pre_tokenizer
    word = normaliser.normalize_str(_PLAIN) if normaliser is not None else _PLAIN
    return splitter is not None and [part for part, _ in splitter.pre_tokenize_str(word)] == [_PLAIN]


def put_at_unit_length(totals: npt.NDArray[np.float64], vectors: Vectors) -> None:
    """Write each row of `totals` at unit length to `vectors`; rows of zeros stay out."""
    lengths = np.sqrt(np.add.reduce(totals * totals, axis=1))
    spoken = lengths > 0
    vectors[spoken] = totals[spoken] / lengths[spoken, None]


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
