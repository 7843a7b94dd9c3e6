"""What is counted in one document for each task: what ours and every baseline did, against the gold."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from toolkit.data import CutDocument, Label, ThemeScore
from toolkit.evaluate.measures import LINE_COLUMNS
from toolkit.evaluate.shapes import GoldText, LabelledLines
from toolkit.metrics import pk, window_diff
from toolkit.pipeline import Judged

Bools = npt.NDArray[np.bool_]
_WORD = re.compile(r"\w+")
MIN_MENTIONS = 2
"""Of the two-mentions rule: what a person without a model would search for."""


def visible_kept(cut: CutDocument) -> Bools:
    """For each character of the document's text, whether it lies in a kept segment."""
    kept = np.zeros(len(cut.document.text), dtype=bool)
    for segment in cut.segments:
        if segment.kept:
            kept[segment.start : segment.end] = True
    return kept


def line_counts(lines: LabelledLines, kept: Sequence[tuple[int, int]]) -> list[float]:
    """Counts by line and by character; `kept[i]` = visible characters of line i that are kept, and all of them.

    A line is kept when at least half of its visible characters are. Lines of white space and lines that the gold
    leaves open do not count.
    """
    counts = [0.0] * LINE_COLUMNS
    for is_article, (inside, size) in zip(lines.is_article, kept, strict=True):
        if is_article is None or size == 0:
            continue
        is_kept = 2 * inside >= size
        counts[(0 if is_kept else 2) if is_article else (1 if is_kept else 3)] += 1
        counts[4 if is_article else 5] += inside
        counts[6 if is_article else 7] += size - inside
    return counts


def kept_by_ours(lines: LabelledLines, cut: CutDocument) -> list[tuple[int, int]]:
    """For `line_counts`: of a page given as its lines joined by line ends."""
    text = cut.document.text
    is_visible = np.fromiter((not c.isspace() for c in text), dtype=bool, count=len(text))
    visible = np.concatenate(([0], np.cumsum(is_visible)))
    inside = np.concatenate(([0], np.cumsum(is_visible & visible_kept(cut))))
    found, at = [], 0
    for line in lines.texts:
        end = at + len(line)
        found.append((int(inside[end] - inside[at]), int(visible[end] - visible[at])))
        at = end + 1
    return found


def kept_by_lines(lines: LabelledLines, answers: Sequence[bool]) -> list[tuple[int, int]]:
    """For `line_counts`: of a tool that keeps or cuts whole lines."""
    sizes = [len("".join(line.split())) for line in lines.texts]
    return [(size if kept else 0, size) for size, kept in zip(sizes, answers, strict=True)]


def document_counts(truth: bool, judged: Judged) -> list[float]:
    """Columns as `measures.document_measures`."""
    verdict = judged.document.on_topic
    covered = verdict == "unsure" or (verdict == "on") == truth
    return [float(truth), judged.document.relevance, float(verdict == "on"), float(verdict == "unsure"), float(covered)]


def rule_counts(truth: bool, judged: Judged, sides: Sequence[str], *, kept_only: bool) -> list[float]:
    """The two-mentions rule, over the whole page or over the segments that ours keeps."""
    named: Counter[str] = Counter()
    for segment, mentions in zip(judged.cut.segments, judged.mentions, strict=True):
        if segment.kept or not kept_only:
            named.update(mention.side for mention in mentions)
    said = float(all(named[side] >= MIN_MENTIONS for side in sides))
    return [float(truth), said, said, 0.0, float(said == truth)]


def theme_counts(label: Label, given: Sequence[ThemeScore], themes: Sequence[str]) -> list[float]:
    """For each theme: given rightly, given wrongly, missed. Themes the gold is unsure of do not count."""
    counts: list[float] = []
    found = {score.theme for score in given}
    for theme in themes:
        truth, said = theme in (label.themes or ()), theme in found
        counts += (
            [0.0] * 3 if theme in label.themes_unsure else [truth and said, said and not truth, truth and not said]
        )
    return [float(count) for count in counts]


def boundary_counts(segments: Sequence[Sequence[str]], found: Sequence[int]) -> list[float]:
    """Columns as `measures.boundary_measures`; `found` are the rows, from 1, said to begin another segment."""
    numbers = [number for number, segment in enumerate(segments) for _ in segment]
    begins = set(found)
    guess = np.cumsum([row in begins for row in range(len(numbers))]).tolist()
    true = {row for row in range(1, len(numbers)) if numbers[row] != numbers[row - 1]}
    right = len(true & begins)
    return [pk(numbers, guess), window_diff(numbers, guess), 1.0, right, len(begins) - right, len(true) - right]


def page_counts(gold: GoldText, text: str) -> list[float]:
    """Columns as `measures.page_measures`. Words are runs of word characters in lower case, as a multiset."""
    ours, theirs = _WORD.findall(text.lower()), _WORD.findall(gold.text.lower())
    both = (Counter(ours) & Counter(theirs)).total()
    run = f" {' '.join(ours)} "
    phrases = []
    for wanted in (gold.required, gold.forbidden):
        keys = [key for key in (" ".join(_WORD.findall(phrase.lower())) for phrase in wanted) if key]
        phrases += [float(sum(f" {key} " in run for key in keys)), float(len(keys))]
    precision, recall = both / max(len(ours), 1), both / max(len(theirs), 1)
    f1 = 2 * both / max(len(ours) + len(theirs), 1)
    return [precision, recall, f1, 1.0, *phrases]


def article_text(cut: CutDocument) -> str:
    """What is scored of ours on a page: every kept role but the title, which gold texts leave out."""
    return "\n".join(segment.text for segment in cut.segments if segment.kept and segment.role != "title")


def kept_text(cut: CutDocument) -> str:
    """The normalised text of everything kept: what near-duplicates are found by."""
    return "\n".join(text for text, segment in zip(cut.texts, cut.segments, strict=True) if segment.kept)


def pages_of(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """For each scrape the page it is of, named after one of its scrapes: pairs that share a scrape are of one page."""
    page: dict[str, str] = {}

    def root(scrape: str) -> str:
        while page.setdefault(scrape, scrape) != scrape:
            scrape = page[scrape]
        return scrape

    for first, second in pairs:
        one, other = sorted((root(first), root(second)))
        page[other] = one
    return {scrape: root(scrape) for scrape in sorted(page)}


def role_counts(expected: Sequence[tuple[str, tuple[str, ...]]], cut: CutDocument) -> list[float]:
    """Roles right and roles stated: a segment that begins as stated has one of the allowed roles."""
    found = [(segment.text.strip(), segment.role) for segment in cut.segments]
    right = sum(any(text.startswith(start) and role in roles for text, role in found) for start, roles in expected)
    return [float(right), float(len(expected))]


def no_boundary(texts: Sequence[str]) -> list[int]:
    """One segment, whatever the text."""
    return []


def boundary_baselines() -> Mapping[str, Callable[[Sequence[str]], list[int]]]:
    """The classic segmenters and doing nothing."""
    from toolkit.evaluate.classic_boundaries import c99, u00

    return {"C99": c99, "U00": u00, "no boundary": no_boundary}
