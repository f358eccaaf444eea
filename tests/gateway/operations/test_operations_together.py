"""Operations that go together: settled in one unit of work, with the promises that each has by itself."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.errors import BrokenInvariant, Unavailable
from gateway.operations.claims import alone, together
from gateway.operations.outcome import Done, Later, Outcome, Refused, Retry
from gateway.operations.playbook import Work
from gateway.store.tables import attempts
from tests.gateway.operations.desk import Desk, desk_on

KIND = "letter"


@dataclass
class Post:
    """A step for many, which answers each customer as the test says."""

    answers: dict[str, Outcome] = field(default_factory=dict)
    name: str = "post"
    batches: list[int] = field(default_factory=list)
    breaks: Exception | None = None
    breaks_storing: bool = False

    async def attempt(self, work: Work) -> Outcome:
        return (await self.attempt_many([work], 0))[0]

    async def attempt_many(self, works: Sequence[Work], until: int) -> Sequence[Outcome]:
        self.batches.append(len(works))
        if self.breaks:
            raise self.breaks
        return [self.answers.get(work.customer_id, Done({"to": work.customer_id})) for work in works]

    async def reconsider(self, connection: AsyncConnection, work: Work, outcome: Outcome, now: int) -> Outcome:
        return outcome

    async def reconsider_many(
        self, connection: AsyncConnection, settled: Sequence[tuple[Work, Outcome]], now: int
    ) -> Sequence[Outcome]:
        if self.breaks_storing:
            raise BrokenInvariant("not like this")
        return [outcome for _, outcome in settled]


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with desk_on(database_url) as desk:
        yield desk


def posting(desk: Desk, **more: Any) -> Post:
    step = Post(**more)
    desk.handle(KIND, step, many=step)
    return step


async def claimed(desk: Desk, *customers: str) -> tuple[list[str], list[Work]]:
    """Letters to these people, and the claim on all of them."""
    identities = [await desk.put(KIND, customer) for customer in customers]
    return identities, await desk.worker().claim(10, together({KIND}))


class TestWorkTogether:
    async def test_each_comes_to_what_it_came_to(self, desk: Desk) -> None:
        """And each has its attempt."""
        answers: dict[str, Outcome] = {
            "baraka": Refused("number", "no such number"), "neema": Later(5_000), "omar": Retry("away", is_outage=True),
        }  # fmt: skip
        step = posting(desk, answers=answers)
        identities, works = await claimed(desk, "amina", "baraka", "neema", "omar")

        await desk.worker().work_together(works)

        rows = [await desk.row(identity) for identity in identities]
        assert [(row.state, row.is_open, row.lease_until) for row in rows] == [
            ("done", False, 0), ("rejected", False, 0), ("queued", True, 0), ("queued", True, 0),
        ]  # fmt: skip
        assert rows[0].data == {"to": "amina"}
        assert rows[2].due_at == desk.clock.now + 5_000
        assert step.batches == [4]
        async with desk.store.read() as connection:
            kept = [row.outcome for row in await connection.execute(select(attempts).order_by(attempts.c.id))]
        assert kept == ["done", "refused", "later", "retry"]

    async def test_what_was_lost_meanwhile_stores_nothing(self, desk: Desk) -> None:
        """The others are stored."""
        posting(desk)
        (lost, kept), works = await claimed(desk, "amina", "baraka")
        desk.clock.now += 3_600_000
        again = await desk.worker().claim(1, together({KIND}))

        await desk.worker().work_together(works)

        assert again[0].id == lost
        assert (await desk.row(lost)).state == "queued"
        assert (await desk.row(kept)).state == "done"

    async def test_an_outage_before_anything_left_is_waited_out(self, desk: Desk) -> None:
        """Nothing happened to any of them."""
        posting(desk, breaks=Unavailable("no database"))
        identities, works = await claimed(desk, "amina", "baraka")

        await desk.worker().work_together(works)

        assert [(await desk.row(identity)).state for identity in identities] == ["queued", "queued"]

    async def test_a_step_that_breaks_parks_its_batch(self, desk: Desk) -> None:
        """For a person to look at; the worker goes on."""
        posting(desk, breaks=ZeroDivisionError())
        identities, works = await claimed(desk, "amina", "baraka")

        await desk.worker().work_together(works)

        assert [(await desk.row(identity)).state for identity in identities] == ["parked", "parked"]

    async def test_what_cannot_be_stored_together_is_stored_one_by_one(self, desk: Desk) -> None:
        """One that breaks a promise does not hold up the others."""
        posting(desk, breaks_storing=True)
        identities, works = await claimed(desk, "amina", "baraka")

        await desk.worker().work_together(works)

        assert [(await desk.row(identity)).state for identity in identities] == ["done", "done"]


class TestShares:
    async def test_the_most_urgent_goes_by_itself(self, desk: Desk) -> None:
        """And everything that does not go together at all."""
        step = Post()
        desk.handle(KIND, step, many=step, rank=lambda intent: 0)
        code, task = await desk.put(KIND, "amina"), await desk.put("task", "baraka")

        crowd = await desk.worker().claim(10, together({KIND}))
        singles = await desk.worker().claim(10, alone({KIND}))

        assert crowd == []
        assert {work.id for work in singles} == {code, task}
