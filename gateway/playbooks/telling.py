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
        await self.tell_other(connection, work, work.customer_id, template, values)

    async def tell_other(
        self, connection: AsyncConnection, work: Work, customer_id: str, template: str, values: Mapping[str, Any],
        *, about: str = "",
    ) -> None:  # fmt: skip
        """The same to somebody else whom the operation concerns, once per person and template (and what it is about,
        where one operation tells a person several times). Whoever has closed their account has no line any more."""
        customer = await customers.get(connection, customer_id)
        if customer.state == "closed":
            return
        cause = f"{work.id}:{template}" if customer_id == work.customer_id else f"{work.id}:{template}:{customer_id}"
        cause = f"{cause}:{about}" if about else cause
        await self._outbox.tell(connection, cause, customer_id, customer.msisdn, template, values)

    async def tell_line(
        self, connection: AsyncConnection, work: Work, msisdn: str, template: str, values: Mapping[str, Any],
        language: str,
    ) -> None:  # fmt: skip
        """A phone that may be nobody's here, in the language of whoever causes it."""
        await self._outbox.tell(connection, f"{work.id}:{template}:{msisdn}", "", msisdn, template, values, language)

    async def tell_phone(
        self, connection: AsyncConnection, work: Work, msisdn: str, template: str, values: Mapping[str, Any], *,
        language: str,
    ) -> None:  # fmt: skip
        """A phone that may be a customer's: in their own language then, else in `language`."""
        customer = await customers.on_line(connection, msisdn)
        if customer is None:
            await self.tell_line(connection, work, msisdn, template, values, language)
        else:
            await self.tell_other(connection, work, customer.id, template, values)
