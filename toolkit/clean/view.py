"""A text with edits, and the way back from every character of it to the source."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple


class Edit(NamedTuple):
    """`source[start:end]` reads `replacement` in the view; `kind` says why (dash, space, glued, ...)."""

    start: int
    end: int
    replacement: str
    kind: str


@dataclass(frozen=True)
class View:
    """A normalised text and the way back.

    Laws: both maps are monotone and send ends to ends; `to_view(to_source(i)) == i` for every i that no
    edit made, and there `source[to_source(i)] == text[i]` (at 0 only where nothing was dropped before it).
    Offsets are positions between characters, 0 to len.

    Examples
    --------
    >>> edits = (Edit(5, 6, "-", "dash"), Edit(11, 13, " ", "space"))
    >>> view = View("China\u2212ASEAN  trade", "China-ASEAN trade", edits)
    >>> view.text
    'China-ASEAN trade'
    >>> view.to_source(12), view.to_view(13)
    (13, 12)
    """

    source: str
    text: str
    edits: tuple[Edit, ...] = ()

    @cached_property
    def _starts(self) -> list[int]:
        return [edit.start for edit in self.edits]

    @cached_property
    def _view_starts(self) -> list[int]:
        starts = []
        shift = 0
        for edit in self.edits:
            starts.append(edit.start + shift)
            shift += len(edit.replacement) - (edit.end - edit.start)
        return starts

    def to_source(self, i: int) -> int:
        """The source offset of view offset `i`."""
        if i <= 0:
            return 0
        if i >= len(self.text):
            return len(self.source)
        return self._made_from(i)[0]

    def to_view(self, j: int) -> int:
        """The view offset of source offset `j`."""
        if j <= 0:
            return 0
        if j >= len(self.source):
            return len(self.text)
        k = bisect_right(self._starts, j) - 1
        if k < 0:
            return j
        edit, view_start = self.edits[k], self._view_starts[k]
        if j < edit.end:
            return view_start + min(j - edit.start, len(edit.replacement))
        return view_start + len(edit.replacement) + j - edit.end

    def source_span(self, i: int, j: int) -> tuple[int, int]:
        """The tightest source slice that `text[i:j]` was made from (dropped neighbours left out)."""
        if i >= j:
            return self.to_source(i), self.to_source(i)
        return self._made_from(i)[0], self._made_from(j - 1)[1]

    def _made_from(self, i: int) -> tuple[int, int]:
        """The source slice that the character `text[i]` was made from."""
        k = bisect_right(self._view_starts, i) - 1
        if k < 0:
            return i, i + 1
        edit, inside = self.edits[k], i - self._view_starts[k]
        n_made = len(edit.replacement)
        if inside >= n_made:
            at = edit.end + inside - n_made
            return at, at + 1
        end = edit.end if inside + 1 == n_made else min(edit.start + inside + 1, edit.end)
        return min(edit.start + inside, edit.end), end


def applied(text: str, edits: Sequence[Edit]) -> Iterator[str]:
    """The pieces of `text` with `edits` made, in order."""
    at = 0
    for edit in edits:
        yield text[at : edit.start]
        yield edit.replacement
        at = edit.end
    yield text[at:]


def compose(first: Sequence[Edit], second: Sequence[Edit], middle: str) -> list[Edit]:
    """The edits that take the source straight to what `second` makes of `middle`, which `first` made.

    Edits that overlap in `middle` (or insert where the other drops) become one edit of the later kind.
    """
    if not first:
        return list(second)
    placed: list[tuple[int, int, int, Edit]] = [(edit.start, edit.end, 1, edit) for edit in second]
    shift = 0
    for edit in first:
        start = edit.start + shift
        placed.append((start, start + len(edit.replacement), 0, edit))
        shift += len(edit.replacement) - (edit.end - edit.start)
    placed.sort(key=lambda item: item[:3])
    composed: list[Edit] = []
    shift = 0
    k = 0
    while k < len(placed):
        low, high = placed[k][:2]
        cluster = [placed[k]]
        k += 1
        while k < len(placed) and (placed[k][0] < high or placed[k][:2] == (low, low) == (low, high)):
            cluster.append(placed[k])
            high = max(high, placed[k][1])
            k += 1
        before = shift
        for _, _, rank, edit in cluster:
            if rank == 0:
                shift += len(edit.replacement) - (edit.end - edit.start)
        later = [edit for _, _, rank, edit in cluster if rank == 1]
        if not later:
            composed.extend(edit for *_, edit in cluster)
            continue
        moved = [Edit(edit.start - low, edit.end - low, edit.replacement, edit.kind) for edit in later]
        replacement = "".join(applied(middle[low:high], moved))
        start, end = low - before, high - shift
        if start < end or replacement:
            composed.append(Edit(start, end, replacement, later[-1].kind))
    return composed
