"""Houses in a town where an SMS takes no time."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.gateway.texting.pen import AT_ONCE
from tests.house import House, Houses


@pytest.fixture
async def light(tmp_path: Path, fresh_sqlite: str, fresh_redis: str) -> AsyncIterator[Houses]:
    """Houses on SQLite only, for what is the same on both databases."""
    async with AsyncExitStack() as stack:
        yield Houses(stack, tmp_path, fresh_sqlite, fresh_redis)


@pytest.fixture
async def house(light: Houses) -> House:
    return await light.build(standin_settings=AT_ONCE)
