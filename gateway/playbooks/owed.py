"""`owed.collect`: what a customer owes the house beside any loan, taken from their wallet once two people agree.

    GET  /api/owed
    POST /api/owed/collect               {"phone": "0711000001", "amount": "600.00", "by": "jane", "why": "agreed"}
    POST /api/owed/acts/WO4K7QD/confirm  {"by": "omar"}

Never more than is owed, nor than the wallet has; the customer is told. Nothing is taken by itself.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.books.errors import Overdraft
from gateway.books.ledger import Books
from gateway.notices import values as say
from gateway.operations.outcome import Done, Outcome, Refused
from gateway.operations.playbook import Local, Playbook, Work
from gateway.owed import debts
from gateway.playbooks.telling import Teller
from gateway.store import customers

KIND = "owed.collect"


class Collecting:
    """Its one step. The operator who asked sees a refusal; the customer was promised nothing."""

    def __init__(self, books: Books, teller: Teller) -> None:
        self._books = books
        self._teller = teller

    def playbook(self) -> Playbook:
        return Playbook(KIND, (Local("post", self.post),), _lane)

    async def post(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        customer = await customers.get(connection, work.customer_id, lock=True)
        cents = work.intent["amount_cents"]
        owed = await debts.owed_cents(connection, self._books, customer.id)
        if cents > owed:
            return Refused("paid", "less is owed by now")
        lines = (Line(chart.wallet(customer.id), cents), Line(chart.receivable(customer.id), -cents))
        try:
            async with connection.begin_nested():
                await self._books.post(connection, Entry(work.id, "post", "Owed to us", lines), now)
        except Overdraft:
            return Refused("short", "the wallet has too little")
        if cents == owed:
            await debts.settled(connection, customer.id, f"collected by {work.reference}", now)
        await self._teller.tell(connection, work, "owed.collected", await self._values(connection, work, owed - cents))
        return Done()

    async def _values(self, connection: AsyncConnection, work: Work, left_cents: int) -> Mapping[str, Any]:
        wallet = await self._books.balance(connection, chart.wallet(work.customer_id))
        return {
            "reference": work.reference,
            "amount": say.ksh(work.intent["amount_cents"]),
            "owed": say.ksh(left_cents),
            "wallet": say.ksh(wallet.available_cents),
        }


def _lane(customer_id: str, _intent: Mapping[str, Any]) -> str:
    return f"wallet:{customer_id}"
