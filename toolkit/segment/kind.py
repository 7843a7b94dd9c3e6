"""What kind of page it is, and where a paragraph stands against the title, the text and the marks of a page's foot.

A menu entry and an item of a list look alike; the page around them tells: whether it is made of sentences or of short
lines, whether its lines return, whether a label of other stories, of comments or of rights stood above. All columns
are sums over the page or one pass over its paragraphs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from toolkit.segment.page import Pages
from toolkit.segment.rows import Rows, log_distance, sums_above

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


def fill_kind(seen: Pages) -> None:
    """Fill in the columns of `KIND` (see `page.py`), from the columns filled before."""
    rows, prose = seen.rows, seen.prose
    n_words = np.expm1(seen["log_words"])
    sentences = seen["ends_sentence"] > 0
    shares = {
        "page_sentences": sentences,
        "page_short": n_words < 5,
        "page_returns": (seen["seen_before"] + seen["seen_after"]) > 0,
        "page_dated": (seen["date"] + seen["time"]) > 0,
    }
    for name, flags in shares.items():
        seen[name] = (rows.count(flags) / rows.sizes).repeat(rows.sizes)
    titles = rows.of_pages([-1 if page.title_like is None else page.title_like for page in seen.pages])
    seen["from_title"] = np.where(titles >= 0, log_distance(rows.index - rows.first - titles), 0)
    gap_before, gap_after = _gaps(seen)
    seen["prose_gap_before"] = np.log1p(gap_before)
    seen["prose_gap_after"] = np.log1p(gap_after)
    sandwich = np.log1p(np.maximum(gap_before, gap_after))
    seen["prose_gap"] = sandwich
    enough = rows.so_far(prose) >= 2
    bits = np.array([line.label for page in seen.pages for line in page.lines], dtype=np.uint8)
    if bits.any():
        seen["since_label"] = _since(rows, (bits & OTHERS > 0) & enough, far=FAR)
        seen["since_comments"] = _since(rows, (bits & HEAD > 0) & enough)
        total = sums_above((bits & MARK > 0).astype(np.int64))
        low, high = rows.window(-NEAR, NEAR + 1)
        seen["comment_marks"] = total[high] - total[low]
    rights = (seen["rights"] > 0) & enough
    if rights.any():
        seen["since_rights"] = _since(rows, rights)
    # crosses: a paragraph's length (five classes) on three kinds of page, in three places
    length = np.searchsorted(np.array([2.5, 5.5, 10.5, 20.5]), n_words)
    seen["words_x_prose_share"] = length * 3 + np.searchsorted([0.35, 0.7], seen["prose_share"])
    seen["words_x_gap"] = length * 3 + np.searchsorted([1.5, 4.5], np.expm1(sandwich))
    seen["words_x_end"] = length * 3 + 2 * sentences + (~sentences & (seen["starts_low"] > 0))


def _gaps(seen: Pages) -> tuple[FloatArray, FloatArray]:
    """How many paragraphs above and below the nearest other prose stands; FAR where there is none."""
    rows = seen.rows
    above, below = rows.first - 1, rows.end.copy()
    above[1:] = np.maximum(above[1:], rows.latest(seen.prose)[:-1])
    below[:-1] = np.minimum(below[:-1], rows.next(seen.prose)[1:])
    before = np.where(above >= rows.first, np.minimum(rows.index - above, FAR), FAR)
    after = np.where(below < rows.end, np.minimum(below - rows.index, FAR), FAR)
    return before.astype(np.float32), after.astype(np.float32)


OTHERS, MARK, HEAD = 1, 2, 4


def label_of(words: list[str]) -> int:
    """Bits: whether a short line has words of labels of other stories, of comments, of the head of comments."""
    if len(words) > MAX_LABEL_WORDS:
        return 0
    label = 0 if OTHERS_WORDS.isdisjoint(words) else OTHERS
    if not COMMENT_WORDS.isdisjoint(words):
        label |= MARK if COMMENT_HEADS.isdisjoint(words) else MARK | HEAD
    return label


def _since(rows: Rows, flags: npt.NDArray[np.bool_], far: float = np.inf) -> FloatArray:
    """The log of the distance below the nearest flagged paragraph above, from 1 on; 0 where none, or none near."""
    last = rows.latest(flags)
    distance = (rows.index - last).astype(np.float32)
    return np.where((last >= rows.first) & (distance < far), np.log1p(distance + 1), 0).astype(np.float32)
