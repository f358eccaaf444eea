"""B2C: paying customers out."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.standins.standins_town import OTHER_PHONE, PHONE, Town, parameters


class TestPayout:
    async def test_an_accepted_payout_moves_money_and_is_told(self, tmp_path: Path) -> None:
        """Acknowledgement, Result, float and movement agree."""
        async with Town(tmp_path, payout_float_cents=2_000_00) as town:
            ack = await town.pay_out()
            (told,) = await town.gateway.hear("/result")
            (moved,) = await town.movements()
            person = (await town.control("GET", f"people?phone={PHONE}"))["person"]

        assert ack.json["ResponseCode"] == "0"
        assert ack.json["OriginatorConversationID"] == "op-000042"
        result = told.json["Result"]
        assert result["ResultCode"] == 0
        assert result["OriginatorConversationID"] == "op-000042"
        assert result["ConversationID"] == ack.json["ConversationID"]
        assert result["TransactionID"] == moved["receipt"]
        assert parameters(told)["TransactionReceipt"] == moved["receipt"]
        assert parameters(told)["TransactionAmount"] == 500
        assert parameters(told)["ReceiverPartyPublicName"] == f"{PHONE} - AMINA WANJIRU"
        assert parameters(told)["B2CUtilityAccountAvailableFunds"] == 1500.0
        assert (moved["kind"], moved["phone"], moved["reference"]) == ("b2c", f"+{PHONE}", "op-000042")
        assert person["balance"] == "50500.00"

    async def test_the_same_id_again_is_refused_and_pays_nothing(self, tmp_path: Path) -> None:
        """Whatever else the second request says."""
        async with Town(tmp_path) as town:
            await town.pay_out()
            again = await town.pay_out(Amount=900, PartyB=OTHER_PHONE)
            moved = await town.movements()

        assert (again.status, again.json["errorCode"]) == (500, "500.002.1001")
        assert again.json["errorMessage"] == "Duplicate OriginatorConversationID."
        assert [movement["amount"] for movement in moved] == ["500.00"]

    async def test_one_of_many_requests_at_once_with_one_id_pays(self, tmp_path: Path) -> None:
        """The id decides, not the order of arrival."""
        async with Town(tmp_path) as town:
            await town.pay_out("op-first")
            replies = await asyncio.gather(*(town.pay_out("op-same") for _ in range(8)))
            moved = await town.movements()

        assert sorted(reply.status for reply in replies) == [200] + [500] * 7
        assert [movement["reference"] for movement in moved] == ["op-first", "op-same"]

    @pytest.mark.parametrize(
        ("person", "changes", "code"),
        [
            ({}, {"Amount": 9}, 2),
            ({}, {"Amount": 250_001}, 3),
            ({}, {"Amount": 60_001}, 1),
            ({"balance": "499600.00"}, {}, 8),
            ({"registered": False}, {}, 2040),
        ],
    )
    async def test_a_payout_that_cannot_be_made_is_told_later(
        self, tmp_path: Path, person: dict[str, Any], changes: dict[str, Any], code: int
    ) -> None:
        """It is acknowledged, then fails with its code, without parameters and without money."""
        async with Town(tmp_path, payout_float_cents=60_000_00) as town:
            await town.control("POST", "people", phone=PHONE, **person)
            ack = await town.pay_out(**changes)
            (told,) = await town.gateway.hear("/result")
            moved = await town.movements()

        assert ack.status == 200
        assert told.json["Result"]["ResultCode"] == code
        assert "ResultParameters" not in told.json["Result"]
        assert moved == []

    async def test_a_failed_payout_keeps_its_id(self, tmp_path: Path) -> None:
        """A fresh attempt needs a fresh id."""
        async with Town(tmp_path) as town:
            await town.control("POST", "float", amount="100.00")
            await town.pay_out()
            await town.control("POST", "float", amount="1000.00")
            again, fresh = await town.pay_out(), await town.pay_out("op-2")
            told = await town.gateway.hear("/result", times=2)

        assert again.json["errorCode"] == "500.002.1001"
        assert fresh.status == 200
        assert sorted(heard.json["Result"]["ResultCode"] for heard in told) == [0, 1]

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("OriginatorConversationID", ""),
            ("OriginatorConversationID", "x" * 129),
            ("InitiatorName", None),
            ("SecurityCredential", None),
            ("CommandID", "PayCustomer"),
            ("Amount", "12.50"),
            ("PartyA", "600999"),
            ("PartyB", "0711000001"),
            ("Remarks", "x"),
            ("Remarks", "x" * 101),
            ("QueueTimeOutURL", "nowhere"),
            ("ResultURL", "https://example.com/result"),
        ],
    )
    async def test_a_wrong_field_is_refused_and_the_id_stays_free(self, tmp_path: Path, field: str, value: Any) -> None:
        """400.002.02 names the field; nothing has happened."""
        async with Town(tmp_path) as town:
            refused = await town.pay_out(**{field: value})
            corrected = await town.pay_out()

        assert (refused.status, refused.json["errorCode"]) == (400, "400.002.02")
        assert refused.json["errorMessage"] == f"Bad Request - Invalid {field}"
        assert corrected.status == 200
