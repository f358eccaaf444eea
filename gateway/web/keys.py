"""`Idempotency-Key`: what makes a request one, however often it is sent."""

from aiohttp import web

from gateway.web.problems import problem

HEADER = "Idempotency-Key"
CHARACTERS_MAX = 200


def key_of(request: web.Request) -> str | None:
    """None without one. Raises ValueError for one that is too long."""
    key = request.headers.get(HEADER, "").strip()
    if len(key) > CHARACTERS_MAX:
        raise ValueError(f"{HEADER}: at most {CHARACTERS_MAX} characters")
    return key or None


def needed_key(request: web.Request) -> str | web.Response:
    """Where nothing is done without one: else 400 `idempotency-key-missing`."""
    key = request.headers.get(HEADER, "").strip()
    if 0 < len(key) <= CHARACTERS_MAX:
        return key
    return problem(400, "idempotency-key-missing", f"{HEADER}: needed, at most {CHARACTERS_MAX} letters")


def key_reused() -> web.Response:
    """The same key came with another body."""
    return problem(409, "idempotency-key-reused", f"{HEADER}: used before with another body")
