"""Rails that people have paused: nothing new is sent, in one direction, until somebody resumes it.

What was sent before is asked about all the same, and callbacks are taken. The row is read in the unit of work that
would have sent, so a pause holds from the moment it is committed. Who, when and why is in the record of staff too.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.accounts import audit
from gateway.accounts.audit import Deed
from gateway.operations import queue
from gateway.rails import requests
from gateway.rails.tables import rail_pauses
from gateway.store.engine import insert_into

Direction = Literal["collect", "disburse"]
DIRECTIONS: tuple[Direction, ...] = ("collect", "disburse")
EVERY = "*"
"""In place of a rail's name: all of them. With `disburse` it is the global pay-out stop."""

KINDS: Mapping[Direction, requests.Kind] = MappingProxyType({"collect": "stk", "disburse": "b2c"})
"""What the requests of a direction are called."""

HOLD_MS, HOLD_MS_MAX = 15_000, 900_000

columns = rail_pauses.c


@dataclass(frozen=True, slots=True)
class Pause:
    """Since when (ms), by whom and why nothing new is sent."""

    rail: str
    direction: Direction
    reason: str
    by: str
    since: int


async def on(connection: AsyncConnection, rail: str, direction: Direction) -> Pause | None:
    """The pause that holds this rail back in this direction; the one of all rails comes first."""
    query = select(rail_pauses).where(columns.rail.in_((rail, EVERY)), columns.direction == direction)
    row = (await connection.execute(query.order_by(columns.rail).limit(1))).one_or_none()
    return Pause(*row) if row else None


async def listed(connection: AsyncConnection) -> list[Pause]:
    """All of them, the longest one first."""
    return [Pause(*row) for row in await connection.execute(select(rail_pauses).order_by(columns.since))]


async def paused(connection: AsyncConnection, rail: str, direction: Direction, deed: Deed) -> bool:
    """Pause it; False when it is paused already, and nothing is changed."""
    values = {
        "rail": rail, "direction": direction, "reason": deed.reason[:120], "by": deed.by[:40], "since": deed.now,
    }  # fmt: skip
    statement = insert_into(connection, rail_pauses).values(**values).on_conflict_do_nothing()
    if not (await connection.execute(statement)).rowcount:
        return False
    await audit.noted(connection, deed, "pause_rail", None, {"rail": rail, "direction": direction})
    return True


async def resumed(
    connection: AsyncConnection, rail: str, direction: Direction, deed: Deed, *, every_ms: float = 0.0
) -> bool:
    """End the pause of exactly this name; False when there is none.

    What waited goes on one after another, `every_ms` apart, the longest waiting first.
    """
    gone = delete(rail_pauses).where(columns.rail == rail, columns.direction == direction)
    if not (await connection.execute(gone)).rowcount:
        return False
    waiting = await requests.held_back(connection, None if rail == EVERY else rail, KINDS[direction])
    await queue.wake_in_turn(connection, waiting, deed.now, every_ms)
    detail = {"rail": rail, "direction": direction, "waiting": len(waiting)}
    await audit.noted(connection, deed, "resume_rail", None, detail)
    return True


def hold_ms(pause: Pause, who: str, now: int) -> int:
    """When to look again: sooner after a short pause than after a long one, each at a moment of its own.

    Whoever resumes wakes them anyway; this is for pauses that end in another way.
    """
    widest = min(HOLD_MS_MAX, max(HOLD_MS, now - pause.since))
    draw = int.from_bytes(hashlib.sha256(f"{who}:{now}".encode()).digest()[:4])
    return HOLD_MS + (widest * draw >> 32)
