"""Rails under operators' hands, through the whole house: by HTTP, in health, from a terminal, with the rail away."""

import asyncio
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from flows.turn import Operation, reference
from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.errors import Rejected
from gateway.rails.command import moved
from gateway.store import customers
from gateway.store.tables import callbacks
from tests.gateway.playbooks.street import borrow, dialled, fault, prove
from tests.house import House, Houses
from tests.servers import wait_until

STOP = {"direction": "disburse", "by": "jane", "why": "M-PESA maintenance until 14:00"}
GO = {"direction": "disburse", "by": "jane", "why": "it is over"}


async def waiting(house: House) -> int:
    """How many pay-outs wait to be sent."""
    _, body = await house.ops("GET", "/api/rails")
    [rail] = body["rails"]
    return int(next(way["waiting"] for way in rail["directions"] if way["direction"] == "disburse"))


async def is_away(house: House, api: str) -> bool:
    _, body = await house.ops("GET", "/api/rails")
    return any(each["api"] == api and each["state"] == "open" for each in body["rails"][0]["apis"])


async def typed(*words: str) -> tuple[int, str]:
    """`nyota`, as somebody types it: how it ends and what it says."""
    done = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", *words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    said, _ = await done.communicate()
    return int(done.returncode or 0), said.decode()


async def withdrawals(house: House, count: int, first: int = 0) -> list[str]:
    """So many people take money out of their wallets; the references. `first`: the number of the first of them."""
    named = []
    async with house.gateway.store.begin() as connection:
        for number in range(first, first + count):
            line = f"+2547220000{number:02}"
            await customers.added(
                connection, line, msisdn=line, name=f"Person {number}", language="en", state="active",
                limit_cents=0, created_at=house.gateway.clock(),
            )  # fmt: skip
            lines = (Line(chart.OPENING, 1_000_00), Line(chart.wallet(line), -1_000_00))
            await house.gateway.books.post(connection, Entry(line, "opening", "Opening", lines), house.gateway.clock())
            identity = str(uuid.uuid4())
            named.append(reference("WD", identity))
            intent = {"amount_cents": 200_00, "fee_cents": 0}
            await house.gateway.outbox.put(
                connection, Operation(identity, "wallet.withdraw", named[-1], line, intent), is_ours=True
            )
    house.gateway.outbox.news.set()
    return named


class TestPausing:
    async def test_a_loan_asked_for_while_paused_is_paid_when_resumed(self, houses: Houses) -> None:
        """The customer is told as always that it is on its way; health says who must end it."""
        house = await houses.build()
        status, body = await house.ops("POST", "/api/rails/daraja/pause", json=STOP)
        assert status == 200, body

        await dialled(house, *borrow(500))
        await wait_until(lambda: _holds(house))
        _, health = await house.ops("GET", "/healthz")
        status, body = await house.ops("POST", "/api/rails/daraja/resume", json=GO)
        await house.settled()

        assert health["checks"]["rails"] == {
            "status": "degraded", "reason": "disburse paused: M-PESA maintenance until 14:00",
        }  # fmt: skip
        assert status == 200
        assert body["rails"][0]["directions"][1] == {"direction": "disburse", "pause": None, "waiting": 1}
        [loan] = await house.operations("loan.disburse")
        assert loan.state == "done"
        await prove(house)

    async def test_the_global_stop_says_so(self, house: House) -> None:
        """By whom, since when and why, and that it holds for every rail."""
        await house.ops("POST", "/api/rails/all/pause", json=STOP)

        _, body = await house.ops("GET", "/api/rails")

        [collect, disburse] = body["rails"][0]["directions"]
        assert collect["pause"] is None
        assert (disburse["pause"]["by"], disburse["pause"]["allRails"]) == ("jane", True)
        assert disburse["pause"]["since"].endswith("+03:00")

    @pytest.mark.parametrize(
        ("rail", "body", "status", "name"),
        [
            ("daraja", {"direction": "sideways", "by": "jane", "why": "because"}, 422, "invalid"),
            ("daraja", {"direction": "disburse", "by": "jane", "why": ""}, 422, "invalid"),
            ("daraja", {"direction": "disburse", "why": "because"}, 422, "invalid"),
            ("airtel", STOP, 404, "not-found"),
        ],
    )
    async def test_what_cannot_be_done_is_refused(
        self, house: House, rail: str, body: dict[str, Any], status: int, name: str
    ) -> None:
        """With the name of what is wrong; and resuming what runs is a conflict."""
        found, answer = await house.ops("POST", f"/api/rails/{rail}/pause", json=body)
        running, conflict = await house.ops("POST", "/api/rails/daraja/resume", json=GO)

        assert (found, answer["type"]) == (status, f"urn:nyota:problem:{name}")
        assert (running, conflict["type"]) == (409, "urn:nyota:problem:not-paused")

    async def test_from_a_terminal_beside_a_running_gateway(self, house: House, tmp_path: Path) -> None:
        """The same rows: what a terminal stops, the workers do not send."""
        config = tmp_path / "terminal.yaml"
        config.write_text(f"database: {{url: '{house.config.database.url}'}}\n", encoding="utf-8")
        given = ["--config", str(config), "--by", "jane", "--why", "night"]

        paused = await typed("rails", "pause", "daraja", "--direction", "disburse", *given)
        await dialled(house, *borrow(500))
        await wait_until(lambda: _holds(house))
        resumed = await typed("rails", "resume", "daraja", *given)
        await house.settled()
        with pytest.raises(Rejected, match="not paused"):
            await moved(config, tmp_path, "daraja", "disburse", pauses=False, by="jane", why="night")

        assert paused[0] == 0
        assert paused[1].splitlines()[0] == "daraja collect: runs; 0 waiting"
        assert paused[1].rstrip().endswith("by jane: night; 0 waiting")
        assert resumed[1].splitlines() == ["daraja collect: runs; 0 waiting", "daraja disburse: runs; 1 waiting"]
        [loan] = await house.operations("loan.disburse")
        assert loan.state == "done"


class TestAway:
    async def test_those_that_wait_for_an_outage_to_end_are_each_paid_once(self, house: House) -> None:
        """Nothing is in doubt meanwhile, few calls find it away, and the rail's book agrees with ours afterwards."""
        await fault(house, "oauth", "http-500")
        named = await withdrawals(house, 12)
        await wait_until(lambda: is_away(house, "b2c"), 20)
        await wait_until(lambda: _all_wait(house, 12), 20)
        states = {(await house.operation(each)).state for each in named}
        _, health = await house.ops("GET", "/healthz")

        async with house.http.delete(f"{house.standins_url}/control/faults") as response:
            assert response.status in {200, 204}
        await house.settled(30)

        assert states == {"queued"}
        assert "b2c away" in health["checks"]["rails"]["reason"]
        assert {(await house.operation(each)).state for each in named} == {"done"}
        assert not await is_away(house, "b2c")
        await prove(house)

    async def test_a_question_about_an_earlier_payout_finds_out_that_the_rail_is_back(self, house: House) -> None:
        """Not one more pay-out: those that wait are sent after it was answered. Prompts go on all the time."""
        [earlier] = await withdrawals(house, 1)
        await house.settled()
        await fault(house, "b2c", "http-500")
        await withdrawals(house, 9, first=1)
        await wait_until(lambda: is_away(house, "b2c"), 20)
        await dialled(house, "3", "1", "3", "100", "2", "1")

        async def is_repaid() -> bool:
            return [row.state for row in await house.operations("repay.stk")] == ["done"]

        await wait_until(is_repaid, 20)
        async with house.http.delete(f"{house.standins_url}/control/faults") as response:
            assert response.status in {200, 204}
        await house.settled(30)

        assert not await is_away(house, "stkpush")
        assert await asked_about(house, (await house.operation(earlier)).id)
        assert {row.state for row in await house.operations("wallet.withdraw")} == {"done"}
        await prove(house)


async def asked_about(house: House, operation_id: str) -> int:
    """How often the rail has said again what it had said of something that is long over."""
    async with house.gateway.store.read() as connection:
        query = select(func.count()).where(
            callbacks.c.operation_id == operation_id,
            callbacks.c.purpose == "status/result",
            callbacks.c.verdict == "repeated",
        )
        return int(await connection.scalar(query) or 0)


async def _holds(house: House) -> bool:
    return await waiting(house) == 1


async def _all_wait(house: House, count: int) -> bool:
    return await waiting(house) == count
