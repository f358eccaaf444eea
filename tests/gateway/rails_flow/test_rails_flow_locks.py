"""Units of work that meet lock in one order: on PostgreSQL nobody is thrown out to let another one through."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation, reference
from gateway.accounts import lines
from gateway.books import accounts as chart
from gateway.books.entry import Entry
from gateway.desk.standing import work_of
from gateway.operations import queue
from gateway.playbooks import prompt_end
from gateway.rails import requests
from gateway.rails.requests import Wanted
from gateway.store import customers
from gateway.store.tables import attempts, operations
from tests.gateway.rails_flow.office import AMINA, Office, office_on, until_blocked
from tests.servers import wait_until

PAYERS = 6
PATIENCE_SECONDS = 5


@pytest.fixture
async def office(fresh_postgres: str) -> AsyncIterator[Office]:
    async with office_on(fresh_postgres) as office:
        yield office


async def thrown_out(office: Office) -> list[str]:
    """Whatever was tried and had to be tried again, and why."""
    async with office.store.read() as connection:
        query = select(attempts.c.reason).where(attempts.c.outcome == "retry")
        return [row.reason for row in await connection.execute(query)]


async def until_waiting(office: Office, count: int) -> None:
    """Until so many in this database wait for a lock."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )

    async def are_waiting() -> bool:
        async with office.store.read() as connection:
            return int(await connection.scalar(waiting) or 0) >= count

    await wait_until(are_waiting)


async def agreed(office: Office, percent: int) -> None:
    async with office.store.begin() as connection:
        await customers.changed(connection, AMINA, auto_repay_percent=percent)


async def came_in(office: Office, receipt: str, cents: int, account: str) -> str:
    """A payment at the paybill, queued as its confirmation does it."""
    intent = {
        "receipt": receipt, "amount_cents": cents, "account": account, "at": office.clock(), "payer": "", "shown": "",
    }  # fmt: skip
    return await office.put("payment.received", intent, "", "RC")


class TestSharesOfIncomingMoney:
    async def test_a_share_and_a_repayment_from_the_wallet_wait_for_each_other(self, office: Office) -> None:
        """Both take the wallet and the loan; the one that credits the wallet has locked the loan before it."""
        over, loan = await office.lent(500_00), await office.lent()
        await office.from_wallet(over, 5_000_00)
        await office.settled()
        await agreed(office, 50)
        credited, other = asyncio.Event(), asyncio.Event()

        async def pause(connection: AsyncConnection, entry: Entry, at: int) -> None:
            """The wallet is credited, the share not taken yet."""
            if entry.step == "post" and entry.memo.startswith("Received"):
                credited.set()
                await other.wait()

        office.shop.books.observers.append(pause)
        await came_in(office, "UA00000099", 400_00, over)
        [incoming] = await office.shop.worker.claim(1)
        share = asyncio.create_task(office.shop.worker.work(incoming))
        await credited.wait()
        await office.from_wallet(loan, 300_00)
        [repaying] = await office.shop.worker.claim(1)
        repayment = asyncio.create_task(office.shop.worker.work(repaying))
        await until_blocked(office.store)
        other.set()
        await asyncio.gather(share, repayment)

        assert await thrown_out(office) == []
        assert await office.owed(loan) == 2_160_00 - 200_00 - 300_00

    async def test_many_at_once_none_is_thrown_out(self, office: Office) -> None:
        """Payments that are shared, repayments from the wallet and by prompt, of one person, in any order."""
        over, loan = await office.lent(500_00), await office.lent(5_000_00)
        await office.from_wallet(over, 5_000_00)
        await office.settled()
        await agreed(office, 50)
        before = await office.owed(loan)

        for number in range(PAYERS):
            await came_in(office, f"UA000001{number:02}", 20_00, over)
            await office.put("repay.wallet", {"loan": loan, "amount_cents": 10_00}, AMINA, "PY")
            await came_in(office, f"UA000002{number:02}", 10_00, loan)
        await office.settled()

        assert await thrown_out(office) == []
        assert before - await office.owed(loan) == PAYERS * 30_00


class TestClosingAnAccount:
    async def test_money_that_arrives_in_that_moment_sees_it(self, office: Office) -> None:
        """It named an old loan of whoever is just leaving: nobody could take it out of their wallet again."""
        loan = await office.lent(500_00)
        await office.from_wallet(loan, 540_00)
        await office.settled()
        had = await office.balance(chart.wallet(AMINA))
        await came_in(office, "UA00000098", 100_00, loan)
        [incoming] = await office.shop.worker.claim(1)

        async with office.store.begin() as leaving:
            await lines.given_up(leaving, await customers.get(leaving, AMINA, lock=True), "op", office.clock())
            arriving = asyncio.create_task(office.shop.worker.work(incoming))
            await until_blocked(office.store)
        await arriving

        assert (await office.balance(chart.wallet(AMINA)), await office.balance(chart.SUSPENSE)) == (had, 100_00)


class TestEndingAPrompt:
    async def test_its_end_and_its_callback_wait_for_each_other(self, office: Office) -> None:
        """Both take the request before the operation."""
        loan = await office.lent()
        office.rail.tells, office.rail.answer = 0, "lost"
        payment = await office.prompt(loan, 500_00)
        office.clock.turn(3_000)
        await office.drained()
        request, operation = await office.request(payment), await office.operation(payment)
        office.shop.playbooks[prompt_end.KIND] = prompt_end.PromptEnd("daraja").playbook()
        identity = str(uuid.uuid4())
        end = Operation(identity, prompt_end.KIND, reference("PE", identity), "", {"operation": operation.id})
        async with office.store.begin() as connection:
            await office.shop.outbox.put(connection, end)
        [ending] = [work for work in await office.shop.worker.claim(9) if work.kind == prompt_end.KIND]

        async with office.store.begin() as connection:
            await requests.by_id(connection, request.id, lock=True)
            callback = office.rail.callback("stk", request.token, office.rail.asked[-1].result)
            told = asyncio.create_task(office.receive(callback))
            await until_waiting(office, 1)
            over = asyncio.create_task(office.shop.worker.work(ending))
            await until_waiting(office, 2)
        assert await told == "applied"
        await over

        assert await thrown_out(office) == []
        async with office.store.read() as connection:
            assert await connection.scalar(select(operations.c.state).where(operations.c.id == identity)) == "done"


class TestRowsThatPointAtALockedOne:
    async def test_a_request_is_written_down_while_its_operation_is_held(self, office: Office) -> None:
        """Whoever holds an operation means to change it, not its id: what only names it need not wait."""
        payment = await office.operation(await office.prompt(await office.lent(), 500_00))

        async with office.store.begin() as held:
            await queue.find(held, payment.id, lock=True)
            async with asyncio.timeout(PATIENCE_SECONDS), office.store.begin() as connection:
                wanted = Wanted("daraja", "stk", AMINA, 500_00)
                request = await requests.opened(connection, work_of(payment), wanted, office.clock())

        assert request.operation_id == payment.id
