"""Document → segments with roles: what is the article and what is not, with a reason for everything cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from toolkit.clean import looked_through
from toolkit.data import CutDocument, Document, Segment, Votes
from toolkit.dates import find_date, normalise_date
from toolkit.language import detect_language
from toolkit.segment.features import look_at_each
from toolkit.segment.model import ARTICLE, FloatArray, LineModel, load_line_model
from toolkit.segment.opinion import cues, evidence, is_unsure
from toolkit.segment.page import Page, Roles
from toolkit.segment.paragraphs import Paragraph, split_paragraphs
from toolkit.segment.repeats import RepeatCounter, RepeatedLines, learn_repeats
from toolkit.segment.roles import assign_roles, date_in

__all__ = [
    "LineModel",
    "Paragraph",
    "RepeatCounter",
    "RepeatedLines",
    "cut",
    "cut_each",
    "learn_repeats",
    "load_line_model",
    "split_paragraphs",
]

MAX_BYLINE = 300  # characters
MAX_LANGUAGE_SAMPLE = 2_000

SecondOpinion = Callable[[Sequence[str]], Votes]
"""What extractors would keep of a page, given the texts of its paragraphs in order."""


def cut(
    document: Document,
    model: LineModel,
    repeats: RepeatedLines | None = None,
    *,
    second_opinion: SecondOpinion | None = None,
) -> CutDocument:
    """Cut `document` into segments that partition its text, each with a role, and a reason where it is not kept.

    `repeats`, when its source is known, tells what the source's other pages repeat. `second_opinion` is asked only
    where the model is unsure of the page; its votes are evidence, the model decides. Never raises on any text.

    Examples
    --------
    >>> text = "Home > News\\n\\nThe bridge opens in May, the ministry said on Monday, after six years of work."
    >>> [s.role for s in cut(Document("d", text), load_line_model()).segments]
    ['navigation', 'body']
    """
    return cut_each([document], model, repeats, second_opinions=[second_opinion])[0]


def cut_each(
    documents: Sequence[Document],
    model: LineModel,
    repeats: RepeatedLines | None = None,
    *,
    second_opinions: Sequence[SecondOpinion | None] | None = None,
) -> list[CutDocument]:
    """What `cut` makes of each document, sooner: several pages share each array pass.

    `second_opinions`, where given, has one for each document, None where nobody is to be asked.
    """
    pages = look_at_each(documents, repeats)
    scores = model.scores_each(pages)
    asked = second_opinions or [None] * len(pages)
    return [_cut(page, model, of_page, ask) for page, of_page, ask in zip(pages, scores, asked, strict=True)]


def _cut(page: Page, model: LineModel, scores: FloatArray, second_opinion: SecondOpinion | None) -> CutDocument:
    document = page.document
    if not page.paragraphs:
        text = document.text
        blank = Segment(document.document_id, 0, 0, len(text), text, "blank", "blank: no visible text", None)
        return CutDocument(document, (blank,), ("",), document.title, _stated_date(document))
    found = _roles(page, model, scores, second_opinion)
    segments = _segments(document, page, found)
    texts = _views(page, segments)
    kept = " ".join(text for text, segment in zip(texts, segments, strict=True) if segment.role == "body")
    title = document.title or (texts[found.title] if found.title is not None else None)
    return CutDocument(
        document,
        segments,
        texts,
        title,
        _stated_date(document) or _own_date(segments, texts),
        _byline(document, segments, texts),
        detect_language((kept or " ".join(texts))[:MAX_LANGUAGE_SAMPLE]),
    )


def _roles(page: Page, model: LineModel, scores: FloatArray, second_opinion: SecondOpinion | None) -> Roles:
    """The roles the model finds, with the votes of others where it is unsure; a reason says where they decided."""
    states = model.best_states(scores)
    if second_opinion is None:
        return assign_roles(page, states)
    posteriors = model.posteriors(scores)
    if not is_unsure(page, posteriors):
        return assign_roles(page, states)
    votes = second_opinion([page.document.text[p.start : p.end] for p in page.paragraphs])
    moved = scores.copy()
    moved[:, ARTICLE] += evidence(page, posteriors, votes)
    advised = model.best_states(moved)
    found = assign_roles(page, advised)
    for i, (own, state) in enumerate(zip(states, advised, strict=True)):
        reason = found.reasons[i]
        if own == ARTICLE != state and reason is not None:
            named = cues(votes, i)
            found.reasons[i] = f"{reason}, {named}" if named else reason
    return found


def _segments(document: Document, page: Page, found: Roles) -> tuple[Segment, ...]:
    """The paragraphs as slices that touch: each takes the white space after it, the first also that before it."""
    text = document.text
    paragraphs = page.paragraphs
    edges = pairwise([0, *[p.start for p in paragraphs[1:]], len(text)])
    document_id = document.document_id
    rows = zip(paragraphs, edges, found.roles, found.reasons, found.stories, strict=True)
    return tuple(
        [
            Segment(document_id, i, start, end, text[start:end], role, reason, story, paragraph.xpath or None)
            for i, (paragraph, (start, end), role, reason, story) in enumerate(rows)
        ]
    )


def _views(page: Page, segments: tuple[Segment, ...]) -> tuple[str, ...]:
    """The normalised views of the segments' texts; most were made when their lines were looked at."""
    return tuple(
        [
            line.view
            if line.view is not None and segment.text.strip() == text
            else looked_through(segment.text, hard_wrapped=page.layout.wrapped)
            for segment, text, line in zip(segments, page.texts, page.lines, strict=True)
        ]
    )


def _stated_date(document: Document) -> str | None:
    return normalise_date(document.date) if document.date else None


def _own_date(segments: tuple[Segment, ...], texts: tuple[str, ...]) -> str | None:
    """The date of the page's own date line or byline, or else of the dateline its body begins with."""
    first_body = next((i for i, s in enumerate(segments) if s.role == "body"), len(segments))
    lines = [i for i, s in enumerate(segments) if s.role in ("date", "byline") and s.story == 0]
    lines.sort(key=lambda i: (i > first_body, i))
    for i in lines:
        found = find_date(texts[i])
        if found is not None:
            return found.iso
    bodies = [i for i, s in enumerate(segments) if s.role == "body"][:3]
    return next((iso for iso in map(date_in, (texts[i] for i in bodies)) if iso is not None), None)


def _byline(document: Document, segments: tuple[Segment, ...], texts: tuple[str, ...]) -> str | None:
    if document.author:
        return document.author
    for segment, text in zip(segments, texts, strict=True):
        if segment.role == "byline" and segment.story == 0:
            return text[:MAX_BYLINE].strip() or None
    return None
