"""Why an article or a segment has a theme: exact contributions to the logit, seed terms named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from toolkit.data import CutDocument, Explanation
from toolkit.terms import weigh_units
from toolkit.themes.model import FEATURES, LEAD_TOKENS, OWN_SLACK, Ints, Reading, ThemeModel

BASELINE = "a text without any word of the theme"
SLACK = "allowance for a single paragraph"
MAX_NAMED_SEEDS = 6  # seed terms written out in one reason


@dataclass(frozen=True, slots=True)
class ThemeReasons:
    """Explanations of every theme for the whole document (in the model's order), and for each segment by theme."""

    document: tuple[Explanation, ...]
    segments: tuple[tuple[Explanation, ...], ...]
    """Of the themes the segment was given, highest score first; empty where none was."""


def explain_themes(model: ThemeModel, cut: CutDocument) -> ThemeReasons:
    """Take apart what `model.score(cut)` answers.

    A document's contributions add up to the theme's logit for the kept text as a whole. A segment's add up to the
    logit of its stored score, the lower of its document's and its own with an allowance; `note` says which it was.
    Logits beyond 30 are stored as 30.
    """
    kept = np.array([piece.kept for piece in cut.segments], dtype=bool)
    if not kept.any():
        return ThemeReasons((), tuple(() for _ in cut.segments))
    reading = model.read(cut)
    whole = next(_units(model, reading, np.where(kept, 0, -1).astype(np.int64), 1))
    own = list(_units(model, reading, np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int64), int(kept.sum())))
    given = model.score(cut)
    rows = iter(own)
    segments: list[tuple[Explanation, ...]] = []
    for s in range(len(cut.segments)):
        if not kept[s]:
            segments.append(())
            continue
        row = next(rows)
        found = []
        for item in given[s]:
            t = model.themes.index(item.theme)
            if row[t].logit + OWN_SLACK < whole[t].logit:
                named = [(part.name, part.value) for part in row[t].contributions]
                found.append(Explanation.of(item.theme, [*named, (SLACK, OWN_SLACK)], note="by its own words"))
            else:
                found.append(
                    Explanation(item.theme, whole[t].logit, whole[t].contributions, "by the article as a whole")
                )
        segments.append(tuple(found))
    return ThemeReasons(tuple(whole), tuple(segments))


def _units(model: ThemeModel, reading: Reading, unit: Ints, n_units: int) -> Iterator[list[Explanation]]:
    """Per unit, the explanations of all themes."""
    features = model.features(reading, unit, n_units) * model.weights.T.astype(float)
    in_lead = np.array([name.startswith("lead") for name in FEATURES])
    seeds, lead_seeds = _seed_counts(reading, unit, n_units)
    terms: list[list[tuple[int, float]]] = [[] for _ in range(n_units)]
    if model.terms:
        of, term, values = weigh_units(unit[reading.term_segment], reading.term, model.idf, n_units)
        for u, i, value in zip(of.tolist(), term.tolist(), values.tolist(), strict=True):
            terms[u].append((i, value))
    for u in range(n_units):
        found = []
        for t, theme in enumerate(model.themes):
            named = [
                (BASELINE, float(model.intercepts[t])),
                (_seed_reason(model, t, seeds[u], "its seed terms"), float(features[u, t, ~in_lead].sum())),
                (
                    _seed_reason(model, t, lead_seeds[u], "its seed terms at the top"),
                    float(features[u, t, in_lead].sum()),
                ),
                *((f"“{model.terms[i]}”", value * float(model.term_weights[i, t])) for i, value in terms[u]),
            ]
            found.append(Explanation.of(theme, named))
        yield found


def _seed_counts(reading: Reading, unit: Ints, n_units: int) -> tuple[list[Counter[int]], list[Counter[int]]]:
    """How often each seed term stands in each unit, and within its first `LEAD_TOKENS` tokens."""
    first = np.full(n_units + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, unit, np.cumsum(reading.n_tokens) - reading.n_tokens)
    everywhere: list[Counter[int]] = [Counter() for _ in range(n_units)]
    lead: list[Counter[int]] = [Counter() for _ in range(n_units)]
    of = unit[reading.seed_segment].tolist()
    for u, seed, place in zip(of, reading.seed.tolist(), reading.seed_place.tolist(), strict=True):
        if u >= 0:
            everywhere[u][seed] += 1
            if place - first[u] < LEAD_TOKENS:
                lead[u][seed] += 1
    return everywhere, lead


def _seed_reason(model: ThemeModel, t: int, counts: Counter[int], name: str) -> str:
    """The reason with the theme's seed terms that were found, most frequent first."""
    own = [(seed, n) for seed, n in counts.items() if model.seed_weights[seed, t] > 0]
    own.sort(key=lambda pair: (-pair[1], model.seeds[pair[0]]))
    shown = [f"{model.seeds[seed]} {n}×" for seed, n in own[:MAX_NAMED_SEEDS]]
    if len(own) > MAX_NAMED_SEEDS:
        shown.append(f"{len(own) - MAX_NAMED_SEEDS} more")
    return f"{name} ({', '.join(shown)})" if shown else name
