"""What is held in suspense, a row for each payment."""

from sqlalchemy import BigInteger, Column, Index, String, Table, UniqueConstraint

from gateway.store.tables import metadata

suspense = Table(
    "suspense",
    metadata,
    Column("operation_id", String(36), primary_key=True),  # the one that booked it here
    Column("reference", String(16), nullable=False),
    Column("shortcode", String(12), nullable=False),
    Column("receipt", String(40), nullable=False),
    Column("amount_cents", BigInteger, nullable=False),
    Column("account", String(100), nullable=False),  # as somebody typed it
    Column("payer", String(100), nullable=False),  # as the rail shows who paid: plain, masked, hashed; or empty
    Column("at", BigInteger, nullable=False),
    Column("state", String(10), nullable=False),  # held, asked, assigned, refunded
    Column("assignment_id", String(36), index=True),  # the operation that moves it on, or has
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("shortcode", "receipt"),
    Index("ix_suspense_state_at", "state", "at"),
)
