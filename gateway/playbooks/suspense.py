"""`suspense.assign` and `suspense.refund`: money that nobody knew the owner of goes to them, once two people agree.

    POST /api/mpesa/suspense/UA12BC34DE/assign  {"to": "loan", "loan": "LN7K2QD", "by": "jane", "why": "they called"}
    POST /api/mpesa/suspense/UA12BC34DE/confirm {"by": "omar", "why": "seen their SMS of M-PESA"}

A payment is taken by one assignment at a time. What is refused, by people or by the rail, waits in suspense again.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation, reference
from gateway.accounts.audit import Deed
from gateway.approvals import decisions
from gateway.approvals.seconding import proposed, question_of, seconded
from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.books.ledger import Books
from gateway.errors import Rejected
from gateway.lending.portfolio import RUNNING_STATES, Portfolio
from gateway.lending.standings import LoanRecord
from gateway.notices import values as say
from gateway.operations.outbox import Outbox
from gateway.operations.outcome import Done, Outcome, Refused
from gateway.operations.playbook import Local, Playbook, Work
from gateway.playbooks.received import Meant, Received
from gateway.playbooks.repaying import Money
from gateway.playbooks.telling import Teller
from gateway.playbooks.twice import QUESTION, BookedTwice
from gateway.rails.matching import agrees
from gateway.rails.requests import Wanted
from gateway.rails.steps import DisburseStep
from gateway.store import customers
from gateway.suspense import held as kept
from gateway.suspense.held import Held

ASSIGN, REFUND = "suspense.assign", "suspense.refund"
PREFIX = "SA"
SHILLING = 100

To = Literal["loan", "wallet", "refund", "same"]

log = structlog.get_logger("suspense")


@dataclass(frozen=True, slots=True)
class Assignment:
    """Where a payment shall go: `target` is a loan's number, or a phone; of a refund, empty for whoever paid. `same` is
    nowhere: its money is booked already, without its receipt or under one that was typed wrongly."""

    to: To
    target: str


def wanted(rail: str) -> Callable[[Work], Wanted]:
    """What to ask of `rail`: the sum back, to the phone that the intent names."""
    return lambda work: Wanted(rail, "b2c", work.intent["phone"], work.intent["amount_cents"])


class Suspense:
    """What people decide about held payments, and the steps that follow. A second person has `answer_ms` to agree."""

    def __init__(
        self, books: Books, portfolio: Portfolio, received: Received, teller: Teller, outbox: Outbox,
        twice: BookedTwice, *, answer_ms: int, language: str,
    ) -> None:  # fmt: skip
        """`language` is what a payer is told in whose language we do not know."""
        self._books = books
        self._portfolio = portfolio
        self._received = received
        self._teller = teller
        self._outbox = outbox
        self._twice = twice
        self._answer_ms = answer_ms
        self._language = language

    def assigning(self) -> Playbook:
        return Playbook(
            kind=ASSIGN,
            steps=(Local("decision", decisions.decision), Local("post", self.post)),
            lane=_lane,
            refused=Local("release", self.release),
        )

    def refunding(self, disburse: DisburseStep) -> Playbook:
        steps = (
            Local("decision", decisions.decision), Local("reserve", self.reserve), disburse, Local("post", self.paid),
        )  # fmt: skip
        return Playbook(kind=REFUND, steps=steps, lane=_lane, refused=Local("release", self.release))

    async def propose(self, connection: AsyncConnection, receipt: str, wish: Assignment, deed: Deed) -> str:
        """Take the payment for this assignment and put it to a second person; the reference of the operation. What is
        the `same` as another booking is found in a wallet, too.

        Raises Rejected when there is no such payment, somebody has it already, or it cannot go there.
        """
        held = await kept.by_receipt(connection, receipt, lock=True)
        if wish.to == "same" and (held is None or held.state == "assigned"):
            return await self._twice.propose(connection, receipt, deed)
        if held is None:
            raise Rejected("no payment with this receipt is in suspense", "unknown")
        identity = str(uuid.uuid4())
        intent = {
            "receipt": held.receipt, "held": held.operation_id, "amount_cents": held.amount_cents, "at": held.at,
            "payer": held.phone, "to": wish.to, "by": deed.by, "why": deed.reason,
            **await self._target(connection, held, wish),
        }  # fmt: skip
        if not await kept.taken(connection, held, identity, deed.now):
            raise Rejected(f"this payment is {held.state}", "taken")
        kind = REFUND if wish.to == "refund" else ASSIGN
        operation = Operation(identity, kind, reference(PREFIX, identity), intent.get("customer", ""), intent)
        await self._outbox.put(connection, operation, is_ours=True)
        shown = {name: intent[name] for name in ("receipt", "to", "target", "by", "why")}
        return await proposed(
            connection, identity, QUESTION, shown, deed, cents=held.amount_cents, until=deed.now + self._answer_ms
        )

    async def decided(self, connection: AsyncConnection, receipt: str, deed: Deed, *, is_yes: bool) -> str:
        """A second person's word; the reference of the operation. Raises Rejected when it is not theirs to say."""
        held = await kept.by_receipt(connection, receipt)
        assignment_id = await self._twice.proposed(connection, receipt) or (held.assignment_id if held else None)
        if assignment_id is None:
            raise Rejected("nobody has said yet where this payment shall go", "unknown")
        row = await seconded(connection, question_of(assignment_id, QUESTION), deed, is_yes=is_yes)
        return str(row.reference)

    async def post(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Two people agree: to the loan or the wallet, as if it had named it, and its owner is told."""
        intent = work.intent
        if intent["to"] == "same":
            return await self._joined(connection, work, now)
        await kept.by_receipt(connection, intent["receipt"], lock=True)
        meant = await self._meant(connection, intent)
        if not await self._received.is_taken(connection, meant):
            return Refused("closed", "the account was closed while people decided")
        if not await kept.settled(connection, intent["held"], work.id, "assigned", now):
            return Refused("gone", "the payment is not in suspense any more")
        money = Money(intent["amount_cents"], chart.SUSPENSE, intent["receipt"], intent["at"])
        done = await self._received.credited(connection, work, money, meant, now)
        await self._tell_payer(connection, work, "paybill.assigned", {}, unless=meant.customer_id)
        return done

    async def _joined(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Two people agree that it came once: it leaves the books once, and what is booked has its receipt."""
        if refused := await self._twice.parted(connection, work):
            return refused
        if not await kept.settled(connection, work.intent["held"], work.id, "assigned", now):
            return Refused("gone", "the payment is not in suspense any more")
        await self._twice.join(connection, work, chart.SUSPENSE, now)
        return Done()

    async def reserve(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Two people agree: set the money aside before anything is sent."""
        await self._books.hold(connection, self._back(work, "reserve"), now)
        return Done()

    async def paid(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """The money is back with whoever paid: book it, and say so."""
        if await self._books.is_held(connection, work.id, "reserve"):
            await self._books.post_held(connection, work.id, "reserve", "paid", now)
            await kept.settled(connection, work.intent["held"], work.id, "refunded", now)
        else:  # given up before the rail said that it had paid after all; the case that it has opened says so
            await self._books.post(connection, self._back(work, "paid"), now)
            await kept.gone(connection, work.intent["held"], work.id, now)
        sent = work.data["receipt"] or "-"
        values = {"amount": say.ksh(work.intent["amount_cents"]), "receipt": work.intent["receipt"], "sent": sent}
        await self._teller.tell_phone(
            connection, work, work.intent["phone"], "paybill.refunded", values, language=self._language
        )
        return Done()

    async def release(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Declined, too late, refused by the rail: the payment waits in suspense as before."""
        if await self._books.is_held(connection, work.id, "reserve"):
            await self._books.void_held(connection, work.id, "reserve", "release", now)
        await kept.released(connection, work.intent["held"], work.id, now)
        return Done()

    async def slow(self, connection: AsyncConnection, work: Work, now: int) -> None:
        """The desk sees where it stands; whoever paid was promised nothing yet."""
        log.warning("refund_slow", operation=work.reference)

    async def _target(self, connection: AsyncConnection, held: Held, wish: Assignment) -> Mapping[str, Any]:
        """What the intent says of where it goes. Raises Rejected."""
        if wish.to == "refund":
            return _refund(held, wish.target)
        if wish.to == "same":
            return await self._twice.of_held(connection, held)
        if wish.to == "loan":
            loan = await self._portfolio.by_reference(connection, wish.target)
            if loan is None:
                raise Rejected("loan: no loan has this number", "no-such-loan")
            _demand_ours(loan)
            return {"target": loan.reference, "loan": loan.reference, "customer": loan.customer_id}
        customer = await customers.on_line(connection, wish.target)
        if customer is None or customer.state != "active":
            raise Rejected("phone: nobody has an open wallet on this number", "no-such-customer")
        return {"target": customer.msisdn, "customer": customer.id}

    async def _meant(self, connection: AsyncConnection, intent: Mapping[str, Any]) -> Meant:
        """A loan that was repaid while people decided is its owner's wallet, as for a payment that names it."""
        loan = await self._portfolio.by_reference(connection, intent.get("loan", ""))
        return Meant(loan if loan is not None and loan.state in RUNNING_STATES else None, intent["customer"])

    async def _tell_payer(
        self, connection: AsyncConnection, work: Work, template: str, values: Mapping[str, Any], *, unless: str | None
    ) -> None:
        """Whoever paid, where the rail names them and they are not told as the owner."""
        payer = work.intent["payer"]
        on_line = await customers.on_line(connection, payer) if payer else None
        if not payer or (on_line is not None and on_line.id == unless):
            return
        told = {"amount": say.ksh(work.intent["amount_cents"]), "receipt": work.intent["receipt"], **values}
        await self._teller.tell_phone(connection, work, payer, template, told, language=self._language)

    def _back(self, work: Work, step: str) -> Entry:
        cents = work.intent["amount_cents"]
        lines = (Line(chart.SUSPENSE, cents), Line(chart.PAYOUT, -cents))
        return Entry(work.id, step, f"Refund of {work.intent['receipt']}", lines)


def _refund(held: Held, phone: str) -> Mapping[str, Any]:
    """Back to whoever paid; people name a phone only where the rail hides that, and it must fit what is shown."""
    if held.phone and phone not in {"", held.phone}:
        raise Rejected("phone: it goes back to the phone that paid, and no other", "other-phone")
    back_to = held.phone or phone
    if not back_to:
        raise Rejected("phone: M-PESA hides who paid, so say where it goes", "no-phone")
    if not agrees(held.payer, back_to):
        raise Rejected("phone: M-PESA shows that another phone has paid", "other-phone")
    if held.amount_cents % SHILLING:
        raise Rejected("amount: M-PESA pays out whole shillings only", "cents")
    return {"target": back_to, "phone": back_to}


def _demand_ours(loan: LoanRecord) -> None:
    if loan.state not in (*RUNNING_STATES, "closed"):
        raise Rejected(f"loan: it is {loan.state}", "state")


def _lane(_: str, intent: Mapping[str, Any]) -> str:
    return f"suspense:{intent['receipt']}"
