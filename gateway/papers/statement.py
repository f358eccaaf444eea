"""A statement of one account: opening balance, lines with the balance after each, totals, closing. Pure; cents.

    opening + everything that came - everything that went = closing

holds for the whole period, whatever part of its lines is looked at: a filter or a page chooses lines, their balances
stay those of the account.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from gateway.lending.allocation import Parts

Status = Literal["posted", "held"]
Account = Literal["wallet", "savings", "loan"]

PAGE = 50


@dataclass(frozen=True, slots=True)
class Line:
    """One movement. `cents` is positive where it raises the balance; `balance_cents` is the balance after it.

    `kind` and `about` are those of `gateway.wallet.labels`, or of `gateway.papers.loans`. What is `held` has not moved
    anything: its balance is that of the moment. `parts` divides what a loan was charged or paid.
    """

    at: int
    kind: str
    cents: int
    balance_cents: int
    about: str = ""
    reference: str = ""
    receipt: str = ""
    status: Status = "posted"
    parts: Parts | None = None

    @property
    def direction(self) -> Literal["in", "out"]:
        return "in" if self.cents > 0 else "out"


@dataclass(frozen=True, slots=True)
class Totals:
    """What a period came to. `closing_cents` follows from the rest."""

    opening_cents: int
    came_cents: int = 0
    went_cents: int = 0
    lines: int = 0

    @property
    def closing_cents(self) -> int:
        return self.opening_cents + self.came_cents - self.went_cents

    def after(self, line: Line) -> "Totals":
        """With one more line; what is only held counts for nothing."""
        if line.status == "held":
            return self
        return replace(
            self,
            came_cents=self.came_cents + max(0, line.cents),
            went_cents=self.went_cents + max(0, -line.cents),
            lines=self.lines + 1,
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """Which lines of a period are shown: of these kinds or directions (all when empty), of this status."""

    kinds: frozenset[str] = frozenset()
    status: Status | None = "posted"

    @property
    def is_whole(self) -> bool:
        return not self.kinds and self.status == "posted"

    def takes(self, line: Line) -> bool:
        if self.status is not None and line.status != self.status:
            return False
        return not self.kinds or line.kind in self.kinds or line.direction in self.kinds


WHOLE = Choice()
"""Everything that has been posted."""


@dataclass(frozen=True, slots=True)
class Statement:
    """An account over a period: `totals` are of all of it, `lines` those that were chosen, the oldest first."""

    account: Account
    totals: Totals
    lines: tuple[Line, ...]
    choice: Choice = WHOLE


def balanced(opening_cents: int, moved: Iterable[Line]) -> list[Line]:
    """Each line with the balance after it, from what was there before."""
    lines, balance = list[Line](), opening_cents
    for line in moved:
        balance += 0 if line.status == "held" else line.cents
        lines.append(replace(line, balance_cents=balance))
    return lines


def stated(account: Account, opening_cents: int, lines: Iterable[Line], choice: Choice = WHOLE) -> Statement:
    """All of it in one: lines that have their balances, tallied and chosen from."""
    totals, chosen = Totals(opening_cents), list[Line]()
    for line in lines:
        totals = totals.after(line)
        if choice.takes(line):
            chosen.append(line)
    return Statement(account, totals, tuple(chosen), choice)


def page_of(lines: Sequence[Line], number: int, size: int = PAGE) -> Sequence[Line]:
    """The lines of page `number`, counted from 1; none beyond the last. Raises ValueError for page 0 or less."""
    if number < 1 or size < 1:
        raise ValueError(f"there is no page {number} of {size} lines")
    return lines[(number - 1) * size : number * size]


def pages_in(count: int, size: int = PAGE) -> int:
    """How many pages so many lines take; an empty statement has one."""
    return max(1, -(-count // size))
