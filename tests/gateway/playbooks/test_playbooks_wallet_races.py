"""Many who want the same money at once: no wallet below zero, nothing lost, nothing made, on both engines."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from flows.turn import Operation, reference
from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.books.integrity import check
from gateway.feature import merged
from gateway.operations.settle import Policy
from gateway.operations.worker import Pace, Worker
from gateway.store import customers
from tests.gateway.playbooks.street import prove
from tests.house import House, Houses

PEOPLE = tuple(f"+2547220000{number:02}" for number in range(10))
START_CENTS = 1_000_00
WORKERS = 3


async def moved_in(house: House) -> None:
    """Ten people with a full wallet each."""
    now = house.gateway.clock()
    async with house.gateway.store.begin() as connection:
        for phone in PEOPLE:
            await customers.added(
                connection, phone, msisdn=phone, name=f"Person Number{phone[-2:]}", language="en", state="active",
                tier=2, created_at=now,
            )  # fmt: skip
            lines = (Line(chart.OPENING, START_CENTS), Line(chart.wallet(phone), -START_CENTS))
            await house.gateway.books.post(connection, Entry(phone, "opening", "Opening", lines), now)


async def wanted(house: House, kind: str, customer: str, intent: Mapping[str, Any]) -> None:
    identity = str(uuid.uuid4())
    async with house.gateway.store.begin() as connection:
        operation = Operation(identity, kind, reference("OP", identity), customer, intent)
        await house.gateway.outbox.put(connection, operation)


@asynccontextmanager
async def at_work(house: House) -> AsyncIterator[None]:
    """Several workers on one queue, as several processes are."""
    gateway = house.gateway
    playbooks = merged({playbook.kind: playbook} for each in gateway.features for playbook in each.playbooks)
    policy, pace = Policy(50, 20, 200), Pace(4, 30_000, 0.05)
    workers = [Worker(gateway.store, gateway.outbox, playbooks, gateway.clock, policy, pace) for _ in range(WORKERS)]
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def balances(house: House) -> dict[str, int]:
    return {phone: await house.balance(chart.wallet(phone)) for phone in PEOPLE}


@pytest.mark.timeout(180)
class TestManyAtOnce:
    async def test_two_hundred_withdrawals_until_ten_wallets_are_empty(self, houses: Houses) -> None:
        """Each pays what it covers and refuses the rest; the sum of all is what it was."""
        house = await houses.build(works=False, rails={"daraja": {"callback_seconds": 5}})
        await moved_in(house)
        intent = {"amount_cents": 100_00, "fee_cents": 15_00}

        async with at_work(house):
            await asyncio.gather(
                *(wanted(house, "wallet.withdraw", PEOPLE[number % 10], intent) for number in range(200))
            )
            await house.settled(120)

        left = await balances(house)
        rows = await house.operations("wallet.withdraw")
        paid = [row for row in rows if row.state == "done"]
        movements = (await house.outside.money()).movements
        assert len(rows) == 200
        assert len(paid) == 80
        assert {row.state for row in rows} == {"done", "rejected"}
        assert set(left.values()) == {START_CENTS - 8 * 115_00}
        assert sum(each.amount_cents for each in movements) == 80 * 100_00
        assert await house.balance(chart.INCOME_FEES) == 80 * 15_00
        await prove(house)

    async def test_a_circle_of_transfers_keeps_the_sum(self, houses: Houses) -> None:
        """Everybody sends to the next one and the one before, at once."""
        house = await houses.build(works=False)
        await moved_in(house)

        async with at_work(house):
            await asyncio.gather(*(wanted(house, "wallet.send", *_round(number)) for number in range(100)))
            await house.settled(120)

        left = await balances(house)
        rows = await house.operations("wallet.send")
        expected = dict.fromkeys(PEOPLE, START_CENTS)
        for row in (row for row in rows if row.state == "done"):
            expected[row.customer_id] -= row.intent["amount_cents"]
            expected[row.intent["to"]] += row.intent["amount_cents"]
        assert len(rows) == 100
        assert {row.state for row in rows} <= {"done", "rejected"}
        assert left == expected
        assert sum(left.values()) == 10 * START_CENTS
        assert min(left.values()) >= 0
        async with house.gateway.store.read() as connection:
            assert await check(connection) == []


def _round(number: int) -> tuple[str, dict[str, Any]]:
    """Who sends how much to whom: forwards and backwards, small sums and sums that empty a wallet."""
    sender, step = number % 10, 1 if number % 3 else 9
    to = PEOPLE[(sender + step) % 10]
    return PEOPLE[sender], {"to": to, "person": to, "amount_cents": (90_00, 410_00)[number % 2], "fee_cents": 0}
