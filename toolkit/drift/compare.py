"""A batch beside the corpus its model learned from: measures with p-values, and what they mean in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from toolkit.drift.articles import (
    Floats,
    Ints,
    Sampler,
    theme_marks,
    topic_shares,
)
from toolkit.drift.candidates import ALARM_LEVEL, Batch, find_new, sketch
from toolkit.drift.profile import DriftProfile
from toolkit.drift.similarity import cosines
from toolkit.embed import Encoder

TOO_FEW = 20
"""Articles a batch and a corpus must have for a p-value to be worth its name."""
N_BATCH = 300
"""On-topic articles of a batch that are looked at."""
N_SCORES = 400
"""Articles of any verdict whose relevance is looked at."""
TEST_LEVEL = 0.02
"""The chance that any of the other measures is called different though none is (Holm 1979)."""
_N_PERMUTATIONS = 399
_MAX_TESTED = 400  # reference articles in the permutation tests
_SEED = 20240417
# What matters to a reader: a difference smaller than this is no reason to train again, however sure it is.
_MATERIAL_SHARE = 0.05
_MATERIAL_UNKNOWN = 0.03
# With topics found in 40 articles of bbc_news .01 of their own passages and .18 of other articles' were in none; with
# 100 articles the two were alike.
_MIN_FITTED = 100


def compare(
    profile: DriftProfile, sampler: Sampler, *, topic_ids: Sequence[int], encoder: Encoder, no_relevance: bool
) -> dict[str, Any]:
    """What `drift.json` says of a batch.

    Parameters
    ----------
    sampler : has seen every article of the batch that is no near-copy of another, and has been given the on-topic ones
    topic_ids : the model's topics now; where they are not those of the profile, topics are not compared
    """
    n_on_topic = len(sampler.articles())
    found: dict[str, Any] = {
        "n_articles": sum(sampler.verdicts.values()),
        "verdicts": {verdict: n for verdict, n in sorted(sampler.verdicts.items()) if n},
        "n_on_topic_compared": n_on_topic,
        "n_other_language": sampler.n_other_language,
        "n_training_articles": profile.n_articles,
        "n_topics": len(topic_ids),
        "n_reference": len(profile.vectors),
        "levels": {"new_topic": ALARM_LEVEL, "measures": TEST_LEVEL, "correction": "Holm"},
        "measures": [],
        "candidates": [],
        "notes": [],
    }
    notes: list[str] = found["notes"]
    if profile.no_relevance != no_relevance:
        with_it, without = ("the batch", "the model") if no_relevance else ("the model", "the batch")
        notes.append(
            f"Not compared: {with_it} took every article as on the subject (--no-relevance), {without} did not. "
            f"Classify {'without' if no_relevance else 'with'} --no-relevance for a comparison."
        )
        return {**found, "verdict": "not compared"}
    if encoder.n_dimensions != len(profile.mean):
        notes.append("Not compared: the model was trained with another embedder. Train it again.")
        return {**found, "verdict": "not compared"}
    tests: list[dict[str, Any]] = []
    if not no_relevance:
        tests += _judgement_tests(profile, sampler)
    enough = min(n_on_topic, len(profile.vectors)) >= TOO_FEW
    if enough:
        batch = sketch(profile, sampler.articles(), encoder)
        tests += _topical_tests(profile, batch, topic_ids, notes)
        find_new(profile, batch, found)
    else:
        notes.append(
            f"Too few on-topic articles to compare: {n_on_topic} in the batch, {len(profile.vectors)} of the training "
            f"corpus; {TOO_FEW} of each are needed."
        )
    _correct(tests)
    found["measures"] = tests
    coverage = next((test for test in tests if test["name"] == "relevance_scores"), None)
    if coverage:
        found["promise_plausible"] = not coverage["differs"]
    if sampler.n_other_language:
        n = sampler.n_other_language
        who = (
            "1 on-topic article in another language was" if n == 1 else f"{n} on-topic articles in other languages were"
        )
        notes.append(f"{who} not compared.")
    return {**found, "verdict": _verdict(found, enough or bool(tests))}


def not_compared(why: str) -> dict[str, Any]:
    """What `drift.json` says of a batch that was not compared with anything."""
    return {"verdict": "not compared", "notes": [why], "measures": [], "candidates": []}


def _verdict(found: Mapping[str, Any], is_compared: bool) -> str:
    if any(candidate["kind"] == "topic" for candidate in found["candidates"]):
        return "new topic"
    if not is_compared:
        return "too few to say"
    if any(test["differs"] and test["is_material"] for test in found["measures"]):
        return "retrain"
    return "other mixture" if any(test["differs"] for test in found["measures"]) else "like the training corpus"


def _judgement_tests(profile: DriftProfile, sampler: Sampler) -> list[dict[str, Any]]:
    """The share of unsure articles, and the distribution of relevance."""
    n, n_before = sum(sampler.verdicts.values()), sum(profile.verdicts.values())
    scores = np.rint(1000 * np.array(sampler.scores())).astype(np.int64)
    if min(n, n_before, len(profile.scores)) < TOO_FEW:
        return []
    hits, before = sampler.verdicts["unsure"], profile.verdicts.get("unsure", 0)
    pooled = (hits + before) / (n + n_before)
    error = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / n_before))
    z = (hits / n - before / n_before) / error if error else 0.0
    low, high = _wilson(hits, n)
    share = _test(
        "unsure_share",
        "share of articles the model is unsure of; score test of two proportions",
        hits / n,
        before / n_before,
        math.erfc(abs(z) / math.sqrt(2)),
        interval=(low, high),
        material=hits / n - before / n_before >= _MATERIAL_SHARE,
    )
    reference = profile.scores.astype(np.int64)[:_MAX_TESTED]
    joined = np.concatenate([reference, scores])
    p, distance, chance = _energy(np.abs(joined[:, None] - joined), len(reference), scale=1000)
    relevance = _test(
        "relevance_scores",
        "energy distance of relevance; permutation of articles",
        distance,
        None,
        p,
        chance=chance,
        material=_mean_gap(reference, scores) >= 1000 * _MATERIAL_SHARE,
    )
    return [share, relevance]


def _mean_gap(first: Ints, second: Ints) -> float:
    return abs(float(first.mean()) - float(second.mean()))


def _topical_tests(
    profile: DriftProfile, batch: Batch, topic_ids: Sequence[int], notes: list[str]
) -> list[dict[str, Any]]:
    """Words, vectors, topics and themes of on-topic articles; articles are what is permuted."""
    n = min(len(profile.vectors), _MAX_TESTED)
    tests = []
    unknown = np.array([_unknown_share(profile, words) for words in batch.words], dtype=np.int64)
    before = profile.unknown[:n].astype(np.int64)
    tests.append(
        _mean_test(
            "unknown_words",
            "share of an article's words that the training corpus does not have; one-sided permutation of articles",
            before,
            unknown,
            scale=1000,
            material=_MATERIAL_UNKNOWN,
        )
    )
    joined = np.concatenate([profile.vectors[:n], batch.vectors])
    distances = np.rint(4096 * np.sqrt(np.maximum(0, 2 - 2 * cosines(joined, joined)))).astype(np.int64)
    np.fill_diagonal(distances, 0)
    p, distance, chance = _energy(distances, n, scale=4096)
    tests.append(
        _test(
            "vectors", "energy distance of article vectors; permutation of articles", distance, None, p, chance=chance
        )
    )
    if profile.topic_ids and tuple(topic_ids) == profile.topic_ids:
        shares = topic_shares(batch.articles, topic_ids).astype(np.int64)
        reference = profile.topics[:n].astype(np.int64)
        tests.append(_mixture("topic_shares", "topics of segments", reference, shares))
        what = "share of an article's segments without a topic; one-sided permutation of articles"
        if len(profile.vectors) >= _MIN_FITTED:
            before = reference[:, -1]
            tests.append(_mean_test("no_topic", what, before, shares[:, -1], scale=255, material=_MATERIAL_SHARE))
        else:
            notes.append(
                f"Passages without a topic were not compared: topics found in fewer than {_MIN_FITTED} articles fit "
                "these better than any others."
            )
    elif profile.topic_ids:
        notes.append("The model's topics are not those it was trained with: their shares were not compared.")
    marks = theme_marks(batch.articles, profile.theme_ids).astype(np.int64)
    tests.append(_mixture("theme_shares", "themes of articles", profile.themes[:n].astype(np.int64), marks))
    return tests


def _unknown_share(profile: DriftProfile, words: Mapping[int, str]) -> int:
    rows = profile.rows_of(np.array(sorted(words), dtype=np.int64))
    return round(1000 * int((rows < 0).sum()) / max(len(words), 1))


def _test(
    name: str,
    what: str,
    value: float,
    training: float | None,
    p: float,
    *,
    interval: tuple[float, float] | None = None,
    chance: float | None = None,
    material: bool = False,
) -> dict[str, Any]:
    row: dict[str, Any] = {"name": name, "what": what, "batch": round(value, 6), "p": round(p, 6)}
    if training is not None:
        row["training"] = round(training, 6)
    if interval is not None:
        row["interval"] = [round(end, 6) for end in interval]
    if chance is not None:
        row["by_chance_up_to"] = round(chance, 6)
    return {**row, "is_material": material}


def _correct(tests: list[dict[str, Any]]) -> None:
    """Say of each test whether it differs, by Holm's step-down: the smallest p-value has to be the smallest."""
    still = True
    for rank, test in enumerate(sorted(tests, key=lambda test: (test["p"], test["name"]))):
        still = still and test["p"] <= TEST_LEVEL / (len(tests) - rank)
        test["differs"] = still


def _labels(n: int, m: int) -> Floats:
    """Who is in the batch: in the first column really, in the others by lot; shape (n + m, 1 + n_permutations)."""
    real = np.zeros(n + m)
    real[n:] = 1
    drawn = np.random.default_rng([_SEED, n, m]).permuted(np.tile(real, (_N_PERMUTATIONS, 1)), axis=1)
    return np.ascontiguousarray(np.vstack([real, drawn]).T)


def _permuted(statistic: Floats) -> tuple[float, float, float]:
    """The p-value of the first against the others, the first, and what chance exceeds in one case of twenty."""
    statistic = np.round(statistic, 9)
    p = (1 + int((statistic[1:] >= statistic[0]).sum())) / len(statistic)
    return p, float(statistic[0]), float(np.quantile(statistic[1:], 0.95))


def _energy(distances: Ints, n: int, *, scale: int) -> tuple[float, float, float]:
    """The energy distance (Szekely and Rizzo 2004) of the rows from `n` on from those before; sums are exact."""
    m = len(distances) - n
    wide = distances.astype(np.float64)
    labels = _labels(n, m)
    inside = (labels * (wide @ labels)).sum(axis=0)
    across = wide.sum(axis=0) @ labels - inside
    outside = wide.sum() - 2 * across - inside
    return _permuted((2 * across / (n * m) - inside / m**2 - outside / n**2) / scale)


def _mean_test(name: str, what: str, before: Ints, now: Ints, *, scale: int, material: float) -> dict[str, Any]:
    """Whether the mean is higher now: a batch that the model knows better than its training corpus is no drift."""
    n, m = len(before), len(now)
    values = np.concatenate([before, now]).astype(np.float64)
    sums = values @ _labels(n, m)
    p, _, _ = _permuted(sums / m - (values.sum() - sums) / n)
    mean, mean_before = float(now.mean()) / scale, float(before.mean()) / scale
    error = 1.96 * float(now.std(ddof=1)) / scale / math.sqrt(m)
    interval = (max(0.0, mean - error), min(1.0, mean + error))
    return _test(name, what, mean, mean_before, p, interval=interval, material=mean - mean_before >= material)


def _mixture(name: str, of: str, before: Ints, now: Ints) -> dict[str, Any]:
    """The Jensen-Shannon divergence, in bits, of the mean rows."""
    values = np.concatenate([before, now]).astype(np.float64)
    labels = _labels(len(before), len(now))
    inside = values.T @ labels
    outside = values.sum(axis=0)[:, None] - inside
    p, divergence, chance = _permuted(_jensen_shannon(_shares(inside), _shares(outside)))
    what = f"Jensen-Shannon divergence of the {of}, in bits; permutation of articles"
    return _test(name, what, divergence, None, p, chance=chance)


def _shares(sums: Floats) -> Floats:
    totals = sums.sum(axis=0)
    return np.asarray(sums / np.where(totals > 0, totals, 1))


def _jensen_shannon(first: Floats, second: Floats) -> Floats:
    middle = (first + second) / 2
    entropy: Callable[[Floats], Floats] = lambda p: -(p * np.log2(np.where(p > 0, p, 1))).sum(axis=0)  # noqa: E731
    return np.asarray(entropy(middle) - (entropy(first) + entropy(second)) / 2)


def _wilson(hits: int, n: int) -> tuple[float, float]:
    z = 1.96
    share, spread = hits / n, z * z / n
    centre = (share + spread / 2) / (1 + spread)
    half = z * math.sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return max(0.0, centre - half), min(1.0, centre + half)


_OF_RELEVANCE = ("unsure_share", "relevance_scores")
_IN_WORDS = {
    "unsure_share": "articles the model is unsure of",
    "relevance_scores": "relevance",
    "unknown_words": "unknown words",
    "vectors": "what articles speak of",
    "topic_shares": "the mix of topics",
    "no_topic": "passages without a topic",
    "theme_shares": "the mix of themes",
}


def words_for(found: Mapping[str, Any], *, model: str, no_relevance: bool) -> list[str]:
    """A few plain sentences for the person at the keyboard: what was found, what to do, what was not compared."""
    verdict, candidates, notes = found["verdict"], found["candidates"], found["notes"]
    if verdict == "not compared":
        return list(notes[:1])
    sentences = [_candidate_words(candidate, found["alarm"]["n_articles"]) for candidate in candidates]
    if candidates:
        sentences.append(f"drift.json lists {'its' if len(candidates) == 1 else 'their'} articles.")
    differing = [test for test in found["measures"] if test["differs"]]
    material = [test for test in differing if test["is_material"]]
    # Without labels training leaves relevance as it is.
    labels = any(test["name"] in _OF_RELEVANCE for test in material)
    options = f"--from {model}{' --labels LABELS' if labels else ''}{' --no-relevance' if no_relevance else ''}"
    advice = f"`toolkit train ARTICLES --name NAME {options}`, where ARTICLES are those of before and these together"
    advice += " and LABELS judge some of these: relevance is learned from labels alone." if labels else "."
    if verdict == "new topic":
        if material:
            sentences.append(f"All in all the batch is unlike the training corpus, too: {_listed(material)}.")
        sentences.append(f"Retrain, so that what is new can get a topic: {advice}")
        n = found["n_topics"]
        if n:
            sentences.append(f"If it gets none beside the {n} there are, ask for more with --n-topics {n + 1}.")
    elif verdict == "retrain":
        sentences.append(f"The batch is unlike the training corpus: {_listed(material)}.")
        if not found["verdicts"].get("on") and not found["verdicts"].get("unsure"):
            sentences.append("None of its articles is about the subject: are they those you meant?")
            sentences.append(f"If the model is wrong, retrain: {advice}")
        else:
            sentences.append(f"Retrain: {advice}")
    elif verdict == "other mixture":
        rest = "Beside that" if candidates else "Nothing was found that the model does not cover, but"
        sentences.append(f"{rest} the batch is mixed otherwise than the training corpus: {_listed(differing)}.")
        sentences.append("No need to retrain.")
    elif verdict == "like the training corpus":
        compared = {test["name"] for test in found["measures"]}
        what = "The batch" if "vectors" in compared else "In relevance the batch"
        what = f"Beside that {what[0].lower()}{what[1:]}" if candidates else what
        sentences.append(f"{what} looks like the training corpus.")
    if found.get("promise_plausible") is False:
        sentences.append(
            "Relevance scores are distributed otherwise than in training: the promise of the unsure band may not hold."
        )
    return [*sentences, *notes]


def _candidate_words(candidate: Mapping[str, Any], n_compared: int) -> str:
    terms = ", ".join(term["term"] for term in candidate["terms"][:5])
    who = f"{candidate['n_articles']} of {n_compared} articles compared ({100 * candidate['share']:.1f} %)"
    if candidate["kind"] == "topic":
        return f"{who} speak of something the model's topics do not cover: {terms}."
    if candidate["kind"] == "known words":
        return (
            f"{who} are close to each other ({terms or 'no words in common'}) in words the model knows: no new topic."
        )
    source = "most from one outlet" if candidate["kind"] == "one outlet" else "of one story"
    return f"{who}, {source}, are unlike the training corpus ({terms}): too one-sided to be called a topic."


def _listed(tests: Sequence[Mapping[str, Any]]) -> str:
    """The measures in words, with their figures where both are shares."""
    return ", ".join(
        _IN_WORDS[test["name"]]
        + (f" ({100 * test['batch']:.1f} %, in training {100 * test['training']:.1f} %)" if "training" in test else "")
        for test in tests
    )
