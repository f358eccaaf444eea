"""What people are asked to decide, whose money a loan is, and what we know of a person beyond their line."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _customers()
    op.add_column("loans", sa.Column("lender_id", sa.String(length=36), nullable=True))
    op.create_index("ix_loans_lender_id", "loans", ["lender_id"], unique=False)
    _approvals()


def _customers() -> None:
    for column in (
        sa.Column("tier", sa.Integer(), server_default="1", nullable=False),
        sa.Column("outgoing_from", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("auto_repay_percent", sa.Integer(), server_default="0", nullable=False),
        sa.Column("offers", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("email", sa.String(length=120), nullable=True),
        sa.Column("email_verified_at", sa.BigInteger(), nullable=True),
    ):
        op.add_column("customers", column)


def _approvals() -> None:
    op.create_table(
        "approvals",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("operation_id", sa.String(length=36), nullable=False),
        sa.Column("requester_id", sa.String(length=36), nullable=False),
        sa.Column("approver_id", sa.String(length=36), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("decided_by", sa.String(length=36), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_approvals"),
    )
    op.create_index("ix_approvals_operation_id", "approvals", ["operation_id"], unique=False)
    op.create_index("ix_approvals_approver_id_state", "approvals", ["approver_id", "state"], unique=False)
    op.create_index("ix_approvals_kind_state", "approvals", ["kind", "state"], unique=False)
