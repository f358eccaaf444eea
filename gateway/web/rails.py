"""Callbacks of the rails. The token in the path is the only thing that says it is them; the answer never says more
than that it was taken."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

import structlog
from aiohttp import web

from gateway.clock import Clock
from gateway.config import Config
from gateway.errors import NotACallback, Unavailable, Uncertain
from gateway.rails.callbacks import Callback, RailCallbacks
from gateway.sources import FORWARDED, Sources
from gateway.spool import Spool
from gateway.web.problems import problem, same

ACCEPTED = {"ResultCode": 0, "ResultDesc": "Accepted"}
TOKEN_CHARACTERS_MAX = 64

PATHS = {
    "stk/{request}": "stk",
    "b2c/result": "b2c/result",
    "b2c/result/{request}": "b2c/result",
    "b2c/timeout": "b2c/timeout",
    "b2c/timeout/{request}": "b2c/timeout",
    "status/result": "status/result",
    "status/result/{request}": "status/result",
    "status/timeout": "status/timeout",
    "status/timeout/{request}": "status/timeout",
    "balance/result": "balance/result",
    "balance/result/{request}": "balance/result",
    "balance/timeout": "balance/timeout",
    "balance/timeout/{request}": "balance/timeout",
    "order/result/{request}": "order/result",
    "reversal/result/{request}": "reversal/result",
    "reversal/timeout/{request}": "reversal/timeout",
    "confirmation": "confirmation",
}
VALIDATION = "validation"
SOURCE_CHARACTERS_MAX = 45

log = structlog.get_logger("callback")


@dataclass(frozen=True, slots=True)
class Gate:
    """What a callback must have to be let in: one of our path tokens, a source that may call, a size."""

    tokens: tuple[str, ...]
    sources: Sources
    bytes_max: int

    @classmethod
    def of(cls, config: Config) -> "Gate":
        daraja, server = config.rails.daraja, config.server
        sources = Sources(daraja.allow_addresses, server.trusted_proxies)
        return cls(server.callback_tokens, sources, daraja.callback_bytes_max)

    def refusal(self, request: web.Request) -> str:
        """Why it stays outside; empty when it may come in. Every token is compared, so that time says nothing."""
        given = request.match_info["token"]
        if not sum(bool(token) and same(given, token) for token in self.tokens):
            return "wrong token"
        if not self.sources.allow(self.caller(request)):
            return "source address"
        return ""

    def caller(self, request: web.Request) -> str:
        return self.sources.caller(request.remote, request.headers.getall(FORWARDED, []))


class RailRoutes:
    """What a gate lets in is taken; what is not taken now is kept on disk until it can be."""

    def __init__(self, callbacks: RailCallbacks, spool: Spool[Callback], gate: Gate, clock: Clock) -> None:
        self._callbacks = callbacks
        self._spool = spool
        self._gate = gate
        self._clock = clock

    def table(self) -> Iterable[web.RouteDef]:
        for path, purpose in PATHS.items():
            yield web.post(f"/api/public/pay/{{token}}/{path}", self._handler(purpose))
        yield web.post(f"/api/public/pay/{{token}}/{VALIDATION}", self.validate)

    async def validate(self, request: web.Request) -> web.Response:
        """May this payment be made? Every one: money for an unknown account is held, not refused."""
        if reason := self._gate.refusal(request):
            return _refused(VALIDATION, reason, self._gate.caller(request))
        return web.json_response(ACCEPTED)

    def _handler(self, purpose: str) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            return await self._taken(request, purpose)

        return handle

    async def _taken(self, request: web.Request, purpose: str) -> web.Response:
        if reason := self._gate.refusal(request):
            return _refused(purpose, reason, self._gate.caller(request))
        read = await request.read()
        if len(read) > self._gate.bytes_max:
            log.warning("not_a_callback", purpose=purpose, reason="too long", bytes=len(read))
            return problem(413, "too-long", "This is longer than any callback.")
        body = read.decode("utf-8", "replace")
        token = request.match_info.get("request", "")[:TOKEN_CHARACTERS_MAX]
        callback = Callback(purpose, token, body, self._gate.caller(request), self._clock())
        try:
            await self._callbacks.receive(callback)
        except NotACallback as error:
            log.warning("not_a_callback", purpose=purpose, reason=str(error))
            return problem(400, "not-a-callback", str(error))
        except (Unavailable, Uncertain):  # taking it twice is harmless
            await self._spool.put(callback)
        except Exception:  # ours to mend; the rail will not send it again, so it waits on disk until then
            log.exception("callback_broken", purpose=purpose)
            await self._spool.put(callback)
        return web.json_response(ACCEPTED)


def _refused(purpose: str, reason: str, source: str) -> web.Response:
    """Who called is in the log: of a list that forgot a proxy that is the proxy."""
    log.warning("not_a_callback", purpose=purpose, reason=reason, source=source[:SOURCE_CHARACTERS_MAX])
    return problem(404, "not-found", "There is nothing here.")
