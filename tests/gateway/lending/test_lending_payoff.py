from datetime import date
from typing import Any

import pytest

from gateway.lending.errors import UnsupportedTerms
from gateway.lending.fields import amount_text
from gateway.lending.loan import Loan
from gateway.lending.payoff import Rebate, payoff
from gateway.lending.replay import replay
from gateway.lending.terms import parse_terms

DECLINING: dict[str, Any] = {
    "principal": "24000",
    "annualRatePercent": "16",
    "interestMethod": "declining_balance",
    "numberOfRepayments": 6,
    "repaymentUnit": "months",
    "disbursedOn": "2026-02-01",
    "installmentMultipleOf": "1",
}
FLAT = DECLINING | {"principal": "12000", "annualRatePercent": "18", "interestMethod": "flat"}


def paid_twice(base: dict[str, Any], amount: str) -> Loan:
    """A loan as it stands after a payment on each of its first two due dates."""
    disbursed_on = parse_terms(base).disbursed_on
    due_on = [disbursed_on.replace(month=disbursed_on.month + number).isoformat() for number in (1, 2)]
    events = [{"on": day, "type": "repayment", "amount": amount} for day in due_on]
    return replay(parse_terms(base | {"events": events}))


class TestDeclining:
    def test_balance_and_interest_to_the_day(self) -> None:
        """On day 20 of 30 after the second instalment: 16,210.41 + 144.09, saving 399.81 of 543.90."""
        loan = paid_twice(DECLINING, "4189.00")

        price = payoff(loan, date(2026, 4, 21), "by_day")

        assert amount_text(price.interest_cents) == "144.09"
        assert amount_text(price.total_cents) == "16354.50"
        assert amount_text(price.saved_cents) == "399.81"

    def test_on_a_due_date_that_is_paid_only_the_balance_is_owed(self) -> None:
        """No day of the next period has passed."""
        loan = paid_twice(DECLINING, "4189.00")

        assert payoff(loan, date(2026, 4, 1), "by_day").total_cents == 1621041

    def test_thirty_day_months_count_thirtieths(self) -> None:
        """With 30/360, day 20 of a month of 31 days is still two thirds of it."""
        january = DECLINING | {"dayCount": "30/360", "disbursedOn": "2026-01-01"}

        price = payoff(paid_twice(january, "4189.00"), date(2026, 3, 21), "by_day")

        assert amount_text(price.total_cents) == "16354.50"

    def test_arrears_fees_and_penalties_are_part_of_the_price(self) -> None:
        """Everything charged is owed, and the interest of periods that are over in full."""
        events = [
            {"on": "2026-03-05", "type": "charge", "amount": "50.00", "kind": "penalty"},
            {"on": "2026-03-05", "type": "charge", "amount": "30.00"},
        ]
        loan = replay(parse_terms(DECLINING | {"events": events}))

        price = payoff(loan, date(2026, 4, 1), "by_day")

        assert (price.penalty_cents, price.fee_cents) == (5000, 3000)
        assert (price.principal_cents, price.interest_cents) == (2400000, 32000 + 26841)

    def test_interest_waiting_in_a_grace_is_earned(self) -> None:
        """A payment grace puts interest off; paying off early does not make it disappear."""
        loan = replay(parse_terms(DECLINING | {"interestPaymentGracePeriods": 2}))

        assert payoff(loan, date(2026, 4, 1), "by_day").interest_cents == 32000 + 26841

    def test_after_maturity_nothing_is_saved(self) -> None:
        """All interest is earned by the last due date."""
        loan = replay(parse_terms(DECLINING))

        price = payoff(loan, date(2027, 1, 1), "by_day")

        assert (price.total_cents, price.saved_cents) == (loan.outstanding.total, 0)

    def test_a_rebate_of_flat_loans_is_refused(self) -> None:
        """Declining interest has no rebate to choose."""
        with pytest.raises(UnsupportedTerms, match=r"^rebate: rule_of_78"):
            payoff(replay(parse_terms(DECLINING)), date(2026, 3, 1), "rule_of_78")


class TestFlat:
    @pytest.mark.parametrize(
        ("rebate", "saved"),
        [("none", "0.00"), ("straight_line", "720.00"), ("rule_of_78", "514.29")],
    )
    def test_the_contract_chooses_the_rebate(self, rebate: Rebate, saved: str) -> None:
        """12,000 at 18 percent, 2 of 6 paid: of 1,080.00 interest the rebate gives this back."""
        loan = paid_twice(FLAT, "2180.00")

        price = payoff(loan, date(2026, 4, 1), rebate)

        assert amount_text(price.saved_cents) == saved
        assert price.total_cents == loan.outstanding.total - price.saved_cents

    @pytest.mark.parametrize(("rebate", "saved"), [("straight_line", "540.00"), ("rule_of_78", "308.57")])
    def test_a_period_that_has_begun_is_earned(self, rebate: Rebate, saved: str) -> None:
        """One day into the third month leaves three months to give back."""
        loan = paid_twice(FLAT, "2180.00")

        assert amount_text(payoff(loan, date(2026, 4, 2), rebate).saved_cents) == saved

    def test_by_the_day_counts_the_days_that_are_left(self) -> None:
        """On 2 May 91 of the 181 days of the loan are still to come."""
        loan = paid_twice(FLAT, "2180.00")

        assert amount_text(payoff(loan, date(2026, 5, 2), "by_day").saved_cents) == "542.98"

    def test_interest_already_paid_is_not_given_back(self) -> None:
        """A borrower who paid the third instalment early has less left to save."""
        loan = paid_twice(FLAT, "4360.00")

        price = payoff(loan, date(2026, 4, 1), "straight_line")

        assert (price.interest_cents, price.saved_cents) == (0, 36000)


def test_a_day_before_the_loans_own_day_is_an_error() -> None:
    """A state that already knows later events cannot price an earlier day."""
    loan = paid_twice(FLAT, "2180.00")

    with pytest.raises(ValueError, match="2026-04-01"):
        payoff(loan, date(2026, 3, 31), "none")
