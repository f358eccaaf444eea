"""What the screens that ask for a pay-out want to know: whether the same has just gone out."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.known import PaidOut
from gateway.clock import Clock, local
from gateway.facts.source import Reader
from gateway.payouts import passed


class PayoutFacts:
    """As of now. `again_ms`: how long ago one may be to be asked about; 0: none is."""

    def __init__(self, clock: Clock, *, again_ms: int) -> None:
        self._clock = clock
        self._again_ms = again_ms

    def readers(self) -> Mapping[str, Reader]:
        return {"paid_out": self.paid_out}

    async def paid_out(self, connection: AsyncConnection, msisdn: str, kind: str, cents: int) -> PaidOut | None:
        """The newest of a kind and amount to this line that is not an hour old, or however long it may be."""
        if not self._again_ms:
            return None
        since = self._clock() - self._again_ms
        found = await passed.newest_alike(connection, msisdn, kind, cents, since=since)
        return PaidOut(found.reference, local(found.at)) if found else None
