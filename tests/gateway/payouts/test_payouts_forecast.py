"""How long the float will last."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.clock import EAT, HOUR_MS, milliseconds
from gateway.payouts.forecast import HOURS_MAX, hours_left, window

NOW = milliseconds(datetime(2026, 8, 5, 10, 0, tzinfo=EAT))
DAYS = 7
HOURS = st.integers(1, DAYS * 24)


def ago(hours: int) -> int:
    """The beginning of an hour that is over."""
    return NOW - hours * HOUR_MS


histories = st.dictionaries(HOURS.map(ago), st.integers(1, 50_000_00), max_size=30)
amounts = st.integers(0, 500_000_00)


class TestHoursLeft:
    def test_the_same_every_hour_is_a_division(self) -> None:
        """A hundred an hour, for a week: a thousand lasts ten hours."""
        steady = {ago(hours): 100_00 for hours in range(1, DAYS * 24 + 1)}

        assert hours_left(1_000_00, steady, NOW, DAYS) == pytest.approx(10)
        assert hours_left(1_000_00, steady, NOW + HOUR_MS // 2, DAYS) == pytest.approx(10, abs=0.05)

    def test_it_goes_by_the_hour_of_the_day(self) -> None:
        """All of it goes out at noon: nothing is gone before, and then at once."""
        at_noon = {milliseconds(datetime(2026, 8, day, 12, 0, tzinfo=EAT)): 700_00 for day in range(1, 5)}

        hours = hours_left(200_00, at_noon, NOW, DAYS)

        assert hours is not None and 2 < hours < 3

    def test_days_without_a_pay_out_count(self) -> None:
        """Seven hundred on one day of seven is a hundred a day."""
        once = {ago(22): 700_00}

        assert hours_left(700_00, once, NOW, DAYS) == pytest.approx(6 * 24 + 3, abs=1)

    @pytest.mark.parametrize("by_hour", [{}, {ago(DAYS * 24 + 1): 900_00}, {NOW: 900_00}])
    def test_without_a_pay_out_in_the_window_nobody_knows(self, by_hour: dict[int, int]) -> None:
        """Older ones and the hour that has just begun say nothing."""
        assert hours_left(1, by_hour, NOW, DAYS) is None

    def test_what_lasts_longer_than_two_weeks_lasts(self) -> None:
        """Nobody plans further ahead."""
        assert hours_left(100_00, {ago(1): 1}, NOW, DAYS) is None

    def test_nothing_is_left_of_nothing(self) -> None:
        """Nor of less, as when more is in flight than the balance shows."""
        assert hours_left(-5, {}, NOW, DAYS) == 0

    @given(amounts, amounts, histories)
    def test_more_lasts_longer(self, less: int, more: int, by_hour: dict[int, int]) -> None:
        """Or as long."""
        less, more = sorted((less, more))
        first, second = (hours_left(cents, by_hour, NOW, DAYS) for cents in (less, more))

        assert second is None or (first is not None and first <= second)

    @given(amounts, histories, HOURS.map(ago), st.integers(1, 50_000_00))
    def test_paying_out_more_empties_it_sooner(
        self, cents: int, by_hour: dict[int, int], hour: int, added: int
    ) -> None:
        """Never later."""
        before = hours_left(cents, by_hour, NOW, DAYS)
        after = hours_left(cents, {**by_hour, hour: by_hour.get(hour, 0) + added}, NOW, DAYS)

        assert before is None or (after is not None and after <= before + 1e-6)

    @given(amounts, histories, st.integers(0, HOUR_MS - 1))
    def test_it_is_within_bounds(self, cents: int, by_hour: dict[int, int], into_the_hour: int) -> None:
        """At whatever minute somebody looks."""
        hours = hours_left(cents, by_hour, NOW + into_the_hour, DAYS)

        assert hours is None or 0 <= hours <= HOURS_MAX


class TestWindow:
    @given(st.integers(0, HOUR_MS - 1))
    def test_it_is_whole_hours_and_ends_with_the_last_whole_one(self, into_the_hour: int) -> None:
        """Each hour of the day is in it as often as any other."""
        since, until = window(NOW + into_the_hour, DAYS)

        assert (since, until) == (NOW - DAYS * 24 * HOUR_MS, NOW)
