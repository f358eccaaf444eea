"""What goes wrong between a call and its answer."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path

import aiohttp
import pytest

from tests.simulator.standins.standins_town import PHONE, Reply, Town

Call = Callable[[Town], Coroutine[None, None, Reply]]


async def push(town: Town) -> Reply:
    return await town.push()


async def pay_out(town: Town) -> Reply:
    return await town.pay_out()


async def send_sms(town: Town) -> Reply:
    return await town.send_sms()


CALLS = [("stk", push), ("b2c", pay_out), ("sms", send_sms)]


async def effects(town: Town) -> int:
    """How many prompts, movements and messages there are."""
    messages = (await town.control("GET", f"sms?phone={PHONE}"))["messages"]
    return len(await town.prompts()) + len(await town.movements()) + len(messages)


@pytest.mark.parametrize(("api", "call"), CALLS)
class TestMisbehaviour:
    async def test_http_500_hides_a_performed_call(self, tmp_path: Path, api: str, call: Call) -> None:
        """A page of HTML comes back, and the thing is done."""
        async with Town(tmp_path, auto_answer=False) as town:
            await town.fault(api, "http-500")
            reply = await call(town)
            done = await effects(town)

        assert reply.status == 500
        assert reply.text.startswith("<html>")
        assert done == 1

    async def test_a_timeout_hides_a_performed_call(self, tmp_path: Path, api: str, call: Call) -> None:
        """The connection closes without an answer, and the thing is done."""
        async with Town(tmp_path, auto_answer=False) as town:
            await town.fault(api, "timeout", seconds=0.05)
            with pytest.raises(aiohttp.ServerDisconnectedError):
                await call(town)
            done = await effects(town)

        assert done == 1

    async def test_a_dropped_call_is_not_performed(self, tmp_path: Path, api: str, call: Call) -> None:
        """The connection closes without an answer, and nothing is done."""
        async with Town(tmp_path, auto_answer=False) as town:
            await town.fault(api, "drop")
            with pytest.raises(aiohttp.ServerDisconnectedError):
                await call(town)
            done = await effects(town)

        assert done == 0

    async def test_a_busy_service_does_nothing(self, tmp_path: Path, api: str, call: Call) -> None:
        """It says so, and the same call succeeds later."""
        async with Town(tmp_path, auto_answer=False) as town:
            await town.fault(api, "busy")
            refused = await call(town)
            await town.control("DELETE", "faults")
            accepted = await call(town)
            done = await effects(town)

        assert refused.status >= 500
        assert accepted.status in (200, 201)
        assert done == 1


class TestHanging:
    async def test_a_slow_answer_is_the_right_one(self, tmp_path: Path) -> None:
        """The callback arrives while the answer is still held back."""
        async with Town(tmp_path) as town:
            await town.fault("stk", "slow", seconds=0.5)
            pushing = asyncio.create_task(town.push())
            await town.gateway.hear("/stk")
            is_answered = pushing.done()
            reply = await pushing

        assert not is_answered
        assert reply.status == 200

    async def test_a_stopping_world_keeps_nobody_hanging(self, tmp_path: Path) -> None:
        """A call that would hang for an hour ends with the server."""
        town = Town(tmp_path, auto_answer=False)
        async with asyncio.timeout(30), town:
            await town.fault("sms", "timeout", seconds=3600)
            hanging = asyncio.create_task(town.send_sms())
            await asyncio.wait([hanging], timeout=0.05)
        with pytest.raises(aiohttp.ClientError):
            await hanging

    async def test_a_lost_token_answer_still_kills_the_old_token(self, tmp_path: Path) -> None:
        """Performed means performed, for the token call as well."""
        async with Town(tmp_path, auto_answer=False) as town:
            await town.push()
            await town.fault("oauth", "http-500")
            await town.token(town.settings.collection)
            reply = await town.push()

        assert reply.json["errorCode"] == "404.001.03"

    async def test_every_api_can_be_meant_at_once(self, tmp_path: Path) -> None:
        """The star stands for all, and for the control side never."""
        async with Town(tmp_path) as town:
            await town.token(town.settings.payout)
            await town.fault("*", "busy")
            token = await town.token(town.settings.collection)
            sms = await town.send_sms()
            listed = await town.control("GET", "faults")

        assert (token.status, token.json["errorCode"]) == (500, "500.003.02")
        assert sms.status == 503
        assert [fault["api"] for fault in listed["faults"]] == ["*"]
