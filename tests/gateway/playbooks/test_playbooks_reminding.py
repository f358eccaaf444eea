"""Reminders on a real database: once each, not of what is paid, promised or under way."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from flows.turn import Operation
from gateway.clock import local_date
from gateway.playbooks import message
from gateway.playbooks.reminding import DAILY, Reminding
from gateway.sending.carriers import Carriers
from gateway.servicing import promises
from gateway.servicing.reminders import Reminders
from tests.gateway.rails_flow.office import AMINA, Office, office_on, words

DAY_MS = 86_400_000
TERM, BEFORE, AFTER = 30, 3, 7


@pytest.fixture
async def office(fresh_sqlite: str) -> AsyncIterator[Office]:
    async with office_on(fresh_sqlite) as office:
        shop = office.shop
        reminding = Reminding(shop.portfolio, shop.outbox, Reminders((BEFORE,), (AFTER,), lambda _: False), hour=8)
        send = message.SendStep(
            Carriers({office.sms.name: office.sms}, [office.sms.name], office.clock), office.store, words, office.clock,
            is_moot=reminding.is_moot,
        )  # fmt: skip
        shop.playbooks |= {DAILY: reminding.daily(), "sms.send": message.playbook(send)}
        yield office


async def day_begins(office: Office) -> None:
    await office.put(DAILY, {"day": local_date(office.clock()).isoformat()}, customer="", prefix="RM")
    await office.drained()


async def reminded(office: Office) -> list[str]:
    return [template for template in await office.templates() if template.startswith("remind.")]


class TestReminding:
    async def test_each_instalment_is_spoken_of_before_on_and_after_its_day(self, office: Office) -> None:
        """However often the day is looked at, and on no other day."""
        await office.lent()
        for _ in range(TERM + 10):
            office.clock.turn(DAY_MS)
            await day_begins(office)
            await day_begins(office)

        assert await reminded(office) == ["remind.before", "remind.today", "remind.late"]
        assert "Amina, Ksh 2,160 for loan" in (await office.texts())[-3]

    async def test_of_a_day_that_is_over_nothing_is_said(self, office: Office) -> None:
        """The house stood still: what would have been due today is late by now, and the new day says so."""
        await office.lent()
        office.clock.turn(TERM * DAY_MS)
        day = local_date(office.clock()).isoformat()
        await office.put(DAILY, {"day": day}, customer="", prefix="RM")
        office.clock.turn(DAY_MS)

        await office.drained()

        assert await reminded(office) == []

    async def test_days_that_stood_still_go_one_after_another(self, office: Office) -> None:
        """Two at once would see the same loans and say the same twice."""
        for _ in range(2):
            await office.put(DAILY, {"day": local_date(office.clock()).isoformat()}, customer="", prefix="RM")
            office.clock.turn(DAY_MS)

        assert len(await office.shop.worker.claim(9)) == 1

    async def test_nobody_is_reminded_of_what_is_paid(self, office: Office) -> None:
        """The last shilling came the day before."""
        loan = await office.lent()
        office.clock.turn((TERM - BEFORE - 1) * DAY_MS)
        await office.from_wallet(loan, 2_160_00)
        await office.settled()
        office.clock.turn(DAY_MS)

        await day_begins(office)

        assert await reminded(office) == []

    async def test_nobody_is_reminded_while_their_payment_is_under_way(self, office: Office) -> None:
        """It may be paid already."""
        loan = await office.lent()
        office.clock.turn((TERM - BEFORE) * DAY_MS)
        async with office.store.begin() as connection:
            await office.shop.outbox.put(connection, _repayment(loan))

        await day_begins(office)

        assert await reminded(office) == []

    async def test_nobody_is_reminded_of_what_they_promised_to_pay(self, office: Office) -> None:
        """Until the day they named is over."""
        loan = await office.lent()
        office.clock.turn((TERM + AFTER) * DAY_MS)
        async with office.store.begin() as connection:
            record = await office.shop.portfolio.by_reference(connection, loan)
            assert record is not None
            await promises.made(
                connection, "promise", loan_id=record.id, customer_id=AMINA, amount_cents=2_160_00,
                pay_on=local_date(office.clock() + DAY_MS), now=office.clock(),
            )  # fmt: skip

        await day_begins(office)

        assert await reminded(office) == []

    async def test_a_reminder_that_waited_says_nothing_once_it_is_paid(self, office: Office) -> None:
        """The carrier was away for hours."""
        loan = await office.lent()
        office.clock.turn((TERM - BEFORE) * DAY_MS)
        office.sms.answer = "away"
        await day_begins(office)
        await office.from_wallet(loan, 2_160_00)
        await office.drained()

        office.sms.answer = "ok"
        await office.settled()

        assert await reminded(office) == ["remind.before"]
        assert not any("is due on" in sent.text for sent in office.sms.sent)

    async def test_one_that_waited_until_the_next_day_does_not_call_it_today(self, office: Office) -> None:
        """The carrier was away over midnight, and what was due is late."""
        await office.lent()
        office.clock.turn(TERM * DAY_MS)
        office.sms.answer = "away"
        await day_begins(office)
        office.clock.turn(14 * 3_600_000)

        office.sms.answer = "ok"
        await office.settled()

        assert await reminded(office) == ["remind.today"]
        assert not any("today" in sent.text for sent in office.sms.sent)

    async def test_it_waits_for_the_hour(self, office: Office) -> None:
        """Nobody is woken."""
        await office.lent()
        office.clock.turn((TERM - BEFORE) * DAY_MS - 6 * 3_600_000)

        await day_begins(office)
        early = await reminded(office)
        await office.settled()

        assert early == []
        assert await reminded(office) == ["remind.before"]


def _repayment(loan: str) -> Operation:
    intent: Mapping[str, Any] = {"loan": loan, "amount_cents": 100_00}
    return Operation("pay", "repay.stk", "PYTEST2", AMINA, intent, f"repay:{loan}")
