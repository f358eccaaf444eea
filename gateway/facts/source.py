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
    """`gather` answers needs. Raises Unavailable when the database cannot serve."""

    def __init__(self, store: Store, readers: Mapping[str, Reader], computed: Mapping[str, Computed]) -> None:
        self._store = store
        self._readers = readers
        self._computed = computed

    async def gather(self, needs: frozenset[Need], msisdn: str) -> dict[Need, Any]:
        """Every fact asked for. Raises BrokenInvariant for one that nobody knows."""
        found = {need: self._answered(need) for need in needs if need.name not in self._readers}
        reads = [need for need in needs if need.name in self._readers]
        if reads:
            async with self._store.read() as connection:
                for need in reads:
                    found[need] = await self._readers[need.name](connection, msisdn, *need.args)
        return found

    def _answered(self, need: Need) -> Any:
        computed = self._computed.get(need.name)
        if computed is None:
            raise BrokenInvariant("nobody knows this fact", fact=need.name)
        return computed(*need.args)


async def customer_on(connection: AsyncConnection, msisdn: str) -> customers.Customer:
    """Whoever is on the line. Raises NobodyThere when nobody is: only customers are asked about their money."""
    customer = await customers.on_line(connection, msisdn)
    if customer is None:
        raise NobodyThere("no customer on this line")
    return customer
