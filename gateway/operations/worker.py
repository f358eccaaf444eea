"""Works the queue off: claims with leases and fencing, takes one step at a time, settles, keeps every attempt.

Killed at any instruction it loses nothing: a lease runs out and another worker goes on from the step last stored.
A worker that lost its lease stores nothing: every write carries the fence of its claim.
"""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.clock import Clock
from gateway.errors import BrokenInvariant, NyotaError, Unavailable, Uncertain
from gateway.metrics import ATTEMPTS
from gateway.operations.outbox import Outbox
from gateway.operations.outcome import Outcome, Park, Retry
from gateway.operations.playbook import Local, Playbook, RemoteStep, Work
from gateway.operations.settle import Decision, Policy, Position, settle
from gateway.store.engine import Store
from gateway.store.tables import attempts, operations

CLAIMABLE = ("queued", "waiting", "uncertain")
OUTAGE_SECONDS = 1.0
STOP_SECONDS = 10.0

log = structlog.get_logger("attempt")


class LeaseLost(Exception):
    """Somebody else has claimed the operation meanwhile; what we were about to store is void."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How many operations at once, how long a claim lasts, how often to look without being told."""

    workers: int
    lease_ms: int
    poll_seconds: float


class Worker:
    """`run` works until cancelled; `drain` until nothing is due."""

    def __init__(
        self,
        store: Store,
        outbox: Outbox,
        playbooks: Mapping[str, Playbook],
        clock: Clock,
        policy: Policy,
        pace: Pace,
    ) -> None:
        self._store = store
        self._outbox = outbox
        self._playbooks = playbooks
        self._clock = clock
        self._policy = policy
        self._pace = pace

    async def run(self) -> None:
        """Work for good. An outage of the database is waited out."""
        busy: set[asyncio.Task[None]] = set()
        try:
            while True:
                free = self._pace.workers - len(busy)
                claimed = await self._claimed_or_none(free) if free else []
                for work in claimed:
                    task = asyncio.create_task(self.work(work))
                    busy.add(task)
                    task.add_done_callback(busy.discard)
                if not claimed:
                    await self._news(busy)
        finally:
            await _finished(busy)

    async def drain(self) -> int:
        """Work until nothing is due now; how many claims were worked."""
        count = 0
        while claimed := await self.claim(self._pace.workers):
            await asyncio.gather(*(self.work(work) for work in claimed))
            count += len(claimed)
        return count

    async def claim(self, limit: int) -> list[Work]:
        """Take up to `limit` due operations, first come first served, none whose lane has an earlier open one."""
        now = self._clock()
        if not await self._has_due(now):
            return []
        async with self._store.begin() as connection:
            rows = await connection.execute(_claim(connection, now, now + self._pace.lease_ms, limit))
            claimed = [work_of(row) for row in rows]
        return sorted(claimed, key=lambda work: work.number)

    async def _has_due(self, now: int) -> bool:
        """A glance that takes no lock: most of the time there is nothing to do."""
        columns = operations.c
        query = select(columns.number).where(columns.is_open, columns.due_at <= now, columns.lease_until <= now)
        async with self._store.read() as connection:
            return await connection.scalar(query.limit(1)) is not None

    async def work(self, work: Work) -> None:
        """Take the operation as far as it goes now, one settled step after another."""
        following: Work | None = work
        while following is not None:
            following = await self._survived(following)

    async def _step(self, work: Work) -> Work | None:
        """One step; the operation at its next step if that is due at once, else None."""
        playbook = self._playbooks.get(work.kind)
        if playbook is None:
            await self._stored(work, None, Park(f"no playbook for {work.kind}"), 0)
            return None
        started = time.perf_counter()
        step = playbook.step(work.step)
        if not isinstance(step, Local):
            outcome = await step.attempt(work)
            return await self._stored(work, playbook, outcome, _ms(started), step)
        try:
            async with self._store.begin() as connection:
                await self._hold(connection, work)
                outcome = await step.run(connection, work, self._clock())
                decision = await self._settled(connection, work, playbook, outcome, _ms(started))
            return self._next(work, decision)
        except (BrokenInvariant, Unavailable) as error:
            parks = isinstance(error, BrokenInvariant)
            outcome = Park(str(error), error.evidence) if parks else Retry(str(error), is_outage=True)
            return await self._stored(work, playbook, outcome, _ms(started))

    async def _stored(
        self,
        work: Work,
        playbook: Playbook | None,
        outcome: Outcome,
        took_ms: int,
        step: RemoteStep | None = None,
    ) -> Work | None:
        async with self._store.begin() as connection:
            await self._hold(connection, work)
            if step is not None:
                outcome = await step.reconsider(connection, work, outcome, self._clock())
            decision = await self._settled(connection, work, playbook, outcome, took_ms)
        return self._next(work, decision)

    async def _hold(self, connection: AsyncConnection, work: Work) -> None:
        """Lock the row and prove the claim. First in every unit of work, so that callbacks queue behind it."""
        columns = operations.c
        held = await connection.execute(
            update(operations)
            .where(columns.id == work.id, columns.fence == work.fence, columns.step == work.step, columns.is_open)
            .values(updated_at=self._clock())
        )
        if held.rowcount != 1:
            raise LeaseLost(work.reference)

    async def _settled(
        self,
        connection: AsyncConnection,
        work: Work,
        playbook: Playbook | None,
        outcome: Outcome,
        took_ms: int,
    ) -> Decision:
        now = self._clock()
        decision = settle(_position(work, playbook), outcome, now, self._policy)
        await connection.execute(
            update(operations).where(operations.c.id == work.id).values(**_columns(work, decision, now))
        )
        await connection.execute(
            insert(attempts).values(
                operation_id=work.id, step=work.step, fence=work.fence, outcome=decision.name, reason=decision.reason,
                evidence=dict(decision.evidence), at=now, took_ms=took_ms,
            )
        )  # fmt: skip
        self._tell(work, decision, took_ms)
        return decision

    def _next(self, work: Work, decision: Decision) -> Work | None:
        if decision.state != "queued" or decision.due_at > self._clock():
            if not decision.is_open:
                self._outbox.news.set()
            return None
        return Work(
            number=work.number, id=work.id, reference=work.reference, kind=work.kind, customer_id=work.customer_id,
            intent=work.intent, state=decision.state, step=decision.step, generation=work.generation,
            attempts=decision.attempts, data={**work.data, **decision.data}, created_at=work.created_at,
            waiting_since=None, fence=work.fence,
        )  # fmt: skip

    async def _survived(self, work: Work) -> Work | None:
        """The one place that must go on whatever a step does. What we could not store, the lease brings back."""
        try:
            return await self._step(work)
        except LeaseLost:
            log.warning("lease_lost", operation=work.reference)
        except Uncertain as doubt:
            log.warning("commit_uncertain", operation=work.reference, detail=str(doubt))
        except Unavailable as outage:
            log.warning("attempt_broken", operation=work.reference, detail=str(outage))
            await self._released(work, Retry(str(outage), is_outage=True))
        except Exception as error:
            log.exception("attempt_failed", operation=work.reference)
            await self._released(work, Park(f"{type(error).__name__} in {work.kind}.{work.step}"))
        return None

    async def _released(self, work: Work, outcome: Outcome) -> None:
        with suppress(NyotaError, LeaseLost):
            await self._stored(work, self._playbooks.get(work.kind), outcome, 0)

    async def _claimed_or_none(self, limit: int) -> list[Work]:
        try:
            return await self.claim(limit)
        except (Unavailable, Uncertain) as outage:  # claimed or not: a claim that nobody works runs out
            log.warning("queue_unavailable", reason=str(outage))
            await asyncio.sleep(OUTAGE_SECONDS)
            return []

    async def _news(self, busy: set[asyncio.Task[None]]) -> None:
        """Until something new is queued here, a task is done, or it is time to look again."""
        self._outbox.news.clear()
        waiter = asyncio.create_task(self._outbox.news.wait())
        await asyncio.wait({waiter, *busy}, timeout=self._pace.poll_seconds, return_when=asyncio.FIRST_COMPLETED)
        waiter.cancel()

    def _tell(self, work: Work, decision: Decision, took_ms: int) -> None:
        ATTEMPTS.labels(work.kind, work.step, decision.name).inc()
        log.info(
            "attempt", operation=work.reference, kind=work.kind, step=work.step, outcome=decision.name,
            reason=decision.reason, next_in_ms=max(0, decision.due_at - self._clock()), ms=took_ms,
        )  # fmt: skip


async def _finished(busy: set[asyncio.Task[None]]) -> None:
    """Let what is in hand end. What does not is cut off, and its lease brings it back."""
    if busy:
        await asyncio.wait(busy, timeout=STOP_SECONDS)
    for task in busy:
        task.cancel()
    await asyncio.gather(*busy, return_exceptions=True)


def _claim(connection: AsyncConnection, now: int, until: int, limit: int) -> Any:
    columns, earlier = operations.c, operations.alias("earlier")
    blocked = (
        select(earlier.c.number)
        .where(earlier.c.lane == columns.lane, earlier.c.is_open, earlier.c.number < columns.number)
        .exists()
    )
    due = (
        select(columns.number)
        .where(
            columns.is_open,
            columns.due_at <= now,
            columns.lease_until <= now,
            columns.state.in_(CLAIMABLE),
            or_(columns.lane == "", ~blocked),
        )
        .order_by(columns.priority, columns.due_at)
        .limit(limit)
    )
    if connection.dialect.name == "postgresql":
        due = due.with_for_update(skip_locked=True)
    return (
        update(operations)
        .where(columns.number.in_(due.scalar_subquery()))
        .values(lease_until=until, fence=columns.fence + 1)
        .returning(operations)
    )


def work_of(row: Any) -> Work:
    """A row of the queue as its steps see it."""
    return Work(
        number=row.number, id=row.id, reference=row.reference, kind=row.kind, customer_id=row.customer_id,
        intent=row.intent, state=row.state, step=row.step, generation=row.generation, attempts=row.attempts,
        data=row.data, created_at=row.created_at, waiting_since=row.waiting_since, fence=row.fence,
    )  # fmt: skip


def _position(work: Work, playbook: Playbook | None) -> Position:
    if playbook is None:
        return Position(work.id, work.step, None, None, work.attempts)
    refused = playbook.refused.name if playbook.refused else None
    return Position(
        work.id,
        work.step,
        playbook.after(work.step),
        refused,
        work.attempts,
        is_compensating=work.step == refused,
    )


def _columns(work: Work, decision: Decision, now: int) -> dict[str, Any]:
    waits = decision.state in {"waiting", "uncertain"}
    goes_on = decision.state == "queued" and decision.due_at <= now
    columns: dict[str, Any] = {
        "state": decision.state,
        "step": decision.step,
        "due_at": decision.due_at,
        "attempts": decision.attempts,
        "data": {**work.data, **decision.data},
        "reason": decision.reason or None,
        "is_open": decision.is_open,
        "waiting_since": (work.waiting_since or now) if waits else None,
        "updated_at": now,
    }
    if not goes_on:
        columns["lease_until"] = 0
    if not decision.is_open:
        columns["exclusive"] = None
    return columns


def _ms(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
