"""The production processes: `serve` answers callbacks, `worker` works the queue off. Run as many as you like.

They share PostgreSQL and Redis and nothing else. SIGTERM lets what is under way end first.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from subprocess import Popen
from typing import Any

import structlog

from gateway import app
from gateway.config import Config, load
from gateway.errors import Misconfigured
from gateway.log import configure
from gateway.store.engine import Store
from gateway.store.migrate import newest_version, schema_version

SIBLING = "_NYOTA_SIBLING"

log = structlog.get_logger("process")


def serve(config_path: Path | None, data: Path) -> None:
    """Answer callbacks until told to stop, in `server.processes` processes that share the port."""
    config = _ready(config_path)
    others = 0 if SIBLING in os.environ else config.server.processes - 1
    siblings = [_sibling() for _ in range(others)]
    try:
        _run(config, data, app.serving)
    finally:
        for sibling in siblings:
            sibling.terminate()
        for sibling in siblings:
            sibling.wait()


def work(config_path: Path | None, data: Path) -> None:
    """Work the queue off until told to stop."""
    _run(_ready(config_path), data, app.working)


def _sibling() -> "Popen[bytes]":
    """The same command again, as one more process on the port."""
    return Popen([sys.executable, "-m", "gateway", *sys.argv[1:]], env={**os.environ, SIBLING: "1"})  # noqa: S603 - ours


def _ready(config_path: Path | None) -> Config:
    config = load(config_path)
    if config.database.url.startswith("sqlite"):
        raise Misconfigured(
            "database.url: several processes write, which needs PostgreSQL; SQLite is for `nyota up`, one process"
        )
    return config


def _run(config: Config, data: Path, role: Callable[[app.Gateway], AbstractAsyncContextManager[Any]]) -> None:
    import uvloop

    configure(config.logs)
    uvloop.run(_until_told(config, data, role))


async def _until_told(
    config: Config, data: Path, role: Callable[[app.Gateway], AbstractAsyncContextManager[Any]]
) -> None:
    gateway = app.build(config, data)
    try:
        await _demand_schema(gateway.store)
        told = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, told.set)
        async with role(gateway):
            app.settle_memory()
            await told.wait()
    finally:
        await gateway.close()


async def _demand_schema(store: Store) -> None:
    found, needed = await schema_version(store), newest_version()
    if found != needed:
        raise Misconfigured(f"database.url: schema is at {found}, this version needs {needed}; run `nyota migrate`")
