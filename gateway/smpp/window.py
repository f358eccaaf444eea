"""How many messages may be under way at once, as agreed with the carrier."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.errors import Throttled


class Window:
    """Some of the places are only for screens: those wait for no text."""

    def __init__(self, places: int, *, for_screens: int) -> None:
        self._all = asyncio.Semaphore(places)
        self._texts = asyncio.Semaphore(max(1, places - for_screens))

    @asynccontextmanager
    async def place(self, seconds: float, *, is_screen: bool) -> AsyncIterator[None]:
        """Raises Throttled when there is none for so long."""
        taken = list[asyncio.Semaphore]()
        try:
            try:
                async with asyncio.timeout(seconds):
                    for each in (self._all,) if is_screen else (self._texts, self._all):
                        await each.acquire()
                        taken.append(each)
            except TimeoutError as error:
                raise Throttled("the window stayed full") from error
            yield
        finally:
            for each in taken:
                each.release()
