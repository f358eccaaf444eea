"""Loans between people: whom they do not want to be asked by, who stood in for a loan, who decided first."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("approvals", sa.Column("not_by", sa.String(length=36), nullable=True))
    _pledges()
    _peers()


def _pledges() -> None:
    op.create_table(
        "pledges",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("loan_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pledges"),
    )
    op.create_index("ix_pledges_customer_id", "pledges", ["customer_id"], unique=False)
    op.create_index("ix_pledges_loan_id", "pledges", ["loan_id"], unique=False)


def _peers() -> None:
    op.create_table(
        "peer_blocks",
        sa.Column("lender_id", sa.String(length=36), nullable=False),
        sa.Column("blocked_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("lender_id", "blocked_id", name="pk_peer_blocks"),
    )
    op.create_table(
        "peer_refusals",
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name="pk_peer_refusals"),
    )
