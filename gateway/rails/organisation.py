"""What the organisation itself asks of M-PESA, besides taking from and paying to customers: values only.

Amounts are integer cents. Reversal, payment to a business and balance are acknowledged, and answered later at
`result_url`; a code and a standing order are answered at once, though the payer still has to agree to the order.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

Purpose = Literal["paybill", "till", "top_up", "own_utility"]
"""A paybill or a till of somebody, the bulk shortcode we pay customers from, or our own utility account."""

Frequency = Literal[
    "once", "daily", "weekly", "monthly", "every_two_months", "quarterly", "half_yearly", "yearly"
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answers:
    """Where the result comes, and where it is said that the request has waited too long."""

    result_url: str
    timeout_url: str


@dataclass(frozen=True, slots=True)
class Reverse:
    """Give a customer's payment back."""

    receipt: str
    amount_cents: int
    remarks: str
    answers: Answers


@dataclass(frozen=True, slots=True)
class PayBusiness:
    """Pay another shortcode. The rail takes no id of ours: never send it again while its fate is not known."""

    purpose: Purpose
    shortcode: str
    amount_cents: int
    reference: str
    remarks: str
    answers: Answers


@dataclass(frozen=True, slots=True)
class Code:
    """A square to be scanned with the M-PESA app: pays our paybill."""

    name: str
    reference: str
    amount_cents: int
    pixels: int = 300


@dataclass(frozen=True, slots=True)
class StandingOrder:
    """Have a customer's M-PESA pay us again and again. `name` is unique per customer."""

    name: str
    msisdn: str
    amount_cents: int
    reference: str
    description: str
    frequency: Frequency
    starts_on: date
    ends_on: date
    callback_url: str


@dataclass(frozen=True, slots=True)
class Account:
    """One account of a shortcode. `available_cents` may be below zero: charges that are still to be paid."""

    name: str
    current_cents: int
    available_cents: int
    reserved_cents: int
    uncleared_cents: int


@dataclass(frozen=True, slots=True)
class Balances:
    """What a shortcode holds, as the rail tells it. `rail_id` is that of the question."""

    accounts: tuple[Account, ...]
    rail_id: str
    at: int | None

    def account(self, name: str) -> Account | None:
        """By name, whatever its case."""
        return next((each for each in self.accounts if each.name.casefold() == name.casefold()), None)


@dataclass(frozen=True, slots=True)
class Ordered:
    """What became of a standing order: `is_agreed` when the payer has put in the PIN."""

    is_agreed: bool
    code: str
    order_id: str
    rail_id: str
