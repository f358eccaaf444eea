"""Loan books as they were brought, and the days on which our own channel was down."""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table

from gateway.store.tables import metadata

loan_uploads = Table(
    "loan_uploads",
    metadata,
    Column("id", String(36), primary_key=True),  # follows from the content: the same file is the same upload
    Column("sha256", String(64), nullable=False, unique=True),
    Column("name", String(120), nullable=False),
    Column("uploaded_by", String(36), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("state", String(12), nullable=False),  # refused, checked, imported
    Column("loans", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("imported_by", String(36)),
    Column("imported_at", BigInteger),
)

outage_days = Table(
    "outage_days",
    metadata,
    Column("day", String(10), primary_key=True),  # an ISO date
    Column("reason", String(120), nullable=False),
    Column("given_by", String(36), nullable=False),
    Column("created_at", BigInteger, nullable=False),
)
