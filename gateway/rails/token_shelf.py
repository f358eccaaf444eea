"""The shelf for access tokens in Redis: encrypted, so that whoever reads Redis cannot call as us.

The key is derived from the app's own secret, which only processes that may fetch a token have. Losing Redis loses
nothing: a token is fetched again.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from gateway.config import App
from gateway.rails.daraja_tokens import ShelfAway, Token

RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
PURPOSE = b"nyota daraja token"


class TokenShelves:
    """A shelf per app. `claim_seconds`: how long fetching may take before another process may try."""

    def __init__(self, url: str, *, timeout_seconds: float, claim_seconds: float) -> None:
        self._redis = Redis.from_url(
            url,
            socket_timeout=timeout_seconds,
            socket_connect_timeout=timeout_seconds,
            retry=Retry(NoBackoff(), 0),
            max_connections=4,
        )
        self._claim_ms = int(claim_seconds * 1000)

    def of(self, app: App) -> "RedisShelf":
        return RedisShelf(self._redis, app, self._claim_ms)

    async def close(self) -> None:
        await self._redis.aclose()


class RedisShelf:
    """Where the token of one app lies."""

    def __init__(self, redis: Redis, app: App, claim_ms: int) -> None:
        name = hashlib.sha256(app.consumer_key.get_secret_value().encode()).hexdigest()[:16]
        self._redis = redis
        self._token_key = f"daraja:{{{name}}}:token"
        self._claim_key = f"daraja:{{{name}}}:claim"
        self._claim_ms = claim_ms
        self._cipher = Fernet(_key(app.consumer_secret.get_secret_value()))

    async def read(self) -> Token | None:
        """Nothing for what another secret has locked: it is not ours."""
        locked = await self._call(lambda: self._redis.get(self._token_key))
        try:
            return Token(**json.loads(self._cipher.decrypt(locked))) if locked else None
        except (InvalidToken, ValueError, TypeError):
            return None

    async def write(self, token: Token, life_ms: int) -> None:
        told = json.dumps({"text": token.text, "renew_at": token.renew_at}).encode()
        locked = self._cipher.encrypt(told)
        await self._call(lambda: self._redis.set(self._token_key, locked, px=max(life_ms, 1)))

    async def claim(self) -> str | None:
        claim = secrets.token_hex(8)
        is_ours = await self._call(lambda: self._redis.set(self._claim_key, claim, nx=True, px=self._claim_ms))
        return claim if is_ours else None

    async def release(self, claim: str) -> None:
        await self._call(lambda: self._redis.eval(RELEASE, 1, self._claim_key, claim))

    async def _call(self, command: Callable[[], Awaitable[Any]]) -> Any:
        try:
            return await command()
        except (RedisError, OSError, TimeoutError) as error:
            raise ShelfAway from error


def _key(secret: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(PURPOSE + secret.encode()).digest())
