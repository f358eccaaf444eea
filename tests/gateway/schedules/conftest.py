"""A back office whose customers pay by schedule."""

from collections.abc import AsyncIterator

import pytest

from tests.gateway.rails_flow.office import office_on
from tests.gateway.schedules.planned import Planned


@pytest.fixture
async def planned(fresh_sqlite: str) -> AsyncIterator[Planned]:
    async with office_on(fresh_sqlite) as office:
        yield Planned(office)


@pytest.fixture
async def each_planned(database_url: str) -> AsyncIterator[Planned]:
    async with office_on(database_url) as office:
        yield Planned(office)
