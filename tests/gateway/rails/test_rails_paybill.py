"""What people type as account at the paybill."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rails.paybill import numbers, phone


class TestPhone:
    @pytest.mark.parametrize(
        "typed",
        [
            "0711000001", "711000001", "254711000001", "+254 711 000 001", "0711-000-001", "O711OOOOO1", "o7110000oI",
            "07ll000001",
        ],
    )  # fmt: skip
    def test_in_any_form(self, typed: str) -> None:
        """Also with letters that look like its digits."""
        assert phone(typed) == "+254711000001"

    @pytest.mark.parametrize("typed", ["", "KODI", "LN7K2QD", "07110", "0" * 500, "OIL"])
    def test_what_is_none_is_none(self, typed: str) -> None:
        """Not made one."""
        assert phone(typed) is None


class TestNumbers:
    @pytest.mark.parametrize(
        ("typed", "meant"),
        [
            ("ln7k2qd", "LN7K2QD"),
            (" LN 7K2 QD ", "LN7K2QD"),
            ("LNOOO42", "LN00042"),
            ("lnooo4l", "LN00041"),
            ("L0AN7", "LOAN7"),
            ("OOO42", "00042"),
        ],
    )
    def test_may_be_meant_by_what_is_typed(self, typed: str, meant: str) -> None:
        """However it looks on somebody's phone."""
        assert meant in numbers(typed)

    @given(st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=12))
    def test_the_literal_one_comes_first(self, written: str) -> None:
        """Nobody loses a payment to a number that only looks like theirs."""
        assert numbers(written)[0] == written

    @given(st.text(max_size=60))
    def test_there_are_a_few_of_them_and_never_an_empty_one(self, typed: str) -> None:
        """Anybody may type anything."""
        found = numbers(typed)

        assert len(found) <= 6
        assert "" not in found
        assert len(set(found)) == len(found)
