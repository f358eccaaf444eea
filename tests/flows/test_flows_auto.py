"""Auto-repay: agreeing to a share, changing it, stopping it."""

import pytest

from tests.flows.phone import Phone
from tests.flows.town import AMINA, quick_loan


def asking(phone: Phone | None = None) -> Phone:
    return (phone or Phone(AMINA)).dial("*383*8*3#")


class TestAgreeing:
    @pytest.mark.parametrize(("typed", "percent"), [("5", 5), ("50", 50), ("20%", 20), ("20 %", 20), ("007", 7)])
    def test_a_whole_number_of_percent_is_agreed_to_with_the_pin(self, typed: str, percent: int) -> None:
        """What the PIN says yes to stands above it."""
        phone = asking().press(typed)
        assert phone.lines[0].startswith(f"Auto-repay {percent}% of money coming in, only while a payment is due.")

        phone.press("4826")

        (operation,) = phone.operations
        assert operation.kind == "auto_repay.set"
        assert operation.intent == {"percent": percent, "version": "2026-08", "language": "en"}
        assert phone.screen == (
            f"Auto-repay of {percent}% is on, ref {operation.reference}. "
            "Each time, one SMS shows what came in and what was paid."
        )

    @pytest.mark.parametrize("typed", ["4", "51", "12.5", "-20", "half", "1000", "20 30"])
    def test_anything_else_is_asked_again_with_the_range(self, typed: str) -> None:
        """It never rounds by itself."""
        phone = asking().press(typed)

        assert phone.lines[0] == "Whole numbers only, 5 to 50"
        assert phone.place == "auto.ask"

    def test_a_wrong_pin_agrees_to_nothing(self) -> None:
        """The PIN is the yes."""
        phone = asking().press("20", "1111")

        assert phone.operations == []
        assert phone.person.auto_repay_percent == 0

    def test_it_can_be_agreed_to_without_a_loan(self) -> None:
        """It is no condition of one, nor one of it."""
        phone = Phone(AMINA)
        phone.person.loans = ()

        assert asking(phone).press("20", "4826").operations[0].kind == "auto_repay.set"


class TestStopping:
    def stopped(self, phone: Phone) -> Phone:
        phone.person.auto_repay_percent = 20
        return asking(phone).press("2")

    def test_it_stops_with_the_pin(self) -> None:
        """And with nothing else."""
        phone = self.stopped(Phone(AMINA)).press("4826")

        assert phone.operations[-1].intent["percent"] == 0
        assert phone.screen.startswith("Auto-repay is off, ref AR")

    def test_it_stops_while_a_loan_is_late(self) -> None:
        """The debt stays, the share does not."""
        phone = Phone(AMINA)
        phone.person.loans = (quick_loan("LN7K2QD", 2_000_00, days_late=40),)

        assert self.stopped(phone).press("4826").operations[-1].intent["percent"] == 0

    def test_the_present_share_is_shown_and_can_be_changed(self) -> None:
        """Another percent is agreed to as the first was."""
        phone = Phone(AMINA)
        phone.person.auto_repay_percent = 20

        asking(phone)
        assert phone.lines[0] == "Auto-repay is on: 20% of money coming in pays what is due on your loans."
        phone.press("1", "30", "4826")

        assert phone.person.auto_repay_percent == 30
