"""Houses in a town where an SMS takes no time."""

import pytest

from tests.gateway.texting.pen import AT_ONCE
from tests.house import House, Houses


@pytest.fixture
async def house(light: Houses) -> House:
    return await light.build(standin_settings=AT_ONCE)
