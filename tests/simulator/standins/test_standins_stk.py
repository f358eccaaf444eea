"""STK push and its query."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.standins.standins_town import OTHER_PHONE, PHONE, Town, metadata


class TestPush:
    async def test_an_accepted_push_is_paid_and_told(self, tmp_path: Path) -> None:
        """The prompt is paid by itself, and callback, receipt and movement agree."""
        async with Town(tmp_path) as town:
            ack = await town.push()
            (told,) = await town.gateway.hear("/stk")
            (moved,) = await town.movements()

        assert ack.status == 200
        assert ack.json["ResponseCode"] == "0"
        assert ack.json["CheckoutRequestID"].startswith("ws_CO_")
        assert ack.json["CheckoutRequestID"].endswith(PHONE[3:])
        callback = told.json["Body"]["stkCallback"]
        assert callback["CheckoutRequestID"] == ack.json["CheckoutRequestID"]
        assert callback["ResultCode"] == 0
        assert metadata(told)["Amount"] == 150.0
        assert metadata(told)["PhoneNumber"] == int(PHONE)
        assert metadata(told)["MpesaReceiptNumber"] == moved["receipt"]
        assert told.headers["Businessshortcode"] == town.settings.collection.shortcode
        assert (moved["kind"], moved["amount"], moved["reference"]) == ("stk", "150.00", "LN00042")

    @pytest.mark.parametrize(
        ("answer", "state", "code"),
        [
            ("cancel", "cancelled", 1032),
            ("wrong-pin", "wrong-pin", 2001),
            ("insufficient", "insufficient", 1),
        ],
    )
    async def test_a_refused_prompt_moves_nothing(self, tmp_path: Path, answer: str, state: str, code: int) -> None:
        """Each way to refuse has its state and its code, and no metadata."""
        async with Town(tmp_path, auto_answer=False) as town:
            await town.push()
            (prompt,) = await town.prompts()
            answered = await town.control("POST", f"stk/{prompt['id']}/answer", answer=answer)
            (told,) = await town.gateway.hear("/stk")
            moved = await town.movements()

        assert prompt["state"] == "open"
        assert answered["prompt"]["state"] == state
        assert told.json["Body"]["stkCallback"]["ResultCode"] == code
        assert "CallbackMetadata" not in told.json["Body"]["stkCallback"]
        assert moved == []

    async def test_an_ignored_prompt_expires(self, tmp_path: Path) -> None:
        """Nobody answers, and after its time the prompt is closed with 1037."""
        async with Town(tmp_path, auto_answer_with="ignore", prompt_seconds=0.2) as town:
            await town.push()
            (told,) = await town.gateway.hear("/stk")
            (prompt,) = await town.prompts()

        assert told.json["Body"]["stkCallback"]["ResultCode"] == 1037
        assert prompt["state"] == "expired"
        assert prompt["receipt"] is None

    @pytest.mark.parametrize(
        ("amount", "balance", "code"), [(150, "149.00", 1), (250_001, "300000.00", 3), (100, "100.00", 0)]
    )
    async def test_paying_takes_the_money_and_keeps_the_limits(
        self, tmp_path: Path, amount: int, balance: str, code: int
    ) -> None:
        """A customer pays with what is there, and never above the limit of a transaction."""
        async with Town(tmp_path) as town:
            await town.control("POST", "people", phone=PHONE, balance=balance)
            await town.push(Amount=amount)
            (told,) = await town.gateway.hear("/stk")

        assert told.json["Body"]["stkCallback"]["ResultCode"] == code

    async def test_the_daily_limit_of_a_customer_is_kept(self, tmp_path: Path) -> None:
        """The push which would exceed the day's limit fails with code 4."""
        async with Town(tmp_path, daily_max_cents=200_00) as town:
            await town.push()
            await town.gateway.hear("/stk")
            await town.push()
            told = await town.gateway.hear("/stk", times=2)

        assert [heard.json["Body"]["stkCallback"]["ResultCode"] for heard in told] == [0, 4]

    async def test_a_text_too_long_for_the_phone_fails_with_1025(self, tmp_path: Path) -> None:
        """It is accepted first, as the real service does, and no prompt is opened."""
        async with Town(tmp_path) as town:
            ack = await town.push(TransactionDesc="x" * 182)
            (told,) = await town.gateway.hear("/stk")

        assert ack.status == 200
        assert told.json["Body"]["stkCallback"]["ResultCode"] == 1025

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("Timestamp", "20261302030405"),
            ("Timestamp", "2026-01-02"),
            ("TransactionType", "CustomerPaybillOnline"),
            ("Amount", 0),
            ("Amount", "10.50"),
            ("Amount", 10.0),
            ("Amount", True),
            ("Amount", -5),
            ("PartyA", "0711000001"),
            ("PhoneNumber", "+254711000001"),
            ("PhoneNumber", ""),
            ("PartyB", "600111"),
            ("CallBackURL", "ftp://127.0.0.1/stk"),
            ("CallBackURL", "http://127.0.0.1/st k"),
            ("CallBackURL", "https://example.com/stk"),
            ("AccountReference", "1234567890123"),
            ("AccountReference", None),
            ("TransactionDesc", " "),
            ("TransactionDesc", "half \ud83d"),
        ],
    )
    async def test_a_wrong_field_is_refused_by_name(self, tmp_path: Path, field: str, value: Any) -> None:
        """400.002.02 names the field, and no prompt is opened."""
        async with Town(tmp_path) as town:
            refused = await town.push(**{field: value})
            prompts = await town.prompts()

        assert refused.status == 400
        assert refused.json["errorCode"] == "400.002.02"
        assert refused.json["errorMessage"] == f"Bad Request - Invalid {field}"
        assert prompts == []

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"Password": "d3Jvbmc="}, "[MerchantValidate] - Wrong credentials"),
            ({"BusinessShortCode": "600111"}, "Merchant does not exist"),
        ],
    )
    async def test_wrong_merchant_credentials_are_refused(
        self, tmp_path: Path, changes: dict[str, str], message: str
    ) -> None:
        """The overloaded 500.001.1001 says in words what is wrong."""
        async with Town(tmp_path) as town:
            refused = await town.push(**changes)

        assert (refused.status, refused.json["errorCode"]) == (500, "500.001.1001")
        assert refused.json["errorMessage"] == message

    async def test_two_pushes_at_once_to_one_phone_open_one_prompt(self, tmp_path: Path) -> None:
        """The second is told that the subscriber is locked; another phone is not concerned."""
        async with Town(tmp_path, auto_answer=False) as town:
            await town.token(town.settings.collection)
            await town.push(PhoneNumber=OTHER_PHONE)
            replies = await asyncio.gather(*(town.push() for _ in range(2)))
            prompts = await town.prompts()

        accepted, locked = sorted(replies, key=lambda reply: reply.status)
        assert accepted.status == 200
        assert (locked.status, locked.json["errorCode"]) == (500, "500.001.1001")
        assert locked.json["errorMessage"].startswith("Unable to lock subscriber")
        assert len(prompts) == 1

    async def test_a_phone_is_free_again_after_its_prompt(self, tmp_path: Path) -> None:
        """Two pushes one after the other are two payments with two receipts."""
        async with Town(tmp_path) as town:
            await town.push()
            await town.gateway.hear("/stk")
            again = await town.push()
            await town.gateway.hear("/stk", times=2)
            moved = await town.movements()

        assert again.status == 200
        assert len({movement["receipt"] for movement in moved}) == 2


class TestQuery:
    async def test_an_open_prompt_is_pending_in_both_shapes(self, tmp_path: Path) -> None:
        """Sometimes an error body, sometimes code 4999; never anything final."""
        async with Town(tmp_path, auto_answer=False) as town:
            checkout_id = (await town.push()).json["CheckoutRequestID"]
            replies = [await town.query(checkout_id) for _ in range(40)]

        shapes = {(reply.status, reply.json.get("errorMessage"), reply.json.get("ResultCode")) for reply in replies}
        assert shapes == {(500, "The transaction is being processed", None), (200, None, "4999")}

    @pytest.mark.parametrize(
        ("answer", "code"), [("pay", "0"), ("cancel", "1032"), ("wrong-pin", "2001"), ("insufficient", "1")]
    )
    async def test_a_closed_prompt_has_a_final_text_code(self, tmp_path: Path, answer: str, code: str) -> None:
        """The code is text here, and neither receipt nor amount is told."""
        async with Town(tmp_path, auto_answer_with=answer) as town:
            checkout_id = (await town.push()).json["CheckoutRequestID"]
            await town.gateway.hear("/stk")
            final = await town.query(checkout_id)

        assert final.status == 200
        assert final.json["ResultCode"] == code
        assert set(final.json) == {
            "ResponseCode",
            "ResponseDescription",
            "MerchantRequestID",
            "CheckoutRequestID",
            "ResultCode",
            "ResultDesc",
        }

    async def test_an_unknown_id_does_not_exist(self, tmp_path: Path) -> None:
        """The overloaded error again."""
        async with Town(tmp_path) as town:
            refused = await town.query("ws_CO_1")

        assert (refused.status, refused.json["errorMessage"]) == (500, "The transaction does not Exist")

    async def test_a_known_id_may_not_exist_for_a_moment(self, tmp_path: Path) -> None:
        """With the fault, the real service's habit of losing ids for one poll."""
        async with Town(tmp_path) as town:
            checkout_id = (await town.push()).json["CheckoutRequestID"]
            await town.gateway.hear("/stk")
            await town.fault("stk-query", "does-not-exist")
            refused = await town.query(checkout_id)
            await town.control("DELETE", "faults")
            final = await town.query(checkout_id)

        assert refused.json["errorMessage"] == "The transaction does not Exist"
        assert final.json["ResultCode"] == "0"

    async def test_a_wrong_password_is_refused(self, tmp_path: Path) -> None:
        """The query checks the same credentials as the push."""
        async with Town(tmp_path) as town:
            refused = await town.query("ws_CO_1", Password="d3Jvbmc=")

        assert refused.json["errorMessage"] == "[MerchantValidate] - Wrong credentials"
