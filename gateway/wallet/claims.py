"""Money for a phone without an account: kept beside the books' wallets until it is claimed, taken back or returned.

Whoever joins on that line gets it in the unit of work in which they join. Sum and fee are kept together: the fee is
earned when it is claimed, and goes back with the sum when it is not.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation, operation_id
from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.books.ledger import Books
from gateway.notices import values as say
from gateway.operations import queue
from gateway.operations.outbox import Context, Outbox
from gateway.store import customers
from gateway.wallet import transfers, usage
from gateway.wallet.transfers import Transfer

RETURN = "wallet.return"
"""The operation that waits beside each transfer, until it ends or its time is over."""


def return_of(transfer_id: str) -> str:
    """The id of that operation."""
    return operation_id(transfer_id, 0, RETURN)


class Claims:
    """Every method runs in the caller's unit of work; the row's state decides every race."""

    def __init__(self, books: Books, outbox: Outbox) -> None:
        self._books = books
        self._outbox = outbox

    async def hold(self, connection: AsyncConnection, transfer: Transfer, now: int) -> None:
        """Take it from the sender and keep it. Raises Overdraft."""
        lines = [Line(chart.wallet(transfer.sender_id), transfer.amount_cents)]
        if transfer.fee_cents:
            lines.append(Line(chart.wallet(transfer.sender_id), transfer.fee_cents))
        lines.append(Line(chart.UNCLAIMED, -transfer.total_cents))
        await self._books.post(connection, Entry(transfer.id, "post", "Sent", tuple(lines)), now)
        await transfers.held(connection, transfer)

    async def joined(
        self, connection: AsyncConnection, operation: Operation, customer_id: str, context: Context
    ) -> None:
        """Somebody has joined on a line: what waits for it is theirs. What others may want, too, is locked first."""
        waiting = await transfers.waiting_for(connection, context.msisdn)
        mine = [each for each in waiting if await self._claimed(connection, each, customer_id, context.now)]
        await self._books.locked_for(connection, [_claim(each, customer_id) for each in mine])
        for transfer in mine:
            await self._given(connection, transfer, customer_id, context.now)

    async def claim(self, connection: AsyncConnection, transfer: Transfer, customer_id: str, now: int) -> bool:
        """Give it to a customer and tell both; False when somebody was faster."""
        if not await self._claimed(connection, transfer, customer_id, now):
            return False
        await self._given(connection, transfer, customer_id, now)
        return True

    async def give_back(
        self, connection: AsyncConnection, transfer: Transfer, state: str, template: str, now: int
    ) -> bool:
        """Sum and fee to the sender again, said with `template`; False when somebody was faster."""
        if not await self._ended(connection, transfer, state, now):
            return False
        lines = (
            Line(chart.UNCLAIMED, transfer.total_cents),
            Line(chart.wallet(transfer.sender_id), -transfer.total_cents),
        )
        await self._books.post(connection, Entry(transfer.id, state, "Came back", lines), now)
        await usage.given_back(connection, transfer.id)
        wallet = await self._books.balance(connection, chart.wallet(transfer.sender_id))
        values = {
            "reference": transfer.reference,
            "phone": "0" + transfer.msisdn[4:],
            "amount": say.ksh(transfer.amount_cents),
            "at": say.clock(now),
            "fee": say.ksh(0),
            "wallet": say.ksh(wallet.available_cents),
        }
        await self._tell(connection, transfer, transfer.sender_id, template, values)
        return True

    async def _claimed(self, connection: AsyncConnection, transfer: Transfer, customer_id: str, now: int) -> bool:
        return await self._ended(connection, transfer, "claimed", now, claimed_by=customer_id)

    async def _given(self, connection: AsyncConnection, transfer: Transfer, customer_id: str, now: int) -> None:
        await self._books.post(connection, _claim(transfer, customer_id), now)
        await self._tell_claimed(connection, transfer, customer_id, now)

    async def _ended(
        self, connection: AsyncConnection, transfer: Transfer, state: str, now: int, *, claimed_by: str | None = None
    ) -> bool:
        """What waits for the end is woken first: it locks its own row before the transfer's, and so does everybody."""
        await queue.wake(connection, return_of(transfer.id), now)
        return await transfers.ended(connection, transfer, state, now, claimed_by=claimed_by)

    async def _tell_claimed(self, connection: AsyncConnection, transfer: Transfer, customer_id: str, now: int) -> None:
        sender = await customers.get(connection, transfer.sender_id)
        receiver = await customers.get(connection, customer_id)
        wallet = await self._books.balance(connection, chart.wallet(customer_id))
        about = {
            "reference": transfer.reference,
            "amount": say.ksh(transfer.amount_cents),
            "at": say.clock(now),
        }
        got = {
            **about,
            "person": say.short(sender.name),
            "phone": "0" + sender.msisdn[4:],
            "wallet": say.ksh(wallet.available_cents),
        }
        taken = {**about, "person": say.short(receiver.name), "phone": "0" + transfer.msisdn[4:]}
        await self._tell(connection, transfer, customer_id, "send.received", got)
        await self._tell(connection, transfer, sender.id, "send.claimed", taken)

    async def _tell(
        self,
        connection: AsyncConnection,
        transfer: Transfer,
        customer_id: str,
        template: str,
        values: Mapping[str, Any],
    ) -> None:
        customer = await customers.get(connection, customer_id)
        cause = f"{transfer.id}:{template}:{customer_id}"
        await self._outbox.tell(connection, cause, customer_id, customer.msisdn, template, values)


def _claim(transfer: Transfer, customer_id: str) -> Entry:
    lines = [Line(chart.UNCLAIMED, transfer.total_cents), Line(chart.wallet(customer_id), -transfer.amount_cents)]
    if transfer.fee_cents:
        lines.append(Line(chart.INCOME_FEES, -transfer.fee_cents))
    return Entry(transfer.id, "claimed", "Received", tuple(lines))
