"""Callbacks of the rails. The token in the path is the only thing that says it is them; the answer never says more
than that it was taken."""

from collections.abc import Awaitable, Callable, Iterable

import structlog
from aiohttp import web

from gateway.clock import Clock
from gateway.errors import NotACallback, Unavailable, Uncertain
from gateway.rails.callbacks import Callback, RailCallbacks
from gateway.rails.spool import Spool
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
    "confirmation": "confirmation",
}
VALIDATION = "validation"

log = structlog.get_logger("callback")


class RailRoutes:
    """`allow` lists the source addresses that may call; empty: any."""

    def __init__(
        self, callbacks: RailCallbacks, spool: Spool, token: str, allow: tuple[str, ...], clock: Clock
    ) -> None:
        self._callbacks = callbacks
        self._spool = spool
        self._token = token
        self._allow = frozenset(allow)
        self._clock = clock

    def table(self) -> Iterable[web.RouteDef]:
        for path, purpose in PATHS.items():
            yield web.post(f"/api/public/pay/{{token}}/{path}", self._handler(purpose))
        yield web.post(f"/api/public/pay/{{token}}/{VALIDATION}", self.validate)

    async def validate(self, request: web.Request) -> web.Response:
        """May this payment be made? Every one: money for an unknown account is held, not refused."""
        if not self._token or not same(request.match_info["token"], self._token):
            return _refused(VALIDATION, "wrong token")
        return web.json_response(ACCEPTED)

    def _handler(self, purpose: str) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            return await self._taken(request, purpose)

        return handle

    async def _taken(self, request: web.Request, purpose: str) -> web.Response:
        source = request.remote or ""
        if not self._token or not same(request.match_info["token"], self._token):
            return _refused(purpose, "wrong token")
        if self._allow and source not in self._allow:
            return _refused(purpose, "source address")
        body = (await request.read()).decode("utf-8", "replace")
        token = request.match_info.get("request", "")[:TOKEN_CHARACTERS_MAX]
        callback = Callback(purpose, token, body, source, self._clock())
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


def _refused(purpose: str, reason: str) -> web.Response:
    log.warning("not_a_callback", purpose=purpose, reason=reason)
    return problem(404, "not-found", "There is nothing here.")
