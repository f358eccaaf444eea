from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from gateway.clock import local_date
from gateway.papers.days import Days, Period, days_of

PERIODS = st.sampled_from(["month", "before", "quarter"])


class TestPeriods:
    @given(PERIODS, st.dates(date(2020, 1, 1), date(2040, 12, 31)))
    def test_a_period_never_reaches_beyond_today(self, period: Period, today: date) -> None:
        """It begins on the first of a month, and lasts at most three and the present one."""
        days = days_of(period, today)

        assert days.since <= days.until <= today
        assert days.since.day == 1
        assert (today - days.since).days <= 31 + 31 + 31

    def test_the_month_before_ends_with_its_last_day(self) -> None:
        """Also in March, and over a year's end."""
        assert days_of("before", date(2026, 3, 31)) == Days(date(2026, 2, 1), date(2026, 2, 28))
        assert days_of("before", date(2026, 1, 5)) == Days(date(2025, 12, 1), date(2025, 12, 31))


class TestDays:
    @given(st.dates(date(2020, 1, 1), date(2040, 12, 31)))
    def test_a_day_is_one_in_nairobi(self, day: date) -> None:
        """Its first and its last moment belong to it, those beside them do not."""
        one = Days(day, day)

        assert local_date(one.begins) == local_date(one.ends - 1) == day
        assert local_date(one.begins - 1) < day < local_date(one.ends)
