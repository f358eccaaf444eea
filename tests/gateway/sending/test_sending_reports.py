"""Delivery reports that wait for each other: what breaks some of them holds up none of the others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from gateway.clock import system
from gateway.errors import NyotaError, Unavailable, Uncertain
from gateway.providers.contract import Delivery
from gateway.sending.reports import KeptReports, Reported, Reports
from gateway.spool import Spool
from gateway.store import messages
from gateway.store.engine import Store

REPORT = Delivery("ATX1", "Success", "delivered", "")


class BrokenOnce:
    """A database that takes no report the first time, and whatever comes after it."""

    def __init__(self) -> None:
        self.is_first = True
        self.begun = asyncio.Event()
        self.gone_on = asyncio.Event()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Any]:
        if self.is_first:
            self.is_first = False
            self.begun.set()
            await self.gone_on.wait()
            raise ValueError("a value that no column takes")
        yield None


class TestKeeping:
    async def test_those_behind_a_broken_one_are_written(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """They came while it was being written; nobody else has to come to set them going."""
        store, written = BrokenOnce(), list[Any]()

        async def reported_all(_: Any, some: list[Any], __: int) -> None:
            written.extend(some)

        monkeypatch.setattr(messages, "reported_all", reported_all)
        keeping = Reports(cast("Store", store), system)
        broken = asyncio.create_task(keeping.keep("africastalking", REPORT))
        await store.begun.wait()
        behind = asyncio.create_task(keeping.keep("africastalking", REPORT))
        await asyncio.sleep(0)
        store.gone_on.set()

        with pytest.raises(ValueError, match="no column"):
            await broken
        async with asyncio.timeout(2):
            await behind
        assert written == [("africastalking", REPORT)]


class Database:
    """Takes reports, once it does not fail any more."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.kept: list[tuple[str, Delivery]] = []

    async def keep(self, provider: str, report: Delivery) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.kept.append((provider, report))


class TestWhileTheDatabaseIsAway:
    """Some carriers tell a report once."""

    @pytest.mark.parametrize("failure", [Unavailable("away"), Uncertain("broke while committing")], ids=type)
    async def test_a_report_is_on_disk_before_it_is_answered(self, tmp_path: Path, failure: NyotaError) -> None:
        """Whoever begins anew after a kill finds it there as it came, and those behind it in their order."""
        sent = replace(REPORT, status="Sent", state="sent")
        dying = KeptReports(reports_of(Database(failure)), Spool(tmp_path, Reported), lambda: 1000)
        await dying.keep("africastalking", sent)
        await dying.keep("africastalking", REPORT)

        database, spool = Database(), Spool(tmp_path, Reported)
        await spool.drain(KeptReports(reports_of(database), spool, lambda: 2000).taken)

        assert database.kept == [("africastalking", sent), ("africastalking", REPORT)]
        assert spool.waiting() == []

    async def test_what_cannot_be_taken_yet_stays(self, tmp_path: Path) -> None:
        """The database went away again."""
        database, spool = Database(Unavailable("away"), Unavailable("away")), Spool(tmp_path, Reported)
        keeping = KeptReports(reports_of(database), spool, lambda: 1000)
        await keeping.keep("africastalking", REPORT)

        with pytest.raises(Unavailable):
            await spool.drain(keeping.taken)

        assert (await spool.check())["waiting"] == 1
        await spool.drain(keeping.taken)
        assert database.kept == [("africastalking", REPORT)]


def reports_of(database: Database) -> Reports:
    return cast("Reports", database)


class TestEarlyOnes:
    @pytest.mark.parametrize(
        ("provider", "days_ago", "state"), [("mno", 0, "delivered"), ("mno", 40, "sent"), ("other", 0, "sent")]
    )
    async def test_a_report_before_its_message_moves_it_and_an_old_one_does_not(
        self, database_url: str, provider: str, days_ago: int, state: str
    ) -> None:
        """A centre that has begun to count again had this id before; another carrier may have it too."""
        store, now = Store(database_url), system()
        row = {"msisdn": "+254711000001", "template": "alert.text", "language": "en", "text": "x", "parts": 1}
        async with store.begin() as connection:
            await messages.reported(connection, provider, REPORT, now - days_ago * 86_400_000)
            stands = {"id": "m", "state": "queued", "created_at": now, "updated_at": now}
            await messages.written(connection, [{**row, **stands}])
            taken = {"provider": "mno", "provider_id": REPORT.provider_id, "cost": "", "reason": None}
            await messages.noted_all(connection, [{"id": "m", "state": "sent", "updated_at": now, **taken}])
            await messages.catch_up(connection, {("mno", REPORT.provider_id)}, now)
            known = await messages.known(connection, ["m"])
        await store.close()

        assert known["m"] == ("x", state)
