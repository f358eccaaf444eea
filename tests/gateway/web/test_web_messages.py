"""SMS for operators: sent once per key, listed page by page, and who carries them."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import update

from gateway.store.tables import customers
from tests.gateway.playbooks.street import AMINA
from tests.house import House, Houses
from tests.servers import wait_until

BODY = {"to": "0711000001", "text": "Our office is closed on 12 Dec", "by": "jane"}


async def send(house: House, key: str | None = "key-1", **changes: Any) -> tuple[int, Any]:
    headers = {"Authorization": "Bearer 0123456789abcdef"} | ({"Idempotency-Key": key} if key else {})
    async with house.http.post(f"{house.url}/api/sms/send", json={**BODY, **changes}, headers=headers) as response:
        return response.status, await response.json(content_type=None)


class TestSend:
    async def test_a_message_goes_out_once_for_a_key(self, house: House) -> None:
        """The same again answers what has become of it; another one under its key is refused."""
        status, answer = await send(house)
        await house.settled()
        again, later = await send(house)
        other, problem = await send(house, text="Something else")

        assert (status, answer["state"], answer["parts"], answer["alphabet"]) == (202, "queued", 1, "gsm7")
        assert (again, later) == (202, {**answer, "state": "done"})
        assert (other, problem["type"]) == (409, "urn:nyota:problem:idempotency-key-reused")
        assert await house.texts(AMINA) == [BODY["text"]]
        await wait_until(lambda: house.outside.messages(AMINA))
        assert [each.text for each in await house.outside.messages(AMINA)] == [BODY["text"]]

    async def test_an_offer_reaches_only_who_has_chosen_offers(self, house: House) -> None:
        """What people must know reaches everybody."""
        refused, problem = await send(house, "key-1", purpose="offer")
        async with house.gateway.store.begin() as connection:
            await connection.execute(update(customers).where(customers.c.msisdn == AMINA).values(offers=True))
        accepted, _ = await send(house, "key-2", purpose="offer")

        assert (refused, problem["type"]) == (409, "urn:nyota:problem:opted-out")
        assert accepted == 202

    async def test_a_partners_message_carries_its_sender_id(self, houses: Houses) -> None:
        """On the phone it comes from them; a name that is nobody's is refused."""
        house = await houses.build(messages={"partners": {"damza": "DAMZA"}})

        status, _ = await send(house, partner="damza")
        stranger, problem = await send(house, "key-2", partner="nobody")

        await wait_until(lambda: house.outside.messages(AMINA))
        assert status == 202
        assert (stranger, problem["type"]) == (422, "urn:nyota:problem:invalid")
        assert [each.sender for each in await house.outside.messages(AMINA)] == ["DAMZA"]
        await house.settled()
        _, listed = await house.ops("GET", "/api/sms/notifications")
        assert [each["sender"] for each in listed["notifications"]] == ["DAMZA"]

    async def test_of_many_at_once_each_gets_its_own_answer(self, houses: Houses) -> None:
        """They are committed together; a key that comes twice is one message, and what is refused holds up nobody."""
        house = await houses.build(works=False)
        wanted = [{"key": f"key-{number % 20}", "text": f"message {number % 20}"} for number in range(40)]
        wanted += [{"key": "key-stranger", "to": "0733000000"}, {"key": "key-offer", "purpose": "offer"}]

        answers = await asyncio.gather(*(send(house, **each) for each in wanted))
        other, _ = await send(house, "key-7", text="Something else")

        assert [status for status, _ in answers] == [202] * 40 + [404, 409]
        assert len({answer["reference"] for _, answer in answers[:40]}) == 20
        assert len(await house.operations("sms.send")) == 20
        assert other == 409

    async def test_what_cannot_be_sent_is_said(self, house: House) -> None:
        """And nothing is queued."""
        answers = [
            await send(house, None),
            await send(house, to="12345"),
            await send(house, to="0733000000"),
            await send(house, text=" "),
            await send(house, text="x" * 481),
            await send(house, purpose="threat"),
        ]

        assert [status for status, _ in answers] == [400, 422, 404, 422, 422, 422]
        assert await house.operations("sms.send") == []


class TestReading:
    async def test_notifications_come_page_by_page(self, house: House) -> None:
        """The newest first, of one phone or in one state where that is asked for."""
        for number in range(3):
            await send(house, f"key-{number}", text=f"message {number}")
        await house.settled()

        _, first = await house.ops("GET", "/api/sms/notifications?phone=0711000001&limit=2")
        _, second = await house.ops("GET", f"/api/sms/notifications?limit=2&cursor={first['cursor']}")
        _, failed = await house.ops("GET", "/api/sms/notifications?state=failed")

        shown = [*first["notifications"], *second["notifications"]]
        assert sorted(each["text"] for each in shown) == ["message 0", "message 1", "message 2"]
        assert {(each["provider"], each["sender"]) for each in shown} == {("africastalking", "NYOTA")}
        assert second["cursor"] is None
        assert failed["notifications"] == []

    @pytest.mark.parametrize("query", ["phone=12", "limit=many", "cursor=12", "cursor=-1-x"])
    async def test_what_cannot_be_read_is_said(self, house: House, query: str) -> None:
        """With the field's name."""
        status, _ = await house.ops("GET", f"/api/sms/notifications?{query}")

        assert status == 422

    async def test_sentences_and_carriers_are_shown(self, house: House) -> None:
        """With rank and health."""
        _, sentences = await house.ops("GET", "/api/sms/templates")
        _, settings = await house.ops("GET", "/api/sms/settings")

        paid = next(each for each in sentences["templates"] if each["name"] == "borrow.paid")
        assert (paid["rank"], paid["mandatory"], set(paid["words"])) == ("receipt", True, {"en", "sw"})
        assert settings["carriers"] == [{"name": "africastalking", "score": 1.0, "rate": None}]
        assert (settings["quietFrom"], settings["quietUntil"]) == ("00:00", "00:00")
        assert (settings["partners"], settings["shortCodes"]) == ({}, [])
