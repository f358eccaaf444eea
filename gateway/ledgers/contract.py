"""What every core speaks: commands that carry our own key, and readings with exact amounts.

Adapters know values and the errors of `gateway.errors`: `Unavailable` when provably nothing happened, `Uncertain`
for everything that may have happened, `Rejected` for a final refusal, `Waiting` for a command that a second person
at the core has to approve first. They know neither the database nor the queue.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

from gateway.errors import NyotaError, Uncertain
from gateway.lending.allocation import Parts
from gateway.lending.terms import Terms

Status = Literal["submitted", "approved", "active", "closed", "overpaid", "written_off", "rejected", "withdrawn"]


class Waiting(NyotaError):
    """Taken down and not carried out: a second person at the core decides. Ask later, never send again meanwhile."""


class Busy(Uncertain):
    """The core answers, and is still at work on this very command."""


@dataclass(frozen=True, slots=True)
class Key:
    """What makes a command one, however often it is sent: the operation's id, and a number after stored failures."""

    operation_id: str
    generation: int = 0

    def __str__(self) -> str:
        plain = uuid.UUID(self.operation_id).hex
        return f"{plain}-{self.generation}" if self.generation else plain


@dataclass(frozen=True, slots=True)
class Person:
    """Whom we mean. `external_id` is our own id of them; `name` is only for a client to be made."""

    external_id: str
    msisdn: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Client:
    """Somebody the core knows, under its own `id`."""

    id: str
    external_id: str
    msisdn: str
    name: str


@dataclass(frozen=True, slots=True)
class NewLoan:
    """A loan to be kept. `external_id` is ours; `product` is the key of our own product."""

    external_id: str
    client_id: str
    product: str
    terms: Terms


@dataclass(frozen=True, slots=True)
class Movement:
    """Money on a day. `external_id` names the movement at the core, `receipt` is the rail's."""

    external_id: str
    on: date
    amount_cents: int
    receipt: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Cost:
    """A fee or penalty put on a loan."""

    external_id: str
    on: date
    amount_cents: int
    kind: Literal["fee", "penalty"]


@dataclass(frozen=True, slots=True)
class Posted:
    """A command that was carried out, by the core's id of what it made."""

    id: str
    is_repeat: bool = False


@dataclass(frozen=True, slots=True)
class Instalment:
    """One row of the core's schedule."""

    number: int
    due_on: date
    due: Parts
    paid: Parts

    @property
    def outstanding_cents(self) -> int:
        return self.due.total - self.paid.total


@dataclass(frozen=True, slots=True)
class Booking:
    """One movement on a loan as the core has it. A reversed one stays, and says so."""

    id: str
    external_id: str
    kind: Literal["disbursement", "repayment", "other"]
    on: date
    amount_cents: int
    receipt: str
    is_reversed: bool


@dataclass(frozen=True, slots=True)
class CoreLoan:
    """A loan as the core has it. `product` is our key; empty for one that we do not offer."""

    id: str
    external_id: str
    client_id: str
    product: str
    status: Status
    principal_cents: int
    overpaid_cents: int = 0
    schedule: tuple[Instalment, ...] = ()
    bookings: tuple[Booking, ...] = ()

    @property
    def owed_cents(self) -> int:
        return sum(row.outstanding_cents for row in self.schedule)

    def booking(self, external_id: str) -> Booking | None:
        return next((each for each in self.bookings if each.external_id == external_id), None)


@dataclass(frozen=True, slots=True)
class CoreSavings:
    """A savings account at the core. `account` is our name for its product: `savings`, `wallet`."""

    id: str
    client_id: str
    account: str
    balance_cents: int
    is_active: bool


@dataclass(frozen=True, slots=True)
class Changes:
    """Loans that may have changed since a cursor, and the cursor to ask with next.

    `is_walk`: the core keeps no list of changes, so these are simply the next ones of all its loans.
    """

    loan_ids: tuple[str, ...]
    cursor: str
    has_more: bool = False
    is_walk: bool = False


class Ledger(Protocol):
    """Every method may raise the errors named above. A command repeated with its key is carried out once."""

    name: str

    async def client(self, client_id: str) -> Client: ...

    async def find_client(self, person: Person) -> Client | None:
        """By our id, else by phone; Rejected when the phone fits more than one."""

    async def create_client(self, person: Person, on: date, key: Key) -> Posted: ...

    async def find_loan(self, external_id: str) -> CoreLoan | None:
        """By our id."""

    async def read_loan(self, loan_id: str) -> CoreLoan:
        """By the core's id. Rejected with code `unknown` for one that is not there."""

    async def create_loan(self, loan: NewLoan, key: Key) -> Posted: ...

    async def approve_loan(self, loan_id: str, on: date, amount_cents: int, key: Key) -> Posted: ...

    async def disburse_loan(self, loan_id: str, movement: Movement, key: Key) -> Posted: ...

    async def repay_loan(self, loan_id: str, movement: Movement, key: Key) -> Posted: ...

    async def charge_loan(self, loan_id: str, cost: Cost, key: Key) -> Posted: ...

    async def find_charge(self, loan_id: str, external_id: str) -> Posted | None: ...

    async def undo(self, loan_id: str, booking_id: str, on: date, key: Key) -> Posted:
        """Reverse a repayment."""

    async def savings_of(self, client_id: str) -> Sequence[CoreSavings]: ...

    async def deposit(self, savings_id: str, movement: Movement, key: Key) -> Posted: ...

    async def withdraw(self, savings_id: str, movement: Movement, key: Key) -> Posted: ...

    async def find_movement(self, savings_id: str, movement: Movement) -> Posted | None:
        """A deposit or withdrawal of ours, by the id it carries in its receipt number."""

    async def changes(self, cursor: str) -> Changes: ...

    async def missing(self) -> Sequence[str]:
        """What of our configuration the core does not have, by key; empty when all is there."""

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Core:
    """A core that is ready: what it calls each of our products, and which accounts of people it keeps."""

    ledger: Ledger
    products: Mapping[str, str]
    savings: tuple[str, ...]


class Refusals:
    """Codes of Rejected that are the same for every core."""

    UNKNOWN = "unknown"
    AMBIGUOUS = "ambiguous"
    DUPLICATE = "duplicate"
    STORED = "stored"
    """The core keeps a failure under this key that may have passed by now: look, then use another key."""
