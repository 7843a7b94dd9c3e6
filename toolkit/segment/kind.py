"""What kind of page it is, and where a paragraph stands against the title, the text and the marks of a page's foot.

A menu entry and an item of a list look alike; the page around them tells: whether it is made of sentences or of short
lines, whether its lines return, whether a label of other stories, of comments or of rights stood above. All columns
are sums over the page or one pass over its paragraphs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from toolkit.segment.page import COLUMN, Page
from toolkit.segment.rows import rows_of

MAX_LABEL_WORDS = 5
NEAR = 3  # paragraphs on each side in which marks of comments are counted
FAR = 40.0  # paragraphs; a label further above says nothing any more

# Words of labels that sites write above links to other stories, and around what readers say, in short lines.
OTHERS_WORDS = frozenset(
    """related recommended popular trending latest more next previous read also topics stories headlines picks
    terkait baca terpopuler lainnya selengkapnya rekomendasi relacionadas relacionados leia
    """.split()
)
COMMENT_WORDS = frozenset(
    """comment comments reply replies replied responses likes upvote upvotes votes posted joined member members ago
    report flag quote permalink author reviewer reviewed verified helpful komentar balas respuestas comentarios
    """.split()
)
COMMENT_HEADS = frozenset("comment comments reply replies responses reviews komentar comentarios".split())

FloatArray = npt.NDArray[np.float32]


def fill_kind(page: Page) -> None:
    """Fill in the columns of `KIND` (see `page.py`), from the columns filled before."""
    n, dense, c = len(page.paragraphs), page.dense, COLUMN
    n_words = np.expm1(dense[:, c["log_words"]])
    sentences = dense[:, c["ends_sentence"]] > 0
    share = _shares(n_words, sentences, dense, n)
    for name, value in share.items():
        dense[:, c[name]] = value
    rows = rows_of(n)
    if page.title_like is not None:
        dense[:, c["from_title"]] = rows.since(page.title_like)
    gap_before, gap_after = _gaps(page.prose)
    dense[:, c["prose_gap_before"]] = np.log1p(gap_before)
    dense[:, c["prose_gap_after"]] = np.log1p(gap_after)
    sandwich = np.log1p(np.maximum(gap_before, gap_after))
    dense[:, c["prose_gap"]] = sandwich
    enough = np.cumsum(page.prose) >= 2
    labels = [line.label for line in page.lines]
    if any(labels):
        bits = np.array(labels, dtype=np.uint8)
        dense[:, c["since_label"]] = _since((bits & OTHERS > 0) & enough)
        dense[:, c["since_comments"]] = _since((bits & HEAD > 0) & enough, far=np.inf)
        total = np.zeros(n + 1, dtype=np.int64)
        np.cumsum(bits & MARK > 0, out=total[1:])
        index = np.arange(n)
        low, high = np.maximum(index - NEAR, 0), np.minimum(index + NEAR + 1, n)
        dense[:, c["comment_marks"]] = total[high] - total[low]
    rights = (dense[:, c["rights"]] > 0) & enough
    if rights.any():
        dense[:, c["since_rights"]] = _since(rights, far=np.inf)
    # crosses: a paragraph's length (five classes) on three kinds of page, in three places
    length = np.searchsorted(np.array([2.5, 5.5, 10.5, 20.5]), n_words)
    dense[:, c["words_x_prose_share"]] = length * 3 + np.searchsorted([0.35, 0.7], dense[:, c["prose_share"]])
    dense[:, c["words_x_gap"]] = length * 3 + np.searchsorted([1.5, 4.5], np.expm1(sandwich))
    ended = length * 3 + 2 * sentences + (~sentences & (dense[:, c["starts_low"]] > 0))
    dense[:, c["words_x_end"]] = ended


def _shares(n_words: FloatArray, sentences: npt.NDArray[np.bool_], dense: FloatArray, n: int) -> dict[str, float]:
    """Shares of the page's paragraphs: of sentences, of very short lines, of lines that return, of dated ones."""
    c = COLUMN
    returns = (dense[:, c["seen_before"]] + dense[:, c["seen_after"]]) > 0
    dated = (dense[:, c["date"]] + dense[:, c["time"]]) > 0
    return {
        "page_sentences": float(sentences.sum()) / n,
        "page_short": float((n_words < 5).sum()) / n,
        "page_returns": float(returns.sum()) / n,
        "page_dated": float(dated.sum()) / n,
    }


def _gaps(prose: npt.NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    """How many paragraphs above and below the nearest other prose stands; FAR where there is none."""
    n = len(prose)
    where = np.flatnonzero(prose)
    before = np.full(n, FAR, dtype=np.float32)
    after = np.full(n, FAR, dtype=np.float32)
    if len(where):
        index = np.arange(n)
        left = np.searchsorted(where, index, side="left") - 1
        right = np.searchsorted(where, index, side="right")
        has_left, has_right = left >= 0, right < len(where)
        before[has_left] = np.minimum(index[has_left] - where[left[has_left]], FAR)
        after[has_right] = np.minimum(where[right[has_right]] - index[has_right], FAR)
    return before, after


OTHERS, MARK, HEAD = 1, 2, 4


def label_of(words: list[str]) -> int:
    """Bits: whether a short line has words of labels of other stories, of comments, of the head of comments."""
    if len(words) > MAX_LABEL_WORDS:
        return 0
    label = 0 if OTHERS_WORDS.isdisjoint(words) else OTHERS
    if not COMMENT_WORDS.isdisjoint(words):
        label |= MARK if COMMENT_HEADS.isdisjoint(words) else MARK | HEAD
    return label


def _since(flags: npt.NDArray[np.bool_], far: float = FAR) -> FloatArray:
    """The log of the distance below the nearest flagged paragraph above, from 1 on; 0 where none, or none near."""
    index = np.arange(len(flags))
    last = np.maximum.accumulate(np.where(flags, index, -1))
    distance = (index - last).astype(np.float32)
    return np.where((last >= 0) & (distance < far), np.log1p(distance + 1), 0).astype(np.float32)
