"""Delivery reports, kept as many at once as have come while the last ones were written.

A campaign of thousands is followed by thousands of reports. Each is answered once it is on disk, and one sync to disk
serves all that wait for it. While the database is away they are files: some carriers tell a report once.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.clock import Clock
from gateway.errors import Unavailable, Uncertain
from gateway.providers.contract import Delivery
from gateway.spool import Spool
from gateway.store import messages
from gateway.store.engine import Store
from gateway.store.gathering import Gathering

Report = tuple[str, Delivery]
Then = Callable[[AsyncConnection, Sequence[Report]], Awaitable[None]]

log = structlog.get_logger("sms_reports")


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


@dataclass(frozen=True, slots=True)
class Reported:
    """A report as it came, to be kept later; `received_at` in milliseconds."""

    provider: str
    content: Mapping[str, Any]
    received_at: int
    purpose: ClassVar[str] = "report"


class KeptReports:
    """`keep` returns when a report is in the database, or on disk while that is away. Raises OSError when neither takes
    it. Keeping it twice moves nothing twice."""

    def __init__(self, reports: Reports, spool: Spool[Reported], clock: Clock) -> None:
        self._reports = reports
        self._spool = spool
        self._clock = clock

    async def keep(self, provider: str, report: Delivery) -> None:
        """Behind what waits already: reports of one message are told in their order."""
        if not self._spool.is_waiting:
            try:
                await self._reports.keep(provider, report)
            except (Unavailable, Uncertain) as outage:
                log.warning("not_kept", reason=str(outage)[:200])
            else:
                return
        await self._spool.put(Reported(provider, asdict(report), self._clock()))

    async def run(self) -> None:
        """Take what waits, for good."""
        await self._spool.run(self.taken)

    async def taken(self, waiting: Reported) -> None:
        """Raises Unavailable or Uncertain."""
        await self._reports.keep(waiting.provider, Delivery(**waiting.content))
