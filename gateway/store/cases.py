"""The case desk: what a person must look at, with a number, evidence and a day for the answer."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import SALTS_MAX
from flows.turn import reference as named
from gateway.errors import BrokenInvariant
from gateway.store.engine import insert_into
from gateway.store.tables import cases

PREFIX_LETTERS = 2


async def opened(
    connection: AsyncConnection, case_id: str, reference: str, topic: str, *, evidence: Mapping[str, Any],
    answer_by: int, now: int, customer_id: str | None = None, operation_id: str | None = None,
) -> str:  # fmt: skip
    """Open a case, once per id; its number, which is another one where `reference` stands for a case already."""
    values = {
        "id": case_id, "topic": topic, "evidence": dict(evidence), "state": "open", "answer_by": answer_by,
        "created_at": now, "customer_id": customer_id, "operation_id": operation_id,
    }  # fmt: skip
    for salt in range(1, SALTS_MAX + 1):
        statement = insert_into(connection, cases).values(reference=reference, **values).on_conflict_do_nothing()
        if (await connection.execute(statement)).rowcount:
            return reference
        known = await connection.scalar(select(cases.c.reference).where(cases.c.id == case_id))
        if known is not None:
            return str(known)
        reference = named(reference[:PREFIX_LETTERS], case_id, salt)
    raise BrokenInvariant("no free number for a case")
