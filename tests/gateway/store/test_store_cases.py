"""Cases have numbers that people read out; two never share one."""

from collections.abc import AsyncIterator

import pytest

from gateway.store import cases
from gateway.store.engine import Store


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = Store(database_url)
    yield store
    await store.close()


async def opened(store: Store, case_id: str, reference: str = "CS2B4K7") -> str:
    async with store.begin() as connection:
        return await cases.opened(connection, case_id, reference, "complaint", evidence={}, answer_by=2, now=1)


class TestOpened:
    async def test_it_is_opened_once_and_keeps_its_number(self, store: Store) -> None:
        """However often."""
        assert [await opened(store, "one") for _ in range(3)] == ["CS2B4K7"] * 3

    async def test_a_number_that_is_taken_is_replaced(self, store: Store) -> None:
        """Short names collide; whoever tells a customer the number tells the one that is theirs."""
        first, second, again = await opened(store, "one"), await opened(store, "two"), await opened(store, "two")

        assert first == "CS2B4K7"
        assert second == again != first
        assert second.startswith("CS")
