"""Whoever is behind a line, what they have chosen, and who speaks to them."""

from dataclasses import dataclass
from datetime import date


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
class Forgot:
    """A forgotten PIN: whether a code can be typed now, and how often somebody may still prove themselves today."""

    is_pending: bool
    tries_left: int


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
class Organisation:
    """What texts say about who is speaking."""

    name: str
    help_line: str
    paybill: str
    agents: str
    terms_version: str
