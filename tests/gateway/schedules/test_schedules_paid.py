"""Scheduled payments on their days: each at most once, whole or not at all, and its owner knows."""

from datetime import datetime

import pytest

from gateway.accounts.closing import hindrance
from gateway.clock import EAT, milliseconds
from gateway.playbooks.scheduling import DAILY
from gateway.schedules import kept, runs
from tests.gateway.rails_flow.office import AMINA, BARAKA
from tests.gateway.schedules.planned import Planned


class TestOnItsDay:
    async def test_it_is_paid_by_the_ordinary_payment(self, planned: Planned) -> None:
        """With its own reference and receipt; the next day is a month away."""
        named = await planned.made()

        await planned.looked("2026-08-10")

        assert (await planned.wallet(), await planned.saved()) == (4_500, 500)
        assert await planned.told() == ["savings.saved"]
        [payment] = await planned.office.operations("savings.save")
        assert payment.intent == {"amount_cents": 500_00, "schedule": named}
        assert (await planned.schedule(named)).next_on == "2026-09-10"
        await planned.prove()

    async def test_a_person_gets_it_with_their_own_receipt(self, planned: Planned) -> None:
        """As when it is sent by hand."""
        await planned.made("send", 200)

        await planned.looked("2026-08-10")

        assert (await planned.wallet(), await planned.wallet(BARAKA)) == (4_800, 5_200)
        assert (await planned.told(), await planned.told(BARAKA)) == (["send.sent"], ["send.received"])

    async def test_before_it_nothing_is_paid(self, planned: Planned) -> None:
        """Nor early in the morning: its owner has the time to put money there."""
        await planned.made()

        await planned.looked("2026-08-09")
        await planned.looked("2026-08-10", hour=6)

        assert await planned.saved() == 0

    async def test_looking_again_and_again_pays_once(self, each_planned: Planned) -> None:
        """Whoever looks, however often, and whatever was forgotten in between: the payment has one id."""
        named = await each_planned.made()
        await each_planned.looked("2026-08-10", hour=9)
        schedule = await each_planned.schedule(named)

        async with each_planned.office.store.begin() as connection:
            await each_planned.scheduling.ask(connection, schedule, each_planned.today, each_planned.office.clock())
        await each_planned.looked("2026-08-10", hour=10)

        assert await each_planned.saved() == 500
        assert [row.id for row in await each_planned.office.operations("savings.save")] == [
            runs.payment_id(schedule.id, "2026-08-10")
        ]
        await each_planned.prove()

    async def test_what_comes_up_once_is_done(self, planned: Planned) -> None:
        """It is nobody's any more."""
        named = await planned.made(every="once", day=0)

        await planned.looked_daily("2026-08-10", "2026-08-12")

        assert await planned.saved() == 500
        assert ((await planned.schedule(named)).state, (await planned.schedule(named)).why) == ("done", "over")
        assert await planned.days(named) == {"2026-08-10": "paid"}

    async def test_every_month_is_paid_however_short(self, planned: Planned) -> None:
        """The 31st is the last day of September and of February."""
        named = await planned.made(shillings=100, day=31, first="2026-08-31")

        for day in ("2026-08-31", "2026-09-30", "2026-10-31", "2026-11-30", "2026-12-31", "2027-01-31", "2027-02-28"):
            await planned.looked(day)

        assert await planned.saved() == 700
        assert (await planned.schedule(named)).next_on == "2027-03-31"

    async def test_days_nobody_looked_on_are_made_up_for_once(self, planned: Planned) -> None:
        """After three weeks of standstill a weekly payment is made once, for the newest of them."""
        named = await planned.made(every="week", day=1)

        await planned.looked("2026-08-26")
        await planned.looked("2026-08-27")

        assert await planned.saved() == 500
        assert await planned.days(named) == {"2026-08-24": "paid"}
        assert (await planned.schedule(named)).next_on == "2026-08-31"


class TestALoan:
    async def test_is_repaid_until_it_is_over(self, planned: Planned) -> None:
        """The last payment takes no more than is owed; then the schedule ends, and its owner hears of it."""
        loan = await planned.office.lent(500_00)
        named = await planned.made("repay", 400, every="week", day=1, loan=loan)

        await planned.looked("2026-08-10")
        assert await planned.office.owed(loan) == 140_00
        await planned.looked("2026-08-17")
        assert await planned.office.loan_state(loan) == "closed"
        await planned.looked("2026-08-24")

        assert (await planned.told())[-3:] == ["repay.wallet", "repay.cleared_wallet", "schedule.over"]
        assert (await planned.schedule(named)).state == "done"
        assert await planned.wallet() == 5_000 - 540

    async def test_written_off_it_is_owed_and_repaid_as_before(self, planned: Planned) -> None:
        """That it is a loss in our books is nobody's news, least of all that it is repaid."""
        loan = await planned.office.lent(500_00)
        named = await planned.made("repay", 400, every="week", day=1, loan=loan)
        async with planned.office.store.begin() as connection:
            portfolio = planned.office.shop.portfolio
            record = await portfolio.by_reference(connection, loan)
            assert record is not None
            await portfolio.write_off(connection, record.id, "lost", planned.office.clock(), {"by": "jane"})

        await planned.looked("2026-08-10")

        assert await planned.office.owed(loan) == 140_00
        assert (await planned.told())[-1] == "repay.wallet"
        assert (await planned.schedule(named)).state == "active"


class TestWithoutMoney:
    async def test_it_is_tried_again_until_there_is_some(self, planned: Planned) -> None:
        """Told once that it waits; never a half."""
        named = await planned.made(shillings=6_000)

        await planned.looked("2026-08-10")
        await planned.looked("2026-08-11")
        assert (await planned.saved(), await planned.told()) == (0, ["schedule.short"])
        await planned.given(1_000)
        await planned.looked("2026-08-12")

        assert (await planned.wallet(), await planned.saved()) == (0, 6_000)
        assert await planned.told() == ["schedule.short", "savings.saved"]
        assert (await planned.schedule(named)).next_on == "2026-09-10"

    async def test_it_is_skipped_when_its_days_are_over(self, planned: Planned) -> None:
        """And never paid later, even when there is money."""
        named = await planned.made(shillings=6_000)

        await planned.looked_daily("2026-08-10", "2026-08-13")
        await planned.given(5_000)
        await planned.looked_daily("2026-08-14", "2026-08-15")

        assert await planned.saved() == 0
        assert await planned.told() == ["schedule.short", "schedule.skipped"]
        assert await planned.days(named) == {"2026-08-10": "failed"}
        assert (await planned.schedule(named)).next_on == "2026-09-10"

    async def test_one_that_waited_through_a_standstill_does_not_wait_for_ever(self, planned: Planned) -> None:
        """Its days were over, and the next had come, before anybody looked: that one is paid."""
        named = await planned.made(shillings=6_000, every="week", day=1)
        await planned.looked("2026-08-10")
        await planned.given(1_000)

        await planned.looked("2026-08-18")

        assert await planned.days(named) == {"2026-08-10": "failed", "2026-08-17": "asked"}

    async def test_two_of_one_day_share_what_there_is(self, planned: Planned) -> None:
        """The second waits, because the first will have taken it."""
        first, second = await planned.made(shillings=3_000), await planned.made("send", 3_000)

        await planned.looked("2026-08-10")

        assert await planned.wallet() == 2_000
        states = {(await planned.days(named))["2026-08-10"] for named in (first, second)}
        assert states == {"asked", "waiting"}
        told = await planned.told()
        assert len(told) == 2
        assert set(told) - {"savings.saved", "send.sent"} == {"schedule.short"}

    async def test_one_that_fails_again_and_again_stops_and_says_so(self, planned: Planned) -> None:
        """After as many in a row as are allowed."""
        named = await planned.made(shillings=6_000, every="week", day=1)

        await planned.looked_daily("2026-08-10", "2026-08-20")
        await planned.given(50_000)
        await planned.looked("2026-08-24")

        schedule = await planned.schedule(named)
        assert (schedule.state, schedule.why, schedule.failures) == ("stopped", "failing", 2)
        assert await planned.told() == ["schedule.short", "schedule.skipped", "schedule.short", "schedule.failing"]
        assert await planned.saved() == 0

    async def test_a_payment_that_went_well_begins_the_count_anew(self, planned: Planned) -> None:
        """Only those in a row count."""
        named = await planned.made(shillings=6_000, every="week", day=1)
        await planned.looked_daily("2026-08-10", "2026-08-13")
        assert (await planned.schedule(named)).failures == 1

        await planned.given(1_000)
        await planned.looked_daily("2026-08-17", "2026-08-18")

        assert (await planned.schedule(named)).failures == 0


class TestWhileMoneyMayNotLeave:
    async def test_a_person_gets_nothing_in_the_cool_down(self, planned: Planned) -> None:
        """It is tried again, and paid when money may leave."""
        await planned.made("send", 200)
        await planned.is_now(outgoing_from=milliseconds(datetime(2026, 8, 11, 12, tzinfo=EAT)))

        await planned.looked_daily("2026-08-10", "2026-08-11")
        assert await planned.wallet(BARAKA) == 5_000
        await planned.looked("2026-08-12")

        assert await planned.wallet(BARAKA) == 5_200

    async def test_nothing_is_paid_above_a_limit(self, planned: Planned) -> None:
        """As for anything that is sent."""
        named = await planned.made("send", 60_000)
        await planned.given(100_000)

        await planned.looked("2026-08-10")

        assert await planned.days(named) == {"2026-08-10": "waiting"}
        assert await planned.wallet(BARAKA) == 5_000

    async def test_nor_from_an_account_that_is_paused(self, planned: Planned) -> None:
        """Until it is open again."""
        await planned.made()
        await planned.is_now(state="inactive")

        await planned.looked("2026-08-10")
        assert await planned.saved() == 0
        await planned.is_now(state="active")
        await planned.looked("2026-08-11")

        assert await planned.saved() == 500

    async def test_a_closed_account_pays_nothing_for_good(self, planned: Planned) -> None:
        """And nobody is told."""
        named = await planned.made()
        await planned.is_now(state="closed")

        await planned.looked("2026-08-10")

        assert ((await planned.schedule(named)).why, await planned.told()) == ("closed", [])

    async def test_closing_an_account_stops_what_it_paid(self, planned: Planned) -> None:
        """At once, whenever it is due; what others pay goes on."""
        named = await planned.made()

        async with planned.office.store.begin() as connection:
            await kept.closed(connection, BARAKA, planned.office.clock())
            assert await kept.count_of(connection, AMINA) == 1
            await kept.closed(connection, AMINA, planned.office.clock())

        schedule = await planned.schedule(named)
        assert (schedule.state, schedule.why) == ("stopped", "closed")

    async def test_what_is_refused_after_all_counts_as_failed(self, planned: Planned) -> None:
        """The ordinary payment says so in its own words; the day is over."""
        named = await planned.made("send", 200)
        await planned.is_now(BARAKA, state="closed")

        await planned.looked_daily("2026-08-10", "2026-08-11")

        assert await planned.told() == ["send.nobody"]
        assert await planned.days(named) == {"2026-08-10": "failed"}
        assert (await planned.schedule(named)).failures == 1


class TestStopping:
    async def test_nothing_more_is_paid(self, planned: Planned) -> None:
        """Its owner is told, in case it was somebody else."""
        named = await planned.made()

        await planned.stopped(named)
        await planned.looked("2026-08-10")

        assert (await planned.saved(), await planned.told()) == (0, ["schedule.stopped"])

    async def test_nobody_stops_anothers(self, planned: Planned) -> None:
        """Whatever a session says."""
        named = await planned.made()

        await planned.stopped(named, by=BARAKA)

        assert (await planned.schedule(named)).state == "active"

    @pytest.mark.parametrize("times", [1, 2])
    async def test_again_changes_nothing(self, planned: Planned, times: int) -> None:
        """And is told once."""
        named = await planned.made()

        for _ in range(times):
            await planned.stopped(named, by=AMINA)

        assert await planned.told() == ["schedule.stopped"]


class TestOneThatIsBroken:
    async def test_it_stands_still_alone(self, each_planned: Planned) -> None:
        """Whatever is wrong with its row: the others of that day are paid, and those of the days after."""
        broken, sound = await each_planned.made(), await each_planned.made(shillings=300, every="week", day=1)
        await each_planned.breaks(broken, kind="gift")

        await each_planned.looked("2026-08-10")
        await each_planned.looked("2026-08-17")

        assert await each_planned.saved() == 600
        assert [row.state for row in await each_planned.office.operations(DAILY)] == ["done", "done"]
        assert await each_planned.stuck() == [(await each_planned.schedule(broken)).id]
        assert (await each_planned.days(sound)) == {"2026-08-10": "paid", "2026-08-17": "asked"}

    async def test_it_stops_nobody_from_leaving(self, planned: Planned) -> None:
        """What it pays ends with the account."""
        await planned.breaks(await planned.made(), kind="gift")
        await planned.looked("2026-08-10")
        await planned.given(-5_000)

        async with planned.office.store.read() as connection:
            assert await hindrance(connection, planned.office.shop.books, AMINA) is None

    async def test_mended_it_is_paid_once_for_the_days_it_stood(self, each_planned: Planned) -> None:
        """Whoever mends the row has the same look tried again."""
        named = await each_planned.made(every="week", day=1)
        await each_planned.breaks(named, kind="gift")
        await each_planned.looked_daily("2026-08-10", "2026-08-18")

        await each_planned.breaks(named, kind="save")
        await each_planned.again()

        assert await each_planned.saved() == 500
        assert await each_planned.days(named) == {"2026-08-17": "asked"}
        assert await each_planned.stuck() == []
        await each_planned.prove()
