"""The three sizes of a report: how many bytes and elements each may have, and what goes where there is no room."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import log

from toolkit.errors import ToolkitError
from toolkit.report.wording import counted, listing

# (articles, bytes): what a standard report may weigh; between two of them by the logarithm of the number of articles.
# 7 MB is about 9.5 MB in a mail, which the strictest of common mail servers still takes.
_STANDARD = ((2_000, 1_500_000), (20_000, 4_000_000), (100_000, 7_000_000))
_BRIEF = 500_000
_FULL = 18_000_000  # 24 MB in a mail, where most servers stop
_BESIDE_DATA = 0.5  # of the bytes, for all that is not the explorer's data
# Elements of a page as it is loaded: 6,000 with those the script adds, which shows its filters and first hits.
MAX_ELEMENTS = 5_500
MAX_ELEMENTS_STATIC = 6_000


_START_OF_ELEMENT = re.compile(r"<[a-z]")  # data has no "<" on a page


@dataclass(frozen=True, slots=True)
class Room:
    """How much a page shows of what could be shown without end.

    Attributes
    ----------
    theme_quotes : passages quoted of a theme
    topic_cards : topics with a card; `topics` are cards and rows of the table together
    articles : rows of the list of articles; what is quoted is among them
    """

    theme_quotes: int
    topic_cards: int
    topics: int
    articles: int

    def words(self, size: Size, n_articles: int) -> str:
        """What a page of this room leaves out, in a sentence."""
        most, parts = ROOMS[0], [f"lists {self.articles} articles besides those it quotes"]
        if self.topics < most.topics:
            parts.insert(0, f"names no more than {counted(self.topics, 'topic')}")
        if self.topic_cards < most.topic_cards:
            parts.insert(0, f"has cards of no more than {counted(self.topic_cards, 'topic')}")
        if self.theme_quotes < most.theme_quotes:
            parts.insert(0, f"quotes no more than {counted(self.theme_quotes, 'passage')} of a theme")
        limits = f"{size.static_bytes(n_articles) / 1e6:.1f} MB and {size.max_elements():,} elements"
        return f"To stay within {limits}, the page {listing(parts)}; the sheets beside it hold more."


# A page takes the first that fits. The explorer and the sheets have all articles and topics; passages go last.
ROOMS = (
    Room(theme_quotes=5, topic_cards=20, topics=60, articles=100),
    Room(theme_quotes=5, topic_cards=20, topics=50, articles=40),
    Room(theme_quotes=4, topic_cards=15, topics=40, articles=30),
    Room(theme_quotes=3, topic_cards=12, topics=30, articles=20),
    Room(theme_quotes=2, topic_cards=8, topics=20, articles=15),
    Room(theme_quotes=1, topic_cards=4, topics=10, articles=10),
    Room(theme_quotes=1, topic_cards=1, topics=1, articles=1),
)


@dataclass(frozen=True, slots=True)
class Size:
    """How much a report holds.

    Attributes
    ----------
    name : brief, standard or full
    with_script : whether it has the explorer and the map, which need the page's script
    """

    name: str
    with_script: bool

    def max_bytes(self, n_articles: int) -> int:
        """Bytes the page may have for a corpus of `n_articles`."""
        if self.name == "brief":
            return _BRIEF
        return _FULL if self.name == "full" else _standard_bytes(n_articles)

    def static_bytes(self, n_articles: int) -> int:
        """Bytes that all but the explorer's data may have."""
        return int(self.max_bytes(n_articles) * (_BESIDE_DATA if self.with_script else 1))

    def holds(self, page: str, n_articles: int) -> bool:
        """Whether a page without the explorer's data is within its limits."""
        n_elements = len(_START_OF_ELEMENT.findall(page))
        n_bytes = len(page.encode("utf-8", "replace"))
        return n_bytes <= self.static_bytes(n_articles) and n_elements <= self.max_elements()

    def max_elements(self) -> int:
        """Elements the page may have, without those its script adds."""
        return MAX_ELEMENTS if self.with_script else MAX_ELEMENTS_STATIC


BRIEF = Size("brief", with_script=False)
STANDARD = Size("standard", with_script=True)
FULL = Size("full", with_script=True)
SIZES = {size.name: size for size in (BRIEF, STANDARD, FULL)}


def find_size(name: str) -> Size:
    """The size of this name.

    Raises
    ------
    ToolkitError
        Where there is none.
    """
    if name not in SIZES:
        raise ToolkitError(f"--size {name}: no such size; there are {', '.join(SIZES)}.")
    return SIZES[name]


def _standard_bytes(n_articles: int) -> int:
    (n_low, low), *rest = _STANDARD
    if n_articles <= n_low:
        return low
    for n_high, high in rest:
        if n_articles <= n_high:
            return int(low + (high - low) * log(n_articles / n_low) / log(n_high / n_low))
        n_low, low = n_high, high
    return low
