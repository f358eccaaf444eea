"""Telling a customer something as a step of what it tells of: same unit of work, once per operation and template."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.operations.outbox import Outbox
from gateway.operations.playbook import Work
from gateway.store import customers


class Teller:
    """Queues messages to the customer an operation belongs to."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def tell(self, connection: AsyncConnection, work: Work, template: str, values: Mapping[str, Any]) -> None:
        """`values` are plain: `{"amount": ["ksh", 150000]}`; see `gateway.notices`."""
        customer = await customers.get(connection, work.customer_id)
        await self._outbox.tell(
            connection, f"{work.id}:{template}", work.customer_id, customer.msisdn, template, values
        )
