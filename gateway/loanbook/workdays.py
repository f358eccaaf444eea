"""Which days are worked, and when people may be called or written to about what they owe. Pure; Nairobi time."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache

from gateway.lending.duedates import Closed, ClosedBetween

AHEAD_DAYS_MAX = 366
WEEK = frozenset(range(1, 8))


@dataclass(frozen=True, slots=True)
class Workdays:
    """`weekdays` count from 1, Monday. `closed` are days of our own. Contact begins at `since` and ends at `until`."""

    weekdays: frozenset[int]
    holidays: Container[date]
    closed: frozenset[date]
    since: time
    until: time

    def is_closed(self, day: date) -> bool:
        return day.isoweekday() not in self.weekdays or day in self.closed or day in self.holidays

    def contact_from(self, moment: datetime) -> datetime:
        """The moment itself where it is one for calling, else the next one. Raises ValueError after a year of
        closed days."""
        if not self.is_closed(moment.date()) and self.since <= moment.time() < self.until:
            return moment
        first = moment.date() if moment.time() < self.since else moment.date() + timedelta(days=1)
        for ahead in range(AHEAD_DAYS_MAX):
            day = first + timedelta(days=ahead)
            if not self.is_closed(day):
                return datetime.combine(day, self.since, moment.tzinfo)
        raise ValueError("no day is worked")

    def after(self, day: date, moment: datetime) -> datetime:
        """The first moment for calling once `day` is over, and not before `moment`."""
        over = datetime.combine(day + timedelta(days=1), time(), moment.tzinfo)
        return self.contact_from(max(over, moment))


def closed_between(workdays: Workdays) -> ClosedBetween:
    """Which days of a time are closed. Holidays of a year are worked out once: prices ask for them often."""
    weekdays = WEEK - workdays.weekdays

    @cache
    def of(year: int) -> frozenset[date]:
        first = date(year, 1, 1)
        days = (first + timedelta(days=ahead) for ahead in range((date(year, 12, 31) - first).days + 1))
        return frozenset(day for day in days if day.isoweekday() not in weekdays and workdays.is_closed(day))

    def between(first: date, last: date) -> Closed:
        days = (day for year in range(first.year, last.year + 1) for day in of(year))
        return Closed(weekdays, frozenset(day for day in days if first <= day <= last))

    return between
