"""Rails from a terminal, through the database: it works while nothing else of Nyota runs."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from gateway.accounts.audit import Deed
from gateway.clock import iso, system
from gateway.config import load
from gateway.errors import Misconfigured, Rejected
from gateway.rails.daraja import DarajaRail
from gateway.rails.hand import ALL, Hand, hand_of
from gateway.rails.pauses import DIRECTIONS, EVERY, Direction
from gateway.rails.standing import Standing
from gateway.store.engine import Store

BOTH = "both"


async def status(config_path: Path | None, data: Path) -> list[str]:
    """What holds rails back now, line by line."""
    async with _desk(config_path, data) as (hand, store), store.read() as connection:
        return [line for each in await hand.standing(connection) for line in lines_of(each)]


async def moved(
    config_path: Path | None, data: Path, rail: str, direction: str, *, pauses: bool, by: str, why: str,
    anyway: bool = False,
) -> list[str]:  # fmt: skip
    """Pause or resume; what holds rails back afterwards. Raises Rejected when nothing was to be done."""
    async with _desk(config_path, data) as (hand, store):
        named, directions = hand.named(rail), directions_of(direction)
        if named is None:
            raise Misconfigured(f"{rail}: no such rail; there are {ALL}, {', '.join(hand.rails)}")
        deed = Deed(by, by, why, "", system())
        async with store.begin() as connection:
            refused = (
                await hand.pause(connection, named, directions, deed)
                if pauses
                else await hand.resume(connection, named, directions, deed, anyway=anyway)
            )
            standing = await hand.standing(connection)
    if refused:
        raise Rejected(refused.words, refused.name)
    return [line for each in standing for line in lines_of(each)]


def directions_of(word: str) -> Sequence[Direction]:
    """Raises Misconfigured for a word that is none."""
    if word == BOTH:
        return DIRECTIONS
    found = [each for each in DIRECTIONS if each == word]
    if not found:
        raise Misconfigured(f"--direction {word}: {', '.join(DIRECTIONS)} or {BOTH}")
    return found


def lines_of(standing: Standing) -> list[str]:
    """One line per direction and per API that is away."""
    lines = []
    for way in standing.ways:
        state = "runs"
        if way.pause:
            where = " on all rails" if way.pause.rail == EVERY else ""
            state = f"paused{where} since {iso(way.pause.since)} by {way.pause.by}: {way.pause.reason}"
        lines.append(f"{standing.rail} {way.direction}: {state}; {way.waiting} waiting")
    away = (each for each in standing.breakers if each.is_open)
    lines += [f"{standing.rail} {each.api}: away since {iso(each.since)}: {each.reason}" for each in away]
    return lines


@asynccontextmanager
async def _desk(config_path: Path | None, data: Path) -> AsyncIterator[tuple[Hand, Store]]:
    config = load(config_path, {"database": {"url": f"sqlite+aiosqlite:///{data / 'nyota.db'}"}})
    store = Store(config.database.url, busy_seconds=30)
    try:
        yield hand_of((DarajaRail.name,), config.rails.daraja.limits), store
    finally:
        await store.close()
