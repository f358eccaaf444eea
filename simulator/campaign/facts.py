"""What the judge compares: facts from four ledgers, each kept by somebody who does not know the others.

The driver wrote down what phones sent and saw; the rail has its own book of money; our books and operations come
from the database; the carrier has the messages it delivered. Money is integer cents, moments are seconds since
the epoch.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Heard:
    """One try of one hop. Without an answer `status` is 0 and `error` says why.

    `hop` counts the answers given in a session before this one; the same phone, session and hop is the same hop
    delivered again. `given_up` marks a try the driver itself broke off.
    """

    phone: str
    session: str
    hop: int
    sent_at: float
    ended_at: float
    status: int = 0
    body: str = ""
    error: str = ""
    given_up: bool = False

    @property
    def is_answered(self) -> bool:
        return self.status != 0

    @property
    def seconds(self) -> float:
        return self.ended_at - self.sent_at


@dataclass(frozen=True, slots=True)
class Life:
    """From when a gateway process answered until it was killed or told to stop."""

    up_at: float
    down_at: float

    def covers(self, heard: Heard) -> bool:
        return self.up_at <= heard.sent_at and heard.ended_at < self.down_at


@dataclass(frozen=True, slots=True)
class Moved:
    """One movement in the rail's book."""

    receipt: str
    kind: str
    phone: str
    amount_cents: int
    reference: str
    shortcode: str
    at: float


@dataclass(frozen=True, slots=True)
class Sms:
    """One message that reached a phone."""

    phone: str
    text: str
    at: float


@dataclass(frozen=True, slots=True)
class Customer:
    id: str
    phone: str


PEOPLE_DECIDE = "decision"
"""The step in which an operation waits for a person."""
RECURRING = ("audit.seal", "desk.watch", "float.poll")
"""Kinds of operation that look, and come again, for ever."""
FOR_ITS_HOUR_MS = (600_000, 4 * 86_400_000)
"""Whoever is put off for longer than the one waits for an hour at which people may be told or paid: a Sunday may meet
holidays. For longer than the other nothing waits."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One row of our queue."""

    id: str
    reference: str
    kind: str
    customer_id: str
    state: str
    step: str
    is_open: bool
    reason: str
    intent: Mapping[str, Any]
    put_off_ms: int = 0

    @property
    def is_unfinished(self) -> bool:
        """Whether it should have ended by now: nobody has to decide, its hour has come, and it has an end."""
        return (
            self.is_open and self.step != PEOPLE_DECIDE and self.kind not in RECURRING and not self._waits_for_its_hour
        )

    @property
    def _waits_for_its_hour(self) -> bool:
        least, most = FOR_ITS_HOUR_MS
        return self.state == "queued" and least < self.put_off_ms <= most


@dataclass(frozen=True, slots=True)
class Journal:
    """One journal of our books with its lines, account key and cents; only a posted one has moved money."""

    id: str
    operation_id: str
    step: str
    phase: str
    lines: tuple[tuple[str, int], ...]

    @property
    def is_posted(self) -> bool:
        return self.phase == "posted"


@dataclass(frozen=True, slots=True)
class Loan:
    """A loan: `total_cents` is all that was agreed to be repaid."""

    id: str
    reference: str
    customer_id: str
    state: str
    total_cents: int


@dataclass(frozen=True, slots=True)
class Balance:
    """What our books keep as the balance of an account, in the account's own direction."""

    account: str
    posted_cents: int
    held_cents: int


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything there is to judge. `books_findings` is what `nyota books check` said, empty when all is well."""

    heard: tuple[Heard, ...] = ()
    lives: tuple[Life, ...] = ()
    moved: tuple[Moved, ...] = ()
    sms: tuple[Sms, ...] = ()
    customers: tuple[Customer, ...] = ()
    operations: tuple[Operation, ...] = ()
    requests: Mapping[str, str] = field(default_factory=dict)
    """Operation by the id the rail knows a pay-out by."""
    journals: tuple[Journal, ...] = ()
    loans: tuple[Loan, ...] = ()
    balances: tuple[Balance, ...] = ()
    books_findings: tuple[str, ...] = ()
    unknown_screens: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """One broken promise: which, about what, and the two sides that do not agree."""

    promise: str
    about: str
    detail: str

    def __str__(self) -> str:
        return f"{self.promise}: {self.about}: {self.detail}"
