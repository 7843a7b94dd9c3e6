"""Second opinions on a page of HTML: what trafilatura and readability-lxml would keep, told paragraph by paragraph.

An extractor never owns the text: what it returns is aligned back to our own paragraphs, and each of them gets the
share of its words that the extractor kept at that place. The sequence model decides what that is worth.

Nothing here goes to the network or to the clock: limits are on size, not on time, so that the same page always gets
the same votes. An extractor that fails or is not asked abstains, and says why.
"""

from __future__ import annotations

import logging
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from toolkit.data import Votes

MAX_CHARACTERS = 2_000_000  # of a page's source; larger ones hold data, and the extractors are slow on them
MAX_TAGS = (
    8_000  # of a page's source; 150 pages hold 800 (median) to 4,000. Ten thousand cost up to 5 s: passes are quadratic
)
# Words in a row that anchor the alignment, longest first, and whether they must stand once on our side too; where the
# page holds its article twice (for small screens and for wide ones) they do not, and the first copy is aligned.
_RUNS = ((4, True), (4, False), (2, True), (1, True))
_WORD = re.compile(r"\w+")
_TAG = re.compile(r"<[a-zA-Z]")
_LOGGERS = ("trafilatura", "readability", "justext", "htmldate", "courlan", "charset_normalizer")


def vote(html: str, texts: Sequence[str]) -> Votes:
    """What each extractor keeps of `texts`, the paragraphs of the page `html` in page order.

    Returns
    -------
    Votes
        Shares of shape (n_paragraphs, n_voters), in [0, 1]; a voter that abstained has only NaN, and a note.
    """
    shares = np.full((len(texts), len(VOTERS)), np.nan)
    notes: list[str] = []
    n_tags = sum(1 for _ in _TAG.finditer(html)) if len(html) <= MAX_CHARACTERS else 0
    too_large = len(html) > MAX_CHARACTERS or n_tags > MAX_TAGS
    for k, (name, extract) in enumerate(VOTERS.items()):
        if too_large:
            notes.append(f"{name} was not asked: the page is too large")
            continue
        try:
            with _silence():
                kept = extract(html)
        except Exception as error:  # hostile pages break extractors in ways of their own; whatever it is, we go on
            notes.append(f"{name} failed: {type(error).__name__}")
            continue
        if not kept.strip():
            notes.append(f"{name} found no article")
            continue
        shares[:, k] = aligned_shares(texts, kept)
    return Votes(tuple(VOTERS), shares, tuple(notes))


def _trafilatura(html: str) -> str:
    import trafilatura

    return trafilatura.extract(html, favor_precision=True, include_comments=False, deduplicate=False) or ""


def _readability(html: str) -> str:
    import lxml.html
    import readability

    summary = readability.Document(html).summary()
    return "\n".join(map(str, lxml.html.fromstring(summary).itertext())) if summary.strip() else ""


VOTERS: dict[str, Callable[[str], str]] = {"trafilatura": _trafilatura, "readability": _readability}


@contextmanager
def _silence() -> Iterator[None]:
    """The extractors log what they drop, and their failures, on their own loggers: not for our users' terminal."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def aligned_shares(texts: Sequence[str], kept: str) -> list[float]:
    """For each of `texts` the share of its words found in `kept` in the same order; 0 where it has no words.

    Runs of words that stand once on either side anchor the alignment (the patience diff of Bram Cohen): the longest
    sequence of anchors in the same order holds, matches grow from them in both directions, and the gaps between are
    aligned with shorter runs. So a short line counts only where it stands between its neighbours, and a headline
    repeated in a menu does not.

    Examples
    --------
    >>> aligned_shares(["Home News", "The bridge opens in May.", "News"], "The bridge opens in May. News")
    [0.0, 1.0, 1.0]
    """
    ours: list[str] = []
    ends: list[int] = []
    for text in texts:
        ours += _WORD.findall(text.lower())
        ends.append(len(ours))
    theirs = _WORD.findall(kept.lower())
    found = bytearray(len(ours))
    gaps = [(0, len(ours), 0, len(theirs))]
    for n, is_once in _RUNS:
        gaps = [rest for gap in gaps for rest in _match(ours, theirs, gap, n, is_once, found)]
    shares, start = [], 0
    for end in ends:
        shares.append(round(sum(found[start:end]) / (end - start), 6) if end > start else 0.0)
        start = end
    return shares


_Gap = tuple[int, int, int, int]


def _match(ours: list[str], theirs: list[str], gap: _Gap, n: int, is_once: bool, found: bytearray) -> list[_Gap]:
    """Mark what of the gap can be aligned by runs of `n` words; the gaps that are left."""
    low, high, their_low, their_high = gap
    if high <= low or their_high <= their_low:
        return []
    mine, others = _places(ours, low, high, n), _places(theirs, their_low, their_high, n)
    pairs = [
        (at[0], others[run][0])
        for run, at in mine.items()
        if run in others and not others[run][1] and not (is_once and at[1])
    ]
    left: list[_Gap] = []
    for i, j in _in_order(pairs):
        if i < low or j < their_low:
            continue  # inside what the anchor before has grown to
        start, their_start = i, j
        while start > low and their_start > their_low and ours[start - 1] == theirs[their_start - 1]:
            start, their_start = start - 1, their_start - 1
        end, their_end = i, j
        while end < high and their_end < their_high and ours[end] == theirs[their_end]:
            end, their_end = end + 1, their_end + 1
        found[start:end] = b"\x01" * (end - start)
        left.append((low, start, their_low, their_start))
        low, their_low = end, their_end
    left.append((low, high, their_low, their_high))
    return left


def _places(words: list[str], low: int, high: int, n: int) -> dict[tuple[str, ...], tuple[int, bool]]:
    """Where each run of `n` words first stands, and whether it stands again."""
    places: dict[tuple[str, ...], tuple[int, bool]] = {}
    for at, run in enumerate(zip(*(words[low + k : high] for k in range(n)), strict=False), low):
        places[run] = (places[run][0], True) if run in places else (at, False)
    return places


def _in_order(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest subsequence of `pairs`, sorted by their first number, in which the second rises too."""
    pairs.sort()
    tails: list[int] = []  # the smallest second number that ends a rising sequence of each length
    last: list[int] = []  # and its row
    before: list[int] = []
    for row, (_, j) in enumerate(pairs):
        length = bisect_left(tails, j)
        if length == len(tails):
            tails.append(j)
            last.append(row)
        else:
            tails[length] = j
            last[length] = row
        before.append(last[length - 1] if length else -1)
    chain: list[tuple[int, int]] = []
    row = last[-1] if last else -1
    while row >= 0:
        chain.append(pairs[row])
        row = before[row]
    chain.reverse()
    return chain
