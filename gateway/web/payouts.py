"""Pay-outs that are held before they go to the rail, and the people who let them go or do not.

GET  /api/payouts/held?limit=50&cursor=...
POST /api/payouts/WD7K2QD/release {"by": "jane", "why": "they called: two children, two fees"}
POST /api/payouts/WD7K2QD/decline {"by": "jane", "why": "entered twice by the shop"}

`people` of a held pay-out says how many different ones have to release it; whoever asked for it is none of them.
"""

from collections.abc import Iterable
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.accounts.audit import Deed
from gateway.approvals import decisions
from gateway.approvals.decisions import Approval
from gateway.books.accounts import CURRENCY
from gateway.clock import Clock, iso
from gateway.errors import Rejected
from gateway.lending.fields import amount_text
from gateway.operations import queue
from gateway.operations.outbox import Outbox
from gateway.playbooks.guard import KIND, Guard
from gateway.store import customers
from gateway.store.engine import Store
from gateway.web.paging import following, page_of
from gateway.web.problems import problem, validated
from gateway.web.said import Said

PAGE, PAGE_MAX = 50, 200
STATES = {"release": "approved", "decline": "declined"}


class PayoutRoutes:
    """Thin: who may say what is decided by `gateway.playbooks.guard`."""

    def __init__(self, store: Store, guard: Guard, outbox: Outbox, clock: Clock) -> None:
        self._store = store
        self._guard = guard
        self._outbox = outbox
        self._clock = clock

    def table(self) -> Iterable[web.RouteDef]:
        return (
            web.get("/api/payouts/held", self.held),
            *(web.post(f"/api/payouts/{{reference}}/{act}", self._deciding(act)) for act in STATES),
        )

    async def held(self, request: web.Request) -> web.Response:
        """A page, the newest first; `cursor` of the answer asks for the next one, null is the end."""
        page = page_of(request, PAGE, PAGE_MAX)
        if isinstance(page, web.Response):
            return page
        async with self._store.read() as connection:
            rows = await decisions.page(
                connection, {"kind": KIND, "state": "open"}, before=page.before, limit=page.read
            )
            shown = [await _shown(connection, row) for row in rows[: page.limit]]
        cursor = following(rows, page.limit)
        return web.json_response({"payouts": shown, "cursor": cursor})

    def _deciding(self, act: str) -> Any:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await validated(request, Said, lambda said: self._decided(request, act, said))

        return handle

    async def _decided(self, request: web.Request, act: str, said: Said) -> web.Response:
        named = request.match_info["reference"].upper()
        try:
            async with self._store.begin() as connection:
                row = await queue.named(connection, named)
                if row is None:
                    return problem(404, "not-found", "no operation of this name")
                deed = Deed(said.by, said.by, said.why, row.id, self._clock())
                came_to = await self._guard.decided(connection, deed, row.id, STATES[act])
        except Rejected as error:
            return problem(409, error.code, f"Refused: {error}.")
        self._outbox.news.set()
        return web.json_response({"reference": named, "state": came_to})


async def _shown(connection: AsyncConnection, row: Approval) -> dict[str, Any]:
    person = await customers.get(connection, row.requester_id) if row.requester_id else None
    return {
        "reference": row.reference,
        "kind": row.detail["kind"],
        "phone": person.msisdn if person else None,
        "currency": CURRENCY,
        "amount": amount_text(row.amount_cents),
        "reason": row.detail["reason"],
        "about": row.detail["about"],
        "people": row.detail["people"],
        "releasedBy": row.not_by,
        "since": iso(row.created_at),
        "until": iso(row.expires_at),
    }
