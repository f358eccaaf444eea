"""One act of one of the staff on one customer, over HTTP: done, recorded and answered in one unit of work."""

import uuid
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.text import msisdn as kenyan
from gateway.accounts.audit import Deed
from gateway.clock import Clock
from gateway.errors import Rejected
from gateway.operations.outbox import Outbox
from gateway.store import customers
from gateway.store.customers import Customer
from gateway.store.engine import Store
from gateway.web.problems import problem

NAME_LEAST, NAME_MOST = 2, 60

Handle = Callable[[AsyncConnection, Deed, Customer], Awaitable[None]]
"""The act itself. Raises Rejected."""
Describe = Callable[[AsyncConnection, Customer], Awaitable[dict[str, Any]]]
"""The answer, from the customer as they are after it."""


class Body(BaseModel):
    model_config = ConfigDict(
        extra="forbid", alias_generator=to_camel, populate_by_name=True, str_strip_whitespace=True
    )
    by: str = Field(min_length=NAME_LEAST, max_length=NAME_MOST)


class Reasoned(Body):
    """An act, by whom, and why if they say so."""

    reason: str = Field("", max_length=120)


class Explained(Body):
    """An act that needs a reason."""

    reason: str = Field(min_length=3, max_length=120)


class Deeds:
    """What all routes for staff have in common."""

    def __init__(self, store: Store, outbox: Outbox, clock: Clock) -> None:
        self._store = store
        self._outbox = outbox
        self._clock = clock

    def by(self, name: str, reason: str = "", *, identity: str = "") -> Deed:
        """What one of the staff does now; `identity` of the operation that it is, where that is known."""
        return Deed(name, name, reason, identity or str(uuid.uuid4()), self._clock())

    async def done(
        self, phone: str, deed: Deed, handle: Handle, describe: Describe, *, status: int = 200,
        missing: Collection[str] = (),
    ) -> web.Response:  # fmt: skip
        """The act on whoever has this line, and what is said of it; 409 where it cannot be, 404 for codes of what is
        `missing`."""
        line = kenyan(phone)
        if line is None:
            return problem(422, "invalid", "phone: not a Kenyan mobile number")
        try:
            async with self._store.begin() as connection:
                customer = await customers.on_line(connection, line)
                if customer is None or customer.state == "listed":
                    return nobody()
                await handle(connection, deed, customer)
                body = await describe(connection, await customers.get(connection, customer.id))
        except Rejected as error:
            return problem(404 if error.code in missing else 409, error.code, f"Refused: {error}.")
        self._outbox.news.set()
        return web.json_response(body, status=status)


def saying(answer: dict[str, Any]) -> Describe:
    """The same, whoever it was done to."""

    async def describe(_: AsyncConnection, __: Customer) -> dict[str, Any]:
        return answer

    return describe


def asker_of(request: web.Request) -> str | web.Response:
    """Who looks, as the query says: `by`."""
    by = request.query.get("by", "").strip()
    if not NAME_LEAST <= len(by) <= NAME_MOST:
        return problem(422, "invalid", f"by: name who asks, {NAME_LEAST} to {NAME_MOST} characters")
    return by


def nobody() -> web.Response:
    return problem(404, "not-found", "Nobody has an account on this line.")
