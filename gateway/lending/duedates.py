"""Steps on the calendar: always counted from the anchor day, never from a date that February has clipped."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

Unit = Literal["days", "weeks", "months"]
UNITS: tuple[Unit, ...] = get_args(Unit)
EVERY_MAX = 366


@dataclass(frozen=True, slots=True)
class Calendar:
    """The due dates of a loan, all counted from one day that is known to belong to one instalment number."""

    anchor_on: date
    anchor_number: int
    every: int
    unit: Unit

    def due_on(self, number: int) -> date:
        """The due date of instalment `number`; raises OverflowError past the end of the calendar."""
        return stepped(self.anchor_on, (number - self.anchor_number) * self.every, self.unit)


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
