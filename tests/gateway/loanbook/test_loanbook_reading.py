"""The open loans of a real database, and the reports over HTTP."""

from datetime import timedelta

from gateway.loanbook.reading import aged
from tests.gateway.lending.test_lending_portfolio import DUE, OWED, desk_on
from tests.house import OPS_TOKEN, House


class TestAged:
    async def test_only_open_loans_count(self, database_url: str) -> None:
        """One is repaid and leaves; the other is three days late with its whole principal."""
        async with desk_on(database_url) as desk:
            await desk.lend("LN1")
            await desk.lend("LN2", 1_000_00)
            await desk.repay(OWED, on=1)

            found = await aged(desk.store, desk.portfolio, DUE + timedelta(days=3))

        assert list(found) == ["quick"]
        assert found["quick"].bands["1-30"].loans == 1
        assert (found["quick"].principal_cents, found["quick"].at_risk[1]) == (1_000_00, 1_000_00)

    async def test_pages_make_no_difference(self, database_url: str) -> None:
        """Three loans read one by one are three loans, each once."""
        async with desk_on(database_url) as desk:
            for number in (1, 2, 3):
                await desk.lend(f"LN{number}")

            one_by_one = await aged(desk.store, desk.portfolio, DUE, size=1)
            together = await aged(desk.store, desk.portfolio, DUE)

        assert one_by_one == together
        assert together["quick"].bands["current"].principal_cents == 6_000_00


class TestOverHttp:
    async def test_operators_read_the_reports(self, house: House) -> None:
        """As JSON and as CSV, and no other form."""
        headers = {"Authorization": "Bearer " + OPS_TOKEN}
        for name, head in (("ageing", "product,band"), ("par", "product,days")):
            url = f"{house.url}/api/loans/reports/{name}"
            async with house.http.get(url, headers=headers) as response:
                assert (response.status, (await response.json())["currency"]) == (200, "KES")
            async with house.http.get(f"{url}?format=csv", headers=headers) as response:
                assert (await response.text()).lstrip("\ufeff").startswith(head)
            async with house.http.get(f"{url}?format=doc", headers=headers) as response:
                assert response.status == 422
            async with house.http.get(url) as response:
                assert response.status == 401
