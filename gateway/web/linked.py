"""Other phones that pay for a customer, for operators: see them, take one away. The customer is told, all is recorded.

GET  /api/customers/0711000001/lines?by=jane
200  {"phone": "+254711000001", "lines": [{"reference": "LK7K2QD", "phone": "+254722000007", "since": "2026-08-05..."}]}
POST /api/customers/0711000001/lines/LK7K2QD/remove  {"by": "jane", "reason": "the phone was stolen"}   -> the others
"""

from collections.abc import Iterable
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.accounts import linked
from gateway.accounts.audit import Deed
from gateway.accounts.staff import Staff
from gateway.clock import iso
from gateway.store.customers import Customer
from gateway.web.deeds import Deeds, Explained, Handle, asker_of
from gateway.web.problems import validated


class LinkedRoutes:
    """The composition root puts them behind the operators' token."""

    def __init__(self, deeds: Deeds, staff: Staff) -> None:
        self._deeds = deeds
        self._staff = staff

    def table(self) -> Iterable[web.RouteDef]:
        at = "/api/customers/{phone}/lines"
        return (web.get(at, self.show), web.post(f"{at}/{{reference}}/remove", self.remove))

    async def show(self, request: web.Request) -> web.Response:
        """Those in use, the oldest first; looking is recorded too. `by` is a query parameter."""
        by = asker_of(request)
        if isinstance(by, web.Response):
            return by
        return await self._done(request, self._deeds.by(by), self._staff.look_up)

    async def remove(self, request: web.Request) -> web.StreamResponse:
        reference = request.match_info["reference"].upper()

        async def take(connection: AsyncConnection, deed: Deed, customer: Customer) -> None:
            await self._staff.unlink(connection, deed, customer.id, reference)

        return await validated(
            request, Explained, lambda said: self._done(request, self._deeds.by(said.by, said.reason), take)
        )

    async def _done(self, request: web.Request, deed: Deed, handle: Handle) -> web.Response:
        return await self._deeds.done(request.match_info["phone"], deed, handle, _lines, missing={"no-line"})


async def _lines(connection: AsyncConnection, customer: Customer) -> dict[str, Any]:
    """Those in use."""
    lines = await linked.of_customer(connection, customer.id)
    return {"phone": customer.msisdn, "lines": [_line(line) for line in lines]}


def _line(line: linked.Linked) -> dict[str, Any]:
    return {"reference": line.reference, "phone": line.msisdn, "since": iso(line.since)}
