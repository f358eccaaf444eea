"""The one door to the core: how many calls at once and a second, and none while it is away.

Several failures in a row shut it. After a while one call goes through to find out; when that is answered the door
opens again, for one call at first and then for one more with each that is answered. Nobody queues at a shut door:
whoever comes is told when to come again, the later the longer the outage has lasted; when it is over they are woken.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gateway.clock import HOUR_MS, Clock
from gateway.errors import Throttled, Unavailable, Uncertain
from gateway.ledgers.contract import Busy

FAILURES_MAX = 5
HOLD_MS_MAX = 6 * HOUR_MS
PACE_MS_MAX = 1_000


class Held(Exception):
    """The door is shut; come again after `in_ms`."""

    def __init__(self, in_ms: int) -> None:
        super().__init__("no call to the core now")
        self.in_ms = in_ms


@dataclass(frozen=True, slots=True)
class Width:
    """Calls at once and a second (0: any number), and how long a shut door stays shut."""

    at_once: int
    calls_a_second: int
    probe_ms: int


class Gate:
    """One per core and process."""

    def __init__(self, width: Width, clock: Clock) -> None:
        self._width = width
        self._clock = clock
        self._limit = width.at_once
        self._inside = 0
        self._failures = 0
        self._away_since: int | None = None
        self._shut_until = 0
        self._is_probing = False
        self._next_slot = 0
        self._left = asyncio.Condition()

    @property
    def away_since(self) -> int | None:
        """When the core was found away (ms); None while it answers."""
        return self._away_since

    @asynccontextmanager
    async def passing(self, who: str) -> AsyncIterator[None]:
        """Around one call. Raises Held while the core is away; `who` spreads those who come again."""
        await self._let_in(who)
        try:
            yield
        except Throttled:
            self._limit = max(1, self._limit // 2)
            raise
        except Busy:
            self._answered()
            raise
        except (Unavailable, Uncertain):
            self._failed()
            raise
        except asyncio.CancelledError:
            raise
        except BaseException:
            self._answered()
            raise
        else:
            self._answered()
        finally:
            self._is_probing = False
            self._inside -= 1
            async with self._left:
                self._left.notify_all()

    async def _let_in(self, who: str) -> None:
        async with self._left:
            while self._away_since is None and self._inside >= self._limit:
                await self._left.wait()
            self._demand_open(who)
            self._is_probing = self._away_since is not None
            self._inside += 1
        try:
            await self._paced(who)
        except BaseException:
            self._inside -= 1
            self._is_probing = False
            raise

    def _demand_open(self, who: str) -> None:
        if self._away_since is None:
            return
        now = self._clock()
        if self._is_probing or now < self._shut_until:
            raise Held(self.hold_ms(who))

    def hold_ms(self, who: str) -> int:
        """When to come again while it is shut: at least until the next probe, at most as long again as it lasts, and
        never more than six hours; spread by who it is."""
        now = self._clock()
        lasted = 0 if self._away_since is None else now - self._away_since
        widest = min(HOLD_MS_MAX, max(self._width.probe_ms, lasted))
        draw = int.from_bytes(hashlib.sha256(f"{who}:{now}".encode()).digest()[:4])
        return max(1, self._shut_until - now) + (widest * draw >> 32)

    async def _paced(self, who: str) -> None:
        """Wait for the next free moment of this second; told to come again when that is far off."""
        if not self._width.calls_a_second:
            return
        now = self._clock()
        slot = max(now, self._next_slot)
        if slot - now > PACE_MS_MAX:
            raise Held(slot - now)
        self._next_slot = slot + 1000 // self._width.calls_a_second
        if slot > now:
            await asyncio.sleep((slot - now) / 1000)

    def _answered(self) -> None:
        self._failures = 0
        if self._away_since is not None:
            self._away_since, self._limit = None, 1
        else:
            self._limit = min(self._width.at_once, self._limit + 1)

    def _failed(self) -> None:
        self._failures += 1
        now = self._clock()
        if self._away_since is not None or self._failures >= FAILURES_MAX:
            self._away_since = now if self._away_since is None else self._away_since
            self._shut_until = now + self._width.probe_ms
