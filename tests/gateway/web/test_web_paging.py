"""Where pages begin: numbers that a column can hold, and nothing else."""

import pytest

from gateway.clock import iso
from gateway.web.paging import moment_of, number_of, position_of


class TestCursors:
    @pytest.mark.parametrize("text", ["", "x", "-1", "9" * 30, str(2**63), "1.5", "1" * 5000])
    def test_what_no_column_can_hold_is_refused(self, text: str) -> None:
        """Before it reaches the database."""
        with pytest.raises(ValueError, match=r".*"):
            number_of(text)

    def test_a_position_is_a_moment_and_an_id(self) -> None:
        """As the page before ended."""
        assert position_of("") is None
        assert position_of("17:one") == (17, "one")
        for text in (f"{'9' * 30}:one", "17", "17:"):
            with pytest.raises(ValueError, match=r".*"):
                position_of(text)


class TestMoments:
    def test_a_day_begins_in_nairobi(self) -> None:
        """And a moment is where its offset says."""
        assert iso(moment_of("2026-08-05")) == "2026-08-05T00:00:00+03:00"
        assert moment_of("2026-08-05T00:00:00+03:00") == moment_of("2026-08-04T21:00:00+00:00")
        assert moment_of("2026-08-05T00:00:00 03:00") == moment_of("2026-08-05")

    @pytest.mark.parametrize(
        "text", ["yesterday", "2026-13-01", "2026-08-05T00:00:00", "", "0001-01-01", "0001-01-01T00:00:00+23:00"]
    )
    def test_what_is_no_moment_is_refused(self, text: str) -> None:
        """A moment without an offset is nowhere."""
        with pytest.raises(ValueError, match=r".*"):
            moment_of(text)
