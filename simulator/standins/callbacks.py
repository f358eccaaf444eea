"""What the services still have to POST to the gateway: planned on disk, sent once when due.

A callback is planned in the transaction that made it necessary, so a crash loses none. One that was being
sent when the process died is sent again after the restart: the gateway may get it twice, as in real life.
A callback that fails is not repeated: Safaricom sends once, and that is what makes the gateway ask.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from sqlite3 import Row
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp
import structlog

from simulator.standins.book import Book
from simulator.standins.faults import NOTHING_WRONG, Drawn
from simulator.standins.settings import is_loopback_url
from simulator.standins.world import World

log = structlog.get_logger()

JSON_HEADERS: Mapping[str, str] = MappingProxyType({"Content-Type": "application/json;charset=UTF-8"})
FORM_HEADERS: Mapping[str, str] = MappingProxyType({"Content-Type": "application/x-www-form-urlencoded"})
GATEWAY_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Callback:
    """One POST to come. `about` is the id it is waited for by; the address is a secret, never logged."""

    kind: str
    about: str
    url: str
    body: str
    headers: Mapping[str, str]


def json_callback(kind: str, about: str, url: str, body: Mapping[str, Any]) -> Callback:
    return Callback(kind, about, url, json.dumps(body), JSON_HEADERS)


def form_callback(kind: str, about: str, url: str, form: Mapping[str, str]) -> Callback:
    return Callback(kind, about, url, urlencode(form), FORM_HEADERS)


def plan(world: World, callback: Callback, *, after_seconds: float, drawn: Drawn = NOTHING_WRONG) -> None:
    """Put a callback on disk, to be sent after so many seconds, as often and as late as the faults want.

    Call inside the transaction of what it tells.
    """
    due_at = world.now() + (0.0 if "callback-first" in drawn else after_seconds) + drawn.of("late-callback")
    if "lost-callback" in drawn:
        _put(world.book, callback, due_at, "lost")
        return
    _put(world.book, callback, due_at, "pending")
    if "duplicate-callback" in drawn:
        _put(world.book, callback, due_at + drawn.of("duplicate-callback"), "pending")


def told_cents(amount_cents: int, drawn: Drawn) -> int:
    """The amount that a callback tells: the true one, or a shilling more when it is to be wrong."""
    return amount_cents + 100 if "wrong-amount" in drawn else amount_cents


async def finish_first(world: World, about: str, drawn: Drawn) -> None:
    """With `callback-first`, wait until nothing about this id is still to be sent."""
    if "callback-first" in drawn:
        await world.pulse.until(
            lambda: world.is_stopping or not _is_waiting(world.book, about), drawn.of("callback-first")
        )


def waiting(book: Book) -> int:
    """How many callbacks are still to be sent."""
    return int(book.value("SELECT COUNT(*) FROM callbacks WHERE state IN ('pending', 'sending')"))


async def deliver_forever(world: World) -> None:
    """Send what is due until the world stops.

    What is on its way then is waited for a moment; what hangs is sent again after the restart.
    """
    world.book.execute("UPDATE callbacks SET state = 'pending' WHERE state = 'sending'")
    await _wait_for_gateway(world)
    flying: set[asyncio.Task[None]] = set()

    def landed(task: asyncio.Task[None]) -> None:
        """There is room for another only now: whoever looked when the last word of it was written saw none."""
        flying.discard(task)
        world.pulse.beat()

    while not world.is_stopping:
        for row in _claim(world, world.settings.sends_at_once - len(flying)):
            task = asyncio.create_task(_deliver(world, row))
            flying.add(task)
            task.add_done_callback(landed)
        await world.pulse.next(_seconds_to_wait(world, is_full=len(flying) >= world.settings.sends_at_once))
    if flying:
        _landed, late = await asyncio.wait(flying, timeout=world.settings.stop_seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


async def _wait_for_gateway(world: World) -> None:
    """After a restart of everything the gateway may be slower: do not waste what is due on a closed port."""
    url = world.settings.gateway_url
    if url is None or not waiting(world.book):
        return
    parts = urlsplit(url)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + world.settings.gateway_wait_seconds
    while not world.is_stopping and loop.time() < deadline:
        if await _is_listening(parts.hostname or "", parts.port or 80):
            return
        await world.pulse.next(GATEWAY_LOOK_SECONDS)


async def _is_listening(host: str, port: int) -> bool:
    try:
        _reader, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True


async def _deliver(world: World, row: Row) -> None:
    state, outcome = await _post(world, row)
    with world.change() as book:
        book.execute("UPDATE callbacks SET state = ?, outcome = ? WHERE id = ?", state, outcome, row["id"])
    log.info("callback", kind=row["kind"], number=row["id"], state=state, outcome=outcome)


async def _post(world: World, row: Row) -> tuple[str, str]:
    if not is_loopback_url(row["url"]):
        return "failed", "not a loopback address"
    timeout = aiohttp.ClientTimeout(total=world.settings.send_timeout_seconds)
    try:
        async with world.client.post(
            row["url"],
            data=row["body"].encode(),
            headers=json.loads(row["headers"]),
            timeout=timeout,
            allow_redirects=False,
        ) as response:
            return "sent", str(response.status)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        return "failed", type(error).__name__


def _put(book: Book, callback: Callback, due_at: float, state: str) -> None:
    book.execute(
        "INSERT INTO callbacks (kind, about, url, headers, body, due_at, state) VALUES (?, ?, ?, ?, ?, ?, ?)",
        callback.kind,
        callback.about,
        callback.url,
        json.dumps(dict(callback.headers)),
        callback.body,
        due_at,
        state,
    )


def _is_waiting(book: Book, about: str) -> bool:
    unfinished = "SELECT 1 FROM callbacks WHERE about = ? AND state IN ('pending', 'sending')"
    return book.one(unfinished, about) is not None


def _claim(world: World, limit: int) -> list[Row]:
    if limit <= 0 or not _is_due(world):
        return []
    with world.book.transaction():
        return world.book.all(
            "UPDATE callbacks SET state = 'sending' WHERE id IN"
            " (SELECT id FROM callbacks WHERE state = 'pending' AND due_at <= ? ORDER BY due_at, id LIMIT ?)"
            " RETURNING *",
            world.now(),
            limit,
        )


def _is_due(world: World) -> bool:
    next_at = _next_at(world.book)
    return next_at is not None and next_at <= world.now()


def _seconds_to_wait(world: World, *, is_full: bool) -> float | None:
    next_at = None if is_full else _next_at(world.book)
    return None if next_at is None else max(0.0, next_at - world.now())


def _next_at(book: Book) -> float | None:
    next_at: float | None = book.value("SELECT MIN(due_at) FROM callbacks WHERE state = 'pending'")
    return next_at
