"""Cases: in somebody's hands, answered once, told to their customers; and opened and closed by themselves."""

from typing import Any

import pytest

from gateway.clock import local_date
from gateway.desk import cases as kept
from gateway.desk.cases import Cases, Wanted
from gateway.errors import Rejected
from gateway.operations.outcome import Done, Later
from gateway.operations.playbook import Work
from gateway.playbooks.watching import Patience, Told, Watching
from gateway.reconciling import mismatches
from gateway.reconciling.mismatches import Found
from gateway.store import cases
from tests.gateway.desk.hands import HOUR_MS, Hands
from tests.gateway.rails_flow.office import AMINA, BARAKA
from tests.gateway.rails_flow.pretend_rail import PretendRail

DESK_PHONE = "+254711000099"
PATIENCE = Patience(look_ms=900_000, doubt_ms=6 * HOUR_MS, answer_ms=24 * HOUR_MS)


async def opened(hands: Hands, number: str = "CS2B4K7", *, customer: str | None = AMINA) -> str:
    now = hands.office.clock()
    async with hands.office.store.begin() as connection:
        return await cases.opened(
            connection, number.lower(), number, "complaint", evidence={"said": "1"}, customer_id=customer,
            answer_by=now + 24 * HOUR_MS, now=now,
        )  # fmt: skip


async def do(hands: Hands, act: str, number: str, text: str = "", by: str = "jane") -> str:
    """What it came to: the state after it, or why not."""
    desk = Cases(hands.office.shop.outbox)
    try:
        async with hands.office.store.begin() as connection:
            await getattr(desk, act)(connection, hands.deed(by), number, text)
            row = await kept.find(connection, number)
    except Rejected as error:
        return error.code
    assert row is not None
    return str(row.state)


async def look(hands: Hands, day: str = "") -> Any:
    """One look of the watch."""
    office, now = hands.office, hands.office.clock()
    watching = Watching(
        office.shop.outbox, PATIENCE, Told(DESK_PHONE, "", "en"), kinds=("loan.disburse", "repay.wallet")
    )
    intent = {"day": day or local_date(now).isoformat()}
    work = Work(1, "watch", "DYWATCH", "desk.watch", "", intent, "queued", "look", 0, 0, {}, now, None, 0)
    async with office.store.begin() as connection:
        return await watching.look(connection, work, now)


async def notes(hands: Hands, number: str) -> list[tuple[str, str, str]]:
    async with hands.office.store.read() as connection:
        row = await kept.find(connection, number)
        assert row is not None
        return [(each.act, each.by, each.text) for each in await kept.notes(connection, row.id)]


async def every(hands: Hands, **wanted: Any) -> list[Any]:
    async with hands.office.store.read() as connection:
        return list(await kept.listed(connection, Wanted(**wanted)))


class TestWorking:
    async def test_somebody_takes_it_writes_and_answers_and_the_customer_gets_the_words(self, hands: Hands) -> None:
        """Who did what when is with the case and on the record of staff."""
        number = await opened(hands)

        states = [
            await do(hands, "take", number),
            await do(hands, "wait", number, "asked M-PESA"),
            await do(hands, "note", number, "they called back", by="omar"),
            await do(hands, "resolve", number, "your 500 reached the loan"),
        ]
        await hands.office.settled()

        assert states == ["open", "waiting", "waiting", "resolved"]
        assert (await every(hands))[0].owner == "jane"
        assert [(act, by) for act, by, _ in await notes(hands, number)] == [
            ("take", "jane"), ("wait", "jane"), ("note", "omar"), ("resolve", "jane"),
        ]  # fmt: skip
        assert [row.detail["act"] for row in await hands.record()] == ["take", "wait", "note", "resolve"]
        assert (await hands.office.texts())[-1].startswith(f"Case {number} is answered: your 500 reached the loan. ")

    @pytest.mark.parametrize("act", ["take", "wait", "resolve", "ignore"])
    async def test_what_has_ended_stays_so(self, hands: Hands, act: str) -> None:
        """Only notes are written to it still."""
        number = await opened(hands)
        await do(hands, "ignore", number, "the same as another")

        assert await do(hands, act, number, "again") == "ended"
        assert await do(hands, "note", number, "they called again") == "ignored"
        assert await do(hands, act, "CSNOBODY", "again") == "unknown"
        assert await hands.office.templates() == []

    async def test_a_case_of_nobody_we_know_is_answered_without_a_message(self, hands: Hands) -> None:
        """A caller who was not registered."""
        number = await opened(hands, customer=None)

        assert await do(hands, "resolve", number, "called them") == "resolved"

    async def test_the_desk_is_listed_page_by_page(self, hands: Hands) -> None:
        """By state, owner, topic and customer, and those that are overdue."""
        numbers = [await opened(hands, f"CS{digit}AAAA") for digit in "234"]
        await do(hands, "take", numbers[0])
        await do(hands, "ignore", numbers[1], "nothing in it")

        first = (await every(hands, limit=1))[0]
        rest = await every(hands, before=(first.created_at, first.id))

        assert {first.reference, *(row.reference for row in rest)} == set(numbers)
        assert [row.reference for row in await every(hands, owner="jane")] == [numbers[0]]
        assert [row.reference for row in await every(hands, state="ignored")] == [numbers[1]]
        assert await every(hands, topic="fraud") == await every(hands, customer_id="nobody") == []
        late = await every(hands, overdue_at=hands.office.clock() + 25 * HOUR_MS)
        assert {row.reference for row in late} == {numbers[0], numbers[2]}


class TestDoubt:
    async def test_what_is_in_doubt_for_hours_opens_one_case_that_ends_with_it(self, hands: Hands) -> None:
        """Its customer knows the number, and that it is over; nobody has to do anything."""
        office, rail = hands.office, hands.office.rail
        rail.answer, rail.tells, rail.knows = "lost", 0, False
        loan = await office.borrow()
        await office.drained()
        await look(hands)
        early = await every(hands)
        await _pass(hands, 7 * HOUR_MS)
        for _ in range(3):
            await look(hands)
        during = await every(hands)
        await _heard_at_last(rail, hands, loan)
        await look(hands)
        await office.settled()

        assert early == []
        assert [(row.topic, row.state, row.customer_id) for row in during] == [("in doubt", "open", AMINA)]
        assert [row.state for row in await every(hands)] == ["resolved"]
        assert await notes(hands, during[0].reference) == [("settle", "system", f"{loan} is done")]
        told = await office.templates()
        assert (told.count("desk.doubt"), told.count("desk.settled")) == (1, 1)

    async def test_what_stands_still_with_us_is_not_put_down_to_m_pesa(self, hands: Hands) -> None:
        """And of what staff do nobody hears who was never told of it."""
        office = hands.office
        for kind, customer in (("repay.wallet", AMINA), ("loan.act", BARAKA)):
            office.shop.playbooks.setdefault(kind, office.shop.playbooks["repay.wallet"])
            await office.put(kind, {"loan": "LN404", "amount_cents": 100_00}, customer, "PY")
        await office.drained()
        await _pass(hands, 7 * HOUR_MS)

        await look(hands)

        assert [row.topic for row in await every(hands)] == ["in doubt", "in doubt"]
        assert (await office.templates(), await office.templates(BARAKA)) == (["desk.looks"], [])

    async def test_a_text_that_did_not_go_out_is_nobodys_case(self, hands: Hands) -> None:
        """It is seen in the queue."""
        office = hands.office
        office.sms.answer = "lost"
        await office.put("sms.send", {"template": "pin.changed", "to": AMINA, "values": {}, "language": "en"})
        await office.settled()
        office.clock.turn(24 * HOUR_MS)

        await look(hands)

        assert await every(hands) == []

    async def test_a_mismatch_that_is_settled_takes_its_case_with_it(self, hands: Hands) -> None:
        """By whoever settled it, with what they found out."""
        now = hands.office.clock()
        found = Found("missing_ledger", "600999", "UAFOUND0001", "not in the books", now, receipt="UAFOUND0001")
        async with hands.office.store.begin() as connection:
            await mismatches.opened(connection, found, now, answer_ms=HOUR_MS)
        number = (await every(hands))[0].reference

        async with hands.office.store.begin() as connection:
            await mismatches.settled(connection, number, "resolved", note="a test payment", by="jane", now=now)

        assert (await every(hands))[0].state == "resolved"
        assert await notes(hands, number) == [("settle", "jane", "resolved: a test payment")]


class TestDeadlines:
    async def test_what_is_overdue_is_told_upwards_once(self, hands: Hands) -> None:
        """In one message for all of them, with the oldest; what ended in time is not in it."""
        first, _, ended = [await opened(hands, f"CS{digit}AAAA") for digit in "234"]
        await do(hands, "resolve", ended, "it is there")
        await look(hands)
        hands.office.clock.turn(25 * HOUR_MS)
        await look(hands)
        await look(hands)
        await hands.office.settled()

        texts = await hands.office.texts(DESK_PHONE)
        assert len(texts) == 1
        assert "cases overdue: 2. The oldest is " in texts[0]
        assert ("escalate", "system", "overdue") in await notes(hands, first)

    async def test_the_watch_looks_until_its_day_is_over(self, hands: Hands) -> None:
        """The next day has one of its own."""
        assert isinstance(await look(hands), Later)
        assert isinstance(await look(hands, "2020-01-01"), Done)


async def _pass(hands: Hands, ms: int) -> None:
    """Time in which the worker asks and nobody says anything."""
    until = hands.office.clock() + ms
    while hands.office.clock() < until:
        hands.office.clock.turn(HOUR_MS)
        await hands.office.drained()


async def _heard_at_last(rail: PretendRail, hands: Hands, loan: str) -> None:
    request = await hands.office.request(loan)
    await hands.office.receive(rail.callback("b2c/result", request.token, rail.asked[0].result))
    await hands.office.drained()
