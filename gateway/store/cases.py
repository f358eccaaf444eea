"""The case desk: what a person must look at, with a number, evidence and a day for the answer."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.engine import insert_into
from gateway.store.tables import cases


async def opened(
    connection: AsyncConnection, case_id: str, reference: str, topic: str, *, evidence: Mapping[str, Any],
    answer_by: int, now: int, customer_id: str | None = None, operation_id: str | None = None,
) -> None:  # fmt: skip
    """Open a case, once per id."""
    statement = insert_into(connection, cases).values(
        id=case_id, reference=reference, topic=topic, evidence=dict(evidence), state="open", answer_by=answer_by,
        created_at=now, customer_id=customer_id, operation_id=operation_id,
    )  # fmt: skip
    await connection.execute(statement.on_conflict_do_nothing(index_elements=["id"]))
