"""Other phones that pay for a customer, for operators: see them, take one away. The customer is told, all is recorded.

GET  /api/customers/0711000001/lines?by=jane
200  {"phone": "+254711000001", "lines": [{"reference": "LK7K2QD", "phone": "+254722000007", "since": "2026-08-05..."}]}
POST /api/customers/0711000001/lines/LK7K2QD/remove  {"by": "jane", "reason": "the phone was stolen"}   -> the others
"""

import uuid
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.text import msisdn as kenyan
from gateway.accounts import linked
from gateway.accounts.audit import Deed
from gateway.accounts.staff import Staff
from gateway.clock import Clock, iso
from gateway.errors import Rejected
from gateway.operations.outbox import Outbox
from gateway.store import customers
from gateway.store.customers import Customer
from gateway.store.engine import Store
from gateway.web.officers import Paused
from gateway.web.problems import problem, validated

Handle = Callable[[AsyncConnection, Deed, Customer], Awaitable[None]]


class LinkedRoutes:
    """The composition root puts them behind the operators' token."""

    def __init__(self, store: Store, outbox: Outbox, staff: Staff, clock: Clock) -> None:
        self._store = store
        self._outbox = outbox
        self._staff = staff
        self._clock = clock

    def table(self) -> Iterable[web.RouteDef]:
        at = "/api/customers/{phone}/lines"
        return (web.get(at, self.show), web.post(f"{at}/{{reference}}/remove", self.remove))

    async def show(self, request: web.Request) -> web.Response:
        """Those in use, the oldest first; looking is recorded too. `by` is a query parameter."""
        by = request.query.get("by", "").strip()
        if not 2 <= len(by) <= 60:
            return problem(422, "invalid", "by: name who asks, 2 to 60 characters")
        return await self._done(request, by, "", self._staff.look_up)

    async def remove(self, request: web.Request) -> web.StreamResponse:
        reference = request.match_info["reference"].upper()

        async def take(connection: AsyncConnection, deed: Deed, customer: Customer) -> None:
            await self._staff.unlink(connection, deed, customer.id, reference)

        return await validated(request, Paused, lambda said: self._done(request, said.by, said.reason, take))

    async def _done(self, request: web.Request, by: str, reason: str, handle: Handle) -> web.Response:
        """One act in one unit of work, and the lines that are linked after it."""
        phone = kenyan(request.match_info["phone"])
        if phone is None:
            return problem(422, "invalid", "phone: not a Kenyan mobile number")
        deed = Deed(by, by, reason, str(uuid.uuid4()), self._clock())
        try:
            async with self._store.begin() as connection:
                customer = await customers.on_line(connection, phone)
                if customer is None or customer.state == "listed":
                    return problem(404, "not-found", "Nobody has an account on this line.")
                await handle(connection, deed, customer)
                lines = await linked.of_customer(connection, customer.id)
        except Rejected as error:
            return problem(404 if error.code == "no-line" else 409, error.code, f"Refused: {error}.")
        self._outbox.news.set()
        return web.json_response({"phone": phone, "lines": [_line(line) for line in lines]})


def _line(line: linked.Linked) -> dict[str, Any]:
    return {"reference": line.reference, "phone": line.msisdn, "since": iso(line.since)}
