"""What staff ask customers to pay over HTTP, as officers do on phones; `by` names who asks. All is recorded.

POST /api/prompts  {"phone": "0711000001", "amount": "500", "loan": "LN7K2QD", "by": "jane"}
202  {"reference": "PP7K2QD", "state": "waiting"}
GET  /api/prompts?by=jane        GET /api/prompts/PP7K2QD
"""

import uuid
from collections.abc import Callable, Iterable
from typing import Any

from aiohttp import web
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.amounts import up_to_shilling
from flows.text import amount_cents
from flows.turn import SALTS_MAX, reference
from gateway.accounts import prompts
from gateway.accounts.audit import Deed
from gateway.accounts.staff import WALLET, Ask, Staff
from gateway.books.accounts import CURRENCY
from gateway.clock import iso, local_date
from gateway.errors import Rejected
from gateway.lending.fields import amount_text
from gateway.lending.portfolio import Portfolio
from gateway.operations.outbox import ReferenceTaken
from gateway.playbooks.staffing import PROMPT
from gateway.store.customers import Customer
from gateway.store.engine import Store
from gateway.web.deeds import Body, Deeds, Handle, saying
from gateway.web.paging import limit_of
from gateway.web.problems import problem, validated

PAGE, PAGE_MAX = 50, 200
PROMPT_MAX_CENTS = 250_000_00


class Prompt(Body):
    phone: str
    amount: str
    loan: str | None = None
    """A loan's reference; without one the wallet."""


class PromptRoutes:
    """Thin: what may be asked is decided by `gateway.accounts.staff`. `has_deposits`: a wallet takes money, too."""

    def __init__(
        self, store: Store, deeds: Deeds, staff: Staff, portfolio: Portfolio, *, has_deposits: Callable[[], bool]
    ) -> None:
        self._store = store
        self._deeds = deeds
        self._staff = staff
        self._portfolio = portfolio
        self._has_deposits = has_deposits

    def table(self) -> Iterable[web.RouteDef]:
        return (
            web.post("/api/prompts", self.prompt),
            web.get("/api/prompts", self.prompts),
            web.get("/api/prompts/{reference}", self.prompted),
        )

    async def prompt(self, request: web.Request) -> web.StreamResponse:
        return await validated(request, Prompt, self._prompted)

    async def prompts(self, request: web.Request) -> web.StreamResponse:
        """The newest first; `by` asks for those of one member of staff."""
        try:
            limit = limit_of(request, PAGE, PAGE_MAX)
        except ValueError:
            return problem(422, "invalid", "limit is a number")
        async with self._store.read() as connection:
            rows = await prompts.newest(connection, by=request.query.get("by"), limit=limit)
        return web.json_response({"prompts": [_described(row) for row in rows]})

    async def prompted(self, request: web.Request) -> web.StreamResponse:
        async with self._store.read() as connection:
            row = await prompts.by_reference(connection, request.match_info["reference"].upper())
        if row is None:
            return problem(404, "not-found", "No payment was asked for under this reference.")
        return web.json_response(_described(row))

    async def _prompted(self, body: Prompt) -> web.StreamResponse:
        cents = amount_cents(body.amount)
        if cents is None or cents % 100 or not 0 < cents <= PROMPT_MAX_CENTS:
            return problem(422, "invalid", "amount: whole shillings, 1 to 250,000")
        if body.loan is None and not self._has_deposits():
            return problem(409, "no-deposits", "Wallets take no deposits here.")
        for salt in range(SALTS_MAX):
            name = str(uuid.uuid4())
            ask = Ask(body.loan.upper() if body.loan else WALLET, cents, reference(PROMPT, name, salt))
            said = saying({"reference": ask.reference, "state": "waiting"})
            try:
                deed = self._deeds.by(body.by, identity=name)
                return await self._deeds.done(body.phone, deed, self._asking(ask), said, status=202)
            except ReferenceTaken:
                continue
        return problem(503, "unavailable", "No free reference was found; try again.")

    def _asking(self, ask: Ask) -> Handle:
        async def asked(connection: AsyncConnection, deed: Deed, customer: Customer) -> None:
            if ask.about != WALLET:
                await self._owes(connection, customer, ask, deed.now)
            await self._staff.ask(connection, deed, customer.id, ask)

        return asked

    async def _owes(self, connection: AsyncConnection, customer: Customer, ask: Ask, now: int) -> None:
        """A customer is only asked for what is their own debt, and for no more than that."""
        running = await self._portfolio.active(connection, customer.id, local_date(now))
        owed = next((each.owed_cents for each in running if each.record.reference == ask.about), None)
        if owed is None:
            raise Rejected("this customer has no such loan", "no-loan")
        if ask.cents > up_to_shilling(owed):
            raise Rejected("more than is owed", "too-much")


def _described(row: Row[Any]) -> dict[str, Any]:
    return {
        "reference": row.reference,
        "phone": row.msisdn,
        "about": row.about,
        "amount": amount_text(row.amount_cents),
        "currency": CURRENCY,
        "state": prompts.state_of(row),
        "by": row.by_name,
        "at": iso(row.created_at),
        "sentAt": iso(row.sent_at) if row.sent_at else None,
        "until": iso(row.until),
        "updatedAt": iso(row.updated_at),
    }
