"""Finding names in text: one compiled automaton, then word boundaries, case and context.

Built once from a config (`build.py`, which reads the public lists) and saved with the model, so that classifying
an article reads no list at all.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from toolkit.data import Mention
from toolkit.places import guards

if TYPE_CHECKING:
    from toolkit.config import Places

OTHER_SIDE = "other"
NOT_A_PLACE = ""
"""The side of a phrase that contains a name and means something else; it covers the name and gives no mention."""
Hit = tuple[int, int, int]
_BETWEEN_TEXTS = "\x00"
KINDS = ("country", "people", "region", "city", "organisation")


class Entry(NamedTuple):
    """One spelling and what it stands for. `ambiguous` ones count only with support."""

    spelling: str
    side: str
    member: str
    name: str
    kind: str
    ambiguous: bool = False


_NOTHING: tuple[list[tuple[int, int, Entry]], set[str]] = ([], set())


def fold(text: str) -> str:
    """`text` with hyphens, line ends and no-break spaces as blanks and one apostrophe; as many characters as before."""
    return (
        text.replace("-", " ").replace("\n", " ").replace("\u00a0", " ").replace("\u2019", "'").replace("\u2018", "'")
    )


def without_marks(text: str) -> str:
    """`text` without diacritics: "Đà Nẵng" becomes "Da Nang"."""
    plain = text.replace("đ", "d").replace("Đ", "D").replace("Ð", "D").replace("ø", "o").replace("ł", "l")
    return "".join(c for c in unicodedata.normalize("NFD", plain) if not unicodedata.combining(c))


class Gazetteer:
    """The names of the sides and of competing countries, ready to be looked for.

    Parameters
    ----------
    entries : iterable of Entry
        In order of preference: where two stand for the same spelling, the first that counts is taken.
    members : mapping of side to display names
        In the order of the config.
    """

    def __init__(self, entries: Iterable[Entry], members: dict[str, list[str]]) -> None:
        import ahocorasick_rs

        self._entries = tuple(entries)
        self._members = {side: list(names) for side, names in members.items()}
        self._forms: list[str] = []
        self._owners: list[int] = []
        for index, entry in enumerate(self._entries):
            for form in _forms(entry.spelling):
                self._forms.append(form)
                self._owners.append(index)
        # Bytes with "?" for each character beyond ASCII, in names and text alike: offsets stay those of characters.
        # Overlapping, not leftmost-longest: a longer name that fails at its boundary must not hide a shorter one.
        self._automaton = ahocorasick_rs.BytesAhoCorasick(
            [_ascii(form) for form in self._forms], implementation=ahocorasick_rs.Implementation.ContiguousNFA
        )

    @classmethod
    def from_config(cls, places: Places) -> Gazetteer:
        """The gazetteer of a config: its own lists, then the public lists behind the guards."""
        from toolkit.places.build import gather

        return cls(*gather(places))

    def members(self, side: str) -> list[str]:
        """Display names of the countries of `side`, in the order of the config."""
        return list(self._members[side])

    def no_places(self) -> frozenset[str]:
        """Names of peoples and of organisations of a member, which are no places: "Thai" beside "Thailand"."""
        beside = {e.name for e in self._entries if e.kind == "people" or (e.kind == "organisation" and e.member)}
        places = {e.name for e in self._entries if e.kind not in ("people", "organisation")}
        return frozenset(beside - places)

    def find(self, text: str, *, support: frozenset[str] = frozenset()) -> list[Mention]:
        """The names in `text`, sorted, never overlapping; of names that begin together the longest.

        Parameters
        ----------
        text : str
            Normalised text (every dash is "-").
        support : frozenset of str
            Members already named without ambiguity elsewhere in the document: an ambiguous name of theirs counts.
            A member named without ambiguity in `text` itself supports its ambiguous names too.
        """
        return self._choose(self._hits([text]), support)[0]

    def find_each(self, texts: Sequence[str]) -> list[list[Mention]]:
        """The names in each text of one document; an ambiguous name in one is supported by names in the others."""
        return self._choose(self._hits(texts), frozenset())

    def _choose(self, hits: Sequence[list[Hit]], support: frozenset[str]) -> list[list[Mention]]:
        found = [self._leftmost_longest(of_text, frozenset()) if of_text else _NOTHING for of_text in hits]
        seen = support.union(entry.member for chosen, _ in found for _, _, entry in chosen)
        return [
            _mentions(chosen if in_want.isdisjoint(seen) else self._leftmost_longest(of_text, seen)[0])
            if of_text
            else []
            for of_text, (chosen, in_want) in zip(hits, found, strict=True)
        ]

    def _hits(self, texts: Sequence[str]) -> list[list[Hit]]:
        """By text, `(start, -end, entry)` of every name that stands alone and means the place, sorted.

        They may overlap. All texts are searched at once, with a character between them that no name contains.
        """
        hits: list[list[Hit]] = [[] for _ in texts]
        joined = fold(_BETWEEN_TEXTS.join(texts))
        entries, owners, forms = self._entries, self._owners, self._forms
        number, first, last = -1, 0, -1  # the text at hand, and where it begins and ends
        folded = ""
        after = f"{joined} "
        matches = self._automaton.find_matches_as_indexes(_ascii(joined), overlapping=True)  # by end
        for pattern, start, end in matches:
            # A name stands alone: "China" in "Indochina" and "Chinatown" does not.
            if after[end].isalnum() or (start and after[start - 1].isalnum()):
                continue
            if end > last:
                while end > last:
                    number += 1
                    first = last + 1
                    last = first + len(texts[number])
                folded = joined[first:last]
            start, end = start - first, end - first
            form = forms[pattern]
            if not form.isascii() and folded[start:end] != form:
                continue
            owner = owners[pattern]
            if not _means_something_else(folded, start, end, entries[owner]):
                hits[number].append((start, -end, owner))
        for of_text in filter(None, hits):
            of_text.sort()
        return hits

    def _leftmost_longest(
        self, hits: list[Hit], support: frozenset[str]
    ) -> tuple[list[tuple[int, int, Entry]], set[str]]:
        """The names that count, and the members whose support would have let another count."""
        chosen: list[tuple[int, int, Entry]] = []
        in_want: set[str] = set()
        reached = 0
        for start, minus_end, owner in hits:
            if start < reached:
                continue
            entry = self._entries[owner]
            if entry.ambiguous and entry.member not in support:
                in_want.add(entry.member)
                continue
            reached = -minus_end
            if entry.side != NOT_A_PLACE:
                chosen.append((start, reached, entry))
        return chosen, in_want

    def state(self) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
        """What `from_state` needs: JSON (spellings and the tables they point into) and arrays aligned by spelling."""
        sides = sorted({entry.side for entry in self._entries})
        members = sorted({entry.member for entry in self._entries})
        names = sorted({entry.name for entry in self._entries})
        place = {
            label: {text: i for i, text in enumerate(table)}
            for label, table in (("side", sides), ("member", members), ("name", names))
        }
        arrays: dict[str, npt.NDArray[Any]] = {
            "side": np.array([place["side"][entry.side] for entry in self._entries], dtype=np.uint8),
            "member": np.array([place["member"][entry.member] for entry in self._entries], dtype=np.uint16),
            "name": np.array([place["name"][entry.name] for entry in self._entries], dtype=np.uint32),
            "kind": np.array([KINDS.index(entry.kind) for entry in self._entries], dtype=np.uint8),
            "ambiguous": np.array([entry.ambiguous for entry in self._entries], dtype=np.uint8),
        }
        json = {
            "sides": sides,
            "members": members,
            "names": names,
            "spellings": [entry.spelling for entry in self._entries],
            "side_members": [[side, list(names)] for side, names in self._members.items()],
        }
        return json, arrays

    @classmethod
    def from_state(cls, json: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> Gazetteer:
        """The gazetteer that `state` described."""
        sides, members, names = json["sides"], json["members"], json["names"]
        columns = zip(
            json["spellings"],
            *(arrays[column].tolist() for column in ("side", "member", "name", "kind", "ambiguous")),
            strict=True,
        )
        entries = [
            Entry(spelling, sides[side], members[member], names[name], KINDS[kind], bool(ambiguous))
            for spelling, side, member, name, kind, ambiguous in columns
        ]
        return cls(entries, {side: list(of_side) for side, of_side in json["side_members"]})


def _mentions(chosen: Iterable[tuple[int, int, Entry]]) -> list[Mention]:
    return [Mention(entry.side, entry.member, entry.name, entry.kind, start, end) for start, end, entry in chosen]


def _ascii(text: str) -> bytes:
    return text.encode("ascii", "replace")


_MAY_CHANGE_MEANING = (" ", ".")
_END_OF_CHANGING_WORDS = tuple(sorted({words[-2:] for words in guards.NOT_A_PLACE_BEFORE}))


def _forms(spelling: str) -> list[str]:
    """The ways `spelling` is looked for, folded.

    A single word as written and in capitals only: "China" and "CHINA", never "china". A name of several words also in
    lower case, with every word or only the first as written.
    """
    written = fold(spelling)
    forms = [written, written.upper()]
    first, blank, rest = written.partition(" ")
    if blank:
        forms += [written.lower(), written.title(), first + blank + rest.lower()]
    return list(dict.fromkeys(forms))


def _means_something_else(folded: str, start: int, end: int, entry: Entry) -> bool:
    """Whether the words around a name make it a newspaper, a sports club, a person, a web address or a pronoun."""
    if entry.side == NOT_A_PLACE:
        return False
    if folded[end : end + 1] in _MAY_CHANGE_MEANING and entry.kind != "organisation":
        # Cheap looks first: a blank and a capital, or a dot and a small letter.
        following = folded[end + 1 : end + 2]
        if (following.isupper() or folded[end] == ".") and guards.NOT_A_PLACE_AFTER.match(folded, end):
            return True
    if start > 1:
        if folded[start - 2 : start].endswith(_END_OF_CHANGING_WORDS) and folded[
            max(0, start - guards.LONGEST_BEFORE) : start
        ].endswith(guards.NOT_A_PLACE_BEFORE):
            return True
        if entry.kind == "city" and folded[start - 1] == " ":
            word = folded[max(0, start - 9) : start].split(" ")[-2]
            if word in guards.FAMILY_NAMES:
                return True
    return folded[start:end] == guards.PRONOUN_ACRONYM and _inside_capitals(folded, start, end)


def _inside_capitals(folded: str, start: int, end: int) -> bool:
    before = folded[max(0, start - 25) : start].split()
    after = folded[end : end + 25].split()
    return bool(before and after) and all(
        word.isupper() and sum(map(str.isalpha, word)) > 1 for word in (before[-1], after[0])
    )
