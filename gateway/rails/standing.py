"""What holds rails back now, and how much waits for it: for operators, health and metrics."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.metrics import RAIL_AWAY, RAIL_PAUSED
from gateway.rails import breakers, pauses, requests
from gateway.rails.breakers import Breaker
from gateway.rails.pauses import DIRECTIONS, KINDS, Direction, Pause


@dataclass(frozen=True, slots=True)
class Way:
    """One direction of a rail: by what it is held, and how many operations wait to be sent."""

    direction: Direction
    pause: Pause | None
    waiting: int


@dataclass(frozen=True, slots=True)
class Standing:
    """One rail. `breakers` are those of APIs that were ever found away."""

    rail: str
    ways: tuple[Way, ...]
    breakers: tuple[Breaker, ...]

    @property
    def troubles(self) -> list[str]:
        """What is not as it should be, in words."""
        paused = [f"{way.direction} paused: {way.pause.reason}" for way in self.ways if way.pause]
        return paused + [f"{each.api} away: {each.reason}" for each in self.breakers if each.is_open]


async def standing_of(connection: AsyncConnection, rails: Sequence[str]) -> list[Standing]:
    """As the database has it, for all processes; the metrics of this one are brought up to date."""
    found = await breakers.listed(connection)
    return [await _standing(connection, rail, [each for each in found if each.rail == rail]) for rail in rails]


async def _standing(connection: AsyncConnection, rail: str, found: Sequence[Breaker]) -> Standing:
    ways = []
    for direction in DIRECTIONS:
        pause = await pauses.on(connection, rail, direction)
        waiting = await requests.unsent(connection, rail, KINDS[direction])
        ways.append(Way(direction, pause, waiting))
        RAIL_PAUSED.labels(rail, direction).set(pause is not None)
    for breaker in found:
        RAIL_AWAY.labels(rail, breaker.api).set(breaker.is_open)
    return Standing(rail, tuple(ways), tuple(found))
