"""Interest on savings by the daily balance: the sum of end-of-day balances, times the year's rate, over 365.

It accrues unrounded and is rounded once, when a month is posted: 10,000 for ten days, 15,000 for ten and 7,000 for ten,
at 4 percent, is 320,000 shilling-days, which is Ksh 35.07. A movement that turns up late changes the balances of its
own day on, as long as its month is not posted. Pure: no clock, no database.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import zip_longest

from gateway.lending.rounding import rounded

DAYS_A_YEAR = 365
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rate:
    """`percent` a year, for the days from `since` on, until a later rate begins."""

    since: date
    percent: Decimal


@dataclass(frozen=True, slots=True)
class Movement:
    """Money that came (positive) or went on a day, in cents."""

    on: date
    cents: int


@dataclass(frozen=True, slots=True)
class Span:
    """Days with one balance at their end: `first` to `last`, both included."""

    first: date
    last: date
    cents: int

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def spans(opening_cents: int, movements: Iterable[Movement], first: date, last: date) -> list[Span]:
    """The balances of `first` to `last`, from what was there before and what moved meanwhile."""
    moved: dict[date, int] = {}
    for movement in movements:
        if first <= movement.on <= last:
            moved[movement.on] = moved.get(movement.on, 0) + movement.cents
    starts = sorted({first, *moved})
    found, balance = [], opening_cents
    for start, end in zip(starts, [*(day - ONE_DAY for day in starts[1:]), last], strict=True):
        balance += moved.get(start, 0)
        found.append(Span(start, end, balance))
    return found


def accrued(balances: Iterable[Span], rates: Sequence[Rate]) -> Fraction:
    """Interest in cents, not rounded. A balance below zero earns nothing; days before the first rate neither."""
    return sum((_earned(span, rates) for span in balances if span.cents > 0), Fraction(0))


def posted_cents(interest: Fraction) -> int:
    """What a month's interest comes to, rounded once, half to even."""
    return rounded(interest, "half_even")


def _earned(span: Span, rates: Sequence[Rate]) -> Fraction:
    ordered = sorted(rates, key=lambda rate: rate.since)
    total = Fraction(0)
    for rate, following in zip_longest(ordered, ordered[1:]):
        first = max(span.first, rate.since)
        last = min(span.last, following.since - ONE_DAY) if following else span.last
        days = (last - first).days + 1
        if days > 0:
            total += Fraction(rate.percent) * span.cents * days / (100 * DAYS_A_YEAR)
    return total
