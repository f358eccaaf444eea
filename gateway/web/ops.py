"""What operators see and do: health, live sessions, a customer's queue, drain now, try a hop, metrics."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from flows.text import msisdn as kenyan
from gateway.clock import Clock, iso
from gateway.conversation import Conversation
from gateway.errors import Rejected
from gateway.health import Health
from gateway.inbound import Inbound
from gateway.metrics import REGISTRY
from gateway.operations.queue import history
from gateway.operations.worker import Worker
from gateway.sessions import Sessions, Stored
from gateway.store import customers
from gateway.store.engine import Store
from gateway.web.problems import operator_only, problem, validated

PAGE_MAX = 200
CURSOR_MAX = 2**64 - 1


class TestHop(BaseModel):
    """One hop to try, as a carrier with a cumulative text would send it."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)
    session_id: str = Field(min_length=1, max_length=128)
    phone_number: str
    text: str = Field("", max_length=20_000)
    service_code: str = ""


class ClearSessions(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)
    phone_number: str | None = None


class OpsRoutes:
    """Everything but health asks for the operators' bearer token."""

    def __init__(
        self,
        conversation: Conversation,
        health: Health,
        store: Store,
        worker: Worker,
        clock: Clock,
        token: str,
        register: Callable[[], Awaitable[None]],
    ) -> None:
        self._conversation = conversation
        self._sessions: Sessions = conversation.sessions
        self._health = health
        self._store = store
        self._worker = worker
        self._register = register
        self._clock = clock
        self._guard = operator_only(token)

    def table(self) -> Iterable[web.RouteDef]:
        for path in ("/api/ussd/health", "/healthz", "/readyz"):
            yield web.get(path, self.health)
        yield web.post("/api/ussd/test", self._guard(self.test))
        yield web.get("/api/ussd/sessions", self._guard(self.sessions))
        yield web.post("/api/ussd/sessions/clear", self._guard(self.clear))
        yield web.get("/api/ussd/queue/{phone}", self._guard(self.queue))
        yield web.post("/api/ussd/sync", self._guard(self.sync))
        yield web.post("/api/mpesa/c2b/register", self._guard(self.register_callbacks))
        yield web.get("/metrics", self._guard(self.metrics))

    async def health(self, request: web.Request) -> web.Response:
        report = await self._health.report()
        return web.json_response(report, status=503 if report["status"] == "down" else 200)

    async def test(self, request: web.Request) -> web.StreamResponse:
        """Play one hop and show what the phone would, with where the session stands."""
        return await validated(request, TestHop, self._tested)

    async def _tested(self, hop: TestHop) -> web.Response:
        phone = kenyan(hop.phone_number)
        if phone is None:
            return problem(422, "invalid", "phoneNumber: not a Kenyan mobile number")
        code = hop.service_code or self._conversation.engine.catalogue.codes[0]
        inbound = Inbound("test", phone, hop.session_id, code, hop.text)
        reply = await self._conversation.answer(inbound)
        loaded = await self._sessions.load(self._sessions.keys(inbound))
        return web.json_response(
            {
                "response": f"{'END' if reply.is_final else 'CON'} {reply.text}",
                "message": reply.text,
                "continue": not reply.is_final,
                "session": self._described(loaded.stored, None) if loaded.stored else None,
            }
        )

    async def sessions(self, request: web.Request) -> web.Response:
        """A page of live sessions; `cursor` of the answer asks for the next one, 0 is the end."""
        try:
            cursor = int(request.query.get("cursor", "0"))
            limit = min(PAGE_MAX, max(1, int(request.query.get("limit", "100"))))
        except ValueError:
            return problem(422, "invalid", "cursor and limit are numbers")
        if not 0 <= cursor <= CURSOR_MAX:
            return problem(422, "invalid", "cursor is the one of the page before")
        following, live = await self._sessions.live(cursor, limit)
        return web.json_response(
            {"sessions": [self._described(stored, ttl) for stored, ttl in live], "cursor": following}
        )

    async def clear(self, request: web.Request) -> web.StreamResponse:
        return await validated(request, ClearSessions, self._cleared)

    async def _cleared(self, wanted: ClearSessions) -> web.Response:
        phone = None if wanted.phone_number is None else kenyan(wanted.phone_number)
        if wanted.phone_number is not None and phone is None:
            return problem(422, "invalid", "phoneNumber: not a Kenyan mobile number")
        return web.json_response({"cleared": await self._sessions.clear(phone)})

    async def queue(self, request: web.Request) -> web.Response:
        """A customer's operations, the newest first, each with its last attempts."""
        phone = kenyan(request.match_info["phone"])
        if phone is None:
            return problem(422, "invalid", "phone: not a Kenyan mobile number")
        async with self._store.read() as connection:
            customer = await customers.on_line(connection, phone)
            found = await history(connection, customer.id, PAGE_MAX) if customer else []
        return web.json_response(
            {
                "operations": [
                    {**_operation(row), "attempts": [_attempt(each) for each in tried]} for row, tried in found
                ]
            }
        )

    async def sync(self, request: web.Request) -> web.Response:
        """Work off what is due now."""
        return web.json_response({"worked": await self._worker.drain()})

    async def register_callbacks(self, request: web.Request) -> web.Response:
        """Tell the rail where its confirmations go: once for a paybill, and after its address changed."""
        try:
            await self._register()
        except Rejected as error:
            return problem(502, "refused-by-rail", f"The rail refused: {error}")
        return web.json_response({"registered": True})

    async def metrics(self, request: web.Request) -> web.Response:
        await self._health.report()
        return web.Response(body=generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})

    def _described(self, stored: Stored, ttl: int | None) -> dict[str, Any]:
        session = stored.session
        return {
            "id": session.id,
            "phone": stored.phone,
            "provider": stored.provider,
            "flow": session.flow,
            "screen": session.place,
            "language": session.language,
            "turn": session.turn,
            "isFinal": session.is_final,
            "ageSeconds": (self._clock() - stored.opened_at) // 1000,
            "ttlSeconds": ttl,
        }


def _operation(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "reference": row.reference,
        "kind": row.kind,
        "state": row.state,
        "step": row.step,
        "reason": row.reason,
        "attemptsCount": row.attempts,
        "createdAt": iso(row.created_at),
        "dueAt": iso(row.due_at),
        "isOpen": row.is_open,
    }


def _attempt(row: Any) -> dict[str, Any]:
    return {
        "step": row.step,
        "outcome": row.outcome,
        "reason": row.reason,
        "at": iso(row.at),
        "tookMs": row.took_ms,
    }
