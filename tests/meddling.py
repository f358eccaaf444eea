"""How tests get in between: dialogues hop by hop, faults outside, calls held back, a second node of the same house."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from gateway import app
from gateway.clock import Clock, system
from gateway.inbound import Inbound
from tests.house import House

AMINA, AMINA_PIN = "+254711000001", "4826"
BARAKA = "+254711000002"
POLITE = re.compile(r"END Nyota is (very busy|slow now)")
RECEIVED = re.compile(r"END Request (LN\w+) received")
TO_THE_PIN = ("2", "1", "2000", "1")
"""Amina borrows Ksh 2,000, up to the screen that asks her PIN."""
BORROW = (*TO_THE_PIN, AMINA_PIN)


async def typed(house: House, *answers: str, session: str = "ATUid_1", phone: str = AMINA) -> str:
    """Dial, then one hop per answer, as a carrier sends them; the last screen."""
    screen = await house.hop("", session=session, phone=phone)
    for count in range(1, len(answers) + 1):
        screen = await house.hop("*".join(answers[:count]), session=session, phone=phone)
    return screen


async def said(house: House, phone: str, *words: str) -> list[str]:
    """The SMS written to a phone that say all of `words`."""
    return [text for text in await house.texts(phone) if all(word in text for word in words)]


async def fault(house: House, api: str, kind: str, seconds: float | None = None) -> None:
    """Every call of `api` goes wrong like this from now on."""
    knobs = {"api": api, "fault": kind, "rate": 1.0, "seed": 1}
    if seconds is not None:
        knobs["seconds"] = seconds
    async with house.http.post(f"{house.standins_url}/control/faults", json=knobs) as response:
        assert response.status == 200, await response.text()


async def healthy(house: House) -> tuple[int, dict[str, Any]]:
    async with house.http.get(f"{house.url}/api/ussd/health") as response:
        return response.status, await response.json()


def all_at_once(owner: Any, name: str, count: int) -> None:
    """From now on the callers of a method only go on once `count` of them have come out of it."""
    barrier, work = asyncio.Barrier(count), getattr(owner, name)

    async def together(*args: Any, **kwargs: Any) -> Any:
        answer = await work(*args, **kwargs)
        async with asyncio.timeout(5):
            await barrier.wait()
        return answer

    setattr(owner, name, together)


def held(owner: Any, name: str) -> tuple[asyncio.Event, asyncio.Event]:
    """Hold the first call of a method back: an event that says it came, and one that lets it go on."""
    came, go_on, work = asyncio.Event(), asyncio.Event(), getattr(owner, name)

    async def waited(*args: Any, **kwargs: Any) -> Any:
        if not came.is_set():
            came.set()
            await go_on.wait()
        return await work(*args, **kwargs)

    setattr(owner, name, waited)
    return came, go_on


@asynccontextmanager
async def another(house: House, data: Path, clock: Clock = system, **daraja: Any) -> AsyncIterator[app.Gateway]:
    """A second node of the same house: same Redis, same database, its own process state and clock."""
    rails = house.config.rails.model_copy(update={"daraja": house.config.rails.daraja.model_copy(update=daraja)})
    gateway = app.build(house.config.model_copy(update={"rails": rails}), data / "another", clock)
    try:
        yield gateway
    finally:
        await gateway.close()


def hop(text: str, *, session: str = "ATUid_1", phone: str = AMINA) -> Inbound:
    return Inbound("africastalking", phone, session, "*383#", text)
