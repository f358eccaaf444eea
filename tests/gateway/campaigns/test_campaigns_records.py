"""What became of everybody in a campaign, counted from the messages themselves."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import insert

from gateway.campaigns import records
from gateway.campaigns.people import Person
from gateway.campaigns.records import Count
from gateway.campaigns.tables import campaign_people
from gateway.store.engine import Store
from gateway.store.tables import operations

CAMPAIGN = "k"


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """With a campaign that nobody is in yet."""
    store = Store(database_url)
    async with store.begin() as connection:
        await records.made(
            connection, id=CAMPAIGN, reference="CP7K2QD", state="running", faults=[], created_at=0, updated_at=0,
            name="Town", purpose="notice", texts={"en": "Hello"}, created_by="jane", sender="", by_mail=False,
        )  # fmt: skip
    yield store
    await store.close()


async def bring(store: Store, number: int) -> None:
    async with store.begin() as connection:
        await records.filled(
            connection, CAMPAIGN, [Person(n + 2, f"+2547110000{n:02}", "en", "Hello", 1 + n % 2) for n in range(number)]
        )


async def hand(store: Store, row: int, state: str, **more: Any) -> None:
    """Put the message of a row where it came to."""
    async with store.begin() as connection:
        await connection.execute(
            insert(operations).values(
                id=f"o{row}", reference=f"SM{row}", kind="sms.send", customer_id="", lane=f"l{row}", priority=8,
                intent={"campaign": CAMPAIGN}, intent_hash="", state=state, step="send", data={}, due_at=0,
                created_at=0, updated_at=0,
                is_open=state != "rejected", **more,
            )
        )  # fmt: skip
        await records.queued(connection, CAMPAIGN, row, f"o{row}")


class TestCounts:
    async def test_in_pieces_they_are_the_same_and_others_have_their_turn(self, store: Store) -> None:
        """Reading a hundred thousand rows in one go, no phone was answered meanwhile."""
        await bring(store, 7)
        turns = 0

        async def others() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        async with store.read() as connection:
            whole = await records.counts(connection, CAMPAIGN)
            beside = asyncio.create_task(others())
            in_pieces = await records.counts(connection, CAMPAIGN, at_once=2)
            beside.cancel()

        assert in_pieces == whole == [Count("pending", "", "", 7, 10)]
        assert turns >= 4

    async def test_what_waits_for_a_person_has_failed_until_somebody_helps_it(self, store: Store) -> None:
        """A campaign that is over has nobody on the way."""
        await bring(store, 4)
        for row, state in enumerate(("parked", "dead", "rejected", "queued"), 2):
            await hand(store, row, state, reason=f"it is {state}")

        async with store.read() as connection:
            found = await records.counts(connection, CAMPAIGN)
            under_way = await records.under_way(connection, CAMPAIGN)

        assert [(count.state, count.reason) for count in found] == [
            ("failed", "it is dead"), ("failed", "it is parked"), ("failed", "it is rejected"), ("queued", ""),
        ]  # fmt: skip
        assert under_way == 1

    async def test_of_nobody_there_is_nothing(self, store: Store) -> None:
        """Before a table is brought."""
        async with store.read() as connection:
            assert await records.counts(connection, CAMPAIGN) == []
            assert await connection.scalar(campaign_people.select()) is None
