"""A loan as it stands at the end of one day: its instalments, and what was charged and paid on each."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from gateway.lending.allocation import NOTHING, Allocation, Owing, Parts
from gateway.lending.duedates import Calendar
from gateway.lending.events import Charge, ChargeKind, Repayment
from gateway.lending.in_duplum import Default
from gateway.lending.schedule import Instalment
from gateway.lending.terms import Terms

Status = Literal["active", "in_arrears", "closed", "overpaid"]


@dataclass(frozen=True, slots=True)
class Row:
    """One instalment with what was charged on it later and what was paid of it."""

    instalment: Instalment
    fee_cents: int = 0
    penalty_cents: int = 0
    paid: Parts = NOTHING

    @property
    def number(self) -> int:
        return self.instalment.number

    @property
    def due_on(self) -> date:
        return self.instalment.due_on

    @property
    def owed(self) -> Parts:
        """Everything this instalment asks for, paid or not."""
        return Parts(
            penalty=self.penalty_cents,
            fee=self.fee_cents,
            interest=self.instalment.interest_cents,
            principal=self.instalment.principal_cents,
        )

    @property
    def outstanding(self) -> Parts:
        return self.owed.minus(self.paid)

    def charged(self, charge: Charge) -> "Row":
        if charge.kind == "fee":
            return replace(self, fee_cents=self.fee_cents + charge.amount_cents)
        return replace(self, penalty_cents=self.penalty_cents + charge.amount_cents)

    def waived(self, cents: int, kind: ChargeKind) -> "Row":
        if kind == "fee":
            return replace(self, fee_cents=self.fee_cents - cents)
        return replace(self, penalty_cents=self.penalty_cents - cents)


@dataclass(frozen=True, slots=True)
class Applied:
    """A repayment that stands, and how it was split."""

    repayment: Repayment
    allocation: Allocation


@dataclass(frozen=True, slots=True)
class Loan:
    """The state of one loan. `terms` and `calendar` are those in force: a reschedule replaces them.

    The events that led here are not in `terms`, so two ways to one state are equal.

    `late_penalties` are the ones the daily job posted; (instalment, on) is the key of each.
    """

    terms: Terms
    calendar: Calendar
    rows: tuple[Row, ...]
    as_of: date
    days_ended_on: date
    overpaid_cents: int = 0
    applied: tuple[Applied, ...] = ()
    late_penalties: tuple[Charge, ...] = ()
    default: Default | None = None

    @property
    def is_capped(self) -> bool:
        """Whether the law allows no further interest, penalty or fee."""
        return self.default is not None and self.default.room_cents <= 0

    @property
    def owed(self) -> Parts:
        return _sum(tuple(row.owed for row in self.rows))

    @property
    def paid(self) -> Parts:
        return _sum(tuple(row.paid for row in self.rows))

    @property
    def outstanding(self) -> Parts:
        return self.owed.minus(self.paid)

    def late_penalty_cents(self, number: int) -> int:
        """The late penalties that instalment `number` has gathered."""
        return sum(charge.amount_cents for charge in self.late_penalties if charge.instalment == number)

    @property
    def days_late(self) -> int:
        """Days since the oldest unpaid instalment was due; 0 on the due date itself."""
        late = (self.as_of - row.due_on for row in self.rows if row.outstanding.total)
        return max((gap.days for gap in late if gap.days > 0), default=0)

    @property
    def status(self) -> Status:
        if self.outstanding.total:
            return "in_arrears" if self.days_late else "active"
        return "overpaid" if self.overpaid_cents else "closed"


def _sum(all_parts: tuple[Parts, ...]) -> Parts:
    total = NOTHING
    for parts in all_parts:
        total = total.plus(parts)
    return total


def owing(rows: tuple[Row, ...]) -> tuple[Owing, ...]:
    """What an allocation has to walk over."""
    return tuple(Owing(row.number, row.due_on, row.outstanding) for row in rows)
