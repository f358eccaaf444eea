"""A branch on SQLite for most tests, and on each engine for what races."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.gateway.ledgers.branch import Branch, branch_on


@pytest.fixture
async def branch(fresh_sqlite: str, tmp_path: Path) -> AsyncIterator[Branch]:
    async with branch_on(fresh_sqlite, tmp_path) as branch:
        yield branch


@pytest.fixture
async def each_branch(database_url: str, tmp_path: Path) -> AsyncIterator[Branch]:
    async with branch_on(database_url, tmp_path) as branch:
        yield branch
