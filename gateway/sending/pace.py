"""No faster than a carrier takes it: a bucket that fills with time. Pure: the moment is handed in."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.clock import SECOND_MS


@dataclass(slots=True)
class Bucket:
    """`rate` messages a second, and as many at once. `full_at` is when nothing taken counts any more."""

    rate: float
    full_at: float = 0.0

    def wait_ms(self, now: int) -> int:
        """Take one; 0 when it may go now, else nothing is taken and it is how long to wait."""
        each = SECOND_MS / self.rate
        behind = max(self.full_at, now) - now
        room = max(self.rate, 1.0) * each
        if behind + each > room:
            return max(1, round(behind + each - room))
        self.full_at = max(self.full_at, now) + each
        return 0


class Pace:
    """By carrier; one without a rate goes as fast as it can. Of one process: divide a rate by how many there are."""

    def __init__(self, rates: Mapping[str, float]) -> None:
        self._buckets = {name: Bucket(rate) for name, rate in rates.items()}

    def wait_ms(self, name: str, now: int) -> int:
        bucket = self._buckets.get(name)
        return bucket.wait_ms(now) if bucket else 0

    def turn_ms(self, name: str, wait_ms: int, place: int) -> int:
        """When the one at `place` of those that wait together may come back: in turn, not all at once."""
        bucket = self._buckets.get(name)
        return wait_ms + round(max(0, place) * SECOND_MS / bucket.rate) if bucket else wait_ms
