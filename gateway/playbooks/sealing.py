"""Sealing what is new, again and again: one operation a day, which comes back until its day is over."""

from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.audit.sealer import Sealed, Sealer
from gateway.clock import Clock, local_date
from gateway.errors import Misconfigured
from gateway.operations.outcome import Done, Later, Outcome
from gateway.operations.playbook import Playbook, Work

KIND = "audit.seal"

log = structlog.get_logger("seals")


class SealStep:
    """A step with units of work of its own: what was sealed is told outside once it is on disk."""

    name = "seal"

    def __init__(self, sealer: Sealer, clock: Clock, *, every_ms: int) -> None:
        self._sealer = sealer
        self._clock = clock
        self._every_ms = every_ms

    async def attempt(self, work: Work) -> Outcome:
        """Whatever stops it, it comes back: what is not sealed yet shows in health."""
        sealed = await self._sealed()
        if sealed.stopped:
            log.error("not_sealed", reason=sealed.stopped)
        if sealed.has_more:
            return Later(0, f"{sealed.rows} rows")
        if local_date(self._clock()).isoformat() > work.intent["day"]:
            return Done(reason="the next day goes on")
        return Later(self._every_ms, sealed.stopped or f"{sealed.rows} rows")

    async def reconsider(self, connection: AsyncConnection, work: Work, outcome: Outcome, now: int) -> Outcome:
        return outcome

    async def _sealed(self) -> Sealed:
        try:
            return await self._sealer.seal()
        except Misconfigured as error:
            return Sealed(stopped=str(error))


def playbook(step: SealStep) -> Playbook:
    return Playbook(KIND, (step,), _own_lane, priority=9)


def _own_lane(customer_id: str, intent: Any) -> str:
    """None: yesterday's may still be at work."""
    return ""
