"""Amounts people type, checked against what is allowed; the refusal always says what would be right."""

from flows.kit import Refusal
from flows.text import amount_cents
from menus.values import Ksh


def whole_shillings(text: str, min_cents: int, max_cents: int) -> int | Refusal:
    """`text` as cents if it is whole shillings from `min_cents` to `max_cents`; it never rounds by itself."""
    cents = amount_cents(text)
    if cents is None or cents % 100 or not min_cents <= cents <= max_cents:
        return Refusal("amount", {"min": Ksh(min_cents), "max": Ksh(max_cents)})
    return cents


def up_to_shilling(cents: int) -> int:
    """M-PESA carries whole shillings: what is asked is rounded up, and the excess goes to the wallet."""
    return -(-cents // 100) * 100
