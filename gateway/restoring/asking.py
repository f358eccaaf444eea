"""Puts the catch-up of a restore on the queue."""

import uuid

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation, reference
from gateway.operations.outbox import NAMESPACE, Outbox
from gateway.restoring.records import Restore

KIND = "restore.catch_up"
PREFIX = "RS"


async def asked(connection: AsyncConnection, outbox: Outbox, restore: Restore, cause: str = "") -> None:
    """Once per restore and cause."""
    identity = str(uuid.uuid5(NAMESPACE, f"catch up:{restore.id}:{cause}"))
    operation = Operation(identity, KIND, reference(PREFIX, identity), "", {"restore": restore.id})
    await outbox.put(connection, operation, is_ours=True)
