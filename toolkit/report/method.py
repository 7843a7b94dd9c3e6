"""How the report was made: thresholds, versions, hashes, the config in short, how to cite, what it cannot tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.data import Results
from toolkit.report.content_hash import content_hash
from toolkit.report.rows import number_of, text_of
from toolkit.report.sheets import Sheet
from toolkit.report.size import Size
from toolkit.report.tally import Tally
from toolkit.report.wording import counted, date_words, listing, number, show, show_lines, words

_ENGINES = {"bertopic": "BERTopic", "nmf": "non-negative matrix factorisation (NMF)"}


def corpus_name(run: Mapping[str, object]) -> str:
    """A name for the corpus, from the inputs: the last part of each path, without the endings of files."""
    inputs = run.get("inputs")
    if isinstance(inputs, str) or not isinstance(inputs, Sequence) or not inputs:
        return "Corpus"
    names = []
    for item in sorted(str(item) for item in inputs):
        parts = [part for part in item.replace("\\", "/").split("/") if part not in ("", ".", "..")]
        if not parts:
            continue
        stem = parts[-1].lstrip(".")
        for _ in range(2):  # articles.jsonl.gz has two endings
            head, dot, ending = stem.rpartition(".")
            stem = head if dot and head and 1 < len(ending) <= 7 and ending.isalnum() else stem
        if stem in ("articles", "data", "corpus", "index", "*") and len(parts) > 1:
            stem = parts[-2]  # the folder says more than such a name
        names.append(show("standard input" if item == "-" else stem, limit=60))
    return listing(list(dict.fromkeys(names)), limit=3) or "Corpus"


def method(
    results: Results, tally: Tally, *, subject: str, corpus: str, source_date: str | None, size: Size
) -> dict[str, Any]:
    """What the last section prints; the config in full only where the size has room for it."""
    run = results.run
    digest = content_hash(results)
    version = show(text_of(run, "toolkit_version"), limit=40)
    date = date_words(source_date) if source_date else ""
    model = run.get("model")
    model_row = model if isinstance(model, Mapping) else {}
    trained = model_row.get("trained_on")
    trained_row = trained if isinstance(trained, Mapping) else {}
    engine = text_of(run, "topics_engine")
    cite = f"Article toolkit{f' {version}' if version else ''}, “{subject} in {corpus}”"
    cite += f", {counted(len(tally.articles), 'article')}" + (f", {date}" if date else "")
    return {
        "hash": digest,
        "cite": f"{cite}. Content hash {digest[:16]}.",
        "engine": _ENGINES.get(engine, words(engine)),
        "facts": [item for item in _facts(run, model_row, trained_row, digest, version, date) if item[1]],
        "hashes": ("Input hash", "Configuration hash", "Model hash", "Content hash of these results"),
        "thresholds": _thresholds(run),
        "topic_numbers": _topic_numbers(run),
        "versions": _pairs(run.get("versions")),
        "encodings": _pairs(run.get("encodings"), as_counts=True),
        "themes": _config_themes(run),
        "sides": _config_sides(run, tally),
        "settings": _settings(run),
        "config": config_text(run) if size.with_script else "",
        "no_relevance": bool(run.get("no_relevance")),
    }


def config_text(run: Mapping[str, Any]) -> str:
    """The config of the run in full, as TOML fit for a page; "" where the folder has none."""
    import tomli_w

    config = run.get("config")
    stated = _without_none(config) if isinstance(config, Mapping) else {}
    return show_lines(tomli_w.dumps(stated, multiline_strings=False)) if stated else ""


def _without_none(value: Any) -> Any:
    """TOML has no null: what is not set is left out."""
    if isinstance(value, Mapping):
        return {str(key): _without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [_without_none(item) for item in value if item is not None]
    return value


def config_sheet(run: Mapping[str, Any]) -> Sheet:
    """Every setting of the config, one a row; the items of a list in one cell."""
    return Sheet("config", ("setting", "value"), flat_config(run.get("config")))


def flat_config(config: object) -> list[tuple[str, str]]:
    """Dotted names and values as text, sorted by name; None is "not set".

    Examples
    --------
    >>> flat_config({"topics": {"n_topics": None, "engine": "nmf"}, "themes": {"health": {"seed_terms": ["a", "b"]}}})
    [('themes.health.seed_terms', 'a; b'), ('topics.engine', 'nmf'), ('topics.n_topics', 'not set')]
    """
    return [(".".join(path), value_text(value)) for path, value in settings_of(config)]


def settings_of(config: object, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    """Every setting of a config with the names that lead to it, sorted by these; lists stay whole."""
    if isinstance(config, Mapping):
        pairs = sorted((str(key), value) for key, value in config.items())
        return [row for key, value in pairs for row in settings_of(value, (*path, key))]
    return [(path, config)] if path else []


def value_text(value: object) -> str:
    """A setting as text: the items of a list in a row."""
    if isinstance(value, (list, tuple)):
        return "; ".join(str(item) for item in value)
    return "not set" if value is None else str(value)


def _end_of_path(name: str) -> str:
    """The last two parts of a path: enough to know the input, and nothing about the machine it lay on."""
    parts = [part for part in name.replace("\\", "/").split("/") if part]
    return "/".join(parts[-2:]) if parts else name


def _facts(
    run: Mapping[str, Any],
    model: Mapping[str, Any],
    trained: Mapping[str, Any],
    digest: str,
    version: str,
    date: str,
) -> list[tuple[str, str]]:
    inputs = run.get("inputs")
    names = sorted(str(item) for item in inputs) if isinstance(inputs, (list, tuple)) else []
    n_trained = number_of(trained, "n_documents")
    return [
        ("Report date", date),
        ("Toolkit version", version),
        ("Input", listing([show(_end_of_path(name), limit=120) for name in names], limit=6)),
        ("Input hash", show(text_of(run, "input_hash"), limit=80)),
        ("Configuration hash", show(text_of(run, "config_hash"), limit=80)),
        ("Model", show(text_of(model, "name"), limit=80)),
        ("Model trained on", counted(int(n_trained), "document") if n_trained is not None else ""),
        ("Model hash", show(text_of(model, "hash"), limit=80)),
        ("Random seed", show(text_of(run, "seed"), limit=20)),
        ("Content hash of these results", digest),
    ]


def _thresholds(run: Mapping[str, Any]) -> list[tuple[str, str]]:
    known = {
        "on_from": "On-topic from a relevance of",
        "off_below": "Off-topic below a relevance of",
    }
    found = run.get("thresholds")
    if not isinstance(found, Mapping):
        return []
    rows = []
    for key in [*known, *sorted(str(key) for key in found if key not in known)]:
        value = number_of(found, key)
        if value is not None:
            rows.append((known.get(key, words(key).capitalize()), f"{value:.2f}"))
    return rows


def _topic_numbers(run: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The stability of each number of topics that was tried, the chosen one marked."""
    selection = run.get("topics_selection")
    curve = selection.get("curve") if isinstance(selection, Mapping) else None
    if not isinstance(selection, Mapping) or not isinstance(curve, (list, tuple)):
        return []
    rows = []
    for point in curve:
        values = [number_of(point, key) if isinstance(point, Mapping) else None for key in ("n_topics", "mean")]
        if None not in values:
            n_topics, mean = (value or 0.0 for value in values)
            is_chosen = n_topics == number_of(selection, "n_topics")
            rows.append({"n": number(n_topics), "mean": f"{mean:.2f}", "is_chosen": is_chosen})
    return rows


def _pairs(found: object, *, as_counts: bool = False) -> list[tuple[str, str]]:
    if not isinstance(found, Mapping):
        return []
    pairs = sorted((str(key), value) for key, value in found.items())
    if as_counts:
        return [(show(key, limit=40), number(number_of({"n": value}, "n") or 0)) for key, value in pairs]
    return [(show(key, limit=60), show(value, limit=60)) for key, value in pairs]


def _config_themes(run: Mapping[str, Any]) -> list[dict[str, str]]:
    """Label, description and seed terms of each theme."""
    config = run.get("config")
    configured = config.get("themes") if isinstance(config, Mapping) else None
    themes = run.get("themes")
    rows = []
    for item in themes if isinstance(themes, (list, tuple)) else []:
        if not isinstance(item, Mapping):
            continue
        section = configured.get(item.get("id")) if isinstance(configured, Mapping) else None
        terms = section.get("seed_terms") if isinstance(section, Mapping) else None
        terms = [show(term, limit=60) for term in terms] if isinstance(terms, (list, tuple)) else []
        rows.append(
            {
                "label": show(text_of(item, "label"), limit=80) or words(item.get("id")).capitalize(),
                "description": show(text_of(item, "description"), limit=400),
                "terms": ", ".join(terms[:30]) + (f" and {number(len(terms) - 30)} more" if len(terms) > 30 else ""),
            }
        )
    return rows


def _config_sides(run: Mapping[str, Any], tally: Tally) -> list[tuple[str, str]]:
    return [
        (show(side.label, limit=60), ", ".join(show(member, limit=40) for member in side.members))
        for side in tally.sides
    ]


def _settings(run: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The plain values of the config's small sections, in words."""
    config = run.get("config")
    if not isinstance(config, Mapping):
        return []
    rows = []
    for section in ("relevance", "topics"):
        values = config.get(section)
        for key, value in sorted(values.items(), key=lambda item: str(item[0])) if isinstance(values, Mapping) else ():
            if isinstance(value, bool) or value is None:
                shown = "yes" if value else "chosen by the toolkit" if value is None else "no"
            elif isinstance(value, (int, float)):
                shown = f"{value:,}"
            else:
                shown = show(value, limit=80)
            rows.append((f"{section.capitalize()}: {words(key)}", shown))
    return rows
