"""What a line is, by its Reason Type, or by the beginning of its Details where an export has no such column.

The list is open: what is on it nowhere is `unmapped` and goes to a person, never away.
"""

from functools import lru_cache

from gateway.statements.line import Kind

PAID_IN = (
    "pay utility", "pay bill online", "pay bill from", "pay bill", "small business pay bill", "business pay bill",
    "pay utility with od via stk", "pay utility with od online", "standing order pay bill", "standing order",
    "customer merchant payment", "customer buy goods online", "pay merchant", "merchant pay utility",
    "fsi to pay bill",
)  # fmt: skip
"""Customers, businesses and banks that pay us."""

PAID_OUT = ("business payment to customer", "salary payment", "promotion payment")
"""We pay; with or without `via API`, and with the customer's own charge paid for."""

MOVED = (
    "utility account to", "organization settlement", "organization settle", "settlement", "withdraw funds",
    "organization withdrawal", "agency withdrawal", "organization to organization", "business transfer",
    "merchant to utility", "working account to", "mmf account to", "merchant account to",
)  # fmt: skip
"""Between the organisation's own accounts, or to its bank."""

CHARGED_BY = "sp"
REVERSED = "reversal"
VIA_API = "via api"


def kind_of(reason: str, details: str, party: str, *, is_in: bool) -> Kind:
    """What a row is. A row that takes money is a charge if its words say so, or if the operator itself took it."""
    return _kind(_plain(reason), _plain(details)[:60], _plain(party) == CHARGED_BY, is_in)


def is_by_api(reason: str, details: str) -> bool:
    """Whether a pay-out was ordered by a program; people pay by the portal."""
    return VIA_API in _plain(f"{reason} {details}")


@lru_cache(maxsize=8192)
def _kind(reason: str, details: str, is_operator: bool, is_in: bool) -> Kind:
    words = reason or details
    if REVERSED in reason or details.startswith(REVERSED) or f" {REVERSED} " in f" {details} ":
        return "reversed_in" if is_in else "reversed_out"
    if words.startswith(PAID_OUT):
        return "unmapped_in" if is_in else "paid_out"
    if not is_in and (is_operator or reason.endswith("charge") or _is_charge(details)):
        return "charge"
    if words.startswith(MOVED) or details.startswith(MOVED):
        return "moved_in" if is_in else "moved_out"
    if is_in and words.startswith(PAID_IN):
        return "paid_in"
    return "unmapped_in" if is_in else "unmapped_out"


def _is_charge(details: str) -> bool:
    return details.endswith("charge") or " charge " in details


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
