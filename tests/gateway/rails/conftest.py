"""A town of stand-ins, and the rail as it stands before them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.clock import system
from gateway.rails.daraja import DarajaRail
from tests.gateway.rails.rail_town import config
from tests.simulator.standins.standins_town import Town


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Town(tmp_path, auto_answer=False) as town:
        yield town


@pytest.fixture
async def rail(town: Town) -> AsyncIterator[DarajaRail]:
    rail = DarajaRail(config(town), system)
    await rail.register(town.gateway.url("/confirmation"), town.gateway.url("/validation"), pull_msisdn="0711000009")
    yield rail
    await rail.close()
