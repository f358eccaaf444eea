"""The tables of savings: what somebody saves for, and the interest of each month as it was posted."""

from sqlalchemy import BigInteger, Column, ForeignKey, String, Table

from gateway.store.tables import metadata

savings_goals = Table(
    "savings_goals",
    metadata,
    Column("customer_id", ForeignKey("customers.id"), primary_key=True),
    Column("target_cents", BigInteger, nullable=False),
    Column("set_at", BigInteger, nullable=False),
)

savings_interest = Table(
    "savings_interest",
    metadata,
    Column("month", String(7), primary_key=True),  # 2026-08
    Column("customer_id", String(36), primary_key=True),
    Column("interest_cents", BigInteger, nullable=False),
    Column("withheld_cents", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
)
