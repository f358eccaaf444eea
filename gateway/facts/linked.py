"""Which other phones pay for somebody, which may, and whether a code is on its way to one."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.known import LinkedLine
from flows.linked import PURPOSE
from gateway.accounts import linked
from gateway.accounts.codes import Codes
from gateway.facts.source import Reader, customer_on
from gateway.operations import queue
from gateway.playbooks.linking import ASK, linking


class LinkedFacts:
    """`most` is how many lines one customer may link."""

    def __init__(self, codes: Codes, *, most: int) -> None:
        self._codes = codes
        self._most = most

    def readers(self) -> Mapping[str, Reader]:
        return {
            "linked": self.lines,
            "linked_left": self.left,
            "line_linkable": self.linkable,
            "pending_linked": self.pending,
        }

    async def lines(self, connection: AsyncConnection, msisdn: str) -> tuple[LinkedLine, ...]:
        customer = await customer_on(connection, msisdn)
        return tuple(
            LinkedLine(each.reference, each.msisdn) for each in await linked.of_customer(connection, customer.id)
        )

    async def left(self, connection: AsyncConnection, msisdn: str) -> int:
        customer = await customer_on(connection, msisdn)
        return self._most - await linked.count_of(connection, customer.id)

    async def linkable(self, connection: AsyncConnection, msisdn: str, phone: str) -> bool:
        return await linked.is_linkable(connection, phone)

    async def pending(self, connection: AsyncConnection, msisdn: str) -> str:
        """The number that a code was sent to, while it can be typed; else nothing."""
        customer = await customer_on(connection, msisdn)
        intent = await queue.newest_intent(connection, customer.id, ASK)
        if intent is None:
            return ""
        phone = str(intent["phone"])
        is_pending = await self._codes.is_pending(connection, customer.id, PURPOSE, linking(msisdn, phone))
        return phone if is_pending else ""
