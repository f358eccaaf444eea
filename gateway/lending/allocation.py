"""Splits a payment over what is owed: the oldest instalment is finished before the next one is touched.

What is due by the day of the payment is walked in one order, what is not yet due in another, because a lender
may want money that comes early to lower the principal first.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, get_args

Part = Literal["penalty", "fee", "interest", "principal"]
Order = tuple[Part, ...]
PARTS: Order = get_args(Part)


@dataclass(frozen=True, slots=True)
class Parts:
    """The four things an instalment is made of, each in cents."""

    penalty: int = 0
    fee: int = 0
    interest: int = 0
    principal: int = 0

    @property
    def total(self) -> int:
        return self.penalty + self.fee + self.interest + self.principal

    def of(self, part: Part) -> int:
        cents: int = getattr(self, part)
        return cents

    def plus(self, other: "Parts") -> "Parts":
        return Parts(*(self.of(part) + other.of(part) for part in PARTS))

    def minus(self, other: "Parts") -> "Parts":
        return Parts(*(self.of(part) - other.of(part) for part in PARTS))


NOTHING = Parts()


@dataclass(frozen=True, slots=True)
class Owing:
    """What one instalment still owes."""

    number: int
    due_on: date
    parts: Parts


@dataclass(frozen=True, slots=True)
class Share:
    """What one instalment got of a payment."""

    number: int
    parts: Parts


@dataclass(frozen=True, slots=True)
class Allocation:
    """The split of one payment; shares and overpayment sum to it. The overpayment is the customer's money."""

    shares: tuple[Share, ...]
    overpayment_cents: int

    @property
    def parts(self) -> Parts:
        """What the whole payment did, by part."""
        total = NOTHING
        for share in self.shares:
            total = total.plus(share.parts)
        return total


def allocate(
    instalments: Sequence[Owing], amount_cents: int, on: date, order: Order, order_in_advance: Order
) -> Allocation:
    """Splits `amount_cents`, paid on `on`; instalments that get nothing have no share.

    Raises ValueError for a negative amount.
    """
    if amount_cents < 0:
        raise ValueError(f"a payment of {amount_cents} cents cannot be allocated")
    left = amount_cents
    shares = []
    for owing in sorted(instalments, key=lambda owing: (owing.due_on, owing.number)):
        taken = _taken(owing.parts, left, order if owing.due_on <= on else order_in_advance)
        left -= taken.total
        if taken.total:
            shares.append(Share(owing.number, taken))
    return Allocation(tuple(shares), left)


def _taken(owed: Parts, left: int, order: Order) -> Parts:
    taken = NOTHING
    for part in order:
        cents = min(owed.of(part), left)
        taken = replace(taken, **{part: cents})
        left -= cents
    return taken
