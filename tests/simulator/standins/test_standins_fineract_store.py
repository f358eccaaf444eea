"""The core's book: nothing that was answered is lost, and nothing gets slower for being long."""

import asyncio
import signal
import sqlite3
from pathlib import Path

import aiohttp
import pytest

from simulator.standins.core.server import BOOK_FILE, CORE
from simulator.standins.core.store import Store
from tests.simulator.standins.fineract_bank import Bank, bank
from tests.simulator.standins.test_standins_restart import ProcessTown

PAYMENTS = 60
EARLY, LATE = 20, 400


class TestKilled:
    async def test_every_payment_that_was_answered_is_there(self, tmp_path: Path) -> None:
        """Killed in the middle of many: each key is answered afterwards, from the cache or for the first time."""
        async with ProcessTown(tmp_path) as town:
            core = Bank(town)
            loan = await core.active_loan()
            keys = [f"op-{number}" for number in range(PAYMENTS)]
            answered: set[str] = set()

            async def pay(key: str) -> None:
                try:
                    said = await core.repay(loan, "1", key=key, externalId=key, transactionDate="2026-01-01")
                except aiohttp.ClientError:
                    return
                assert said.status == 200, said.text
                answered.add(key)
                if len(answered) == PAYMENTS // 3:
                    town.process.send_signal(signal.SIGKILL)

            async with asyncio.TaskGroup() as paying:
                for key in keys:
                    paying.create_task(pay(key))
            await town.process.wait()
            await town.start()
            applied = {one["externalId"] for one in (await core.truth())["loans"][0]["transactions"][1:]}
            cached = {key for key in keys if (await core.repay(loan, "1", key=key, externalId=key)).is_cached}
            counts = (await core.truth())["counts"]

        assert answered
        assert answered <= applied
        assert cached == applied
        assert counts["repayments"] == PAYMENTS


class TestGroups:
    async def test_changes_of_one_moment_are_seen_together(self, tmp_path: Path) -> None:
        """And by nobody before they are on disk."""
        store = Store(tmp_path / BOOK_FILE)
        insert = "INSERT INTO poison (kind, value) VALUES ('loan', ?)"
        with store.change() as rows:
            rows.execute(insert, "1")
        with store.change() as rows:
            rows.execute(insert, "2")
        before = store.seen.value("SELECT COUNT(*) FROM poison")
        await store.settled()
        after = store.seen.value("SELECT COUNT(*) FROM poison")
        store.close()

        assert (before, after) == (0, 2)

    async def test_a_change_that_fails_takes_no_other_with_it(self, tmp_path: Path) -> None:
        """Each is all or nothing for itself."""
        store = Store(tmp_path / BOOK_FILE)
        insert = "INSERT INTO poison (kind, value) VALUES ('loan', ?)"
        with store.change() as rows:
            rows.execute(insert, "1")
        with pytest.raises(sqlite3.IntegrityError), store.change() as rows:
            rows.execute(insert, "2")
            rows.execute(insert, "1")
        await store.settled()
        kept = store.seen.all("SELECT value FROM poison")
        store.close()

        assert [row["value"] for row in kept] == ["1"]


class TestLength:
    async def test_a_payment_reads_no_more_for_all_that_came_before(self, tmp_path: Path) -> None:
        """Counted in steps of the database, not in time."""
        async with bank(tmp_path) as core:
            loan = await core.active_loan()
            connection = core.town.app[CORE].store.rows.execute("SELECT 1").connection
            steps: list[int] = []

            def step() -> int:
                steps[-1] += 1
                return 0

            for number in range(1, LATE + 1):
                if number in (EARLY, LATE):
                    steps.append(0)
                    connection.set_progress_handler(step, 1)
                await core.repaid(loan, "1", externalId=f"rp-{number}")
                connection.set_progress_handler(None, 0)

        assert steps[0] > 0
        assert steps[1] <= steps[0] * 1.25
