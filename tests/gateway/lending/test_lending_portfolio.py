"""Loans as kept, on both engines: what a repayment settles, in whatever order the news of it comes."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from gateway.clock import local_date
from gateway.errors import BrokenInvariant
from gateway.lending.allocation import Parts
from gateway.lending.events import Repayment
from gateway.lending.offers import DEMO_PRODUCTS, parse_products
from gateway.lending.portfolio import Portfolio
from gateway.lending.standings import LoanRecord, Repaid, next_cents, next_due
from gateway.lending.terms import terms_mapping
from gateway.store import customers
from gateway.store.engine import Store
from gateway.store.tables import loan_events, loans
from tests.gateway.rails_flow.office import START

DAY_MS = 86_400_000
PAID_OUT = local_date(START)
DUE = PAID_OUT + timedelta(days=30)
OWED = 2_160_00
PENALTY = 50_00


@dataclass
class Desk:
    """A portfolio with one customer; every call is its own unit of work, on a day after the payout."""

    store: Store
    portfolio: Portfolio

    async def approve(self, loan: str = "LN1", cents: int = 2_000_00) -> None:
        terms = self.portfolio.products["quick"].terms(cents, PAID_OUT)
        record = LoanRecord(loan, loan, "amina", "quick", terms_mapping(terms), {}, cents, "approved")
        async with self.store.begin() as connection:
            await self.portfolio.approve(connection, record, f"lend-{loan}", START)

    async def lend(self, loan: str = "LN1", cents: int = 2_000_00, *, day: int = 0) -> None:
        await self.approve(loan, cents)
        now = START + day * DAY_MS
        async with self.store.begin() as connection:
            await self.portfolio.pay_out(connection, loan, f"lend-{loan}", now, now)

    async def repay(self, cents: int, *, on: int, known: int | None = None, loan: str = "LN1", by: str = "") -> Repaid:
        """Paid `on` a day, and known of on the same day or later."""
        now = START + (on if known is None else known) * DAY_MS
        repayment = Repayment(PAID_OUT + timedelta(days=on), cents, "UA1")
        async with self.store.begin() as connection:
            return await self.portfolio.repay(connection, loan, repayment, by or f"pay-{on}-{cents}", now)

    async def owed(self, day: int, loan: str = "LN1") -> int:
        async with self.store.begin() as connection:
            standing = await self.portfolio.standing(connection, loan, PAID_OUT + timedelta(days=day))
        return standing.owed_cents

    async def state(self, loan: str = "LN1") -> str:
        async with self.store.begin() as connection:
            return str(await connection.scalar(select(loans.c.state).where(loans.c.id == loan)))


@asynccontextmanager
async def desk_on(url: str) -> AsyncIterator[Desk]:
    store = Store(url)
    async with store.begin() as connection:
        await customers.added(
            connection, "amina", msisdn="+254711000001", name="Amina", language="en", state="active",
            limit_cents=0, created_at=START,
        )  # fmt: skip
    try:
        yield Desk(store, Portfolio(parse_products(dict(DEMO_PRODUCTS))))
    finally:
        await store.close()


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with desk_on(database_url) as desk:
        yield desk


class TestLifecycle:
    async def test_the_dates_run_from_the_day_the_money_arrived(self, desk: Desk) -> None:
        """A pay-out that took three days is due thirty days after it, not after the promise."""
        await desk.lend(day=3)

        async with desk.store.begin() as connection:
            standing = await desk.portfolio.standing(connection, "LN1", PAID_OUT + timedelta(days=3))

        assert next_due(standing.loan) == DUE + timedelta(days=3)
        assert next_cents(standing.loan) == OWED

    async def test_the_same_loan_cannot_be_approved_twice(self, desk: Desk) -> None:
        """Its id is the operation's: the second one is refused by the database."""
        await desk.approve()

        with pytest.raises(IntegrityError):
            await desk.approve()

    async def test_a_cancelled_loan_that_was_paid_after_all_runs(self, desk: Desk) -> None:
        """Whoever has the money owes it."""
        await desk.approve()
        async with desk.store.begin() as connection:
            await desk.portfolio.ended(connection, "LN1", "lend-LN1", "cancelled", START, {"reason": "unpaid"})
            await desk.portfolio.pay_out(connection, "LN1", "lend-LN1", START, START)

        assert await desk.state() == "active"
        assert await desk.owed(0) == OWED

    async def test_a_loan_that_is_not_there_breaks_loudly(self, desk: Desk) -> None:
        """It is a mistake of ours, never a zero."""
        async with desk.store.begin() as connection:
            with pytest.raises(BrokenInvariant):
                await desk.portfolio.get(connection, "LN404")

    async def test_approved_and_running_principal_is_in_use_and_paid_back_is_not(self, desk: Desk) -> None:
        """A limit counts what is promised, what is owed, and frees what is repaid."""
        await desk.approve("LN1", 500_00)
        await desk.lend("LN2", 1_000_00)
        await desk.repay(580_00, on=1, loan="LN2")

        async with desk.store.begin() as connection:
            held = await desk.portfolio.held(connection, "amina", PAID_OUT + timedelta(days=1))

        assert held.waiting_cents == 500_00
        assert held.in_use_cents == 500_00 + 500_00

    async def test_late_loans_come_first_and_then_the_next_due(self, desk: Desk) -> None:
        """What a paybill payment without a loan number goes to is the first of these."""
        await desk.lend("LNNEW", 500_00, day=20)
        await desk.lend("LNOLD", 500_00, day=1)
        await desk.lend("LNMID", 500_00, day=10)

        async with desk.store.begin() as connection:
            running = await desk.portfolio.active(connection, "amina", DUE + timedelta(days=5))

        assert [standing.record.reference for standing in running] == ["LNOLD", "LNMID", "LNNEW"]


class TestRepaying:
    async def test_a_part_settles_interest_before_principal(self, desk: Desk) -> None:
        """The loan stays open with the rest."""
        await desk.lend()

        repaid = await desk.repay(500_00, on=10)

        assert repaid.parts == Parts(interest=160_00, principal=340_00)
        assert (repaid.extra_cents, repaid.is_cleared, await desk.state()) == (0, False, "active")
        assert await desk.owed(10) == OWED - 500_00

    async def test_what_the_loan_does_not_owe_is_extra(self, desk: Desk) -> None:
        """It closes the loan and belongs to the customer."""
        await desk.lend()

        repaid = await desk.repay(OWED + 300_00, on=10)

        assert (repaid.parts.total, repaid.extra_cents) == (OWED, 300_00)
        assert (repaid.is_cleared, await desk.state()) == (True, "closed")

    async def test_a_closed_loan_takes_nothing(self, desk: Desk) -> None:
        """All of a second payment is extra."""
        await desk.lend()
        await desk.repay(OWED, on=10)

        again = await desk.repay(100_00, on=11)

        assert (again.parts.total, again.extra_cents, await desk.owed(60)) == (0, 100_00, 0)

    async def test_a_late_payment_settles_the_penalty_of_the_days_before(self, desk: Desk) -> None:
        """Charged once the days of grace are over."""
        await desk.lend()

        repaid = await desk.repay(OWED + PENALTY, on=35)

        assert repaid.parts.penalty == PENALTY
        assert (repaid.extra_cents, await desk.state()) == (0, "closed")

    async def test_the_same_operation_repays_once(self, desk: Desk) -> None:
        """The database refuses a second repayment in its name."""
        await desk.lend()
        await desk.repay(100_00, on=1, by="op")

        with pytest.raises(IntegrityError):
            await desk.repay(100_00, on=1, by="op")

        assert await desk.owed(1) == OWED - 100_00


class TestNewsOutOfOrder:
    """A confirmation can come a day late: what it says of yesterday does not undo what was paid today."""

    @pytest.fixture
    async def desk(self, fresh_sqlite: str) -> AsyncIterator[Desk]:
        async with desk_on(fresh_sqlite) as desk:
            yield desk

    async def test_an_older_payment_takes_no_more_than_is_still_owed(self, desk: Desk) -> None:
        """Two payments of the whole debt settle it once; the other is the customer's money."""
        await desk.lend()
        await desk.repay(OWED, on=10)

        late_news = await desk.repay(OWED, on=9, known=10)

        assert (late_news.parts.total, late_news.extra_cents) == (0, OWED)
        assert await desk.owed(10) == 0

    async def test_an_older_payment_settles_the_rest_and_leaves_the_excess(self, desk: Desk) -> None:
        """Interest that today's payment settled is not settled again."""
        await desk.lend()
        first = await desk.repay(1_000_00, on=10)

        second = await desk.repay(1_500_00, on=9, known=10)

        assert first.parts.plus(second.parts) == Parts(interest=160_00, principal=2_000_00)
        assert (second.extra_cents, await desk.state()) == (340_00, "closed")

    async def test_a_payment_in_time_that_is_known_late_takes_the_penalty_back(self, desk: Desk) -> None:
        """What was paid towards it settles the debt instead, and what is left over is the customer's."""
        await desk.lend()
        after_due = await desk.repay(1_000_00, on=40)
        assert after_due.parts.penalty == PENALTY

        in_time = await desk.repay(OWED, on=29, known=41)

        assert after_due.parts.plus(in_time.parts) == Parts(interest=160_00, principal=2_000_00)
        assert in_time.extra_cents == 1_000_00
        assert (await desk.owed(41), await desk.owed(90), await desk.state()) == (0, 0, "closed")

    async def test_a_payment_before_the_payout_counts_from_the_payout(self, desk: Desk) -> None:
        """The rail's clock and ours may differ by a midnight."""
        await desk.lend(day=1)

        repaid = await desk.repay(500_00, on=0, known=1)

        assert (repaid.parts.total, repaid.extra_cents) == (500_00, 0)

    async def test_a_payment_dated_tomorrow_is_taken(self, desk: Desk) -> None:
        """The same the other way round."""
        await desk.lend()

        repaid = await desk.repay(OWED, on=2, known=1)

        assert (repaid.parts.total, await desk.state()) == (OWED, "closed")

    @pytest.mark.parametrize("seed", range(6))
    async def test_in_any_order_the_parts_add_up_to_the_loan_and_nothing_is_lost(
        self, fresh_sqlite: str, seed: int
    ) -> None:
        """Every cent is in a part or is extra; the parts are what the loan says was paid, and never more than owed."""
        chance = random.Random(seed)
        async with desk_on(fresh_sqlite) as desk:
            await desk.lend()
            paid = settled = extra = 0
            parts = Parts()
            for number in range(6):
                known = 25 + 4 * number
                cents, on = chance.randint(1, 9) * 100_00, known - chance.choice((0, 0, 1, 5, 12))
                repaid = await desk.repay(cents, on=on, known=known, by=f"op-{number}")
                paid, settled, extra = paid + cents, settled + repaid.parts.total, extra + repaid.extra_cents
                parts = parts.plus(repaid.parts)
                async with desk.store.begin() as connection:
                    day = PAID_OUT + timedelta(days=known)
                    standing = await desk.portfolio.standing(connection, "LN1", day)
                assert paid == settled + extra
                assert parts == standing.loan.paid
                assert min(parts.principal, parts.interest, parts.penalty) >= 0
            assert standing.owed_cents >= 0

    async def test_what_happened_is_kept_in_order(self, desk: Desk) -> None:
        """From approval to the last payment, each with the operation that did it."""
        await desk.lend()
        await desk.repay(100_00, on=1)

        async with desk.store.begin() as connection:
            rows = await connection.execute(select(loan_events).order_by(loan_events.c.id))
            kinds = [(row.kind, row.operation_id) for row in rows]

        assert kinds == [("approved", "lend-LN1"), ("paid_out", "lend-LN1"), ("repayment", "pay-1-10000")]


def test_the_demo_loan_is_due_in_thirty_days() -> None:
    """The figures of this file."""
    assert date(2026, 9, 4) == DUE


class TestAProductThatChanged:
    async def test_a_declining_loan_pays_by_the_day_whatever_it_becomes(self, desk: Desk) -> None:
        """The configuration says now that the product is flat; the loan is what was agreed."""
        growth = desk.portfolio.products["growth"]
        terms = growth.terms(10_000_00, PAID_OUT, 3)
        record = LoanRecord("LN9", "LN9", "amina", "growth", terms_mapping(terms), {}, 10_000_00, "approved")
        async with desk.store.begin() as connection:
            await desk.portfolio.approve(connection, record, "lend-LN9", START)
            await desk.portfolio.pay_out(connection, "LN9", "lend-LN9", START, START)
        before = await desk.owed(40, "LN9")

        flat = replace(growth, interest_method="flat", rebate="none")
        desk.portfolio.products = {**desk.portfolio.products, "growth": flat}

        assert await desk.owed(40, "LN9") == before

    async def test_one_that_is_gone_is_needed_by_loans_that_are_not_over(self, desk: Desk) -> None:
        """A loan that is over is read without it."""
        await desk.lend("LN1")
        await desk.lend("LN2")
        await desk.repay(OWED, on=1, loan="LN2")
        desk.portfolio.products = {}

        async with desk.store.begin() as connection:
            assert await desk.portfolio.not_over(connection) == {"quick": 1}
        assert await desk.owed(2, "LN2") == 0
        assert desk.portfolio.product_name("quick") == "quick"
