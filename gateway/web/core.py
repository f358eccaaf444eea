"""What a remote core says by itself: hooks, which are hints, and approvals, which ask for a payout.

    POST /api/core/approvals/{token}
    {"eventType": "LOAN_APPROVED", "partnerId": "p-1", "loanId": "77", "clientId": "41", "clientPhone": "+254711000001",
     "loanAmount": "2000.00", "productId": "1", "approvedAt": "2026-08-05T10:42:00+03:00", "webhookToken": "..."}
    200 {"reference": "LN7K2QD", "state": "queued", "isRepeat": false}

Neither is believed: a hook makes us read the loan, an approval is checked against what the core itself says.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

import structlog
from aiohttp import web
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic.alias_generators import to_camel
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.text import msisdn as phone_of
from flows.turn import Operation, reference
from gateway.clock import Clock, local, milliseconds
from gateway.ledgers.hints import Hint, hint
from gateway.metrics import CALLBACKS
from gateway.mirror import kept
from gateway.mirror.telling import identity_of, lane_of, operation
from gateway.operations import queue
from gateway.operations.outbox import Outbox, intent_hash
from gateway.playbooks.core import READ
from gateway.playbooks.core_approved import KIND
from gateway.store import callbacks, customers
from gateway.store.engine import Store
from gateway.web.problems import problem, same, validated

AHEAD_MINUTES = 5
"""How far another clock may be ahead of ours."""
APPROVED = "loanapproved"

log = structlog.get_logger("core")

Name = Annotated[str, BeforeValidator(str), Field(min_length=1, max_length=64)]


class Approval(BaseModel):
    """A loan that the core has approved. Ids may be numbers or texts."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)
    event_type: str
    partner_id: Name
    loan_id: Name
    client_id: Name
    client_phone: Name
    loan_amount: Annotated[Decimal, Field(gt=0, le=Decimal(10_000_000), decimal_places=2)]
    product_id: Name
    approved_at: AwareDatetime
    webhook_token: SecretStr


class CoreRoutes:
    """`token` is the path token of both; empty: neither is taken."""

    def __init__(self, store: Store, outbox: Outbox, clock: Clock, token: str, *, approval_ms: int) -> None:
        self._store = store
        self._outbox = outbox
        self._clock = clock
        self._token = token
        self._approval_ms = approval_ms

    def table(self) -> Iterable[web.RouteDef]:
        return (
            web.post("/api/core/hooks/{token}", self.hook),
            web.post("/api/core/hooks/{token}/", self.hook),
            web.post("/api/core/approvals/{token}", self.approval),
        )

    async def hook(self, request: web.Request) -> web.StreamResponse:
        """Kept as it came and answered at once; what it means is found out by reading."""
        if not self._is_theirs(request.match_info["token"]):
            return _nothing_here("hook")
        body = (await request.read()).decode("utf-8", "replace")
        told = hint(request.headers, body)
        async with self._store.begin() as connection:
            verdict, operation_id = await self._hinted(connection, told)
            await callbacks.recorded(
                connection, rail="core", purpose=told.purpose, token="", body=body, source=request.remote or "",
                received_at=self._clock(), operation_id=operation_id, verdict=verdict,
            )  # fmt: skip
        self._outbox.news.set()
        CALLBACKS.labels("core", "hook", verdict).inc()
        return web.json_response({"status": "taken"})

    async def approval(self, request: web.Request) -> web.StreamResponse:
        if not self._is_theirs(request.match_info["token"]):
            return _nothing_here("approval")
        return await validated(request, Approval, self._approved)

    async def _approved(self, told: Approval) -> web.StreamResponse:
        """Queue the payout, once for each loan and approval; whether it is paid is decided by what can be read."""
        if not self._is_theirs(told.webhook_token.get_secret_value()):
            return problem(401, "unauthorized", "The webhook token is not ours.")
        if re.sub(r"[^a-z]", "", told.event_type.lower()) != APPROVED:
            return problem(422, "invalid", "eventType: only loan approvals are taken here")
        phone = phone_of(told.client_phone)
        if phone is None:
            return problem(422, "invalid", "clientPhone: not a Kenyan mobile number")
        if wrong := self._untimely(told.approved_at):
            return problem(422, wrong, "approvedAt: too long ago, or still to come")
        async with self._store.begin() as connection:
            answer = await self._queued(connection, told, phone)
        self._outbox.news.set()
        return answer

    def _untimely(self, at: datetime) -> str | None:
        now = local(self._clock())
        if now - at > timedelta(milliseconds=self._approval_ms):
            return "approval-too-old"
        return "approval-from-the-future" if at - now > timedelta(minutes=AHEAD_MINUTES) else None

    async def _queued(self, connection: AsyncConnection, told: Approval, phone: str) -> web.StreamResponse:
        approved_at = milliseconds(told.approved_at)
        identity = identity_of("approved", told.loan_id, str(approved_at))
        intent = {
            "core_id": told.loan_id, "client_id": told.client_id, "phone": phone, "product_id": told.product_id,
            "amount_cents": int(told.loan_amount * 100), "approved_at": approved_at, "partner": told.partner_id,
        }  # fmt: skip
        customer = await customers.on_line(connection, phone)
        row: Any = await queue.with_id(connection, identity)
        if row is not None:
            if row.intent_hash != intent_hash(KIND, intent):
                return problem(409, "approval-changed", "This approval came before with other content.")
            return _taken(row.reference, row.state, is_repeat=True)
        exclusive = f"{KIND}:{told.loan_id}"
        if await queue.is_exclusive(connection, exclusive):
            return problem(409, "approval-under-way", "This loan is being paid out already.")
        name = await self._named(connection, identity)
        wanted = Operation(identity, KIND, name, customer.id if customer else "", intent, exclusive)
        await self._outbox.put(connection, wanted)
        return _taken(name, "queued", is_repeat=False)

    async def _named(self, connection: AsyncConnection, identity: str) -> str:
        """It will be the loan's own reference, which people read out."""
        salt = 0
        while await queue.is_reference(connection, name := reference("LN", identity, salt)):
            salt += 1
        return name

    async def _hinted(self, connection: AsyncConnection, told: Hint) -> tuple[str, str | None]:
        """A loan of ours is read, unless a command about it is on its way: that ends with reading, too."""
        tied = await kept.loan_at_core(connection, told.loan_id) if told.loan_id else None
        if tied is None:
            return "unmatched", None
        if await kept.has_untold(connection, lane_of(tied.loan_id)):
            return "repeated", None
        identity = identity_of(READ, tied.loan_id, str(self._clock()))
        await self._outbox.put(
            connection, operation(identity, READ, tied.customer_id, {"loan_id": tied.loan_id}), is_ours=True
        )
        return "applied", identity

    def _is_theirs(self, given: str) -> bool:
        return bool(self._token) and same(given, self._token)


def _taken(name: str, state: str, *, is_repeat: bool) -> web.Response:
    return web.json_response({"reference": name, "state": state, "isRepeat": is_repeat})


def _nothing_here(what: str) -> web.Response:
    log.warning("not_a_callback", purpose=what, reason="wrong token")
    return problem(404, "not-found", "There is nothing here.")
