"""Working the queue off: in order, in parallel, with leases and fences, whatever breaks."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.errors import BrokenInvariant, Unavailable, Uncertain
from gateway.operations.outcome import Accepted, Done, Later, Outcome, Park, Refused, Retry, Unsure
from gateway.operations.playbook import Local, Work
from gateway.operations.settle import Policy
from gateway.operations.worker import LeaseLost
from gateway.store.engine import Store
from gateway.store.tables import customers
from tests.gateway.operations.desk import LEASE_MS, START, Desk, Remote, all_of, always, desk_on
from tests.servers import wait_until


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with desk_on(database_url) as desk:
        yield desk


def noting(name: str, outcome: Outcome) -> Local:
    """A local step that leaves a trace in its own unit of work: a customer of this name."""

    async def run(connection: AsyncConnection, work: Work, now: int) -> Outcome:
        await connection.execute(
            customers.insert().values(
                id=f"{name}:{work.id[:20]}:{work.fence}", msisdn=f"{name[:4]}{work.number}:{work.fence}", name=name,
                language="en", state="active", created_at=now,
            )
        )  # fmt: skip
        return outcome

    return Local(name, run)


async def traces(desk: Desk) -> list[str]:
    async with desk.store.read() as connection:
        rows = await connection.execute(select(customers.c.name).order_by(customers.c.id))
        return [row.name for row in rows]


class TestSteps:
    @pytest.fixture
    async def desk(self, fresh_sqlite: str) -> AsyncIterator[Desk]:
        async with desk_on(fresh_sqlite) as desk:
            yield desk

    async def test_steps_are_taken_in_order_and_each_is_kept(self, desk: Desk) -> None:
        """With what each found out, for those after it."""
        act = Remote("act", always(Done({"receipt": "UA1"})))
        desk.handle("task", noting("reserve", Done({"held": 5})), act, noting("post", Done()))

        identity = await desk.put()
        await desk.worker().drain()

        row = await desk.row(identity)
        assert (row.state, row.is_open, row.data) == ("done", False, {"held": 5, "receipt": "UA1"})
        assert [(tried.step, tried.outcome) for tried in await desk.tried(identity)] == [
            ("reserve", "done"), ("act", "done"), ("post", "done"),
        ]  # fmt: skip
        assert act.seen[0].data == {"held": 5}

    async def test_a_refusal_goes_the_way_back_and_ends_rejected(self, desk: Desk) -> None:
        """The code says which words the customer gets."""
        refuses = Remote("act", always(Refused("low", "too little")))
        desk.handle("task", refuses, noting("post", Done()), refused=noting("release", Done()))

        identity = await desk.put()
        await desk.worker().drain()

        row = await desk.row(identity)
        assert (row.state, row.is_open, row.data) == ("rejected", False, {"refusal": "low"})
        assert await traces(desk) == ["release"]

    async def test_a_local_step_and_its_effect_are_kept_together_or_not_at_all(self, desk: Desk) -> None:
        """What it wrote is undone with it, and the operation is for a person."""

        async def breaks(connection: AsyncConnection, work: Work, now: int) -> Outcome:
            await noting("half", Done()).run(connection, work, now)
            raise BrokenInvariant("a sum that is not zero", cents=1)

        desk.handle("task", Local("post", breaks))
        identity = await desk.put()

        await desk.worker().drain()

        assert await traces(desk) == []
        assert (await desk.row(identity)).state == "parked"
        [tried] = await desk.tried(identity)
        assert (tried.outcome, tried.reason, tried.evidence) == ("parked", "a sum that is not zero", {"cents": 1})

    @pytest.mark.parametrize("where", ["local", "remote"])
    async def test_a_mistake_in_a_step_parks_its_operation_only(self, desk: Desk, where: str) -> None:
        """The worker goes on with all others."""

        async def breaks(*_: object) -> Outcome:
            raise KeyError("quote")

        desk.handle("broken", Local("act", breaks) if where == "local" else Remote("act", breaks))
        broken, healthy = await desk.put("broken"), await desk.put(customer="baraka")

        await desk.worker().drain()

        row = await desk.row(broken)
        assert (row.state, row.reason) == ("parked", "KeyError in broken.act")
        assert (await desk.row(healthy)).state == "done"

    async def test_a_kind_nobody_knows_any_more_is_parked(self, desk: Desk) -> None:
        """After a release that forgot it."""
        identity = await desk.put()
        del desk.playbooks["task"]

        await desk.worker().drain()

        assert (await desk.row(identity)).state == "parked"

    async def test_an_outage_in_a_step_is_tried_again_without_end(self, desk: Desk) -> None:
        """It costs tries, and none of them is the last."""

        async def away(*_: object) -> Outcome:
            raise Unavailable("database: gone")

        desk.handle("task", Local("act", away))
        identity = await desk.put()
        worker = desk.worker(policy=Policy(2, 1, 1))
        for _ in range(5):
            await worker.drain()
            desk.clock.now += 10

        row = await desk.row(identity)
        assert (row.state, row.attempts) == ("queued", 5)

    async def test_what_does_nothing_dies_after_its_last_try(self, desk: Desk) -> None:
        """Each try is kept with its reason."""
        desk.handle("task", Remote("act", always(Retry("garbled", {"status": 500}))))
        identity = await desk.put()
        worker = desk.worker(policy=Policy(3, 1_000, 60_000))
        for _ in range(5):
            await worker.drain()
            desk.clock.now += 60_000

        tried = await desk.tried(identity)
        assert (await desk.row(identity)).state == "dead"
        assert [row.outcome for row in tried] == ["retry", "retry", "dead"]
        assert {row.reason for row in tried} == {"garbled"}
        assert tried[0].evidence == {"status": 500}

    @pytest.mark.parametrize(
        ("outcome", "state", "wait_ms"),
        [
            (Accepted(20_000), "waiting", 20_000),
            (Later(5_000), "queued", 5_000),
            (Unsure(7_000, "?"), "uncertain", 7_000),
        ],
    )
    async def test_it_comes_back_when_it_is_due_and_not_before(
        self, desk: Desk, outcome: Outcome, state: str, wait_ms: int
    ) -> None:
        """Meanwhile nobody holds it."""
        act = Remote("act", always(outcome))
        desk.handle("task", act)
        identity = await desk.put()
        worker = desk.worker()

        await worker.drain()
        row = await desk.row(identity)
        desk.clock.now += wait_ms - 1
        early = await worker.drain()
        desk.clock.now += 1
        in_time = await worker.drain()

        assert (row.state, row.due_at, row.lease_until) == (state, START + wait_ms, 0)
        assert (early, in_time, len(act.seen)) == (0, 1, 2)


class TestLanes:
    async def test_a_lane_keeps_its_order_while_others_go_on(self, desk: Desk) -> None:
        """The second of a customer waits for the first; another customer does not."""
        gate, order = asyncio.Event(), []

        async def act(work: Work) -> Outcome:
            if work.number == 1:
                await gate.wait()
            order.append(work.number)
            return Done()

        desk.handle("task", Remote("act", act))
        for customer in ("amina", "amina", "baraka", "amina"):
            await desk.put(customer=customer)
        running = asyncio.create_task(desk.worker().run())

        await wait_until(lambda: order == [3])
        gate.set()
        await wait_until(lambda: len(order) == 4)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

        assert order == [3, 1, 2, 4]

    @pytest.mark.parametrize("outcome", [Park("look"), Retry("no"), Unsure(10**9, "?"), Accepted(10**9)])
    async def test_whatever_holds_one_up_holds_up_its_own_lane_only(self, desk: Desk, outcome: Outcome) -> None:
        """Parked, dead, waiting or in doubt: a stuck pay-out never holds another person's money."""
        desk.handle("stuck", Remote("act", always(outcome)))
        await desk.put("stuck")
        behind, beside = await desk.put(), await desk.put(customer="baraka")

        await desk.worker(policy=Policy(1, 1, 1)).drain()

        assert (await desk.row(behind)).state == "queued"
        assert (await desk.row(behind)).fence == 0
        assert (await desk.row(beside)).state == "done"

    async def test_what_is_not_due_yet_holds_up_those_behind_it(self, desk: Desk) -> None:
        """Order is by acceptance, not by chance."""
        await desk.put(delay_ms=5_000)
        second = await desk.put()

        await desk.worker().drain()
        before = (await desk.row(second)).state
        desk.clock.now += 5_000
        await desk.worker().drain()

        assert (before, (await desk.row(second)).state) == ("queued", "done")

    async def test_the_urgent_come_first(self, desk: Desk) -> None:
        """A receipt before a reminder, whoever was queued before."""
        seen: list[str] = []

        async def act(work: Work) -> Outcome:
            seen.append(work.kind)
            return Done()

        desk.handle("bulk", Remote("act", act), priority=9)
        desk.handle("receipt", Remote("act", act), priority=1)
        for number, kind in enumerate(["bulk", "bulk", "receipt"]):
            await desk.put(kind, customer=f"c{number}")

        await desk.worker(workers=1).drain()

        assert seen == ["receipt", "bulk", "bulk"]


class TestLeases:
    async def test_a_worker_that_died_is_replaced_when_its_claim_runs_out(self, desk: Desk) -> None:
        """Not a moment before."""
        identity = await desk.put()
        [claimed] = await desk.worker().claim(10)

        desk.clock.now += LEASE_MS - 1
        early = await desk.worker().claim(10)
        desk.clock.now += 1
        [again] = await desk.worker().claim(10)

        assert early == []
        assert (claimed.id, again.id) == (identity, identity)
        assert again.fence == claimed.fence + 1

    async def test_a_worker_that_lost_its_claim_stores_nothing(self, desk: Desk) -> None:
        """It was only slow: what it found out comes too late and is void."""
        gate = asyncio.Event()

        async def slow(work: Work) -> Outcome:
            if work.fence == 1:
                await gate.wait()
                return Refused("low", "the slow one's opinion")
            return Done({"by": work.fence})

        desk.handle("task", Remote("act", slow))
        identity = await desk.put()
        [claimed] = await desk.worker().claim(1)
        sleeping = asyncio.create_task(desk.worker().work(claimed))
        desk.clock.now += LEASE_MS
        await desk.worker().drain()

        gate.set()
        await sleeping

        row = await desk.row(identity)
        assert (row.state, row.data) == ("done", {"by": 2})
        assert [tried.fence for tried in await desk.tried(identity)] == [2]

    async def test_a_local_step_of_a_lost_claim_has_no_effect(self, desk: Desk) -> None:
        """The claim is proven in the same unit of work, before anything else."""
        desk.handle("task", noting("post", Done()))
        identity = await desk.put()
        [stale] = await desk.worker().claim(1)
        desk.clock.now += LEASE_MS
        [fresh] = await desk.worker().claim(1)

        await desk.worker().work(stale)
        untouched = (await desk.row(identity)).state
        await desk.worker().work(fresh)

        assert (untouched, (await desk.row(identity)).state) == ("queued", "done")
        assert await traces(desk) == ["post"]

    async def test_a_step_that_was_taken_already_is_not_taken_again(self, desk: Desk) -> None:
        """Even by a worker with the same claim: it must stand at that step."""
        desk.handle("task", noting("reserve", Done()), noting("post", Later(1_000)))
        await desk.put()
        [claimed] = await desk.worker().claim(1)

        await desk.worker().work(claimed)
        with pytest.raises(LeaseLost):
            await desk.worker()._step(claimed)

        assert await traces(desk) == ["post", "reserve"]

    async def test_a_commit_that_was_not_answered_is_left_to_the_lease(self, desk: Desk) -> None:
        """Done or not: whoever comes next reads it from the row."""
        desk.handle("task", noting("reserve", Done()), noting("post", Done()))
        identity = await desk.put()
        worker = desk.worker()
        [claimed] = await worker.claim(1)
        worker._store = Unanswered(desk.store)  # type: ignore[assignment]

        await worker.work(claimed)
        desk.clock.now += LEASE_MS
        await desk.worker().drain()

        assert (await desk.row(identity)).state == "done"
        assert await traces(desk) == ["post", "reserve"]


class Unanswered:
    """A store whose every commit is done and never answered."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.read = store.read

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        async with self._store.begin() as connection:
            yield connection
        raise Uncertain("database, while committing")


class TestManyWorkers:
    async def test_several_at_once_never_work_one_operation_twice(self, desk: Desk) -> None:
        """Each on its own connections, with more to do than there are hands."""
        customers_count, each = 8, 5
        act = Remote("act", always(Done()))
        desk.handle("task", noting("reserve", Done()), act, noting("post", Done()))
        for number in range(customers_count * each):
            await desk.put(customer=f"c{number % customers_count}")
        stores = [Store(desk.store.url, busy_seconds=30) for _ in range(3)]
        workers = [desk.worker() for _ in stores]
        for store, worker in zip(stores, workers, strict=True):
            worker._store = store

        async def drained() -> bool:
            await all_of(*(worker.drain() for worker in workers))
            return not any(row.is_open for row in await desk.rows())

        await wait_until(drained, 30)
        for store in stores:
            await store.close()

        by_customer: dict[int, list[int]] = {number: [] for number in range(customers_count)}
        for work in act.seen:
            by_customer[int(work.customer_id[1:])].append(work.number)
        assert max(Counter(work.id for work in act.seen).values()) == 1
        assert len(act.seen) == customers_count * each
        assert all(numbers == sorted(numbers) for numbers in by_customer.values())
        assert Counter(await traces(desk)) == {"reserve": 40, "post": 40}
        assert {row.fence for row in await desk.rows()} == {1}
