"""How good the results are: checks with the rule that each is judged by, those that need a look first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from toolkit.metrics.topic_words import topic_diversity
from toolkit.report.findings import DOMINANT_SHARE, SMALL_CORPUS, WEIGHTY_SHARE
from toolkit.report.measured import Measured, read_measured
from toolkit.report.rows import Row, items_of, number_of, text_of
from toolkit.report.sections import View
from toolkit.report.sheets import Sheet
from toolkit.report.tally import Tally
from toolkit.report.wording import counted, listing, number, percent, show

GOOD, WATCH, POOR = "good", "watch", "poor"
TOO_FEW, NOT_MEASURED = "too few to say", "not measured"
_ORDER = (POOR, WATCH, GOOD, TOO_FEW, NOT_MEASURED)
N_TERMS = 10  # of a topic, in its diversity


@dataclass(frozen=True, slots=True)
class Rule:
    """Bounds of good and of watch, both included; whether low or high values are good; shares unless `is_score`."""

    good: float
    watch: float
    low_is_good: bool = True
    is_score: bool = False

    def judge(self, value: float) -> str:
        """Good, watch or poor."""
        sign = 1 if self.low_is_good else -1
        if sign * value <= sign * self.good:
            return GOOD
        return WATCH if sign * value <= sign * self.watch else POOR

    @property
    def words(self) -> str:
        """The rule as it is printed beside what it judged."""
        good, watch = (f"{bound:.2f}" if self.is_score else percent(bound) for bound in (self.good, self.watch))
        if self.low_is_good:
            return f"good up to {good}, watch up to {watch}, poor above"
        return f"good from {good}, watch from {watch}, poor below"


# Bounds are judgements, not laws; each says what it was taken from. None was tuned on a corpus.
UNSURE = Rule(0.10, 0.25)  # a promise of 90% leaves a tenth of like material without an answer; a quarter is unlike it
QUARANTINED = Rule(0.01, 0.05)  # a hundredth is chance damage; a twentieth is a habit of the collector
EMPTY = Rule(0.01, 0.05)  # pages without article text: the same
CUT = Rule(0.50, 0.80)  # beyond a half more was cut than kept; beyond four fifths one error outweighs the article
COPIES = Rule(0.10, 0.30)  # wire copy is common; at three in ten, counts of articles and of stories part
UNTITLED = Rule(0.02, 0.10)
UNDATED = Rule(0.05, 0.20)  # a fifth without a year can turn any trend
ONE_OUTLET = Rule(WEIGHTY_SHARE, DOMINANT_SHARE)  # as in the findings: from a half the corpus speaks with one voice
NO_OUTLET = Rule(0.05, 0.20)
OTHER_LANGUAGE = Rule(0.05, 0.20)  # of articles whose words the model's names and terms are not written in
REPLACED = Rule(0.00001, 0.001)  # of characters: one in 1,000 is one in every second paragraph
NO_THEME = Rule(0.05, 0.20)
STABILITY = Rule(0.80, 0.65, low_is_good=False, is_score=True)  # adjusted Rand index; Steinley 2004: good, moderate
DISSOLVED = Rule(0.10, 0.33)  # of topics below a mean best Jaccard index of .5: "dissolved" (Hennig 2007)
DISSOLVED_BELOW = 0.5
OUTLIERS = Rule(0.10, 0.30)  # of on-topic segments; BERTopic's defaults leave 24 to 34% (DESIGN, section 5 and 6)
DIVERSITY = Rule(0.80, 0.65, low_is_good=False, is_score=True)  # BBC News: BERTopic .76 to .78, NMF .88
FLAGGED = Rule(0.10, 0.33)  # of topics that one outlet, one day or one story dominates
PRECISION = Rule(0.90, 0.80, low_is_good=False)  # one wrong in ten moves a share of half by five points at most
RECALL = Rule(0.80, 0.60, low_is_good=False)  # from four in five what is missed cannot outweigh what is found
MACRO_F1 = Rule(0.80, 0.65, low_is_good=False, is_score=True)  # readers agree at .81 to .97 per theme; .65 needs none
_DRIFT = {"like the training corpus": GOOD, "other mixture": WATCH, "retrain": POOR, "new topic": POOR}


@dataclass(frozen=True, slots=True)
class Check:
    """One row: what was looked at, what was found, the word for it and the rule; `value` is the bare number."""

    name: str
    found: str
    word: str
    rule: str
    target: str
    value: float | None = None


def find_checks(tally: Tally) -> list[Check]:
    """All checks that the folder allows, those that need a look first; "not measured" where a figure needs labels."""
    measured = read_measured(tally.run)
    found = [*_collection(tally, measured), *_relevance(tally, measured), *_topics(tally, measured), *_drift(tally)]
    return sorted(found, key=lambda check: _ORDER.index(check.word))


def _share(name: str, part: int, whole: int, rule: Rule, target: str, *, of: str, note: str = "") -> Check:
    """A check of `part` in `whole` articles; of fewer than `SMALL_CORPUS` no share is judged."""
    value = part / whole if whole else 0.0
    found = f"{number(part)} of {counted(whole, of)}" + (f" ({percent(value)})" if whole >= SMALL_CORPUS else "")
    word = rule.judge(value) if whole >= SMALL_CORPUS else TOO_FEW
    return Check(name, found + note, word, rule.words, target, round(value, 6))


def _collection(tally: Tally, measured: Measured) -> Iterator[Check]:
    """What came in: records, text, dates, outlets, languages."""
    articles, n = tally.articles, len(tally.articles)
    if not tally.n_read:
        return
    yield _share(
        "Records that could not be used", tally.n_quarantined, tally.n_read, QUARANTINED, "quarantine", of="record"
    )
    if not n:
        return
    empty = sum(1 for article in articles if not article.n_kept)
    yield _share("Pages without article text", empty, n, EMPTY, "set-aside", of="article")
    total, kept = tally.all_text.n_characters, tally.kept_text.n_characters
    if total:
        cut = (total - kept) / total
        said = f"{percent(cut)} of {number(total)} characters; {percent(kept / total)} kept"
        word = CUT.judge(cut) if n >= SMALL_CORPUS else TOO_FEW
        yield Check("Text cut from the pages", said, word, CUT.words, "set-aside", round(cut, 6))
    yield _share("Near-copies of another article", tally.n_duplicates, n, COPIES, "duplicates", of="article")
    yield _share("Without a title", sum(1 for a in articles if not a.title), n, UNTITLED, "articles", of="article")
    undated = sum(1 for article in articles if not article.date or article.date.startswith("--"))
    yield _share("Without a date or its year", undated, n, UNDATED, "time", of="article")
    if tally.outlets:
        name, most = min(tally.outlets.items(), key=lambda item: (-item[1], item[0]))
        note = f", {show(name, limit=60)}"
        target = "outlets"
        yield _share(
            "Share of the largest outlet", most, len(tally.on), ONE_OUTLET, target, of="on-topic article", note=note
        )
    nameless = sum(1 for article in articles if not article.outlet)
    yield _share("Without an outlet", nameless, n, NO_OUTLET, "articles", of="article")
    if measured.language and measured.language != "und":
        others = [a.language for a in articles if a.language and a.language not in (measured.language, "und")]
        kinds = sorted(set(others), key=lambda code: (-others.count(code), code))
        note = f": {listing([show(code, limit=12) for code in kinds], limit=6)}" if kinds else ""
        name = f"In other languages than the model learned from ({show(measured.language, limit=12)})"
        yield _share(name, len(others), n, OTHER_LANGUAGE, "data-card", of="article", note=note)
    replaced = number_of(tally.run, "n_replaced_characters")
    if replaced is not None and total:
        said = f"{number(replaced)} of {number(total)} characters"
        word = REPLACED.judge(replaced / total)
        bounds = "good up to 1 in 100,000, watch up to 1 in 1,000, poor above"
        yield Check("Characters lost in decoding", said, word, bounds, "data-card", round(replaced / total, 9))


def _relevance(tally: Tally, measured: Measured) -> Iterator[Check]:
    """The line between on and off, and the themes."""
    n, n_on = len(tally.articles), len(tally.on)
    if n_on:
        themed = sum(1 for i in tally.on if tally.articles[i].themes)
        yield _share("On-topic without any theme", n_on - themed, n_on, NO_THEME, "themes", of="article")
    if tally.run.get("no_relevance"):
        return
    if n:
        yield _share("Unsure", tally.verdicts["unsure"], n, UNSURE, "boundary", of="article")
    if measured.recall is None:
        why = "no labels were given" if measured.is_recorded else "this folder does not say"
        yield Check("The line between on and off", f"not measured: {why}", NOT_MEASURED, "", "boundary")
    else:
        of_base = ", by the model this one started from" if measured.of_the_base else ""
        rows = (
            ("Precision of on-topic", measured.precision, PRECISION),
            ("Recall of on-topic", measured.recall, RECALL),
        )
        for name, share, rule in rows:
            if share is not None:
                said = f"{share.words} of {counted(share.n, 'labelled document')}{of_base}"
                yield Check(name, said, rule.judge(share.share), rule.words, "boundary", round(share.share, 6))
    promised, coverage = measured.of("coverage_promised"), measured.coverage
    if promised is not None and coverage is not None:
        high = coverage.interval[1]
        word = GOOD if coverage.share >= promised else WATCH if high >= promised else POOR
        bounds = f"good from the {percent(promised)} promised, watch while its interval reaches that, poor below"
        yield Check("The promise kept", coverage.words, word, bounds, "boundary", round(coverage.share, 6))
    macro_f1 = number_of(measured.themes, "macro_f1")
    if macro_f1 is None:
        why = "no labels were given" if measured.is_recorded else "this folder does not say"
        yield Check("The themes", f"not measured: {why}", NOT_MEASURED, "", "themes")
    else:
        documents = counted(int(number_of(measured.themes, "n_documents") or 0), "labelled document")
        said = f"mean F1 of the themes {macro_f1:.2f}, on {documents}"
        yield Check("The themes", said, MACRO_F1.judge(macro_f1), MACRO_F1.words, "themes", macro_f1)


def _topics(tally: Tally, measured: Measured) -> Iterator[Check]:
    """Whether the topics would come back, how much they leave out, and what dominates them."""
    if not tally.topics:
        return
    few = len(tally.on) < SMALL_CORPUS

    def judged(rule: Rule, value: float) -> str:
        return TOO_FEW if few else rule.judge(value)

    at_choice = _stability_at_choice(tally.run)
    if at_choice is not None:
        said = f"{at_choice:.2f}: how far groups of four fifths of the articles agree (adjusted Rand index)"
        yield Check("Stability of the topics", said, judged(STABILITY, at_choice), STABILITY.words, "method", at_choice)
    n = len(tally.topics)
    known = [measured.topic_stability[t.topic] for t in tally.topics if t.topic in measured.topic_stability]
    if known:
        dissolved = sum(1 for value in known if value < DISSOLVED_BELOW)
        share = dissolved / len(known)
        said = f"{number(dissolved)} of {counted(len(known), 'topic')}: less than half of each came back"
        yield Check("Topics that dissolve", said, judged(DISSOLVED, share), DISSOLVED.words, "topics", round(share, 6))
    total = tally.n_in_topics + tally.n_outliers
    if total:
        yield _share("Segments that fit no topic", tally.n_outliers, total, OUTLIERS, "topics", of="on-topic segment")
    terms = [[term for term, _ in topic.terms[:N_TERMS]] for topic in tally.topics if topic.terms]
    if len(terms) > 1:
        value = round(topic_diversity(terms, n_terms=N_TERMS), 6)
        said = f"{value:.2f}: the share of different terms among the first {N_TERMS} of every topic"
        yield Check("Diversity of the topics", said, judged(DIVERSITY, value), DIVERSITY.words, "topics", value)
    if any(topic.card for topic in tally.topics):
        flagged = sum(1 for topic in tally.topics if items_of(topic.card, "flags"))
        said = f"{number(flagged)} of {counted(n, 'topic')}: one outlet, one day or one story supplies most of each"
        word = judged(FLAGGED, flagged / n)
        yield Check("Topics that one source dominates", said, word, FLAGGED.words, "topics", round(flagged / n, 6))


def _stability_at_choice(run: Row) -> float | None:
    """The stability of the number of topics that was taken."""
    selection = run.get("topics_selection")
    if not isinstance(selection, Mapping):
        return None
    chosen = number_of(selection, "n_topics")
    for point in items_of(selection, "curve"):
        if isinstance(point, Mapping) and chosen is not None and number_of(point, "n_topics") == chosen:
            return number_of(point, "mean")
    return None


def _drift(tally: Tally) -> Iterator[Check]:
    """Whether these articles are like those the model learned from, where that was compared."""
    drift = tally.run.get("drift")
    if not isinstance(drift, Mapping):
        return
    verdict = text_of(drift, "verdict")
    said = " ".join(show(sentence, limit=400) for sentence in items_of(drift, "words")) or show(verdict, limit=80)
    rule = "good: like the training corpus; watch: another mixture; poor: a new topic, or unlike enough to train again"
    yield Check("Likeness to the training corpus", said, _DRIFT.get(verdict, NOT_MEASURED), rule, "method")


def quality(checks: list[Check]) -> View:
    """What the section prints."""
    return {
        "rows": [
            {
                "name": check.name,
                "found": check.found,
                "word": check.word,
                "kind": check.word.split()[0],
                "rule": check.rule,
                "target": check.target,
            }
            for check in checks
        ],
        "words": _summary(checks),
    }


def _summary(checks: list[Check]) -> str:
    """How many are good, and the names of those that are not."""
    poor = [check.name for check in checks if check.word == POOR]
    watch = [check.name for check in checks if check.word == WATCH]
    n_good = sum(1 for check in checks if check.word == GOOD)
    n_judged = n_good + len(poor) + len(watch)
    if not n_judged:
        return "There is too little to judge."
    parts = [f"{number(n_good)} of {counted(n_judged, 'check')} {'is' if n_good == 1 else 'are'} good"]
    if poor:
        parts.append(f"poor: {listing([f'“{name}”' for name in poor])}")
    if watch:
        parts.append(f"to watch: {listing([f'“{name}”' for name in watch])}")
    return "; ".join(parts) + "."


def quality_sheet(checks: list[Check]) -> Sheet:
    """The checks as a table."""
    rows = [(check.name, check.found, check.value, check.word, check.rule) for check in checks]
    return Sheet("quality", ("check", "found", "value", "word", "rule"), rows)
