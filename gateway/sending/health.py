"""How well each carrier does lately, and in which order to try them. Pure: the moment is handed in.

The score is a moving average of what became of the last calls, 1.0 for well and 0.0 for not. One that does badly goes
to the end of the queue, and to its place again for one call every so often: only trying shows that it is back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

WEIGHT = 0.2
WELL = 0.5


@dataclass(slots=True)
class Score:
    value: float = 1.0
    failed_at: int = 0


class Health:
    """Of one process: each finds out for itself. `retry_ms`: how long a bad one is spared."""

    def __init__(self, retry_ms: int) -> None:
        self._retry_ms = retry_ms
        self._scores: dict[str, Score] = {}

    def well(self, name: str) -> None:
        score = self._score(name)
        score.value += WEIGHT * (1.0 - score.value)

    def failed(self, name: str, now: int) -> None:
        score = self._score(name)
        score.value -= WEIGHT * score.value
        score.failed_at = now

    def score(self, name: str) -> float:
        return self._score(name).value

    def order(self, names: Iterable[str], now: int) -> Sequence[str]:
        """As configured, those that do badly last."""
        return sorted(names, key=lambda name: self._is_spared(name, now))

    def _is_spared(self, name: str, now: int) -> bool:
        score = self._score(name)
        return score.value < WELL and now - score.failed_at < self._retry_ms

    def _score(self, name: str) -> Score:
        return self._scores.setdefault(name, Score())
