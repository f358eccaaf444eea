"""Back offices: one on SQLite, as most tests need no more, and one on each engine for what races."""

from collections.abc import AsyncIterator

import pytest

from tests.gateway.rails_flow.office import Office, office_on


@pytest.fixture
async def office(fresh_sqlite: str) -> AsyncIterator[Office]:
    async with office_on(fresh_sqlite) as office:
        yield office


@pytest.fixture
async def each_office(database_url: str) -> AsyncIterator[Office]:
    async with office_on(database_url) as office:
        yield office
