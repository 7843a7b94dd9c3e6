"""What can be seen of a page: of its lines, of the title, of what stands around each paragraph.

Every feature is a cause that holds on a site never seen: nothing here knows a site, an outlet or a template.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from toolkit.data import Document
from toolkit.segment.context import fill_context, fill_place
from toolkit.segment.kind import fill_kind
from toolkit.segment.lines import look_at_lines
from toolkit.segment.page import COLUMN, N_TAG_GROUPS, NAMES, OWN, FloatArray, Page, Pages
from toolkit.segment.paragraphs import split_paragraphs
from toolkit.segment.rows import Rows
from toolkit.segment.title import fill_title

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
    return look_at_each([document], repeats)[0]


def look_at_each(documents: Sequence[Document], repeats: RepeatedLines | None = None) -> list[Page]:
    """What `look` says of each document, sooner: the features of all of them are filled in by the same array passes."""
    pages: list[Page] = []
    for document in documents:
        paragraphs, layout = split_paragraphs(document)
        text = document.text
        pages.append(Page(document, paragraphs, layout, [text[p.start : p.end] for p in paragraphs]))
    full = [page for page in pages if page.paragraphs]
    if full:
        _fill(full, repeats)
    return pages


def _fill(pages: list[Page], repeats: RepeatedLines | None) -> None:
    """Fill in what is seen of `pages`, none of them empty."""
    rows = Rows([len(page.paragraphs) for page in pages])
    paragraphs = list(chain.from_iterable(page.paragraphs for page in pages))
    texts = list(chain.from_iterable(page.texts for page in pages))
    lines = look_at_lines(texts)
    table = np.zeros((len(NAMES), len(rows)), dtype=np.float32)
    own = np.frombuffer(b"".join([line.row for line in lines]), dtype=np.float32)
    table[: len(OWN)] = own.reshape(-1, len(OWN)).T
    prose = table[COLUMN["prose"]] > 0
    seen = Pages(pages, rows, table, prose, np.array(list(map(len, texts)), dtype=np.int64))
    seen["log_lines"] = np.log1p(np.array([p.n_lines for p in paragraphs], dtype=np.float32))
    seen["link_ratio"] = [p.link_ratio for p in paragraphs]
    for page, span in zip(pages, rows.spans, strict=True):
        page.lines = lines[span]
        page.keys = [line.key for line in page.lines]
        page.words = [line.words for line in page.lines]
        page.content = [line.content for line in page.lines]
        page.dense = table[:, span].T
        page.prose = prose[span]
        page.doubled = _repetition(page.keys, page.dense)
        if repeats is not None:
            page.dense[:, COLUMN["repeated"]] = repeats.shares(page.document, page.keys)
    fill_title(seen)
    fill_place(seen, repeats)
    fill_context(seen)
    fill_kind(seen)
    for page, span in zip(pages, rows.spans, strict=True):
        if page.document.blocks:
            groups = [TAG_GROUPS.get(p.tag, N_TAG_GROUPS - 1) for p in page.paragraphs]
            table[COLUMN["tag_0"] + np.array(groups), rows.index[span]] = 1


def _repetition(keys: list[str], dense: FloatArray) -> npt.NDArray[np.bool_]:
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
    dense[rows, COLUMN["seen_before"]] = befores
    dense[rows, COLUMN["seen_after"]] = afters
    dense[:, COLUMN["doubled"]] = doubled
    return doubled
