"""Errors over HTTP as RFC 9457 problem+json with a stable `type`, and the edge that never leaks a traceback."""

import hmac
import json
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

import structlog
from aiohttp import hdrs, web
from pydantic import BaseModel, ValidationError

from gateway.errors import NotACallback, Unavailable, Uncertain

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Model = TypeVar("Model", bound=BaseModel)

HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}

log = structlog.get_logger("web")


def problem(status: int, name: str, detail: str) -> web.Response:
    """`name` is stable: programs go by `type`, people read `detail`."""
    body = {
        "type": f"urn:nyota:problem:{name}",
        "title": name.replace("-", " "),
        "status": status,
        "detail": detail,
    }
    return web.Response(
        status=status,
        body=json.dumps(body).encode(),
        content_type="application/problem+json",
        headers=HEADERS,
    )


@web.middleware
async def edge(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Where every request that is not a USSD hop ends well: one of the two places that catch everything."""
    try:
        return await handler(request)
    except NotACallback as error:
        log.warning("not_a_callback", path=_route(request), reason=str(error))
        return problem(400, "not-a-callback", str(error))
    except Unavailable as error:
        log.warning("unavailable", path=_route(request), reason=str(error))
        return problem(503, "unavailable", "Part of Nyota is away; try again shortly.")
    except Uncertain as error:
        log.warning("uncertain", path=_route(request), reason=str(error))
        return problem(503, "uncertain", "Whether this was done is not known; look, or ask again with the same key.")
    except web.HTTPException as error:
        if error.status < 400:
            raise
        log.warning("refused", path=_route(request), status=error.status)
        return problem(error.status, error.reason.lower().replace(" ", "-"), error.reason)
    except Exception:
        log.exception("broken", path=_route(request))
        return problem(500, "internal", "Something is broken here; it has been noted.")


def operator_only(token: str) -> Callable[[Handler], Handler]:
    """Wraps handlers so that they ask for `Authorization: Bearer <token>`; without a token set, nobody gets in.

    What they answer is kept by nobody on the way. One that streams says so itself, before its first byte.
    """

    def guard(handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            scheme, _, given = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
            if not token or scheme.lower() != "bearer" or not same(given.strip(), token):
                return problem(401, "unauthorized", "An operator's bearer token is needed.")
            response = await handler(request)
            response.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")
            return response

        return guarded

    return guard


def guarded(routes: Iterable[web.RouteDef], token: str) -> Iterable[web.RouteDef]:
    """The same routes, for operators only."""
    guard = operator_only(token)
    return [web.RouteDef(route.method, route.path, guard(route.handler), route.kwargs) for route in routes]


async def validated(
    request: web.Request, model: type[Model], handle: Callable[[Model], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Hand on the body as `model`, or say which field is wrong."""
    try:
        body = model.model_validate_json(await request.read() or b"{}")
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "body"
        words = "there is no such field" if first["type"] == "extra_forbidden" else first["msg"]
        return problem(422, "invalid", f"{field}: {words}")
    return await handle(body)


def same(given: str, expected: str) -> bool:
    """Compare secrets in a time that says nothing about them."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode())


def _route(request: web.Request) -> str:
    """The route's pattern, not the path: paths hold tokens and phone numbers."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "unknown"
