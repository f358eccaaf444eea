"""The one door to a rail: no call of an API while it is away, and only so many a second.

Failures in a row shut it for all processes. From time to time one call finds out whether the API is back: where there
is a cheaper question than the call itself, as there is for money that goes out, that question. Nobody queues at a shut
door: whoever comes is told when to come again, each at a moment of its own.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import structlog

from gateway.clock import Clock
from gateway.errors import NyotaError, Rejected, Throttled, Unavailable, Uncertain
from gateway.rails import breakers
from gateway.rails.breakers import Breaker, Trip
from gateway.rails.bucket import Buckets
from gateway.rails.contract import Held
from gateway.store.engine import Store

PACE_MS_MAX = 1_000
"""So long a call waits for its turn at the door; who would wait longer comes again."""

Probe = Callable[[], Awaitable[bool]]
"""Asks a rail something that moves nothing; False when there is nothing to ask. Raises what the rail's calls raise."""

log = structlog.get_logger("rail")


@dataclass(slots=True)
class Passage:
    """One call. `trouble`: what was wrong with an answer that the adapter did not raise for."""

    trouble: str = ""


class Door:
    """One per rail and process. `probes` by the API that they stand in for."""

    def __init__(self, rail: str, store: Store, clock: Clock, buckets: Buckets, trip: Trip) -> None:
        self.probes: dict[str, Probe] = {}
        self.buckets = buckets
        self._rail = rail
        self._store = store
        self._clock = clock
        self._trip = trip
        self._failures: dict[str, int] = {}

    @asynccontextmanager
    async def passing(self, api: str) -> AsyncIterator[Passage]:
        """Around one call. Raises Held when it is not to be made now."""
        was_open = await self._let_in(api)
        await self._paced(api)
        passage = Passage()
        try:
            yield passage
        except (Throttled, Rejected):
            await self._answered(api, was_open=was_open)
            raise
        except (Unavailable, Uncertain) as error:
            await self._failed(api, str(error))
            raise
        if passage.trouble:
            await self._failed(api, passage.trouble)
        else:
            await self._answered(api, was_open=was_open)

    async def close(self) -> None:
        await self.buckets.close()

    async def _let_in(self, api: str) -> bool:
        """Whether the breaker is open and this call is the one that finds out. Raises Held for all others."""
        async with self._store.read() as connection:
            breaker = await breakers.find(connection, self._rail, api)
        if breaker is None or not breaker.is_open:
            return False
        claimed = await self._claimed(breaker) if self._clock() >= breaker.probe_at else None
        if claimed is None:
            raise self._held(breaker)
        return not await self._probed(claimed)

    async def _claimed(self, breaker: Breaker) -> Breaker | None:
        async with self._store.begin() as connection:
            return await breakers.claimed(connection, breaker, self._clock(), self._trip)

    async def _probed(self, breaker: Breaker) -> bool:
        """Ask the cheaper question; False when there is none, so that the call itself must find out."""
        probe = self.probes.get(breaker.api)
        try:
            if probe is None or not await probe():
                return False
        except (Unavailable, Uncertain) as error:
            raise self._held(breaker) from error
        except Rejected:
            log.info("probe_refused", rail=self._rail, api=breaker.api)  # whoever refuses is there
        await self._closed(breaker.api)
        return True

    def _held(self, breaker: Breaker) -> Held:
        """Not before the next probe, and not all at the same moment."""
        wait = max(1, breaker.probe_at - self._clock())
        widest = self._trip.probe_in_ms(breaker.opened)
        return Held(f"{self._rail} {breaker.api} is away: {breaker.reason}", wait + secrets.randbelow(widest + 1))

    async def _paced(self, api: str) -> None:
        wait = await self.buckets.wait_ms(api, PACE_MS_MAX)
        if wait > PACE_MS_MAX:
            raise Held("enough was asked of it just now", wait + secrets.randbelow(wait + 1))
        if wait:
            await asyncio.sleep(wait / 1000)

    async def _failed(self, api: str, reason: str) -> None:
        """One more in a row. What was found is kept if it can be; the count holds in any case."""
        self._failures[api] = self._failures.get(api, 0) + 1
        if self._failures[api] < self._trip.failures_max:
            return
        with suppress(NyotaError):
            async with self._store.begin() as connection:
                found = await breakers.opened(connection, self._rail, api, reason, self._clock(), self._trip)
            log.warning("rail_away", rail=self._rail, api=api, reason=reason, times=found.opened)

    async def _answered(self, api: str, *, was_open: bool) -> None:
        self._failures[api] = 0
        if was_open:
            await self._closed(api)

    async def _closed(self, api: str) -> None:
        """From here on one failure opens it again, until a call of its own is answered."""
        with suppress(NyotaError):
            async with self._store.begin() as connection:
                is_news = await breakers.closed(connection, self._rail, api, self._clock())
            if is_news:
                log.info("rail_back", rail=self._rail, api=api)
