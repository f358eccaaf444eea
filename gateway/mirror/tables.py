"""The mirror of a remote core and the commands sent to it. Every row says whose figures it holds and as of when."""

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Integer, String, Table

from gateway.store.tables import metadata

core_clients = Table(
    "core_clients",
    metadata,
    Column("customer_id", String(36), primary_key=True),
    Column("core_id", String(64), nullable=False, unique=True),
    Column("source", String(20), nullable=False),  # fineract, http
    Column("version", Integer, nullable=False),
    Column("as_of", BigInteger, nullable=False),
)

core_loans = Table(
    "core_loans",
    metadata,
    Column("loan_id", String(36), primary_key=True),
    Column("customer_id", String(36), nullable=False, index=True),
    Column("core_id", String(64), nullable=False, unique=True),
    Column("status", String(12), nullable=False),
    Column("owed_cents", BigInteger, nullable=False),
    Column("overpaid_cents", BigInteger, nullable=False),
    Column("schedule", JSON, nullable=False),  # rows of [number, due on, [due by part], [paid by part]]
    Column("source", String(20), nullable=False),
    Column("version", Integer, nullable=False),
    Column("as_of", BigInteger, nullable=False),
)

core_savings = Table(
    "core_savings",
    metadata,
    Column("customer_id", String(36), primary_key=True),
    Column("account", String(12), primary_key=True),  # savings, wallet
    Column("core_id", String(64), nullable=False, unique=True),
    Column("balance_cents", BigInteger, nullable=False),
    Column("source", String(20), nullable=False),
    Column("version", Integer, nullable=False),
    Column("as_of", BigInteger, nullable=False),
)

core_commands = Table(
    "core_commands",
    metadata,
    Column("operation_id", ForeignKey("operations.id"), primary_key=True),
    Column("step", String(40), primary_key=True),
    Column("generation", Integer, nullable=False, server_default="0"),  # of its key: raised by a stored failure
    Column("state", String(12), nullable=False),  # open, done
    Column("sent_at", BigInteger),
    Column("questions", Integer, nullable=False, server_default="0"),
    Column("core_id", String(64)),  # what it made
    Column("created_at", BigInteger, nullable=False),
    Column("settled_at", BigInteger),
)

core_cursors = Table(
    "core_cursors",
    metadata,
    Column("source", String(20), primary_key=True),
    Column("cursor", String(80), nullable=False),
    Column("at", BigInteger, nullable=False),
)
