"""What tests of the gateway are done in: a back office with a pretend rail (fast), or whole houses on SQLite."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.gateway.rails_flow.office import Office, office_on
from tests.house import Houses


@pytest.fixture
async def office(fresh_sqlite: str) -> AsyncIterator[Office]:
    """On SQLite, as most tests need no more."""
    async with office_on(fresh_sqlite) as office:
        yield office


@pytest.fixture
async def each_office(database_url: str) -> AsyncIterator[Office]:
    """One on each engine, for what races."""
    async with office_on(database_url) as office:
        yield office


@pytest.fixture
async def one_house(tmp_path: Path, fresh_sqlite: str, fresh_redis: str) -> AsyncIterator[Houses]:
    """A builder of houses on SQLite, for what the engine makes no difference to."""
    async with AsyncExitStack() as stack:
        yield Houses(stack, tmp_path, fresh_sqlite, fresh_redis)
