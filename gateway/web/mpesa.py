"""M-PESA for operators: ask a phone for money, pay a wallet out, see and ask what became of either.

POST /api/mpesa/stk-push  Idempotency-Key: 7f3c   {"phone": "0711000001", "amount": "500", "loan": "LN7K2QD", "by": ...}
POST /api/mpesa/b2c/pay   Idempotency-Key: 7f3d   {"phone": "0711000001", "amount": "500", "by": "jane", "why": "..."}
POST /api/mpesa/b2c/MP7K2QD/confirm               {"by": "omar", "why": "saw their card"}        and .../decline
GET  /api/mpesa/query/MP7K2QD?ask=1               by our reference or id, M-PESA's id or receipt

The same key again answers what has become of the first; with another body it is refused.
"""

import uuid
from collections.abc import Awaitable, Callable, Iterable
from decimal import Decimal
from typing import Annotated, Any

from aiohttp import web
from pydantic import AfterValidator, Field, StringConstraints
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.text import msisdn as kenyan
from flows.turn import reference
from gateway.accounts.audit import Deed
from gateway.accounts.staff import Ask, Staff
from gateway.books.accounts import CURRENCY
from gateway.clock import Clock, iso, local_date
from gateway.errors import Rejected
from gateway.lending.fields import amount_text
from gateway.lending.portfolio import Portfolio
from gateway.operations import queue
from gateway.operations.outbox import Outbox, intent_hash
from gateway.playbooks.paying import KIND, Paying, wish
from gateway.playbooks.staffing import PROMPT
from gateway.rails import requests
from gateway.rails.daraja_codes import RESULT, STK, meaning_of
from gateway.rails.requests import RailRequest
from gateway.rails.states import shown_state
from gateway.store import customers
from gateway.store.customers import Customer
from gateway.store.engine import Store
from gateway.web.keys import key_reused, keyed
from gateway.web.problems import problem, validated
from gateway.web.said import By, Said

NAMESPACE = uuid.UUID("5a2f3c18-9a0b-5d4e-8c51-6d706573612e")
AMOUNT_MAX = 250_000
WALLET = "wallet"


def _line(text: str) -> str:
    """Raises ValueError for what is no phone."""
    line = kenyan(text)
    if line is None:
        raise ValueError("not a Kenyan mobile number")
    return line


def _whole(amount: Decimal) -> Decimal:
    """Raises ValueError for cents: M-PESA takes whole shillings."""
    if amount != amount.to_integral_value():
        raise ValueError("whole shillings only")
    return amount


Phone = Annotated[str, AfterValidator(_line)]
Shillings = Annotated[Decimal, Field(ge=1, le=AMOUNT_MAX), AfterValidator(_whole)]


class Push(By):
    phone: Phone
    amount: Shillings
    loan: Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, max_length=16)] | None = None
    """A running loan of whoever has the phone; without one it is for the wallet."""


class Pay(Said):
    phone: Phone
    amount: Shillings


class MpesaRoutes:
    """Thin: asking is decided by `gateway.accounts.staff`, paying by `gateway.playbooks.paying`."""

    def __init__(
        self, store: Store, outbox: Outbox, staff: Staff, paying: Paying, portfolio: Portfolio, clock: Clock
    ) -> None:
        self._store = store
        self._outbox = outbox
        self._staff = staff
        self._paying = paying
        self._portfolio = portfolio
        self._clock = clock

    def table(self) -> Iterable[web.RouteDef]:
        return (
            web.post("/api/mpesa/stk-push", self.push),
            web.post("/api/mpesa/b2c/pay", self.pay),
            web.post("/api/mpesa/b2c/{reference}/confirm", self.confirm),
            web.post("/api/mpesa/b2c/{reference}/decline", self.decline),
            web.get("/api/mpesa/query/{id}", self.query),
        )

    async def push(self, request: web.Request) -> web.StreamResponse:
        return await self._keyed(request, Push, self._pushed)

    async def pay(self, request: web.Request) -> web.StreamResponse:
        return await self._keyed(request, Pay, self._paid)

    async def confirm(self, request: web.Request) -> web.StreamResponse:
        return await validated(request, Said, lambda said: self._decided(request, said, is_yes=True))

    async def decline(self, request: web.Request) -> web.StreamResponse:
        return await validated(request, Said, lambda said: self._decided(request, said, is_yes=False))

    async def query(self, request: web.Request) -> web.Response:
        """What we asked of M-PESA under this name, the newest first. `ask=1` asks it now what has become of it."""
        async with self._store.begin() as connection:
            found = await requests.known_as(connection, request.match_info["id"].strip())
            if not found:
                found = await requests.known_as(connection, request.match_info["id"].strip().upper())
            if not found:
                return problem(404, "not-found", "M-PESA was asked for nothing under this name")
            if request.query.get("ask") in {"1", "true"}:
                await self._asked_now(connection, found)
        return web.json_response({"requests": [_request(each) for each in found]})

    async def _asked_now(self, connection: AsyncConnection, found: list[RailRequest]) -> None:
        for each in found:
            if not each.is_settled and each.sent_at is not None:
                await queue.wake(connection, each.operation_id, self._clock())
        self._outbox.news.set()

    async def _keyed(
        self, request: web.Request, model: Any, handle: Callable[[str, Any], Awaitable[web.Response]]
    ) -> web.StreamResponse:
        async def handled(key: str, body: Any) -> web.StreamResponse:
            try:
                response = await handle(str(uuid.uuid5(NAMESPACE, f"{request.path}:{key}")), body)
            except Rejected as error:
                return problem(409, error.code, f"{error}")
            self._outbox.news.set()
            return response

        return await keyed(request, model, handled)

    async def _pushed(self, identity: str, body: Push) -> web.Response:
        """The customer is told who asks, then the prompt comes, and it ends by itself."""
        about, cents = body.loan or WALLET, int(body.amount) * 100
        async with self._store.begin() as connection:
            customer = await self._customer(connection, body.phone)
            if isinstance(customer, web.Response):
                return customer
            payment = self._staff.payment_id(identity)
            if (known := await queue.with_id(connection, payment)) is not None:
                return _repeated(known, customer, {"amount_cents": cents, "loan": body.loan, "asked_by": body.by})
            if body.loan:
                await self._owes(connection, customer, body.loan)
            deed = Deed(body.by, body.by, "", identity, self._clock())
            await self._staff.ask(connection, deed, customer.id, Ask(about, cents, reference(PROMPT, identity)))
            row = await queue.find(connection, payment)
        return _answer(row, customer)

    async def _paid(self, identity: str, body: Pay) -> web.Response:
        cents, now = int(body.amount) * 100, self._clock()
        deed = Deed(body.by, body.by, body.why, identity, now)
        async with self._store.begin() as connection:
            customer = await self._customer(connection, body.phone)
            if isinstance(customer, web.Response):
                return customer
            known = await queue.with_id(connection, identity)
            if known is not None:
                return _repeated(known, customer, wish(identity, cents, deed))
            await self._paying.propose(connection, identity, customer, cents, deed)
            row = await queue.find(connection, identity)
        return _repeated(row, customer, wish(identity, cents, deed))

    async def _decided(self, request: web.Request, said: Said, *, is_yes: bool) -> web.Response:
        named = request.match_info["reference"].upper()
        deed = Deed(said.by, said.by, said.why, "", self._clock())
        try:
            async with self._store.begin() as connection:
                row = await queue.named(connection, named)
                if row is None or row.kind != KIND:
                    return problem(404, "not-found", "no pay-out of the desk has this reference")
                await self._paying.decided(connection, row.id, deed, is_yes=is_yes)
        except Rejected as error:
            return problem(409, error.code, f"{error}")
        self._outbox.news.set()
        return web.json_response({"reference": named, "state": "confirmed" if is_yes else "declined"})

    async def _customer(self, connection: AsyncConnection, line: str) -> Customer | web.Response:
        customer = await customers.on_line(connection, line)
        return customer or problem(404, "no-such-customer", "phone: nobody has an account on this number")

    async def _owes(self, connection: AsyncConnection, customer: Customer, loan: str) -> None:
        """A customer is only asked for what is their own debt."""
        running = await self._portfolio.active(connection, customer.id, local_date(self._clock()))
        if all(each.record.reference != loan for each in running):
            raise Rejected("loan: this customer has no such running loan", "no-loan")


def _repeated(known: Row[Any], customer: Customer, intent: Any) -> web.Response:
    """The same key: the same answer, or a refusal where the body is another."""
    asked = {name: value for name, value in intent.items() if value is not None}
    same = known.customer_id == customer.id and known.intent_hash == intent_hash(known.kind, asked)
    if same:
        return _answer(known, customer)
    return key_reused()


def _answer(row: Row[Any], customer: Customer) -> web.Response:
    """202 while it is under way, 200 once it is settled, whatever it was settled to."""
    return web.json_response(
        {
            "operation": row.id,
            "reference": row.reference,
            "state": row.state,
            "step": row.step,
            "reason": row.reason,
            "phone": customer.msisdn,
            "amount": amount_text(row.intent["amount_cents"]),
            "currency": CURRENCY,
            "createdAt": iso(row.created_at),
        },
        status=202 if row.is_open else 200,
    )


def _request(request: RailRequest) -> dict[str, Any]:
    code = request.result_code
    table = STK if request.kind == "stk" else RESULT
    return {
        "id": request.id,
        "reference": request.account_reference,
        "rail": request.rail,
        "kind": request.kind,
        "state": shown_state(request),
        "phone": request.msisdn,
        "amount": amount_text(request.amount_cents),
        "currency": CURRENCY,
        "receipt": request.receipt,
        "railId": request.rail_id,
        "resultCode": code,
        "result": meaning_of(code, table).text if code else None,
        "sentAt": iso(request.sent_at) if request.sent_at is not None else None,
        "settledAt": iso(request.settled_at) if request.settled_at is not None else None,
        "settledBy": request.settled_by,
        "questions": request.questions,
        "operation": request.operation_id,
    }
