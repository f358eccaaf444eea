"""Time that jumps."""

import pytest

from simulator.virtual.clock import Agenda, Clock


class TestClock:
    def test_it_never_goes_back(self) -> None:
        """Whatever is asked for."""
        clock = Clock(1_000)
        clock.reach(500)
        assert clock() == 1_000
        clock.reach(2_000)
        assert clock() == 2_000


class TestAgenda:
    @pytest.mark.parametrize("moments", [(3, 1, 2), (1, 1, 1)])
    async def test_deeds_come_in_order_of_time_and_then_of_entry(self, moments: tuple[int, ...]) -> None:
        """Also when they are due at the same moment."""
        agenda, done = Agenda(), list[tuple[int, int]]()

        def deed(at: int, number: int) -> None:
            async def do() -> None:
                done.append((at, number))

            agenda.add(at, do)

        for number, at in enumerate(moments):
            deed(at, number)
        while agenda.next_at is not None:
            await agenda.pop()()

        assert done == sorted(done)
        assert len(done) == len(moments)
