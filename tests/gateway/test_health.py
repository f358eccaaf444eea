"""What is up, what is away, and since when work waits."""

import json
import sqlite3
from contextlib import AsyncExitStack, closing
from pathlib import Path

import pytest
from sqlalchemy import update

from gateway.clock import system
from gateway.health import Health
from gateway.metrics import REGISTRY
from gateway.rails.callbacks import Callback
from gateway.sessions import Sessions
from gateway.spool import Spool
from gateway.store.tables import operations
from tests.house import House, Houses
from tests.meddling import AMINA, BORROW, healthy, held, typed

ASKED_FOR = operations.c.kind == "loan.disburse"
"""Not what one demo person has asked of another."""


class TestTheReport:
    """Three words: ok, degraded, down."""

    async def test_all_is_well(self, house: House) -> None:
        """The same on every path, with everything that is looked at, without secrets or phones."""
        await typed(house, *BORROW)
        await house.settled()
        reports = []
        for path in ("/api/ussd/health", "/healthz", "/readyz"):
            async with house.http.get(f"{house.url}{path}") as response:
                assert response.status == 200
                reports.append(await response.json())

        assert {report["status"] for report in reports} == {"ok"}
        looked_at = {"redis", "sql", "queue", "spool", "menus", "daraja", "sms", "rails"}
        assert set(reports[0]["checks"]) >= looked_at
        text = json.dumps(reports)
        assert not any(word in text for word in (AMINA, "711000001", "nyota-demo", house.config.database.url))

    async def test_an_operation_that_waits_too_long_degrades(self, houses: Houses) -> None:
        """How old the oldest is, and how many are in which state."""
        house = await houses.build(works=False)
        await typed(house, *BORROW)
        async with house.gateway.store.begin() as connection:
            await connection.execute(update(operations).where(ASKED_FOR).values(due_at=operations.c.due_at - 100_000))

        status, health = await healthy(house)

        assert (status, health["status"]) == (200, "degraded")
        queue = health["checks"]["queue"]
        assert (queue["status"], queue["open"]) == ("degraded", {"queued": 2})
        assert queue["oldestDueSeconds"] >= 90
        assert REGISTRY.get_sample_value("nyota_open_operations", {"state": "queued"}) == 2

    @pytest.mark.parametrize("state", ["parked", "dead"])
    async def test_an_operation_that_waits_for_a_person_degrades(self, houses: Houses, state: str) -> None:
        """Nobody else will settle it."""
        house = await houses.build(works=False)
        await typed(house, *BORROW)
        async with house.gateway.store.begin() as connection:
            await connection.execute(update(operations).where(ASKED_FOR).values(state=state))

        _, health = await healthy(house)

        queue = health["checks"]["queue"]
        assert (queue["status"], queue["open"]) == ("degraded", {"queued": 1, state: 1})

    async def test_callbacks_on_disk_degrade(self, house: House) -> None:
        """They wait for SQL to come back."""
        callback = Callback("stk", "0" * 16, "not json yet", "127.0.0.1", system())
        folder = Path(str(house.config.database.url.removeprefix("sqlite+aiosqlite:///"))).parent / "other"
        quiet = Spool(folder, Callback)
        await quiet.put(callback)
        health = Health(house.gateway.sessions, house.gateway.store, quiet, system, {}, house.gateway.tools.menus)

        report = await health.report()

        assert report["status"] == "degraded"
        assert report["checks"]["spool"] == {"status": "degraded", "waiting": 1}

    async def test_a_check_that_hangs_is_down_within_its_time(self, house: House) -> None:
        """And the others are told all the same."""
        held(house.gateway.sessions, "probe")

        report = await house.gateway.health.report()

        assert report["status"] == "down"
        assert report["checks"]["redis"] == {"status": "down", "reason": "TimeoutError"}
        assert report["checks"]["sql"]["status"] == "ok"

    async def test_a_database_that_refused_to_write_is_told_for_a_while(
        self, tmp_path: Path, fresh_sqlite: str, fresh_redis: str
    ) -> None:
        """Though reading it still works."""
        async with AsyncExitStack() as stack:
            houses = Houses(stack, tmp_path, fresh_sqlite, fresh_redis)
            house = await houses.build(works=False, database={"busy_seconds": 0.1})
            await self._locked_out(house)

    async def _locked_out(self, house: House) -> None:
        path = house.config.database.url.removeprefix("sqlite+aiosqlite:///")
        await typed(house, *BORROW[:-1])
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await house.hop("*".join(BORROW))

        status, health = await healthy(house)

        assert (status, health["status"]) == (200, "degraded")
        assert health["checks"]["sql"]["reason"] == "refused to write"

    async def test_redis_away_is_down_by_its_kind_of_error_only(self, house: House) -> None:
        """No address in the answer."""
        away = Sessions("redis://:hush@127.0.0.1:1", b"s", ttl_seconds=180, pool=1, timeout_seconds=0.2)
        health = Health(away, house.gateway.store, house.gateway.spool, system, {}, house.gateway.tools.menus)

        report = await health.report()

        assert report["checks"]["redis"] == {"status": "down", "reason": "Unavailable"}
        assert "hush" not in json.dumps(report)
        await away.close()
