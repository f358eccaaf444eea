"""A builder of houses on SQLite, for what the engine makes no difference to."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.house import Houses


@pytest.fixture
async def one_house(tmp_path: Path, fresh_sqlite: str, fresh_redis: str) -> AsyncIterator[Houses]:
    async with AsyncExitStack() as stack:
        yield Houses(stack, tmp_path, fresh_sqlite, fresh_redis)
