"""Whether an API of a rail was found away, as all processes know it: opened by calls that fail in a row, closed by one
that is answered.

While it is open nobody calls; from `probe_at` on one caller may find out whether it is back. How many fail in a row is
counted by each process, what was found is kept here.
"""

from dataclasses import dataclass, replace

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.operations.settle import doubling_ms
from gateway.rails.tables import rail_breakers
from gateway.store.engine import insert_into

REASON_CHARACTERS_MAX = 120

columns = rail_breakers.c


@dataclass(frozen=True, slots=True)
class Trip:
    """After how many failures in a row it opens, and how long it stays shut: doubling while it goes on failing."""

    failures_max: int
    probe_ms: int
    probe_ms_max: int

    def probe_in_ms(self, opened: int) -> int:
        """`opened`: how often in a row it was found away, from 1."""
        return doubling_ms(self.probe_ms, self.probe_ms_max, opened - 1)


@dataclass(frozen=True, slots=True)
class Breaker:
    """What is known of one API; moments in milliseconds."""

    rail: str
    api: str
    state: str
    reason: str
    since: int
    probe_at: int
    opened: int

    @property
    def is_open(self) -> bool:
        return self.state == "open"

    def opened_again(self, now: int, trip: Trip) -> int:
        """How often in a row it will have been found away: one that closed just now has not come back for good."""
        return self.opened + 1 if now - self.since < trip.probe_ms_max else 1


async def find(connection: AsyncConnection, rail: str, api: str) -> Breaker | None:
    """None: it never failed so often."""
    query = select(rail_breakers).where(columns.rail == rail, columns.api == api)
    row = (await connection.execute(query)).one_or_none()
    return Breaker(*row) if row else None


async def listed(connection: AsyncConnection) -> list[Breaker]:
    """All that were ever open, by rail and API."""
    return [Breaker(*row) for row in await connection.execute(select(rail_breakers).order_by(*columns[:2]))]


async def opened(connection: AsyncConnection, rail: str, api: str, reason: str, now: int, trip: Trip) -> Breaker:
    """Nobody calls until the probe. Open already, it stays as it is: this call was on its way before."""
    known = await find(connection, rail, api)
    if known is not None and known.is_open:
        return known
    times = known.opened_again(now, trip) if known else 1
    found = Breaker(rail, api, "open", reason[:REASON_CHARACTERS_MAX], now, now + trip.probe_in_ms(times), times)
    values = {name: getattr(found, name) for name in Breaker.__slots__}
    statement = insert_into(connection, rail_breakers).values(**values)
    await connection.execute(statement.on_conflict_do_update(index_elements=["rail", "api"], set_=values))
    return found


async def claimed(connection: AsyncConnection, breaker: Breaker, now: int, trip: Trip) -> Breaker | None:
    """The caller may find out, and others wait until the probe after it; None: somebody else does already.

    It is taken to be away still until that has been answered.
    """
    times = breaker.opened + 1
    found = replace(breaker, opened=times, probe_at=now + trip.probe_in_ms(times))
    statement = update(rail_breakers).where(
        columns.rail == breaker.rail, columns.api == breaker.api, columns.state == "open",
        columns.probe_at == breaker.probe_at, columns.opened == breaker.opened,
    )  # fmt: skip
    done = await connection.execute(statement.values(probe_at=found.probe_at, opened=found.opened))
    return found if done.rowcount else None


async def closed(connection: AsyncConnection, rail: str, api: str, now: int) -> bool:
    """It answers; False when it was closed before."""
    statement = update(rail_breakers).where(columns.rail == rail, columns.api == api, columns.state == "open")
    return bool((await connection.execute(statement.values(state="closed", since=now))).rowcount)
