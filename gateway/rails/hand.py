"""The hand on the rails: people pause them and let them go again, from the desk or from a terminal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.accounts.audit import Deed
from gateway.clock import SECOND_MS
from gateway.rails import pauses, standing
from gateway.rails.daraja import PAYOUT, PROMPT
from gateway.rails.daraja_client import api_of
from gateway.rails.pauses import EVERY, Direction
from gateway.rails.standing import Standing
from gateway.restoring import records

ALL = "all"
"""What people call every rail."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why nothing was changed: a stable name, and words for people."""

    name: str
    words: str


class Hand:
    """`every_ms`: how far apart what waited goes on, by direction."""

    def __init__(self, rails: Sequence[str], every_ms: Mapping[Direction, float]) -> None:
        self.rails = tuple(rails)
        self._every_ms = every_ms

    def named(self, name: str) -> str | None:
        """As the pauses know it; None for a rail that there is not."""
        if name == ALL:
            return EVERY
        return name if name in self.rails else None

    async def pause(
        self, connection: AsyncConnection, rail: str, directions: Sequence[Direction], deed: Deed
    ) -> Refused | None:
        """Hold back what is not sent yet."""
        done = [await pauses.paused(connection, rail, direction, deed) for direction in directions]
        return None if any(done) else Refused("paused-before", "it is paused already")

    async def resume(
        self, connection: AsyncConnection, rail: str, directions: Sequence[Direction], deed: Deed, *,
        anyway: bool = False,
    ) -> Refused | None:  # fmt: skip
        """Let it go again, one after another. Pay-outs after a restore only once it is caught up with, or `anyway`."""
        restore = await records.latest(connection) if "disburse" in directions and not anyway else None
        if restore is not None and not restore.is_caught_up:
            return Refused("not-caught-up", "restored, and the rail has not been asked yet what is missing")
        done = [
            await pauses.resumed(connection, rail, direction, deed, every_ms=self._every_ms[direction])
            for direction in directions
        ]
        return None if any(done) else Refused("not-paused", "it is not paused by this name")

    async def standing(self, connection: AsyncConnection) -> list[Standing]:
        return await standing.standing_of(connection, self.rails)


def hand_of(rails: Sequence[str], limits: Mapping[str, float]) -> Hand:
    """`limits`: calls a second of each API, as configured."""
    return Hand(rails, {"collect": _every_ms(limits, PROMPT), "disburse": _every_ms(limits, PAYOUT)})


def _every_ms(limits: Mapping[str, float], path: str) -> float:
    limit = limits.get(api_of(path))
    return SECOND_MS / limit if limit else 0.0
