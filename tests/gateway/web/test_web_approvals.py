"""Requests that wait for a yes, over HTTP: listed for operators, answered by them where that is theirs to do."""

import uuid
from typing import Any

from gateway import demo
from gateway.approvals import decisions
from gateway.approvals.decisions import Ask
from gateway.operations import queue
from gateway.operations.claims import work_of
from gateway.store import customers
from tests.house import House
from tests.servers import wait_until

AMINA, BARAKA = "+254711000001", "+254711000002"


async def asked_of_staff(house: House, cents: int = 500_00) -> str:
    """A question to any officer, about the request that the demo has; its id."""
    identity, now = str(uuid.uuid4()), house.gateway.clock()
    async with house.gateway.store.begin() as connection:
        row = await queue.named(connection, demo.REQUEST)
        assert row is not None
        ask = Ask(identity, "officer", None, cents, now + 3_600_000)
        await decisions.asked(connection, work_of(row), ask, now)
    return identity


async def listed(house: House, **query: str) -> tuple[list[Any], str | None]:
    status, body = await house.ops("GET", "/api/approvals", params=query)
    assert status == 200, body
    return body["approvals"], body["cursor"]


async def answer(house: House, request: str, what: str, **body: str) -> tuple[int, Any]:
    return await house.ops("POST", f"/api/approvals/{request}/{what}", json=body)


class TestListing:
    async def test_a_request_is_shown_with_who_asks_whom_for_how_much(self, house: House) -> None:
        """Phones as E.164, amounts as text with their currency."""
        ((shown,), cursor) = await listed(house, state="open", phone="0711000001")

        assert cursor is None
        assert (shown["reference"], shown["kind"], shown["amount"], shown["currency"]) == (
            demo.REQUEST, "peer", "2000.00", "KES",
        )  # fmt: skip
        assert shown["requester"] == {"phone": AMINA, "name": "Amina Wanjiru"}
        assert shown["approver"] == {"phone": BARAKA, "name": "Baraka Otieno"}
        assert shown["expiresAt"].endswith("T00:00:00+03:00")

    async def test_pages_and_filters(self, house: House) -> None:
        """The cursor of one page asks for the next."""
        await asked_of_staff(house)
        first, cursor = await listed(house, limit="1")
        assert cursor is not None
        second, end = await listed(house, limit="1", cursor=cursor)

        assert (first[0]["kind"], second[0]["kind"], end) == ("officer", "peer", None)
        assert [each["kind"] for each in (await listed(house, kind="peer"))[0]] == ["peer"]
        assert await listed(house, state="declined") == ([], None)
        assert await listed(house, phone="0711000003") == ([], None)

    async def test_what_is_no_filter_is_said(self, house: House) -> None:
        """And nothing is shown without the token."""
        for query in ({"limit": "x"}, {"cursor": "x"}, {"phone": "12"}):
            status, body = await house.ops("GET", "/api/approvals", params=query)
            assert (status, body["type"]) == (422, "urn:nyota:problem:invalid")
        async with house.http.get(f"{house.url}/api/approvals") as response:
            assert response.status == 401


class TestAnswering:
    async def test_nobody_says_yes_with_somebody_elses_money(self, house: House) -> None:
        """That is done on their own phone; a no can be given for them."""
        ((shown,), _) = await listed(house, kind="peer")

        status, body = await answer(house, shown["id"], "approve", by="jane")
        assert (status, body["type"]) == (403, "urn:nyota:problem:theirs-alone")
        status, body = await answer(house, shown["id"], "decline", by="jane", reason="asked us to")

        assert (status, body["state"], body["decidedBy"], body["reason"]) == (200, "declined", "jane", "asked us to")

        async def is_told() -> bool:
            return any("was not approved" in text for text in await house.texts(AMINA))

        await wait_until(is_told)

    async def test_the_first_answer_counts(self, house: House) -> None:
        """The second hears what it was."""
        request = await asked_of_staff(house)
        assert (await answer(house, request, "approve", by="jane"))[1]["state"] == "approved"

        status, body = await answer(house, request, "decline", by="tom", reason="income")

        assert (status, body["type"]) == (409, "urn:nyota:problem:answered")
        assert "approved" in body["detail"]

    async def test_above_the_limit_two_people_are_needed(self, house: House) -> None:
        """Not the same one twice."""
        request = await asked_of_staff(house, 50_000_01)
        await answer(house, request, "approve", by="jane")
        second = next(each for each in (await listed(house, state="open", kind="officer"))[0])
        assert second["secondPerson"] is True

        for name in ("jane", "Jane", "JA NE"):
            status, body = await answer(house, second["id"], "approve", by=name)
            assert (status, body["type"]) == (409, "urn:nyota:problem:second-person")
        assert (await answer(house, second["id"], "approve", by="tom"))[0] == 200

    async def test_an_officer_is_one_person_on_the_phone_and_at_the_desk(self, house: House) -> None:
        """Who has said yes on their phone is not the second one by their name; nor does anybody approve their own."""
        request = await asked_of_staff(house, 50_000_01)
        async with house.gateway.store.begin() as connection:
            row = await decisions.get(connection, request)
            assert row is not None
            baraka = await customers.on_line(connection, BARAKA)
            assert baraka is not None
            ask = Ask(str(uuid.uuid4()), "officer", None, 50_000_01, row.expires_at, not_by=baraka.id)
            await decisions.asked_again(connection, row, ask, house.gateway.clock())

        for name in ("Baraka Otieno", "amina wanjiru", baraka.id):
            status, body = await answer(house, ask.id, "approve", by=name)
            assert (status, body["type"]) == (409, "urn:nyota:problem:second-person"), name
        assert (await answer(house, ask.id, "approve", by="tom"))[0] == 200

    async def test_what_cannot_be_read_is_said(self, house: House) -> None:
        """Which field, and that a reason is one of the list."""
        request = await asked_of_staff(house)

        assert (await answer(house, request, "approve"))[0] == 422
        status, body = await answer(house, request, "decline", by="jane", reason="ugly")
        assert status == 422
        assert body["detail"].startswith("reason: one of savings, history")
        assert (await answer(house, "nothing", "approve", by="jane"))[0] == 404
