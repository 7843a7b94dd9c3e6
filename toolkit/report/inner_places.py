"""The places within one side: its provinces and regions, its cities, as far as results and config name them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from toolkit.places.world import countries
from toolkit.report.rows import Row, Side, items_of
from toolkit.report.tally import Tally


@dataclass(frozen=True, slots=True)
class InnerPlaces:
    """Names within a side, most often named first: `regions` as the config lists them, `others` mostly cities."""

    regions: tuple[str, ...]
    others: tuple[str, ...]


def inner_places(tally: Tally, position: int) -> InnerPlaces:
    """The places within side number `position` that on-topic articles name.

    The tables give names without their kind. A region is what the config lists as one; what is neither a member nor a
    people, an organisation or another name of the config, nor a people of the list of countries, is another place.
    """
    side = tally.sides[position]
    section = _section(tally.run, side)
    not_inner = {name.casefold() for name in (side.label, *side.members)}
    for key in ("aliases", "demonyms", "organisations"):
        not_inner.update(name.casefold() for name in _listed(section, key))
    not_inner.update(name.casefold() for name in _spellings(items_of(section, "names")))
    for code in items_of(section, "countries"):
        country = countries().get(str(code))
        if country is not None:
            not_inner.update(name.casefold() for name in (*country.names, *country.demonyms))
    regions = {name.casefold() for name in _listed(section, "regions")}
    counts = Counter(name for i in tally.on for name in dict.fromkeys(tally.articles[i].places[position]) if section)
    ranked = [name for name, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    return InnerPlaces(
        regions=tuple(name for name in ranked if name.casefold() in regions),
        others=tuple(name for name in ranked if name.casefold() not in regions | not_inner),
    )


def _section(run: Row, side: Side) -> Mapping[str, Any]:
    """What the config of the run says of a side."""
    found: Any = run
    for key in ("config", "places", "sides", side.id):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _listed(section: Mapping[str, Any], key: str) -> Iterator[str]:
    """All spellings of a list per country."""
    lists = section.get(key)
    if not isinstance(lists, Mapping):
        return
    for code in sorted(lists):
        yield from _spellings(items_of(lists, code))


def _spellings(lines: list[Any]) -> Iterator[str]:
    for line in lines:
        yield from (spelling.strip() for spelling in str(line).split("|"))
