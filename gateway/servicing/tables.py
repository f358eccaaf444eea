"""Promises to pay, a row each."""

from sqlalchemy import BigInteger, Column, Index, String, Table

from gateway.store.tables import metadata

promises = Table(
    "promises",
    metadata,
    Column("id", String(36), primary_key=True),  # the operation that made it
    Column("loan_id", String(36), nullable=False, index=True),
    Column("customer_id", String(36), nullable=False),
    Column("amount_cents", BigInteger, nullable=False),  # what was due when it was made
    Column("pay_on", String(10), nullable=False),  # an ISO date
    Column("state", String(12), nullable=False),  # open, kept, broken
    Column("created_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Index("ix_promises_state_pay_on", "state", "pay_on"),
)
