"""A day compared: what the statement does not have, what is healed later, sums, and who is told."""

from datetime import date, datetime, time, timedelta

from gateway.clock import EAT, local_date, milliseconds
from gateway.reconciling import days, mismatches
from gateway.reconciling.comparing import Compared, stretch
from tests.gateway.rails_flow.office import AMINA, START
from tests.gateway.reconciling.conftest import HOUR_MS, PAYOUTS, Finance, row_of

TODAY = local_date(START)
PHONE = "0711000001"
OFFICER = "+254711000009"


async def result(finance: Finance, day: date = TODAY) -> list[Compared]:
    async with finance.office.store.read() as connection:
        found = await days.find(connection, day)
    assert found is not None
    return found[0]


async def paid(finance: Finance, cents: int = 300_00) -> None:
    await finance.office.receive(finance.office.rail.pay_paybill(AMINA, cents, PHONE))
    await finance.office.settled()


class TestMissedOnTheStatement:
    async def test_what_a_statement_of_its_moment_does_not_have_is_named_once(self, each_finance: Finance) -> None:
        """A payment and a pay-out; the day compared twice; nothing moves."""
        each_finance.office.clock.turn(HOUR_MS)
        await paid(each_finance)
        await each_finance.office.lent()
        each_finance.office.clock.turn(24 * HOUR_MS)
        await each_finance.read([], day=TODAY)
        await each_finance.read([], PAYOUTS, day=TODAY)

        await each_finance.reconciled(TODAY)
        await each_finance.reconciled(TODAY)

        found = await each_finance.mismatches("pending")
        assert [row.kind for row in found] == ["missing_statement", "missing_statement"]
        assert {row.shortcode for row in found} == {"600999", PAYOUTS}
        assert await each_finance.office.cases() == ["reconciliation", "reconciliation"]
        await each_finance.office.prove()

    async def test_nothing_is_missed_that_happened_after_it_was_handed_in(self, finance: Finance) -> None:
        """Whatever period the file names."""
        await finance.read([], day=TODAY)
        finance.office.clock.turn(HOUR_MS)
        await paid(finance)
        finance.office.clock.turn(24 * HOUR_MS)

        await finance.reconciled(TODAY)

        assert (await result(finance))[0].is_covered is False
        assert await finance.mismatches() == []

    async def test_without_a_statement_nothing_is_missed_on_it(self, finance: Finance) -> None:
        """The result says that the day is not covered."""
        await paid(finance)
        finance.office.clock.turn(24 * HOUR_MS)

        await finance.reconciled(TODAY)

        collected, _ = await result(finance)
        assert (collected.is_covered, collected.ours_in.cents, collected.theirs_in.cents) == (False, 300_00, 0)
        assert await finance.mismatches() == []

    async def test_what_a_later_statement_has_is_healed_with_the_reason(self, finance: Finance) -> None:
        """Same receipt, same amount."""
        await paid(finance)
        finance.office.clock.turn(24 * HOUR_MS)
        await finance.read([], day=TODAY)
        await finance.reconciled(TODAY)

        await finance.read([row_of(finance.office.rail.book[-1])], day=TODAY)
        await finance.reconciled(TODAY)

        (healed,) = await finance.mismatches()
        assert (healed.state, healed.by) == ("resolved", "system")
        assert "same amount" in healed.note

    async def test_what_people_have_settled_stays_settled(self, finance: Finance) -> None:
        """Compared again it is not opened again."""
        await paid(finance)
        finance.office.clock.turn(24 * HOUR_MS)
        await finance.read([], day=TODAY)
        await finance.reconciled(TODAY)
        (open_one,) = await finance.mismatches("pending")
        async with finance.office.store.begin() as connection:
            came_to = await mismatches.settled(
                connection, open_one.reference, "ignored", note="asked Safaricom", by="jane", now=START
            )

        await finance.reconciled(TODAY)

        (ignored,) = await finance.mismatches()
        assert (came_to, ignored.state, ignored.note) == ("settled", "ignored", "asked Safaricom")


class TestMidnight:
    async def test_what_comes_in_the_last_moment_of_a_day_is_of_that_day(self, finance: Finance) -> None:
        """Our clock counts in milliseconds: nothing falls between two days, where nobody would ever miss it."""
        finance.office.clock.now = milliseconds(datetime.combine(TODAY, time(23, 59, 59, 500_000), EAT))
        await finance.office.receive(finance.office.rail.pay_paybill(AMINA, 300_00, PHONE))
        await finance.office.drained()
        finance.office.clock.turn(24 * HOUR_MS)

        await finance.reconciled(TODAY)
        await finance.reconciled(TODAY + timedelta(days=1))

        assert (await result(finance))[0].ours_in.cents == 300_00
        assert (await result(finance, TODAY + timedelta(days=1)))[0].ours_in.cents == 0

    def test_days_follow_each_other_without_a_gap(self) -> None:
        """Whatever day it is."""
        assert stretch(TODAY)[1] + 1 == stretch(TODAY + timedelta(days=1))[0]


class TestTheRailsOwnList:
    async def test_brings_what_no_confirmation_brought(self, finance: Finance) -> None:
        """Within the two days that it goes back."""
        finance.office.rail.pay_paybill(AMINA, 300_00, PHONE)
        finance.office.clock.turn(24 * HOUR_MS)

        await finance.reconciled(TODAY)

        assert len(await finance.office.payments()) == 1
        (healed,) = await finance.mismatches()
        assert (healed.kind, healed.state) == ("missing_callback", "resolved")
        await finance.office.prove()

    async def test_that_cannot_be_read_holds_up_nothing(self, finance: Finance) -> None:
        """The day is compared without it."""
        finance.office.rail.lists = False
        await paid(finance)
        finance.office.clock.turn(24 * HOUR_MS)

        await finance.reconciled(TODAY)

        assert (await result(finance))[0].ours_in.count == 1


class TestEveryDay:
    async def test_waits_for_the_grace_and_looks_some_days_back(self, finance: Finance) -> None:
        """Queued when the day begins; compared when statements have had time to come."""
        await paid(finance)
        begun = TODAY + timedelta(days=1)
        finance.office.clock.turn(16 * HOUR_MS)
        named = await finance.office.put("mpesa.reconcile", {"day": begun.isoformat()}, "", "DY")

        await finance.office.drained()
        waiting = await finance.office.operation(named)
        finance.office.clock.turn(10 * HOUR_MS)
        await finance.office.drained()

        assert (waiting.state, waiting.step) == ("queued", "wait")
        assert (await finance.office.operation(named)).state == "done"
        assert [(await result(finance, TODAY - timedelta(days=back)))[0].ours_in.count for back in range(3)] == [
            1,
            0,
            0,
        ]

    async def test_who_asks_for_a_day_does_not_wait_for_the_grace_of_another(self, finance: Finance) -> None:
        """After midnight the daily one waits for hours; finance is at work."""
        await paid(finance)
        finance.office.clock.turn(16 * HOUR_MS)
        begun = local_date(finance.office.clock())
        await finance.office.put("mpesa.reconcile", {"day": begun.isoformat()}, "", "RE")
        await finance.office.drained()
        await finance.office.put("mpesa.reconcile", {"day": TODAY.isoformat(), "on": TODAY.isoformat()}, "", "RE")

        await finance.office.drained()

        daily, asked = await finance.office.operations("mpesa.reconcile")
        assert (daily.state, asked.state) == ("queued", "done")
        assert (await result(finance))[0].ours_in.count == 1

    async def test_finance_is_told_once_of_one_result(self, finance: Finance) -> None:
        """Again only when it has changed; never of a day without anything."""
        await paid(finance)
        finance.office.clock.turn(24 * HOUR_MS)
        await finance.reconciled(TODAY)
        await finance.reconciled(TODAY)
        await finance.reconciled(TODAY - timedelta(days=1))
        before = await finance.office.texts(OFFICER)

        await finance.read([row_of(finance.office.rail.book[-1])], day=TODAY)
        await finance.reconciled(TODAY)

        assert len(before) == 1
        assert "our books Ksh 300" in before[0]
        assert len(await finance.office.texts(OFFICER)) == 2

    async def test_the_balances_of_both_are_compared(self, finance: Finance) -> None:
        """The statement's at the end of the day, and our account's then."""
        await paid(finance)
        row = list(row_of(finance.office.rail.book[-1]))
        row[7] = "10,300.00"
        finance.office.clock.turn(24 * HOUR_MS)
        await finance.read([row], day=TODAY)

        await finance.reconciled(TODAY)

        collected, _ = await result(finance)
        assert (collected.is_covered, collected.closing_cents, collected.books_cents) == (True, 10_300_00, 300_00)
