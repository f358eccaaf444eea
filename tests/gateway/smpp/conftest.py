"""A carrier's centre on a free port."""

from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import unused_port
from pydantic import SecretStr

from gateway.config import SmppLink
from simulator.standins.smsc import Smsc


@pytest.fixture
def account() -> SmppLink:
    """With an answer awaited for half a second."""
    return SmppLink(
        host="127.0.0.1", port=unused_port(), system_id="nyota", password=SecretStr("secret"), sender="NYOTA",
        ussd=True, timeout_seconds=0.5,
    )  # fmt: skip


@pytest.fixture
async def centre(account: SmppLink) -> AsyncIterator[Smsc]:
    centre = Smsc(account.port)
    await centre.start()
    yield centre
    await centre.stop()
