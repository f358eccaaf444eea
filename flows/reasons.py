"""What a limit and a record are made of, a line for each."""

from collections.abc import Iterable

from flows.kit import Offer
from menus.values import Days, Ksh

REASONS = (
    "on_time", "late_before", "late_now", "no_history", "young", "saving_short", "savings", "blocked", "name", "top",
    "next",
)  # fmt: skip
"""Each has words of its own."""
IN_CENTS = frozenset({"savings", "next"})


def reason_offers(reasons: Iterable[tuple[str, int]]) -> Iterable[Offer]:
    """A line for each reason, with its figure."""
    for code, value in reasons:
        figure = {"amount": Ksh(value)} if code in IN_CENTS else {"count": value, "days": Days(value)}
        yield Offer("", code, figure)
