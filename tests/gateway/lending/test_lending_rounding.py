from fractions import Fraction

import pytest

from gateway.lending.rounding import Rounding, rounded, rounded_to_multiple


class TestRounded:
    @pytest.mark.parametrize(
        ("value", "half_even", "half_up", "floor"),
        [("12.5", 12, 13, 12), ("13.5", 14, 14, 13), ("266.5", 266, 267, 266), ("-12.5", -12, -13, -13)],
    )
    def test_a_half_cent_goes_where_the_mode_says(self, value: str, half_even: int, half_up: int, floor: int) -> None:
        """Half-even, half-up (away from zero) and floor differ exactly as tabled."""
        exact = Fraction(value)

        answers = [rounded(exact, mode) for mode in ("half_even", "half_up", "floor")]

        assert answers == [half_even, half_up, floor]

    def test_ceiling_takes_any_part_of_a_cent_up(self) -> None:
        """The smallest excess over a cent becomes a whole one."""
        assert rounded(Fraction(1, 10**30), "ceiling") == 1

    @pytest.mark.parametrize("mode", ["half_even", "half_up", "floor", "ceiling"])
    def test_a_whole_number_stays(self, mode: Rounding) -> None:
        """No mode moves what needs no rounding."""
        assert rounded(Fraction(32000), mode) == 32000


class TestRoundedToMultiple:
    @pytest.mark.parametrize(
        ("multiple", "mode", "expected"),
        [
            (100, "half_even", 152800),
            (100, "ceiling", 152900),
            (1000, "half_even", 153000),
            (1, "floor", 152833),
        ],
    )
    def test_an_instalment_lands_on_its_multiple(self, multiple: int, mode: Rounding, expected: int) -> None:
        """1,528.33... becomes 1,528, 1,529 rounded up, 1,530 in tens, and 1,528.33 to the cent."""
        assert rounded_to_multiple(Fraction(458500, 3), multiple, mode) == expected
