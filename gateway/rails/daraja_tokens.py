"""Access tokens: one alive per app, and so one for all processes.

A new token kills the one before. Were each process to fetch its own, they would kill each other's without end; so
the living one lies on a shelf that all see, and whoever finds none there claims the right to fetch it. While the
shelf is away a process fetches for itself, but not more often than every few seconds.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from gateway.clock import Clock
from gateway.errors import Unavailable

OWN_EVERY_MS = 5_000
WAIT_SECONDS = 0.05

log = structlog.get_logger("daraja")


@dataclass(frozen=True, slots=True)
class Token:
    """`renew_at` is in milliseconds, a minute before Daraja stops taking it."""

    text: str = field(repr=False)
    renew_at: int


class ShelfAway(Exception):
    """The place that all processes see cannot be reached. It never leaves this module and the shelves."""


class Shelf(Protocol):
    """Where the token of one app lies for all processes. Every method raises ShelfAway."""

    async def read(self) -> Token | None: ...

    async def write(self, token: Token, life_ms: int) -> None: ...

    async def claim(self) -> str | None:
        """The right to fetch, for a limited time; None while somebody else has it."""

    async def release(self, claim: str) -> None:
        """Give the right back, if it is still ours."""


class TokenCache:
    """The token of one app: fetched when there is none, by one for all.

    `wait_seconds`: how long another process may take to fetch it. Raises Unavailable, and whatever `fetch` raises.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[Token]],
        clock: Clock,
        shelf: Shelf | None = None,
        *,
        wait_seconds: float = 10.0,
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._shelf = shelf
        self._rounds = max(int(wait_seconds / WAIT_SECONDS), 1)
        self._lock = asyncio.Lock()
        self._token: Token | None = None
        self._refused = ""
        self._own_at: int | None = None

    async def get(self) -> Token:
        async with self._lock:
            if self._token is None or self._clock() >= self._token.renew_at:
                self._token = await self._renewed()
            return self._token

    def drop(self, refused: Token) -> None:
        """Forget this one, on the shelf too; a newer one, fetched by somebody else meanwhile, stays."""
        self._refused = refused.text
        if self._token is not None and self._token.text == refused.text:
            self._token = None

    async def _renewed(self) -> Token:
        if self._shelf is None:
            return await self._fetch()
        try:
            return await self._shared(self._shelf)
        except ShelfAway:
            log.warning("token_shelf_away")
            return await self._own()

    async def _shared(self, shelf: Shelf) -> Token:
        """From the shelf, or fetched by whoever gets the right to; the others wait for it."""
        for _ in range(self._rounds):
            if token := await self._on_shelf(shelf):
                return token
            if claim := await shelf.claim():
                return await self._fetched(shelf, claim)
            await asyncio.sleep(WAIT_SECONDS)
        raise Unavailable("another process has not fetched a token in time")

    async def _fetched(self, shelf: Shelf, claim: str) -> Token:
        """Looked for once more first: the one who had the right before may have just put it there."""
        try:
            token = await self._on_shelf(shelf)
            if token is None:
                token = await self._fetch()
                await _shelved(shelf, token, token.renew_at - self._clock())
            return token
        finally:
            await _released(shelf, claim)

    async def _on_shelf(self, shelf: Shelf) -> Token | None:
        """What lies there, unless Daraja has refused it to us or it is as good as over."""
        token = await shelf.read()
        if token is None or token.text == self._refused or self._clock() >= token.renew_at:
            return None
        return token

    async def _own(self) -> Token:
        """Without a shelf other processes kill our token and we theirs: slowly, so that calls get through between."""
        now = self._clock()
        if self._own_at is not None and 0 <= now - self._own_at < OWN_EVERY_MS:
            raise Unavailable("a token was fetched moments ago, and there is no place to share one")
        self._own_at = now
        return await self._fetch()


async def _shelved(shelf: Shelf, token: Token, life_ms: int) -> None:
    """A token that cannot be shared is still one."""
    try:
        await shelf.write(token, life_ms)
    except ShelfAway:
        log.warning("token_shelf_away")


async def _released(shelf: Shelf, claim: str) -> None:
    """A right that cannot be given back ends by itself."""
    try:
        await shelf.release(claim)
    except ShelfAway:
        log.warning("token_shelf_away")
