"""The statement of a loan: what it was charged, what was paid of which part, and its schedule. Pure.

Its balance is what is left to pay; it begins with the payout and the interest agreed. Lines carry days, not moments:
a loan counts in days. What a line cannot be given for (a loan that was arranged anew) is one adjustment on the last
day, so that the balance is always that of the loan.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time

from gateway.clock import EAT, milliseconds
from gateway.lending.allocation import NOTHING, Parts
from gateway.lending.events import Charge, ChargeKind, Event, Waiver
from gateway.lending.loan import Loan
from gateway.lending.standings import Standing
from gateway.lending.terms import parse_terms
from gateway.papers.statement import Line, balanced


@dataclass(frozen=True, slots=True)
class Instalment:
    """A row of the schedule, in cents."""

    number: int
    due_on: date
    owed: Parts
    paid_cents: int

    @property
    def left_cents(self) -> int:
        return self.owed.total - self.paid_cents


def schedule(loan: Loan) -> list[Instalment]:
    return [Instalment(row.number, row.due_on, row.owed, row.paid.total) for row in loan.rows]


def lines(standing: Standing, acts: Iterable[Event] = ()) -> list[Line]:
    """Everything from the payout to the day it was looked at, in order of days, with what is left to pay after each.

    `acts` are what staff charged and waived; a loan itself only knows what they came to.
    """
    loan = standing.loan
    happened = [*_charged(standing), *_acted(loan, acts), *_repaid(loan)]
    left = loan.outstanding
    for line in happened:
        left = left.minus(line.parts or NOTHING)
    if left != NOTHING:
        happened.append(_line(loan.as_of, "adjusted", left))
    return balanced(0, sorted(happened, key=lambda line: line.at))


def _acted(loan: Loan, acts: Iterable[Event]) -> Iterable[Line]:
    for act in acts:
        if isinstance(act, Charge) and act.on <= loan.as_of:
            yield _line(act.on, act.kind, _part(act.kind, act.amount_cents))
        elif isinstance(act, Waiver) and act.on <= loan.as_of:
            yield _line(act.on, "waived", _part(act.kind, -act.amount_cents))


def _charged(standing: Standing) -> Iterable[Line]:
    loan, began = standing.loan, standing.loan.terms.disbursed_on
    owed = loan.owed
    yield _line(began, "paid_out", Parts(principal=owed.principal), standing.record.reference)
    if owed.interest:
        yield _line(began, "interest_agreed", Parts(interest=owed.interest))
    agreed = [event for event in parse_terms(standing.record.terms).events if isinstance(event, Charge)]
    for charge in (*agreed, *loan.late_penalties):
        if charge.on <= loan.as_of:
            yield _line(charge.on, charge.kind, _part(charge.kind, charge.amount_cents))


def _repaid(loan: Loan) -> Iterable[Line]:
    for applied in loan.applied:
        parts = applied.allocation.parts
        if parts.total:
            yield _line(applied.repayment.on, "repaid", NOTHING.minus(parts), applied.repayment.reference)


def _part(kind: ChargeKind, cents: int) -> Parts:
    return Parts(penalty=cents) if kind == "penalty" else Parts(fee=cents)


def _line(on: date, kind: str, parts: Parts, reference: str = "") -> Line:
    at = milliseconds(datetime.combine(on, time(), EAT))
    return Line(at, kind, parts.total, 0, reference=reference, parts=parts)
