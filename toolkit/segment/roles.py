"""From states to roles: readable rules over what the line model decided, each with its reason.

The model says article, furniture or another story. The rules here name the role, guard against cutting too much
(never everything, never the beginning because of one cue), and number the stories of the page.
"""

from __future__ import annotations

import re
from functools import lru_cache

from toolkit.data import KEPT_ROLES
from toolkit.dates import find_date
from toolkit.segment.lexicon import (
    ADVERT,
    AGENCY,
    BREADCRUMB,
    BYLINE,
    FOOTER,
    LABELLED_BYLINE,
    NEIGHBOUR_PAGE,
    RIGHTS,
    SIGN_UP,
    WELCOME,
)
from toolkit.segment.model import ARTICLE, FURNITURE, STORY
from toolkit.segment.page import COLUMN, MIN_PROSE_WORDS, Page, Roles
from toolkit.segment.paragraphs import BULLET, ENDS_SENTENCE
from toolkit.segment.states import (
    MAX_HEADING_WORDS,
    MAX_LIST_WORDS,
    begin_at_headlines,
    doubled_headlines,
    guard,
    is_caption,
    lists_of_people,
    mend_fragments,
    sure_furniture,
)
from toolkit.segment.stories import number_stories

MAX_DATE_WORDS = 14
MAX_BYLINE_WORDS = 18
MIN_LIST_RUN = 3  # short unfinished lines in a row that make a list
MAX_TOP_CAPTIONS = 3
MIN_STANDFIRST_WORDS = 9
MAX_REMEMBERED_LINE = 120  # characters
MAX_TITLE_DISTANCE = 25  # paragraphs between a title and the first of the text: bylines, dates, buttons


def assign_roles(page: Page, states: list[int]) -> Roles:
    """The role, reason and story of every paragraph, from the states the model found."""
    n = len(page.paragraphs)
    texts = page.texts
    states = list(states)
    doubled = doubled_headlines(page, states)
    guard(page, states, _rows_below(doubled, states))
    begin_at_headlines(page, states, texts)
    mend_fragments(states, texts)
    sure = sure_furniture(page, states, texts)
    people = lists_of_people(page, states, texts)
    found = Roles(["other"] * n, [None] * n, [None] * n)
    found.title = _title(page, states, texts)
    if found.title is not None and _is_standfirst(page, found.title + 1, texts, states):
        states[found.title + 1] = ARTICLE
    first_body = next((i for i in range(n) if states[i] == ARTICLE and page.prose[i]), n)
    _article_roles(page, states, texts, found, first_body)
    for i in people:
        found.keep(i, "list")
        if i == found.title:
            found.title = None
    _furniture_roles(page, states, texts, found, first_body)
    for i, (role, cues) in sorted(sure.items()):
        if i != found.title:
            found.cut(i, role, cues, None)
    _own_title_again(page, found)
    number_stories(page, states, found, doubled)
    return found


def _rows_below(heads: set[int], states: list[int]) -> set[int]:
    """The rows of the stories that begin at `heads`, as far down as the model follows them."""
    found: set[int] = set()
    for head in heads:
        row = head
        while row < len(states) and states[row] == STORY:
            found.add(row)
            row += 1
    return found


def _title(page: Page, states: list[int], texts: list[str]) -> int | None:
    """The paragraph that is the page's title, if the model left it to the article or the page states it."""
    i = page.title_like
    if i is None or len(texts) == 1:  # a line alone is the text, not its title
        return None
    if states[i] == ARTICLE or page.document.title is not None or page.paragraphs[i].tag == "h1":
        return i
    if _is_furniture_by_pattern(texts[i]) or not page.prose.any():
        return None
    first = next((j for j in range(len(states)) if page.prose[j] and states[j] == ARTICLE), None)
    return i if first is not None and i < first and first - i <= MAX_TITLE_DISTANCE else None


def _is_standfirst(page: Page, i: int, texts: list[str], states: list[int]) -> bool:
    """Whether the line below the title sums the article up: a sentence or most of one, in the article's words."""
    return (
        i < len(texts)
        and states[i] == FURNITURE
        and len(page.words[i]) >= 4
        and page.dense[i, COLUMN["lead_cohesion"]] > 0.2
        and page.dense[i, COLUMN["link_ratio"]] < 0.5
        and not _is_furniture_by_pattern(texts[i])
        and not SIGN_UP.match(texts[i])
        and not (page.dense[i, COLUMN["digits"]] > 0 and _is_date_line(texts[i], near_top=True))
    )


def _is_furniture_by_pattern(text: str) -> bool:
    return len(text) < 200 and bool(
        NEIGHBOUR_PAGE.match(text) or BREADCRUMB.match(text) or WELCOME.match(text) or RIGHTS.search(text)
    )


def _article_roles(page: Page, states: list[int], texts: list[str], found: Roles, first_body: int) -> None:
    n = len(texts)
    dated = (page.dense[:, COLUMN["digits"]] > 0).tolist()
    top_captions: list[int] = []
    for i, text in enumerate(texts):
        if i == found.title:
            states[i] = ARTICLE
            found.keep(i, "title")
            continue
        if states[i] != ARTICLE:
            continue
        n_words = len(page.words[i])
        short = n_words < MIN_PROSE_WORDS
        tag = page.paragraphs[i].tag
        if short and _is_furniture_by_pattern(text):
            states[i] = FURNITURE
        elif (
            dated[i]
            and n_words <= MAX_DATE_WORDS
            and not i > first_body + 2
            and _is_date_line(text, near_top=i <= first_body)
        ):
            found.cut(i, "date", "a date standing alone", 0)
        elif n_words <= MAX_BYLINE_WORDS + 6 and _is_byline(page, i, text, first_body, found.title):
            found.cut(i, "byline", "names who wrote or sent it", 0)
        elif tag in ("figcaption", "caption") or is_caption(page, i):
            found.keep(i, "caption")
            if len(top_captions) < MAX_TOP_CAPTIONS:
                top_captions.append(i)
        elif tag == "blockquote":
            found.keep(i, "quote")
        elif tag in ("li", "dd", "dt") or (not text[0].isalpha() and BULLET.match(text)):
            found.keep(i, "list")
        elif tag in ("h1", "h2", "h3", "h4", "h5", "h6") or (
            n_words <= MAX_HEADING_WORDS and _reads_like_heading(text)
        ):
            found.keep(i, "heading")
        else:
            found.keep(i, "body")
    _captions_above_captions(page, states, found, top_captions)
    if found.title is not None:
        below = found.title + 1
        if below < n and found.roles[below] == "heading" and len(page.words[below]) >= MIN_STANDFIRST_WORDS:
            found.keep(below, "body")
    _settle_headings(page, states, texts, found, n)


def _captions_above_captions(page: Page, states: list[int], found: Roles, captions: list[int]) -> None:
    """A paragraph between the title and certain captions is a caption too: pictures stand together above a text."""
    if not captions:
        return
    top = captions[0]
    above = [i for i in range(top) if states[i] == ARTICLE and found.roles[i] == "body"]
    if len(above) == 1 and above[0] == top - 1:
        found.keep(above[0], "caption")


def _settle_headings(page: Page, states: list[int], texts: list[str], found: Roles, n: int) -> None:
    """Runs of short unfinished lines are lists; a short line with nothing of the article below it is body."""
    i = 0
    while i < n:
        if found.roles[i] != "heading" or page.paragraphs[i].tag.startswith("h"):
            i += 1
            continue
        j = i
        while j < n and (found.roles[j] == "heading" or (found.roles[j] == "body" and _short_item(page, texts, j))):
            j += 1
        items = [k for k in range(i, j) if len(page.words[k]) <= MAX_LIST_WORDS]
        ends_in_heading = j < n and found.roles[j] in ("body", "list") and j - i > 1 and texts[j - 1][-1] == ":"
        last = j - 1 if ends_in_heading else j
        if len(items) >= MIN_LIST_RUN and last - i >= MIN_LIST_RUN:
            for k in range(i, last):
                found.keep(k, "list")
        elif j >= n or found.roles[j] not in ("body", "list", "quote", "caption", "heading"):
            after = next((k for k in range(j, n) if states[k] == ARTICLE and page.prose[k]), None)
            if after is None:
                for k in range(i, j):
                    found.keep(k, "body")
        i = max(j, i + 1)


def _short_item(page: Page, texts: list[str], i: int) -> bool:
    return len(page.words[i]) <= 16 and not page.prose[i] and "," in texts[i]


def _reads_like_heading(text: str) -> bool:
    return not ENDS_SENTENCE.search(text, max(0, len(text) - 6)) or (text[-1] in '?"”’)' and len(text) < 72)


def _is_date_line(text: str, *, near_top: bool) -> bool:
    found = find_date(text) if len(text) < 120 else None
    if found is None:
        return False
    rest = text[: found.start] + " " + text[found.end :]
    n_words = len([w for w in rest.split() if any(map(str.isalpha, w))])
    return n_words <= (4 if near_top else 3) and sum(map(str.isalpha, rest)) <= (28 if near_top else 16)


def _is_byline(page: Page, i: int, text: str, first_body: int, title: int | None) -> bool:
    """Who wrote it or sent it: above the first body paragraph, or a source line at the end."""
    if len(text) > 220:
        return False
    if LABELLED_BYLINE.match(text):
        return True
    n_words = len(page.words[i])
    if i >= first_body:
        return n_words <= 10 and BYLINE.match(text) is not None and not ENDS_SENTENCE.search(text)
    if BYLINE.match(text) and n_words <= MAX_BYLINE_WORDS:
        return True
    if not AGENCY.search(text):
        return False
    if n_words <= 8:
        return True
    title_text = set(page.words[title]) if title is not None else set()
    ours = page.words[i]
    repeats_title = len(title_text) >= 4 and sum(w in title_text for w in ours) >= 0.45 * len(ours)
    return i <= (title if title is not None else 0) + 3 and (repeats_title or find_date(text) is not None)


def _furniture_roles(page: Page, states: list[int], texts: list[str], found: Roles, first_body: int) -> None:
    dense = page.dense
    n = len(texts)
    repeated, linked, separators = (dense[:, COLUMN[name]] for name in ("repeated", "link_ratio", "separators"))
    shapes = list(
        zip(
            (repeated > 0).tolist(),
            (linked > 0.5).tolist(),
            (separators > 0.2).tolist(),
            (separators < 0.2).tolist(),
            page.prose.tolist(),
            strict=True,
        )
    )
    last_body = next((i for i in range(n - 1, -1, -1) if found.roles[i] == "body" and found.reasons[i] is None), -1)
    tail = last_body + 1
    for i, text in enumerate(texts):
        if states[i] != FURNITURE:
            continue
        n_words = len(page.words[i])
        by_words = _remembered_furniture if len(text) <= MAX_REMEMBERED_LINE else _furniture_by_words
        named = by_words(text, n_words, i <= first_body, i >= tail)
        if named is not None:
            role, cues = named
            found.cut(i, role, cues, 0 if role in ("byline", "date") else None)
            continue
        is_repeated, is_linked, is_separated, is_joined, is_prose = shapes[i]
        role = "navigation"
        if i >= tail and page.paragraphs[i].tag == "footer":
            role = "footer"
        elif is_prose:
            role = "other"
        elif n_words >= 5 and is_joined and _is_a_headline(text):
            role = "teaser"
        found.cut(i, role, _cues(role, is_repeated, is_linked, is_separated, is_prose, n_words < 8))


@lru_cache(maxsize=1_000)
def _cues(role: str, repeated: bool, linked: bool, separated: bool, prose: bool, short: bool) -> str:
    """What speaks against a line of furniture whose words name no role."""
    cues = {
        "repeated on the source's pages": repeated,
        "a link": linked,
        "separators": separated,
        "a short line": not prose and short,
        "no running text": not prose and not short,
        "unlike the text of an article": role == "other",
        "a headline of its own": role == "teaser",
    }
    return ", ".join(cue for cue, holds in cues.items() if holds) or "unlike the text of an article"


def _furniture_by_words(text: str, n_words: int, near_top: bool, at_end: bool) -> tuple[str, str] | None:
    """The role that the words of a line of furniture name, and the cue to it; None where they name none."""
    if n_words <= MAX_DATE_WORDS and _is_date_line(text, near_top=near_top):
        return "date", "a date standing alone"
    if len(text) < 220 and n_words <= MAX_BYLINE_WORDS and (LABELLED_BYLINE.match(text) or BYLINE.match(text)):
        return "byline", "names who wrote or sent it"
    if len(text) < 300 and RIGHTS.search(text):
        return "footer", "rights notice"
    if NEIGHBOUR_PAGE.match(text):
        return "navigation", "points to another page"
    if len(text) < 300 and ADVERT.search(text):
        return "advert", "advertising or sign-up words"
    if at_end and len(text) < 300 and FOOTER.search(text):
        return "footer", "words of a page's foot"
    return None


def _is_a_headline(text: str) -> bool:
    return any(map(str.isalpha, text)) and _reads_like_heading(text)


_remembered_furniture = lru_cache(maxsize=20_000)(_furniture_by_words)  # short lines stand on page after page


def _own_title_again(page: Page, found: Roles) -> None:
    """The page's own title elsewhere on the page, and paragraphs of it that return, are duplicates."""
    title = page.keys[found.title] if found.title is not None else None
    seen: set[str] = set()
    for i, (key, is_prose) in enumerate(zip(page.keys, page.prose.tolist(), strict=True)):
        if key == title and i != found.title and len(page.words[i]) >= 3:
            found.cut(i, "duplicate", "the page's own title again", 0)
        elif is_prose and found.roles[i] in KEPT_ROLES:
            if key in seen:
                found.cut(i, "duplicate", "a paragraph of this page again", 0)
            seen.add(key)


def date_in(text: str) -> str | None:
    """The date of the dateline a first paragraph begins with ("HAIKOU, May 6. /TASS/"), as ISO 8601."""
    head = text[:110]
    found = find_date(head)
    if found is None or found.start > 60:
        return None
    before, after = head[: found.start], head[found.end :]
    letters = re.findall(r"[^\W\d_]+", before)
    capital = sum(w[0].isupper() for w in letters)
    marked = re.match(r"\s?[.,]?\s?(?:[-—–:/(（]|/)", after) is not None
    return found.iso if letters and capital >= len(letters) * 0.6 and len(letters) <= 8 and marked else None
