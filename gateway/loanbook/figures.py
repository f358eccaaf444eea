"""The figures of a period, by product or officer. Pure; integer cents.

disbursed    principal of loans whose pay-out was booked in the period; loans brought from elsewhere are not in it.
collected    what repayments booked in the period took off loans, recoveries not among them, less what of earlier
             repayments was taken back in it. What came with a loan from elsewhere was collected before.
expected     principal, interest and fees of the instalments whose due date is in the period, penalties left out.
settled      what of these has been paid by the day of the report; repayment rate = settled / expected.
written off  outstanding principal of loans written off in the period.
recovered    what was paid in the period on loans written off.
outstanding  principal still owed that day on running loans, whenever they were lent.
"""

from dataclasses import dataclass, fields
from datetime import date

from gateway.lending.loan import Row


@dataclass(frozen=True, slots=True)
class Figures:
    """Cents, and two counts of loans."""

    disbursed_loans: int = 0
    disbursed: int = 0
    collected: int = 0
    expected: int = 0
    settled: int = 0
    written_off: int = 0
    recovered: int = 0
    outstanding_loans: int = 0
    outstanding: int = 0

    def plus(self, other: "Figures") -> "Figures":
        return Figures(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))

    @property
    def rate_basis_points(self) -> int | None:
        """The repayment rate in hundredths of a percent, half rounded up; None where nothing fell due."""
        return (self.settled * 20_000 + self.expected) // (2 * self.expected) if self.expected else None


@dataclass(frozen=True, slots=True)
class Period:
    """Both days belong to it."""

    since: date
    until: date

    def has(self, day: date) -> bool:
        return self.since <= day <= self.until


def fell_due(rows: tuple[Row, ...], period: Period) -> Figures:
    """What a loan's instalments add to expected and settled."""
    inside = [row for row in rows if period.has(row.due_on)]
    return Figures(
        expected=sum(row.owed.total - row.owed.penalty for row in inside),
        settled=sum(row.paid.total - row.paid.penalty for row in inside),
    )
