"""Which days are worked, and when people may be called or written to about what they owe. Pure; Nairobi time."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

AHEAD_DAYS_MAX = 366


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
