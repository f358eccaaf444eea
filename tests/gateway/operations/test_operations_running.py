"""A worker that runs for good: what wakes it, what does not end it, and how it stops."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.errors import Unavailable, Uncertain
from gateway.operations import worker as worker_module
from gateway.operations.outcome import Done, Outcome
from gateway.operations.playbook import Work
from gateway.store.engine import Store
from tests.gateway.operations.desk import LEASE_MS, START, Desk, Remote, desk_on
from tests.servers import wait_until


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with desk_on(database_url) as desk:
        yield desk


class TestRunning:
    @pytest.fixture
    async def desk(self, fresh_sqlite: str) -> AsyncIterator[Desk]:
        async with desk_on(fresh_sqlite) as desk:
            yield desk

    async def test_what_is_put_while_it_sleeps_wakes_it(self, desk: Desk) -> None:
        """It need not wait for its next look."""
        worker = desk.worker(poll_seconds=3_600)
        running = asyncio.create_task(worker.run())
        await asyncio.sleep(0)
        identity = await desk.put()

        async def is_done() -> bool:
            desk.outbox.news.set()
            return bool((await desk.row(identity)).state == "done")

        await wait_until(is_done)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    @pytest.mark.parametrize("trouble", [Unavailable("away"), Uncertain("while committing")])
    async def test_an_outage_does_not_end_it(
        self, desk: Desk, trouble: Exception, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nor does a claim that was never answered; it runs out, and is claimed again."""
        monkeypatch.setattr(worker_module, "OUTAGE_SECONDS", 0.01)
        identity = await desk.put()
        troubled = Troubled(desk.store.url, trouble, times=3)
        worker = desk.worker(store=troubled)
        running = asyncio.create_task(worker.run())

        async def is_done() -> bool:
            desk.clock.now += LEASE_MS
            return running.done() or bool((await desk.row(identity)).state == "done")

        await wait_until(is_done)
        has_ended = running.done()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await troubled.close()

        assert not has_ended
        assert troubled.times == 0
        assert (await desk.row(identity)).state == "done"

    async def test_what_is_under_way_when_it_is_stopped_is_finished(self, desk: Desk) -> None:
        """A stop is no crash: what the rail answers in time is stored."""
        came, answers = asyncio.Event(), asyncio.Event()

        async def act(work: Work) -> Outcome:
            came.set()
            await answers.wait()
            return Done()

        desk.handle("task", Remote("act", act))
        identity = await desk.put()
        running = asyncio.create_task(desk.worker().run())
        await came.wait()

        running.cancel()
        answers.set()
        await asyncio.gather(running, return_exceptions=True)

        assert (await desk.row(identity)).state == "done"

    async def test_what_is_urgent_waits_for_no_rail_that_hangs(self, desk: Desk) -> None:
        """All hands are at it, and a code leaves all the same; nothing else takes the place that is kept for codes."""
        hanging, answer, sent = asyncio.Semaphore(0), asyncio.Event(), list[str]()

        async def hangs(_: Work) -> Outcome:
            hanging.release()
            await answer.wait()
            return Done()

        async def leaves(work: Work) -> Outcome:
            sent.append(work.customer_id)
            return Done()

        desk.handle("task", Remote("act", hangs))
        desk.handle("code", Remote("act", leaves), priority=0)
        for number in range(4):
            await desk.put("task", customer=f"c{number}")
        running = asyncio.create_task(desk.worker(workers=2).run())
        for _ in range(2):
            await hanging.acquire()

        for number in range(3):
            await desk.put("code", customer=f"d{number}")
        await wait_until(lambda: len(sent) == 3)
        begins_more = not hanging.locked()
        answer.set()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

        assert sorted(sent) == ["d0", "d1", "d2"]
        assert not begins_more

    async def test_what_takes_too_long_when_it_is_stopped_is_left_to_the_lease(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Cancelled in the middle of a call: nothing is stored, another worker asks."""
        monkeypatch.setattr(worker_module, "STOP_SECONDS", 0.01)
        came = asyncio.Event()

        async def hangs(work: Work) -> Outcome:
            if work.fence > 1:
                return Done()
            came.set()
            await asyncio.Event().wait()
            raise AssertionError

        desk.handle("task", Remote("act", hangs))
        identity = await desk.put()
        running = asyncio.create_task(desk.worker().run())
        await came.wait()

        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        held = await desk.row(identity)
        desk.clock.now += LEASE_MS
        await desk.worker().drain()

        assert (held.state, held.lease_until) == ("queued", START + LEASE_MS)
        assert (await desk.row(identity)).state == "done"


class Troubled(Store):
    """Takes what it is given, and then has trouble, so many `times`."""

    def __init__(self, url: str, trouble: Exception, times: int) -> None:
        super().__init__(url)
        self._trouble = trouble
        self.times = times

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        async with super().begin() as connection:
            yield connection
        if self.times:
            self.times -= 1
            raise self._trouble
