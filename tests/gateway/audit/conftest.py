"""Books that are marked and sealed, on each engine."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.store.engine import Store
from tests.gateway.audit.vault import Vault


@pytest.fixture
async def vault(database_url: str, tmp_path: Path) -> AsyncIterator[Vault]:
    store = Store(database_url, busy_seconds=30)
    yield Vault(store, tmp_path / "heads.jsonl")
    await store.close()
