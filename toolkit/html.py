"""HTML to a Document: the visible text with its blocks, and what the page's metadata states."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from toolkit.data import Block, Document, Record
from toolkit.dates import normalise_date
from toolkit.page_metadata import PageMetadata, read_metadata

# libxml2 silently drops what is nested deeper than 256; below that the tree is whole, so its depth can be told.
_PARSER_DEPTH = 250

_BLOCKS = frozenset(
    """address article aside blockquote body button caption center dd details dialog dir div dl dt fieldset figcaption
    figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html label legend li main menu nav ol optgroup option p pre
    search section select summary table tbody td tfoot th thead tr ul""".split()
)
_LEFT_OUT = frozenset(
    """applet audio canvas datalist embed frameset head iframe math noembed noframes noscript object script style svg
    template textarea title video""".split()
)
_NEVER_HIDDEN = frozenset(("html", "body", "main", "article"))  # hidden until a script runs; the text is meant
# Pages put together by a script carry their article in hidden parts: where hidden parts hold this share of the text
# in paragraphs, they are meant to be seen. Of 150 article pages one does (.68); the rest hold under .13.
_MIN_SHOWN_SHARE = 1 / 3
_HIDDEN_PARAGRAPHS = "//p[ancestor-or-self::*[@hidden or contains(translate(@style, ' ', ''), 'display:none')]]"
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)

_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]+")
_ENDS = re.compile(r"</(?:body|html)\s*>", re.IGNORECASE)  # libxml2 loses what follows them
_DECLARATION = re.compile(r"\s*<\?xml[^>]{0,500}>")
_INLINE_TAGS = re.compile(
    r"</?(?:a|abbr|b|bdo|big|cite|code|em|font|i|ins|kbd|mark|q|s|small|span|strike|strong|sub|sup|tt|u)\b[^<>]*>",
    re.IGNORECASE,
)
_EMPTY_LINES = re.compile(r"\n[^\S\n]*\n\s*")
_SIMPLE_TAG = re.compile(r"[a-z][a-z0-9_-]*")


class HtmlTooDeep(ValueError):  # noqa: N818 - the name of the reason it goes to quarantine with
    """A page whose elements are nested deeper than the limit; it goes to quarantine as `html_too_deep`."""


def render(record: Record, *, max_depth: int = 200) -> Document:
    """The document a record holds; of an HTML page, its visible text and stated metadata.

    Block elements and `<br>` begin a new line (two `<br>` leave an empty one), runs of white space inside a
    line are one space, entities are decoded, scripts and hidden elements are left out. Each line of text is a
    `Block` with the tag and XPath of its nearest block element. Metadata fills only what the record lacks.

    Raises
    ------
    HtmlTooDeep
        When elements are nested deeper than `max_depth` (at most 250, the parser's own limit).
    """
    date = normalise_date(record.date) if record.date else None
    if not record.is_html:
        return Document(
            record.document_id, record.content, record.file, record.row, record.title, date, record.url, record.outlet,
            extra=record.extra,
        )  # fmt: skip
    max_depth = min(max_depth, _PARSER_DEPTH)
    source = _ENDS.sub("", _CONTROLS.sub("", record.content))
    declaration = _DECLARATION.match(source)
    if declaration is not None:
        source = source[declaration.end() :]
    root = _parse(source)
    page = _render_tree(root, max_depth)
    if page is None:  # thousands of unclosed <b> or <font> nest too: they do not matter for the text
        root = _parse(_INLINE_TAGS.sub("", source))
        page = _render_tree(root, max_depth)
    if page is None:
        raise HtmlTooDeep(f"Elements are nested deeper than {max_depth}.")
    stated = PageMetadata() if root is None else read_metadata(root)
    return Document(
        document_id=record.document_id,
        text="".join(page.parts),
        file=record.file,
        row=record.row,
        title=record.title or stated.title,
        date=date or stated.date,
        url=record.url or stated.url,
        outlet=record.outlet or stated.outlet,
        author=stated.author,
        blocks=tuple(page.blocks),
        extra=record.extra,
    )


def _parse(source: str) -> Any:
    """The root element, or None where the page has none. Bytes in a stated encoding: page declarations may lie."""
    from lxml import etree

    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    try:
        return etree.fromstring(source.encode("utf-8", "replace"), parser)
    except (etree.ParserError, etree.XMLSyntaxError):  # an empty page
        return None


@dataclass(slots=True)
class _Page:
    """A page being rendered: text so far, and the pieces of the line at hand with whether they are in a link."""

    parts: list[str] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    length: int = 0
    n_breaks: int = 0
    pieces: list[str] = field(default_factory=list)
    linked: list[bool] = field(default_factory=list)
    is_second_link: bool = False

    def end_line(self, tag: str, path: list[str], preserved: bool) -> None:
        if not self.pieces:
            return
        text = " ".join("".join(self.pieces).split())
        if text and preserved:
            lines = (" ".join(line.split()) for line in "".join(self.pieces).split("\n"))
            text = "\n".join(line for line in lines if line)
        if text:
            if self.parts:
                gap = "\n" * min(max(self.n_breaks, 1), 2)
                self.parts.append(gap)
                self.length += len(gap)
            n_linked = n_all = 0
            for piece, linked in zip(self.pieces, self.linked, strict=True):
                n = len("".join(piece.split()))
                n_all += n
                n_linked += n if linked else 0
            self.parts.append(text)
            end = self.length + len(text)
            self.blocks.append(Block(self.length, end, tag, "".join(path), round(n_linked / n_all, 6)))
            self.length = end
            self.n_breaks = 0
        self.pieces.clear()
        self.linked.clear()


def _render_tree(root: Any, max_depth: int) -> _Page | None:
    """The rendered page, or None where the tree is deeper than `max_depth`."""
    page = _Page()
    if root is None:
        return page
    path: list[str] = []  # one step for each open element
    is_article_hidden: bool | None = None  # asked when the first hidden element is met
    block_depths: list[int] = []  # how long `path` is at each open block element

    def end_line(preserved: bool) -> None:
        if page.pieces:
            depth = block_depths[-1] if block_depths else 0
            page.end_line(path[depth - 1][1:].split("[", 1)[0] if depth else "html", path[:depth], preserved)

    def hidden(element: Any, tag: str) -> bool:
        if not _is_hidden(element, tag):
            return False
        nonlocal is_article_hidden
        if is_article_hidden is None:
            is_article_hidden = _is_article_hidden(root)
        return not is_article_hidden or element.find(".//p") is None

    def visit(element: Any, tag: str, step: str, linked: bool, preserved: bool) -> bool:
        path.append(step)
        if len(path) > max_depth:
            return False
        is_block = tag in _BLOCKS
        if is_block:
            end_line(preserved)
            page.n_breaks = max(page.n_breaks, 1)
            block_depths.append(len(path))
            preserved = preserved or tag == "pre"
        elif tag == "a" and element.get("href") is not None:
            page.is_second_link = bool(page.linked) and page.linked[-1] and not linked
            linked = True
        text = element.text
        if text:
            add(text, linked, preserved)
        seen: dict[str, int] = {}
        n_children = 0
        for child in element:
            child_tag = child.tag
            if not isinstance(child_tag, str):
                tail = child.tail
                if tail:
                    add(tail, linked, preserved)
                continue
            n_children += 1
            n_same = seen[child_tag] = seen.get(child_tag, 0) + 1
            if child_tag == "br":
                end_line(preserved)
                page.n_breaks += 1
            elif child_tag not in _LEFT_OUT and not (child.attrib and hidden(child, child_tag)):
                step = f"/{child_tag}[{n_same}]" if _SIMPLE_TAG.fullmatch(child_tag) else f"/*[{n_children}]"
                if not visit(child, child_tag, step, linked, preserved):
                    return False
            tail = child.tail
            if tail:
                add(tail, linked, preserved)
        if is_block:
            end_line(preserved)
            page.n_breaks = max(page.n_breaks, 1)
            block_depths.pop()
        path.pop()
        return True

    def add(text: str, linked: bool, preserved: bool) -> None:
        if preserved and "\n" in text:
            for n, piece in enumerate(_EMPTY_LINES.split(text)):
                if n:
                    end_line(preserved)
                    page.n_breaks = 2
                page.pieces.append(piece)
                page.linked.append(linked)
            return
        if page.is_second_link:
            page.is_second_link = False
            if linked and text[0].isupper() and page.pieces and page.pieces[-1][-1:].islower():
                text = " " + text  # two links side by side, such as menu entries, are two things
        page.pieces.append(text)
        page.linked.append(linked)

    return page if visit(root, root.tag, f"/{root.tag}[1]", False, False) else None


def _is_article_hidden(root: Any) -> bool:
    """Whether hidden elements hold so much of the paragraphs' text that a script must be meant to show them."""
    n_hidden = sum(len("".join(paragraph.itertext())) for paragraph in root.xpath(_HIDDEN_PARAGRAPHS))
    n_all = sum(len("".join(paragraph.itertext())) for paragraph in root.iter("p"))
    return n_hidden >= _MIN_SHOWN_SHARE * n_all


def _is_hidden(element: Any, tag: str) -> bool:
    if tag in _NEVER_HIDDEN:
        return False
    if element.get("hidden") is not None:
        return True
    style = element.get("style")
    return style is not None and _HIDDEN_STYLE.search(style) is not None
