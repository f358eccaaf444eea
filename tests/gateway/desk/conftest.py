"""A back office with operators in it."""

from collections.abc import AsyncIterator

import pytest

from tests.gateway.desk.hands import Hands
from tests.gateway.rails_flow.office import office_on


@pytest.fixture
async def hands(fresh_sqlite: str) -> AsyncIterator[Hands]:
    async with office_on(fresh_sqlite) as office:
        yield Hands(office)


@pytest.fixture
async def each_hands(database_url: str) -> AsyncIterator[Hands]:
    """On both engines."""
    async with office_on(database_url) as office:
        yield Hands(office)
