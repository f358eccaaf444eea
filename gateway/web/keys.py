"""`Idempotency-Key`: what makes a request one, however often it is sent."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from gateway.web.problems import Model, problem, validated

HEADER = "Idempotency-Key"
CHARACTERS_MAX = 200


def key_of(request: web.Request) -> str | web.Response:
    """Empty without one; 400 `idempotency-key-too-long` for one that is."""
    key = request.headers.get(HEADER, "").strip()
    if len(key) > CHARACTERS_MAX:
        return problem(400, "idempotency-key-too-long", f"{HEADER}: at most {CHARACTERS_MAX} characters")
    return key


async def keyed(
    request: web.Request, model: type[Model], handle: Callable[[str, Model], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Where nothing is done without a key: hand it on with the body, or 400 `idempotency-key-missing`."""
    key = key_of(request)
    if isinstance(key, web.Response):
        return key
    if not key:
        return problem(
            400, "idempotency-key-missing", f"{HEADER}: needed, so that a repeated request does nothing twice"
        )
    return await validated(request, model, lambda body: handle(key, body))


def key_reused() -> web.Response:
    """The same key came with another body."""
    return problem(409, "idempotency-key-reused", f"{HEADER}: used before with another body")
