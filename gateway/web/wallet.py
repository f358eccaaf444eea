"""A customer's wallet for operators: what it holds, what has moved on it, and money moved between two of them.

    POST /api/wallet/transfer   Idempotency-Key: 7f3c   {"from": "0711000001", "to": "0711000002", "amount": "500.00",
                                                         "reason": "sent to the wrong person, case CS6R2KD"}
    202  {"reference": "TRB4K7N", "state": "queued", "amount": "500.00", "currency": "KES", ...}

The same key again answers what has become of the first; with another body it is refused.
"""

import uuid
from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation, reference
from gateway.books import accounts as chart
from gateway.books.accounts import CURRENCY
from gateway.books.ledger import Books
from gateway.clock import Clock, iso
from gateway.lending.fields import amount_text
from gateway.operations import queue
from gateway.operations.outbox import Outbox, intent_hash
from gateway.playbooks.send import TRANSFER
from gateway.store.customers import Customer
from gateway.store.engine import Store
from gateway.wallet.limits import Kind, Limits
from gateway.web.keys import key_reused, keyed
from gateway.web.movements import listed, window_of
from gateway.web.people import customer_on
from gateway.web.problems import problem

NAMESPACE = uuid.UUID("f6f0b6a4-2c6e-5a0c-9a54-77616c6c6574")
KINDS: tuple[Kind, ...] = ("deposit", "withdraw", "send")


class Transfer(BaseModel):
    """What to move, from whom to whom and why."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    source: str = Field(alias="from")
    target: str = Field(alias="to")
    amount: Annotated[Decimal, Field(gt=0, le=Decimal(999_999), decimal_places=2)]
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=200)]


class WalletRoutes:
    """For operators only: see `gateway.feature`."""

    def __init__(self, store: Store, books: Books, outbox: Outbox, limits: Limits, clock: Clock) -> None:
        self._store = store
        self._books = books
        self._outbox = outbox
        self._limits = limits
        self._clock = clock

    def table(self) -> Iterable[web.RouteDef]:
        return (
            web.post("/api/wallet/transfer", self.transfer),
            web.get("/api/wallet/{phone}", self.wallet),
            web.get("/api/wallet/{phone}/transactions", self.transactions),
        )

    async def wallet(self, request: web.Request) -> web.StreamResponse:
        """What it holds, what of it can be used, and what its owner may still move today."""
        async with self._store.read() as connection:
            found = await customer_on(connection, request.match_info["phone"])
            if isinstance(found, web.Response):
                return found
            balance = await self._books.balance(connection, chart.wallet(found.id))
            now = self._clock()
            left = {kind: await self._limits.allowed(connection, found, kind, now) for kind in KINDS}
        return web.json_response(
            {
                "phoneNumber": found.msisdn,
                "currency": CURRENCY,
                "balance": amount_text(balance.posted_cents),
                "available": amount_text(balance.available_cents),
                "held": amount_text(balance.held_cents),
                "tier": found.tier,
                "outgoingFrom": iso(found.outgoing_from) if found.outgoing_from > now else None,
                "limits": {
                    "mostHeld": amount_text(self._limits.most_held_cents(found.tier)),
                    **{
                        kind: {"least": amount_text(each.least_cents), "mostNow": amount_text(each.most_cents)}
                        for kind, each in left.items()
                    },
                },
            }
        )

    async def transactions(self, request: web.Request) -> web.StreamResponse:
        """Movements, the newest first. `cursor` of the answer asks for the page after it; without one, that was all."""
        window = window_of(request)
        if isinstance(window, web.Response):
            return window
        async with self._store.read() as connection:
            found = await customer_on(connection, request.match_info["phone"])
            if isinstance(found, web.Response):
                return found
            return await listed(connection, self._books, chart.wallet(found.id), "wallet", window)

    async def transfer(self, request: web.Request) -> web.StreamResponse:
        return await keyed(request, Transfer, self._transferred)

    async def _transferred(self, key: str, wanted: Transfer) -> web.Response:
        """Queued once per key; answered with where it stands."""
        identity = str(uuid.uuid5(NAMESPACE, key))
        async with self._store.begin() as connection:
            source = await customer_on(connection, wanted.source, "from")
            if isinstance(source, web.Response):
                return source
            target = await customer_on(connection, wanted.target, "to")
            if isinstance(target, web.Response):
                return target
            operation = _operation(identity, source, target, wanted)
            known = await queue.named(connection, operation.reference)
            if known is not None:
                return _repeated(known, operation)
            if refused := await self._refusal(connection, source, target, operation):
                return refused
            is_first = await self._outbox.put(connection, operation)
            row = await queue.find(connection, identity)
            if not is_first:  # its key came at the same moment at another process, with this body or another
                return _repeated(row, operation)
        self._outbox.news.set()
        return _answer(row)

    async def _refusal(
        self, connection: AsyncConnection, source: Customer, target: Customer, operation: Operation
    ) -> web.Response | None:
        """What can be seen to be impossible before it is queued."""
        if source.id == target.id:
            return problem(422, "same-wallet", "from and to are the same wallet")
        for person, name in ((source, "from"), (target, "to")):
            if person.state != "active":
                return problem(409, "wallet-not-open", f"{name}: this customer's wallet is not open")
        balance = await self._books.balance(connection, chart.wallet(source.id))
        if balance.available_cents < operation.intent["amount_cents"]:
            return problem(
                409, "insufficient-funds", f"from: {amount_text(balance.available_cents)} {CURRENCY} available"
            )
        return None


def _operation(identity: str, source: Customer, target: Customer, wanted: Transfer) -> Operation:
    intent = {
        "person": target.id,
        "to": target.msisdn,
        "amount_cents": int(wanted.amount * 100),
        "fee_cents": 0,
        "reason": wanted.reason,
    }
    return Operation(identity, TRANSFER, reference("TR", identity), source.id, intent)


def _repeated(known: Any, operation: Operation) -> web.Response:
    same = known.id == operation.id and known.customer_id == operation.customer
    if same and known.intent_hash == intent_hash(operation.kind, operation.intent):
        return _answer(known)
    return key_reused()


def _answer(row: Any) -> web.Response:
    """202 while it is under way, 200 once it is settled, whatever it was settled to."""
    return web.json_response(
        {
            "operation": row.id,
            "reference": row.reference,
            "state": row.state,
            "reason": row.reason,
            "to": row.intent["to"],
            "amount": amount_text(row.intent["amount_cents"]),
            "currency": CURRENCY,
            "createdAt": iso(row.created_at),
        },
        status=202 if row.is_open else 200,
    )
