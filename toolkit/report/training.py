"""The report of a training: what was learned, how well it does held out, and what to label next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from toolkit.report.findings import wilson
from toolkit.report.inlined import digest, read_style
from toolkit.report.page import Report
from toolkit.report.sheets import Sheet
from toolkit.report.templating import templates
from toolkit.report.training_charts import curves
from toolkit.report.training_figures import (
    ANSWERS,
    answer,
    calibration,
    confusions,
    covered,
    precision_recall,
    theme_figures,
    verdict_table,
    what_more_would_buy,
)
from toolkit.report.wording import counted, date_words, foreign_language, interval_words, number, percent, show, words

Row = Mapping[str, Any]
View = dict[str, Any]
_TO_LABEL_COLUMNS = ("document_id", "title", "outlet", "date", "sentence", "why", "on_topic", "themes")
_MAX_CONFUSIONS, _MAX_CUES, _MAX_SHOWN = 12, 12, 15
_FEW = 30  # articles of an outlet below which its own coverage is not printed


def make_training_report(lesson: Any, *, labels_file: str, source_date: str | None = None) -> Report:
    """The page and the tables of one training; `lesson` has the attributes of `toolkit.lesson.Lesson`, plain rows.

    `labels_file` is where the articles to label next are written, as a person would type it. Equal lessons give equal
    bytes.
    """
    style = read_style()
    held_out = _held_out(lesson)
    themes = _themes(lesson)
    view = {
        "name": show(lesson.name, limit=80),
        "subject": show(lesson.subject, limit=120),
        "date": date_words(source_date) if source_date else "",
        "facts": _facts(lesson),
        "notes": [show(note, limit=2000) for note in lesson.notes],
        "findings": _findings(lesson, held_out),
        "held_out": held_out,
        "themes": themes,
        "cues": [(show(row["cue"]), f"{row['weight']:+.2f}") for row in lesson.cues[:_MAX_CUES]],
        "terms": {kind: _terms(lesson, "", kind) for kind in ("for", "against")},
        "topics": _topics(lesson.topics_selection),
        "floors": _floors(lesson),
        "advice": _advice(lesson.to_label),
        "more": what_more_would_buy(lesson.curve),
        "curve": _curve(lesson.curve),
        "labels_file": labels_file,
    }
    html = (
        templates()
        .get_template("training.html.jinja")
        .render(
            style=Markup(style),  # noqa: S704 - our own file, never data
            style_hash=digest(style),
            view=view,
        )
    )
    return Report(html, tuple(_sheets(lesson, themes)))


def to_label_sheet(lesson: Any) -> Sheet:
    """The articles to label next, for a spreadsheet: fill in `on_topic` and `themes`, and give it to --labels."""
    rows = [(*(row[name] for name in _TO_LABEL_COLUMNS[:6]), "", "") for row in lesson.to_label]
    return Sheet("to_label", _TO_LABEL_COLUMNS, rows)


def _facts(lesson: Any) -> list[tuple[str, str]]:
    training, labels = lesson.training, lesson.labels
    return [
        ("Documents", f"{number(training['n_documents'])}, learned from {number(training['n_learned_from'])}"),
        ("On the subject, by this model", number(training["n_on_topic"])),
        ("Labels: on the subject / off it", f"{number(labels['on'])} / {number(labels['off'])}"),
        ("Labelled, but left open", number(labels["open"])),
        ("Labelled passages", number(labels["passages"])),
        ("Topics", f"{number(training['n_topics'])} ({words(training['topics_engine'])})"),
        ("On from / off below", f"{lesson.thresholds[1]:.3f} / {lesson.thresholds[0]:.3f}"),
        ("Corpus hash", training["corpus_hash"]),
    ]


def _findings(lesson: Any, held_out: View) -> list[str]:
    found = []
    if held_out:
        found.append(
            f"On {counted(held_out['n'], 'labelled article')} that it had not learned from, the model answers "
            f"{held_out['answered']}, and {held_out['right']} of those answers are right."
        )
        found.append(held_out["promise"])
    else:
        labels = lesson.labels
        found.append(
            f"Relevance was not learned from labels ({number(labels['on'])} on the subject and {number(labels['off'])} "
            "off it were given): it is the starting model’s, and nothing below can say how well it does here."
        )
    learned = [row["label"] for row in lesson.theme_labels if row["is_learned"]]
    found.append(
        f"{counted(len(learned), 'theme')} of {len(lesson.theme_labels)} "
        f"{'was' if len(learned) == 1 else 'were'} learned from labels"
        + ("; the others follow the starting model." if len(learned) < len(lesson.theme_labels) else ".")
    )
    more = what_more_would_buy(lesson.curve)
    return [*found, *([more] if more else [])]


def _held_out(lesson: Any) -> View:
    rows, thresholds = lesson.held_out, lesson.thresholds
    if not rows:
        return {}
    table = verdict_table(rows, thresholds)
    answered = len(rows) - table[True, "unsure"] - table[False, "unsure"]
    right = table[True, "on"] + table[False, "off"]
    points = precision_recall(rows)
    bins = calibration(rows)
    promised, limit = (lesson.measured.get(name) for name in ("coverage_promised", "conformal_limit"))
    by_outlet = covered(rows, limit) if limit is not None else {}
    return {
        "n": len(rows),
        "answered": percent(answered / len(rows)),
        "right": f"{percent(right / answered)} ({_interval(right, answered)})" if answered else "none",
        "promise": _promise(by_outlet, promised, limit),
        "rows_of_verdicts": [
            (name, *(number(table[truth, said]) for said in ANSWERS))
            for truth, name in ((True, "on the subject"), (False, "off the subject"))
        ],
        "outlets": [
            (show(outlet, limit=60), number(n), percent(hits / n), interval_words(*wilson(hits, n)))
            for outlet, (hits, n) in by_outlet.items()
            if outlet and n >= _FEW
        ],
        "precision_recall": curves(
            [
                ("precision", [(x, p) for x, p, _ in points if p is not None]),
                ("recall", [(x, r) for x, _, r in points]),
            ],
            x_title="threshold: on from this relevance up",
            x_domain=(0, 1),
            rules=sorted(set(thresholds)),
            label="Precision and recall of held-out articles against the threshold of relevance; the table has it all.",
        ),
        "points": [(f"{x:.2f}", percent(p) if p is not None else "–", percent(r)) for x, p, r in points],
        "calibration": curves(
            [("observed", [(mean, on / size) for _, mean, on, size in bins])],
            x_title="relevance stated (mean of ten bins)",
            x_domain=(0, 1),
            diagonal=True,
            points=True,
            label="Share of held-out articles on the subject against relevance stated; a calibrated model is on the "
            "diagonal.",
        ),
        "bins": [
            (
                f"{mid - 0.05:.1f}–{mid + 0.05:.1f}",
                f"{mean:.2f}",
                percent(on / n),
                interval_words(*wilson(on, n)),
                number(n),
            )
            for mid, mean, on, n in bins
        ],
    }


def _promise(by_outlet: Mapping[str, tuple[int, int]], promised: float | None, limit: float | None) -> str:
    """What was promised of new articles like the labelled ones, and what held-out ones got, as on the model card."""
    if promised is None or limit is None:
        return "No promise was made: a target was set, or labels were too few."
    hits, n = by_outlet[""]
    kept = "get an answer, and the right one" if limit < 0.5 else "are not answered wrongly"
    return f"Promised: {percent(promised)} {kept}. Held out: {percent(hits / n)} ({_interval(hits, n)})."


def _themes(lesson: Any) -> View:
    labels = {row["theme"]: show(row["label"], limit=80) for row in lesson.theme_labels}
    thresholds = {row["theme"]: row["threshold"] for row in lesson.theme_labels}
    figures = theme_figures(lesson.held_out_themes, thresholds)
    rows = []
    for row in lesson.theme_labels:
        right, wrong, missed = figures[row["theme"]]
        f1 = 2 * right / (2 * right + wrong + missed) if right + wrong + missed else None
        rows.append(
            {
                "label": labels[row["theme"]],
                "n_with": number(row["n_with"]),
                "n_without": number(row["n_without"]),
                "threshold": f"{row['threshold']:.2f}",
                "precision": percent(right / (right + wrong)) if row["is_learned"] and right + wrong else "–",
                "recall": percent(right / (right + missed)) if row["is_learned"] and right + missed else "–",
                "f1": f"{f1:.2f}" if row["is_learned"] and f1 is not None else "–",
                "seeds": _terms(lesson, row["theme"], "seed"),
                "learned": _terms(lesson, row["theme"], "for"),
                "is_learned": row["is_learned"],
            }
        )
    pairs = confusions(lesson.held_out_themes, thresholds)
    return {
        "rows": rows,
        "has_figures": bool(lesson.held_out_themes),
        "confusions": pairs[:_MAX_CONFUSIONS],
        "confusion_rows": [(f"{labels[m]} · {labels[w]}", number(n)) for m, w, n in pairs[:_MAX_CONFUSIONS]],
        "n_confusions": len(pairs),
        "pairs": pairs,
        "figures": figures,
    }


def _terms(lesson: Any, of: str, kind: str) -> str:
    found = [show(row["term"], limit=60) for row in lesson.terms if row["of"] == of and row["kind"] == kind]
    return ", ".join(found)


def _topics(selection: Row) -> View:
    curve = [(point["n_topics"], point["mean"]) for point in selection.get("curve", ())]
    if len(curve) < 2:
        return {}
    chosen = selection.get("n_topics")
    return {
        "chart": curves(
            [("stability", [(float(n), max(mean, 0.0)) for n, mean in curve])],
            x_title="number of topics",
            x_domain=(float(curve[0][0]), float(curve[-1][0])),
            rules=[float(chosen)] if chosen else (),
            points=True,
            label="Stability of the topics against their number; the chosen number is marked.",
        ),
        "table": [(number(n) + (" (taken)" if n == chosen else ""), f"{mean:.2f}") for n, mean in curve],
    }


def _curve(curve: Sequence[Row]) -> View:
    if len(curve) < 2:
        return {}
    return {
        "chart": curves(
            [
                ("F1", [(float(row["n"]), row["f1"]) for row in curve]),
                ("average precision", [(float(row["n"]), row["average_precision"]) for row in curve]),
            ],
            x_title="labels learned from (means of four draws)",
            x_domain=(0, float(curve[-1]["n"])),
            points=True,
            zero=False,
            label="Held-out F1 and average precision against the number of labels learned from.",
        ),
        "rows": [
            (
                number(row["n"]),
                f"{row['f1']:.3f}",
                f"{row['f1_low']:.3f}–{row['f1_high']:.3f}",
                f"{row['average_precision']:.3f}",
            )
            for row in curve
        ],
    }


def _floors(lesson: Any) -> list[tuple[str, str]]:
    """The held-out figures, to the thousandth on the easier side: what a later model should not fall below."""
    figures = [
        *sorted(lesson.measured.items()),
        *((f"themes: {k}", v) for k, v in sorted(lesson.themes_measured.items())),
    ]
    skipped = ("n_documents", "n_on", "themes: n_documents", "conformal_limit", "coverage_promised")
    return [(words(name), f"{int(value * 1000) / 1000:.3f}") for name, value in figures if name not in skipped]


def _advice(rows: Sequence[Row]) -> View:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row["group"], []).append(row)
    shown = [
        {
            "name": group[:1].upper() + group[1:],
            "n": len(held),
            "rows": [
                {
                    "title": show(row["title"] or row["document_id"], limit=160),
                    "outlet": show(row["outlet"], limit=60),
                    "date": date_words(row["date"]) if row["date"] else "",
                    "sentence": show(row["sentence"], limit=320),
                    "lang": foreign_language(row["language"]),
                    "why": show(row["why"], limit=160),
                    "document_id": show(row["document_id"], limit=200),
                }
                for row in held[:_MAX_SHOWN]
            ],
        }
        for group, held in groups.items()
    ]
    return {"groups": shown, "n": len(rows)}


def _sheets(lesson: Any, themes: View) -> list[Sheet]:
    sheets = [
        to_label_sheet(lesson),
        Sheet("terms", ("of", "kind", "term", "strength"), [_values(row) for row in lesson.terms]),
        Sheet("cues", ("cue", "weight"), [_values(row) for row in lesson.cues]),
        Sheet(
            "themes",
            ("theme", "label", "n_with", "n_without", "is_learned", "threshold", "right", "wrong", "missed"),
            [(*_values(row), *themes["figures"][row["theme"]]) for row in lesson.theme_labels],
        ),
        Sheet("confusions", ("missed", "given_wrongly", "n_articles"), themes["pairs"]),
    ]
    if lesson.held_out:
        names = ("document_id", "outlet", "truth", "relevance", "answer")
        answers = [(*_values(row), answer(row["relevance"], lesson.thresholds)) for row in lesson.held_out]
        sheets += [
            Sheet("held_out", names, answers),
            Sheet("precision_recall", ("threshold", "precision", "recall"), precision_recall(lesson.held_out)),
            Sheet("calibration", ("middle", "mean_relevance", "n_on", "n"), calibration(lesson.held_out)),
        ]
    if lesson.curve:
        names = ("n", "f1", "average_precision", "f1_low", "f1_high")
        sheets.append(Sheet("label_curve", names, [_values(row) for row in lesson.curve]))
    return sheets


def _values(row: Row) -> tuple[object, ...]:
    return tuple(row.values())


def _interval(hits: int, n: int) -> str:
    return f"95% interval {interval_words(*wilson(hits, n))}"
