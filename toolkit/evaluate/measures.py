"""The measures of every task, by what is counted in each document.

References: precision, recall and F1, van Rijsbergen 1979; ROC AUC, Hanley & McNeil 1982; Brier 1950; calibration error,
Naeini et al. 2015; Pk, Beeferman, Berger & Lafferty 1999; WindowDiff, Pevzner & Hearst 2002.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from toolkit.evaluate.figures import Floats, Measure, f1_of, from_sums, precision_of, recall_of, share
from toolkit.metrics import weighted_average_precision, weighted_calibration_error, weighted_roc_auc

Formula = Callable[..., Floats]
Of = Callable[[Floats, Floats], Floats]

LINE_COLUMNS = 8
"""Lines kept rightly, kept wrongly, cut wrongly, cut rightly; then the same in characters that are no white space."""
TRUTH, SCORE, ON, UNSURE, COVERED = range(5)


def line_measures() -> tuple[Measure, ...]:
    """Of labelled lines or blocks; columns as `LINE_COLUMNS` says."""
    return (*_line_measures("line", 0), *_line_measures("character", 4))


def _line_measures(unit: str, at: int) -> tuple[Measure, ...]:
    def of(formula: Formula) -> Of:
        return from_sums(lambda s: formula(*s[at : at + 4]))

    return (
        Measure(
            f"body_precision_{unit}s", f"body precision by {unit}", of(lambda tp, fp, fn, tn: precision_of(tp, fp, fn))
        ),
        Measure(f"body_recall_{unit}s", f"body recall by {unit}", of(lambda tp, fp, fn, tn: recall_of(tp, fn))),
        Measure(f"body_f1_{unit}s", f"body F1 by {unit}", of(lambda tp, fp, fn, tn: f1_of(tp, fp, fn)), is_main=True),
        Measure(
            f"removal_f1_{unit}s",
            f"removal F1 by {unit}",
            of(lambda tp, fp, fn, tn: f1_of(tn, fn, fp)),
            is_main=unit == "line",
        ),
        Measure(
            f"article_lost_{unit}s",
            f"article lost by {unit}",
            of(lambda tp, fp, fn, tn: share(fn, tp + fn)),
            higher_is_better=False,
            is_main=unit == "character",
        ),
    )


def document_measures() -> tuple[Measure, ...]:
    """Of documents on and off the subject; columns TRUTH, SCORE, ON, UNSURE, COVERED."""

    def confusion(formula: Formula, *, answered: bool = False) -> Of:
        def of(rows: Floats, weights: Floats) -> Floats:
            truth = rows[:, TRUTH] == 1
            counts = rows[:, UNSURE] == 0 if answered else np.ones(len(rows), dtype=bool)
            said = rows[:, ON] == 1 if answered else rows[:, SCORE] >= 0.5
            cells = [truth & said & counts, ~truth & said & counts, truth & ~said & counts]
            return formula(*(weights @ cell for cell in cells))

        return of

    def ranked(formula: Formula) -> Of:
        return lambda rows, weights: formula(rows[:, TRUTH] == 1, rows[:, SCORE], weights)

    def recall(tp: Floats, fp: Floats, fn: Floats) -> Floats:
        return recall_of(tp, fn)

    def brier(rows: Floats, weights: Floats) -> Floats:
        return share(weights @ (rows[:, SCORE] - rows[:, TRUTH]) ** 2, weights.sum(axis=1))

    return (
        Measure("precision", "precision at .5", confusion(precision_of)),
        Measure("recall", "recall at .5", confusion(recall)),
        Measure("f1", "F1 at .5", confusion(f1_of), is_main=True),
        Measure("precision_answered", "precision, unsure left out", confusion(precision_of, answered=True)),
        Measure("recall_answered", "recall, unsure left out", confusion(recall, answered=True)),
        Measure("f1_answered", "F1, unsure left out", confusion(f1_of, answered=True), is_main=True),
        Measure("answered", "share answered", lambda r, w: share(w @ (1 - r[:, UNSURE]), w.sum(axis=1))),
        Measure("coverage", "coverage: truth in the answer", lambda r, w: share(w @ r[:, COVERED], w.sum(axis=1))),
        Measure("roc_auc", "ROC AUC", ranked(weighted_roc_auc)),
        Measure("average_precision", "average precision", ranked(weighted_average_precision)),
        Measure("ece", "expected calibration error", ranked(weighted_calibration_error), higher_is_better=False),
        Measure("brier", "Brier score", brier, higher_is_better=False),
    )


def theme_measures(themes: Sequence[str]) -> tuple[Measure, ...]:
    """Of themes of documents: for each theme three columns: given rightly, given wrongly, missed."""
    n = len(themes)

    def cells(s: Floats) -> Floats:
        return s.reshape(n, 3, -1)

    def macro(s: Floats) -> Floats:
        per_theme = f1_of(*(cells(s)[:, k] for k in range(3)))
        defined = np.isfinite(per_theme)
        return share(np.where(defined, per_theme, 0).sum(axis=0), defined.sum(axis=0))

    found = [
        Measure("macro_f1", "macro-F1 over themes", from_sums(macro), is_main=True),
        Measure("micro_f1", "micro-F1 over themes", from_sums(lambda s: f1_of(*cells(s).sum(axis=0)))),
    ]
    for i, theme in enumerate(themes):

        def of(formula: Formula, at: int = 3 * i) -> Of:
            return from_sums(lambda s: formula(*s[at : at + 3]))

        found += [
            Measure(f"precision_{theme}", f"{theme}: precision", of(precision_of)),
            Measure(f"recall_{theme}", f"{theme}: recall", of(lambda tp, fp, fn: recall_of(tp, fn))),
            Measure(f"f1_{theme}", f"{theme}: F1", of(f1_of)),
        ]
    return tuple(found)


def boundary_measures() -> tuple[Measure, ...]:
    """Columns: Pk, WindowDiff, 1; boundaries found rightly, found wrongly, missed."""
    return (
        Measure("pk", "Pk", from_sums(lambda s: s[0] / s[2]), higher_is_better=False, is_main=True),
        Measure("window_diff", "WindowDiff", from_sums(lambda s: s[1] / s[2]), higher_is_better=False, is_main=True),
        Measure("precision", "boundary precision", from_sums(lambda s: precision_of(s[3], s[4], s[5]))),
        Measure("recall", "boundary recall", from_sums(lambda s: recall_of(s[3], s[5]))),
        Measure("f1", "boundary F1", from_sums(lambda s: f1_of(s[3], s[4], s[5])), is_main=True),
    )


def page_measures() -> tuple[Measure, ...]:
    """Columns: word precision, recall and F1 of the page, 1; must-have phrases found, all; must-not found, all."""
    return (
        Measure("word_precision", "word precision, mean of pages", from_sums(lambda s: s[0] / s[3])),
        Measure("word_recall", "word recall, mean of pages", from_sums(lambda s: s[1] / s[3])),
        Measure("word_f1", "word F1, mean of pages", from_sums(lambda s: s[2] / s[3]), is_main=True),
        Measure("must_have", "must-have phrases found", from_sums(lambda s: share(s[4], s[5]))),
        Measure(
            "must_not", "must-not phrases found", from_sums(lambda s: share(s[6], s[7])), higher_is_better=False
        ),
    )  # fmt: skip


def pair_measures() -> tuple[Measure, ...]:
    """Columns: pairs found, 1; links made that touch a pair, those that are right."""
    return (
        Measure("recall", "pairs found", from_sums(lambda s: s[0] / s[1]), is_main=True),
        Measure("precision", "links that are right", from_sums(lambda s: share(s[3], s[2])), is_main=True),
    )


def role_measures() -> tuple[Measure, ...]:
    """Columns: roles right, roles stated."""
    return (Measure("right", "roles right", from_sums(lambda s: share(s[0], s[1])), is_main=True),)


def audit_measures() -> tuple[Measure, ...]:
    """Of articles drawn at random from those set aside; columns: on the subject, 1."""
    return (
        Measure(
            "on_share",
            "set aside, but on the subject",
            from_sums(lambda s: share(s[0], s[1])),
            higher_is_better=False,
            is_main=True,
        ),
    )


def cut_measures() -> tuple[Measure, ...]:
    """Of passages called wrongly cut; columns: cut rightly now, 1."""
    return (Measure("right", "cut rightly now", from_sums(lambda s: share(s[0], s[1])), is_main=True),)
