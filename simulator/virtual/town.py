"""One gateway after the other in this process, over the same database, each until it is killed.

What a kill leaves behind is what was committed, so it comes just before or just after a commit; whatever else was
under way in that moment ends with it. Valkey lives on, as it does beside a real gateway.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, cast

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import app
from gateway.books.integrity import check
from gateway.config import Config
from gateway.inbound import Inbound, Reply
from gateway.rails.callbacks import Callback
from gateway.rails.daraja import DarajaRail
from gateway.store.engine import Store
from gateway.store.migrate import migrate
from simulator.virtual.carrier import VirtualCarrier
from simulator.virtual.clock import Clock
from simulator.virtual.rail import VirtualRail

BUSY_SECONDS = 30.0


class Killed(BaseException):
    """The gateway is gone: nothing of its own may catch it."""


class Mortal(Store):
    """A store whose process ends around the commits that were chosen. `commits` is counted over all lives."""

    def __init__(self, url: str, deaths: Mapping[int, str], commits: int) -> None:
        super().__init__(url, busy_seconds=BUSY_SECONDS)
        self._deaths = deaths
        self._is_dead = False
        self.commits = commits

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        self._demand_life()
        async with super().begin() as connection:
            yield connection
            self._demand_life()
            self.commits += 1
            self._die("before")
        self._die("after")

    def _die(self, how: str) -> None:
        if self._deaths.get(self.commits) == how:
            self._is_dead = True
            raise Killed

    def _demand_life(self) -> None:
        if self._is_dead:
            raise Killed


class Town:
    """`gateway` is the one that lives now; `rail` and `carrier` outlive all of them."""

    def __init__(self, config: Config, data: Path, clock: Clock, deaths: Mapping[int, str]) -> None:
        self._config = config
        self._data = data
        self._clock = clock
        self._deaths = dict(deaths)
        self._gateway: app.Gateway | None = None
        self._store: Mortal | None = None
        self.kills: list[int] = []
        self.rail: VirtualRail
        self.carrier: VirtualCarrier

    async def open(self) -> None:
        await migrate(self._config.database.url)
        await self._revive()

    async def close(self) -> None:
        if self._gateway is not None:
            await self._gateway.close()

    @property
    def gateway(self) -> app.Gateway:
        assert self._gateway is not None
        return self._gateway

    async def hop(self, inbound: Inbound) -> Reply | None:
        """The screen, or None where the gateway died over it."""
        return cast("Reply | None", await self._survived(self.gateway.conversation.answer(inbound)))

    async def told(self, callback: Callback) -> None:
        """Hand a callback over; a gateway that dies over it is told again by its spool, so it is delivered again."""
        while not await self._survived(_done(self.gateway.callbacks.receive(callback))):
            pass

    async def told_meanwhile(self, callback: Callback) -> None:
        """Hand a callback over while the gateway is at work; if it dies over it, nobody delivers it again."""
        await self.gateway.callbacks.receive(callback)

    async def work(self) -> None:
        """All that is due now."""
        while not await self._survived(_done(self.gateway.worker.drain())):
            pass

    async def dawned(self) -> None:
        """What each day brings; asking again changes nothing."""
        while not await self._survived(_done(self.gateway.daily.due())):
            pass

    async def findings(self) -> list[str]:
        async with self.gateway.store.read() as connection:
            return [str(finding) for finding in await check(connection)]

    async def _survived(self, deed: Any) -> Any:
        """What `deed` answers; None when the gateway was killed meanwhile, and another one lives by now."""
        task = asyncio.ensure_future(deed)
        try:
            return await task
        except Killed:
            await self._bury()
            await self._revive()
            return None

    async def _bury(self) -> None:
        """Nothing that belonged to the dead process goes on."""
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        self.kills.append(self._clock())
        with suppress(Killed):
            await self.gateway.close()

    async def _revive(self) -> None:
        commits = self._store.commits if self._store else 0
        self._deaths.pop(commits, None)
        self._store = Mortal(self._config.database.url, self._deaths, commits)
        outside = app.Outside(
            store=self._store, rail=cast("DarajaRail", self.rail), providers={"africastalking": self.carrier}
        )
        self._gateway = app.build(self._config, self._data, self._clock, outside)
        await self._gateway.open()


async def _done(deed: Any) -> bool:
    await deed
    return True
