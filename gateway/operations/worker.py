"""Works the queue off: claims with leases and fencing, takes one step at a time, settles, keeps every attempt.

Killed at any instruction it loses nothing: a lease runs out and another worker goes on from the step last stored.
A worker that lost its lease stores nothing: every write carries the fence of its claim.
"""

import asyncio
import time
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.clock import Clock
from gateway.errors import BrokenInvariant, NyotaError, Unavailable, Uncertain
from gateway.metrics import ATTEMPTS
from gateway.operations import claims
from gateway.operations.claims import ALL, FIRST, Share, alone, together
from gateway.operations.outbox import Outbox
from gateway.operations.outcome import Outcome, Park, Retry
from gateway.operations.playbook import Local, ManyStep, Playbook, RemoteStep, Work
from gateway.operations.settle import Decision, Policy, Position, settle
from gateway.operations.together import stored
from gateway.store.engine import Store
from gateway.store.tables import attempts, operations

URGENT_HANDS = 2
"""Hands beyond the others that only urgent operations are taken into: the others may all be waiting for a rail that
hangs."""
CROWDS = 2
"""Batches in hand at once: while one waits for its carrier, the next is written."""
PATIENCE = 3
"""A batch begins nothing after this part of its lease, so that what it began is over when it ends."""
OUTAGE_SECONDS = 1.0
STOP_SECONDS = 10.0

log = structlog.get_logger("attempt")


class LeaseLost(Exception):
    """Somebody else has claimed the operation meanwhile; what we were about to store is void."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How many operations at once, how long a claim lasts, how often to look without being told.

    `together`: how many of those that go together are in one go."""

    workers: int
    lease_ms: int
    poll_seconds: float
    together: int = 200


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
        many = {kind for kind, playbook in self._playbooks.items() if playbook.many is not None}
        single, crowded = alone(many), together(many)
        singles, crowds = set[asyncio.Task[None]](), set[asyncio.Task[None]]()
        try:
            while True:
                free = self._pace.workers - len(singles)
                share, room = (single, free) if free > 0 else (FIRST, free + URGENT_HANDS)
                claimed = await self._claimed_or_none(room, share) if room > 0 else []
                for work in claimed:
                    _begun(self.work(work), singles)
                has_room = many and len(crowds) < CROWDS
                crowd = await self._claimed_or_none(self._pace.together, crowded) if has_room else []
                if crowd:
                    _begun(self.work_together(crowd), crowds)
                if not claimed and not crowd:
                    await self._news(singles | crowds)
        finally:
            await _finished(singles | crowds)

    async def drain(self) -> int:
        """Work until nothing is due now; how many claims were worked."""
        count = 0
        while claimed := await self.claim(self._pace.workers):
            await asyncio.gather(*(self.work(work) for work in claimed))
            count += len(claimed)
        return count

    async def claim(self, limit: int, share: Share = ALL) -> list[Work]:
        """Take up to `limit` due operations, first come first served, none whose lane has an earlier open one."""
        now = self._clock()
        async with self._store.read() as connection:
            if not await claims.has_due(connection, now, share):
                return []
        async with self._store.begin() as connection:
            return await claims.claimed(connection, now, now + self._pace.lease_ms, limit, share)

    async def work_together(self, works: Sequence[Work]) -> None:
        """Take operations that go together as far as they go now, kind by kind. Survives whatever a step does."""
        by_kind: dict[str, list[Work]] = {}
        for work in works:
            by_kind.setdefault(work.kind, []).append(work)
        for kind, its in by_kind.items():
            many = self._playbooks[kind].many
            if many is not None:
                await self._crowd(many, its)

    async def _crowd(self, step: ManyStep, works: Sequence[Work]) -> None:
        started, until = time.perf_counter(), self._clock() + self._pace.lease_ms // PATIENCE
        try:
            outcomes = await step.attempt_many(works, until)
        except (Unavailable, Uncertain) as outage:
            log.warning("batch_broken", operations=len(works), detail=str(outage))
            outcomes = [Retry(str(outage), is_outage=True) for _ in works]
        except Exception as error:
            log.exception("batch_failed", operations=len(works))
            outcomes = [Park(f"{type(error).__name__} in {work.kind}.{work.step}") for work in works]
        pairs = list(zip(works, outcomes, strict=True))
        try:
            async with self._store.begin() as connection:
                settled = await stored(connection, step, pairs, self._clock(), _ms(started), self._policy)
        except Exception:
            log.exception("batch_not_stored", operations=len(works))
            for work, outcome in pairs:
                await self._kept(step, work, outcome, _ms(started))
            return
        for work, decision in settled:
            self._tell(work, decision, _ms(started))
        if len(settled) < len(works):
            log.warning("lease_lost", operations=len(works) - len(settled))
        self._outbox.news.set()

    async def _kept(self, step: ManyStep, work: Work, outcome: Outcome, took_ms: int) -> None:
        """What one of a batch came to, by itself. What cannot be stored at all, the lease brings back."""
        with suppress(NyotaError, LeaseLost):
            await self._stored(work, self._playbooks.get(work.kind), outcome, took_ms, step)

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

    async def _claimed_or_none(self, limit: int, share: Share) -> list[Work]:
        try:
            return await self.claim(limit, share)
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


def _begun(run: Coroutine[Any, Any, None], among: set[asyncio.Task[None]]) -> None:
    task = asyncio.create_task(run)
    among.add(task)
    task.add_done_callback(among.discard)


async def _finished(busy: set[asyncio.Task[None]]) -> None:
    """Let what is in hand end. What does not is cut off, and its lease brings it back."""
    if busy:
        await asyncio.wait(busy, timeout=STOP_SECONDS)
    for task in busy:
        task.cancel()
    await asyncio.gather(*busy, return_exceptions=True)


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
