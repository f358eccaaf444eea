"""The days that a statement is about, in East Africa Time."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from gateway.clock import EAT, milliseconds

Period = Literal["month", "before", "quarter"]


@dataclass(frozen=True, slots=True)
class Days:
    """Some days, both ends included."""

    since: date
    until: date

    @property
    def begins(self) -> int:
        """Their first moment (ms)."""
        return _midnight(self.since)

    @property
    def ends(self) -> int:
        """The first moment after them (ms)."""
        return _midnight(self.until + timedelta(days=1))


def days_of(period: Period, today: date) -> Days:
    """This month so far, the whole month before, or three months up to today."""
    first = today.replace(day=1)
    if period == "month":
        return Days(first, today)
    before = (first - timedelta(days=1)).replace(day=1)
    if period == "before":
        return Days(before, first - timedelta(days=1))
    start = (before - timedelta(days=1)).replace(day=1)
    return Days(start, today)


def _midnight(day: date) -> int:
    return milliseconds(datetime.combine(day, time(), EAT))
