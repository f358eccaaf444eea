"""When something comes up again: every week on a weekday, every month on a day, or once."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

WEEK, MONTH, ONCE = "week", "month", "once"
WEEK_DAYS, MONTH_DAYS_MAX = 7, 31


@dataclass(frozen=True, slots=True)
class Rhythm:
    """`day` is the weekday (1 Monday to 7 Sunday) or the day of the month; it says nothing where `every` is once.

    A month without its day has it on its last: the 31st comes up on 30 September and on 28 February.
    """

    every: str
    day: int

    def after(self, day: date) -> date | None:
        """The next day on which it comes up, later than `day`; None where it comes up once and has a date already."""
        if self.every == WEEK:
            return day + timedelta(days=(self.day - day.isoweekday() - 1) % WEEK_DAYS + 1)
        if self.every == MONTH:
            return self._in_month(day) if self._in_month(day) > day else self._in_month(_next_month(day))
        return None

    def newest(self, first: date, today: date) -> date:
        """The last day on which it has come up by `today`, having come up on `first`, which is not later."""
        newest, following = first, self.after(first)
        while following is not None and following <= today:
            newest, following = following, self.after(following)
        return newest

    def _in_month(self, day: date) -> date:
        return day.replace(day=min(self.day, _last(day)))


def _last(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _next_month(day: date) -> date:
    return day.replace(day=_last(day)) + timedelta(days=1)
