"""Corrections of the model's states by what is certain, and guards against cutting too much."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from toolkit.segment.lexicon import (
    ADVERT_LINE,
    CAPTION_END,
    CAPTION_START,
    CAPTION_WORDS,
    OTHERS_LABEL,
    SIGN_UP,
    TAGS_LABEL,
)
from toolkit.segment.model import ARTICLE, FURNITURE, STORY
from toolkit.segment.page import COLUMN, Page
from toolkit.segment.paragraphs import ENDS_SENTENCE, PERSON_ITEM

MIN_STORY_WORDS = 4  # of a doubled headline; shorter doubled lines are menus
MAX_OWN_COHESION = 0.55  # share of a story's words met in the article; above it a doubled headline is a heading of ours
MIN_SENTENCE_WORDS = 8
MAX_LABEL = 160  # characters
MAX_CAPTION = 700  # characters
MAX_LABELLED = 8  # lines below a label of other stories that may be their headlines
MAX_TAGS, MAX_TAG_WORDS = 12, 6  # lines below a label of tags, and words of each, that may be tags
MIN_RETURN = 2  # paragraphs of the article after another story: then it was none, but an aside
MAX_EARLY = 2  # paragraphs by which another story may be taken to begin too early
MIN_PEOPLE = 4  # lines "name, post" in a row that are a list of people and no menu
ABOVE_PEOPLE = 2  # rows above a list of people: its heading, and the text that the heading stands under
MAX_LIST_WORDS = 22
MAX_HEADING_WORDS = 24


def doubled_headlines(page: Page, states: list[int]) -> set[int]:
    """First rows of doubled headlines of other stories; they and the text below become STORY.

    A doubled headline counts once two paragraphs of prose stand above it, when neither it nor the text below it
    speaks of what the article speaks of.
    """
    heads: set[int] = set()
    if not page.doubled.any():
        return heads
    dense, keys = page.dense, page.keys
    n = len(keys)
    title_key = keys[page.title_like] if page.title_like is not None else ""
    n_prose = 0
    i = 0
    while i < n:
        if page.doubled[i] and i + 1 < n and keys[i + 1] == keys[i] and _may_be_doubled_headline(page, i):
            below = next((j for j in range(i + 2, min(i + 6, n)) if page.prose[j] or page.doubled[j]), None)
            cohesion = (
                float(dense[below, COLUMN["before_cohesion"]]) if below is not None and page.prose[below] else 0.0
            )
            if n_prose >= 2 and keys[i] != title_key and cohesion < MAX_OWN_COHESION:
                heads.add(i)
                states[i] = states[i + 1] = STORY
                j = i + 2
                while j < n and not page.doubled[j] and page.prose[j] and j - i <= 3:
                    states[j] = STORY
                    j += 1
                i = j
                continue
        n_prose += bool(page.prose[i]) and states[i] == ARTICLE
        i += 1
    return heads


def _may_be_doubled_headline(page: Page, i: int) -> bool:
    """Whether rows i and i + 1, which are the same, may be a headline.

    A finished paragraph of prose that stands twice is a slip of the page, a caption one of a row of pictures, and
    below a headline no sentence goes on.
    """
    if len(page.words[i]) < MIN_STORY_WORDS or (page.prose[i] and page.dense[i, COLUMN["ends_sentence"]] > 0):
        return False
    if i + 2 < len(page.texts) and page.texts[i + 2][0] in ",;":
        return False
    return not is_caption(page, i)


def is_caption(page: Page, i: int) -> bool:
    """Whether the words of a paragraph say that it describes a picture or tells whose it is."""
    text = page.texts[i]
    return (
        not CAPTION_WORDS.isdisjoint(page.content[i])
        and len(text) < MAX_CAPTION
        and (CAPTION_START.match(text) is not None or CAPTION_END.search(text, max(0, len(text) - 110)) is not None)
    )


def mend_fragments(states: list[int], texts: list[str]) -> None:
    """The rest of a sentence that an inline link broke goes with its beginning."""
    for i in range(1, len(texts)):
        if states[i] == FURNITURE and states[i - 1] == ARTICLE:
            first = texts[i][0]
            broken = (
                first in ",;"
                or (first.islower() and texts[i - 1][-1] in ",(")
                or (first in ".)" and len(texts[i]) <= 3)
            )
            if broken and not ENDS_SENTENCE.search(texts[i - 1], max(0, len(texts[i - 1]) - 6)):
                states[i] = ARTICLE


def sure_furniture(page: Page, states: list[int], texts: list[str]) -> dict[int, tuple[str, str]]:
    """Short lines that can be nothing else, whatever stands around them, with role and cues; their state is set."""
    sure: dict[int, tuple[str, str]] = {}
    prose = page.prose.tolist()
    for i, (text, words) in enumerate(zip(texts, page.words, strict=True)):
        if prose[i] or len(text) > MAX_LABEL or i in sure:
            continue
        n_words = len(words)
        if n_words < 2:
            is_blank = not n_words or words[0] == "nbsp"
            if is_blank and states[i] == ARTICLE and _ends_the_line_before(i, states, texts):
                continue
            if is_blank:
                sure[i] = ("other", "no words")
                continue
        label = _label(text, n_words)
        if label == _ADVERT:
            sure[i] = ("advert", "a label of advertising")
        elif label == _SIGN_UP and not (n_words > 12 and states[i] == ARTICLE):
            sure[i] = ("advert", "sign-up or sharing words")
        elif label == _OTHERS and i:
            sure[i] = ("navigation", "a label above other stories")
            if text[-1] in ":：" or text.isupper() or text[:4].lower() in ("read", "baca"):
                for below in _headlines_below(page, i, texts, states):
                    sure[below] = ("teaser", "a headline below a label of other stories")
        elif label == _TAGS:
            sure[i] = ("navigation", "a label above tags")
            for below in _tags_below(page, i, texts, states):
                sure.setdefault(below, ("navigation", "a tag"))
    for i in sure:
        states[i] = FURNITURE
    return sure


_NO_LABEL, _ADVERT, _SIGN_UP, _OTHERS, _TAGS = range(5)


@lru_cache(maxsize=20_000)  # lines of up to MAX_LABEL characters
def _label(text: str, n_words: int) -> int:
    """What a short line labels or asks for by its words alone."""
    if ADVERT_LINE.match(text):
        return _ADVERT
    if SIGN_UP.match(text):
        return _SIGN_UP
    if n_words <= 6 and OTHERS_LABEL.match(text):
        return _OTHERS
    return _TAGS if n_words <= 3 and TAGS_LABEL.match(text) else _NO_LABEL


def _tags_below(page: Page, label: int, texts: list[str], states: list[int]) -> list[int]:
    """The tags below their label: short lines, down to a sentence, another label or a heading of the article."""
    found: list[int] = []
    for i in range(label + 1, min(label + 1 + MAX_TAGS, len(texts))):
        if page.prose[i] or len(page.words[i]) > MAX_TAG_WORDS or texts[i][-1] in ".!?:：":
            break
        if states[i] == ARTICLE and i + 1 < len(texts) and states[i + 1] == ARTICLE and page.prose[i + 1]:
            break
        found.append(i)
    return found


def _ends_the_line_before(i: int, states: list[int], texts: list[str]) -> bool:
    """Whether a line of marks alone is the end of the sentence above, which a link broke."""
    return (
        i > 0
        and states[i - 1] == ARTICLE
        and texts[i][0] in ".,;:!?)”’"
        and not ENDS_SENTENCE.search(texts[i - 1], max(0, len(texts[i - 1]) - 6))
    )


def _headlines_below(page: Page, label: int, texts: list[str], states: list[int]) -> list[int]:
    """The headlines below a label of other stories, down to where the text goes on.

    That is at a paragraph, at a sub-heading of another make, or at a line of the article that leads to what follows.
    """
    found: list[int] = []
    for i in range(label + 1, min(label + 1 + MAX_LABELLED, len(texts))):
        long_enough = len(page.words[i]) >= 3
        if page.prose[i] or (long_enough and not _is_headline(page, i, texts[i])):
            break
        if long_enough and found and texts[i].isupper() != texts[found[0]].isupper():
            break
        if states[i] == ARTICLE and texts[i][-1] in ":：":
            break
        if long_enough:
            found.append(i)
    return found


def lists_of_people(page: Page, states: list[int], texts: list[str]) -> list[int]:
    """Rows of lists of people ("name, post, place" line by line), which belong to the article; a menu has no commas.

    A list with no line of the article in it, nor within ABOVE_PEOPLE rows above it, is headlines with commas.
    """
    found: list[int] = []
    run: list[int] = []
    misses = 0
    linked = page.dense[:, COLUMN["link_ratio"]].tolist()
    for i, (text, words) in enumerate(zip([*texts, ""], [*page.words, []], strict=True)):
        short = 3 <= len(words) <= MAX_LIST_WORDS and ("," in text or "，" in text) and not linked[i]
        person = short and PERSON_ITEM.match(text) is not None and (bool(run) or not ENDS_SENTENCE.search(text))
        if person or (short and run and misses < 2):
            misses = 0 if person else misses + 1
            run.append(i)
            continue
        if len(run) >= MIN_PEOPLE and ARTICLE in states[max(0, run[0] - ABOVE_PEOPLE) : run[-1] + 1]:
            found += run
        run, misses = [], 0
    for i in found:
        states[i] = ARTICLE
    return found


def guard(page: Page, states: list[int], sure: set[int]) -> None:
    """Never cut all prose of a page, nor prose at its beginning or within it as another story.

    Where the model leaves no prose to the article, the prose of its longest run comes back, but no menu around it.
    `sure` are rows of other stories marked by more than the model: those stay.
    """
    prose = np.flatnonzero(page.prose).tolist()
    if not prose:
        if ARTICLE not in states:  # a page of a sentence or two: the longest of them
            ends = page.dense[:, COLUMN["ends_sentence"]] > 0
            sentences = [i for i in range(len(states)) if ends[i] and len(page.words[i]) >= MIN_SENTENCE_WORDS]
            longest = max(sentences, key=lambda i: (len(page.words[i]), -i), default=None)
            if longest is not None:
                states[longest] = ARTICLE
        return
    if not any(states[i] == ARTICLE for i in prose):
        weight = {
            state: sum(page.paragraphs[i].end - page.paragraphs[i].start for i in prose if states[i] == state)
            for state in (1, 2)
        }
        best = STORY if weight[STORY] >= weight[FURNITURE] else FURNITURE
        for i in _longest_run(page, [states[i] == best for i in range(len(states))]):
            if page.prose[i]:  # the short lines around it stay cut: a page without an article is mostly furniture
                states[i] = ARTICLE
    first = next((i for i in prose if states[i] == ARTICLE), None)
    for i in range(first or 0):
        if states[i] == STORY:
            states[i] = ARTICLE
    n_after = 0
    is_prose = page.prose.tolist()
    for i in range(len(states) - 1, -1, -1):
        n_after += states[i] == ARTICLE and is_prose[i]
        if states[i] == STORY and n_after >= MIN_RETURN and i not in sure:
            states[i] = ARTICLE


def begin_at_headlines(page: Page, states: list[int], texts: list[str]) -> None:
    """Where the other stories have headlines, up to MAX_EARLY rows between the article and the first of them are its.

    A model that sees a change of subject coming places it a paragraph early now and then; a headline tells exactly.
    """
    if STORY not in states:
        return
    n = len(states)
    for start in range(1, n):
        if states[start] != STORY or states[start - 1] != ARTICLE:
            continue
        head = start
        while head < n and states[head] == STORY and not _heads_a_story(page, head, states, texts):
            head += 1
        if start < head <= start + MAX_EARLY and head < n and states[head] == STORY:
            states[start:head] = [ARTICLE] * (head - start)


def _heads_a_story(page: Page, i: int, states: list[int], texts: list[str]) -> bool:
    """Whether row i is a headline with its text right below: once or doubled, with a date between or not."""
    if not _is_headline(page, i, texts[i]):
        return False
    below = i + 1
    if below < len(states) and page.keys[below] == page.keys[i]:
        below += 1
    if below < len(states) and page.dense[below, COLUMN["date"]] > 0 and not page.prose[below]:
        below += 1
    return below < len(states) and states[below] == STORY and bool(page.prose[below])


def _longest_run(page: Page, flags: list[bool]) -> range:
    """The run of flagged paragraphs with most prose characters."""
    best, best_chars, start, chars = range(0), -1, 0, 0
    for i, flag in enumerate([*flags, False]):
        if flag:
            chars += (page.paragraphs[i].end - page.paragraphs[i].start) * bool(page.prose[i])
            continue
        if i > start and chars > best_chars:
            best, best_chars = range(start, i), chars
        start, chars = i + 1, 0
    return best


def _is_headline(page: Page, i: int, text: str) -> bool:
    if page.prose[i] or not 3 <= len(page.words[i]) <= MAX_HEADING_WORDS:
        return False
    return text.endswith(("?", "...", "…")) or not ENDS_SENTENCE.search(text, max(0, len(text) - 6))
