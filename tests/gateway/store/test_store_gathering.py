"""Units of work committed together: one commit for all that wait, and what breaks one item breaks no other."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from gateway.errors import Unavailable
from gateway.store.engine import Store
from gateway.store.gathering import AT_ONCE, Gathering


class Disk:
    """Counts commits, and keeps the first one waiting until told to go on."""

    def __init__(self) -> None:
        self.commits = 0
        self.begun, self.goes_on = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[None]:
        self.begun.set()
        await self.goes_on.wait()
        yield
        self.commits += 1


class Doubling:
    """Twice each number; zero breaks whatever unit of work it is in."""

    def __init__(self, disk: Disk, error: Exception, at_once: int = AT_ONCE) -> None:
        self.units = list[Sequence[int]]()
        self.error = error
        self.gathering: Gathering[int, int] = Gathering(cast("Store", disk), self.work, at_once=at_once)

    async def work(self, _: Any, items: Sequence[int]) -> Sequence[int]:
        self.units.append(items)
        if 0 in items:
            raise self.error
        return [2 * item for item in items]

    async def asked(self, disk: Disk, first: int, others: Sequence[int]) -> list[Any]:
        """The first one is being written when the others come."""
        tasks = [asyncio.create_task(self.gathering.done(first))]
        await disk.begun.wait()
        tasks += [asyncio.create_task(self.gathering.done(item)) for item in others]
        await asyncio.sleep(0)
        disk.goes_on.set()
        async with asyncio.timeout(5):
            return await asyncio.gather(*tasks, return_exceptions=True)


class TestTogether:
    async def test_what_comes_during_a_commit_shares_the_next(self) -> None:
        """Each gets its own result."""
        disk = Disk()
        doubling = Doubling(disk, ValueError())

        assert await doubling.asked(disk, 1, [2, 3, 4]) == [2, 4, 6, 8]
        assert disk.commits == 2

    async def test_a_commit_takes_no_more_than_it_can(self) -> None:
        """Thousands at once are several units of work."""
        disk = Disk()
        doubling = Doubling(disk, ValueError())
        many = list(range(1, AT_ONCE + 2))

        assert await doubling.asked(disk, 1, many) == [2] + [2 * item for item in many]
        assert [len(items) for items in doubling.units] == [1, AT_ONCE, 1]

    async def test_nor_more_than_it_may(self) -> None:
        """Others want to write in between."""
        disk = Disk()
        doubling = Doubling(disk, ValueError(), at_once=2)

        assert await doubling.asked(disk, 1, [2, 3, 4]) == [2, 4, 6, 8]
        assert [len(items) for items in doubling.units] == [1, 2, 1]

    async def test_it_goes_on_after_everybody_was_served(self) -> None:
        disk = Disk()
        doubling = Doubling(disk, ValueError())
        await doubling.asked(disk, 1, [])

        assert await doubling.gathering.done(5) == 10

    async def test_whoever_leaves_has_it_done(self) -> None:
        """The others hear of their own."""
        disk = Disk()
        doubling = Doubling(disk, ValueError())
        leaving = asyncio.create_task(doubling.gathering.done(7))
        await disk.begun.wait()
        leaving.cancel()

        assert await doubling.asked(disk, 1, []) == [2]
        assert [7] in doubling.units


class TestBroken:
    async def test_a_bad_one_fails_alone(self) -> None:
        disk = Disk()
        doubling = Doubling(disk, ValueError("no such thing"))

        found = await doubling.asked(disk, 1, [2, 0, 3])

        assert [found[0], found[1], found[3]] == [2, 4, 6]
        assert isinstance(found[2], ValueError)

    async def test_an_outage_is_everybodys(self) -> None:
        """Nothing is tried again behind the back of who asked."""
        disk = Disk()
        doubling = Doubling(disk, Unavailable("away"))

        found = await doubling.asked(disk, 1, [2, 0])

        assert found[0] == 2
        assert [type(each) for each in found[1:]] == [Unavailable, Unavailable]
        assert len(doubling.units) == 2

    async def test_work_that_is_stopped_leaves_nobody_waiting(self, monkeypatch: pytest.MonkeyPatch) -> None:
        disk = Disk()
        doubling = Doubling(disk, ValueError())

        async def stopped(_: Any) -> None:
            raise asyncio.CancelledError

        monkeypatch.setattr(doubling.gathering, "_worked", stopped)
        async with asyncio.timeout(5):
            with pytest.raises(asyncio.CancelledError):
                await doubling.gathering.done(1)
