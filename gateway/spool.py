"""What others will not send again, kept on disk while SQL is away: one file each, forced to disk before they are told
that it was taken."""

import asyncio
import errno
import itertools
import json
import os
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import structlog

from gateway.errors import Unavailable, Uncertain

RETRY_SECONDS = 1.0
SET_ASIDE = ".failed"
COUNT_MAX = 1_000_000
OF_THE_MACHINE = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})
"""Errors that pass, and say nothing about the file in hand."""

log = structlog.get_logger("spool")


class Spoolable(Protocol):
    """A dataclass of what JSON can say. `purpose` is logged; files are taken by `received_at`, in milliseconds."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def purpose(self) -> str: ...
    @property
    def received_at(self) -> int: ...


Item = TypeVar("Item", bound=Spoolable)


class Spool(Generic[Item]):
    """`put` raises OSError when the disk cannot take it either. `shape` is the class of what is kept.

    `is_waiting` from the first that was put until a look finds nothing more: who wants to keep the order puts what
    comes meanwhile behind it.
    """

    def __init__(self, folder: Path, shape: Callable[..., Item]) -> None:
        self._folder = folder
        self._shape = shape
        self._count = itertools.count()
        self.is_waiting = False

    async def put(self, item: Item) -> None:
        name = f"{item.received_at:015}-{next(self._count) % COUNT_MAX:06}-{secrets.token_hex(4)}"
        self.is_waiting = True
        await asyncio.to_thread(self._written, name, item)
        self.is_waiting = True  # somebody may have looked before it was there
        log.warning("spooled", purpose=item.purpose)

    def waiting(self) -> list[Path]:
        """What is to be taken yet, oldest first."""
        return sorted(self._folder.glob("*.json")) if self._folder.is_dir() else []

    async def check(self) -> dict[str, Any]:
        """For health: how many wait."""
        waiting = len(await asyncio.to_thread(self.waiting))
        return {"status": "degraded" if waiting else "ok", "waiting": waiting}

    async def drain(self, receive: Callable[[Item], Awaitable[None]]) -> None:
        """Hand over what waits; stop at the first that the database cannot take. What is no item is set aside."""
        paths = await asyncio.to_thread(self.waiting)
        self.is_waiting = bool(paths)
        for path in paths:
            try:
                content = await asyncio.to_thread(path.read_text, encoding="utf-8")
                await receive(self._shape(**json.loads(content)))
            except (Unavailable, Uncertain):
                raise
            except FileNotFoundError:
                continue  # another process on the same directory took it
            except Exception as error:  # one that cannot be taken holds up no other, and stays for a person to look at
                if isinstance(error, OSError) and error.errno in OF_THE_MACHINE:
                    raise
                log.exception("spooled_unreadable", file=path.name)
                with suppress(FileNotFoundError):
                    await asyncio.to_thread(path.rename, path.with_suffix(SET_ASIDE))
            else:
                await asyncio.to_thread(path.unlink, missing_ok=True)

    async def run(self, receive: Callable[[Item], Awaitable[None]]) -> None:
        """Drain whenever something waits, for good."""
        while True:
            try:
                await self.drain(receive)
            except (Unavailable, Uncertain) as outage:
                log.warning("spool_waits", reason=str(outage))
            except OSError as error:  # of the disk, or no more files may be open: both pass
                log.warning("spool_waits", reason=type(error).__name__)
            else:
                if self.is_waiting:
                    continue
            await asyncio.sleep(RETRY_SECONDS)

    def _written(self, name: str, item: Item) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = self._folder / f"{name}.part"
        unfinished.touch(mode=0o600)  # who pays and what people write is nobody else's business
        with unfinished.open("w", encoding="utf-8") as file:
            json.dump(asdict(item), file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(self._folder / f"{name}.json")
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
