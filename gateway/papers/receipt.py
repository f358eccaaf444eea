"""The receipt of one operation, for one of those whom it moved money for: read from the books, put into words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row as SqlRow
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books.statement import Cursor, moved_on, movement_of, statement
from gateway.books.tables import POSTED, journals
from gateway.clock import local
from gateway.lending.events import Repayment, parse_event
from gateway.operations import queue
from gateway.papers import writing
from gateway.papers.movements import KEYS, references, told
from gateway.papers.paper import Fact, Money, Paper, Row
from gateway.papers.statement import Line
from gateway.papers.writing import Holder, Made, Voice
from gateway.store.tables import loan_events, loans

EVENTS: Mapping[str, str] = {
    "wallet.deposit": "deposit",
    "wallet.withdraw": "withdraw",
    "mpesa.pay": "withdraw",
    "wallet.send": "send",
    "wallet.transfer": "moved",
    "wallet.takeback": "returned",
    "savings.save": "savings_in",
    "savings.move": "savings_out",
    "repay.stk": "repay",
    "repay.wallet": "repay",
    "repay.other": "repay",
    "repay.for_stk": "repay",
    "repay.for_wallet": "repay",
    "payment.received": "paybill",
    "suspense.assign": "paybill",
    "loan.disburse": "payout",
    "core.disburse": "payout",
    "peer.ask": "payout",
}
"""What an operation is called on its receipt."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: the account (wallet, savings or loan) and what moved on it. A loan's line has no balance here."""

    account: str
    line: Line


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an operation moved for one person; amounts in cents, `at` when the first of it moved (ms)."""

    reference: str
    customer_id: str
    rail_receipt: str
    event: str
    amount_cents: int
    at: int
    entries: tuple[Entry, ...]


async def found(connection: AsyncConnection, reference: str, customer_id: str | None = None) -> Receipt | None:
    """The receipt of an operation for its owner, or for another whom it moved money for; None when it moved none."""
    row = await queue.named(connection, reference)
    return await _receipt(connection, row.id, row, customer_id or row.customer_id) if row is not None else None


async def of_operation(connection: AsyncConnection, operation_id: str, customer_id: str) -> Receipt | None:
    """The same by what the books call it: interest, for instance, comes without an operation and has no reference."""
    row = await queue.with_id(connection, operation_id)
    return await _receipt(connection, operation_id, row, customer_id)


async def _receipt(
    connection: AsyncConnection, operation_id: str, row: SqlRow[Any] | None, person: str
) -> Receipt | None:
    entries = [*await _moved(connection, operation_id, person), *await _lent(connection, operation_id, person)]
    if not entries:
        return None
    reference, rail_receipt = (await references(connection, [operation_id])).get(operation_id, ("-", ""))
    return Receipt(
        reference=reference,
        customer_id=person,
        rail_receipt=rail_receipt,
        event=_event(row, person) if row is not None else "other",
        amount_cents=_amount(row, entries),
        at=min(entry.line.at for entry in entries),
        entries=tuple(entries),
    )


def paper(voice: Voice, made: Made, holder: Holder, receipt: Receipt) -> Paper:
    """The receipt as a paper."""
    at = local(receipt.at)
    facts = [Fact(voice("fact.reference"), receipt.reference)]
    if receipt.rail_receipt:
        facts.append(Fact(voice("fact.receipt"), receipt.rail_receipt))
    facts.append(Fact(voice("fact.at"), f"{voice.day(at.date())} {at:%H:%M} EAT"))
    rows = [_row(voice, entry) for entry in receipt.entries]
    return writing.of_receipt(voice, made, holder, receipt.event, receipt.amount_cents, facts, rows)


def _row(voice: Voice, entry: Entry) -> Row:
    line = entry.line
    balance = None if entry.account == "loan" else Money(line.balance_cents)
    return voice(f"fact.{entry.account}"), writing.described(voice, line), Money(line.cents), balance


def _event(row: SqlRow[Any], person: str) -> str:
    event = EVENTS.get(row.kind, "other")
    return "received" if event == "send" and person != row.customer_id else event


def _amount(row: SqlRow[Any] | None, entries: list[Entry]) -> int:
    """What was asked for, as the phone said it; else all that moved, without our fee."""
    intent = row.intent if row is not None else {}
    asked = intent.get("amount_cents")
    if asked is None and "quote" in intent:
        asked = intent["quote"].get("net_cents")
    return asked if asked is not None else abs(sum(entry.line.cents for entry in entries if entry.line.kind != "fee"))


async def _moved(connection: AsyncConnection, operation_id: str, customer_id: str) -> list[Entry]:
    """Movements of wallet and savings, each with the balance after it."""
    entries = list[Entry]()
    for account, key_of in KEYS.items():
        key = key_of(customer_id)
        query = moved_on(key, POSTED).where(journals.c.operation_id == operation_id)
        rows = list(await connection.execute(query))
        moved = [movement_of(row, await _balance_after(connection, key, row)) for row in rows]
        entries += [Entry(account, line) for line in await told(connection, moved, account)]
    return entries


async def _balance_after(connection: AsyncConnection, key: str, row: SqlRow[Any]) -> int:
    page = await statement(connection, key, before=Cursor(row.at, row.id + 1), limit=1)
    return page.movements[0].balance_cents


async def _lent(connection: AsyncConnection, operation_id: str, customer_id: str) -> list[Entry]:
    """What a loan of theirs was paid, or paid out."""
    columns = loan_events.c
    query = (
        select(columns.kind, columns.detail, columns.at, loans.c.reference, loans.c.quote)
        .join(loans, loans.c.id == columns.loan_id)
        .where(
            columns.operation_id == operation_id,
            columns.kind.in_(("repayment", "recovery", "paid_out")),
            loans.c.customer_id == customer_id,
        )
        .order_by(columns.id)
    )
    return [Entry("loan", _loan_line(row)) for row in await connection.execute(query)]


def _loan_line(row: Any) -> Line:
    if row.kind == "paid_out":
        return Line(row.at, "paid_out", row.quote["net_cents"], 0, reference=row.reference)
    event = parse_event(row.detail, "events.")
    cents = event.amount_cents if isinstance(event, Repayment) else 0
    return Line(row.at, "loan", -cents, 0, about=row.reference)
