"""A payment that waits in suspense under the very receipt that a prompt was paid with: one payment, booked once.

Its confirmation came first, and named no prompt, or another sum. Both sides are the rail's own word, and the rail gives
a receipt once; so nobody needs to decide. What people have in hand, or have given away, is theirs to put right.
"""

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.books.ledger import Books
from gateway.desk import cases
from gateway.operations.playbook import Work
from gateway.playbooks.repaying import Money
from gateway.rails import requests
from gateway.rails.callbacks import unclear_case
from gateway.rails.requests import RailRequest
from gateway.store import payments
from gateway.suspense import held as kept
from gateway.suspense.held import Held

STEP = "same"
"""Of the journal that takes back what was counted twice, or told wrongly."""


class Joining:
    """Runs in the unit of work that books the prompt, or hears its receipt. `shortcode` is where both came."""

    def __init__(self, books: Books, *, shortcode: str) -> None:
        self._books = books
        self._shortcode = shortcode

    async def taken(self, connection: AsyncConnection, work: Work, money: Money, now: int) -> Money | None:
        """The money of a prompt that is not booked yet, out of suspense: the sum that the prompt asked for, whatever
        its confirmation told. None where it does not lie there untouched, or where only people say that it is this."""
        request = await requests.of_operation(connection, work.id)
        if request is None or request.is_vouched or money.receipt is None or request.receipt != money.receipt:
            return None
        held = await self._held(connection, work.id, money.receipt, money.cents, now)
        if held is None:
            return None
        await payments.taken_over(connection, self._shortcode, money.receipt, work.id, money.cents)
        if held.amount_cents != money.cents:
            too_much = held.amount_cents - money.cents
            await self._back(connection, work.id, f"{money.receipt} was told with another sum", too_much, now)
        return Money(money.cents, chart.SUSPENSE, money.receipt, money.at)

    async def undone(self, connection: AsyncConnection, request: RailRequest, receipt: str, now: int) -> bool:
        """A prompt that was booked without a receipt has this one: what was put into suspense under it came once.
        False where it does not lie there untouched."""
        operation_id = request.operation_id
        held = await self._held(connection, operation_id, receipt, request.paid_cents, now)
        if held is None:
            return False
        await payments.joined(connection, operation_id, receipt)
        memo = f"{receipt} is booked as {request.account_reference}"
        await self._back(connection, operation_id, memo, held.amount_cents, now)
        return True

    async def _held(
        self, connection: AsyncConnection, operation_id: str, receipt: str, cents: int, now: int
    ) -> Held | None:
        """What lay in suspense until now."""
        held = await kept.by_receipt(connection, receipt, lock=True)
        if held is None or held.shortcode != self._shortcode:
            return None
        if not await kept.joined(connection, held.operation_id, operation_id, cents, now):
            return None
        case, said = unclear_case(self._shortcode, receipt), "it is what a prompt was paid with"
        await cases.settled(connection, case, said, now)
        return held

    async def _back(self, connection: AsyncConnection, operation_id: str, memo: str, cents: int, now: int) -> None:
        lines = (Line(chart.SUSPENSE, cents), Line(chart.COLLECTION, -cents))
        await self._books.post(connection, Entry(operation_id, STEP, memo, lines), now)
