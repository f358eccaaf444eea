"""Notices at the start that the database has forgotten a pay-out, though nobody has said that it was restored."""

import structlog

from gateway.accounts.audit import Deed
from gateway.clock import Clock
from gateway.rails import requests
from gateway.rails.witness import Left, Witness
from gateway.restoring import records
from gateway.store.engine import Store

SYSTEM = "system"

log = structlog.get_logger("restore")


async def noticed(store: Store, witness: Witness | None, clock: Clock) -> bool:
    """Whether it was marked now. What left before an earlier mark is accounted for by that."""
    last = await witness.last() if witness is not None else None
    if last is None or await _is_accounted_for(store, last):
        return False
    async with store.begin() as connection:
        await records.marked(connection, Deed(SYSTEM, SYSTEM, "a pay-out that left is not known", "", clock()))
    log.error("restored", request=last.request_id)
    return True


async def _is_accounted_for(store: Store, last: Left) -> bool:
    async with store.read() as connection:
        if await requests.by_id(connection, last.request_id) is not None:
            return True
        return await records.is_older(connection, last.at)
