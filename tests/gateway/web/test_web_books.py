"""The books over HTTP, as an operator reads them."""

from typing import Any

import pytest

from gateway.books.entry import Entry, Line
from tests.house import House

REFUSED = {
    "accounts/nobody/balance": 404,
    "accounts/nobody/entries": 404,
    "accounts/bank/balance?at=noon": 422,
    "accounts/bank/entries?cursor=1-x": 422,
    "accounts/bank/entries?limit=many": 422,
    "accounts?limit=many": 422,
    "trial-balance?on=today": 422,
}


@pytest.fixture
async def busy(house: House) -> House:
    """A house with the demo people, and one deposit more."""
    lines = (Line("mpesa.collection", 70_000), Line("wallet:new", -70_000))
    async with house.gateway.store.begin() as connection:
        await house.gateway.books.post(connection, Entry("late", "post", "deposit", lines), house.gateway.clock())
    return house


async def got(house: House, path: str) -> Any:
    status, body = await house.ops("GET", f"/api/books/{path}")
    assert status == 200, body
    return body


class TestBooks:
    async def test_accounts_page_by_page(self, busy: House) -> None:
        """Each with its balance; the cursor leads to the rest."""
        first = await got(busy, "accounts?prefix=wallet:&limit=3")
        rest = await got(busy, f"accounts?prefix=wallet:&limit=2&cursor={first['cursor']}")

        found = {each["account"]: each for each in (*first["accounts"], *rest["accounts"])}
        assert len(found) == 4
        assert rest["cursor"] is None
        assert found["wallet:new"] == {
            "account": "wallet:new", "control": "wallet", "kind": "liability", "currency": "KES",
            "balance": "700.00", "held": "0.00",
        }  # fmt: skip

    async def test_a_balance_of_any_moment(self, busy: House) -> None:
        """Of now with what is held; before it was opened there was nothing."""
        now = await got(busy, "accounts/wallet:new/balance")
        then = await got(busy, "accounts/wallet:new/balance?at=2020-01-31")

        assert (now["balance"], now["held"], now["available"]) == ("700.00", "0.00", "700.00")
        assert (then["balance"], then["at"]) == ("0.00", "2020-01-31T23:59:59+03:00")

    async def test_entries_with_the_balance_after_each(self, busy: House) -> None:
        """The newest first, within days."""
        found = await got(busy, "accounts/wallet:new/entries?from=2020-01-01")

        (entry,) = found["entries"]
        assert (entry["amount"], entry["balance"], entry["operation"]) == ("700.00", "700.00", "late")
        assert (await got(busy, "accounts/wallet:new/entries?to=2020-01-01"))["entries"] == []
        assert found["cursor"] is None

    async def test_the_trial_balance_comes_to_nothing(self, busy: House) -> None:
        """Now, and on the last day of a year in which there was no business."""
        for path in ("trial-balance", "trial-balance?on=2020-12-31"):
            found = await got(busy, path)

            assert (found["difference"], found["debit"]) == ("0.00", found["credit"])

    async def test_what_cannot_be_answered_is_refused(self, busy: House) -> None:
        """With a problem that programs can go by."""
        for path, status in REFUSED.items():
            found, body = await busy.ops("GET", f"/api/books/{path}")

            assert (found, body["status"]) == (status, status), path
