"""Whether a statement adds up: its rows against each other by the running balance, and against the totals it claims.

Rows of one second may be listed in either order, so balances are followed from one group of equal times to the next:
the balance after a group is one of those written in it. Memory is that of one group.
"""

from dataclasses import dataclass, field

from gateway.clock import iso
from gateway.lending.fields import amount_text
from gateway.statements.head import Head
from gateway.statements.line import Line

BREAKS_TOLD = 5


@dataclass(slots=True)
class _Group:
    """Rows of one moment: what they did to the balance, and the balances written beside them."""

    at: int
    number: int
    net_cents: int = 0
    balances: set[int] = field(default_factory=set)

    def add(self, line: Line) -> None:
        self.net_cents += line.signed_cents
        if line.balance_cents is not None:
            self.balances.add(line.balance_cents)


class Proof:
    """Hears of every completed row in the order of the file, then says what does not add up."""

    def __init__(self) -> None:
        self.paid_in_cents = 0
        self.withdrawn_cents = 0
        self.breaks = 0
        self._told: list[str] = []
        self._group: _Group | None = None
        self._newest_first: bool | None = None
        self._is_ordered = True
        self._ends: set[int] = set()  # balances possible after the group before, or before it if newest first
        self._has_begun = False
        self._has_balances = True

    def add(self, line: Line) -> None:
        if line.signed_cents > 0:
            self.paid_in_cents += line.cents
        else:
            self.withdrawn_cents += line.cents
        self._has_balances = self._has_balances and line.balance_cents is not None
        if self._group is None or self._group.at != line.at:
            self._turn(_Group(line.at, line.number))
        assert self._group is not None
        self._group.add(line)

    def findings(self, head: Head, rejected: int) -> list[str]:
        """Sentences for a person; none when all adds up. Call it once, after the last row."""
        self._turn(None)
        found = list(self._told)
        if self.breaks > BREAKS_TOLD:
            found.append(f"the running balance breaks {self.breaks} times")
        if not self._is_ordered:
            found.append("rows are neither oldest nor newest first: the running balance was not followed")
        if rejected:
            found.append(f"{rejected} rows were rejected, so totals may differ")
        found += _differs("Total Paid In", head.paid_in_cents, self.paid_in_cents)
        found += _differs("Total Withdrawn", head.withdrawn_cents, self.withdrawn_cents)
        if head.opening_cents is not None:
            closing = head.opening_cents + self.paid_in_cents - self.withdrawn_cents
            found += _differs("Closing Balance", head.closing_cents, closing)
        return found

    def _turn(self, following: _Group | None) -> None:
        """One group is over; the next begins, or the file ends."""
        ended, self._group = self._group, following
        if ended is None:
            return
        if self._newest_first is None and following is not None:
            self._newest_first = following.at < ended.at
        elif following is not None and self._newest_first != (following.at < ended.at):
            self._is_ordered = False
        if self._is_ordered and self._has_balances:
            self._follow(ended)

    def _follow(self, ended: _Group) -> None:
        if self._newest_first:
            possible = ended.balances & self._ends if self._has_begun else ended.balances
            is_kept = bool(possible)
            self._ends = {balance - ended.net_cents for balance in possible or ended.balances}
        else:
            grown = {balance + ended.net_cents for balance in self._ends} & ended.balances
            is_kept = bool(grown) or not self._has_begun
            self._ends = grown or ended.balances
        self._has_begun = True
        if not is_kept:
            self.breaks += 1
            if self.breaks <= BREAKS_TOLD:
                self._told.append(
                    f"row {ended.number} ({iso(ended.at)}): the balance does not follow from the rows before"
                )


def _differs(label: str, claimed: int | None, counted: int) -> list[str]:
    if claimed is None or claimed == counted:
        return []
    return [f"{label} is said to be {amount_text(claimed)}; the rows come to {amount_text(counted)}"]
