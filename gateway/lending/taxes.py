"""Duties on what a loan costs: which are in force on a day, and what each comes to. Pure.

    Tax("excise", "fee", Decimal(20), date(2022, 7, 1))

on a fee of 20.00 is 4.00 on top of it, or, `inside`, the 3.33 of it that are not ours. Rates are dated, because law
changes; the ones of the day on which a price is made hold for that price.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

from gateway.lending.rounding import rounded

Charged = Literal["fee", "interest"]
SHILLING = 100


@dataclass(frozen=True, slots=True)
class Tax:
    """`percent` of every fee or of all interest, from the day `since` until before the day `until`."""

    name: str
    on: Charged
    percent: Decimal
    since: date
    until: date | None = None
    inside: bool = False

    def is_in_force(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day < self.until)


@dataclass(frozen=True, slots=True)
class Duty:
    """What one tax comes to: `percent` of `base_cents`. Paid on top of the charge, or `inside` of it."""

    name: str
    on: Charged
    percent: str
    base_cents: int
    cents: int
    inside: bool

    @classmethod
    def read(cls, values: Iterable[Any]) -> "Duty":
        """From the list that a kept price has of it."""
        return cls(*values)


def duties(
    taxes: Iterable[Tax], day: date, charged: Mapping[Charged, int], *, whole_shillings: bool
) -> tuple[Duty, ...]:
    """What is owed of charges that are agreed on `day`, in cents; a tax that comes to nothing is left out.

    With `whole_shillings` a duty on top is rounded up to them, because M-PESA pays no others and no less than the law
    asks may be taken.
    """
    found = (_duty(tax, charged[tax.on], whole_shillings) for tax in taxes if tax.is_in_force(day))
    return tuple(duty for duty in found if duty.cents)


def on_top_cents(found: Iterable[Duty]) -> int:
    """What the borrower pays beside the charges themselves."""
    return sum(duty.cents for duty in found if not duty.inside)


def _duty(tax: Tax, charge_cents: int, whole_shillings: bool) -> Duty:
    percent = Fraction(tax.percent)
    if tax.inside:
        cents = rounded(charge_cents * percent / (100 + percent), "half_even")
        return Duty(tax.name, tax.on, f"{tax.percent:f}", charge_cents - cents, cents, inside=True)
    exact = charge_cents * percent / 100
    cents = rounded(exact / SHILLING, "ceiling") * SHILLING if whole_shillings else rounded(exact, "half_even")
    return Duty(tax.name, tax.on, f"{tax.percent:f}", charge_cents, cents, inside=False)
