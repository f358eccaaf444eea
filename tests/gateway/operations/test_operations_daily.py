"""What comes up once a day: a day that went wrong stops neither the next one nor the day itself."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.operations import queue
from gateway.operations.daily import Daily
from gateway.operations.outcome import Done, Later, Outcome
from gateway.operations.playbook import Local, Playbook, Work
from gateway.store.tables import cases
from tests.gateway.operations.desk import Desk, desk_on

DAY_MS = 86_400_000


class Poll:
    """A kind that looks until its day is over, in the one lane of its kind; it breaks on days that are named."""

    def __init__(self) -> None:
        self.broken: set[str] = set()
        self.looked: list[str] = []

    def playbook(self, lane: str = "poll") -> Playbook:
        return Playbook("poll", (Local("look", self.look),), lane=lambda _customer, _intent: lane)

    async def look(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        if work.intent["day"] in self.broken:
            raise ZeroDivisionError
        self.looked.append(work.intent["day"])
        return Later(60_000, "looks again") if len(self.looked) == 1 else Done()


@pytest.fixture
async def desk(fresh_sqlite: str) -> AsyncIterator[Desk]:
    async with desk_on(fresh_sqlite) as desk:
        yield desk


@pytest.fixture
def poll(desk: Desk) -> Poll:
    poll = Poll()
    desk.playbooks["poll"] = poll.playbook()
    return poll


@pytest.fixture
def daily(desk: Desk, poll: Poll) -> Daily:
    return Daily(desk.store, desk.outbox, ("poll",), desk.clock)


async def opened(desk: Desk) -> list[tuple[str, str]]:
    """Each case's topic and the operation it is about."""
    async with desk.store.read() as connection:
        return [(row.topic, row.evidence["operation"]) for row in await connection.execute(select(cases))]


class TestParkedDays:
    """`poll` broke on its day and stands still."""

    @pytest.fixture(autouse=True)
    async def broke(self, desk: Desk, poll: Poll, daily: Daily) -> None:
        poll.broken = {"2026-07-25"}
        await daily.due()
        await desk.worker().drain()
        assert [row.state for row in await desk.rows()] == ["parked"]

    async def test_the_next_day_comes_and_is_worked(self, desk: Desk, poll: Poll, daily: Daily) -> None:
        """The one that stands still is closed, in its favour."""
        desk.clock.now += DAY_MS
        await daily.due()
        await desk.worker().drain()

        parked, today = await desk.rows()
        assert poll.looked == ["2026-07-26"]
        assert (parked.state, parked.is_open) == ("cancelled", False)
        assert parked.reason == f"superseded by {today.reference}; before: ZeroDivisionError in poll.look"

    async def test_a_person_is_asked_to_look_why_once(self, desk: Desk, daily: Daily) -> None:
        """Closing it does not hide it."""
        desk.clock.now += DAY_MS
        await daily.due()
        await daily.cleared()

        assert await opened(desk) == [("day not done", (await desk.rows())[0].reference)]

    async def test_it_stays_as_it_is_while_nothing_waits_for_it(self, desk: Desk, daily: Daily) -> None:
        """On its own day an operator can still retry it."""
        await daily.cleared()

        assert [row.state for row in await desk.rows()] == ["parked"]
        assert await opened(desk) == []

    async def test_retried_on_its_day_it_goes_on_and_the_next_day_follows(
        self, desk: Desk, poll: Poll, daily: Daily
    ) -> None:
        """Nobody's work is thrown away."""
        poll.broken = set()
        async with desk.store.begin() as connection:
            await queue.again(connection, (await desk.rows())[0].id, state="queued", now=desk.clock())
        await desk.worker().drain()
        desk.clock.now += DAY_MS
        await daily.due()
        await desk.worker().drain()

        assert poll.looked == ["2026-07-25", "2026-07-25", "2026-07-26"]
        assert [row.state for row in await desk.rows()] == ["done", "done"]


class TestWhatIsLeftAlone:
    async def test_a_day_that_breaks_after_the_next_has_come_is_closed_at_the_next_look(
        self, desk: Desk, poll: Poll, daily: Daily
    ) -> None:
        """A poll ends after midnight, and may break right there."""
        await daily.due()
        await desk.worker().drain()
        desk.clock.now += DAY_MS
        await daily.due()
        poll.broken = {"2026-07-25"}
        await desk.worker().drain()
        assert poll.looked == ["2026-07-25"]

        await daily.cleared()
        await desk.worker().drain()

        assert poll.looked == ["2026-07-25", "2026-07-26"]

    async def test_a_day_that_is_at_work_is_waited_for(self, desk: Desk, poll: Poll, daily: Daily) -> None:
        """Two days of a kind are never worked at once."""
        await daily.due()
        await desk.worker().drain()
        desk.clock.now += DAY_MS
        await daily.due()

        assert [row.state for row in await desk.rows()] == ["queued", "queued"]

    async def test_a_day_in_a_lane_of_its_own_stays_parked(self, desk: Desk, poll: Poll, daily: Daily) -> None:
        """It is in nobody's way: people may retry it for as long as they like."""
        desk.playbooks["poll"] = poll.playbook(lane="")
        poll.broken = {"2026-07-25"}
        await daily.due()
        await desk.worker().drain()
        desk.clock.now += DAY_MS
        await daily.due()
        await desk.worker().drain()

        assert [row.state for row in await desk.rows()] == ["parked", "queued"]
        assert poll.looked == ["2026-07-26"]
