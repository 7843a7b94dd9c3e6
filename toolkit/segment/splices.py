"""Pages made for training: an article with other stories, teasers and the ends of real pages around it."""

from __future__ import annotations

import random
import textwrap
from collections.abc import Iterable
from typing import Any

Lines = tuple[list[str], list[str]]


def page_ends(rows: Iterable[dict[str, Any]]) -> list[tuple[list[str], list[str]]]:
    """Heads and feet of real pages: the blocks before the first and after the last block of the body."""
    found = []
    for row in rows:
        body = [i for i, label in enumerate(row["labels"]) if label != "other"]
        if row["reliable"] and row["page_type"] == "article" and body:
            found.append((row["blocks"][max(0, body[0] - 40) : body[0]], row["blocks"][body[-1] + 1 :][:50]))
    return found


def splice(
    body: list[str],
    stories: list[list[str]],
    mains: list[tuple[str, list[str]]],
    main_id: str,
    furniture: list[tuple[list[str], list[str]]],
    chance: random.Random,
) -> Lines:
    doubled = chance.random() < 0.4
    truncated = chance.random() < 0.6
    tags = chance.random() < 0.15
    n_paragraphs = chance.choice((1, 1, 1, 2, 4))
    lines, labels = list(body), ["on_topic"] * len(body)
    if chance.random() < 0.3:  # a page may double its own headline too
        lines, labels = [body[0], *lines], ["on_topic", *labels]
    n_stories = chance.choice((0, 1, 2, 3, 4, 5, 6))
    for _ in range(n_stories):
        if chance.random() < 0.3:
            other_id, story = mains[chance.randrange(len(mains))]
            if other_id == main_id:
                continue
        else:
            story = stories[chance.randrange(len(stories))]
        headline = story[0] + (" | " + " | ".join(story[1].split()[1:6:2]) if tags else "")
        text = [" ".join(story[1:])] if n_paragraphs == 1 else story[1 : 1 + n_paragraphs]
        if truncated:
            text[-1] = text[-1][: chance.randrange(250, 900)].rsplit(" ", 1)[0]
            if chance.random() < 0.3:
                text[-1] += "..."
        added = [headline] * (2 if doubled else chance.choice((1, 1, 1, 0))) + text
        lines += added
        labels += ["unrelated"] * len(added)
    if chance.random() < 0.25 and len(body) > 12:  # a teaser in the middle of the article
        at = chance.randrange(4, len(body) - 3)
        story = stories[chance.randrange(len(stories))]
        added = [*(["Related"] if chance.random() < 0.4 else []), story[0]]
        lines[at:at] = added
        labels[at:at] = ["boiler"] * len(added)
    if chance.random() < 0.3:
        head, foot = furniture[chance.randrange(len(furniture))]
        lines = head + lines + foot
        labels = ["boiler"] * len(head) + labels + ["boiler"] * len(foot)
    if chance.random() < 0.3:
        return _wrap(lines, labels, chance.choice((60, 68, 72, 78, 90)))
    if chance.random() < 0.3:
        lines = [part for line in lines for part in (line, "")]
        labels = [part for label in labels for part in (label, label)]
    return lines, labels


def _wrap(lines: list[str], labels: list[str], width: int) -> Lines:
    wrapped, names = [], []
    for line, label in zip(lines, labels, strict=True):
        for part in textwrap.wrap(line, width) or [""]:
            wrapped.append(part)
            names.append(label)
    return wrapped, names
