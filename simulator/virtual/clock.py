"""Virtual time: it stands still while anything is done, and jumps to whatever comes next."""

import heapq
from collections.abc import Awaitable, Callable
from itertools import count

Deed = Callable[[], Awaitable[None]]


class Clock:
    """What the gateway takes for the time, in milliseconds since the epoch."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def reach(self, moment: int) -> None:
        """Time never goes back."""
        self.now = max(self.now, moment)


class Agenda:
    """What the world outside will do, in order of time; what is at the same moment, in order of entry."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Deed]] = []
        self._numbers = count()

    def add(self, at: int, deed: Deed) -> None:
        heapq.heappush(self._heap, (at, next(self._numbers), deed))

    @property
    def next_at(self) -> int | None:
        return self._heap[0][0] if self._heap else None

    def pop(self) -> Deed:
        return heapq.heappop(self._heap)[2]
