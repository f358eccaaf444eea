"""What is easy to get wrong when machines fail, one class each: every test fails without the guard it names.

All of it through the whole house: the carrier's callback comes in by HTTP, Redis and the database are real, and the
outside world misbehaves on request.
"""

import asyncio
import json
import os
import signal
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, closing
from pathlib import Path

import gsm0338  # noqa: F401 - registers the codec that counts septets
import pytest
from aiohttp.test_utils import unused_port
from redis import Redis
from sqlalchemy import select

from gateway import app
from gateway.books import accounts as chart
from gateway.embedded.valkey import EmbeddedValkey
from gateway.store.tables import cases, rail_requests
from simulator.standins import app as standins_app
from simulator.standins.settings import Settings as StandinSettings
from tests.house import CALLBACK_TOKEN, House, Houses
from tests.meddling import (
    AMINA,
    BORROW,
    POLITE,
    RECEIVED,
    TO_THE_PIN,
    another,
    fault,
    healthy,
    held,
    hop,
    said,
    typed,
)
from tests.servers import wait_until

TO_THE_PROMPT = ("3", "1", "2", "2", "1")
LOAN = "LN7K2QD"


def database(house: House) -> Path:
    return Path(house.config.database.url.removeprefix("sqlite+aiosqlite:///"))


@pytest.fixture
def valkey_of_its_own(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    """A Redis that a test may stop, fill, freeze and start again."""
    server = EmbeddedValkey(tmp_path / "valkey")
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def houses_on_sqlite(tmp_path: Path, fresh_sqlite: str, fresh_redis: str) -> AsyncIterator[Houses]:
    """Houses of which one database engine says enough."""
    async with AsyncExitStack() as stack:
        yield Houses(stack, tmp_path, fresh_sqlite, fresh_redis)


@pytest.fixture
async def frail(tmp_path: Path, fresh_sqlite: str, valkey_of_its_own: EmbeddedValkey) -> AsyncIterator[House]:
    """A house on a Redis of its own, with little patience."""
    async with AsyncExitStack() as stack:
        houses = Houses(stack, tmp_path, fresh_sqlite, valkey_of_its_own.url)
        yield await houses.build(
            server={"turn_seconds": 2.0}, redis={"timeout_seconds": 0.2}, database={"busy_seconds": 0.2}
        )


class TestKilled:
    """3. Killed after accepting and before the reply; after the rail's call and before its answer was stored."""

    async def test_killed_between_accepting_and_the_reply_the_next_node_says_what_was_accepted(
        self, houses: Houses, tmp_path: Path
    ) -> None:
        """Guard: gateway/conversation.py:Conversation._committed: durable first, then the session moves."""
        house = await houses.build(works=False)
        await typed(house, *TO_THE_PIN)
        accepted, _ = held(house.gateway.sessions, "force")
        dying = asyncio.create_task(house.gateway.conversation.answer(hop("*".join(BORROW))))
        await accepted.wait()
        on_disk = await house.operations("loan.disburse")
        dying.cancel()

        async with another(house, tmp_path) as next_node:
            reply = await next_node.conversation.answer(hop("*".join(BORROW)))

        (operation,) = await house.operations("loan.disburse")
        assert on_disk == [operation]
        assert reply.is_final
        assert f"Request {operation.reference} received" in reply.text

    async def test_killed_after_the_rails_call_the_next_worker_asks_and_pays_once(
        self, houses: Houses, tmp_path: Path
    ) -> None:
        """Guard: gateway/rails/steps.py:RailStep.attempt: noted as sent before it is sent, then only asked."""
        house = await houses.build(
            works=False, operations={"lease_seconds": 0.3}, rails={"daraja": {"timeout_seconds": 10.0}}
        )
        await typed(house, *TO_THE_PROMPT)
        await fault(house, "stk", "slow", 1.0)
        await fault(house, "*", "lost-callback")

        async def prompted() -> bool:
            return bool(await house.outside.prompts(AMINA))

        async with app.working(house.gateway):
            await wait_until(prompted)
        async with another(house, tmp_path) as next_node, app.working(next_node):
            await house.settled()

        assert [prompt.state for prompt in await house.outside.prompts(AMINA)] == ["paid"]
        assert await house.balance(chart.COLLECTION) == 2160_00
        assert len(await said(house, AMINA, LOAN, "fully paid")) == 1


class TestTheRailMisbehaves:
    """4. The rail hangs; its callback comes before its answer, twice, never, or with another amount."""

    @pytest.mark.parametrize(
        ("kind", "seconds"),
        [
            ("timeout", 20.0),
            ("callback-first", 5.0),
            ("duplicate-callback", 0.05),
            ("lost-callback", None),
            (None, None),
        ],
    )
    async def test_a_pay_out_happens_once_and_is_told_once(
        self, house: House, kind: str | None, seconds: float | None
    ) -> None:
        """Guards: gateway/rails/steps.py:RailStep.attempt (asks), gateway/rails/requests.py:settled (applied once)."""
        if kind:
            await fault(house, "b2c", kind, seconds)

        await typed(house, *BORROW)
        await house.settled()

        (operation,) = await house.operations("loan.disburse")
        money = await house.outside.money()
        assert operation.state == "done"
        assert [(moved.kind, moved.amount) for moved in money.movements] == [("b2c", "1980.00")]
        assert await house.balance(chart.PAYOUT) == -1980_00
        assert await house.balance(chart.TRANSIT) == 0
        assert len(await said(house, AMINA, operation.reference, "Confirmed")) == 1

    async def test_another_amount_than_asked_for_counts_as_what_came(self, house: House) -> None:
        """Guard: gateway/rails/requests.py:settled, which books what the rail says and not what we asked."""
        await fault(house, "stk", "wrong-amount")

        await typed(house, *TO_THE_PROMPT)
        await house.settled()

        money = await house.outside.money()
        received = [moved.amount_cents for moved in money.movements if moved.kind == "stk"]
        assert len(received) == 1
        assert await house.balance(chart.COLLECTION) == received[0]
        assert await house.balance(chart.TRANSIT) == 0


class TestRedisAway:
    """10. Redis gone, frozen, full, or failing over in the middle of a turn."""

    async def test_without_redis_everybody_gets_a_polite_end_and_work_resumes_by_itself(
        self, frail: House, valkey_of_its_own: EmbeddedValkey
    ) -> None:
        """Guards: gateway/sessions.py:Sessions._run and gateway/conversation.py:Conversation.answer."""
        await typed(frail, *TO_THE_PIN)
        valkey_of_its_own.stop()

        screens = [await frail.hop(text, session=ref) for text, ref in [("", "ATUid_2"), ("*".join(BORROW), "ATUid_1")]]
        status, health = await healthy(frail)
        valkey_of_its_own.start()
        resumed = await frail.hop("", session="ATUid_3")

        assert all(POLITE.match(screen) for screen in screens)
        assert (status, health["status"]) == (503, "down")
        assert health["checks"]["redis"]["status"] == "down"
        assert health["checks"]["sql"]["status"] == "ok"
        assert resumed.startswith("CON ")
        assert await frail.operations() == []

    async def test_what_was_accepted_is_said_again_without_redis_and_is_carried_out(
        self, frail: House, valkey_of_its_own: EmbeddedValkey
    ) -> None:
        """Guard: gateway/conversation.py:Conversation._from_disk."""
        accepted = await typed(frail, *BORROW)
        valkey_of_its_own.stop()

        retried = await frail.hop("*".join(BORROW))
        await frail.settled()

        assert RECEIVED.match(accepted)
        assert retried == accepted
        assert len((await frail.outside.money()).movements) == 1

    async def test_a_frozen_redis_is_given_up_before_the_deadline(
        self, frail: House, valkey_of_its_own: EmbeddedValkey
    ) -> None:
        """Guard: gateway/coalescer.py:Coalescer._exchange, whose time limit leaves time to ask the disk."""
        accepted = await typed(frail, *BORROW)
        assert valkey_of_its_own.pid
        os.kill(valkey_of_its_own.pid, signal.SIGSTOP)
        try:
            screens = await asyncio.gather(*(frail.hop("", session=f"ATUid_{number}") for number in range(2, 12)))
            retried = await frail.hop("*".join(BORROW))
        finally:
            os.kill(valkey_of_its_own.pid, signal.SIGCONT)
        resumed = await frail.hop("", session="ATUid_12")

        assert all(POLITE.match(screen) for screen in screens)
        assert retried == accepted
        assert resumed.startswith("CON ")

    @pytest.mark.parametrize("knows_scripts", [True, False])
    async def test_a_full_redis_begins_nothing_new_and_what_is_accepted_is_still_said(
        self, frail: House, valkey_of_its_own: EmbeddedValkey, knows_scripts: bool
    ) -> None:
        """Guards: gateway/conversation.py:Conversation._moved, gateway/sessions.py:Sessions._run (refusals)."""
        await typed(frail, *TO_THE_PIN)
        with Redis.from_url(valkey_of_its_own.url) as redis:
            redis.config_set("maxmemory", "1")
            if not knows_scripts:
                redis.script_flush()

            accepted = await frail.hop("*".join(BORROW))
            retried = await frail.hop("*".join(BORROW))
            dialled = await frail.hop("", session="ATUid_2")
            status, health = await healthy(frail)
            redis.config_set("maxmemory", "0")
        resumed = await frail.hop("", session="ATUid_3")

        assert POLITE.match(dialled)
        assert RECEIVED.match(accepted)
        assert retried == accepted
        assert status == 503
        assert health["checks"]["redis"] == {"status": "down", "reason": "OutOfMemoryError"}
        assert resumed.startswith("CON ")
        assert len(await frail.operations("loan.disburse")) == 1

    async def test_a_failover_in_the_middle_of_a_turn_ends_it_politely(
        self, frail: House, valkey_of_its_own: EmbeddedValkey
    ) -> None:
        """Guard: gateway/sessions.py:Sessions._run, to which a server that turned read-only is an outage."""
        await frail.hop("")
        loaded, go_on = held(frail.gateway.conversation._facts, "gather")
        hopping = asyncio.create_task(frail.hop("2"))
        await loaded.wait()
        with Redis.from_url(valkey_of_its_own.url) as redis:
            redis.replicaof("127.0.0.1", str(unused_port()))
            go_on.set()

            screen = await hopping
            _, health = await healthy(frail)
            redis.replicaof("NO", "ONE")
        resumed = await frail.hop("2")

        assert POLITE.match(screen)
        assert health["checks"]["redis"]["status"] == "down"
        assert resumed.startswith("CON Borrow")


class TestDatabaseAway:
    """10. SQL locked or full: nothing is begun, nothing accepted is lost, and it resumes by itself."""

    async def test_a_locked_database_accepts_nothing_and_says_so(self, frail: House) -> None:
        """Guards: gateway/store/engine.py:Store.begin (a busy file is an outage), Conversation._apology."""
        await typed(frail, *TO_THE_PIN)
        with closing(sqlite3.connect(database(frail), isolation_level=None, check_same_thread=False)) as other:
            await asyncio.to_thread(other.execute, "BEGIN EXCLUSIVE")  # a worker may hold it, and must be let go on
            refused = await frail.hop("*".join(BORROW))
            _, health = await healthy(frail)
            other.execute("ROLLBACK")

        assert await frail.operations() == []
        accepted = await frail.hop("*".join(BORROW))

        assert POLITE.match(refused)
        assert health["status"] == "degraded"
        assert health["checks"]["sql"]["status"] == "degraded"
        assert RECEIVED.match(accepted)
        assert len(await frail.operations("loan.disburse")) == 1

    async def test_a_full_disk_accepts_what_it_keeps_and_keeps_what_it_accepts(self, frail: House) -> None:
        """Guards: gateway/conversation.py:Conversation._committed (durable first), Store.begin."""
        async with frail.gateway.store.begin() as connection:
            size = (await connection.exec_driver_sql("PRAGMA page_count")).scalar_one()
            await connection.exec_driver_sql(f"PRAGMA max_page_count={size}")
        accepted = 0
        while True:
            screen = await typed(frail, "9", "5", "Nobody answers the phone at all", session=f"ATUid_{accepted}")
            if not screen.startswith("END Case"):
                break
            accepted += 1
            assert accepted < 200, "the database never got full"

        kept = len(await frail.operations("case.open"))
        _, health = await healthy(frail)
        async with frail.gateway.store.begin() as connection:
            await connection.exec_driver_sql("PRAGMA max_page_count=1000000")
        retried = await frail.hop("9*5*Nobody answers the phone at all", session=f"ATUid_{accepted}")

        assert POLITE.match(screen)
        assert kept == accepted
        assert health["checks"]["sql"]["status"] == "degraded"
        assert retried.startswith("END Case")
        assert len(await frail.operations("case.open")) == accepted + 1

    async def test_a_commit_that_outlasts_the_deadline_is_not_confirmed_and_not_undone(self, houses: Houses) -> None:
        """Guards: gateway/conversation.py:Conversation._accepted (shield) and _apology (unconfirmed)."""
        house = await houses.build(works=False, server={"turn_seconds": 0.5})
        await typed(house, *TO_THE_PIN)
        _, go_on = held(house.gateway.outbox, "accept")

        cut_off = await house.hop("*".join(BORROW))
        go_on.set()
        await wait_until(lambda: not house.gateway.conversation._committing)
        on_disk = await house.operations("loan.disburse")
        retried = await house.hop("*".join(BORROW))

        assert cut_off.startswith("END Not confirmed yet")
        assert len(on_disk) == 1
        assert RECEIVED.match(retried)
        assert len(await house.operations("loan.disburse")) == 1


class TestOutsideAway:
    """10. The rail and the SMS carrier are dead for a while."""

    async def test_what_was_accepted_waits_for_them_and_health_is_degraded_only(
        self, houses: Houses, tmp_path: Path
    ) -> None:
        """Guards: gateway/rails/steps.py:RailStep._unsent (a refused connection is tried again), gateway/health.py."""
        outside = StandinSettings(data=tmp_path / "world", delivery_seconds=0, callback_seconds=0)
        standins = await standins_app.start(outside, port=0)
        port = int(standins.url.rsplit(":", 1)[1])
        house = await houses.build(
            rails={"daraja": {"base_url": f"{standins.url}/daraja"}},
            providers={"africastalking": {"sms_base_url": f"{standins.url}/africastalking/version1"}},
        )
        await standins.stop()

        accepted = await typed(house, *BORROW)
        await wait_until(lambda: tried_in_vain(house))
        status, health = await healthy(house)
        standins = await standins_app.start(outside, port=port)
        try:
            await house.settled()
        finally:
            await standins.stop()

        found = RECEIVED.match(accepted)
        assert found
        assert (status, health["status"]) == (200, "degraded")
        assert health["checks"]["daraja"]["status"] == health["checks"]["sms"]["status"] == "down"
        assert (await house.operation(found[1])).state == "done"
        assert await house.balance(chart.PAYOUT) == -1980_00
        assert len(await said(house, AMINA, found[1], "Confirmed")) == 1


async def tried_in_vain(house: House) -> bool:
    """Whether the rail has been called and was not there."""
    _, queue = await house.ops("GET", f"/api/ussd/queue/{AMINA}")
    tries = [attempt for operation in queue["operations"] for attempt in operation["attempts"]]
    return any(attempt["step"] == "disburse" for attempt in tries)


class TestEveryResultOfAPrompt:
    """11. Every result code of a prompt, or none at all, ends in one truth and one message."""

    @pytest.mark.parametrize(
        ("code", "words"),
        [
            (1, "balance too low"),
            (1001, "busy with another request"),
            (1019, "cancelled or not answered"),
            (1025, "did not take the request"),
            (1032, "cancelled or not answered"),
            (1037, "could not reach your phone"),
            (2001, "did not accept the M-PESA PIN"),
            (4999, "could not reach your phone"),
            ("SFC_IC0003", "did not take the request"),
        ],
    )
    async def test_a_refusal_by_callback_is_told_once_and_takes_nothing(
        self, houses_on_sqlite: Houses, code: int | str, words: str
    ) -> None:
        """Guards: gateway/rails/daraja_codes.py:STK, gateway/rails/requests.py:settled (applied once)."""
        house = await houses_on_sqlite.build(
            standin_settings={"auto_answer": False, "prompt_seconds": 0.8},
            rails={"daraja": {"prompt_expires_seconds": 1.0}},
        )
        await fault(house, "stk", "lost-callback")
        await typed(house, *TO_THE_PROMPT)
        path = await callback_path(house)

        statuses = [await called_back(house, path, code) for _ in range(2)]
        await house.settled()

        (operation,) = await house.operations("repay.stk")
        told = await said(house, AMINA, operation.reference)
        assert statuses == [200, 200]
        assert operation.state == "rejected"
        assert len(told) == 1
        assert words in told[0]
        assert await house.balance(chart.COLLECTION) == 0
        assert (await house.outside.money()).totals.into == "0.00"

    async def test_money_that_came_is_not_unsaid_by_a_refusal_after_it(self, house: House) -> None:
        """Guard: gateway/rails/requests.py, where only the first settlement moves a request; a person is told."""
        await typed(house, *TO_THE_PROMPT)
        await house.settled()

        status = await called_back(house, await callback_path(house), 1032)
        await house.settled()

        async with house.gateway.store.read() as connection:
            state = await connection.scalar(select(rail_requests.c.state))
            topic = await connection.scalar(select(cases.c.topic))
        (operation,) = await house.operations("repay.stk")
        assert (status, operation.state, state) == (200, "done", "completed")
        assert topic == "refused after payment"
        assert await house.balance(chart.COLLECTION) == 2160_00

    async def test_no_callback_at_all_is_asked_about_and_told_once(self, house: House) -> None:
        """Guard: gateway/rails/steps.py:CollectStep._asked."""
        await fault(house, "stk", "lost-callback")

        await typed(house, *TO_THE_PROMPT)
        await house.settled()

        (operation,) = await house.operations("repay.stk")
        assert operation.state == "done"
        assert await house.balance(chart.COLLECTION) == 2160_00
        assert len(await said(house, AMINA, operation.reference)) == 1


async def callback_path(house: House) -> str:
    """Where the answer to the one prompt is to go, once it has been sent."""
    found: list[str] = []

    async def sent() -> bool:
        query = select(rail_requests.c.token).where(rail_requests.c.rail_id.is_not(None))
        async with house.gateway.store.read() as connection:
            found[:] = [row.token for row in await connection.execute(query)]
        return bool(found)

    await wait_until(sent)
    return f"{house.url}/api/public/pay/{CALLBACK_TOKEN}/stk/{found[0]}"


async def called_back(house: House, path: str, code: int | str) -> int:
    async with house.gateway.store.read() as connection:
        rail_id = await connection.scalar(select(rail_requests.c.rail_id))
    body = {
        "Body": {
            "stkCallback": {
                "MerchantRequestID": "1-2-3", "CheckoutRequestID": rail_id, "ResultCode": code, "ResultDesc": "-",
            }
        }
    }  # fmt: skip
    async with house.http.post(path, data=json.dumps(body)) as response:
        return response.status
