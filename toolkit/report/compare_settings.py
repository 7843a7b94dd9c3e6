"""How two runs were made differently, in sentences: model, versions, lines, config."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from toolkit.report.method import settings_of, value_text
from toolkit.report.rows import Row, number_of, text_of
from toolkit.report.wording import counted, listing, number, show, words

N_NAMED = 6  # of terms or names that came or went
SHORT_HASH = 12


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs, with both values as text, and a sentence that says it."""

    what: str
    before: str
    after: str
    sentence: str


def find_differences(before: Row, after: Row) -> list[Difference]:
    """What differs between two manifests, what matters most first; [] where nothing does."""
    return [
        *_input(before, after),
        *_model(before, after),
        *_lines(before, after),
        *_plain(before, after),
        *_config(before.get("config"), after.get("config")),
        *_versions(before, after),
    ]


def _input(before: Row, after: Row) -> list[Difference]:
    a, b = text_of(before, "input_hash"), text_of(after, "input_hash")
    if not a or a == b:
        return []
    return [Difference("input", a, b, "The input is another: the files read are not the same.")]


def _model(before: Row, after: Row) -> list[Difference]:
    rows = [run.get("model") for run in (before, after)]
    first, second = (row if isinstance(row, Mapping) else {} for row in rows)
    hashes = text_of(first, "hash"), text_of(second, "hash")
    if hashes[0] == hashes[1]:
        return []
    said = f"The model is another: {_model_words(second)}; before, {_model_words(first)}."
    trained = second.get("trained_on")
    base = text_of(trained, "base") if isinstance(trained, Mapping) else ""
    if base and base == hashes[0]:
        said += " The later one was trained starting from the earlier."
    return [Difference("model", hashes[0], hashes[1], said)]


def _model_words(model: Row) -> str:
    trained = model.get("trained_on")
    n = number_of(trained, "n_documents") if isinstance(trained, Mapping) else None
    labels = number_of(trained, "n_labels") if isinstance(trained, Mapping) else None
    name = f"“{show(text_of(model, 'name'), limit=60)}”" if text_of(model, "name") else "one without a name"
    parts = [name]
    if text_of(model, "hash"):
        parts.append(f"hash {show(text_of(model, 'hash')[:SHORT_HASH], limit=40)}")
    if n is not None:
        parts.append(f"trained on {counted(int(n), 'document')}")
    if labels:
        parts.append(f"{number(labels)} of them labelled")
    return ", ".join(parts)


def _lines(before: Row, after: Row) -> list[Difference]:
    rows = [run.get("thresholds") for run in (before, after)]
    first, second = (row if isinstance(row, Mapping) else {} for row in rows)
    found = []
    for key, name in (("on_from", "On-topic begins at a score of"), ("off_below", "Off-topic ends at a score of")):
        a, b = number_of(first, key), number_of(second, key)
        if a is not None and b is not None and a != b:
            said = f"{name} {b:.3f}; before, {a:.3f}."
            found.append(Difference(f"thresholds.{key}", f"{a:g}", f"{b:g}", said))
    return found


def _plain(before: Row, after: Row) -> list[Difference]:
    found = []
    if bool(before.get("no_relevance")) != bool(after.get("no_relevance")):
        state = "off" if after.get("no_relevance") else "on"
        said = f"The relevance check is switched {state} in this run and was not before."
        found.append(Difference("no_relevance", str(before.get("no_relevance")), str(after.get("no_relevance")), said))
    for key, name in (("seed", "The random seed"), ("topics_engine", "The engine of the topics")):
        a, b = text_of(before, key), text_of(after, key)
        if a != b:
            said = f"{name} is {show(b, limit=40) or 'none'}; before, {show(a, limit=40) or 'none'}."
            found.append(Difference(key, a, b, said))
    return found


def _config(before: object, after: object) -> list[Difference]:
    """Differences of the configs: lists by what came and went, other values by both."""
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return []
    first, second = dict(settings_of(before)), dict(settings_of(after))
    return [
        _setting(path, first.get(path), second.get(path))
        for path in sorted(first.keys() | second.keys())
        if first.get(path) != second.get(path)
    ]


def _setting(path: tuple[str, ...], a: Any, b: Any) -> Difference:
    where = f"In the configuration, {' › '.join(words(part) for part in path)}"
    was, now = value_text(a), value_text(b)
    name = ".".join(path)
    if isinstance(a, (list, tuple)) or isinstance(b, (list, tuple)):
        before, after = ([str(item) for item in value or ()] for value in (a, b))
        came = [item for item in after if item not in set(before)]
        went = [item for item in before if item not in set(after)]
        parts = [
            f"{verb} {listing([show(item, limit=40) for item in items], limit=N_NAMED)}"
            for verb, items in (("gained", came), ("lost", went))
            if items
        ]
        return Difference(name, was, now, f"{where} {' and '.join(parts) or 'is in another order'}.")
    return Difference(name, was, now, f"{where} is {show(now, limit=120)}; before, {show(was, limit=120)}.")


def _versions(before: Row, after: Row) -> list[Difference]:
    pairs = [("toolkit", text_of(before, "toolkit_version"), text_of(after, "toolkit_version"))]
    first, second = before.get("versions"), after.get("versions")
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        names = sorted({str(name) for name in (*first, *second)} - {"toolkit"})
        pairs += [(name, text_of(first, name), text_of(second, name)) for name in names]
    return [
        Difference(
            f"version of {name}",
            a,
            b,
            f"Version of {show(name, limit=40)}: {show(b, limit=40) or 'none'}; before, {show(a, limit=40) or 'none'}.",
        )
        for name, a, b in pairs
        if a != b
    ]
