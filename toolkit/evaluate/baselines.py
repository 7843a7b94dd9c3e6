"""What ours is measured beside, on the same text: jusText, trafilatura (precision), readability-lxml, C99, keep all.

Plain text reaches the HTML tools as one `<p>` a line. Each is called as its manual says, nothing tuned.
"""

from __future__ import annotations

import html as html_entities
import logging
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

KeepLines = Callable[[Sequence[str]], list[bool]]
TakeText = Callable[[str], str]

MAX_C99_LINES = 400
"""C99 compares each line with each; of longer pages it keeps everything."""
MAX_CLASSIC_ROWS = 2_000
"""Of longer lists of sentences the classic segmenters find nothing: their memory grows with the square."""
CUT_AFTER = 0.4
"""The first C99 boundary behind this share of the text is the cut: what begins a page is seldom another story."""
_NUMBER = re.compile(r"\[(\d+)\]$")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]|[\ud800-\udfff]")
_LOGGERS = ("trafilatura", "readability", "justext", "htmldate", "courlan")


@contextmanager
def quiet() -> Iterator[None]:
    """The libraries' own words about pages they dislike are kept out of ours."""
    levels = {name: logging.getLogger(name).level for name in _LOGGERS}
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


def as_html(lines: Sequence[str]) -> str:
    """The lines as a page of paragraphs, one `<p>` each."""
    body = "\n".join(f"<p>{html_entities.escape(_CONTROLS.sub(' ', line))}</p>" for line in lines)
    return f"<html><head><title></title></head><body>\n{body}\n</body></html>"


def keep_all(lines: Sequence[str]) -> list[bool]:
    """Nothing is cut."""
    return [True] * len(lines)


def justext_lines(lines: Sequence[str]) -> list[bool]:
    """Lines jusText calls good, with its English stop words and default settings (Pomikálek 2011)."""
    import justext

    kept = [False] * len(lines)
    for paragraph in justext.justext(as_html(lines).encode(), justext.get_stoplist("English"), encoding="utf-8"):
        number = _NUMBER.search(paragraph.xpath)
        if number and not paragraph.is_boilerplate and int(number.group(1)) <= len(lines):
            kept[int(number.group(1)) - 1] = True
    return kept


def trafilatura_lines(lines: Sequence[str]) -> list[bool]:
    """Lines whose words trafilatura (precision) returns as a line of its own."""
    import trafilatura

    text = trafilatura.extract(as_html(lines), favor_precision=True, include_comments=False) or ""
    found = Counter(_key(line) for line in text.split("\n"))
    kept = []
    for line in lines:
        key = _key(line)
        kept.append(bool(key) and found[key] > 0)
        found[key] -= kept[-1]
    return kept


def _key(line: str) -> str:
    """The line's letters and digits: tools differ in white space, list marks and entities left in the text."""
    return "".join(re.findall(r"\w+", html_entities.unescape(line).lower()))


def c99_lines(lines: Sequence[str]) -> list[bool]:
    """Everything before the first C99 boundary behind `CUT_AFTER` of the text; everything of pages too long for it."""
    from toolkit.evaluate.classic_boundaries import c99

    visible = [i for i, line in enumerate(lines) if line.strip()]
    if not 1 < len(visible) <= MAX_C99_LINES:
        return keep_all(lines)
    total = sum(len(lines[i]) for i in visible)
    before = 0
    starts = {}
    for row, i in enumerate(visible):
        starts[row] = before / max(total, 1)
        before += len(lines[i])
    cut = next((row for row in c99([lines[i] for i in visible]) if starts[row] >= CUT_AFTER), None)
    end = len(lines) if cut is None else visible[cut]
    return [i < end for i in range(len(lines))]


LINE_BASELINES: Mapping[str, KeepLines] = {
    "jusText": justext_lines,
    "trafilatura": trafilatura_lines,
    "C99 cut": c99_lines,
    "keep all": keep_all,
}


def trafilatura_text(page: str) -> str:
    """What trafilatura extracts in its precision setting."""
    import trafilatura

    return trafilatura.extract(page, favor_precision=True, include_comments=False) or ""


def readability_text(page: str) -> str:
    """The text of readability-lxml's summary."""
    import lxml.html
    import readability

    summary = readability.Document(page).summary()
    return "\n".join(map(str, lxml.html.fromstring(summary).itertext())) if summary.strip() else ""


def justext_text(page: str) -> str:
    """jusText's good paragraphs that are no headings."""
    import justext

    found = justext.justext(page.encode("utf-8", "replace"), justext.get_stoplist("English"), encoding="utf-8")
    return "\n".join(p.text for p in found if not p.is_boilerplate and not p.is_heading)


PAGE_BASELINES: Mapping[str, TakeText] = {
    "trafilatura": trafilatura_text,
    "readability": readability_text,
    "jusText": justext_text,
}
