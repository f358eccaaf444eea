"""Wallet and savings: what is there, what may move, what has moved and what will."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Balances:
    """Money that can be used now; what is on hold is not counted. `as_at` when it is not of this moment."""

    wallet_cents: int
    savings_cents: int
    loans_cents: int
    next_cents: int = 0
    next_due: date | None = None
    as_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Savings:
    """Somebody's savings: `held_cents` of them secures loans, `interest_cents` is this month's so far.

    `goal_cents` is zero where there is none; `may_save` whether savings are taken here.
    """

    saved_cents: int
    held_cents: int
    wallet_cents: int
    interest_cents: int
    goal_cents: int
    least_cents: int
    may_save: bool

    @property
    def free_cents(self) -> int:
        return max(0, self.saved_cents - self.held_cents)

    @property
    def percent(self) -> int:
        """How far the goal is reached, at most 100."""
        return min(100, self.saved_cents * 100 // self.goal_cents) if self.goal_cents else 0


@dataclass(frozen=True, slots=True)
class Allowed:
    """How much of a kind may move now, in cents of whole shillings; nothing when `most_cents` is below the least.

    `bound` is what sets the most: one transaction, the day, or the room that is left in the wallet.
    """

    least_cents: int
    most_cents: int
    bound: str = "transaction"


@dataclass(frozen=True, slots=True)
class PaidOut:
    """A pay-out of the same kind and amount that went to the customer's own line a while ago, or is on its way."""

    reference: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Payee:
    """Whoever is behind a number that somebody wants to send to. `name` is a first name and an initial.

    `state` is active, closed, locked, or stranger: nobody with an account, who then has neither id nor name.
    """

    phone: str
    state: str
    id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Unclaimed:
    """Money sent to a phone without an account, and not taken yet; its sender may take it back."""

    reference: str
    phone: str
    amount_cents: int


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A payment that goes out of the wallet by itself. `kind` is save, send or repay, `every` week, month or once.

    `day` is the weekday or the day of the month; `next_on` when it is paid next. `person` is a first name and an
    initial, where it goes to a person, `loan` where it repays one.
    """

    reference: str
    kind: str
    amount_cents: int
    every: str
    day: int
    next_on: date
    person: str = ""
    loan: str = ""


@dataclass(frozen=True, slots=True)
class Movement:
    """One line of a mini-statement. `label` is what kind of thing moved it, `about` who or which, as people know it."""

    on: date
    cents: int
    label: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """The newest movements of an account, the newest first, and what it holds. What is on hold has not moved."""

    balance_cents: int
    movements: tuple[Movement, ...]
