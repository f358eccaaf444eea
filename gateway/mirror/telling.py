"""What is told to the core: every money fact about a loan, and every movement of an account that it keeps.

A fact is queued in the unit of work in which it happens, so that it is told if it is true; in the lane of its loan,
so that it is told in order. Loans between people, and products that the core does not keep, are not told.
"""

import uuid
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation
from gateway.books.entry import Entry
from gateway.clock import local_date
from gateway.lending.fields import Fields
from gateway.lending.portfolio import Portfolio
from gateway.lending.standings import LoanRecord
from gateway.operations.outbox import Outbox
from gateway.rails import requests

NAMESPACE = uuid.UUID("2f9d8f0e-0b55-5d0e-8a5c-636f7265746f")
REFERENCE_CHARACTERS = 14

LOAN, REPAY, UNDO, CHARGE, BY_HAND, SAVE = (
    "core.loan", "core.repay", "core.undo", "core.charge", "core.by_hand", "core.save",
)  # fmt: skip
LOCAL_ONLY = frozenset(
    {
        "applied", "verified", "approved", "declined", "withdrawn", "cancelled", "closed", "in_arrears", "promised",
        "promise_broken", "promise_kept",
    }
)  # fmt: skip
"""What happens to a loan that the core need not hear: it is told of a loan when it is paid out."""


def lane_of(loan_id: str) -> str:
    return f"core:{loan_id}"


def identity_of(*parts: str) -> str:
    return str(uuid.uuid5(NAMESPACE, ":".join(parts)))


def operation(identity: str, kind: str, customer_id: str, intent: Mapping[str, Any], **more: Any) -> Operation:
    """References of these are for operators only, so they need not be short; there may be very many."""
    name = f"CO{identity.replace('-', '')[:REFERENCE_CHARACTERS].upper()}"
    return Operation(identity, kind, name, customer_id, intent, **more)


class CoreNews:
    """Observes the portfolio and the books. `products` and `accounts` are those that the core keeps."""

    def __init__(
        self, portfolio: Portfolio, outbox: Outbox, products: Collection[str], accounts: Collection[str]
    ) -> None:
        self._portfolio = portfolio
        self._outbox = outbox
        self._products = frozenset(products)
        self._accounts = frozenset(accounts)

    async def happened(
        self, connection: AsyncConnection, loan_id: str, kind: str, detail: Mapping[str, Any], operation_id: str,
        now: int,
    ) -> None:  # fmt: skip
        """Something happened to a loan."""
        if kind in LOCAL_ONLY:
            return
        record = await self._portfolio.get(connection, loan_id)
        if record.lender_id is not None or record.product not in self._products:
            return
        wanted, intent = await self._worded(connection, record, kind, detail, operation_id)
        identity = identity_of(loan_id, operation_id, kind)
        intent = {"loan_id": loan_id, "from": operation_id, **intent}
        await self._outbox.put(connection, operation(identity, wanted, record.customer_id, intent), is_ours=True)

    async def posted(self, connection: AsyncConnection, entry: Entry, at: int) -> None:
        """Money moved on an account."""
        moved: dict[str, int] = {}
        for line in entry.lines:
            moved[line.account_key] = moved.get(line.account_key, 0) - line.amount_cents
        for key, cents in moved.items():
            account, _, customer_id = key.partition(":")
            if account in self._accounts and cents:
                await self._saved(connection, entry, account, customer_id, cents, at)

    async def _saved(
        self, connection: AsyncConnection, entry: Entry, account: str, customer_id: str, cents: int, at: int
    ) -> None:
        identity = identity_of(entry.journal_id, account)
        intent = {
            "account": account, "amount_cents": cents, "on": local_date(at).isoformat(), "from": entry.operation_id,
            "note": entry.memo,
        }  # fmt: skip
        await self._outbox.put(connection, operation(identity, SAVE, customer_id, intent), is_ours=True)

    async def _worded(
        self, connection: AsyncConnection, record: LoanRecord, kind: str, detail: Mapping[str, Any], operation_id: str
    ) -> tuple[str, dict[str, Any]]:
        """Which command a fact is, and what it says. What no command says, a person has to enter."""
        match kind:
            case "paid_out":
                receipt = await requests.receipt_of(connection, operation_id) or ""
                on, cents = local_date(detail["at"]).isoformat(), record.principal_cents
                return LOAN, {"on": on, "amount_cents": cents, "receipt": receipt, "note": record.reference}
            case "repayment":
                return REPAY, {**_dated(detail), "note": record.reference}
            case "reverse_repayment":
                return UNDO, {"receipt": detail.get("reference", "")}
            case "charge":
                return CHARGE, {**_dated(detail), "kind": detail.get("kind", "fee")}
            case _:
                return BY_HAND, {"kind": kind, "detail": dict(detail)}


def _dated(detail: Mapping[str, Any]) -> dict[str, Any]:
    receipt = {"receipt": detail["reference"]} if detail.get("reference") else {}
    return {"on": detail["on"], "amount_cents": Fields(detail).cents("amount"), **receipt}
