from datetime import timedelta

from tests.flows.phone import Phone
from tests.flows.town import AMINA, BARAKA, NOW


class TestBalance:
    def test_money_and_the_next_payment_are_shown_after_the_pin(self) -> None:
        """Before it, no figure."""
        phone = Phone(AMINA).dial("*383#").press("1")
        assert "Ksh" not in phone.screen

        phone.press("4826")

        assert phone.lines == [
            "Wallet Ksh 5,000", "Savings Ksh 1,200", "Loans Ksh 2,160", "Next: Ksh 2,160 by 4 Sep",
            "1 Mini-statement", "0 Back 00 Home",
        ]  # fmt: skip

    def test_without_a_loan_no_payment_is_named(self) -> None:
        """In Swahili, as chosen."""
        phone = Phone(BARAKA).dial("*383#").press("1", "7391")

        assert phone.lines == [
            "Pochi Ksh 12,000",
            "Akiba Ksh 0",
            "Deni la mikopo Ksh 0",
            "1 Taarifa fupi",
            "0 Rudi 00 Mwanzo",
        ]

    def test_old_figures_say_how_old_they_are(self) -> None:
        """And that new ones come."""
        phone = Phone(AMINA)
        phone.person.as_at = NOW - timedelta(hours=1)

        phone.dial("*383#").press("1", "4826")

        assert phone.lines[0] == "As at 09:42"
        assert "New figures come by SMS" in phone.screen

    def test_the_mini_statement_is_one_digit_away_and_asks_no_second_pin(self) -> None:
        """Whoever has seen the figures may see what they are made of."""
        phone = Phone(AMINA).dial("*383#").press("1", "4826")

        phone.press("1")

        assert phone.lines == ["No movements yet", "Balance Ksh 5,000", "0 Back 00 Home"]
        assert phone.press("0").lines[0] == "Wallet Ksh 5,000"
