"""Near-duplicates: the same article again with small differences; about 1.6 kB of memory a document.

Each document leaves a signature of under 700 bytes, made where the document is at hand. MinHash digests in bands
propose pairs, the bottom sketch of shingle hashes verifies each pair before it counts.

References: Broder, "On the resemblance and containment of documents" (1997); bands after Leskovec, Rajaraman and
Ullman, "Mining of Massive Datasets", chapter 3.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]
Words32 = npt.NDArray[np.uint32]

SHINGLE_WORDS = 5
_N_BANDS = 32
_BAND_ROWS = 4
_SKETCH = 128
"""Smallest shingle hashes kept. A document of up to so many different shingles is compared exactly."""
_SEED = 20240416
MIN_RESEMBLANCE: Final = 0.7
"""Share of all shingles of two documents that both have, from which they are copies."""
MIN_CONTAINED: Final = (0.5, 0.9)
"""A copy that was cut: resemblance, and share of the shorter document found in the longer, from which it is one.

Both chosen on sea_china_news, lines over 80 characters as the kept text: its 62 rescrape pairs resemble at 0.94 and
more (0.66 with all their boilerplate), the same agency story in two outlets at 0.37 to 0.86, and the highest pairs that
are not copies, later stories built on an earlier one, at 0.64 with 0.78 contained. Measure again after any change."""
_MAX_LEADERS = 64  # first copies remembered per bucket: a band shared by more is boilerplate, and others find the pair

# Characters beyond ASCII that separate words: spaces, quotes, dashes, marks (Latin-1, general, CJK and full-width).
_SEPARATOR = re.compile(
    "[\u0080-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u2000-\u206f\u3000-\u303f\uff00-\uff0f\ufeff]+"
)
_TYPOGRAPHIC = "\u2019\u2018\u201c\u201d\u2013\u2014\u2026\u00a0"  # the most usual of them
# Scripts written without spaces: one character, one word.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_IS_WORD_BYTE = np.array([chr(byte).isalnum() or byte >= 0x80 for byte in range(256)])
_LETTERS = np.where(_IS_WORD_BYTE, np.arange(1, 257), 0).astype(np.uint64)
_ODD = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93, 0xA0761D6478BD642F],
    dtype=np.uint64,
)
"""Odd 64-bit constants that tell the places of a run apart (the primes of xxHash and two more)."""
_MAX_WORD_BYTES = 64  # a power of two; beyond, bytes of a word count by their place modulo this
_POWERS = np.array([pow(0x9E3779B97F4A7C15, place + 1, 1 << 64) for place in range(_MAX_WORD_BYTES)], dtype=np.uint64)


def signature(text: str) -> bytes:
    """What `find_duplicates` needs to know of a document's kept text; b"" where it has no words.

    Case, punctuation and white space do not count. About 10 MB/s a core.
    """
    hashes = shingle_hashes(text)
    if not len(hashes):
        return b""
    import rensa

    digests = rensa.RMinHash.digest_matrix_from_flat_token_hashes(
        hashes, np.array([0, len(hashes)], dtype=np.uint64), _N_BANDS * _BAND_ROWS, _SEED
    ).to_rows()[0]
    rows = np.array(digests, dtype=np.uint64).reshape(_N_BANDS, _BAND_ROWS)
    bands = _mixed(rows @ _ODD[:_BAND_ROWS])
    short = _distinct((hashes >> np.uint64(32)).astype(np.uint32))
    size = np.array([min(len(short), 2**32 - 1)], dtype=np.uint32)
    words = np.concatenate([size, (bands >> np.uint64(32)).astype(np.uint32), short[:_SKETCH]])
    return words.astype("<u4").tobytes()


def shingle_hashes(text: str) -> Hashes:
    """Different 64-bit hashes, sorted, of the runs of five words in `text`; of all its words where it has fewer.

    Examples
    --------
    >>> len(shingle_hashes("one two three four five six")), len(shingle_hashes("one two")), len(shingle_hashes("- !"))
    (2, 1, 0)
    """
    words = _mixed(_word_sums(text.lower()))
    if not len(words):
        return words
    width = min(SHINGLE_WORDS, len(words))
    n_shingles = len(words) - width + 1
    hashes = np.zeros(n_shingles, dtype=np.uint64)
    for offset in range(width):
        hashes += words[offset : offset + n_shingles] * _ODD[offset]
    return _distinct(np.sort(_mixed(hashes)))


def _word_sums(text: str) -> Hashes:
    """A 64-bit polynomial sum of the bytes of each word of `text`, in order."""
    if not text.isascii():
        for separator in _TYPOGRAPHIC:
            text = text.replace(separator, " ")
    if not text.isascii():
        text = _UNSPACED.sub(r" \g<0> ", _SEPARATOR.sub(" ", text))
    content = np.frombuffer(f" {text}".encode("utf-8", "replace"), dtype=np.uint8)
    is_word = _IS_WORD_BYTE[content]
    starts = (is_word[1:] > is_word[:-1]).nonzero()[0] + 1
    if not len(starts):
        return np.zeros(0, dtype=np.uint64)
    # A word here ends where the next begins: what separates them counts nothing.
    content, first = content[starts[0] :], starts - starts[0]
    lengths = np.empty_like(first)
    np.subtract(first[1:], first[:-1], out=lengths[:-1])
    lengths[-1] = len(content) - first[-1]
    places = np.arange(len(content)) - first.repeat(lengths)
    places &= _MAX_WORD_BYTES - 1
    return np.add.reduceat(_LETTERS[content] * _POWERS[places], first)


def find_duplicates(items: Iterable[tuple[str, str | None, bytes]]) -> dict[str, str]:
    """For each near-duplicate its earliest copy, whatever the order of `items`.

    Documents are taken by date (dated before undated), then id; each is compared with the first copies before it and
    named after the earliest it resembles. So a copy always resembles the document it is named after: long chains
    of small changes do not join.

    Parameters
    ----------
    items : (document_id, date or None, signature)
        Ids are unique. Dates are ISO 8601; one without a year counts as undated.

    Returns
    -------
    dict
        document_id → id of the earliest copy, for copies only, sorted by id.
    """
    ids: list[str] = []
    dates: list[str | None] = []
    packed = bytearray()
    lengths: list[int] = []
    for document_id, date, content in items:
        if content:
            ids.append(document_id)
            dates.append(date if date and not date.startswith("-") else None)
            packed += content
            lengths.append(len(content) // 4)
    if len(ids) < 2:
        return {}
    order = sorted(range(len(ids)), key=lambda index: (dates[index] is None, dates[index] or "", ids[index]))
    words = np.frombuffer(packed, dtype="<u4")
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    rows, buckets = _shared_buckets(words, starts[:-1][order])
    leaders: dict[int, list[int]] = {}
    earliest: dict[str, str] = {}
    position = 0
    while position < len(rows):
        row = int(rows[position])
        end = position
        while end < len(rows) and rows[end] == row:
            end += 1
        own = [int(bucket) for bucket in buckets[position:end]]
        position = end
        mine = words[starts[order[row]] : starts[order[row] + 1]]
        proposed = sorted({leader for bucket in own for leader in leaders.get(bucket, ())})
        for leader in proposed:
            theirs = words[starts[order[leader]] : starts[order[leader] + 1]]
            if are_copies(mine, theirs):
                earliest[ids[order[row]]] = ids[order[leader]]
                break
        else:
            for bucket in own:
                known = leaders.setdefault(bucket, [])
                if len(known) < _MAX_LEADERS:
                    known.append(row)
    return dict(sorted(earliest.items()))


def are_copies(first: Words32, second: Words32) -> bool:
    """Whether two documents are copies, from their signatures as arrays of 32-bit words.

    Exact for short documents; else estimated on the hashes up to the largest that both sketches cover, with a
    standard error of at most 0.045.
    """
    resemblance, contained = compare(first, second)
    return resemblance >= MIN_RESEMBLANCE or (resemblance >= MIN_CONTAINED[0] and contained >= MIN_CONTAINED[1])


def compare(first: Words32, second: Words32) -> tuple[float, float]:
    """The Jaccard similarity of two documents' shingles, and the share of the smaller set that the larger has."""
    own, other = first[1 + _N_BANDS :], second[1 + _N_BANDS :]
    covered = min(
        [int(sketch[-1]) for sketch, n in ((own, first[0]), (other, second[0])) if n > len(sketch)],
        default=2**32 - 1,
    )
    own, other = own[own <= covered], other[other <= covered]
    n_shared = len(np.intersect1d(own, other, assume_unique=True))
    smaller = min(len(own), len(other))
    return n_shared / (len(own) + len(other) - n_shared), n_shared / smaller if smaller else 0.0


def _shared_buckets(
    words: Words32, starts: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Which documents share which band: pairs (row, bucket number), sorted by row; buckets of one are left out."""
    rows: list[npt.NDArray[np.int64]] = []
    buckets: list[npt.NDArray[np.int64]] = []
    n_buckets = 0
    for band in range(_N_BANDS):
        values = words[starts + 1 + band]
        order = np.argsort(values, kind="stable")
        is_first = np.concatenate([[True], np.diff(values[order]) != 0])
        number = np.cumsum(is_first) - 1
        is_shared = np.bincount(number)[number] > 1
        rows.append(order[is_shared])
        buckets.append(number[is_shared] + n_buckets)
        n_buckets += int(number[-1]) + 1
    row, bucket = np.concatenate(rows), np.concatenate(buckets)
    by_row = np.argsort(row, kind="stable")
    return row[by_row], bucket[by_row]


def _distinct(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Sorted `values`, each once."""
    is_new = np.ones(len(values), dtype=bool)
    np.not_equal(values[1:], values[:-1], out=is_new[1:])
    return values[is_new]


def _mixed(values: Hashes) -> Hashes:
    """The finaliser of splitmix64 (Steele, Lea and Flood 2014): every input bit reaches every output bit."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
