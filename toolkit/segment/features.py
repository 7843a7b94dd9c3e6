"""What can be seen of a paragraph: its own shape, its words, its neighbours, its place on the page.

Every feature is a cause that holds on a site never seen: nothing here knows a site, an outlet or a template. Counts
of character classes are numpy passes over the whole text; words are split once per paragraph.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from toolkit.data import Document
from toolkit.segment.lexicon import (
    ADDRESS,
    BY,
    CREDIT_WORDS,
    DATE,
    DIGIT,
    MONEY,
    RIGHTS_LOW,
    STOP_WORDS,
    TIME,
    WORD,
)
from toolkit.segment.paragraphs import BULLET, ENDS_SENTENCE, Layout, Paragraph, split_paragraphs

if TYPE_CHECKING:
    from toolkit.segment.repeats import RepeatedLines

FloatArray = npt.NDArray[np.float32]

# classes of characters, counted for every paragraph in one pass
_LETTER, _UPPER, _DIGIT, _PUNCT, _SEPARATOR, _STOP_MARK, _COMMA, _SPACE, _OTHER = range(9)
_N_CLASSES = 9
_TABLE_SIZE = 0x3100

MIN_PROSE_WORDS = 18
MIN_PROSE_STOPS = 0.2  # share of words that are function words; English news has .35 to .5
MAX_SHORT_WORDS = 25  # of longer paragraphs the words themselves are not looked at: shape and context tell
MAX_SCANNED = 300  # characters; patterns of dates, addresses and credits are looked for in this much of a paragraph
N_LEAD = 3
MIN_TITLE_SCORE = 0.6
EARLIER_TITLE = 0.7  # a headline may score this much less than the standfirst below it

TAG_GROUPS: dict[str, int] = {
    "p": 0, "h1": 1, "h2": 2, "h3": 2, "h4": 3, "h5": 3, "h6": 3, "li": 4, "dd": 4, "dt": 4, "div": 5, "section": 5,
    "article": 5, "main": 5, "span": 5, "td": 6, "th": 6, "tr": 6, "table": 6, "caption": 7, "figcaption": 7, "blockquote": 8,
    "pre": 8, "code": 8, "nav": 9, "menu": 9, "header": 9, "footer": 10, "aside": 10, "address": 10, "button": 11, "label": 11,
    "form": 11, "option": 11, "select": 11, "input": 11, "a": 12,
}  # fmt: skip
N_TAG_GROUPS = 14  # 13: any other tag


@dataclass(slots=True)
class Page:
    """A document cut into paragraphs, and what was seen of each; row i of every array is paragraph i."""

    document: Document
    paragraphs: list[Paragraph]
    layout: Layout
    keys: list[str]  # the words of a paragraph in lower case: equal keys are the same line
    words: list[list[str]]
    content: list[frozenset[str]]
    dense: FloatArray
    prose: npt.NDArray[np.bool_]
    doubled: npt.NDArray[np.bool_]
    title_like: int | None = None
    names: dict[str, int] = field(default_factory=dict)


@lru_cache(maxsize=1)
def _class_table() -> npt.NDArray[np.uint8]:
    table = np.full(_TABLE_SIZE + 1, _LETTER, dtype=np.uint8)
    for code in range(_TABLE_SIZE):
        c = chr(code)
        if c.isspace():
            table[code] = _SPACE
        elif c in "|›>·»•→/#<«‹▸":
            table[code] = _SEPARATOR
        elif c in ".!?…。！？":
            table[code] = _STOP_MARK
        elif c in ",;，、":
            table[code] = _COMMA
        elif c.isdigit():
            table[code] = _DIGIT
        elif c.isupper():
            table[code] = _UPPER
        elif not c.isalpha():
            table[code] = _PUNCT if c.isprintable() else _OTHER
    return table


def _class_counts(
    text: str, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
) -> tuple[FloatArray, FloatArray]:
    """Per paragraph, the number of characters of each class, and of words that begin with a capital."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    classes = _class_table()[np.minimum(codes, _TABLE_SIZE)]
    counts = np.empty((len(starts), _N_CLASSES), dtype=np.float32)
    total = np.zeros(len(classes) + 1, dtype=np.int32)
    for c in range(_N_CLASSES):
        np.cumsum(classes == c, out=total[1:])
        counts[:, c] = total[ends] - total[starts]
    capital = classes == _UPPER
    capital[1:] &= classes[:-1] > _UPPER  # not inside a word
    np.cumsum(capital, out=total[1:])
    return counts, (total[ends] - total[starts]).astype(np.float32)


OWN = (
    "log_words", "log_chars", "stops", "upper", "digits", "punctuation", "separators", "capitals", "word_length", "commas",
    "stop_marks", "ends_sentence", "ends_colon", "ends_ellipsis", "ends_open", "starts_low", "starts_digit", "starts_quote",
    "bullet", "all_caps", "date", "time", "address", "rights", "credit", "money", "by", "question", "prose", "truncated",
    "log_lines", "title_overlap", "is_title", "doubled", "seen_before", "seen_after", "repeated", "link_ratio",
)  # fmt: skip
PLACE = (
    "position", "from_start", "from_end", "from_first_prose", "from_last_prose", "inside_prose", "log_paragraphs", "prose_share",
    "since_doubled", "lead_cohesion", "before_cohesion", "after_cohesion", "window_cohesion", "cohesion_drop", "has_html",
    "knows_repeats", "is_wrapped", "title_known",
)  # fmt: skip
NEIGHBOUR = (
    "log_words",
    "stops",
    "ends_sentence",
    "link_ratio",
    "capitals",
    "prose",
    "doubled",
    "truncated",
    "date",
    "repeated",
    "stop_marks",
)
OFFSETS = (-2, -1, 1, 2)
WINDOWS = (
    "prose_before_3",
    "prose_after_3",
    "prose_before_8",
    "prose_after_8",
    "words_near",
    "links_near",
    "short_run",
)
TAGS = tuple(f"tag_{i}" for i in range(N_TAG_GROUPS))
NAMES = OWN + PLACE + tuple(f"{name}@{o:+d}" for o in OFFSETS for name in NEIGHBOUR) + WINDOWS + TAGS
COLUMN = {name: i for i, name in enumerate(NAMES)}


def look(document: Document, repeats: RepeatedLines | None = None) -> Page:
    """Cut `document` into paragraphs and look at each of them."""
    paragraphs, layout = split_paragraphs(document)
    return look_at(document, paragraphs, layout, repeats)


def look_at(document: Document, paragraphs: list[Paragraph], layout: Layout, repeats: RepeatedLines | None) -> Page:
    """The features of `paragraphs`, an array of shape (n_paragraphs, len(NAMES))."""
    n = len(paragraphs)
    dense = np.zeros((n, len(NAMES)), dtype=np.float32)
    words: list[list[str]] = []
    keys: list[str] = []
    content: list[frozenset[str]] = []
    if n == 0:
        empty = np.zeros(0, dtype=np.bool_)
        return Page(document, paragraphs, layout, keys, words, content, dense, empty, empty)
    text = document.text
    own = np.zeros((n, len(OWN)), dtype=np.float32)
    at = {name: i for i, name in enumerate(OWN)}
    n_words = np.empty(n, dtype=np.float32)
    stops = np.empty(n, dtype=np.float32)
    find, is_stop = WORD.findall, STOP_WORDS.__contains__
    flags: list[tuple[int, int]] = []
    for i, paragraph in enumerate(paragraphs):
        raw = text[paragraph.start : paragraph.end]
        low = raw.lower()
        tokens = find(low)
        words.append(tokens)
        keys.append(" ".join(tokens))
        n_words[i] = len(tokens)
        stops[i] = sum(map(is_stop, tokens))
        content.append(frozenset(tokens).difference(STOP_WORDS))
        last = raw[-1]
        if last in ".!?…。！？\"'”’»›)]}*।။៕":
            flags.append((i, _ENDS_SENTENCE if ENDS_SENTENCE.search(raw, max(0, len(raw) - 6)) else _NOTHING))
            if raw.endswith(("...", "…", "[…]", "[...]")):
                flags.append((i, _ENDS_ELLIPSIS))
            elif last == "?":
                flags.append((i, _QUESTION))
        elif last == ":":
            flags.append((i, _ENDS_COLON))
        elif last in ",(“‘[-–":
            flags.append((i, _ENDS_OPEN))
        first = raw[0]
        if first.islower():
            flags.append((i, _STARTS_LOW))
        elif first.isdigit():
            flags.append((i, _STARTS_DIGIT))
        elif first in "\"'“‘«":
            flags.append((i, _STARTS_QUOTE))
        if not first.isalpha() and BULLET.match(raw):
            flags.append((i, _BULLET))
        if len(raw) <= MAX_SCANNED:
            _scan(i, low, tokens, flags)
    rows, columns = zip(*flags, strict=True) if flags else ((), ())
    wide = np.zeros((n, _NOTHING + 1), dtype=np.float32)
    wide[list(rows), list(columns)] = 1
    starts = np.array([p.start for p in paragraphs], dtype=np.int64)
    ends = np.array([p.end for p in paragraphs], dtype=np.int64)
    counts, capitals = _class_counts(text, starts, ends)
    n_chars = np.maximum(ends - starts, 1).astype(np.float32)
    letters = np.maximum(counts[:, _LETTER] + counts[:, _UPPER], 1)
    per_word = np.maximum(n_words, 1)
    own[:, at["log_words"]] = np.log1p(n_words)
    own[:, at["log_chars"]] = np.log1p(n_chars)
    own[:, at["stops"]] = stops / per_word
    own[:, at["upper"]] = counts[:, _UPPER] / letters
    own[:, at["digits"]] = counts[:, _DIGIT] / n_chars
    own[:, at["punctuation"]] = counts[:, _PUNCT] / n_chars
    own[:, at["separators"]] = counts[:, _SEPARATOR] / per_word
    own[:, at["capitals"]] = capitals / per_word
    own[:, at["word_length"]] = letters / per_word
    own[:, at["commas"]] = counts[:, _COMMA] / per_word
    own[:, at["stop_marks"]] = counts[:, _STOP_MARK] / per_word
    own[:, at["all_caps"]] = (own[:, at["upper"]] > 0.9) & (letters >= 4)
    for name, flag in _FLAG_NAMES.items():
        own[:, at[name]] = wide[:, flag]
    prose = (n_words >= MIN_PROSE_WORDS) & (own[:, at["stops"]] >= MIN_PROSE_STOPS) | (
        (n_chars >= 90) & (counts[:, _STOP_MARK] >= 1) & (n_words < n_chars / 12)
    )
    ends_sentence = own[:, at["ends_sentence"]] > 0
    own[:, at["prose"]] = prose
    own[:, at["truncated"]] = (
        prose & (~ends_sentence | (own[:, at["ends_ellipsis"]] > 0)) & (own[:, at["ends_colon"]] == 0)
    )
    own[:, at["log_lines"]] = np.log1p(np.array([p.n_lines for p in paragraphs], dtype=np.float32))
    link = np.array([p.link_ratio for p in paragraphs], dtype=np.float32)
    own[:, at["link_ratio"]] = link
    doubled = _repetition(keys, own, at)
    if repeats is not None:
        own[:, at["repeated"]] = repeats.shares(document, keys)
    title_like = _title_paragraph(document, paragraphs, keys, content, prose, own, at)
    _title_features(document, content, keys, title_like, own, at)
    dense[:, : len(OWN)] = own
    page = Page(document, paragraphs, layout, keys, words, content, dense, prose, doubled, title_like)
    _place(page, repeats)
    _context(page)
    if document.blocks:
        groups = [TAG_GROUPS.get(p.tag, N_TAG_GROUPS - 1) for p in paragraphs]
        dense[np.arange(n), COLUMN["tag_0"] + np.array(groups)] = 1
    return page


(_ENDS_SENTENCE, _ENDS_ELLIPSIS, _QUESTION, _ENDS_COLON, _ENDS_OPEN, _STARTS_LOW, _STARTS_DIGIT, _STARTS_QUOTE, _BULLET,
 _DATED, _TIMED, _ADDRESSED, _RESERVED, _CREDITED, _MONEYED, _BYLINED, _NOTHING) = range(17)  # fmt: skip
_PATTERNS = ((_DATED, DATE), (_TIMED, TIME), (_MONEYED, MONEY))  # all need a digit
_FLAG_NAMES = {
    "ends_sentence": _ENDS_SENTENCE, "ends_ellipsis": _ENDS_ELLIPSIS, "question": _QUESTION, "ends_colon": _ENDS_COLON,
    "ends_open": _ENDS_OPEN, "starts_low": _STARTS_LOW, "starts_digit": _STARTS_DIGIT, "starts_quote": _STARTS_QUOTE,
    "bullet": _BULLET, "date": _DATED, "time": _TIMED, "address": _ADDRESSED, "rights": _RESERVED, "credit": _CREDITED,
    "money": _MONEYED, "by": _BYLINED,
}  # fmt: skip


def _scan(i: int, low: str, tokens: list[str], flags: list[tuple[int, int]]) -> None:
    """Patterns of a short paragraph; cheap tests first, for most paragraphs have none of them."""
    if ("right" in low or "(c)" in low or "©" in low) and RIGHTS_LOW.search(low):
        flags.append((i, _RESERVED))
    if not CREDIT_WORDS.isdisjoint(tokens):
        flags.append((i, _CREDITED))
    if ("." in low or "@" in low or "://" in low) and ADDRESS.search(low):
        flags.append((i, _ADDRESSED))
    if BY.match(low):
        flags.append((i, _BYLINED))
    if DIGIT.search(low):
        flags.extend((i, flag) for flag, pattern in _PATTERNS if pattern.search(low))


def _repetition(keys: list[str], own: FloatArray, at: dict[str, int]) -> npt.NDArray[np.bool_]:
    """Fill in how often a line stands on the page; the rows of doubled adjacent lines are returned."""
    n = len(keys)
    doubled = np.zeros(n, dtype=np.bool_)
    left = Counter(key for key in keys if key)
    seen: Counter[str] = Counter()
    before, after = at["seen_before"], at["seen_after"]
    for i, key in enumerate(keys):
        if left.get(key, 0) < 2 and key not in seen:
            continue
        left[key] -= 1
        own[i, before] = min(seen[key], 3)
        own[i, after] = min(left[key], 3)
        seen[key] += 1
        if i and keys[i - 1] == key and len(key) > 12:
            doubled[i - 1 : i + 1] = True
    own[:, at["doubled"]] = doubled
    return doubled


def _title_paragraph(
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


def _title_features(
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


def _place(page: Page, repeats: RepeatedLines | None) -> None:
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
        chars = np.array([p.end - p.start for p in page.paragraphs], dtype=np.float32)
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
    where = np.flatnonzero(prose)
    lead: set[str] = set()
    for i in where[:N_LEAD].tolist():
        lead |= content[i]
    if page.title_like is not None:
        lead |= content[page.title_like]
    before: set[str] = set()
    n_prose = since = 0
    last: tuple[frozenset[str], ...] = (frozenset(), frozenset())
    sinces, leads, befores, windows = [], [], [], []
    is_prose, doubled, title = prose.tolist(), page.doubled.tolist(), page.title_like
    for i, ours in enumerate(content):
        if doubled[i] and n_prose >= 2 and i != title:
            since = 1
        elif since:
            since += 1
        n = len(ours) or 1
        sinces.append(since)
        leads.append(len(ours & lead) / n)
        befores.append(len(ours & before) / n)
        windows.append((len(ours & last[0]) + len(ours & last[1])) / n)
        if is_prose[i]:
            before |= ours
            last = (last[1], ours)
            n_prose += 1
    dense[:, c["since_doubled"]] = np.log1p(sinces)
    dense[:, c["lead_cohesion"]] = leads
    dense[:, c["before_cohesion"]] = befores
    dense[:, c["window_cohesion"]] = windows
    if n_prose < 2:
        return
    head = where[:N_LEAD].tolist()
    for i in head:  # the lead against itself says nothing: the rest of the lead instead
        others: frozenset[str] = frozenset().union(*(content[j] for j in head if j != i))
        dense[i, c["lead_cohesion"]] = len(content[i] & others) / (len(content[i]) or 1)
    afters = []
    after: frozenset[str] = frozenset()
    following: list[frozenset[str]] = []
    for i in range(len(content) - 1, -1, -1):
        afters.append(len(content[i] & after) / (len(content[i]) or 1))
        if is_prose[i]:
            following.append(content[i])
            after = frozenset().union(*following[-4:])
    dense[::-1, c["after_cohesion"]] = afters
    # from here on, how well the next prose fits all before: low at the head of another story and within it
    fits = np.concatenate([[0.0], np.cumsum(dense[where, c["before_cohesion"]], dtype=np.float64)])
    k = np.arange(n_prose)
    end, begin = np.minimum(k + 3, n_prose), np.maximum(np.minimum(1, k - 1), k - 4).clip(0)
    ahead = (fits[end] - fits[k]) / (end - k)
    behind = (fits[k] - fits[begin]) / np.maximum(k - begin, 1)
    drop = np.where(k > 1, behind - ahead, 0.0)
    nearest = np.minimum(np.searchsorted(where, np.arange(len(content))), len(where) - 1)
    dense[:, c["cohesion_drop"]] = drop[nearest]


def _context(page: Page) -> None:
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
    chars = np.array([p.end - p.start for p in page.paragraphs], dtype=np.float64) * page.prose
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
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        dense[start:end, c["short_run"]] = np.log1p(end - start)
