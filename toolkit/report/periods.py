"""Articles over time: which bucket suits the span and the number of articles, and what falls into each."""

from __future__ import annotations

import calendar
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import median
from typing import Literal

from toolkit.report.wording import counted, date_words, month_name

Unit = Literal["month", "quarter", "half-year", "year"]
_MONTHS_IN: dict[Unit, int] = {"month": 1, "quarter": 3, "half-year": 6, "year": 12}
_YEAR = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?:T|\Z)")

MIN_DATED = 20  # below this, shares over time are stories about single articles
USEFUL_BUCKET = 20  # median articles of a bucket to aim at: a Wilson interval is then within 20 points either way
MIN_PER_BUCKET = 8  # the same where no unit reaches `USEFUL_BUCKET`
MIN_BUCKET = 5  # on-topic articles below which a bucket's share is not drawn: one article would be 20 points
MIN_BUCKETS, MAX_BUCKETS = 4, 24  # fewer make no line; more cannot be told apart in a panel 300 pixels wide
HELD = 0.95  # share of the articles that the span must hold; the rest may be stragglers
STRETCH = 1.5  # how much longer than that span the whole period may be and still be shown in full
NEIGHBOUR = 0.2  # of the mean month in the span: a month beside it that holds this much belongs to it
NEARLY_OVER = 0.85  # a bucket whose last dated article lies beyond this part of it counts as finished


@dataclass(frozen=True, slots=True)
class Timeline:
    """Consecutive buckets; `of[i]` is the bucket of article i, None where it is in none.

    `first` is the first bucket, counted from year 0. `early` and `late` are the positions of the articles dated
    outside the span. `sentences` say what is not in the picture; `reason` why nothing is drawn, "" where it is.
    """

    unit: Unit
    first: int
    labels: tuple[str, ...]
    short: tuple[str, ...]
    of: tuple[int | None, ...]
    early: tuple[int, ...]
    late: tuple[int, ...]
    unfinished: bool
    sentences: tuple[str, ...]
    reason: str = ""

    @property
    def drawn(self) -> bool:
        """Whether there is enough to draw."""
        return not self.reason

    def months(self, bucket: int) -> tuple[str, ...]:
        """The months of a bucket, as YYYY-MM."""
        size = _MONTHS_IN[self.unit]
        first = (self.first + bucket) * size
        return tuple(f"{month // 12:04d}-{month % 12 + 1:02d}" for month in range(first, first + size))

    def words(self, start: int, end: int) -> str:
        """The time from bucket `start` to bucket `end`, both included: "July to December 2024"."""
        size = _MONTHS_IN[self.unit]
        first, last = (self.first + start) * size, (self.first + end) * size + size - 1
        (year, month), (last_year, last_month) = divmod(first, 12), divmod(last, 12)
        if month == 0 and last_month == 11:
            return str(year) if year == last_year else f"{year} to {last_year}"
        until = f"{month_name(last_month + 1)} {last_year}"
        if first == last:
            return until
        return f"{month_name(month + 1)}{'' if year == last_year else f' {year}'} to {until}"


@lru_cache(maxsize=4096)
def months_of(date: str) -> tuple[int, int] | None:
    """(month number counted from year 0, day or 0) of an ISO date; month -1 where only a year is given."""
    found = _YEAR.match(date)
    if found is None:
        return None
    year, month, day = (int(part) if part else 0 for part in found.groups())
    if month > 12 or day > 31 or not 1000 <= year <= 9998:
        return None
    return (year * 12 + month - 1, day) if month else (-year, 0)


def lay_out(dates: Sequence[str]) -> Timeline:
    """The timeline of on-topic articles with these ISO dates, full or partial."""
    parsed = [months_of(date) for date in dates]
    months = sorted(month for month, _ in filter(None, parsed) if month > 0)
    undated = _not_in_time(dates, parsed)
    n_years = sum(1 for item in parsed if item is not None and item[0] < 0)

    def nothing(reason: str) -> Timeline:
        return Timeline("month", 0, (), (), (None,) * len(dates), (), (), False, tuple(undated), reason)

    if not months:
        return nothing("No on-topic article has a date with a year and a month, so nothing can be drawn over time.")
    if len(months) < MIN_DATED:
        return nothing(
            f"Not drawn: only {counted(len(months), 'on-topic article')} with a month and year; "
            f"shares over time need at least {MIN_DATED}."
        )
    low, high = _window(months)
    inside = [month for month in months if low <= month <= high]
    unit = _unit(inside)
    size = _MONTHS_IN[unit]
    first, last = inside[0] // size, inside[-1] // size
    if first == last:
        return nothing(f"Not drawn: all dated on-topic articles fall into one {unit}, {_label(first, unit)}.")
    early, late = _outside(parsed, first * size, last * size + size - 1)
    sentences = undated + _stragglers(early, dates, "older") + _stragglers(late, dates, "later")
    if n_years and unit != "year":
        sentences.append(f"{counted(n_years, 'article')} with only a year {'is' if n_years == 1 else 'are'} not drawn.")
    of: list[int | None] = []
    for item in parsed:
        month = None if item is None else item[0]
        if month is not None and month < 0:
            month = -month * 12 if unit == "year" else None
        of.append(month // size - first if month is not None and first <= month // size <= last else None)
    n_buckets = last - first + 1
    held = Counter(bucket for bucket in of if bucket is not None)
    if sum(1 for n in held.values() if n >= MIN_BUCKET) < 2:
        return nothing(
            f"Not drawn: only {counted(len(months), 'dated on-topic article')} over {counted(n_buckets, unit)}; "
            f"at least two {unit}s need {MIN_BUCKET} each."
        )
    latest = max(item for item in parsed if item is not None and first <= item[0] // size <= last)
    unfinished = _is_unfinished(latest, unit)
    if unfinished:
        year, month = divmod(latest[0], 12)
        day = f"-{latest[1]:02d}" if latest[1] else ""
        sentences.append(
            f"The last {unit}, {_label(last, unit)}, is drawn hollow: the last dated article is of "
            f"{date_words(f'{year:04d}-{month + 1:02d}{day}')}, so it may be unfinished."
        )
    return Timeline(
        unit=unit,
        first=first,
        labels=tuple(_label(first + i, unit) for i in range(n_buckets)),
        short=tuple(_short(first + i, unit) for i in range(n_buckets)),
        of=tuple(of),
        early=early,
        late=late,
        unfinished=unfinished,
        sentences=tuple(sentences),
    )


def covered(dates: Sequence[str]) -> str:
    """The period the dates cover, in words; "" where none has a year. Stragglers make it "mainly"."""
    parsed = sorted(item for item in map(months_of, dates) if item is not None and item[0] > 0)
    if not parsed:
        years = sorted(-item[0] for item in map(months_of, dates) if item is not None)
        return "" if not years else str(years[0]) if years[0] == years[-1] else f"{years[0]} to {years[-1]}"
    low, high = _window([month for month, _ in parsed])
    if (low, high) != (parsed[0][0], parsed[-1][0]):
        first, last = _date((low, 0)), _date((high, 0))
        return f"mainly {first}" if first == last else f"mainly {first} to {last}"
    first, last = _date(parsed[0]), _date(parsed[-1])
    return first if first == last else f"{first} to {last}"


def _date(item: tuple[int, int]) -> str:
    year, month = divmod(item[0], 12)
    return date_words(f"{year:04d}-{month + 1:02d}" + (f"-{item[1]:02d}" if item[1] else ""))


def _outside(parsed: Sequence[tuple[int, int] | None], low: int, high: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Positions of the articles dated before month `low` and after month `high`; a year alone is judged whole."""
    early, late = [], []
    for i, item in enumerate(parsed):
        if item is None:
            continue
        start, end = (item[0], item[0]) if item[0] > 0 else (-item[0] * 12, -item[0] * 12 + 11)
        if end < low:
            early.append(i)
        elif start > high:
            late.append(i)
    return tuple(early), tuple(late)


def _stragglers(positions: Sequence[int], dates: Sequence[str], kind: str) -> list[str]:
    if not positions:
        return []
    years = sorted(dates[i][:4] for i in positions)
    when = years[0] if years[0] == years[-1] else f"{years[0]} to {years[-1]}"
    verb, them = ("is", "it") if len(positions) == 1 else ("are", "them")
    return [
        f"{counted(len(positions), f'{kind} article')} ({when}) {verb} not drawn; the table counts {them} in one row."
    ]


def _not_in_time(dates: Sequence[str], parsed: Sequence[tuple[int, int] | None]) -> list[str]:
    n_partial = sum(1 for date, item in zip(dates, parsed, strict=True) if item is None and date.startswith("--"))
    n_undated = sum(1 for date, item in zip(dates, parsed, strict=True) if item is None) - n_partial
    sentences = []
    if n_undated:
        sentences.append(f"{counted(n_undated, 'on-topic article')} {'has' if n_undated == 1 else 'have'} no date.")
    if n_partial:
        verb = (
            "states a day and month but no year, and none was"
            if n_partial == 1
            else ("state a day and month but no year, and none was")
        )
        sentences.append(f"{counted(n_partial, 'on-topic article')} {verb} invented.")
    return sentences


def _window(months: Sequence[int]) -> tuple[int, int]:
    """First and last month to show, of sorted months: all, or where stragglers stretch that, where the articles are.

    That is the shortest span holding `HELD` of the articles, widened by the months beside it that hold enough.
    """
    n_held = math.ceil(HELD * len(months))
    starts = range(len(months) - n_held + 1)
    best = min(starts, key=lambda i: (months[i + n_held - 1] - months[i], -i))  # the latest among the shortest
    low, high = months[best], months[best + n_held - 1]
    if months[-1] - months[0] + 1 <= STRETCH * (high - low + 1):
        return months[0], months[-1]
    held = Counter(months)
    enough = NEIGHBOUR * n_held / (high - low + 1)
    while held[low - 1] >= max(1.0, enough):
        low -= 1
    while held[high + 1] >= max(1.0, enough):
        high += 1
    return low, high


def _unit(months: Sequence[int]) -> Unit:
    """The finest unit whose buckets hold a useful number of articles and are neither too few nor too many."""
    n_buckets, typical = {}, {}
    for unit, size in _MONTHS_IN.items():
        first, last = months[0] // size, months[-1] // size
        held = Counter(month // size for month in months)
        n_buckets[unit] = last - first + 1
        typical[unit] = median(held[bucket] for bucket in range(first, last + 1))
    fit = [unit for unit, n in n_buckets.items() if MIN_BUCKETS <= n <= MAX_BUCKETS]
    for wanted in (USEFUL_BUCKET, MIN_PER_BUCKET):
        for unit in fit:
            if typical[unit] >= wanted:
                return unit
    if fit:
        return fit[-1]
    return "month" if n_buckets["month"] < MIN_BUCKETS else "year"


def _is_unfinished(latest: tuple[int, int], unit: Unit) -> bool:
    month, day = latest
    size = _MONTHS_IN[unit]
    year, month_of_year = divmod(month, 12)
    days = calendar.monthrange(year, month_of_year + 1)[1]
    passed = (month % size + (day or days) / days) / size
    return passed < NEARLY_OVER


def _label(bucket: int, unit: Unit) -> str:
    year, part = divmod(bucket, 12 // _MONTHS_IN[unit])
    if unit == "month":
        return f"{month_name(part + 1)} {year}"
    return {"quarter": f"{year} Q{part + 1}", "half-year": f"{('Jan–Jun', 'Jul–Dec')[part % 2]} {year}"}.get(
        unit, str(year)
    )


def _short(bucket: int, unit: Unit) -> str:
    """The label as it stands under an axis."""
    if unit != "month":
        return _label(bucket, unit)
    year, part = divmod(bucket, 12)
    return f"{month_name(part + 1)[:3]} {year}"
