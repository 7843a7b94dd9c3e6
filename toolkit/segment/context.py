"""What stands around a paragraph: the title, its place on the page, the words before and after, its neighbours."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np

from toolkit.segment.page import COLUMN, NEIGHBOUR, OFFSETS, Page, Pages
from toolkit.segment.rows import log_distance, sums_above

if TYPE_CHECKING:
    from toolkit.segment.repeats import RepeatedLines

N_LEAD = 3  # paragraphs of prose that tell what the page is about
MAX_BITS = 4_096  # different words on a page; news has 500
_BITS = tuple([1 << i for i in range(MAX_BITS)])


def fill_place(seen: Pages, repeats: RepeatedLines | None) -> None:
    """Fill in the place on the page and how well the words fit what stands around."""
    rows, prose = seen.rows, seen.prose
    n = rows.end - rows.first
    at = rows.index - rows.first
    number = at.astype(np.float32)
    seen["position"] = number / np.maximum(n - 1, 1).astype(np.float32)
    seen["from_start"] = np.log1p(number)
    seen["from_end"] = np.log1p((n - 1 - at).astype(np.float32))
    first, last = rows.next(prose)[rows.first], rows.latest(prose)[rows.end - 1]
    has_prose = first < rows.end
    seen["from_first_prose"] = np.where(has_prose, log_distance(rows.index - first), 0)
    seen["from_last_prose"] = np.where(has_prose, log_distance(rows.index - last), 0)
    seen["inside_prose"] = (first <= rows.index) & (rows.index <= last)
    chars = np.add.reduceat(np.array([seen.n_chars * prose, seen.n_chars]), rows.starts, axis=1).astype(np.float32)
    seen["prose_share"] = (chars[0] / chars[1]).repeat(rows.sizes)
    seen["log_paragraphs"] = np.log1p(rows.sizes).repeat(rows.sizes)
    pages = seen.pages
    seen["has_html"] = rows.of_pages([bool(page.document.blocks) for page in pages])
    seen["knows_repeats"] = rows.of_pages([repeats is not None and repeats.knows(page.document) for page in pages])
    seen["is_wrapped"] = rows.of_pages([page.layout.wrapped for page in pages])
    seen["title_known"] = rows.of_pages([page.document.title is not None for page in pages])
    for page in pages:
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
    leads = [size(ours & lead) / n for ours, n in zip(content, n_words, strict=True)]
    n_above, befores, windows = [], [], []
    for ours, n, prosaic in zip(content, n_words, is_prose, strict=True):
        n_above.append(n_prose)
        met = ours & before
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
    for ours, n, prosaic in zip(reversed(content), reversed(n_words), reversed(is_prose), strict=True):
        afters.append(size(ours & after) / n)
        if prosaic:
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
    bits = dict(zip(words, _BITS, strict=False))  # in any order: only members in common are counted
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
# from a paragraph's number
_WINDOWS = {"prose_before_3": (-3, 0), "prose_after_3": (1, 4), "prose_before_8": (-8, 0), "prose_after_8": (1, 9)}
_NEAR = (-4, 5)  # of words_near and links_near


def fill_context(seen: Pages) -> None:
    """Fill in the neighbours' features and sums over windows."""
    rows, prose = seen.rows, seen.prose
    block = seen.table[_NEIGHBOURS]
    for offset, first in _SHIFTED:
        target = seen.table[first : first + len(NEIGHBOUR)]
        if offset < 0:
            target[:, -offset:] = block[:, :offset]
            beyond = rows.index + offset < rows.first
        else:
            target[:, :-offset] = block[:, offset:]
            beyond = rows.index + offset >= rows.end
        target[:, beyond] = 0
        target[0, beyond] = -1
    total = sums_above(seen.n_chars * prose)
    for name, (begin, end) in _WINDOWS.items():
        low, high = rows.window(begin, end)
        seen[name] = np.log1p((total[high] - total[low]).astype(np.float64))
    low, high = rows.window(*_NEAR)
    for name, source in (("words_near", "log_words"), ("links_near", "link_ratio")):
        values = seen[source].astype(np.float64)
        near = np.empty_like(values)
        for span in rows.spans:  # sums of fractions: page by page, or their last bits would depend on the pages above
            total_near = sums_above(values[span])
            near[span] = total_near[high[span] - span.start] - total_near[low[span] - span.start]
        seen[name] = near / (high - low)
    short = ~prose
    begins, ends = short.copy(), short.copy()
    begins[1:] &= prose[:-1] | (rows.first[1:] == rows.index[1:])
    ends[:-1] &= prose[1:] | (rows.end[:-1] == rows.index[1:])
    lengths = ends.nonzero()[0] + 1 - begins.nonzero()[0]
    seen.table[COLUMN["short_run"], short] = np.log1p(lengths).repeat(lengths)
