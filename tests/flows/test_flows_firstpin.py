"""The first PIN of somebody who has joined by SMS."""

import pytest

from tests.flows.phone import Phone
from tests.flows.town import AMINA


def joined() -> Phone:
    phone = Phone(AMINA)
    phone.person.pin = ""
    phone.person.affairs.chooses_pin = phone.person.affairs.is_first_pin = True
    return phone


class TestFirstPin:
    def test_it_is_chosen_before_anything_and_leads_to_the_menu(self) -> None:
        """Whatever was dialled ahead; once."""
        phone = joined()

        assert phone.dial("*383*1#").place == "firstpin.new"
        assert phone.press("7786").place == "firstpin.again"
        assert phone.press("7786").place == "menu.main"
        assert phone.dial("*383*1#").press("7786").place == "balance.show"

    @pytest.mark.parametrize(("typed", "words"), [("1234", "easy to guess"), ("12", "4 to 6 digits")])
    def test_a_poor_one_is_asked_again(self, typed: str, words: str) -> None:
        phone = joined().dial("*383#").press(typed)

        assert phone.place == "firstpin.new"
        assert words in phone.screen

    def test_two_that_differ_begin_again(self) -> None:
        phone = joined().dial("*383#").press("7786", "7787")

        assert phone.place == "firstpin.new"
        assert "were not the same" in phone.screen

    def test_a_dropped_call_asks_again_from_the_start(self) -> None:
        """Half a PIN is none."""
        phone = joined().dial("*383#").press("7786")
        phone.drop()

        assert phone.dial("*383#").place == "firstpin.new"
