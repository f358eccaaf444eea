"""Loans as others see them: what was agreed, where each stands on a day, how a payment divided."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from gateway.lending.allocation import Parts
from gateway.lending.loan import Loan
from gateway.lending.payoff import Payoff


@dataclass(frozen=True, slots=True)
class LoanRecord:
    """One loan's row. `lender_id` is the person who lends; None: the organisation."""

    id: str
    reference: str
    customer_id: str
    product: str
    terms: Mapping[str, Any]
    quote: Mapping[str, Any]
    principal_cents: int
    state: str
    lender_id: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A loan and where it stands on a day."""

    record: LoanRecord
    loan: Loan
    payoff: Payoff

    @property
    def owed_cents(self) -> int:
        return self.loan.outstanding.total


@dataclass(frozen=True, slots=True)
class Repaid:
    """How a repayment divided: what went to the loan and what was too much."""

    standing: Standing
    parts: Parts
    extra_cents: int

    @property
    def is_cleared(self) -> bool:
        return self.standing.owed_cents == 0


@dataclass(frozen=True, slots=True)
class Changed:
    """A loan before and after something that staff did to it, as of one day."""

    before: Standing
    after: Standing

    @property
    def paid(self) -> Parts:
        """By how much what counts as paid has changed; negative where a payment was taken back."""
        return self.after.loan.paid.minus(self.before.loan.paid)

    @property
    def interest_cents(self) -> int:
        """By how much the contracted interest has changed."""
        return self.after.loan.owed.interest - self.before.loan.owed.interest


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened to a loan, as it is kept: `at` in milliseconds."""

    kind: str
    detail: Mapping[str, Any]
    operation_id: str | None
    at: int


@dataclass(frozen=True, slots=True)
class Held:
    """A customer's loans: running, and the principal of those on their way."""

    running: list[Standing]
    waiting_cents: int

    @property
    def in_use_cents(self) -> int:
        """How much of a limit is taken. What people lend each other is their own affair."""
        ours = [standing for standing in self.running if standing.record.lender_id is None]
        return self.waiting_cents + sum(standing.loan.outstanding.principal for standing in ours)


def next_due(loan: Loan) -> date:
    """The due date of the oldest instalment with something unpaid; of the last one when all is paid."""
    return next((row.due_on for row in loan.rows if row.outstanding.total), loan.rows[-1].due_on)


def next_cents(loan: Loan) -> int:
    """What to pay by the next due date: all that is overdue, or the next instalment."""
    overdue = sum(row.outstanding.total for row in loan.rows if row.due_on < loan.as_of)
    if overdue:
        return overdue
    return next((row.outstanding.total for row in loan.rows if row.outstanding.total), 0)
