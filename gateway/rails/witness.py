"""Remembers the last pay-out that left, outside of the database: one that does not know it has forgotten something.

It was restored from a copy without anybody saying so, or a replica that lagged behind has taken over.
"""

from dataclasses import dataclass

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError


@dataclass(frozen=True, slots=True)
class Left:
    """A pay-out that left: the id of its request, and when (ms)."""

    request_id: str
    at: int


class Witness:
    """In Redis, as far as that is there. Whoever lost Redis too has no witness."""

    def __init__(self, url: str, name: str, *, timeout_seconds: float) -> None:
        """`name` is the rail's and the shortcode's: others may use the same Redis."""
        self._redis = Redis.from_url(
            url,
            socket_timeout=timeout_seconds,
            socket_connect_timeout=timeout_seconds,
            retry=Retry(NoBackoff(), 0),
            max_connections=2,
            decode_responses=True,
        )
        self._key = f"rail:{name}:last"

    async def remember(self, left: Left) -> None:
        """Its request is committed, and it leaves now."""
        try:
            await self._redis.set(self._key, f"{left.at}:{left.request_id}")
        except (RedisError, OSError, TimeoutError):
            return

    async def last(self) -> Left | None:
        """None when none left, or nobody knows."""
        try:
            found = await self._redis.get(self._key)
        except (RedisError, OSError, TimeoutError):
            return None
        at, _, request_id = str(found or "").partition(":")
        return Left(request_id, int(at)) if request_id else None

    async def close(self) -> None:
        await self._redis.aclose()
