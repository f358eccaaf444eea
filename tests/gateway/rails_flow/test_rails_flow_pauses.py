"""A rail that people have paused, or that is away: what is to be sent waits, what was sent is asked about."""

import asyncio

import pytest
from sqlalchemy import update

from gateway.accounts.audit import Deed, Wanted, listed
from gateway.operations.outcome import Outcome
from gateway.operations.playbook import Work
from gateway.rails import pauses
from gateway.rails.breakers import Trip
from gateway.rails.bucket import Buckets
from gateway.rails.contract import Acknowledged, AskStatus, Disburse
from gateway.rails.door import Door
from gateway.rails.hand import Hand, Refused
from gateway.rails.pauses import DIRECTIONS, EVERY, Direction
from gateway.rails.steps import RailStep
from gateway.store import customers
from gateway.store.tables import operations
from tests.gateway.rails_flow.office import AMINA, BARAKA, START, Office, Shop, office_on, until_blocked
from tests.gateway.rails_flow.pretend_rail import PretendRail

PART = 500_00
HOUR_MS = 3_600_000
HAND = Hand(("daraja",), {"collect": 50.0, "disburse": 100.0})


async def pause(office: Office, direction: Direction, rail: str = "daraja") -> Refused | None:
    async with office.store.begin() as connection:
        return await HAND.pause(connection, rail, (direction,), deed(office, "maintenance"))


async def resume(office: Office, direction: Direction, rail: str = "daraja") -> Refused | None:
    async with office.store.begin() as connection:
        return await HAND.resume(connection, rail, (direction,), deed(office, "it is over"))


def deed(office: Office, why: str) -> Deed:
    return Deed("jane", "jane", why, "", office.clock())


async def hours(office: Office, count: float, step_ms: int = 300_000) -> None:
    """Time goes by, and workers with it."""
    until = office.clock() + round(count * HOUR_MS)
    while office.clock() < until:
        office.clock.turn(step_ms)
        await office.drained()
        await office.told()


class BehindADoor(PretendRail):
    """The pretend rail as the adapter calls the real one: through a door."""

    door: Door

    async def disburse(self, request: Disburse) -> Acknowledged:
        async with self.door.passing("b2c"):
            return await super().disburse(request)

    async def ask_status(self, request: AskStatus) -> Acknowledged:
        async with self.door.passing("transactionstatus"):
            return await super().ask_status(request)


class TestPaused:
    async def test_a_payout_waits_and_is_never_in_doubt(self, each_office: Office) -> None:
        """For hours nothing is sent, and the customer is told once that it takes long."""
        office = each_office
        await pause(office, "disburse")

        loan = await office.borrow()
        await hours(office, 5)

        row = await office.operation(loan)
        assert (row.state, row.step, row.reason) == ("queued", "disburse", "paused: maintenance")
        assert office.rail.calls == []
        assert (await office.request(loan)).sent_at is None
        assert await office.templates() == ["borrow.slow"]

    async def test_resumed_it_is_paid_once(self, each_office: Office) -> None:
        """At once: nobody waits for the next look."""
        office = each_office
        await pause(office, "disburse")
        loan = await office.borrow()
        await hours(office, 5)

        await resume(office, "disburse")
        await office.drained()
        await office.told()
        await office.drained()

        assert (await office.operation(loan)).state == "done"
        assert office.rail.calls == ["disburse"]
        await office.prove()

    async def test_resumed_in_the_moment_it_is_put_off_it_goes_on_at_once(
        self, each_office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A worker has seen the pause and has not stored that yet; the end of the pause finds nobody waiting."""
        office = each_office
        step = office.shop.playbooks["loan.disburse"].step("disburse")
        assert isinstance(step, RailStep)
        look = step.attempt

        async def looked_before_the_end(work: Work) -> Outcome:
            seen = await look(work)
            await resume(office, "disburse")
            return seen

        monkeypatch.setattr(step, "attempt", looked_before_the_end)
        await pause(office, "disburse")
        await office.borrow()
        await office.drained()

        assert office.rail.calls == ["disburse"]

    async def test_whoever_resumes_waits_for_a_worker_that_is_putting_it_off(self, fresh_postgres: str) -> None:
        """What that has just stored is not slept through either."""
        async with office_on(fresh_postgres) as office:
            await pause(office, "disburse")
            loan = await office.borrow()
            await office.drained()
            office.clock.now = (await office.operation(loan)).due_at
            [work] = await office.shop.worker.claim(1)

            async with office.store.begin() as connection:
                putting_off = {"due_at": office.clock() + HOUR_MS, "lease_until": 0}
                await connection.execute(update(operations).where(operations.c.id == work.id).values(**putting_off))
                resuming = asyncio.create_task(resume(office, "disburse"))
                await until_blocked(office.store)
            await resuming

            assert (await office.operation(loan)).due_at == office.clock()

    @pytest.mark.parametrize("paused", DIRECTIONS)
    async def test_the_other_direction_goes_on(self, office: Office, paused: Direction) -> None:
        """Money comes in while none goes out, and the other way round."""
        loan = await office.lent()
        office.rail.calls.clear()
        await pause(office, paused)

        await office.prompt(loan, PART)
        await office.borrow(customer=BARAKA)
        await hours(office, 1)

        assert office.rail.calls.count("collect") == (paused != "collect")
        assert office.rail.calls.count("disburse") == (paused != "disburse")

    async def test_every_rail_is_stopped_by_one_word(self, office: Office) -> None:
        """And a rail's own pause is not ended by ending that."""
        await pause(office, "disburse")
        await pause(office, "disburse", EVERY)
        loan = await office.borrow()
        await hours(office, 1)

        assert await resume(office, "disburse", EVERY) is None
        await hours(office, 1)
        assert office.rail.calls == []
        assert await resume(office, "disburse") is None
        await office.settled()

        assert (await office.operation(loan)).state == "done"

    async def test_what_was_sent_before_is_settled_by_its_callback(self, office: Office) -> None:
        """A pause is about what is sent."""
        loan = await office.borrow()
        await office.drained()
        await pause(office, "disburse")

        await office.told()
        await office.drained()

        assert (await office.operation(loan)).state == "done"

    async def test_what_was_sent_before_is_asked_about(self, office: Office) -> None:
        """No callback comes; the status question does not move money."""
        office.rail.tells = 0
        loan = await office.borrow()
        await office.drained()
        await pause(office, "disburse")

        await office.settled()

        assert (await office.operation(loan)).state == "done"
        assert office.rail.calls.count("disburse") == 1

    async def test_a_payout_in_doubt_is_not_sent_again_to_find_out(self, office: Office) -> None:
        """Its answer was lost: the probe with the same id pays what the rail does not know, so it waits too."""
        office.rail.answer, office.rail.tells, office.rail.knows = "lost", 0, False
        loan = await office.borrow()
        await office.drained()
        await pause(office, "disburse")

        await hours(office, 3)

        assert office.rail.calls.count("disburse") == 1
        assert office.rail.calls.count("status") > 5
        assert (await office.operation(loan)).state == "uncertain"

    async def test_pausing_twice_and_resuming_what_runs_is_refused(self, office: Office) -> None:
        """Whoever was too late learns it, and nothing is changed."""
        assert await pause(office, "collect") is None

        again = await pause(office, "collect")
        other = await resume(office, "disburse")

        assert again is not None
        assert again.name == "paused-before"
        assert other is not None
        assert other.name == "not-paused"

    async def test_who_when_and_why_is_on_the_record(self, office: Office) -> None:
        """Of both acts, for good."""
        await pause(office, "disburse")
        await resume(office, "disburse")

        async with office.store.read() as connection:
            acts = [(row.action, row.by, row.reason, row.at) for row in await listed(connection, Wanted())]
        assert acts == [
            ("resume_rail", "jane", "it is over", START), ("pause_rail", "jane", "maintenance", START),
        ]  # fmt: skip

    def test_a_long_pause_is_looked_at_less_often(self) -> None:
        """At least every quarter of an hour, each operation at a moment of its own."""
        pause = pauses.Pause("daraja", "disburse", "why", "jane", START)
        fresh = {pauses.hold_ms(pause, str(number), START) for number in range(50)}
        old = {pauses.hold_ms(pause, str(number), START + 30 * HOUR_MS) for number in range(50)}

        assert max(fresh) <= 2 * pauses.HOLD_MS
        assert max(old) <= pauses.HOLD_MS + pauses.HOLD_MS_MAX
        assert len(old) > 45


class TestAfterwards:
    async def test_what_waited_goes_on_in_its_order_and_one_after_another(self, office: Office) -> None:
        """The longest waiting first, no faster than the rail takes it."""
        lines = [f"+2547120000{number:02}" for number in range(12)]
        async with office.store.begin() as connection:
            for line in lines:
                await customers.added(
                    connection, line, msisdn=line, name="Somebody", language="en", state="active",
                    limit_cents=100_000_00, created_at=START,
                )  # fmt: skip
        await pause(office, "disburse")
        for line in lines:
            await office.borrow(customer=line)
            office.clock.turn(1_000)
            await office.drained()
        await hours(office, 0.5)

        await resume(office, "disburse")
        sent = []
        for _ in range(20):
            before = len(office.rail.calls)
            await office.drained()
            sent.append(len(office.rail.calls) - before)
            office.clock.turn(100)  # as far apart as the hand lets them go

        assert [asked.request.msisdn for asked in office.rail.asked] == lines
        assert max(sent) <= 2
        assert sum(sent) == 12


class TestAway:
    async def test_thirty_that_wait_for_a_rail_that_is_away_are_paid_once_it_is_back(self, office: Office) -> None:
        """A handful of calls find it away; nobody is in doubt, and afterwards each is paid once, not all at once."""
        rail = BehindADoor(office.clock)
        buckets = Buckets("redis://127.0.0.1:1", "rail:test", {}, timeout_seconds=1)
        rail.door = Door("daraja", office.store, office.clock, buckets, Trip(5, 10_000, 300_000))
        office.rail, office.shop = rail, Shop(office.store, rail, office.sms, office.clock)
        rail.answer = "away"
        loans = [await office.borrow(500_00, customer) for customer in (AMINA, BARAKA) for _ in range(15)]
        await hours(office, 1)

        tries = len(rail.calls)
        states = {(await office.operation(loan)).state for loan in loans}
        rail.answer = "ok"
        most = 0
        for _ in range(30):
            before = len(rail.asked)
            office.clock.turn(20_000)
            await office.drained()
            await office.told()
            most = max(most, len(rail.asked) - before)
        await office.settled()

        assert states == {"queued"}
        assert tries < 60  # 30 operations for an hour: without the door it would be hundreds
        assert {(await office.operation(loan)).state for loan in loans} == {"done"}
        assert len(rail.asked) == 30
        assert most <= 20
        await office.prove()

    async def test_a_question_in_place_of_a_payout(self, office: Office) -> None:
        """While it is away the rail is asked about an earlier pay-out; no pay-out is the one that finds out."""
        rail = BehindADoor(office.clock)
        buckets = Buckets("redis://127.0.0.1:1", "rail:test", {}, timeout_seconds=1)
        rail.door = Door("daraja", office.store, office.clock, buckets, Trip(2, 10_000, 300_000))
        office.rail, office.shop = rail, Shop(office.store, rail, office.sms, office.clock)
        earlier = await office.lent(500_00)

        async def probe() -> bool:
            request = await office.request(earlier)
            await rail.ask_status(AskStatus(request.id, request.rail_id, "/x", "/x"))
            return True

        rail.door.probes["b2c"] = probe
        rail.answer = "away"
        loan = await office.borrow(500_00, BARAKA)
        await hours(office, 0.5)
        while_away = list(rail.calls)
        rail.answer = "ok"
        await office.settled()

        assert (await office.operation(loan)).state == "done"
        assert while_away.count("status") >= 1
        assert len(rail.asked) == 2
