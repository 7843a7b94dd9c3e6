"""The stories of a page: which segment belongs to which of the other stories on it."""

from __future__ import annotations

from itertools import pairwise

from toolkit.segment.boundaries import find_boundaries
from toolkit.segment.model import ARTICLE, STORY
from toolkit.segment.page import COLUMN, Page, Roles

PRICE = (
    -2.0
)  # nats: among other stories a boundary is expected; tuned on joins of sea_china_news and bbc_news paragraphs
MAX_CONTEXT = 40  # paragraphs of the article that other stories are compared with
MAX_COMPARED = 200  # paragraphs of other stories parted by their words; further ones only by headlines


def number_stories(page: Page, states: list[int], found: Roles, doubled: set[int]) -> None:
    """Number the other stories in page order.

    A headline, doubled or above prose, begins one; so does a paragraph right below one of another story, where that
    one ends in an ellipsis or the change-point model parts them.
    """
    parted = _parted_without_headline(page, states, found)
    story = 0
    open_story = False
    had_prose = False
    n = len(states)
    for i in range(n):
        if found.roles[i] == "duplicate":
            continue
        if states[i] == STORY:
            headline = not page.prose[i]
            twin = i > 0 and page.keys[i] == page.keys[i - 1] and page.doubled[i]
            if not open_story or i in doubled or i in parted or (headline and had_prose and not twin):
                story += 1
                had_prose = False
            open_story = True
            had_prose |= bool(page.prose[i])
            cues = []
            if page.doubled[i]:
                cues.append("doubled headline")
            if page.dense[i, COLUMN["truncated"]]:
                cues.append("cut off in mid-sentence")
            if page.prose[i] and page.dense[i, COLUMN["before_cohesion"]] < 0.35:
                cues.append("few words in common with the article")
            found.cut(i, "teaser", ", ".join(cues or ["another story"]), story)
        elif found.roles[i] == "teaser":
            story += 1
            found.stories[i] = story
            open_story = False
        elif states[i] == ARTICLE:
            open_story = False


def _parted_without_headline(page: Page, states: list[int], found: Roles) -> set[int]:
    """Rows of prose of other stories that begin another one right below prose of another story.

    Looked for only where two such paragraphs stand together: most pages have none, and pay for nothing.
    """
    rows = [i for i, state in enumerate(states) if state == STORY and page.prose[i] and found.roles[i] != "duplicate"]
    together = [b for a, b in pairwise(rows) if b == a + 1 and not page.doubled[a] and not page.doubled[b]]
    if not together:
        return set()
    parted = {i for i in together if page.dense[i - 1, COLUMN["ends_ellipsis"]]}
    if len(parted) < len(together):
        own = [i for i, state in enumerate(states) if state == ARTICLE and page.prose[i]][-MAX_CONTEXT:]
        compared = sorted([*own, *rows[:MAX_COMPARED]])
        paragraphs = page.paragraphs
        texts = [page.document.text[paragraphs[i].start : paragraphs[i].end] for i in compared]
        parted.update(compared[boundary] for boundary in find_boundaries(texts, price=PRICE))
    return parted.intersection(together)
