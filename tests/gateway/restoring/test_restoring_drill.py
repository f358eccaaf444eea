"""Yesterday's disk, today's traffic: nothing is paid out twice, every payment is found again, the books balance."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway.books.integrity import check
from gateway.restoring import command
from gateway.store.tables import payments
from tests.gateway.playbooks.street import AMINA, BARAKA, BARAKA_PIN, LOAN, PIN, borrow, dialled, topics
from tests.gateway.restoring.drill import Drill, drill_in
from tests.house import House
from tests.servers import Postgres, wait_until

PAUSE = {"direction": "disburse", "by": "jane", "why": "before the disk dies"}
RESUME = {"by": "jane", "why": "all is caught up with"}


@pytest.fixture
async def drill(tmp_path: Path, fresh_redis: str) -> AsyncIterator[Drill]:
    async with drill_in(tmp_path, fresh_redis) as drill:
        yield drill


async def withdraw(house: House, shillings: int, phone: str, pin: str) -> None:
    await dialled(house, "6", "2", str(shillings), pin, phone=phone)


async def receipts(house: House) -> set[str]:
    async with house.gateway.store.read() as connection:
        return {row.receipt for row in await connection.execute(select(payments.c.receipt)) if row.receipt}


async def before_the_point(house: House) -> None:
    """One pay-out is over, one is sent and not heard of, one has not left yet."""
    await withdraw(house, 300, BARAKA, BARAKA_PIN)
    await house.settled()
    await house.outside.faults(api="b2c", fault="lost-callback")
    await house.outside.faults(api="status", fault="lost-callback")
    await withdraw(house, 400, BARAKA, BARAKA_PIN)
    await wait_until(lambda: _counts(house, "b2c", 2))
    await house.outside.clear_faults(api="b2c", fault="lost-callback")
    await house.ops("POST", "/api/rails/daraja/pause", json=PAUSE)
    await dialled(house, *borrow(500))

    async def is_held() -> bool:
        return [row.step for row in await house.operations("loan.disburse")] == ["disburse"]

    await wait_until(is_held)


async def after_the_point(house: House) -> None:
    """All that the copy does not know: they are paid, somebody takes money out, two pay in."""
    await house.outside.clear_faults(api="status", fault="lost-callback")
    await house.ops("POST", "/api/rails/daraja/resume", json=RESUME)
    await house.settled()
    await withdraw(house, 250, AMINA, PIN)
    await house.settled()
    await house.outside.pay_paybill("+254711000003", amount="700.00", account=LOAN)
    await dialled(house, "3", "1", "3", "100", "2", "1")
    await wait_until(lambda: _counts(house, "b2c", 4))
    await wait_until(lambda: _counts(house, "stk", 1))
    await house.settled()


async def caught_up(house: House) -> dict[str, Any]:
    """The report, once it is there."""
    found: dict[str, Any] = {}

    async def is_there() -> bool:
        _, body = await house.ops("GET", "/api/restore")
        found.update(body)
        return bool(body["state"] == "caught_up")

    await wait_until(is_there, 20)
    return dict(found["report"])


async def with_the_statement(drill: Drill, house: House) -> dict[str, Any]:
    """The report once more, after the portal's statement of the pay-out shortcode was handed in."""
    status, upload = await house.ops("POST", "/api/mpesa/statements", data=await drill.statement("600998"))
    assert status == 202, upload

    async def is_read() -> bool:
        _, found = await house.ops("GET", f"/api/mpesa/statements/{upload['id']}")
        return bool(found["state"] != "reading")

    await wait_until(is_read)
    status, body = await house.ops("POST", "/api/restore/catch-up", json={"by": "jane", "why": "600998 is in"})
    assert (status, body["state"]) == (202, "catching_up")
    return await caught_up(house)


async def _counts(house: House, kind: str, count: int) -> bool:
    moved = (await house.outside.money()).movements
    return len([each for each in moved if each.kind == kind]) == count


async def judge(drill: Drill, house: House, *, unknown_cents: int) -> None:
    """The rail's own book against ours."""
    async with house.gateway.store.read() as connection:
        assert await check(connection) == []
    paid_out, came_in = await drill.moved("b2c"), [*await drill.moved("c2b"), *await drill.moved("stk")]
    assert await receipts(house) == {each.receipt for each in came_in}
    assert await house.balance("mpesa.collection") == sum(each.amount_cents for each in came_in)
    assert await house.balance("mpesa.payout") == unknown_cents - sum(each.amount_cents for each in paid_out)
    assert await house.balance("transit.payout") == 0


class TestTheDrill:
    async def test_the_sqlite_file_of_before(self, drill: Drill, fresh_sqlite: str) -> None:
        """Copied while it works, put back by the command, caught up with by itself; a person lets pay-outs go."""
        config, copy = drill.config_file(fresh_sqlite), drill.folder / "nyota.copy"
        async with drill.house(fresh_sqlite) as house:
            await before_the_point(house)
            await asyncio.to_thread(command.backup, config, drill.folder, copy)
            await after_the_point(house)
        sent = [each.receipt for each in await drill.moved("b2c")]

        told = await command.restore(config, drill.folder, copy, by="jane", why="the disk died")
        async with drill.house(fresh_sqlite) as house:
            report = await caught_up(house)
            before = [each.receipt for each in await drill.moved("b2c")]
            again = await with_the_statement(drill, house)
            for rail in ("all", "daraja"):  # the pause of before the point is there again, too
                status, body = await house.ops("POST", f"/api/rails/{rail}/resume", json=RESUME)
                assert status == 200, body
            await house.settled()

            assert "the last thing this database knows" in told[1]
            assert report["list"] == "read"
            assert report["listed"] == report["credited"] == 2
            assert len(report["paid"]) == 2
            assert (report["notPaid"], report["open"], report["unknown"]) == ([], [], [])
            [unknown] = again["unknown"]
            assert (unknown["receipt"], unknown["amount"]) == (before[-1], "250.00")
            assert "reconciliation" in await topics(house)
            assert before == sent == [each.receipt for each in await drill.moved("b2c")]
            await judge(drill, house, unknown_cents=250_00)

    async def test_the_postgres_of_before(self, drill: Drill, postgres: Postgres, fresh_postgres: str) -> None:
        """Restored by its own means, and nobody has said so: a pay-out that left is not known, which is noticed."""
        name = fresh_postgres.partition("@/")[2].partition("?")[0]
        async with drill.house(fresh_postgres) as house:
            await before_the_point(house)
        postgres.create(f"{name}_copy", name)
        async with drill.house(fresh_postgres) as house:
            await after_the_point(house)
        sent = [each.receipt for each in await drill.moved("b2c")]
        restored = postgres.url(f"{name}_copy")

        async with drill.house(restored) as house:
            report = await caught_up(house)
            _, body = await house.ops("GET", "/api/restore")
            for rail in ("all", "daraja"):
                await house.ops("POST", f"/api/rails/{rail}/resume", json=RESUME)
            await house.settled()

            assert (body["by"], body["why"]) == ("system", "a pay-out that left is not known")
            assert report["credited"] == 2
            assert sent == [each.receipt for each in await drill.moved("b2c")]
            await judge(drill, house, unknown_cents=250_00)
        postgres.drop(f"{name}_copy")
