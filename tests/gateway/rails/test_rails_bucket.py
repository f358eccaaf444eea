"""So many calls a second: by one process, by several through Redis, and while Redis is away."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from aiohttp.test_utils import unused_port
from hypothesis import given
from hypothesis import strategies as st

from gateway.clock import SECOND_MS
from gateway.rails.bucket import Bucket, Buckets

RATES = {"b2c": 5.0, "free": 0.0}
NOBODY = "redis://127.0.0.1:{port}"


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


def buckets(stack: AsyncExitStack, url: str) -> Buckets:
    made = Buckets(url, "rail:test", RATES, timeout_seconds=5)
    stack.push_async_callback(made.close)
    return made


class TestBucket:
    @given(
        rate=st.floats(0.5, 200),
        pauses=st.lists(st.integers(0, 500), min_size=1, max_size=200),
        longest=st.integers(0, 1_000),
    )
    def test_no_second_has_more_calls_than_the_rate_and_what_was_saved_up(
        self, rate: float, pauses: list[int], longest: int
    ) -> None:
        """Whoever waits as told never makes it more than twice the rate in any second."""
        bucket, now, calls = Bucket(rate), 0, []
        for pause in pauses:
            now += pause
            wait = bucket.wait_ms(now, longest)
            if wait <= longest:
                calls.append(now + wait)

        calls.sort()
        most = 2 * max(rate, 1.0) + 1
        assert all(sum(at <= call < at + SECOND_MS for call in calls) <= most for at in calls)

    @given(rate=st.floats(0.5, 200), times=st.integers(1, 50))
    def test_what_is_refused_takes_nothing(self, rate: float, times: int) -> None:
        """However often somebody comes too early, the next place is as far away as before."""
        bucket = Bucket(rate)
        while bucket.wait_ms(0, 0) == 0:
            pass
        first = bucket.wait_ms(0, 0)

        assert [bucket.wait_ms(0, 0) for _ in range(times)] == [first] * times


class TestBuckets:
    async def test_processes_share_one_rate(self, fresh_redis: str, stack: AsyncExitStack) -> None:
        """Two of them get five at once together, and the next places one after another."""
        pair = [buckets(stack, fresh_redis), buckets(stack, fresh_redis)]

        waits = [await pair[number % 2].wait_ms("b2c", 100_000) for number in range(40)]

        at_once = sum(wait == 0 for wait in waits)
        assert 5 <= at_once <= 12  # a slow machine fills some up meanwhile
        assert waits[-1] > 4_000

    async def test_what_would_wait_too_long_takes_no_place(self, fresh_redis: str, stack: AsyncExitStack) -> None:
        """The bucket in Redis keeps that promise too."""
        mine = buckets(stack, fresh_redis)
        for _ in range(30):
            await mine.wait_ms("b2c", 100_000)

        waits = [await mine.wait_ms("b2c", 1_000) for _ in range(5)]

        assert all(wait > 1_000 for wait in waits)
        assert waits == sorted(waits, reverse=True)

    async def test_without_redis_each_process_keeps_to_the_rate(self, stack: AsyncExitStack) -> None:
        """Nobody waits for it either: it is left alone for a while."""
        alone = buckets(stack, NOBODY.format(port=unused_port()))

        waits = [await alone.wait_ms("b2c", 100_000) for _ in range(40)]

        assert waits[-1] > 4_000
        assert waits[0] == 0

    @pytest.mark.parametrize("name", ["free", "never named"])
    async def test_what_has_no_rate_never_waits(self, stack: AsyncExitStack, name: str) -> None:
        """Redis is not asked."""
        alone = buckets(stack, NOBODY.format(port=unused_port()))

        assert [await alone.wait_ms(name, 0) for _ in range(100)] == [0] * 100
        assert alone.every_ms(name) == 0
        assert alone.every_ms("b2c") == 200
