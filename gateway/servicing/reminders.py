"""When somebody is reminded of an instalment: some days before it, on its day, some days after. Pure.

Nobody is reminded on a silent day (Sundays, holidays): what falls on one is said on the last day before it that is
none.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Kind = Literal["before", "today", "late"]
SILENT_DAYS_MAX = 14


@dataclass(frozen=True, slots=True)
class Reminders:
    """So many days before, and so many after; `is_silent` says which days are left alone."""

    before: tuple[int, ...]
    after: tuple[int, ...]
    is_silent: Callable[[date], bool]

    def due(self, due_on: date, today: date) -> Kind | None:
        """What is said today about an instalment of that day that is not paid; nothing on most days."""
        found: Kind | None = None
        for day in self._spoken_for(today):
            found = self._kind(due_on, day) or found
        if found == "late" and today <= due_on:
            return None  # nobody is told before the day is over that it has passed
        return "before" if found == "today" and today < due_on else found

    def _kind(self, due_on: date, day: date) -> Kind | None:
        left = (due_on - day).days
        if left == 0:
            return "today"
        if left > 0:
            return "before" if left in self.before else None
        return "late" if -left in self.after else None

    def _spoken_for(self, today: date) -> Iterator[date]:
        """Today and the silent days that follow it; no day at all on a silent one."""
        if self.is_silent(today):
            return
        yield today
        for ahead in range(1, SILENT_DAYS_MAX):
            day = today + timedelta(days=ahead)
            if not self.is_silent(day):
                return
            yield day
