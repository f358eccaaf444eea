"""What carriers hand over by HTTP: kept in the database, or on disk while that is away, unless it may hold a PIN.

A carrier repeats what was not taken for some minutes only. A STOP must not be lost to an outage that is longer.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import structlog

from gateway.clock import Clock
from gateway.errors import Unavailable, Uncertain
from gateway.providers.contract import IncomingSms
from gateway.spool import Spool
from gateway.store.engine import Store
from gateway.texting import stops

MESSAGE, STOP = "message", "stop"

log = structlog.get_logger("sms_in")


@dataclass(frozen=True, slots=True)
class Told:
    """A message, or a line that wants no more of them, as it came; `received_at` in milliseconds."""

    purpose: str
    content: Mapping[str, Any]
    received_at: int


class Inbox(Protocol):
    async def received(self, sms: IncomingSms, at: int | None = None) -> None: ...
    def may_wait(self, sms: IncomingSms) -> bool: ...


class Keeping:
    """`message` and `stop` return when it is kept. Raise Unavailable or Uncertain for what the carrier has to repeat:
    the database is away, and it may not be on disk as it is. Taking it twice is taking it once."""

    def __init__(self, inbox: Inbox, store: Store, spool: Spool[Told], clock: Clock) -> None:
        self._inbox = inbox
        self._store = store
        self._spool = spool
        self._clock = clock

    async def message(self, sms: IncomingSms) -> None:
        await self._kept(Told(MESSAGE, asdict(sms), self._clock()), may_wait=self._inbox.may_wait(sms))

    async def stop(self, line: str) -> None:
        await self._kept(Told(STOP, {"line": line}, self._clock()), may_wait=True)

    async def run(self) -> None:
        """Take what waits, for good."""
        await self._spool.run(self.taken)

    async def taken(self, told: Told) -> None:
        """Raises Unavailable or Uncertain."""
        if told.purpose == STOP:
            async with self._store.begin() as connection:
                await stops.stopped(connection, told.content["line"], stops.CARRIER, told.received_at)
        else:
            await self._inbox.received(IncomingSms(**told.content), told.received_at)

    async def _kept(self, told: Told, *, may_wait: bool) -> None:
        """Behind what waits already, where it may: a START must not be taken before the STOP that came before it."""
        if not (may_wait and self._spool.is_waiting):
            try:
                await self.taken(told)
            except (Unavailable, Uncertain) as outage:
                if not may_wait:
                    raise
                log.warning("not_kept", reason=str(outage)[:200])
            else:
                return
        await self._spool.put(told)
