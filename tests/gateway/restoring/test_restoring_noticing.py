"""A database that does not know the last pay-out is taken to be restored; one that does is not."""

from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import unused_port

from gateway.accounts.audit import Deed
from gateway.rails.witness import Left, Witness
from gateway.restoring import records
from gateway.restoring.noticing import noticed
from gateway.store.engine import Store
from tests.gateway.rails_flow.office import Office

UNKNOWN = "6f1c7a2e-0000-5000-8000-000000000000"


@pytest.fixture
async def witness(fresh_redis: str) -> AsyncIterator[Witness]:
    witness = Witness(fresh_redis, "daraja:600998", timeout_seconds=5)
    yield witness
    await witness.close()


async def latest(store: Store) -> records.Restore | None:
    async with store.read() as connection:
        return await records.latest(connection)


class TestNoticing:
    async def test_a_database_that_knows_it_is_left_alone(self, office: Office, witness: Witness) -> None:
        """Every start but one."""
        request = await office.request(await office.lent())
        await witness.remember(Left(request.id, office.clock()))

        assert not await noticed(office.store, witness, office.clock)
        assert await latest(office.store) is None

    async def test_one_that_does_not_is_marked_once(self, office: Office, witness: Witness) -> None:
        """Starting again, and with pay-outs since, does not mark it again."""
        await witness.remember(Left(UNKNOWN, office.clock()))
        office.clock.turn(1_000)

        first = await noticed(office.store, witness, office.clock)
        again = await noticed(office.store, witness, office.clock)

        restore = await latest(office.store)
        assert (first, again) == (True, False)
        assert restore is not None
        assert restore.by == "system"

    async def test_what_left_before_a_mark_is_accounted_for(self, office: Office, witness: Witness) -> None:
        """Whoever restored it has said so."""
        await witness.remember(Left(UNKNOWN, office.clock()))
        office.clock.turn(1_000)
        async with office.store.begin() as connection:
            await records.marked(connection, Deed("jane", "jane", "the disk died", "", office.clock()))

        assert not await noticed(office.store, witness, office.clock)

    async def test_what_left_after_a_mark_is_another_loss(self, office: Office, witness: Witness) -> None:
        """Restored once more, to a copy that knows of the first time."""
        async with office.store.begin() as connection:
            await records.marked(connection, Deed("jane", "jane", "the disk died", "", office.clock()))
        office.clock.turn(1_000)
        await witness.remember(Left(UNKNOWN, office.clock()))

        assert await noticed(office.store, witness, office.clock)

    async def test_without_a_witness_nothing_is_noticed(self, office: Office) -> None:
        """Redis is away, empty, or there is none: the start goes on."""
        away = Witness(f"redis://127.0.0.1:{unused_port()}", "daraja:600998", timeout_seconds=1)
        await away.remember(Left(UNKNOWN, 1))

        assert not await noticed(office.store, away, office.clock)
        assert not await noticed(office.store, None, office.clock)
        await away.close()

    async def test_nobody_has_left_yet(self, office: Office, witness: Witness) -> None:
        """A new house."""
        assert not await noticed(office.store, witness, office.clock)
