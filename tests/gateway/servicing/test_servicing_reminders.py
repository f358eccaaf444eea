"""When somebody is reminded: once before, once on the day, once after; never on a silent day."""

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.servicing.reminders import Kind, Reminders

MONDAY = date(2026, 8, 3)
DAYS = Reminders((3,), (7,), lambda day: day.isoweekday() == 7)


def said(reminders: Reminders, due_on: date) -> dict[date, Kind]:
    """All that is said about an instalment nobody pays."""
    days = (due_on + timedelta(days=offset) for offset in range(-20, 30))
    return {day: kind for day in days if (kind := reminders.due(due_on, day))}


class TestDue:
    def test_before_on_and_after_the_day(self) -> None:
        """A Thursday: nothing is moved."""
        due_on = MONDAY + timedelta(days=3)

        assert said(DAYS, due_on) == {
            MONDAY: "before",
            due_on: "today",
            due_on + timedelta(days=7): "late",
        }

    def test_what_falls_on_a_sunday_is_said_on_the_saturday(self) -> None:
        """Due on a Sunday it is said the day before, as something to come."""
        sunday = MONDAY + timedelta(days=6)
        saturday = sunday - timedelta(days=1)

        assert said(DAYS, sunday) == {
            MONDAY + timedelta(days=3): "before",
            saturday: "before",
            sunday + timedelta(days=6): "late",
        }

    @given(
        due=st.integers(0, 400),
        silent=st.sets(st.integers(-25, 430), max_size=200),
        before=st.sets(st.integers(1, 10), max_size=3),
        after=st.sets(st.integers(1, 20), max_size=3),
    )
    def test_never_on_a_silent_day_and_never_late_before_it_is(
        self, due: int, silent: set[int], before: set[int], after: set[int]
    ) -> None:
        """Whatever the calendar; and nothing is said more often than was asked for."""
        closed = {MONDAY + timedelta(days=offset) for offset in silent}
        reminders = Reminders(tuple(before), tuple(after), closed.__contains__)
        due_on = MONDAY + timedelta(days=due)

        found = said(reminders, due_on)

        assert not set(found) & closed
        assert all(day > due_on for day, kind in found.items() if kind == "late")
        assert all(day < due_on for day, kind in found.items() if kind == "before")
        assert Counter(found.values())["late"] <= len(after)

    @pytest.mark.parametrize("days", [(), (3,)])
    def test_the_day_itself_is_always_spoken_of(self, days: tuple[int, ...]) -> None:
        """Whatever else is asked for."""
        due_on = MONDAY + timedelta(days=3)

        assert said(Reminders(days, (), lambda _: False), due_on)[due_on] == "today"
