"""What held-out articles say of a model: verdicts, coverage, curves, calibration, confusions; counts and shares."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

Row = Mapping[str, Any]
N_BINS = 10
THRESHOLDS = tuple(round(0.05 * i, 2) for i in range(1, 20))
"""At which precision and recall are drawn."""
MIN_GAIN = 0.005  # of F1 for a doubling of the labels, below which more of them are said to hardly help
ANSWERS = ("on", "unsure", "off")


def answer(relevance: float, thresholds: tuple[float, float]) -> str:
    """On from the upper threshold, off below the lower one, unsure between."""
    off_below, on_from = thresholds
    return "on" if relevance >= on_from else "off" if relevance < off_below else "unsure"


def verdict_table(held_out: Sequence[Row], thresholds: tuple[float, float]) -> dict[tuple[bool, str], int]:
    """How many articles of each truth got each answer; every cell is there."""
    found = Counter((bool(row["truth"]), answer(row["relevance"], thresholds)) for row in held_out)
    return {(truth, said): found[truth, said] for truth in (True, False) for said in ANSWERS}


def covered(held_out: Sequence[Row], limit: float) -> dict[str, tuple[int, int]]:
    """For all ("") and for each outlet: articles whose truth is in their conformal set, and articles.

    An outcome is in the set where one minus its probability is no larger than `limit`: below a half a set may be empty,
    above it may hold both (both are answered with unsure).
    """
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in held_out:
        is_covered = (1 - row["relevance"] if row["truth"] else row["relevance"]) <= limit
        for outlet in {"", row["outlet"]}:
            found[outlet][0] += is_covered
            found[outlet][1] += 1
    return {outlet: (hits, n) for outlet, (hits, n) in sorted(found.items())}


def precision_recall(held_out: Sequence[Row]) -> list[tuple[float, float | None, float]]:
    """Threshold, precision (None where nothing is called on) and recall."""
    n_on = sum(row["truth"] for row in held_out)
    points = []
    for threshold in THRESHOLDS:
        said = [row["truth"] for row in held_out if row["relevance"] >= threshold]
        precision = round(sum(said) / len(said), 6) if said else None
        points.append((threshold, precision, round(sum(said) / n_on, 6) if n_on else 0.0))
    return points


def calibration(held_out: Sequence[Row]) -> list[tuple[float, float, int, int]]:
    """Of each bin of relevance that holds articles: its middle, their mean relevance, those on the subject, all."""
    bins: dict[int, list[Row]] = defaultdict(list)
    for row in held_out:
        bins[min(int(row["relevance"] * N_BINS), N_BINS - 1)].append(row)
    return [
        (
            (i + 0.5) / N_BINS,
            round(sum(row["relevance"] for row in rows) / len(rows), 6),
            sum(row["truth"] for row in rows),
            len(rows),
        )
        for i, rows in sorted(bins.items())
    ]


def theme_figures(held_out: Sequence[Row], thresholds: Mapping[str, float]) -> dict[str, tuple[int, int, int]]:
    """For each theme how often it was given rightly, given wrongly and missed."""
    found: dict[str, list[int]] = {theme: [0, 0, 0] for theme in thresholds}
    for row in held_out:
        is_given = row["score"] >= thresholds[row["theme"]]
        if row["truth"] or is_given:
            found[row["theme"]][0 if row["truth"] and is_given else 1 if is_given else 2] += 1
    return {theme: (right, wrong, missed) for theme, (right, wrong, missed) in found.items()}


def confusions(held_out: Sequence[Row], thresholds: Mapping[str, float]) -> list[tuple[str, str, int]]:
    """Pairs (missed theme, theme given wrongly) with the articles in which both happened, most frequent first."""
    missed: dict[str, list[str]] = defaultdict(list)
    wrong: dict[str, list[str]] = defaultdict(list)
    for row in held_out:
        is_given = row["score"] >= thresholds[row["theme"]]
        if is_given != row["truth"]:
            (wrong if is_given else missed)[row["document_id"]].append(row["theme"])
    pairs = Counter((m, w) for document_id, themes in missed.items() for m in themes for w in wrong[document_id])
    return sorted([(m, w, n) for (m, w), n in pairs.items()], key=lambda pair: (-pair[2], pair[0], pair[1]))


def what_more_would_buy(curve: Sequence[Row]) -> str:
    """A sentence from the last doubling of the labels, with how far draws of the half of them lie apart."""
    doublings = [(a, b) for a, b in pairwise(curve) if 1.8 <= b["n"] / a["n"] <= 2.2]
    if not doublings:
        return ""
    before, after = doublings[-1]
    gain = after["f1"] - before["f1"]
    start = (
        f"From {before['n']:,} to {after['n']:,} labels, held-out F1 went from {before['f1']:.3f} (draws of them: "
        f"{before['f1_low']:.3f} to {before['f1_high']:.3f}) to {after['f1']:.3f}"
    )
    if gain <= MIN_GAIN:
        return (
            f"{start}: more labels of the same kind would hardly help. Labels of other outlets, or of the articles "
            "listed to be labelled next, may."
        )
    return (
        f"{start}. If another doubling brings no more than this one did, {2 * after['n']:,} labels of the same kind "
        f"would add up to {gain:.3f}."
    )
