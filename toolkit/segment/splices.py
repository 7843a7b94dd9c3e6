"""Pages made for training: an article with other stories, teasers and the ends of real pages around it."""

from __future__ import annotations

import random
import re
import textwrap
from collections.abc import Iterable
from typing import Any

Story = list[str]  # a headline and the paragraphs below it
Ends = tuple[str, list[str], list[str]]  # a site, and the blocks above and below the body of one of its pages

_LABELS = ("Related", "Related stories", "More news", "Read more", "Latest", "Most read", "You may also like")
_BELOW = ("Read more", "Read full story", "Share", "Comments", "Read more...")


def page_ends(rows: Iterable[dict[str, Any]]) -> list[Ends]:
    """Heads and feet of real pages: the blocks before the first and after the last block of the body."""
    found = []
    for row in rows:
        body = [i for i, label in enumerate(row["labels"]) if label != "other"]
        if row["reliable"] and row["page_type"] == "article" and body:
            head, foot = row["blocks"][max(0, body[0] - 40) : body[0]], row["blocks"][body[-1] + 1 :][:50]
            found.append((row["site"], head, foot))
    return found


def splice(
    body: list[str],
    stories: list[Story],
    others: list[tuple[str, Story]],
    main_id: str,
    furniture: list[Ends],
    chance: random.Random,
) -> tuple[list[str], list[str], str | None]:
    """Lines, their labels, and the site whose head and foot stand around them, if any."""
    lines, labels = list(body), ["on_topic"] * len(body)
    if chance.random() < 0.3:  # a page may double its own headline too
        lines, labels = [body[0], *lines], ["on_topic", *labels]
    _add_stories(lines, labels, stories, others, main_id, chance)
    if chance.random() < 0.25 and len(body) > 12:  # a teaser in the middle of the article
        at = chance.randrange(4, len(body) - 3)
        story = stories[chance.randrange(len(stories))]
        added = [*([chance.choice(_LABELS)] if chance.random() < 0.4 else []), story[0]]
        lines[at:at] = added
        labels[at:at] = ["boiler"] * len(added)
    site = None
    if chance.random() < 0.3:
        site, head, foot = furniture[chance.randrange(len(furniture))]
        lines = head + lines + foot
        labels = ["boiler"] * len(head) + labels + ["boiler"] * len(foot)
    if chance.random() < 0.3:
        lines, labels = _wrap(lines, labels, chance)
    elif chance.random() < 0.3:
        lines = [part for line in lines for part in (line, "")]
        labels = [part for label in labels for part in (label, label)]
    return lines, labels, site


def _add_stories(
    lines: list[str],
    labels: list[str],
    stories: list[Story],
    others: list[tuple[str, Story]],
    main_id: str,
    chance: random.Random,
) -> None:
    """Append other stories, all in one of many layouts: a page shows its teasers alike."""
    doubled = chance.random() < 0.35
    with_headline = 1.0 if doubled else chance.choice((1.0, 1.0, 0.75))
    truncated = chance.random() < 0.6
    tags = chance.random() < 0.15
    dated = chance.random() < 0.2
    closed = chance.choice(_BELOW) if chance.random() < 0.15 else ""
    n_paragraphs = chance.choice((1, 1, 1, 2, 4, 0 if with_headline == 1.0 else 1))
    n_stories = chance.choice((0, 1, 2, 3, 4, 5, 6))
    if n_stories and chance.random() < 0.2:
        lines.append(chance.choice(_LABELS))
        labels.append("boiler")
    for _ in range(n_stories):
        if chance.random() < 0.3:
            other_id, story = others[chance.randrange(len(others))]
            if other_id == main_id:
                continue
        else:
            story = stories[chance.randrange(len(stories))]
        headline = story[0] + (" | " + " | ".join(story[1].split()[1:6:2]) if tags else "")
        text = [" ".join(story[1:])] if n_paragraphs == 1 else story[1 : 1 + n_paragraphs]
        if truncated and text:
            text[-1] = text[-1][: chance.randrange(150, 900)].rsplit(" ", 1)[0]
            if chance.random() < 0.3:
                text[-1] += "..."
        shown = [headline] * (2 if doubled else 1) if chance.random() < with_headline else []
        stamp = [f"{chance.randrange(1, 29)} {chance.choice(('March', 'June', 'Oct'))} {chance.randrange(2003, 2026)}"]
        added = [*shown, *(stamp if dated else []), *text, *([closed] if closed else [])]
        lines += added
        labels += ["unrelated"] * len(added)


def _wrap(lines: list[str], labels: list[str], chance: random.Random) -> tuple[list[str], list[str]]:
    """Hard-wrapped lines, on some pages with spaces lost after punctuation."""
    width = chance.choice((60, 68, 72, 78, 90))
    glued = chance.random() < 0.4
    wrapped, names = [], []
    for line, label in zip(lines, labels, strict=True):
        if glued:
            line = re.sub(r"([,.;]) (?=\w)", lambda m: m[1] + ("" if chance.random() < 0.05 else " "), line)
        for part in textwrap.wrap(line, width) or [""]:
            wrapped.append(part)
            names.append(label)
    return wrapped, names
