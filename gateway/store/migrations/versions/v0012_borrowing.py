"""How loans were repaid, limits, what stands against people, duties, collateral, and the name a pay-out reached."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("rail_requests", sa.Column("public_name", sa.String(length=60), nullable=True))
    _credit_history()
    _limit_changes()
    _credit_flags()
    _duties()
    _collaterals()


def _credit_history() -> None:
    op.create_table(
        "credit_history",
        sa.Column("loan_id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("principal_cents", sa.BigInteger(), nullable=False),
        sa.Column("days_late", sa.Integer(), nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("loan_id", name="pk_credit_history"),
    )
    op.create_index("ix_credit_history_customer_id", "credit_history", ["customer_id"], unique=False)


def _limit_changes() -> None:
    op.create_table(
        "limit_changes",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("from_cents", sa.BigInteger(), nullable=False),
        sa.Column("to_cents", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("by", sa.String(length=36), nullable=True),
        sa.Column("why", sa.String(length=200), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_limit_changes"),
    )
    op.create_index("ix_limit_changes_customer_id_at", "limit_changes", ["customer_id", "at"], unique=False)


def _credit_flags() -> None:
    op.create_table(
        "credit_flags",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("cleared_by", sa.String(length=36), nullable=True),
        sa.Column("cleared_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_credit_flags"),
    )
    op.create_index("ix_credit_flags_customer_id_kind", "credit_flags", ["customer_id", "kind"], unique=False)


def _duties() -> None:
    op.create_table(
        "duties",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("operation_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("charge", sa.String(length=12), nullable=False),
        sa.Column("percent", sa.String(length=12), nullable=False),
        sa.Column("base_cents", sa.BigInteger(), nullable=False),
        sa.Column("duty_cents", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_duties"),
        sa.UniqueConstraint("operation_id", "name", "charge", name="uq_duties_operation_id_name_charge"),
    )
    op.create_index("ix_duties_at", "duties", ["at"], unique=False)


def _collaterals() -> None:
    op.create_table(
        "collaterals",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("loan_id", sa.String(length=36), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.Column("value_cents", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_collaterals"),
    )
    op.create_index("ix_collaterals_loan_id", "collaterals", ["loan_id"], unique=False)
