"""Loan books brought from elsewhere, days of outage, and what reports of a period look up."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "loan_uploads",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("uploaded_by", sa.String(length=36), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("loans", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("imported_by", sa.String(length=36), nullable=True),
        sa.Column("imported_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_loan_uploads"),
        sa.UniqueConstraint("sha256", name="uq_loan_uploads_sha256"),
    )
    op.create_table(
        "outage_days",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=120), nullable=False),
        sa.Column("given_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_outage_days"),
    )
    op.create_index("ix_loan_events_kind_at", "loan_events", ["kind", "at"], unique=False)
    op.create_index("ix_loans_closed_at", "loans", ["closed_at"], unique=False)
