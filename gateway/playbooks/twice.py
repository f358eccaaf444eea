"""`payment.join`: a payment that is in our books twice leaves them once, and what stays has its receipt.

    POST /api/mpesa/suspense/UA12BC34DE/assign  {"to": "same", "by": "jane", "why": "booked twice, case CS6R2KD"}
    POST /api/mpesa/suspense/UA12BC34DE/confirm {"by": "omar", "why": "their statement has it once"}

It was booked as what we had asked for, on somebody's word without a receipt, and for itself, as its confirmation named
it. The second booking is taken from where it is: from suspense, or from the wallet that has it. What a loan has taken
is taken back from the loan first, and waits in suspense then.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation, reference
from gateway.accounts.audit import Deed
from gateway.approvals import decisions, seconding
from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.books.errors import Overdraft
from gateway.books.ledger import Books
from gateway.desk import cases
from gateway.errors import Rejected
from gateway.notices import values as say
from gateway.operations import queue
from gateway.operations.outbox import Outbox
from gateway.operations.outcome import Done, Outcome, Refused
from gateway.operations.playbook import Local, Playbook, Work
from gateway.playbooks.reversing import exclusive
from gateway.playbooks.telling import Teller
from gateway.rails import requests
from gateway.rails.callbacks import BOOKED_TWICE, PAID_AGAIN, case_id
from gateway.rails.requests import RailRequest
from gateway.store import payments
from gateway.suspense import held as kept
from gateway.suspense.held import Held

KIND = "payment.join"
PREFIX = "PJ"
QUESTION = "suspense"
"""The kind of the question that is put to the desk: the same people answer it as those about suspense."""
WALLET = "wallet:"
SHORT = "the wallet does not have it any more"


class BookedTwice:
    """What people decide about a second booking, and what follows. A second person has `answer_ms` to agree."""

    def __init__(self, books: Books, teller: Teller, outbox: Outbox, *, shortcode: str, answer_ms: int) -> None:
        self._books = books
        self._teller = teller
        self._outbox = outbox
        self._shortcode = shortcode
        self._answer_ms = answer_ms

    def playbook(self) -> Playbook:
        """Of one that is in a wallet. There is no way back to go: nothing is taken before both have agreed."""
        steps = (Local("decision", decisions.decision), Local("post", self.post))
        return Playbook(kind=KIND, steps=steps, lane=lambda _, intent: exclusive(intent["receipt"]))

    async def propose(self, connection: AsyncConnection, receipt: str, deed: Deed) -> str:
        """Put one that is in a wallet to a second person; the reference. Raises Rejected when it is in none, the wallet
        does not have it any more, it is booked once, or somebody is giving it back."""
        paid, source = await self._in_wallet(connection, receipt)
        booked = await self.booked(connection, receipt, paid.amount_cents)
        if await requests.is_done_in(connection, exclusive(receipt)):
            raise Rejected("same: this payment was given back", "reversed")
        if (await self._books.balance(connection, source)).available_cents < paid.amount_cents:
            raise Rejected(f"same: {SHORT}", "short")
        identity = str(uuid.uuid4())
        intent = {
            **booked, "receipt": receipt, "amount_cents": paid.amount_cents, "source": source, "to": "same",
            "by": deed.by, "why": deed.reason,
        }  # fmt: skip
        owner = source.removeprefix(WALLET)
        operation = Operation(identity, KIND, reference(PREFIX, identity), owner, intent, exclusive(receipt))
        await self._outbox.put(connection, operation, is_ours=True)
        shown = {name: intent[name] for name in ("receipt", "to", "target", "by", "why")}
        return await seconding.proposed(
            connection, identity, QUESTION, shown, deed, cents=paid.amount_cents, until=deed.now + self._answer_ms
        )

    async def proposed(self, connection: AsyncConnection, receipt: str) -> str | None:
        """The operation in which a second person has to say something of a payment in a wallet."""
        row = await queue.holder(connection, exclusive(receipt))
        return row.id if row is not None and row.kind == KIND else None

    async def post(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Two people agree: it leaves the wallet, as long as that has it, and the owner is told."""
        intent = work.intent
        if refused := await self.parted(connection, work):
            return refused
        try:
            async with connection.begin_nested():
                await self.join(connection, work, intent["source"], now)
        except Overdraft:
            return Refused("short", SHORT)
        wallet = await self._books.balance(connection, intent["source"])
        values = {"amount": say.ksh(intent["amount_cents"]), "receipt": intent["receipt"]}
        await self._teller.tell(
            connection, work, "paybill.joined", {**values, "wallet": say.ksh(wallet.available_cents)}
        )
        return Done()

    async def parted(self, connection: AsyncConnection, work: Work) -> Refused | None:
        """Why it is not one payment after all: the rail has proved it while people decided. The other booking and its
        request are locked."""
        request = await requests.of_operation(connection, work.intent["booked"], lock=True)
        await queue.find(connection, work.intent["booked"], lock=True)
        if request is None or not _may_be(request, work.intent["receipt"]):
            return Refused("proven", "the rail has named the receipt that was typed: there are two payments")
        return None

    async def join(self, connection: AsyncConnection, work: Work, source: str, now: int) -> None:
        """It leaves our books once, out of `source`, and the booking that stays has the receipt. Raises Overdraft."""
        intent = work.intent
        request = await requests.of_operation(connection, intent["booked"])
        assert request is not None
        await requests.noted(connection, request.id, receipt=intent["receipt"], settled_by=QUESTION)
        await payments.joined(connection, intent["booked"], intent["receipt"])
        lines = (Line(source, intent["amount_cents"]), Line(chart.COLLECTION, -intent["amount_cents"]))
        memo = f"{intent['receipt']} is booked as {intent['target']}"
        await self._books.post(connection, Entry(work.id, "post", memo, lines), now)
        await queue.unpark(connection, intent["booked"], now)  # its own booking may have found the receipt taken
        text = f"{work.reference}: it left the books once"
        for topic in (BOOKED_TWICE, PAID_AGAIN):
            await cases.settled(connection, case_id(f"{request.id}:{intent['receipt']}", topic), text, now)

    async def of_held(self, connection: AsyncConnection, held: Held) -> Mapping[str, Any]:
        """What one in suspense is booked as: see `booked`. Its own booking may know what it was in doubt about."""
        doubt = (await queue.find(connection, held.operation_id)).intent.get("doubt", "")
        return await self.booked(connection, held.receipt, held.amount_cents, doubt)

    async def booked(self, connection: AsyncConnection, receipt: str, cents: int, doubt: str = "") -> Mapping[str, Any]:
        """What its money is booked as: a prompt that people settled and it may be, or one of which the rail has said
        since that this is its receipt, whatever sum was told with it before. Raises Rejected where it cannot be that:
        nothing says so, or the sum differs."""
        named = await queue.named(connection, doubt)
        same = named.id if named is not None else await requests.with_receipt(connection, receipt)
        request = await requests.of_operation(connection, same) if same is not None else None
        if request is None or not _may_be(request, receipt):
            raise Rejected("same: nothing is booked under another receipt that it may be", "not-booked")
        if request.receipt != receipt and request.paid_cents != cents:
            raise Rejected("same: what is booked is another sum", "not-booked")
        return {"target": request.account_reference, "booked": request.operation_id}

    async def _in_wallet(self, connection: AsyncConnection, receipt: str) -> tuple[Row[Any], str]:
        """A payment that came by itself, and the wallet it was booked to, also by way of suspense."""
        paid = await payments.by_receipt(connection, self._shortcode, receipt)
        row = await queue.with_id(connection, paid.operation_id) if paid is not None else None
        if paid is None or row is None or row.kind != payments.RECEIVED:
            raise Rejected("no payment with this receipt has come by itself", "unknown")
        held = await kept.by_receipt(connection, receipt)
        if held is not None and held.state == "assigned" and held.assignment_id is not None:
            row = await queue.find(connection, held.assignment_id)
        source = row.data.get("account", "")
        if not source.startswith(WALLET):
            raise Rejected("same: a loan has taken this payment; take it back from the loan first", "booked")
        return paid, source


def _may_be(request: RailRequest, receipt: str) -> bool:
    """Whether what a request has brought may have this receipt: it has it, or people have typed another one."""
    return request.is_vouched or request.receipt == receipt
