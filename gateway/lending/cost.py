"""The true cost of a loan: the yearly rate at which what the borrower pays is worth what they received.

For one payment after 30 days it is the simple yearly rate on the money received; for several it is the rate
of one period times the periods of a year. Late penalties are not part of the price.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext

from gateway.lending.duedates import Unit, stepped
from gateway.lending.loan import Row
from gateway.lending.terms import Terms

PERIODS_A_YEAR: dict[Unit, int] = {"days": 365, "weeks": 52, "months": 12}
DIGITS = 40
NEWTON_STEPS_MAX = 200
CLOSE_ENOUGH = Decimal("1E-30")


@dataclass(frozen=True, slots=True)
class Payment:
    """Money the borrower pays `periods` after the payout."""

    periods: Decimal
    cents: int


@dataclass(frozen=True, slots=True)
class YearlyCost:
    """Yearly rates in percent: `nominal` adds up the rates of the periods, `effective` compounds them."""

    nominal: Decimal
    effective: Decimal


def yearly_cost(terms: Terms, received_cents: int, rows: Sequence[Row]) -> YearlyCost:
    """The cost of paying `rows` for `received_cents` in hand; raises ValueError when nothing was received."""
    a_year = Decimal(PERIODS_A_YEAR[terms.repayment_unit]) / terms.repayment_every
    rate = periodic_rate(received_cents, [_payment(terms, a_year, row) for row in rows])
    with localcontext(prec=DIGITS):
        return YearlyCost(nominal=rate * a_year * 100, effective=((1 + rate) ** a_year - 1) * 100)


def periodic_rate(received_cents: int, payments: Sequence[Payment]) -> Decimal:
    """The rate m of one period with: received = sum of payments / (1 + m)^periods."""
    paid = [payment for payment in payments if payment.cents]
    if received_cents <= 0 or not paid:
        raise ValueError("a loan without money received and money paid has no rate")
    with localcontext(prec=DIGITS):
        force = Decimal(0)
        # ln(worth / received) is convex and falling in the force of interest: Newton overshoots once at most.
        for _ in range(NEWTON_STEPS_MAX):
            worths = [payment.cents * (-force * payment.periods).exp() for payment in paid]
            worth = sum(worths, Decimal(0))
            moment = sum((w * payment.periods for w, payment in zip(worths, paid, strict=True)), Decimal(0))
            step = (worth / received_cents).ln() * worth / moment
            force += step
            if abs(step) < CLOSE_ENOUGH:
                break
        return force.exp() - 1


def percent_text(percent: Decimal, places: int = 2) -> str:
    """A rate as people read it, rounded half-up: "30.23", or "111" with no places."""
    return f"{percent.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}"


def _payment(terms: Terms, a_year: Decimal, row: Row) -> Payment:
    """Regular due dates count in whole periods, moved ones in days."""
    cents = row.owed.total - row.owed.penalty
    if row.due_on == stepped(terms.disbursed_on, row.number * terms.repayment_every, terms.repayment_unit):
        return Payment(Decimal(row.number), cents)
    return Payment((row.due_on - terms.disbursed_on).days * a_year / 365, cents)
