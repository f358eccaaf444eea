"""Money that staff take out of somebody's account for them; a second person agrees.

POST /api/wallet/withdraw    Idempotency-Key: 7f3c    {"phone": "0711000001", "amount": "500.00",
                                                       "by": "jane", "why": "came in person, phone is broken"}
202  {"reference": "WO4K7QD", "state": "waiting", "phone": "+254711000001", "amount": "500.00", "fee": "0.00", ...}
POST /api/wallet/acts/WO4K7QD/confirm {"by": "omar", "decision": "approve"}
POST /api/savings/withdraw, /api/savings/acts/WO4K7QD/confirm
POST /api/owed/collect,     /api/owed/acts/WO4K7QD/confirm

From a wallet it goes to the owner's own M-PESA, in whole shillings; from savings to their wallet; what is owed to the
house from the wallet to the house.
"""

import uuid
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.text import msisdn as kenyan
from flows.turn import Operation, reference
from gateway.accounts.audit import Deed
from gateway.books.accounts import CURRENCY
from gateway.clock import Clock, iso
from gateway.errors import Rejected
from gateway.lending.fields import amount_text
from gateway.operations import queue
from gateway.operations.outbox import Outbox, intent_hash
from gateway.playbooks.ordered import KIND, PREFIX, Ordered
from gateway.store import customers
from gateway.store.customers import Customer
from gateway.store.engine import Store
from gateway.web.keys import key_of, key_reused
from gateway.web.problems import problem, validated
from gateway.web.said import Said, Second

NAMESPACE = uuid.UUID("0d8f4f6e-53c5-5c0b-9b1e-6f7264657265")
CENTS = 100

Free = Callable[[AsyncConnection, str], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Source:
    """An account that money may be taken out of: `free` says how much of it, `fee_cents` what that costs its owner;
    `verb` is how that is called there."""

    name: Literal["wallet", "savings", "owed"]
    free: Free
    fee_cents: Callable[[int], int]
    whole_shillings: bool
    verb: Literal["withdraw", "collect"] = "withdraw"


class Wanted(Said):
    """What the first person asks for."""

    phone: str
    amount: Annotated[Decimal, Field(gt=0, le=Decimal(999_999), decimal_places=2)]


class OrderRoutes:
    """The composition root puts them behind the operators' token. One account's."""

    def __init__(self, store: Store, outbox: Outbox, ordered: Ordered, source: Source, clock: Clock) -> None:
        self._store = store
        self._outbox = outbox
        self._ordered = ordered
        self._source = source
        self._clock = clock

    def table(self) -> Iterable[web.RouteDef]:
        name = self._source.name
        return (
            web.post(f"/api/{name}/{self._source.verb}", self.withdraw),
            web.post(f"/api/{name}/acts/{{reference}}/confirm", self.confirm),
        )

    async def withdraw(self, request: web.Request) -> web.StreamResponse:
        """The first person's part."""
        key = key_of(request)
        if isinstance(key, web.Response):
            return key
        return await validated(request, Wanted, lambda wanted: self._asked(key, wanted))

    async def confirm(self, request: web.Request) -> web.StreamResponse:
        """The second person's part."""
        return await validated(request, Second, lambda said: self._decided(request, said))

    async def _asked(self, key: str, wanted: Wanted) -> web.Response:
        line = kenyan(wanted.phone)
        if line is None:
            return problem(422, "invalid", "phone: not a Kenyan mobile number")
        if self._source.whole_shillings and wanted.amount % 1:
            return problem(422, "invalid", "amount: M-PESA pays whole shillings")
        identity = str(uuid.uuid5(NAMESPACE, f"{self._source.name}:{key}") if key else uuid.uuid4())
        now = self._clock()
        async with self._store.begin() as connection:
            owner = await customers.on_line(connection, line)
            if owner is None:
                return problem(404, "no-such-customer", "phone: nobody has an account on this number")
            operation = self._operation(identity, owner, wanted)
            known = await queue.named(connection, operation.reference)
            if known is not None:
                return _repeated(known, operation, owner)
            if refused := await self._refusal(connection, owner, operation):
                return refused
            is_first = await self._outbox.put(connection, operation)
            row = await queue.find(connection, identity)
            if not is_first:  # the same came at the same moment, at another process
                return _repeated(row, operation, owner)
            deed = Deed(wanted.by, wanted.by, wanted.why, identity, now)
            await self._ordered.ask(connection, row, deed)
        self._outbox.news.set()
        return _shown(row, owner)

    def _operation(self, identity: str, owner: Customer, wanted: Wanted) -> Operation:
        cents = int(wanted.amount * CENTS)
        intent = {
            "account": self._source.name, "amount_cents": cents, "fee_cents": self._source.fee_cents(cents),
            "by": wanted.by, "why": wanted.why,
        }  # fmt: skip
        return Operation(identity, KIND, reference(PREFIX, identity), owner.id, intent)

    async def _refusal(self, connection: AsyncConnection, owner: Customer, operation: Operation) -> web.Response | None:
        """What can be seen to be impossible before anybody is asked."""
        if owner.state != "active":
            return problem(409, "account-not-open", "phone: this customer's account is not open")
        free = await self._source.free(connection, owner.id)
        if free < operation.intent["amount_cents"] + operation.intent["fee_cents"]:
            return problem(409, "insufficient-funds", f"amount: {amount_text(free)} {CURRENCY} available")
        return None

    async def _decided(self, request: web.Request, said: Second) -> web.Response:
        state = {"approve": "approved", "decline": "declined"}[said.decision]
        try:
            async with self._store.begin() as connection:
                row = await queue.named(connection, request.match_info["reference"].upper())
                if row is None or row.kind != KIND or row.intent["account"] != self._source.name:
                    return problem(404, "not-found", "no order of this name")
                deed = Deed(said.by, said.by, said.why, row.id, self._clock())
                await self._ordered.decided(connection, deed, state)
        except Rejected as error:
            return problem(409, error.code, f"Refused: {error}.")
        self._outbox.news.set()
        return web.json_response({"reference": row.reference, "state": state})


def _repeated(known: Any, operation: Operation, owner: Customer) -> web.Response:
    is_same = known.id == operation.id and known.customer_id == owner.id
    is_same = is_same and known.intent_hash == intent_hash(KIND, operation.intent)
    return _shown(known, owner) if is_same else key_reused()


def _shown(row: Any, owner: Customer) -> web.Response:
    body = {
        "reference": row.reference,
        "state": "waiting",
        "phone": owner.msisdn,
        "amount": amount_text(row.intent["amount_cents"]),
        "fee": amount_text(row.intent["fee_cents"]),
        "currency": CURRENCY,
        "createdAt": iso(row.created_at),
    }
    return web.json_response(body, status=202)
