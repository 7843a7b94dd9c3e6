"""Where a number leads: into the explorer where the page has one, else nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

Facet = tuple[str, str]
"""What the explorer is asked for: theme, topic, place, outlet or month, and the id, name or YYYY-MM of it.

Of two values of one kind it shows the articles of either."""


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses within the page; `interactive` says whether it has an explorer. Without one they are empty.

    Examples
    --------
    >>> Links(interactive=True).articles(("theme", "health"), ("place", "Timor-Leste & co"))
    '#explore?verdict=on&copy=no&theme=health&place=Timor-Leste%20%26%20co'
    >>> Links(interactive=False).articles(("theme", "health"))
    ''
    """

    interactive: bool

    def articles(self, *facets: Facet) -> str:
        """The on-topic articles that a number counts, copies of one counted once."""
        return self._explorer([("verdict", "on"), ("copy", "no"), *facets])

    def passage(self, document_id: str, start: int) -> str:
        """An article, opened at one of its characters."""
        return self._explorer([("doc", document_id), ("at", str(start))])

    def _explorer(self, pairs: Sequence[Facet]) -> str:
        if not self.interactive:
            return ""
        return "#explore?" + urlencode(pairs, quote_via=quote, safe="", errors="replace")


NO_LINKS = Links(interactive=False)
