"""For some days after a reset or another line no money leaves: said before a PIN is asked for, never after it."""

from datetime import timedelta

import pytest

from tests.flows.phone import Phone
from tests.flows.town import AMINA, BARAKA, NOW, quick_loan

SAFE = {"en": "For your safety this opens on 8 Aug.", "sw": "Kwa usalama wako hii itafunguka 8 Ago."}


def closed(language: str = "en") -> Phone:
    """Amina's phone while nothing of hers may leave."""
    phone = Phone(AMINA)
    phone.person.outgoing_from, phone.person.language = NOW + timedelta(days=3), language
    return phone


class TestBorrowing:
    @pytest.mark.parametrize("language", ["en", "sw"])
    def test_a_loan_is_not_asked_for(self, language: str) -> None:
        """It would be paid out to whoever holds the line."""
        phone = closed(language).dial("*383#").press("2", "1")

        assert phone.screen.startswith(SAFE[language])
        assert not phone.operations

    def test_a_person_may_be_asked(self) -> None:
        """Their money comes into the wallet, and stays there."""
        assert closed().dial("*383#").press("2", "3").place == "peer.phone"

    def test_what_runs_and_the_limits_are_shown(self) -> None:
        """Only the pay-out waits."""
        phone = closed()
        phone.person.loans = (quick_loan("LN7K2QD", 2_000_00, days_late=4),)

        assert phone.dial("*383#").press("2").place == "borrow.late"


class TestAnotherPersonsLoan:
    def at_the_choice(self) -> Phone:
        phone = closed()
        phone.town.people[BARAKA].loans = (quick_loan("LN3B4CD", 2_000_00),)
        return phone.dial("*383#").press("3", "2", "0711000002", "500")

    def test_the_wallet_is_closed_before_the_pin(self) -> None:
        """Nobody types a PIN for nothing."""
        phone = self.at_the_choice().press("1")

        assert phone.screen.startswith(SAFE["en"])

    def test_mpesa_is_not(self) -> None:
        """That money is not ours to keep safe."""
        assert self.at_the_choice().press("2").place == "repay.giftstk"
