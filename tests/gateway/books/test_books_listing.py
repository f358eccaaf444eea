"""The open accounts, page by page, on both engines."""

from gateway.books.listing import listed
from tests.gateway.books.till import Till, payout


async def keys(till: Till, prefix: str, after: str = "", limit: int = 10) -> list[str]:
    async with till.store.read() as connection:
        return [each.key for each in await listed(connection, prefix, after, limit)]


class TestListed:
    async def test_by_what_they_begin_with(self, till: Till) -> None:
        """A percent sign is a percent sign."""
        await till.deposit("amina", 100)
        await till.deposit("baraka", 100)

        assert await keys(till, "wallet:") == ["wallet:amina", "wallet:baraka"]
        assert await keys(till, "wallet:b") == ["wallet:baraka"]
        assert await keys(till, "") == ["mpesa.collection", "wallet:amina", "wallet:baraka"]
        assert await keys(till, "%") == []

    async def test_page_by_page(self, till: Till) -> None:
        """After the last key of the page before."""
        for name in ("a", "b", "c"):
            await till.deposit(name, 100)

        assert await keys(till, "wallet:", limit=2) == ["wallet:a", "wallet:b"]
        assert await keys(till, "wallet:", after="wallet:b", limit=2) == ["wallet:c"]

    async def test_with_what_is_posted_and_held(self, till: Till) -> None:
        """Of a sharded account all shards together."""
        await till.deposit("amina", 900)
        await till.deposit("amina", 100, at=2)
        await till.hold(payout("op", "amina", 300))

        async with till.store.read() as connection:
            found = {each.key: each.balance for each in await listed(connection, "", "", 10)}

        assert (found["wallet:amina"].posted_cents, found["wallet:amina"].held_cents) == (1_000, 300)
        assert found["mpesa.collection"].posted_cents == 1_000
