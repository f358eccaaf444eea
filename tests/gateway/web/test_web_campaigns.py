"""Campaigns over HTTP, to real people of a real house, with the carrier's stand-in at the end."""

import csv
import io
from typing import Any

from sqlalchemy import select, update

from gateway.clock import system
from gateway.store.tables import customers, messages
from gateway.texting import stops
from tests.house import House, Houses
from tests.servers import wait_until

AMINA, BARAKA = "+254711000001", "+254711000002"
TEXTS = {"en": "Hello {name}, we open in {town}.", "sw": "Habari {name}, tunafungua {town}."}
HEAD = "phone,language,name,town\n"
TABLE = HEAD + "0711000001,en,Amina,=Thika\n0711000002,sw,Baraka,Meru\n"
AWAKE: dict[str, Any] = {"messages": {"quiet_from": "00:00:00", "quiet_until": "00:00:00"}}


async def awake(houses: Houses, **overrides: Any) -> House:
    """A house in which it is never night."""
    return await houses.build(**AWAKE, campaigns={"feed_seconds": 0.05, **overrides})


async def made(
    house: House, key: str = "town", purpose: str = "notice", table: str = TABLE, **more: Any
) -> dict[str, Any]:
    """A campaign with its table, as it is shown before it starts."""
    body = {"name": "Town office", "purpose": purpose, "texts": TEXTS, "by": "jane", **more}
    status, answer = await house.ops("POST", "/api/campaigns", json=body, headers={"Idempotency-Key": key})
    assert status == 201, answer
    path = f"/api/campaigns/{answer['reference']}/people?by=jane"
    status, answer = await house.ops("PUT", path, data=table.encode())
    assert status == 200, answer
    return dict(answer)


async def did(house: House, reference: str, act: str, by: str = "jane") -> tuple[int, Any]:
    return await house.ops("POST", f"/api/campaigns/{reference}/{act}", json={"by": by, "why": "as agreed"})


async def shown(house: House, reference: str) -> dict[str, Any]:
    status, answer = await house.ops("GET", f"/api/campaigns/{reference}")
    assert status == 200
    return dict(answer)


async def over(house: House, reference: str) -> dict[str, Any]:
    """The campaign, once everybody's message is settled and reported on."""

    async def is_over() -> bool:
        found = await shown(house, reference)
        return found["state"] == "done" and not {"sent", "queued", "pending"} & found["counts"].keys()

    await wait_until(is_over, 20)
    return await shown(house, reference)


class TestSending:
    async def test_everybody_gets_it_once_in_their_language(self, houses: Houses) -> None:
        """And the report adds up to the table."""
        house = await awake(houses)
        table = TABLE + "0711000002,sw,Baraka,Meru\n0799999999,en,Nobody,Embu\n12,en,Bad,Embu\n"

        before = await made(house, table=table)
        status, _ = await did(house, before["reference"], "start")
        after = await over(house, before["reference"])

        assert (before["toSend"], before["parts"], before["cost"]) == (2, 2, "1.60")
        assert [fault["row"] for fault in before["faults"]] == [6]
        assert status == 200
        assert after["counts"] == {"delivered": 2, "skipped": 3}
        assert {(each["reason"], each["people"]) for each in after["reasons"]} == {
            ("repeated", 1), ("no customer", 1), ("bad", 1),
        }  # fmt: skip
        assert after["spent"] == "1.60"
        assert await house.texts(AMINA) == ["Hello Amina, we open in =Thika."]
        assert await house.texts(BARAKA) == ["Habari Baraka, tunafungua Meru."]

    async def test_a_partners_campaign_carries_its_sender_id(self, houses: Houses) -> None:
        """Everybody sees who speaks."""
        house = await houses.build(
            messages={**AWAKE["messages"], "partners": {"damza": "DAMZA"}}, campaigns={"feed_seconds": 0.05}
        )

        before = await made(house, partner="damza")
        await did(house, before["reference"], "start")
        await over(house, before["reference"])

        assert {each.sender for each in await house.outside.messages(AMINA)} == {"DAMZA"}

    async def test_the_report_names_everybody_and_holds_no_formula(self, house: House) -> None:
        """One line for each row of the table."""
        before = await made(house, table=HEAD + "=1+2,en,Amina,Thika\n0711000001,en,Amina,Thika\n")

        status, body = await house.ops("GET", f"/api/campaigns/{before['reference']}/report")
        head, *rows = csv.reader(io.StringIO(body.removeprefix("\ufeff")))

        assert status == 200
        assert head == ["row", "phone", "language", "parts", "outcome", "reason", "cost", "at", "email"]
        assert [row[:6] for row in rows] == [
            ["2", "'=1+2", "en", "0", "skipped", "bad"],
            ["3", "254711000001", "en", "1", "pending", ""],
        ]


class TestWhoIsNotWrittenTo:
    async def test_a_stop_and_a_wish_for_no_offers_are_kept(self, house: House) -> None:
        """An offer goes to whoever has chosen offers; nothing of the kind to whoever has said STOP."""
        async with house.gateway.store.begin() as connection:
            await connection.execute(update(customers).where(customers.c.msisdn == AMINA).values(offers=True))
            await connection.execute(update(customers).where(customers.c.msisdn == BARAKA).values(offers=False))
        offer = await made(house, "one", "offer")
        async with house.gateway.store.begin() as connection:
            await stops.stopped(connection, AMINA, "word", system())
        notice = await made(house, "two", "notice")

        assert [(each["reason"], each["people"]) for each in offer["reasons"]] == [("no offers", 1)]
        assert [(each["reason"], each["people"]) for each in notice["reasons"]] == [("stopped", 1)]

    async def test_nobody_is_written_to_at_a_quiet_hour(self, one_house: Houses) -> None:
        """It waits in the queue, and is over only when it has gone."""
        house = await one_house.build(messages={"quiet_from": "00:00:00", "quiet_until": "23:59:59"})
        before = await made(house)

        await did(house, before["reference"], "start")

        async def is_waiting() -> bool:
            rows = await house.operations("campaign.feed")
            return bool(rows and rows[0].reason == "not at this hour")

        await wait_until(is_waiting, 10)
        assert (await shown(house, before["reference"]))["counts"] == {"pending": 2}
        assert await house.texts(AMINA) == []


class TestTwoPeople:
    async def test_a_large_one_waits_for_somebody_else(self, one_house: Houses) -> None:
        """Neither who wrote it nor who started it."""
        house = await awake(one_house, alone_most=1)
        reference = (await made(house))["reference"]

        _, started = await did(house, reference, "start", "omar")
        refused = [(await did(house, reference, "approve", by))[0] for by in ("jane", "omar")]
        _, approved = await did(house, reference, "approve", "grace")
        after = await over(house, reference)

        assert (started["state"], started["needsSecondPerson"]) == ("waiting", True)
        assert refused == [409, 409]
        assert approved["approvedBy"] == "grace"
        assert after["counts"] == {"delivered": 2}


class TestHolding:
    async def test_a_pause_holds_back_and_a_resume_goes_on_without_repeats(self, one_house: Houses) -> None:
        """One message in the queue at a time."""
        house = await awake(one_house, at_once=1)
        reference = (await made(house))["reference"]

        await did(house, reference, "start")
        _, paused = await did(house, reference, "pause")
        _, resumed = await did(house, reference, "resume")
        await over(house, reference)

        assert (paused["state"], resumed["state"]) == ("paused", "running")
        assert len(await house.texts(AMINA)) == len(await house.texts(BARAKA)) == 1

    async def test_what_is_given_up_is_not_sent(self, one_house: Houses) -> None:
        """Nor can it be taken up again."""
        house = await one_house.build(works=False)
        reference = (await made(house))["reference"]

        await did(house, reference, "start")
        _, cancelled = await did(house, reference, "cancel")
        status, _ = await did(house, reference, "resume")

        assert cancelled["counts"] == {"skipped": 2}
        assert [(each["reason"], each["people"]) for each in cancelled["reasons"]] == [("cancelled", 2)]
        assert status == 409
        async with house.gateway.store.read() as connection:
            assert (await connection.execute(select(messages))).all() == []


class TestRefusals:
    async def test_the_same_key_is_the_same_campaign(self, house: House) -> None:
        """And no other one."""
        first = await made(house, "same")
        again = await made(house, "same")
        body = {"name": "Other", "purpose": "notice", "texts": TEXTS, "by": "jane"}
        status, answer = await house.ops("POST", "/api/campaigns", json=body, headers={"Idempotency-Key": "same"})

        assert first["reference"] == again["reference"]
        assert (status, answer["type"]) == (409, "urn:nyota:problem:idempotency-key-reused")

    async def test_what_cannot_be_read_is_refused_by_its_reason(self, house: House) -> None:
        """The campaign stays as it was."""
        reference = (await made(house))["reference"]

        path = f"/api/campaigns/{reference}/people?by=jane"
        status, answer = await house.ops("PUT", path, data=b"phone,name\n0711000001,Amina\n")

        assert (status, answer["type"]) == (422, "urn:nyota:problem:unreadable")
        assert "not there: language" not in answer["detail"]
        assert "town" in answer["detail"]
        assert (await shown(house, reference))["toSend"] == 2

    async def test_a_campaign_with_nobody_does_not_start(self, house: House) -> None:
        """Everybody in it may have a reason."""
        reference = (await made(house, table=HEAD + "0799999999,en,Nobody,Embu\n"))["reference"]

        status, answer = await did(house, reference, "start")

        assert (status, answer["type"]) == (409, "urn:nyota:problem:nobody")

    async def test_an_unknown_one_is_not_found(self, house: House) -> None:
        """Whatever is asked of it."""
        assert (await house.ops("GET", "/api/campaigns/CP00000"))[0] == 404
        assert (await did(house, "CP00000", "start"))[0] == 404
