"""The few moves that every test of the books makes."""

from sqlalchemy import func, select, text

from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.books.integrity import Finding, check
from gateway.books.ledger import Books
from gateway.store.engine import Store


class Till:
    """Books over a store: every call is its own unit of work."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.books = Books()

    async def deposit(self, customer: str, cents: int, at: int = 1) -> str:
        """M-PESA money that arrived for a customer."""
        lines = (Line(chart.COLLECTION, cents), Line(chart.wallet(customer), -cents))
        return await self.post(Entry(f"deposit-{customer}-{at}", "post", "deposit", lines), at)

    async def post(self, entry: Entry, at: int = 1) -> str:
        async with self.store.begin() as connection:
            return await self.books.post(connection, entry, at)

    async def hold(self, entry: Entry, at: int = 1) -> str:
        async with self.store.begin() as connection:
            return await self.books.hold(connection, entry, at)

    async def post_held(self, operation: str, at: int = 1, step: str = "post") -> str:
        async with self.store.begin() as connection:
            return await self.books.post_held(connection, operation, "hold", step, at)

    async def void_held(self, operation: str, at: int = 1, step: str = "void") -> str:
        async with self.store.begin() as connection:
            return await self.books.void_held(connection, operation, "hold", step, at)

    async def wallet(self, customer: str) -> tuple[int, int]:
        """What is posted and what of it is held."""
        async with self.store.read() as connection:
            found = await self.books.balance(connection, chart.wallet(customer))
        return found.posted_cents, found.held_cents

    async def findings(self) -> list[Finding]:
        async with self.store.read() as connection:
            return await check(connection)

    async def sql(self, *statements: str) -> None:
        """As somebody would who knows the database's password."""
        async with self.store.begin() as connection:
            for statement in statements:
                await connection.exec_driver_sql(statement)

    async def count(self, rows: str) -> int:
        """How many there are of a table, or of `table WHERE ...`."""
        async with self.store.read() as connection:
            found = await connection.execute(select(func.count()).select_from(text(rows)))
            return int(found.scalar_one())


def transfer(operation: str, giver: str, taker: str, cents: int, step: str = "post") -> Entry:
    """From wallet to wallet."""
    lines = (Line(chart.wallet(giver), cents), Line(chart.wallet(taker), -cents))
    return Entry(operation, step, "transfer", lines)


def payout(operation: str, customer: str, cents: int, step: str = "hold") -> Entry:
    """From a wallet out by M-PESA."""
    lines = (Line(chart.wallet(customer), cents), Line(chart.PAYOUT, -cents))
    return Entry(operation, step, "payout", lines)
