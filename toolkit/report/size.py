"""The three sizes of a report, and how many bytes each may have."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

from toolkit.errors import ToolkitError

# (articles, bytes): what a standard report may weigh; between two of them by the logarithm of the number of articles.
# 7 MB is about 9.5 MB in a mail, which the strictest of common mail servers still takes.
_STANDARD = ((2_000, 1_500_000), (20_000, 4_000_000), (100_000, 7_000_000))
_BRIEF = 500_000
_FULL = 18_000_000  # 24 MB in a mail, where most servers stop


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
