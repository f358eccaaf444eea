"""A queue on a real database, with playbooks made for the test and a clock that it turns."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation, Session, reference
from gateway.operations.outbox import Context, Outbox, TurnRecord
from gateway.operations.outcome import Done, Outcome
from gateway.operations.playbook import Local, Playbook, RemoteStep, Work
from gateway.operations.settle import Policy
from gateway.operations.worker import Pace, Worker
from gateway.sessions import Stored
from gateway.store.engine import Store
from gateway.store.tables import attempts, operations, turns

START = 1_785_000_000_000
LEASE_MS = 60_000
SESSION_CHARACTERS = 16


@dataclass
class Hands:
    """A clock that moves when it is turned."""

    now: int = START

    def __call__(self) -> int:
        return self.now


@dataclass
class Remote:
    """A remote step that does what the test says, and keeps what it was given."""

    name: str
    answer: Callable[[Work], Awaitable[Outcome]]
    seen: list[Work] = field(default_factory=list)

    async def attempt(self, work: Work) -> Outcome:
        self.seen.append(work)
        return await self.answer(work)

    async def reconsider(self, connection: AsyncConnection, work: Work, outcome: Outcome, now: int) -> Outcome:
        return outcome


def always(outcome: Outcome) -> Callable[[Work], Awaitable[Outcome]]:
    async def answer(work: Work) -> Outcome:
        return outcome

    return answer


def lane(customer: str, intent: Mapping[str, Any]) -> str:
    return f"money:{customer}"


def playbook(kind: str, *steps: Local | RemoteStep, **more: Any) -> Playbook:
    return Playbook(kind=kind, steps=steps, lane=lane, **more)


class Desk:
    """One database; as many outboxes and workers on it as a test wants."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = Hands()
        self.playbooks: dict[str, Playbook] = {}
        self.instants: dict[str, Any] = {}
        self.outbox = Outbox(store, self.playbooks, self.instants, self.clock, recall_ms=600_000)
        self.done: list[str] = []
        self.handle("task", Remote("act", always(Done())))

    def handle(self, kind: str, *steps: Local | RemoteStep, **more: Any) -> None:
        self.playbooks[kind] = playbook(kind, *steps, **more)

    def worker(
        self, *, workers: int = 4, policy: Policy | None = None, poll_seconds: float = 0.01, store: Store | None = None
    ) -> Worker:
        policy = policy or Policy(3, 1_000, 60_000)
        pace = Pace(workers, LEASE_MS, poll_seconds)
        return Worker(store or self.store, self.outbox, self.playbooks, self.clock, policy, pace)

    def on_the_spot(self, kind: str) -> list[Context]:
        """Make a kind an instant one; what its handler is called with."""
        called: list[Context] = []

        async def handle(connection: AsyncConnection, operation: Operation, context: Context) -> None:
            called.append(context)

        self.instants[kind] = handle
        return called

    async def put(self, kind: str = "task", customer: str = "amina", delay_ms: int | None = None) -> str:
        made = operation(kind, customer)
        async with self.store.begin() as connection:
            await self.outbox.put(connection, made, delay_ms=delay_ms)
        return made.id

    async def row(self, identity: str) -> Any:
        return next(row for row in await self.rows() if row.id == identity)

    async def rows(self) -> list[Any]:
        async with self.store.read() as connection:
            return list(await connection.execute(select(operations).order_by(operations.c.number)))

    async def tried(self, identity: str) -> list[Any]:
        async with self.store.read() as connection:
            query = select(attempts).where(attempts.c.operation_id == identity).order_by(attempts.c.id)
            return list(await connection.execute(query))

    async def taken(self) -> list[Any]:
        async with self.store.read() as connection:
            return list(await connection.execute(select(turns).order_by(turns.c.at, turns.c.turn)))


def operation(kind: str = "task", customer: str = "amina", **more: Any) -> Operation:
    identity = more.pop("id", str(uuid.uuid4()))
    values = {"reference": reference("OP", identity), "intent": {"amount_cents": 100}} | more
    return Operation(id=identity, kind=kind, customer=customer, **values)


def record(session: str = "s1", turn: int = 1, *, key: str = "key", reply: str = "END Received") -> TurnRecord:
    session = session.rjust(SESSION_CHARACTERS, "0")
    stored = Stored(
        session=Session(session, turn), reply=reply, consumed=1, prefix="p", phone="0711***001",
        provider="africastalking", opened_at=START, seen_at=START,
    )  # fmt: skip
    return TurnRecord(session, turn, key, "digest", stored.packed())


async def all_of(*awaitables: Awaitable[Any]) -> list[Any]:
    """Each one's answer or error; all have started before any has ended."""
    return await asyncio.gather(*awaitables, return_exceptions=True)


@asynccontextmanager
async def desk_on(url: str) -> AsyncIterator[Desk]:
    store = Store(url, busy_seconds=30)
    try:
        yield Desk(store)
    finally:
        await store.close()
