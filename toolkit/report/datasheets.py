"""The data card and the model card: what was read, what it was judged by, and what either is not good for."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from toolkit.report.findings import wilson
from toolkit.report.measured import Measured, promise_words, read_measured
from toolkit.report.periods import covered
from toolkit.report.rows import Row, number_of, text_of
from toolkit.report.sections import View
from toolkit.report.tally import Tally
from toolkit.report.wording import counted, interval_words, listing, number, percent, show

MAX_OUTLETS = 8
MAX_LANGUAGES = 8
_FORMATS = {
    "txt": "plain text",
    "md": "Markdown",
    "html": "HTML",
    "htm": "HTML",
    "jsonl": "JSON lines",
    "json": "JSON",
    "csv": "CSV",
    "tsv": "TSV",
    "parquet": "Parquet",
    "pdf": "PDF",
    "warc": "WARC",
}
_PACKED = ("gz", "bz2", "xz", "zst")
MODEL_LIMITS = (
    "It knows the sides and themes of its configuration and no others; what is about neither is off-topic.",
    "Its scores are right on average for material like the labelled one; on other outlets, years or languages they may "
    "lean to one side.",
    "It reads what was scraped: an article cut short by a pay wall is judged by what is left of it.",
    "Topics describe the corpus they were found in; a new affair has none until the model is trained again.",
)


def data_card(tally: Tally) -> View:
    """Sources, period, languages, formats, rights and known gaps of what was read."""
    articles = tally.articles
    outlets = Counter(article.outlet for article in articles if article.outlet)
    codes = Counter(article.language for article in articles if article.language)
    languages: Counter[str] = Counter()
    for code, n in codes.items():
        languages[language_name(code)] += n
    rows = [
        ("Read", _read_words(tally)),
        ("Sources", _ranked(outlets, "outlet", limit=MAX_OUTLETS)),
        ("Period", covered([article.date for article in articles])),
        ("Languages", _ranked(languages, "language", limit=MAX_LANGUAGES)),
        ("Formats", formats_words([article.file for article in articles])),
        ("Text", _text_words(tally)),
    ]
    return {"rows": [(label, value) for label, value in rows if value], "gaps": known_gaps(tally)}


def _read_words(tally: Tally) -> str:
    parts = [counted(len(tally.articles), "article")]
    if tally.n_quarantined:
        parts.append(f"{counted(tally.n_quarantined, 'record')} that could not be used")
    if tally.n_repeats:
        parts.append(f"{counted(tally.n_repeats, 'exact repeat')}")
    return listing(parts)


def _text_words(tally: Tally) -> str:
    total, kept = tally.all_text.n_characters, tally.kept_text.n_characters
    return f"{number(total)} characters, of which {number(kept)} belong to the articles" if total else ""


def _ranked(counter: Counter[str], kind: str, *, limit: int) -> str:
    ranked = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    if not ranked:
        return ""
    named = listing([f"{show(name, limit=60)} {number(n)}" for name, n in ranked], limit=limit)
    return f"{counted(len(ranked), kind)}: {named}" if len(ranked) > 1 else named


def language_name(code: str) -> str:
    """The English name of an ISO 639 code; the code itself where there is none.

    Examples
    --------
    >>> language_name("vi"), language_name("und"), language_name("x!")
    ('Vietnamese', 'not known', 'x!')
    """
    plain = code.split("-")[0]
    return "not known" if plain == "und" else _language_names().get(plain.lower(), code)


@cache
def _language_names() -> dict[str, str]:
    """The names by their codes of two and of three letters; from pycountry's file, for its index takes 0.1 s."""
    listed = json.loads(files("pycountry").joinpath("databases/iso639-3.json").read_bytes())["639-3"]
    return {
        language[key]: str(language["name"]).split(" (")[0]
        for key in ("alpha_3", "alpha_2")
        for language in listed
        if key in language
    }


def formats_words(files: list[str]) -> str:
    """The kinds of files, by the endings of their names, with the number of articles in each.

    Examples
    --------
    >>> formats_words(["a.txt", "b.txt", "dump.jsonl.gz", "standard input"])
    'plain text 2, JSON lines (packed) 1 and other 1'
    """
    kinds: Counter[str] = Counter()
    for name in files:
        parts = name.casefold().split("#")[0].split(".")
        packed = len(parts) > 1 and parts[-1] in _PACKED
        ending = parts[-2 if packed else -1] if len(parts) > 1 + packed else ""
        kinds[_FORMATS.get(ending, "other") + (" (packed)" if packed and ending in _FORMATS else "")] += 1
    ranked = sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
    return listing([f"{kind} {number(n)}" for kind, n in ranked]) if kinds.keys() - {"other"} else ""


def known_gaps(tally: Tally) -> list[str]:
    """What the collection lacks as far as it shows, in sentences."""
    articles, gaps = tally.articles, []
    n = len(articles)
    undated = sum(1 for article in articles if not article.date)
    no_year = sum(1 for article in articles if article.date.startswith("--"))
    if undated + no_year:
        which = f" ({number(no_year)} of them state a day without a year)" if no_year else ""
        gaps.append(f"{number(undated + no_year)} of {counted(n, 'article')} cannot be placed in time{which}.")
    nameless = sum(1 for article in articles if not article.outlet)
    if nameless:
        gaps.append(f"{number(nameless)} of {counted(n, 'article')} name no outlet.")
    if tally.timeline.drawn:
        empty = [label for label, count in zip(tally.timeline.labels, tally.n_per_bucket, strict=True) if count == 0]
        if empty:
            gaps.append(f"No on-topic article is dated in {listing(empty, limit=6)}.")
    without_text = sum(1 for article in articles if not article.n_kept)
    if without_text:
        gaps.append(f"{counted(without_text, 'page')} held no article text.")
    if tally.n_quarantined:
        gaps.append(f"{counted(tally.n_quarantined, 'record')} could not be used.")
    return gaps


def model_card(tally: Tally) -> View:
    """What the model learned from, where it drew its lines, what it promised, what was measured."""
    run = tally.run
    model = run.get("model")
    stated: Row = model if isinstance(model, Mapping) else {}
    trained = stated.get("trained_on")
    learned: Row = trained if isinstance(trained, Mapping) else {}
    measured = read_measured(run)
    rows = [
        ("Name", show(text_of(stated, "name"), limit=80)),
        ("Learned from", _learned_words(learned, measured)),
        ("Labels", _label_words(measured)),
        ("Started from", _base_words(learned)),
        ("Lines", _line_words(run)),
        ("Promise", promise_words(measured)),
    ]
    return {
        "rows": [(label, value) for label, value in rows if value],
        "figures": _figures(measured),
        "of_the_base": measured.of_the_base,
        "is_recorded": measured.is_recorded,
        "limits": MODEL_LIMITS,
    }


def _learned_words(learned: Row, measured: Measured) -> str:
    n, n_on = number_of(learned, "n_documents"), number_of(learned, "n_on_topic")
    if n is None:
        return ""
    parts = [counted(int(n), "document")]
    if measured.n_learned_from is not None and measured.n_learned_from < n:
        parts.append(f"of which a sample of {number(measured.n_learned_from)} was learned from")
    if n_on is not None:
        parts.append(f"{number(n_on)} of them on the subject")
    return ", ".join(parts)


def _label_words(measured: Measured) -> str:
    if measured.n_labels is None:
        return ""
    if measured.n_labels:
        return counted(measured.n_labels, "labelled document")
    if measured.of_the_base:
        return "none of its own: what it knows of on and off is that of the model it started from"
    return "none: on and off are told by the built-in rule"


def _base_words(learned: Row) -> str:
    if "base" not in learned:
        return ""
    base = text_of(learned, "base")
    return f"the model {show(base[:16], limit=40)}…" if base else "the configuration alone"


def _line_words(run: Row) -> str:
    thresholds = run.get("thresholds")
    if not isinstance(thresholds, Mapping) or run.get("no_relevance"):
        return ""
    on, off = number_of(thresholds, "on_from"), number_of(thresholds, "off_below")
    if on is None or off is None:
        return ""
    between = ", unsure between" if off < on else ""
    return f"on-topic from a score of {on:.3f}, off-topic below {off:.3f}{between}"


def _figures(measured: Measured) -> list[dict[str, Any]]:
    """The measured figures in words, with their intervals where they are shares of documents."""
    rows: list[tuple[str, str]] = []
    if measured.n_documents:
        n_on = int(measured.of("n_on") or 0)
        rows.append(("Labelled documents", f"{number(measured.n_documents)}, {number(n_on)} on the subject"))
    for label, share in (
        ("Precision: of those called on, are", measured.precision),
        ("Recall: of those on the subject, called on", measured.recall),
        ("Promise kept", measured.coverage),
    ):
        if share is not None:
            rows.append((label, share.words))
    answered = measured.of("answered_ratio")
    if answered is not None:
        n = measured.n_documents
        rows.append(("Got an answer", f"{percent(answered)} ({interval_words(*wilson(round(answered * n), n))})"))
    for name, label in (
        ("f1_answered", "F1 of those answered"),
        ("f1_at_half", "F1 with the line at one half"),
        ("auc", "Area under the ROC curve"),
        ("average_precision", "Average precision"),
    ):
        value = measured.of(name)
        if value is not None:
            rows.append((label, f"{value:.3f}"))
    macro_f1 = number_of(measured.themes, "macro_f1")
    if macro_f1 is not None:
        rows.append(("Themes: mean F1", f"{macro_f1:.3f}"))
    return [{"label": label, "value": value} for label, value in rows]
