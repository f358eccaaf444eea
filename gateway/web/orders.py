"""Standing orders for operators: a customer's M-PESA is asked to pay us again and again.

    POST /api/standing-orders   Idempotency-Key: 7f3c
         {"phoneNumber": "0711000001", "amount": "500.00", "frequency": "monthly", "startsOn": "2026-09-05",
          "endsOn": "2027-03-05", "loan": "LN7K2QD", "by": "jane", "reason": "asked for it on the phone"}
    202  {"reference": "STB4K7N", "state": "asked", "amount": "500.00", "currency": "KES", "account": "LN7K2QD", ...}
    GET  /api/standing-orders?phone=0711000001&state=agreed&limit=50&cursor=...
    GET  /api/standing-orders/STB4K7N

Without a loan the payments go to what is due of the customer's loans, then to the wallet. The customer agrees with
their M-PESA PIN, and only there can stop it.
"""

import uuid
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic.alias_generators import to_camel
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.text import msisdn as kenyan
from flows.turn import Operation, reference
from gateway.accounts.audit import Deed, noted
from gateway.books.accounts import CURRENCY
from gateway.clock import Clock, iso, local_date
from gateway.lending.fields import amount_text
from gateway.lending.portfolio import RUNNING_STATES, Portfolio
from gateway.operations.outbox import Outbox
from gateway.orders import kept
from gateway.orders.kept import Order
from gateway.playbooks.ordering import KIND, PREFIX
from gateway.rails.organisation import Frequency
from gateway.store import customers
from gateway.store.customers import Customer
from gateway.store.engine import Store
from gateway.web.keys import key_reused, keyed
from gateway.web.paging import following, page_of
from gateway.web.people import whose
from gateway.web.problems import problem

NAMESPACE = uuid.UUID("9c1f9c0e-5a0c-5e1b-8a53-6f7264657273")
PAGE, PAGE_MAX = 50, 200


class Wanted(BaseModel):
    """What to ask the customer for; `startsOn` and `endsOn` are the first and the last day on which M-PESA may pay."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, str_strip_whitespace=True)
    phone_number: str
    amount: Annotated[Decimal, Field(ge=1, le=250_000, multiple_of=Decimal(1))]
    frequency: Frequency
    starts_on: date
    ends_on: date
    loan: str | None = None
    by: Annotated[str, StringConstraints(min_length=2, max_length=60)]
    reason: Annotated[str, StringConstraints(min_length=3, max_length=120)]

    @model_validator(mode="after")
    def _in_order(self) -> "Wanted":
        if self.ends_on < self.starts_on:
            raise ValueError("endsOn is before startsOn")
        return self


class OrderRoutes:
    """The composition root puts them behind the operators' token."""

    def __init__(self, store: Store, portfolio: Portfolio, outbox: Outbox, clock: Clock) -> None:
        self._store = store
        self._portfolio = portfolio
        self._outbox = outbox
        self._clock = clock

    def table(self) -> Iterable[web.RouteDef]:
        return (
            web.post("/api/standing-orders", self.ask),
            web.get("/api/standing-orders", self.all),
            web.get("/api/standing-orders/{reference}", self.one),
        )

    async def ask(self, request: web.Request) -> web.StreamResponse:
        """The same key again answers what has become of the first."""
        return await keyed(request, Wanted, self._asked)

    async def _asked(self, key: str, wanted: Wanted) -> web.Response:
        identity = str(uuid.uuid5(NAMESPACE, key))
        async with self._store.begin() as connection:
            customer = await _customer(connection, wanted.phone_number)
            if customer is None:
                return problem(404, "not-found", "phoneNumber: no customer on this phone")
            order = self._order(identity, customer, wanted)
            known = await kept.find(connection, identity)
            if known is None:
                if refused := await self._refusal(connection, customer, wanted):
                    return refused
                if not await self._put(connection, order, wanted.reason):  # the same came at the same moment
                    known = await kept.find(connection, identity)
            if known is not None and _said(known) != _said(order):
                return key_reused()
        self._outbox.news.set()
        return web.json_response(described(known or order), status=200 if known else 202)

    async def _refusal(self, connection: AsyncConnection, customer: Customer, wanted: Wanted) -> web.Response | None:
        if wanted.starts_on < local_date(self._clock()):
            return problem(422, "invalid", "startsOn: is over")
        if wanted.loan is None:
            return None
        loan = await self._portfolio.by_reference(connection, wanted.loan.upper())
        if loan is None or loan.customer_id != customer.id or loan.state not in RUNNING_STATES:
            return problem(404, "not-found", "loan: this customer has no such loan to repay")
        return None

    def _order(self, identity: str, customer: Customer, wanted: Wanted) -> Order:
        return Order(
            id=identity,
            reference=reference(PREFIX, identity),
            customer_id=customer.id,
            msisdn=customer.msisdn,
            amount_cents=int(wanted.amount) * 100,
            frequency=wanted.frequency,
            starts_on=wanted.starts_on.isoformat(),
            ends_on=wanted.ends_on.isoformat(),
            account=wanted.loan.upper() if wanted.loan else f"0{customer.msisdn.removeprefix('+254')}",
            by=wanted.by,
            created_at=self._clock(),
        )

    async def _put(self, connection: AsyncConnection, order: Order, reason: str) -> bool:
        """Whether it is a new one."""
        intent = {"amount_cents": order.amount_cents, "account": order.account, "frequency": order.frequency}
        operation = Operation(order.id, KIND, order.reference, order.customer_id, intent)
        if not await self._outbox.put(connection, operation):
            return False
        await kept.put(connection, order)
        deed = Deed(order.by, order.by, reason, order.id, order.created_at)
        await noted(connection, deed, "order.asked", order.customer_id, intent)
        return True

    async def all(self, request: web.Request) -> web.StreamResponse:
        """The newest first; `cursor` of the answer asks for the page after it."""
        query = request.query
        page = page_of(request, PAGE, PAGE_MAX)
        if isinstance(page, web.Response):
            return page
        async with self._store.read() as connection:
            customer = await whose(connection, query)
            if isinstance(customer, web.Response):
                return customer
            found = await kept.listed(
                connection, customer_id=customer.id if customer else None, state=query.get("state"), before=page.before,
                limit=page.read,
            )  # fmt: skip
        body = {
            "standingOrders": [described(each) for each in found[: page.limit]],
            "cursor": following(found, page.limit),
        }
        return web.json_response(body)

    async def one(self, request: web.Request) -> web.StreamResponse:
        async with self._store.read() as connection:
            order = await kept.by_reference(connection, request.match_info["reference"].upper())
        if order is None:
            return problem(404, "not-found", "no such standing order")
        return web.json_response(described(order))


def described(order: Order) -> dict[str, Any]:
    """An order as the wire has it."""
    return {
        "reference": order.reference,
        "operation": order.id,
        "state": order.state,
        "phoneNumber": order.msisdn,
        "amount": amount_text(order.amount_cents),
        "currency": CURRENCY,
        "frequency": order.frequency,
        "startsOn": order.starts_on,
        "endsOn": order.ends_on,
        "account": order.account,
        "by": order.by,
        "orderId": order.order_id,
        "code": order.code,
        "createdAt": iso(order.created_at),
        "settledAt": iso(order.settled_at) if order.settled_at else None,
    }


def _said(order: Order) -> tuple[object, ...]:
    """What was asked for, whatever has become of it."""
    return (order.customer_id, order.amount_cents, order.frequency, order.starts_on, order.ends_on, order.account)


async def _customer(connection: AsyncConnection, phone: str) -> Customer | None:
    msisdn = kenyan(phone)
    return await customers.on_line(connection, msisdn) if msisdn else None
