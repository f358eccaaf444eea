"""What operators do for customers over HTTP, as officers do on phones; `by` names who does it. All is recorded."""

from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Any, Literal

from aiohttp import web
from pydantic import Field
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.text import msisdn as kenyan
from flows.turn import Operation, reference
from gateway.accounts import audit, lines
from gateway.accounts.audit import Deed, Wanted
from gateway.accounts.staff import Staff
from gateway.approvals import decisions
from gateway.books.accounts import CURRENCY
from gateway.clock import Clock, iso, local_date
from gateway.errors import Rejected
from gateway.lending.fields import amount_text
from gateway.lending.portfolio import Portfolio
from gateway.operations import queue
from gateway.operations.outbox import Outbox
from gateway.playbooks.staffing import DESK, Staffing
from gateway.store import customers
from gateway.store.customers import Customer
from gateway.store.engine import Store
from gateway.web.deeds import Body, Deeds, Explained, Handle, Reasoned, asker_of, nobody, saying
from gateway.web.paging import limit_of, number_of
from gateway.web.problems import problem, validated

PAGE, PAGE_MAX = 50, 200


class Tier(Explained):
    tier: int = Field(ge=0, le=9)


class Statement(Body):
    channel: Literal["sms", "email"] = "sms"


class Line(Explained):
    """A lost line: who the caller proved to be, and where the account shall go."""

    national_id: str = Field(pattern=r"^\d{6,8}$")
    new_phone: str


class Decision(Body):
    decision: Literal["approve", "decline"] = "approve"


class OfficerRoutes:
    """Thin: what may be done is decided by `gateway.accounts.staff`. `kinds` are operations shown as under way."""

    def __init__(
        self, store: Store, outbox: Outbox, deeds: Deeds, staff: Staff, staffing: Staffing, portfolio: Portfolio,
        clock: Clock, kinds: Collection[str],
    ) -> None:  # fmt: skip
        self._store = store
        self._deeds = deeds
        self._outbox = outbox
        self._staff = staff
        self._staffing = staffing
        self._portfolio = portfolio
        self._clock = clock
        self._kinds = kinds

    def table(self) -> Iterable[web.RouteDef]:
        at = "/api/customers/{phone}"
        return (
            web.get(at, self.show),
            web.post(f"{at}/activate", self.activate),
            web.post(f"{at}/deactivate", self.deactivate),
            web.post(f"{at}/reset-pin", self.reset_pin),
            web.post(f"{at}/unlock", self.unlock),
            web.post(f"{at}/statement", self.statement),
            web.post(f"{at}/tier", self.tier),
            web.post(f"{at}/line", self.line),
            web.post(f"{at}/line/confirm", self.confirm_line),
            web.get("/api/staff/actions", self.actions),
        )

    async def show(self, request: web.Request) -> web.StreamResponse:
        """A customer, without PIN and identity number; looking is recorded too. `by` is a query parameter."""
        by = asker_of(request)
        if isinstance(by, web.Response):
            return by
        phone = request.match_info["phone"]
        return await self._deeds.done(phone, self._deeds.by(by), self._staff.look_up, self._described)

    async def activate(self, request: web.Request) -> web.StreamResponse:
        return await self._act(request, Reasoned, lambda _: _by_id(self._staff.activate))

    async def deactivate(self, request: web.Request) -> web.StreamResponse:
        return await self._act(request, Explained, lambda _: _by_id(self._staff.deactivate))

    async def reset_pin(self, request: web.Request) -> web.StreamResponse:
        return await self._act(request, Explained, lambda _: _by_id(self._staff.reset_pin))

    async def unlock(self, request: web.Request) -> web.StreamResponse:
        return await self._act(request, Reasoned, lambda _: _by_id(self._staff.unlock))

    async def tier(self, request: web.Request) -> web.StreamResponse:
        def chosen(body: Tier) -> Handle:
            return lambda connection, deed, customer: self._staff.tier(connection, deed, customer.id, body.tier)

        return await self._act(request, Tier, chosen)

    async def statement(self, request: web.Request) -> web.StreamResponse:
        def chosen(body: Statement) -> Handle:
            async def send(connection: AsyncConnection, deed: Deed, customer: Customer) -> None:
                if body.channel == "email" and not (customer.email and customer.email_verified_at):
                    raise Rejected("there is no verified address", "no-address")
                await self._staffing.sent_statement(connection, deed, customer.id, body.channel)

            return send

        return await self._act(request, Statement, chosen)

    async def line(self, request: web.Request) -> web.StreamResponse:
        """The first person's part of moving a lost line; another one confirms it."""

        async def started(body: Line) -> web.StreamResponse:
            phone = kenyan(body.new_phone)
            if phone is None:
                return problem(422, "invalid", "newPhone: not a Kenyan mobile number")

            async def start(connection: AsyncConnection, deed: Deed, customer: Customer) -> None:
                if customer.national_id != body.national_id:
                    raise Rejected("that is not the identity number we have", "identity")
                if customer.state != "active":
                    raise Rejected(f"the account is {customer.state}", "state")
                if not await lines.is_free(connection, phone):
                    raise Rejected("the line has an account", "taken")
                intent = {"customer": customer.id, "phone": phone, "by": body.by, "reason": body.reason}
                await self._outbox.put(connection, _named("line.lost", "LL", deed.operation_id, intent))

            deed = self._deeds.by(body.by, body.reason)
            said = {"reference": reference("LL", deed.operation_id), "state": "waiting for a second person"}
            return await self._deeds.done(request.match_info["phone"], deed, start, saying(said))

        return await validated(request, Line, started)

    async def confirm_line(self, request: web.Request) -> web.StreamResponse:
        """The second person's part, on the line as it still is."""

        def chosen(body: Decision) -> Handle:
            async def decide(connection: AsyncConnection, deed: Deed, customer: Customer) -> None:
                waiting = await decisions.waiting_for(connection, DESK, is_staff=False, now=deed.now)
                mine = next((row for row in waiting if row.detail["customer"] == customer.id), None)
                if mine is None:
                    raise Rejected("nothing waits for a second person", "nothing")
                state = {"approve": "approved", "decline": "declined"}[body.decision]
                await self._staffing.decided(connection, deed, mine.id, state)

            return decide

        return await self._act(request, Decision, chosen)

    async def actions(self, request: web.Request) -> web.StreamResponse:
        """What staff did, the newest first; `by`, `phone`, and `before` for the next page."""
        try:
            limit = limit_of(request, PAGE, PAGE_MAX)
            before = number_of(request.query["before"]) if "before" in request.query else None
        except ValueError:
            return problem(422, "invalid", "limit and before are numbers")
        phone = request.query.get("phone")
        async with self._store.read() as connection:
            customer = await customers.on_line(connection, kenyan(phone) or "") if phone else None
            if phone and customer is None:
                return nobody()
            wanted = Wanted(request.query.get("by"), customer.id if customer else None, before, limit)
            rows = await audit.listed(connection, wanted)
        return web.json_response({"actions": [_action(row) for row in rows]})

    async def _act(self, request: web.Request, model: type[Any], chosen: Callable[[Any], Handle]) -> web.StreamResponse:
        async def act(body: Any) -> web.StreamResponse:
            deed = self._deeds.by(body.by, getattr(body, "reason", ""))
            return await self._deeds.done(request.match_info["phone"], deed, chosen(body), self._described)

        return await validated(request, model, act)

    async def _described(self, connection: AsyncConnection, customer: Customer) -> dict[str, Any]:
        now = self._clock()
        running = await self._portfolio.active(connection, customer.id, local_date(now))
        rows = await queue.with_requests(connection, customer.msisdn)
        return {
            "phone": customer.msisdn,
            "name": customer.name,
            "language": customer.language,
            "role": customer.role,
            "state": customer.state,
            "tier": customer.tier,
            "hasPin": customer.pin_hash is not None,
            "pinLocked": customer.pin_locked_until > now,
            "outgoingFrom": iso(customer.outgoing_from) if customer.outgoing_from > now else None,
            "emailVerified": bool(customer.email_verified_at),
            "offers": customer.offers,
            "loans": [
                {
                    "reference": each.record.reference,
                    "owed": amount_text(each.owed_cents),
                    "currency": CURRENCY,
                    "daysLate": each.loan.days_late,
                }
                for each in running
            ],
            "underWay": [row.request_reference for row in rows if row.request_kind in self._kinds],
            "since": iso(customer.created_at),
        }


def _by_id(act: Callable[[AsyncConnection, Deed, str], Awaitable[None]]) -> Handle:
    return lambda connection, deed, customer: act(connection, deed, customer.id)


def _named(kind: str, prefix: str, identity: str, intent: dict[str, Any]) -> Operation:
    return Operation(identity, kind, reference(prefix, identity), "", intent)


def _detail(detail: dict[str, Any]) -> dict[str, Any]:
    """Money as the wire has it."""
    told = {key: value for key, value in detail.items() if key != "amount_cents"}
    if "amount_cents" in detail:
        told |= {"amount": amount_text(detail["amount_cents"]), "currency": CURRENCY}
    return told


def _action(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "by": row.by_name or row.by,
        "action": row.action,
        "phone": row.msisdn,
        "reason": row.reason,
        "detail": _detail(row.detail),
        "at": iso(row.at),
    }
