"""`mpesa.pay`: a customer's wallet paid out to their own line by the desk, once a second person agrees.

    POST /api/mpesa/b2c/pay             {"phone": "0711000001", "amount": "500.00", "by": "jane", "why": "phone broken"}
    POST /api/mpesa/b2c/MP7K2QD/confirm {"by": "omar", "why": "saw their card"}

From the second word on it is a withdrawal like any other: limits, safety, guards, the rail, the books.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation, reference
from gateway.accounts import audit
from gateway.accounts.audit import Deed
from gateway.approvals import decisions
from gateway.approvals.seconding import question_of, seconded
from gateway.books import accounts as chart
from gateway.books.ledger import Books
from gateway.errors import Rejected
from gateway.operations import queue
from gateway.operations.outbox import Outbox
from gateway.operations.outcome import Done, Outcome
from gateway.operations.playbook import Local, Playbook, Work
from gateway.playbooks.withdraw import Withdrawals
from gateway.rails.steps import DisburseStep
from gateway.store.customers import Customer

KIND = "mpesa.pay"
PREFIX = "MP"
QUESTION = "pay"
"""The kind of the question that is put to the desk, and of its line in the record of what staff did."""
UNDECIDED = frozenset({"declined", "expired"})
"""Refused by people or by time: the customer never heard of it."""


class Paying:
    """A second person has `answer_ms` to agree."""

    def __init__(self, withdrawals: Withdrawals, books: Books, outbox: Outbox, *, answer_ms: int) -> None:
        self._withdrawals = withdrawals
        self._books = books
        self._outbox = outbox
        self._answer_ms = answer_ms

    def playbook(self, disburse: DisburseStep) -> Playbook:
        steps = (
            Local("decision", decisions.decision),
            Local("reserve", self._withdrawals.reserve),
            disburse,
            Local("post", self._withdrawals.post),
        )
        return Playbook(
            kind=KIND,
            steps=steps,
            lane=lambda _, intent: f"pay:{intent['key']}",
            refused=Local("release", self.release),
        )

    async def propose(
        self, connection: AsyncConnection, identity: str, customer: Customer, cents: int, deed: Deed
    ) -> None:
        """Put it to a second person; once, whoever else asks at the same moment. Raises Rejected when the wallet could
        not pay it now."""
        if customer.state != "active":
            raise Rejected("phone: this customer's wallet is not open", "wallet-not-open")
        wallet = await self._books.balance(connection, chart.wallet(customer.id))
        if wallet.available_cents < cents:
            raise Rejected("amount: more than is in the wallet", "insufficient-funds")
        intent = wish(identity, cents, deed)
        operation = Operation(identity, KIND, reference(PREFIX, identity), customer.id, intent)
        if not await self._outbox.put(connection, operation, is_ours=True):
            return
        row = await queue.find(connection, identity)
        shown = {"by": deed.by, "why": deed.reason, "phone": customer.msisdn}
        ask = decisions.Ask(
            question_of(identity, QUESTION), QUESTION, QUESTION, cents, deed.now + self._answer_ms, shown
        )
        await decisions.asked_at_once(connection, row, ask, deed.now)
        noted = {"reference": row.reference, "amount_cents": cents}
        await audit.noted(connection, replace(deed, operation_id=identity), QUESTION, customer.id, noted)

    async def decided(self, connection: AsyncConnection, operation_id: str, deed: Deed, *, is_yes: bool) -> None:
        """A second person's word. Raises Rejected when it is not theirs to say, or was said."""
        await seconded(connection, question_of(operation_id, QUESTION), deed, is_yes=is_yes)

    async def release(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """As of a withdrawal, where the customer's money was touched at all."""
        if work.data["refusal"] in UNDECIDED:
            return Done()
        return await self._withdrawals.release(connection, work, now)


def wish(identity: str, cents: int, deed: Deed) -> Mapping[str, Any]:
    """The intent: what a repeated request is compared with."""
    return {"amount_cents": cents, "fee_cents": 0, "by": deed.by, "why": deed.reason, "key": identity}
