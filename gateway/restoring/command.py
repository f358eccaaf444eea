"""Backup and restore from a terminal. What is restored starts with pay-outs stopped, and catches up by itself."""

from datetime import datetime
from pathlib import Path

from gateway.accounts.audit import Deed
from gateway.clock import EAT, iso, system
from gateway.config import load
from gateway.embedded.errors import AlreadyRunning
from gateway.embedded.lock import DataLock
from gateway.errors import Misconfigured
from gateway.restoring import records
from gateway.restoring.records import Restore
from gateway.store import copies
from gateway.store.engine import Store
from gateway.store.migrate import migrate


def backup(config_path: Path | None, data: Path, to: Path) -> str:
    """Copy the database while it works; what was done, in a line. Raises Misconfigured."""
    size = copies.copied(copies.file_of(_url(config_path, data)), to)
    return f"{to}: {size} bytes, proved"


async def restore(config_path: Path | None, data: Path, copy: Path, *, by: str, why: str) -> list[str]:
    """Put a copy in place of the database, which is set aside. Raises Misconfigured, while anything runs too."""
    url = _url(config_path, data)
    path = copies.file_of(url)
    copies.proved(copy)
    try:
        with DataLock(data):
            aside = copies.set_aside(path, f"before-{datetime.now(EAT):%Y%m%dT%H%M%S}")
            copies.copied(copy, path)
            await migrate(url)
            found = await _marked(url, by, why)
    except AlreadyRunning as error:
        raise Misconfigured(f"{data}: {error}; stop it first") from error
    kept = [f"what was there is kept: {aside}"] if aside else []
    return [*kept, *_told(found)]


async def restored(config_path: Path | None, data: Path, *, by: str, why: str) -> list[str]:
    """Say that the database was restored by other means. Raises Misconfigured, Unavailable."""
    return _told(await _marked(_url(config_path, data), by, why))


async def _marked(url: str, by: str, why: str) -> Restore:
    store = Store(url, busy_seconds=30)
    try:
        async with store.begin() as connection:
            return await records.marked(connection, Deed(by, by, why, "", system()))
    finally:
        await store.close()


def _told(found: Restore) -> list[str]:
    return [
        f"the last thing this database knows is of {iso(found.point)}",
        "pay-outs are stopped on every rail; start Nyota, and it asks the rail for what is missing",
        "then: GET /api/restore, and nyota rails resume all --direction disburse",
    ]


def _url(config_path: Path | None, data: Path) -> str:
    return load(config_path, {"database": {"url": f"sqlite+aiosqlite:///{data / 'nyota.db'}"}}).database.url
