"""A house that is left and entered again, as a machine is that dies and comes back with yesterday's disk."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from aiohttp.test_utils import unused_port

from gateway import app, demo
from gateway.clock import system
from gateway.config import Config
from simulator.outside import Movement, Outside
from simulator.standins import app as standins_app
from simulator.standins.settings import Settings as StandinSettings
from tests.house import House, settings

RESTORING = {"look_seconds": 0.1, "wait_minutes": 0.1, "questions": 1, "a_second": 1000}


@dataclass
class Drill:
    """One world outside, and a gateway that may be built on it again and again."""

    folder: Path
    redis: str
    http: aiohttp.ClientSession
    standins_url: str
    port: int
    lines: dict[str, Any] = field(default_factory=dict)

    def config(self, database: str) -> Config:
        return Config(**settings(self.port, self.standins_url, database, self.redis, restoring=RESTORING))

    def config_file(self, database: str) -> Path:
        """What a terminal needs to know."""
        path = self.folder / "terminal.yaml"
        path.write_text(yaml.safe_dump({"database": {"url": database}}), encoding="utf-8")
        return path

    @asynccontextmanager
    async def house(self, database: str) -> AsyncIterator[House]:
        """Up and at work until the block ends."""
        config, url = self.config(database), f"http://127.0.0.1:{self.port}"
        gateway = app.build(config, self.folder, system)
        try:
            await demo.load(gateway)
            async with app.serving(gateway), app.working(gateway):
                await app.register_callbacks(gateway)
                outside = Outside(self.http, self.standins_url)
                yield House(gateway, config, url, self.standins_url, self.http, outside, self.lines)
        finally:
            await gateway.close()

    async def moved(self, kind: str) -> list[Movement]:
        """What the rail has really moved."""
        found = (await Outside(self.http, self.standins_url).money()).movements
        return [each for each in found if each.kind == kind]

    async def statement(self, shortcode: str) -> bytes:
        """Today's, as the portal exports it."""
        async with self.http.get(f"{self.standins_url}/control/statement", params={"shortcode": shortcode}) as answer:
            return await answer.read()


@asynccontextmanager
async def drill_in(folder: Path, redis: str) -> AsyncIterator[Drill]:
    port = unused_port()
    world = StandinSettings(
        data=folder / "standins", gateway_url=f"http://127.0.0.1:{port}", prompt_seconds=3.0, callback_seconds=0.05,
        auto_answer_seconds=0.1,
    )  # fmt: skip
    standins = await standins_app.start(world, port=0)
    try:
        async with aiohttp.ClientSession() as http:
            yield Drill(folder, redis, http, standins.url, port)
    finally:
        await standins.stop()
