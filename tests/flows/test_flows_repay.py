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

        at_the_amount(phone).press("1", "2")

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

        lines = at_the_amount(phone).press("1").lines

        assert lines == [
            "Pay Ksh 2,160 from:",
            "2 My M-PESA 0711***001",
            "3 Another person's M-PESA",
            "0 Back 00 Home",
        ]


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

        assert phone.lines == ["Huna mkopo wa kulipa.", "1 Mkopo wa mtu mwingine", "0 Rudi 00 Mwanzo"]


class TestFromAnotherPhone:
    def test_the_phone_that_is_typed_is_asked_for_the_amount(self) -> None:
        """In whole shillings; nothing but the number is needed of it."""
        phone = at_the_amount().press("1", "3")
        assert phone.lines[0] == ("Phone of the person who will pay? They will see your name, AMINA W., and Ksh 2,160")

        phone.press("0722 000 007")

        (operation,) = phone.operations
        assert (operation.kind, operation.exclusive) == ("repay.other", "repay:LN7K2QD")
        assert operation.intent == {"loan": "LN7K2QD", "amount_cents": 2_160_00, "payer": "+254722000007"}

    def test_the_number_is_in_no_session(self) -> None:
        """Whoever can read what is kept of a conversation finds no phone there."""
        phone = at_the_amount().press("1", "3", "0722000007")

        assert "722000007" not in str(phone.session)

    @pytest.mark.parametrize(
        ("typed", "said"),
        [("0711000001", "That is your own number."), ("07110", "Not a Kenyan mobile number. Example: 0711000002")],
    )
    def test_a_number_that_cannot_pay_is_asked_again(self, typed: str, said: str) -> None:
        """With what would be right."""
        phone = at_the_amount().press("1", "3", typed)

        assert phone.lines[0] == said
        assert phone.operations == []

    def test_asking_too_often_ends_before_a_number_is_typed(self) -> None:
        """The other ways stay open."""
        phone = Phone(AMINA)
        phone.person.other_phones_left = 0

        at_the_amount(phone).press("1", "3")

        assert not phone.is_open
        assert "Nothing was sent." in phone.screen
        assert at_the_amount(phone).press("1", "2", "1").operations[0].kind == "repay.stk"


class TestAnothersLoan:
    def amina_by_baraka(self) -> Phone:
        phone = Phone(BARAKA)
        phone.person.language = "en"
        return phone.dial("*383#").press("3", "1", "0711000001")

    def test_the_payer_sees_a_first_name_and_an_initial_and_names_the_amount(self) -> None:
        """Nothing of the loan."""
        phone = self.amina_by_baraka()

        assert phone.lines[0].startswith("AMINA W.: how much will you pay?")
        assert not any(word in phone.screen for word in ("2,160", "LN7K2QD", "WANJIRU"))

    def test_from_the_wallet_the_pin_is_the_yes(self) -> None:
        """Who, how much, the fee."""
        phone = self.amina_by_baraka().press("700", "1")
        assert phone.lines[:2] == ["Pay Ksh 700 for AMINA W. from your wallet. Fee Ksh 0", "Enter Nyota PIN"]

        phone.press("7391")

        lookup, operation = phone.operations
        assert (lookup.kind, lookup.intent) == ("number.lookup", {})
        assert operation.kind == "repay.for_wallet"
        assert operation.intent == {"person": f"person:{AMINA}", "amount_cents": 700_00}

    def test_by_mpesa_when_the_wallet_has_less(self) -> None:
        """At once to the confirmation."""
        phone = self.amina_by_baraka().press("100000")
        assert phone.lines[0].startswith("Pay Ksh 100,000 for AMINA W. from M-PESA 0711***002.")

        phone.press("1")

        assert phone.operations[-1].kind == "repay.for_stk"

    def test_numbers_cannot_be_tried_all_day(self) -> None:
        """After ten it ends before another is typed."""
        phone = Phone(AMINA)
        phone.person.lookups_left = 0

        phone.dial("*383#").press("3", "2")

        assert not phone.is_open
        assert phone.screen.startswith("You have looked up enough numbers today. Nothing was sent.")

    def test_who_has_no_loan_is_as_unknown_as_who_is_not_there(self) -> None:
        """No debt is revealed by asking."""
        said = {Phone(AMINA).dial("*383#").press("3", "2", number).screen for number in ("0711000002", "0799999999")}

        assert len(said) == 1
        assert "We cannot take a payment for that number here. Nothing was sent." in said.pop()


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
