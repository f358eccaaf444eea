"""Money between wallet and savings, and the month's interest: each once, to the cent, on both engines."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import pytest

from flows.turn import Operation, reference
from gateway.app import Gateway
from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.books.integrity import check
from gateway.clock import EAT, milliseconds
from gateway.demo import PEOPLE
from gateway.savings import postings
from gateway.store import customers
from tests.house import House, Houses
from tests.meddling import AMINA, BARAKA

IDS = {person.msisdn: person.id for person in PEOPLE}
RATES = [{"since": date(2020, 1, 1), "percent": Decimal(4)}]


@dataclass
class Bank:
    """A gateway whose worker is moved by hand."""

    house: House

    @property
    def gateway(self) -> Gateway:
        return self.house.gateway

    async def put(self, kind: str, customer: str, **intent: object) -> str:
        identity = str(uuid.uuid4())
        operation = Operation(identity, kind, reference("SV", identity), customer, intent)
        async with self.gateway.store.begin() as connection:
            await self.gateway.outbox.put(connection, operation)
        return identity

    async def worked(self) -> None:
        while await self.gateway.worker.drain():
            pass

    async def balances(self, customer: str) -> tuple[int, int]:
        """Wallet and savings."""
        async with self.gateway.store.read() as connection:
            keys = (chart.wallet(customer), chart.savings(customer))
            wallet, savings = [await self.gateway.books.balance(connection, key) for key in keys]
        return wallet.available_cents, savings.available_cents

    async def moved(self, customer: str, day: date, cents: int) -> None:
        """Savings that came from outside on a day at noon."""
        at = milliseconds(datetime(day.year, day.month, day.day, 12, tzinfo=EAT))
        lines = (Line(chart.OPENING, cents), Line(chart.savings(customer), -cents))
        async with self.gateway.store.begin() as connection:
            await self.gateway.books.post(connection, Entry(str(uuid.uuid4()), "given", "Given", lines), at)

    async def end_of_month(self, day: str) -> None:
        await self.put("savings.monthly", "", day=day)
        await self.worked()


@pytest.fixture
async def bank(houses: Houses) -> AsyncIterator[Bank]:
    yield Bank(await houses.build(works=False, savings={"rates": RATES}))


class TestMoving:
    """In and out."""

    async def test_what_leaves_the_wallet_is_in_the_savings(self, bank: Bank) -> None:
        """And back again."""
        amina = IDS[AMINA]
        await bank.put("savings.save", amina, amount_cents=300_00)
        await bank.worked()
        assert await bank.balances(amina) == (4_700_00, 1_500_00)

        await bank.put("savings.move", amina, amount_cents=1_500_00)
        await bank.worked()
        assert await bank.balances(amina) == (6_200_00, 0)

    @pytest.mark.parametrize(("kind", "cents"), [("savings.save", 5_000_01), ("savings.move", 1_200_01)])
    async def test_more_than_there_is_is_refused(self, bank: Bank, kind: str, cents: int) -> None:
        """Nothing moves."""
        amina = IDS[AMINA]
        await bank.put(kind, amina, amount_cents=cents)
        await bank.worked()

        (operation,) = await bank.house.operations(kind)
        assert operation.state == "rejected"
        assert await bank.balances(amina) == (5_000_00, 1_200_00)

    async def test_many_at_once_never_take_more_than_there_is(self, bank: Bank) -> None:
        """Twenty movements of 300 from 5,000: sixteen go through, in whatever order."""
        amina = IDS[AMINA]
        await asyncio.gather(*(bank.put("savings.save", amina, amount_cents=300_00) for _ in range(20)))
        await bank.worked()

        states = [operation.state for operation in await bank.house.operations("savings.save")]
        assert (states.count("done"), states.count("rejected")) == (16, 4)
        assert await bank.balances(amina) == (200_00, 6_000_00)


class TestWithoutTheLicence:
    """`credit_only`: nothing comes in and nothing is earned; what is there may leave."""

    @pytest.fixture
    async def lender(self, houses: Houses) -> Bank:
        settings = {"open": False, "rates": RATES}
        return Bank(await houses.build(works=False, organisation={"kind": "credit_only"}, savings=settings))

    async def test_what_is_there_leaves_and_nothing_comes(self, lender: Bank) -> None:
        """A request that was under way when the licence went is told so."""
        amina = IDS[AMINA]
        await lender.put("savings.save", amina, amount_cents=300_00)
        await lender.put("savings.move", amina, amount_cents=200_00)
        await lender.worked()

        assert await lender.balances(amina) == (5_200_00, 1_000_00)
        told = [row.intent["template"] for row in await lender.house.operations("sms.send")]
        assert sorted(told) == ["savings.moved", "savings.shut"]

    async def test_no_interest_is_shown_or_posted(self, lender: Bank) -> None:
        """Nor later for the time in which it was not allowed."""
        baraka = IDS[BARAKA]
        await lender.moved(baraka, date(2020, 3, 31), 36_500_00)
        await lender.end_of_month("2020-05-01")

        assert (await lender.balances(baraka))[1] == 36_500_00
        async with lender.gateway.store.read() as connection:
            assert await postings.newest_month(connection) == "2020-04"

    async def test_a_phone_offers_no_goal(self, lender: Bank) -> None:
        """Balance, move, mini-statement."""
        line = lender.house.line(AMINA)
        await line.dial("*383*7#")
        await line.send("4826")

        assert line.screen.split("\n")[:4] == ["Savings", "1 Balance", "3 Move to wallet", "4 Mini-statement"]


class TestInterest:
    """What a month brings."""

    async def test_a_month_that_is_over_is_posted_once(self, bank: Bank) -> None:
        """By the daily balance; a second run on the same or a later day of the month posts nothing more."""
        baraka = IDS[BARAKA]
        await bank.moved(baraka, date(2020, 3, 31), 10_000_00)
        await bank.moved(baraka, date(2020, 4, 11), 5_000_00)
        await bank.moved(baraka, date(2020, 4, 21), -8_000_00)
        await bank.end_of_month("2020-05-01")
        await bank.end_of_month("2020-05-02")

        assert await bank.balances(baraka) == (12_000_00, 7_035_07)
        async with bank.gateway.store.read() as connection:
            assert await check(connection) == []
            assert await postings.newest_month(connection) == "2020-04"

    async def test_after_a_standstill_each_month_is_posted(self, bank: Bank) -> None:
        """Interest earns interest from the day it is posted on, not before."""
        baraka = IDS[BARAKA]
        await bank.moved(baraka, date(2020, 3, 31), 36_500_00)
        await bank.end_of_month("2020-05-01")
        assert (await bank.balances(baraka))[1] == 36_500_00 + 120_00
        await bank.end_of_month("2020-08-15")

        assert (await bank.balances(baraka))[1] == 36_500_00 + 120_00 + 124_00 + 120_00 + 124_00

    async def test_an_account_closed_meanwhile_gets_none(self, bank: Bank) -> None:
        """All of it has left before: what came after could never leave."""
        baraka = IDS[BARAKA]
        await bank.moved(baraka, date(2020, 3, 31), 10_000_00)
        await bank.moved(baraka, date(2020, 4, 21), -10_000_00)
        async with bank.gateway.store.begin() as connection:
            await customers.changed(connection, baraka, state="closed")

        await bank.end_of_month("2020-05-01")

        assert (await bank.balances(baraka))[1] == 0
        async with bank.gateway.store.read() as connection:
            assert await postings.newest_month(connection) == "2020-04"

    async def test_each_month_is_told_once(self, bank: Bank) -> None:
        """Also when several are posted at once, and not again by a later run."""
        await bank.moved(IDS[BARAKA], date(2020, 3, 31), 36_500_00)
        await bank.end_of_month("2020-05-01")
        await bank.end_of_month("2020-08-15")
        await bank.end_of_month("2020-08-16")

        told = [row.intent for row in await bank.house.operations("sms.send") if row.customer_id == IDS[BARAKA]]
        assert [(each["template"], each["values"]["amount"]) for each in told] == [
            ("savings.interest", ["ksh", cents]) for cents in (120_00, 124_00, 120_00, 124_00)
        ]

    async def test_everybody_gets_theirs_however_many_they_are(self, houses: Houses) -> None:
        """More people than fit one unit of work; the tax is withheld and owed."""
        bank = Bank(await houses.build(works=False, savings={"rates": RATES, "withheld_percent": 15}))
        people = [str(uuid.uuid4()) for _ in range(205)]
        for person in people:
            await bank.moved(person, date(2020, 3, 31), 36_500_00)
        await bank.end_of_month("2020-05-01")

        assert {(await bank.balances(person))[1] for person in people} == {36_500_00 + 102_00}
        async with bank.gateway.store.read() as connection:
            tax = await bank.gateway.books.balance(connection, chart.TAX_PAYABLE)
        assert tax.posted_cents == 205 * 18_00
