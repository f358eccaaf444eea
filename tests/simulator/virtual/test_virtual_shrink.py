"""Leaving things out until nothing more can be left out."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from simulator.virtual.shrink import smallest

TRIES = 10_000


def containing(wanted: set[int]) -> tuple[list[int], "Fails"]:
    return list(range(40)), Fails(wanted)


class Fails:
    """Fails as long as all that it needs is there; counts how often it was asked."""

    def __init__(self, wanted: set[int]) -> None:
        self._wanted = wanted
        self.asked = 0

    async def __call__(self, parts: Sequence[int]) -> bool:
        self.asked += 1
        return self._wanted <= set(parts)


class TestSmallest:
    @given(wanted=st.sets(st.integers(0, 39), min_size=1, max_size=4))
    async def test_nothing_is_left_but_what_breaks_it(self, wanted: set[int]) -> None:
        """In the order in which it was."""
        parts, fails = containing(wanted)

        assert await smallest(parts, fails, TRIES) == sorted(wanted)

    async def test_it_stops_when_it_has_tried_enough(self) -> None:
        """With the best so far."""
        parts, fails = containing({3, 30})

        best = await smallest(parts, fails, 5)

        assert fails.asked <= 5
        assert {3, 30} <= set(best)

    async def test_one_part_is_as_small_as_it_gets(self) -> None:
        """Nothing is tried."""
        fails = Fails({1})

        assert await smallest([1], fails, TRIES) == [1]
        assert fails.asked == 0
