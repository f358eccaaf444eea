"""Whom people do not want to be asked by."""

from sqlalchemy import BigInteger, Column, String, Table

from gateway.store.tables import metadata

peer_blocks = Table(
    "peer_blocks",
    metadata,
    Column("lender_id", String(36), primary_key=True),
    Column("blocked_id", String(36), primary_key=True),
    Column("at", BigInteger, nullable=False),
)

peer_refusals = Table(
    "peer_refusals",
    metadata,
    Column("customer_id", String(36), primary_key=True),  # wants to be asked by nobody
    Column("at", BigInteger, nullable=False),
)
