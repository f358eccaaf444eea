"""A real gateway killed with SIGKILL at chosen moments, started again, and its money counted.

No operation lost, none done twice, books that balance with the rail's, and nobody told that it failed whose money
moved. Moments are chosen by what can be seen from outside: a row on disk, a movement in the rail's book.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import unused_port

from simulator.standins import app as standins_app
from simulator.standins.faults import Fault
from simulator.standins.settings import Settings
from tests.faults.victim import Hurdle, Victim, socket_of, typed
from tests.servers import wait_until

AMINA, PIN = "+254711000001", "4826"
BORROW = ("2", "1", "1000", "1", PIN)
REPAY = ("3", "1", "3", "500", "2", "1")
NET, PART = 990_00, 500_00
COLLECTION, PAYOUT, TRANSIT = "mpesa.collection", "mpesa.payout", "transit.payout"


@pytest.fixture
async def hurdle(tmp_path: Path, fresh_redis: str) -> AsyncIterator[Hurdle]:
    hurdle = Hurdle(str(tmp_path / "redis.sock"), socket_of(fresh_redis))
    async with hurdle.standing():
        yield hurdle


@pytest.fixture
async def victim(tmp_path: Path, hurdle: Hurdle) -> AsyncIterator[Victim]:
    port = unused_port()
    async with AsyncExitStack() as stack:
        outside = Settings(
            data=tmp_path / "standins", gateway_url=f"http://127.0.0.1:{port}", callback_seconds=0.05,
            auto_answer_seconds=0.05, gateway_wait_seconds=0.1,
        )  # fmt: skip
        standins = await standins_app.start(outside)
        stack.push_async_callback(standins.stop)
        http = await stack.enter_async_context(aiohttp.ClientSession())
        victim = Victim(tmp_path, port, hurdle.url, standins, http)
        stack.push_async_callback(victim.stop)
        await victim.start()
        yield victim


def breaks(victim: Victim, api: str, kind: str, seconds: float = 0.0) -> None:
    """Every call of `api` goes wrong like this until `mended`."""
    victim.world.faults.put(Fault(api, kind, 1.0, 1, seconds))


def mended(victim: Victim) -> None:
    victim.world.faults.clear()


async def moved(victim: Victim, kind: str) -> list[int]:
    """What the rail's own book says has moved, in cents."""
    return [each.amount_cents for each in (await victim.outside.money()).movements if each.kind == kind]


async def counted(victim: Victim, *, paid_out: list[int], paid_in: list[int], texts: list[str]) -> None:
    """Until all is settled; then the rail's book, ours, and what was said are exactly this."""
    await wait_until(victim.is_settled, 30)

    said = victim.texts(AMINA)
    assert (await moved(victim, "b2c"), await moved(victim, "stk")) == (paid_out, paid_in)
    assert await victim.findings() == []
    assert victim.balance(PAYOUT) == -sum(paid_out)
    assert victim.balance(COLLECTION) == sum(paid_in)
    assert victim.balance(TRANSIT) == 0
    assert len(said) == len(texts), said
    assert all(re.search(words, text) for words, text in zip(texts, said, strict=True)), said
    assert victim.rows("SELECT 1 FROM operations WHERE state IN ('parked', 'dead')") == []


class TestKilled:
    async def test_after_accepting_and_before_the_reply(self, victim: Victim, hurdle: Hurdle) -> None:
        """The phone got no answer. The retry of the carrier and a redial both say what was accepted, once."""
        line = victim.line(AMINA)
        await typed(line, *BORROW[:-1])
        breaks(victim, "b2c", "drop")
        hurdle.hold_after(1)  # its session is loaded and cannot be moved on: the turn is on disk, the reply is not out
        confirming = asyncio.create_task(line.send(PIN))
        await wait_until(lambda: victim.rows("SELECT 1 FROM operations WHERE kind = 'loan.disburse'"))

        assert not confirming.done()
        await victim.kill()
        await asyncio.gather(confirming, return_exceptions=True)
        hurdle.open()
        await victim.start()
        repeated = await line.repeat()
        redialled = await typed(victim.line(AMINA))
        mended(victim)

        reference = victim.rows("SELECT reference FROM operations WHERE kind = 'loan.disburse'")
        assert len(reference) == 1
        assert f"Request {reference[0][0]} received" in repeated.text
        assert reference[0][0] in redialled
        await counted(victim, paid_out=[NET], paid_in=[], texts=["Ksh 990 sent"])

    @pytest.mark.parametrize("is_told", [True, False], ids=["told later", "never told"])
    async def test_after_the_pay_out_and_before_its_answer_was_stored(self, victim: Victim, is_told: bool) -> None:
        """The money has left; the next run asks and does not pay again."""
        breaks(victim, "b2c", "timeout", 60)
        breaks(victim, "b2c", "late-callback" if is_told else "lost-callback", 1.0)
        await typed(victim.line(AMINA), *BORROW)

        async def has_left() -> bool:
            return bool(await moved(victim, "b2c"))

        await wait_until(has_left)
        await victim.kill()
        mended(victim)
        await victim.start()

        await counted(victim, paid_out=[NET], paid_in=[], texts=["Ksh 990 sent"])

    async def test_after_the_prompt_was_paid_and_before_anything_was_stored(self, victim: Victim) -> None:
        """No acknowledgement, no callback, no confirmation: the rail's own list knows."""
        breaks(victim, "stk", "timeout", 60)
        breaks(victim, "stk", "lost-callback")
        breaks(victim, "c2b", "lost-callback")
        await typed(victim.line(AMINA), *REPAY)

        async def is_paid() -> bool:
            return bool(await moved(victim, "stk"))

        await wait_until(is_paid)
        await victim.kill()
        mended(victim)
        await victim.start()

        await counted(victim, paid_out=[], paid_in=[PART], texts=["Ksh 500 received"])
        assert len(await victim.outside.prompts(AMINA)) == 1

    async def test_during_the_callback(self, victim: Victim) -> None:
        """It was being taken when the process died; the rail does not say it again."""
        breaks(victim, "c2b", "lost-callback")
        await victim.outside.settings(auto_answer=False)
        await typed(victim.line(AMINA), *REPAY)
        await wait_until(lambda: victim.rows("SELECT 1 FROM rail_requests WHERE rail_id IS NOT NULL"))
        [prompt] = await victim.outside.prompts(AMINA)

        async with victim.locked():
            await victim.outside.answer(prompt.id, "pay")
            await wait_until(lambda: victim.world.book.one("SELECT 1 FROM callbacks WHERE state = 'sending'"))
            await victim.kill()
        await victim.start()

        assert victim.rows("SELECT 1 FROM callbacks WHERE purpose = 'stk'") == []
        await counted(victim, paid_out=[], paid_in=[PART], texts=["Ksh 500 received"])

    async def test_after_a_callback_was_put_aside_for_a_database_that_was_away(self, victim: Victim) -> None:
        """It is on disk, and the next run takes it."""
        breaks(victim, "c2b", "lost-callback")
        breaks(victim, "stk-query", "drop")
        breaks(victim, "pull", "drop")
        await victim.outside.settings(auto_answer=False)
        await typed(victim.line(AMINA), *REPAY)
        await wait_until(lambda: victim.rows("SELECT 1 FROM rail_requests WHERE rail_id IS NOT NULL"))
        [prompt] = await victim.outside.prompts(AMINA)

        async with victim.locked():
            await victim.outside.answer(prompt.id, "pay")
            await wait_until(lambda: list((victim.data / "var" / "spool").glob("*.json")))
            await victim.kill()
        await victim.start()

        await counted(victim, paid_out=[], paid_in=[PART], texts=["Ksh 500 received"])
        assert victim.rows("SELECT verdict FROM callbacks WHERE purpose = 'stk'") == [("applied",)]
