"""Letters of a campaign are put into the queue a few at a time, and a full mailbox is nobody else's."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import update

from gateway.campaigns import records
from gateway.campaigns.desk import FEED
from gateway.campaigns.people import Person
from gateway.config import Campaigns
from gateway.operations.playbook import Work
from gateway.playbooks import beside_mail, campaign
from gateway.playbooks.beside_mail import KIND
from gateway.playbooks.campaign import Feeding
from gateway.playbooks.message import NEVER
from gateway.store import customers
from gateway.store.tables import operations
from tests.gateway.rails_flow.office import AMINA, BARAKA, START, Office, office_on

ID = "5f0c7a1e-30c4-4b0e-8f7f-736d73736e64"
WORK = Work(
    number=1, id="feed", reference="CF1", kind=FEED, customer_id="", intent={"campaign": ID, "round": 1},
    state="queued", step="feed", generation=0, attempts=0, data={}, created_at=START, waiting_since=None, fence=1,
)  # fmt: skip


@pytest.fixture
async def office(fresh_sqlite: str) -> AsyncIterator[Office]:
    """A running campaign, by e-mail too, to two people with addresses."""
    async with office_on(fresh_sqlite) as office:
        async with office.store.begin() as connection:
            await records.made(
                connection, id=ID, reference="CP1", name="town", purpose="notice", texts={"en": "Hello"}, sender="",
                by_mail=True, state="running", round=1, faults=[], created_by="jane", created_at=1, updated_at=1,
            )  # fmt: skip
            people = [Person(row, phone, "en", "Hello", 1) for row, phone in enumerate((AMINA, BARAKA), 2)]
            await records.filled(connection, ID, people)
            for phone in (AMINA, BARAKA):
                await customers.changed(connection, phone, email=f"{phone}@post.example", email_verified_at=1)
        office.shop.playbooks[KIND] = beside_mail.playbook(cast("Any", SimpleNamespace(name="send")))
        yield office


async def fed(office: Office) -> int:
    """How many letters there are after another look."""
    feeding = Feeding(office.shop.outbox, Campaigns(mails_at_once=1), NEVER)
    async with office.store.begin() as connection:
        await feeding.feed(connection, WORK, office.clock())
    return len(await office.operations(KIND))


async def put_off(office: Office) -> None:
    """The mail server has said of all of them: later."""
    async with office.store.begin() as connection:
        later = {"attempts": 1, "due_at": office.clock() + 300_000}
        await connection.execute(update(operations).where(operations.c.kind == KIND).values(**later))


class TestLetters:
    async def test_one_that_is_put_off_takes_nobody_elses_place(self, office: Office) -> None:
        """It is tried for days; the others leave meanwhile."""
        before = [await fed(office), await fed(office)]

        await put_off(office)

        assert before == [1, 1]
        assert await fed(office) == 2

    async def test_only_so_many_are_put_off_at_once(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        """The queue does not hold a campaign that no server takes."""
        monkeypatch.setattr(campaign, "PUT_OFF_MOST", 1)
        await fed(office)

        await put_off(office)

        assert await fed(office) == 1
