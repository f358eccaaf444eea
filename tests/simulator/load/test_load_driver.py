"""The driver counts what a server really answered, and says so when it answers something else."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import pytest
from aiohttp import web

from simulator.load.bare import CONSTANT, PATH, handle
from simulator.load.child import HOST
from simulator.load.dialogues import BROWSING, Dialogue
from simulator.load.driver import CONNECTIONS, Driver, DriverError, Tally

Handler = Callable[[web.Request], Any]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[int]:
    app = web.Application()
    app.router.add_post(PATH, handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def crowd(people: int = 2 * CONNECTIONS) -> Sequence[Dialogue]:
    sessions = count(1)
    return [Dialogue(f"+2547200{number:05d}", BROWSING, sessions) for number in range(people)]


class Listening:
    """Answers each hop as the script expects, and keeps what it heard by session."""

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {}
        self.busy: Counter[str] = Counter()
        self.busy_most = 0

    async def handle(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        phone = form["phoneNumber"]
        self.busy[phone] += 1
        self.busy_most = max(self.busy_most, self.busy[phone])
        self.texts.setdefault(form["sessionId"], []).append(form["text"])
        expects = next(hop.expects for hop in BROWSING if hop.text == form["text"])
        self.busy[phone] -= 1
        return web.Response(text=f"CON {expects.decode()}")


class TestFullSpeed:
    async def test_every_session_is_a_whole_dialogue_in_order(self) -> None:
        """No hop is skipped, repeated, or on its way beside another of its phone."""
        server, script = Listening(), [hop.text for hop in BROWSING]
        async with serving(server.handle) as port:
            tally = await Driver(port, crowd()).full_speed(0.3, warm_up_seconds=0.0)

        assert tally.hops > 0
        assert tally.unexpected == 0
        assert server.busy_most == 1
        assert all(texts == script[: len(texts)] for texts in server.texts.values())
        assert len(tally.latencies) == tally.hops

    async def test_the_next_run_goes_on_where_the_last_one_ended(self) -> None:
        """What was on its way at the end is waited for."""
        server, script = Listening(), [hop.text for hop in BROWSING]
        async with serving(server.handle) as port:
            driver = Driver(port, crowd())
            await driver.full_speed(0.1, warm_up_seconds=0.0)
            await driver.full_speed(0.1, warm_up_seconds=0.0)

        assert all(texts == script[: len(texts)] for texts in server.texts.values())

    async def test_a_server_that_always_says_the_same_may_be_driven(self) -> None:
        """The yardstick's constant is any screen."""
        async with serving(handle) as port:
            tally = await Driver(port, crowd(), expects=False).full_speed(0.1)

        assert tally.hops > 0
        assert tally.unexpected == 0

    async def test_another_screen_than_expected_is_counted_with_an_example(self) -> None:
        """Being fast at apologising is not being fast."""
        async with serving(handle) as port:
            tally = await Driver(port, crowd()).full_speed(0.1)

        assert tally.unexpected > 0
        assert CONSTANT.splitlines()[-1] in tally.example

    async def test_a_failure_ends_the_run(self) -> None:
        """A status that is not 200 is no measurement."""

        async def broken(_request: web.Request) -> web.Response:
            return web.Response(status=500)

        async with serving(broken) as port:
            with pytest.raises(DriverError, match="500"):
                await Driver(port, crowd()).full_speed(5.0)


class TestPaced:
    async def test_hops_come_at_the_rate_that_was_asked_for(self) -> None:
        """Never more than were due."""
        async with serving(handle) as port:
            tally = await Driver(port, crowd(), expects=False).paced(0.5, per_second=200, warm_up_seconds=0.0)

        assert 0 < tally.hops <= 200 * 0.5 + CONNECTIONS


class TestTally:
    def test_percentiles_are_in_milliseconds(self) -> None:
        """Of a hundred latencies the ninety-ninth is not exceeded by ninety-nine."""
        tally = Tally(seconds=2.0, hops=100, finished=20, latencies=[number / 1000 for number in range(100, 0, -1)])

        assert tally.percentile_ms(50) == pytest.approx(51.0)
        assert tally.percentile_ms(99) == pytest.approx(100.0)
        assert tally.percentile_ms(100) == pytest.approx(100.0)
        assert (tally.hops_per_second, tally.finished_per_second) == (50.0, 10.0)

    def test_nothing_counted_is_nothing(self) -> None:
        """No division by nothing."""
        assert (Tally().hops_per_second, Tally().percentile_ms(99)) == (0.0, 0.0)
