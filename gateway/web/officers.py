"""What operators do for customers over HTTP, as officers do on phones; `by` names who does it. All is recorded."""

import uuid
from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.amounts import up_to_shilling
from flows.text import amount_cents
from flows.text import msisdn as kenyan
from flows.turn import SALTS_MAX, Operation, reference
from gateway.accounts import audit, lines, prompts
from gateway.accounts.audit import Deed, Wanted
from gateway.accounts.staff import WALLET, Ask, Staff
from gateway.approvals import decisions
from gateway.books.accounts import CURRENCY
from gateway.clock import Clock, iso, local_date
from gateway.errors import Rejected
from gateway.lending.fields import amount_text
from gateway.lending.portfolio import Portfolio
from gateway.operations import queue
from gateway.operations.outbox import Outbox, ReferenceTaken
from gateway.playbooks.staffing import DESK, PROMPT, Staffing
from gateway.store import customers
from gateway.store.customers import Customer
from gateway.store.engine import Store
from gateway.web.paging import limit_of, number_of
from gateway.web.problems import problem, validated

PAGE, PAGE_MAX = 50, 200
PROMPT_MAX_CENTS = 250_000_00
NAMED = Field(min_length=2, max_length=60)

Handle = Callable[[AsyncConnection, Deed, Customer], Awaitable[None]]


class Body(BaseModel):
    model_config = ConfigDict(
        extra="forbid", alias_generator=to_camel, populate_by_name=True, str_strip_whitespace=True
    )
    by: str = NAMED


class Reasoned(Body):
    """An act, by whom and why."""

    reason: str = Field("", max_length=120)


class Paused(Body):
    reason: str = Field(min_length=3, max_length=120)


class Tier(Paused):
    tier: int = Field(ge=0, le=9)


class Statement(Body):
    channel: Literal["sms", "email"] = "sms"


class Line(Paused):
    """A lost line: who the caller proved to be, and where the account shall go."""

    national_id: str = Field(pattern=r"^\d{6,8}$")
    new_phone: str


class Decision(Body):
    decision: Literal["approve", "decline"] = "approve"


class Prompt(Body):
    phone: str
    amount: str
    loan: str | None = None
    """A loan's reference; without one the wallet."""


class OfficerRoutes:
    """Thin: what may be done is decided by `gateway.accounts.staff`. `kinds` are operations shown as under way."""

    def __init__(
        self, store: Store, outbox: Outbox, staff: Staff, staffing: Staffing, portfolio: Portfolio, clock: Clock,
        kinds: Collection[str],
    ) -> None:  # fmt: skip
        self._store = store
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
            web.post("/api/prompts", self.prompt),
            web.get("/api/prompts", self.prompts),
            web.get("/api/prompts/{reference}", self.prompted),
            web.get("/api/staff/actions", self.actions),
        )

    async def show(self, request: web.Request) -> web.StreamResponse:
        """A customer, without PIN and identity number; looking is recorded too. `by` is a query parameter."""
        by = request.query.get("by", "")
        if not 2 <= len(by) <= 60:
            return problem(422, "invalid", "by: name who asks, 2 to 60 characters")
        return await self._done(request, by, "", self._staff.look_up, self._described)

    async def activate(self, request: web.Request) -> web.StreamResponse:
        return await self._act(request, Reasoned, lambda _: _by_id(self._staff.activate))

    async def deactivate(self, request: web.Request) -> web.StreamResponse:
        return await self._act(request, Paused, lambda _: _by_id(self._staff.deactivate))

    async def reset_pin(self, request: web.Request) -> web.StreamResponse:
        return await self._act(request, Paused, lambda _: _by_id(self._staff.reset_pin))

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

            name = str(uuid.uuid4())
            answer = {"reference": reference("LL", name), "state": "waiting for a second person"}
            return await self._done(request, body.by, body.reason, start, None, name=name, answer=answer)

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

    async def prompt(self, request: web.Request) -> web.StreamResponse:
        return await validated(request, Prompt, lambda body: self._prompted(request, body))

    async def prompts(self, request: web.Request) -> web.StreamResponse:
        """The newest first; `by` asks for those of one member of staff."""
        try:
            limit = limit_of(request, PAGE, PAGE_MAX)
        except ValueError:
            return problem(422, "invalid", "limit is a number")
        async with self._store.read() as connection:
            rows = await prompts.newest(connection, by=request.query.get("by"), limit=limit)
        return web.json_response({"prompts": [_prompt(row) for row in rows]})

    async def prompted(self, request: web.Request) -> web.StreamResponse:
        async with self._store.read() as connection:
            row = await prompts.by_reference(connection, request.match_info["reference"].upper())
        if row is None:
            return problem(404, "not-found", "No payment was asked for under this reference.")
        return web.json_response(_prompt(row))

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
                return _nobody()
            wanted = Wanted(request.query.get("by"), customer.id if customer else None, before, limit)
            rows = await audit.listed(connection, wanted)
        return web.json_response({"actions": [_action(row) for row in rows]})

    async def _prompted(self, request: web.Request, body: Prompt) -> web.StreamResponse:
        phone, cents = kenyan(body.phone), amount_cents(body.amount)
        if phone is None:
            return problem(422, "invalid", "phone: not a Kenyan mobile number")
        if cents is None or cents % 100 or not 0 < cents <= PROMPT_MAX_CENTS:
            return problem(422, "invalid", "amount: whole shillings, 1 to 250,000")
        if body.loan is None and not self._outbox.knows("wallet.deposit"):
            return problem(409, "no-deposits", "Wallets take no deposits here.")
        for salt in range(SALTS_MAX):
            name = str(uuid.uuid4())
            ask = Ask(body.loan.upper() if body.loan else WALLET, cents, reference(PROMPT, name, salt))
            try:
                return await self._done(
                    request, body.by, "", self._asking(ask), None, name=name, phone=phone, status=202,
                    answer={"reference": ask.reference, "state": "waiting"},
                )  # fmt: skip
            except ReferenceTaken:
                continue
        return problem(503, "unavailable", "No free reference was found; try again.")

    def _asking(self, ask: Ask) -> Handle:
        async def asked(connection: AsyncConnection, deed: Deed, customer: Customer) -> None:
            if ask.about != WALLET:
                await self._owes(connection, customer, ask)
            await self._staff.ask(connection, deed, customer.id, ask)

        return asked

    async def _owes(self, connection: AsyncConnection, customer: Customer, ask: Ask) -> None:
        """A customer is only asked for what is their own debt, and for no more than that."""
        running = await self._portfolio.active(connection, customer.id, local_date(self._clock()))
        owed = next((each.owed_cents for each in running if each.record.reference == ask.about), None)
        if owed is None:
            raise Rejected("this customer has no such loan", "no-loan")
        if ask.cents > up_to_shilling(owed):
            raise Rejected("more than is owed", "too-much")

    async def _act(self, request: web.Request, model: type[Any], chosen: Callable[[Any], Handle]) -> web.StreamResponse:
        async def act(body: Any) -> web.StreamResponse:
            return await self._done(request, body.by, getattr(body, "reason", ""), chosen(body), self._described)

        return await validated(request, model, act)

    async def _done(
        self, request: web.Request, by: str, reason: str, handle: Handle,
        describe: Callable[[AsyncConnection, Customer], Awaitable[dict[str, Any]]] | None, *,
        name: str = "", phone: str | None = None, status: int = 200, answer: dict[str, Any] | None = None,
    ) -> web.StreamResponse:  # fmt: skip
        """One act in one unit of work, and the customer as they are after it."""
        line = phone or kenyan(request.match_info.get("phone", ""))
        if line is None:
            return problem(422, "invalid", "phone: not a Kenyan mobile number")
        deed = Deed(by, by, reason, name or str(uuid.uuid4()), self._clock())
        try:
            async with self._store.begin() as connection:
                customer = await customers.on_line(connection, line)
                if customer is None or customer.state == "listed":
                    return _nobody()
                await handle(connection, deed, customer)
                after = await customers.get(connection, customer.id)
                body = answer or (await describe(connection, after) if describe else {})
        except Rejected as error:
            return problem(409, error.code, f"Refused: {error}.")
        self._outbox.news.set()
        return web.json_response(body, status=status)

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


def _nobody() -> web.Response:
    return problem(404, "not-found", "Nobody has an account on this line.")


def _prompt(row: Row[Any]) -> dict[str, Any]:
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
