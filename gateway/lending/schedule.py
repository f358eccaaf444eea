"""The instalments of a loan, exact to the cent.

Each cell is rounded once. The instalment is rounded to its multiple, its principal part is what interest
leaves of it, never more than the balance and never negative, and the last row takes what is left. Equal
principal is rounded to cents, not to the multiple. Weeks are 1/52 and months 1/12 of a year unless interest
is daily.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise

from gateway.lending.daycount import days_in_year, year_fraction
from gateway.lending.duedates import Unit
from gateway.lending.rounding import rounded, rounded_to_multiple
from gateway.lending.terms import Terms

PERIODS_A_YEAR: dict[Unit, int] = {"weeks": 52, "months": 12}
DAYS_A_PERIOD: dict[Unit, int] = {"days": 1, "weeks": 7, "months": 30}


@dataclass(frozen=True, slots=True)
class Instalment:
    """One row. `interest_cents` is collected here; `accrued_cents` is what this period itself earned.

    The two differ only while interest payments are in grace.
    """

    number: int
    start_on: date
    due_on: date
    principal_cents: int
    interest_cents: int
    accrued_cents: int
    balance_after_cents: int

    @property
    def days(self) -> int:
        """Calendar days of the period."""
        return (self.due_on - self.start_on).days

    @property
    def due_cents(self) -> int:
        return self.principal_cents + self.interest_cents


def schedule(terms: Terms) -> tuple[Instalment, ...]:
    """All instalments in order: their principal sums to the loan and the last balance is zero."""
    due_dates = terms.calendar.due_dates(1, terms.number_of_repayments)
    return amortised(terms, (terms.disbursed_on, *due_dates))


def amortised(terms: Terms, dates: tuple[date, ...]) -> tuple[Instalment, ...]:
    """The instalments over given dates: the start, then one due date for each repayment of `terms`."""
    periods = tuple(pairwise(dates))
    is_flat = terms.interest_method == "flat"
    cells = _flat_cells(terms, _flat_interest(terms)) if is_flat else _declining_cells(terms, periods)
    return tuple(_rows(terms, periods, cells))


def spread(terms: Terms, dates: tuple[date, ...], interest_cents: int) -> tuple[Instalment, ...]:
    """The same with interest that is fixed already: as much of it in each row, whatever the days between them."""
    cells = _flat_cells(terms, Fraction(interest_cents, terms.number_of_repayments))
    return tuple(_rows(terms, tuple(pairwise(dates)), cells))


Period = tuple[date, date]
Cell = tuple[int, int]  # principal and accrued interest, in cents


def _rows(terms: Terms, periods: tuple[Period, ...], cells: Iterator[Cell]) -> Iterator[Instalment]:
    balance = terms.principal_cents
    waiting = 0
    for number, ((start_on, due_on), (principal, accrued)) in enumerate(zip(periods, cells, strict=True), start=1):
        balance -= principal
        waiting += accrued
        collected = 0 if number <= terms.interest_payment_grace_periods else waiting
        waiting -= collected
        yield Instalment(number, start_on, due_on, principal, collected, accrued, balance)


def _flat_interest(terms: Terms) -> Fraction:
    """Of one period, exactly."""
    return terms.principal_cents * _periodic_rate(terms)


def _flat_cells(terms: Terms, exact: Fraction) -> Iterator[Cell]:
    count, free = terms.number_of_repayments, terms.interest_free_periods
    regular = rounded(exact, terms.rounding)
    interest_left = rounded(exact * (count - free), terms.rounding)
    share = Fraction(terms.principal_cents, count - terms.principal_grace_periods)
    instalment = rounded_to_multiple(share + exact, terms.installment_multiple_cents, terms.rounding)
    balance = terms.principal_cents
    for number in range(1, count + 1):
        interest = 0 if number <= free else min(regular, interest_left)
        interest = interest_left if number == count else interest
        principal = _principal(terms, number, balance, instalment - interest)
        interest_left -= interest
        balance -= principal
        yield principal, interest


def _declining_cells(terms: Terms, periods: tuple[Period, ...]) -> Iterator[Cell]:
    instalment = _annuity_cents(terms)
    balance = terms.principal_cents
    for number, period in enumerate(periods, start=1):
        charged = number > terms.interest_free_periods
        interest = rounded(balance * _rate_of(terms, period), terms.rounding) if charged else 0
        principal = _principal(terms, number, balance, instalment - interest)
        balance -= principal
        yield principal, interest


def _principal(terms: Terms, number: int, balance: int, part: int) -> int:
    """The principal of one row, where `part` is what interest leaves of an equal instalment."""
    if number == terms.number_of_repayments:
        return balance
    if number <= terms.principal_grace_periods:
        return 0
    if terms.amortization == "equal_principal":
        payable = terms.number_of_repayments - terms.principal_grace_periods
        part = rounded(Fraction(terms.principal_cents, payable), terms.rounding)
    # Rounding an instalment up can repay a small loan early; the rows after that are empty, not negative.
    return max(0, min(part, balance))


def _annuity_cents(terms: Terms) -> int:
    count = terms.number_of_repayments - terms.principal_grace_periods
    rate = _annuity_rate(terms)
    exact = Fraction(terms.principal_cents, count)
    if rate:
        growth = (1 + rate) ** count
        exact = terms.principal_cents * rate * growth / (growth - 1)
    return rounded_to_multiple(exact, terms.installment_multiple_cents, terms.rounding)


def _annuity_rate(terms: Terms) -> Fraction:
    """With daily interest the instalment is computed as if every month had thirty days."""
    if terms.interest_period == "same_as_repayment_period":
        return _periodic_rate(terms)
    days = DAYS_A_PERIOD[terms.repayment_unit] * terms.repayment_every
    return _annual_rate(terms) * Fraction(days, days_in_year(terms.day_count))


def _rate_of(terms: Terms, period: Period) -> Fraction:
    if terms.interest_period == "same_as_repayment_period":
        return _periodic_rate(terms)
    return _annual_rate(terms) * year_fraction(terms.day_count, *period)


def _periodic_rate(terms: Terms) -> Fraction:
    a_year = PERIODS_A_YEAR.get(terms.repayment_unit, days_in_year(terms.day_count))
    return _annual_rate(terms) * Fraction(terms.repayment_every, a_year)


def _annual_rate(terms: Terms) -> Fraction:
    # A fraction, not a decimal: 16 % / 12 has no last digit, and a cell that is exactly 320.00 must not be
    # floored to 319.99.
    return Fraction(terms.annual_rate_percent) / 100
