"""When something comes up again."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.rhythm import MONTH, ONCE, WEEK, Rhythm

DAYS = st.dates(date(2024, 1, 1), date(2032, 12, 31))
RHYTHMS = st.one_of(
    st.builds(Rhythm, st.just(WEEK), st.integers(1, 7)), st.builds(Rhythm, st.just(MONTH), st.integers(1, 31))
)


class TestAfter:
    """The next day on which it comes up."""

    @pytest.mark.parametrize(
        ("rhythm", "day", "following"),
        [
            (Rhythm(WEEK, 5), date(2026, 8, 5), date(2026, 8, 7)),
            (Rhythm(WEEK, 3), date(2026, 8, 5), date(2026, 8, 12)),
            (Rhythm(MONTH, 5), date(2026, 8, 5), date(2026, 9, 5)),
            (Rhythm(MONTH, 6), date(2026, 8, 5), date(2026, 8, 6)),
            (Rhythm(MONTH, 31), date(2026, 8, 31), date(2026, 9, 30)),
            (Rhythm(MONTH, 31), date(2026, 9, 30), date(2026, 10, 31)),
            (Rhythm(MONTH, 29), date(2027, 1, 29), date(2027, 2, 28)),
            (Rhythm(MONTH, 30), date(2028, 1, 30), date(2028, 2, 29)),
            (Rhythm(MONTH, 31), date(2026, 12, 31), date(2027, 1, 31)),
        ],
    )
    def test_is_as_a_calendar_has_it(self, rhythm: Rhythm, day: date, following: date) -> None:
        """A month without the day has it on its last."""
        assert rhythm.after(day) == following

    def test_there_is_none_of_what_comes_up_once(self) -> None:
        """It has its date already."""
        assert Rhythm(ONCE, 0).after(date(2026, 8, 5)) is None

    @given(RHYTHMS, DAYS)
    def test_is_later_and_soon(self, rhythm: Rhythm, day: date) -> None:
        """Never the same day, never further than the longest gap."""
        following = rhythm.after(day)

        assert following is not None
        assert day < following <= day + timedelta(days=7 if rhythm.every == WEEK else 31)

    @given(st.integers(1, 31), DAYS)
    def test_a_monthly_one_comes_up_once_in_each_month(self, number: int, day: date) -> None:
        """However short the months are."""
        rhythm, months = Rhythm(MONTH, number), list[int]()
        for _ in range(24):
            day = rhythm.after(day) or day
            months.append(day.year * 12 + day.month)

        assert months == list(range(months[0], months[0] + 24))


class TestNewest:
    """The last day on which it came up."""

    @given(RHYTHMS, DAYS, st.integers(0, 100))
    def test_is_the_last_by_today(self, rhythm: Rhythm, first: date, days: int) -> None:
        """Days that nobody looked on are passed over, up to the newest."""
        today = first + timedelta(days=days)

        newest = rhythm.newest(first, today)

        assert first <= newest <= today
        following = rhythm.after(newest)
        assert following is not None
        assert following > today

    def test_of_what_comes_up_once_is_its_date(self) -> None:
        """However long ago."""
        assert Rhythm(ONCE, 0).newest(date(2026, 8, 5), date(2026, 9, 5)) == date(2026, 8, 5)
