"""What a loan costs and when it is due: exact fractions, rounded half to even once for each cell.

Amounts are whole cents. Nothing here is shared with anybody who lends: it is there to be held against them.
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

DAYS, WEEKS, MONTHS, YEARS = range(4)
PER_MONTH, PER_YEAR, WHOLE_TERM = 2, 3, 4
EQUAL_PRINCIPAL, EQUAL_INSTALMENTS = 0, 1
DECLINING, FLAT = 0, 1
DAILY, SAME_AS_PERIOD = 0, 1


@dataclass(frozen=True, slots=True)
class Terms:
    """The conditions of one loan, by Fineract's own numbers.

    `rate` is in percent, per month, per year or for the whole term as `rate_frequency` says. `multiple_cents` is
    what an equal instalment is a multiple of. The three kinds of grace are counted in instalments.
    """

    count: int
    every: int
    frequency: int
    rate: Fraction
    rate_frequency: int
    amortization: int = EQUAL_INSTALMENTS
    interest_type: int = DECLINING
    calculation: int = SAME_AS_PERIOD
    multiple_cents: int = 100
    days_in_year: int = 365
    principal_grace: int = 0
    interest_payment_grace: int = 0
    interest_free: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One instalment: it begins after `from_on` and is due on `due_on`."""

    number: int
    from_on: date
    due_on: date
    principal: int
    interest: int

    @property
    def total(self) -> int:
        return self.principal + self.interest


def schedule(terms: Terms, principal_cents: int, disbursed_on: date, first_due: date | None = None) -> list[Row]:
    """Every instalment. The principal parts sum to the principal, and no cell is negative."""
    dues = due_dates(terms, disbursed_on, first_due)
    starts = [disbursed_on, *dues[:-1]]
    principals, interests = _parts(terms, principal_cents, starts, dues)
    return [
        Row(number, start, due, principal, interest)
        for number, (start, due, principal, interest) in enumerate(
            zip(starts, dues, principals, _collected(terms, interests), strict=True), start=1
        )
    ]


def due_dates(terms: Terms, disbursed_on: date, first_due: date | None = None) -> list[date]:
    """Each counted from the same day, so that the 31st comes back after February."""
    anchor, behind = (disbursed_on, 0) if first_due is None else (first_due, 1)
    steps = ((number - behind) * terms.every for number in range(1, terms.count + 1))
    return [_later(anchor, step, terms.frequency) for step in steps]


def periodic_rate(terms: Terms) -> Fraction:
    """The share of the balance that one period costs."""
    rate = terms.rate / 100
    if terms.rate_frequency == WHOLE_TERM:
        return rate / terms.count
    yearly = rate * 12 if terms.rate_frequency == PER_MONTH else rate
    periods = {DAYS: terms.days_in_year, WEEKS: 52, MONTHS: 12, YEARS: 1}[terms.frequency]
    return yearly * terms.every / periods


def _parts(terms: Terms, principal_cents: int, starts: list[date], dues: list[date]) -> tuple[list[int], list[int]]:
    if terms.interest_type == FLAT:
        return _flat(terms, principal_cents)
    return _declining(terms, principal_cents, starts, dues)


def _flat(terms: Terms, principal_cents: int) -> tuple[list[int], list[int]]:
    rate = periodic_rate(terms)
    charged = max(terms.count - terms.interest_free, 0)
    total = round(principal_cents * rate * charged)
    each = round(principal_cents * rate)
    interests = [0] * (terms.count - charged) + list(_shares(total, each, charged))
    instalment = _to_multiple(Fraction(principal_cents, _payable(terms)) + principal_cents * rate, terms)
    wanted = instalment - each
    if terms.amortization == EQUAL_PRINCIPAL:
        wanted = round(Fraction(principal_cents, _payable(terms)))
    principals = list(_principals(terms, principal_cents, (wanted for _ in range(terms.count))))
    return principals, interests


def _shares(total: int, each: int, count: int) -> Iterator[int]:
    """So much in each row, the rest in the last, and nowhere less than nothing."""
    for number in range(1, count + 1):
        share = total if number == count else min(each, total)
        total -= share
        yield share


def _declining(terms: Terms, principal_cents: int, starts: list[date], dues: list[date]) -> tuple[list[int], list[int]]:
    share = round(Fraction(principal_cents, _payable(terms)))
    instalment = _to_multiple(_annuity(principal_cents, _annuity_rate(terms), _payable(terms)), terms)
    principals: list[int] = []
    interests: list[int] = []
    balance = principal_cents
    for index, (start, due) in enumerate(zip(starts, dues, strict=True)):
        cost = round(balance * _cost(terms, start, due)) if index >= terms.interest_free else 0
        wanted = share if terms.amortization == EQUAL_PRINCIPAL else instalment - cost
        part = _part(terms, index, balance, wanted)
        principals.append(part)
        interests.append(cost)
        balance -= part
    return principals, interests


def _principals(terms: Terms, principal_cents: int, wanted: Iterator[int]) -> Iterator[int]:
    balance = principal_cents
    for index, one in enumerate(wanted):
        part = _part(terms, index, balance, one)
        yield part
        balance -= part


def _part(terms: Terms, index: int, balance: int, wanted: int) -> int:
    """Nothing in the grace, the rest in the last row, and never more than there is."""
    if index == terms.count - 1:
        return balance
    if index < terms.principal_grace:
        return 0
    return min(max(wanted, 0), balance)


def _collected(terms: Terms, interests: list[int]) -> list[int]:
    """Interest of the instalments in which none is paid comes with the first one after them."""
    waiting = min(terms.interest_payment_grace, terms.count - 1)
    return [0] * waiting + [sum(interests[: waiting + 1]), *interests[waiting + 1 :]]


def _payable(terms: Terms) -> int:
    return max(terms.count - terms.principal_grace, 1)


def _annuity(principal_cents: int, rate: Fraction, count: int) -> Fraction:
    return principal_cents * rate / (1 - (1 + rate) ** -count) if rate else Fraction(principal_cents, count)


def _annuity_rate(terms: Terms) -> Fraction:
    """With daily interest, as if every month had thirty days."""
    if terms.calculation != DAILY or terms.rate_frequency == WHOLE_TERM:
        return periodic_rate(terms)
    days = {DAYS: 1, WEEKS: 7, MONTHS: 30, YEARS: terms.days_in_year}[terms.frequency] * terms.every
    return _daily_rate(terms) * days


def _cost(terms: Terms, start: date, due: date) -> Fraction:
    if terms.calculation != DAILY or terms.rate_frequency == WHOLE_TERM:
        return periodic_rate(terms)
    return _daily_rate(terms) * (due - start).days


def _daily_rate(terms: Terms) -> Fraction:
    yearly = terms.rate * 12 if terms.rate_frequency == PER_MONTH else terms.rate
    return yearly / 100 / terms.days_in_year


def _to_multiple(cents: Fraction, terms: Terms) -> int:
    multiple = max(terms.multiple_cents, 1)
    return round(cents / multiple) * multiple


def _later(day: date, steps: int, frequency: int) -> date:
    if frequency in (DAYS, WEEKS):
        return day + timedelta(days=steps * (7 if frequency == WEEKS else 1))
    months = day.year * 12 + day.month - 1 + steps * (12 if frequency == YEARS else 1)
    year, month = divmod(months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
