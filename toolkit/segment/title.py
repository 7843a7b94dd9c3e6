"""Which paragraph is a page's title, and how many of its words each paragraph has."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from toolkit.segment.lexicon import STOP_WORDS, WORD
from toolkit.segment.page import COLUMN, Page, Pages

MIN_TITLE_SCORE = 0.6
EARLIER_TITLE = 0.7  # a headline may score this much less than the standfirst below it
MAX_ABOVE = 25  # paragraphs above the first prose that may be the title
N_LEAD, N_TEXT = 4, 12  # paragraphs of prose whose words a title has, and fewer of those further down
IN_LEAD, IN_TEXT = 0.6, 0.3  # what the share of a line's words met there counts
# Below a headline stand the date and who wrote it, with a standfirst between or not. Chosen on the titles of
# bangkokpost.com and of one half of the sites of extraction_blocks; the other outlets and half gain as much.
SIGNED = 0.7
MAX_SIGNATURES = 4  # more dates and bylines above the text are those of a list of other stories
MAX_DATE_LINE, MAX_BYLINE = 14, 10  # words

FloatArray = npt.NDArray[np.float64]


def fill_title(seen: Pages) -> None:
    """Find the title of each page and fill in the columns about it."""
    rows = seen.rows
    limits = rows.next(seen.prose)[rows.starts]  # the first prose of each page, or its end
    n_words = np.expm1(seen["log_words"])
    above = limits.repeat(rows.sizes) - rows.index
    shapes, headlines = _headlines(seen, n_words, above)
    signed = _signed(seen, n_words, above)
    for page, span, limit in zip(seen.pages, rows.spans, (limits - rows.starts).tolist(), strict=True):
        page.title_like = _stated_title(page, n_words[span], limit)
        if page.title_like is None:
            here = slice(span.start, span.start + limit)
            page.title_like = _likeliest(page, shapes[here], headlines[here], signed[here])
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


def _signed(seen: Pages, n_words: npt.NDArray[np.float32], above: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which lines have a date or a byline one or two rows below them, on pages with few of those above the text."""
    rows = seen.rows
    signs = (seen["date"] > 0) & (n_words <= MAX_DATE_LINE) & ~seen.prose | (seen["by"] > 0) & (n_words <= MAX_BYLINE)
    signs &= rows.count(signs & (above > 0) & (above <= MAX_ABOVE)).repeat(rows.sizes) <= MAX_SIGNATURES
    found = np.zeros(len(rows), dtype=np.bool_)
    for distance in (1, 2):
        found[:-distance] |= signs[distance:] & (rows.page[distance:] == rows.page[:-distance])
    return found & ~signs


def _likeliest(
    page: Page, shapes: FloatArray, headlines: npt.NDArray[np.bool_], signed: npt.NDArray[np.bool_]
) -> int | None:
    """The last headline above the first prose that looks like a title and has words of the text."""
    content = page.content
    where = headlines.nonzero()[0]
    prose = page.prose.nonzero()[0][:N_TEXT].tolist()
    lead: frozenset[str] = frozenset().union(*(content[j] for j in prose[:N_LEAD]))
    text: frozenset[str] = lead.union(*(content[j] for j in prose[N_LEAD:]))
    scores: dict[int, float] = {}
    for i, score in zip(where.tolist(), shapes[where].tolist(), strict=True):
        ours = content[i]
        met = ours & text
        if met:
            score += (IN_LEAD * len(ours & lead) + IN_TEXT * len(met)) / len(ours)
            score += SIGNED * bool(signed[i])
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
