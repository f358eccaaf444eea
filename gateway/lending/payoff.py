"""What closes a loan on a given day.

A declining loan owes its balance and the interest to that day. A flat loan owes all of its interest less the
rebate its contract grants; the rebate is a parameter because contracts differ. Interest already paid is not
given back.
"""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal, get_args

from gateway.lending.daycount import days_between
from gateway.lending.errors import UnsupportedTerms
from gateway.lending.loan import Loan, Row
from gateway.lending.rounding import rounded
from gateway.lending.schedule import Instalment

Rebate = Literal["none", "straight_line", "rule_of_78", "by_day"]
REBATES: tuple[Rebate, ...] = get_args(Rebate)


@dataclass(frozen=True, slots=True)
class Payoff:
    """The price of closing the loan on `on`, in cents, and what that saves against paying to the end."""

    on: date
    principal_cents: int
    interest_cents: int
    fee_cents: int
    penalty_cents: int
    saved_cents: int

    @property
    def total_cents(self) -> int:
        return self.principal_cents + self.interest_cents + self.fee_cents + self.penalty_cents


def payoff(loan: Loan, on: date, rebate: Rebate) -> Payoff:
    """Quotes the payoff of `loan` for the day `on`, which is not before the loan's own day.

    `rebate` chooses how a flat loan gives back interest not yet earned. A declining loan always pays by the
    day; any other rebate on it raises UnsupportedTerms.
    """
    if on < loan.as_of:
        raise ValueError(f"the loan already stands at {loan.as_of}; replay it to {on} first")
    if loan.terms.interest_method == "declining_balance" and rebate != "by_day":
        raise UnsupportedTerms(f"rebate: {rebate} is for flat interest; a declining loan pays by_day")
    outstanding = loan.outstanding
    interest = min(outstanding.interest, max(0, _earned(loan, on, rebate) - loan.paid.interest))
    return Payoff(
        on=on,
        principal_cents=outstanding.principal,
        interest_cents=interest,
        fee_cents=outstanding.fee,
        penalty_cents=outstanding.penalty,
        saved_cents=outstanding.interest - interest,
    )


def _earned(loan: Loan, on: date, rebate: Rebate) -> int:
    """Interest the lender has earned by `on`, paid or not."""
    if loan.terms.interest_method == "declining_balance":
        return sum(_earned_of(loan, row, on) for row in loan.rows)
    total = sum(row.instalment.accrued_cents for row in loan.rows)
    return total - rounded(total * _unearned_part(loan, on, rebate), loan.terms.rounding)


def _earned_of(loan: Loan, row: Row, on: date) -> int:
    part = _elapsed_part(loan, row.instalment, on)
    return rounded(row.instalment.accrued_cents * part, loan.terms.rounding)


def _elapsed_part(loan: Loan, instalment: Instalment, on: date) -> Fraction:
    start_on, due_on = instalment.start_on, instalment.due_on
    if on <= start_on:
        return Fraction(0)
    if on >= due_on:
        return Fraction(1)
    day_count = loan.terms.day_count
    return Fraction(days_between(day_count, start_on, on), days_between(day_count, start_on, due_on))


def _unearned_part(loan: Loan, on: date, rebate: Rebate) -> Fraction:
    """The part of a flat loan's interest that its rebate gives back; a period that has begun is earned."""
    count = loan.terms.number_of_repayments
    rows = [row.instalment for row in loan.rows[:count]]
    left = sum(1 for instalment in rows if instalment.start_on >= on)
    if rebate == "straight_line":
        return Fraction(left, count)
    if rebate == "rule_of_78":
        return Fraction(left * (left + 1), count * (count + 1))
    if rebate == "by_day":
        matures_on = rows[-1].due_on
        days = max(0, (matures_on - on).days)
        return Fraction(days, (matures_on - rows[0].start_on).days)
    return Fraction(0)
