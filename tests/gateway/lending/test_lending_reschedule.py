"""New dates for a flat loan: its interest was fixed at the start, and stays what it was."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.lending.errors import InvalidTerms, UnsupportedTerms
from gateway.lending.events import Charge, Event, Repayment, Reschedule
from gateway.lending.fields import amount_text
from gateway.lending.loan import Loan
from gateway.lending.replay import replay
from gateway.lending.terms import ROUNDINGS, Terms, parse_terms

PAID_OUT_ON = date(2026, 1, 15)
FLAT: dict[str, Any] = {
    "principal": "12000", "annualRatePercent": "18", "interestMethod": "flat", "numberOfRepayments": 6,
    "repaymentUnit": "months", "disbursedOn": "2026-01-15",
}  # fmt: skip
QUICK: dict[str, Any] = {
    "principal": "2000", "annualRatePercent": "96", "interestMethod": "flat", "dayCount": "30/360",
    "numberOfRepayments": 1, "repaymentEvery": 30, "repaymentUnit": "days", "disbursedOn": "2026-08-05",
}  # fmt: skip
TWO_PAID = tuple({"on": f"2026-0{month}-15", "type": "repayment", "amount": "2180.00"} for month in (2, 3))


def after(base: dict[str, Any], *events: dict[str, Any]) -> Loan:
    return replay(parse_terms(base | {"events": list(events)}))


def moved(on: str, **change: Any) -> dict[str, Any]:
    return {"on": on, "type": "reschedule", **change}


def owed(loan: Loan) -> list[str]:
    return [amount_text(row.owed.total) for row in loan.rows]


class TestMoreInstalments:
    """12,000.00 at 18 %, six months of 2,180.00; two are paid, and 8,000.00 with 720.00 of interest are left."""

    def test_what_is_left_is_spread_over_them_to_the_cent(self) -> None:
        """8,720.00 over six: 1,453.33 five times, with 120.00 of interest in each, and 1,453.35."""
        loan = after(FLAT, *TWO_PAID, moved("2026-03-20", extraInstalments=2))

        assert owed(loan) == ["2180.00"] * 2 + ["1453.33"] * 5 + ["1453.35"]
        assert [row.owed.interest for row in loan.rows[2:]] == [120_00] * 6
        assert amount_text(loan.outstanding.total) == "8720.00"
        assert loan.rows[-1].due_on == date(2026, 9, 15)

    def test_they_are_rounded_as_the_product_says(self) -> None:
        """To the shilling; the last one takes the 2.00 that are over."""
        loan = after(FLAT | {"installmentMultipleOf": "1"}, *TWO_PAID, moved("2026-03-20", extraInstalments=2))

        assert owed(loan)[2:] == ["1453.00"] * 5 + ["1455.00"]

    def test_interest_that_cannot_be_shared_evenly_is_still_all_there(self) -> None:
        """160.00 over three: 53.33, 53.33, 53.34."""
        loan = after(QUICK, moved("2026-08-21", extraInstalments=2))

        assert [row.owed.interest for row in loan.rows] == [53_33, 53_33, 53_34]
        assert owed(loan) == ["720.00"] * 3

    def test_a_second_time_starts_from_the_first(self) -> None:
        """What was spread is spread again."""
        loan = after(
            FLAT, *TWO_PAID, moved("2026-03-20", extraInstalments=2), moved("2026-03-21", extraInstalments=2),
        )  # fmt: skip

        assert owed(loan)[2:] == ["1090.00"] * 8
        assert loan.owed.interest == 1_080_00


class TestAnotherDay:
    def test_costs_nothing_and_keeps_what_was_paid(self) -> None:
        """A month later, the 160.00 that came in already still count."""
        paid = {"on": "2026-08-20", "type": "repayment", "amount": "160.00"}

        loan = after(QUICK, paid, moved("2026-08-21", nextDueOn="2026-10-04"))

        (row,) = loan.rows
        assert (row.due_on, row.owed.total, row.outstanding.total) == (date(2026, 10, 4), 2_160_00, 2_000_00)

    def test_takes_the_later_ones_with_it(self) -> None:
        """Counted from the new day, each with its amount."""
        loan = after(FLAT, *TWO_PAID, moved("2026-03-20", nextDueOn="2026-04-30"))

        days = [row.due_on.isoformat() for row in loan.rows[2:]]
        assert days == ["2026-04-30", "2026-05-30", "2026-06-30", "2026-07-30"]
        assert owed(loan) == ["2180.00"] * 6


class TestAnotherRate:
    def test_prices_the_rest_as_a_flat_loan_of_its_own(self) -> None:
        """8,000.00 at 12 % over four months: 80.00 a month."""
        loan = after(FLAT, *TWO_PAID, moved("2026-03-20", annualRatePercent="12"))

        assert owed(loan)[2:] == ["2080.00"] * 4
        assert loan.owed.interest == 680_00


@st.composite
def flat_loans(draw: st.DrawFn) -> Terms:
    count = draw(st.integers(1, 24))
    return Terms(
        principal_cents=draw(st.integers(1, 10**9)),
        annual_rate_percent=draw(st.decimals(0, 400, places=2)),
        interest_method="flat",
        amortization=draw(st.sampled_from(("equal_installments", "equal_principal"))),
        number_of_repayments=count,
        repayment_unit=draw(st.sampled_from(("days", "weeks", "months"))),
        disbursed_on=PAID_OUT_ON,
        principal_grace_periods=draw(st.integers(0, count - 1)),
        installment_multiple_cents=draw(st.sampled_from((1, 100, 500))),
        rounding=draw(st.sampled_from(ROUNDINGS)),
    )


DAYS = st.integers(0, 400).map(lambda days: PAID_OUT_ON + timedelta(days=days))
HAPPENED = st.lists(
    st.one_of(st.builds(Repayment, DAYS, st.integers(1, 10**9)), st.builds(Charge, DAYS, st.integers(1, 10**5))),
    max_size=4,
)
CHANGES = st.builds(
    Reschedule, DAYS, st.integers(0, 12), st.none(),
    st.none() | st.integers(0, 500).map(lambda days: PAID_OUT_ON + timedelta(days=days)),
)  # fmt: skip


class TestEveryFlatLoan:
    @given(flat_loans(), HAPPENED, CHANGES)
    def test_neither_gains_nor_loses_a_cent_by_new_dates(
        self, terms: Terms, events: list[Event], change: Reschedule
    ) -> None:
        """Whatever happened before: the same is owed of each part, the same was paid, and it is repaid in order."""
        happened = replace(terms, events=tuple(each for each in events if each.on <= change.on))
        before = replay(happened, change.on)

        try:
            loan = replay(replace(happened, events=(*happened.events, change)), change.on)
        except (UnsupportedTerms, InvalidTerms):
            return

        assert (loan.owed, loan.paid, loan.overpaid_cents) == (before.owed, before.paid, before.overpaid_cents)
        assert loan.rows[-1].instalment.balance_after_cents == 0
        assert min(min(row.owed.principal, row.owed.interest, row.outstanding.total) for row in loan.rows) >= 0
        assert all(one.due_on < other.due_on for one, other in pairwise(loan.rows))
        assert [row.number for row in loan.rows] == list(range(1, len(loan.rows) + 1))

    @pytest.mark.parametrize("rate", [Decimal(0), Decimal(30)])
    def test_never_owes_another_principal_by_another_rate(self, rate: Decimal) -> None:
        """Only the price changes."""
        terms = parse_terms(FLAT)
        change = Reschedule(date(2026, 3, 20), 3, rate)

        loan = replay(replace(terms, events=(change,)))

        assert loan.owed.principal == terms.principal_cents
