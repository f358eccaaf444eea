"""Whoever is meant by a phone in a request, written in any usual form; or the problem with it."""

from collections.abc import Mapping

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.text import msisdn as kenyan
from gateway.store import customers
from gateway.store.customers import Customer
from gateway.web.problems import problem


async def customer_on(connection: AsyncConnection, text: str, field: str = "phone") -> Customer | web.Response:
    """Whoever has an account there: else 422 `invalid` or 404 `no-such-customer`, naming the field."""
    line = kenyan(text)
    if line is None:
        return problem(422, "invalid", f"{field}: not a Kenyan mobile number")
    customer = await customers.on_line(connection, line)
    return customer or problem(404, "no-such-customer", f"{field}: nobody has an account on this number")


async def whose(connection: AsyncConnection, query: Mapping[str, str]) -> Customer | web.Response | None:
    """Whom a list is narrowed to by its `phone`; None for everybody's. Else 422 `invalid` or 404 `not-found`."""
    if "phone" not in query:
        return None
    line = kenyan(query["phone"])
    if line is None:
        return problem(422, "invalid", "phone: not a Kenyan mobile number")
    return await customers.on_line(connection, line) or problem(404, "not-found", "phone: no customer on this line")
