import pytest

from flows.known import Request
from tests.flows.phone import Phone
from tests.flows.town import AMINA, BARAKA


def waiting(kind: str, *, is_certain: bool = True, about: str = "") -> Phone:
    phone = Phone(AMINA)
    phone.person.requests = (Request("LN7K2QD", kind, 1_980_00, is_certain, about),)
    return phone.dial("*383#")


class TestUnderWay:
    @pytest.mark.parametrize(
        ("kind", "about", "text"),
        [
            ("loan.disburse", "", "Request LN7K2QD, Ksh 1,980 to your M-PESA, is on its way. You need not ask again."),
            ("repay.stk", "LN1", "Payment LN7K2QD, Ksh 1,980 for loan LN1, is on its way. You need not ask again."),
            ("repay.wallet", "LN1", "Payment LN7K2QD, Ksh 1,980 for loan LN1, is on its way. You need not ask again."),
        ],
    )
    def test_a_redial_shows_what_was_accepted(self, kind: str, about: str, text: str) -> None:
        """It is never asked for again."""
        assert waiting(kind, about=about).lines == [text, "1 Main menu", "2 Help"]

    def test_what_nobody_knows_is_not_confirmed_yet(self) -> None:
        """Neither on its way nor failed."""
        phone = waiting("loan.disburse", is_certain=False)

        assert phone.lines[0] == "Request LN7K2QD, Ksh 1,980, is not confirmed yet. Do not repeat it. We will SMS you."

    def test_a_kind_without_words_of_its_own_says_the_least(self) -> None:
        """A newer worker may know more kinds than this gateway."""
        assert waiting("a.new.kind").lines[0].startswith("Request LN7K2QD, Ksh 1,980, is not confirmed yet.")

    def test_the_menu_and_help_stay_open(self) -> None:
        """Going back from help leads home, not in a circle."""
        assert waiting("repay.stk").press("1").place == "menu.main"
        assert waiting("repay.stk").press("2").place == "help.menu"
        assert waiting("repay.stk").press("2", "0").place == "menu.main"

    def test_a_shortcut_goes_past_it(self) -> None:
        """To where the digits lead."""
        phone = waiting("repay.stk")

        assert phone.dial("*383*8#").place == "account.menu"


class TestContinuing:
    def test_somebody_else_on_the_line_is_not_offered_it(self) -> None:
        """What a newcomer left is nothing for the member they became."""
        phone = Phone(AMINA).dial("*383#").press("2", "1", "2000").drop()
        phone.town.people[AMINA] = phone.town.people[BARAKA]

        assert phone.dial("*383#").place == "menu.main"

    def test_flows_that_only_show_are_not_offered(self) -> None:
        """A balance is looked up again."""
        assert Phone(AMINA).dial("*383#").press("1", "4826").drop().dial("*383#").place == "menu.main"

    def test_a_mistake_at_the_offer_names_its_choices(self) -> None:
        """And keeps what could be continued."""
        phone = Phone(AMINA).dial("*383#").press("2", "1", "2000").drop().dial("*383#").press("7")

        assert phone.lines[0] == "Choose 1 or 2"
        assert phone.press("1").place == "borrow.cost"
