"""A line of a statement as the rest of the house knows it, and one that could not be read."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "paid_in", "paid_out", "charge", "moved_in", "moved_out", "reversed_in", "reversed_out", "unmapped_in",
    "unmapped_out",
]  # fmt: skip
"""What a line is: a customer's payment, a pay-out, a fee, money moved between the organisation's own accounts or to
the bank, a payment undone, or something that only a person can name. `_in` and `_out` say which way it went."""

COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class Line:
    """One row. `number` counts rows of the file from 1, `at` is in milliseconds, amounts are cents.

    `cents` is never negative: the way it went is in `kind`. `party` and `details` are personal data.
    """

    number: int
    receipt: str
    at: int
    kind: Kind
    cents: int
    status: str
    balance_cents: int | None
    account: str
    reason: str
    party: str
    details: str

    @property
    def is_completed(self) -> bool:
        return self.status.casefold() == COMPLETED

    @property
    def signed_cents(self) -> int:
        """What it did to the balance."""
        return self.cents if self.kind.endswith("_in") else -self.cents


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that is not taken: which, because of which column, and why in words for a person."""

    number: int
    column: str
    reason: str


class Unreadable(Exception):
    """No statement can be made of this file; the message is for whoever sent it and holds nothing of its content."""
