"""Closed days and hours of contact."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.app import products_of
from gateway.clock import EAT
from gateway.config import Calendar, Config, Reminding
from gateway.errors import Misconfigured
from gateway.features.calendar import workdays_of
from gateway.features.reminding import reminders_of
from gateway.loanbook.workdays import Workdays, closed_between

KENYA = workdays_of(Calendar(closed_days=(date(2026, 12, 24),)))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=EAT)


class TestClosed:
    @pytest.mark.parametrize(
        ("day", "is_closed"),
        [
            (date(2026, 8, 8), False),  # a Saturday
            (date(2026, 8, 9), True),  # a Sunday
            (date(2026, 6, 1), True),  # Madaraka Day
            (date(2026, 12, 24), True),  # our own
            (date(2026, 12, 23), False),
        ],
    )
    def test_sundays_holidays_and_days_of_our_own(self, day: date, *, is_closed: bool) -> None:
        """All others are worked."""
        assert KENYA.is_closed(day) is is_closed


class TestContact:
    @pytest.mark.parametrize(
        ("moment", "expected"),
        [
            ("2026-08-07 08:00", "2026-08-07 08:00"),
            ("2026-08-07 07:59", "2026-08-07 08:00"),
            ("2026-08-07 18:00", "2026-08-08 08:00"),
            ("2026-08-08 20:00", "2026-08-10 08:00"),
            ("2026-12-23 18:30", "2026-12-28 08:00"),
        ],
    )
    def test_the_next_moment_for_calling(self, moment: str, expected: str) -> None:
        """Not at night, not over a long Christmas."""
        assert KENYA.contact_from(at(moment)) == at(expected)

    def test_a_promised_day_is_left_to_pass(self) -> None:
        """Calls begin on the next day that is worked."""
        assert KENYA.after(date(2026, 8, 8), at("2026-08-05 10:00")) == at("2026-08-10 08:00")
        assert KENYA.after(date(2026, 8, 1), at("2026-08-05 10:00")) == at("2026-08-05 10:00")

    @given(st.integers(0, 10_000_000))
    def test_it_is_always_an_hour_of_a_worked_day(self, minutes: int) -> None:
        """Never before the moment itself, and settled: asking again answers the same."""
        moment = at("2020-01-01 00:00") + timedelta(minutes=minutes)
        found = KENYA.contact_from(moment)

        assert found >= moment
        assert not KENYA.is_closed(found.date())
        assert time(8) <= found.time() < time(18)
        assert KENYA.contact_from(found) == found

    def test_a_calendar_without_work_is_refused(self) -> None:
        """Instead of looking for a day forever."""
        closed = frozenset(date(2026, 1, 1) + timedelta(days=ahead) for ahead in range(400))
        with pytest.raises(ValueError, match="no day"):
            Workdays(frozenset({1}), frozenset(), closed, time(8), time(9)).contact_from(at("2026-01-01 10:00"))


class TestSettings:
    @pytest.mark.parametrize("settings", [Calendar(country="XX"), Calendar(contact_until=time(8))])
    def test_nonsense_is_named(self, settings: Calendar) -> None:
        """By its key."""
        with pytest.raises(Misconfigured, match=r"calendar\."):
            workdays_of(settings)

    def test_a_country_may_have_no_holidays(self) -> None:
        """Only Sundays are closed then."""
        assert not workdays_of(Calendar(country="")).is_closed(date(2026, 6, 1))


class TestReminders:
    def test_nobody_is_reminded_on_a_closed_day_of_ours(self) -> None:
        """What falls on it is said on the day before."""
        own = date(2026, 8, 12)
        reminders = reminders_of(Reminding(), (own,))

        assert reminders.due(own, own) is None
        assert reminders.due(own, own - timedelta(days=1)) == "before"


class TestClosedBetween:
    def test_names_the_days_of_the_week_and_the_other_days(self) -> None:
        """Sundays by their number; Christmas, Boxing Day and a day of our own by themselves."""
        found = closed_between(KENYA)(date(2026, 12, 20), date(2026, 12, 31))

        assert found.weekdays == {7}
        assert found.days == {date(2026, 12, 24), date(2026, 12, 25), date(2026, 12, 26)}

    def test_goes_over_the_end_of_a_year(self) -> None:
        """New Year's Day is a holiday."""
        assert closed_between(KENYA)(date(2026, 12, 27), date(2027, 1, 2)).days == {date(2027, 1, 1)}

    def test_is_asked_by_every_product_but_loans_between_people(self) -> None:
        """Where the calendar says so; by default no due date moves."""
        moved, kept = (
            products_of(Config(calendar=Calendar(due_on_closed_days=rule))) for rule in ("next", "keep")
        )  # fmt: skip

        assert [key for key, product in moved.items() if product.closed_between] == ["quick", "growth"]
        assert not any(product.closed_between for product in kept.values())
