"""Delivery reports, kept as many at once as have come while the last ones were written.

A campaign of thousands is followed by thousands of reports. Each is answered once it is on disk, and one sync to disk
serves all that wait for it.
"""

from collections.abc import Awaitable, Callable, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.clock import Clock
from gateway.providers.contract import Delivery
from gateway.store import messages
from gateway.store.engine import Store
from gateway.store.gathering import Gathering

Report = tuple[str, Delivery]
Then = Callable[[AsyncConnection, Sequence[Report]], Awaitable[None]]


class Reports:
    """`keep` returns when a report is on disk. Raises Unavailable or Uncertain when it may not be.

    `then` is done in the same unit of work.
    """

    def __init__(self, store: Store, clock: Clock, then: Then | None = None) -> None:
        self._clock = clock
        self._then = then
        self._kept: Gathering[Report, None] = Gathering(store, self._written)

    async def keep(self, provider: str, report: Delivery) -> None:
        await self._kept.done((provider, report))

    async def _written(self, connection: AsyncConnection, reports: Sequence[Report]) -> Sequence[None]:
        await messages.reported_all(connection, reports, self._clock())
        if self._then is not None:
            await self._then(connection, reports)
        return [None] * len(reports)
