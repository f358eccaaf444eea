"""Requests that wait for a yes, as operators see and answer them.

GET /api/approvals?state=open&kind=officer&phone=0711000001&limit=50&cursor=...
POST /api/approvals/{id}/approve {"by": "jane"}  and  .../decline {"by": "jane", "reason": "savings"}

Nobody here says yes with other people's money: a loan from person to person and a guarantee are approved only on the
phone of whoever was asked.
"""

from collections.abc import Iterable
from typing import Any

from aiohttp import web
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.approve import REASONS
from flows.text import msisdn as kenyan
from gateway.accounts import audit
from gateway.approvals import decisions
from gateway.approvals.decisions import Approval
from gateway.books.accounts import CURRENCY
from gateway.clock import Clock, iso
from gateway.lending.fields import amount_text
from gateway.operations.outbox import Outbox
from gateway.playbooks.approving import OFFICER, THEIR_OWN, Approving, Late
from gateway.store import customers
from gateway.store.engine import Store
from gateway.web.paging import following, page_of
from gateway.web.problems import problem, validated
from gateway.web.said import By

PAGE, PAGE_MAX = 50, 200
FILTERS = ("state", "kind")
HERE = frozenset({OFFICER, *THEIR_OWN})


class No(By):
    reason: str = Field(min_length=1, max_length=40)


class ApprovalRoutes:
    """The composition root puts them behind the operators' token."""

    def __init__(self, store: Store, approving: Approving, outbox: Outbox, clock: Clock) -> None:
        self._store = store
        self._approving = approving
        self._outbox = outbox
        self._clock = clock

    def table(self) -> Iterable[web.RouteDef]:
        return (
            web.get("/api/approvals", self.listed),
            web.post("/api/approvals/{id}/approve", self.approve),
            web.post("/api/approvals/{id}/decline", self.decline),
        )

    async def listed(self, request: web.Request) -> web.Response:
        """A page, the newest first; `cursor` of the answer asks for the next one, null is the end."""
        page = page_of(request, PAGE, PAGE_MAX)
        if isinstance(page, web.Response):
            return page
        filters = {name: request.query[name] for name in FILTERS if request.query.get(name)}
        async with self._store.read() as connection:
            if phone := request.query.get("phone"):
                line = kenyan(phone)
                if line is None:
                    return problem(422, "invalid", "phone: not a Kenyan mobile number")
                person = await customers.on_line(connection, line)
                filters["requester_id"] = person.id if person else ""
            rows = await decisions.page(connection, filters, before=page.before, limit=page.read)
            shown = [await _shown(connection, row) for row in rows[: page.limit]]
        cursor = following(rows, page.limit)
        return web.json_response({"approvals": shown, "cursor": cursor})

    async def approve(self, request: web.Request) -> web.StreamResponse:
        return await validated(request, By, lambda yes: self._answered(request, yes.by, None))

    async def decline(self, request: web.Request) -> web.StreamResponse:
        return await validated(request, No, lambda no: self._answered(request, no.by, no.reason))

    async def _answered(self, request: web.Request, by: str, reason: str | None) -> web.Response:
        """The first answer counts; a later one is told what it was."""
        async with self._store.begin() as connection:
            row = await decisions.get(connection, request.match_info["id"])
            if row is None:
                return problem(404, "not-found", "no such request")
            if refusal := await _refused(connection, row, by, reason):
                return refusal
            try:
                if reason is None:
                    await self._approving.approved(connection, row, by, self._clock())
                else:
                    await self._approving.declined(connection, row, by, reason, self._clock())
            except Late:
                state = row.state if row.state != "open" else "expired"
                return problem(409, "answered", f"this request is {state}")
            shown = await _shown(connection, await decisions.get(connection, row.id) or row)
        self._outbox.news.set()
        return web.json_response(shown)


async def _refused(connection: AsyncConnection, row: Approval, by: str, reason: str | None) -> web.Response | None:
    """Why this operator may not give this answer to it, whatever its state. Officers have a phone and a name: who has
    decided with the one, or asks for themselves, does not decide with the other."""
    if row.kind not in HERE:
        return problem(409, "elsewhere", f"requests of kind {row.kind} are decided where they are made")
    if reason is None and row.kind in THEIR_OWN:
        return problem(403, "theirs-alone", "only the person who was asked can say yes, on their own phone")
    if row.kind not in THEIR_OWN and reason is not None and reason not in REASONS:
        return problem(422, "invalid", f"reason: one of {', '.join(REASONS)}")
    if await audit.is_one_of(connection, by, (row.not_by, row.requester_id if reason is None else None)):
        return problem(409, "second-person", "somebody else has to decide about this one too")
    return None


async def _shown(connection: AsyncConnection, row: Approval) -> dict[str, Any]:
    return {
        "id": row.id,
        "reference": row.reference,
        "kind": row.kind,
        "state": row.state,
        "requester": await _person(connection, row.requester_id),
        "approver": await _person(connection, row.approver_id),
        "amount": amount_text(row.amount_cents),
        "currency": CURRENCY,
        "reason": row.reason,
        "decidedBy": row.decided_by,
        "decidedAt": iso(row.decided_at) if row.decided_at else None,
        "secondPerson": row.not_by is not None,
        "expiresAt": iso(row.expires_at),
        "createdAt": iso(row.created_at),
    }


async def _person(connection: AsyncConnection, customer_id: str | None) -> dict[str, str] | None:
    """Who it is; nobody for a desk, or an operator."""
    person = await customers.find(connection, customer_id) if customer_id else None
    return {"phone": person.msisdn, "name": person.name} if person else None
