"""Which paragraph is a page's title, and how many of its words each paragraph has."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from toolkit.segment.lexicon import STOP_WORDS, WORD
from toolkit.segment.page import COLUMN, Page, Pages

MIN_TITLE_SCORE = 0.6
EARLIER_TITLE = 0.7  # a headline may score this much less than the standfirst below it
MAX_ABOVE = 25  # paragraphs above the first prose that may be the title

FloatArray = npt.NDArray[np.float64]


def fill_title(seen: Pages) -> None:
    """Find the title of each page and fill in the columns about it."""
    rows = seen.rows
    limits = rows.next(seen.prose)[rows.starts]  # the first prose of each page, or its end
    n_words = np.expm1(seen["log_words"])
    shapes, headlines = _headlines(seen, n_words, limits.repeat(rows.sizes) - rows.index)
    for page, span, limit in zip(seen.pages, rows.spans, (limits - rows.starts).tolist(), strict=True):
        page.title_like = _stated_title(page, n_words[span], limit)
        if page.title_like is None:
            page.title_like = _likeliest(page, shapes[span][:limit], headlines[span][:limit])
        _fill_overlap(page)


def _headlines(
    seen: Pages, n_words: npt.NDArray[np.float32], above: npt.NDArray[np.int64]
) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """How much each paragraph looks like a title, and whether it may be one, by its shape and place alone.

    `above` says how many rows above the first prose it stands.
    """
    shapes = np.minimum(n_words.astype(np.float64), 10.0) / 10 + 0.6 * (seen["seen_after"] > 0)
    shapes -= 0.5 * seen["ends_sentence"] + 0.7 * (seen["date"] + seen["rights"] + seen["address"])
    shapes -= np.minimum(seen["separators"] * 2, 1) + 0.4 * seen["starts_low"] + 0.3 * seen["ends_colon"]
    commas = np.minimum((seen["commas"] * n_words).astype(np.float64), 2.0)
    shapes -= 0.02 * above + 0.25 * commas
    return shapes, (n_words >= 3) & (n_words <= 30) & (seen["link_ratio"] <= 0.6) & (above <= MAX_ABOVE)


def _stated_title(page: Page, n_words: npt.NDArray[np.float32], limit: int) -> int | None:
    """The paragraph that is the title the page states, or else an h1 near the first prose, which is row `limit`."""
    document = page.document
    stated = " ".join(WORD.findall(document.title.lower())) if document.title else ""
    if stated and stated in page.keys:
        return page.keys.index(stated)
    if document.blocks:
        for i in range(max(0, limit - MAX_ABOVE), min(limit + 1, len(page.paragraphs))):
            if page.paragraphs[i].tag == "h1" and n_words[i] >= 2:
                return i
    return None


def _likeliest(page: Page, shapes: FloatArray, headlines: npt.NDArray[np.bool_]) -> int | None:
    """The last headline above the first prose that looks like a title and has words of the lead."""
    content = page.content
    where = headlines.nonzero()[0]
    lead: frozenset[str] = frozenset().union(*(content[j] for j in page.prose.nonzero()[0][:4].tolist()))
    scores: dict[int, float] = {}
    for i, score in zip(where.tolist(), shapes[where].tolist(), strict=True):
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


def _fill_overlap(page: Page) -> None:
    title, content = page.title_like, page.content
    stated = page.document.title.lower() if page.document.title else ""
    title_words = frozenset(t for t in WORD.findall(stated) if len(t) > 3 and t not in STOP_WORDS)
    if title is not None:
        title_words |= content[title]
    if not title_words:
        return
    n = len(title_words)
    page.dense[:, COLUMN["title_overlap"]] = [
        0.0 if title_words.isdisjoint(ours) else len(ours & title_words) / min(len(ours), n) for ours in content
    ]
    if title is not None:
        page.dense[title, COLUMN["is_title"]] = 1
        page.dense[title, COLUMN["title_overlap"]] = 1
