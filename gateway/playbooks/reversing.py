"""`mpesa.reverse`: a payment to the paybill goes back whence it came, once two people agree and M-PESA proves it.

    POST /api/mpesa/reversal             {"receipt": "UA12BC34DE", "by": "jane", "why": "paid twice, case CS6R2KD"}
    POST /api/mpesa/reversal/RV7K2QD/confirm {"by": "omar", "why": "seen both SMS"}

The money is set aside first, where it is now: in suspense, or in a wallet. What a loan has taken is taken back from the
loan first. It is booked on M-PESA's result alone; that a payment was reversed before is no proof that this did it.
"""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation, reference
from gateway.accounts.audit import Deed
from gateway.approvals import decisions
from gateway.approvals.seconding import proposed, question_of, seconded
from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.books.errors import Overdraft
from gateway.books.ledger import Books
from gateway.errors import Rejected
from gateway.notices import values as say
from gateway.operations import queue
from gateway.operations.outbox import Outbox
from gateway.operations.outcome import Done, Outcome, Refused
from gateway.operations.playbook import Local, Playbook, RemoteStep, Work
from gateway.owed import debts
from gateway.playbooks.telling import Teller
from gateway.rails import requests
from gateway.rails.requests import Wanted
from gateway.store import payments
from gateway.suspense import held as kept

KIND = "mpesa.reverse"
PREFIX = "RV"
QUESTION = "reversal"
"""The kind of the question that is put to the desk, and of its line in the record of what staff did."""
SHILLING = 100

log = structlog.get_logger("reversal")


def wanted(rail: str) -> Callable[[Work], Wanted]:
    """What to ask of `rail`: to give back what the intent names."""
    return lambda work: Wanted(rail, "reversal", work.intent["payer"], work.intent["amount_cents"])


class Reversing:
    """What people decide and the local steps. A second person has `answer_ms` to agree."""

    def __init__(
        self, books: Books, teller: Teller, outbox: Outbox, *, shortcode: str, answer_ms: int, language: str
    ) -> None:
        """`language` is what a payer is told in whose language we do not know."""
        self._books = books
        self._teller = teller
        self._outbox = outbox
        self._shortcode = shortcode
        self._answer_ms = answer_ms
        self._language = language

    def playbook(self, reverse: RemoteStep) -> Playbook:
        steps = (
            Local("decision", decisions.decision), Local("reserve", self.reserve), reverse, Local("post", self.post),
        )  # fmt: skip
        return Playbook(kind=KIND, steps=steps, lane=lane, refused=Local("release", self.release))

    async def propose(self, connection: AsyncConnection, receipt: str, deed: Deed) -> str:
        """Put it to a second person; the reference. Raises Rejected when the payment cannot be given back."""
        identity = str(uuid.uuid4())
        intent = {**await self._whence(connection, receipt), "receipt": receipt, "by": deed.by, "why": deed.reason}
        if intent["amount_cents"] % SHILLING:
            raise Rejected("receipt: M-PESA moves whole shillings only", "cents")
        if await queue.is_exclusive(connection, exclusive(receipt)):
            raise Rejected("receipt: somebody has asked for this already", "taken")
        if await requests.is_done_in(connection, exclusive(receipt)):
            raise Rejected("receipt: this payment was reversed", "reversed")
        if intent["held"]:
            held = await kept.by_receipt(connection, receipt, lock=True)
            if held is None or not await kept.taken(connection, held, identity, deed.now):
                raise Rejected("receipt: somebody has assigned this payment", "taken")
        operation = Operation(
            identity, KIND, reference(PREFIX, identity), intent["customer"], intent, exclusive(receipt)
        )  # fmt: skip
        await self._outbox.put(connection, operation, is_ours=True)
        target = intent["payer"] or "the phone that paid"
        shown = {"receipt": receipt, "to": "reversal", "target": target, "by": deed.by, "why": deed.reason}
        return await proposed(
            connection, identity, QUESTION, shown, deed, cents=intent["amount_cents"],
            until=deed.now + self._answer_ms,
        )  # fmt: skip

    async def decided(self, connection: AsyncConnection, operation_id: str, deed: Deed, *, is_yes: bool) -> None:
        """A second person's word. Raises Rejected when it is not theirs to say, or was said."""
        await seconded(connection, question_of(operation_id, QUESTION), deed, is_yes=is_yes)

    async def reserve(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Set the money aside where it is now."""
        cents, source = work.intent["amount_cents"], work.intent["source"]
        try:
            async with connection.begin_nested():
                await self._books.hold(connection, self._entry(work, "reserve", (Line(source, cents),)), now)
        except Overdraft:
            return Refused("short", "the wallet does not have it any more")
        return Done()

    async def post(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """M-PESA has proved it: book it, and tell whoever had it and whoever has it now."""
        owed_cents = 0
        if await self._books.is_held(connection, work.id, "reserve"):
            await self._books.post_held(connection, work.id, "reserve", "reversed", now)
        else:  # given up before M-PESA said that it had done it after all
            owed_cents = await self._after_all(connection, work, now)
        if work.intent["held"] and not await kept.settled(connection, work.intent["held"], work.id, "refunded", now):
            await kept.gone(connection, work.intent["held"], work.id, now)
        await self._tell(connection, work, owed_cents)
        return Done()

    async def release(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Declined, too late, refused: the money is where it was."""
        if await self._books.is_held(connection, work.id, "reserve"):
            await self._books.void_held(connection, work.id, "reserve", "release", now)
        if work.intent["held"]:
            await kept.released(connection, work.intent["held"], work.id, now)
        return Done()

    async def slow(self, connection: AsyncConnection, work: Work, now: int) -> None:
        """The desk sees where it stands; nobody outside was promised anything."""
        log.warning("reversal_slow", operation=work.reference)

    async def _whence(self, connection: AsyncConnection, receipt: str) -> Mapping[str, Any]:
        """Where the money of a payment is by our books. Raises Rejected."""
        paid = await payments.by_receipt(connection, self._shortcode, receipt)
        if paid is None or paid.operation_id is None:
            raise Rejected("receipt: no payment has it", "unknown")
        row = await queue.find(connection, paid.operation_id)
        found = {"amount_cents": paid.amount_cents, "payer": row.intent.get("payer", ""), "held": "", "customer": ""}
        account = row.data.get("account", "")
        if row.kind == "wallet.deposit" and row.state == "done":
            account = chart.wallet(row.customer_id)
        held = await kept.by_receipt(connection, receipt)
        if held is not None and held.state == "held":
            payer = found["payer"] or held.phone
            return {**found, "payer": payer, "source": chart.SUSPENSE, "held": held.operation_id}
        if account == chart.SUSPENSE or (held is not None and held.state == "asked"):
            raise Rejected("receipt: somebody has assigned this payment", "taken")
        if account.startswith("wallet:"):
            return {**found, "source": account, "customer": account.removeprefix("wallet:")}
        raise Rejected("receipt: a loan has taken this payment; take it back from the loan first", "booked")

    async def _after_all(self, connection: AsyncConnection, work: Work, now: int) -> int:
        """From the wallet what it has; the rest is owed to the house and on somebody's desk. How much that is."""
        cents, source, customer = work.intent["amount_cents"], work.intent["source"], work.intent["customer"]
        if not customer:
            await self._books.post(connection, self._entry(work, "reversed", (Line(source, cents),)), now)
            return 0
        covered = min(cents, max(0, (await self._books.balance(connection, source)).available_cents))
        try:
            async with connection.begin_nested():
                await self._book(connection, work, covered, now)
        except Overdraft:  # it was spent in this very moment
            covered = 0
            await self._book(connection, work, covered, now)
        if cents - covered:
            evidence = {"receipt": work.intent["receipt"]}
            await debts.arose(connection, work, customer, cents - covered, evidence, now)
        return int(cents - covered)

    async def _book(self, connection: AsyncConnection, work: Work, covered_cents: int, now: int) -> None:
        cents, customer = work.intent["amount_cents"], work.intent["customer"]
        lines = (Line(work.intent["source"], covered_cents), Line(chart.receivable(customer), cents - covered_cents))
        booked = tuple(line for line in lines if line.amount_cents)
        await self._books.post(connection, self._entry(work, "reversed", booked), now)

    async def _tell(self, connection: AsyncConnection, work: Work, owed_cents: int) -> None:
        intent = work.intent
        values = {"amount": say.ksh(intent["amount_cents"]), "receipt": intent["receipt"]}
        if owed_cents:
            told = {**values, "owed": say.ksh(owed_cents)}
            await self._teller.tell_other(connection, work, intent["customer"], "owed.reversed", told)
        elif intent["customer"]:
            wallet = await self._books.balance(connection, intent["source"])
            told = {**values, "wallet": say.ksh(wallet.available_cents)}
            await self._teller.tell_other(connection, work, intent["customer"], "paybill.reversed", told)
        elif intent["payer"]:
            told = {**values, "sent": work.data["receipt"] or "-"}
            await self._teller.tell_phone(
                connection, work, intent["payer"], "paybill.refunded", told, language=self._language
            )

    def _entry(self, work: Work, step: str, lines: tuple[Line, ...]) -> Entry:
        back = Line(chart.COLLECTION, -work.intent["amount_cents"])
        return Entry(work.id, step, f"Reversal of {work.intent['receipt']}", (*lines, back))


def lane(_: str, intent: Mapping[str, Any]) -> str:
    return exclusive(intent["receipt"])


def exclusive(receipt: str) -> str:
    """One payment is taken out of our books by one operation at a time."""
    return f"reverse:{receipt}"
