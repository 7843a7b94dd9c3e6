"""Candidates for a new topic in a batch: what they speak of, and whether each is a topic or a burst."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.drift import alarm, lots, similarity
from toolkit.drift.articles import Article, Ints, article_vectors, counted_terms, encode_segments, words_of
from toolkit.drift.profile import DriftProfile
from toolkit.embed import Encoder

ALARM_LEVEL = 0.05
"""The chance of a false alarm of a new topic."""
LOT_LEVEL = 0.075
"""How many batches of the corpus's kind may be higher than by lot: what a topic must be besides takes a part of those.

False alarms in 600 batches, from the classes of bbc_news and half of those of reuters21578 over three splits each: .04
at a level of .05, .05 at .075, .06 at .1 (tests/quality/drift_quality.py, seeds 0 to 2).
"""
SCAN_LEVEL = 0.25
"""How many batches of the corpus's kind are looked at twice: the first look is cheap and spares the second."""
_N_GROUPS = 3
# A new topic brings words: so many of a candidate's terms must be so many times as frequent as in the training corpus.
# Chosen on few cases: in seven batches of bbc_news with business held out and found, the third-best term was 6 times as
# frequent or more.
_N_NEW_TERMS = 3
_MIN_LIFT = 4.0
_ONE_OUTLET = 0.7  # of a candidate's articles from which it is one outlet's,
_OUTLET_CHANCE = 0.001  # if as many by lot from the rest of the batch would be no likelier than this
_N_TERMS = 8
_N_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Batch:
    """The sketches of a batch's sampled articles."""

    articles: tuple[Article, ...]
    words: tuple[dict[int, str], ...]
    vectors: npt.NDArray[np.int8]


def sketch(profile: DriftProfile, articles: Sequence[Article], encoder: Encoder) -> Batch:
    """The sketches of articles, beside those of the profile."""
    vectors, owner = encode_segments(articles, encoder)
    rows = article_vectors(vectors, owner, profile.mean.astype(np.float64), len(articles))
    return Batch(tuple(articles), tuple(words_of(article.texts) for article in articles), rows)


def find_new(profile: DriftProfile, batch: Batch, found: dict[str, Any]) -> None:
    """The candidates for a new topic, each with what it speaks of and whether it is one."""
    sizes = profile.sizes
    if not len(sizes):
        found["notes"].append("The training corpus is too small for an alarm of new topics.")
        return
    m = min(len(batch.articles), int(sizes[-1]))
    inside, outside = similarities_of(profile, batch, m)
    limit = lots.limit_for(m, sizes, profile.quantiles, level=SCAN_LEVEL)
    first = similarity.nearest_of(outside, profile.crowd)
    highest = float(alarm.scan(inside.joined, first, profile.nearness)[1].max())
    found["alarm"] = {"n_articles": m, "limit": limit, "highest": highest}
    if highest <= limit:
        return
    # Rare, and dear: is it as high in batches drawn from the corpus and this one together?
    pool = lots.Pool.of(pooled_similarities(profile, batch, m), len(profile.vectors))
    nearest = pool.nearest()
    highest = float(alarm.scan(pool.joined(), nearest, pool.known)[1].max())
    limit = lots.limit_by_lot(pool, highest, level=LOT_LEVEL)
    found["alarm"] = {"n_articles": m, "limit": limit, "highest": highest}
    if highest <= limit:
        return
    # And where known articles are mixed as here?
    mixture = lots.limit_of_mixture(pool)
    found["alarm"]["limit_of_mixture"] = mixture
    for group in alarm.find_groups(pool.joined(), nearest, pool.known, max(limit, mixture), n_groups=_N_GROUPS):
        found["candidates"].append(_candidate(profile, batch, group, inside, m))


def similarities_of(profile: DriftProfile, batch: Batch, m: int) -> tuple[similarity.Similar, similarity.Similar]:
    """The similarities of the first `m` articles of a batch among themselves, and to the reference articles."""
    rows, weights = _rows_and_weights(profile, batch, m)
    vectors = batch.vectors[:m]
    known_words = similarity.word_cosines(rows, profile.reference_terms(), weights, more=profile.lost_weights(m))
    outside = similarity.similarities((vectors, profile.vectors), profile.even, known_words)
    inside = similarity.similarities((vectors, vectors), profile.even, similarity.word_cosines(rows, rows, weights))
    return similarity.without_self(inside), outside


def pooled_similarities(profile: DriftProfile, batch: Batch, m: int) -> similarity.Similar:
    """The similarities among the reference articles and the first `m` of a batch: what is learnt is learnt of both."""
    rows, weights = _rows_and_weights(profile, batch, m)
    terms = [*profile.reference_terms(), *rows]
    lost = np.concatenate([profile.lost_weights(m), np.zeros(m, dtype=np.int64)])
    words = similarity.word_cosines(terms, terms, weights, rows_more=lost, more=lost)
    vectors = np.concatenate([profile.vectors, batch.vectors[:m]])
    return similarity.without_self(
        similarity.similarities((vectors, vectors), similarity.even_directions(vectors), words)
    )


def _rows_and_weights(profile: DriftProfile, batch: Batch, m: int) -> tuple[list[Ints], Ints]:
    """The numbers of each article's words, those the corpus does not have after its own, and the weights of all."""
    number: dict[int, int] = {}
    rows: list[Ints] = []
    for words in batch.words[:m]:
        checksums = counted_terms(words)
        known = profile.rows_of(np.array(checksums, dtype=np.int64)).tolist()
        rows.append(
            np.array(
                [
                    row if row >= 0 else len(profile.words) + number.setdefault(word, len(number))
                    for row, word in zip(known, checksums, strict=True)
                ],
                dtype=np.int64,
            )
        )
    counts = np.bincount(np.concatenate(rows), minlength=len(profile.words) + len(number))
    return rows, profile.word_weights(counts, m)


def _candidate(
    profile: DriftProfile, batch: Batch, group: alarm.Group, inside: similarity.Similar, m: int
) -> dict[str, Any]:
    articles = [batch.articles[i] for i in group.members]
    outlets = Counter(article.outlet for article in articles if article.outlet)
    main = min(outlets, key=lambda name: (-outlets[name], name), default=None)
    rest = [article.outlet for i, article in enumerate(batch.articles[:m]) if i not in group.members]
    stories = alarm.n_stories(group.members, inside)
    terms, lift = _terms(profile, batch, group.members, m)
    kind = "topic"
    if lift < _MIN_LIFT:
        kind = "known words"
    elif alarm.is_one_story(stories):
        kind = "one story"
    elif main is not None and _is_one_outlets(outlets[main], len(articles), rest.count(main) / max(len(rest), 1)):
        kind = "one outlet"
    near = sorted(
        group.members, key=lambda i: (i != group.centre, -round(float(inside.vectors[group.centre, i]), 9), i)
    )
    keys = {term["term"] for term in terms}
    return {
        "kind": kind,
        "terms": terms,
        "n_articles": len(articles),
        "share": round(len(articles) / m, 6),
        "n_stories": stories,
        "n_outlets": len(outlets),
        "statistic": group.statistic,
        "examples": [_example(batch, i, keys) for i in near[:_N_EXAMPLES]],
        "articles": sorted(article.document_id for article in articles),
    }


def _is_one_outlets(n: int, n_articles: int, usual: float) -> bool:
    """Whether `n` of the articles are too many for an outlet that writes a share `usual` of the others."""
    tail = sum(math.comb(n_articles, k) * usual**k * (1 - usual) ** (n_articles - k) for k in range(n, n_articles + 1))
    return n >= _ONE_OUTLET * n_articles and tail <= _OUTLET_CHANCE


def _example(batch: Batch, row: int, terms: set[str]) -> dict[str, Any]:
    """The segment of an article with most of the terms, the first of equals."""
    article = batch.articles[row]
    counts = [sum(word in terms for word in words_of([text]).values()) for text in article.texts]
    best = max(range(len(counts)), key=lambda i: (counts[i], -i))
    return {"document_id": article.document_id, "index": article.keys[best]}


def _terms(profile: DriftProfile, batch: Batch, members: Sequence[int], m: int) -> tuple[list[dict[str, Any]], float]:
    """Words more frequent in the group than in the training corpus and the rest of the batch, by log-likelihood.

    Beside them how many times as frequent as in the training corpus alone the third-most so is, 0 where there is none.
    """
    inside = set(members)
    counts: dict[int, int] = {}
    rest: dict[int, int] = {}
    spelling: dict[int, str] = {}
    for i, words in enumerate(batch.words[:m]):
        into = counts if i in inside else rest
        for word in words:
            into[word] = into.get(word, 0) + 1
        if i in inside:
            spelling |= words
    least = max(3, math.ceil(len(members) / 3))
    frequent = sorted(word for word, n in counts.items() if n >= least)
    rows = profile.rows_of(np.array(frequent, dtype=np.int64)).tolist()
    n_others = profile.n_articles + m - len(members)
    scored = []
    lifts = []
    for word, row in zip(frequent, rows, strict=True):
        before = int(profile.frequency[row]) if row >= 0 else 0
        usual = (before + rest.get(word, 0) + 0.5) / (n_others + 1)
        share = counts[word] / len(members)
        lifts.append(share * (profile.n_articles + 1) / (before + 0.5))
        scored.append((-round(counts[word] * math.log(share / usual), 6), spelling[word], counts[word]))
    terms = [{"term": word, "n_articles": n} for _, word, n in sorted(scored)[:_N_TERMS]]
    return terms, sorted(lifts)[-_N_NEW_TERMS] if len(lifts) >= _N_NEW_TERMS else 0.0
