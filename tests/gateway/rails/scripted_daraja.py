"""A Daraja that answers as it is told, over real HTTP. Tokens are checked as Safaricom does: only the newest lives."""

import asyncio
import base64
import json
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from gateway.config import App, Daraja
from gateway.rails.contract import AskStatus, Collect, Disburse
from gateway.rails.daraja import DarajaRail

OAUTH = "/oauth/v1/generate"
PROMPT = "/mpesa/stkpush/v1/processrequest"
QUERY = "/mpesa/stkpushquery/v1/query"
PAYOUT = "/mpesa/b2c/v3/paymentrequest"
STATUS = "/mpesa/transactionstatus/v1/query"
PULL = "/pulltransactions/v1/query"

NOW = 1_767_312_245_000
"""2 January 2026, 03:04:05 in Nairobi, which is still midnight UTC and a bit."""

HTML = "<html><body><h1>500 Internal Server Error</h1></body></html>"
ACCEPTED = {"ResponseCode": "0", "ResponseDescription": "Success. Request accepted for processing"}
PROMPTED = ACCEPTED | {"MerchantRequestID": "1111-2222222-1", "CheckoutRequestID": "ws_CO_0201"}
TAKEN = ACCEPTED | {"ConversationID": "AG_20260102_0000", "OriginatorConversationID": "op-000042"}

COLLECT = Collect("op-1", "+254712345600", 150_00, "PY4T8", "Nyota", "https://n.example/stk/aa")
DISBURSE = Disburse("op-2", "+254712345600", 500_00, "Loan LN7K2", "https://n.example/r", "https://n.example/t")
ASK = AskStatus("op-2", "AG_20260102_0000", "https://n.example/r", "https://n.example/t")


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer: JSON for a mapping, otherwise as it is. `hangs`: nothing, until the client gives up.

    `location`: where a redirect points.
    """

    status: int = 200
    body: Mapping[str, Any] | str = field(default_factory=dict)
    hangs: bool = False
    hangs_up: bool = False
    location: str = ""


def refused(status: int, code: str, message: str) -> Reply:
    return Reply(status, {"requestId": "1234-5678901-2", "errorCode": code, "errorMessage": message})


def fault(status: int, code: str, message: str) -> Reply:
    """As the API gateway in front of Daraja refuses."""
    return Reply(status, {"fault": {"faultstring": message, "detail": {"errorcode": code}}})


HANGS = Reply(hangs=True)
HANGS_UP = Reply(hangs_up=True)


@dataclass(frozen=True, slots=True)
class Heard:
    """One request that came."""

    path: str
    authorization: str
    body: Mapping[str, Any]


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


class ScriptedDaraja:
    """`async with` starts and stops it; `rail` is a rail that calls it."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.clock = Clock()
        self.expires_in: Any = "3599"
        self.living: set[str] = set()
        self._count = 0
        self._replies: dict[str, deque[Reply]] = defaultdict(deque)
        self._is_over = asyncio.Event()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._server = TestServer(app)

    async def __aenter__(self) -> Self:
        await self._server.start_server(shutdown_timeout=0)
        self.rail = DarajaRail(self.config(), self.clock)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.rail.close()
        self._is_over.set()
        await self._server.close()

    def config(self, **changes: Any) -> Daraja:
        values: dict[str, Any] = {
            "base_url": str(self._server.make_url("/")),
            "collection": _app("collection", "600999"),
            "payout": _app("payout", "600998"),
            "passkey": SecretStr("fixture-passkey"),
            "security_credential": SecretStr("Y3JlZGVudGlhbA=="),
            "timeout_seconds": 0.5,
        }
        return Daraja(**{**values, **changes})

    def will(self, path: str, *replies: Reply) -> None:
        """Answer the next calls of `path` like this, in turn; the last one for ever."""
        self._replies[path] = deque(replies)

    def at(self, path: str) -> list[Heard]:
        return [heard for heard in self.heard if heard.path == path]

    def body_at(self, path: str) -> Mapping[str, Any]:
        """What the only call of `path` said."""
        (heard,) = self.at(path)
        return heard.body

    def kill_tokens(self) -> None:
        """As when another system fetches a token for the same app."""
        self.living.clear()

    async def _answer(self, request: web.Request) -> web.Response:
        said = json.loads(await request.text() or "{}")
        authorization = request.headers.get("Authorization", "")
        self.heard.append(Heard(request.path, authorization, said))
        reply = self._reply(request.path, authorization)
        if reply.hangs:
            await self._is_over.wait()
        if reply.hangs_up and request.transport is not None:
            request.transport.abort()
        if isinstance(reply.body, str):
            headers = {"Location": reply.location} if reply.location else {}
            return web.Response(status=reply.status, text=reply.body, content_type="text/html", headers=headers)
        return web.json_response(reply.body, status=reply.status)

    def _reply(self, path: str, authorization: str) -> Reply:
        script = self._replies[path]
        if script:
            return script[0] if len(script) == 1 else script.popleft()
        if path == OAUTH:
            return Reply(body={"access_token": self._new_token(authorization), "expires_in": self.expires_in})
        if authorization.removeprefix("Bearer ") not in self.living:
            return refused(404, "404.001.03", "Invalid Access Token")
        return Reply(body={PROMPT: PROMPTED, PAYOUT: TAKEN, STATUS: TAKEN}.get(path, {}))

    def _new_token(self, authorization: str) -> str:
        app = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition("-")[0]
        self._count += 1
        self.living = {token for token in self.living if not token.startswith(app)}
        self.living.add(f"{app}{self._count}")
        return f"{app}{self._count}"


def _app(name: str, shortcode: str) -> App:
    return App(consumer_key=SecretStr(f"{name}-key"), consumer_secret=SecretStr(f"{name}-secret"), shortcode=shortcode)
