"""The agreed share of incoming money: how much at most, of which loan first, and that it stops at once."""

import random
import uuid
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from flows.turn import Operation
from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.books.tables import journals
from gateway.clock import local_date
from gateway.lending.events import EndOfDay, Repayment
from gateway.lending.replay import replay
from gateway.lending.terms import Terms
from gateway.operations.outbox import Context
from gateway.operations.playbook import Work
from gateway.playbooks.autorepay import AutoRepay, Share, budget_cents, due_cents, switched
from gateway.store.tables import consents, customers
from tests.gateway.rails_flow.office import AMINA, BARAKA, Office

DAY_MS = 86_400_000
CENTS = st.integers(0, 10**9)
PERCENT = st.integers(0, 100)
PAID_OUT_ON = date(2026, 1, 31)


def work(customer: str = AMINA) -> Work:
    """An operation that has just brought money."""
    identity = str(uuid.uuid4())
    return Work(
        number=1, id=identity, reference="DP2H6QD", kind="wallet.deposit", customer_id=customer, intent={},
        state="queued", step="post", generation=0, attempts=0, data={}, created_at=0, waiting_since=None, fence=1,
    )  # fmt: skip


async def agreed(office: Office, percent: int, customer: str = AMINA) -> None:
    async with office.store.begin() as connection:
        query = update(customers).where(customers.c.id == customer)
        await connection.execute(query.values(auto_repay_percent=percent))


async def came_in(office: Office, cents: int, customer: str = AMINA) -> tuple[Share | None, Work]:
    """Money reaches a wallet, and the share of it goes where it was agreed to."""
    shop, now, arriving = office.shop, office.clock(), work(customer)
    async with office.store.begin() as connection:
        lines = (Line(chart.OPENING, cents), Line(chart.wallet(customer), -cents))
        await shop.books.post(connection, Entry(arriving.id, "post", "Deposit", lines), now)
        share = await AutoRepay(shop.books, shop.portfolio).share(connection, arriving, customer, cents, now)
    return share, arriving


async def held(office: Office, cents: int, customer: str = AMINA) -> None:
    async with office.store.begin() as connection:
        lines = (Line(chart.wallet(customer), cents), Line(chart.OPENING, -cents))
        await office.shop.books.hold(connection, Entry(str(uuid.uuid4()), "hold", "Held", lines), office.clock())


def terms(count: int, cents: int) -> Terms:
    return Terms(
        principal_cents=cents, annual_rate_percent=Decimal(36), interest_method="declining_balance",
        number_of_repayments=count, repayment_every=1, repayment_unit="months", disbursed_on=PAID_OUT_ON,
    )  # fmt: skip


class TestTheBudget:
    @given(cents=CENTS, percent=PERCENT, wallet=st.integers(-(10**6), 10**9))
    def test_it_is_never_more_than_the_percent_nor_the_wallet(self, cents: int, percent: int, wallet: int) -> None:
        """Whole cents, rounded down; a wallet that has less gives less, an overdrawn one nothing."""
        budget = budget_cents(cents, percent, wallet)

        assert 0 <= budget * 100 <= cents * percent
        assert budget <= max(0, wallet)
        assert budget in {max(0, wallet), cents * percent // 100, 0}

    def test_a_fraction_of_a_cent_stays_with_the_customer(self) -> None:
        """A third of a cent cannot be taken."""
        assert budget_cents(1_99, 50, 100_00) == 99


class TestWhatIsDue:
    @given(count=st.integers(1, 12), cents=st.integers(100_00, 10**8), after=st.integers(0, 500), paid=CENTS)
    def test_it_is_what_is_late_and_the_instalment_of_the_period(
        self, count: int, cents: int, after: int, paid: int
    ) -> None:
        """Never less than what is late, never more than what is owed, and nothing of a later period."""
        today = PAID_OUT_ON + timedelta(days=after)
        agreed_on = terms(count, cents)
        events = (Repayment(PAID_OUT_ON, min(paid, cents), "early"), EndOfDay(today)) if paid else (EndOfDay(today),)
        loan = replay(replace(agreed_on, events=events), today)

        due = due_cents(loan, today)
        late = sum(row.outstanding.total for row in loan.rows if row.due_on < today)
        later = sum(row.outstanding.total for row in loan.rows[1:] if row.instalment.start_on >= today)

        assert late <= due <= loan.outstanding.total
        assert due == loan.outstanding.total - later

    def test_the_next_instalment_is_due_from_the_day_after_the_one_before(self) -> None:
        """On a due date only that instalment is asked for."""
        loan = replay(terms(3, 3_000_00), PAID_OUT_ON)
        first, second, _ = loan.rows

        assert due_cents(loan, PAID_OUT_ON) == first.owed.total
        assert due_cents(loan, first.due_on) == first.owed.total
        assert due_cents(loan, first.due_on + timedelta(days=1)) == first.owed.total + second.owed.total

    def test_what_is_paid_ahead_is_not_due_again(self) -> None:
        """Nothing is taken until the next period begins."""
        first = replay(terms(3, 3_000_00), PAID_OUT_ON).rows[0]
        events = (Repayment(PAID_OUT_ON, first.owed.total, "early"),)
        loan = replay(replace(terms(3, 3_000_00), events=events), first.due_on)

        assert due_cents(loan, first.due_on) == 0
        assert due_cents(loan, first.due_on + timedelta(days=1)) > 0


class TestTakingIt:
    async def test_the_agreed_share_goes_to_the_loan_and_the_rest_stays(self, office: Office) -> None:
        """Twenty percent of five hundred."""
        loan = await office.lent()
        await agreed(office, 20)

        share, arriving = await came_in(office, 500_00)

        assert share == Share(loan, 100_00, 2_060_00, 5_400_00)
        assert await office.owed(loan) == 2_060_00
        assert await office.balance(chart.wallet(AMINA)) == 5_400_00
        async with office.store.read() as connection:
            rows = await connection.execute(select(journals.c.step).where(journals.c.operation_id == arriving.id))
        assert {row.step for row in rows} == {"post", f"auto.{loan}"}
        await office.prove()

    async def test_who_has_not_agreed_keeps_everything(self, office: Office) -> None:
        """Also while late."""
        loan = await office.lent()
        office.clock.turn(90 * DAY_MS)

        share, _ = await came_in(office, 500_00)

        assert share is None
        assert await office.owed(loan) > 2_160_00

    async def test_it_stops_at_once(self, office: Office) -> None:
        """The next money that comes is the customer's."""
        await office.lent()
        await agreed(office, 50)
        assert (await came_in(office, 100_00))[0] is not None

        await agreed(office, 0)

        assert (await came_in(office, 100_00))[0] is None

    async def test_the_oldest_due_loan_comes_first_and_the_next_gets_the_rest(self, office: Office) -> None:
        """One message tells of both."""
        old = await office.lent(500_00)
        office.clock.turn(3 * DAY_MS)
        young = await office.lent(2_000_00)
        await agreed(office, 50)

        share, _ = await came_in(office, 2_000_00)

        assert await office.owed(old) == 0
        assert await office.owed(young) == 2_160_00 + 540_00 - 1_000_00
        assert await office.loan_state(old) == "closed"
        assert share is not None
        assert (share.loan, share.loans, share.paid_cents) == (old, 2, 1_000_00)
        assert share.owed_cents == await office.owed(young)
        assert share.template("auto.receipt") == "auto.receipt_many"

    async def test_no_more_than_is_due_is_taken(self, office: Office) -> None:
        """However much comes in."""
        loan = await office.lent(500_00)
        await agreed(office, 50)

        share, _ = await came_in(office, 9_000_00)

        assert share is not None
        assert (share.paid_cents, share.owed_cents) == (540_00, 0)
        assert await office.loan_state(loan) == "closed"
        assert (await came_in(office, 9_000_00))[0] is None

    async def test_money_on_hold_is_not_touched(self, office: Office) -> None:
        """The rest of the wallet is spoken for."""
        await office.lent()
        await agreed(office, 50)
        await held(office, 5_000_00)
        shop, now = office.shop, office.clock()
        await came_in(office, 30_00)  # leaves 15.00 after its share

        async with office.store.begin() as connection:
            share = await AutoRepay(shop.books, shop.portfolio).share(connection, work(), AMINA, 1_000_00, now)

        assert share is not None
        assert (share.paid_cents, share.wallet_cents) == (15_00, 0)
        await office.prove()

    @pytest.mark.parametrize("seed", range(12))
    async def test_whatever_comes_the_sums_are_kept(self, office: Office, seed: int) -> None:
        """Wallet and debts fall by what was taken, which is within percent, due and wallet."""
        chance = random.Random(seed)
        loans = []
        for _ in range(chance.randint(0, 3)):
            loans.append(await office.lent(chance.randint(5, 30) * 100_00))
            office.clock.turn(chance.randint(0, 14) * DAY_MS)  # nobody lends to who is late
        office.clock.turn(chance.randint(0, 40) * DAY_MS)
        percent = chance.randint(0, 50)
        await agreed(office, percent)
        for _ in range(4):
            cents = chance.randint(1, 3_000_00)
            due = [await self.due(office, loan) for loan in loans]
            owed = [await office.owed(loan) for loan in loans]
            wallet = await office.balance(chart.wallet(AMINA))

            share, _ = await came_in(office, cents)

            taken = share.paid_cents if share else 0
            after = [await office.owed(loan) for loan in loans]
            paid = [before - now for before, now in zip(owed, after, strict=True)]
            assert taken == min(cents * percent // 100, sum(due), wallet + cents) == sum(paid)
            assert await office.balance(chart.wallet(AMINA)) == wallet + cents - taken
            assert all(part <= most for part, most in zip(paid, due, strict=True))
            spread = [index for index, part in enumerate(paid) if part]
            assert all(paid[index] == due[index] for index in spread[:-1]), "a younger loan came before an older"
            office.clock.turn(chance.randint(0, 20) * DAY_MS)
        await office.prove()

    async def due(self, office: Office, loan: str) -> int:
        shop, today = office.shop, local_date(office.clock())
        async with office.store.read() as connection:
            record = await shop.portfolio.by_reference(connection, loan)
            assert record is not None
            return due_cents((await shop.portfolio.standing(connection, record.id, today)).loan, today)

    async def test_two_who_share_one_operation_have_journals_of_their_own(self, office: Office) -> None:
        """A payment to many may repay the loans of each."""
        hers, his = await office.lent(500_00), await office.lent(500_00, BARAKA)
        await agreed(office, 10)
        await agreed(office, 10, BARAKA)
        shop, now, one = office.shop, office.clock(), work("")

        async with office.store.begin() as connection:
            auto = AutoRepay(shop.books, shop.portfolio)
            shares = [await auto.share(connection, one, person, 100_00, now) for person in (AMINA, BARAKA)]

        assert [share.loan for share in shares if share] == [hers, his]
        await office.prove()


class TestAtTheSameTime:
    async def test_a_share_and_a_payment_of_the_same_loan_both_count(self, each_office: Office) -> None:
        """Whoever comes second sees what the first has paid, on every engine."""
        office = each_office
        over = await office.lent(500_00)
        await office.from_wallet(over, 540_00)
        loan = await office.lent(2_000_00)
        await agreed(office, 50)
        had = await office.balance(chart.wallet(AMINA))
        for _ in range(3):
            await office.receive(office.rail.pay_paybill(AMINA, 400_00, over))
            await office.from_wallet(loan, 100_00)

        await office.settled()

        assert await office.owed(loan) == 2_160_00 - 3 * 200_00 - 3 * 100_00
        assert await office.balance(chart.wallet(AMINA)) == had + 3 * 400_00 - 3 * 200_00 - 3 * 100_00
        assert (await office.templates()).count("auto.receipt") == 3
        await office.prove()


class TestChoosing:
    async def test_the_yes_and_the_no_are_kept_with_wording_and_language(self, office: Office) -> None:
        """What was agreed to can be shown later."""
        for percent in (20, 0):
            intent: dict[str, Any] = {"percent": percent, "version": "2026-08", "language": "sw"}
            operation = Operation(str(uuid.uuid4()), "auto_repay.set", f"AR{percent}", AMINA, intent)
            async with office.store.begin() as connection:
                await switched(connection, operation, Context(AMINA, "session", office.clock()))

        async with office.store.read() as connection:
            rows = list(await connection.execute(select(consents).order_by(consents.c.id)))
            kept = await connection.scalar(select(customers.c.auto_repay_percent).where(customers.c.id == AMINA))
        assert [(row.kind, row.version, row.language) for row in rows] == [
            ("auto_repay", "2026-08", "sw"),
            ("auto_repay.stop", "2026-08", "sw"),
        ]
        assert kept == 0
