"""Guarantees and officers' decisions: whose answer counts, what it ties up, and when it is free again."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation
from gateway.approvals import decisions, pledges
from gateway.approvals.decisions import Ask, decision
from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.operations.outbox import Context
from gateway.operations.outcome import Done, Outcome
from gateway.operations.playbook import Local, Playbook, Work
from gateway.playbooks.approving import Approving, Late, NotCovered
from gateway.playbooks.guarantees import Guarantees, shares
from gateway.playbooks.telling import Teller
from gateway.store import customers
from gateway.store.tables import customers as people
from tests.gateway.rails_flow.office import AMINA, BARAKA, Office, office_on

OFFICERS = ("officer-1", "officer-2")
DAY_MS = 86_400_000


@pytest.fixture
async def office(fresh_sqlite: str) -> AsyncIterator[Office]:
    async with office_on(fresh_sqlite) as office:
        await _prepared(office)
        yield office


async def _prepared(office: Office) -> None:
    """Baraka has saved; there are two officers; a kind of operation that asks as its intent says, and waits."""
    shop = office.shop
    guarantees = Guarantees(shop.books, Teller(shop.outbox), answer_days=3)

    async def ask(connection: AsyncConnection, work: Work, now: int) -> Outcome:
        if guarantors := work.intent.get("guarantors"):
            await guarantees.ask(connection, work, shares(work.intent["amount_cents"], guarantors), 20_000_00, now)
        else:
            about = Ask(str(uuid.uuid4()), "officer", None, work.intent["amount_cents"], now + DAY_MS)
            await decisions.asked(connection, work, about, now)
        return Done()

    async def linger(connection: AsyncConnection, work: Work, now: int) -> Outcome:
        return Done()

    steps = (Local("ask", ask), Local("decision", decision), Local("end", linger))
    shop.playbooks["loan.trial"] = Playbook("loan.trial", steps, lambda _customer, _intent: "")
    async with office.store.begin() as connection:
        lines = (Line(chart.OPENING, 1_000_00), Line(chart.savings(BARAKA), -1_000_00))
        await shop.books.post(connection, Entry("saved", "opening", "Savings", lines), office.clock())
    for number, officer in enumerate(OFFICERS):
        await office.hired(officer, f"+25471100009{number}")


async def asked(office: Office, **intent: Any) -> str:
    named = await office.put("loan.trial", {"amount_cents": 500_00, **intent})
    await office.drained()
    return named


async def newest(office: Office, **filters: str) -> Any:
    async with office.store.read() as connection:
        return (await decisions.page(connection, {"state": "open", **filters}, before=None, limit=1))[0]


async def answered(office: Office, kind: str, by: str, row: Any, **intent: Any) -> None:
    """As a turn on a phone does it."""
    approving = Approving(office.shop.books, officer_limit_cents=10_000_00)
    operation = Operation(str(uuid.uuid4()), f"approval.{kind}", "AP", by, {"request": row.id, **intent})
    async with office.store.begin() as connection:
        handler = approving.instants()[f"approval.{kind}"]
        await handler(connection, operation, Context("", "s", office.clock()))


async def pledged(office: Office) -> int:
    async with office.store.read() as connection:
        return await pledges.pledged_cents(connection, BARAKA)


async def waiting(office: Office, customer: str, *, is_staff: bool = False) -> int:
    async with office.store.read() as connection:
        listed = await decisions.waiting_for(connection, customer, is_staff=is_staff, now=office.clock())
        line = (await customers.get(connection, customer)).msisdn
        counted = await decisions.count_for(connection, line, office.clock())
    assert counted == len(listed)
    return counted


class TestGuaranteeing:
    async def test_a_yes_ties_up_the_own_share_until_the_loan_is_over(self, office: Office) -> None:
        """Nothing moves, and it ends by itself."""
        named = await asked(office, guarantors=[BARAKA])
        row = await newest(office)

        await answered(office, "approve", BARAKA, row)
        assert await pledged(office) == 500_00
        await office.drained()

        assert (await office.operation(named)).state == "done"
        assert await pledged(office) == 0  # it brought no loan
        assert await office.balance(chart.savings(BARAKA)) == 1_000_00

    async def test_a_share_that_savings_do_not_cover_is_not_taken(self, office: Office) -> None:
        """What one loan ties up is not there for another."""
        await asked(office, guarantors=[BARAKA], amount_cents=700_00)
        first = await newest(office)
        office.clock.turn(1)
        await asked(office, guarantors=[BARAKA], amount_cents=400_00)
        second = await newest(office)
        await answered(office, "approve", BARAKA, first)

        with pytest.raises(NotCovered):
            await answered(office, "approve", BARAKA, second)

        assert await pledged(office) == 700_00
        assert await waiting(office, BARAKA) == 1  # the answer was not kept either

    async def test_a_no_frees_what_others_have_pledged(self, office: Office) -> None:
        """All of them, or none."""
        named = await asked(office, guarantors=[BARAKA, OFFICERS[0]])
        await answered(office, "approve", BARAKA, await newest(office, approver_id=BARAKA))

        await answered(office, "decline", OFFICERS[0], await newest(office, approver_id=OFFICERS[0]), how="yes")
        await office.drained()

        assert (await office.operation(named)).state == "rejected"
        assert await pledged(office) == 0

    async def test_they_are_told_who_asks_and_for_how_much(self, office: Office) -> None:
        """Their own share only."""
        named = await asked(office, guarantors=[BARAKA])
        await office.drained()

        assert await office.texts(BARAKA) == [
            "AMINA WANJIRU 0711000001 anaomba udhamini Ksh 500 za mkopo. "
            f"Jibu kufikia 8 Ago: *383# kisha 5. Unaweza kukataa. {named}"
        ]

    @given(st.integers(1, 10**9), st.integers(1, 9))
    def test_shares_are_whole_shillings_and_come_to_the_whole(self, cents: int, people_count: int) -> None:
        """Nobody's differs by more than a shilling, and the odd cents are the first one's."""
        divided = shares(cents, [str(number) for number in range(people_count)])

        assert sum(divided.values()) == cents
        assert max(divided.values()) - min(divided.values()) <= 199
        assert all(share % 100 == 0 for person, share in divided.items() if person != "0")


class TestOfficers:
    async def test_any_of_them_may_decide_but_nobody_else(self, office: Office) -> None:
        """A role that is gone permits nothing, whatever a screen still shows."""
        await asked(office)
        row = await newest(office)
        assert (await waiting(office, OFFICERS[0], is_staff=True), await waiting(office, BARAKA)) == (1, 0)

        with pytest.raises(Late):
            await answered(office, "approve", BARAKA, row)
        await answered(office, "approve", OFFICERS[0], row)

        assert await waiting(office, OFFICERS[1], is_staff=True) == 0

    async def test_nobody_decides_about_their_own_loan(self, office: Office) -> None:
        """Another officer does."""
        async with office.store.begin() as connection:
            await connection.execute(update(people).where(people.c.id == AMINA).values(role="officer"))
        await asked(office)
        row = await newest(office)

        with pytest.raises(Late):
            await answered(office, "approve", AMINA, row)

        assert (await waiting(office, AMINA, is_staff=True), await waiting(office, OFFICERS[0], is_staff=True)) == (
            0,
            1,
        )

    async def test_above_the_limit_a_second_one_decides_too(self, office: Office) -> None:
        """Not the same again; and the operation waits for both."""
        named = await asked(office, amount_cents=10_000_01)
        await answered(office, "approve", OFFICERS[0], await newest(office))
        await office.drained()
        assert (await office.operation(named)).step == "decision"
        second = await newest(office)
        assert (
            await waiting(office, OFFICERS[0], is_staff=True),
            await waiting(office, OFFICERS[1], is_staff=True),
        ) == (0, 1)

        with pytest.raises(Late):
            await answered(office, "approve", OFFICERS[0], second)
        await answered(office, "approve", OFFICERS[1], second)
        await office.drained()

        assert (await office.operation(named)).state == "done"

    async def test_a_no_is_kept_with_its_reason(self, office: Office) -> None:
        """Whoever tells the applicant finds it in the operation."""
        named = await asked(office)

        await answered(office, "decline", OFFICERS[0], await newest(office), reason="income")
        await office.drained()

        operation = await office.operation(named)
        assert operation.state == "rejected"
        assert operation.data["reason"] == "income"
        assert operation.data["declined_by"] == OFFICERS[0]


class TestPages:
    async def test_pages_follow_each_other_without_gap_or_repeat(self, office: Office) -> None:
        """Also where several came in the same moment."""
        for _ in range(5):
            await asked(office)
        seen: list[str] = []
        before: tuple[int, str] | None = None
        async with office.store.read() as connection:
            while rows := await decisions.page(connection, {"kind": "officer"}, before=before, limit=2):
                seen += [row.id for row in rows]
                before = (rows[-1].created_at, rows[-1].id)

        assert len(seen) == len(set(seen)) == 5
