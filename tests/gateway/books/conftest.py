"""A migrated database on each engine, with books over it."""

from collections.abc import AsyncIterator

import pytest

from gateway.store.engine import Store
from tests.gateway.books.till import Till


@pytest.fixture
async def till(database_url: str) -> AsyncIterator[Till]:
    store = Store(database_url, busy_seconds=30)
    yield Till(store)
    await store.close()
