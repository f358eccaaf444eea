"""Callbacks that are lost, late, doubled, early or wrong, and the ones that are simply sent."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest

from simulator.standins.callbacks import form_callback, json_callback
from tests.simulator.standins.standins_town import PHONE, Heard, Reply, Town, metadata, parameters

Call = Callable[[Town], Coroutine[None, None, Reply]]


async def push(town: Town) -> Reply:
    return await town.push()


async def pay_out(town: Town) -> Reply:
    return await town.pay_out()


async def ask_status(town: Town) -> Reply:
    return await town.status(town.settings.payout, OriginalConversationID="op-1")


async def ask_balance(town: Town) -> Reply:
    return await town.enquire(town.settings.payout, "/mpesa/accountbalance/v1/query", "AccountBalance")


async def pay_paybill(town: Town) -> Reply:
    await town.register()
    body = {"phone": PHONE, "amount": 200, "account": "LN1"}
    return await town.ask("POST", "/control/c2b", json=body)


async def send_sms(town: Town) -> Reply:
    await town.control("POST", "settings", deliveryUrl=town.gateway.url("/delivery"))
    return await town.send_sms()


CALLS = [
    ("stk", push, "/stk"),
    ("b2c", pay_out, "/result"),
    ("status", ask_status, "/asked"),
    ("balance", ask_balance, "/asked"),
    ("c2b", pay_paybill, "/confirmation"),
    ("sms", send_sms, "/delivery"),
]


@pytest.mark.parametrize(("api", "call", "path"), CALLS)
class TestDelivery:
    async def test_a_callback_is_sent_once(self, tmp_path: Path, api: str, call: Call, path: str) -> None:
        """Even when the gateway answers with nonsense; and nothing is left to send."""
        async with Town(tmp_path) as town:
            town.gateway.reply = ["nonsense", api]
            await call(town)
            await town.gateway.hear(path)
            await town.health()
            heard = town.gateway.at(path)

        assert len(heard) == 1

    async def test_a_lost_callback_never_comes(self, tmp_path: Path, api: str, call: Call, path: str) -> None:
        """Nothing waits to be sent, and nothing was."""
        async with Town(tmp_path) as town:
            await town.fault(api, "lost-callback")
            await call(town)
            await town.health()
            heard = town.gateway.at(path)

        assert heard == []

    async def test_a_duplicate_callback_comes_twice_the_same(
        self, tmp_path: Path, api: str, call: Call, path: str
    ) -> None:
        """Byte for byte."""
        async with Town(tmp_path) as town:
            await town.fault(api, "duplicate-callback", seconds=0)
            await call(town)
            first, second = await town.gateway.hear(path, times=2)

        assert first.text == second.text

    async def test_a_late_callback_comes_when_its_time_has_come(
        self, tmp_path: Path, api: str, call: Call, path: str
    ) -> None:
        """Until then it waits; afterwards it is the usual one."""
        time = [1_800_000_000.0]
        async with Town(tmp_path, now=lambda: time[0], token_seconds=10**6) as town:
            await town.fault(api, "late-callback", seconds=600)
            await call(town)
            await town.health(callbacks=1)
            early = town.gateway.at(path)
            time[0] += 600
            await town.control("POST", "settings", autoAnswer=True)
            await town.gateway.hear(path)

        assert early == []


def amount_told(path: str, heard: Heard) -> float:
    """The amount in shillings that a callback tells."""
    if path == "/stk":
        return float(metadata(heard)["Amount"])
    if path == "/confirmation":
        return float(heard.json["TransAmount"])
    return float(parameters(heard)["TransactionAmount"])


class TestWrongAmount:
    @pytest.mark.parametrize(("api", "call", "path"), [case for case in CALLS if case[0] in ("stk", "b2c", "c2b")])
    async def test_a_callback_tells_another_amount_than_moved(
        self, tmp_path: Path, api: str, call: Call, path: str
    ) -> None:
        """The rail's own book keeps the truth."""
        async with Town(tmp_path) as town:
            await town.fault(api, "wrong-amount")
            await call(town)
            (heard,) = await town.gateway.hear(path)
            (moved,) = await town.movements()

        assert amount_told(path, heard) == float(moved["amount"]) + 1


class TestCallbackFirst:
    @pytest.mark.parametrize(
        ("api", "call", "path"), [case for case in CALLS if case[0] in ("stk", "b2c", "status", "balance")]
    )
    async def test_the_callback_is_over_before_the_answer(
        self, tmp_path: Path, api: str, call: Call, path: str
    ) -> None:
        """While the gateway has not answered the callback, it gets no answer itself."""
        async with Town(tmp_path, callback_seconds=3600.0, auto_answer_seconds=3600.0) as town:
            await town.fault(api, "callback-first")
            town.gateway.is_open.clear()
            calling = asyncio.create_task(call(town))
            await town.gateway.hear(path)
            is_answered = calling.done()
            town.gateway.is_open.set()
            reply = await calling

        assert not is_answered
        assert reply.status == 200

    async def test_a_hand_held_phone_is_waited_for(self, tmp_path: Path) -> None:
        """With nobody answering by itself, the person's answer comes first, then the callback, then ours."""
        async with Town(tmp_path, auto_answer=False) as town:
            await town.token(town.settings.collection)
            await town.fault("stk", "callback-first")
            pushing = asyncio.create_task(town.push())
            prompt = await town.open_prompt()
            await town.control("POST", f"stk/{prompt['id']}/answer", answer="cancel")
            ack = await pushing
            heard = town.gateway.at("/stk")

        assert ack.status == 200
        assert [told.json["Body"]["stkCallback"]["ResultCode"] for told in heard] == [1032]


class TestQueueTimeout:
    async def test_the_timeout_url_is_told_before_the_result(self, tmp_path: Path) -> None:
        """Which says that nothing is known, although the money has moved."""
        async with Town(tmp_path) as town:
            await town.fault("b2c", "queue-timeout", seconds=0.2)
            ack = await town.pay_out()
            (timeout,) = await town.gateway.hear("/timeout")
            (result,) = await town.gateway.hear("/result")

        paths = [heard.path for heard in town.gateway.heard]
        assert paths == ["/timeout", "/result"]
        assert timeout.json["Result"]["ResultType"] == 1
        assert timeout.json["Result"]["ConversationID"] == ack.json["ConversationID"]
        assert result.json["Result"]["ResultCode"] == 0


class TestUnreachableGateway:
    async def test_a_callback_nobody_takes_is_not_repeated(self, tmp_path: Path) -> None:
        """Safaricom sends once."""
        async with Town(tmp_path) as town:
            unused = "http://127.0.0.1:1/stk"
            await town.push(CallBackURL=unused)
            await town.health()
            moved = await town.movements()

        assert len(moved) == 1

    async def test_a_hanging_gateway_is_given_up(self, tmp_path: Path) -> None:
        """After the time-out the callback counts as sent, and others were sent meanwhile."""
        async with Town(tmp_path, send_timeout_seconds=0.2) as town:
            town.gateway.is_open.clear()
            await town.pay_out("op-1")
            await town.pay_out("op-2")
            await town.gateway.hear("/result", times=2)
            await town.health()
            heard = town.gateway.at("/result")

        assert len(heard) == 2

    async def test_more_callbacks_than_can_be_sent_at_once_are_all_sent(self, tmp_path: Path) -> None:
        """They wait for their turn."""
        async with Town(tmp_path, sends_at_once=2) as town:
            for number in range(7):
                await town.pay_out(f"op-{number}")
            heard = await town.gateway.hear("/result", times=7)

        ids = {told.json["Result"]["OriginatorConversationID"] for told in heard}
        assert len(ids) == 7


class TestWording:
    def test_json_and_forms_are_marked_as_such(self) -> None:
        """With the content types of the real services."""
        told = json_callback("stk", "1", "http://127.0.0.1/", {"a": 1})
        report = form_callback("delivery", "1", "http://127.0.0.1/", {"phoneNumber": "+254711000001"})

        assert told.headers["Content-Type"] == "application/json;charset=UTF-8"
        assert report.headers["Content-Type"] == "application/x-www-form-urlencoded"
        assert report.body == "phoneNumber=%2B254711000001"
