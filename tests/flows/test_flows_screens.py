import pytest

from flows.screens import choices, listed, offered
from menus.catalogue import load

ENGLISH, SWAHILI = load().language("en"), load().language("sw")


class TestListed:
    @pytest.mark.parametrize(
        ("digits", "english", "swahili"),
        [
            (["1"], "1", "1"),
            (["1", "2"], "1 or 2", "1 au 2"),
            (["1", "2", "3"], "1, 2 or 3", "1, 2 au 3"),
            (["1", "2", "3", "4"], "1-4", "1-4"),
            (["1", "2", "3", "4", "8", "9"], "1-4, 8 or 9", "1-4, 8 au 9"),
            (["2"], "2", "2"),
        ],
    )
    def test_it_names_what_can_be_pressed(self, digits: list[str], english: str, swahili: str) -> None:
        """Runs are shortened, gaps are not filled."""
        assert listed(digits, ENGLISH.listing) == english
        assert listed(digits, SWAHILI.listing) == swahili

    def test_without_offers_the_ways_out_are_named(self) -> None:
        """A screen that only shows something can still be left."""
        assert choices((), ENGLISH) == "0 or 00"


class TestOffered:
    def test_digits_mean_what_they_were_shown_with(self) -> None:
        """Also values that hold an equals sign."""
        assert offered(("1=LN7K2", "3=a=b"), "3") == "a=b"
        assert offered(("1=LN7K2", "3=a=b"), "2") is None
