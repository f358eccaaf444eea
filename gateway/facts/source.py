"""What a turn may know: local rows read when a step asks, as the values of `flows.known`. Nothing is written here.

A fact is known by name. A reader gets a connection, the customer's phone and the need's own arguments; a computed
fact needs no database and gets the arguments alone.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Need
from gateway.errors import BrokenInvariant
from gateway.store import customers
from gateway.store.engine import Store

Reader = Callable[..., Awaitable[Any]]
Computed = Callable[..., Any]


class NobodyThere(BrokenInvariant):
    """A line that was a customer's when the session began is so no more."""


class FactSource:
    """`gather` answers needs. Raises Unavailable when the database cannot serve. `computed` are the facts that need no
    answer: a turn works them out by itself."""

    def __init__(self, store: Store, readers: Mapping[str, Reader], computed: Mapping[str, Computed]) -> None:
        self._store = store
        self._readers = readers
        self.computed = computed

    async def gather(self, needs: frozenset[Need], msisdn: str) -> dict[Need, Any]:
        """Every fact asked for. Raises BrokenInvariant for one that nobody knows."""
        async with self._store.read() as connection:
            return {need: await self._reader(need)(connection, msisdn, *need.args) for need in needs}

    def _reader(self, need: Need) -> Reader:
        if need.name not in self._readers:
            raise BrokenInvariant("nobody knows this fact", fact=need.name)
        return self._readers[need.name]


async def customer_on(connection: AsyncConnection, msisdn: str) -> customers.Customer:
    """Whoever is on the line. Raises NobodyThere when nobody is: only customers are asked about their money."""
    customer = await customers.on_line(connection, msisdn)
    if customer is None:
        raise NobodyThere("no customer on this line")
    return customer
