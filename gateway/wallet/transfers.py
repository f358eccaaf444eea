"""Money on its way to phones without an account: one row each, ended once; its state decides who gets it."""

from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.wallet.tables import transfers


@dataclass(frozen=True, slots=True)
class Transfer:
    """One row; moments in milliseconds."""

    id: str
    reference: str
    sender_id: str
    msisdn: str
    amount_cents: int
    fee_cents: int
    state: str
    expires_at: int
    created_at: int

    @property
    def total_cents(self) -> int:
        return self.amount_cents + self.fee_cents


_ROW = select(*(transfers.c[name] for name in Transfer.__slots__))


async def held(connection: AsyncConnection, transfer: Transfer) -> None:
    values = {name: getattr(transfer, name) for name in Transfer.__slots__}
    await connection.execute(insert(transfers).values(**values))


async def by_reference(connection: AsyncConnection, reference: str) -> Transfer | None:
    row = (await connection.execute(_ROW.where(transfers.c.reference == reference))).one_or_none()
    return Transfer(*row) if row else None


async def waiting_for(connection: AsyncConnection, msisdn: str) -> list[Transfer]:
    """What is held for whoever joins on this line, the oldest first."""
    query = _ROW.where(transfers.c.msisdn == msisdn, transfers.c.state == "held").order_by(transfers.c.created_at)
    return [Transfer(*row) for row in await connection.execute(query)]


async def waiting_of(connection: AsyncConnection, sender_id: str) -> list[Transfer]:
    """What somebody has sent and nobody has claimed yet, the oldest first."""
    query = _ROW.where(transfers.c.sender_id == sender_id, transfers.c.state == "held")
    return [Transfer(*row) for row in await connection.execute(query.order_by(transfers.c.created_at))]


async def ended(
    connection: AsyncConnection, transfer: Transfer, state: str, now: int, *, claimed_by: str | None = None
) -> bool:
    """Whether it was still held, and is `state` from now on: of two who want it the first gets it."""
    columns = transfers.c
    done = await connection.execute(
        update(transfers)
        .where(columns.id == transfer.id, columns.state == "held")
        .values(state=state, claimed_by=claimed_by, resolved_at=now)
    )
    return bool(done.rowcount)
