"""What the marks of readers amount to: labels to learn from, passages to score, and what was left out, in words."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from toolkit.config import Limits
from toolkit.data import KEPT_ROLES, Label, Mark, Passage, Record
from toolkit.html import HtmlTooDeep, render

_THEME_MARKS = {"theme": True, "no_theme": False}
_VERDICTS: dict[str, bool | None] = {"on": True, "off": False, "unsure": None}
_MAX_NAMED = 5


@dataclass(frozen=True, slots=True)
class WrongCut:
    """A passage a reader says was cut wrongly: `kept` is what the cut should have said of it."""

    start: int
    end: int
    kept: bool


@dataclass(frozen=True)
class Settled:
    """The marks that hold, article by article; `counts` says what became of all of them.

    `labels` has every article with a mark to learn from or to score by; `cuts` the passages cut wrongly. `audit` are
    the articles whose verdict was given on a random draw.
    """

    labels: Mapping[str, Label]
    cuts: Mapping[str, tuple[WrongCut, ...]]
    audit: frozenset[str]
    models: Mapping[str, int]
    counts: Mapping[str, int] = field(default_factory=dict)
    unknown_themes: tuple[str, ...] = ()

    def sentences(self) -> tuple[str, ...]:
        """What was taken, what was only counted and what was left out."""
        n = Counter(self.counts)
        taken = [
            _counted(n["on"], "article on the subject", "articles on the subject"),
            _counted(n["off"], "article off it", "articles off it"),
            _counted(n["theme"], "theme given", "themes given"),
            _counted(n["no_theme"], "theme taken away", "themes taken away"),
            _counted(n["passage on"] + n["passage off"], "passage on or off", "passages on or off"),
        ]
        only_counted = [
            _counted(n["unsure"], "unsure", "unsure"),
            _counted(n["wrong_cut"], "wrong cut", "wrong cuts"),
            _counted(n["note"], "note", "notes"),
        ]
        sentences = [f"Marks of readers: {n['marks']:,} on {_counted(n['articles'], 'article', 'articles')}."]
        sentences += _sentence("Taken as labels", taken)
        sentences += _sentence("Counted and not learned from", only_counted)
        if n["wrong_cut"]:
            sentences.append(
                "The model that cuts pages is not learned by `train`; `toolkit evaluate INPUT --labels FILE` scores "
                "the cut by the marks of wrong cuts."
            )
        named = ", ".join(self.unknown_themes[:_MAX_NAMED])
        sentences += _sentence(
            "Left out",
            [
                _of(n["another text"], "on articles whose text is not the one that was read"),
                _of(n["not in the input"], "on articles that are not in the input"),
                _of(n["unknown theme"], f"of themes the config has not ({named})"),
                _of(n["beyond the text"], "on passages beyond the end of the text"),
                _of(n["replaced"], "that a later one of the same kind replaced"),
            ],
        )
        return tuple(sentences)


def texts_of(records: Iterable[Record], document_ids: Iterable[str], limits: Limits) -> dict[str, str]:
    """The decoded texts of these documents, of those that are among the records."""
    wanted = frozenset(document_ids)
    found: dict[str, str] = {}
    for record in records:
        if record.document_id in wanted:
            try:
                found[record.document_id] = render(record, max_depth=limits.max_html_depth).text
            except HtmlTooDeep:
                continue
    return found


def text_hash(text: str) -> str:
    """The SHA-256 of a document's text, in hexadecimal: what marks name the text they are about by."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def settle(
    marks: Sequence[Mark], texts: Mapping[str, str], *, theme_ids: Sequence[str], labels: Mapping[str, Label]
) -> Settled:
    """What the marks say of the documents in `texts`; the last mark of a kind wins, and all stand above `labels`.

    Of a kind are the verdicts on one article, those on one passage, and what is said of one theme of one article. A
    theme marked at a passage is about the article: themes are learned and scored by article. Where no label names the
    article's themes, those that no mark speaks of stay open.
    """
    counts: Counter[str] = Counter(marks=len(marks))
    hashes = {document_id: text_hash(text) for document_id, text in texts.items()}
    unknown: dict[str, None] = {}
    standing: dict[tuple[object, ...], Mark] = {}
    for mark in marks:
        left_out = _why_not(mark, texts, hashes, theme_ids)
        if left_out is None:
            key = _kind(mark)
            counts["replaced"] += key in standing
            standing.pop(key, None)
            standing[key] = mark
            continue
        counts[left_out] += 1
        if left_out == "unknown theme":
            unknown[(mark.theme or "")[:40]] = None
    by_document: dict[str, list[Mark]] = {}
    for mark in standing.values():
        by_document.setdefault(mark.document_id, []).append(mark)
        counts[f"passage {mark.mark}" if mark.start is not None and mark.mark in ("on", "off") else mark.mark] += 1
    counts["articles"] = len({mark.document_id for mark in marks})
    made = {d: _label(labels.get(d, Label(d)), found, theme_ids) for d, found in by_document.items()}
    cuts = {d: cut for d, found in by_document.items() if (cut := tuple(_wrong_cuts(found)))}
    models = Counter(mark.model for mark in standing.values())
    return Settled(
        labels={d: label for d, label in made.items() if d in labels or label != Label(d)},
        cuts=cuts,
        audit=frozenset(m.document_id for m in standing.values() if m.drawn == "audit" and _is_verdict(m)),
        models=dict(sorted(models.items())),
        counts=dict(counts),
        unknown_themes=tuple(sorted(unknown)),
    )


def _why_not(mark: Mark, texts: Mapping[str, str], hashes: Mapping[str, str], theme_ids: Sequence[str]) -> str | None:
    if mark.document_id not in texts:
        return "not in the input"
    if not hashes[mark.document_id].startswith(mark.text_sha256):
        return "another text"
    if mark.mark in _THEME_MARKS and mark.theme not in theme_ids:
        return "unknown theme"
    return "beyond the text" if (mark.end or 0) > len(texts[mark.document_id]) else None


def _kind(mark: Mark) -> tuple[object, ...]:
    if mark.mark in _THEME_MARKS:
        return (mark.document_id, "theme", mark.theme)
    kind = "verdict" if mark.mark in _VERDICTS else mark.mark
    return (mark.document_id, kind, mark.start, mark.end)


def _is_verdict(mark: Mark) -> bool:
    return mark.mark in _VERDICTS and mark.start is None


def _wrong_cuts(marks: Iterable[Mark]) -> Iterator[WrongCut]:
    for mark in marks:
        if mark.mark == "wrong_cut" and mark.start is not None and mark.end is not None:
            yield WrongCut(mark.start, mark.end, kept=mark.role not in KEPT_ROLES)


def _label(known: Label, marks: Sequence[Mark], theme_ids: Sequence[str]) -> Label:
    """`known` with what the marks say of the same article."""
    label = known
    for mark in marks:
        if _is_verdict(mark):
            label = replace(label, on_topic=_VERDICTS[mark.mark])
    said = {mark.theme: _THEME_MARKS[mark.mark] for mark in marks if mark.mark in _THEME_MARKS}
    if said:
        before = known.themes or ()
        themes = [t for t in theme_ids if said.get(t, t in before)]
        is_open = [t for t in theme_ids if t not in said and (known.themes is None or t in known.themes_unsure)]
        label = replace(label, themes=tuple(themes), themes_unsure=tuple(is_open))
    passages = [
        Passage(mark.start, mark.end, mark.mark == "on")
        for mark in marks
        if mark.start is not None and mark.end is not None and mark.mark in ("on", "off")
    ]
    return replace(label, passages=tuple(sorted(passages, key=lambda p: (p.start, p.end))))


def _counted(n: int, one: str, many: str) -> str:
    return f"{n:,} {one if n == 1 else many}" if n else ""


def _of(n: int, words: str) -> str:
    return f"{n:,} {words}" if n else ""


def _sentence(start: str, parts: Sequence[str]) -> list[str]:
    said = [part for part in parts if part]
    return [f"{start}: {', '.join(said)}."] if said else []
