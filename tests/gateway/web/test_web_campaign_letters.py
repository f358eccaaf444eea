"""Campaigns that go by e-mail beside SMS: to confirmed addresses only, counted apart, ended from within a letter."""

import csv
import io
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, cast

from sqlalchemy import select

from gateway.campaigns import letters
from gateway.campaigns.records import named
from gateway.papers import records
from gateway.store import customers
from gateway.store.tables import consents
from tests.gateway.playbooks.street import LOAN, PIN, dialled
from tests.gateway.postoffice import PostOffice, opened
from tests.gateway.web.test_web_campaigns import AMINA, AWAKE, BARAKA, did, made, over
from tests.house import House, Houses
from tests.servers import wait_until

BOTH = ["sms", "email"]
KEY = {"Idempotency-Key": "channels"}


async def visited(house: House, method: str, path: str, **kwargs: Any) -> tuple[int, str]:
    """As whoever holds a link: nobody we know."""
    async with house.http.request(method, f"{house.url}{path}", **kwargs) as response:
        return response.status, await response.text()


async def wants(house: House, phone: str, address: str, **wishes: bool) -> str:
    """Somebody with a confirmed address; their id."""
    async with house.gateway.store.begin() as connection:
        person = await customers.on_line(connection, phone)
        assert person is not None
        await customers.changed(connection, person.id, email=address, email_verified_at=1)
        if wishes:
            await records.wished(connection, person.id, 1, **wishes)
        return str(person.id)


class TestLetters:
    async def test_they_go_beside_the_sms_and_are_ended_by_their_link(self, houses: Houses) -> None:
        """One to each confirmed address, in the language of the row; what is ended is on record and stays ended."""
        office = PostOffice()
        async with opened(office) as mail:
            house = await houses.build(mail=mail.model_dump(), campaigns={"feed_seconds": 0.05}, **AWAKE)
            amina = await wants(house, AMINA, "amina@post.example")
            before = await made(house, channels=BOTH)
            await did(house, before["reference"], "start")
            after = await over(house, before["reference"])
            _, report = await house.ops("GET", f"/api/campaigns/{before['reference']}/report")

            (letter,) = office.letters
            link = str(letter["List-Unsubscribe"]).strip("<>")
            path = "/u/" + link.rpartition("/u/")[2]
            looked_at, page = await visited(house, "GET", path)
            still = await made(house, "still", channels=BOTH)
            ended, thanks = await visited(house, "POST", path, data={"List-Unsubscribe": "One-Click"})
            again, _ = await visited(house, "POST", path)
            nothing = await made(house, "nothing", channels=BOTH)
            async with house.gateway.store.read() as connection:
                kinds = select(consents.c.kind).where(consents.c.customer_id == amina)
                said = list(await connection.scalars(kinds.where(consents.c.kind.like("campaigns%"))))

        assert (before["channels"], before["emails"]) == (BOTH, {"toSend": 1, "counts": {}})
        assert (after["emails"], after["counts"]) == ({"toSend": 0, "counts": {"sent": 1}}, {"delivered": 2})
        assert [row["email"] for row in csv.DictReader(io.StringIO(report.removeprefix("\ufeff")))] == ["sent", ""]
        assert (letter["To"], letter["Subject"]) == ("amina@post.example", "A notice from Nyota")
        assert "Hello Amina, we open in =Thika." in cast("bytes", letter.get_payload(decode=True)).decode()
        assert len(await house.texts(AMINA)) == 1
        assert (looked_at, still["emails"]["toSend"]) == (200, 1)
        assert "<form" in page
        assert (ended, again, nothing["emails"]["toSend"]) == (200, 200, 0)
        assert "<form" not in thanks
        assert nothing["toSend"] == 2
        assert said == ["campaigns_mail.stop"]

    async def test_they_are_put_and_taken_back_by_themselves(self, house: House) -> None:
        """What was given up is in no queue."""
        identities = [
            await wants(house, phone, f"{name}@post.example", no_campaigns_by_mail=refuses)
            for phone, name, refuses in ((AMINA, "amina", False), (BARAKA, "baraka", True))
        ]
        reference = (await made(house))["reference"]
        async with house.gateway.store.begin() as connection:
            campaign = await named(connection, reference)
            assert campaign is not None
            await letters.added(connection, campaign.id, last=9)
            [one] = await letters.waiting(connection, campaign.id, limit=9)
            before = await letters.counts(connection, campaign.id)
            await letters.given_up(connection, campaign.id, now=1)
            after = await letters.counts(connection, campaign.id)

        assert (one.customer_id, one.text) == (identities[0], "Hello Amina, we open in =Thika.")
        assert (before, after) == ({"pending": 1}, {"skipped": 1})


class TestChannels:
    async def test_a_letter_without_an_sms_or_without_a_server_is_refused(self, house: House) -> None:
        """With what would be right."""
        body = {"name": "Town", "purpose": "notice", "texts": {"en": "Hello"}, "by": "jane"}
        answers = [
            await house.ops("POST", "/api/campaigns", json={**body, "channels": channels}, headers=KEY)
            for channels in (["email"], ["sms", "sms"], BOTH)
        ]

        assert [status for status, _ in answers] == [422, 422, 422]
        assert "a letter goes beside an SMS" in answers[0][1]["detail"]
        assert "there is no mail server: see mail.host" in answers[2][1]["detail"]


class TestReminders:
    async def test_a_wish_on_the_phone_brings_reminders_to_the_address(
        self, tmp_path: Path, fresh_sqlite: str, fresh_redis: str
    ) -> None:
        """On record with what else was agreed to; the SMS comes as before."""
        office = PostOffice()
        async with opened(office) as mail, AsyncExitStack() as stack:
            houses = Houses(stack, tmp_path, fresh_sqlite, fresh_redis)
            house = await houses.build(mail=mail.model_dump(), **AWAKE)
            amina = await wants(house, AMINA, "amina@post.example")
            screen = await dialled(house, "8", "5", PIN, "7", "1")
            agreed = await dialled(house, "8", "8", "1")
            values = {
                "first_name": ["first", "Amina"],
                "next": ["ksh", 100_00],
                "loan": LOAN,
                "due": ["day", "2026-09-04"],
            }
            async with house.gateway.store.begin() as connection:
                await house.gateway.outbox.tell(
                    connection, "cause", amina, AMINA, "remind.today", {**values, "account": "0711000001"}
                )
            await house.settled()
            (letter,) = office.letters
            texts = await house.texts(AMINA)

        assert "From now on payment reminders go to a***@post.example too." in screen
        assert "E-mail reminders" in agreed
        assert letter["Subject"] == "Nyota payment reminder"
        assert any(f"for loan {LOAN}" in text for text in texts)

    async def test_an_address_that_is_confirmed_again_gets_letters_of_campaigns_again(
        self, tmp_path: Path, fresh_sqlite: str, fresh_redis: str
    ) -> None:
        """Whoever ended them has a way back on the phone, and what they want besides stays."""
        office = PostOffice()
        async with opened(office) as mail, AsyncExitStack() as stack:
            house = await Houses(stack, tmp_path, fresh_sqlite, fresh_redis).build(mail=mail.model_dump(), **AWAKE)
            amina = await wants(house, AMINA, "amina@post.example", receipts_by_mail=True, no_campaigns_by_mail=True)
            await dialled(house, "8", "5", PIN, "3", "new@post.example")
            await wait_until(lambda: office.letters)
            code = office.letters[0]["Subject"].rpartition(" ")[2]
            screen = await dialled(house, "8", "5", PIN, "4", code)
            async with house.gateway.store.read() as connection:
                wishes = await records.wishes_of(connection, amina)

        assert "Your e-mail address is confirmed." in screen
        assert wishes == records.Wishes(receipts=True)
