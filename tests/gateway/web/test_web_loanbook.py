"""The reports on the loan book as operators read them."""

import io
import json
from datetime import date, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from gateway.accounts.tables import staff_actions
from gateway.config import Calendar
from gateway.features.calendar import workdays_of
from gateway.lending.events import Reversal
from gateway.papers.paper import Letterhead
from gateway.servicing import promises
from gateway.web.loanbook import LoanBookRoutes
from tests.gateway.lending.test_lending_portfolio import DAY_MS, DUE, PAID_OUT, Desk, desk_on
from tests.gateway.rails_flow.office import START

WORKDAYS = workdays_of(Calendar())
LETTERHEAD = Letterhead("Nyota", "*383#", "0711000009")
PROMISED = date(2026, 9, 19)
"""A Saturday."""


async def asked(desk: Desk, path: str, day: int) -> web.Response:
    """A report on a day after the pay-out."""
    routes = LoanBookRoutes(desk.store, desk.portfolio, lambda: START + day * DAY_MS, LETTERHEAD, WORKDAYS)
    handlers = {route.path: route.handler for route in routes.table() if isinstance(route, web.RouteDef)}
    path = f"/api/loans/reports/{path}"
    response: Any = await handlers[path.partition("?")[0]](make_mocked_request("GET", path))
    return response  # type: ignore[no-any-return]  # handlers are untyped in a route table


async def read(desk: Desk, path: str, day: int) -> dict[str, Any]:
    response = await asked(desk, path, day)
    assert response.status == 200, response.text
    return dict(json.loads(response.text or ""))


class TestAgeing:
    async def test_a_late_loan_is_shown_with_its_amounts(self, database_url: str) -> None:
        """Thirty-three days after the pay-out it is three days late; the totals say the same of all products."""
        async with desk_on(database_url) as desk:
            await desk.lend()
            ageing = await read(desk, "ageing", 33)
            par = await asked(desk, "par?format=csv", 33)

        rows = {row["band"]: row for row in ageing["rows"]}
        assert (rows["1-30"]["loans"], rows["1-30"]["principal"]) == (1, "2000.00")
        assert rows["current"]["principal"] == "0.00"
        assert ageing["totals"][-1] == {
            "product": "total", "band": "all", "loans": 1, "principal": "2000.00", "owed": "2160.00",
        }  # fmt: skip
        lines = bytes(par.body or b"").decode().splitlines()  # type: ignore[arg-type]  # made of bytes above
        assert lines[1:3] == ["quick,1,2000.00,2000.00,100.00", "quick,30,0.00,2000.00,0.00"]
        assert lines[5] == "total,1,2000.00,2000.00,100.00"

    @pytest.mark.parametrize("name", ["ageing", "par", "kpis", "collections"])
    async def test_each_report_is_a_workbook_too(self, database_url: str, name: str) -> None:
        """With its totals set apart."""
        async with desk_on(database_url) as desk:
            await desk.lend()
            response = await asked(desk, f"{name}?format=xlsx", 33)

        sheet = CalamineWorkbook.from_filelike(io.BytesIO(bytes(response.body or b""))).get_sheet_by_index(0)  # type: ignore[arg-type]  # as above
        assert any(str(row[0]).startswith("total") for row in sheet.to_python())

    @pytest.mark.parametrize(
        "path",
        [
            "ageing?on=2099-01-01", "par?on=soon", "collections?on=2020-01-01", "kpis?from=2030-01-01",
            "kpis?to=2099-01-01", "kpis?by=moon", "collections?most=0", "collections?most=x", "ageing?format=doc",
        ],
    )  # fmt: skip
    async def test_what_cannot_be_answered_is_refused(self, database_url: str, path: str) -> None:
        """A day to come too, and whom to call on another day than today."""
        async with desk_on(database_url) as desk:
            response = await asked(desk, path, 33)

        assert response.status == 422


class TestKpis:
    async def test_a_month_of_business(self, database_url: str) -> None:
        """Two loans; one repays half after its due date, then takes a payment back; one is written off."""
        async with desk_on(database_url) as desk:
            await desk.lend("LN1")
            await desk.lend("LN2", 1_000_00)
            await desk.repay(1_000_00, on=31)
            await desk.repay(80_00, on=31, loan="LN2")
            async with desk.store.begin() as connection:
                taken = Reversal(PAID_OUT + timedelta(days=31), reference="UA1")
                await desk.portfolio.change(connection, "LN2", taken, "back", START + 31 * DAY_MS, {"by": "jane"})
                await desk.portfolio.write_off(connection, "LN2", "lost", START + 32 * DAY_MS, {"by": "jane"})
            await desk.repay(30_00, on=32, loan="LN2", by="late")
            found = await read(desk, f"kpis?from={PAID_OUT}", 33)
            before = await read(desk, f"kpis?from={PAID_OUT}&to={DUE - timedelta(days=1)}", 33)
            officers = await read(desk, f"kpis?from={PAID_OUT}&by=officer", 33)

        assert found["rows"] == [{**found["totals"][0], "product": "quick"}]
        assert found["totals"] == [
            {
                "product": "total", "disbursedLoans": 2, "disbursed": "3000.00", "collected": "1000.00",
                "expected": "3240.00", "settled": found["totals"][0]["settled"],
                "repaymentRate": found["totals"][0]["repaymentRate"], "writtenOff": "1000.00", "recovered": "30.00",
                "outstandingLoans": 1, "outstanding": "1160.00",
            }
        ]  # fmt: skip
        assert (found["totals"][0]["settled"], found["totals"][0]["repaymentRate"]) == ("1030.00", "31.79")
        assert before["totals"][0]["repaymentRate"] is None
        assert (before["totals"][0]["disbursed"], before["totals"][0]["collected"]) == ("3000.00", "0.00")
        assert [row["officer"] for row in officers["rows"]] == ["none"]

    async def test_a_loan_closed_before_the_period_counts_for_nothing(self, database_url: str) -> None:
        """And one closed within it was expected and settled."""
        async with desk_on(database_url) as desk:
            await desk.lend("LN1")
            await desk.repay(2_160_00, on=30)
            within = await read(desk, f"kpis?from={DUE}", 40)
            after = await read(desk, f"kpis?from={DUE + timedelta(days=1)}", 40)

        assert (within["totals"][0]["expected"], within["totals"][0]["repaymentRate"]) == ("2160.00", "100.00")
        assert after["rows"] == []


class TestAnotherDay:
    """Whatever was printed on a day can be printed again."""

    DAYS = (0, 5, 30, 31, 33, 36, 40, 45)
    REPORTS = ("ageing", "par", "kpis?from=2026-08-01", "kpis")

    async def test_a_report_of_a_day_is_what_it_was_on_that_day(self, database_url: str) -> None:
        """Payments, one taken back and one known of late, a loss with a recovery, a loan closed and opened again."""
        async with desk_on(database_url) as desk:
            printed = {}
            for day in self.DAYS:
                await self._happened(desk, day)
                printed[day] = [await read(desk, name, day) for name in self.REPORTS]

            again = {day: [await read(desk, _on(name, day), 60) for name in self.REPORTS] for day in self.DAYS}

        assert again == printed
        assert len({json.dumps(reports[1]) for reports in printed.values()}) >= 5

    async def _happened(self, desk: Desk, day: int) -> None:
        match day:
            case 0:
                await desk.lend("LN1")
                await desk.lend("LN2", 1_000_00)
            case 5:
                await desk.lend("LN3", 500_00, day=5)
            case 30:
                await desk.repay(2_160_00, on=30)
            case 33:
                await desk.repay(100_00, on=20, known=33, loan="LN2", by="late-news")
                await self._taken_back(desk, day)
            case 36:
                async with desk.store.begin() as connection:
                    await desk.portfolio.write_off(connection, "LN2", "lost", START + 36 * DAY_MS, {"by": "jane"})
            case 40:
                await desk.repay(30_00, on=40, loan="LN2", by="found")
                await desk.repay(2_300_00, on=40, by="again")

    async def _taken_back(self, desk: Desk, day: int) -> None:
        taken = Reversal(PAID_OUT + timedelta(days=day), reference="UA1")
        async with desk.store.begin() as connection:
            await desk.portfolio.change(connection, "LN1", taken, "back", START + day * DAY_MS, {"by": "jane"})

    async def test_nothing_was_lent_before_the_first_loan(self, database_url: str) -> None:
        """An empty book, and no error."""
        async with desk_on(database_url) as desk:
            await desk.lend(day=3)

            found = await read(desk, _on("par", 2), 10)

        assert (found["rows"], found["totals"][0]["outstanding"]) == ([], "0.00")


def _on(name: str, day: int) -> str:
    return f"{name}{'&' if '?' in name else '?'}on={PAID_OUT + timedelta(days=day)}"


class TestCollections:
    async def test_the_latest_come_first_with_what_is_known(self, database_url: str) -> None:
        """The promise, the last message; the phone only for an officer, and that is on record."""
        async with desk_on(database_url) as desk:
            await desk.lend("LN1", day=5)
            await desk.lend("LN2", 1_000_00)
            await desk.lend("LN3", 500_00, day=39)
            async with desk.store.begin() as connection:
                await promises.made(
                    connection, "P1", loan_id="LN1", customer_id="amina", amount_cents=1, pay_on=PROMISED, now=START
                )  # fmt: skip
            found = await read(desk, "collections", 40)
            one = await read(desk, "collections?most=1&officer=jane", 40)
            async with desk.store.read() as connection:
                rows = list(await connection.execute(select(staff_actions.c.by, staff_actions.c.detail)))

        assert [(row["loan"], row["daysLate"], row["promised"]) for row in found["rows"]] == [
            ("LN2", 10, None), ("LN1", 5, PROMISED.isoformat()),
        ]  # fmt: skip
        assert [row["callFrom"] for row in found["rows"]] == ["2026-09-14T10:42:00+03:00", "2026-09-21T08:00:00+03:00"]
        assert {row["phone"] for row in found["rows"]} == {"0711***001"}
        assert found["totals"][0]["loan"] == "total of 2"
        assert [(row["loan"], row["phone"]) for row in one["rows"]] == [("LN2", "+254711000001")]
        assert one["totals"] == found["totals"]
        assert [(row.by, row.detail) for row in rows] == [("jane", {"loans": 1})]
