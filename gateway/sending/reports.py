"""Delivery reports, kept as many at once as have come while the last ones were written.

A campaign of thousands is followed by thousands of reports. Each is answered once it is on disk, and one sync to disk
serves all that wait for it.
"""

import asyncio
from dataclasses import dataclass

from gateway.clock import Clock
from gateway.providers.contract import Delivery
from gateway.store import messages
from gateway.store.engine import Store

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class _Waiting:
    provider: str
    report: Delivery
    is_kept: asyncio.Future[None]


class Reports:
    """`keep` returns when a report is on disk. Raises Unavailable or Uncertain when it may not be."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._waiting: list[_Waiting] = []
        self._writing: asyncio.Task[None] | None = None

    async def keep(self, provider: str, report: Delivery) -> None:
        waiting = _Waiting(provider, report, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._written())
        await waiting.is_kept

    async def _written(self) -> None:
        """Until nobody waits. Whoever has gone away meanwhile is written all the same."""
        while self._waiting:
            some, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
            error: BaseException | None = None
            try:
                async with self._store.begin() as connection:
                    reports = [(each.provider, each.report) for each in some]
                    await messages.reported_all(connection, reports, self._clock())
            except Exception as broken:  # theirs to answer for; whoever waits behind them is written all the same
                error = broken
            except BaseException as end:
                _answer(some, end)
                raise
            _answer(some, error)


def _answer(some: list[_Waiting], error: BaseException | None) -> None:
    for each in some:
        if each.is_kept.done():
            continue
        if error is None:
            each.is_kept.set_result(None)
        else:
            each.is_kept.set_exception(error)
