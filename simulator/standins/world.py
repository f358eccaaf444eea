"""What every part of the stand-ins shares: settings, book, faults, clock, and a pulse that wakes waiters."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from simulator.standins.book import Book
from simulator.standins.faults import Faults
from simulator.standins.settings import Settings


class Pulse:
    """Wakes everyone who waits whenever anything in the world has changed."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def beat(self) -> None:
        self._next.set()
        self._next = asyncio.Event()

    async def next(self, seconds: float | None) -> None:
        """Wait for the next beat, for at most so many seconds (None: as long as it takes)."""
        try:
            async with asyncio.timeout(seconds):
                await self._next.wait()
        except TimeoutError:
            return

    async def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until the condition holds, looking after each beat. Says whether it does."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not condition():
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                return False
            await self.next(left)
        return True


@dataclass(slots=True)
class World:
    """One running outside world. `now` gives seconds since the epoch; `is_stopping` ends every wait."""

    settings: Settings
    book: Book
    client: aiohttp.ClientSession
    now: Callable[[], float]
    faults: Faults = field(default_factory=Faults)
    pulse: Pulse = field(default_factory=Pulse)
    is_stopping: bool = False

    @contextmanager
    def change(self) -> Iterator[Book]:
        """One transaction on the book; everybody who waits looks again once it is on disk."""
        with self.book.transaction():
            yield self.book
        self.pulse.beat()


WORLD = web.AppKey("world", World)
