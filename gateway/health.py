"""What is up, what is away, and since when work waits. Degraded is not dead: a rail that is away stops nobody from
asking; without Redis or SQL nobody gets further than a polite END."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import text

from gateway.clock import Clock
from gateway.live import LiveMenus
from gateway.metrics import OPEN_OPERATIONS, QUEUE_AGE
from gateway.operations import queue
from gateway.rails.callbacks import Callback
from gateway.sessions import Sessions
from gateway.spool import Spool
from gateway.store.engine import Store

PROBE_SECONDS = 1.0
KEPT_SECONDS = 2.0
QUEUE_AGE_SECONDS_MAX = 60
REFUSED_SECONDS = 30

Check = Callable[[], Awaitable[dict[str, Any]]]


class Health:
    """`report` answers within about a second; probes of the outside are kept for two."""

    def __init__(
        self, sessions: Sessions, store: Store, spool: Spool[Callback], clock: Clock, outside: dict[str, str],
        menus: LiveMenus, more: Mapping[str, Check] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        """`more` are checks of features; none of them is vital."""
        self._sessions = sessions
        self._store = store
        self._clock = clock
        self._menus = menus
        self._vital: dict[str, Check] = {"redis": self._redis, "sql": self._sql}
        self._others: dict[str, Check] = {"queue": self._queue, "spool": spool.check, "menus": self._words}
        self._others |= {name: self._reachable(url) for name, url in outside.items()}
        self._others |= more

    async def report(self) -> dict[str, Any]:
        """`{status: ok | degraded | down, checks: {name: {status, ...}}}`; no secrets, no phones."""
        checks = {**self._vital, **self._others}
        results = await asyncio.gather(*(_guarded(check) for check in checks.values()))
        named = dict(zip(checks, results, strict=True))
        down = any(named[name]["status"] == "down" for name in self._vital)
        degraded = any(result["status"] != "ok" for result in named.values())
        return {"status": "down" if down else "degraded" if degraded else "ok", "checks": named}

    async def _redis(self) -> dict[str, Any]:
        await self._sessions.probe()
        return {"status": "ok"}

    async def _sql(self) -> dict[str, Any]:
        async with self._store.read() as connection:
            await connection.execute(text("SELECT 1"))
        ago = self._store.refused_seconds_ago()
        if ago is not None and ago < REFUSED_SECONDS:
            return {"status": "degraded", "reason": "refused to write", "secondsAgo": round(ago, 1)}
        return {"status": "ok"}

    async def _queue(self) -> dict[str, Any]:
        async with self._store.read() as connection:
            states, oldest = await queue.load(connection)
        age = max(0.0, (self._clock() - oldest) / 1000) if oldest is not None else 0.0
        for state in ("queued", "waiting", "uncertain", "parked", "dead"):
            OPEN_OPERATIONS.labels(state).set(states.get(state, 0))
        QUEUE_AGE.set(age)
        stuck = age > QUEUE_AGE_SECONDS_MAX or states.get("parked", 0) or states.get("dead", 0)
        return {"status": "degraded" if stuck else "ok", "oldestDueSeconds": round(age, 1), "open": dict(states)}

    async def _words(self) -> dict[str, Any]:
        """Whether the menus as they are on disk are the ones in force."""
        version, problem = self._menus.version, self._menus.problem
        return (
            {"status": "degraded", "version": version, "reason": problem}
            if problem
            else {"status": "ok", "version": version}
        )

    def _reachable(self, url: str) -> Check:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        kept: dict[str, Any] = {}

        async def check() -> dict[str, Any]:
            if kept and time.monotonic() - kept["at"] < KEPT_SECONDS:
                return dict(kept["result"])
            kept["result"] = await _guarded(lambda: _connected(parts.hostname or "", port))
            kept["at"] = time.monotonic()
            return dict(kept["result"])

        return check


async def _connected(host: str, port: int) -> dict[str, Any]:
    _, writer = await asyncio.open_connection(host, port)
    writer.close()
    await writer.wait_closed()
    return {"status": "ok"}


async def _guarded(check: Check) -> dict[str, Any]:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            return await check()
    except Exception as error:  # whatever is wrong, health must say so rather than fail
        return {"status": "down", "reason": type(error).__name__}
