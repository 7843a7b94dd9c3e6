"""Numbers into sentences: the findings at the top of the report, each with its uncertainty and its evidence."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from toolkit.report.rows import WHOLE_SIDE
from toolkit.report.tally import Tally, ThemeTally
from toolkit.report.wording import ROLE_LABELS, counted, interval_words, listing, number, percent, show, words

SMALL_CORPUS = 30  # on-topic articles below which shares are not called findings: a Wilson interval is then ±17 points
MIN_HALF = 30  # dated on-topic articles each half of the period needs before the halves are compared
DOMINANT_SHARE = 0.5  # of on-topic articles from one outlet: the corpus then speaks with one voice
WEIGHTY_SHARE = 0.3  # the same from which it is worth a sentence
MIX_SHIFT = 0.15  # by which an outlet's share must differ between the halves to be named beside a change
MAX_FINDINGS = 7
MIN_TOPICS = 4  # fewer say no more than the themes do
_LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence (`claim`), what qualifies it, and where on the page its evidence stands."""

    claim: str
    detail: str
    target: str
    link: str


@dataclass(frozen=True, slots=True)
class Change:
    """A theme's share in the first and the second half of the period; `clear` where chance is an unlikely reason."""

    before: tuple[int, int]
    after: tuple[int, int]
    clear: bool

    @property
    def rose(self) -> bool:
        """Whether the later share is the higher one."""
        return self.after[0] * self.before[1] > self.before[0] * self.after[1]

    @property
    def words(self) -> str:
        """The change as a phrase."""
        before, after = (percent(n / total) for n, total in (self.before, self.after))
        if not self.clear:
            return f"no clear change ({before}, then {after})"
        return f"{'rose' if self.rose else 'fell'} from {before} to {after}"


def wilson(n_true: int, n: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """The Wilson score interval of a share (Wilson 1927, JASA 22:209), both ends in [0, 1].

    Examples
    --------
    >>> low, high = wilson(1, 200)
    >>> round(low, 4), round(high, 4)
    (0.0009, 0.0278)
    """
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = n_true / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return (0.0 if n_true == 0 else max(0.0, centre - half)), (1.0 if n_true == n else min(1.0, centre + half))


def subject_of(run: Mapping[str, object]) -> str:
    """The subject's name."""
    subject = run.get("subject")
    name = subject.get("name") if isinstance(subject, Mapping) else None
    return show(name, limit=120) or "the subject"


def changes(tally: Tally) -> dict[str, Change]:
    """Theme id → how its share differs between the halves of the period; {} where there is too little to compare.

    Halves are cut at the bucket that splits the dated on-topic articles most evenly. A change is clear where a
    two-sided two-proportion z-test is below .05 divided by the number of themes (Bonferroni).
    """
    counts = tally.n_per_bucket
    if not tally.timeline.drawn or len(counts) < 2:
        return {}
    total, cut = sum(counts), _halfway(counts)
    before, after = sum(counts[:cut]), sum(counts[cut:])
    if min(before, after) < MIN_HALF:
        return {}
    z_needed = NormalDist().inv_cdf(1 - _LEVEL / max(1, len(tally.themes)) / 2)
    found = {}
    for theme in tally.themes:
        first, second = sum(theme.per_bucket[:cut]), sum(theme.per_bucket[cut:])
        pooled = (first + second) / total
        error = math.sqrt(pooled * (1 - pooled) * (1 / before + 1 / after))
        clear = error > 0 and abs(first / before - second / after) / error > z_needed
        found[theme.theme.id] = Change((first, before), (second, after), clear)
    return found


def _halfway(counts: Sequence[int]) -> int:
    """The first bucket of the second half: where the articles before and from it are as even as can be."""
    total = sum(counts)
    return min(range(1, len(counts)), key=lambda i: (abs(sum(counts[:i]) * 2 - total), i))


def halves_words(tally: Tally) -> str:
    """What the two halves are, in words."""
    counts, timeline = tally.n_per_bucket, tally.timeline
    cut = _halfway(counts)
    first, second = timeline.words(0, cut - 1), timeline.words(cut, len(counts) - 1)
    return f"{first} ({counted(sum(counts[:cut]), 'article')}) and {second} ({counted(sum(counts[cut:]), 'article')})"


def mix_words(tally: Tally) -> str:
    """A warning where the outlets of the two halves differ, so that a change may be one of sources; "" where not."""
    cut = _halfway(tally.n_per_bucket)
    halves: tuple[Counter[str], Counter[str]] = Counter(), Counter()
    for i, bucket in zip(tally.on, tally.timeline.of, strict=True):
        if bucket is not None and tally.articles[i].outlet:
            halves[bucket >= cut][tally.articles[i].outlet] += 1
    totals = [max(1, sum(half.values())) for half in halves]
    shifts = [(halves[1][name] / totals[1] - halves[0][name] / totals[0], name) for name in tally.outlets]
    if len(shifts) < 2:
        return ""
    shift, name = max(shifts, key=lambda item: (abs(item[0]), item[1]))
    if abs(shift) < MIX_SHIFT:
        return ""
    before, after = (percent(half[name] / total) for half, total in zip(halves, totals, strict=True))
    return (
        f"The sources changed too: {show(name, limit=60)} supplied {before} of the first and {after} of the second, "
        "so part of any change may be a change of sources."
    )


def find(tally: Tally, *, subject: str, no_relevance: bool, since: Mapping[str, Any] | None = None) -> list[Finding]:
    """The findings, most general first; at most `MAX_FINDINGS`.

    `since`: what the section on the changes prints, where the page compares with another run.
    """
    n_on, n = len(tally.on), len(tally.articles)
    if n == 0:
        return [
            Finding(
                "No article could be read.",
                f"{counted(tally.n_quarantined, 'record')} could not be used; the reasons are listed below."
                if tally.n_quarantined
                else "The input held no article.",
                "set-aside",
                "What was set aside",
            )
        ]
    found = [_about(tally, subject, no_relevance=no_relevance), *_since(since)]
    if n_on == 0:
        return [*found, *_cut_away(tally)]
    found += _small(tally)
    found += _leading_themes(tally)
    found += _largest_topics(tally)
    found += _places(tally)
    found += _movement(tally)
    found += _one_voice(tally)
    found += _cut_away(tally)
    return found[:MAX_FINDINGS]


def _copies(tally: Tally) -> str:
    n = tally.n_copies_on
    if not n:
        return ""
    return f"{counted(n, 'is a near-copy', 'are near-copies')} of another and not counted again in the shares below. "


def _about(tally: Tally, subject: str, *, no_relevance: bool) -> Finding:
    n_on, n, n_unsure = tally.verdicts["on"], len(tally.articles), tally.verdicts["unsure"]
    if no_relevance:
        claim = (
            f"All {counted(n, 'article')} read count as on-topic." if n > 1 else "The one article counts as on-topic."
        )
        detail = f"The relevance check was switched off for this run. {_copies(tally)}".strip()
        return Finding(claim, detail, "funnel", "From read to on-topic")
    unsure = ""
    if n_unsure:
        unsure = (
            f"{number(n_unsure)} more could not be decided and {'is' if n_unsure == 1 else 'are'} listed for a person"
        )
        unsure += " to judge"
        both = percent((n_on + n_unsure) / n)
        unsure += f"; with all of them it would be {both}." if n >= SMALL_CORPUS and n_on and n_unsure > 1 else "."
    if n_on == 0:
        claim = (
            f"None of the {counted(n, 'article')} read is about {subject}."
            if n > 1
            else (f"The one article read is not about {subject}.")
        )
        if n_unsure == n == 1:
            claim, unsure = f"Whether the one article read is about {subject} is unsure.", ""
        return Finding(claim, unsure.strip(), "boundary", "The boundary")
    if n == 1:
        return Finding(f"The one article read is about {subject}.", "", "funnel", "From read to on-topic")
    verb = "is" if n_on == 1 else "are"
    if n_on == n:
        claim = f"All {counted(n, 'article')} read are about {subject}."
        return Finding(claim, _copies(tally).strip(), "funnel", "From read to on-topic")
    share = f" ({percent(n_on / n)})" if n >= SMALL_CORPUS else ""
    return Finding(
        f"{number(n_on)} of {counted(n, 'article')}{share} {verb} about {subject}.",
        f"{'They are' if n_on > 1 else 'It is'} called on-topic below. {_copies(tally)}{unsure}".strip(),
        "funnel",
        "From read to on-topic",
    )


def _since(changes: Mapping[str, Any] | None) -> list[Finding]:
    if changes is None:
        return []
    detail = f"Compared with {changes['before']}. {changes['themes_title']}"
    return [Finding(changes["headline"], detail, "changes", "Changes since another run")]


def _small(tally: Tally) -> list[Finding]:
    n = len(tally.on)
    if n >= SMALL_CORPUS:
        return []
    kind = "article" if n == len(tally.articles) else "on-topic article"
    claim = f"1 {kind}: read it." if n == 1 else f"{counted(n, kind)}: read them."
    return [Finding(claim, "Shares of so few are not trends.", "articles", "The articles")]


def _leading_themes(tally: Tally) -> list[Finding]:
    n = len(tally.on)
    carried = [theme for theme in tally.themes if theme.n_articles]
    if not carried:
        return [Finding("No on-topic article carries one of the themes.", "", "themes", "Themes")]
    top = carried[0]
    equal = [theme for theme in carried if theme.n_articles == top.n_articles]
    empty = len(tally.themes) - len(carried)
    tail = f" {counted(empty, 'theme')} {'has' if empty == 1 else 'have'} no article." if empty else ""
    if n < SMALL_CORPUS:
        if len(equal) > 1:
            names = listing([_label(theme) for theme in equal], limit=4)
            claim = f"{names} lead, with {counted(top.n_articles, 'article')} each."
        else:
            claim = f"{_label(top)} is the most frequent theme: {number(top.n_articles)} of {counted(n, 'article')}."
        rest = [f"{_label(theme)} ({number(theme.n_articles)})" for theme in carried[len(equal) :][:2]]
        detail = f"Next: {listing(rest)}." if rest else ""
    else:
        claim = (
            f"{_label(top)} leads the themes: {number(top.n_articles)} of {number(n)} on-topic articles "
            f"({_with_interval(top.n_articles, n)})."
        )
        detail = _runners_up(carried, n)
    return [Finding(claim, (detail + tail).strip(), "themes", "Themes")]


def _runners_up(carried: Sequence[ThemeTally], n: int) -> str:
    """The themes after the first, and whether the first is clear of the second."""
    if len(carried) < 2:
        return ""
    rest = listing([f"{_label(theme)} ({percent(theme.n_articles / n)})" for theme in carried[1:4]])
    close = wilson(carried[1].n_articles, n)[1] >= wilson(carried[0].n_articles, n)[0]
    return f"Next: {rest}." + (" The first two are too close to call." if close else "")


def _largest_topics(tally: Tally) -> list[Finding]:
    """What the passages group into by themselves."""
    if len(tally.topics) < MIN_TOPICS or len(tally.on) < SMALL_CORPUS:
        return []
    named = [f"“{show(topic.name, limit=60)}”" for topic in tally.topics[:3]]
    return [
        Finding(
            f"The passages fall into {number(len(tally.topics))} topics, the largest being {listing(named)}.",
            "Topics are found in the text itself, without a list given in advance; the names are their own words.",
            "topics",
            "Topics",
        )
    ]


def _places(tally: Tally) -> list[Finding]:
    """The most-named members of the second side."""
    if len(tally.sides) < 2 or len(tally.on) < SMALL_CORPUS:
        return []
    side, counter, n = tally.sides[1], tally.members[1], len(tally.on)
    ranked = ranked_members(counter, side.members)
    if not ranked:
        return []
    name, count = ranked[0]
    others = [f"{show(member, limit=40)} ({number(k)})" for member, k in ranked[1:3]]
    never = [show(member, limit=40) for member in side.members if not counter[member]]
    detail = f"Next: {listing(others)}." if others else ""
    detail += f" Never named: {listing(never, limit=4)}." if never else ""
    claim = (
        f"{show(name, limit=40)} is the {show(side.label, limit=40)} member named most: in {number(count)} of "
        f"{number(n)} on-topic articles ({_with_interval(count, n)})."
    )
    return [Finding(claim, detail.strip(), "places", "Places and themes")]


def _movement(tally: Tally) -> list[Finding]:
    moved = changes(tally)
    if not moved:
        return []
    labels = {theme.theme.id: _label(theme) for theme in tally.themes}
    clear = [(theme, change) for theme, change in moved.items() if change.clear]
    if not clear:
        claim = "No theme gained or lost more than chance would explain."
    else:
        clear.sort(key=lambda item: (-_step(item[1]), item[0]))
        claim = "; ".join(f"{labels[theme]} {change.words}" for theme, change in clear[:2]) + " of on-topic articles."
    detail = f"Compared: {halves_words(tally)}. {mix_words(tally) if clear else ''}".strip()
    return [Finding(claim, detail, "time", "Themes over time")]


def _step(change: Change) -> float:
    return abs(change.after[0] / change.after[1] - change.before[0] / change.before[1])


def _one_voice(tally: Tally) -> list[Finding]:
    n, known = len(tally.on), sum(tally.outlets.values())
    if n < SMALL_CORPUS or not known or len(tally.outlets) < 2:
        return []
    outlet, count = min(tally.outlets.items(), key=lambda item: (-item[1], item[0]))
    if count / n < WEIGHTY_SHARE:
        return []
    name, share = show(outlet, limit=60), percent(count / n)
    claim = f"{name} supplies {share} of the on-topic articles, the most of {number(len(tally.outlets))} outlets."
    if len(tally.outlets) == 2:
        claim = f"{name} supplies {share} of the on-topic articles, the other outlet the rest."
    if count / n >= DOMINANT_SHARE:
        claim = f"One outlet dominates: {name} supplies {share} of the on-topic articles."
    detail = "What it chooses to cover weighs on every share in this report."
    return [Finding(claim, detail, "outlets", "Outlets")]


def _cut_away(tally: Tally) -> list[Finding]:
    total, kept, n_off = tally.all_text.n_characters, tally.kept_text.n_characters, tally.verdicts["off"]
    off = f"{counted(n_off, 'article')} as off-topic" if n_off and tally.on else ""
    if not total or total == kept:
        claim = f"Set aside: {off}." if off else ""
    else:
        share = percent((total - kept) / total)
        claim = (
            f"Set aside: {off}, and {share} of the text on the pages as no part of the article."
            if off
            else f"{share} of the text on the pages was set aside as no part of the article."
        )
    if not claim:
        return []
    kinds = [ROLE_LABELS.get(role.role, words(role.role)).lower() for role in tally.cut if role.role != "other"][:3]
    detail = f"Most of that text: {'; '.join(kinds)}. " if kinds else ""
    return [Finding(claim, f"{detail}Each piece keeps its reason.", "set-aside", "What was set aside and why")]


def ranked_members(counter: Counter[str], members: Sequence[str]) -> list[tuple[str, int]]:
    """The members of a side that are named at all, most often first, config order among equals."""
    order = {member: i for i, member in enumerate(members)}
    named = [(member, n) for member, n in counter.items() if member != WHOLE_SIDE and n]
    return sorted(named, key=lambda item: (-item[1], order.get(item[0], len(order)), item[0]))


def _with_interval(count: int, n: int) -> str:
    return f"{percent(count / n)}, 95% interval {interval_words(*wilson(count, n))}"


def _label(theme: ThemeTally) -> str:
    return show(theme.theme.label, limit=60)
