"""Which part of a payment pays what: instalment by instalment, in the order that the loan's strategy names."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

PARTS = ("principal", "interest", "fee", "penalty")
Split = Mapping[str, int]

STRATEGIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "mifos-standard-strategy": ("penalty", "fee", "interest", "principal"),
        "interest-principal-penalties-fees-order-strategy": ("interest", "principal", "penalty", "fee"),
        "principal-interest-penalties-fees-order-strategy": ("principal", "interest", "penalty", "fee"),
    }
)


@dataclass(frozen=True, slots=True)
class Debt:
    """What is still owed in one instalment, in cents by part."""

    number: int
    owed: Split


@dataclass(frozen=True, slots=True)
class Paid:
    """What one payment pays of one instalment. `is_met` when nothing of it is owed any more."""

    number: int
    split: Split
    is_met: bool

    @property
    def cents(self) -> int:
        return sum(self.split.values())


def allocate(amount_cents: int, debts: Iterable[Debt], strategy: str) -> Iterator[Paid]:
    """Pay the oldest debt first. Stops asking for debts once the money is gone; what is left over is nobody's."""
    if amount_cents <= 0:
        return
    for debt in debts:
        split: dict[str, int] = {}
        for part in STRATEGIES[strategy]:
            split[part] = min(amount_cents, debt.owed[part])
            amount_cents -= split[part]
        yield Paid(debt.number, split, is_met=all(split[part] == debt.owed[part] for part in PARTS))
        if not amount_cents:
            return
