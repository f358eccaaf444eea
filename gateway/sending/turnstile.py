"""A turnstile before the mail server: a few letters of this process at once, and none while the server is away.

Whoever talks to a server that hangs waits there for its time-out. That must never be all the hands that a worker has:
an SMS, a code or a pay-out would wait with them.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from gateway.clock import SECOND_MS, Clock

PATIENCE_MS = 300_000


class Turnstile:
    """`at_once` pass together; after `rests` nobody does for `rest_ms`."""

    def __init__(self, clock: Clock, *, at_once: int, rest_ms: int) -> None:
        self._clock = clock
        self._at_once = at_once
        self._rest_ms = rest_ms
        self._inside = 0
        self._closed_until = 0

    @contextmanager
    def one(self) -> Iterator[bool]:
        """Whether there is room now; it is kept until the end of the block."""
        has_room = self._inside < self._at_once and self._clock() >= self._closed_until
        self._inside += has_room
        try:
            yield has_room
        finally:
            self._inside -= has_room

    def rests(self) -> None:
        """The server did not answer: leave it alone for a while."""
        self._closed_until = self._clock() + self._rest_ms

    def wait_ms(self, since: int) -> int:
        """When to come back for a letter that waits since then (ms): the longer it has waited, the less often."""
        now = self._clock()
        patience = min(PATIENCE_MS, max(SECOND_MS, (now - since) // 2))
        return max(patience, self._closed_until - now)
