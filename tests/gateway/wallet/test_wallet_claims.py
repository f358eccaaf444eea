"""Money for a phone without an account: whoever joins, takes back and returns at once lock in one order."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation, reference
from gateway.books import accounts as chart
from gateway.books.entry import Entry, shard_seed
from gateway.operations.outbox import Context
from gateway.operations.outcome import Later
from gateway.operations.playbook import Local, Playbook
from gateway.store import customers
from gateway.wallet.claims import RETURN, Claims, return_of
from gateway.wallet.transfers import Transfer
from tests.gateway.rails_flow.office import AMINA, BARAKA, Office, office_on, until_blocked

NEW = "+254711000077"
DAY_MS = 86_400_000


@pytest.fixture
async def office(fresh_postgres: str) -> AsyncIterator[Office]:
    async with office_on(fresh_postgres) as office:
        office.shop.playbooks[RETURN] = Playbook(RETURN, (Local("wait", _waits),), lambda _, intent: intent["transfer"])
        yield office


async def _waits(connection: AsyncConnection, work: object, now: int) -> Later:
    return Later(DAY_MS)


def in_one_shard() -> tuple[str, str]:
    """Two operations that post to the same row of each account of the house."""
    first = str(uuid.uuid4())
    second = next(
        other for other in (str(uuid.uuid4()) for _ in range(10_000))
        if shard_seed(other) % chart.SHARDS == shard_seed(first) % chart.SHARDS
    )  # fmt: skip
    return first, second


async def sent(office: Office, claims: Claims, identity: str, sender: str) -> Transfer:
    now = office.clock()
    transfer = Transfer(identity, reference("SN", identity), sender, NEW, 100_00, 5_00, "held", now + DAY_MS, now)
    waits = return_of(identity)
    async with office.store.begin() as connection:
        await claims.hold(connection, transfer, now)
        operation = Operation(waits, RETURN, reference("RT", waits), sender, {"transfer": transfer.reference})
        await office.shop.outbox.put(connection, operation, delay_ms=DAY_MS)
    office.clock.turn(1)
    return transfer


class TestJoining:
    async def test_who_joins_and_who_takes_back_wait_for_each_other(self, office: Office) -> None:
        """Of two transfers that wait, the second is taken back while the first is being given: nobody is thrown out,
        and the second goes to one of them."""
        claims, given, other = Claims(office.shop.books, office.shop.outbox), asyncio.Event(), asyncio.Event()
        one, two = in_one_shard()
        await sent(office, claims, one, AMINA)
        second = await sent(office, claims, two, BARAKA)

        async def pause(connection: AsyncConnection, entry: Entry, at: int) -> None:
            if (entry.operation_id, entry.step) == (one, "claimed"):
                given.set()
                await other.wait()

        async def join() -> None:
            now = office.clock()
            async with office.store.begin() as connection:
                await customers.added(
                    connection, "new", msisdn=NEW, name="Chebet Rono", language="en", state="active", created_at=now
                )
                context = Context(NEW, "s", now)
                await claims.joined(
                    connection, Operation("r", "customer.register", "RGB2C3D", "new", {}), "new", context
                )

        async def take_back() -> bool:
            async with office.store.begin() as connection:
                return await claims.give_back(connection, second, "taken_back", "send.taken_back", office.clock())

        office.shop.books.observers.append(pause)
        joining = asyncio.create_task(join())
        await given.wait()
        taking = asyncio.create_task(take_back())
        await until_blocked(office.store)
        other.set()
        await joining

        assert await taking is False
        assert await office.balance(chart.wallet("new")) == 200_00
        assert await office.balance(chart.UNCLAIMED) == 0
