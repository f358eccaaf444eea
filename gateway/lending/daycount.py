"""Which part of a year lies between two days. The first day counts, the last does not.

30/360 counts every month as 30 days and reads the last day of any month as its 30th, so a loan that is due on
the 31st, clipped to 28 February, still pays whole months. actual/365 keeps 365 in leap years; actual/actual
does not.
"""

import calendar
from datetime import date
from fractions import Fraction
from typing import Literal

DayCount = Literal["30/360", "actual/365", "actual/360", "actual/actual"]


def days_between(day_count: DayCount, start: date, end: date) -> int:
    """Days from `start` to `end` as the convention counts them."""
    if day_count != "30/360":
        return (end - start).days
    months = (end.year - start.year) * 12 + end.month - start.month
    return months * 30 + _day_of_thirty(end) - _day_of_thirty(start)


def days_in_year(day_count: DayCount) -> int:
    """The year a rate is divided by when no calendar year is at hand."""
    return 360 if day_count.endswith("/360") else 365


def year_fraction(day_count: DayCount, start: date, end: date) -> Fraction:
    """The exact part of a year from `start` to `end`."""
    if day_count == "actual/actual":
        return _calendar_years(end) - _calendar_years(start)
    return Fraction(days_between(day_count, start, end), days_in_year(day_count))


def _day_of_thirty(day: date) -> int:
    is_month_end = day.day == calendar.monthrange(day.year, day.month)[1]
    return 30 if is_month_end else day.day


def _calendar_years(day: date) -> Fraction:
    length = 366 if calendar.isleap(day.year) else 365
    return day.year + Fraction(day.timetuple().tm_yday - 1, length)
