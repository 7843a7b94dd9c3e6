"""What drift looks at of an article, the sample it takes of many, and their sketches: whole numbers only.

Sums of whole numbers are exact in any order, so that nothing here depends on threads, engines or the order of input.
"""

from __future__ import annotations

import hashlib
import heapq
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from toolkit.clean import normalised_text
from toolkit.data import NO_TOPIC
from toolkit.embed import Encoder
from toolkit.terms import tokenise

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

Kept = TypeVar("Kept")

MAX_CHARACTERS = 6_000  # of an article: its first paragraphs say what it is about, and the cost stays bounded
MAX_TERMS = 128  # different words of an article that count, by a checksum: long and short articles cost the same
_MIN_LETTERS, _MAX_LETTERS = 3, 40
_WHOLE = 255  # a share of 1, as stored


@dataclass(frozen=True, slots=True)
class Article:
    """One on-topic article: its segments that topics are found in, as normalised texts, and their topics.

    `keys[i]` is the index of the segment of `texts[i]` in its document, `topics[i]` its topic or -1.
    """

    document_id: str
    outlet: str | None
    themes: tuple[str, ...]
    keys: tuple[int, ...]
    texts: tuple[str, ...]
    topics: tuple[int, ...]


def eligible_text(texts: Iterable[str]) -> tuple[str, ...]:
    """The normalised view of segments' texts, up to `MAX_CHARACTERS` together; the last one may be cut short."""
    taken: list[str] = []
    left = MAX_CHARACTERS
    for text in texts:
        if left <= 0:
            break
        taken.append(normalised_text(text[: 2 * left])[:left])
        left -= len(taken[-1]) + 1
    return tuple(taken)


def rank_of(document_id: str) -> int:
    """A number for a document id that is as good as drawn by lot, and the same everywhere."""
    return int.from_bytes(hashlib.blake2b(document_id.encode("utf-8", "replace"), digest_size=8).digest())


class Sampler:
    """Keeps a bounded sample of the articles it is shown, whatever their order: those of the smallest hash.

    Parameters
    ----------
    n_articles : on-topic articles to keep whole
    n_scores : articles of any verdict whose relevance is kept
    """

    def __init__(self, n_articles: int, n_scores: int) -> None:
        self._n_articles, self._n_scores = n_articles, n_scores
        self._articles: list[tuple[int, str, Article]] = []
        self._scores: list[tuple[int, str, float]] = []
        self.verdicts: Counter[str] = Counter()
        self.n_on_topic = 0
        self.n_other_language = 0

    def see(self, document_id: str, relevance: float, verdict: str) -> None:
        """Count an article's verdict, and keep its relevance if its turn comes."""
        self.verdicts[verdict] += 1
        _keep(self._scores, (-rank_of(document_id), document_id, relevance), self._n_scores)

    def wants(self, document_id: str) -> bool:
        """Whether an on-topic article of this id would be kept now: spare the work where not."""
        return len(self._articles) < self._n_articles or -rank_of(document_id) > self._articles[0][0]

    def add(self, article: Article) -> None:
        """Keep an on-topic article if its turn comes."""
        _keep(self._articles, (-rank_of(article.document_id), article.document_id, article), self._n_articles)

    def articles(self) -> list[Article]:
        """The articles kept, in the order of their hashes."""
        return [article for _, _, article in sorted(self._articles, key=lambda entry: (-entry[0], entry[1]))]

    def scores(self) -> list[float]:
        """The relevances kept, in the order of their documents' hashes."""
        return [score for _, _, score in sorted(self._scores, key=lambda entry: (-entry[0], entry[1]))]


def _keep(heap: list[tuple[int, str, Kept]], entry: tuple[int, str, Kept], size: int) -> None:
    if len(heap) < size:
        heapq.heappush(heap, entry)
    elif entry[:2] > heap[0][:2]:
        heapq.heapreplace(heap, entry)


def words_of(texts: Sequence[str]) -> dict[int, str]:
    """The different words of an article by a checksum of 32 bits, numbers and fragments left out."""
    return {
        zlib.crc32(word.encode("utf-8", "surrogatepass")): word
        for word in dict.fromkeys(tokenise("\n".join(texts)))
        if len(word) <= _MAX_LETTERS and not word[0].isdigit() and (len(word) >= _MIN_LETTERS or word > "\x7f")
    }


def counted_terms(words: Iterable[int]) -> list[int]:
    """The at most `MAX_TERMS` words of an article that count, sorted: a choice by checksum favours no kind of word."""
    return sorted(words)[:MAX_TERMS]


def encode_segments(articles: Sequence[Article], encoder: Encoder) -> tuple[Floats, Ints]:
    """The vector of every segment, and the number of its article."""
    texts = [text for article in articles for text in article.texts]
    owner = np.arange(len(articles)).repeat([len(article.texts) for article in articles])
    return encoder.encode(texts).astype(np.float64), owner


def article_vectors(vectors: Floats, owner: Ints, mean: Floats, n_articles: int) -> npt.NDArray[np.int8]:
    """Each article as the sum of its segments' directions from `mean`, in 8 bits: shape (n_articles, n_dimensions)."""
    centred = _unit(vectors - mean)
    centred[~vectors.any(axis=1)] = 0
    sums = np.zeros((n_articles, len(mean)))
    np.add.at(sums, owner, centred)
    largest = np.abs(sums).max(axis=1, keepdims=True, initial=0)
    return np.rint(np.round(sums, 9) / np.where(largest > 0, largest, 1) * 127).astype(np.int8)


def _unit(rows: Floats) -> Floats:
    lengths = np.sqrt(np.add.reduce(rows * rows, axis=1))
    return np.asarray(rows / np.where(lengths > 0, lengths, 1)[:, None])


def topic_shares(articles: Sequence[Article], topic_ids: Sequence[int]) -> npt.NDArray[np.uint8]:
    """The share of each article's segments in each topic, in the last column in none, as 255ths."""
    column = {topic: i for i, topic in enumerate(topic_ids)} | {NO_TOPIC: len(topic_ids)}
    shares = np.zeros((len(articles), len(topic_ids) + 1))
    for row, article in zip(shares, articles, strict=True):
        for topic in article.topics:
            row[column[topic]] += 1 / len(article.topics)
    return np.rint(shares * _WHOLE).astype(np.uint8)


def theme_marks(articles: Sequence[Article], theme_ids: Sequence[str]) -> npt.NDArray[np.uint8]:
    """Whether each article has each theme, in the last column none: 0 or 1."""
    column = {theme: i for i, theme in enumerate(theme_ids)}
    marks = np.zeros((len(articles), len(theme_ids) + 1), dtype=np.uint8)
    for row, article in zip(marks, articles, strict=True):
        for theme in article.themes:
            row[column[theme]] = 1
        row[-1] = not article.themes
    return marks


def article_of_rows(
    article: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], roles: frozenset[str]
) -> Article | None:
    """What drift looks at of an article's rows of the results: the segments that topics are given to; None without."""
    wanted = [row for row in rows if row["role"] in roles and row["on_topic"] != "off"]
    texts = eligible_text(row["text"] for row in wanted)
    if not texts:
        return None
    wanted = wanted[: len(texts)]
    return Article(
        document_id=article["document_id"],
        outlet=article["outlet"],
        themes=tuple(theme["theme"] for theme in article["themes"]),
        keys=tuple(row["index"] for row in wanted),
        texts=texts,
        topics=tuple(row["topic"] for row in wanted),
    )
