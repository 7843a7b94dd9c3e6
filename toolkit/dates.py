"""Dates as pages and data columns state them: ISO 8601, only as precise as what was written, nothing invented.

A grammar of our own rather than a general date parser, because those guess: a missing year becomes this year, a
percentage a day. Here a line either states a date or it does not.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

MIN_YEAR, MAX_YEAR = 1900, 2100
MAX_REMEMBERED = 120  # characters
MAX_LINE = 2_000  # characters of a line that are looked at; a dateline stands at its beginning

# Month names as written in English, Indonesian, Malay, Tagalog, Vietnamese without its "tháng", French, Spanish,
# Portuguese and German; abbreviations are listed only where they are in use.
_MONTH_NAMES = {
    1: "january jan januari enero janvier januar janeiro ม.ค. มกราคม",
    2: "february feb februari pebruari febrero pebrero février februar fevereiro ก.พ. กุมภาพันธ์",
    3: "march mar maret mac marzo marso mars märz março มี.ค. มีนาคม",
    4: "april apr abril avril เม.ย. เมษายน",
    5: "may mei mayo mai maio พ.ค. พฤษภาคม",
    6: "june jun juni jun junio hunyo juin junho มิ.ย. มิถุนายน",
    7: "july jul juli julai julio hulyo juillet julho ก.ค. กรกฎาคม",
    8: "august aug agustus ogos agosto août agu ส.ค. สิงหาคม",
    9: "september sept sep septiembre setyembre septembre setembro ก.ย. กันยายน",
    10: "october oct oktober okt octubre oktubre octobre outubro ต.ค. ตุลาคม",
    11: "november nov noviembre nobyembre novembre novembro พ.ย. พฤศจิกายน",
    12: "december dec desember disember des dis diciembre disyembre décembre dezember dezembro ธ.ค. ธันวาคม",
}
_MONTHS = {name: month for month, names in _MONTH_NAMES.items() for name in names.split()}
_DIGIT = re.compile("[0-9]")
_THAI = re.compile("[\u0e00-\u0e7f]")
_NAME = "|".join(re.escape(name) for name in sorted(_MONTHS, key=lambda name: (-len(name), name)))

_LEFT = r"(?<![0-9A-Za-z$€£¥฿₫#])(?<![0-9][./:,-])"
_RIGHT = r"(?![0-9A-Za-z%])(?![./:,-][0-9])"
_DAY = r"(?P<day>[0-9]{1,2})"
_YEAR = r"(?P<year>[0-9]{4})"
_MONTH = rf"(?P<name>{_NAME})(?![^\W\d_])\.?"
_DAY_END = r"(?:st|nd|rd|th|er|º)?(?![0-9A-Za-z%])(?!\s?[-–—~/.]\s?[0-9])(?!,[0-9]|:[0-9])"
_YEAR_END = r"(?![0-9A-Za-z%])(?![-/.,:][0-9])(?!\s?[-–—]\s?[0-9])"

_GRAMMAR = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # 2018-02-24, 2018/2/24, 2018.02.24, and 2018-02-24T16:48
        rf"{_LEFT}{_YEAR}(?P<mark>[-/.])(?P<month>[0-9]{{1,2}})(?P=mark){_DAY}(?:(?=T[0-9]{{2}}:)|{_RIGHT})",
        # 2024年4月16日, 2024年4月, 4月16日; Korean the same way
        rf"{_LEFT}{_YEAR}\s?[年년]\s?(?P<month>[0-9]{{1,2}})\s?[月월](?:\s?{_DAY}\s?[日号일])?",
        rf"{_LEFT}(?P<month>[0-9]{{1,2}})\s?[月월]\s?{_DAY}\s?[日号일]",
        # April 16, 2024; Apr. 16th 2024; May 6; April 16 (Tue), 2024 is not read
        rf"{_LEFT}{_MONTH}[\s-]{{0,3}}{_DAY}{_DAY_END}(?:[\s,.]{{1,3}}{_YEAR}{_YEAR_END})?",
        rf"{_LEFT}{_MONTH}-{_DAY}-{_YEAR}{_YEAR_END}",
        # 16 April 2024, 16-Apr-2024, 16th of April, 16 de abril de 2024, 16 เมษายน 2567
        rf"{_LEFT}{_DAY}(?:st|nd|rd|th|er|º|\.)?(?:\s{{1,2}}(?:of\s|de\s|ng\s|ika\s)?|-|/|(?=[\u0e00-\u0e7f])){_MONTH}"
        rf"(?:(?:\s{{0,2}}[,./-]?\s{{0,2}}|\s(?:de|del|พ\.ศ\.)\s){_YEAR}{_YEAR_END}|(?!\s?[0-9]))",
        # ngày 16 tháng 4 năm 2024, 16 tháng 4, 2024, tháng 4 năm 2024, tháng 4/2024
        rf"(?:{_LEFT}{_DAY}\s{{1,2}})?(?<!\w)tháng\s(?P<month>[0-9]{{1,2}})(?![0-9])"
        rf"(?:(?:\s?,\s?|\s?/\s?|\s{{1,2}}(?:năm\s)?){_YEAR}{_YEAR_END})?",
        # April 2024, เมษายน 2567
        rf"{_LEFT}{_MONTH}[\s,-]{{0,2}}{_YEAR}{_YEAR_END}",
        # 16/04/2024: only the year where day and month could be either
        rf"{_LEFT}(?P<one>[0-9]{{1,2}})(?P<mark>[-/.])(?P<two>[0-9]{{1,2}})(?P=mark){_YEAR}(?:(?=T[0-9]{{2}}:)|{_RIGHT})",
    )
)
# What can match in ASCII, and what a line must hold for it.
_NAMED_MONTH = tuple(pattern for pattern in _GRAMMAR if "(?P<name>" in pattern.pattern)
_FIGURES = (_GRAMMAR[0], _GRAMMAR[-1])
_BEGINNINGS = "|".join(sorted({name[:3] for name in _MONTHS if name.isascii()}))
_MONTH_BEGINS = re.compile(rf"(?<![0-9a-z])(?:{_BEGINNINGS})")
_JOINED_FIGURES = re.compile(r"[0-9][-/.][0-9]")

_CLOCK = r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,][0-9]{1,9})?)?(?![0-9:])"
_HALF = r"(?:\s?(?P<half>[ap])\.?m\b\.?)?"
_ZONE_NAME = "GMT|UTC|SGT|HKT|WIB|WITA|WIT|ICT|MYT|PHT|PST|EST|EDT|IST"
_ZONE = rf"(?:\s?(?:Z\b|(?:GMT|UTC)?\s?[+-][0-9]{{1,2}}:?(?:[0-9]{{2}})?(?![0-9])|\(?(?:{_ZONE_NAME})\b\)?))?"
_TIME_AFTER = re.compile(
    rf"(?:T|[\s,|–-]{{0,4}}(?:\(?(?:at|kl|pukul|pkl\.?|jam|lúc|à|เวลา|on)\s)?[\s(|]?)"
    rf"(?:{_CLOCK}{_HALF}{_ZONE}"
    r"|(?P<hour2>[0-9]{1,2})\.(?P<minute2>[0-9]{2})(?:\s?(?P<half2>[ap])\.?m\b\.?|\s?(?:WIB|WITA|WIT|น\.|hrs\b))"
    r"|(?P<hour3>[0-9]{1,2})\s?(?P<half3>[ap])\.?m\b\.?)",
    re.IGNORECASE,
)
_TIME_BEFORE = re.compile(rf"(?<![0-9.:]){_CLOCK}{_HALF}{_ZONE}[\s,|-]{{1,3}}(?:on\s|ngày\s)?\Z", re.IGNORECASE)
_TIME_WINDOW = 40  # characters before a date in which its time may stand


@dataclass(frozen=True, slots=True)
class FoundDate:
    """A date stated in `line[start:end]`, as ISO 8601: `2024-04-16T18:05`, `2024-04-16`, `2024-04`, `--05-06`."""

    iso: str
    start: int
    end: int


def find_date(line: str) -> FoundDate | None:
    """The first date that `line`, a header line or dateline, states.

    A day and month that could be read both ways (03/04/2024) give the year alone; a day without a year stays
    without one; relative dates, ranges of days, impossible dates and two-digit years are no dates.

    Examples
    --------
    >>> find_date("Release time:Apr 16, 2024 18:05 PM")
    FoundDate(iso='2024-04-16T18:05', start=13, end=34)
    >>> find_date("HAIKOU, May 6. /TASS/").iso
    '--05-06'
    """
    return _find_date(line[:MAX_LINE]) if len(line) > MAX_REMEMBERED else _remembered(line)


def _find_date(line: str) -> FoundDate | None:
    taken = 0
    for match in _candidates(line):
        if match.start() < taken:
            continue
        taken = match.end()
        day = _day_of(match)
        if day is None:
            continue
        start, end, clock = match.start(), match.end(), None
        if len(day) == 10:
            time = _TIME_AFTER.match(line, end)
            if time is not None:
                clock = _clock_of(time)
                end = time.end() if clock else end
            if clock is None:
                time = _TIME_BEFORE.search(line, max(0, start - _TIME_WINDOW), start)
                if time is not None:
                    clock = _clock_of(time)
                    start = time.start() if clock else start
        return FoundDate(f"{day}T{clock}" if clock else day, start, end)
    return None


_remembered = lru_cache(maxsize=10_000)(_find_date)  # lines return on a page, and from page to page


def _candidates(line: str) -> Iterator[re.Match[str]]:
    """Every match of the grammar, by place, the longest first: an impossible date hides the parts of it."""
    if _DIGIT.search(line) is None:
        return iter(())
    matches = [match for pattern in _worth_trying(line) for match in pattern.finditer(line)]
    return iter(sorted(matches, key=lambda match: (match.start(), -match.end())))


def _worth_trying(line: str) -> Sequence[re.Pattern[str]]:
    """The patterns that could match in `line`: in ASCII, those with a month's name and those of figures alone."""
    if not line.isascii():
        return _GRAMMAR
    named = _NAMED_MONTH if _MONTH_BEGINS.search(line.lower()) else ()
    return (*named, *_FIGURES) if _JOINED_FIGURES.search(line) else named


def _day_of(match: re.Match[str]) -> str | None:
    """The date a match of the grammar states, or None where there is no such day."""
    parts = match.groupdict()
    year = int(parts["year"]) if parts.get("year") else None
    name = parts.get("name")
    if name is not None:
        if name[:1].islower() and _THAI.match(name) is None and not _may_be_lower(name, match):
            return None
        month = _MONTHS[name.lower()]
        if year is not None and _THAI.match(name):
            year -= 543 if year > 2400 else 0  # the Buddhist era
    elif parts.get("one"):
        one, two = int(parts["one"]), int(parts["two"])
        if year is None or not MIN_YEAR <= year <= MAX_YEAR:
            return None
        if one <= 12 and two <= 12 and one != two:
            return f"{year:04d}" if one and two else None
        month, day_ = (two, one) if one > 12 else (one, two)
        return _iso(year, month, day_)
    else:
        month = int(parts["month"])
    day = int(parts["day"]) if parts.get("day") else None
    if year is None and day is None:
        return None
    return _iso(year, month, day)


# Month names that are everyday words when not capitalised, in one of the languages of the field.
_LOWER_DOUBTFUL = frozenset(
    ("may", "mar", "march", "mai", "mars", "sep", "sept", "dis", "des", "mac", "jun", "dec", "august", "mei")
)


def _may_be_lower(name: str, match: re.Match[str]) -> bool:
    """Whether a month in lower case is meant as one: with its year, or where the name means nothing else."""
    return match.groupdict().get("year") is not None or name not in _LOWER_DOUBTFUL


def _iso(year: int | None, month: int, day: int | None) -> str | None:
    if not 1 <= month <= 12 or (year is not None and not MIN_YEAR <= year <= MAX_YEAR):
        return None
    if day is None:
        return f"{year:04d}-{month:02d}"
    if not 1 <= day <= calendar.monthrange(year if year is not None else 2000, month)[1]:  # 2000: a leap year
        return None
    return f"--{month:02d}-{day:02d}" if year is None else f"{year:04d}-{month:02d}-{day:02d}"


def _clock_of(match: re.Match[str]) -> str | None:
    """HH:MM or HH:MM:SS; a half of the day that contradicts a 24-hour clock ("18:05 PM") says nothing."""
    parts = match.groupdict()
    hour_text = parts["hour"] or parts.get("hour2") or parts.get("hour3")
    minute = int(parts["minute"] or parts.get("minute2") or 0)
    half = parts["half"] or parts.get("half2") or parts.get("half3")
    if hour_text is None:
        return None
    hour = int(hour_text)
    second = int(parts["second"]) if parts["second"] else None
    if hour > 23 or minute > 59 or (second or 0) > 59:
        return None
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half.lower() == "p" else 0)
    if parts.get("hour3"):
        return None if not 1 <= int(hour_text) <= 12 else f"{hour:02d}:00"
    return f"{hour:02d}:{minute:02d}" if second is None else f"{hour:02d}:{minute:02d}:{second:02d}"


_PARTIAL = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?|--([0-9]{2})-([0-9]{2})")
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:T?([0-9]{2})([0-9]{2})([0-9]{2})?(?:\.[0-9]+)?Z?)?")
_EPOCH = re.compile(r"([0-9]{10})(?:[0-9]{3})?(?:\.[0-9]+)?")
_MIDNIGHT = "T00:00:00"


def normalise_date(value: str) -> str | None:
    """A data column's date as ISO 8601, or None where it states none.

    Dates with a zone keep the local date and time as stated; the zone is dropped. Midnight to the second is how
    tables store a date without a time, so it is dropped too. Ten or thirteen digits are seconds or milliseconds
    since 1970 and give the time in UTC.

    Examples
    --------
    >>> normalise_date("2024-04-16T18:05:00+08:00")
    '2024-04-16T18:05:00'
    >>> normalise_date("2024-02-30") is None
    True
    """
    value = value.strip()
    partial = _PARTIAL.fullmatch(value)
    if partial:
        year, month, only_month, day = (int(part) if part else None for part in partial.groups())
        if only_month is not None:
            return _iso(None, only_month, day)
        if month is not None:
            return _iso(year, month, None)
        return value if year is not None and MIN_YEAR <= year <= MAX_YEAR else None
    compact = _COMPACT.fullmatch(value)
    if compact:
        stated = [part for part in compact.groups() if part]
        if _iso(int(stated[0]), int(stated[1]), int(stated[2])):
            found = find_date("T".join(filter(None, ("-".join(stated[:3]), ":".join(stated[3:])))))
            return None if found is None else found.iso.removesuffix(_MIDNIGHT)
    epoch = _EPOCH.fullmatch(value)
    if epoch:
        moment = datetime.fromtimestamp(int(epoch.group(1)), tz=UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%S").removesuffix(_MIDNIGHT) if moment.year >= 1980 else None
    found = find_date(value)
    return None if found is None else found.iso.removesuffix(_MIDNIGHT)
