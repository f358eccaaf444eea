from dataclasses import replace
from datetime import timedelta

from flows.known import Due
from tests.flows.phone import Phone
from tests.flows.town import AMINA, BARAKA, TODAY, quick_loan


def at_the_loan(phone: Phone | None = None) -> Phone:
    return (phone or Phone(AMINA)).dial("*383#").press("4", "4826", "1")


def with_loan(**changes: object) -> Phone:
    phone = Phone(AMINA)
    phone.person.loans = (replace(phone.person.loans[0], **changes),)  # type: ignore[arg-type]
    return phone


class TestOneLoan:
    def test_it_says_what_is_owed_and_what_comes_next(self) -> None:
        """With everything that can be done."""
        assert at_the_loan().lines == [
            "LN7K2QD Quick",
            "Owed Ksh 2,160 of 2,160",
            "Next Ksh 2,160 by 4 Sep",
            "1 Repay",
            "2 Schedule",
            "3 Pay off",
            "4 Terms by SMS",
            "0 Back 00 Home",
        ]

    def test_a_late_one_says_so_first(self) -> None:
        """In the list and by itself; the penalty apart."""
        phone = Phone(AMINA)
        phone.person.loans = (quick_loan("LN7K2QD", 2_000_00, days_late=4),)

        phone.dial("*383#").press("4", "4826")

        assert phone.lines[1] == "1 LN7K2QD late 4 days"
        assert phone.press("1").lines[:2] == ["LN7K2QD Quick, 4 days late", "Pay now Ksh 2,210 (penalty 50)"]

    def test_its_terms_come_by_sms(self) -> None:
        """The price it was taken at, once."""
        phone = at_the_loan().press("4", "4")

        (operation,) = phone.operations
        assert operation.intent["template"] == "borrow.terms"
        assert operation.intent["loan"] == "LN7K2QD"
        assert phone.lines[0] == "It comes by SMS."

    def test_terms_that_nobody_has_are_not_offered(self) -> None:
        """A loan brought over from paper."""
        assert at_the_loan(with_loan(terms=None)).lines[-2] == "3 Pay off"

    def test_a_schedule_pages(self) -> None:
        """Paid rows say so, dates of next year have their year, the total comes last."""
        rows = tuple(Due(TODAY + timedelta(days=30 * number), 1_206_00, number < 2) for number in range(12))

        phone = at_the_loan(with_loan(schedule=rows)).press("2")
        seen = phone.lines[:-1]
        while "98 More" in phone.screen:
            seen += phone.press("98").lines[:-1]

        assert seen[:3] == ["LN7K2QD", "5 Aug Ksh 1,206 paid", "4 Sep Ksh 1,206 paid"]
        assert seen[-2:] == ["1 Jul 2027 Ksh 1,206", "Total Ksh 2,160"]
        assert len(seen) == 14


class TestPayingOff:
    def test_what_is_saved_is_said_when_something_is(self) -> None:
        """Valid today."""
        phone = at_the_loan(with_loan(payoff_cents=2_000_00)).press("3")

        assert phone.lines[:2] == ["Pay off LN7K2QD: Ksh 2,000", "You save Ksh 160. Valid today."]
        assert at_the_loan().press("3").lines[1] == "Valid today."

    def test_it_is_paid_from_the_wallet_with_the_pin(self) -> None:
        """Exactly the payoff that was shown."""
        phone = at_the_loan(with_loan(payoff_cents=2_000_50)).press("3", "1", "4826")

        assert phone.operations[0].intent == {"loan": "LN7K2QD", "amount_cents": 2_000_50}

    def test_two_is_mpesa_with_and_without_a_full_wallet(self) -> None:
        """Digits keep their meaning; the other one stays empty."""
        phone = Phone(AMINA)
        phone.person.wallet_cents = 0

        at_the_loan(phone).press("3")

        assert phone.lines[2] == "2 By M-PESA"
        assert phone.press("2").place == "repay.stk"


class TestNoLoan:
    def test_the_list_is_private_even_when_it_is_empty(self) -> None:
        """First the PIN, then that there is none."""
        phone = Phone(BARAKA).dial("*383#").press("4")
        assert phone.place == "view.pin"

        assert phone.press("7391").screen == "Huna mkopo sasa. Kukopa: *383# kisha 2."
