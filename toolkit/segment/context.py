"""What stands around a paragraph: the title, its place on the page, the words before and after, its neighbours."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from toolkit.data import Document
from toolkit.segment.lexicon import STOP_WORDS, WORD
from toolkit.segment.page import COLUMN, NEIGHBOUR, OFFSETS, FloatArray, Page
from toolkit.segment.paragraphs import Paragraph
from toolkit.segment.rows import rows_of

if TYPE_CHECKING:
    from toolkit.segment.repeats import RepeatedLines

N_LEAD = 3  # paragraphs of prose that tell what the page is about
MIN_TITLE_SCORE = 0.6
MAX_BITS = 4_096  # different words on a page; news has 500
EARLIER_TITLE = 0.7  # a headline may score this much less than the standfirst below it


def title_paragraph(
    document: Document,
    paragraphs: list[Paragraph],
    keys: list[str],
    content: list[frozenset[str]],
    prose: npt.NDArray[np.bool_],
    own: FloatArray,
    at: dict[str, int],
) -> int | None:
    """The paragraph that is most likely the page's title: the stated one, an h1, or the last headline before prose."""
    stated = " ".join(WORD.findall(document.title.lower())) if document.title else ""
    if stated:
        for i, key in enumerate(keys):
            if key == stated:
                return i
    firsts = np.flatnonzero(prose)
    limit = int(firsts[0]) if len(firsts) else len(keys)
    top = max(0, limit - 25)
    near = own[top : limit + 1]
    n_words = np.expm1(near[:, at["log_words"]])
    if document.blocks:
        for i, n in enumerate(n_words.tolist(), top):
            if paragraphs[i].tag == "h1" and n >= 2:
                return i
    shapes = np.minimum(n_words.astype(np.float64), 10.0) / 10 + 0.6 * (near[:, at["seen_after"]] > 0)
    shapes -= 0.5 * near[:, at["ends_sentence"]] + 0.7 * (
        near[:, at["date"]] + near[:, at["rights"]] + near[:, at["address"]]
    )
    shapes -= (
        np.minimum(near[:, at["separators"]] * 2, 1) + 0.4 * near[:, at["starts_low"]] + 0.3 * near[:, at["ends_colon"]]
    )
    commas = np.minimum((near[:, at["commas"]] * n_words).astype(np.float64), 2.0)
    shapes -= 0.02 * (limit - np.arange(top, top + len(near))) + 0.25 * commas
    headlines = (n_words >= 3) & (n_words <= 30) & (near[:, at["link_ratio"]] <= 0.6)
    lead: frozenset[str] = frozenset().union(*(content[j] for j in firsts[:4].tolist()))
    scores: dict[int, float] = {}
    for i, (score, is_headline) in enumerate(zip(shapes.tolist(), headlines.tolist(), strict=True), top):
        if i >= limit or not is_headline:
            continue
        if content[i] and lead:
            score += 0.6 * len(content[i] & lead) / len(content[i])
        if score > 0:
            scores[i] = score
    if not scores:
        return None
    best = max(scores, key=lambda i: (scores[i], -i))
    while scores.get(best - 1, 0.0) > max(MIN_TITLE_SCORE, scores[best] - EARLIER_TITLE):
        best -= 1  # the headline stands above the standfirst
    return best


def fill_title(
    document: Document,
    content: list[frozenset[str]],
    keys: list[str],
    title: int | None,
    own: FloatArray,
    at: dict[str, int],
) -> None:
    stated = document.title.lower() if document.title else ""
    title_words = frozenset(t for t in WORD.findall(stated) if len(t) > 3 and t not in STOP_WORDS)
    if title is not None:
        title_words |= content[title]
    if not title_words:
        return
    n = len(title_words)
    own[:, at["title_overlap"]] = [
        0.0 if title_words.isdisjoint(ours) else len(ours & title_words) / min(len(ours), n) for ours in content
    ]
    if title is not None:
        own[title, at["is_title"]] = 1
        own[title, at["title_overlap"]] = 1


def fill_place(page: Page, repeats: RepeatedLines | None, n_chars: npt.NDArray[np.int64]) -> None:
    """Fill in the place on the page and how well the words fit what stands around."""
    n, dense, prose = len(page.paragraphs), page.dense, page.prose
    c = COLUMN
    rows = rows_of(n)
    position = c["position"]
    dense[:, position : position + 3] = rows.position
    where = np.flatnonzero(prose)
    if len(where):
        first, last = int(where[0]), int(where[-1])
        dense[:, c["from_first_prose"]] = rows.since(first)
        dense[:, c["from_last_prose"]] = rows.since(last)
        dense[first : last + 1, c["inside_prose"]] = 1
        chars = n_chars.astype(np.float32)
        dense[:, c["prose_share"]] = chars[prose].sum() / max(chars.sum(), 1.0)
    dense[:, c["log_paragraphs"]] = np.log1p(n)
    dense[:, c["has_html"]] = bool(page.document.blocks)
    dense[:, c["knows_repeats"]] = repeats is not None and repeats.knows(page.document)
    dense[:, c["is_wrapped"]] = page.layout.wrapped
    dense[:, c["title_known"]] = page.document.title is not None
    _cohesion(page)


def _cohesion(page: Page) -> None:
    """How much of a paragraph's vocabulary was met in the lead, before it and after it.

    A paragraph of another story shares few words with all that stands before it, and so do those after it.
    """
    dense, prose, c = page.dense, page.prose, COLUMN
    content, size, no_words = _comparable(page.content)
    n_words = [len(ours) or 1 for ours in page.content]
    where = np.flatnonzero(prose).tolist()
    is_prose, title = prose.tolist(), page.title_like
    head = where[:N_LEAD]
    lead = no_words
    for i in head:
        lead |= content[i]
    if title is not None:
        lead |= content[title]
    before = no_words
    n_prose = 0
    above, last = no_words, no_words  # the two paragraphs of prose before
    n_above, leads, befores, windows = [], [], [], []
    for ours, n, prosaic in zip(content, n_words, is_prose, strict=True):
        n_above.append(n_prose)
        met = ours & before
        leads.append(size(ours & lead) / n)
        if met:
            befores.append(size(met) / n)
            windows.append((size(met & above) + size(met & last)) / n)
        else:
            befores.append(0.0)
            windows.append(0.0)
        if prosaic:
            before |= ours
            above, last = last, ours
            n_prose += 1
    if page.doubled.any():
        dense[:, c["since_doubled"]] = np.log1p(_since_doubled(page, n_above))
    if n_prose >= 2:
        for i in head:  # the lead against itself says nothing: the rest of the lead instead
            others = no_words
            for j in head:
                if j != i:
                    others |= content[j]
            leads[i] = size(content[i] & others) / n_words[i]
    dense[:, c["lead_cohesion"]] = leads
    dense[:, c["before_cohesion"]] = befores
    dense[:, c["window_cohesion"]] = windows
    if n_prose < 2:
        return
    afters = []
    after = no_words
    pairs = [no_words] * 3  # of the paragraphs of prose below: the words of each and the next one
    following = no_words
    for i in range(len(content) - 1, -1, -1):
        ours = content[i]
        afters.append(size(ours & after) / n_words[i])
        if is_prose[i]:
            pairs = [ours | following, pairs[0], pairs[1]]
            following = ours
            after = pairs[0] | pairs[2]
    dense[::-1, c["after_cohesion"]] = afters
    dense[:, c["cohesion_drop"]] = _drops(dense[where, c["before_cohesion"]].tolist(), n_above)


def _comparable(content: list[frozenset[str]]) -> tuple[list[Any], Callable[[Any], int], Any]:
    """Sets of words that can be compared, the function that counts their members, and an empty one.

    On most pages these are integers with a bit for each word, which are compared many times sooner. With many
    thousands of words bits are many and mostly 0, and the sets themselves are compared.
    """
    words = frozenset().union(*content)
    if len(words) > MAX_BITS:
        return list(content), len, frozenset()
    bits = {word: 1 << i for i, word in enumerate(words)}  # in any order: only members in common are counted
    return [sum(map(bits.__getitem__, ours)) for ours in content], int.bit_count, 0


def _drops(fits: list[float], n_above: list[int]) -> list[float]:
    """From here on, how much worse the next prose fits all before: high at the head of another story.

    `fits` are the shares of words met before, of each paragraph of prose; `n_above` counts, for each paragraph, the
    prose before it.
    """
    n = len(fits)
    sums = [0.0, *accumulate(fits)]
    drops = []
    for k in range(n):
        end, begin = min(k + 3, n), max(1, k - 4) if k > 1 else 0
        ahead = (sums[end] - sums[k]) / (end - k)
        drops.append((sums[k] - sums[begin]) / (k - begin) - ahead if k > 1 else 0.0)
    return [drops[min(k, n - 1)] for k in n_above]


def _since_doubled(page: Page, n_above: list[int]) -> list[int]:
    """How many paragraphs ago a doubled line stood below two paragraphs of prose and more; 0 where none did."""
    found: list[int] = []
    since = 0
    for i, (doubled, n_prose) in enumerate(zip(page.doubled.tolist(), n_above, strict=True)):
        if doubled and n_prose >= 2 and i != page.title_like:
            since = 1
        elif since:
            since += 1
        found.append(since)
    return found


_NEIGHBOURS = [COLUMN[name] for name in NEIGHBOUR]
_SHIFTED = [(offset, COLUMN[f"{NEIGHBOUR[0]}@{offset:+d}"]) for offset in OFFSETS]


def fill_context(page: Page, n_chars: npt.NDArray[np.int64]) -> None:
    """Fill in the neighbours' features and sums over windows."""
    n, dense, c = len(page.paragraphs), page.dense, COLUMN
    block = dense[:, _NEIGHBOURS]
    for offset, first in _SHIFTED:
        target = dense[:, first : first + len(NEIGHBOUR)]
        if offset < 0:
            target[-offset:] = block[: n + offset] if n + offset > 0 else block[:0]
            target[: min(-offset, n), 0] = -1  # beyond the page
        else:
            target[: max(n - offset, 0)] = block[offset:]
            target[max(n - offset, 0) :, 0] = -1
    rows = rows_of(n)
    total = np.zeros(n + 1)
    np.cumsum(n_chars.astype(np.float64) * page.prose, out=total[1:])
    first = c["prose_before_3"]
    dense[:, first : first + 4] = np.log1p(total[rows.window_high] - total[rows.window_low]).T
    sums = np.zeros((n + 1, 2))
    np.cumsum(dense[:, [c["log_words"], c["link_ratio"]]], axis=0, dtype=np.float64, out=sums[1:])
    near = c["words_near"]
    dense[:, near : near + 2] = (sums[rows.near_high] - sums[rows.near_low]) / rows.near_size
    short = ~page.prose
    edges = np.flatnonzero(np.diff(np.concatenate([[0], short.astype(np.int8), [0]])))
    lengths = edges[1::2] - edges[::2]
    dense[short, c["short_run"]] = np.repeat(np.log1p(lengths), lengths)
