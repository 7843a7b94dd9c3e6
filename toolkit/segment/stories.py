"""The stories of a page: which segment belongs to which of the other stories on it."""

from __future__ import annotations

from toolkit.segment.model import ARTICLE, STORY
from toolkit.segment.page import COLUMN, Page, Roles


def number_stories(page: Page, states: list[int], found: Roles, doubled: set[int]) -> None:
    """Number the other stories in page order; a headline, doubled or above prose, begins one."""
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
            if not open_story or i in doubled or (headline and had_prose and not twin):
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
