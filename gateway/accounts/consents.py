"""What somebody agreed to, as they see it: for each subject the last yes or no, with its wording and day.

A withdrawal is a row of its own, its kind followed by `.stop`; nothing that was agreed to is unsaid.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.tables import consents

STOP = ".stop"


async def in_force(connection: AsyncConnection, customer_id: str) -> Sequence[Row[Any]]:
    """The rows that hold now, in the order in which their subjects were first agreed to."""
    query = select(consents).where(consents.c.customer_id == customer_id).order_by(consents.c.id)
    newest: dict[str, Row[Any]] = {}
    for row in await connection.execute(query):
        newest[row.kind.removesuffix(STOP)] = row
    return [row for row in newest.values() if not row.kind.endswith(STOP)]
