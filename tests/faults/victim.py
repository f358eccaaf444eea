"""A real `nyota up` as a process of its own, to be killed and started again over the same data."""

import asyncio
import signal
import sqlite3
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from gateway.books.integrity import Finding, check
from gateway.store.engine import Store
from simulator.errors import NoService
from simulator.line import Line
from simulator.outside import Outside
from simulator.standins.app import Standins
from simulator.standins.world import WORLD, World
from tests.servers import closed, listening, wait_until

OPEN = """
    SELECT 1 FROM operations
    WHERE is_open AND state NOT IN ('parked', 'dead') AND coalesce(reason, '') <> 'waiting for an answer'
      AND coalesce(customer_id, '') <> '' LIMIT 1
"""
"""Of a customer: what comes up by itself, such as sealing the books, never ends."""
UP_SECONDS = 30.0
OF_A_SESSION = b":newest"
"""In every command that loads or moves one: the name of the key that points to it."""


@dataclass
class Victim:
    """One `nyota up --headless` at a time on one data directory, with the world outside in this process."""

    data: Path
    port: int
    redis_url: str
    standins: Standins
    http: aiohttp.ClientSession
    running: list[Process] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def outside(self) -> Outside:
        return Outside(self.http, self.standins.url)

    @property
    def world(self) -> World:
        """The pretend outside, to look at what it is doing."""
        return self.standins.runner.app[WORLD]

    def line(self, msisdn: str) -> Line:
        return Line(self.http, self.url, msisdn)

    async def start(self) -> None:
        """Until it answers."""
        config = self.data / "config.yaml"
        config.write_text(yaml.safe_dump(settings(self.redis_url)), encoding="utf-8")
        command = ["-m", "gateway", "up", "--headless", "--port", str(self.port), "--data", str(self.data / "var")]
        with (self.data / "nyota.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, *command, "--config", str(config), "--standins", self.standins.url,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.running.append(process)
        await wait_until(self._is_up, UP_SECONDS)

    async def kill(self) -> None:
        """SIGKILL, between any two of its instructions."""
        process = self.running.pop()
        process.send_signal(signal.SIGKILL)
        assert await process.wait() == -signal.SIGKILL

    async def stop(self) -> None:
        """Without a trace left running."""
        while self.running:
            await self.kill()

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What is on disk, whoever is writing."""
        with closing(sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)) as connection:
            return connection.execute(query, values).fetchall()

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[None]:
        """Nobody else writes to the database meanwhile."""
        with closing(sqlite3.connect(self._database, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")

    async def is_settled(self) -> bool:
        return not self.rows(OPEN)

    async def findings(self) -> list[Finding]:
        """What is wrong with the books."""
        store = Store(f"sqlite+aiosqlite:///{self._database}")
        try:
            async with store.read() as connection:
                return await check(connection)
        finally:
            await store.close()

    def balance(self, account: str) -> int:
        """Cents, in the account's own direction."""
        [[cents]] = self.rows(
            "SELECT COALESCE(SUM(posted_cents), 0) FROM balances JOIN accounts a ON a.id = account_id WHERE key = ?",
            account,
        )
        return int(cents)

    def texts(self, msisdn: str) -> list[str]:
        return [text for [text] in self.rows("SELECT text FROM messages WHERE msisdn = ? ORDER BY created_at", msisdn)]

    @property
    def _database(self) -> Path:
        return self.data / "var" / "nyota.db"

    async def _is_up(self) -> bool:
        process = self.running[-1]
        assert process.returncode is None, (self.data / "nyota.log").read_text(encoding="utf-8")[-3000:]
        try:
            async with self.http.get(f"{self.url}/api/ussd/health") as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False


async def typed(line: Line, *answers: str) -> str:
    """Dial and answer; the last screen, or nothing when the phone got none."""
    try:
        await line.dial("*383#")
        for answer in answers:
            await line.send(answer)
    except NoService:
        return ""
    return line.screen


def settings(redis_url: str) -> dict[str, Any]:
    """Little patience with everything outside, much with Redis: what a test holds up there is held up."""
    daraja = {
        "timeout_seconds": 5, "prompt_delay_seconds": 0, "callback_seconds": 0.5, "ask_seconds": 0.2,
        "ask_max_seconds": 0.5, "prompt_expires_seconds": 30, "breaker_seconds": 0.3, "breaker_max_seconds": 0.6,
    }  # fmt: skip
    return {
        "redis": {"url": redis_url, "timeout_seconds": 20},
        "server": {"turn_seconds": 20},
        "database": {"busy_seconds": 0.3},
        "operations": {"lease_seconds": 1, "poll_seconds": 0.05, "retry_seconds": 0.05, "retry_max_seconds": 0.5},
        "pins": {"memory_kib": 8192, "time_cost": 1},
        "rails": {"daraja": daraja, "float": {"poll_minutes": 0}},
    }


class Hurdle:
    """A way to Redis that can be closed after the next thing that is asked of it about a session."""

    def __init__(self, path: str, socket: str) -> None:
        self.url = f"unix://{path}"
        self._path = path
        self._socket = socket
        self._passes: int | None = None

    def hold_after(self, requests: int) -> None:
        """Let so many more about sessions through, and then nothing; what workers ask meanwhile does not count."""
        self._passes = requests

    def open(self) -> None:
        self._passes = None

    @asynccontextmanager
    async def standing(self) -> AsyncIterator[None]:
        async with listening(self._connected, self._path):
            yield

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_redis, from_redis = await asyncio.open_unix_connection(self._socket)
        try:
            await asyncio.gather(self._asked(reader, from_redis), _copied(to_redis, writer), return_exceptions=True)
        finally:
            await closed(from_redis)

    async def _asked(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            if self._passes == 0:
                continue
            if self._passes is not None and OF_A_SESSION in data:
                self._passes -= 1
            writer.write(data)
            await writer.drain()
        writer.close()


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()


def socket_of(url: str) -> str:
    """The path in a `unix://` URL."""
    return url.removeprefix("unix://").partition("?")[0]
