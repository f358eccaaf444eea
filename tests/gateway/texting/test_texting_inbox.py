"""What comes in is kept once, whatever the carrier repeats, cuts and mixes, and at how many processes."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import func, select

from gateway.clock import MINUTE_MS
from gateway.config import Texting
from gateway.errors import NyotaError
from gateway.operations.outbox import Outbox
from gateway.providers.contract import IncomingSms
from gateway.store.engine import Store
from gateway.store.tables import operations
from gateway.texting import inbox
from gateway.texting.inbox import Inbox
from gateway.texting.tables import inbound
from tests.gateway.operations.desk import Hands
from tests.gateway.rails_flow.office import words

WRITTEN = [IncomingSms("africastalking", f"in-{n}", f"+2547110{n:05d}", "383", "BALANCE") for n in range(80)]


def inbox_on(store: Store, clock: Hands | None = None, settings: Texting | None = None) -> Inbox:
    clock, menus = clock or Hands(), cast("Any", SimpleNamespace(catalogue=words()))
    outbox = Outbox(store, {kind: cast("Any", PLAYBOOK) for kind in ("sms.in", "texting.tidy")}, {}, clock, recall_ms=1)
    return Inbox(inbox.Tools(store, outbox, cast("Any", None), menus, clock, settings or Texting(), b"key"))


PLAYBOOK = SimpleNamespace(
    lane=lambda _customer, _intent: "",
    priority_of=lambda _intent: 1,
    steps=[SimpleNamespace(name="answer")],
    delay_ms=0,
)


class TestProcesses:
    async def test_a_carrier_that_repeats_a_burst_elsewhere_is_answered_by_both(self, fresh_postgres: str) -> None:
        """In whatever order it does: each message is kept once, and none of the hand-overs is sent away."""
        store = Store(fresh_postgres, busy_seconds=30)
        first, second = inbox_on(store), inbox_on(store)

        answers = await asyncio.gather(
            *(first.received(sms) for sms in WRITTEN), *(second.received(sms) for sms in reversed(WRITTEN)),
            return_exceptions=True,
        )  # fmt: skip
        async with store.read() as connection:
            kept = await connection.scalar(select(func.count()).select_from(inbound))
        await store.close()

        assert [each for each in answers if isinstance(each, NyotaError)] == []
        assert answers == [None] * len(answers)
        assert kept == len(WRITTEN)


class Desk:
    """An inbox on a database of its own, with a clock that is turned by hand."""

    def __init__(self, store: Store, **settings: int) -> None:
        self.store = store
        self.clock = Hands()
        self.inbox = inbox_on(store, self.clock, Texting(**settings))

    async def gets(self, *some: IncomingSms) -> None:
        for sms in some:
            await self.inbox.received(sms)

    async def answers(self) -> list[dict[str, Any]]:
        """What is to be answered, the oldest first."""
        query = select(operations.c.intent).where(operations.c.kind == "sms.in").order_by(operations.c.number)
        async with self.store.read() as connection:
            return list(await connection.scalars(query))


@pytest.fixture
async def desk(fresh_sqlite: str) -> AsyncIterator[Desk]:
    store = Store(fresh_sqlite)
    yield Desk(store)
    await store.close()


def written(text: str, **more: Any) -> IncomingSms:
    """As a link hands it over: without an id."""
    return IncomingSms("mno", "", "+254711000001", "383", text, **more)


def parts(reference: str, *texts: str) -> list[IncomingSms]:
    return [written(text, joined=reference, part=n, parts=len(texts)) for n, text in enumerate(texts, 1)]


class TestRepeats:
    async def test_under_its_number_a_message_is_known_for_longer(self, desk: Desk) -> None:
        """A centre that missed our answer sends it again half an hour later."""
        await desk.gets(written("BAL", mark="0a41"))
        desk.clock.now += 30 * MINUTE_MS
        await desk.gets(written("BAL", mark="0a41"))

        assert len(await desk.answers()) == 1

    async def test_the_same_words_under_another_number_are_a_message_of_their_own(self, desk: Desk) -> None:
        """Whoever writes them once more is answered, however soon; and later also under the same one."""
        await desk.gets(written("BAL", mark="0a41"), written("BAL", mark="0a42"))
        desk.clock.now += 61 * MINUTE_MS
        await desk.gets(written("BAL", mark="0a41"))

        assert len(await desk.answers()) == 3

    async def test_parts_that_come_again_later_are_no_second_message(self, desk: Desk) -> None:
        """All of them, in any order."""
        first, second = parts("2a", "STOP all of ", "this, please")
        await desk.gets(first, second)
        desk.clock.now += 30 * MINUTE_MS
        await desk.gets(second, first)

        assert len(await desk.answers()) == 1


class TestParts:
    async def test_a_part_that_came_twice_begins_no_other_message(self, desk: Desk) -> None:
        """A carrier that gives the repeat another id; then the phone uses the reference again."""
        again = [replace(part, provider_id=f"id-{n}") for n, part in enumerate(parts("2a", "BAL ", "now"))]
        await desk.gets(replace(again[0], provider_id="id-9"), *again)

        await desk.gets(replace(parts("2a", "LOANS ", "of mine")[1], provider_id="id-5"))

        assert len(await desk.answers()) == 1

    async def test_a_long_message_is_one_of_those_that_are_answered_in_a_day(self, fresh_sqlite: str) -> None:
        """However many parts it has."""
        store = Store(fresh_sqlite)
        desk = Desk(store, answers_a_day=2)

        await desk.gets(*parts("2a", "hello ", "to ", "you"), written("BAL"), written("LOANS"))
        answered = await desk.answers()
        await store.close()

        assert [each.get("keyword") for each in answered] == [None, "balance"]

    async def test_two_long_messages_that_come_mixed_stay_apart(self, desk: Desk) -> None:
        """By their references; a part that comes twice on the way changes nothing."""
        one, two = parts("2a", "STO", "P"), parts("2b", "BA", "L")

        await desk.gets(two[1], one[1], one[1], two[0], two[0], one[0])

        assert [each["keyword"] for each in await desk.answers()] == ["balance", "stop"]
