from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.lending.daycount import DayCount, days_between, year_fraction
from gateway.lending.duedates import stepped
from gateway.lending.rounding import rounded

# A busy machine is not a failing test.
DAYS = st.dates(date(1990, 1, 1), date(2100, 12, 31))
DAY_COUNTS = st.sampled_from(["30/360", "actual/365", "actual/360", "actual/actual"])


class TestYearFraction:
    @pytest.mark.parametrize(
        ("day_count", "cents"),
        [("30/360", 32000), ("actual/365", 32614), ("actual/360", 33067), ("actual/actual", 32525)],
    )
    def test_a_leap_january_costs_what_its_convention_says(self, day_count: DayCount, cents: int) -> None:
        """One month of 24,000.00 at 16 percent, 31 days in a leap January, in four conventions."""
        part = year_fraction(day_count, date(2024, 1, 1), date(2024, 2, 1))

        assert rounded(2400000 * Fraction(16, 100) * part, "half_even") == cents

    def test_a_leap_year_has_366_days_of_365(self) -> None:
        """actual/365 keeps 365 in leap years, so 2024 is more than a year of interest."""
        assert year_fraction("actual/365", date(2024, 1, 1), date(2025, 1, 1)) == Fraction(366, 365)

    def test_actual_actual_splits_a_period_over_new_year(self) -> None:
        """Each part of the period is divided by the length of its own year."""
        part = year_fraction("actual/actual", date(2023, 12, 1), date(2024, 1, 31))

        assert part == Fraction(31, 365) + Fraction(30, 366)

    @given(DAY_COUNTS, DAYS, DAYS, DAYS)
    def test_two_stretches_add_up_to_the_whole(self, day_count: DayCount, one: date, two: date, three: date) -> None:
        """No day is counted twice or lost where two periods meet."""
        first, middle, last = sorted((one, two, three))

        halves = year_fraction(day_count, first, middle) + year_fraction(day_count, middle, last)

        assert halves == year_fraction(day_count, first, last)

    @given(DAYS, DAYS)
    def test_time_never_runs_backwards(self, one: date, two: date) -> None:
        """A later day is never fewer days away, in the convention that skips days too."""
        assert days_between("30/360", min(one, two), max(one, two)) >= 0


class TestStepped:
    def test_months_are_counted_from_the_original_day(self) -> None:
        """31 January gives 28 February, then 31 March again: a clipped date is not an anchor."""
        days = [stepped(date(2025, 1, 31), months, "months") for months in range(1, 5)]

        assert days == [date(2025, 2, 28), date(2025, 3, 31), date(2025, 4, 30), date(2025, 5, 31)]

    def test_a_leap_february_is_used_to_its_end(self) -> None:
        """31 January in a leap year gives 29 February."""
        assert stepped(date(2024, 1, 31), 1, "months") == date(2024, 2, 29)

    def test_weeks_and_days_are_plain_days(self) -> None:
        """Two weeks and fourteen days are the same step."""
        assert stepped(date(2026, 8, 5), 2, "weeks") == stepped(date(2026, 8, 5), 14, "days")

    def test_the_end_of_the_calendar_is_an_error(self) -> None:
        """A due date that no calendar holds is refused, not wrapped."""
        with pytest.raises(OverflowError):
            stepped(date(9999, 12, 1), 1, "months")

    @pytest.mark.parametrize("months", [1, 6, 12])
    def test_every_month_from_the_31st_is_a_twelfth_of_360_days(self, months: int) -> None:
        """With 30/360, whole months are whole months although February clips the date."""
        end = stepped(date(2025, 1, 31), months, "months")

        assert year_fraction("30/360", date(2025, 1, 31), end) == Fraction(months, 12)
