"""The door to the core: how many go through, when it shuts, and how it opens again."""

import asyncio

import pytest

from gateway.errors import Rejected, Throttled, Unavailable, Uncertain
from gateway.ledgers.gate import FAILURES_MAX, HOLD_MS_MAX, Gate, Held, Width
from tests.gateway.rails_flow.office import Hands

PROBE_MS = 30_000


def gate_at(clock: Hands, *, at_once: int = 3, calls_a_second: int = 0) -> Gate:
    return Gate(Width(at_once, calls_a_second, PROBE_MS), clock)


async def goes_wrong(gate: Gate, error: Exception, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(type(error)):
            async with gate.passing("a"):
                raise error


class TestShutting:
    @pytest.mark.parametrize("error", [Unavailable("away"), Uncertain("no answer")])
    async def test_failures_in_a_row_shut_it(self, error: Exception) -> None:
        """Nobody is let through then, and everybody is told when to come again."""
        clock = Hands()
        gate = gate_at(clock)

        await goes_wrong(gate, error, FAILURES_MAX)

        assert gate.away_since == clock.now
        with pytest.raises(Held) as held:
            async with gate.passing("a"):
                pass
        assert PROBE_MS <= held.value.in_ms <= 2 * PROBE_MS

    @pytest.mark.parametrize("answer", [None, Rejected("no", "x")])
    async def test_an_answer_between_them_counts_them_anew(self, answer: Exception | None) -> None:
        """A refusal is an answer, too."""
        gate = gate_at(Hands())
        await goes_wrong(gate, Unavailable("away"), FAILURES_MAX - 1)

        if answer is None:
            async with gate.passing("a"):
                pass
        else:
            await goes_wrong(gate, answer)
        await goes_wrong(gate, Unavailable("away"), FAILURES_MAX - 1)

        assert gate.away_since is None

    async def test_whoever_comes_is_sent_away_for_longer_the_longer_it_lasts(self) -> None:
        """Up to a limit, and not all for the same time."""
        clock = Hands()
        gate = gate_at(clock)
        await goes_wrong(gate, Unavailable("away"), FAILURES_MAX)
        clock.turn(10 * HOLD_MS_MAX)
        await goes_wrong(gate, Unavailable("away"))

        waits = []
        for who in map(str, range(200)):
            with pytest.raises(Held) as held:
                async with gate.passing(who):
                    pass
            waits.append(held.value.in_ms)

        assert max(waits) <= PROBE_MS + HOLD_MS_MAX
        assert max(waits) > HOLD_MS_MAX // 2
        assert len(set(waits)) > 190


class TestOpening:
    async def test_one_call_finds_out_and_the_others_wait(self) -> None:
        """Until it is answered nobody else goes through."""
        clock = Hands()
        gate = gate_at(clock)
        await goes_wrong(gate, Unavailable("away"), FAILURES_MAX)
        clock.turn(PROBE_MS)

        async with gate.passing("probe"):
            with pytest.raises(Held):
                async with gate.passing("other"):
                    pass

        assert gate.away_since is None

    async def test_a_call_that_fails_shuts_it_for_as_long_again(self) -> None:
        """And the outage counts from its beginning."""
        clock = Hands()
        gate = gate_at(clock)
        await goes_wrong(gate, Unavailable("away"), FAILURES_MAX)
        began = clock.now
        clock.turn(PROBE_MS)

        await goes_wrong(gate, Unavailable("away"))

        assert gate.away_since == began
        with pytest.raises(Held):
            async with gate.passing("other"):
                pass

    async def test_it_opens_for_one_and_then_for_one_more_with_each_answer(self) -> None:
        """No herd comes at a core that has just come back."""
        clock = Hands()
        gate = gate_at(clock, at_once=3)
        await goes_wrong(gate, Unavailable("away"), FAILURES_MAX)
        clock.turn(PROBE_MS)

        async with gate.passing("probe"):
            pass
        first = await most_inside(gate, visitors=1)
        second = await most_inside(gate, visitors=2)
        later = await most_inside(gate, visitors=6)

        assert (first, second, later) == (1, 2, 3)


class TestTheWidth:
    async def test_no_more_go_through_at_once_than_it_is_wide(self) -> None:
        """The others wait for one to leave."""
        assert await most_inside(gate_at(Hands(), at_once=2)) == 2

    async def test_being_told_to_slow_down_halves_it(self) -> None:
        """It does not count as an outage."""
        gate = gate_at(Hands(), at_once=4)

        await goes_wrong(gate, Throttled("slow down"), FAILURES_MAX + 1)

        assert gate.away_since is None
        async with asyncio.timeout(5):
            entered = asyncio.Event()

            async def stay() -> None:
                async with gate.passing("a"):
                    entered.set()
                    await asyncio.Event().wait()

            first = asyncio.create_task(stay())
            await entered.wait()
            second = asyncio.create_task(gate.passing("b").__aenter__())
            await asyncio.sleep(0)
            assert not second.done()
            for task in (second, first):
                task.cancel()
            await asyncio.gather(first, second, return_exceptions=True)

    async def test_faster_than_the_rate_is_told_to_come_again(self) -> None:
        """Where the next free moment is further off than one waits for."""
        gate = gate_at(Hands(), calls_a_second=1)
        async with gate.passing("a"):
            pass

        async with asyncio.timeout(5):
            async with gate.passing("b"):
                pass
            with pytest.raises(Held) as held:
                async with gate.passing("c"):
                    pass

        assert held.value.in_ms == 2_000


async def most_inside(gate: Gate, visitors: int = 6) -> int:
    """How many of several who come together are inside at the same time."""
    inside, most = 0, 0

    async def visit() -> None:
        nonlocal inside, most
        async with gate.passing("a"):
            inside += 1
            most = max(most, inside)
            for _ in range(5):
                await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(visit() for _ in range(visitors)))
    return most
