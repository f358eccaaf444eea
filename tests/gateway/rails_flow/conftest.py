"""A back office on each database engine."""

from collections.abc import AsyncIterator

import pytest

from tests.gateway.rails_flow.office import Office, office_on


@pytest.fixture
async def office(database_url: str) -> AsyncIterator[Office]:
    async with office_on(database_url) as office:
        yield office
