"""Delivery reports and rail callbacks over HTTP: kept and answered, refused without saying more than needed."""

import asyncio
import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import select

from gateway.store.tables import callbacks, deliveries, messages
from tests.house import CALLBACK_TOKEN, House, Houses
from tests.meddling import AMINA, BORROW, healthy, typed
from tests.servers import wait_until

REPORT = "/api/sms/delivery/africastalking"
PAY = f"/api/public/pay/{CALLBACK_TOKEN}"
STATUSES = ("Sent", "Success")
ACCEPTED = {"ResultCode": 0, "ResultDesc": "Accepted"}


async def posted(house: House, path: str, **request: Any) -> tuple[int, str]:
    async with house.http.post(f"{house.url}{path}", **request) as response:
        return response.status, await response.text()


async def rows(house: House, table: Any) -> list[Any]:
    async with house.gateway.store.read() as connection:
        return list(await connection.execute(select(table)))


class TestDeliveryReports:
    """What became of an SMS, as the provider tells it."""

    async def test_a_report_moves_its_message_and_a_final_state_stays(self, houses: Houses) -> None:
        """Twice, late and out of order."""
        house = await houses.build(standin_settings={"delivery_seconds": 600.0})
        await typed(house, *BORROW)
        await house.settled()
        (message,) = await rows(house, messages)

        for status in ("Sent", "Success", "Success", "Buffered"):
            form = {"id": message.provider_id, "status": status, "phoneNumber": AMINA}
            assert await posted(house, REPORT, data=form) == (200, "")

        (message,) = await rows(house, messages)
        assert message.state == "delivered"
        assert [row.status for row in await rows(house, deliveries)] == ["Sent", "Success", "Success", "Buffered"]

    async def test_a_report_about_nothing_we_know_is_kept_too(self, house: House) -> None:
        """It may come before the call returned. What no database keeps is left out of it."""
        assert await posted(house, REPORT, data={"id": "ATXid_\0new", "status": "Failed"}) == (200, "")
        assert [row.provider_id for row in await rows(house, deliveries)] == ["ATXid_new"]

    async def test_while_the_database_is_away_it_is_answered_and_kept_after(self, light: Houses) -> None:
        """The carrier may not tell it again; health says that something waits on disk."""
        house = await light.build(works=False, database={"busy_seconds": 0.1})
        file = house.config.database.url.removeprefix("sqlite+aiosqlite:///")
        with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
            await asyncio.to_thread(other.execute, "BEGIN EXCLUSIVE")
            answers = [await posted(house, REPORT, data={"id": "ATXid_1", "status": each}) for each in STATUSES]
            _, health = await healthy(house)
            other.execute("ROLLBACK")

        async def is_kept() -> bool:
            return [row.status for row in await rows(house, deliveries)] == list(STATUSES)

        await wait_until(is_kept)
        assert answers == [(200, ""), (200, "")]
        assert health["checks"]["sms_reports"] == {"status": "degraded", "waiting": 2}

    @pytest.mark.parametrize(
        ("path", "request_", "status"),
        [
            (REPORT, {"data": {"status": "Success"}}, 400),
            (REPORT, {"json": {"id": "x", "status": "Success"}}, 400),
            (f"{REPORT}/token", {"data": {"id": "x", "status": "Success"}}, 403),
            ("/api/sms/delivery/nobody", {"data": {"id": "x", "status": "Success"}}, 404),
        ],
    )
    async def test_what_is_none_is_refused(
        self, house: House, path: str, request_: dict[str, Any], status: int
    ) -> None:
        """And nothing of it is kept."""
        assert (await posted(house, path, **request_))[0] == status
        assert await rows(house, deliveries) == []


class TestRailCallbacks:
    """The token in the path is all that says it is them."""

    @pytest.mark.parametrize("path", ["confirmation", "validation", "b2c/result", "status/result", "stk/abc"])
    async def test_a_wrong_token_finds_nothing_there(self, house: House, path: str) -> None:
        """As if the address did not exist."""
        status, body = await posted(house, f"/api/public/pay/0123/{path}", json={})

        assert status == 404
        assert "urn:nyota:problem:not-found" in body
        assert await rows(house, callbacks) == []

    @pytest.mark.parametrize("body", ["", "{broken", "[]", '"text"', "null"])
    async def test_a_body_that_is_none_is_a_400(self, house: House, body: str) -> None:
        """With the right token too."""
        status, answer = await posted(house, f"{PAY}/confirmation", data=body)

        assert status == 400
        assert "urn:nyota:problem:not-a-callback" in answer

    async def test_a_forged_request_path_is_taken_and_moves_nothing(self, house: House) -> None:
        """Kept raw as forged; the answer gives nothing away."""
        result = {"Body": {"stkCallback": {"MerchantRequestID": "1", "CheckoutRequestID": "ws_CO_1", "ResultCode": 0,
                                           "ResultDesc": "ok", "CallbackMetadata": {"Item": []}}}}  # fmt: skip

        status, answer = await posted(house, f"{PAY}/stk/{'0' * 32}", json=result)

        assert (status, json.loads(answer)) == (200, ACCEPTED)
        assert [row.verdict for row in await rows(house, callbacks)] == ["forged"]
        assert await house.operations() == []

    async def test_any_payment_may_be_made(self, house: House) -> None:
        """Money for an unknown account is held, not refused."""
        status, answer = await posted(house, f"{PAY}/validation", json={"BillRefNumber": "nobody"})

        assert (status, json.loads(answer)) == (200, ACCEPTED)

    async def test_only_listed_addresses_may_call_when_there_is_a_list(self, houses: Houses) -> None:
        """Another address finds nothing there, even with the token."""
        house = await houses.build(works=False, rails={"daraja": {"allow_addresses": ("196.201.214.200",)}})

        assert (await posted(house, f"{PAY}/confirmation", json={}))[0] == 404
