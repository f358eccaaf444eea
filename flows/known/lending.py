"""Loans: what may be borrowed at which price, what is owed, and what people are asked about them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flows.known.people import Request


@dataclass(frozen=True, slots=True)
class Due:
    """One line of a schedule."""

    on: date
    cents: int
    is_paid: bool


@dataclass(frozen=True, slots=True)
class Loan:
    """A running loan as its owner sees it. `next_cents` is what to pay by `next_due`, arrears included.

    `is_capped`: the law allows no further charge. `promised` is the day its owner has promised to pay by,
    `promise_days` how far ahead they may.
    """

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
    is_capped: bool = False
    promised: date | None = None
    promise_days: int = 0


@dataclass(frozen=True, slots=True)
class Product:
    """A product this customer may have now, with the amounts it allows them.

    `terms` are the numbers of repayments on offer, each after `days` days or, where that is 0, each month. `reviewed`:
    an officer decides. `asks_bureau`: their record would be looked up, and they have not agreed to that yet. So many
    `guarantors` are needed, and `secured_percent` of the amount is set aside of their savings.
    """

    key: str
    name: str
    min_cents: int
    max_cents: int
    days: int
    terms: tuple[int, ...] = (1,)
    reviewed: bool = False
    asks_purpose: bool = False
    asks_bureau: bool = False
    guarantors: int = 0
    secured_percent: int = 0


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that a limit or a score is made of. `code` has words of its own; `value` is its figure, if it has one:
    how many loans, days or months, or an amount in cents."""

    code: str
    value: int = 0


@dataclass(frozen=True, slots=True)
class Credit:
    """What somebody may owe in all, and why: the reasons of their limit first, then those of their record."""

    limit_cents: int
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Borrowing:
    """What somebody may borrow: their limit, how much of it is in use, and why not if they may not.

    `requests` are theirs that are under way; of those, a loan on its way excludes another. `may_ask`: people may lend
    to each other here.
    """

    limit_cents: int
    used_cents: int
    products: tuple[Product, ...]
    late: Loan | None = None
    requests: tuple[Request, ...] = ()
    may_ask: bool = False

    @property
    def available_cents(self) -> int:
        return max(0, self.limit_cents - self.used_cents)


@dataclass(frozen=True, slots=True)
class Quote:
    """The whole price of a loan before it is taken. Of several repayments all are alike but the last, if it is `even`.

    `duty_cents` comes on top of the charges; `duties` are all of them: name, what it is on, percent, of how much, how
    much, and whether it is inside the charge.
    """

    product: str
    principal_cents: int
    net_cents: int
    fee_cents: int
    interest_cents: int
    total_cents: int
    due: date
    apr_percent: int
    penalty_cents: int
    repayments: int = 1
    each_cents: int = 0
    last_cents: int = 0
    first_due: date | None = None
    duty_cents: int = 0
    duties: tuple[tuple[Any, ...], ...] = ()
    even: bool = True


@dataclass(frozen=True, slots=True)
class AutoRepay:
    """The share of incoming money that somebody repays with, and what may be chosen. `percent` 0: off."""

    percent: int
    least_percent: int
    most_percent: int


@dataclass(frozen=True, slots=True)
class Debtor:
    """Somebody else who has a loan that may be paid. `name` is a first name and an initial: `Baraka O`."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class PeerTerms:
    """What may be agreed between two people: amounts, percent on top, days until it is repaid and to answer."""

    least_cents: int
    most_cents: int
    added_percent_max: int
    days_max: int
    answer_days: int


@dataclass(frozen=True, slots=True)
class Lender:
    """Somebody who may be asked for a loan. `name` is a first name and an initial: `Baraka O`."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Something that somebody is asked to decide, `name` in full because money is asked of them.

    `kind` is peer, guarantee or officer; `state` open, approved, declined, expired or withdrawn. `hindrance` is why
    they cannot say yes now: `short` of money, or `later`.
    """

    id: str
    reference: str
    kind: str
    name: str
    amount_cents: int
    state: str
    detail: Mapping[str, Any]
    requester: str = ""
    operation: str = ""
    hindrance: str = ""


@dataclass(frozen=True, slots=True)
class Borrower:
    """What an officer may see of somebody who asked for a loan. `pledged_cents` is what secures that loan.

    `score` is of 100 points; `reasons` are what limit and score were made of when the loan was asked for.
    """

    saved_cents: int
    pledged_cents: int
    owed_cents: int
    since: date
    score: int = 0
    reasons: tuple[Reason, ...] = ()
