"""How many more numbers somebody may try today, whatever they try them for: names are not for collecting."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation
from gateway.clock import Clock, day_start
from gateway.facts.source import Reader, customer_on
from gateway.operations import queue
from gateway.operations.outbox import Context

LOOKUP = "number.lookup"


async def looked_up(connection: AsyncConnection, operation: Operation, context: Context) -> None:
    """The instant of a number tried: its row, there to be counted, is all it leaves."""


class NumberFacts:
    """As of now. One count for sending, paying for another, asking a person and naming guarantors."""

    def __init__(self, clock: Clock, *, a_day: int) -> None:
        self._clock = clock
        self._a_day = a_day

    def readers(self) -> Mapping[str, Reader]:
        return {"lookups_left": self.lookups_left}

    async def lookups_left(self, connection: AsyncConnection, msisdn: str) -> int:
        customer = await customer_on(connection, msisdn)
        used = await queue.asked(connection, customer.id, LOOKUP, since=day_start(self._clock()))
        return max(0, self._a_day - used)
