"""Answering what one was asked: `approval.approve` and `approval.decline` on the phone, and the same for operators.

An answer takes effect with its turn. The first one counts; whoever is late, or is not asked any more, hears that
nothing was done. What a yes brings about at once depends on what was asked: a lender's money is held, a guarantor's
savings are pledged, and above an officer's limit a second officer is asked.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation
from gateway.approvals import decisions, pledges
from gateway.approvals.decisions import CUSTOMER, Approval, Ask
from gateway.books.ledger import Books
from gateway.operations.outbox import Context, Instant, NotTheirs
from gateway.peers import asking
from gateway.playbooks.peer import reserve
from gateway.store import customers

OFFICER, PEER, GUARANTEE = "officer", "peer", "guarantee"
THEIR_OWN = frozenset({PEER, GUARANTEE})
"""Kinds that only the person asked can say yes to: it is their money."""


class Late(NotTheirs):
    """Somebody has answered before, the day is over, or it is not for this person. Nothing was kept."""

    def __init__(self) -> None:
        super().__init__("answered")


class NotCovered(NotTheirs):
    """A guarantor's savings do not cover their share by now. Nothing was kept."""

    def __init__(self) -> None:
        super().__init__("uncovered")


@dataclass(frozen=True, slots=True)
class Approving:
    """`officer_limit_cents` is what one officer may approve alone."""

    books: Books
    officer_limit_cents: int

    def instants(self) -> Mapping[str, Instant]:
        return {
            "approval.approve": self.approve,
            "approval.decline": self.decline,
            "peers.refuse": self.refuse_all,
            "peers.allow": self.allow_all,
            "peers.unblock": self.unblock,
        }

    async def approve(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        """Raises Late or NotCovered."""
        row = await self._asked_of(connection, operation)
        await self.approved(connection, row, operation.customer, context.now)

    async def decline(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        """No, and if so wished never again: to this person, or to anybody. Raises Late."""
        row, intent = await self._asked_of(connection, operation), operation.intent
        await self.declined(connection, row, operation.customer, intent.get("reason"), context.now)
        if intent.get("how") == "block":
            await asking.block(connection, operation.customer, row.requester_id, context.now)
        elif intent.get("how") == "never":
            await asking.refuse_all(connection, operation.customer, context.now)

    async def approved(self, connection: AsyncConnection, row: Approval, by: str, now: int) -> None:
        """A yes, whoever gives it: `by` is the customer, or an operator. Raises Late or NotCovered."""
        if not await decisions.decided(connection, row.id, by=by, state="approved", reason=None, now=now):
            raise Late
        if row.kind == PEER:
            await customers.get(connection, row.approver_id, lock=True)
            await reserve(connection, self.books, row, now)
        elif row.kind == GUARANTEE:
            await self._pledge(connection, row, now)
        elif row.amount_cents > self.officer_limit_cents and row.not_by is None:
            await self._ask_second(connection, row, by, now)

    async def declined(self, connection: AsyncConnection, row: Approval, by: str, reason: str | None, now: int) -> None:
        """A no. Raises Late."""
        if not await decisions.decided(connection, row.id, by=by, state="declined", reason=reason, now=now):
            raise Late

    async def refuse_all(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        await asking.refuse_all(connection, operation.customer, context.now)

    async def allow_all(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        await asking.allow_all(connection, operation.customer)

    async def unblock(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        await asking.unblock(connection, operation.customer, operation.intent["person"])

    async def _asked_of(self, connection: AsyncConnection, operation: Operation) -> Approval:
        row = await decisions.get(connection, operation.intent["request"])
        customer = await customers.get(connection, operation.customer)
        if row is None or not decisions.may_decide(row, customer.id, is_staff=customer.role != CUSTOMER):
            raise Late
        return row

    async def _pledge(self, connection: AsyncConnection, row: Approval, now: int) -> None:
        covered = await pledges.pledge(
            connection, self.books, row.id, row.approver_id, row.operation_id, row.amount_cents, now
        )
        if not covered:
            raise NotCovered

    async def _ask_second(self, connection: AsyncConnection, row: Approval, by: str, now: int) -> None:
        identity = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{row.id}:second"))
        ask = Ask(identity, row.kind, row.approver_id, row.amount_cents, row.expires_at, row.detail, not_by=by)
        await decisions.asked_again(connection, row, ask, now)
