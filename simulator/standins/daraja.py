"""Daraja's front door: paths, tokens, which app may call what, and what a caller sees when it may not.

GET /oauth/v1/generate?grant_type=client_credentials     Authorization: Basic <key:secret>
200
{"access_token": "A1b2C3d4E5f6G7h8I9j0K1l2M3n4", "expires_in": "3599"}
"""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from aiohttp import web

from simulator.standins import business, c2b, enquiries, payouts, standing, stk, tokens
from simulator.standins.answers import misbehave
from simulator.standins.calls import BUSY_CODE, BUSY_MESSAGE, Call, DarajaError, Fields
from simulator.standins.faults import Drawn
from simulator.standins.settings import DarajaApp, Settings
from simulator.standins.world import WORLD, World

PREFIX = "/daraja"
COLLECTS, PAYS, BOTH = ("collection",), ("payout",), ("collection", "payout")


class Route(NamedTuple):
    """`api` is the name faults know it by; `apps` are those that have this product."""

    method: str
    path: str
    api: str
    apps: tuple[str, ...]
    answer: Callable[[Call], Awaitable[dict[str, Any]]]


ROUTES = (
    Route("POST", "/mpesa/stkpush/v1/processrequest", "stk", COLLECTS, stk.push),
    Route("POST", "/mpesa/stkpushquery/v1/query", "stk-query", COLLECTS, stk.query),
    Route("POST", "/mpesa/c2b/v1/registerurl", "c2b", COLLECTS, c2b.register_v1),
    Route("POST", "/mpesa/c2b/v2/registerurl", "c2b", COLLECTS, c2b.register_v2),
    Route("POST", "/mpesa/reversal/v1/request", "reversal", COLLECTS, enquiries.reverse),
    Route("POST", "/pulltransactions/v1/register", "pull", COLLECTS, c2b.pull_register),
    Route("POST", "/pulltransactions/v1/query", "pull", COLLECTS, c2b.pull_query),
    Route("GET", "/pulltransactions/v1/query", "pull", COLLECTS, c2b.pull_query),
    Route("POST", "/mpesa/b2c/v3/paymentrequest", "b2c", PAYS, payouts.pay),
    Route("POST", "/mpesa/transactionstatus/v1/query", "status", BOTH, enquiries.status),
    Route("POST", "/mpesa/accountbalance/v1/query", "balance", BOTH, enquiries.balance),
    Route("POST", "/mpesa/b2b/v1/paymentrequest", "b2b", COLLECTS, business.pay),
    Route("POST", "/mpesa/qrcode/v1/generate", "qr", COLLECTS, business.code),
    Route("POST", "/standingorder/v1/createStandingOrderExternal", "ratiba", COLLECTS, standing.order),
)


def routes() -> list[web.RouteDef]:
    oauth = web.route("GET", f"{PREFIX}/oauth/v1/generate", _generate, allow_head=False)
    return [oauth, *(_route_def(route) for route in ROUTES)]


@web.middleware
async def refuse_strangers(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Unknown paths and wrong methods, in Daraja's own words."""
    if not request.path.startswith(f"{PREFIX}/"):
        return await handler(request)
    try:
        return await handler(request)
    except web.HTTPNotFound:
        return DarajaError(404, "404.001.01", "Resource not found").response()
    except web.HTTPMethodNotAllowed:
        return DarajaError(405, "405.001", "Method Not Allowed").response()


async def _generate(request: web.Request) -> web.Response:
    world = request.app[WORLD]

    async def issue() -> web.Response:
        grant_type = request.query.get("grant_type", "")
        token = tokens.issue(world, request.headers.get("Authorization", ""), grant_type)
        return web.json_response({"access_token": token, "expires_in": str(world.settings.token_seconds - 1)})

    return await _respond(world, request, world.faults.draw("oauth"), issue)


def _route_def(route: Route) -> web.RouteDef:
    async def handle(request: web.Request) -> web.Response:
        world = request.app[WORLD]
        drawn = world.faults.draw(route.api)

        async def answer() -> web.Response:
            app = tokens.owner(world, request.headers.get("Authorization", ""), route.api)
            if app not in _allowed(world.settings, route):
                return _no_product()
            call = Call(world, app, Fields.parse(await request.read()), drawn)
            return web.json_response(await route.answer(call))

        return await _respond(world, request, drawn, answer)

    if route.method == "GET":
        return web.route("GET", f"{PREFIX}{route.path}", handle, allow_head=False)
    return web.route(route.method, f"{PREFIX}{route.path}", handle)


async def _respond(
    world: World, request: web.Request, drawn: Drawn, answer: Callable[[], Awaitable[web.Response]]
) -> web.Response:
    async def perform() -> web.Response:
        try:
            return await answer()
        except DarajaError as refused:
            return refused.response()

    return await misbehave(world, request, drawn, perform=perform, busy=_busy)


def _busy() -> web.Response:
    return DarajaError(500, BUSY_CODE, BUSY_MESSAGE).response()


def _allowed(settings: Settings, route: Route) -> list[DarajaApp]:
    apps = {"collection": settings.collection, "payout": settings.payout}
    return [apps[name] for name in route.apps]


def _no_product() -> web.Response:
    sentence = "Invalid API call as no apiproduct match found"
    code = "keymanagement.service.InvalidAPICallAsNoApiProductMatchFound"
    return web.json_response({"fault": {"faultstring": sentence, "detail": {"errorcode": code}}}, status=401)
