"""The shapes of facts: what a flow may know about people, money and loans, read locally and dated.

The gateway fills them in; flows only look. Money is integer cents, days are dates in East Africa Time.
"""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Request:
    """Something asked for and not settled yet.

    `is_certain` is False while nobody knows if money moved; `about` is the loan it pays, where it pays one.
    """

    reference: str
    kind: str
    amount_cents: int
    is_certain: bool
    about: str = ""


@dataclass(frozen=True, slots=True)
class Customer:
    """The person behind the line. A listed person is on the members' list but has not joined yet.

    `role` is customer, or what they are on the staff: officer.
    """

    id: str
    name: str
    language: str
    is_member: bool
    phone: str
    role: str = "customer"
    requests: tuple[Request, ...] = ()


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
class Due:
    """One line of a schedule."""

    on: date
    cents: int
    is_paid: bool


@dataclass(frozen=True, slots=True)
class Loan:
    """A running loan as its owner sees it. `next_cents` is what to pay by `next_due`, arrears included."""

    reference: str
    product: str
    owed_cents: int
    total_cents: int
    next_cents: int
    next_due: date
    days_late: int
    penalty_cents: int
    payoff_cents: int
    schedule: tuple[Due, ...]
    terms: "Quote | None" = None


@dataclass(frozen=True, slots=True)
class Product:
    """A product this customer may have now, with the amounts it allows them."""

    key: str
    name: str
    min_cents: int
    max_cents: int
    days: int


@dataclass(frozen=True, slots=True)
class Borrowing:
    """What somebody may borrow: their limit, how much of it is in use, and why not if they may not.

    `requests` are theirs that are under way; of those, a loan on its way excludes another.
    """

    limit_cents: int
    used_cents: int
    products: tuple[Product, ...]
    late: Loan | None = None
    requests: tuple[Request, ...] = ()

    @property
    def available_cents(self) -> int:
        return max(0, self.limit_cents - self.used_cents)


@dataclass(frozen=True, slots=True)
class Quote:
    """The whole price of a loan before it is taken."""

    product: str
    principal_cents: int
    net_cents: int
    fee_cents: int
    interest_cents: int
    total_cents: int
    due: date
    apr_percent: int
    penalty_cents: int


@dataclass(frozen=True, slots=True)
class Organisation:
    """What texts say about who is speaking."""

    name: str
    help_line: str
    paybill: str
    agents: str
    terms_version: str
