"""The processes of a campaign: stand-ins that live through it, and gateways that are killed one after the other."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import aiohttp

from simulator.campaign.facts import Life
from simulator.load.child import HOST, Child, ChildError, free_port

GATEWAY_SECONDS = 30.0
CHECK_SECONDS = 120.0

HASTE: Mapping[str, str] = MappingProxyType(
    {
        "NYOTA_RAILS__DARAJA__TIMEOUT_SECONDS": "2",
        "NYOTA_RAILS__DARAJA__PROMPT_DELAY_SECONDS": "0.2",
        "NYOTA_RAILS__DARAJA__CALLBACK_SECONDS": "1",
        "NYOTA_RAILS__DARAJA__ASK_SECONDS": "0.5",
        "NYOTA_RAILS__DARAJA__ASK_MAX_SECONDS": "3",
        "NYOTA_RAILS__DARAJA__SLOW_SECONDS": "2",
        "NYOTA_RAILS__DARAJA__PROMPT_EXPIRES_SECONDS": "8",
        "NYOTA_OPERATIONS__LEASE_SECONDS": "5",
        "NYOTA_OPERATIONS__RETRY_SECONDS": "0.2",
        "NYOTA_OPERATIONS__RETRY_MAX_SECONDS": "2",
        "NYOTA_PINS__MEMORY_KIB": "8192",
        "NYOTA_PINS__TIME_COST": "1",
        "NYOTA_LOGS__FORMAT": "json",
    }
)
"""A day of waiting in a few seconds: every wait of the gateway is longer than what the outside takes in earnest."""


class Stage:
    """Everything that runs, in one directory. `lives` tells when a gateway was there to answer."""

    def __init__(self, directory: Path, http: aiohttp.ClientSession) -> None:
        self.data = directory / "gateway"
        self.port, self.outside_port = free_port(), free_port()
        self.url = f"http://{HOST}:{self.port}"
        self.outside_url = f"http://{HOST}:{self.outside_port}"
        self.lives: list[Life] = []
        self._directory = directory
        self._http = http
        self._gateway: Child | None = None
        self._outside: Child | None = None
        self._up_at = 0.0

    async def open(self) -> None:
        """Start the outside world, then the first gateway. Raises ChildError."""
        arguments = ["--port", str(self.outside_port), "--data", str(self._directory / "standins")]
        self._outside = Child(
            "simulator.standins", [*arguments, "--gateway-url", self.url], log=self._directory / "standins.log"
        )
        await self._outside.answering(self._http, self.outside_url)
        await self.revive()

    async def revive(self) -> None:
        """Start a gateway on what the last one left behind. Raises ChildError when it does not come up."""
        arguments = ["up", "--headless", "--standins", self.outside_url]
        self._gateway = Child(
            "gateway",
            [*arguments, "--data", str(self.data), "--port", str(self.port)],
            log=self._directory / "gateway.log",
            environment=HASTE,
        )
        await self._gateway.answering(self._http, self.url, GATEWAY_SECONDS)
        self._up_at = time.time()

    def kill(self) -> None:
        """End the gateway in the middle of whatever it does. Raises ChildError when it has ended by itself."""
        gateway = self._running()
        self.lives.append(Life(self._up_at, time.time()))
        gateway.kill()

    async def retire(self) -> None:
        """Let the gateway stop as it should. Raises ChildError when it does not."""
        gateway = self._running()
        self.lives.append(Life(self._up_at, time.time()))
        code = await asyncio.to_thread(gateway.stop)
        if code:
            raise ChildError(f"the gateway ended with {code} when told to stop; see {gateway.log}")

    async def books_findings(self) -> tuple[str, ...]:
        """What `nyota books check` has to say; empty when it is content."""
        command = [sys.executable, "-m", "gateway", "books", "check", "--data", str(self.data)]
        ran = await asyncio.to_thread(
            subprocess.run,
            command,
            cwd=self._directory,
            capture_output=True,
            text=True,
            timeout=CHECK_SECONDS,
            check=False,
        )
        return tuple((ran.stdout + ran.stderr).splitlines()) or ("exit 1",) if ran.returncode else ()

    def close(self) -> None:
        """End whatever still runs."""
        for child in (self._gateway, self._outside):
            if child is not None:
                child.stop()

    def _running(self) -> Child:
        if self._gateway is None or not self._gateway.is_running:
            raise ChildError(f"the gateway has ended by itself; see {self._directory / 'gateway.log'}")
        return self._gateway
