"""Moments as people name them."""

import pytest

from gateway.books.moments import end_of, moment_of, start_of
from gateway.clock import iso, local_date


class TestMoments:
    def test_a_day_means_its_end_in_nairobi(self) -> None:
        """The books of a day are those when it is over."""
        assert iso(moment_of("2026-08-05")) == "2026-08-05T23:59:59+03:00"

    def test_a_day_ends_where_the_next_begins(self) -> None:
        """No millisecond between them."""
        day = local_date(moment_of("2026-12-31"))

        assert local_date(end_of(day) + 1).isoformat() == "2027-01-01"
        assert start_of(local_date(end_of(day) + 1)) == end_of(day) + 1

    @pytest.mark.parametrize("text", ["2026-08-05T10:00:00+03:00", "2026-08-05T10:00:00 03:00", "2026-08-05T07:00:00Z"])
    def test_a_time_has_an_offset(self, text: str) -> None:
        """A plus that an address has turned into a blank is still one."""
        assert iso(moment_of(text)) == "2026-08-05T10:00:00+03:00"

    @pytest.mark.parametrize("text", ["", "today", "2026-13-01", "2026-08-05T10:00:00", "9999-99-99"])
    def test_anything_else_is_refused(self, text: str) -> None:
        """By the one error that callers tell people about."""
        with pytest.raises(ValueError):
            moment_of(text)
