"""Callbacks kept on disk while SQL is away: one file each, forced to disk before the rail is answered."""

import asyncio
import json
import os
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path

import structlog

from gateway.errors import Unavailable, Uncertain
from gateway.rails.callbacks import Callback

RETRY_SECONDS = 1.0
SET_ASIDE = ".failed"

log = structlog.get_logger("spool")


class Spool:
    """`put` raises OSError when the disk cannot take it either."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, callback: Callback) -> None:
        await asyncio.to_thread(self._written, callback)
        log.warning("spooled", purpose=callback.purpose)

    def waiting(self) -> list[Path]:
        """What is to be taken yet, oldest first."""
        return sorted(self._folder.glob("*.json")) if self._folder.is_dir() else []

    async def drain(self, receive: Callable[[Callback], Awaitable[None]]) -> None:
        """Hand over what waits; stop at the first that the database cannot take. What is no callback is set aside."""
        for path in await asyncio.to_thread(self.waiting):
            try:
                content = await asyncio.to_thread(path.read_text, encoding="utf-8")
                await receive(Callback(**json.loads(content)))
            except (Unavailable, Uncertain):
                raise
            except FileNotFoundError:
                continue  # another process on the same directory took it
            except Exception:  # one that cannot be taken holds up no other, and stays for a person to look at
                log.exception("spooled_unreadable", file=path.name)
                await asyncio.to_thread(path.rename, path.with_suffix(SET_ASIDE))
            else:
                await asyncio.to_thread(path.unlink, missing_ok=True)

    async def run(self, receive: Callable[[Callback], Awaitable[None]]) -> None:
        """Drain whenever something waits, for good."""
        while True:
            try:
                await self.drain(receive)
            except (Unavailable, Uncertain) as outage:
                log.warning("spool_waits", reason=str(outage))
            await asyncio.sleep(RETRY_SECONDS)

    def _written(self, callback: Callback) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"{callback.received_at:015}-{secrets.token_hex(4)}"
        unfinished = self._folder / f"{name}.part"
        with unfinished.open("w", encoding="utf-8") as file:
            json.dump(asdict(callback), file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(self._folder / f"{name}.json")
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
