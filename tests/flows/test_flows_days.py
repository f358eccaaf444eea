"""Days as people type them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.days import typed_day

TODAY = date(2026, 8, 5)
SHORT = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "sw": ("Jan", "Feb", "Mac", "Apr", "Mei", "Jun", "Jul", "Ago", "Sep", "Okt", "Nov", "Des"),
}


class TestTypedDay:
    @pytest.mark.parametrize(
        ("text", "day"),
        [
            ("30", date(2026, 9, 4)), ("siku 30", date(2026, 9, 4)), ("30 days", date(2026, 9, 4)), ("0", TODAY),
            ("5/9", date(2026, 9, 5)), ("5-9-2026", date(2026, 9, 5)), ("05.09.26", date(2026, 9, 5)),
            ("5 Sep", date(2026, 9, 5)), ("5sept", date(2026, 9, 5)), ("5 September 2027", date(2027, 9, 5)),
            ("5 Okt", date(2026, 10, 5)), ("1 Machi", date(2027, 3, 1)), ("4/8", date(2027, 8, 4)), ("5/8", TODAY),
        ],
    )  # fmt: skip
    def test_it_is_understood(self, text: str, day: date) -> None:
        """A date without a year is the next one of its kind."""
        assert typed_day(text, TODAY) == day

    @pytest.mark.parametrize("text", ["", "31/2", "5/13", "kesho", "5 Xyz", "1/8/2026", "-3", "5/9/1", "99999"])
    def test_what_is_no_day_to_come_is_none(self, text: str) -> None:
        """Nothing is guessed."""
        assert typed_day(text, TODAY) is None

    @given(st.text(max_size=40))
    def test_nothing_that_is_typed_breaks_it(self, text: str) -> None:
        """It is a day from today on, or none."""
        day = typed_day(text, TODAY)

        assert day is None or day >= TODAY

    @given(st.integers(0, 3 * 365), st.sampled_from(["en", "sw"]))
    def test_a_day_as_screens_write_it_is_read_back(self, days: int, language: str) -> None:
        """In both languages, with its year."""
        day = TODAY + timedelta(days=days)

        assert typed_day(f"{day.day} {SHORT[language][day.month - 1]} {day.year}", TODAY) == day
