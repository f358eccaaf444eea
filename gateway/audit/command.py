"""The proof of the books from a terminal, and somebody's word that the chain of seals goes on from what is there."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from gateway.audit import chain, sealer
from gateway.audit.heads import Accepted
from gateway.audit.keys import Keys, keys_of
from gateway.audit.proof import Trust, proved
from gateway.books.integrity import Finding, check
from gateway.clock import EAT, milliseconds, system
from gateway.config import Audit, Config, load
from gateway.errors import Misconfigured
from gateway.store.engine import Store

KEY_FILE, HEADS_FILE = "audit-key", "audit-heads.jsonl"
"""Where `nyota up` keeps them, below its data folder."""


async def findings(
    config_path: Path | None, data: Path, since: date | None = None, heads_file: Path | None = None
) -> tuple[Sequence[Finding], str]:
    """Everything that does not add up, the first bad row first, and how far seals prove it."""
    config = config_of(config_path, data)
    keys = keys_of(config.audit)
    async with opened(config) as store, store.read() as connection:
        if keys is None:
            return await check(connection), "nothing is sealed: there is no audit.key"
        start = 0 if since is None else milliseconds(datetime.combine(since, time(), EAT))
        trust = Trust(keys, heads_file or config.audit.heads_file)
        found = [*await proved(connection, trust, start), *await check(connection)]
        newest = await chain.newest(connection)
        told = "" if trust.heads_file else "; told nowhere outside: audit.heads_file"
        return found, f"sealed through {newest.number}{told}"


async def accepted(config_path: Path | None, data: Path, *, by: str, why: str) -> int:
    """Go on from the database as it is; the number of the seal that says so. Raises Misconfigured without a key."""
    config = config_of(config_path, data)
    keys = _demanded(config.audit)
    async with opened(config) as store:
        made = await sealer.accept(store, keys, config.audit.heads_file, Accepted(0, by, why, system()))
    return made.number


def config_of(config_path: Path | None, data: Path) -> Config:
    """The configuration; where it says nothing else, the database, key and heads of `nyota up` on this machine."""
    defaults: dict[str, Any] = {"database": {"url": f"sqlite+aiosqlite:///{data / 'nyota.db'}"}}
    if (data / KEY_FILE).exists():
        key = (data / KEY_FILE).read_text(encoding="utf-8").strip()
        defaults["audit"] = {"key": key, "heads_file": data / HEADS_FILE}
    return load(config_path, defaults)


@asynccontextmanager
async def opened(config: Config) -> AsyncIterator[Store]:
    store = Store(config.database.url)
    try:
        yield store
    finally:
        await store.close()


def _demanded(settings: Audit) -> Keys:
    keys = keys_of(settings)
    if keys is None:
        raise Misconfigured("audit.key: needed; set NYOTA_AUDIT__KEY")
    return keys
