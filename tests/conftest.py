"""What all tests share: real servers, a whole gateway on them, and the event loop that gateways run on."""

import asyncio
from collections.abc import Callable, Mapping

import uvloop

pytest_plugins = ["tests.servers", "tests.house"]


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}
