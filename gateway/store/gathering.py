"""Small units of work committed together: what comes while one commit is under way goes with the next.

A sync to disk costs the same for one row as for hundreds. Nobody waits for company: the first to come begins at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.errors import Unavailable, Uncertain
from gateway.store.engine import Store

Item = TypeVar("Item")
Result = TypeVar("Result")

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[Item, Result]):
    item: Item
    answer: asyncio.Future[Result]


class Gathering(Generic[Item, Result]):
    """`done` returns an item's result once it is on disk.

    `work` takes many items in one unit of work and returns a result for each, in their order. Raises what it raised:
    Unavailable and Uncertain concern everybody who waited for the same commit; after anything else each item is tried
    by itself, so that a bad one fails alone.
    """

    def __init__(
        self, store: Store, work: Callable[[AsyncConnection, Sequence[Item]], Awaitable[Sequence[Result]]], *,
        at_once: int = AT_ONCE,
    ) -> None:  # fmt: skip
        """`at_once`: fewer where each takes statements of its own, for SQLite has no other writer meanwhile."""
        self._store = store
        self._work = work
        self._at_once = at_once
        self._waiting: list[_Waiting[Item, Result]] = []
        self._working: asyncio.Task[None] | None = None

    async def done(self, item: Item) -> Result:
        """Whoever stops waiting has their item done all the same."""
        waiting: _Waiting[Item, Result] = _Waiting(item, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._until_nobody_waits())
        return await waiting.answer

    async def _until_nobody_waits(self) -> None:
        while self._waiting:
            some, self._waiting = self._waiting[: self._at_once], self._waiting[self._at_once :]
            try:
                await self._worked(some)
            except BaseException as end:
                _failed(some, end)
                raise

    async def _worked(self, some: Sequence[_Waiting[Item, Result]]) -> None:
        try:
            async with self._store.begin() as connection:
                results = await self._work(connection, [each.item for each in some])
        except Exception as error:  # theirs to answer for; whoever waits behind them is served all the same
            if len(some) == 1 or isinstance(error, Unavailable | Uncertain):
                _failed(some, error)
                return
            for each in some:
                await self._worked([each])
            return
        for each, result in zip(some, results, strict=True):
            if not each.answer.done():
                each.answer.set_result(result)


def _failed(some: Sequence[_Waiting[Item, Result]], error: BaseException) -> None:
    for each in some:
        if not each.answer.done():
            each.answer.set_exception(error)
