"""Transaction status, account balance and reversal."""

from pathlib import Path
from typing import Any

import pytest

from tests.simulator.standins.standins_town import PHONE, Heard, Reply, Town, parameters

REVERSAL = "/mpesa/reversal/v1/request"
BALANCE = "/mpesa/accountbalance/v1/query"


async def paid(town: Town) -> str:
    """The receipt of a payment of 150.00 by STK."""
    await town.push()
    await town.gateway.hear("/stk")
    return (await town.movements())[0]["receipt"]


async def reverse(town: Town, receipt: str, **changes: Any) -> Reply:
    fields = {
        "TransactionID": receipt,
        "Amount": 150,
        "ReceiverParty": town.settings.collection.shortcode,
        "RecieverIdentifierType": "11",
    }
    return await town.enquire(town.settings.collection, REVERSAL, "TransactionReversal", **fields | changes)


async def answer_of(town: Town) -> Heard:
    return (await town.gateway.hear("/asked"))[0]


class TestStatus:
    @pytest.mark.parametrize("field", ["OriginalConversationID", "OriginatorConversationID"])
    async def test_a_payout_is_found_by_our_own_id(self, tmp_path: Path, field: str) -> None:
        """Under either name of the field."""
        async with Town(tmp_path) as town:
            await town.pay_out()
            ack = await town.status(town.settings.payout, **{field: "op-000042"})
            told = await answer_of(town)
            (moved,) = await town.movements()

        assert ack.json["ResponseCode"] == "0"
        assert told.json["Result"]["ResultCode"] == 0
        assert told.json["Result"]["ConversationID"] == ack.json["ConversationID"]
        assert parameters(told)["TransactionStatus"] == "Completed"
        assert parameters(told)["ReceiptNo"] == moved["receipt"]
        assert parameters(told)["Amount"] == 500.0
        assert parameters(told)["OriginatorConversationID"] == "op-000042"
        assert parameters(told)["CreditPartyName"] == f"{PHONE} - AMINA WANJIRU"

    async def test_a_payout_is_found_by_conversation_and_by_receipt(self, tmp_path: Path) -> None:
        """The three ids lead to the same payment."""
        async with Town(tmp_path) as town:
            conversation_id = (await town.pay_out()).json["ConversationID"]
            (moved,) = await town.movements()
            await town.status(town.settings.payout, OriginalConversationID=conversation_id)
            await town.status(town.settings.payout, TransactionID=moved["receipt"])
            told = await town.gateway.hear("/asked", times=2)

        assert {parameters(heard)["ReceiptNo"] for heard in told} == {moved["receipt"]}

    async def test_a_failed_payout_is_answered_as_failed(self, tmp_path: Path) -> None:
        """The enquiry succeeds, the transaction did not."""
        async with Town(tmp_path, payout_float_cents=0) as town:
            await town.pay_out()
            await town.status(town.settings.payout, OriginalConversationID="op-000042")
            told = await answer_of(town)

        assert told.json["Result"]["ResultCode"] == 0
        assert parameters(told)["TransactionStatus"] == "Failed"
        assert parameters(told)["ReceiptNo"] is None

    async def test_a_customers_payment_is_found_with_payer(self, tmp_path: Path) -> None:
        """The one place where the API unmasks a payer."""
        async with Town(tmp_path) as town:
            receipt = await paid(town)
            await town.status(town.settings.collection, TransactionID=receipt)
            told = await answer_of(town)

        assert parameters(told)["DebitPartyName"] == f"{PHONE} - AMINA WANJIRU"
        assert parameters(told)["TransactionStatus"] == "Completed"

    @pytest.mark.parametrize(
        ("fields", "code"),
        [
            ({"OriginalConversationID": "op-unknown"}, "R000002"),
            ({"TransactionID": "UA12BC34DE"}, "R000002"),
            ({}, 25),
        ],
    )
    async def test_what_is_unknown_is_no_success(self, tmp_path: Path, fields: dict[str, str], code: int | str) -> None:
        """An unknown or missing id gives a Result with its own code and no parameters."""
        async with Town(tmp_path) as town:
            await town.status(town.settings.payout, **fields)
            told = await answer_of(town)

        assert told.json["Result"]["ResultCode"] == code
        assert "ResultParameters" not in told.json["Result"]

    async def test_another_apps_transactions_are_unknown(self, tmp_path: Path) -> None:
        """A shortcode is told about its own movements only."""
        async with Town(tmp_path) as town:
            receipt = await paid(town)
            await town.pay_out()
            await town.status(town.settings.payout, TransactionID=receipt)
            await town.status(town.settings.collection, OriginalConversationID="op-000042")
            told = await town.gateway.hear("/asked", times=2)

        assert {heard.json["Result"]["ResultCode"] for heard in told} == {"R000002"}

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("Initiator", None),
            ("SecurityCredential", ""),
            ("CommandID", "Status"),
            ("PartyA", "1"),
            ("IdentifierType", "9"),
            ("ResultURL", None),
        ],
    )
    async def test_a_wrong_field_is_refused_by_name(self, tmp_path: Path, field: str, value: Any) -> None:
        """Before anything is looked up."""
        async with Town(tmp_path) as town:
            refused = await town.status(town.settings.payout, **{field: value})

        assert refused.json["errorMessage"] == f"Bad Request - Invalid {field}"


class TestBalance:
    async def test_accounts_are_told_in_six_fields_each(self, tmp_path: Path) -> None:
        """The utility account shows what can be paid out."""
        async with Town(tmp_path, payout_float_cents=2_000_00) as town:
            await town.pay_out()
            await town.enquire(town.settings.payout, BALANCE, "AccountBalance")
            told = await answer_of(town)

        accounts = parameters(told)["AccountBalance"].split("&")
        assert accounts[1] == "Utility Account|KES|1500.00|1500.00|0.00|0.00"
        assert [len(account.split("|")) for account in accounts] == [6, 6, 6]


class TestReversal:
    async def test_a_payment_is_given_back_once(self, tmp_path: Path) -> None:
        """The second reversal is refused with R000001, and the customer has the money once."""
        async with Town(tmp_path) as town:
            receipt = await paid(town)
            await reverse(town, receipt)
            await town.gateway.hear("/asked")
            await reverse(town, receipt)
            first, second = await town.gateway.hear("/asked", times=2)
            moved = await town.movements()
            person = (await town.control("GET", f"people?phone={PHONE}"))["person"]
            totals = (await town.control("GET", "money"))["totals"]

        assert first.json["Result"]["ResultCode"] == 0
        assert parameters(first)["OriginalTransactionID"] == receipt
        assert second.json["Result"]["ResultCode"] == "R000001"
        assert [movement["kind"] for movement in moved] == ["stk", "reversal"]
        assert moved[1]["reference"] == receipt
        assert person["balance"] == "50000.00"
        assert (totals["in"], totals["out"]) == ("150.00", "150.00")

    async def test_only_a_whole_known_payment_is_given_back(self, tmp_path: Path) -> None:
        """An unknown receipt and a part of the amount are refused."""
        async with Town(tmp_path) as town:
            receipt = await paid(town)
            await reverse(town, "UA12BC34DE")
            await reverse(town, receipt, Amount=100)
            told = await town.gateway.hear("/asked", times=2)
            moved = await town.movements()

        assert {heard.json["Result"]["ResultCode"] for heard in told} == {"R000002", 25}
        assert len(moved) == 1

    async def test_a_reversal_is_itself_found_by_receipt(self, tmp_path: Path) -> None:
        """With the parties the other way round."""
        async with Town(tmp_path) as town:
            await reverse(town, await paid(town))
            reversal = (await town.movements())[1]
            await town.gateway.hear("/asked")
            await town.status(town.settings.collection, TransactionID=reversal["receipt"])
            told = (await town.gateway.hear("/asked", times=2))[1]

        assert parameters(told)["CreditPartyName"] == f"{PHONE} - AMINA WANJIRU"
