"""How loans were repaid, how limits changed, what stands against people, duties of loans, and what secures them."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, String, Table, UniqueConstraint

from gateway.store.tables import Key, metadata

credit_history = Table(
    "credit_history",
    metadata,
    Column("loan_id", String(36), primary_key=True),
    Column("customer_id", String(36), nullable=False, index=True),
    Column("principal_cents", BigInteger, nullable=False),
    Column("days_late", Integer, nullable=False),  # of the instalment that was finished latest
    Column("is_late", Boolean, nullable=False),  # as the rules of that day had it
    Column("closed_at", BigInteger, nullable=False),
)

limit_changes = Table(
    "limit_changes",
    metadata,
    Column("id", String(36), primary_key=True),  # what caused it, so that it happens once
    Column("customer_id", String(36), nullable=False),
    Column("from_cents", BigInteger, nullable=False),
    Column("to_cents", BigInteger, nullable=False),
    Column("reason", String(20), nullable=False),  # on_time, late, staff
    Column("by", String(36)),
    Column("why", String(200)),
    Column("at", BigInteger, nullable=False),
    Index("ix_limit_changes_customer_id_at", "customer_id", "at"),
)

credit_flags = Table(
    "credit_flags",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("customer_id", String(36), nullable=False),
    Column("kind", String(12), nullable=False),  # blocked: no loan; name: the next one waits for an officer
    Column("detail", JSON, nullable=False),
    Column("by", String(36)),
    Column("created_at", BigInteger, nullable=False),
    Column("cleared_by", String(36)),
    Column("cleared_at", BigInteger),
    Index("ix_credit_flags_customer_id_kind", "customer_id", "kind"),
)

duties = Table(
    "duties",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("operation_id", String(36), nullable=False),
    Column("name", String(20), nullable=False),
    Column("charge", String(12), nullable=False),  # what it is on: fee, interest
    Column("percent", String(12), nullable=False),
    Column("base_cents", BigInteger, nullable=False),
    Column("duty_cents", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
    UniqueConstraint("operation_id", "name", "charge"),
)

collaterals = Table(
    "collaterals",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("loan_id", String(36), nullable=False, index=True),  # the operation that brings the loan
    Column("description", String(200), nullable=False),
    Column("value_cents", BigInteger, nullable=False),
    Column("by", String(36), nullable=False),
    Column("created_at", BigInteger, nullable=False),
)
