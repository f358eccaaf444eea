"""The commands a core is given, one by one: what each needs of our rows, how to see that it was carried out, how to
say it, and what to keep of the answer. See `gateway.ledgers.steps`."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.clock import local_date
from gateway.errors import Rejected
from gateway.ledgers.contract import (
    Booking,
    CoreLoan,
    CoreSavings,
    Cost,
    Key,
    Ledger,
    Movement,
    NewLoan,
    Person,
    Posted,
    Refusals,
)
from gateway.lending.portfolio import Portfolio
from gateway.lending.terms import parse_terms
from gateway.mirror import kept
from gateway.operations.playbook import Work
from gateway.store import customers


@dataclass(frozen=True, slots=True)
class AtCore:
    """What a command about money needs: the core's own id of the loan or account, and the movement."""

    account_id: str
    movement: Movement


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A client to be, since the day they joined: of several loans that wait, a later one may be told first."""

    person: Person
    since: date


class Act:
    """What most acts have in common."""

    name = ""
    looks_first = False

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def settled(self, connection: AsyncConnection, work: Work, posted: str, now: int) -> None:
        """Nothing of ours depends on it; the figures are read afterwards."""


class ClientAct(Act):
    """Whoever the loan or the account belongs to: found by our id or their phone, else made."""

    name = "client"
    looks_first = True

    async def prepared(self, connection: AsyncConnection, work: Work) -> Newcomer | Posted:
        known = await kept.client_of(connection, work.customer_id)
        if known is not None:
            return Posted(known)
        customer = await customers.get(connection, work.customer_id)
        since = local_date(min(customer.created_at, work.created_at))
        return Newcomer(Person(customer.id, customer.msisdn, customer.name), since)

    async def found(self, work: Work, prepared: Newcomer) -> Posted | None:
        client = await self._ledger.find_client(prepared.person)
        return Posted(client.id, is_repeat=True) if client else None

    async def sent(self, work: Work, prepared: Newcomer, key: Key) -> Posted:
        return await self._ledger.create_client(prepared.person, prepared.since, key)

    async def settled(self, connection: AsyncConnection, work: Work, posted: str, now: int) -> None:
        await kept.client_kept(connection, work.customer_id, posted, self._ledger.name, now)


class LoanAct(Act):
    """The application. A loan that the core made itself is tied to ours already."""

    name = "loan"

    def __init__(self, ledger: Ledger, portfolio: Portfolio) -> None:
        super().__init__(ledger)
        self._portfolio = portfolio

    async def prepared(self, connection: AsyncConnection, work: Work) -> NewLoan | Posted:
        mirrored = await kept.loan(connection, work.intent["loan_id"])
        if mirrored is not None:
            return Posted(mirrored.core_id)
        record = await self._portfolio.get(connection, work.intent["loan_id"])
        client_id = await kept.client_of(connection, record.customer_id)
        return NewLoan(record.id, client_id or "", record.product, parse_terms(record.terms))

    async def found(self, work: Work, prepared: NewLoan) -> Posted | None:
        read = await self._ledger.find_loan(prepared.external_id)
        if read is None:
            return None
        if read.principal_cents != prepared.terms.principal_cents or read.status in {"rejected", "withdrawn"}:
            raise Rejected("the core has another loan under our id", "mismatch", status=read.status)
        return Posted(read.id, is_repeat=True)

    async def sent(self, work: Work, prepared: NewLoan, key: Key) -> Posted:
        return await self._ledger.create_loan(prepared, key)

    async def settled(self, connection: AsyncConnection, work: Work, posted: str, now: int) -> None:
        if await kept.loan(connection, work.intent["loan_id"]) is None:
            source, loan_id = self._ledger.name, work.intent["loan_id"]
            await kept.loan_tied(connection, loan_id, work.customer_id, posted, source, "submitted")


class _OnLoan(Act):
    """About a loan that the core has."""

    def __init__(self, ledger: Ledger, portfolio: Portfolio) -> None:
        super().__init__(ledger)
        self._portfolio = portfolio

    async def _tied(self, connection: AsyncConnection, work: Work) -> kept.MirroredLoan:
        mirrored = await kept.loan(connection, work.intent["loan_id"])
        if mirrored is None:
            raise Rejected("the core does not have this loan", Refusals.UNKNOWN)
        return mirrored

    async def _movement(self, work: Work) -> Movement:
        intent = work.intent
        return Movement(
            external_id=work.id,
            on=date.fromisoformat(intent["on"]),
            amount_cents=intent["amount_cents"],
            receipt=intent.get("receipt", ""),
            note=intent.get("note", ""),
        )


class ApproveAct(_OnLoan):
    """The approval, on the day of the payout and for all of it."""

    name = "approve"

    async def prepared(self, connection: AsyncConnection, work: Work) -> AtCore | Posted:
        mirrored = await self._tied(connection, work)
        if mirrored.status != "submitted":
            return Posted(mirrored.core_id)
        return AtCore(mirrored.core_id, await self._movement(work))

    async def found(self, work: Work, prepared: AtCore) -> Posted | None:
        read = await self._ledger.read_loan(prepared.account_id)
        if read.status == "submitted":
            return None
        if read.status in {"rejected", "withdrawn"}:
            raise Rejected("the core has turned this loan down", read.status)
        return Posted(read.id, is_repeat=True)

    async def sent(self, work: Work, prepared: AtCore, key: Key) -> Posted:
        movement = prepared.movement
        return await self._ledger.approve_loan(prepared.account_id, movement.on, movement.amount_cents, key)


class DisburseAct(_OnLoan):
    """The payout has happened; the core is told."""

    name = "disburse"

    async def prepared(self, connection: AsyncConnection, work: Work) -> AtCore:
        return AtCore((await self._tied(connection, work)).core_id, await self._movement(work))

    async def found(self, work: Work, prepared: AtCore) -> Posted | None:
        read = await self._ledger.read_loan(prepared.account_id)
        if (booking := read.booking(prepared.movement.external_id)) is not None:
            return Posted(booking.id, is_repeat=True)
        return _same_payout(read, prepared.movement)

    async def sent(self, work: Work, prepared: AtCore, key: Key) -> Posted:
        return await self._ledger.disburse_loan(prepared.account_id, prepared.movement, key)


class RepayAct(_OnLoan):
    """Money has come for the loan."""

    name = "repay"

    async def prepared(self, connection: AsyncConnection, work: Work) -> AtCore:
        return AtCore((await self._tied(connection, work)).core_id, await self._movement(work))

    async def found(self, work: Work, prepared: AtCore) -> Posted | None:
        booking = (await self._ledger.read_loan(prepared.account_id)).booking(prepared.movement.external_id)
        return Posted(booking.id, is_repeat=True) if booking else None

    async def sent(self, work: Work, prepared: AtCore, key: Key) -> Posted:
        return await self._ledger.repay_loan(prepared.account_id, prepared.movement, key)


class ChargeAct(_OnLoan):
    """A fee or a penalty that somebody has put on the loan."""

    name = "charge"

    async def prepared(self, connection: AsyncConnection, work: Work) -> AtCore:
        return AtCore((await self._tied(connection, work)).core_id, await self._movement(work))

    async def found(self, work: Work, prepared: AtCore) -> Posted | None:
        return await self._ledger.find_charge(prepared.account_id, prepared.movement.external_id)

    async def sent(self, work: Work, prepared: AtCore, key: Key) -> Posted:
        movement = prepared.movement
        cost = Cost(movement.external_id, movement.on, movement.amount_cents, work.intent["kind"])
        return await self._ledger.charge_loan(prepared.account_id, cost, key)


class UndoAct(_OnLoan):
    """A repayment is taken back, the one that carries the same receipt or reference."""

    name = "undo"

    async def prepared(self, connection: AsyncConnection, work: Work) -> str:
        return (await self._tied(connection, work)).core_id

    async def found(self, work: Work, prepared: str) -> Posted | None:
        booking = await self._booking(prepared, work.intent["receipt"])
        return Posted(booking.id, is_repeat=True) if booking.is_reversed else None

    async def sent(self, work: Work, prepared: str, key: Key) -> Posted:
        booking = await self._booking(prepared, work.intent["receipt"])
        return await self._ledger.undo(prepared, booking.id, booking.on, key)

    async def _booking(self, loan_id: str, receipt: str) -> Booking:
        """The one that stands, else one that was reversed."""
        read = await self._ledger.read_loan(loan_id)
        fitting = [each for each in read.bookings if each.kind == "repayment" and receipt and each.receipt == receipt]
        if not fitting:
            raise Rejected("the core has no such repayment", Refusals.UNKNOWN)
        return next((each for each in fitting if not each.is_reversed), fitting[-1])


class AccountAct(Act):
    """Which account of the core a person's money is kept in. Opening one is a person's business at the core."""

    name = "account"
    looks_first = True

    async def prepared(self, connection: AsyncConnection, work: Work) -> str | Posted:
        row = await kept.savings_of(connection, work.customer_id, work.intent["account"])
        if row is not None:
            return Posted(row.core_id)
        return await kept.client_of(connection, work.customer_id) or ""

    async def found(self, work: Work, prepared: str) -> Posted | None:
        accounts = await self._ledger.savings_of(prepared)
        fitting = [each for each in accounts if each.account == work.intent["account"] and each.is_active]
        return Posted(fitting[0].id) if fitting else None

    async def sent(self, work: Work, prepared: str, key: Key) -> Posted:
        raise Rejected("this person has no such account at the core", Refusals.UNKNOWN)

    async def settled(self, connection: AsyncConnection, work: Work, posted: str, now: int) -> None:
        account = work.intent["account"]
        if await kept.savings_of(connection, work.customer_id, account) is None:
            fresh = CoreSavings(posted, "", account, 0, is_active=True)
            await kept.savings_kept(connection, work.customer_id, fresh, self._ledger.name, kept.NEVER)


class MoveAct(Act):
    """A deposit, or a withdrawal where the amount is negative."""

    name = "move"

    async def prepared(self, connection: AsyncConnection, work: Work) -> AtCore:
        row: Any = await kept.savings_of(connection, work.customer_id, work.intent["account"])
        receipt = await kept.receipt_of(connection, work.intent["from"])
        on, cents = date.fromisoformat(work.intent["on"]), abs(work.intent["amount_cents"])
        return AtCore(row.core_id, Movement(work.id, on, cents, receipt, work.intent.get("note", "")))

    async def found(self, work: Work, prepared: AtCore) -> Posted | None:
        return await self._ledger.find_movement(prepared.account_id, prepared.movement)

    async def sent(self, work: Work, prepared: AtCore, key: Key) -> Posted:
        move = self._ledger.deposit if work.intent["amount_cents"] > 0 else self._ledger.withdraw
        return await move(prepared.account_id, prepared.movement, key)


def _same_payout(read: CoreLoan, movement: Movement) -> Posted | None:
    """A payout of the same amount and receipt that somebody has entered there by hand."""
    for booking in read.bookings:
        is_payout = booking.kind == "disbursement" and not booking.is_reversed
        if is_payout and (booking.amount_cents, booking.receipt) == (movement.amount_cents, movement.receipt):
            return Posted(booking.id, is_repeat=True)
    return None
