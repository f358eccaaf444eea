"""What is written into the books, before it is: lines that sum to zero, under the key of the step that asks.

    Entry("op-1", "post", "wallet to wallet", (Line("wallet:a", 50_000), Line("wallet:b", -50_000)))

debits a's wallet, which is a liability and so falls by Ksh 500, and credits b's. Nothing here touches a
database.
"""

import hashlib
import json
import uuid
import zlib
from dataclasses import dataclass, replace

from gateway.books.accounts import CURRENCY, nature_of
from gateway.books.errors import Unbalanced
from gateway.books.tables import PENDING, POSTED

JOURNALS = uuid.UUID("a5d1fb6e-6a3c-5f0c-9a7b-1f2d7c1f0e83")
"""Journal ids are uuid5 below this."""


@dataclass(frozen=True, slots=True)
class Line:
    """Debits are positive, credits negative."""

    account_key: str
    amount_cents: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One journal to be. Raises Unbalanced unless two or more lines sum to zero, UnknownAccount."""

    operation_id: str
    step: str
    memo: str
    lines: tuple[Line, ...]

    def __post_init__(self) -> None:
        if len(self.lines) < 2:
            raise Unbalanced("an entry needs two lines", operation=self.operation_id, step=self.step)
        for line in self.lines:
            nature_of(line.account_key)
            if type(line.amount_cents) is not int or line.amount_cents == 0:
                raise Unbalanced("an amount is a whole number of cents, not zero", account=line.account_key)
        total = sum(line.amount_cents for line in self.lines)
        if total:
            raise Unbalanced(f"the lines sum to {total} cents", operation=self.operation_id, step=self.step)

    @property
    def journal_id(self) -> str:
        return journal_id(self.operation_id, self.step)

    @property
    def keys(self) -> list[str]:
        return sorted({line.account_key for line in self.lines})

    def reversed(self, step: str, memo: str) -> "Entry":
        """The exact mirror, as another step of the same operation."""
        mirrored = tuple(replace(line, amount_cents=-line.amount_cents) for line in self.lines)
        return Entry(self.operation_id, step, memo, mirrored)


@dataclass(frozen=True, slots=True)
class Journal:
    """An entry in its phase: pending reserves, posted moves, voided releases.

    `pending_id` is the hold that it ends, if any.
    """

    entry: Entry
    phase: str
    at: int
    pending_id: str | None = None

    @property
    def content_hash(self) -> str:
        """SHA-256 of everything it says, in hexadecimal. The order of the lines says nothing."""
        entry = self.entry
        lines = sorted((line.account_key, CURRENCY, line.amount_cents) for line in entry.lines)
        content = [entry.operation_id, entry.step, self.phase, self.pending_id, entry.memo, self.at, lines]
        return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Change:
    """By how much a balance changes, in the account's own direction."""

    posted_cents: int = 0
    held_cents: int = 0

    @property
    def available_cents(self) -> int:
        return self.posted_cents - self.held_cents


def change_of(journal: Journal, key: str, sign: int) -> Change:
    """What a journal does to one account: a hold reserves what is given and moves nothing."""
    raised = [line.amount_cents * sign for line in journal.entry.lines if line.account_key == key]
    given = -sum(amount for amount in raised if amount < 0)
    released = 0 if journal.pending_id is None else given
    return Change(
        posted_cents=sum(raised) if journal.phase == POSTED else 0,
        held_cents=given if journal.phase == PENDING else -released,
    )


def journal_id(operation_id: str, step: str) -> str:
    """The same step of the same operation is the same journal."""
    return str(uuid.uuid5(JOURNALS, f"{operation_id}\0{step}"))


def shard_seed(operation_id: str) -> int:
    """Modulo an account's shards it is the one this operation uses."""
    return zlib.crc32(operation_id.encode())
