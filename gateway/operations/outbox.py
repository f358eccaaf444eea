"""Where an intention becomes durable: the turn and its operations in one transaction, before any word leaves.

The turn record is the arbiter: UNIQUE(session, turn). Whoever comes second, a racing callback or a retry after a
crash, is answered from it. Operations of an instant kind (registering, a new PIN, a language) take effect in the
same transaction; all others wait for a worker.
"""

import asyncio
import hashlib
import json
import secrets
import uuid
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import SALTS_MAX, Operation, reference
from gateway.clock import Clock
from gateway.errors import BrokenInvariant, Rejected, Unavailable
from gateway.operations import queue
from gateway.operations.playbook import Playbook
from gateway.sessions import Stored, unpacked
from gateway.store.engine import Store, insert_into, is_duplicate
from gateway.store.tables import customers, operations, turns

NAMESPACE = uuid.UUID("0a0de0b8-8a5e-5b53-9ca5-0f2f0d0a9a11")
PREFIX_LETTERS = 2
UNSPOKEN_LETTERS = 14


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """What SQL keeps of a turn that had operations: enough to answer its repeats and to go on from it."""

    session_id: str
    turn: int
    session_key: str
    input_digest: str
    snapshot: bytes


@dataclass(frozen=True, slots=True)
class Context:
    """What an instant operation may use besides its own content."""

    msisdn: str
    session_id: str
    now: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What is queued, or was, under an id: its name, where it is now, and the hash of what was wanted."""

    reference: str
    state: str
    intent_hash: str


_STANDING = select(
    operations.c.id, operations.c.reference, operations.c.state, operations.c.intent_hash
).where(operations.c.id.in_(bindparam("ids", expanding=True)))  # fmt: skip


Instant = Callable[[AsyncConnection, Operation, Context], Awaitable[None]]

Beside = Callable[[AsyncConnection, Operation], Awaitable[None]]
"""What goes along with a message to somebody: called with the message, once, in its unit of work."""


class AlreadyTaken(Exception):
    """This turn is on disk already; `stored` holds the session after it and the reply it was given."""

    def __init__(self, stored: Stored) -> None:
        super().__init__("turn taken before")
        self.stored = stored


class AlreadyOpen(Exception):
    """Something of this kind is under way and excludes a second one; `about` is what it concerns."""

    def __init__(self, exclusive: str) -> None:
        super().__init__(exclusive)
        self.about = exclusive.partition(":")[2]


class NotTheirs(Exception):
    """Whoever this session began with is not on this line any more, or paused; nothing was accepted.

    `reason` is a screen of `wrong.`: `moved`, `paused`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ReferenceTaken(Exception):
    """Another operation has this reference; take the turn again with another salt."""


class Outbox:
    """Accepts operations and remembers turns. Raises Unavailable when the database cannot serve."""

    def __init__(
        self, store: Store, playbooks: Mapping[str, Playbook], instants: Mapping[str, Instant], clock: Clock,
        *, recall_ms: int,
    ) -> None:  # fmt: skip
        self._store = store
        self._playbooks = playbooks
        self._instants = instants
        self._clock = clock
        self._recall_ms = recall_ms
        self.news = asyncio.Event()
        self.beside: list[Beside] = []

    def session_id(self) -> str:
        """A name for a new session, never used before: carriers and phones use theirs again."""
        return secrets.token_hex(8)

    async def accept(self, record: TurnRecord, wanted: tuple[Operation, ...], msisdn: str) -> None:
        """Commit a turn with its operations.

        Raises AlreadyTaken, AlreadyOpen, NotTheirs or ReferenceTaken with nothing changed, and BrokenInvariant when
        an id comes again with another intent.
        """
        try:
            await self._accepted(record, wanted, msisdn)
        except IntegrityError as error:
            await self._explain(error, record, wanted)
            await self._accepted_after_all(record, wanted, msisdn)
        self.news.set()

    async def _accepted_after_all(self, record: TurnRecord, wanted: tuple[Operation, ...], msisdn: str) -> None:
        """What stood in its way has ended between the refusal and the look at why."""
        try:
            await self._accepted(record, wanted, msisdn)
        except IntegrityError as error:
            raise Unavailable("something stands in the way that comes and goes; nothing was accepted") from error

    async def _accepted(self, record: TurnRecord, wanted: tuple[Operation, ...], msisdn: str) -> None:
        now = self._clock()
        context = Context(msisdn, record.session_id, now)
        async with self._store.begin() as connection:
            await self._record(connection, record, now)
            for customer_id in {operation.customer for operation in wanted if operation.customer}:
                await _still_theirs(connection, customer_id, msisdn)
            for operation in wanted:
                await self._put(connection, operation, context)

    def knows(self, kind: str) -> bool:
        """Whether operations of this kind are worked at all: a domain may not be there."""
        return kind in self._playbooks

    def playbook(self, kind: str) -> Playbook | None:
        """How operations of this kind are worked; None where nobody works them."""
        return self._playbooks.get(kind)

    async def recall(self, session_key: str) -> Stored | None:
        """The session after its last turn on disk, if that was within a session's life."""
        query = (
            select(turns.c.snapshot)
            .where(turns.c.session_key == session_key, turns.c.at > self._clock() - self._recall_ms)
            .order_by(turns.c.at.desc(), turns.c.turn.desc())
            .limit(1)
        )
        async with self._store.read() as connection:
            snapshot = await connection.scalar(query)
        return unpacked(snapshot) if snapshot else None

    async def put(
        self, connection: AsyncConnection, operation: Operation, *, delay_ms: int | None = None, is_ours: bool = False,
        step: str = "",
    ) -> bool:  # fmt: skip
        """Queue an operation inside the caller's unit of work; False if its id is queued already.

        Raises BrokenInvariant when it is not, and something else of it is: nothing is dropped silently; Rejected
        (`taken`) where what it excludes is under way, also since a moment ago. One that `is_ours` has been named to
        nobody yet: where its reference is taken, it gets another. `step`: where it begins, if not with the first.
        """
        now = self._clock()
        values = self._row(operation, "", now)
        if delay_ms is not None:
            values["due_at"] = now + delay_ms
        if step:
            values["step"] = step
        for salt in range(1, SALTS_MAX + 1):
            # On any conflict: of two that come together PostgreSQL may compare the reference first.
            statement = insert_into(connection, operations).values(**values).on_conflict_do_nothing()
            if (await connection.execute(statement)).rowcount:
                return True
            if await connection.scalar(select(operations.c.id).where(operations.c.id == operation.id)) is not None:
                return False
            await self._demand_alone(connection, operation)
            if not is_ours:
                break
            values["reference"] = reference(operation.reference[:PREFIX_LETTERS], operation.id, salt)
        raise BrokenInvariant("reference used before", reference=operation.reference)

    async def _demand_alone(self, connection: AsyncConnection, operation: Operation) -> None:
        if operation.exclusive and await queue.is_exclusive(connection, operation.exclusive):
            raise Rejected("something of this kind is under way", "taken")

    async def put_all(self, connection: AsyncConnection, some: Sequence[Operation]) -> Mapping[str, Standing]:
        """Queue many inside the caller's unit of work; whose id is queued already stays as it is. How all of them
        stand, by id. In one order for everybody: the same may come to two processes at once.

        Raises BrokenInvariant when another operation has the reference of one.
        """
        if not some:
            return {}
        now = self._clock()
        statement = insert_into(connection, operations).on_conflict_do_nothing()
        rows = [self._row(operation, "", now) for operation in sorted(some, key=lambda operation: operation.id)]
        if (await connection.execute(statement, rows)).rowcount == len(rows):
            return {row["id"]: Standing(row["reference"], row["state"], row["intent_hash"]) for row in rows}
        standing = await self.standing(connection, {operation.id for operation in some})
        for operation in some:
            if operation.id not in standing:
                raise BrokenInvariant("reference used before", reference=operation.reference)
        return standing

    async def standing(self, connection: AsyncConnection, ids: Collection[str]) -> Mapping[str, Standing]:
        """How those of these stand that are queued, or were, by id."""
        return {identity: Standing(*its) for identity, *its in await connection.execute(_STANDING, {"ids": list(ids)})}

    async def tell(
        self, connection: AsyncConnection, cause: str, customer_id: str, msisdn: str, template: str,
        values: Mapping[str, Any], language: str = "", *, about: Mapping[str, Any] | None = None,
        leaves: Mapping[str, Any] | None = None,
    ) -> bool:  # fmt: skip
        """Queue a message, once per `cause`, in the same unit of work as what it tells of; False if it was queued
        before.

        `about` is what has to be still so when it leaves. `leaves` says from where, if not as messages do: `sender`,
        `name`, `reply`.
        """
        identity = str(uuid.uuid5(NAMESPACE, cause))
        intent = {"template": template, "to": msisdn, "values": dict(values), "language": language, **(leaves or {})}
        if about is not None:
            intent["about"] = dict(about)
        name = unspoken("SM", identity)
        message = Operation(identity, "sms.send", name, customer_id, intent)
        if not await self.put(connection, message):
            return False
        for goes_along in self.beside:
            await goes_along(connection, message)
        return True

    async def _record(self, connection: AsyncConnection, record: TurnRecord, now: int) -> None:
        await connection.execute(
            insert(turns).values(
                session_id=record.session_id,
                turn=record.turn,
                session_key=record.session_key,
                input_digest=record.input_digest,
                snapshot=record.snapshot,
                at=now,
            )
        )

    async def _put(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        values = self._row(operation, context.session_id, context.now)
        if operation.kind in self._instants:
            values |= {"state": "done", "is_open": False, "exclusive": None}
            await connection.execute(insert(operations).values(**values))
            await self._instants[operation.kind](connection, operation, context)
        else:
            await connection.execute(insert(operations).values(**values))

    def _row(self, operation: Operation, session_id: str, now: int) -> dict[str, Any]:
        playbook = self._playbooks.get(operation.kind)
        if playbook is None and operation.kind not in self._instants:
            raise BrokenInvariant(f"no playbook for {operation.kind}")
        return {
            "id": operation.id,
            "reference": operation.reference,
            "kind": operation.kind,
            "customer_id": operation.customer,
            "lane": playbook.lane(operation.customer, operation.intent) if playbook else "instant",
            "priority": playbook.priority_of(operation.intent) if playbook else 0,
            "exclusive": operation.exclusive,
            "intent": dict(operation.intent),
            "intent_hash": intent_hash(operation.kind, operation.intent),
            "state": "queued",
            "step": playbook.steps[0].name if playbook else "",
            "data": {},
            "due_at": now + (playbook.delay_ms if playbook else 0),
            "session_id": session_id or None,
            "created_at": now,
            "updated_at": now,
            "is_open": True,
        }

    async def _explain(self, error: IntegrityError, record: TurnRecord, wanted: tuple[Operation, ...]) -> None:
        """Raises which promise the refused transaction would have broken; returns when it would break none by now."""
        if not is_duplicate(error):
            raise error
        async with self._store.read() as connection:
            query = select(turns.c.snapshot).where(turns.c.session_id == record.session_id, turns.c.turn == record.turn)
            if snapshot := await connection.scalar(query):
                raise AlreadyTaken(unpacked(snapshot)) from error
            for operation in wanted:
                await self._explain_one(connection, operation, error)

    async def _explain_one(self, connection: AsyncConnection, operation: Operation, error: IntegrityError) -> None:
        columns = operations.c
        row = (await connection.execute(select(operations).where(columns.id == operation.id))).one_or_none()
        if row is not None:
            same = row.intent_hash == intent_hash(operation.kind, operation.intent)
            raise BrokenInvariant("operation id used before", same_intent=same) from error
        if operation.exclusive and await connection.scalar(
            select(columns.id).where(columns.exclusive == operation.exclusive)
        ):
            raise AlreadyOpen(operation.exclusive) from error
        if await connection.scalar(select(columns.id).where(columns.reference == operation.reference)):
            raise ReferenceTaken(operation.reference) from error


async def _still_theirs(connection: AsyncConnection, customer_id: str, msisdn: str) -> None:
    """A session lives on for minutes after its account has moved to another line, was paused or closed."""
    query = select(customers.c.msisdn, customers.c.state).where(customers.c.id == customer_id)
    row = (await connection.execute(query)).one_or_none()
    if row is not None and row.state == "inactive":
        raise NotTheirs("paused")
    if row is not None and row.msisdn != msisdn:
        raise NotTheirs("moved")


def intent_hash(kind: str, intent: Mapping[str, Any]) -> str:
    """What the customer asked, as one number: equal for equal intents, whatever the order of keys."""
    content = json.dumps([kind, intent], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()


def unspoken(prefix: str, identity: str) -> str:
    """The reference of an operation that nobody reads out to anybody: long enough to be no other's."""
    return f"{prefix}{identity.replace('-', '')[:UNSPOKEN_LETTERS].upper()}"
