"""The rail against the pretend Daraja that ships with the product: the whole road, callbacks included."""

import asyncio

import pytest

from gateway.clock import system
from gateway.errors import Rejected, Throttled, Uncertain
from gateway.rails.contract import AskStatus, Collect, Disburse, Received, Result
from gateway.rails.daraja import DarajaRail
from tests.gateway.rails.rail_town import config
from tests.servers import wait_until
from tests.simulator.standins.standins_town import Heard, Town

MINUTE_MS = 60_000
PHONE = "+254711000001"


def collect(town: Town) -> Collect:
    return Collect("op-1", PHONE, 150_00, "PY4T8", "Nyota", town.gateway.url("/stk"))


def disburse(town: Town, identity: str = "op-2", amount_cents: int = 500_00) -> Disburse:
    result, timeout = town.gateway.url("/result"), town.gateway.url("/timeout")
    return Disburse(identity, PHONE, amount_cents, "Loan LN7K2", result, timeout)


def ask(town: Town, identity: str = "op-2") -> AskStatus:
    return AskStatus(identity, None, town.gateway.url("/asked"), town.gateway.url("/asked-late"))


def read(rail: DarajaRail, purpose: str, heard: list[Heard]) -> Result:
    result = rail.parse_callback(purpose, heard[-1].json)
    assert isinstance(result, Result)
    return result


async def answered(town: Town, answer: str) -> None:
    prompt = await town.open_prompt()
    await town.control("POST", f"stk/{prompt['id']}/answer", answer=answer)


class TestCollect:
    async def test_a_prompt_is_open_then_paid_and_told_four_ways(self, town: Town, rail: DarajaRail) -> None:
        """Query, callback, confirmation and list agree on one receipt."""
        acknowledged = await rail.collect(collect(town))
        before = await rail.query_collect(acknowledged.rail_id)

        await answered(town, "pay")
        called = read(rail, "stk", await town.gateway.hear("/stk"))
        (told,) = await town.gateway.hear("/confirmation")
        confirmed = rail.parse_callback("confirmation", told.json)
        queried = await rail.query_collect(acknowledged.rail_id)
        (listed,) = await rail.received_between(system() - MINUTE_MS, system() + MINUTE_MS)

        assert before.kind == "pending"
        assert (called.kind, called.amount_cents, called.msisdn) == ("done", 150_00, PHONE)
        assert called.rail_id == acknowledged.rail_id
        assert (queried.kind, queried.receipt) == ("done", None)
        assert isinstance(confirmed, Received)
        assert confirmed.receipt == listed.receipt == called.receipt
        assert confirmed.account == listed.account == "PY4T8"
        assert confirmed.amount_cents == listed.amount_cents == 150_00
        assert abs(confirmed.at - listed.at) <= 1000

    @pytest.mark.parametrize(
        ("answer", "words"), [("cancel", "cancelled"), ("wrong-pin", "wrong_pin"), ("insufficient", "low")]
    )
    async def test_a_refusal_is_the_same_by_callback_and_query(
        self, town: Town, rail: DarajaRail, answer: str, words: str
    ) -> None:
        """And the list stays empty."""
        acknowledged = await rail.collect(collect(town))

        await answered(town, answer)
        called = read(rail, "stk", await town.gateway.hear("/stk"))
        queried = await rail.query_collect(acknowledged.rail_id)

        assert (called.kind, called.words) == (queried.kind, queried.words) == ("refused", words)
        assert await rail.received_between(system() - MINUTE_MS, system() + MINUTE_MS) == []

    async def test_a_phone_with_an_open_prompt_gets_no_second(self, town: Town, rail: DarajaRail) -> None:
        """Refused with the code that means busy."""
        await rail.collect(collect(town))

        with pytest.raises(Rejected) as refusal:
            await rail.collect(collect(town))

        assert refusal.value.code == "1001"

    async def test_a_known_id_that_does_not_exist_today_is_pending(self, town: Town, rail: DarajaRail) -> None:
        """The service says so at random."""
        acknowledged = await rail.collect(collect(town))
        await town.fault("stk-query", "does-not-exist")

        assert (await rail.query_collect(acknowledged.rail_id)).kind == "pending"


class TestDisburse:
    async def test_a_pay_out_is_told_and_asked_about(self, town: Town, rail: DarajaRail) -> None:
        """Result and status agree, each with our id; a second request pays nothing."""
        acknowledged = await rail.disburse(disburse(town))
        told = read(rail, "b2c/result", await town.gateway.hear("/result"))
        again = await rail.disburse(disburse(town))
        await rail.ask_status(ask(town))
        asked = read(rail, "status/result", await town.gateway.hear("/asked"))

        assert (told.kind, told.amount_cents, told.msisdn) == ("done", 500_00, PHONE)
        assert (told.our_id, told.rail_id) == ("op-2", acknowledged.rail_id)
        assert (asked.kind, asked.receipt, asked.amount_cents) == ("done", told.receipt, 500_00)
        assert (asked.our_id, asked.rail_id, asked.msisdn) == ("op-2", acknowledged.rail_id, PHONE)
        assert again.is_repeat
        assert len(await town.movements()) == 1

    async def test_without_float_it_is_our_fault(self, town: Town, rail: DarajaRail) -> None:
        """Refused in the result, failed in the status."""
        await town.control("POST", "float", amount="100.00")

        await rail.disburse(disburse(town))
        told = read(rail, "b2c/result", await town.gateway.hear("/result"))
        await rail.ask_status(ask(town))
        asked = read(rail, "status/result", await town.gateway.hear("/asked"))

        assert (told.kind, told.words, told.code) == ("refused", "refused", "1")
        assert (asked.kind, asked.words) == ("refused", "refused")

    async def test_an_unregistered_phone_is_its_owners_reason(self, town: Town, rail: DarajaRail) -> None:
        """The customer is told that it cannot be paid."""
        await town.control("POST", "people", phone=PHONE, registered=False)

        await rail.disburse(disburse(town))

        told = read(rail, "b2c/result", await town.gateway.hear("/result"))
        assert (told.kind, told.words, told.code) == ("refused", "unpaid", "2040")

    async def test_a_pay_out_nobody_made_is_not_known_to_have_failed(self, town: Town, rail: DarajaRail) -> None:
        """The question fails, which proves nothing."""
        await rail.ask_status(ask(town, "op-never"))

        asked = read(rail, "status/result", await town.gateway.hear("/asked"))
        assert (asked.kind, asked.receipt) == ("uncertain", None)

    async def test_a_queue_that_takes_too_long_is_uncertain_until_the_result(
        self, town: Town, rail: DarajaRail
    ) -> None:
        """The result still follows."""
        await town.fault("b2c", "queue-timeout", seconds=0.05)

        await rail.disburse(disburse(town))
        late = read(rail, "b2c/timeout", await town.gateway.hear("/timeout"))
        told = read(rail, "b2c/result", await town.gateway.hear("/result"))

        assert (late.kind, late.our_id) == ("uncertain", "op-2")
        assert told.kind == "done"


class TestFaults:
    @pytest.mark.parametrize(
        ("kind", "error", "paid"),
        [("http-500", Uncertain, 1), ("timeout", Uncertain, 1), ("drop", Uncertain, 0), ("busy", Throttled, 0)],
    )
    async def test_what_we_are_told_never_contradicts_the_money(
        self, town: Town, kind: str, error: type[Exception], paid: int
    ) -> None:
        """Uncertain may or may not have paid; throttled never has; the same id then pays at most once."""
        rail = DarajaRail(config(town, timeout_seconds=0.5), system)
        await town.fault("b2c", kind, seconds=5)

        with pytest.raises(error):
            await rail.disburse(disburse(town))
        moved = len(await town.movements())
        await town.control("DELETE", "faults")
        again = await rail.disburse(disburse(town))
        await rail.close()

        assert moved == paid
        assert again.is_repeat == bool(paid)
        assert len(await town.movements()) == 1

    async def test_another_system_on_the_same_app_only_costs_a_token(self, town: Town, rail: DarajaRail) -> None:
        """Its token kills ours; all our calls go through with one new one."""
        await rail.disburse(disburse(town))
        await town.token(town.settings.payout)

        await asyncio.gather(*(rail.disburse(disburse(town, f"op-{number}")) for number in range(3, 8)))

        async def is_all_paid() -> bool:
            return len(await town.movements()) == 6

        await wait_until(is_all_paid)
