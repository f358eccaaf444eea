"""The wallet by talking: what is asked, refused and shown before money moves."""

from dataclasses import replace
from datetime import timedelta

import pytest

from flows.known import Allowed, Movement, Unclaimed
from tests.flows.phone import ENGINE, Phone
from tests.flows.town import AMINA, BARAKA, NOBODY, NOW, TODAY, Town, amina, baraka


@pytest.fixture
def phone() -> Phone:
    return Phone(AMINA, Town(ENGINE)).dial("*383#").press("6")


class TestDeposit:
    def test_the_prompt_is_asked_for_only_after_its_price_was_seen(self, phone: Phone) -> None:
        """By the own M-PESA, one at a time."""
        phone.press("1", "1500")
        assert "M-PESA charge Ksh 20, Nyota fee Ksh 0" in phone.screen
        assert phone.operations == []

        [operation] = phone.press("1").operations

        assert (operation.kind, dict(operation.intent)) == ("wallet.deposit", {"amount_cents": 1_500_00})
        assert operation.exclusive == f"deposit:{phone.person.id}"
        assert operation.reference.startswith("DP")
        assert operation.reference in phone.screen

    def test_cancelled_nothing_is_asked(self, phone: Phone) -> None:
        """No operation, and it says so."""
        phone.press("1", "1500", "2")

        assert phone.screen == "You cancelled. Nothing was paid."
        assert phone.operations == []

    @pytest.mark.parametrize(
        ("bound", "said"),
        [
            ("transaction", "Whole shillings only, 10 to 700"),
            ("day", "Up to Ksh 700 more today. Whole shillings, from 10"),
            ("room", "Your wallet has room for Ksh 700. Whole shillings, from 10"),
        ],
    )
    def test_too_much_names_the_most_that_may_come_and_why(self, phone: Phone, bound: str, said: str) -> None:
        """It never rounds by itself."""
        phone.person.allowed = Allowed(10_00, 700_00, bound)

        assert phone.press("1", "701").lines[0] == said
        assert phone.press("9").lines[0] == "Whole shillings only, 10 to 700"
        assert phone.press("700").place == "wallet.stk"

    @pytest.mark.parametrize(("bound", "said"), [("day", "limit of a day"), ("room", "nearly the most it may")])
    def test_where_nothing_fits_nothing_is_asked(self, phone: Phone, bound: str, said: str) -> None:
        """The reason, and a way on."""
        phone.person.allowed = Allowed(10_00, 9_00, bound)

        assert said in phone.press("1").screen
        assert not phone.is_open


class TestWithdrawal:
    def test_the_fee_that_was_shown_is_the_fee_that_is_taken(self, phone: Phone) -> None:
        """It goes with the request."""
        phone.press("2", "1000")
        assert phone.lines[0] == "Withdraw Ksh 1,000 to your M-PESA 0711***001. Fee Ksh 15"

        [operation] = phone.press("4826").operations

        assert operation.kind == "wallet.withdraw"
        assert dict(operation.intent) == {"amount_cents": 1_000_00, "fee_cents": 15_00}
        assert operation.exclusive == f"withdraw:{phone.person.id}"

    @pytest.mark.parametrize(("shillings", "covered"), [("4985", True), ("4986", False)])
    def test_sum_and_fee_together_must_be_there(self, phone: Phone, shillings: str, *, covered: bool) -> None:
        """Said without the balance."""
        phone.press("2", shillings)

        assert (phone.place == "wallet.withdrawpin") is covered
        assert "5,000" not in phone.screen

    @pytest.mark.parametrize("digit", ["2", "3"])
    def test_no_money_leaves_for_some_days_after_a_change_of_line(self, phone: Phone, digit: str) -> None:
        """And until when is said."""
        phone.person.outgoing_from = NOW + timedelta(days=3)

        assert phone.press(digit).screen.startswith("For your safety this opens on 8 Aug. Call 0711000009.")


class TestSend:
    def test_the_name_comes_before_the_amount_and_again_with_the_pin(self, phone: Phone) -> None:
        """First name and initial, with the number that was typed."""
        assert phone.press("3", "0711000002").lines[0] == "0711000002 is BARAKA O. If that is right, how much?"
        assert phone.press("500").lines[0] == "Send Ksh 500 to BARAKA O. 0711000002. Fee Ksh 0"

        operation = phone.press("4826").operations[-1]

        assert operation.kind == "wallet.send"
        assert operation.intent["person"] == phone.town.people[BARAKA].id
        assert phone.town.people[BARAKA].wallet_cents == 12_500_00

    @pytest.mark.parametrize("typed", ["0711 000 002", "254711000002", "+254 711-000-002", "711000002"])
    def test_a_number_is_taken_in_every_usual_form(self, phone: Phone, typed: str) -> None:
        """As people have it in their heads."""
        assert phone.press("3", typed).place == "send.amount"

    def test_every_number_that_was_looked_up_counts(self, phone: Phone) -> None:
        """Also one that has no account, and one that nothing was sent to."""
        phone.press("3", "0711000002", "0", "0711000003")

        assert [each.kind for each in phone.operations] == ["number.lookup"] * 2
        assert phone.person.lookups_left == 8

    def test_no_number_is_kept_in_the_session(self, phone: Phone) -> None:
        """It names the look-up."""
        phone.press("3", "0711000002", "500")

        assert "711000002" not in repr(phone.session)

    @pytest.mark.parametrize(("state", "said"), [("closed", "That wallet is closed."), ("locked", "locked for now")])
    def test_a_wallet_that_is_not_open_is_refused_by_its_reason(self, phone: Phone, state: str, said: str) -> None:
        """And costs no look-up, for no name was shown."""
        phone.town.people[BARAKA].state = state

        assert said in phone.press("3", "0711000002").screen
        assert phone.operations == []

    def test_the_same_again_is_asked_about_and_may_be_sent(self, phone: Phone) -> None:
        """Another sum is not asked about."""
        phone.press("3", "0711000002", "500", "4826").dial("*383#").press("6", "3", "0711000002", "500")
        assert phone.lines[0] == "You sent Ksh 500 to BARAKA O. at 10:42. Send again?"
        assert phone.press("1").place == "send.pin"
        phone.press("0", "0", "600")

        assert phone.place == "send.pin"

    def test_to_a_stranger_only_where_that_is_allowed(self) -> None:
        """Then with the day on which it comes back."""
        town = Town(ENGINE, claim_by=NOW + timedelta(days=7))
        phone = Phone(AMINA, town).dial("*383#").press("6", "3", "0711000003")
        assert "If not claimed by 12 Aug, your money comes back." in phone.screen

        operation = phone.press("1", "500", "4826").operations[-1]

        assert (operation.intent["to"], operation.intent["person"]) == (NOBODY, "")
        assert "will wait for the owner of 0711000003" in phone.screen


class TestTakingBack:
    def test_it_is_offered_only_while_there_is_something(self, phone: Phone) -> None:
        """The other digits stay where they are."""
        assert "5" not in {line[0] for line in phone.lines}
        phone.person.unclaimed = (Unclaimed("SNB2C3D", NOBODY, 500_00),)

        phone.press("00", "6", "5", "1")
        assert phone.lines[0] == "Take back Ksh 500 sent to 0711***003. Fee Ksh 0"
        [operation] = phone.press("4826").operations

        assert (operation.kind, operation.intent["transfer"]) == ("wallet.takeback", "SNB2C3D")


class TestMiniStatement:
    MOVED = (
        Movement(TODAY, -500_00, "person", "Baraka Otieno"),
        Movement(TODAY, -15_00, "fee"),
        Movement(TODAY, 1_000_00, "mpesa"),
        Movement(TODAY, -650_00, "loan", "LN7K2QD"),
        Movement(TODAY, -300_00, "savings"),
    )

    def test_the_newest_come_first_and_the_balance_after_three(self) -> None:
        """What is known of each as people say it, behind the PIN."""
        people = {AMINA: replace(amina(), moved=self.MOVED), BARAKA: baraka()}
        phone = Phone(AMINA, Town(ENGINE, people)).dial("*383#").press("6", "4")
        assert phone.place == "view.pin"

        assert phone.press("4826").lines == [
            "5 Aug -500 BARAKA O.",
            "5 Aug -15 Fee",
            "5 Aug +1,000 M-PESA",
            "Balance Ksh 5,000",
            "5 Aug -650 LN7K2QD",
            "5 Aug -300 Savings",
            "0 Back 00 Home",
        ]

    def test_one_that_has_not_moved_says_so(self, phone: Phone) -> None:
        """With the balance."""
        assert phone.press("4", "4826").lines[:2] == ["No movements yet", "Balance Ksh 5,000"]

    def test_savings_have_their_own(self) -> None:
        """With their own balance."""
        phone = Phone(AMINA).dial("*383#").press("7", "4826", "4")

        assert phone.place == "mini.savings"
        assert "Balance Ksh 1,200" in phone.screen
