"""One HTTP call to a core and its answer, foreign failures in our own words.

A refused connection carried nothing; any failure after it may have carried all, unless the call only reads.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

import aiohttp
import structlog

from gateway.errors import Throttled, Unavailable, Uncertain

BODY_BYTES_MAX = 16 * 1024 * 1024
TOO_MANY = 429
AWAY_STATUSES = (502, 503, 504)

log = structlog.get_logger("core")


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer. `body` is None where it was no JSON; numbers with a point are Decimals."""

    status: int
    headers: Mapping[str, str]
    body: Any = field(repr=False)

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300

    @property
    def fields(self) -> Mapping[str, Any]:
        return self.body if isinstance(self.body, dict) else {}


class Wire:
    """Calls below one address, with fixed headers. Opens its session when first used."""

    def __init__(self, base_url: str, headers: Mapping[str, str], *, timeout_seconds: float) -> None:
        self._base_url = base_url.rstrip("/")
        self._headers = dict(headers)
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds, connect=timeout_seconds / 2)
        self._session: aiohttp.ClientSession | None = None

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> Reply:
        """Read. Raises Unavailable for everything but an answer that says something."""
        try:
            reply = await self._sent("GET", path, params=params)
        except Uncertain as error:
            raise Unavailable(str(error), **error.evidence) from error
        if reply.status >= 500:
            raise Unavailable("the core cannot say", status=reply.status)
        return reply

    async def post(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str], params: Mapping[str, str] | None = None
    ) -> Reply:
        """Command. Raises Unavailable when nothing was sent, Uncertain when nobody answered it."""
        reply = await self._sent("POST", path, params=params, headers=headers, json=body)
        if reply.status == TOO_MANY:
            raise Throttled("the core tells us to slow down", status=reply.status)
        return reply

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _sent(self, method: str, path: str, **content: Any) -> Reply:
        headers = {**self._headers, **content.pop("headers", {})}
        try:
            async with self._opened().request(
                method, self._base_url + path, headers=headers, timeout=self._timeout, allow_redirects=False, **content
            ) as response:
                reply = Reply(response.status, response.headers.copy(), _parsed(await _body(response)))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            raise Unavailable("the core could not be reached") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Uncertain("the core gave no answer") from error
        log.debug("call", method=method, status=reply.status)
        return reply

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        return self._session


async def _body(response: aiohttp.ClientResponse) -> bytes:
    read = bytearray()
    async for piece in response.content.iter_any():
        read += piece
        if len(read) > BODY_BYTES_MAX:
            raise Uncertain("the core's answer is too long", status=response.status)
    return bytes(read)


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw, parse_float=Decimal) if raw else None
    except (ValueError, RecursionError):
        return None


def cents(value: object) -> int:
    """An amount in cents, exactly. Raises Uncertain for one that is no whole number of them."""
    try:
        exact = Decimal(str(0 if value is None else value)) * 100
        if exact == exact.to_integral_value():
            return int(exact)
    except InvalidOperation:
        pass
    raise Uncertain("an amount of the core could not be understood")
