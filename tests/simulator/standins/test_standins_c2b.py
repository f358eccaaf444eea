"""C2B: registered addresses, payments from the menu, validation, pulling."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from simulator.standins import stamps
from tests.simulator.standins.standins_town import PHONE, Reply, Town

START = 1_800_000_000.0


async def pay(town: Town, **changes: Any) -> Reply:
    body = {"phone": f"+{PHONE}", "amount": "200.00", "account": "0711000001"}
    return await town.ask("POST", "/control/c2b", json=body | changes)


class TestRegistration:
    async def test_addresses_are_registered(self, tmp_path: Path) -> None:
        """With Safaricom's own spelling in the answer."""
        async with Town(tmp_path) as town:
            reply = await town.register()

        assert reply.status == 200
        assert reply.json["ResponseCode"] == "0"
        assert "OriginatorCoversationID" in reply.json

    async def test_production_registers_once(self, tmp_path: Path) -> None:
        """The sandbox takes any number; with `registerOnce` the second call is an error."""
        async with Town(tmp_path) as town:
            await town.register()
            sandbox = await town.register()
            await town.control("POST", "settings", registerOnce=True)
            production = await town.register()

        assert sandbox.status == 200
        assert (production.status, production.json["errorCode"]) == (500, "500.003.1001")
        assert production.json["errorMessage"] == "Urls are already registered"

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("ShortCode", "600998"),
            ("ResponseType", "completed"),
            ("ConfirmationURL", "http://127.0.0.1/mpesa/confirmation"),
            ("ConfirmationURL", None),
            ("ValidationURL", "http://127.0.0.1/SQL/validation"),
            ("ValidationURL", "http://192.0.2.1/validation"),
        ],
    )
    async def test_a_wrong_field_is_refused_by_name(self, tmp_path: Path, field: str, value: Any) -> None:
        """Addresses with forbidden words, too, in any case."""
        async with Town(tmp_path) as town:
            refused = await town.register(**{field: value})

        assert refused.status == 400
        assert refused.json["errorMessage"] == f"Bad Request - Invalid {field}"


class TestPayments:
    async def test_a_payment_from_the_menu_is_confirmed(self, tmp_path: Path) -> None:
        """The confirmation says what was typed and hides the payer."""
        async with Town(tmp_path) as town:
            await town.register()
            reply = await pay(town)
            (told,) = await town.gateway.hear("/confirmation")
            (moved,) = await town.movements()

        assert reply.json["movement"] == moved
        assert moved["kind"] == "c2b"
        assert told.json["TransID"] == moved["receipt"]
        assert told.json["TransAmount"] == "200.00"
        assert told.json["BillRefNumber"] == "0711000001"
        assert told.json["OrgAccountBalance"] == "200.00"
        assert told.json["MSISDN"] == "2547 ***** 001"
        assert (told.json["FirstName"], told.json["LastName"]) == ("AMINA", "WANJIRU")

    async def test_an_stk_payment_is_confirmed_too(self, tmp_path: Path) -> None:
        """Same receipt as in the callback, and our reference as what the customer typed."""
        async with Town(tmp_path) as town:
            await town.register("v1")
            await town.push()
            (confirmed,) = await town.gateway.hear("/confirmation")
            (moved,) = await town.movements()

        assert confirmed.json["TransID"] == moved["receipt"]
        assert confirmed.json["BillRefNumber"] == "LN00042"
        assert confirmed.json["MSISDN"] == hashlib.sha256(PHONE.encode()).hexdigest()

    async def test_a_till_has_no_account_number(self, tmp_path: Path) -> None:
        """Buy Goods is confirmed under its real name and without a reference."""
        async with Town(tmp_path) as town:
            await town.register()
            await town.push(TransactionType="CustomerBuyGoodsOnline")
            (confirmed,) = await town.gateway.hear("/confirmation")

        assert confirmed.json["TransactionType"] == "Customer Merchant Payment"
        assert confirmed.json["BillRefNumber"] == ""

    async def test_without_registration_nobody_is_told(self, tmp_path: Path) -> None:
        """The money moves all the same."""
        async with Town(tmp_path) as town:
            await pay(town)
            moved = await town.movements()
            health = await town.control("GET", "health")

        assert len(moved) == 1
        assert health["pendingCallbacks"] == 0

    @pytest.mark.parametrize(
        ("changes", "status", "kind"),
        [
            ({"amount": "50001"}, 409, "payment-refused"),
            ({"amount": "10.50"}, 422, "invalid-amount"),
            ({"amount": "0"}, 422, "invalid-amount"),
            ({"amount": "1e999999"}, 422, "invalid-amount"),
            ({"phone": "12"}, 422, "invalid-phone"),
            ({"account": ""}, 422, "invalid-account"),
            ({"account": "x" * 21}, 422, "invalid-account"),
        ],
    )
    async def test_what_the_menu_would_not_take_is_a_problem(
        self, tmp_path: Path, changes: dict[str, str], status: int, kind: str
    ) -> None:
        """And no money moves."""
        async with Town(tmp_path) as town:
            reply = await pay(town, **changes)
            moved = await town.movements()

        assert reply.status == status
        assert reply.json["type"] == f"urn:nyota:standins:{kind}"
        assert moved == []


class TestValidation:
    async def test_the_gateway_may_reject_a_payment(self, tmp_path: Path) -> None:
        """With validation on, its no keeps the customer's money where it is."""
        async with Town(tmp_path, validation=True) as town:
            await town.register()
            town.gateway.reply = {"ResultCode": "C2B00012", "ResultDesc": "Rejected"}
            reply = await pay(town)
            (asked,) = town.gateway.at("/validation")
            moved = await town.movements()

        assert reply.status == 409
        assert reply.json["type"] == "urn:nyota:standins:payment-rejected"
        assert "C2B00012" in reply.json["detail"]
        assert asked.json["OrgAccountBalance"] == ""
        assert moved == []

    async def test_an_accepted_payment_keeps_its_receipt(self, tmp_path: Path) -> None:
        """What was validated is what is confirmed."""
        async with Town(tmp_path, validation=True) as town:
            await town.register()
            await pay(town)
            (asked,) = town.gateway.at("/validation")
            (told,) = await town.gateway.hear("/confirmation")

        assert asked.json["TransID"] == told.json["TransID"]

    @pytest.mark.parametrize(("response_type", "status"), [("Completed", 200), ("Cancelled", 409)])
    async def test_without_an_answer_the_response_type_decides(
        self, tmp_path: Path, response_type: str, status: int
    ) -> None:
        """The gateway hangs for longer than M-PESA waits."""
        async with Town(tmp_path, validation=True, validation_seconds=0.1) as town:
            await town.register(ResponseType=response_type)
            town.gateway.is_open.clear()
            reply = await pay(town)
            town.gateway.is_open.set()

        assert reply.status == status


class TestPull:
    @staticmethod
    def window(since: float, until: float) -> dict[str, str]:
        spaced = "%Y-%m-%d %H:%M:%S"
        return {
            "StartDate": f"{stamps.eat(since):{spaced}}",
            "EndDate": f"{stamps.eat(until):{spaced}}",
            "OffSetValue": "0",
        }

    @staticmethod
    async def register(town: Town) -> Reply:
        body = {
            "ShortCode": town.settings.collection.shortcode,
            "RequestType": "Pull",
            "NominatedNumber": PHONE,
            "CallBackURL": town.gateway.url("/pull"),
        }
        return await town.daraja(town.settings.collection, "/pulltransactions/v1/register", body)

    @staticmethod
    async def query(town: Town, method: str = "POST", **fields: Any) -> Reply:
        body = {"ShortCode": town.settings.collection.shortcode, **fields}
        return await town.daraja(town.settings.collection, "/pulltransactions/v1/query", body, method)

    async def test_registering_twice_is_no_error(self, tmp_path: Path) -> None:
        """The status tells which time it was."""
        async with Town(tmp_path) as town:
            first, second = await self.register(town), await self.register(town)

        assert [reply.json["ResponseStatus"] for reply in (first, second)] == ["1000", "1001"]

    @pytest.mark.parametrize("method", ["POST", "GET"])
    async def test_payments_of_the_window_are_listed_in_a_list(self, tmp_path: Path, method: str) -> None:
        """STK payments as well as those from the menu, and no pay-outs."""
        time = [START]
        async with Town(tmp_path, now=lambda: time[0]) as town:
            await self.register(town)
            await town.push()
            await town.gateway.hear("/stk")
            await pay(town)
            await town.pay_out()
            reply = await self.query(town, method, **self.window(START - 60, START))
            moved = await town.movements()

        ((stk, c2b),) = reply.json["Response"]
        assert reply.json["ResponseCode"] == "1000"
        assert [stk["transactionId"], c2b["transactionId"]] == [found["receipt"] for found in moved[:2]]
        assert stk["billreference"] == "LN00042"
        assert stk["trxDate"] == stamps.zulu(START)
        assert (c2b["amount"], c2b["msisdn"]) == ("200.00", PHONE)

    async def test_nothing_found_is_an_empty_list_in_a_list(self, tmp_path: Path) -> None:
        """With a code of its own."""
        async with Town(tmp_path) as town:
            await self.register(town)
            reply = await self.query(town, **self.window(START, START + 60))

        assert reply.json["ResponseCode"] == "1001"
        assert reply.json["Response"] == [[]]

    async def test_only_two_days_back_are_kept_in_reach(self, tmp_path: Path) -> None:
        """An older payment is not listed, however early the window starts."""
        time = [START]
        async with Town(tmp_path, now=lambda: time[0], token_seconds=10**6) as town:
            await self.register(town)
            await pay(town)
            time[0] += 48 * 3600
            within = await self.query(town, **self.window(START - 60, time[0]))
            time[0] += 1
            beyond = await self.query(town, **self.window(START - 60, time[0]))

        assert (within.json["ResponseCode"], beyond.json["ResponseCode"]) == ("1000", "1001")

    async def test_an_offset_skips(self, tmp_path: Path) -> None:
        """So that a long list can be read on."""
        async with Town(tmp_path, now=lambda: START) as town:
            await self.register(town)
            await pay(town, account="first")
            await pay(town, account="second")
            reply = await self.query(town, **self.window(START, START) | {"OffSetValue": "1"})

        assert [found["billreference"] for found in reply.json["Response"][0]] == ["second"]

    @pytest.mark.parametrize("field", ["StartDate", "EndDate", "OffSetValue", "ShortCode"])
    async def test_a_wrong_field_is_refused_by_name(self, tmp_path: Path, field: str) -> None:
        """And so is a shortcode of somebody else."""
        async with Town(tmp_path) as town:
            await self.register(town)
            fields = {**self.window(START, START), field: "x"}
            refused = await self.query(town, **fields)

        assert refused.json["errorMessage"] == f"Bad Request - Invalid {field}"

    async def test_an_unregistered_shortcode_is_refused(self, tmp_path: Path) -> None:
        """Registering comes first."""
        async with Town(tmp_path) as town:
            refused = await self.query(town, **self.window(START, START))

        assert refused.status == 400
