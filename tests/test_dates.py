"""Dates: as precise as what was written, never more."""

from __future__ import annotations

import datetime
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.dates import find_date, normalise_date

STATED = {
    "Release time:Apr 16, 2024 18:05 PM": "2024-04-16T18:05",
    "Post Time:2018-02-24 16:48:42": "2018-02-24T16:48:42",
    "PUBLISHED : 9 Sep 2023 at 21:07": "2023-09-09T21:07",
    "HAIKOU, May 6. /TASS/. Hainan plans": "--05-06",
    "China News Service, Boao, April 20th, title: Boao sees Asia": "--04-20",
    "BEIJING, Feb. 29 (Xinhua) --": "--02-29",
    "20/04/2021": "2021-04-20",
    "04/20/2021": "2021-04-20",
    "05/05/2021": "2021-05-05",
    "04/05/2021": "2021",
    "April 2024": "2024-04",
    "Published April 16th, 2024": "2024-04-16",
    "Tue, 16 Apr 2024 08:00:00 GMT": "2024-04-16T08:00:00",
    "16-Apr-2024": "2024-04-16",
    "MAY 6, 2024 | 9:30PM": "2024-05-06T21:30",
    "Mar. 3, 2020 9am": "2020-03-03T09:00",
    "Apr 16, 2024, 12:05 a.m.": "2024-04-16T00:05",
    "10:24, 16/04/2024": "2024-04-16T10:24",
    "2024-04-16T18:05:00+08:00": "2024-04-16T18:05:00",
    "2024-04-16T18:05:00.123Z": "2024-04-16T18:05:00",
    "2024.04.16": "2024-04-16",
    "2024年4月16日 10:30": "2024-04-16T10:30",
    "2024年4月": "2024-04",
    "新华社北京4月16日电": "--04-16",
    "16 เมษายน 2567": "2024-04-16",
    "16 เม.ย. 2567": "2024-04-16",
    "Senin, 16 Agustus 2021 21.07 WIB": "2021-08-16T21:07",
    "Kamis, 2 Mei 2024": "2024-05-02",
    "31 Disember 2023": "2023-12-31",
    "Thứ Ba, 16/04/2024, 10:24 (GMT+7)": "2024-04-16T10:24",
    "ngày 16 tháng 4 năm 2024": "2024-04-16",
    "tháng 4/2024": "2024-04",
    "16 de abril de 2024": "2024-04-16",
    "Jakarta (ANTARA), 25:61 April 3, 2024": "2024-04-03",
}
NOT_STATED = [
    "", "Boao", "Updated 3 hours ago", "Yesterday at 10:24", "2018-2020", "in 2018", "tel 020-8123-4567",
    "+66 2 123 4567",
    "v2.10.2020.1", "$12.10.2020", "won 3-2", "grew by 27%", "it may 6 people", "Feb 30, 2024", "30 Feb 2024",
    "Feb 30",
    "2018-13-01", "2018-02-29", "31/04/2021", "13/13/2021", "December 31, 1899", "1 January 2101", "16/04/24",
    "May 6-8",
    "10+1 and 10+3", "16:48:42", "the 43rd ASEAN Summit", "US$ 1,204.2024", "RMB 2,024 million", "No. 4/2024/ND",
    "192.168.10.2020", "marching 6 miles", "Decades 10", "augustly 12",
]  # fmt: skip


@pytest.mark.parametrize(("line", "iso"), STATED.items())
def test_a_line_states_its_date(line, iso):
    found = find_date(line)
    assert found is not None
    assert found.iso == iso


@pytest.mark.parametrize("line", NOT_STATED)
def test_what_is_no_date_is_none(line):
    assert find_date(line) is None


def test_the_span_covers_date_and_time_only():
    line = "Post Time:2018-02-24 16:48:42 by CABC"
    found = find_date(line)
    assert line[found.start : found.end] == "2018-02-24 16:48:42"


def test_the_first_valid_date_of_a_line_counts():
    assert find_date("Feb 30, 2024 and 16 April 2024").iso == "2024-04-16"


@given(st.text(max_size=60) | st.text(alphabet="0123456789-/.: ,Apr年月日thPMT", max_size=40))
def test_what_is_found_is_iso_and_inside_the_line(line):
    found = find_date(line)
    if found is not None:
        assert 0 <= found.start < found.end <= len(line)
        assert re.fullmatch(r"(\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d)?)?)?)?|--\d\d-\d\d)", found.iso)
        for number in re.findall(r"\d+", found.iso)[:1]:  # no year that is not in the line (or Buddhist)
            assert len(number) == 2 or number in line or str(int(number) + 543) in line


@given(st.dates(min_value=datetime.date(1900, 1, 1), max_value=datetime.date(2100, 12, 31)))
def test_every_day_is_read_back_from_its_usual_forms(day):
    for form in ("%d %B %Y", "%b %d, %Y", "%Y-%m-%d", "%Y/%m/%d", "%A, %B %d, %Y"):
        assert find_date(day.strftime(form)).iso == day.isoformat()


COLUMNS = {
    "2024": "2024",
    "2024-04": "2024-04",
    "--05-06": "--05-06",
    "20240416": "2024-04-16",
    "20240416T180500Z": "2024-04-16T18:05:00",
    "2024-04-16 00:00:00": "2024-04-16",
    "2024-04-16T18:05+08:00": "2024-04-16T18:05",
    " Apr 16, 2024 ": "2024-04-16",
    "1713261900": "2024-04-16T10:05:00",
    "1713261900000": "2024-04-16T10:05:00",
    "1713225600": "2024-04-16",
    "2024-02-30": None,
    "20241316": None,
    "123": None,
    "0": None,
    "nan": None,
    "NaT": None,
    "": None,
    "--02-30": None,
    "1492": None,
}


@pytest.mark.parametrize(("value", "iso"), COLUMNS.items())
def test_a_data_column(value, iso):
    assert normalise_date(value) == iso


@pytest.mark.parametrize("iso", ["2024-04-16T18:05", "2024-04-16", "2024-04", "2024", "--05-06"])
def test_what_is_normalised_stays(iso):
    assert normalise_date(iso) == iso


@pytest.mark.parametrize("unit", ["1", "1/", "May ", "12 ", "tháng ", ":", " ", "2024-", "年"])
def test_a_megabyte_line_costs_little(unit):
    start = time.process_time()
    find_date(unit * (1_000_000 // len(unit)))
    assert time.process_time() - start < 0.5
