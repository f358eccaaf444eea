"""When this database was restored from a copy, and what was found out since."""

from sqlalchemy import JSON, BigInteger, Column, String, Table

from gateway.store.tables import metadata

restores = Table(
    "restores",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("point", BigInteger, nullable=False),  # the last moment that the copy knows of
    Column("at", BigInteger, nullable=False, index=True),  # when it was put in place
    Column("by", String(40), nullable=False),
    Column("reason", String(120), nullable=False),
    Column("state", String(12), nullable=False),  # restored, catching_up, caught_up
    Column("report", JSON, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)
