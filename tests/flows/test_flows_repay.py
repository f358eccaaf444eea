import pytest

from tests.flows.phone import Phone
from tests.flows.town import AMINA, BARAKA, quick_loan


def at_the_amount(phone: Phone | None = None) -> Phone:
    return (phone or Phone(AMINA)).dial("*383#").press("3", "1")


class TestByMpesa:
    def test_the_prompt_is_confirmed_and_needs_no_nyota_pin(self) -> None:
        """Who, how much, what it costs; the M-PESA PIN protects it."""
        phone = at_the_amount().press("1", "2")
        assert phone.lines[0] == (
            "Pay Ksh 2,160 to loan LN7K2QD from M-PESA 0711***001. M-PESA charge Ksh 20, Nyota fee Ksh 0"
        )

        phone.press("1")

        (operation,) = phone.operations
        assert (operation.kind, operation.exclusive) == ("repay.stk", "repay:LN7K2QD")
        assert operation.intent == {"loan": "LN7K2QD", "amount_cents": 2_160_00}
        assert phone.screen == (
            "M-PESA will now ask for your M-PESA PIN. First check: NYOTA, Ksh 2,160. "
            f"Ref {operation.reference}. If nothing comes, wait for our SMS."
        )

    def test_a_locked_pin_stops_no_repayment(self) -> None:
        """A debt can always be paid."""
        phone = Phone(AMINA)
        phone.person.wrong_tries = 3

        assert at_the_amount(phone).press("1", "2", "1").operations[0].kind == "repay.stk"

    def test_cancelling_says_that_nothing_happened(self) -> None:
        """And nothing did."""
        phone = at_the_amount().press("1", "2", "2")

        assert phone.screen == "Cancelled. Nothing was sent and nothing was paid."
        assert phone.operations == []

    def test_cents_are_asked_as_a_whole_shilling(self) -> None:
        """On the screen too: M-PESA carries no cents."""
        phone = Phone(AMINA)
        phone.person.loans = (quick_loan("LN5G8QD", 2_050_99),)
        phone.person.wallet_cents = 0

        at_the_amount(phone).press("1")

        assert phone.lines[0].startswith("Pay Ksh 2,216 to loan LN5G8QD")
        assert phone.press("1").operations[0].intent["amount_cents"] == 2_216_00


class TestFromTheWallet:
    def test_the_pin_is_the_yes(self) -> None:
        """Exactly what was shown."""
        phone = at_the_amount().press("1", "1")
        assert phone.lines[:2] == [
            "Pay Ksh 2,160 to loan LN7K2QD from your wallet. Fee Ksh 0",
            "Enter Nyota PIN",
        ]

        phone.press("4826")

        (operation,) = phone.operations
        assert operation.kind == "repay.wallet"
        assert operation.intent == {"loan": "LN7K2QD", "amount_cents": 2_160_00}
        assert phone.screen == f"Ksh 2,160 for loan LN7K2QD: request {operation.reference} received. SMS to follow."

    def test_an_empty_wallet_is_not_offered(self) -> None:
        """And its balance is not told."""
        phone = Phone(AMINA)
        phone.person.wallet_cents = 2_159_99

        assert at_the_amount(phone).press("1").place == "repay.stk"


class TestAmounts:
    def test_any_part_from_fifty_shillings_can_be_paid(self) -> None:
        """Too little and too much are refused with the range."""
        phone = at_the_amount().press("3", "49")
        assert phone.lines[0] == "Whole shillings only, 50 to 250,000"

        assert phone.press("700").lines[0] == "Pay Ksh 700 from:"

    def test_the_amount_is_the_one_shown_beside_the_choice(self) -> None:
        """A loan that grew since costs what its screen said."""
        phone = at_the_amount()
        phone.person.loans = (quick_loan("LN7K2QD", 2_000_00, days_late=4),)

        assert phone.press("1").lines[0] == "Pay Ksh 2,160 from:"

    def test_without_a_loan_there_is_nothing_to_repay(self) -> None:
        """In Swahili."""
        phone = Phone(BARAKA).dial("*383#").press("3")

        assert phone.screen == "Huna mkopo wa kulipa."
        assert not phone.is_open


class TestOnceOnly:
    @pytest.mark.parametrize("answers", [("3", "1"), ("4", "4826", "1", "1"), ("4", "4826", "1", "3")])
    def test_a_first_try_is_shown_instead_of_a_second(self, answers: tuple[str, ...]) -> None:
        """From every way to the same loan."""
        phone = at_the_amount().press("1", "2", "1")
        reference = phone.operations[0].reference

        phone.dial("*383#").press("1").press(*answers)

        assert phone.place == "resume.accepted"
        assert (
            phone.lines[0] == f"Payment {reference}, Ksh 2,160 for loan LN7K2QD, is on its way. You need not ask again."
        )

    def test_after_a_drop_figures_are_fresh_and_nothing_is_sent_by_itself(self) -> None:
        """The confirmation is shown again, with what is owed by now."""
        phone = at_the_amount().press("2", "2").drop()
        phone.person.loans = (quick_loan("LN7K2QD", 1_000_00),)
        phone.dial("*383#")
        assert phone.lines[0] == "Your Ksh 2,160 repayment was not finished. Continue where you left off?"

        phone.press("1")

        assert phone.place == "repay.stk"
        assert phone.lines[0].startswith("Pay Ksh 1,080 to loan LN7K2QD")
        assert phone.operations == []

    def test_after_a_drop_at_the_pin_the_source_is_asked_again(self) -> None:
        """The PIN is never what a session continues with."""
        phone = at_the_amount().press("1", "1").drop().dial("*383#").press("1")

        assert phone.place == "repay.from"
        assert phone.press("1", "4826").operations[0].kind == "repay.wallet"

    def test_a_loan_paid_off_meanwhile_is_not_taken_up(self) -> None:
        """Nothing is left to continue with."""
        phone = at_the_amount().press("1", "1").drop()
        phone.person.loans = ()

        assert phone.dial("*383#").press("1").place == "menu.main"
