"""What staff do to loans, with a second person's agreement.

POST /api/loans {"phone": "0711000001", "product": "quick", "amount": "2000.00", "disbursedOn": "2026-07-01",
                 "by": "jane", "why": "made on paper at Githurai"}
202  {"reference": "LA4K7QD", "act": "book", "state": "waiting"}
POST /api/loans/LN7K2QD/{repayments, reversals, charges, waivers, reschedule, write-off}
POST /api/loans/acts/LA4K7QD/confirm {"by": "omar", "decision": "approve"}
GET  /api/loans/acts/LA4K7QD

What is asked for with an `Idempotency-Key` is asked for once: the same key and body again get the same answer.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import Field

from flows.text import msisdn as kenyan
from flows.turn import Operation, reference
from gateway.accounts.audit import Deed
from gateway.clock import Clock
from gateway.errors import Rejected
from gateway.lending.portfolio import Portfolio
from gateway.operations import queue
from gateway.operations.outbox import Outbox, intent_hash
from gateway.operations.playbook import Work
from gateway.playbooks.servicing import KIND, PREFIX, REFUSALS, Servicing, customer_of
from gateway.store.engine import Store
from gateway.web.keys import key_of, key_reused
from gateway.web.loans import named, no_loan
from gateway.web.problems import problem, validated
from gateway.web.said import Said, Second

NAMESPACE = uuid.UUID("3c0d7f52-8a1e-5b64-9f0b-6c6f616e6163")
Amount = Annotated[Decimal, Field(gt=0, le=10_000_000, decimal_places=2)]


class Asked(Said):
    """What the first person says."""

    def intent(self) -> dict[str, Any]:
        return {"by": self.by, "why": self.why}


class Booked(Asked):
    phone: str
    product: str
    amount: Amount
    disbursed_on: date
    repayments: int | None = Field(None, ge=1)
    paid: Annotated[Decimal, Field(ge=0, le=10_000_000, decimal_places=2)] = Decimal(0)
    paid_on: date | None = None
    """The day until which `paid` was paid; without one the first day of the loan."""

    def intent(self) -> dict[str, Any]:
        known: dict[str, Any] = {
            **super().intent(),
            "product": self.product,
            "amount_cents": int(self.amount * 100),
            "on": self.disbursed_on.isoformat(),
            "paid_cents": int(self.paid * 100),
            "paid_on": (self.paid_on or self.disbursed_on).isoformat(),
        }
        return known | ({"repayments": self.repayments} if self.repayments else {})


class Paid(Asked):
    amount: Amount
    receipt: str = Field(min_length=3, max_length=40)
    on: date

    def intent(self) -> dict[str, Any]:
        on, cents = self.on.isoformat(), int(self.amount * 100)
        return {**super().intent(), "amount_cents": cents, "receipt": self.receipt, "on": on}


class TakenBack(Asked):
    receipt: str = Field(min_length=3, max_length=40)
    returned: bool = False
    """The rail has given the money back already."""

    def intent(self) -> dict[str, Any]:
        return {**super().intent(), "receipt": self.receipt, "returned": self.returned}


class Charged(Asked):
    amount: Amount
    kind: Literal["fee", "penalty"] = "penalty"

    def intent(self) -> dict[str, Any]:
        return {**super().intent(), "amount_cents": int(self.amount * 100), "kind": self.kind}


class NewDates(Asked):
    extra_instalments: int = Field(0, ge=0, le=120)
    annual_rate_percent: Annotated[Decimal, Field(ge=0, le=1000)] | None = None
    next_due_on: date | None = None

    def intent(self) -> dict[str, Any]:
        intent: dict[str, Any] = {**super().intent(), "extra": self.extra_instalments}
        if self.annual_rate_percent is not None:
            intent["rate"] = str(self.annual_rate_percent)
        if self.next_due_on is not None:
            intent["next_due"] = self.next_due_on.isoformat()
        return intent


ACTS: Mapping[str, type[Asked]] = {
    "repayments": Paid,
    "reversals": TakenBack,
    "charges": Charged,
    "waivers": Charged,
    "reschedule": NewDates,
    "write-off": Asked,
}


class LoanActRoutes:
    """Thin: what may be done is decided by `gateway.playbooks.servicing`."""

    def __init__(self, store: Store, outbox: Outbox, portfolio: Portfolio, servicing: Servicing, clock: Clock) -> None:
        self._store = store
        self._outbox = outbox
        self._portfolio = portfolio
        self._servicing = servicing
        self._clock = clock

    def table(self) -> Iterable[web.RouteDef]:
        return (
            web.post("/api/loans", self.book),
            web.get("/api/loans/acts/{reference}", self.show),
            web.post("/api/loans/acts/{reference}/confirm", self.confirm),
            *(web.post(f"/api/loans/{{reference}}/{act}", self._acting(act)) for act in ACTS),
        )

    async def book(self, request: web.Request) -> web.StreamResponse:
        """The first person's part of booking a loan that was made on paper."""

        async def asked(body: Booked) -> web.StreamResponse:
            line = kenyan(body.phone)
            if line is None:
                return problem(422, "invalid", "phone: not a Kenyan mobile number")
            if body.product not in self._portfolio.products:
                return problem(422, "invalid", "product: there is none of this name")
            async with self._store.read() as connection:
                customer = await customer_of(connection, line)
            if customer is None:
                return problem(404, "not-found", "No customer is on this line.")
            return await self._asked(request, customer.id, {"act": "book", **body.intent()})

        return await validated(request, Booked, asked)

    def _acting(self, act: str) -> Any:
        async def handle(request: web.Request) -> web.StreamResponse:
            async def asked(body: Asked) -> web.StreamResponse:
                async with self._store.read() as connection:
                    record = await named(connection, self._portfolio, request)
                if record is None:
                    return no_loan()
                return await self._asked(request, record.customer_id, {"act": act, "loan": record.id, **body.intent()})

            return await validated(request, ACTS[act], asked)

        return handle

    async def _asked(self, request: web.Request, customer_id: str, intent: dict[str, Any]) -> web.StreamResponse:
        """Queue an act for a second person, once it is seen that it could be done now."""
        key = key_of(request)
        if isinstance(key, web.Response):
            return key
        identity = str(uuid.uuid5(NAMESPACE, key) if key else uuid.uuid4())
        operation = Operation(identity, KIND, reference(PREFIX, identity), customer_id, intent)
        if repeated := await self._repeated(operation):
            return repeated
        work = _work(operation, self._clock())
        try:
            await self._tried(work)
        except REFUSALS as error:
            return problem(409, getattr(error, "code", "") or "impossible", f"Refused: {error}.")
        async with self._store.begin() as connection:
            if is_new := await self._outbox.put(connection, operation):
                await self._servicing.ask(connection, work, work.created_at)
        if not is_new:  # the same key came twice at once
            return await self._repeated(operation) or key_reused()
        self._outbox.news.set()
        return _waiting(operation)

    async def _repeated(self, operation: Operation) -> web.Response | None:
        """The answer to what was asked before under this key; None when nothing was."""
        async with self._store.read() as connection:
            known = await queue.named(connection, operation.reference)
        if known is None:
            return None
        is_theirs = (known.id, known.customer_id) == (operation.id, operation.customer)
        is_same = is_theirs and known.intent_hash == intent_hash(KIND, operation.intent)
        return _waiting(operation) if is_same else key_reused()

    async def _tried(self, work: Work) -> None:
        """Do it, and take it back before anybody sees it."""
        async with self._store.begin() as connection:
            savepoint = await connection.begin_nested()
            try:
                await self._servicing.perform(connection, work, work.created_at)
            finally:
                await savepoint.rollback()

    async def show(self, request: web.Request) -> web.StreamResponse:
        async with self._store.read() as connection:
            row = await queue.named(connection, request.match_info["reference"].upper())
        return web.json_response(_act(row)) if row is not None and row.kind == KIND else _no_act()

    async def confirm(self, request: web.Request) -> web.StreamResponse:
        """The second person's part."""

        async def decide(body: Second) -> web.StreamResponse:
            deed = Deed(body.by, body.by, body.why, "", self._clock())
            state = {"approve": "approved", "decline": "declined"}[body.decision]
            try:
                async with self._store.begin() as connection:
                    row = await queue.named(connection, request.match_info["reference"].upper())
                    if row is None or row.kind != KIND:
                        return _no_act()
                    await self._servicing.decided(connection, replace(deed, operation_id=row.id), row.id, state)
            except Rejected as error:
                return problem(409, error.code, f"Refused: {error}.")
            self._outbox.news.set()
            return web.json_response({"reference": row.reference, "act": row.intent["act"], "state": state})

        return await validated(request, Second, decide)


def _waiting(operation: Operation) -> web.Response:
    answer = {"reference": operation.reference, "act": operation.intent["act"], "state": "waiting"}
    return web.json_response(answer, status=202)


def _work(operation: Operation, now: int) -> Work:
    """An operation that is not queued yet, as its steps would see it."""
    return Work(
        number=0, id=operation.id, reference=operation.reference, kind=KIND, customer_id=operation.customer,
        intent=operation.intent, state="queued", step="act", generation=0, attempts=0, data={}, created_at=now,
        waiting_since=None, fence=0,
    )  # fmt: skip


def _act(row: Any) -> dict[str, Any]:
    return {
        "reference": row.reference,
        "act": row.intent["act"],
        "state": row.state,
        "by": row.intent["by"],
        "why": row.intent["why"],
        "refusal": row.data.get("refusal"),
        "reason": row.reason,
    }


def _no_act() -> web.Response:
    return problem(404, "not-found", "Nothing was asked for under this reference.")
