"""What can be seen of a page: of its lines, of the title, of what stands around each paragraph.

Every feature is a cause that holds on a site never seen: nothing here knows a site, an outlet or a template.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from toolkit.data import Document
from toolkit.segment.context import fill_context, fill_place, fill_title, title_paragraph
from toolkit.segment.kind import fill_kind
from toolkit.segment.lines import look_at_lines
from toolkit.segment.page import COLUMN, N_TAG_GROUPS, NAMES, OWN, FloatArray, Page
from toolkit.segment.paragraphs import Layout, Paragraph, split_paragraphs

if TYPE_CHECKING:
    from toolkit.segment.repeats import RepeatedLines


TAG_GROUPS: dict[str, int] = {
    "p": 0, "h1": 1, "h2": 2, "h3": 2, "h4": 3, "h5": 3, "h6": 3, "li": 4, "dd": 4, "dt": 4, "div": 5, "section": 5,
    "article": 5, "main": 5, "span": 5, "td": 6, "th": 6, "tr": 6, "table": 6, "caption": 7, "figcaption": 7,
    "blockquote": 8, "pre": 8, "code": 8, "nav": 9, "menu": 9, "header": 9, "footer": 10, "aside": 10,
    "address": 10, "button": 11, "label": 11, "form": 11, "option": 11, "select": 11, "input": 11, "a": 12,
}  # fmt: skip


def look(document: Document, repeats: RepeatedLines | None = None) -> Page:
    """Cut `document` into paragraphs and look at each of them."""
    paragraphs, layout = split_paragraphs(document)
    return look_at(document, paragraphs, layout, repeats)


def look_at(document: Document, paragraphs: list[Paragraph], layout: Layout, repeats: RepeatedLines | None) -> Page:
    """The features of `paragraphs`, an array of shape (n_paragraphs, len(NAMES))."""
    n = len(paragraphs)
    dense = np.zeros((n, len(NAMES)), dtype=np.float32)
    if n == 0:
        empty = np.zeros(0, dtype=np.bool_)
        return Page(document, paragraphs, layout, [], [], [], [], [], dense, empty, empty)
    text = document.text
    texts = [text[p.start : p.end] for p in paragraphs]
    lines = look_at_lines(texts)
    keys = [line.key for line in lines]
    content = [line.content for line in lines]
    own = dense[:, : len(OWN)]
    own[:] = np.frombuffer(b"".join([line.row for line in lines]), dtype=np.float32).reshape(n, len(OWN))
    at = COLUMN
    own[:, at["log_lines"]] = np.log1p(np.array([p.n_lines for p in paragraphs], dtype=np.float32))
    if document.blocks:
        own[:, at["link_ratio"]] = [p.link_ratio for p in paragraphs]
    prose = own[:, at["prose"]] > 0
    doubled = _repetition(keys, own, at)
    if repeats is not None:
        own[:, at["repeated"]] = repeats.shares(document, keys)
    title_like = title_paragraph(document, paragraphs, keys, content, prose, own, at)
    fill_title(document, content, keys, title_like, own, at)
    words = [line.words for line in lines]
    page = Page(document, paragraphs, layout, texts, lines, keys, words, content, dense, prose, doubled, title_like)
    n_chars = np.array(list(map(len, texts)), dtype=np.int64)
    fill_place(page, repeats, n_chars)
    fill_context(page, n_chars)
    fill_kind(page)
    if document.blocks:
        groups = [TAG_GROUPS.get(p.tag, N_TAG_GROUPS - 1) for p in paragraphs]
        dense[np.arange(n), COLUMN["tag_0"] + np.array(groups)] = 1
    return page


def _repetition(keys: list[str], own: FloatArray, at: dict[str, int]) -> npt.NDArray[np.bool_]:
    """Fill in how often a line stands on the page; the rows of doubled adjacent lines are returned."""
    n = len(keys)
    doubled = np.zeros(n, dtype=np.bool_)
    left = Counter(keys)
    if len(left) == n:
        return doubled
    seen: dict[str, int] = {}
    rows: list[int] = []
    befores: list[int] = []
    afters: list[int] = []
    for i, key in enumerate(keys):
        if (left[key] < 2 and key not in seen) or not key:
            continue
        left[key] -= 1
        before = seen.get(key, 0)
        seen[key] = before + 1
        rows.append(i)
        befores.append(min(before, 3))
        afters.append(min(left[key], 3))
        if i and keys[i - 1] == key and len(key) > 12:
            doubled[i - 1 : i + 1] = True
    own[rows, at["seen_before"]] = befores
    own[rows, at["seen_after"]] = afters
    own[:, at["doubled"]] = doubled
    return doubled
