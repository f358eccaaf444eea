"""The processes of a campaign: stand-ins that live through it, and gateways that are killed one after the other.

Alone, all of Nyota is one process on SQLite. On a PostgreSQL and a Redis that somebody else runs, it is what it is in
production: one process answers, two work, and each of them is killed by itself or with the others.
"""

import asyncio
import random
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import aiohttp

from simulator.campaign import books
from simulator.campaign.facts import Life
from simulator.load.child import HOST, Child, ChildError, free_port, surroundings

START_SECONDS = 90.0
RETIRE_SECONDS = 60.0
CHECK_SECONDS = 120.0
"""How long each may take where a machine has much else to do."""
ANSWERS = "gateway"
WORKERS = ("worker-1", "worker-2")

HASTE: Mapping[str, str] = MappingProxyType(
    {
        "NYOTA_RAILS__DARAJA__TIMEOUT_SECONDS": "2",
        "NYOTA_RAILS__DARAJA__PROMPT_DELAY_SECONDS": "0.2",
        "NYOTA_RAILS__DARAJA__CALLBACK_SECONDS": "1",
        "NYOTA_RAILS__DARAJA__ASK_SECONDS": "0.5",
        "NYOTA_RAILS__DARAJA__ASK_MAX_SECONDS": "3",
        "NYOTA_RAILS__DARAJA__SLOW_SECONDS": "2",
        "NYOTA_RAILS__DARAJA__PROMPT_EXPIRES_SECONDS": "8",
        "NYOTA_RAILS__DARAJA__BREAKER_SECONDS": "1",
        "NYOTA_RAILS__DARAJA__BREAKER_MAX_SECONDS": "4",
        "NYOTA_OPERATIONS__LEASE_SECONDS": "5",
        "NYOTA_OPERATIONS__RETRY_SECONDS": "0.2",
        "NYOTA_OPERATIONS__RETRY_MAX_SECONDS": "2",
        "NYOTA_PINS__MEMORY_KIB": "8192",
        "NYOTA_PINS__TIME_COST": "1",
        "NYOTA_LOGS__FORMAT": "json",
    }
)
"""A day of waiting in a few seconds: every wait of the gateway is longer than what the outside takes in earnest."""

CREDENTIALS: Mapping[str, str] = MappingProxyType(
    {
        "NYOTA_SERVER__OPS_TOKEN": "campaign-operator-token",
        "NYOTA_SERVER__CALLBACK_TOKEN": "0123456789abcdef0123",
        "NYOTA_SESSIONS__SECRET": "campaign",
        "NYOTA_PINS__PEPPER": "campaign",
        "NYOTA_PROVIDERS__AFRICASTALKING__API_KEY": "nyota-demo-sms-key",
        "NYOTA_PROVIDERS__AFRICASTALKING__OPEN_CALLBACKS": "true",
        "NYOTA_RAILS__DARAJA__COLLECTION__CONSUMER_KEY": "nyota-collection-key",
        "NYOTA_RAILS__DARAJA__COLLECTION__CONSUMER_SECRET": "nyota-collection-secret",
        "NYOTA_RAILS__DARAJA__COLLECTION__SHORTCODE": "600999",
        "NYOTA_RAILS__DARAJA__PAYOUT__CONSUMER_KEY": "nyota-payout-key",
        "NYOTA_RAILS__DARAJA__PAYOUT__CONSUMER_SECRET": "nyota-payout-secret",
        "NYOTA_RAILS__DARAJA__PAYOUT__SHORTCODE": "600998",
        "NYOTA_RAILS__DARAJA__PASSKEY": "nyota-demo-passkey",
        "NYOTA_RAILS__DARAJA__SECURITY_CREDENTIAL": "bnlvdGEtZGVtby1jcmVkZW50aWFs",
        "NYOTA_RAILS__DARAJA__PULL_MSISDN": "254711000000",
    }
)
"""What the stand-ins take."""


@dataclass(frozen=True, slots=True)
class Servers:
    """A PostgreSQL and a Redis of their own, both empty: SQLAlchemy's URL (asyncpg), and redis-py's."""

    database: str
    redis: str


class Stage:
    """Everything that runs, in one directory. `lives` tells when a gateway was there to answer."""

    def __init__(self, directory: Path, http: aiohttp.ClientSession, servers: Servers | None = None) -> None:
        self.data = directory / "gateway"
        self.port, self.outside_port = free_port(), free_port()
        self.url = f"http://{HOST}:{self.port}"
        self.outside_url = f"http://{HOST}:{self.outside_port}"
        self.lives: list[Life] = []
        self._directory = directory
        self._http = http
        self._servers = servers
        self._running: dict[str, Child] = {}
        self._outside: Child | None = None
        self._up_at = 0.0

    @property
    def database(self) -> str:
        """For reading."""
        return self._servers.database if self._servers else books.url_of(self.data)

    @property
    def names(self) -> tuple[str, ...]:
        """The processes that can be killed."""
        return (ANSWERS, *WORKERS) if self._servers else (ANSWERS,)

    async def open(self) -> None:
        """Start the outside world, then Nyota. Raises ChildError."""
        arguments = ["--port", str(self.outside_port), "--data", str(self._directory / "standins")]
        self._outside = Child(
            "simulator.standins", [*arguments, "--gateway-url", self.url], log=self._directory / "standins.log"
        )
        await self._outside.answering(self._http, self.outside_url, START_SECONDS)
        if self._servers:
            await self._ran("migrate")
        await self.revive()
        if self._servers:
            await self._registered()

    async def revive(self) -> None:
        """Start what does not run, on what was left behind. Raises ChildError when it does not come up."""
        for name in self.names:
            if name not in self._running:
                self._running[name] = self._started(name)
                if name == ANSWERS:
                    await self._running[name].answering(self._http, self.url, START_SECONDS)
                    self._up_at = time.time()

    def victims(self, chance: random.Random) -> Sequence[str]:
        """Who dies next: one of them, or all at once."""
        return self.names if chance.random() < 1 / len(self.names) else (chance.choice(self.names),)

    def kill(self, names: Sequence[str]) -> None:
        """End processes in the middle of whatever they do. Raises ChildError when one has ended by itself."""
        for name in names:
            child = self._living(name)
            if name == ANSWERS:
                self.lives.append(Life(self._up_at, time.time()))
            child.kill()
            del self._running[name]

    async def retire(self) -> None:
        """Let everything stop as it should. Raises ChildError when it does not."""
        for name in self.names:
            child = self._living(name)
            if name == ANSWERS:
                self.lives.append(Life(self._up_at, time.time()))
            code = await asyncio.to_thread(child.stop, RETIRE_SECONDS)
            if code:
                raise ChildError(f"{name} ended with {code} when told to stop; see {child.log}")

    async def books_findings(self) -> tuple[str, ...]:
        """What `nyota books check` has to say; empty when it is content."""
        ran = await self._ran("books", "check", "--data", str(self.data), must_succeed=False)
        return tuple((ran.stdout + ran.stderr).splitlines()) or ("exit 1",) if ran.returncode else ()

    def close(self) -> None:
        """End whatever still runs."""
        for child in (*self._running.values(), self._outside):
            if child is not None:
                child.stop()

    def _started(self, name: str) -> Child:
        log = self._directory / f"{name}.log"
        if self._servers is None:
            arguments = ["up", "--headless", "--standins", self.outside_url, "--port", str(self.port)]
        else:
            arguments = ["serve" if name == ANSWERS else "worker"]
        return Child("gateway", [*arguments, "--data", str(self.data)], log=log, environment=self._environment)

    @property
    def _environment(self) -> Mapping[str, str]:
        if self._servers is None:
            return HASTE
        return {
            **HASTE,
            **CREDENTIALS,
            "NYOTA_SERVER__PORT": str(self.port),
            "NYOTA_DATABASE__URL": self._servers.database,
            "NYOTA_REDIS__URL": self._servers.redis,
            "NYOTA_RAILS__DARAJA__BASE_URL": f"{self.outside_url}/daraja",
            "NYOTA_PROVIDERS__AFRICASTALKING__SMS_BASE_URL": f"{self.outside_url}/africastalking/version1",
        }

    async def _registered(self) -> None:
        """Tell the rail where confirmations go, as an operator does once. Raises ChildError."""
        headers = {"Authorization": f"Bearer {CREDENTIALS['NYOTA_SERVER__OPS_TOKEN']}"}
        async with self._http.post(f"{self.url}/api/mpesa/c2b/register", headers=headers) as response:
            if response.status != 200:
                raise ChildError(f"callbacks could not be registered: {await response.text()}")

    async def _ran(self, *arguments: str, must_succeed: bool = True) -> "subprocess.CompletedProcess[str]":
        """One of Nyota's commands, to its end. Raises ChildError when it must succeed and does not."""
        ran = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "gateway", *arguments],
            cwd=self._directory,
            env=surroundings(self._environment),
            capture_output=True,
            text=True,
            timeout=CHECK_SECONDS,
            check=False,
        )
        if must_succeed and ran.returncode:
            raise ChildError(f"nyota {' '.join(arguments)} failed: {ran.stderr.strip()[-500:]}")
        return ran

    def _living(self, name: str) -> Child:
        child = self._running.get(name)
        if child is None or not child.is_running:
            raise ChildError(f"{name} has ended by itself; see {self._directory / f'{name}.log'}")
        return child
