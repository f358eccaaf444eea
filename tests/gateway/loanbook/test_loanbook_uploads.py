"""Loan books on a real database and over HTTP: shown before, whole or not at all, once."""

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import FormData
from sqlalchemy import func, select

from gateway.books import accounts as chart
from gateway.books.integrity import check
from gateway.books.ledger import Books
from gateway.clock import local_date
from gateway.errors import Rejected
from gateway.lending.offers import DEMO_PRODUCTS, parse_products
from gateway.lending.portfolio import Portfolio
from gateway.loanbook.template import COLUMNS
from gateway.loanbook.uploads import Uploads
from gateway.papers.csv import written
from gateway.store import customers
from gateway.store.engine import Store
from gateway.store.tables import customers as people
from gateway.store.tables import loan_events, loans
from tests.gateway.rails_flow.office import START
from tests.house import OPS_TOKEN, House

TODAY = local_date(START)


def days_ago(days: int) -> str:
    return (TODAY - timedelta(days=days)).isoformat()


def table(*rows: tuple[str, ...], paid: bool = False) -> bytes:
    head = (*COLUMNS, "Paid") if paid else COLUMNS
    return "".join(written(row) for row in (head, *rows)).encode()


ASHA = ("31234567", "Asha Mwangi", "0712000001", "quick", "2000", "8", "1", days_ago(10), "Active", "560")
BEN = ("M-17", "Ben Kimani", "0712000002", "growth", "6000", "3", "3", days_ago(200), "Closed", "")
CATE = ("M-18", "Cate Achieng", "0712000003", "quick", "1000", "8", "1", days_ago(300), "Written off", "")


@dataclass
class Desk:
    store: Store
    books: Books
    portfolio: Portfolio
    uploads: Uploads

    async def count(self, what: Any) -> int:
        async with self.store.read() as connection:
            return int(await connection.scalar(select(func.count()).select_from(what)) or 0)

    async def balance(self, key: str) -> int:
        async with self.store.read() as connection:
            return (await self.books.balance(connection, key)).posted_cents


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    store, books, portfolio = Store(database_url), Books(), Portfolio(parse_products(dict(DEMO_PRODUCTS)))
    yield Desk(store, books, portfolio, Uploads(store, books, portfolio, lambda: START, rows_most=20))
    await store.close()


class TestImport:
    async def test_a_book_is_brought_in_with_its_opening_balances(self, desk: Desk) -> None:
        """What is owed today, and no more: nothing is earned again; the lost and the closed are in no account."""
        told = list[tuple[int, int]]()
        shown = await desk.uploads.brought(table(ASHA, BEN, CATE, paid=True), "book.csv", "jane")
        assert (shown.state, shown.faults, len(shown.new_people)) == ("checked", (), 3)
        assert await desk.count(loans) == 0

        done = await desk.uploads.imported(shown.id, "omar", lambda number, of: told.append((number, of)))

        assert (done.state, done.imported_by, told) == ("imported", "omar", [(1, 3), (2, 3), (3, 3)])
        assert await desk.balance(chart.OPENING) == 1_600_00
        assert await desk.balance(chart.INCOME_INTEREST) == 0
        async with desk.store.read() as connection:
            rows = await connection.execute(select(loans.c.state, loans.c.product).order_by(loans.c.state))
            assert [tuple(row) for row in rows] == [
                ("active", "quick"), ("closed", "growth"), ("written_off", "quick"),
            ]  # fmt: skip
            assert list(await check(connection)) == []
            asha = await customers.on_line(connection, "+254712000001")
            assert asha is not None
            (standing,) = await desk.portfolio.active(connection, asha.id, TODAY)
        assert (asha.state, asha.national_id) == ("listed", "31234567")
        assert standing.owed_cents == await desk.balance(chart.loan_principal(standing.record.id)) == 1_600_00

    async def test_the_same_file_again_changes_nothing(self, desk: Desk) -> None:
        """Brought again, imported again, by two at once."""
        first = await desk.uploads.brought(table(ASHA[:9]), "book.csv", "jane")
        await asyncio.gather(*(desk.uploads.imported(first.id, by) for by in ("jane", "omar")))
        events = await desk.count(loan_events)

        again = await desk.uploads.brought(table(ASHA[:9]), "renamed.csv", "omar")
        await desk.uploads.imported(again.id, "omar")

        assert (again.id, again.name, again.state, again.uploaded_by) == (first.id, "book.csv", "imported", "jane")
        assert (await desk.count(loans), await desk.count(loan_events)) == (1, events)

    async def test_the_same_loan_in_another_file_is_refused(self, desk: Desk) -> None:
        """Row and column say which; the good row beside it is not brought in either."""
        await desk.uploads.imported((await desk.uploads.brought(table(ASHA[:9]), "a", "jane")).id, "jane")

        other = await desk.uploads.brought(table(CATE[:9], ASHA[:9]), "b", "jane")

        assert [(fault.row, fault.column) for fault in other.faults] == [(3, "Disbursed Date")]
        with pytest.raises(Rejected):
            await desk.uploads.imported(other.id, "jane")
        assert await desk.count(loans) == 1

    async def test_what_our_customers_say_against_it(self, desk: Desk) -> None:
        """An ID that is somebody else's, a phone whose owner has another ID, an account that was closed."""
        async with desk.store.begin() as connection:
            for number, state in (("1", "active"), ("2", "active"), ("3", "closed")):
                await customers.added(
                    connection, f"c{number}", msisdn=f"+25471200000{number}", name="Asha Mwangi", language="en",
                    national_id=f"3000000{number}", state=state, limit_cents=0, created_at=START,
                )  # fmt: skip
        moved = ("30000001", "Asha Mwangi", "0712000009", *ASHA[3:9])
        another = ("30000009", "Asha Mwangi", "0712000002", *ASHA[3:9])
        closed = ("30000003", "Asha Mwangi", "0712000003", *ASHA[3:9])

        found = await desk.uploads.brought(table(moved, another, closed), "b", "jane")

        columns = [(fault.row, fault.column) for fault in found.faults]
        assert columns == [(2, "Phone"), (3, "Customer ID"), (4, "Phone")]

    async def test_an_import_that_breaks_leaves_nothing(self, desk: Desk) -> None:
        """The third loan fails: the two before it, and their owners, are gone again."""
        shown = await desk.uploads.brought(table(ASHA[:9], BEN[:9], CATE[:9]), "book.csv", "jane")

        def breaks(done: int, of: int) -> None:
            if done == 2:
                raise RuntimeError("the power is gone")

        with pytest.raises(RuntimeError, match="power"):
            await desk.uploads.imported(shown.id, "jane", breaks)

        assert (await desk.count(loans), await desk.count(people)) == (0, 0)
        again = await desk.uploads.find(shown.id)
        assert again is not None
        assert again.state == "checked"

    async def test_what_is_no_table_is_not_kept(self, desk: Desk) -> None:
        """And there is no upload of an id that nobody made."""
        with pytest.raises(Rejected, match="UTF-8"):
            await desk.uploads.brought(b"\xff\xfe\x00", "x.doc", "jane")
        with pytest.raises(Rejected):
            await desk.uploads.imported("none", "jane")
        assert await desk.uploads.find("none") is None


class TestOverHttp:
    async def test_an_operator_brings_a_book(self, house: House) -> None:
        """The template, a file with a formula in it, then a good one: shown, imported, in ageing and in the books."""
        today = local_date(house.gateway.clock())
        row = (*ASHA[:7], (today - timedelta(days=5)).isoformat(), "Active")
        headers = {"Authorization": "Bearer " + OPS_TOKEN}
        for form, start in (("csv", b"\xef\xbb\xbfCustomer ID"), ("xlsx", b"PK")):
            url = f"{house.url}/api/loans/template?format={form}"
            async with house.http.get(url, headers=headers) as response:
                assert (await response.read()).startswith(start)

        evil = (*row[:4], "=1+1", *row[5:])
        status, bad = await house.ops("POST", "/api/loans/uploads?by=jane&name=b.csv", data=table(evil))
        assert (status, bad["state"], len(bad["errors"])) == (201, "refused", 1)
        async with house.http.get(f"{house.url}/api/loans/uploads/{bad['id']}?format=csv", headers=headers) as response:
            assert "2,Principal,'=1+1," in await response.text()
        status, _ = await house.ops("POST", f"/api/loans/uploads/{bad['id']}/import", json={"by": "jane"})
        assert status == 409

        form_ = FormData({"by": "jane"})
        form_.add_field("file", table(row), filename="githurai.csv")
        status, shown = await house.ops("POST", "/api/loans/uploads", data=form_)
        assert (status, shown["name"], shown["totals"]["openingPrincipal"]) == (201, "githurai.csv", "2000.00")
        status, done = await house.ops("POST", f"/api/loans/uploads/{shown['id']}/import", json={"by": "omar"})
        assert (status, done["state"], done["importedBy"]) == (200, "imported", "omar")
        status, found = await house.ops("GET", "/api/loans?phone=0712000001")
        assert (status, found["loans"][0]["owed"]) == (200, "2160.00")
        async with house.gateway.store.read() as connection:
            assert list(await check(connection)) == []

    async def test_what_cannot_be_taken_is_refused(self, house: House) -> None:
        """Without a name of who brings it, too large, no table, no such upload."""
        many = b"x" * (house.config.loanbook.upload_bytes_most + 1)
        for path, body, expected in (
            ("/api/loans/uploads", b"a,b", 422),
            ("/api/loans/uploads?by=jane", b"\xff\x00", 422),
            ("/api/loans/uploads?by=jane", many, 413),
        ):
            status, _ = await house.ops("POST", path, data=io.BytesIO(body))
            assert status == expected
        assert (await house.ops("GET", "/api/loans/uploads/none"))[0] == 404
        assert (await house.ops("POST", "/api/loans/uploads/none/import", json={"by": "jane"}))[0] == 404
        assert (await house.ops("GET", "/api/loans/template?format=pdf"))[0] == 422
