"""The door that callbacks come through: tokens that change, sources behind proxies, sizes, and forgeries."""

import json
from typing import Any

from sqlalchemy import select

from gateway.clock import DAY_MS
from gateway.store.tables import callbacks, cases, payments
from tests.house import CALLBACK_TOKEN, House, Houses

OLD = "0011223344556677"
CONFIRMATION = {
    "TransactionType": "Pay Bill", "TransID": "UA12BC34DE", "TransTime": "20260102030431", "TransAmount": "150.00",
    "BusinessShortCode": "600999", "BillRefNumber": "0711000001", "MSISDN": "2547 ***** 600",
}  # fmt: skip


async def posted(house: House, body: Any, *, token: str = CALLBACK_TOKEN, source: str = "") -> int:
    """A confirmation; the status of the answer."""
    headers = {"X-Forwarded-For": source} if source else {}
    url = f"{house.url}/api/public/pay/{token}/confirmation"
    async with house.http.post(url, data=json.dumps(body), headers=headers) as response:
        return response.status


async def verdicts(house: House) -> list[str]:
    async with house.gateway.store.read() as connection:
        return list(await connection.scalars(select(callbacks.c.verdict).order_by(callbacks.c.id)))


class TestTokens:
    async def test_both_are_taken_and_the_new_one_is_given_out(self, houses: Houses) -> None:
        """So that no callback is lost while URLs change hands."""
        house = await houses.build(works=False, server={"callback_tokens_old": OLD})

        assert await posted(house, CONFIRMATION, token=OLD) == 200
        assert await posted(house, CONFIRMATION) == 200
        assert await posted(house, CONFIRMATION, token="77665544332211aa") == 404

        assert await verdicts(house) == ["applied", "repeated"]
        assert house.gateway.tools.addresses.token == CALLBACK_TOKEN


class TestSources:
    async def test_behind_a_proxy_of_ours_the_caller_is_whom_it_names(self, houses: Houses) -> None:
        """And kept with what was called; without a proxy nobody names themselves."""
        behind = await houses.build(
            works=False,
            rails={"daraja": {"allow_addresses": ("196.201.214.0/24",)}},
            server={"trusted_proxies": ("127.0.0.0/8",)},
        )

        assert await posted(behind, CONFIRMATION, source="203.0.113.9, 196.201.214.200") == 200
        assert await posted(behind, CONFIRMATION, source="196.201.214.200, 203.0.113.9") == 404
        assert await posted(behind, CONFIRMATION) == 404

        async with behind.gateway.store.read() as connection:
            assert list(await connection.scalars(select(callbacks.c.source))) == ["196.201.214.200"]


class TestSize:
    async def test_what_is_longer_than_any_callback_is_none(self, house: House) -> None:
        """Neither kept nor read."""
        most = house.config.rails.daraja.callback_bytes_max

        assert await posted(house, {**CONFIRMATION, "BillRefNumber": "x" * most}) == 413
        assert await verdicts(house) == []

    async def test_shapes_that_are_none(self, house: House) -> None:
        """Deep, flat, empty, not ours: a 400 each and one line in the log."""
        shapes: list[Any] = [[], "text", 7, None, {}, {"Body": []}, {"TransID": {"a": 1}}, {"Result": [[[{}]]]}]
        for body in shapes:
            assert await posted(house, body) == 400, body
        url = f"{house.url}/api/public/pay/{CALLBACK_TOKEN}/confirmation"
        async with house.http.post(url, data="[" * 30_000) as response:
            assert response.status == 400

        assert await verdicts(house) == []


class TestForgeries:
    async def test_money_on_another_shortcode_is_not_booked_and_a_person_looks(self, house: House) -> None:
        """Recorded as it came, once however often."""
        for _ in range(2):
            assert await posted(house, {**CONFIRMATION, "BusinessShortCode": "111111"}) == 200
        await house.settled()

        assert await verdicts(house) == ["forged", "forged"]
        async with house.gateway.store.read() as connection:
            assert (await connection.execute(select(payments))).all() == []
            [case] = (await connection.execute(select(cases).where(cases.c.topic == "other shortcode"))).all()
        assert case.evidence["shortcode"] == "111111"
        assert case.answer_by - case.created_at == DAY_MS
