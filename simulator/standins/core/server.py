"""The core's front door: who may come in, which call it is, and what a caller sees when it goes wrong.

| fault | the call | what the caller sees |
|---|---|---|
| down, drop | is not performed | a closed connection |
| http-503, busy | is not performed | 503 |
| http-500 | is not performed | 500; the key stays unused |
| stored-500 | is not performed | 500; the key remembers it |
| http-500-after | is performed | 500 |
| lost-answer | is performed | a closed connection |
| timeout | is performed | nothing for `seconds`, then a closed connection |
| slow | is performed after `seconds` | the answer; 425 for the same key meanwhile |
| 425 | is not performed | 425, as if the key were still being worked on |
| 409-locked | is not performed | 409, the loan is being worked on by the nightly job |
| stuck-key | is not performed | a closed connection, and 425 for this key ever after |
| lost-hook, late-hook | is performed | its hook is not told, or `seconds` later |
| early-hook | is performed | its hook is told and heard before anybody can see what it tells |

A fault of `fineract` is one of every call; `fineract-reads`, `fineract-writes` and `fineract-<entity>` are narrower.
"""

import asyncio
import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hmac import compare_digest
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from simulator.standins.core import (
    accounts,
    batches,
    catalogue,
    clients,
    commands,
    hooks,
    loans,
    repayments,
    reschedules,
    savings,
    wire,
)
from simulator.standins.core.calls import EXTERNAL, Ask, Core, Read, Write
from simulator.standins.core.commands import Answer, Command, HungUpError
from simulator.standins.core.errors import (
    ApiError,
    detail,
    invalid_tenant,
    locked,
    not_authenticated,
    running,
    server_side,
    unavailable,
    unknown_command,
    unknown_path,
)
from simulator.standins.core.fields import Fields
from simulator.standins.core.store import Store
from simulator.standins.faults import Drawn
from simulator.standins.world import World

PREFIX = "/fineract/fineract-provider"
CORE = web.AppKey("core", Core)
BOOK_FILE = "core.sqlite"
TENANT_HEADER = "Fineract-Platform-TenantId"
_JSON = {"Content-Type": "application/json"}

ROUTES: tuple[Read | Write, ...] = (
    *repayments.routes(),
    *accounts.routes(),
    *clients.routes(),
    *catalogue.routes(),
    *loans.routes(),
    *reschedules.routes(),
    *savings.routes(),
    *hooks.routes(),
)

_REFUSED_AT_THE_DOOR: Mapping[str, Callable[[Core], ApiError]] = MappingProxyType(
    {
        "http-503": lambda _core: unavailable(),
        "busy": lambda _core: unavailable(),
        "http-500": lambda _core: server_side(),
        "425": lambda core: running(core.world.settings.core_running_status),
        "409-locked": lambda _core: locked(),
    }
)
_ONLY_WRITES = ("425", "409-locked")


@dataclass(frozen=True, slots=True)
class Request:
    """One call, however it came in. `path` is below `api/`; `key` is the idempotency key."""

    method: str
    path: str
    query: Mapping[str, str]
    raw: bytes
    key: str | None


def open_core(world: World) -> Core:
    """The core with its book, as it was left."""
    store = Store(world.settings.data / BOOK_FILE)
    core = Core(world, store)
    with store.change() as rows:
        catalogue.open_payment_types(rows)
    return core


async def close_core(core: Core) -> None:
    """What was still to be told is lost, as in real life."""
    lost = tuple(core.tasks)
    for task in lost:
        task.cancel()
    await asyncio.gather(*lost, return_exceptions=True)
    core.store.close()


def routes() -> list[web.RouteDef]:
    return [
        web.get(f"{PREFIX}/actuator/health", _health),
        web.get(f"{PREFIX}/actuator/info", _info),
        web.route("*", f"{PREFIX}/api/{{path:.*}}", _handle),
    ]


async def _health(request: web.Request) -> web.StreamResponse:
    drawn = _drawn(request.app[CORE].world, "fineract")
    if "down" in drawn or "drop" in drawn:
        return _hang_up(request)
    if "http-503" in drawn:
        return web.json_response({"status": "OUT_OF_SERVICE"}, status=503)
    return web.json_response({"status": "UP", "groups": ["liveness", "readiness"]})


async def _info(_request: web.Request) -> web.StreamResponse:
    return web.json_response({"git": {"branch": "stand-in"}, "build": {"artifact": "fineract-provider"}})


async def _handle(request: web.Request) -> web.StreamResponse:
    core = request.app[CORE]
    called = Request(
        request.method,
        request.match_info["path"],
        request.query,
        await request.read(),
        request.headers.get(core.server.key_header),
    )
    drawn = _drawn(core.world, *_apis(called))
    if "down" in drawn or "drop" in drawn:
        return _hang_up(request)
    try:
        _refuse_strangers(core, request)
        _refuse_at_the_door(core, called, drawn)
        answer = await answer_to(core, called, drawn)
    except ApiError as refusal:
        answer = refused(refusal)
    except HungUpError:
        return _hang_up(request)
    return await _sent(core, request, answer, drawn)


async def answer_to(core: Core, called: Request, drawn: Drawn) -> Answer:
    """Find out what is wanted and do it. Raises ApiError for what is wanted by nobody."""
    if (special := await _special(core, called)) is not None:
        return special
    route, refs = find_route(called)
    if isinstance(route, Write):
        return await commands.perform(core, commands.command(core, route, refs, called.raw, called.key), drawn)
    if "slow" in drawn:
        await core.world.pulse.until(lambda: core.world.is_stopping, drawn.of("slow"))
    return _read(core, called, route, refs)


async def _special(core: Core, called: Request) -> Answer | None:
    """What is about the server itself and not about what it keeps."""
    match called.method, called.path:
        case "POST", "v1/authentication":
            return Answer(200, wire.encode(_login(core, called.raw)))
        case "GET", "v1/configurations":
            settings = core.world.settings
            is_checked, has_date = settings.core_maker_checker, settings.core_business_date is not None
            return Answer(200, wire.encode(catalogue.configurations(is_checked=is_checked, has_business_date=has_date)))
        case "GET", "v1/businessdate":
            today = wire.days(core.today.isoformat())
            return Answer(200, wire.encode([{"type": "BUSINESS_DATE", "date": today, "description": "Business Date"}]))
        case "POST", "v1/batches":
            return await batches.perform(core, called.query, called.raw, part=_part)
    return None


def find_route(called: Request) -> tuple[Read | Write, Mapping[str, str]]:
    """The route and the ids in its path. Raises ApiError for an unknown path or command."""
    version, _, path = called.path.partition("/")
    segments = _segments(path if version == "v1" else f"{version}/{path}")
    wanted = called.query.get("command", "")
    is_known = False
    for route in ROUTES:
        refs = _match(route.path, segments) if route.method == called.method else None
        if refs is None:
            continue
        is_known = True
        if (called.method == "GET" and isinstance(route, Read)) or route.command == wanted:
            return route, refs
    raise unknown_command(wanted) if is_known else unknown_path()


def refused(refusal: ApiError) -> Answer:
    return Answer(refusal.status, wire.encode(refusal.body))


def _part(core: Core, method: str, url: str, headers: Mapping[str, str], raw: bytes) -> Command | Answer:
    """What one item of a batch asks for: a command, or its answer if it only reads."""
    path, _, query = url.partition("?")
    pairs = dict(parse_qsl(query, keep_blank_values=True))
    version = "" if path.startswith(("v1/", "v2/")) else "v1/"
    called = Request(method, f"{version}{path}", pairs, raw, headers.get(core.server.key_header))
    route, refs = find_route(called)
    if isinstance(route, Write):
        return commands.command(core, route, refs, raw, called.key)
    return _read(core, called, route, refs)


def _read(core: Core, called: Request, route: Read, refs: Mapping[str, str]) -> Answer:
    ask = Ask(core.store.seen, refs, called.query, core.today, core.server, called.raw)
    return Answer(200, wire.encode(route.answer(ask)))


def _segments(path: str) -> list[str]:
    """The parts of a path; `external-id/x` is one part, marked as such."""
    parts = [part for part in path.split("/") if part]
    segments: list[str] = []
    while parts:
        part = parts.pop(0)
        segments.append(EXTERNAL + parts.pop(0) if part == "external-id" and parts else part)
    return segments


def _match(path: str, segments: list[str]) -> dict[str, str] | None:
    wanted = path.split("/")
    if len(wanted) != len(segments):
        return None
    refs: dict[str, str] = {}
    for pattern, segment in zip(wanted, segments, strict=True):
        if pattern.startswith("{"):
            refs[pattern.strip("{}")] = segment
        elif pattern != segment:
            return None
    return refs


def _login(core: Core, raw: bytes) -> dict[str, Any]:
    fields = Fields.parse(raw, ("username", "password"), "authentication")
    user, password = fields.text("username"), fields.text("password")
    if not _is_user(core, f"{user}:{password}"):
        raise not_authenticated()
    return {
        "username": user,
        "userId": 1,
        "base64EncodedAuthenticationKey": base64.b64encode(f"{user}:{password}".encode()).decode(),
        "authenticated": True,
        "officeId": 1,
        "officeName": "Head Office",
        "roles": [{"id": 1, "name": "Super user", "disabled": False}],
        "permissions": ["ALL_FUNCTIONS"],
        "shouldRenewPassword": False,
        "isTwoFactorAuthenticationRequired": False,
    }


def _refuse_strangers(core: Core, request: web.Request) -> None:
    tenant = request.headers.get(TENANT_HEADER) or request.query.get("tenantIdentifier")
    if tenant != core.server.tenant:
        raise invalid_tenant()
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if request.match_info["path"] != "v1/authentication" and not (
        scheme.lower() == "basic" and _is_user(core, _decoded(credentials))
    ):
        raise not_authenticated()
    if request.method in ("POST", "PUT") and request.content_type != "application/json":
        message = "Only application/json is read here."
        raise ApiError(415, "error.msg.unsupported.media.type", message, [detail("unsupported.media.type", message)])


def _is_user(core: Core, credentials: str) -> bool:
    return compare_digest(credentials.encode(), f"{core.server.user}:{core.server.password}".encode())


def _decoded(credentials: str) -> str:
    try:
        return base64.b64decode(credentials, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""


def _refuse_at_the_door(core: Core, called: Request, drawn: Drawn) -> None:
    for kind, refusal in _REFUSED_AT_THE_DOOR.items():
        if kind in drawn and not (kind in _ONLY_WRITES and called.method == "GET"):
            raise refusal(core)


def _apis(called: Request) -> tuple[str, ...]:
    """The names that faults know this call by."""
    side = "fineract-reads" if called.method == "GET" else "fineract-writes"
    parts = _segments(called.path)[1:]
    entity = parts[0] if parts else ""
    if entity == "loans" and "transactions" in parts:
        entity = "transactions"
    names = {
        "clients": "fineract-clients",
        "loans": "fineract-loans",
        "transactions": "fineract-transactions",
        "savingsaccounts": "fineract-savings",
    }
    return ("fineract", side, *([names[entity]] if entity in names else []))


def _drawn(world: World, *apis: str) -> Drawn:
    seconds: dict[str, float] = {}
    for api in apis:
        seconds |= world.faults.draw(api).seconds
    return Drawn(seconds)


async def _sent(core: Core, request: web.Request, answer: Answer, drawn: Drawn) -> web.StreamResponse:
    if "timeout" in drawn:
        await core.world.pulse.until(lambda: core.world.is_stopping, drawn.of("timeout"))
        return _hang_up(request)
    if "lost-answer" in drawn:
        return _hang_up(request)
    if "http-500-after" in drawn:
        answer = refused(server_side())
    headers = _JSON | ({"x-served-from-cache": "true"} if answer.is_from_cache else {})
    return web.Response(status=answer.status, body=answer.body, headers=headers)


def _hang_up(request: web.Request) -> web.StreamResponse:
    """Close the connection; the response that the framework insists on goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
