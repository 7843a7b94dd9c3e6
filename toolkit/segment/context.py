"""What stands around a paragraph: the title, its place on the page, the words before and after, its neighbours."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from toolkit.data import Document
from toolkit.segment.lexicon import STOP_WORDS, WORD
from toolkit.segment.page import COLUMN, NEIGHBOUR, OFFSETS, FloatArray, Page
from toolkit.segment.paragraphs import Paragraph

if TYPE_CHECKING:
    from toolkit.segment.repeats import RepeatedLines

N_LEAD = 3  # paragraphs of prose that tell what the page is about
N_FOLLOWING = 4  # paragraphs of prose below that tell whether a paragraph fits them
MIN_TITLE_SCORE = 0.6
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
    scores: dict[int, float] = {}
    n_words = np.expm1(own[:, at["log_words"]])
    lead: frozenset[str] = frozenset().union(*(content[j] for j in firsts[:4].tolist()))
    for i in range(max(0, limit - 25), min(limit + 1, len(keys))):
        tag = paragraphs[i].tag
        if tag == "h1" and n_words[i] >= 2:
            return i
        if i >= limit or not 3 <= n_words[i] <= 30 or own[i, at["link_ratio"]] > 0.6:
            continue
        score = min(float(n_words[i]), 10.0) / 10 + 0.6 * (own[i, at["seen_after"]] > 0)
        score -= 0.5 * own[i, at["ends_sentence"]] + 0.7 * (
            own[i, at["date"]] + own[i, at["rights"]] + own[i, at["address"]]
        )
        score -= (
            min(1.0, float(own[i, at["separators"]]) * 2)
            + 0.4 * own[i, at["starts_low"]]
            + 0.3 * own[i, at["ends_colon"]]
        )
        score -= 0.02 * (limit - i) + 0.25 * min(2.0, float(own[i, at["commas"]] * n_words[i]))
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
    for i, ours in enumerate(content):
        if ours and i != title:
            own[i, at["title_overlap"]] = len(ours & title_words) / min(len(ours), len(title_words))
    if title is not None:
        own[title, at["is_title"]] = 1
        own[title, at["title_overlap"]] = 1


def fill_place(page: Page, repeats: RepeatedLines | None, n_chars: npt.NDArray[np.int64]) -> None:
    """Fill in the place on the page and how well the words fit what stands around."""
    n, dense, prose = len(page.paragraphs), page.dense, page.prose
    c = COLUMN
    index = np.arange(n, dtype=np.float32)
    dense[:, c["position"]] = index / max(n - 1, 1)
    dense[:, c["from_start"]] = np.log1p(index)
    dense[:, c["from_end"]] = np.log1p(n - 1 - index)
    where = np.flatnonzero(prose)
    if len(where):
        first, last = int(where[0]), int(where[-1])
        dense[:, c["from_first_prose"]] = np.sign(index - first) * np.log1p(np.abs(index - first))
        dense[:, c["from_last_prose"]] = np.sign(index - last) * np.log1p(np.abs(index - last))
        dense[:, c["inside_prose"]] = (index >= first) & (index <= last)
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
    dense, prose, content, c = page.dense, page.prose, page.content, COLUMN
    n = len(content)
    where = np.flatnonzero(prose)
    n_through = np.cumsum(prose)  # paragraphs of prose down to this one
    n_prose = len(where)
    n_before: npt.NDArray[np.int64] = n_through - prose
    if page.doubled.any():
        dense[:, c["since_doubled"]] = np.log1p(_since_doubled(page, n_before))
    # an entry for each paragraph and word in it, sorted by word, then by paragraph
    sizes = np.array(list(map(len, content)))
    flat = list(chain.from_iterable(content))
    numbers = {word: number for number, word in enumerate(dict.fromkeys(flat))}
    word = np.array(list(map(numbers.__getitem__, flat)), dtype=np.int64)
    row = np.repeat(np.arange(n), sizes)
    in_lead = np.zeros(len(numbers), dtype=np.bool_)
    begins = np.concatenate([[0], np.cumsum(sizes)])
    for i in [*where[:N_LEAD].tolist(), *([] if page.title_like is None else [page.title_like])]:
        in_lead[word[begins[i] : begins[i + 1]]] = True
    per_word = np.maximum(sizes, 1)
    dense[:, c["lead_cohesion"]] = np.bincount(row[in_lead[word]], minlength=n) / per_word
    order = np.argsort(word, kind="stable")
    word, row = word[order], row[order]
    # where the word stands in prose: the last two times before, the first time after, as the how-manieth paragraph
    in_prose = prose[row]
    prose_word = np.concatenate([[-1, -1], word[in_prose], [-1]])
    prose_rank = np.concatenate([[0, 0], n_before[row[in_prose]], [0]])
    through = np.cumsum(in_prose)
    last = through - in_prose + 1  # in the arrays just made
    recent = n_before[row] - 2
    met = prose_word[last] == word
    dense[:, c["before_cohesion"]] = np.bincount(row[met], minlength=n) / per_word
    near = met & (prose_rank[last] >= recent)
    nearer = (prose_word[last - 1] == word) & (prose_rank[last - 1] >= recent)
    n_window = np.bincount(row[near], minlength=n) + np.bincount(row[nearer], minlength=n)
    dense[:, c["window_cohesion"]] = n_window / per_word
    if n_prose < 2:
        return
    head = where[:N_LEAD].tolist()
    for i in head:  # the lead against itself says nothing: the rest of the lead instead
        others: frozenset[str] = frozenset().union(*(content[j] for j in head if j != i))
        dense[i, c["lead_cohesion"]] = len(content[i] & others) / (len(content[i]) or 1)
    following = through + 2
    soon = (prose_word[following] == word) & (prose_rank[following] < n_through[row] + N_FOLLOWING)
    dense[:, c["after_cohesion"]] = np.bincount(row[soon], minlength=n) / per_word
    # from here on, how well the next prose fits all before: low at the head of another story and within it
    fits = np.concatenate([[0.0], np.cumsum(dense[where, c["before_cohesion"]], dtype=np.float64)])
    k = np.arange(n_prose)
    end, begin = np.minimum(k + 3, n_prose), np.maximum(np.minimum(1, k - 1), k - 4).clip(0)
    ahead = (fits[end] - fits[k]) / (end - k)
    behind = (fits[k] - fits[begin]) / np.maximum(k - begin, 1)
    drop = np.where(k > 1, behind - ahead, 0.0)
    nearest = np.minimum(np.searchsorted(where, np.arange(len(content))), len(where) - 1)
    dense[:, c["cohesion_drop"]] = drop[nearest]


def _since_doubled(page: Page, n_before: npt.NDArray[np.int64]) -> list[int]:
    """How many paragraphs ago a doubled line stood below two paragraphs of prose and more; 0 where none did."""
    found: list[int] = []
    since = 0
    for i, (doubled, n_prose) in enumerate(zip(page.doubled.tolist(), n_before.tolist(), strict=True)):
        if doubled and n_prose >= 2 and i != page.title_like:
            since = 1
        elif since:
            since += 1
        found.append(since)
    return found


def fill_context(page: Page, n_chars: npt.NDArray[np.int64]) -> None:
    """Fill in the neighbours' features and sums over windows."""
    n, dense, c = len(page.paragraphs), page.dense, COLUMN
    own_columns = [c[name] for name in NEIGHBOUR]
    block = dense[:, own_columns]
    for offset in OFFSETS:
        first = c[f"{NEIGHBOUR[0]}@{offset:+d}"]
        target = dense[:, first : first + len(own_columns)]
        if offset < 0:
            target[-offset:] = block[: n + offset] if n + offset > 0 else block[:0]
            target[: min(-offset, n), 0] = -1  # beyond the page
        else:
            target[: max(n - offset, 0)] = block[offset:]
            target[max(n - offset, 0) :, 0] = -1
    chars = n_chars.astype(np.float64) * page.prose
    total = np.concatenate([[0.0], np.cumsum(chars)])
    index = np.arange(n)
    for width, before, after in ((3, "prose_before_3", "prose_after_3"), (8, "prose_before_8", "prose_after_8")):
        dense[:, c[before]] = np.log1p(total[index] - total[np.maximum(index - width, 0)])
        dense[:, c[after]] = np.log1p(total[np.minimum(index + width + 1, n)] - total[index + 1])
    for source, name in (("log_words", "words_near"), ("link_ratio", "links_near")):
        sums = np.concatenate([[0.0], np.cumsum(dense[:, c[source]], dtype=np.float64)])
        low, high = np.maximum(index - 4, 0), np.minimum(index + 5, n)
        dense[:, c[name]] = (sums[high] - sums[low]) / (high - low)
    short = ~page.prose
    edges = np.flatnonzero(np.diff(np.concatenate([[0], short.astype(np.int8), [0]])))
    lengths = edges[1::2] - edges[::2]
    dense[short, c["short_run"]] = np.repeat(np.log1p(lengths), lengths)
