"""What operators want sent: a key stands for what was taken under it, and a no that was said in time holds."""

import asyncio
from collections.abc import AsyncIterator
from datetime import time
from typing import Any

import pytest

from gateway.errors import NyotaError, Rejected
from gateway.operations.outbox import Outbox
from gateway.playbooks import message
from gateway.playbooks.message import SendStep
from gateway.sending.accepting import Accepting, Wanted
from gateway.sending.carriers import Carriers
from gateway.sending.quiet import Quiet
from gateway.store import customers
from gateway.texting import stops
from tests.gateway.operations.desk import Desk, desk_on, operation
from tests.gateway.rails_flow.office import AMINA, BARAKA, Office, office_on, words

KEY = "7f3c0000-0000-4000-8000-000000000000"
NIGHT_MS = 11 * 3_600_000 + 30 * 60_000


@pytest.fixture
async def office(fresh_sqlite: str) -> AsyncIterator[Office]:
    """A back office that writes to nobody at night what can wait."""
    async with office_on(fresh_sqlite) as office:
        sms, quiet = office.sms, Quiet(time(20), time(8))
        carriers = Carriers({sms.name: sms}, [sms.name], office.clock)
        send = SendStep(carriers, office.store, words, office.clock, quiet=quiet)
        office.shop.playbooks["sms.send"] = message.playbook(send)
        for person in (AMINA, BARAKA):
            await chooses(office, person, offers=True)
        yield office


async def chooses(office: Office, person: str, *, offers: bool) -> None:
    async with office.store.begin() as connection:
        await customers.changed(connection, person, offers=offers)


def offer(to: str = AMINA, identity: str = KEY, **more: Any) -> Wanted:
    intent = {"template": "bulk.text", "to": to, "values": {"said": "New loans"}, "language": "", "purpose": "offer"}
    return Wanted(identity, to, intent | more, is_offer=True)


class TestKeys:
    async def test_a_key_answers_for_what_was_taken_before_its_reader_changed_their_mind(self, office: Office) -> None:
        """Who asks again because the answer was lost must not hear that nothing was taken."""
        accepting = Accepting(office.store, office.shop.outbox)
        taken = await accepting.accept(offer())
        await chooses(office, AMINA, offers=False)
        async with office.store.begin() as connection:
            await customers.changed(connection, AMINA, msisdn="+254711000009")

        assert await accepting.accept(offer()) == taken
        with pytest.raises(Rejected) as reused:
            await accepting.accept(offer(values={"said": "Something else"}))
        assert reused.value.code == "idempotency-key-reused"


class TestOffers:
    async def test_one_that_waits_for_the_morning_is_not_sent_to_who_said_no_at_night(self, office: Office) -> None:
        """A no to offers is none to what people must know; whoever still wants them gets theirs."""
        accepting = Accepting(office.store, office.shop.outbox)
        office.clock.turn(NIGHT_MS)
        await accepting.accept(offer())
        await accepting.accept(offer(BARAKA, KEY.replace("7", "8")))
        await accepting.accept(offer(AMINA, KEY.replace("7", "9"), purpose="notice"))
        await office.shop.worker.drain()
        await chooses(office, AMINA, offers=False)

        office.clock.turn(NIGHT_MS)
        await office.settled()

        assert sorted(each.msisdn for each in office.sms.sent) == [AMINA, BARAKA]
        (refused,) = [row for row in await office.operations("sms.send") if row.state == "rejected"]
        assert (refused.id, refused.reason) == (KEY, "they want no messages of this rank")

    async def test_a_yes_after_a_stop_is_one(self, office: Office) -> None:
        """The screen has just said that offers will come; reminders stay stopped, and a STOP after it is a no."""
        async with office.store.begin() as connection:
            for person in (AMINA, BARAKA):
                await stops.stopped(connection, person, "word", office.clock())
        accepting = Accepting(office.store, office.shop.outbox)
        with pytest.raises(Rejected):
            await accepting.accept(offer())
        await chooses(office, AMINA, offers=True)
        await accepting.accept(offer())
        await accepting.accept(offer(AMINA, KEY.replace("7", "9"), purpose="notice"))
        await office.settled()
        await chooses(office, BARAKA, offers=True)
        async with office.store.begin() as connection:
            await stops.stopped(connection, BARAKA, "word", office.clock())
        with pytest.raises(Rejected):
            await accepting.accept(offer(BARAKA, KEY.replace("7", "8")))

        assert [each.msisdn for each in office.sms.sent] == [AMINA]


class TestProcesses:
    async def test_the_same_keys_in_another_order_at_another_process_hold_up_nobody(self, fresh_postgres: str) -> None:
        """A load balancer that repeats a burst elsewhere: each is taken once, and none is sent away."""
        async with desk_on(fresh_postgres) as desk:
            wanted = [operation() for _ in range(400)]

            async def put(desk: Desk, order: int) -> Exception | None:
                outbox = Outbox(desk.store, desk.playbooks, {}, desk.clock, recall_ms=1)
                try:
                    async with desk.store.begin() as connection:
                        await outbox.put_all(connection, wanted[::order])
                except NyotaError as error:
                    return error
                return None

            answers = await asyncio.gather(put(desk, 1), put(desk, -1), put(desk, 1), put(desk, -1))

            assert [each for each in answers if each] == []
            assert len(await desk.rows()) == len(wanted)
