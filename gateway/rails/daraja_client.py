"""The line to Daraja: one living token per app, one attempt per call, foreign failures in our own words.

    GET /oauth/v1/generate?grant_type=client_credentials     Authorization: Basic <key:secret>
    {"access_token": "A1b2C3d4E5f6G7h8I9j0K1l2M3n4", "expires_in": "3599"}

A new token kills the one before, so exactly one is fetched however many wait for it. A call refused for its
token never reached M-PESA: it is repeated once, a pay-out too.
"""

import base64
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import partial
from typing import Any

import aiohttp
import structlog

from gateway.clock import MINUTE_MS, Clock
from gateway.config import App, Daraja
from gateway.errors import Throttled, Unavailable, Uncertain
from gateway.rails.daraja_answers import Answer
from gateway.rails.daraja_bodies import Fields
from gateway.rails.daraja_tokens import Token, TokenCache
from gateway.rails.door import Door, Passage
from gateway.rails.token_shelf import TokenShelves

OAUTH = "/oauth/v1/generate?grant_type=client_credentials"
TOKEN_LIFE_SECONDS = 3599
TOKEN_MARGIN_MS = MINUTE_MS
BODY_BYTES_MAX = 4 * 1024 * 1024

log = structlog.get_logger("daraja")


class DarajaClient:
    """Calls as either app. Raises Unavailable when nothing was sent, Uncertain when nobody answered it.

    A session that is given is the giver's to close.
    """

    def __init__(
        self, config: Daraja, clock: Clock, session: aiohttp.ClientSession | None, shelves: TokenShelves | None = None,
        door: Door | None = None,
    ) -> None:  # fmt: skip
        """`shelves`: where tokens are shared with other processes; without, each client has its own. `door`: what every
        call goes through; without, nothing holds it back."""
        self._base_url = config.base_url.rstrip("/")
        self._clock = clock
        self._session = session
        self._is_own_session = session is None
        seconds = config.timeout_seconds
        self._timeout = aiohttp.ClientTimeout(total=seconds, connect=seconds / 2)
        self._wait_seconds = 2 * seconds
        self._shelves = shelves
        self._door = door
        self._tokens: dict[str, TokenCache] = {}

    async def call(self, app: App, path: str, body: Mapping[str, Any]) -> Answer:
        """POST as this app. Returns whatever HTTP answer comes, but for one that refuses our token twice.

        Raises Held when the API is away or was asked enough just now.
        """
        async with self._passing(api_of(path)) as passage:
            answer = await self._called(app, path, body)
            if answer.is_trouble:
                passage.trouble = f"HTTP {answer.status} {answer.code}".strip()
        return answer

    def _passing(self, api: str) -> AbstractAsyncContextManager[Passage]:
        return self._door.passing(api) if self._door is not None else nullcontext(Passage())

    async def _called(self, app: App, path: str, body: Mapping[str, Any]) -> Answer:
        tokens = self._tokens_of(app)
        token = await tokens.get()
        answer = await self._post(token, path, body)
        if not answer.is_token_refused:
            return answer
        tokens.drop(token)
        token = await tokens.get()
        answer = await self._post(token, path, body)
        if answer.is_token_refused:
            tokens.drop(token)
            raise Unavailable("Daraja refuses a fresh token", status=answer.status, error=answer.code)
        return answer

    async def close(self) -> None:
        if self._session is not None and self._is_own_session:
            await self._session.close()
        if self._shelves is not None:
            await self._shelves.close()
        if self._door is not None:
            await self._door.close()

    def _tokens_of(self, app: App) -> TokenCache:
        key = app.consumer_key.get_secret_value()
        if key not in self._tokens:
            shelf = self._shelves.of(app) if self._shelves is not None else None
            fetch = partial(self._fetch_token, app)
            self._tokens[key] = TokenCache(fetch, self._clock, shelf, wait_seconds=self._wait_seconds)
        return self._tokens[key]

    async def _fetch_token(self, app: App) -> Token:
        """A token does nothing by itself: whatever goes wrong here, nothing happened."""
        credentials = f"{app.consumer_key.get_secret_value()}:{app.consumer_secret.get_secret_value()}"
        basic = base64.b64encode(credentials.encode()).decode()
        asked_at = self._clock()
        try:
            answer = await self._send("GET", OAUTH, headers={"Authorization": f"Basic {basic}"})
        except Uncertain as error:
            raise Unavailable("Daraja gave no token in time") from error
        text = answer.fields.value("access_token")
        if answer.is_throttled:
            raise Throttled("Daraja tells us to ask for fewer tokens", status=answer.status, error=answer.code)
        if answer.status != 200 or not isinstance(text, str) or not (text.isascii() and text.isprintable()):
            raise Unavailable("Daraja gives no token", status=answer.status, error=answer.code)
        return Token(text, asked_at + _renewal_ms(answer.fields.text("expires_in")))

    async def _post(self, token: Token, path: str, body: Mapping[str, Any]) -> Answer:
        return await self._send("POST", path, headers={"Authorization": f"Bearer {token.text}"}, json=body)

    async def _send(self, method: str, path: str, **content: Any) -> Answer:
        """One attempt. A refused connection carried nothing; any failure after it may have carried all."""
        try:
            async with self._opened().request(
                method, self._base_url + path, timeout=self._timeout, allow_redirects=False, **content
            ) as response:
                answer = Answer(response.status, Fields.parse(await _body(response)))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            raise Unavailable("Daraja could not be reached") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Uncertain("Daraja gave no answer") from error
        log.debug("call", path=path, status=answer.status, error=answer.code)
        return answer

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        return self._session


def api_of(path: str) -> str:
    """The rail's own word for what is called: `stkpush`, `b2c`, `transactionstatus`."""
    return path.removeprefix("/mpesa").split("/")[1]


async def _body(response: aiohttp.ClientResponse) -> bytes:
    """The body, or nothing of one that is too long to be an answer."""
    read = bytearray()
    async for piece in response.content.iter_any():
        read += piece
        if len(read) > BODY_BYTES_MAX:
            return b""
    return bytes(read)


def _renewal_ms(expires_in: str) -> int:
    """From asking to renewing: a minute before the end, and half-way through a life as short as that."""
    is_number = expires_in.isascii() and expires_in.isdigit() and len(expires_in) <= 6
    life_ms = (int(expires_in) if is_number else TOKEN_LIFE_SECONDS) * 1000
    return max(life_ms - TOKEN_MARGIN_MS, life_ms // 2)
