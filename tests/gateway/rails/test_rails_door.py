"""The door to a rail: shut by failures in a row for all processes, opened again by one call."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from gateway.errors import Rejected, Throttled, Unavailable, Uncertain
from gateway.rails import breakers
from gateway.rails.breakers import Breaker, Trip
from gateway.rails.bucket import Buckets
from gateway.rails.contract import Held
from gateway.rails.door import Door
from gateway.store.engine import Store

TRIP = Trip(failures_max=3, probe_ms=10_000, probe_ms_max=60_000)
API = "b2c"


@dataclass
class Hands:
    """A clock that moves when it is turned."""

    now: int = 1_000_000

    def __call__(self) -> int:
        return self.now


@dataclass
class Corridor:
    """Two processes at one rail, on one database."""

    store: Store
    clock: Hands = field(default_factory=Hands)

    def __post_init__(self) -> None:
        self.doors = [self.door(), self.door()]

    def door(self) -> Door:
        buckets = Buckets("redis://127.0.0.1:1", "rail:test", {}, timeout_seconds=1)
        return Door("daraja", self.store, self.clock, buckets, TRIP)

    async def breaker(self) -> Breaker | None:
        async with self.store.read() as connection:
            return await breakers.find(connection, "daraja", API)

    async def shut(self) -> Breaker:
        """Fail until it is; what is known then."""
        for _ in range(TRIP.failures_max):
            with pytest.raises(Unavailable):
                await fail(self.doors[0])
        found = await self.breaker()
        assert found is not None
        return found


@pytest.fixture
async def corridor(database_url: str) -> AsyncIterator[Corridor]:
    store = Store(database_url, busy_seconds=30)
    yield Corridor(store)
    await store.close()


async def fail(door: Door, error: Exception | None = None) -> None:
    async with door.passing(API):
        raise error or Unavailable("nobody there")


async def answer(door: Door) -> None:
    async with door.passing(API):
        pass


class TestShutting:
    async def test_failures_in_a_row_shut_it_for_every_process(self, corridor: Corridor) -> None:
        """Whoever comes is told when to come again, and made no call."""
        found = await corridor.shut()

        assert (found.state, found.reason, found.opened) == ("open", "nobody there", 1)
        for door in corridor.doors:
            with pytest.raises(Held) as held:
                await answer(door)
            assert TRIP.probe_ms <= held.value.in_ms <= 2 * TRIP.probe_ms

    async def test_an_answer_between_failures_keeps_it_open(self, corridor: Corridor) -> None:
        """Only failures in a row count."""
        door = corridor.doors[0]
        for _ in range(5):
            for _ in range(TRIP.failures_max - 1):
                with pytest.raises(Unavailable):
                    await fail(door)
            await answer(door)

        assert await corridor.breaker() is None

    @pytest.mark.parametrize("error", [Rejected("no", "1"), Throttled("slower")])
    async def test_whoever_refuses_or_asks_for_patience_is_there(self, corridor: Corridor, error: Exception) -> None:
        """Neither shuts the door."""
        for _ in range(2 * TRIP.failures_max):
            with pytest.raises(type(error)):
                await fail(corridor.doors[0], error)

        assert await corridor.breaker() is None

    async def test_silence_and_answers_that_say_nothing_count(self, corridor: Corridor) -> None:
        """A timeout, and a page of an error that the adapter did not raise for."""
        door = corridor.doors[0]
        for _ in range(TRIP.failures_max - 1):
            with pytest.raises(Uncertain):
                await fail(door, Uncertain("no answer"))

        async with door.passing(API) as passage:
            passage.trouble = "HTTP 502"

        found = await corridor.breaker()
        assert found is not None
        assert (found.state, found.reason) == ("open", "HTTP 502")

    async def test_calls_that_were_on_their_way_do_not_shut_it_for_longer(self, corridor: Corridor) -> None:
        """Four workers fail at the same time: that is one outage."""
        door = corridor.doors[0]
        passages = [door.passing(API) for _ in range(6)]
        for passage in passages:
            await passage.__aenter__()
        for passage in passages:
            error = Unavailable("nobody there")
            await passage.__aexit__(type(error), error, None)

        found = await corridor.breaker()
        assert found is not None
        assert (found.opened, found.probe_at) == (1, corridor.clock.now + TRIP.probe_ms)


class TestFindingOut:
    async def test_one_call_finds_out_and_opens_it_for_all(self, corridor: Corridor) -> None:
        """Where there is no cheaper question it is the call itself."""
        found = await corridor.shut()
        corridor.clock.now = found.probe_at

        await answer(corridor.doors[1])

        assert (await corridor.breaker() or found).state == "closed"
        await answer(corridor.doors[0])

    async def test_of_two_that_come_at_the_moment_of_the_probe_one_calls(self, corridor: Corridor) -> None:
        """The other is told to come after the probe."""
        found = await corridor.shut()
        corridor.clock.now = found.probe_at
        first = corridor.doors[0].passing(API)
        await first.__aenter__()

        with pytest.raises(Held):
            await answer(corridor.doors[1])

        await first.__aexit__(None, None, None)
        await answer(corridor.doors[1])

    async def test_a_probe_that_fails_makes_the_next_one_later(self, corridor: Corridor) -> None:
        """Doubling, to a limit."""
        found, waits = await corridor.shut(), []
        for _ in range(5):
            corridor.clock.now = found.probe_at
            with pytest.raises(Unavailable):
                await fail(corridor.doors[0])
            found = await corridor.breaker() or found
            waits.append(found.probe_at - corridor.clock.now)

        assert waits == [20_000, 40_000, 60_000, 60_000, 60_000]

    async def test_a_cheaper_question_is_asked_in_place_of_the_call(self, corridor: Corridor) -> None:
        """While it is not answered the call is not made; once it is, the call goes on."""
        door, asked, is_away = corridor.doors[0], [], True

        async def probe() -> bool:
            asked.append(corridor.clock.now)
            if is_away:
                raise Unavailable("still nobody there")
            return True

        door.probes[API] = probe
        found = await corridor.shut()
        corridor.clock.now = found.probe_at
        with pytest.raises(Held):
            await answer(door)
        corridor.clock.now += 2 * TRIP.probe_ms
        is_away = False
        await answer(door)

        assert len(asked) == 2
        assert (await corridor.breaker() or found).state == "closed"

    async def test_a_question_that_is_refused_was_answered(self, corridor: Corridor) -> None:
        """Whoever refuses is there."""
        door = corridor.doors[0]

        async def probe() -> bool:
            raise Rejected("not yours", "404")

        door.probes[API] = probe
        found = await corridor.shut()
        corridor.clock.now = found.probe_at

        await answer(door)

        assert (await corridor.breaker() or found).state == "closed"

    async def test_it_is_on_parole_until_a_call_of_its_own_is_answered(self, corridor: Corridor) -> None:
        """The question was answered, the call is not: one failure shuts it again, for longer."""
        door = corridor.doors[0]

        async def probe() -> bool:
            return True

        door.probes[API] = probe
        found = await corridor.shut()
        corridor.clock.now = found.probe_at
        with pytest.raises(Unavailable):
            await fail(door)

        again = await corridor.breaker()
        assert again is not None
        assert (again.state, again.opened) == ("open", found.opened + 2)

    async def test_an_outage_long_after_is_a_new_one(self, corridor: Corridor) -> None:
        """It begins with the shortest wait."""
        found = await corridor.shut()
        corridor.clock.now = found.probe_at
        await answer(corridor.doors[0])
        corridor.clock.now += TRIP.probe_ms_max

        again = await corridor.shut()

        assert (again.opened, again.probe_at) == (1, corridor.clock.now + TRIP.probe_ms)
