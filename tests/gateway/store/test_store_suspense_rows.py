"""Payments that were held before there were rows for them are found when the rows come."""

from importlib import import_module

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, delete

from gateway.books import accounts as chart
from gateway.suspense import held as kept
from gateway.suspense.tables import suspense
from tests.gateway.rails_flow.office import office_on

STRANGER = "+254722000007"
VERSION = import_module("gateway.store.migrations.versions.v0029_suspense")


def filled(connection: Connection) -> None:
    """What the migration does after it has made the table."""
    with Operations.context(MigrationContext.configure(connection)):
        VERSION._found_in_the_queue()


async def test_what_is_in_suspense_is_found_and_nothing_else(database_url: str) -> None:
    """As it would have been written when it came; money that had an owner is not among it."""
    async with office_on(database_url) as office:
        for account in ("KODI", "0711000001"):
            await office.receive(office.rail.pay_paybill(STRANGER, 500_00, account))
            await office.settled()
        receipt = office.rail.book[0].receipt
        async with office.store.begin() as connection:
            before = await kept.by_receipt(connection, receipt)
            await connection.execute(delete(suspense))

            await connection.run_sync(filled)

            assert await kept.by_receipt(connection, receipt) == before
            assert await kept.waiting_cents(connection) == 500_00
        assert await office.balance(chart.SUSPENSE) == 500_00
