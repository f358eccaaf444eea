"""The shapes of facts: what a flow may know about people, money and loans, read locally and dated.

The gateway fills them in; flows only look. Money is integer cents, days are dates in East Africa Time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """Something asked for and not settled yet.

    `is_certain` is False while nobody knows if money moved; `about` is the loan it pays, where it pays one, or the
    two people it is between.
    `waits_for` is the person whose answer it waits for: it is nobody's debt yet, and stands in nobody's way.
    """

    reference: str
    kind: str
    amount_cents: int
    is_certain: bool
    about: str = ""
    waits_for: str = ""


@dataclass(frozen=True, slots=True)
class Customer:
    """The person behind the line. A listed person is on the members' list but has not joined yet.

    `role` is customer, or what they are on the staff: officer. Staff have stopped a paused one for now; one who
    `chooses_pin` had theirs cleared and may choose another on this phone, or has never had one (`is_first_pin`).
    """

    id: str
    name: str
    language: str
    is_member: bool
    phone: str
    role: str = "customer"
    requests: tuple[Request, ...] = ()
    is_paused: bool = False
    chooses_pin: bool = False
    is_first_pin: bool = False


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
class Forgot:
    """A forgotten PIN: whether a code can be typed now, and how often somebody may still prove themselves today."""

    is_pending: bool
    tries_left: int


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
class Account:
    """What somebody has chosen about their account.

    `email` is masked, empty where there is none; `awaits_code` while the code sent to it can be typed. `has_mail`:
    whether this organisation sends e-mail at all. `has_links`: whether a link to a statement can be sent, which asks
    the end of a national id; `mail_receipts`, `mail_reminders`: whether these go to the e-mail address too.
    """

    auto_percent: int
    offers: bool
    has_mail: bool = False
    email: str = ""
    is_verified: bool = False
    awaits_code: bool = False
    has_links: bool = False
    mail_receipts: bool = False
    mail_reminders: bool = False


@dataclass(frozen=True, slots=True)
class LinkedLine:
    """Another phone that pays for somebody: what it sends counts as theirs."""

    reference: str
    phone: str


@dataclass(frozen=True, slots=True)
class Consent:
    """One thing somebody has agreed to, in force: which wording, since when."""

    kind: str
    version: str
    on: date


@dataclass(frozen=True, slots=True)
class Member:
    """A customer as an officer sees them: no balance, no identity number."""

    id: str
    name: str
    phone: str
    tier: int
    role: str = "customer"
    is_paused: bool = False
    is_locked: bool = False
    has_pin: bool = True
    has_email: bool = False
    loans: tuple[Loan, ...] = ()
    paying: tuple[str, ...] = ()
    takes_deposits: bool = False
    prompts_left: int = 0


@dataclass(frozen=True, slots=True)
class StaffLeft:
    """How much more an officer may do today."""

    look_ups: int
    prompts: int


@dataclass(frozen=True, slots=True)
class Prompted:
    """A payment that staff asked for. `state`: waiting, asked, paid, cancelled, expired, refused, unsure."""

    reference: str
    person: str
    amount_cents: int
    state: str


@dataclass(frozen=True, slots=True)
class LineRequest:
    """A lost line that waits for a second officer. `id` is that of the question; `id_end` ends the identity number."""

    id: str
    reference: str
    person: str
    phone: str
    new_phone: str
    asked_by: str
    id_end: str


@dataclass(frozen=True, slots=True)
class Organisation:
    """What texts say about who is speaking."""

    name: str
    help_line: str
    paybill: str
    agents: str
    terms_version: str


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
