"""Steps on the calendar: always counted from the anchor day, never from a date that February has clipped."""

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

Unit = Literal["days", "weeks", "months"]
UNITS: tuple[Unit, ...] = get_args(Unit)
EVERY_MAX = 366
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Closed:
    """Days on which nothing falls due: days of the week (1 Monday, 7 Sunday), and days of the calendar."""

    weekdays: frozenset[int] = frozenset()
    days: frozenset[date] = frozenset()

    def __contains__(self, day: date) -> bool:
        return day.isoweekday() in self.weekdays or day in self.days

    def __bool__(self) -> bool:
        return bool(self.weekdays or self.days)


NEVER_CLOSED = Closed()
ClosedBetween = Callable[[date, date], Closed]


@dataclass(frozen=True, slots=True)
class Calendar:
    """The due dates of a loan, all counted from one day that is known to belong to one instalment number."""

    anchor_on: date
    anchor_number: int
    every: int
    unit: Unit
    closed: Closed = NEVER_CLOSED

    def due_dates(self, first: int, count: int) -> tuple[date, ...]:
        """Of `count` instalments from number `first`; raises OverflowError past the end of the calendar.

        One that would fall on a closed day is due on the next open one. Where the instalment before it is due then, it
        waits for the day after that: none meet, and none change places.
        """
        if not self.closed:
            return tuple(self._counted(number) for number in range(first, first + count))
        found = list[date]()
        for number in range(max(1, self.anchor_number), first + count):
            day = self._counted(number)
            found.append(self._open(max(day, found[-1] + ONE_DAY) if found else day))
        return tuple(found[-count:])

    def _counted(self, number: int) -> date:
        return stepped(self.anchor_on, (number - self.anchor_number) * self.every, self.unit)

    def _open(self, day: date) -> date:
        while day in self.closed:
            day += ONE_DAY
        return day


def stepped(anchor: date, steps: int, unit: Unit) -> date:
    """The day `steps` units after `anchor`; a month without that day gives its last one.

    Raises OverflowError past the end of the calendar.
    """
    if unit == "months":
        return _months_after(anchor, steps)
    return anchor + timedelta(days=steps * (7 if unit == "weeks" else 1))


def _months_after(anchor: date, months: int) -> date:
    years, month = divmod(anchor.month - 1 + months, 12)
    year = anchor.year + years
    if year > date.max.year:
        raise OverflowError(f"{months} months after {anchor} is past the calendar")
    last_day = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(anchor.day, last_day))
