"""The floats as people see them: how much, how old, how much of it is on its way out, and how long it will last."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.clock import MINUTE_MS
from gateway.config import Float as Settings
from gateway.payouts import floats, passed
from gateway.payouts.floats import Float
from gateway.payouts.forecast import hours_left, window


@dataclass(frozen=True, slots=True)
class Standing:
    """One account. Only of the one that pays out it is known what is in flight, and how many hours it will last."""

    known: Float
    is_stale: bool
    pays_out: bool
    in_flight_cents: int = 0
    hours_left: float | None = None


@dataclass(frozen=True, slots=True)
class Paying:
    """Which account of which shortcode pays out, and how it is looked at."""

    shortcode: str
    settings: Settings

    def is_stale(self, known: Float, now: int) -> bool:
        return now - known.asked_at > self.settings.stale_minutes * MINUTE_MS

    def is_it(self, known: Float) -> bool:
        return (known.shortcode, known.account) == (self.shortcode, self.settings.account)

    async def latest(self, connection: AsyncConnection) -> Float | None:
        return await floats.latest(connection, self.shortcode, self.settings.account)

    async def hours_left(self, connection: AsyncConnection, cents: int, now: int) -> float | None:
        """How long so much will last."""
        since, _ = window(now, self.settings.forecast_days)
        by_hour = await passed.by_hour(connection, since=since)
        return hours_left(cents, by_hour, now, self.settings.forecast_days)

    async def standing(self, connection: AsyncConnection, now: int) -> list[Standing]:
        """Every account that was told so far."""
        return [await self._one(connection, each, now) for each in await floats.all_of(connection)]

    async def _one(self, connection: AsyncConnection, known: Float, now: int) -> Standing:
        if not self.is_it(known):
            return Standing(known, self.is_stale(known, now), pays_out=False)
        flying = await passed.in_flight_cents(connection, since=known.asked_at)
        hours = await self.hours_left(connection, known.available_cents - flying, now)
        return Standing(known, self.is_stale(known, now), pays_out=True, in_flight_cents=flying, hours_left=hours)
