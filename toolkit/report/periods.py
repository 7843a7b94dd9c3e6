"""Articles over time: which bucket suits the span and the number of articles, and what falls into each."""

from __future__ import annotations

import calendar
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from toolkit.report.wording import counted, date_words, month_name

Unit = Literal["month", "quarter", "year"]
_MONTHS_IN = {"month": 1, "quarter": 3, "year": 12}
_YEAR = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?:T|\Z)")

MIN_DATED = 20  # below this, shares over time are stories about single articles
MIN_PER_BUCKET = 8  # mean number of on-topic articles a bucket should hold; else a coarser bucket is taken
MIN_BUCKET = 5  # on-topic articles below which a bucket's share is not drawn: one article would be 20 points
MAX_BUCKETS = 36  # as many as a panel 300 pixels wide can show apart
TAIL = 0.01  # share of articles at either end that may be stray dates
NEARLY_OVER = 0.9  # a bucket whose last dated article lies beyond this part of it counts as finished


@dataclass(frozen=True, slots=True)
class Timeline:
    """Consecutive buckets from `first`; `of[i]` is the bucket of article i, None where it is in none.

    `sentences` say what is not in the picture. `reason` says why nothing is drawn, "" where it is.
    """

    unit: Unit
    labels: tuple[str, ...]
    short: tuple[str, ...]
    of: tuple[int | None, ...]
    unfinished: bool
    sentences: tuple[str, ...]
    reason: str = ""

    @property
    def drawn(self) -> bool:
        """Whether there is enough to draw."""
        return not self.reason


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
    sentences = _not_in_time(dates, parsed)
    n_years = sum(1 for item in parsed if item is not None and item[0] < 0)

    def nothing(reason: str) -> Timeline:
        return Timeline("month", (), (), (None,) * len(dates), False, tuple(sentences), reason)

    if not months:
        return nothing("No on-topic article has a date with a year and a month, so nothing can be drawn over time.")
    if len(months) < MIN_DATED:
        return nothing(
            f"Not drawn: {counted(len(months), 'on-topic article')} with a date is too few; "
            f"shares over time need at least {MIN_DATED}."
        )
    low, high = _window(months)
    n_stray = sum(1 for month in months if not low <= month <= high)
    inside = [month for month in months if low <= month <= high]
    unit = _unit(inside)
    size = _MONTHS_IN[unit]
    first, last = inside[0] // size, inside[-1] // size
    if first == last:
        return nothing(f"Not drawn: all dated on-topic articles fall into one {unit}, {_label(first, unit)}.")
    if n_stray:
        verb = "is" if n_stray == 1 else "are"
        sentences.append(
            f"{counted(n_stray, 'article')} dated far outside {_label(first, unit)} to {_label(last, unit)} "
            f"{verb} not drawn."
        )
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
            f"Not drawn: {counted(len(months), 'dated on-topic article')} over {counted(n_buckets, unit)} is too few; "
            f"at least two {unit}s need {MIN_BUCKET} each."
        )
    latest = max(item for item in parsed if item is not None and low <= item[0] <= high)
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
        labels=tuple(_label(first + i, unit) for i in range(n_buckets)),
        short=tuple(_short(first + i, unit, is_first=i == 0) for i in range(n_buckets)),
        of=tuple(of),
        unfinished=unfinished,
        sentences=tuple(sentences),
    )


def covered(dates: Sequence[str]) -> str:
    """The period the dates cover, in words; "" where none has a year and a month."""
    parsed = sorted(item for item in map(months_of, dates) if item is not None and item[0] > 0)
    if not parsed:
        years = sorted(-item[0] for item in map(months_of, dates) if item is not None)
        return "" if not years else str(years[0]) if years[0] == years[-1] else f"{years[0]} to {years[-1]}"
    low, high = _window([month for month, _ in parsed])
    inside = [item for item in parsed if low <= item[0] <= high]
    first, last = (_date(item) for item in (inside[0], inside[-1]))
    return first if first == last else f"{first} to {last}"


def _date(item: tuple[int, int]) -> str:
    year, month = divmod(item[0], 12)
    return date_words(f"{year:04d}-{month + 1:02d}" + (f"-{item[1]:02d}" if item[1] else ""))


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
    """First and last month to show: all of them, unless a hundredth of the articles stretches the span threefold."""
    cut = int(len(months) * TAIL)
    low, high = months[cut], months[-1 - cut]
    if months[-1] - months[0] + 1 > 3 * (high - low + 1):
        return low, high
    return months[0], months[-1]


def _unit(months: Sequence[int]) -> Unit:
    span = months[-1] - months[0] + 1
    units: tuple[Unit, ...] = ("month", "quarter")
    for unit in units:
        n_buckets = span / _MONTHS_IN[unit]
        if n_buckets <= MAX_BUCKETS and len(months) / n_buckets >= MIN_PER_BUCKET:
            return unit
    if span <= 24:  # years would leave one or two buckets
        return "month" if span <= 6 else "quarter"
    return "year"


def _is_unfinished(latest: tuple[int, int], unit: Unit) -> bool:
    month, day = latest
    size = _MONTHS_IN[unit]
    year, month_of_year = divmod(month, 12)
    days = calendar.monthrange(year, month_of_year + 1)[1]
    passed = (month % size + (day or days) / days) / size
    return passed < NEARLY_OVER


def _label(bucket: int, unit: Unit) -> str:
    year, part = divmod(bucket, 12 // _MONTHS_IN[unit])
    return {"month": f"{month_name(part + 1)} {year}", "quarter": f"Q{part + 1} {year}", "year": str(bucket)}[unit]


def _short(bucket: int, unit: Unit, *, is_first: bool) -> str:
    """The tick label: only where a year begins, and at the first bucket."""
    year, part = divmod(bucket, 12 // _MONTHS_IN[unit])
    return str(year) if part == 0 or is_first else ""
