from dataclasses import replace
from typing import Any

import pytest

from flows.known import Quote, Request
from flows.turn import Need
from tests.flows.phone import ENGINE, Phone
from tests.flows.town import AMINA, Town, quick_loan


class FreeTown(Town):
    """Where loans cost interest only."""

    def fact(self, need: Need, msisdn: str) -> Any:
        found = super().fact(need, msisdn)
        if isinstance(found, Quote):
            return replace(found, net_cents=found.principal_cents, fee_cents=0, penalty_cents=0)
        return found


def at_the_cost(amount: str = "2000") -> Phone:
    return Phone(AMINA).dial("*383#").press("2", "1", amount)


class TestBorrowing:
    def test_the_whole_price_comes_before_the_pin_and_the_pin_is_the_yes(self) -> None:
        """What is received, every charge in shillings, what to repay and by when."""
        phone = at_the_cost()
        assert phone.lines[:3] == [
            "Loan Ksh 2,000, you get Ksh 1,980",
            "Fee Ksh 20, interest Ksh 160",
            "Repay Ksh 2,160 by 4 Sep",
        ]
        assert phone.press("1").lines[0] == (
            "Borrow Ksh 2,000, repay Ksh 2,160 by 4 Sep. APR 111%. If late: Ksh 50 a month"
        )

        phone.press("4826")

        (operation,) = phone.operations
        assert (operation.kind, operation.exclusive) == ("loan.disburse", f"loan:{phone.person.id}")
        assert operation.intent["quote"]["net_cents"] == 1_980_00
        assert phone.screen == (
            f"Request {operation.reference} received. Ksh 1,980 will go to your M-PESA 0711***001. "
            "SMS to follow. You need not ask again."
        )

    def test_the_price_by_sms_keeps_the_place(self) -> None:
        """It comes once for this price; another amount has another price."""
        phone = at_the_cost().press("2", "2")
        assert phone.lines[0] == "It comes by SMS."
        assert len(phone.operations) == 1

        phone.press("0", "1500", "2")

        assert [operation.intent["quote"]["principal_cents"] for operation in phone.operations] == [
            2_000_00,
            1_500_00,
        ]

    def test_charges_of_nothing_are_not_named(self) -> None:
        """Neither a fee of 0 nor a penalty of 0."""
        phone = Phone(AMINA, FreeTown(ENGINE))

        phone.dial("*383*2*1*2000#")

        assert phone.lines[:3] == ["Loan Ksh 2,000, you get Ksh 2,000", "Interest Ksh 160", "Repay Ksh 2,160 by 4 Sep"]
        assert "If late" not in phone.press("1").screen

    @pytest.mark.parametrize("amount", ["499", "0.5", "5001", "999999", "1500.50"])
    def test_an_amount_that_cannot_be_is_refused_with_what_can(self, amount: str) -> None:
        """What the limit leaves counts already."""
        assert at_the_cost(amount).lines == [
            "Whole shillings only, 500 to 3,000",
            "Quick loan: how much?",
            "0 Back 00 Home",
        ]

    def test_more_than_the_limit_leaves_is_explained(self) -> None:
        """Limit, what is in use, what is left."""
        assert at_the_cost("4000").lines[:3] == [
            "Limit Ksh 5,000, in use Ksh 2,000",
            "You can borrow up to Ksh 3,000 now",
            "Enter an amount",
        ]


class TestNotNow:
    def test_a_late_loan_comes_first(self) -> None:
        """With what to pay, a way to pay exactly that, and how limits work."""
        phone = Phone(AMINA)
        phone.person.loans = (quick_loan("LN7K2QD", 2_000_00, days_late=4),)

        phone.dial("*383#").press("2")

        assert phone.lines[0] == "No new loan yet: LN7K2QD is 4 days late, Ksh 2,210."
        assert phone.press("2").place == "borrow.limits"
        assert phone.press("1").lines[0] == "LN7K2QD: how much?"

    def test_one_day_late_is_one_day(self) -> None:
        """A plural is wrong with 1."""
        phone = Phone(AMINA)
        phone.person.loans = (quick_loan("LN7K2QD", 2_000_00, days_late=1),)

        assert "is 1 day late" in phone.dial("*383*2#").screen

    def test_a_full_limit_says_so(self) -> None:
        """Repaying frees it."""
        phone = Phone(AMINA)
        phone.person.limit_cents = 2_000_00

        phone.dial("*383#").press("2")

        assert phone.lines[0] == "Your whole limit, Ksh 2,000, is in use. Repaying frees it."
        assert phone.press("1").place == "repay.loan"

    def test_nothing_on_offer_ends_with_a_way_to_ask_why(self) -> None:
        """Without a loan and without a product."""
        phone = Phone(AMINA)
        phone.person.loans, phone.person.products, phone.person.may_ask = (), (), False

        phone.dial("*383#").press("2")

        assert phone.lines[:3] == ["We cannot lend to you now.", "1 How limits work", "2 Help"]
        assert phone.press("1").lines[:2] == [
            "Your limit is Ksh 5,000. It grows as you repay on time.",
            "Next step Ksh 6,000",
        ]

    def test_a_request_under_way_is_shown_instead_of_a_second(self) -> None:
        """Also by a shortcut, and also when something else is newer."""
        phone = at_the_cost().press("1", "4826")
        newer = Request("PYB2C3D", "repay.stk", 500_00, is_certain=True, about="LN7K2QD")
        phone.person.requests += (newer,)

        phone.dial("*383*2*1*2000#")

        assert phone.place == "resume.lending"
        assert phone.lines[0].startswith(f"Request {phone.operations[0].reference}, Ksh 1,980 to your M-PESA, is on")

    def test_digits_dialled_ahead_do_not_answer_what_nobody_expected(self) -> None:
        """They were meant for products and amounts."""
        phone = Phone(AMINA)
        phone.person.loans = (quick_loan("LN7K2QD", 2_000_00, days_late=4),)

        assert phone.dial("*383*2*1*2000#").place == "borrow.late"

    def test_what_was_shown_as_allowed_stays_so_until_the_price(self) -> None:
        """A limit that changes in between is a matter of the reservation."""
        phone = Phone(AMINA).dial("*383#").press("2", "1")
        phone.person.limit_cents = 2_500_00

        assert phone.press("2000").place == "borrow.cost"


class TestComingBack:
    def test_after_a_drop_the_price_is_shown_again_and_the_pin_asked_afresh(self) -> None:
        """Fresh figures, no shortcut to the money."""
        phone = at_the_cost().press("1").drop().dial("*383#")
        assert phone.lines[0] == "Your Ksh 2,000 loan request was not finished. Continue where you left off?"

        phone.press("1")

        assert phone.place == "borrow.cost"
        assert phone.operations == []
        assert phone.press("1", "4826").operations[-1].kind == "loan.disburse"

    def test_starting_again_starts_with_the_products(self) -> None:
        """And the way back leads home."""
        phone = at_the_cost().drop().dial("*383#").press("2")
        assert phone.place == "borrow.product"

        assert phone.press("0").place == "menu.main"

    def test_home_is_the_menu(self) -> None:
        """Nobody has to go on."""
        assert at_the_cost().drop().dial("*383#").press("00").place == "menu.main"

    def test_a_shortcut_goes_past_the_offer(self) -> None:
        """Whoever dials ahead knows what they want."""
        assert at_the_cost().drop().dial("*383*3#").place == "repay.loan"

    def test_what_ended_is_not_taken_up(self) -> None:
        """Nor what was never begun."""
        assert Phone(AMINA).dial("*383#").press("2").drop().dial("*383#").place == "menu.main"
        assert Phone(AMINA).dial("*383#").press("2", "1", "x", "x", "x").dial("*383#").place == "menu.main"
