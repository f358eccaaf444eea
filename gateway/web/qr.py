"""A square for the M-PESA app that pays our paybill for one loan or one customer.

POST /api/mpesa/qr   {"loan": "LN7K2QD"}                            its next payment
POST /api/mpesa/qr   {"phone": "0711000001", "amount": "500"}       what is due of their loans, then their wallet
200  {"account": "LN7K2QD", "shortcode": "600999", "amount": "2160.00", "currency": "KES", "pixels": 300,
      "contentType": "image/png", "image": "iVBORw0KGgo..."}

With `Accept: image/png` the answer is the picture itself. Nothing is kept of it: whoever scans it pays the paybill
like anybody else, and what comes is credited by its account.
"""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Protocol

from aiohttp import hdrs, web
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.amounts import up_to_shilling
from gateway.books.accounts import CURRENCY
from gateway.clock import Clock, local_date
from gateway.errors import Rejected
from gateway.lending.fields import amount_text
from gateway.lending.portfolio import RUNNING_STATES, Portfolio
from gateway.lending.standings import next_cents
from gateway.rails import pauses
from gateway.rails.organisation import Code
from gateway.store import customers
from gateway.store.engine import Store
from gateway.web.mpesa import Phone, Shillings
from gateway.web.problems import problem, validated

PNG = "image/png"


class Asked(BaseModel):
    """For a loan or for a customer; for a loan the amount is that of its next payment, if none is named."""

    model_config = ConfigDict(extra="forbid")
    loan: (
        Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, min_length=1, max_length=16)] | None
    ) = None
    phone: Phone | None = None
    amount: Shillings | None = None
    pixels: Annotated[int, Field(ge=100, le=1000)] = 300

    @model_validator(mode="after")
    def _for_one(self) -> "Asked":
        if (self.loan is None) == (self.phone is None):
            raise ValueError("loan or phone: one of them")
        if self.phone is not None and self.amount is None:
            raise ValueError("amount: needed without a loan")
        return self


class Draws(Protocol):
    """Whoever makes the picture. Raises Unavailable and Rejected."""

    async def code(self, request: Code) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Business:
    """Whom a square pays: the rail's name, our name and our paybill."""

    rail: str
    name: str
    shortcode: str


class QrRoutes:
    """The composition root puts them behind the operators' token."""

    def __init__(self, store: Store, portfolio: Portfolio, draws: Draws, business: Business, clock: Clock) -> None:
        self._store = store
        self._portfolio = portfolio
        self._draws = draws
        self._business = business
        self._clock = clock

    def table(self) -> Iterable[web.RouteDef]:
        return (web.post("/api/mpesa/qr", self.make),)

    async def make(self, request: web.Request) -> web.StreamResponse:
        accepts = request.headers.get(hdrs.ACCEPT, "")
        return await validated(request, Asked, lambda asked: self._made(asked, is_plain=PNG in accepts))

    async def _made(self, asked: Asked, *, is_plain: bool) -> web.StreamResponse:
        async with self._store.read() as connection:
            if pause := await pauses.on(connection, self._business.rail, "collect"):
                return problem(409, "rail-paused", f"{self._business.rail} takes no money now: {pause.reason}")
            found = await self._code(connection, asked, local_date(self._clock()))
        if isinstance(found, web.Response):
            return found
        try:
            picture = await self._draws.code(found)
        except Rejected as refusal:
            return problem(502, "refused-by-rail", f"{self._business.rail} makes no such code: {refusal}")
        return self._picture(found, picture) if is_plain else self._described(found, picture)

    async def _code(self, connection: AsyncConnection, asked: Asked, today: date) -> Code | web.Response:
        """What to have drawn, or why nothing is."""
        if asked.loan is None:
            return await self._for_person(connection, asked)
        record = await self._portfolio.by_reference(connection, asked.loan)
        if record is None or record.state not in RUNNING_STATES:
            return problem(404, "no-such-loan", "loan: there is no such loan to repay")
        cents = int(asked.amount or 0) * 100
        if not cents:
            standing = await self._portfolio.standing(connection, record.id, today)
            cents = up_to_shilling(next_cents(standing.loan))
        return Code(self._business.name, record.reference, cents, asked.pixels)

    async def _for_person(self, connection: AsyncConnection, asked: Asked) -> Code | web.Response:
        assert asked.phone is not None
        assert asked.amount is not None
        customer = await customers.on_line(connection, asked.phone)
        if customer is None or customer.state != "active":
            return problem(404, "no-such-customer", "phone: nobody has an open account on this number")
        return Code(self._business.name, f"0{asked.phone[4:]}", int(asked.amount) * 100, asked.pixels)

    def _described(self, code: Code, picture: bytes) -> web.Response:
        body = {
            "account": code.reference,
            "shortcode": self._business.shortcode,
            "amount": amount_text(code.amount_cents),
            "currency": CURRENCY,
            "pixels": code.pixels,
            "contentType": PNG,
            "image": base64.b64encode(picture).decode(),
        }
        return web.json_response(body)

    def _picture(self, code: Code, picture: bytes) -> web.Response:
        headers = {hdrs.CONTENT_DISPOSITION: f'inline; filename="{code.reference}.png"'}
        return web.Response(body=picture, content_type=PNG, headers=headers)
