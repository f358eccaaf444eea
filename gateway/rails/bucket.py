"""So many calls a second, however many processes make them: a bucket per name that fills with time, in Redis.

Whoever takes from an empty bucket is told how long to wait, and has its place kept if that is not long. Without Redis
each process keeps to the same rate by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from gateway.clock import SECOND_MS

AWAY_SECONDS = 5.0

# The moment when nothing taken counts any more is all that is kept. What is refused takes nothing.
TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
local each, room, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local full_at = math.max(now, tonumber(redis.call('GET', KEYS[1]) or '0'))
local wait = math.max(0, full_at + each - room - now)
if wait <= longest then
  redis.call('SET', KEYS[1], string.format('%.3f', full_at + each), 'PX', math.ceil(full_at + each - now) + 1000)
end
return math.ceil(wait)
"""


@dataclass(slots=True)
class Bucket:
    """`rate` calls a second, and as many at once. Pure: the moment (ms) is handed in."""

    rate: float
    full_at: float = 0.0

    @property
    def each_ms(self) -> float:
        return SECOND_MS / self.rate

    @property
    def room_ms(self) -> float:
        return max(self.rate, 1.0) * self.each_ms

    def wait_ms(self, now: float, longest: int) -> int:
        """How long to wait before calling. Longer than `longest`: nothing is taken, come again."""
        full_at = max(now, self.full_at)
        wait = max(0.0, full_at + self.each_ms - self.room_ms - now)
        if wait <= longest:
            self.full_at = full_at + self.each_ms
        return -int(-wait // 1)


class Buckets:
    """One per name that has a rate; a name without one goes as fast as it can."""

    def __init__(self, url: str, prefix: str, rates: Mapping[str, float], *, timeout_seconds: float) -> None:
        self._redis = Redis.from_url(
            url,
            socket_timeout=timeout_seconds,
            socket_connect_timeout=timeout_seconds,
            retry=Retry(NoBackoff(), 0),
            max_connections=4,
        )
        self._prefix = prefix
        self._rates = {name: rate for name, rate in rates.items() if rate > 0}
        self._own = {name: Bucket(rate) for name, rate in self._rates.items()}
        self._take: Any = self._redis.register_script(TAKE)
        self._back_at = 0.0

    async def wait_ms(self, name: str, longest: int) -> int:
        """As a bucket says, of all processes together while Redis answers."""
        own = self._own.get(name)
        if own is None:
            return 0
        if monotonic() >= self._back_at:
            try:
                return int(await self._take(keys=[f"{self._prefix}:{name}"], args=[own.each_ms, own.room_ms, longest]))
            except (RedisError, OSError, TimeoutError):
                self._back_at = monotonic() + AWAY_SECONDS
        return own.wait_ms(monotonic() * SECOND_MS, longest)

    def every_ms(self, name: str) -> float:
        """How far apart calls of a name are, when there are more than enough; 0: no limit."""
        return SECOND_MS / self._rates[name] if name in self._rates else 0.0

    async def close(self) -> None:
        await self._redis.aclose()
