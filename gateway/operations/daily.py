"""What comes up by itself once a day: one operation per kind and day, whoever of several workers sees the day first.

Its intent names the day that has begun, in East Africa Time: `{"day": "2026-08-05"}`. After days of standstill only
the present day's is queued, so a playbook does whatever is due by its day, not only what fell due on it. One that
stands still is closed as soon as another waits for it (`gateway.operations.superseding`).
"""

import asyncio
import uuid
from collections.abc import Sequence

import structlog

from flows.turn import Operation, reference
from gateway.clock import Clock, local_date
from gateway.errors import NyotaError
from gateway.operations import superseding
from gateway.operations.outbox import Outbox
from gateway.store.engine import Store

NAMESPACE = uuid.UUID("5b0d2a4e-58a7-5a36-9a0a-7f6a64617973")
LOOK_SECONDS = 20.0
PREFIX = "DY"

log = structlog.get_logger("daily")


class Daily:
    """`run` looks at the calendar until cancelled; `due` queues what the day asks for, `cleared` makes way for it."""

    def __init__(self, store: Store, outbox: Outbox, kinds: Sequence[str], clock: Clock) -> None:
        self._store = store
        self._outbox = outbox
        self.kinds = tuple(kinds)
        self._clock = clock

    async def run(self) -> None:
        """An outage of the database is waited out."""
        queued_on = ""
        while True:
            today = local_date(self._clock()).isoformat()
            try:
                await (self.cleared() if today == queued_on else self.due())
                queued_on = today
            except NyotaError as error:
                log.warning("daily_not_queued", reason=str(error))
            await asyncio.sleep(LOOK_SECONDS)

    async def due(self) -> None:
        """Queue today's operations, each once, and make way for them. Raises Unavailable when the database cannot
        serve."""
        day = local_date(self._clock()).isoformat()
        for kind in self.kinds:
            identity = str(uuid.uuid5(NAMESPACE, f"{kind}:{day}"))
            operation = Operation(identity, kind, reference(PREFIX, identity), "", {"day": day})
            async with self._store.begin() as connection:
                await self._outbox.put(connection, operation, is_ours=True)
        await self.cleared()
        self._outbox.news.set()

    async def cleared(self) -> None:
        """Close what stands still in the way of a later one. A day may also break after the next has been queued."""
        async with self._store.read() as connection:
            if not await superseding.is_any(connection, self.kinds):
                return
        async with self._store.begin() as connection:
            closed = await superseding.superseded(connection, self.kinds, self._clock())
        log.error("superseded", operations=closed)
        self._outbox.news.set()
